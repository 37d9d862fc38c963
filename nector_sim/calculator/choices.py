"""The named choices: places where another calculator may differ from this one, and what was chosen here."""

from __future__ import annotations

from typing import NamedTuple


class Choice(NamedTuple):
    """One place where calculators differ."""

    chosen: str
    others: str


CHOICES = {
    "steps_whole": Choice(
        "a limit inside a step gives the step below", "clip to the limit, points rounded up or to nearest"
    ),
    "points_round": Choice(
        "the points of whole steps are charged", "fractional points, or points rounded up to cover the amount"
    ),
    "min_payable_base": Choice("a percentage of the cart before credits", "of what credits leave, or with shipping"),
    "min_payable_rounding": Choice("exact where it limits, shown rounded up", "rounded down, or to the rupee"),
    "min_payable_excess": Choice("a cart below the minimum payable gets no discount", "the order is refused"),
    "min_payable_credits": Choice("credits are not held back by it", "credits count against it"),
    "min_payable_fixed_offer": Choice(
        "an all-or-nothing offer that does not fit is not given", "clipped, with all points charged"
    ),
    "min_cart_base": Choice("tested on the cart before credits", "after credits or points"),
    "min_cart_edge": Choice("a cart equal to the minimum qualifies", "it must exceed the minimum"),
    "multiple_shrinks": Choice("the discount shrinks to satisfy the multiple", "all or nothing"),
    "percent_rounding": Choice("percentage discounts round down", "half up"),
    "percent_clip": Choice("clipped at the maximum discount", "refused, or points scaled down"),
    "percent_fewest_steps": Choice(
        "the fewest steps that give the discount are charged", "the largest number of steps"
    ),
    "best_offer": Choice(
        "the largest discount, then the fewest points, then the first listed",
        "the first listed; the customer picks",
    ),
    "excess_request": Choice("a request above the limits is reduced to them", "it is refused"),
    "credits_first": Choice("credits before points", "points before credits"),
    "credits_on_the_rest": Choice(
        "credits pay first what points may not pay", "credits reduce what points may pay in proportion"
    ),
    "offer_base": Choice("an offer's tests and percentages are of what points may pay", "of the whole cart"),
    "redemption_minimum": Choice(
        "a redemption may use any number of points, unless the offer has `min_points`", "a minimum of its own"
    ),
    "undated_order": Choice("an order without a time is inside every offer's dates", "it is outside"),
}
