"""What customers' earlier orders add up to, exactly, for the compiled replay: what the tiers of a program measure.

For each window that some program counts in, and for all of history, a row of sums is kept: an order enters it when it
ran, changes with its refunds, and leaves when the window is over. These functions are compiled into
:mod:`nector_sim.ledger.compiled`, which knows their source.
"""

from __future__ import annotations

from typing import Any

from nector_sim.ledger.arrays import CUSTOMER, START
from nector_sim.ledger.earning import inlined

#: Fractions of a minor unit are reckoned in this many parts.
PARTS = 1 << 60
# Columns of the sums: units of money, less these parts of one; orders, earned points; how many orders have left.
SPENT, SPENT_PARTS, BOUGHT, POINTS, GONE = range(5)
SUMS_OF_WINDOW = 5
# Positions in MEASURES; a test holds them together.
BY_ORDERS, BY_EARNED = 1, 2


@inlined
def parts(remainder: int, whole: int) -> int:
    """``remainder ÷ whole`` in parts of a minor unit, rounded down."""
    parts = 0
    for _ in range(3):
        remainder <<= 20
        parts = (parts << 20) + remainder // whole
        remainder %= whole
    return parts


@inlined
def lower_spent(sums: Any, units: int, parts: int) -> None:
    """Lower what was spent by units and parts of one, which may be negative.

    Each term is rounded down to a part, so that terms which are a whole unit together fall short of it by less than
    their number of parts: the unit is not taken off, and what stands in its place is all but a unit, rounded up.
    """
    rest = sums[SPENT_PARTS] + parts
    if rest >= PARTS:
        rest -= PARTS
        units += 1
    elif rest < 0:
        rest += PARTS
        units -= 1
    sums[SPENT_PARTS] = rest
    sums[SPENT] -= units


@inlined
def enter(w: Any, k: int) -> None:
    """Count an order that ran."""
    w.off[k], w.off_parts[k], w.came_back[k], w.taken[k] = 0, 0, 0, 0
    for row in range(len(w.sums)):
        sums = w.sums[row]
        sums[SPENT] += w.payable[k]
        sums[BOUGHT] += 1
        sums[POINTS] += w.earned[k]


@inlined
def leave(h: Any, i: Any, w: Any, at: int) -> None:
    """Take out of each window the orders whose time in it is over."""
    s = w.state
    last = h.first_order[s[CUSTOMER] + 1]
    for row in range(len(i.leaves)):
        sums = w.sums[row]
        place = s[START] + sums[GONE]
        while place < last and i.leaves[row, i.leaving[row, place]] <= at:
            k = i.leaving[row, place] - s[START]
            lower_spent(sums, w.payable[k] - w.off[k], -w.off_parts[k])
            sums[BOUGHT] -= 1 - w.came_back[k]
            sums[POINTS] -= w.earned[k] - w.taken[k]
            place += 1
        sums[GONE] = place - s[START]


@inlined
def change(h: Any, i: Any, w: Any, at: int, order: int, units: int, parts: int, whole: int, taken: int) -> None:
    """Count what an order is now that so much of it has come back, in all and not only by this refund."""
    k = order - w.state[START]
    leave(h, i, w, at)
    for row in range(len(w.sums)):
        if row < len(i.leaves) and i.leaves[row, order] <= at:
            continue
        sums = w.sums[row]
        lower_spent(sums, units - w.off[k], parts - w.off_parts[k])
        sums[BOUGHT] -= whole - w.came_back[k]
        sums[POINTS] -= taken - w.taken[k]
    w.off[k], w.off_parts[k], w.came_back[k], w.taken[k] = units, parts, whole, taken


@inlined
def tier_reached(h: Any, i: Any, t: Any, w: Any, program: Any, at: int) -> Any:
    """Code of the highest tier that the orders before an instant reach, or -1."""
    if len(i.leaves):
        leave(h, i, w, at)
    sums = w.sums[program["window"]]
    # A fraction of a minor unit that was refunded is missing for a threshold, which is whole.
    measured = sums[SPENT] - (1 if sums[SPENT_PARTS] > 0 else 0)
    if program["measure"] == BY_ORDERS:
        measured = sums[BOUGHT]
    elif program["measure"] == BY_EARNED:
        measured = sums[POINTS]
    tier = -1
    for row in range(program["first_tier"], program["last_tier"]):
        if measured >= t.tiers[row, 0]:
            tier = t.tiers[row, 1]
    return tier
