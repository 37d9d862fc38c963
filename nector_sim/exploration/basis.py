"""What a comparison rests on, for those who write it down."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nector_sim.frames.columns import read_times
from nector_sim.rules.times import NO_TIME

if TYPE_CHECKING:
    from nector_sim.economics.assumptions import Assumptions
    from nector_sim.rules.program import Program

#: The average length of a month, in days.
DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True, slots=True)
class Basis:
    """The programs, orders and assumptions of a comparison, and what the candidate takes off each order.

    Attributes
    ----------
    baseline, candidate : Program
    assumptions : Assumptions
    orders : pandas.DataFrame
        All of them, as they came.
    discounts : pandas.DataFrame
        ``cart_amount`` and the candidate's ``discount`` of the orders that count, major units.
    """

    baseline: Program
    candidate: Program
    assumptions: Assumptions
    orders: pd.DataFrame = field(repr=False)
    discounts: pd.DataFrame = field(repr=False)

    @property
    def months(self) -> float | None:
        """How many months the orders cover; None where they carry no times, or cover less than a day."""
        return months_of(self.orders, self.candidate.timezone)

    @property
    def period(self) -> tuple[pd.Timestamp, pd.Timestamp] | None:
        """The first and the last time of the orders; None where they carry none."""
        return period_of(self.orders, self.candidate.timezone)

    def fingerprint(self) -> str:
        """SHA-256 of the carts and balances, so that somebody else can tell whether they have the same."""
        columns = [self.orders[name] for name in ("cart_amount", "points_balance") if name in self.orders]
        numbers = [pd.to_numeric(one, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan) for one in columns]
        return sha256(b"".join(one.astype("<f8").tobytes() for one in numbers)).hexdigest()


def period_of(orders: pd.DataFrame, timezone: str) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """The first and the last time of orders, in a zone; None where they carry none."""
    if "ordered_at" not in orders or not len(orders):
        return None
    at = orders["ordered_at"]
    if not isinstance(at.dtype, pd.DatetimeTZDtype):
        read = read_times(at, timezone)
        numbers = np.delete(read.numbers, list(read.refused))
        at = pd.Series(pd.to_datetime(numbers[numbers != NO_TIME], unit="us", utc=True))
    first, last = at.min(), at.max()
    return None if pd.isna(first) else (first.tz_convert(timezone), last.tz_convert(timezone))


def months_of(orders: pd.DataFrame, timezone: str) -> float | None:
    """How many months orders cover; None where they carry no times, or cover less than a day."""
    period = period_of(orders, timezone)
    days = 0.0 if period is None else (period[1] - period[0]) / pd.Timedelta(days=1)
    return days / DAYS_A_MONTH if days >= 1 else None
