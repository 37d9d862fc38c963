"""Quick enough to be run on every mutant of the law: the worked cases at once, and a few thousand random pairs."""

import datetime as dt

from parity_pairs import differences

import nector_sim as ns
from nector_sim.calculator.compiled import PLAIN, answer_one
from nector_sim.calculator.exact import Law, Order
from nector_sim.calculator.parameters import compile_program
from nector_sim.calculator.reasons import REASONS
from nector_sim.parity.cases import read_cases
from nector_sim.parity.generate import generate
from nector_sim.rules.times import NO_TIME

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def test_every_worked_case():
    for path in sorted(ns.data_path("parity").glob("*.toml")):
        for case in read_cases(path):
            assert case.differences(ns.quote(case.program, **case.order)) == [], case.name


def test_the_laws_agree_on_a_few_thousand_pairs():
    for program, orders in generate(4000, seed=1):
        assert differences(program, orders, PLAIN) == []


def test_a_minimum_payable_that_leaves_just_the_cap_does_not_limit():
    # By hand, on 5,000: a step is 15 %, 750; a sixth of the cart is 833.33, so the multiple leaves one step; the
    # minimum of 4,000 leaves 1,000, just the cap, which a second step would reach and be clipped to.
    offer = ns.VariablePercent(points_per_step=1, percent_per_step=15, max_discount=1000, min_cart_multiple=6)
    program = ns.Program(offers=[offer], min_payable=ns.FixedMinPayable(amount=4000))
    answer = ns.quote(program, cart_amount=5000, points_balance=9)
    assert (answer.points_redeemed, answer.discount, answer.limited_by) == (1, 750, "min_cart")
    assert differences(program, [Order(500_000, 9)], PLAIN) == []


def test_the_ledgers_one_order_agrees_too():
    for program, orders in generate(2000, seed=2):
        tables, law = compile_program(program), Law(program)
        for order in orders:
            exact = law.answer(order)
            given = answer_one(
                tables.enabled,
                tables.terms,
                0,
                len(tables.terms),
                tables.tier_fits,
                tables.tier_names.index(order.tier) if order.tier in tables.tier_names else -1,
                order.cart,
                order.balance,
                order.credits,
                -1 if order.requested is None else order.requested,
                NO_TIME if order.at is None else (order.at - EPOCH) // dt.timedelta(microseconds=1),
                order.cart if order.eligible is None else order.eligible,
                order.coupon,
            )
            expected = (exact.points, exact.discount, exact.credits_used, exact.limited_by)
            assert (*given[:3], REASONS[given[3]]) == expected, (program, order)
