"""Which orders a report is about and which it leaves out, every one of them with its money."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from nector_sim.exploration.comparison import Comparison
from nector_sim.orders.fates import LEFT_OUT
from nector_sim.orders.report import OrdersReport
from nector_sim.report.words import plain
from nector_sim.results import count


class Kind(NamedTuple):
    """Orders of one kind: what they are, how many, and their money in major units (None where it is not known)."""

    what: str
    orders: int
    money: Decimal | None


def kinds_of(
    comparison: Comparison,
    *,
    orders_report: OrdersReport | None = None,
    left_out: Sequence[tuple[str, int, float]] = (),
) -> list[Kind]:
    """Count the orders that a comparison is about, and those that it leaves out."""
    now = comparison.candidate
    kinds = [Kind("In this report (baskets)", now.orders, _money(now.cart))]
    if now.orders_left_out:
        kinds.append(Kind("Left out: never paid", now.orders_left_out, None))
    kinds += [Kind(f"Left out: {what} (baskets)", orders, _money(baskets)) for what, orders, baskets in left_out]
    if orders_report is None:
        return kinds
    for kind, left in orders_report.left_out.items():
        own = left.money.get(orders_report.currency)
        kinds.append(Kind(f"Left out: {LEFT_OUT[kind]}", left.orders, own))
    if len(orders_report.rejects):
        kinds.append(Kind("Cannot be used", len(orders_report.rejects), orders_report.money["rejected"]))
    return kinds


def facts_of(comparison: Comparison, *, orders_report: OrdersReport | None = None) -> list[str]:
    """What the orders are, in sentences: their file, their days in the shop's time, their customers."""
    basis, lines = comparison.basis, []
    if orders_report is not None:
        own = list(orders_report.columns.values())
        lines.append(
            f"From {orders_report.source}, {plain(orders_report.format)}; the basket is "
            f"{plain(orders_report.cart_amount_is, own)}."
        )
    if (period := basis.period) is not None:
        first, last = (f"{day.day} {day:%b %Y}" for day in period)
        lines.append(f"Orders of {first} to {last}, by the clock of {basis.candidate.timezone}.")
    if "customer_id" in basis.orders:
        lines.append(f"{count(int(basis.orders['customer_id'].nunique()), 'customer')}.")
    return lines


def notes_of(orders_report: OrdersReport | None) -> Sequence[str]:
    """What was adjusted or assumed while the orders were read, in a merchant's words."""
    if orders_report is None:
        return []
    said = [plain(note, list(orders_report.columns.values())) for note in orders_report.notes]
    return [f"{note[:1].upper()}{note[1:]}" for note in said]


def _money(amount: float) -> Decimal:
    return Decimal(str(round(float(amount), 2)))
