"""What a customer has spent, exactly, for the compiled replay: shares of refunds, and the tier that is reached.

These functions are compiled into :mod:`nector_sim.ledger.compiled`, which knows their source.
"""

from __future__ import annotations

from typing import Any

from nector_sim.ledger.arrays import INEXACT, SPENT, SPENT_PARTS
from nector_sim.ledger.earning import inlined

#: Fractions of a minor unit are reckoned in this many parts.
PARTS = 1 << 60


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
def unspend(s: Any, units: int, parts: int) -> None:
    """Lower the lifetime spend by units and parts of one (-1 for none).

    Each term is rounded down to a part, so a sum that comes within its terms of a whole unit is that unit.
    """
    s[SPENT] -= units
    if parts < 0:
        return
    s[SPENT_PARTS] += parts
    s[INEXACT] += 1
    if s[SPENT_PARTS] + s[INEXACT] >= PARTS:
        s[SPENT] -= 1
        s[SPENT_PARTS] = max(0, s[SPENT_PARTS] - PARTS)
        if s[SPENT_PARTS] == 0:
            s[INEXACT] = 0


@inlined
def tier_reached(t: Any, program: Any, s: Any) -> Any:
    """Code of the highest tier that what was spent earlier reaches, or -1."""
    # A fraction of a minor unit that was refunded is missing for a threshold, which is whole.
    spent = s[SPENT] - (1 if s[INEXACT] > 0 else 0)
    tier = -1
    for row in range(program["first_tier"], program["last_tier"]):
        if spent >= t.tiers[row, 0]:
            tier = t.tiers[row, 1]
    return tier
