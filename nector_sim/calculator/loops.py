"""The redemption rules over whole arrays: the loops that :mod:`nector_sim.calculator.compiled` compiles.

Written from ``data/law/redemption.md``, whose sections and steps the comments name; nothing is shared with
:mod:`nector_sim.calculator.exact`. Everything is a whole number: money in minor units, percentages in basis points.
Only the loops over floats check their rows: :mod:`nector_sim.calculator.parameters` says what keeps the others exact.

All of it is plain Python in one file: a compiled loop that is kept on disk would not notice a change in another. Rows
have no branches, and what they may need is read before anything is chosen, so that compilers make vectors of them.
For the same reason rows hold their whole numbers as floats: most processors have vectors of float products and
quotients, and none of those of 64-bit integers.
"""

# The types of the loops are numba's business.
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nector_sim.rules.money import MAX_MINOR, MAX_POINTS, UNREACHED, WHOLE
from nector_sim.rules.times import NO_TIME
from nector_sim.rules.values import FLOAT_TOLERANCE

# Spelled out, for the same reason; a test holds them to reasons.
BALANCE, REQUESTED, CART, MAX_DISCOUNT, MIN_PAYABLE, MIN_CART, OFFER, MAX_CART = range(8)
COUPON, MIN_POINTS, NO_OFFER, NOT_LIVE = range(8, 12)

#: The request of a customer who named no number: more points than anybody has.
NOT_ASKED = MAX_POINTS + 1
#: Added to a whole number of less than 2⁵¹, as a float: its lowest bits are then those of the number.
SHIFT = 2.0**52 + 2.0**51
#: The bits of that float.
SHIFT_BITS = 0x4338_0000_0000_0000
#: Rows that are worked on at once where numbers pass through scratch arrays, which so stay in the cache.
BLOCK = 4096

Array = npt.NDArray[Any]


class Columns(NamedTuple):
    """Orders as arrays of one length; amounts are at most MAX_MINOR, points at most MAX_POINTS.

    Parameters
    ----------
    cart : ndarray of int64
        Minor units; for ``answer_floats``, float64 in major units.
    balance : ndarray of int64
        Points that can be spent; for ``answer_floats``, float64 or int64 as they come.
    credits : ndarray of int64, optional
        The second wallet in minor units.
    requested : ndarray of int64, optional
        Points asked for, -1 where the customer named no number.
    tier : ndarray of int16, optional
        Positions in ``ProgramParameters.tier_names``, -1 for none and for any other; left out, no order has a tier.
    at : ndarray of int64, optional
        Microseconds since 1970 in UTC, ``NO_TIME`` for none; left out, no order has a time.
    eligible : ndarray of int64, optional
        What points may pay of the cart, minor units; one above the cart, such as MAX_MINOR, is all of it.
    coupon : ndarray of int64, optional
        What other coupons took off, minor units.
    """

    cart: Array
    balance: Array
    credits: Array | None = None
    requested: Array | None = None
    tier: Array | None = None
    at: Array | None = None
    eligible: Array | None = None
    coupon: Array | None = None


class Results(NamedTuple):
    """Answers as arrays of one length.

    Parameters
    ----------
    offer : ndarray of int16 or None
        Position of the offer that was given, -1 for none. None: not wanted.
    points : ndarray of int64
        Points redeemed.
    discount, payable : ndarray of int64
        Minor units. From ``answer_floats``, float64 in major units.
    credits_used : ndarray or None
        As ``discount``. None: not wanted.
    limited_by : ndarray of int8
        Positions in ``reasons.REASONS``.
    """

    offer: Array | None
    points: Array
    discount: Array
    payable: Array
    credits_used: Array | None
    limited_by: Array


# One row. These functions are inlined into the loops below.


def _as_float(number):
    """A whole number of less than 2⁵¹ as a float; processors without a conversion of vectors add and subtract them."""
    return np.int64(number + SHIFT_BITS).view(np.float64) - SHIFT


def _as_whole(number):
    """The other way."""
    return np.float64(number + SHIFT).view(np.int64) - SHIFT_BITS


def _whole(above, below):
    """Whole quotient of numbers from 0, the upper below 2⁵³: exact, see :mod:`nector_sim.calculator.parameters`."""
    return np.trunc(above / below)


