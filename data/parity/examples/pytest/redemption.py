"""Redemption of points at the checkout: 'Default at GoKwik', in INR. Written by nector-sim export from
the redemption law (data/law/redemption.md), whose steps and sections the comments name. Do not
edit; export again. It runs on any Python from 3.11 and needs nothing else."""

import math
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation

DECIMALS = 2
LARGEST_AMOUNT = 900000000000  # minor units
MOST_POINTS = 1000000000000
LEFT_OUT = ()  # what orders never have


def redeem(cart, balance, credits=0, requested=None, tier=None, at=None, eligible=None, coupon=0):
    """Work out one order: money in minor units, `at` in microseconds since 1970 in UTC, all of them whole numbers."""
    # step 2: credits first, at most the cart
    credits_used = min(credits, cart)
    # step 2: what credits leave
    left_to_pay = cart - credits_used
    # section 1: left out, points may pay all of the cart
    eligible_part = cart if (eligible is None) else eligible
    # step 4: what of it is left to pay
    left_eligible = min(left_to_pay, eligible_part)
    # steps 1 and 4: what the minimum payable leaves for points
    room = max(left_to_pay - 10000, 0)
    # step 8: no request asks for as much as allowed
    asked = 1000000000001 if (requested is None) else requested
    # step 4: what is left to pay
    o0_by_cart = left_eligible // 100
    # step 4: the minimum payable
    o0_by_room = room // 100
    # step 4
    o0_steps = min(balance, asked, o0_by_cart, o0_by_room, 1000)
    # section 5: the first limit that holds
    o0_limit = 'balance' if (balance == o0_steps) else 'requested' if (asked == o0_steps) else 'cart' if (o0_by_cart == o0_steps) else 'max_discount' if (1000 == o0_steps) else 'min_payable'
    # step 6: n steps
    o0_gives = o0_steps * 100
    # section 4: this offer is used
    o0_wins = 0 < o0_gives
    # section 4
    offer = 'offers.0' if o0_wins else ''
    # step 6
    payable = left_to_pay - o0_gives
    return {
        "offer": offer,
        "points_redeemed": o0_steps,
        "discount": o0_gives,
        "payable": payable,
        "limited_by": o0_limit,
        "credits_used": credits_used,
    }


def quote(
    cart_amount,
    points_balance,
    credits=None,
    points_requested=None,
    tier=None,
    ordered_at=None,
    eligible_amount=None,
    coupon_discount=None,
):
    """Work out one order: money in major units (text, int or Decimal; a float within 1e-6 of an amount).

    `ordered_at` is a datetime with a zone, or ISO 8601 text with one.
    """
    given = {"credits": credits, "points_requested": points_requested, "tier": tier, "ordered_at": ordered_at}
    given |= {"eligible_amount": eligible_amount, "coupon_discount": coupon_discount}
    for name in LEFT_OUT:
        if not _blank(given[name]):
            raise ValueError(f"{name} is not read by this calculator; export it without --leave-out {name}")
    cart = _minor("cart_amount", cart_amount)
    eligible = None if _blank(eligible_amount) else _minor("eligible_amount", eligible_amount)
    if eligible is not None and eligible > cart:
        raise ValueError(f"eligible_amount is {eligible_amount!r}, above the cart of {cart_amount!r}")
    answer = redeem(
        cart,
        _points("points_balance", points_balance),
        0 if _blank(credits) else _minor("credits", credits),
        None if _blank(points_requested) else _points("points_requested", points_requested),
        None if _blank(tier) else tier,
        None if _blank(ordered_at) else _instant(ordered_at),
        eligible,
        0 if _blank(coupon_discount) else _minor("coupon_discount", coupon_discount),
    )
    money = {name: Decimal(answer[name]).scaleb(-DECIMALS) for name in ("discount", "payable", "credits_used")}
    return {**answer, **money}


def _blank(value):
    return value is None or value != value or (isinstance(value, str) and not value.strip())


def _number(name, value):
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError(f"{name} is {value!r}, not a number") from None
    if isinstance(value, bool) or not number.is_finite():
        raise ValueError(f"{name} is {value!r}, not a number")
    return number


def _minor(name, value):
    scaled = _number(name, value).scaleb(DECIMALS)
    whole = int(scaled.to_integral_value())
    apart = Decimal("0.000001").scaleb(DECIMALS) if isinstance(value, float) else 0
    if abs(scaled - whole) > apart:
        raise ValueError(f"{name} is {value!r}, finer than {DECIMALS} decimals")
    if not 0 <= whole <= LARGEST_AMOUNT:
        raise ValueError(f"{name} is {value!r}; it must be from 0 to {Decimal(LARGEST_AMOUNT).scaleb(-DECIMALS)}")
    return whole


def _points(name, value):
    number = _number(name, value)
    if number > MOST_POINTS:
        raise ValueError(f"{name} is {value!r}; it must be at most {MOST_POINTS}")
    return max(0, math.floor(number))


def _instant(value):
    time = datetime.fromisoformat(value) if isinstance(value, str) else value
    if time.tzinfo is None:
        raise ValueError(f"ordered_at is {value}, without a zone; write one, such as +05:30 or +00:00")
    return (time - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)
