"""An exploration: orders, what the merchant believes, today's setting and a proposal, and what each of them earns."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from nector_sim.economics.assumptions import Assumptions
from nector_sim.economics.summary import Summary, summarize
from nector_sim.rules.program import Program
from nector_sim.scoring import score

#: The average length of a month, in days.
DAYS_A_MONTH = 365.25 / 12
#: Examples: orders at these shares of the carts, from small to large, and this many with the most points.
_CART_SHARES, _RICHEST = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95), 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a setting does on the orders."""

    program: Program
    scored: pd.DataFrame
    summary: Summary


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

    def outcome(self, program: Program) -> Outcome:
        """Score the orders under a setting and sum up what they earn."""
        scored = score(program, self.orders)
        return Outcome(program, scored, summarize(scored, assumptions=self.assumptions))

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
