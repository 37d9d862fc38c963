"""Refunds: when they happened, and how much of each fell on the items of its order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import polars as pl

from nector_sim.frames.columns import Int64
from nector_sim.frames.written import times
from nector_sim.orders.line_rows import BACK, BACK_AT
from nector_sim.orders.order_columns import NOT_SAID, Tidy
from nector_sim.orders.statuses import plain_status, plain_word
from nector_sim.rules.times import NO_TIME

#: How long after the order a refund is taken to have happened where no date says: returns of a week.
REFUND_DAYS = 7
_DAY = 86_400_000_000

_BEFORE = "is before the order"
#: A refund as ``amount:10.00|reason:…|date:2026-05-01 10:15:00``, its parts in any order, several parted by semicolons.
_AMOUNT = re.compile(r"(?:^|[|;])amount:([^|;]*)")
_DATE = re.compile(r"(?:^|[|;])date:(\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?)")


def total_text(amounts: Sequence[str]) -> str | None:
    """The sum of plain amounts; else the first of them that is none, for the reader of amounts to name."""
    total = Decimal(0)
    for text in amounts:
        try:
            total += Decimal(text)
        except InvalidOperation:
            return text
    return str(total) if amounts else None


def one_by_one(orders: pl.DataFrame) -> pl.DataFrame:
    """Add ``refunded`` and ``refunded_at``, where there are none, of refunds that an export lists in one field."""
    texts = [text or "" for text in orders["refund_items"].cast(pl.String).to_list()]
    found = {
        "refunded": [total_text(_AMOUNT.findall(text)) for text in texts],
        "refunded_at": [max(_DATE.findall(text), default=None) for text in texts],
    }
    return orders.with_columns(
        pl.Series(name, values, dtype=pl.String) for name, values in found.items() if name not in orders.columns
    )


def read_refunds(read: Tidy, items: Int64) -> None:
    """``refunded_at`` and ``refunded_amount``: what an export says of the whole order, as the share on its items."""
    if read.has(BACK):
        _came_back(read, items)
        return
    if not any(read.has(name) for name in ("refunded", "refunded_at", "refunded_amount", "status", "cancelled_at")):
        return
    unknown = np.full(read.orders.height, NO_TIME, np.int64)
    at, ordered = unknown, read.column.get("ordered_at", unknown)
    name = "refunded_at" if read.has("refunded_at") else "cancelled_at"
    if read.has(name):
        at = read.take(name, times(read.orders[name], read.written, optional=True))
    if read.has("refunded_amount"):
        amount = read.money("refunded_amount", blank=NOT_SAID)
        refunded = (amount > 0) | ((amount == NOT_SAID) & (at != NO_TIME))
    elif read.has("refunded") or read.has("status") or read.has("cancelled_at"):
        amount, refunded = _share_on_items(read, items)
        read.note("orders cancelled without a refund, which count as bought", (at != NO_TIME) & ~refunded)
    else:
        amount, refunded = np.full(read.orders.height, NOT_SAID, np.int64), at != NO_TIME
    undated = refunded & (at == NO_TIME) & (ordered != NO_TIME)
    read.note(f"refunds without a date in the file, whose refunded_at is {REFUND_DAYS} days after the order", undated)
    at = np.where(undated, ordered + REFUND_DAYS * _DAY, at)
    for row in np.flatnonzero(refunded & (at < ordered) & (at != NO_TIME)).tolist():
        read.refuse(row, name, _BEFORE)
    read.column["refunded_at"] = np.where(refunded, at, NO_TIME)
    read.column["refunded_amount"] = np.where(refunded, amount, NOT_SAID)


def _came_back(read: Tidy, items: Int64) -> None:
    """Refunds that are lines of their own, of a negative amount."""
    back = read.orders[BACK].to_numpy()
    refunded = back > 0
    ordered = read.column.get("ordered_at", np.full(read.orders.height, NO_TIME, np.int64))
    at = np.full(read.orders.height, NO_TIME, np.int64)
    if read.orders[BACK_AT].dtype != pl.Null and read.has("ordered_at"):
        at = times(read.orders[BACK_AT], read.written, optional=True).numbers
    at = np.where(refunded, np.maximum(at, ordered), NO_TIME)
    read.note("orders with negative lines, which are taken as refunds", refunded)
    read.note("refunds of more than the order, taken as the whole of it", back > items)
    read.column["refunded_at"] = at
    read.column["refunded_amount"] = np.where(refunded, np.minimum(back, items), NOT_SAID)


def _share_on_items(read: Tidy, items: Int64) -> tuple[Int64, Any]:
    """What of each order's refund fell on its items, in minor units, and whether there was one."""
    refunded = read.money("refunded")
    total = read.money("total") if read.has("total") else items
    amount = items.copy()
    part = (refunded > 0) & (refunded < total)
    for row in np.flatnonzero(part).tolist():  # in Python's whole numbers: the product does not fit into 64 bits
        amount[row] = (2 * int(refunded[row]) * int(items[row]) + int(total[row])) // (2 * int(total[row]))
    if read.has("total"):
        read.note(
            "partial refunds, of which the export does not say what they fell on, so that refunded_amount is the same "
            "share of the items as the refund is of the whole order",
            part,
        )
    read.note("refunds of more than the order, taken as the whole of it", (refunded > total) & (refunded > 0))
    is_refund = refunded > 0
    if read.has("status"):
        status = read.orders.select(plain_status(pl.col("status"))).to_series()
        words = ["refunded", *map(plain_word, read.refunded_statuses)]
        there = read.orders["refunded"] if read.has("refunded") else pl.repeat(None, read.orders.height, eager=True)
        is_refund |= (status.is_in(words) & there.is_null()).fill_null(False).to_numpy()
        called = status.is_in([*words, "partially refunded"]).fill_null(False).to_numpy()
        read.note(
            "orders whose status says refunded, while the amount is 0 or not said; they count as not refunded",
            called & ~is_refund,
        )
    return amount, is_refund
