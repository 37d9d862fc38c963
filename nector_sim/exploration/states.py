"""Customers by their state, and from whom the next weeks of each may be drawn.

Time before the origin is cut into blocks of four weeks, so that a weekday stays one. At the beginning of a block a
customer is in a state: blocks since the last order, orders in the blocks looked back on, blocks since the first order.
What someone
does in the next block is what some customer in the same state did in a block of the window: a donor. Where a state has
few donors, coarser ones are used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nector_sim.errors import InputError
from nector_sim.ledger.arrays import Int64
from nector_sim.ledger.facts import ReadyHistory, quiet_end
from nector_sim.ledger.tables import DAY

Floats = npt.NDArray[np.float64]

BLOCK = 28 * DAY
#: A year of blocks: 364 days.
YEAR = 13
#: Blocks that a history needs: half of them to draw from, half to know who had been there before.
FEWEST = 6
#: Where the classes of a state begin: blocks since the last order (0: in the one before), orders, blocks since the
#: first order.
RECENCY = np.array([1, 2, 3, 5, 8, 13])
ORDERS = np.array([1, 2, 3, 4, 6, 9, 13, 19, 27, 39, 56, 80, 120])
AGE = np.array([2, 3, 5, 9, 14])
#: The block of the first order of who never ordered: after all blocks.
NONE = 1 << 30
#: Codes of the finest level.
FINEST = (len(RECENCY) + 1) * (len(ORDERS) + 1) * (len(AGE) + 1)
#: Donors that a state needs before it is used, from the finest level to the last but one: few others who stayed away as
#: long tell more than many who did not.
ENOUGH = (40, 40, 20, 8)
#: At the level of the nearest, donors of the same recency are ranked by their orders, and this many to either side of
#: the same number taken: who orders most is like others who order much, never like all who were there lately.
NEAREST, EITHER_SIDE = 2, 20
#: The level of recency alone.
AWAY = 3
#: What states carry on is looked at in every so many blocks, by leaving this share of the orders of one block out; all
#: of what customers order is never what they ordered before.
EVERY, LEFT_OUT, MOST = 3, 0.3, 0.9


@dataclass(frozen=True, slots=True)
class Past:
    """A history in blocks, the oldest first.

    Attributes
    ----------
    origin : int
        The instant after which nothing is known.
    known : ndarray of int64, shape (customers,)
        Customers with an order, opening balance or grant up to the origin, by their number in the history.
    counts : ndarray of int64, shape (customers, blocks)
        Orders of each known customer.
    first : ndarray of int64, shape (customers,)
        The block of the first order; -1 before all of them, :data:`NONE` for none.
    window, lookback : int
        Blocks at the end that donors come from, and blocks that a state looks back on.
    """

    origin: int
    known: Int64
    counts: Int64
    first: Int64
    window: int
    lookback: int

    @property
    def blocks(self) -> int:
        """How many there are."""
        return int(self.counts.shape[1])

    def states_at(self, block: int) -> Int64:
        """States at the beginning of a block, shape (levels, customers); -1 for who had not ordered before."""
        return states_of(self.counts[:, :block], block - self.first, self.lookback)


def past_of(facts: ReadyHistory, window: int | None = None) -> Past:
    """Cut a history into blocks.

    Parameters
    ----------
    facts : ReadyHistory
        Whose last instant is the origin.
    window : int, optional
        Blocks that donors come from; left out, half of the history, at most a year.

    Returns
    -------
    Past

    Raises
    ------
    InputError
        If the history is too short, or its orders end more than a month before its last instant.
    """
    prepared, history = facts.prepared, facts.prepared.history
    if quiet := quiet_end(prepared, prepared.last):
        raise InputError(
            f"{quiet}: a forecast goes on from the weeks before it, and nothing is known of these; leave as_of out "
            "(--as-of), or add the later orders"
        )
    blocks = max(0, (prepared.last - prepared.first) // BLOCK)
    if window is None and blocks < FEWEST:
        raise InputError(
            f"the history has {blocks} whole blocks of four weeks; a forecast needs {FEWEST}: half of them "
            "to go on from, and half to know who had been there before"
        )
    if window is not None and not 1 <= window < blocks:
        raise InputError(
            f"window is {window}; it is 1 to {blocks - 1} blocks of four weeks, and some history before them"
        )
    chosen = window or min(YEAR, blocks - blocks // 2)
    counts = np.diff(history.first_order)
    known = np.flatnonzero(counts + np.diff(history.first_opening) + np.diff(history.first_grant) > 0)
    customer = np.repeat(np.arange(len(counts)), counts)
    block = blocks - 1 - (prepared.last - history.at) // BLOCK
    first = np.full(len(counts), NONE, np.int64)
    np.minimum.at(first, customer, np.maximum(block, -1))
    inside = block >= 0
    cells = np.bincount(customer[inside] * blocks + block[inside], minlength=len(counts) * blocks)
    by_block = cells.reshape(len(counts), blocks)
    return Past(prepared.last, known, by_block[known], first[known], chosen, min(YEAR, blocks - chosen))


def states_of(counts: Int64, age: Int64, lookback: int) -> Int64:
    """States from the orders of the blocks so far."""
    seen = counts[:, max(0, counts.shape[1] - lookback) :]
    ever = seen.sum(axis=1)
    since = np.where(ever > 0, np.argmax(seen[:, ::-1] > 0, axis=1), lookback)
    recency = np.searchsorted(RECENCY, since, side="right")
    orders = np.searchsorted(ORDERS, ever, side="right")
    # Ages that nobody had when the window began are one; else who is older than all donors was like none of them.
    ages = np.searchsorted(AGE[lookback + 1 >= AGE], age, side="right")
    by_two = orders * (len(RECENCY) + 1) + recency
    # Who stays away is like others who stay away, however often they came before; so recency is given up last.
    levels = np.stack([by_two * (len(AGE) + 1) + ages, by_two, recency * NONE + ever, recency, ever > 0])
    return np.where(age > 0, levels, -1)


class Donors:
    """Cells (customer and block of the window) by their states, to draw from with weights.

    Parameters
    ----------
    past : Past
    """

    def __init__(self, past: Past) -> None:
        start = past.blocks - past.window
        states = [past.states_at(block) for block in range(start, past.blocks)]
        there = [np.flatnonzero(of_block[0] >= 0) for of_block in states]
        self.customer = np.concatenate(there)
        self.block = np.repeat(np.arange(start, past.blocks), [len(part) for part in there])
        codes = np.concatenate([of_block[:, rows] for of_block, rows in zip(states, there, strict=True)], axis=1)
        self.counts = past.counts[self.customer, self.block]
        self._order = [np.argsort(level, kind="stable") for level in codes]
        # Few states have many donors: where each begins is looked up among them, not among the donors.
        found = [np.unique(level[order], return_index=True) for level, order in zip(codes, self._order, strict=True)]
        self._codes = [of_level for of_level, _ in found]
        self._begins = [np.append(begin, len(self.block)) for _, begin in found]
        ordered = np.cumsum(self.counts[np.array(self._order)], axis=1, dtype=float)
        self._sums = np.pad(ordered, ((0, 0), (1, 0)))
        self.expected = self.means_of(codes)
        self.newcomers = [np.flatnonzero(past.first == block) for block in range(start, past.blocks)]

    def _bounds(self, level: int, states: Int64) -> tuple[Int64, Int64]:
        codes, begins = self._codes[level], self._begins[level]
        begin, end = (begins[np.searchsorted(codes, states, side=side)] for side in ("left", "right"))
        if level != NEAREST:
            return begin, end
        least, most = (begins[np.searchsorted(codes, states // NONE * NONE + above)] for above in (0, NONE))
        return np.maximum(begin - EITHER_SIDE, least), np.minimum(end + EITHER_SIDE, most)

    def _donors_of(self, states: Int64) -> tuple[Int64, Int64, Int64]:
        """The finest level that has enough donors for each customer's state, and where in its order those are."""
        # The finest level and the nearest tell the others; many customers are in the same state.
        key = states[NEAREST] * FINEST + states[0]
        _, some, same = np.unique(key, return_index=True, return_inverse=True)
        few, last = states[:, some], len(self._codes) - 1
        chosen = np.full(len(some), last)
        begin, end = self._bounds(last, few[last])
        for level in reversed(range(last)):
            begins, ends = self._bounds(level, few[level])
            enough = ends - begins >= ENOUGH[level]
            chosen[enough], begin[enough], end[enough] = level, begins[enough], ends[enough]
        if (nobody := begin == end).any():
            # Who stayed away longer than all donors is like those who stayed away longest.
            chosen[nobody], begin[nobody], end[nobody] = AWAY, *self._begins[AWAY][-2:]
        return chosen[same], begin[same], end[same]

    def means_of(self, states: Int64) -> Floats:
        """What customers in these states are expected to order in a block: the mean of their donors."""
        chosen, begin, end = self._donors_of(states)
        sums = self._sums[chosen, end] - self._sums[chosen, begin]
        expected: Floats = sums / np.maximum(end - begin, 1)
        return expected

    def draw(self, states: Int64, weights: Floats, uniform: Floats) -> Int64:
        """Draw a donor for each customer, shape (customers,)."""
        chosen, begins, ends = self._donors_of(states)
        drawn = np.zeros(states.shape[1], np.int64)
        for level, order in enumerate(self._order):
            mine = np.flatnonzero(chosen == level)
            if not len(mine):
                continue
            sums = np.concatenate([[0.0], np.cumsum(weights[order])])
            begin, end = begins[mine], ends[mine]
            wanted = sums[begin] + uniform[mine] * (sums[end] - sums[begin])
            place = np.searchsorted(sums, wanted, side="right") - 1
            drawn[mine] = order[np.clip(place, begin, end - 1)]
        return drawn


def carried(past: Past, donors: Donors) -> Floats:
    """By which share fewer orders are expected for each share fewer 1, 2, … blocks before, shape (lookback,).

    Some orders that are not a customer's first are left out of a block, and the states after it looked at again.
    """
    rng = np.random.default_rng(0)
    lost, whole = np.zeros(past.lookback), 0.0
    for block in range(past.blocks - 1, past.blocks - past.window - 1, -EVERY):
        before, age = past.counts[:, :block], block - past.first
        there = np.flatnonzero(age > 0)
        expected = donors.means_of(states_of(before[there], age[there], past.lookback)).sum()
        whole += expected
        for lag in range(1, min(past.lookback, block) + 1):
            fewer, first = before[there], age[there] == lag
            fewer[:, -lag] = np.maximum(rng.binomial(fewer[:, -lag], 1 - LEFT_OUT), first)
            lost[lag - 1] += expected - donors.means_of(states_of(fewer, age[there], past.lookback)).sum()
    share: Floats = np.maximum(lost, 0) / max(whole * LEFT_OUT, 1e-9)
    return share * min(1.0, MOST / max(float(share.sum()), 1e-9))
