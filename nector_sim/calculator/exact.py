"""The redemption rules as law: one order, one answer, in whole numbers that a person can follow.

This module is the reference that every other calculator is held against. It uses Python's unbounded integers only,
and shares no arithmetic with :mod:`nector_sim.calculator.compiled`. Money is in minor units and percentages in basis
points (1 % = 100). The sections and steps that comments name are those of ``data/law/redemption.md``.

Each step of the law is a method of its own, so that a test bench can replace a single one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from nector_sim.rules.known import Known, fields, refuse_unknown
from nector_sim.rules.ledger import Earning, Expiry, Reversal, Tier, Tiering
from nector_sim.rules.money import WHOLE, to_minor
from nector_sim.rules.offers import FixedAmount, FixedPercent, Offer, VariableAmount, VariablePercent
from nector_sim.rules.program import FixedMinPayable, PercentMinPayable, Program

_ANY_OFFER = "kind name min_cart max_cart min_cart_multiple tiers starts_at ends_at min_balance with_coupons"
#: What is computed here; of the sections of the ledger, what it computes itself.
KNOWN: Known = {
    Program: fields(
        "name currency points_label timezone enabled offers min_payable",
        "earning expiry tiers tiering reversal valid_from",
    ),
    VariableAmount: fields(
        _ANY_OFFER, "points_per_step discount_per_step max_discount max_discount_percent min_points"
    ),
    FixedAmount: fields(_ANY_OFFER, "points discount"),
    VariablePercent: fields(_ANY_OFFER, "points_per_step percent_per_step max_percent max_discount"),
    FixedPercent: fields(_ANY_OFFER, "points percent max_discount"),
    FixedMinPayable: fields("kind amount"),
    PercentMinPayable: fields("kind percent"),
    Earning: fields(
        "points_per_unit points per_amount whole_steps min_cart max_points",
        "base rounding delay_days on_redeeming_orders",
    ),
    Expiry: fields("months days kind"),
    Tier: fields("name min_spend min_orders min_earned earning_factor"),
    Tiering: fields("window_months"),
    Reversal: fields("earned redeemed overdraft"),
}


@dataclass(frozen=True, slots=True)
class Order:
    """One order, as the checkout sends it.

    Parameters
    ----------
    cart : int
        Cart amount in minor units: the basket after other coupons, before points.
    balance : int
        Points that the customer can spend now.
    credits : int
        A second wallet in minor units, spent before points (`credits_first`).
    requested : int, optional
        Points that the customer asked to use; left out, as many as allowed. A request above the limits is reduced
        to them (`excess_request`).
    tier : str, optional
        The customer's tier.
    at : datetime, optional
        The instant of the order; without one it is inside every offer's dates (`undated_order`).
    eligible : int, optional
        The part of the cart that points may pay, minor units; left out, all of it. Credits pay the rest first
        (`credits_on_the_rest`).
    coupon : int
        What other coupons took off already; the cart is after them.
    """

    cart: int
    balance: int
    credits: int = 0
    requested: int | None = None
    tier: str | None = None
    at: datetime | None = None
    eligible: int | None = None
    coupon: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the law gives for one order; money in minor units."""

    offer: int | None
    points: int
    discount: int
    payable: int
    credits_used: int
    limited_by: str


class Limit(NamedTuple):
    """One limit on the number of whole steps: `allows / per_step`, rounded down.

    ``setting`` is the program's field, where several of them limit for one reason.
    """

    reason: str
    allows: int
    per_step: int
    setting: str = ""

    @property
    def steps(self) -> int:
        """Whole steps that fit."""
        return self.allows // self.per_step


class Terms:
    """One offer in whole numbers: money in minor units, percentages in basis points.

    Parameters
    ----------
    offer : Offer
    program : Program
    """

    def __init__(self, offer: Offer, program: Program) -> None:
        def money(amount: object) -> int | None:
            return None if amount is None else to_minor(amount, program.decimals)

        self.is_percent = offer.is_percent
        self.is_fixed = offer.is_fixed
        self.points = offer.step_points
        self.amount = money(offer.step_discount) or 0
        self.percent = _basis_points(offer.step_percent) or 0
        self.max_percent = _basis_points(offer.max_percent)
        self.max_discount = money(offer.max_discount)
        self.max_discount_percent = _basis_points(offer.max_discount_percent)
        self.min_points = offer.min_points or 0
        self.min_balance = offer.min_balance or 0
        self.with_coupons = offer.with_coupons
        self.min_cart = to_minor(offer.min_cart, program.decimals)
        self.max_cart = money(offer.max_cart)
        #: Ten-thousandths: a multiple has at most four decimals.
        self.multiple = None if offer.min_cart_multiple is None else int(offer.min_cart_multiple * 10_000)
        self.tiers = offer.tiers
        self.starts_at = None if offer.starts_at is None else program.instant(offer.starts_at)
        self.ends_at = None if offer.ends_at is None else program.instant(offer.ends_at)