def _room(left, cart, minimum, percent):
    """Step 1: what the minimum payable leaves, rounded down, as a percentage of the cart is rounded up."""
    return max(0, left - minimum - _whole(cart * percent + (WHOLE - 1), WHOLE))


def _if_open(steps, reason, fits, closed, base, min_cart, max_cart):
    """Step 3: no steps where the offer is not open, and why; the first test that fails is overwritten last."""
    if base < min_cart:
        steps, reason = 0.0, MIN_CART
    if closed != 0:
        steps, reason = 0.0, COUPON
    if base >= max_cart:
        steps, reason = 0.0, MAX_CART
    if fits == 0:
        steps, reason = 0.0, NO_OFFER
    return steps, reason


def _minimum_balance(reason, balance, min_balance):
    """Step 4: the points that must be owned."""
    if (balance < min_balance) & (reason == BALANCE):
        reason = MIN_POINTS
    return reason


def _minimum_points(steps, reason, cost, min_points):
    """Step 6: the points that a redemption uses at least."""
    few = steps * cost < min_points
    if few & ((steps > 0) | (reason == BALANCE)):
        reason = MIN_POINTS
    if few:
        steps = 0.0
    return steps, reason


def _own_limits(reason, steps, most, balance, requested, cost):
    """Section 5: on a tie, what the customer brought. A limit equals the steps if it leaves less than one more."""
    one_more = (steps + 1) * cost
    if requested < one_more:
        reason = REQUESTED
    if balance < one_more:
        reason = BALANCE
    if steps == most:
        reason = OFFER
    return reason


def _amount_steps(money, left, balance, requested, cap, room, cost, amount, most):
    """Step 4 on an amount offer: the steps, and what limits them.

    ``money`` is the least of the limits in money: ``left``, what points may pay after credits; the cap; ``room``, what
    the minimum payable leaves; and the eligible amount over the multiple.
    """
    steps = min(_whole(min(balance, requested), cost), _whole(money, amount), most)
    one_more = (steps + 1) * amount
    reason = float(MIN_CART)
    if room < one_more:
        reason = MIN_PAYABLE
    if cap < one_more:
        reason = MAX_DISCOUNT
    if left < one_more:
        reason = CART
    return steps, _own_limits(reason, steps, most, balance, requested, cost)


def _percent_steps(left, balance, requested, cap, room, fixed_cap, multiple, cost, step, most):
    """Step 4 on a percentage offer: the steps, and what limits them.

    ``room`` and ``step`` are in ten-thousandths of a minor unit; ``fixed_cap`` (the maximum percentage) and
    ``multiple`` are steps. Where both the cart and the minimum payable leave the cap or more, the cap is a limit and
    those two are not; where one leaves less, the cap never is.
    """
    money = min(room, left * WHOLE)
    # The step that goes beyond the cap is given, and clipped.
    by_money = _whole(min(money, cap * WHOLE), step) + (1 if money >= cap * WHOLE else 0)
    steps = min(_whole(min(balance, requested), cost), by_money, fixed_cap, multiple, most)
    one_more = (steps + 1) * step
    reason = float(MIN_CART)
    if (room < one_more) & (room < cap * WHOLE):
        reason = MIN_PAYABLE
    if fixed_cap == steps:
        reason = MAX_DISCOUNT
    if (left < cap) & (left * WHOLE < one_more):
        reason = CART
    return steps, _own_limits(reason, steps, most, balance, requested, cost)


def _percent_discount(steps, reason, cap, step):
    """Step 6 on a percentage offer: the steps charged, the discount, and what limits it."""
    exact = steps * step
    discount = min(cap, _whole(exact, WHOLE))  # beyond 2⁵³ the quotient is not exact, but above every cap
    charged = np.ceil(discount * WHOLE / step)
    if exact > cap * WHOLE:
        reason = MAX_DISCOUNT
    if (steps > 0) & (discount == 0):
        reason = CART
    return charged, discount, reason


