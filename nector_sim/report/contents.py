"""The report: what a proposal does, under which setting and beliefs, and what to type into Nector to have it.

One list of sections is the content; :func:`html_report` and :mod:`nector_sim.report.workbook` write it down.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np

from nector_sim._version import __version__
from nector_sim.exploration.compare import compare
from nector_sim.exploration.comparison import Comparison
from nector_sim.exploration.session import Outcome, Session
from nector_sim.frames.columns import largest_balance
from nector_sim.pictures.discount_by_cart import DiscountByCart
from nector_sim.pictures.limits import Limits
from nector_sim.pictures.style import new_figure, png, svg
from nector_sim.pictures.waterfall import Waterfall
from nector_sim.report.figures import in_words
from nector_sim.report.screens import not_on_screen, screens
from nector_sim.rules.fields import Field, fields_of, labels_of, values_of
from nector_sim.rules.program import Program
from nector_sim.rules.review import review

#: How often customers are drawn anew for the ranges.
RESAMPLES = 1000
#: Said in every report.
NOT_MODELLED = (
    "Points and discounts are exact under the stated rules; margins are estimates under the assumptions above.",
    "No extra sales are assumed: what redeemers spend more is mostly who they are, not what points do. The break-even "
    "says how many more orders would pay for the program.",
    "That GoKwik's checkout behaves as Nector's documented checkout is assumed: GoKwik publishes nothing about it.",
    "Ranges resample whole customers, and the assumptions that were given as low / likely / high; they know of no "
    "season, price or competitor that the orders do not hold, and are not a forecast of next year.",
)

#: Of the way in which balances came, by whether they were replayed.
_OF_BALANCES = {
    False: "Each order is worked out by itself, with the balance that came with it. A setting that gives less leaves "
    "customers more points for later orders, and that is not in these figures: they are right for single orders only.",
    True: "Each order is worked out with the balance that the replay of the orders before it left. Points from "
    "elsewhere (gifts, referrals) are in it only where they were given as grants or opening balances.",
}


class Money(float):
    """An amount in major units, written as its readers do."""


class Share(float):
    """A share, written as a percentage."""


class Section(NamedTuple):
    """A heading, sentences below it, and a table."""

    title: str
    notes: Sequence[str] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()


class ReportPicture(NamedTuple):
    """A picture in both shapes that a report needs."""

    title: str
    svg: str
    png: bytes
    words: str


@dataclass(frozen=True)
class Report:
    """A proposal beside today's setting, ready to be written down.

    Attributes
    ----------
    title : str
    label : str
        What the orders are.
    currency : str
    made_at : datetime
    sections : tuple of Section
        In their order; the last is what to type into Nector.
    pictures : tuple of ReportPicture
    """

    title: str
    label: str
    currency: str
    made_at: datetime
    sections: tuple[Section, ...]
    pictures: tuple[ReportPicture, ...]


def make_report(session: Session, proposal: Outcome, *, made_at: datetime | None = None) -> Report:
    """Put a report together."""
    resamples = RESAMPLES if "customer_id" in session.orders else 0
    comparison = compare(
        session.today_beside(proposal.program),
        proposal.program,
        session.orders,
        assumptions=session.assumptions,
        resamples=resamples,
        replayed=session.replayed,
    )
    return Report(
        title=proposal.program.name or "A redemption rule",
        label=f"{session.label}. {session.balances.removesuffix('.')}",
        currency=proposal.program.currency,
        made_at=made_at or datetime.now().astimezone(),
        sections=tuple(_sections(session, proposal, comparison)),
        pictures=tuple(_pictures(session, proposal)),
    )


def _sections(session: Session, proposal: Outcome, comparison: Comparison) -> Iterator[Section]:
    yield _headline(session, comparison)
    program, today = proposal.program, session.todays(proposal.program)
    yield Section("The setting", columns=["Field", "Proposal", "Today"], rows=_beside(program, today.program))
    if findings := review(program, largest_balance=largest_balance(session.orders)):
        labels = labels_of(type(program), values_of(program.model_dump()))
        yield Section("Look at this", notes=[f"{labels.get(f.place, f.place)}: {f.what}" for f in findings])
    yield Section(
        "What limits the discounts",
        columns=["Limited by", "Share of orders, proposal", "today"],
        rows=_mix(proposal, today),
    )
    yield Section("Assumptions", columns=["What", "Value", "Meaning"], rows=_beliefs(session))
    yield Section("What is not modelled", notes=[*NOT_MODELLED, _OF_BALANCES[session.replayed]])
    yield Section("Made with", columns=["What", "Value"], rows=_provenance(session))
    aside = not_on_screen(program)
    notes = ["Log in to Nector and open Third Party Checkouts → GoKwik. Fields in the order of the screens:"]
    notes += [f"Nector's screens have no field for this, so it cannot be typed in: {what}" for what in aside]
    yield Section("Type this into Nector", notes, ["Screen", "Field", "Value"], screens(program))


def _headline(session: Session, comparison: Comparison) -> Section:
    """The headline numbers with their ranges."""
    ranges, months = comparison.ranges, session.months
    names = {
        "cost_of_program": ("Cost of the program", Money),
        "margin": ("Margin with points", Money),
        "margin_without": ("Margin without points", Money),
        "discount": ("Discount", Money),
        "discount_rate": ("Discount rate", Share),
        "share_could_redeem": ("Orders that can redeem", Share),
        "break_even_uplift": ("Break-even against no points: more orders", Share),
    }

    def value_of(name: str) -> Any:
        return ranges.loc[name, "value"]

    rows = []
    for name, (words, kind) in names.items():
        found: Any = ranges.loc[f"candidate.{name}"]
        low, high = (kind(found[end]) if end in ranges else "" for end in ("low", "high"))
        rows.append([words, kind(found["value"]), low, high, kind(value_of(f"baseline.{name}"))])
    pair: Any = ranges.loc["incremental_break_even_uplift_users"]
    reach = [Share(pair[end]) if end in ranges else "" for end in ("low", "high")]
    # What must come, or with a minus may go, for the proposal to earn what today's setting does.
    rows.insert(0, ["Break-even of the pair: orders of customers who use points", Share(pair["value"]), *reach, ""])
    if months and months >= 1:
        cost: Any = ranges.loc["candidate.cost_of_program"] / months
        ends = [Money(cost[end]) if end in ranges else "" for end in ("low", "high")]
        before = value_of("baseline.cost_of_program") / months
        rows.insert(0, ["Cost of the program a month", Money(cost["value"]), *ends, Money(before)])
    notes = in_words(comparison)
    notes.append(
        f"{comparison.candidate.orders:,} orders: {session.label}. Low and high are the 5th and 95th percentile over "
        "customers resampled from these, not a forecast of next year."
    )
    notes.append(session.balances)
    return Section("In short", notes, ["", "Proposal", "low", "high", "Today"], rows)


def _beside(program: Program, today: Program) -> list[list[str]]:
    """Every field that either of two programs fills in."""
    new, old = values_of(program.model_dump()), values_of(today.model_dump())
    shown = {
        item.path: item
        for values in (old, new)
        for top in fields_of(type(program), values)
        for item in top.all()
        if item.shape not in ("group", "list")
    }
    return [
        [item.label, *(_word(item, values.get(path, "")) for values in (new, old))]
        for path, item in shown.items()
        if new.get(path) not in (None, "") or old.get(path) not in (None, "")
    ]


def _word(item: Field, value: str | bool) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return dict(item.options).get(value, value)


def _mix(proposal: Outcome, today: Outcome) -> list[list[Any]]:
    from nector_sim.calculator.reasons import SENTENCES

    now, before = proposal.summary.limited_by, today.summary.limited_by
    return [
        [words, Share(now.get(reason, 0.0)), Share(before.get(reason, 0.0))]
        for reason, words in SENTENCES.items()
        if reason in now or reason in before
    ]


def _beliefs(session: Session) -> list[list[str]]:
    values = values_of(session.assumptions.model_dump())
    units = {"percent": " %", "money": f" {session.today.currency}"}
    return [
        [item.label, f"{_word(item, values[item.path])}{units.get(item.unit, '')}", item.help]
        for item in fields_of(type(session.assumptions), values)
        if item.path in values
    ]


def _provenance(session: Session) -> list[list[str]]:
    """Versions and a hash of the orders, so that somebody else can tell whether they have the same."""
    carts = session.orders["cart_amount"].to_numpy(dtype=np.float64)
    known = session.orders.get("points_balance", session.orders["cart_amount"] * 0)
    digest = sha256(carts.astype("<f8").tobytes() + known.to_numpy(dtype="<f8").tobytes()).hexdigest()
    how = "replayed" if session.replayed else "each order by itself"
    rows = [["nector_sim", __version__], ["Python", platform.python_version()]]
    rows += [[name, version(name)] for name in ("numpy", "pandas", "numba")]
    return [*rows, ["Orders", session.label], ["Balances", how], ["SHA-256 of carts and balances", digest]]


def _pictures(session: Session, proposal: Outcome) -> Iterator[ReportPicture]:
    today = session.todays(proposal.program)
    same = proposal.program == today.program
    curve = DiscountByCart(new_figure().subplots(), currency=proposal.program.currency)
    curve.update(proposal.program, orders=proposal.discounts(), today=None if same else today.program)
    limits = Limits(new_figure().subplots())
    limits.update(proposal.summary.limited_by, today=None if same else today.summary.limited_by)
    steps = Waterfall(new_figure().subplots(), currency=proposal.program.currency)
    steps.update(proposal.summary)
    for title, drawn in (("Discount by cart size", curve), ("What limits it", limits), ("From sales to margin", steps)):
        figure: Any = drawn.ax.get_figure(root=True)
        yield ReportPicture(title, svg(figure, drawn.describe()), png(figure), drawn.describe())
