"""What an order earns, for the compiled replay: compiled into :mod:`nector_sim.ledger.compiled`."""

from __future__ import annotations

from typing import Any

from nector_sim._compile import register_jitable

#: Compiles a function into its callers, where it costs no call. A wrapper for C, which nothing uses, would take a
#: fifth of compiling.
inlined = register_jitable(forceinline=True, no_cfunc_wrapper=True)

# Positions in ROUNDINGS; a test holds them together.
NEAREST, CEIL = 1, 2


@inlined
def share_of(amount: int, part: int, whole: int) -> Any:
    """``amount × part ÷ whole`` rounded down, and the remainder; each is below 2⁴⁰, the product may exceed 64 bits."""
    upper = (amount >> 20) * part
    lower = (upper % whole << 20) + (amount & 0xFFFFF) * part
    return (upper // whole << 20) + lower // whole, lower % whole


@inlined
def earned_by(t: Any, p: int, tier: int, cart: int, payable: int, earning: int) -> Any:
    """Points of an order, of whose cart so much earns: exact, rounded once; the table's rates fit into 64 bits."""
    program = t.programs[p]
    if cart < program["earning_cart"] or cart == 0:
        return 0
    base, rest, whole = cart if program["on_cart"] else payable, 0, 1
    if earning < cart:
        base, rest = share_of(earning, base, cart)
        whole = cart
    if program["whole_step"] > 0:
        base, rest, whole = base // program["whole_step"], 0, 1
    top, bottom = t.rates[p, tier, 0], t.rates[p, tier, 1]
    points = top * base  # and top × rest ÷ whole more
    if program["rounding"] == NEAREST:
        earned = (2 * points + 2 * top * rest // whole + bottom) // (2 * bottom)
    elif program["rounding"] == CEIL:
        more = top * rest
        earned = (points + (more + whole - 1) // whole + bottom - 1) // bottom
    else:
        earned = (points + top * rest // whole) // bottom
    return min(earned, program["most_earned"])