def _read(amount, points, scale):
    """Turn a float cart into minor units and a balance into points; what cannot be used is 0.

    Also whether one of them cannot be used, the balance had a fraction, or was negative: 0 or 1 each.
    """
    minor = np.rint(amount * scale)
    good = (minor >= 0) & (minor <= MAX_MINOR) & (abs(amount - minor / scale) <= FLOAT_TOLERANCE)
    usable = (points <= MAX_POINTS) & (points > -np.inf)
    cart = minor + 0.0 if good else 0.0  # -0.0 is 0
    # A float within the tolerance of a whole number of points is that number.
    balance = np.trunc(points + FLOAT_TOLERANCE) if usable & (points > 0) else 0.0
    bad = 0 if good & usable else 1
    floored, negative = usable & (points - balance > FLOAT_TOLERANCE), usable & (points < -FLOAT_TOLERANCE)
    return cart, balance, bad, 1 if floored else 0, 1 if negative else 0


class _Offer(NamedTuple):
    """The numbers of one offer, taken out of its row of parameters and as floats, so that a loop keeps them at hand."""

    cost: float
    amount: float
    percent: float
    most: float
    cap: float
    cap_percent: float
    cap_steps: float
    multiple: float
    multiple_steps: float
    multiple_below: float
    low: float
    high: float
    min_points: float
    min_balance: float
    no_coupons: int
    minimum: float
    minimum_percent: float


def _offer(row):
    return _Offer(
        float(row["points"]),
        float(row["amount"]),
        float(row["percent"]),
        float(row["most_steps"]),
        float(row["max_discount"]),
        float(row["max_discount_percent"]),
        float(row["max_percent_steps"]),
        float(row["multiple"]),
        float(row["multiple_steps"]),
        float(row["multiple_below"]),
        float(row["min_cart"]),
        float(row["max_cart"]),
        float(row["min_points"]),
        float(row["min_balance"]),
        row["no_coupons"],
        float(row["min_payable"]),
        float(row["min_payable_percent"]),
    )


def _amount_row(o, fits, coupon, cart, base, left, balance, requested):
    """Steps 3 to 6 of one order on an amount offer: points, discount, and what limits it.

    ``base`` is the eligible amount, ``left`` what credits leave of the whole cart.
    """
    room = _room(left, cart, o.minimum, o.minimum_percent)
    cap = min(o.cap, _whole(base * o.cap_percent, WHOLE))
    shrunk = _whole(base * WHOLE, o.multiple)
    owned = balance if balance >= o.min_balance else 0
    left = min(left, base)
    money = min(left, cap, room, shrunk)
    steps, reason = _amount_steps(money, left, owned, requested, cap, room, o.cost, o.amount, o.most)
    reason = _minimum_balance(reason, balance, o.min_balance)
    steps, reason = _minimum_points(steps, reason, o.cost, o.min_points)
    steps, reason = _if_open(steps, reason, fits, o.no_coupons & (coupon > 0), base, o.low, o.high)
    return steps * o.cost, steps * o.amount, reason


def _percent_row(o, fits, coupon, cart, base, left, balance, requested):
    """The same on a percentage offer."""
    step = max(1, base * o.percent)  # a cart of 0 leaves no room for any step
    room = max(0, (left - o.minimum) * WHOLE - cart * o.minimum_percent)
    shrunk = o.multiple_steps if base < o.multiple_below else UNREACHED
    owned = balance if balance >= o.min_balance else 0
    steps, reason = _percent_steps(
        min(left, base), owned, requested, o.cap, room, o.cap_steps, shrunk, o.cost, step, o.most
    )
    reason = _minimum_balance(reason, balance, o.min_balance)
    steps, reason = _if_open(steps, reason, fits, o.no_coupons & (coupon > 0), base, o.low, o.high)
    steps, discount, reason = _percent_discount(steps, reason, o.cap, step)
    return steps * o.cost, discount, reason


def _is_in_time(row, at):
    """Step 3: whether an offer's dates fit an order; one without a time is inside."""
    return (at == NO_TIME) | ((at >= row["first_instant"]) & (at <= row["last_instant"]))


def _prefer(points, discount, near, best_points, best, level):
    """Section 4: whether an offer is better than the best so far; and section 5: whether its reason is told."""
    better = (discount > best) | ((discount == best) & (points < best_points))
    return better, better | ((discount == 0) & (best == 0) & (near > level))


def _nearness(fits, base, high):
    """Section 5: how near an offer comes to being open: its tier and dates fit, and its maximum cart too."""
    return (2 if base < high else 1) if fits != 0 else 0


