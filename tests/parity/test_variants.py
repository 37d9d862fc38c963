"""The test bench: each variant differs from the law as it says, and a record of it is named."""

import pytest
from recorded import as_function

import nector_sim as ns
from nector_sim.calculator.choices import CHOICES
from nector_sim.calculator.exact import Law, Order
from nector_sim.parity.generate import generate
from nector_sim.parity.variants import MINIMA, REFUSED, VARIANTS, pairs, together
from nector_sim.rules.program import Program
from tests.sizes import size

AMOUNT = {"kind": "variable_amount", "points_per_step": 100, "discount_per_step": 10}
RUPEE = {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}
FIFTH = {"kind": "percent", "percent": 20}
THIRD = {"kind": "percent", "percent": "33.33"}
HUNDRED = {"kind": "fixed", "amount": 100}
EIGHTY = {"kind": "fixed_percent", "points": 10, "percent": 80}


def program(*offers, minimum=None):
    return Program.parse({"offers": list(offers), "min_payable": minimum})


PAISA = {**RUPEE, "discount_per_step": "0.01"}
#: For each variant, worked by hand: program, order in minor units, and the points, discount and payable that it gives.
BY_HAND = {
    # 155 above the minimum: 15.5 steps of 10.
    "steps_whole: clipped to the limit, points rounded up": (
        *(program(AMOUNT, minimum=HUNDRED), Order(25_505, 5000)),
        (1551, 15_505, 10_000),
    ),
    "steps_whole: clipped to the limit, points rounded to nearest": (
        *(program(AMOUNT, minimum=HUNDRED), Order(25_502, 5000)),
        (1550, 15_502, 10_000),
    ),
    "points_round: fractional points": (program(RUPEE, minimum=HUNDRED), Order(25_550, 5000), (155.5, 15_550, 10_000)),
    "points_round: the last step clipped and charged whole": (
        *(program(AMOUNT, minimum=HUNDRED), Order(25_505, 5000)),
        (1600, 15_505, 10_000),
    ),
    # 20 % of the 600 that credits leave: 480 for points.
    "min_payable_base: what credits leave": (
        *(program(RUPEE, minimum=FIFTH), Order(100_000, 5000, credits=40_000)),
        (480, 48_000, 12_000),
    ),
    # A third of 10.00 is 3.333.
    "min_payable_rounding: down": (program(PAISA, minimum=THIRD), Order(1000, 5000), (667, 667, 333)),
    "min_payable_rounding: to nearest": (program(PAISA, minimum=THIRD), Order(1000, 5000), (667, 667, 333)),
    # 80 % of 100.01 is 80.008, which fits beside 20.002 and not beside 20.01.
    "min_payable_rounding: up before it limits": (program(EIGHTY, minimum=FIFTH), Order(10_001, 50), (0, 0, 10_001)),
    # A fifth of 499 is 99.80.
    "min_payable_rounding: down to the major unit": (
        program(PAISA, minimum=FIFTH),
        Order(49_900, 90_000),
        (40_000, 40_000, 9900),
    ),
    "min_payable_rounding: to the nearest major unit": (
        *(program(PAISA, minimum=FIFTH), Order(49_900, 90_000)),
        (39_900, 39_900, 10_000),
    ),
    "min_payable_rounding: up to the major unit": (
        *(program(PAISA, minimum=FIFTH), Order(49_600, 90_000)),
        (39_600, 39_600, 10_000),
    ),
    "min_payable_excess: refused": (program(RUPEE, minimum=HUNDRED), Order(9999, 5000), None),
    "min_payable_excess: charged the minimum": (program(RUPEE, minimum=HUNDRED), Order(8000, 5000), (0, 0, 10_000)),
    "min_payable_credits: held back by it": (
        *(program(RUPEE, minimum=HUNDRED), Order(50_000, 5000, credits=45_000)),
        (0, 0, 10_000),
    ),
    # 450 of credits count as paid, so points may take the rest.
    "min_payable_credits: counted as payment": (
        *(program(RUPEE, minimum=HUNDRED), Order(50_000, 5000, credits=45_000)),
        (50, 5000, 0),
    ),
    "min_payable_fixed_offer: clipped, all points charged": (
        *(program({"kind": "fixed_amount", "points": 100, "discount": 50}, minimum=HUNDRED), Order(12_000, 500)),
        (100, 2000, 10_000),
    ),
    "min_cart_base: after credits": (
        *(program({**RUPEE, "min_cart": 500}), Order(50_000, 100, credits=1)),
        (0, 0, 49_999),
    ),
    "min_cart_base: after points": (program({**RUPEE, "min_cart": 500}), Order(50_000, 100), (0, 0, 50_000)),
    # 400 of a cart of 600 may be paid with points.
    "min_cart_base: the whole cart, whatever points may pay of it": (
        *(program({**RUPEE, "min_cart": 500}), Order(60_000, 100, eligible=40_000)),
        (100, 10_000, 50_000),
    ),
    "min_cart_edge: exclusive": (program({**RUPEE, "min_cart": 500}), Order(50_000, 100), (0, 0, 50_000)),
    "multiple_shrinks: all or nothing": (program({**RUPEE, "min_cart_multiple": 4}), Order(20_000, 51), (0, 0, 20_000)),
    # 10 % of 0.05 is half a paisa; of 0.15 it is one and a half, of 0.11 a little more than one.
    "percent_rounding: half up": (program({**EIGHTY, "percent": 10}), Order(5, 50), (10, 1, 4)),
    "percent_rounding: half to even": (program({**EIGHTY, "percent": 10}), Order(15, 50), (10, 2, 13)),
    "percent_rounding: up": (program({**EIGHTY, "percent": 10}), Order(11, 50), (10, 2, 9)),
    # 10 % of 155 is 15.50.
    "percent_rounding: down to the major unit": (
        *(program({**EIGHTY, "percent": 10}), Order(15_500, 50)),
        (10, 1500, 14_000),
    ),
    "percent_rounding: half up to the major unit": (
        *(program({**EIGHTY, "percent": 10}), Order(15_500, 50)),
        (10, 1600, 13_900),
    ),
    "percent_clip: refused, the step below given": (
        *(program({"kind": "variable_percent", "points_per_step": 1, "percent_per_step": 10, "max_discount": 25}),),
        *(Order(10_000, 50), (2, 2000, 8000)),
    ),
    "percent_clip: points scaled down": (
        *(program({"kind": "fixed_percent", "points": 100, "percent": 50, "max_discount": 20}), Order(10_000, 500)),
        (40, 2000, 8000),
    ),
    "percent_fewest_steps: the most steps": (
        *(program({"kind": "variable_percent", "points_per_step": 1, "percent_per_step": 1}), Order(50, 3)),
        (3, 1, 49),
    ),
    "best_offer: the first listed": (
        *(program({"kind": "fixed_amount", "points": 10, "discount": 5}, RUPEE), Order(10_000, 50)),
        (10, 500, 9500),
    ),
    # The first is open, and 50 points are too few for it.
    "best_offer: the first open, even if it gives nothing": (
        *(program({"kind": "fixed_amount", "points": 60, "discount": 5}, RUPEE), Order(10_000, 50)),
        (0, 0, 10_000),
    ),
    "best_offer: the last listed": (
        *(program(RUPEE, {"kind": "fixed_amount", "points": 10, "discount": 5}), Order(10_000, 50)),
        (10, 500, 9500),
    ),
    "best_offer: the fewest points": (
        *(program(RUPEE, {"kind": "fixed_amount", "points": 10, "discount": 5}, RUPEE), Order(10_000, 50)),
        (10, 500, 9500),
    ),
    "excess_request: nothing": (program(RUPEE), Order(10_000, 50, requested=51), (0, 0, 10_000)),
    "excess_request: refused": (program(RUPEE), Order(10_000, 50, requested=51), None),
    "credits_first: points before credits": (
        *(program(RUPEE), Order(10_000, 50, credits=9000)),
        (50, 5000, 0),
    ),
    # Of 500, points may pay 300, and credits pay 250.
    "credits_on_the_rest: credits pay first what points may pay": (
        *(program(RUPEE), Order(50_000, 5000, credits=25_000, eligible=30_000)),
        (50, 5000, 20_000),
    ),
    "credits_on_the_rest: credits pay in proportion": (
        *(program(RUPEE), Order(50_000, 5000, credits=25_000, eligible=30_000)),
        (150, 15_000, 10_000),
    ),
    "offer_base: the whole cart": (
        *(program({**RUPEE, "max_discount_percent": 25}), Order(100_000, 5000, eligible=60_000)),
        (250, 25_000, 75_000),
    ),
    **{
        f"redemption_minimum: at least {least:,} points": (
            *(program(RUPEE), Order(10**6, least - 1)),
            (0, 0, 10**6),
        )
        for least in MINIMA
    },
    "undated_order: outside": (
        program({**RUPEE, "starts_at": "2026-11-01T00:00:00"}),
        Order(10_000, 50),
        (0, 0, 10_000),
    ),
}
#: Generated orders; enough to tell each two variants apart.
ORDERS = 2000
BENCH = {f"{variant.choice}: {variant.way}": variant for variant in VARIANTS}


