"""What calls ask and answers give, in the calculator's terms: one cart in whole numbers, one answer in major units."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple, overload

from nector_sim.calculator.exact import Answer, Law, Order
from nector_sim.gokwik.wire import CartCall, Refused, RevertCall
from nector_sim.rules.money import from_minor, to_minor
from nector_sim.rules.program import Program


class Cart(NamedTuple):
    """A cart in minor units; `eligible` is None where points may pay all of it."""

    amount: int
    eligible: int | None
    coupon: int


def cart_of(law: Law, call: CartCall) -> Cart:
    """Read the cart of a call."""
    amount = minor_of(law, call.amount, "amount")
    eligible = minor_of(law, call.eligible_amount, "eligible_amount")
    coupon = minor_of(law, call.coupon_discount, "coupon_discount")
    if eligible is not None and eligible > amount:
        raise Refused("wrong_fields", "eligible_amount is above amount; it is a part of it")
    return Cart(amount, None if eligible == amount else eligible, coupon or 0)


def require_coupon(law: Law, call: CartCall) -> None:
    """Refuse a call that does not say what coupons took off, where an offer asks: it could be given either way."""
    if call.coupon_discount is None and law.program.asks_for_coupons:
        raise Refused(
            "wrong_fields",
            "coupon_discount is missing, and an offer is closed to orders with coupons; send 0 where none was used",
        )


def cart_performed(order: Any) -> Cart:
    """The cart of a row of the orders."""
    return Cart(order.cart, order.eligible, order.coupon)


def contradicts(law: Law, call: RevertCall, order: Any) -> bool:
    """Whether a revert says another cart than its order had; what it leaves out is not compared."""
    cart = cart_performed(order)
    said = {
        "amount": cart.amount,
        "eligible_amount": cart.amount if cart.eligible is None else cart.eligible,
        "coupon_discount": cart.coupon,
    }
    return any(minor_of(law, getattr(call, name), name) not in (None, minor) for name, minor in said.items())


@overload
def minor_of(law: Law, amount: Decimal, field: str) -> int: ...
@overload
def minor_of(law: Law, amount: Decimal | None, field: str) -> int | None: ...
def minor_of(law: Law, amount: Decimal | None, field: str) -> int | None:
    """An amount in minor units, or None as it is; errors as :func:`cart_of`."""
    if amount is None:
        return None
    try:
        # JavaScript sends floats, unrounded: 1169.6399999999999 is 1169.64.
        return to_minor(float(amount), law.program.decimals)
    except ValueError as error:
        raise Refused("wrong_fields", f"{field} {error}") from None


def work_out(law: Law, customer: Any, cart: Cart, wallet_type: str) -> Answer:
    """What a row of the customers gets on a cart now."""
    return law.answer(
        Order(
            cart=cart.amount,
            balance=max(0, customer.points_balance),
            credits=customer.credits if wallet_type != "coins" else 0,
            requested=0 if wallet_type == "credits" else None,
            tier=customer.tier,
            at=datetime.now(UTC),
            eligible=cart.eligible,
            coupon=cart.coupon,
        )
    )


def listed(law: Law, customer: Any, given: Answer, wallet_type: str) -> dict[str, Any]:
    """The data that `list` answers with."""
    flat = {"id": offer_name(law, given) or "none", **values_of(law, given)}
    if not given.discount + given.credits_used:
        raise Refused("no_discount", data=flat)
    return {
        **flat,
        "points_balance": max(0, customer.points_balance),
        "points_label": law.program.points_label,
        "offers": [],
        "promotions": [_promotion(law.program, flat, wallet_type)],
    }


def offer_name(law: Law, given: Answer) -> str:
    """The offer that gives; empty where none does."""
    return "" if given.offer is None else law.program.offer_name(given.offer)


def values_of(law: Law, given: Answer) -> dict[str, Any]:
    """The amounts of an answer: ``fiat_value`` is all that comes off the cart, ``credit_value`` the part of credits."""
    return {
        "fiat_value": _number(law.program, given.discount + given.credits_used),
        "coin_value": _plain(given.points),
        "credit_value": _number(law.program, given.credits_used),
        "payable": _number(law.program, given.payable),
        "limited_by": given.limited_by,
    }


def _promotion(program: Program, flat: dict[str, Any], wallet_type: str) -> dict[str, Any]:
    """The offer as live answers have it."""
    points, discount = flat["coin_value"], flat["fiat_value"]
    return {
        "id": flat["id"],
        "type": wallet_type,
        "title": f"{program.currency} {discount} off for {points} {program.points_label}",
        "coin_value": points,
        "fiat_value": discount,
    }


def _number(program: Program, minor: int) -> int | float:
    # An amount has at most 13 digits, so as a float it is written with exactly the currency's decimals.
    return _plain(from_minor(minor, program.decimals))


def _plain(number: Any) -> int | float:
    """As JSON has it. Points are whole by the law, though not under every deliberate mistake that is tried here."""
    return int(number) if number == int(number) else float(number)
