"""What customers really redeemed, where the orders of the past tell it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from nector_sim.economics.sales import known_redeems, read_sales
from nector_sim.economics.summary import Summary
from nector_sim.errors import InputError
from nector_sim.frames.columns import read_money, read_times
from nector_sim.ledger.openings import points_of
from nector_sim.results import count
from nector_sim.rules.money import money_text
from nector_sim.rules.program import Program


@dataclass(frozen=True, slots=True)
class Happened:
    """What the past redeemed, on the orders that were paid.

    Attributes
    ----------
    orders, orders_redeemed : int
    discount : float or None
        Taken off by points (``discount_given``), major units; None where the orders only say who redeemed.
    points : int or None
        Behind that discount, at the program's dearest amount for a point; None where no offer gives an amount.
    months : float or None
        Between the first and the last order.
    by_month : pandas.DataFrame or None
        ``month``, ``orders``, ``orders_redeemed`` and, where known, ``discount``.
    """

    orders: int
    orders_redeemed: int
    discount: float | None
    points: int | None
    months: float | None
    by_month: pd.DataFrame | None

    def text(self, currency: str, today: Summary | None = None) -> str:
        """Say it in a sentence, beside what today's setting gives where it is simulated."""
        parts = [f"{self.orders_redeemed:,} of {count(self.orders, 'order')} redeemed"]
        if self.points is not None:
            parts.append(f"{count(self.points, 'point')}")
        beside = "" if today is None else f"; simulated, today's setting has {round(today.orders_redeemed):,} of them"
        if self.discount is not None:
            amount = money_text(Decimal(round(self.discount)), currency)
            parts.append(f"{amount} of discount")
            if today is not None:
                beside += f" and {money_text(Decimal(round(today.discount)), currency)}"
        return f"What really happened: {', '.join(parts)}{beside}."


def what_happened(orders: pd.DataFrame, program: Program) -> Happened | None:
    """Read what customers really redeemed."""
    if "cart_amount" not in orders or not {"discount_given", "redeems"} & set(orders.columns):
        return None
    used = read_sales(orders.assign(discount=0.0)).used
    paid = orders[used]
    given = None
    if "discount_given" in paid:
        given = read_money(paid["discount_given"], program.decimals, blank=0).numbers
        redeemed = np.asarray(given > 0)
    else:
        redeemed = np.asarray(known_redeems(paid) == 1)
    months, table = _by_month(paid, program, redeemed, given)
    return Happened(
        orders=len(paid),
        orders_redeemed=int(redeemed.sum()),
        discount=None if given is None else round(float(given.sum()) / 10**program.decimals, 4),
        points=None if given is None else _points(given, program),
        months=months,
        by_month=table,
    )


def _points(given: Any, program: Program) -> int | None:
    try:
        return int(points_of(given, program).sum())
    except InputError:
        return None


def _by_month(orders: pd.DataFrame, program: Program, redeemed: Any, given: Any) -> tuple[float | None, Any]:
    if "ordered_at" not in orders or not len(orders):
        return None, None
    instants = pd.to_datetime(read_times(orders["ordered_at"], program.timezone).numbers, unit="us", utc=True)
    month = instants.tz_convert(program.timezone).strftime("%Y-%m")
    table = pd.DataFrame({"month": np.asarray(month), "orders": 1, "orders_redeemed": redeemed.astype(np.int64)})
    if given is not None:
        table["discount"] = given / 10**program.decimals
    days = (instants.max() - instants.min()) / pd.Timedelta(days=1)
    return float(days) / (365.25 / 12), table.groupby("month", as_index=False).sum()