# One offer for everybody whose caps are amounts (ProgramParameters.is_plain): straight from the orders to the results.


def _plain_steps(o, cart, balance, room):
    # The room is never more than the cart; and who names no number asks for the balance.
    steps, reason = _amount_steps(min(o.cap, room), cart, balance, balance, o.cap, room, o.cost, o.amount, o.most)
    return _if_open(steps, reason, 1, 0, cart, o.low, o.high)


def _plain_row(i, o, orders, given, with_percent):
    cart = _as_float(orders.cart[i])
    room = _room(cart, cart, o.minimum, o.minimum_percent) if with_percent else max(0.0, cart - o.minimum)
    steps, reason = _plain_steps(o, cart, _as_float(orders.balance[i]), room)
    discount = _as_whole(steps * o.amount)
    given.points[i], given.discount[i] = _as_whole(steps * o.cost), discount
    given.payable[i], given.limited_by[i] = orders.cart[i] - discount, _as_whole(reason)
    return steps


def _plain(terms, orders, given):
    o = _offer(terms[0])
    # A loop for each case: a percentage costs a division in every row, an array more a share of the time.
    if o.minimum_percent == 0 and len(given.offer) == 0:
        for i in range(len(orders.cart)):
            _plain_row(i, o, orders, given, False)
    elif o.minimum_percent == 0:
        for i in range(len(orders.cart)):
            given.offer[i] = 0 if _plain_row(i, o, orders, given, False) > 0 else -1
    elif len(given.offer) == 0:
        for i in range(len(orders.cart)):
            _plain_row(i, o, orders, given, True)
    else:
        for i in range(len(orders.cart)):
            given.offer[i] = 0 if _plain_row(i, o, orders, given, True) > 0 else -1


def _plain_floats(terms, scale, orders, given):
    o = _offer(terms[0])
    bad = floored = negative = 0
    for i in range(len(orders.cart)):
        cart, balance, is_bad, is_floored, is_negative = _read(orders.cart[i], orders.balance[i], scale)
        bad, floored, negative = bad + is_bad, floored + is_floored, negative + is_negative
        room = _room(cart, cart, o.minimum, o.minimum_percent) if o.minimum_percent > 0 else max(0.0, cart - o.minimum)
        steps, reason = _plain_steps(o, cart, balance, room)
        given.points[i], given.offer[i] = _as_whole(steps * o.cost), 0 if steps > 0 else -1
        given.limited_by[i] = _as_whole(reason)
        given.discount[i], given.payable[i] = steps * o.amount / scale, (cart - steps * o.amount) / scale
    return bad, floored, negative


# Any program: block by block, through scratch arrays.


class _Scratch(NamedTuple):
    """One offer's answers to a block, whether it fits each order, and how near to fitting the best one came."""

    points: Array
    discount: Array
    limited_by: Array
    fits: Array
    level: Array


def _new_scratch():
    points, discount, limited_by = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int8)
    return _Scratch(points, discount, limited_by, np.empty(BLOCK, np.int8), np.empty(BLOCK, np.int8))


def _find_fitting(terms, tier_fits, orders, fits):
    """Step 3: whether an offer's tier and dates fit each order."""
    others = len(tier_fits) - 1
    for i in range(len(orders.cart)):
        fits[i] = tier_fits[others]
    if terms["tiered"] != 0:
        for i in range(len(orders.cart)):
            tier = orders.tier[i]
            fits[i] = tier_fits[tier if (tier >= 0) & (tier < others) else others]
    first, last = terms["first_instant"], terms["last_instant"]
    if (first > -UNREACHED) | (last < UNREACHED):
        for i in range(len(orders.cart)):
            at, fitting = orders.at[i], fits[i]
            fits[i] = fitting if _is_in_time(terms, at) else 0


def _purse(i, orders):
    """Step 2: the cart, its eligible part, what credits leave of it, the balance, and what was requested."""
    cart, asked = orders.cart[i], orders.requested[i]
    base, left = min(cart, orders.eligible[i]), max(0, cart - orders.credits[i])
    requested = _as_float(asked) if asked >= 0 else float(NOT_ASKED)
    return _as_float(cart), _as_float(base), _as_float(left), _as_float(orders.balance[i]), requested


