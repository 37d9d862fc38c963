"""Facts of a setting that need no orders: what a point gives back, and where each limit takes over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any, NamedTuple

from nector_sim.calculator.exact import Law, Order
from nector_sim.calculator.reasons import SENTENCES
from nector_sim.errors import InputError
from nector_sim.rules.money import MAX_POINTS, from_minor, money_text, to_minor
from nector_sim.rules.offers import FixedAmount, FixedPercent, Offer, VariableAmount, VariablePercent
from nector_sim.rules.program import PercentMinPayable, Program

#: Of two limits that are equal, the one that results name.
_NAMED = ("cart", "max_discount", "min_payable", "min_cart", "offer")


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
    points_stranded_at_most : int
        The most points that whole steps leave unused in a balance; a balance below `step_points` is worth nothing.
    point_value : Decimal or None
        What a point takes off, major units; None for a percentage of the cart.
    percent_back : Decimal or None
        What customers get back of what they spend, in percent; None without ``[earning]`` or a point value.
    spend_to_first_reward : Decimal or None
        What must be spent to earn the first step, rounding aside; None without ``[earning]``.
    orders_to_first_reward : int or None
        The same in orders of the spend that was asked about; None also where such an order earns nothing.
    gives_from : Decimal or None
        The smallest cart that gets a discount; None where no cart does.
    limits : tuple of TakesOver
        By rising cart, from `gives_from` on.
    """

    name: str
    step_points: int
    points_stranded_at_most: int
    point_value: Decimal | None
    percent_back: Decimal | None
    spend_to_first_reward: Decimal | None
    orders_to_first_reward: int | None
    gives_from: Decimal | None
    limits: tuple[TakesOver, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a setting is, without any orders.

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

    def _lines(self, offer: OfferFacts) -> Iterator[str]:
        label = self.points_label
        if offer.percent_back is not None:
            yield f"gives {offer.percent_back.normalize():f} % back on what customers spend."
        if offer.spend_to_first_reward is not None:
            orders = "" if offer.orders_to_first_reward is None else f", {offer.orders_to_first_reward:,} orders"
            spending = money_text(offer.spend_to_first_reward, self.currency)
            yield f"the first reward takes {spending} of spending{orders}."
        if offer.points_stranded_at_most:
            over = f"up to {offer.points_stranded_at_most:,} stay over"
            yield f"fewer than {offer.step_points:,} {label} are worth nothing, {over}."
        if offer.gives_from is None:
            yield "no cart gets a discount."
        for limit in offer.limits:
            words = SENTENCES[limit.limited_by]
            yield f"from a cart of {money_text(limit.cart_amount, self.currency)}, {words[0].lower()}{words[1:]}"


def facts(program: Program, *, cart_amount: Any = 1000, spend_per_order: Any = None, tier: str | None = None) -> Facts:
    """Work out what a setting is, without any orders.

    Parameters
    ----------
    program : Program
    cart_amount : int, float, Decimal or str
        The cart that the largest discount is for, major units.
    spend_per_order : int, float, Decimal or str, optional
        What an order earns points on, major units; left out, the cart.
    tier : str, optional
        The customer's tier.

    Returns
    -------
    Facts

    Raises
    ------
    InputError
        If an amount cannot be used.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    >>> print(facts(program, cart_amount=750).text())
    The largest possible discount on a cart of ₹750 is ₹650.
    offers.0: from a cart of ₹101, your minimum amount to pay holds the rest back.
    offers.0: from a cart of ₹1,100, your maximum discount is reached.
    """
    cart = _minor(cart_amount, program, "cart_amount")
    spend = cart if spend_per_order is None else _minor(spend_per_order, program, "spend_per_order")
    best = Law(program).answer(Order(cart, MAX_POINTS, tier=tier))
    return Facts(
        currency=program.currency,
        points_label=program.points_label,
        cart_amount=from_minor(cart, program.decimals),
        largest_discount=from_minor(best.discount, program.decimals),
        offers=tuple(
            _offer_facts(program, position, spend, tier)
            for position, offer in enumerate(program.offers)
            if offer.tiers is None or tier in offer.tiers
        ),
    )


def _minor(amount: Any, program: Program, name: str) -> int:
    try:
        return to_minor(amount, program.decimals)
    except ValueError as error:
        raise InputError(f"{name} {error}") from None


def _offer_facts(program: Program, position: int, spend: int, tier: str | None) -> OfferFacts:
    offer = program.offers[position]
    step = offer.points if isinstance(offer, FixedAmount | FixedPercent) else offer.points_per_step
    value = None
    if isinstance(offer, VariableAmount | FixedAmount):
        value = Fraction(offer.discount_per_step if isinstance(offer, VariableAmount) else offer.discount) / step
    rate, per_order = _earned(program, spend, tier)
    limits = tuple(_limits(program, offer)) if program.enabled else ()
    return OfferFacts(
        name=program.offer_name(position),
        step_points=step,
        points_stranded_at_most=step - 1,
        point_value=None if value is None else _decimal(value),
        percent_back=None if value is None or not rate else _decimal(rate * value * 100),
        spend_to_first_reward=_up(Fraction(step) / rate, program.decimals) if rate else None,
        orders_to_first_reward=ceil(Fraction(step, per_order)) if per_order else None,
        gives_from=limits[0].cart_amount if limits else None,
        limits=limits,
    )


def _earned(program: Program, spend: int, tier: str | None) -> tuple[Fraction, int]:
    """Points for each unit of currency, and whole points for one order."""
    earning = program.earning
    if earning is None:
        return Fraction(0), 0
    factor = next((Fraction(each.earning_factor) for each in program.tiers if each.name == tier), Fraction(1))
    rate = Fraction(earning.points_per_unit) * factor
    points = rate * Fraction(spend, 10**program.decimals)
    return rate, {"floor": floor(points), "nearest": floor(points + Fraction(1, 2)), "ceil": ceil(points)}[
        earning.rounding
    ]


class Line(NamedTuple):
    """A limit on the discount: `fixed + share × cart`, major units."""

    limited_by: str
    fixed: Fraction
    share: Fraction

    def at(self, cart: Fraction) -> Fraction:
        """What it leaves of this cart."""
        return self.fixed + self.share * cart

    def reaches(self, fixed: Fraction, share: Fraction = Fraction(0)) -> Fraction | None:
        """The smallest cart from which it leaves `fixed + share × cart`; None where it never does."""
        missing, gains = fixed - self.fixed, self.share - share
        if missing <= 0 <= gains:
            return Fraction(0)
        return missing / gains if gains > 0 else None


def _limits(program: Program, offer: Offer) -> Iterator[TakesOver]:
    """The lowest of the limits by cart, whole steps aside."""
    lines = list(_lines(program, offer))
    least = _first_cart(program, offer, lines)
    if least is None:
        return
    pairs = [(one, other) for one in lines for other in lines if one.share > other.share]
    crossings = {(other.fixed - one.fixed) / (one.share - other.share) for one, other in pairs}
    end = None if offer.max_cart is None else Fraction(offer.max_cart)
    last = ""
    for cart in sorted({least} | {crossing for crossing in crossings if crossing > least}):
        if end is not None and cart >= end:
            return
        # Just behind a crossing the flatter of two lines is the lower one; of equal ones, that which results name.
        lowest = min(lines, key=lambda line: (line.at(cart), line.share, _NAMED.index(line.limited_by)))
        if lowest.limited_by != last:
            last = lowest.limited_by
            yield TakesOver(_up(cart, program.decimals), last)


def _first_cart(program: Program, offer: Offer, lines: list[Line]) -> Fraction | None:
    """The smallest cart that is given a discount."""
    if isinstance(offer, VariablePercent | FixedPercent):
        return _first_cart_of_percent(program, offer, lines)
    least = Fraction(offer.min_cart)
    size = Fraction(offer.discount_per_step if isinstance(offer, VariableAmount) else offer.discount)
    for line in lines:
        cart = line.reaches(size)
        if cart is None:
            return None
        least = max(least, cart)
    return least


def _first_cart_of_percent(
    program: Program, offer: VariablePercent | FixedPercent, lines: list[Line]
) -> Fraction | None:
    """The same of a percentage: a discount below the minor unit is none, but several steps may reach it together."""
    variable = isinstance(offer, VariablePercent)
    step = Fraction(offer.percent_per_step if isinstance(offer, VariablePercent) else offer.percent) / 100
    cap = None if offer.max_discount is None else Fraction(offer.max_discount)
    first: Fraction | None = None
    for steps in range(1, int(1 / step) + 1 if variable else 2):
        least = Fraction(offer.min_cart)
        for line in lines:
            if line.limited_by == "max_discount" and line.share == 0:
                continue  # it clips
            ways = [line.reaches(Fraction(0), steps * step), None if cap is None else line.reaches(cap)]
            carts = [cart for cart in ways if cart is not None]
            if not carts:
                return first
            least = max(least, min(carts))
        seen = Fraction(1, 10**program.decimals) / (steps * step)
        first = max(least, seen) if first is None else min(first, max(least, seen))
        if seen <= least:
            break  # more steps need a larger cart
    return first


def _lines(program: Program, offer: Offer) -> Iterator[Line]:
    none, all_of_it = Fraction(0), Fraction(1)
    yield Line("cart", none, all_of_it)
    minimum = program.min_payable
    if isinstance(minimum, PercentMinPayable):
        if minimum.percent:
            yield Line("min_payable", none, 1 - Fraction(minimum.percent) / 100)
    elif minimum is not None and minimum.amount:
        yield Line("min_payable", -Fraction(minimum.amount), all_of_it)
    if offer.min_cart_multiple is not None:
        yield Line("min_cart", none, 1 / Fraction(offer.min_cart_multiple))
    match offer:
        case VariableAmount():
            if offer.max_discount is not None:
                step = Fraction(offer.discount_per_step)
                yield Line("max_discount", step * (Fraction(offer.max_discount) // step), none)
            if offer.max_discount_percent is not None:
                yield Line("max_discount", none, Fraction(offer.max_discount_percent) / 100)
        case FixedAmount():
            yield Line("offer", Fraction(offer.discount), none)
        case VariablePercent() | FixedPercent():
            if offer.max_discount is not None:
                yield Line("max_discount", Fraction(offer.max_discount), none)
            if isinstance(offer, FixedPercent):
                yield Line("offer", none, Fraction(offer.percent) / 100)
            elif offer.max_percent is not None:
                step = Fraction(offer.percent_per_step)
                yield Line("max_discount", none, step * (Fraction(offer.max_percent) // step) / 100)


def _up(amount: Fraction, decimals: int) -> Decimal:
    """The smallest amount of the currency that is not below."""
    return from_minor(ceil(amount * 10**decimals), decimals)


def _decimal(number: Fraction) -> Decimal:
    return Decimal(number.numerator) / Decimal(number.denominator)
