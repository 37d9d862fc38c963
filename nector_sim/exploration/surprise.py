"""What time does that no customer's state tells: forecasts of a history's own past, held against what came."""

from __future__ import annotations

import math

import numpy as np

from nector_sim.exploration.future_totals import MEASURES, could_redeem, totals_of
from nector_sim.exploration.futures import cut_off, future_of, source_of
from nector_sim.exploration.states import BLOCK, FEWEST, YEAR
from nector_sim.ledger.arrays import Int64
from nector_sim.ledger.facts import ReadyHistory
from nector_sim.ledger.schedule import Schedule

#: How many blocks before the end earlier forecasts begin, and how many futures each of them has.
BACK = (2, 4, 6)
FUTURES = 6
#: What is believed before the history has spoken, as if seen twice: a standard deviation of 3 %.
BELIEVED, SEEN = 0.03, 2
#: The blocks of three months, of which the result is.
THREE_MONTHS = 3.25


def surprise_of(facts: ReadyHistory, schedule: Schedule, window: int | None, rng: np.random.Generator) -> float:
    """By how much earlier forecasts were off beyond what their own futures spread."""
    last, first = facts.prepared.last, facts.prepared.first
    excess = [BELIEVED**2] * SEEN
    for back in BACK:
        origin = last - back * BLOCK
        blocks = (origin - first) // BLOCK
        if blocks < max(FEWEST, (window or 0) + 1):
            continue
        # Earlier forecasts that could not see a season yet say nothing about one that can.
        if blocks < 2 * YEAR <= (last - first) // BLOCK:
            continue
        edges = np.array([origin, last], np.int64)
        came = _redeemed(facts, schedule, edges)
        earlier = cut_off(facts, origin)
        source = source_of(earlier, could_redeem(earlier, schedule), back, window)
        futures = [_redeemed(future_of(source, rng, last), schedule, edges) for _ in range(FUTURES)]
        logs = np.log(np.array(futures) + 1)
        off = math.log(came + 1) - math.log(sum(futures) / FUTURES + 1)
        known = float(np.var(logs, ddof=1)) * (1 + 1 / FUTURES)
        excess.append((off**2 - known) / math.sqrt(back / THREE_MONTHS))
    return math.sqrt(max(sum(excess) / len(excess), BELIEVED**2))


def _redeemed(facts: ReadyHistory, schedule: Schedule, edges: Int64) -> float:
    made = totals_of(facts, schedule, edges, len(facts.prepared.history.first_order) - 1)
    return float(made[0, MEASURES.index("points_redeemed")])