def _amount_offer(row, orders, fits, points, discount, limited_by):
    o = _offer(row)
    for i in range(len(orders.cart)):
        cart, base, left, balance, requested = _purse(i, orders)
        its_points, its_discount, reason = _amount_row(
            o, fits[i], orders.coupon[i], cart, base, left, balance, requested
        )
        points[i], discount[i], limited_by[i] = _as_whole(its_points), _as_whole(its_discount), _as_whole(reason)


def _percent_offer(row, orders, fits, points, discount, limited_by):
    o = _offer(row)
    for i in range(len(orders.cart)):
        cart, base, left, balance, requested = _purse(i, orders)
        its_points, its_discount, reason = _percent_row(
            o, fits[i], orders.coupon[i], cart, base, left, balance, requested
        )
        points[i], discount[i], limited_by[i] = _as_whole(its_points), _as_whole(its_discount), _as_whole(reason)


def _keep_better(position, max_cart, orders, scratch, given):
    """Sections 4 and 5: the better of two offers, and whose reason is told where neither gives anything."""
    for i in range(len(orders.cart)):
        level, reason = scratch.level[i], scratch.limited_by[i]
        points, discount = scratch.points[i], scratch.discount[i]
        best, best_points = given.discount[i], given.points[i]
        best_offer, best_reason = given.offer[i], given.limited_by[i]
        near = _nearness(scratch.fits[i], min(orders.cart[i], orders.eligible[i]), max_cart)
        better, told = _prefer(points, discount, near, best_points, best, level)
        given.discount[i] = max(discount, best)
        given.points[i] = points if better else best_points
        given.offer[i] = position if better else best_offer
        given.limited_by[i] = reason if told else best_reason
        scratch.level[i] = max(near, level)


def _answer_block(enabled, terms, tier_fits, orders, scratch, given):
    """Answer at most BLOCK orders: one offer straight into the results, several by way of scratch arrays."""
    size, offers = len(orders.cart), len(terms) if enabled else 0
    points, discount, limited_by = given.points, given.discount, given.limited_by
    if offers != 1:
        nothing = NO_OFFER if enabled else NOT_LIVE
        for i in range(size):
            given.offer[i], points[i], discount[i], limited_by[i], scratch.level[i] = -1, 0, 0, nothing, 0
        points, discount, limited_by = scratch.points, scratch.discount, scratch.limited_by
    for position in range(offers):
        only = terms[position]
        _find_fitting(only, tier_fits[position], orders, scratch.fits)
        if only["amount"] > 0:
            _amount_offer(only, orders, scratch.fits, points, discount, limited_by)
        else:
            _percent_offer(only, orders, scratch.fits, points, discount, limited_by)
        if offers > 1:
            _keep_better(position, only["max_cart"], orders, scratch, given)
    if offers == 1:
        for i in range(size):
            given.offer[i] = 0 if given.discount[i] > 0 else -1
    for i in range(size):
        left = max(0, orders.cart[i] - orders.credits[i]) if enabled else orders.cart[i]
        given.payable[i] = left - given.discount[i]
    for i in range(len(given.credits_used)):
        given.credits_used[i] = min(orders.cart[i], orders.credits[i]) if enabled else 0


def answer_one(
    enabled: Any, offers: Any, first: int, last: int, tier_fits: Any, tier: int,
    cart: int, balance: int, credits: int, requested: int, at: int, eligible: int, coupon: int,
) -> Any:  # fmt: skip
    """One order of a ledger: points, discount, credits used and reason under the offers from first up to last.

    ``requested`` is negative where the customer named no number, ``tier`` a column of ``tier_fits`` (-1 for none).
    """
    if enabled == 0:
        return 0, 0, 0, NOT_LIVE
    base, left, asked = min(cart, eligible), max(0, cart - credits), requested if requested >= 0 else NOT_ASKED
    order = (coupon, float(cart), float(base), float(left), float(balance), float(asked))
    points, discount, level, reason = 0, 0, 0, NO_OFFER
    for position in range(first, last):
        row = offers[position]
        fits = tier_fits[position, tier] if _is_in_time(row, at) else 0
        o = _offer(row)
        near = _nearness(fits, base, o.high)
        if o.amount > 0:
            its_points, its_discount, its_reason = _amount_row(o, fits, *order)
        else:
            its_points, its_discount, its_reason = _percent_row(o, fits, *order)
        its_points, its_discount, its_reason = int(its_points), int(its_discount), int(its_reason)
        better, told = _prefer(its_points, its_discount, near, points, discount, level)
        reason = its_reason if told else reason
        points = its_points if better else points
        discount, level = max(discount, its_discount), max(level, near)
    return points, discount, cart - left, reason


