"""The answer in a merchant's words: what a setting is, what it costs, and what it changes."""

from __future__ import annotations

import math
from decimal import Decimal

from nector_sim.economics.summary import Summary
from nector_sim.rules.money import money_text
from nector_sim.rules.program import Program

#: How often customers are drawn for a range, wherever one is shown.
RESAMPLES = 1000


def money(amount: float, currency: str) -> str:
    """Write whole money."""
    sign = "−" if round(amount) < 0 else ""
    return sign + money_text(Decimal(round(abs(amount))), currency)


def brief(amount: float, currency: str) -> str:
    """Write money as a merchant says it: ₹1.9 lakh, ₹54.4 lakh, ₹1.2 crore."""
    size = abs(amount)
    units = [(1e7, "crore"), (1e5, "lakh")] if currency == "INR" else [(1e6, "million")]
    for unit, name in units:
        if round(size / unit, 1) >= 1:
            sign = "−" if amount < 0 else ""
            return f"{sign}{money_text(Decimal(0), currency).replace('0', f'{size / unit:.1f}')} {name}"
    return money(float(f"{amount:.3g}"), currency)


def extra(uplift: float | None) -> str:
    """Write how many extra orders pay for a setting."""
    if uplift is None or math.isnan(uplift):
        return "never"
    return f"+{max(0.0, 100 * uplift):.1f} per 100"


def months_to_divide_by(months: float | None) -> float:
    """What amounts are divided by: the months of the orders, or 1 where they cover less than one."""
    return months if months and months >= 1 else 1.0


def who(summary: Summary) -> str:
    """On whom the figures rest, in a merchant's words."""
    if summary.label == "everyone":
        return "if everyone uses coins whenever they can"
    if summary.label == "recorded":
        return "with those customers who really used coins"
    often = f"{round(100 * summary.assumed_take_up, 2):g} % of the orders on which they can"
    if summary.label == "redeemers":
        return f"if {round(100 * summary.assumed_redeemers, 2):g} % of customers use coins, on {often}"
    return f"if customers use coins on {often}"


def sentence(program: Program, now: Summary, today: Program, before: Summary, months: float | None) -> str:
    """What a setting is and costs, and what it changes, in two sentences."""
    currency, by = program.currency, months_to_divide_by(months)
    per = " a month" if by > 1 else ""
    cost = brief(now.cost_of_program / by, currency)
    first = f"With {setting_in_words(program)}, coins cost you {cost}{per} {who(now)}."
    if program == today:
        return f"{first} This is your current setting."
    difference = (now.margin - before.margin) / by
    if round(difference) == 0:
        return f"{first} You keep as much as with your current setting."
    does = "keeps" if difference > 0 else "gives away"
    return f"{first} Compared with your current setting, it {does} {brief(abs(difference), currency)}{per} more."


def pair_in_words(uplift: float, *, keeps: bool) -> str:
    """What must happen for a change to lose or to pay, among customers who use coins."""
    if keeps and math.isnan(uplift):
        return "That holds however many orders of coin users stay away because of it: they earn nothing."
    if keeps and uplift <= -1:
        return "That holds even if all orders of coin users stay away because of it."
    if math.isnan(uplift):
        return "No number of extra orders of coin users would bring that back."
    size = abs(100 * uplift)
    number = f"{size:.1f}" if size >= 0.1 else f"{size:.1g}"
    if keeps:
        return f"That is lost again if more than {number} in 100 orders of coin users stay away because of it."
    return f"It pays if coin users place more than {number} extra orders for every 100."


def setting_in_words(program: Program) -> str:
    """A setting in a few words."""
    if not program.enabled or not program.offers:
        return "coins switched off"
    offer, currency = program.offers[0], program.currency
    label, points = program.points_label, offer.step_points
    one = f"1 {label.removesuffix('s')}" if points == 1 else f"{points:,} {label}"
    gives = (
        f"{offer.step_percent:g} % off" if offer.step_discount is None else money_text(offer.step_discount, currency)
    )
    parts = [f"{one} = {gives}"]
    if offer.max_discount is not None:
        parts.append(f"up to {money_text(offer.max_discount, currency)} off")
    if offer.max_percent is not None:
        parts.append(f"up to {offer.max_percent:g} % off")
    least = program.min_payable
    if least is not None and (least.percent if least.kind == "percent" else least.amount):
        amount = money_text(least.amount, currency) if least.kind == "fixed" else f"{least.percent:g} % of the cart"
        parts.append(f"customers paying at least {amount}")
    more = (
        f" ({len(program.offers) - 1} more offer{'s' if len(program.offers) > 2 else ''})"
        if len(program.offers) > 1
        else ""
    )
    return ", ".join(parts) + more
