"""One order at the public door: amounts in major units in, an exact answer out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from nector_sim.calculator.exact import Answer, Law, Order
from nector_sim.errors import InputError, Problem
from nector_sim.rules.money import from_minor, to_minor, to_points
from nector_sim.rules.program import Program, ProgramLike, as_program
from nector_sim.rules.times import read_time, to_instant
from nector_sim.rules.values import FLOAT_TOLERANCE, is_blank, read_decimal

#: What is said of an eligible or earning amount that is larger than its cart.
ABOVE_THE_CART = "is above cart_amount; it is a part of the cart"


@dataclass(frozen=True, slots=True)
class Quote:
    """What a program gives for one order. Money in major units, exact.

    Attributes
    ----------
    offer : str
        Name of the offer, or ``offers.0`` by position; empty where nothing was given.
    points_redeemed : int
        Points used.
    discount : Decimal
        What redemption takes off.
    payable : Decimal
        What the customer pays.
    limited_by : str
        What kept the discount from being larger, a word of :data:`nector_sim.calculator.reasons.SENTENCES`.
    credits_used : Decimal
        Credits spent, before points.
    """

    offer: str
    points_redeemed: int
    discount: Decimal
    payable: Decimal
    limited_by: str
    credits_used: Decimal


def quote(
    program: ProgramLike,
    *,
    cart_amount: Any,
    points_balance: Any,
    credits: Any = 0,
    points_requested: Any = None,
    tier: str | None = None,
    ordered_at: datetime | date | str | None = None,
    eligible_amount: Any = None,
    coupon_discount: Any = 0,
) -> Quote:
    """Compute one order exactly.

    An argument that may be left out may also be an empty cell: None, NaN or an empty text.

    Parameters
    ----------
    program : Program
        What the merchant sets.
    cart_amount : int, float, Decimal or str
        Cart in major units, before points and credits.
    points_balance : int, float, Decimal or str
        Points that the customer can spend; a fraction is floored, a negative balance redeems nothing.
    credits : int, float, Decimal or str, optional
        Credits from the second wallet, in major units.
    points_requested : int, float, Decimal or str, optional
        Points that the customer asked to use; left out, as many as allowed.
    tier : str, optional
        The customer's tier.
    ordered_at : datetime or ISO 8601 text, optional
        Instant of the order; without a zone, in the program's. Left out, every offer's dates are met.
    eligible_amount : int, float, Decimal or str, optional
        The part of the cart that points may pay, in major units; left out, all of it.
    coupon_discount : int, float, Decimal or str, optional
        What other coupons took off already, in major units; the cart is after them.

    Returns
    -------
    Quote

    Raises
    ------
    InputError
        Naming every argument that cannot be used.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    >>> answer = quote(program, cart_amount="500", points_balance=5000)
    >>> answer.points_redeemed, answer.discount, answer.payable, answer.limited_by
    (400, Decimal('400.00'), Decimal('100.00'), 'min_payable')
    """
    program = as_program(program)
    order = read_order(
        program,
        cart_amount=cart_amount,
        points_balance=points_balance,
        credits=credits,
        points_requested=points_requested,
        tier=tier,
        ordered_at=ordered_at,
        eligible_amount=eligible_amount,
        coupon_discount=coupon_discount,
    )
    return in_major_units(program, Law(program).answer(order))


def read_order(
    program: Program,
    *,
    cart_amount: Any,
    points_balance: Any,
    credits: Any = 0,
    points_requested: Any = None,
    tier: str | None = None,
    ordered_at: datetime | date | str | None = None,
    eligible_amount: Any = None,
    coupon_discount: Any = 0,
) -> Order:
    """Turn an order in major units into the law's; parameters and errors as :func:`quote`."""
    problems: list[Problem] = []
    decimals = program.decimals

    def read(name: str, read_value: Any, *arguments: Any) -> Any:
        try:
            return read_value(*arguments)
        except ValueError as error:
            problems.append(Problem(name, str(error) if is_blank(arguments[0]) else f"{arguments[0]!r} {error}"))
            return None

    def instant(time: Any) -> datetime:
        return to_instant(read_time(time), program.timezone)

    order = Order(
        cart=read("cart_amount", to_minor, cart_amount, decimals),
        balance=read("points_balance", to_points, points_balance),
        credits=0 if is_blank(credits) else read("credits", to_minor, credits, decimals),
        requested=None if is_blank(points_requested) else read("points_requested", to_points, points_requested),
        tier=None if tier is None or is_blank(tier) else tier,
        at=None if is_blank(ordered_at) else read("ordered_at", instant, ordered_at),
        eligible=None if is_blank(eligible_amount) else read("eligible_amount", to_minor, eligible_amount, decimals),
        coupon=0 if is_blank(coupon_discount) else read("coupon_discount", to_minor, coupon_discount, decimals),
    )
    if order.eligible is not None and not problems and order.eligible > order.cart:
        problems.append(Problem("eligible_amount", f"{eligible_amount!r} {ABOVE_THE_CART}"))
    if order.tier is not None and (what := program.unknown_tier(order.tier)):
        problems.append(Problem("tier", what))
    if problems:
        raise InputError("this order cannot be worked out:", problems)
    return order


def in_major_units(program: Program, answer: Answer) -> Quote:
    """Turn the law's answer into a quote."""
    decimals = program.decimals
    return Quote(
        offer="" if answer.offer is None else program.offer_name(answer.offer),
        points_redeemed=answer.points,
        discount=from_minor(answer.discount, decimals),
        payable=from_minor(answer.payable, decimals),
        limited_by=answer.limited_by,
        credits_used=from_minor(answer.credits_used, decimals),
    )


def taken_otherwise(points_balance: Any) -> str:
    """Say how a balance that can be used was taken otherwise than it stands; empty where it was not."""
    points, balance = to_points(points_balance), read_decimal(points_balance)
    if balance < 0:
        return f"{balance} was given; a negative balance redeems nothing"
    dropped = balance - points > Decimal(str(FLOAT_TOLERANCE))
    return f"{balance} was given; a fraction of a point does not count" if dropped else ""
