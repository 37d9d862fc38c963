"""What an order earns, for the compiled replay: compiled into :mod:`nector_sim.ledger.compiled`."""

from __future__ import annotations

from typing import Any

from nector_sim._compile import register_jitable

#: Compiles a function into its callers, where it costs no call.
inlined = register_jitable(forceinline=True)

# Positions in ROUNDINGS; a test holds them together.
NEAREST, CEIL = 1, 2


@inlined
def earned_by(t: Any, p: int, tier: int, base: int) -> Any:
    """Points for an amount, from the exact product, rounded once; nothing is checked, the table's rates fit."""
    top, bottom = t.rates[p, tier, 0], t.rates[p, tier, 1]
    rounding = t.programs[p]["rounding"]
    if rounding == NEAREST:
        return (2 * top * base + bottom) // (2 * bottom)
    return (top * base + (bottom - 1 if rounding == CEIL else 0)) // bottom
