"""What time does that no customer's state tells: forecasts of a history's own past, held against what came.

They say how far forecasts are off, and how much "the last months again" tells beside the customers' states: a forecast
of carts is a mean of both (of the logarithms), and which share is likely is learned with the size of what is left.
Both are drawn, so the fewer earlier forecasts there are, the longer the tails.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nector_sim.exploration.future_totals import MEASURES, could_redeem, totals_of
from nector_sim.exploration.futures import cut_off, future_of, source_of
from nector_sim.exploration.states import BLOCK, FEWEST
from nector_sim.ledger.arrays import Int64
from nector_sim.ledger.facts import ReadyHistory
from nector_sim.ledger.schedule import Schedule

Floats = npt.NDArray[np.float64]

#: How many blocks before the end earlier forecasts begin, and how many futures each of them has.
BACK = (2, 4, 6)
FUTURES, PATHS = 8, 200
#: What is believed beforehand: standard deviations of the logarithm over three months, and their weights.
BELIEVED = {0.01: 0.2, 0.02: 0.3, 0.04: 0.25, 0.08: 0.15, 0.16: 0.07, 0.32: 0.03}
#: Parts that the last months again may have, all as likely.
PARTS = (0.0, 0.25, 0.5, 0.75, 1.0)
#: Earlier forecasts share the last blocks, so each counts for less than one.
SHARED = 2 / 3
#: The blocks of three months, of which the result is.
THREE_MONTHS = 3.25


@dataclass(frozen=True, slots=True)
class Surprise:
    """How far forecasts are off beyond their own futures, and the part of the last months again in them.

    Attributes
    ----------
    sizes, parts, weights : ndarray of float64, shape (mixed,)
        Standard deviations of the logarithm over three months, and parts; how likely each pair is.
    """

    sizes: Floats
    parts: Floats
    weights: Floats

    @property
    def typical(self) -> float:
        """The standard deviation in all."""
        return float(np.sqrt(self.weights @ self.sizes**2))

    def draws(self, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Draw logarithms over three months, and parts, shape (count,) each."""
        chosen = rng.choice(len(self.weights), count, p=self.weights)
        return self.sizes[chosen] * rng.standard_normal(count), self.parts[chosen]


def surprise_of(
    facts: ReadyHistory, schedule: Schedule, window: int | None, rng: np.random.Generator, step: Callable[[], None]
) -> Surprise:
    """By how much earlier forecasts were off beyond what their own futures spread; each of them is a step."""
    last, first = facts.prepared.last, facts.prepared.first
    sizes, parts = (grid.ravel() for grid in np.meshgrid(list(BELIEVED), PARTS, indexing="ij"))
    likely = np.repeat(np.log(list(BELIEVED.values())), len(PARTS))
    for back in BACK:
        origin = last - back * BLOCK
        if (origin - first) // BLOCK < max(FEWEST, (window or 0) + 1):
            step()
            continue
        edges = np.array([origin, last], np.int64)
        came = _totals(facts, schedule, edges)[0]
        earlier = cut_off(facts, origin)
        source = source_of(earlier, could_redeem(earlier, schedule), back, window)
        futures = np.array([_totals(future_of(source, rng, last), schedule, edges) for _ in range(FUTURES)])
        moved = source.outlook.moves(edges, PATHS, rng)[:, 0]
        logs = np.log(futures[:, 0] + 1)
        off = math.log(came + 1) - math.log(futures[:, 0].mean() + 1) - float(np.log(moved).mean())
        known = float(np.var(logs, ddof=1)) * (1 + 1 / FUTURES) + float(np.log(moved).var())
        carts = futures[:, 1].mean(keepdims=True) * moved.mean()
        apart = np.log(again_over(earlier, edges, carts) * source.outlook.season_over(edges, THREE_MONTHS))
        variance = known + sizes**2 * math.sqrt(back / THREE_MONTHS)
        likely = likely - SHARED * (np.log(variance) + (off - parts * apart) ** 2 / variance) / 2
        step()
    weights = np.exp(likely - likely.max())
    return Surprise(sizes, parts, weights / weights.sum())


def again_over(facts: ReadyHistory, edges: Int64, carts: Floats) -> Floats:
    """Carts of the last three months before an origin, again, over those that futures have in each stretch."""
    history, origin = facts.prepared.history, int(edges[0])
    lately = (history.at > origin - int(THREE_MONTHS * BLOCK)) & (history.at <= origin)
    again = float(history.cart[lately].sum()) * np.diff(edges) / (THREE_MONTHS * BLOCK)
    known = (again > 0) & (carts > 0)
    over: Floats = np.where(known, again / np.where(known, carts, 1), 1.0)
    return over


def _totals(facts: ReadyHistory, schedule: Schedule, edges: Int64) -> tuple[float, float]:
    """Points redeemed, and carts in minor units."""
    made = totals_of(facts, schedule, edges, len(facts.prepared.history.first_order) - 1)[0]
    return float(made[MEASURES.index("points_redeemed")]), float(made[MEASURES.index("cart_amount")])
