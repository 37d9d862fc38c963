"""Headline figures, findings and notes as pieces of a page."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from html import escape
from typing import NamedTuple

from nector_sim.economics.labels import OTHERS, SURE
from nector_sim.economics.summary import Summary
from nector_sim.errors import Problem
from nector_sim.exploration.comparison import Comparison
from nector_sim.pictures.style import percent_text
from nector_sim.results import count
from nector_sim.rules.money import money_text


class Figure(NamedTuple):
    """One figure of a proposal, with today's beside it."""

    name: str
    value: str
    today: str
    difference: str
    note: str


def headline(
    proposal: Summary,
    today: Summary,
    *,
    currency: str,
    months: float | None,
    break_even: tuple[float, float] | None = None,
) -> list[Figure]:
    """Give the figures that decide about a setting."""
    span, per = (months, " a month") if months and months >= 1 else (1.0, "")

    def money(amount: float) -> str:
        return money_text(Decimal(round(amount)), currency)

    def change(difference: float, text: str) -> str:
        sign = "+" if difference > 0 else "−"
        return "as today" if text in (money(0), percent_text(0)) else f"{sign}{text}"

    def amount(name: str, now: float, before: float, note: str) -> Figure:
        return Figure(name, money(now), money(before), change(now - before, money(abs(now - before))), note)

    def share(name: str, now: float, before: float, note: str) -> Figure:
        points = abs(round(now, 3) - round(before, 3))
        return Figure(name, percent_text(now), percent_text(before), change(now - before, percent_text(points)), note)

    everyone = proposal.label == "everyone"
    what_redeem = "Orders that can redeem" if everyone else "Orders that redeem"
    redeeming = [
        one.share_could_redeem if everyone else one.orders_redeemed / max(1, one.orders) for one in (proposal, today)
    ]
    return [
        amount(
            f"Cost of the program{per}",
            proposal.cost_of_program / span,
            today.cost_of_program / span,
            f"{proposal.who_redeems}; {money(proposal.cost_of_program)} in all"
            + (f", over {months:.1f} months" if months else ""),
        ),
        amount(
            f"Margin with points{per}",
            proposal.margin / span,
            today.margin / span,
            f"without points {money(proposal.margin_without / span)}",
        ),
        share(
            "Discount rate",
            proposal.discount_rate,
            today.discount_rate,
            f"{money(proposal.discount)} off {money(proposal.cart)} of carts",
        ),
        share(what_redeem, redeeming[0], redeeming[1], f"of {count(proposal.orders, 'order')}"),
        Figure(
            "Break-even: more orders",
            uplift_text(proposal.break_even_uplift),
            uplift_text(today.break_even_uplift),
            "",
            proposal.break_even + _reach(break_even),
        ),
    ]


def _reach(ends: tuple[float, float] | None) -> str:
    if ends is None:
        return ""
    low, high = (uplift_text(None if math.isnan(end) else end).removeprefix("+") for end in ends)
    return f" Between {low} and {high}, {SURE} {OTHERS}."


def uplift_text(uplift: float | None) -> str:
    """Write a break-even uplift in a few words."""
    if uplift is None:
        return "never"
    return "+0 %" if uplift <= 0 else f"+{percent_text(uplift)}"


def headline_html(figures: Sequence[Figure], *, same: bool) -> str:
    """Put figures on cards; beside each, today's, unless the proposal is today's setting."""
    return f'<div class="nector-cards">{"".join(_cards(figures, same=same))}</div>'


def _cards(figures: Sequence[Figure], *, same: bool) -> Iterator[str]:
    for figure in figures:
        beside = "today's setting" if same else f"today {figure.today}"
        if figure.difference and not same:
            beside += f" <b>{escape(figure.difference)}</b>"
        yield (
            f'<div class="nector-card"><h4>{escape(figure.name)}</h4><p class="nector-value">{escape(figure.value)}</p>'
            f'<p class="nector-beside">{beside}</p><p class="nector-note">{escape(figure.note)}</p></div>'
        )


def findings_html(findings: Sequence[Problem], labels: dict[str, str]) -> str:
    """List what is legal but odd in a setting, each under the name of its field."""
    if not findings:
        return ""
    lines = "".join(
        f"<li><b>{escape(labels.get(finding.place, finding.place))}</b> {escape(finding.what)}</li>"
        for finding in findings
    )
    return f'<div class="nector-findings"><h4>Look at this</h4><ul>{lines}</ul></div>'


def named(text: str) -> str:
    """Call offers without a name as the form does."""
    return re.sub(r"\boffers\.(\d+)\b", lambda found: f"Offer {int(found[1]) + 1}", text)


def in_words(comparison: Comparison) -> list[str]:
    """Say a comparison in a merchant's words: the proposal and today's setting."""
    text = comparison.text().replace("the baseline", "today's setting")
    return text.replace("The candidate", "The proposal").replace("the candidate", "the proposal").splitlines()


def message_html(text: str, *, kind: str = "note") -> str:
    """A message to the merchant: ``note`` or ``error``; lines stay lines."""
    if not text:
        return ""
    role = "alert" if kind == "error" else "status"
    return f'<div class="nector-message nector-{kind}" role="{role}">{escape(text).replace(chr(10), "<br>")}</div>'
