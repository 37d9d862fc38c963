"""What of the orders counts: those of some days, and unpaid ones, some of which come back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import numpy as np
import pandas as pd

from nector_sim.economics.assumptions import Assumptions
from nector_sim.errors import InputError
from nector_sim.ledger.replay import replay
from nector_sim.orders.refunds import REFUND_DAYS
from nector_sim.orders.report import OrdersReport
from nector_sim.results import count
from nector_sim.rules.program import Program

#: Of unpaid orders that count as sold, how many come back where nobody says it, in %; shown as a value.
RETURNED_PERCENT = "15"


@dataclass
class Counted:
    """Orders that count."""

    orders: pd.DataFrame
    rests: list[str] = field(default_factory=list)
    """What the figures rest on beside the files, in words."""
    earlier: pd.DataFrame | None = None
    """Orders before the first day, which tell what customers have on it; None where balances do."""
    outside: pd.DataFrame | None = None
    """Orders before the first day and after the last one."""


def count_orders(
    orders: pd.DataFrame, source: Mapping[str, Any], *, zone: str, report: OrdersReport | None = None
) -> Counted:
    """Take orders of the days that were chosen, and mark the unpaid ones that come back."""
    found = Counted(orders)
    if report is not None and len(report.unpaid) == len(orders) and report.unpaid.any():
        _bring_back(found, report.unpaid, source.get("how", {}).get("returned_percent", RETURNED_PERCENT))
    days = {name: text for name, text in source.get("days", {}).items() if text}
    if days:
        _of_days(found, days, zone)
    return found


def _bring_back(found: Counted, unpaid: Any, percent: Any) -> None:
    """Mark unpaid orders as returned: those whose numbers come first by hash, so that a higher rate adds to them."""
    orders = found.orders
    try:
        share = Decimal(str(percent).strip())
    except InvalidOperation:
        share = Decimal(-1)
    if not 0 <= share <= 100:
        raise InputError("Returned of the unpaid orders: write a number from 0 to 100.")
    waiting = np.asarray(unpaid, dtype=np.bool_)
    kind = "unpaid order"
    if "payment_method" in orders:
        cash = waiting & (orders["payment_method"] == "cod").fillna(False).to_numpy(dtype=np.bool_)
        if cash.any():
            waiting, kind = cash, "unpaid cash-on-delivery order"
    if "refunded_at" in orders:
        waiting = waiting & orders["refunded_at"].isna().to_numpy()
    rows = np.flatnonzero(waiting)
    ids = orders["order_id"].to_numpy()[rows] if "order_id" in orders else rows
    ranks = np.argsort([hashlib.sha256(str(one).encode()).hexdigest() for one in ids], kind="stable")
    number = int((share * len(rows) / 100).to_integral_value(ROUND_HALF_UP))
    back = rows[ranks[:number]]
    orders = orders.copy(deep=False)
    if "ordered_at" in orders:
        at = orders.get("refunded_at", pd.Series(pd.NaT, orders.index, dtype=orders["ordered_at"].dtype)).copy()
        at.iloc[back] = orders["ordered_at"].iloc[back] + pd.Timedelta(days=REFUND_DAYS)
        orders["refunded_at"] = at
    if "ordered_at" not in orders or "refunded_amount" in orders:
        whole = orders["cart_amount"]
        amount = orders["refunded_amount"].copy() if "refunded_amount" in orders else whole.where(whole.isna())
        amount.iloc[back] = whole.iloc[back] if "ordered_at" not in orders else pd.NA  # left blank, it is the whole
        orders["refunded_amount"] = amount
    found.orders = orders
    found.rests.append(
        f"{float(share):g} % of {count(len(rows), kind)} count as returned, {REFUND_DAYS} days later: "
        f"{count(number, 'order')}, drawn by order number."
    )


def _of_days(found: Counted, days: Mapping[str, str], zone: str) -> None:
    orders = found.orders
    if "ordered_at" not in orders:
        raise InputError("These orders have no dates, so days cannot be chosen.")
    first, last = (_day(days.get(name)) for name in ("first", "last"))
    if first is not None and last is not None and last < first:
        raise InputError("The last day is before the first one.")
    local = orders["ordered_at"].dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
    before = np.zeros(len(orders), np.bool_) if first is None else (local < pd.Timestamp(first)).to_numpy()
    after = np.zeros(len(orders), np.bool_) if last is None else (local > pd.Timestamp(last)).to_numpy()
    if after.any() and "balances_at" in orders.attrs:
        raise InputError(
            "The balances are counted back from the last order of the file. Leave the last day open, or remove the "
            "file of balances."
        )
    inside = ~(before | after)
    if not inside.any():
        raise InputError("There is no order on these days.")
    found.outside = orders[~inside]
    if before.any() and "points_balance" not in orders:
        found.earlier = orders[before].reset_index(drop=True)
    # Of a whole history, so that attributes such as the currency stay.
    kept = orders[inside].reset_index(drop=True)
    kept.attrs = dict(orders.attrs)
    found.orders = kept
    text = " to ".join(f"{one.day} {one:%b %Y}" if one else "…" for one in (first, last))
    found.rests.append(f"Only orders of {text} count: {len(kept):,} of {len(orders):,}.")
    if found.earlier is not None:
        found.rests.append("Customers begin with what their earlier orders earned under your current setting.")


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text} is no day; write it as 2026-04-01.") from None


def with_earlier(orders: pd.DataFrame, earlier: pd.DataFrame, today: Program, believed: Assumptions) -> pd.DataFrame:
    """Orders with the balances that earlier ones leave under today's setting."""
    if today.earning is None or not {"customer_id", "order_id"} <= set(orders.columns):
        return orders
    left = replay(today, earlier, take_up=believed.who_redeems()).balances.set_index("customer_id")
    points = (left["points_balance"] + left["points_pending"]).clip(lower=0).astype("int64")
    begun: pd.DataFrame = orders.assign(points_balance=orders["customer_id"].map(points).fillna(0).astype("int64"))
    begun.attrs = dict(orders.attrs)
    return begun
