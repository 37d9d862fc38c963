"""Totals of many settings, however they were found, and the sweep's table that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim.calculator.reasons import REASONS
from nector_sim.economics.assumptions import Assumptions
from nector_sim.economics.margin import break_even_share, drivers_of, margin_of
from nector_sim.economics.sales import Sales
from nector_sim.economics.summary import Summary
from nector_sim.exploration.grid import Settings
from nector_sim.exploration.prepared import Prepared

Int64 = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Columns behind the swept fields.
TOTALS = (
    "orders",
    "orders_redeemed",
    "points_redeemed",
    "discount",
    "payable",
    "discount_rate",
    "margin",
    "cost_of_program",
    "break_even_uplift",
)
#: What replays count beside the setting in use.
BESIDE_TODAY = ("margin_per_order", "customers_who_get_less", "share_who_get_less")
SHARES = tuple(f"share_{reason}" for reason in REASONS)


@dataclass(frozen=True, slots=True)
class Totals:
    """What settings give if everyone who can redeem does, arrays of shape ``(settings,)``; money in minor units.

    Attributes
    ----------
    given : ndarray of int64
        Orders that are given something.
    points, discount : ndarray of int64
    nothing_paid : ndarray of int64
        Orders with something to pay whose whole cart is discounted.
    limited : dict of str to (ndarray, ndarray)
        For each reason the orders that are given nothing, and those that are given something.
    weighted : list of (ndarray, ndarray)
        For each of the weights of :func:`weights_of`, the discount and ``nothing_paid`` with every order counted so.
    """

    given: Int64
    points: Int64
    discount: Int64
    nothing_paid: Int64
    limited: dict[str, tuple[Any, Any]]
    weighted: list[tuple[Floats, Floats]]


def weights_of(sales: Sales) -> list[Floats]:
    """Give the ways to count orders that a margin needs besides one each: what is kept of it, and who pays the fees."""
    weights = []
    if sales.returned.any():
        weights.append(np.broadcast_to(sales.kept_share, sales.cart.shape).astype(np.float64))
    if sales.cash_on_delivery.any():
        weights.append((~sales.cash_on_delivery).astype(np.float64))
    return weights


def table_of_totals(settings: Settings, prepared: Prepared, totals: Totals, assumptions: Assumptions) -> pd.DataFrame:
    """Make the sweep's table from totals; every line of the margin is linear in them."""
    rates, scale, orders = assumptions.rates(), prepared.scale, len(prepared.sales.cart)
    take_up = float(rates.using)
    given, points, discount = (_expected(count, take_up) for count in (totals.given, totals.points, totals.discount))
    margin, margin_without = _margins(prepared.sales, totals, rates, scale, take_up)
    cart = int(prepared.columns.cart.sum())
    credits = round(float(prepared.sales.credits.sum()) * scale)
    columns: dict[str, Any] = {path: settings.column(path) for path in settings.paths}
    columns |= {"orders": orders, "orders_redeemed": given, "points_redeemed": points}
    columns["discount"] = np.round(discount / scale, 4)
    columns["payable"] = np.round((cart - credits - discount) / scale, 4)
    columns["discount_rate"] = columns["discount"] / (cart / scale) if cart else 0.0
    columns["margin"] = np.round(margin, 2)
    columns["cost_of_program"] = np.round(margin_without - margin, 2)
    share = break_even_share(margin_without - margin, margin)
    columns["break_even_uplift"] = np.where(np.isinf(share), np.nan, share)
    for name, reason in zip(SHARES, REASONS, strict=True):
        none, some = totals.limited.get(reason, (0, 0))
        # An order that could redeem and does not is limited by what was requested.
        idle = (1 - take_up) * totals.given if reason == "requested" else 0
        columns[name] = (none + take_up * some + idle) / max(orders, 1)
    return pd.DataFrame(columns, index=pd.RangeIndex(len(settings)))


def _margins(sales: Sales, totals: Totals, rates: Any, scale: int, take_up: float) -> tuple[Floats, float]:
    """The margin of each setting, and that of the same orders with no redemption."""
    weighted = list(totals.weighted)
    kept = weighted.pop(0)[0] if sales.returned.any() else totals.discount.astype(np.float64)
    fee, fee_nothing = (
        weighted.pop(0) if weighted else (totals.discount.astype(np.float64), totals.nothing_paid.astype(np.float64))
    )
    without = drivers_of(sales).map(lambda amounts: float(np.sum(amounts)))
    with_points = replace(
        without,
        kept_discount=kept * (take_up / scale),
        fee_discount=fee * (take_up / scale),
        fee_payable=without.fee_payable - fee * (take_up / scale),
        fee_orders=without.fee_orders - take_up * fee_nothing,
        cod_orders=without.cod_orders - take_up * (totals.nothing_paid - fee_nothing),
    )
    margin_without = float(margin_of(without, rates).margin)
    return np.asarray(margin_of(with_points, rates).margin, dtype=np.float64), margin_without


def table_of_summaries(settings: Settings, summaries: Sequence[Summary]) -> pd.DataFrame:
    """Make the sweep's table from one summary for each setting."""
    rows = [summary.row() for summary in summaries]
    if summaries[0].orders_below_floor is not None:
        for row, summary in zip(rows, summaries, strict=True):
            row["orders_below_floor"] = summary.orders_below_floor
    return table_of_rows(settings, rows)


def table_of_rows(settings: Settings, of_settings: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Make the sweep's table from a row for each setting, as :meth:`Summary.row` gives it."""
    rows = pd.DataFrame(list(of_settings))
    table = pd.DataFrame({path: settings.column(path) for path in settings.paths})
    for name in TOTALS:
        table[name] = rows[name].astype(np.float64) if name == "break_even_uplift" else rows[name]
    for name in SHARES:
        table[name] = rows[name].fillna(0.0) if name in rows else 0.0
    for name in ("orders_below_floor", *BESIDE_TODAY, "response", "margin_with_response"):
        if name in rows:
            table[name] = rows[name]
    return table


def _expected(count: Int64, take_up: float) -> Any:
    return count if take_up == 1 else count * take_up
