"""The test bench: the exact law with one named choice made otherwise.

These calculators are what other systems may do. They exist to explain differences, and are never settings of a
program. Each replaces as little of :class:`~nector_sim.calculator.exact.Law` as it can and hands the rest on, so that
two of them can be put together.
"""

from __future__ import annotations

import copy
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from math import ceil, floor
from typing import Any, NamedTuple

from nector_sim.calculator.exact import Answer, Law, Limit, Order, Terms
from nector_sim.results import count
from nector_sim.rules.money import WHOLE

#: The answer of a calculator that refuses the order instead of giving no discount.
REFUSED = Answer(None, 0, 0, 0, 0, "refused")


class Variant(NamedTuple):
    """The law with one choice made otherwise."""

    choice: str
    way: str
    law: type[Law]

    def __str__(self) -> str:
        return f"it takes no notice of {self.way}" if self.choice in NOT_READ else f"`{self.choice}` is {self.way}"


#: What a calculator may not read at all, by the order's column.
NOT_READ = ("credits", "points_requested", "tier", "ordered_at", "eligible_amount", "coupon_discount")


class _NoCredits(Law):
    def answer(self, order: Order) -> Answer:
        return super().answer(replace(order, credits=0))


class _NoRequest(Law):
    def answer(self, order: Order) -> Answer:
        return super().answer(replace(order, requested=None))


class _NoTiers(Law):
    """Offers for some tiers are open to everybody."""

    def fits(self, terms: Terms, order: Order) -> bool:
        everyone = copy.copy(terms)
        everyone.tiers = None
        return super().fits(everyone, order)


class _NobodyHasATier(Law):
    """Offers for some tiers are open to nobody."""

    def fits(self, terms: Terms, order: Order) -> bool:
        return super().fits(terms, replace(order, tier=None))


class _NoDates(Law):
    def fits(self, terms: Terms, order: Order) -> bool:
        return super().fits(terms, replace(order, at=None))


class _AllEligible(Law):
    def answer(self, order: Order) -> Answer:
        return super().answer(replace(order, eligible=None))


class _NoCoupons(Law):
    def answer(self, order: Order) -> Answer:
        return super().answer(replace(order, coupon=0))


# Steps and points.


class _Unwhole(Law):
    """A limit inside a step is used up; points for the part of a step are charged in some way."""

    def one_offer(self, terms: Terms, order: Order, credits_used: int) -> tuple[int, int, str]:
        whole = super().one_offer(terms, order, credits_used)
        if terms.is_fixed or self.base(order) == 0:
            return whole
        steps, reason = min(
            ((self.part(limit), limit.reason) for limit in self.limits(terms, order, credits_used)),
            key=lambda pair: pair[0],
        )
        if terms.is_percent:
            # Fractions pass through the law's whole-number steps unharmed.
            discount = self.percent_discount(terms, order, steps)[0]  # type: ignore[arg-type]
            used = Fraction(discount * WHOLE, self.base(order) * terms.percent)
        else:
            discount = floor(steps * terms.amount)
            used = Fraction(discount, terms.amount)
        points = self.points(used, terms.points)
        if points < terms.min_points and (discount > 0 or reason == "balance"):
            return 0, 0, "min_points"
        return (points, discount, reason) if discount > 0 else (0, 0, reason)

    def part(self, limit: Limit) -> Fraction:
        """Steps that fit, with the part of the last one."""
        return Fraction(limit.allows, limit.per_step)

    def points(self, steps: Fraction, points_per_step: int) -> Any:
        """Points charged for so many steps."""
        raise NotImplementedError


class _PointsRoundedUp(_Unwhole):
    def points(self, steps: Fraction, points_per_step: int) -> Any:
        return ceil(steps * points_per_step)


class _PointsToNearest(_Unwhole):
    def points(self, steps: Fraction, points_per_step: int) -> Any:
        return floor(steps * points_per_step + Fraction(1, 2))


class _FractionalPoints(_Unwhole):
    def points(self, steps: Fraction, points_per_step: int) -> Any:
        return steps * points_per_step


class _LastStepCharged(_Unwhole):
    """The customer's points buy whole steps; the step that reaches another limit is clipped and charged whole."""

    def part(self, limit: Limit) -> Fraction:
        return Fraction(limit.steps) if limit.reason in ("balance", "requested", "min_points") else super().part(limit)

    def points(self, steps: Fraction, points_per_step: int) -> Any:
        return ceil(steps) * points_per_step


# The minimum payable.


class _OfWhatCreditsLeave(Law):
    def min_payable(self, order: Order) -> int:
        return super().min_payable(replace(order, cart=order.cart - min(order.credits, order.cart)))


