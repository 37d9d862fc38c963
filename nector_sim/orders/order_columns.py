"""The columns of a shop's orders while they are read: whole numbers, and everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from nector_sim.frames.columns import Column, Int64
from nector_sim.frames.written import Written, amounts
from nector_sim.rules.money import currency_decimals, from_minor, money_text

#: An amount that the source leaves blank where that is not 0.
NOT_SAID = -1


@dataclass(slots=True)
class Tidy:
    """Columns of orders in whole numbers.

    Attributes
    ----------
    column : dict of str to ndarray or Series, each of shape (n,)
        Money in minor units, times in microseconds.
    refused : dict of int to list of tuple of str and str
        Row to our columns and what is wrong with their values.
    notes : list of str
    sums : dict of str to ndarray of int64, shape (n,)
        What each order's total is made of.
    refunded_statuses : collection of str
        Statuses that say that the whole order came back.
    put_back : ndarray of int64, optional
        Points of the past that were put back into the cart amounts.
    """

    orders: pl.DataFrame
    currency: str
    written: Written
    column: dict[str, Any] = field(default_factory=dict)
    refused: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    sums: dict[str, Int64] = field(default_factory=dict)
    refunded_statuses: Collection[str] = ()
    put_back: Int64 | None = None

    @property
    def decimals(self) -> int:
        """Decimals of the currency."""
        return currency_decimals(self.currency)

    @property
    def usable(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which orders were not refused so far."""
        good = np.ones(self.orders.height, np.bool_)
        good[list(self.refused)] = False
        return good

    def said(self, minor: Any) -> str:
        """An amount in minor units, for people."""
        return money_text(from_minor(int(minor), self.decimals), self.currency)

    def has(self, name: str) -> bool:
        """Whether the orders have a column."""
        return name in self.orders.columns

    def note(self, words: str, rows: Any) -> None:
        """Say how many orders, if any, were taken in a way that a reader must know."""
        if count := int(np.count_nonzero(rows & self.usable)):
            self.notes.append(f"{words}: {count}")

    def refuse(self, row: int, name: str, reason: str) -> None:
        """Refuse an order for what one of its columns says."""
        self.refused.setdefault(row, []).append((name, reason))

    def take(self, name: str, column: Column) -> Int64:
        """The values of a column; the refused rows are noted."""
        for row, reason in column.refused.items():
            if (name, reason) not in self.refused.get(row, ()):  # the same column may be read again for the accounts
                self.refuse(row, name, reason)
        return column.numbers

    def money(self, name: str, *, blank: int | None = 0) -> Int64:
        """Amounts of a column, 0 where there is no such column."""
        if not self.has(name):
            return np.zeros(self.orders.height, np.int64)
        return self.take(name, amounts(self.orders[name], self.decimals, self.written, blank=blank))