def _basis_points(percent: object) -> int | None:
    return None if percent is None else to_minor(percent, 2)


class Law:
    """The law for one program.

    Parameters
    ----------
    program : Program
    """

    def __init__(self, program: Program) -> None:
        refuse_unknown(program, KNOWN, "the exact calculator")
        self.program = program
        self.enabled = program.enabled
        self.offers = [Terms(offer, program) for offer in program.offers]
        minimum = program.min_payable
        self.min_payable_amount = 0
        self.min_payable_percent = 0
        if isinstance(minimum, PercentMinPayable):
            self.min_payable_percent = int(minimum.percent * 100)
        elif minimum is not None:
            self.min_payable_amount = to_minor(minimum.amount, program.decimals)

    # Section 3 and 4: one order, every offer, the best of them.

    def answer(self, order: Order) -> Answer:
        """Work out one order."""
        if not self.enabled:
            return Answer(None, 0, 0, order.cart, 0, "not_live")
        credits_used = self.credits_used(order)
        best: tuple[int, int, int] | None = None
        answer = None
        for position, terms in enumerate(self.offers):
            if not self.is_open(terms, order):
                continue
            points, discount, reason = self.one_offer(terms, order, credits_used)
            if discount > 0 and (best is None or self.rank(position, points, discount) < best):
                best = self.rank(position, points, discount)
                answer = Answer(position, points, discount, order.cart - credits_used - discount, credits_used, reason)
        return answer or Answer(None, 0, 0, order.cart - credits_used, credits_used, self.why_nothing(order))

    def rank(self, position: int, points: int, discount: int) -> tuple[int, int, int]:
        """Order of preference, the lowest first: the largest discount, the fewest points, the first listed."""
        return -discount, points, position

    # Step 1: the minimum payable.

    def min_payable(self, order: Order) -> int:
        """P in ten-thousandths of a minor unit, so that a percentage of the cart is exact."""
        return self.min_payable_amount * WHOLE + self.min_payable_percent * order.cart

    def min_payable_shown(self, order: Order) -> int:
        """P rounded up to the minor unit, as it is shown."""
        return -(-self.min_payable(order) // WHOLE)

    # Step 2: credits first.

    def credits_used(self, order: Order) -> int:
        """Credits spent before points, not held back by the minimum payable."""
        return min(order.credits, order.cart)

    # Step 3: is the offer open to this order?

    def fits(self, terms: Terms, order: Order) -> bool:
        """Whether the tier and the date fit."""
        if terms.tiers is not None and order.tier not in terms.tiers:
            return False
        if order.at is None:
            return True
        return (terms.starts_at is None or terms.starts_at <= order.at) and (
            terms.ends_at is None or order.at < terms.ends_at
        )

    def base(self, order: Order) -> int:
        """E, the part of the cart that points may pay: an offer's tests and percentages are of it."""
        return order.cart if order.eligible is None else order.eligible

    def below_max_cart(self, terms: Terms, order: Order) -> bool:
        """Whether E, before credits, is below the maximum cart."""
        return terms.max_cart is None or self.base(order) < terms.max_cart

    def takes_coupons(self, terms: Terms, order: Order) -> bool:
        """Whether the order used no other coupon, or the offer does not mind."""
        return terms.with_coupons or order.coupon == 0

    def reaches_min_cart(self, terms: Terms, order: Order) -> bool:
        """Whether E, before credits, is at least the minimum cart."""
        return self.base(order) >= terms.min_cart

    def is_open(self, terms: Terms, order: Order) -> bool:
        """Whether the offer is open to this order."""
        tests = (self.fits, self.below_max_cart, self.takes_coupons, self.reaches_min_cart)
        return all(test(terms, order) for test in tests)

    # Step 4: the limits, in the order in which a tie is named.

    def limits(self, terms: Terms, order: Order, credits_used: int) -> Iterator[Limit]:
        """Every limit that applies to the number of steps."""
        if max(order.balance, 0) < terms.min_balance:
            yield Limit("min_points", 0, terms.points, "min_balance")
        else:
            yield Limit("balance", max(order.balance, 0), terms.points)
        if order.requested is not None:
            yield Limit("requested", order.requested, terms.points)
        if terms.is_percent:
            yield from self.percent_limits(terms, order, credits_used)
        else:
            yield from self.amount_limits(terms, order, credits_used)

    def left(self, order: Order, credits_used: int) -> int:
        """min(C′, E): what credits leave of the cart, as far as points may pay it."""
        return min(order.cart - credits_used, self.base(order))

    def amount_limits(self, terms: Terms, order: Order, credits_used: int) -> Iterator[Limit]:
        """Limits in money on an offer whose step is an amount."""
        base = self.base(order)
        yield Limit("cart", self.left(order, credits_used), terms.amount)
        if terms.max_discount is not None:
            yield Limit("max_discount", terms.max_discount, terms.amount, "max_discount")
        if terms.max_discount_percent is not None:
            yield Limit("max_discount", base * terms.max_discount_percent, WHOLE * terms.amount, "max_discount_percent")
        if self.min_payable(order):
            yield Limit("min_payable", self.room(order, credits_used), WHOLE * terms.amount)
        if terms.multiple is not None:
            yield Limit("min_cart", base * 10_000, terms.multiple * terms.amount)

    def percent_limits(self, terms: Terms, order: Order, credits_used: int) -> Iterator[Limit]:
        """Limits in money on an offer whose step is a percentage of the cart.

        The cart, minimum-payable and multiple limits restrict only where they leave less than the maximum discount,
        which the discount never exceeds.
        """
        base, left = self.base(order), self.left(order, credits_used)
        step = base * terms.percent  # ten-thousandths of a minor unit, as are the numerators below
        cap = terms.max_discount
        if base == 0:
            yield Limit("cart", 0, 1)
            return
        if cap is None or left < cap:
            yield Limit("cart", left * WHOLE, step)
        if terms.max_percent is not None:
            yield Limit("max_discount", terms.max_percent, terms.percent, "max_percent")
        if cap is not None:
            yield Limit("max_discount", self.steps_to_cap(cap, step), 1, "max_discount")
        if self.min_payable(order):
            room = self.room(order, credits_used)
            if cap is None or room < cap * WHOLE:
                yield Limit("min_payable", room, step)
        if terms.multiple is not None and (cap is None or base * 10_000 < cap * terms.multiple):
            yield Limit("min_cart", WHOLE * 10_000, terms.multiple * terms.percent)

    def room(self, order: Order, credits_used: int) -> int:
        """What the minimum payable leaves for points, in ten-thousandths of a minor unit."""
        return max(0, (order.cart - credits_used) * WHOLE - self.min_payable(order))

    def steps_to_cap(self, cap: int, step: int) -> int:
        """Steps under the maximum of a percentage offer, rounded up: the step that reaches it is given, and clipped."""
        return -(-cap * WHOLE // step)

    # Steps 4 to 6: one offer.

    def one_offer(self, terms: Terms, order: Order, credits_used: int) -> tuple[int, int, str]:
        """Points, discount and what limited it, for an open offer."""
        reason, steps = "", 1 if terms.is_fixed else None
        for limit in self.limits(terms, order, credits_used):
            if steps is None or limit.steps < steps:
                reason, steps = limit.reason, limit.steps
        assert steps is not None  # the balance always limits
        if steps * terms.points < terms.min_points and (steps > 0 or reason == "balance"):
            return 0, 0, "min_points"
        if steps <= 0:
            return 0, 0, reason
        if not terms.is_percent:
            return steps * terms.points, steps * terms.amount, reason or "offer"
        discount, clipped = self.percent_discount(terms, order, steps)
        if discount == 0:
            return 0, 0, "cart"
        charged = self.steps_charged(terms, order, steps, discount)
        return charged * terms.points, discount, "max_discount" if clipped else reason or "offer"

    def percent_discount(self, terms: Terms, order: Order, steps: int) -> tuple[int, bool]:
        """A percentage discount rounded down and at most the maximum, and whether that clipped it."""
        exact = self.base(order) * steps * terms.percent
        if terms.max_discount is not None and exact > terms.max_discount * WHOLE:
            return terms.max_discount, True
        return exact // WHOLE, False

    def steps_charged(self, terms: Terms, order: Order, steps: int, discount: int) -> int:
        """The fewest steps that give this percentage discount."""
        return -(-discount * WHOLE // (self.base(order) * terms.percent))

    # Section 5: why nothing was given.

    def why_nothing(self, order: Order) -> str:
        """The reason of the first offer that comes closest to fitting, where no offer gives anything."""
        fitting = [terms for terms in self.offers if self.fits(terms, order)]
        for terms in fitting:
            if self.below_max_cart(terms, order):
                if not self.takes_coupons(terms, order):
                    return "coupon"
                if not self.reaches_min_cart(terms, order):
                    return "min_cart"
                return self.one_offer(terms, order, self.credits_used(order))[2]
        return "max_cart" if fitting else "no_offer"
