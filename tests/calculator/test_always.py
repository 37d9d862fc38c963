"""What must always hold, sentence by sentence (data/law/redemption.md, section 7)."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from strategies import programs_with_orders

import nector_sim as ns
from nector_sim.calculator.exact import Law, Order
from nector_sim.frames.results import RESULTS
from nector_sim.parity.answers import order_fields
from nector_sim.rules.money import MAX_MINOR, WHOLE
from nector_sim.rules.offers import VariableAmount, VariablePercent
from nector_sim.rules.program import FixedMinPayable, PercentMinPayable, Program

EXAMPLES = settings(max_examples=60)


def discounts(program, orders):
    law = Law(program)
    return [law.answer(order).discount for order in orders]


def never_lower(before, after):
    assert all(low <= high for low, high in zip(before, after, strict=True))


@EXAMPLES
@given(programs_with_orders())
def test_the_discount_fits_into_the_cart_and_the_sum_is_right(made):
    program, orders = made
    for order in orders:
        answer = Law(program).answer(order)
        assert 0 <= answer.discount <= order.cart - answer.credits_used
        assert answer.payable == order.cart - answer.credits_used - answer.discount


@EXAMPLES
@given(programs_with_orders())
def test_credits_are_used_first_and_never_beyond_the_cart(made):
    program, orders = made
    for order in orders:
        used = Law(program).answer(order).credits_used
        assert used == (min(order.credits, order.cart) if program.enabled else 0)


@EXAMPLES
@given(programs_with_orders())
def test_with_points_alone_the_customer_pays_the_minimum_or_the_cart(made):
    program, orders = made
    minimum = program.min_payable
    for order in orders:
        order = replace(order, credits=0)
        least = Fraction(0)
        if isinstance(minimum, FixedMinPayable):
            least = Fraction(minimum.amount) * 10**program.decimals
        elif isinstance(minimum, PercentMinPayable):
            least = order.cart * Fraction(minimum.percent) / 100
        assert Law(program).answer(order).payable >= min(order.cart, least)


@EXAMPLES
@given(programs_with_orders())
def test_points_used_are_owned_and_asked_for(made):
    program, orders = made
    for order in orders:
        answer = Law(program).answer(order)
        assert 0 <= answer.points <= order.balance
        assert order.requested is None or answer.points <= order.requested


@EXAMPLES
@given(programs_with_orders())
def test_points_are_those_of_whole_steps(made):
    program, orders = made
    for order in orders:
        answer = Law(program).answer(order)
        if answer.offer is None:
            assert (answer.points, answer.discount) == (0, 0)
        else:
            offer = program.offers[answer.offer]
            assert answer.points % offer.step_points == 0
            assert answer.points == offer.step_points or not offer.is_fixed
            assert answer.points > 0
            assert answer.discount > 0


@EXAMPLES
@given(programs_with_orders(), st.integers(1, 1000))
def test_more_balance_never_lowers_the_discount(made, more):
    program, orders = made
    never_lower(discounts(program, orders), discounts(program, [replace(o, balance=o.balance + more) for o in orders]))


@EXAMPLES
@given(programs_with_orders(), st.sampled_from(["0", "0.5", "0.99"]))
def test_a_lower_minimum_payable_never_lowers_the_discount(made, share):
    program, orders = made
    minimum = program.min_payable or PercentMinPayable(percent=20)
    program = program.model_copy(update={"min_payable": minimum})
    if isinstance(minimum, FixedMinPayable):
        unit = Decimal(1).scaleb(-program.decimals)
        lower = FixedMinPayable(amount=(minimum.amount * Decimal(share)) // unit * unit)
    else:
        lower = PercentMinPayable(percent=minimum.percent * Decimal(share) // Decimal("0.01") * Decimal("0.01"))
    lowered = program.model_copy(update={"min_payable": lower})
    never_lower(discounts(program, orders), discounts(lowered, orders))


@EXAMPLES
@given(programs_with_orders(), st.sampled_from([Decimal("0.01"), Decimal(1), Decimal(50)]))
def test_a_higher_max_percent_never_lowers_the_discount(made, more):
    program, orders = made
    low, high = (with_cap(program, VariablePercent, "max_percent", Decimal(30) + plus) for plus in (0, more))
    never_lower(discounts(low, orders), discounts(high, orders))


@EXAMPLES
@given(programs_with_orders(), st.integers(1, 50_000), st.sampled_from([1, 7, 100, 10_000]))
def test_a_higher_max_discount_on_an_amount_offer_never_lowers_the_discount(made, cap, more):
    program, orders = made
    caps = [Decimal(amount).scaleb(-program.decimals) for amount in (cap, cap + more)]
    low, high = (with_cap(program, VariableAmount, "max_discount", amount) for amount in caps)
    never_lower(discounts(low, orders), discounts(high, orders))


def with_cap(program, kind, field, cap):
    offers = tuple(o.model_copy(update={field: cap}) if isinstance(o, kind) else o for o in program.offers)
    try:
        return program.model_copy(update={"offers": offers})
    except ValidationError:  # its min_points cannot be reached below this cap
        reject()


@EXAMPLES
@given(programs_with_orders(), st.sampled_from([1, 2, 99, 5000]))
def test_a_larger_cart_never_lowers_the_discount(made, more):
    program, orders = made
    offers = tuple(offer.model_copy(update={"max_cart": None}) for offer in program.offers)
    program = program.model_copy(update={"offers": offers})
    larger = [replace(order, cart=min(MAX_MINOR, order.cart + more)) for order in orders]
    never_lower(discounts(program, orders), discounts(program, larger))


def test_a_higher_maximum_of_a_percentage_offer_can_lower_the_discount():
    def given_at(cap):
        offer = {"kind": "fixed_percent", "points": 1, "percent": 50, "max_discount": cap}
        program = Program.parse({"offers": [offer], "min_payable": {"kind": "fixed", "amount": 600}})
        return Law(program).answer(Order(cart=100_000, balance=1)).discount

    assert (given_at(400), given_at(450)) == (40_000, 0)


def test_a_higher_point_value_can_lower_the_discount():
    def given_at(value):
        offer = VariableAmount(points_per_step=1, discount_per_step=value, max_discount=100)
        return Law(Program(offers=[offer])).answer(Order(cart=100_000, balance=1000)).discount

    assert (given_at(30), given_at(40)) == (9000, 8000)


@EXAMPLES
@given(programs_with_orders())
def test_a_fixed_minimum_of_0_restricts_nothing(made):
    program, orders = made
    law = Law(program.model_copy(update={"min_payable": None}))
    zero = Law(program.model_copy(update={"min_payable": FixedMinPayable(amount=0)}))
    none = Law(program.model_copy(update={"min_payable": PercentMinPayable(percent=0)}))
    assert [law.answer(o) for o in orders] == [zero.answer(o) for o in orders] == [none.answer(o) for o in orders]


@EXAMPLES
@given(programs_with_orders())
def test_a_disabled_integration_redeems_nothing(made):
    program, orders = made
    law = Law(program.model_copy(update={"enabled": False}))
    for order in orders:
        answer = law.answer(order)
        assert (answer.points, answer.discount, answer.credits_used, answer.payable) == (0, 0, 0, order.cart)
        assert (answer.limited_by, answer.offer) == ("not_live", None)


@EXAMPLES
@given(programs_with_orders())
def test_the_minimum_payable_is_shown_rounded_up(made):
    program, orders = made
    law = Law(program)
    for order in orders:
        shown = law.min_payable_shown(order) * WHOLE
        assert 0 <= shown - law.min_payable(order) < WHOLE


def frame_of(program, orders):
    columns = ["cart_amount", "points_balance", "credits", "points_requested", "tier", "ordered_at"]
    columns += ["eligible_amount", "coupon_discount"]
    return pd.DataFrame([order_fields(program, order) for order in orders], columns=columns)


@settings(max_examples=25)
@given(programs_with_orders(), st.randoms(use_true_random=False))
def test_permuting_the_rows_permutes_the_results(made, random):
    program, orders = made
    frame = frame_of(program, orders)
    shuffled = list(range(len(frame)))
    random.shuffle(shuffled)
    pd.testing.assert_frame_equal(ns.score(program, frame.iloc[shuffled]), ns.score(program, frame).iloc[shuffled])


@settings(max_examples=25)
@given(programs_with_orders(), st.integers(0, 40))
def test_cutting_a_frame_into_parts_changes_nothing(made, cut):
    program, orders = made
    frame = frame_of(program, orders)
    parts = [ns.score(program, part) for part in (frame[:cut], frame[cut:])]
    whole = ns.score(program, frame)
    for column in RESULTS:
        assert [value for part in parts for value in part[column]] == list(whole[column])


@pytest.mark.parametrize("value", [-1, 0])
def test_without_points_nothing_is_given(value):
    offer = VariableAmount(points_per_step=1, discount_per_step=1)
    answer = Law(Program(offers=[offer])).answer(Order(cart=100, balance=value))
    assert (answer.points, answer.discount, answer.payable, answer.limited_by) == (0, 0, 100, "balance")
