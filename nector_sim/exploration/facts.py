"""Facts of a setting that need no orders: what a point gives back, and where each limit takes over."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, fields
from decimal import Decimal
from fractions import Fraction
from math import ceil, inf
from typing import TYPE_CHECKING, Any

from nector_sim.calculator.exact import Law, Order, Terms
from nector_sim.calculator.reasons import SENTENCES
from nector_sim.errors import InputError
from nector_sim.ledger.exact import earned_by
from nector_sim.results import Result
from nector_sim.rules.money import MAX_MINOR, MAX_POINTS, WHOLE, from_minor, money_text, to_minor
from nector_sim.rules.program import Program, ProgramLike, as_program

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class TakesOver:
    """From which cart a limit holds the discount back, whole steps aside."""

    cart_amount: Decimal
    limited_by: str


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """What one offer is, for a customer with enough points.

    Attributes
    ----------
    name : str
        As results call it.
    step_points : int
        Points of the smallest redemption.
    least_balance : int
        The smallest balance that gives something: a step, or what ``min_points`` and ``min_balance`` ask for.
    points_stranded_at_most : int
        The most points that stay unused in a balance; one below `least_balance` is worth nothing.
    point_value : Decimal or None
        What a point takes off, major units; None for a percentage of the cart.
    percent_back : Decimal or None
        What customers get back of what they spend, in percent; None without ``[earning]`` or a point value.
    spend_to_first_reward : Decimal or None
        What must be spent to earn `least_balance`, rounding aside; None without ``[earning]``.
    orders_to_first_reward : int or None
        The same in orders of the spend that was asked about; None also where such an order earns nothing.
    gives_from : Decimal or None
        The smallest cart that gets a discount; None where no cart does.
    limits : tuple of TakesOver
        By rising cart, from `gives_from` on.
    """

    name: str
    step_points: int
    least_balance: int
    points_stranded_at_most: int
    point_value: Decimal | None
    percent_back: Decimal | None
    spend_to_first_reward: Decimal | None
    orders_to_first_reward: int | None
    gives_from: Decimal | None
    limits: tuple[TakesOver, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Facts(Result):
    """What a setting offers, worked out without any orders.

    Attributes
    ----------
    largest_discount : Decimal
        The most that an order of `cart_amount` can be discounted; major units, exact.
    offers : tuple of OfferFacts
        Those that the tier may use.
    """

    currency: str
    points_label: str
    cart_amount: Decimal
    largest_discount: Decimal
    offers: tuple[OfferFacts, ...]

    def text(self) -> str:
        """Say the facts in a few lines."""
        cart, most = (money_text(amount, self.currency) for amount in (self.cart_amount, self.largest_discount))
        lines = [f"The largest possible discount on a cart of {cart} is {most}."]
        for offer in self.offers:
            lines += [f"{offer.name}: {line}" for line in self._lines(offer)]
        return "\n".join(lines)

    def to_frame(self) -> pd.DataFrame:
        """Give one row for each offer that the tier may use."""
        import pandas as pd

        names = [field.name for field in fields(OfferFacts) if field.name != "limits"]
        return pd.DataFrame({name: [getattr(offer, name) for offer in self.offers] for name in names})

    def _lines(self, offer: OfferFacts) -> Iterator[str]:
        label = self.points_label
        if offer.percent_back is not None:
            yield f"gives {offer.percent_back.normalize():f} % back on what customers spend."
        if offer.spend_to_first_reward is not None:
            needed = offer.orders_to_first_reward
            orders = "" if needed is None else f", {needed:,} order{'s' * (needed != 1)}"
            spending = money_text(offer.spend_to_first_reward, self.currency)
            yield f"the first reward takes {spending} of spending{orders}."
        if offer.points_stranded_at_most:
            over = f"up to {offer.points_stranded_at_most:,} stay over"
            yield f"fewer than {offer.least_balance:,} {label} are worth nothing, {over}."
        if offer.gives_from is None:
            yield "no cart gets a discount."
        for limit in offer.limits:
            words = SENTENCES[limit.limited_by]
            yield f"from a cart of {money_text(limit.cart_amount, self.currency)}, {words[0].lower()}{words[1:]}"


def facts(
    program: ProgramLike, *, cart_amount: Any = 1000, spend_per_order: Any = None, tier: str | None = None
) -> Facts:
    """Work out what a setting offers, without any orders.

    Parameters
    ----------
    program : Program
    cart_amount : int, float, Decimal or str
        The cart that the largest discount is for, major units.
    spend_per_order : int, float, Decimal or str, optional
        What an order earns points on, major units; left out, the cart.
    tier : str, optional
        The customer's tier; left out, the lowest where that begins at 0, otherwise none.

    Returns
    -------
    Facts

    Raises
    ------
    InputError
        If an amount cannot be used, or the program has no such tier.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    >>> print(facts(program, cart_amount=750).text())
    The largest possible discount on a cart of ₹750 is ₹650.
    offers.0: from a cart of ₹101, your minimum amount to pay holds the rest back.
    offers.0: from a cart of ₹1,100, your maximum discount is reached.
    """
    program = as_program(program)
    cart = _minor(cart_amount, program, "cart_amount")
    spend = cart if spend_per_order is None else _minor(spend_per_order, program, "spend_per_order")
    tier = _tier(program, tier)
    law = Law(program)
    best = law.answer(Order(cart, MAX_POINTS, tier=tier))
    return Facts(
        currency=program.currency,
        points_label=program.points_label,
        cart_amount=from_minor(cart, program.decimals),
        largest_discount=from_minor(best.discount, program.decimals),
        offers=tuple(
            _offer_facts(law, position, spend, tier)
            for position, terms in enumerate(law.offers)
            if law.fits(terms, Order(cart, MAX_POINTS, tier=tier))
        ),
    )


def _tier(program: Program, tier: str | None) -> str | None:
    """The tier that is asked about; where the lowest begins at 0, nobody is without one."""
    if tier is not None and (what := program.unknown_tier(tier)):
        raise InputError(f"tier {what}")
    lowest = program.tiers[0] if program.tiers else None
    return lowest.name if tier is None and lowest is not None and lowest.least == 0 else tier


def _minor(amount: Any, program: Program, name: str) -> int:
    try:
        return to_minor(amount, program.decimals)
    except ValueError as error:
        raise InputError(f"{name} {error}") from None


def _offer_facts(law: Law, position: int, spend: int, tier: str | None) -> OfferFacts:
    program = law.program
    offer = program.offers[position]
    step, value = offer.step_points, offer.point_value
    rate, per_order = _earned(program, spend, tier)
    # Whole steps of at least min_points.
    least = max(-(-(offer.min_points or 1) // step) * step, offer.min_balance or 0)
    limits = tuple(_limits(law, position, tier)) if program.enabled else ()
    return OfferFacts(
        name=program.offer_name(position),
        step_points=step,
        least_balance=least,
        points_stranded_at_most=least - 1,
        point_value=None if value is None else _decimal(value),
        percent_back=None if value is None or not rate else _decimal(rate * value * 100),
        spend_to_first_reward=_up(Fraction(least) / rate, program.decimals) if rate else None,
        orders_to_first_reward=ceil(Fraction(least, per_order)) if per_order else None,
        gives_from=limits[0].cart_amount if limits else None,
        limits=limits,
    )


def _earned(program: Program, spend: int, tier: str | None) -> tuple[Fraction, int]:
    """Points for each unit of currency, and whole points for one order."""
    if program.earning is None:
        return Fraction(0), 0
    reached = next((each for each in program.tiers if each.name == tier), None)
    factor = Fraction(1) if reached is None else Fraction(reached.earning_factor)
    return program.earning.rate * factor, earned_by(program, spend, spend, reached)


def _limits(law: Law, position: int, tier: str | None) -> Iterator[TakesOver]:
    """From which cart on each limit is the lowest, found by asking the law about carts."""
    terms, decimals = law.offers[position], law.program.decimals
    top = MAX_MINOR if terms.max_cart is None else terms.max_cart - 1

    def gives(cart: int) -> bool:
        order = Order(cart, MAX_POINTS, tier=tier)
        return law.is_open(terms, order) and law.one_offer(terms, order, 0)[1] > 0

    # A larger cart never lowers the discount, and each limit is the lowest in one stretch of carts.
    cart = bisect_left(range(top + 1), True, key=gives)
    while cart <= top:
        limit = _lowest(law, terms, cart)
        yield TakesOver(from_minor(cart, decimals), limit)
        cart += bisect_left(range(cart, top + 1), True, key=lambda later: _lowest(law, terms, later) != limit)


def _lowest(law: Law, terms: Terms, cart: int) -> str:
    """The lowest limit; of equal ones that which grows less with the cart, and then that which results name."""
    here, behind = (_steps_left(law, terms, amount) for amount in (cart, cart + 1))
    return min(here, key=lambda limit: (here[limit], behind.get(limit, inf)))[0]


def _steps_left(law: Law, terms: Terms, cart: int) -> dict[tuple[str, str], Fraction]:
    """What each limit but the balance leaves, in steps and parts of one; caps leave whole steps."""
    left = {}
    for limit in law.limits(terms, Order(cart, MAX_POINTS), 0):
        steps = Fraction(limit.allows, limit.per_step)
        if limit.setting == "max_discount" and terms.is_percent and terms.max_discount is not None:
            steps = Fraction(terms.max_discount * WHOLE, cart * terms.percent)  # the last step is clipped
        elif limit.setting in ("max_discount", "max_percent"):
            steps = Fraction(limit.steps)
        if limit.reason != "balance":
            left[limit.reason, limit.setting] = steps
    return left | ({("offer", ""): Fraction(1)} if terms.is_fixed else {})


def _up(amount: Fraction, decimals: int) -> Decimal:
    """The smallest amount of the currency that is not below."""
    return from_minor(ceil(amount * 10**decimals), decimals)


def _decimal(number: Fraction) -> Decimal:
    return Decimal(number.numerator) / Decimal(number.denominator)
