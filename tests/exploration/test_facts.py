"""Facts of a setting, worked out by hand."""

from decimal import Decimal

import pytest

import nector_sim as ns


def program(*offers, **fields):
    return ns.Program.parse({"offers": list(offers), **fields})


def limits(offer):
    return [(float(limit.cart_amount), limit.limited_by) for limit in offer.limits]


ONE = {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}
FIXED = {"kind": "fixed", "amount": 100}


def test_where_each_limit_takes_over():
    # The first rupee is given at 101; from 1100 on the cap of 1000 is reached.
    found = ns.facts(program({**ONE, "max_discount": 1000}, min_payable=FIXED), cart_amount=750)
    assert found.largest_discount == 650
    assert limits(found.offers[0]) == [(101, "min_payable"), (1100, "max_discount")]
    assert found.offers[0].gives_from == 101


def test_a_percentage_to_pay_and_whole_steps():
    # A step of 10 is given from 12.50, where 80 % are 10; a cap of 25 holds two steps, from 25 on.
    offer = {"kind": "variable_amount", "points_per_step": 100, "discount_per_step": 10, "max_discount": 25}
    found = ns.facts(program(offer, min_payable={"kind": "percent", "percent": 20}))
    assert limits(found.offers[0]) == [(12.5, "min_payable"), (25, "max_discount")]
    assert found.largest_discount == 20
    assert found.offers[0].points_stranded_at_most == 99


def test_the_multiple_and_the_minimum_cart():
    found = ns.facts(program({**ONE, "min_cart": 300, "min_cart_multiple": 4, "max_discount": 100}))
    assert limits(found.offers[0]) == [(300, "min_cart"), (400, "max_discount")]


def test_offers_in_percent():
    # 10 % a step, at most 35 %: three steps. Up to 200, which 30 % reach at 666.67; 100 to pay leave one step from
    # 111.12 (90 % of it are 100) and 30 % from 142.86.
    offer = {
        "kind": "variable_percent",
        "points_per_step": 100,
        "percent_per_step": 10,
        "max_percent": 35,
        "max_discount": 200,
    }
    found = ns.facts(program(offer, min_payable=FIXED))
    assert limits(found.offers[0]) == [(111.12, "min_payable"), (142.86, "max_discount")]
    assert found.largest_discount == 200
    assert found.offers[0].point_value is None


def test_an_offer_given_whole():
    fixed = {"kind": "fixed_amount", "points": 80, "discount": 50}
    assert limits(ns.facts(program(fixed, min_payable=FIXED)).offers[0]) == [(150, "offer")]
    half = {"kind": "fixed_percent", "points": 80, "percent": 50, "min_cart_multiple": 3}
    found = ns.facts(program(half))
    assert found.offers[0].gives_from is None
    assert found.largest_discount == 0
    assert "no cart gets a discount" in found.text()


def test_the_limits_are_those_that_results_name():
    rule = program({**ONE, "max_discount": 80}, min_payable={"kind": "percent", "percent": 60})
    for limit in ns.facts(rule).offers[0].limits:
        later = limit.cart_amount + Decimal("0.02")
        assert ns.quote(rule, cart_amount=later, points_balance=10**6).limited_by == limit.limited_by


def test_what_is_earned_back_and_the_first_reward():
    # 0.05 points a rupee at ₹2 for 20 points: 0.5 % back. 20 points take ₹400, or of ₹150 orders, at 7 points each, 3.
    offer = {"kind": "variable_amount", "points_per_step": 20, "discount_per_step": 2}
    tiers = [{"name": "gold", "min_spend": 100, "earning_factor": 2}]
    rule = program(offer, earning={"points_per_unit": "0.05"}, tiers=tiers)
    found = ns.facts(rule, spend_per_order=150).offers[0]
    assert (found.percent_back, found.spend_to_first_reward, found.orders_to_first_reward) == (Decimal("0.5"), 400, 3)
    gold = ns.facts(rule, spend_per_order=150, tier="gold").offers[0]
    assert (gold.percent_back, gold.spend_to_first_reward, gold.orders_to_first_reward) == (1, 200, 2)
    nothing = ns.facts(rule, spend_per_order=10).offers[0]
    assert nothing.orders_to_first_reward is None
    assert "the first reward takes ₹400 of spending, 3 orders" in ns.facts(rule, spend_per_order=150).text()


def test_nobody_is_without_a_tier_where_the_lowest_begins_at_0():
    # 100 points for ₹10, half a point a rupee, twice for everybody: 10 % back. Silver may use the offer.
    offer = {"kind": "variable_amount", "points_per_step": 100, "discount_per_step": 10, "tiers": ["Silver"]}
    tiers = [{"name": "Silver", "min_spend": 0, "earning_factor": 2}]
    rule = program(offer, earning={"points_per_unit": "0.5"}, tiers=tiers)
    assert [found.percent_back for found in ns.facts(rule).offers] == [10]


def test_a_tier_that_the_program_does_not_have_is_named():
    # Customers may be of a tier that no offer names; but not where the program has tiers of its own.
    assert ns.facts(program({**ONE, "tiers": ["Gold"]}), tier="gold").offers == ()
    own = program(ONE, tiers=[{"name": "Gold", "min_spend": 5}])
    assert len(ns.facts(own, tier="Gold").offers) == 1
    with pytest.raises(ns.InputError, match="tier 'gold' is not a tier of this program, which has 'Gold'"):
        ns.facts(own, tier="gold")


def test_only_offers_of_the_tier():
    rule = program({**ONE, "tiers": ["gold"]}, {**ONE, "discount_per_step": 2, "name": "silver", "tiers": ["silver"]})
    assert [offer.name for offer in ns.facts(rule, tier="silver").offers] == ["silver"]
    assert ns.facts(rule).offers == ()
    assert ns.facts(rule).largest_discount == 0


def test_an_amount_that_cannot_be_is_named():
    with pytest.raises(ns.InputError, match="cart_amount is negative"):
        ns.facts(program(ONE), cart_amount=-1)


def test_an_integration_that_is_switched_off_gives_nothing_to_any_cart():
    off = ns.load_program(ns.data_path("programs/gokwik-example.toml")).model_copy(update={"enabled": False})
    assert ns.facts(off).text() == (
        "The largest possible discount on a cart of ₹1,000 is ₹0.\noffers.0: no cart gets a discount."
    )


def test_several_steps_of_a_percentage_reach_the_smallest_coin_together():
    # 1 % of ₹0.02 is nothing; 50 of such steps give ₹0.01.
    step = {"kind": "variable_percent", "points_per_step": 10, "percent_per_step": 1, "max_percent": 50}
    assert ns.facts(program(step)).offers[0].gives_from == Decimal("0.02")


def test_a_minimum_of_points_makes_the_first_reward():
    # 7 points for ₹1; at least 100 are used, so 105; or 500 are owned. An order of ₹1,000 earns 50.
    step = {"kind": "variable_amount", "points_per_step": 7, "discount_per_step": 1}
    for more, least, spend, orders in (
        ({}, 7, 140, 1),
        ({"min_points": 100}, 105, 2100, 3),
        ({"min_balance": 500}, 500, 10_000, 10),
    ):
        made = ns.facts(ns.Program.parse({"offers": [step | more], "earning": {}}))
        (offer,) = made.offers
        assert (offer.least_balance, offer.points_stranded_at_most) == (least, least - 1)
        assert (offer.spend_to_first_reward, offer.orders_to_first_reward) == (spend, orders)
        assert f"fewer than {least} points are worth nothing" in made.text()