def _rows(column, lo, hi, size):
    """Some of a column; one that was left out is a block of the same number, good for all rows."""
    return column[lo:hi] if len(column) == size else column[: hi - lo]


def _rows_of(columns, lo, hi):
    size = len(columns.cart)
    cart, balance, credits = columns.cart[lo:hi], columns.balance[lo:hi], _rows(columns.credits, lo, hi, size)
    requested, tier = _rows(columns.requested, lo, hi, size), _rows(columns.tier, lo, hi, size)
    at, eligible = _rows(columns.at, lo, hi, size), _rows(columns.eligible, lo, hi, size)
    return Columns(cart, balance, credits, requested, tier, at, eligible, _rows(columns.coupon, lo, hi, size))


def _blocks(enabled, terms, tier_fits, columns, results):
    scratch = _new_scratch()
    for lo in range(0, len(columns.cart), BLOCK):
        hi = min(lo + BLOCK, len(columns.cart))
        offer, points, limited_by = results.offer[lo:hi], results.points[lo:hi], results.limited_by[lo:hi]
        discount, payable, credits_used = results.discount[lo:hi], results.payable[lo:hi], results.credits_used[lo:hi]
        given = Results(offer, points, discount, payable, credits_used, limited_by)
        _answer_block(enabled, terms, tier_fits, _rows_of(columns, lo, hi), scratch, given)


def _float_blocks(enabled, terms, tier_fits, scale, columns, results):
    scratch, minor = _new_scratch(), np.empty((5, BLOCK), np.int64)
    bad = floored = negative = 0
    for lo in range(0, len(columns.cart), BLOCK):
        hi = min(lo + BLOCK, len(columns.cart))
        orders, size = _rows_of(columns, lo, hi), hi - lo
        cart, balance = minor[0, :size], minor[1, :size]
        for i in range(size):
            amount, owned, is_bad, is_floored, is_negative = _read(orders.cart[i], orders.balance[i], scale)
            cart[i], balance[i] = _as_whole(amount), _as_whole(owned)
            bad, floored, negative = bad + is_bad, floored + is_floored, negative + is_negative
        orders = Columns(
            cart, balance, orders.credits, orders.requested, orders.tier, orders.at, orders.eligible, orders.coupon
        )
        offer, points, limited_by = results.offer[lo:hi], results.points[lo:hi], results.limited_by[lo:hi]
        discount, payable, credits_used = minor[2, :size], minor[3, :size], minor[4, : len(results.credits_used[lo:hi])]
        given = Results(offer, points, discount, payable, credits_used, limited_by)
        _answer_block(enabled, terms, tier_fits, orders, scratch, given)
        for i in range(size):
            results.discount[lo + i], results.payable[lo + i] = discount[i] / scale, payable[i] / scale
        for i in range(len(credits_used)):
            results.credits_used[lo + i] = credits_used[i] / scale
    return bad, floored, negative


class Loops(NamedTuple):
    """The four ways through: plain or any program, whole numbers or floats."""

    plain: Callable[..., Any]
    plain_floats: Callable[..., Any]
    blocks: Callable[..., Any]
    float_blocks: Callable[..., Any]


#: The loops as they stand, slow: to test them, and what is compiled.
PLAIN = Loops(_plain, _plain_floats, _blocks, _float_blocks)
#: What they call.
INLINED = (
    _as_float, _as_whole, _whole, _room, _if_open, _minimum_balance, _minimum_points, _own_limits, _amount_steps,
    _percent_steps, _percent_discount, _read, _offer, _amount_row, _percent_row, _is_in_time, _prefer, _nearness,
    answer_one, _plain_steps, _plain_row, _new_scratch, _find_fitting, _purse, _amount_offer, _percent_offer,
    _keep_better, _answer_block, _rows, _rows_of,
)  # fmt: skip
