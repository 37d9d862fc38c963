"""One order's redemption and what it earns, for the compiled replay: written from ``data/law/redemption.md``.

These functions are compiled into :mod:`nector_sim.ledger.compiled`, which knows their source. They check nothing:
carts and credits are at most MAX_MINOR and balances at most MAX_POINTS, which keeps every product inside 64 bits.
"""

from __future__ import annotations

from typing import Any

from nector_sim._compile import register_jitable
from nector_sim.ledger.tables import (
    AMOUNT,
    CAP,
    CAP_PERCENT,
    ENABLED,
    ENDS,
    FIRST_OFFER,
    IS_FIXED,
    LAST_OFFER,
    MAX_CART,
    MIN_AMOUNT,
    MIN_CART,
    MIN_PERCENT,
    MULTIPLE,
    PERCENT,
    POINTS,
    ROUNDING,
    STARTS,
)

WHOLE = 10_000
#: Compiles a function into its callers, where it costs no call.
inlined = register_jitable(forceinline=True)

# Positions in REASONS; a test holds them together.
BALANCE, REQUESTED, CART, MAX_DISCOUNT, MIN_PAYABLE, BELOW_MIN_CART, OFFER, ABOVE_MAX_CART, NO_OFFER, NOT_LIVE = range(
    10
)
# Positions in ROUNDINGS.
NEAREST, CEIL = 1, 2


@register_jitable(forceinline=True)
def _limit(steps: int, reason: int, allows: int, per_step: int, named: int) -> Any:
    """The smaller number of steps, and its reason; on a tie, the earlier reason."""
    allowed = allows // per_step
    return (allowed, named) if allowed < steps else (steps, reason)


@register_jitable(forceinline=True)
def _one_offer(offer: Any, program: Any, cart: int, balance: int, left: int, requested: int) -> Any:
    """Points, discount and reason of one open offer; `left` is the cart less credits."""
    fixed, amount, percent, cap = offer[IS_FIXED], offer[AMOUNT], offer[PERCENT], offer[CAP]
    # A fixed offer has one step; a step costs at least a point, so no other offer has more steps than the balance.
    steps, reason = (1, OFFER) if fixed else (balance // offer[POINTS], BALANCE)
    if fixed:
        steps, reason = _limit(steps, reason, balance, offer[POINTS], BALANCE)
    if requested >= 0:
        steps, reason = _limit(steps, reason, requested, offer[POINTS], REQUESTED)
    minimum = program[MIN_AMOUNT] * WHOLE + program[MIN_PERCENT] * cart
    room = max(0, left * WHOLE - minimum)
    if percent == 0:
        steps, reason = _limit(steps, reason, left, amount, CART)
        if cap >= 0:
            steps, reason = _limit(steps, reason, cap, amount, MAX_DISCOUNT)
        if offer[CAP_PERCENT] >= 0:
            steps, reason = _limit(steps, reason, cart * offer[CAP_PERCENT], WHOLE * amount, MAX_DISCOUNT)
        if minimum > 0:
            steps, reason = _limit(steps, reason, room, WHOLE * amount, MIN_PAYABLE)
        if offer[MULTIPLE] >= 0:
            steps, reason = _limit(steps, reason, cart * WHOLE, offer[MULTIPLE] * amount, BELOW_MIN_CART)
        return steps * offer[POINTS], steps * amount, reason
    if cart == 0:
        return 0, 0, reason if steps == 0 else CART
    step = cart * percent
    if cap < 0 or left < cap:
        steps, reason = _limit(steps, reason, left * WHOLE, step, CART)
    if offer[CAP_PERCENT] >= 0:
        steps, reason = _limit(steps, reason, offer[CAP_PERCENT], percent, MAX_DISCOUNT)
    if cap >= 0:
        steps, reason = _limit(steps, reason, cap * WHOLE + step - 1, step, MAX_DISCOUNT)
    if minimum > 0 and (cap < 0 or room < cap * WHOLE):
        steps, reason = _limit(steps, reason, room, step, MIN_PAYABLE)
    if offer[MULTIPLE] >= 0 and (cap < 0 or cart * WHOLE < cap * offer[MULTIPLE]):
        steps, reason = _limit(steps, reason, WHOLE * WHOLE, offer[MULTIPLE] * percent, BELOW_MIN_CART)
    if steps == 0:
        return 0, 0, reason
    discount = steps * step // WHOLE
    if cap >= 0 and steps * step > cap * WHOLE:
        discount, reason = cap, MAX_DISCOUNT
    if discount == 0:
        return 0, 0, CART
    return (discount * WHOLE + step - 1) // step * offer[POINTS], discount, reason


@register_jitable(forceinline=True)
def answer_one(t: Any, p: int, cart: int, balance: int, credits: int, requested: int, tier: int, at: int) -> Any:
    """Points, discount, credits used and reason of one order: the best of the offers."""
    program = t.programs[p]
    if not program[ENABLED]:
        return 0, 0, 0, NOT_LIVE
    used = min(credits, cart)
    points, discount, reason = 0, 0, NO_OFFER
    # Why nothing was given: by the first offer that fits below its maximum cart, else by the first that fits.
    nothing, below_max = NO_OFFER, False
    for o in range(program[FIRST_OFFER], program[LAST_OFFER]):
        offer = t.offers[o]
        if not t.fits[o, tier] or at < offer[STARTS] or at >= offer[ENDS]:
            continue
        if cart >= offer[MAX_CART]:
            if nothing == NO_OFFER:
                nothing = ABOVE_MAX_CART if cart >= offer[MIN_CART] else BELOW_MIN_CART
            continue
        if cart < offer[MIN_CART]:
            nothing, below_max = nothing if below_max else BELOW_MIN_CART, True
            continue
        its_points, its_discount, its_reason = _one_offer(offer, program, cart, balance, cart - used, requested)
        if its_discount > discount or (its_discount == discount and its_discount > 0 and its_points < points):
            points, discount, reason = its_points, its_discount, its_reason
        nothing, below_max = nothing if below_max else its_reason, True
    return points, discount, used, reason if discount > 0 else nothing


@register_jitable(forceinline=True)
def earned_by(t: Any, p: int, tier: int, base: int) -> Any:
    """Points for an amount, from the exact product, rounded once."""
    top, bottom = t.rates[p, tier, 0], t.rates[p, tier, 1]
    rounding = t.programs[p, ROUNDING]
    if rounding == NEAREST:
        return (2 * top * base + bottom) // (2 * bottom)
    return (top * base + (bottom - 1 if rounding == CEIL else 0)) // bottom
