"""An exploration: orders, what the merchant believes, today's setting and a proposal, and what each of them earns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from nector_sim.economics.assumptions import Assumptions
from nector_sim.economics.sales import Sales
from nector_sim.economics.summary import Summary
from nector_sim.exploration.prepared import Prepared, prepare
from nector_sim.rules.program import Program
from nector_sim.scoring import score

#: The average length of a month, in days.
DAYS_A_MONTH = 365.25 / 12
#: Examples: orders at these shares of the carts, from small to large, and this many with the most points.
_CART_SHARES, _RICHEST = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95), 2


@dataclass(frozen=True)
class Outcome:
    """What a setting does on the orders."""

    program: Program
    orders: pd.DataFrame
    sales: Sales
    """With the discount that the setting gives; orders that were never paid are left out."""
    summary: Summary

    @cached_property
    def scored(self) -> pd.DataFrame:
        """The orders scored, for those who go on with them."""
        scored: pd.DataFrame = score(self.program, self.orders)
        return scored

    def scored_at(self, positions: Sequence[int]) -> pd.DataFrame:
        """A few orders, scored."""
        scored: pd.DataFrame = score(self.program, self.orders.iloc[list(positions)])
        return scored

    def discounts(self) -> pd.DataFrame:
        """Carts and discounts of all orders, in major units."""
        return pd.DataFrame({"cart_amount": self.sales.cart, "discount": self.sales.discount}, copy=False)


@dataclass(slots=True)
class Session:
    """Orders, assumptions and today's setting; proposals are held against them.

    Parameters
    ----------
    orders : pandas.DataFrame
        As :func:`nector_sim.score` takes them.
    label : str
        What the orders are, shown wherever figures are.
    today : Program
        The setting in use.
    assumptions : Assumptions
        What the merchant believes.
    """

    orders: pd.DataFrame
    label: str
    today: Program
    assumptions: Assumptions
    _today: Outcome | None = field(default=None, init=False)
    _examples: list[int] | None = field(default=None, init=False)
    _prepared: dict[Any, Prepared] = field(default_factory=dict, init=False)

    def outcome(self, program: Program) -> Outcome:
        """Score the orders under a setting and sum up what they earn.

        Raises
        ------
        InputError
            If the orders cannot be used.
        """
        found = self._prepare(program).score(program)
        summary = found.summarize(program, assumptions=self.assumptions)
        return Outcome(program, self.orders, found.sales, summary)

    def _prepare(self, program: Program) -> Prepared:
        """The orders made ready once for all settings that read the same columns of them."""
        reads = (
            program.currency,
            program.timezone,
            program.enabled,
            tuple(offer.tiers for offer in program.offers),
            any(offer.starts_at or offer.ends_at for offer in program.offers),
        )
        if reads not in self._prepared:
            # One at a time: it holds every order.
            self._prepared = {reads: prepare(program, self.orders, assumptions=self.assumptions)}
        return self._prepared[reads]

    def todays(self) -> Outcome:
        """The outcome of today's setting; worked out once, until something that it rests on changes."""
        if self._today is None:
            self._today = self.outcome(self.today)
        return self._today

    def change(
        self,
        *,
        orders: pd.DataFrame | None = None,
        label: str | None = None,
        today: Program | None = None,
        assumptions: Assumptions | None = None,
    ) -> None:
        """Replace what outcomes rest on."""
        self.orders = self.orders if orders is None else orders
        self.label = self.label if label is None else label
        self.today = today or self.today
        self.assumptions = assumptions or self.assumptions
        self._today = None
        if orders is not None:
            self._prepared = {}
        self._examples = self._examples if orders is None else None

    @property
    def months(self) -> float | None:
        """How many months the orders cover; None where they carry no times, or cover less than a day."""
        if "ordered_at" not in self.orders or not len(self.orders):
            return None
        covered = self.orders["ordered_at"].max() - self.orders["ordered_at"].min()
        days = covered / pd.Timedelta(days=1) if pd.notna(covered) else 0.0
        return days / DAYS_A_MONTH if days >= 1 else None

    def examples(self) -> list[int]:
        """Positions of a few orders, from a small cart to a large one, and of those with the most points."""
        if self._examples is None:
            carts = self.orders["cart_amount"].to_numpy(dtype=np.float64)
            points = self.orders["points_balance"].to_numpy(dtype=np.float64)
            by_cart, by_points = np.argsort(carts, kind="stable"), np.argsort(points, kind="stable")
            picked = [by_cart[int(share * (len(carts) - 1))] for share in _CART_SHARES] if len(carts) else []
            self._examples = list(dict.fromkeys(int(position) for position in [*picked, *by_points[-_RICHEST:]]))
        return self._examples