def test_each_variant_is_worked_by_hand():
    assert list(BY_HAND) == list(BENCH)


@pytest.mark.parametrize("name", BENCH)
def test_by_hand(name):
    rules, order, expected = BY_HAND[name]
    answer = BENCH[name].law(rules).answer(order)
    if expected is None:
        assert answer == REFUSED
    else:
        assert (answer.points, answer.discount, answer.payable) == expected


def test_the_law_itself_gives_others():
    same = []
    for name, (rules, order, expected) in BY_HAND.items():
        answer = Law(rules).answer(order)
        if (answer.points, answer.discount, answer.payable) == expected:
            same.append(name)
    assert same == []


@pytest.mark.parametrize("name", BENCH)
def test_a_calculator_made_so_is_named_uniquely(name):
    variant = BENCH[name]
    report = ns.check_parity(None, calculator=as_function(variant.law), n=ORDERS, seed=1)
    if variant.choice == "redemption_minimum":  # two minima may agree on all of these orders
        assert set(report.groups[0].choices) == {(variant.choice,)}
    else:
        assert [group.explanation for group in report.groups] == [f"agrees on all of them if {variant}"]
        assert report.groups[0].choices == ((variant.choice,),)
    assert report.agreements + report.groups[0].count == ORDERS


#: Every choice occurs in one of these.
TWO = [pair for number, pair in enumerate(pairs()) if number % 73 == 5]


@pytest.mark.parametrize("pair", TWO, ids=lambda pair: " and ".join(variant.choice for variant in pair))
def test_two_at_once_are_named_or_called_unexplained(pair):
    report = ns.check_parity(None, calculator=as_function(together(pair)), n=size(800, ORDERS), seed=2)
    named = {name for group in report.groups for names in group.choices for name in names}
    assert named <= {variant.choice for variant in pair}
    assert named or [group.explanation for group in report.groups] == ["unexplained"]


def test_a_variant_may_be_put_together_with_any_of_another_choice():
    [(rules, orders)] = generate(20, seed=3, orders_per_program=20)
    for pair in pairs():
        assert pair[0].choice != pair[1].choice
        law = together(pair)(rules)
        for order in orders:
            assert law.answer(order).discount >= 0


def test_no_variant_can_be_set_in_a_program():
    assert not set(CHOICES) & set(Program.model_fields)