class _RoundedMinPayable(Law):
    """A percentage minimum rounded before it limits: down, to nearest or up; to minor or to major units."""

    direction = 0
    major = False

    def min_payable(self, order: Order) -> int:
        exact = super().min_payable(order)
        if not self.min_payable_percent:
            return exact
        unit = WHOLE * 10**self.program.decimals if self.major else WHOLE
        return (exact + (0, unit // 2, unit - 1)[self.direction]) // unit * unit


def _rounded(direction: int, *, major: bool) -> type[Law]:
    return type("_RoundedMinPayable", (_RoundedMinPayable,), {"direction": direction, "major": major})


class _BelowMinimumRefused(Law):
    def answer(self, order: Order) -> Answer:
        below = self.enabled and order.cart * WHOLE < self.min_payable(order)
        return REFUSED if below else super().answer(order)


class _BelowMinimumChargedIt(Law):
    def answer(self, order: Order) -> Answer:
        answer = super().answer(order)
        if self.enabled and order.cart * WHOLE < self.min_payable(order):
            return replace(answer, payable=max(0, self.min_payable_shown(order) - answer.credits_used))
        return answer


class _CreditsHeldBack(Law):
    def credits_used(self, order: Order) -> int:
        return min(super().credits_used(order), max(0, order.cart * WHOLE - self.min_payable(order)) // WHOLE)


class _CreditsPayMinimum(Law):
    def room(self, order: Order, credits_used: int) -> int:
        return min(super().room(order, 0), (order.cart - credits_used) * WHOLE)


class _FixedOfferClipped(Law):
    def one_offer(self, terms: Terms, order: Order, credits_used: int) -> tuple[int, int, str]:
        points, discount, reason = super().one_offer(terms, order, credits_used)
        money = ("cart", "min_payable")
        if not terms.is_fixed or discount or reason not in money:
            return points, discount, reason
        others_fit = all(limit.steps for limit in self.limits(terms, order, credits_used) if limit.reason not in money)
        room = min(self.left(order, credits_used), self.room(order, credits_used) // WHOLE)
        return (terms.points, room, reason) if others_fit and room else (0, 0, reason)


# The minimum cart and the multiple.


class _MinCartAfterCredits(Law):
    def reaches_min_cart(self, terms: Terms, order: Order) -> bool:
        return self.left(order, self.credits_used(order)) >= terms.min_cart


class _MinCartAfterPoints(Law):
    def one_offer(self, terms: Terms, order: Order, credits_used: int) -> tuple[int, int, str]:
        points, discount, reason = super().one_offer(terms, order, credits_used)
        return (points, discount, reason) if self.base(order) - discount >= terms.min_cart else (0, 0, "min_cart")


class _MinCartExceeded(Law):
    def reaches_min_cart(self, terms: Terms, order: Order) -> bool:
        return super().reaches_min_cart(terms, order) and not 0 < terms.min_cart == self.base(order)


class _MinCartOfWholeCart(Law):
    def reaches_min_cart(self, terms: Terms, order: Order) -> bool:
        return super().reaches_min_cart(terms, replace(order, eligible=None))


class _MultipleAllOrNothing(Law):
    def one_offer(self, terms: Terms, order: Order, credits_used: int) -> tuple[int, int, str]:
        if terms.multiple is None:
            return super().one_offer(terms, order, credits_used)
        without = copy.copy(terms)
        without.multiple = None
        points, discount, reason = super().one_offer(without, order, credits_used)
        fits = discount * terms.multiple <= self.base(order) * 10_000
        return (points, discount, reason) if fits else (0, 0, "min_cart")


# Percentages.


class _RoundedPercent(Law):
    """A percentage discount rounded otherwise; still the fewest steps that give it are charged."""

    def percent_discount(self, terms: Terms, order: Order, steps: int) -> tuple[int, bool]:
        down, clipped = super().percent_discount(terms, order, steps)
        if clipped:
            return down, clipped
        rounded = self.rounded(Fraction(self.base(order) * steps * terms.percent, WHOLE))
        return (rounded if terms.max_discount is None else min(rounded, terms.max_discount)), False

    def steps_charged(self, terms: Terms, order: Order, steps: int, discount: int) -> int:
        return 1 + bisect_left(
            range(1, steps), discount, key=lambda fewer: self.percent_discount(terms, order, fewer)[0]
        )

    def rounded(self, exact: Fraction) -> int:
        return floor(exact + Fraction(1, 2))


class _HalfEven(_RoundedPercent):
    def rounded(self, exact: Fraction) -> int:
        return round(exact)


class _RoundedUp(_RoundedPercent):
    def rounded(self, exact: Fraction) -> int:
        return ceil(exact)


class _DownToMajor(_RoundedPercent):
    def rounded(self, exact: Fraction) -> int:
        major = 10**self.program.decimals
        return int(floor(exact / major) * major)


class _HalfUpToMajor(_RoundedPercent):
    def rounded(self, exact: Fraction) -> int:
        major = 10**self.program.decimals
        return int(floor(exact / major + Fraction(1, 2)) * major)


class _ClippingStepRefused(Law):
    def steps_to_cap(self, cap: int, step: int) -> int:
        return cap * WHOLE // step


class _ClippedPointsScaled(Law):
    def one_offer(self, terms: Terms, order: Order, credits_used: int) -> tuple[int, int, str]:
        points, discount, reason = super().one_offer(terms, order, credits_used)
        if terms.is_percent and discount and discount == terms.max_discount:
            points = min(points, ceil(Fraction(discount * WHOLE * terms.points, self.base(order) * terms.percent)))
        return points, discount, reason


class _MostSteps(Law):
    def steps_charged(self, terms: Terms, order: Order, steps: int, discount: int) -> int:
        return steps


# The points that a redemption uses at least, and what points may pay of a cart.


class _MinimumPoints(Law):
    """No redemption of fewer points, though the program does not say so."""

    least = 0

    def one_offer(self, terms: Terms, order: Order, credits_used: int) -> tuple[int, int, str]:
        points, discount, reason = super().one_offer(terms, order, credits_used)
        return (0, 0, "min_points") if discount and points < self.least else (points, discount, reason)


def _at_least(points: int) -> type[Law]:
    return type("_MinimumPoints", (_MinimumPoints,), {"least": points})


class _CreditsPayEligibleFirst(Law):
    def left(self, order: Order, credits_used: int) -> int:
        return max(0, self.base(order) - credits_used)


class _CreditsPayInProportion(Law):
    def left(self, order: Order, credits_used: int) -> int:
        base = self.base(order)
        return base if order.cart == 0 else base * (order.cart - credits_used) // order.cart


class _OfWholeCart(Law):
    """Tests and percentages are of the whole cart; what points may pay only bounds the discount."""

    def base(self, order: Order) -> int:
        return order.cart

    def left(self, order: Order, credits_used: int) -> int:
        left = super().left(order, credits_used)
        return left if order.eligible is None else min(left, order.eligible)


# The order as a whole.


class _FirstListed(Law):
    def rank(self, position: int, points: int, discount: int) -> tuple[int, int, int]:
        return position, 0, 0


class _FirstOpenAlone(Law):
    def is_open(self, terms: Terms, order: Order) -> bool:
        return terms is next((one for one in self.offers if super(_FirstOpenAlone, self).is_open(one, order)), None)


class _LastListed(Law):
    def rank(self, position: int, points: int, discount: int) -> tuple[int, int, int]:
        return -position, 0, 0


class _FewestPoints(Law):
    def rank(self, position: int, points: int, discount: int) -> tuple[int, int, int]:
        return points, -discount, position


class _ExcessGivesNothing(Law):
    def answer(self, order: Order) -> Answer:
        if (
            not self.enabled
            or order.requested is None
            or order.requested <= super().answer(replace(order, requested=None)).points
        ):
            return super().answer(order)
        return self.instead(order)

    def instead(self, order: Order) -> Answer:
        return super().answer(replace(order, requested=0))


class _ExcessRefused(_ExcessGivesNothing):
    def instead(self, order: Order) -> Answer:
        return REFUSED


class _PointsFirst(Law):
    def answer(self, order: Order) -> Answer:
        answer = super().answer(replace(order, credits=0))
        if not self.enabled or answer.limited_by == "refused":
            return answer
        used = min(order.credits, answer.payable)
        return replace(answer, payable=answer.payable - used, credits_used=used)


class _UndatedOutside(Law):
    def fits(self, terms: Terms, order: Order) -> bool:
        undated = order.at is None and (terms.starts_at is not None or terms.ends_at is not None)
        return not undated and super().fits(terms, order)


#: Minimum numbers of points of a redemption that are tried, as programs have them.
MINIMA = (10, 30, 50, 100, 200, 250, 500, 1000)

#: What a calculator may not read; tried before everything else.
IGNORING = (
    Variant("credits", "credits", _NoCredits),
    Variant("points_requested", "the points that were asked for", _NoRequest),
    Variant("tier", "the tier: offers for some tiers are everybody's", _NoTiers),
    Variant("tier", "the tier: offers for some tiers are nobody's", _NobodyHasATier),
    Variant("ordered_at", "the time", _NoDates),
    Variant("eligible_amount", "the eligible amount", _AllEligible),
    Variant("coupon_discount", "other coupons", _NoCoupons),
)
#: At least one for each name of :data:`nector_sim.calculator.choices.CHOICES`, in that order.
VARIANTS = (
    Variant("steps_whole", "clipped to the limit, points rounded up", _PointsRoundedUp),
    Variant("steps_whole", "clipped to the limit, points rounded to nearest", _PointsToNearest),
    Variant("points_round", "fractional points", _FractionalPoints),
    Variant("points_round", "the last step clipped and charged whole", _LastStepCharged),
    Variant("min_payable_base", "what credits leave", _OfWhatCreditsLeave),
    Variant("min_payable_rounding", "down", _rounded(0, major=False)),
    Variant("min_payable_rounding", "to nearest", _rounded(1, major=False)),
    Variant("min_payable_rounding", "up before it limits", _rounded(2, major=False)),
    Variant("min_payable_rounding", "down to the major unit", _rounded(0, major=True)),
    Variant("min_payable_rounding", "to the nearest major unit", _rounded(1, major=True)),
    Variant("min_payable_rounding", "up to the major unit", _rounded(2, major=True)),
    Variant("min_payable_excess", "refused", _BelowMinimumRefused),
    Variant("min_payable_excess", "charged the minimum", _BelowMinimumChargedIt),
    Variant("min_payable_credits", "held back by it", _CreditsHeldBack),
    Variant("min_payable_credits", "counted as payment", _CreditsPayMinimum),
    Variant("min_payable_fixed_offer", "clipped, all points charged", _FixedOfferClipped),
    Variant("min_cart_base", "after credits", _MinCartAfterCredits),
    Variant("min_cart_base", "after points", _MinCartAfterPoints),
    Variant("min_cart_base", "the whole cart, whatever points may pay of it", _MinCartOfWholeCart),
    Variant("min_cart_edge", "exclusive", _MinCartExceeded),
    Variant("multiple_shrinks", "all or nothing", _MultipleAllOrNothing),
    Variant("percent_rounding", "half up", _RoundedPercent),
    Variant("percent_rounding", "half to even", _HalfEven),
    Variant("percent_rounding", "up", _RoundedUp),
    Variant("percent_rounding", "down to the major unit", _DownToMajor),
    Variant("percent_rounding", "half up to the major unit", _HalfUpToMajor),
    Variant("percent_clip", "refused, the step below given", _ClippingStepRefused),
    Variant("percent_clip", "points scaled down", _ClippedPointsScaled),
    Variant("percent_fewest_steps", "the most steps", _MostSteps),
    Variant("best_offer", "the first listed", _FirstListed),
    Variant("best_offer", "the first open, even if it gives nothing", _FirstOpenAlone),
    Variant("best_offer", "the last listed", _LastListed),
    Variant("best_offer", "the fewest points", _FewestPoints),
    Variant("excess_request", "nothing", _ExcessGivesNothing),
    Variant("excess_request", "refused", _ExcessRefused),
    Variant("credits_first", "points before credits", _PointsFirst),
    Variant("credits_on_the_rest", "credits pay first what points may pay", _CreditsPayEligibleFirst),
    Variant("credits_on_the_rest", "credits pay in proportion", _CreditsPayInProportion),
    Variant("offer_base", "the whole cart", _OfWholeCart),
    *(Variant("redemption_minimum", f"at least {count(least, 'point')}", _at_least(least)) for least in MINIMA),
    Variant("undated_order", "outside", _UndatedOutside),
)


@lru_cache(maxsize=1024)
def together(variants: tuple[Variant, ...]) -> type[Law]:
    """The law with several choices made otherwise at once; each variant hands on what it does not decide."""
    if len(variants) == 1:
        return variants[0].law
    return type("_Together", tuple(variant.law for variant in variants), {})


def ignoring_sets() -> Iterator[tuple[Variant, ...]]:
    """Every three or more inputs that a calculator may not read; of each, one way."""
    for size in range(3, len(NOT_READ) + 1):
        for several in combinations(IGNORING, size):
            if len({variant.choice for variant in several}) == size:
                yield several


def pairs() -> Iterator[tuple[Variant, Variant]]:
    """Every two variants of different choices."""
    every = (*IGNORING, *VARIANTS)
    for position, first in enumerate(every):
        for second in every[position + 1 :]:
            if first.choice != second.choice:
                yield first, second
