"""What another calculator gave, and whether it agrees with the exact answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from nector_sim.calculator.exact import Answer, Order
from nector_sim.errors import InputError
from nector_sim.rules.money import from_minor
from nector_sim.rules.program import Program
from nector_sim.rules.values import FLOAT_TOLERANCE, as_float, read_decimal

#: Fractional points agree to the second decimal, because no record can hold a third of a point.
_POINTS_APART = Fraction(1, 100)

#: What an order may be without: field, the exact order's attribute, and its value then.
OPTIONAL: dict[str, tuple[str, Any]] = {
    "credits": ("credits", 0),
    "points_requested": ("requested", None),
    "tier": ("tier", None),
    "ordered_at": ("at", None),
    "eligible_amount": ("eligible", None),
    "coupon_discount": ("coupon", 0),
}


def check_left_out(leave_out: Collection[str]) -> None:
    """Refuse to leave out what every order has."""
    if unknown := set(leave_out) - set(OPTIONAL):
        raise InputError(
            f"orders cannot do without {', '.join(sorted(unknown))}; they can without {', '.join(OPTIONAL)}"
        )


@dataclass(frozen=True, slots=True)
class Theirs:
    """One answer of another calculator; money in minor units, which need not be whole.

    Attributes
    ----------
    discount : Fraction
    points, payable, credits_used : Fraction, optional
        Compared where they are given.
    refused : bool
        It refused the order instead of giving no discount.
    error : str
        Why there is no answer; such an answer agrees with none.
    """

    points: Fraction | None = Fraction(0)
    discount: Fraction = Fraction(0)
    payable: Fraction | None = None
    credits_used: Fraction | None = None
    refused: bool = False
    error: str = ""

    def agrees(self, answer: Answer) -> bool:
        """Whether this is the exact answer: points, discount, and what else was given."""
        if self.error:
            return False
        if self.refused or answer.limited_by == "refused":
            return self.refused and answer.limited_by == "refused"
        return (
            self.discount == answer.discount
            and self._agrees_in_points(answer.points)
            and (self.payable is None or self.payable == answer.payable)
            and (self.credits_used is None or self.credits_used == answer.credits_used)
        )

    def _agrees_in_points(self, points: Any) -> bool:
        if self.points is None:
            return True
        if isinstance(points, Fraction) and points.denominator > 1:
            return abs(self.points - points) < _POINTS_APART
        return bool(self.points == points)


def read_reply(program: Program, reply: Any) -> Theirs:
    """Read what a calculator replied.

    Parameters
    ----------
    program : Program
    reply : mapping, object, pair or None
        ``points_redeemed`` and ``discount`` as keys or attributes, optionally ``payable`` and ``credits_used`` (major
        units); or the pair of the first two. None, or ``{"refused": true}``, refuses the order.

    Returns
    -------
    Theirs
        With its ``error`` set where the reply cannot be read.
    """
    if reply is None or (isinstance(reply, Mapping) and reply.get("refused") is True):
        return Theirs(refused=True)
    if isinstance(reply, tuple | list) and len(reply) == 2:
        reply = {"points_redeemed": reply[0], "discount": reply[1]}

    def get(name: str) -> Any:
        return reply.get(name) if isinstance(reply, Mapping) else getattr(reply, name, None)

    def money(name: str) -> Fraction | None:
        return None if get(name) is None else read_number(get(name), program.decimals)

    missing = [name for name in ("points_redeemed", "discount") if get(name) is None]
    if missing:
        return Theirs(error=f"its reply has no {' and no '.join(missing)}")
    try:
        return Theirs(
            read_number(get("points_redeemed"), 0),
            read_number(get("discount"), program.decimals),
            money("payable"),
            money("credits_used"),
        )
    except ValueError as error:
        return Theirs(error=f"its reply holds something that {error}")


def read_number(value: Any, decimals: int) -> Fraction:
    """Read a number exactly, times 10 to the power of `decimals`; a float close to a whole one is that."""
    try:
        number = read_decimal(value)
    except ValueError:
        raise ValueError("is not a number") from None
    if abs(number.adjusted()) > 30:
        raise ValueError("is not a number")
    scaled = Fraction(number) * Fraction(10) ** decimals
    if as_float(value) is not None and abs(scaled - round(scaled)) <= FLOAT_TOLERANCE * 10**decimals:
        return Fraction(round(scaled))
    return scaled


def order_fields(program: Program, order: Order) -> dict[str, Any]:
    """An order in major units, with the names that :func:`nector_sim.quote` takes, without what it does not have."""
    fields: dict[str, Any] = {
        "cart_amount": from_minor(order.cart, program.decimals),
        "points_balance": order.balance,
    }
    if order.credits:
        fields["credits"] = from_minor(order.credits, program.decimals)
    if order.requested is not None:
        fields["points_requested"] = order.requested
    if order.tier is not None:
        fields["tier"] = order.tier
    if order.at is not None:
        fields["ordered_at"] = order.at
    if order.eligible is not None:
        fields["eligible_amount"] = from_minor(order.eligible, program.decimals)
    if order.coupon:
        fields["coupon_discount"] = from_minor(order.coupon, program.decimals)
    return fields


def answer_fields(program: Program, answer: Answer | Theirs) -> dict[str, Any]:
    """An answer in major units; what was not given is None."""

    def money(minor: Any) -> Decimal | None:
        if minor is None:
            return None
        whole = Fraction(minor)
        if whole.denominator == 1:
            return from_minor(whole.numerator, program.decimals)
        return Decimal(whole.numerator) / (whole.denominator * Decimal(10) ** program.decimals)

    def count(points: Any) -> int | Decimal | None:
        if points is None:
            return None
        exact = Fraction(points)
        return int(exact) if exact.denominator == 1 else Decimal(exact.numerator) / exact.denominator

    return {
        "points_redeemed": count(answer.points),
        "discount": money(answer.discount),
        "payable": money(answer.payable),
        "credits_used": money(answer.credits_used),
    }


def as_json(value: Any) -> Any:
    """Amounts as text and times in ISO 8601, for JSON."""
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if hasattr(value, "isoformat") else value
