"""The models of the program's other half: in and out of TOML, legal and illegal combinations."""

import tomllib
from decimal import Decimal
from fractions import Fraction

import pytest

import nector_sim as ns
from nector_sim.calculator.choices import CHOICES
from nector_sim.ledger.choices import LEDGER_CHOICES
from nector_sim.rules.docs import field_docs
from nector_sim.rules.ledger import Earning, Expiry, Reversal, Tier, Tiering
from nector_sim.rules.money import About

WHOLE = """
[earning]
points_per_unit = 0.05
base = "cart_amount"
rounding = "nearest"
delay_days = 14
on_redeeming_orders = false

[expiry]
months = 6
kind = "inactivity"

[[tiers]]
name = "Silver"
min_spend = 1500
earning_factor = 1.2

[[tiers]]
name = "Gold"
min_spend = 10000

[reversal]
earned = true
redeemed = false
overdraft = "forgive"
"""


def parse(text):
    return ns.Program.parse(tomllib.loads(text, parse_float=Decimal))


def problems(**data):
    with pytest.raises(ns.ProgramError) as refused:
        ns.Program.parse(data)
    return [str(problem) for problem in refused.value.problems]


def test_everything_goes_in_and_out_of_toml_and_json():
    program = parse(WHOLE)
    assert program.earning.points_per_unit == Decimal("0.05")
    assert program.tiers[1].earning_factor == 1
    assert parse(program.to_toml()) == program
    assert ns.Program.model_validate_json(program.to_json()) == program


def test_a_key_left_out_has_the_value_of_the_page():
    assert Earning().model_dump() == {
        "points_per_unit": Decimal("0.05"), "points": None, "per_amount": None, "whole_steps": False,
        "min_cart": Decimal(0), "max_points": None, "base": "payable", "rounding": "floor", "delay_days": 0,
        "on_redeeming_orders": True,
    }  # fmt: skip
    assert Expiry(months=6).kind == "lots"
    assert Reversal().model_dump() == {"earned": True, "redeemed": True, "overdraft": "negative"}
    bare = ns.Program()
    assert (bare.earning, bare.expiry, bare.tiers, bare.reversal, bare.valid_from) == (None, None, (), None, None)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"expiry": {}}, "expiry: give exactly one of months and days; neither is there"),
        ({"expiry": {"months": 6, "days": 180}}, "expiry: give exactly one of months and days; both are there"),
        ({"expiry": {"months": 0}}, "expiry.months: is 0; it must be at least 1"),
        ({"expiry": {"days": "1.5"}}, "expiry.days: is '1.5'; it must be a whole number"),
        ({"expiry": {"days": 1, "kind": "lot"}}, "expiry.kind: is 'lot': input should be 'lots' or 'inactivity'"),
        ({"earning": {"points_per_unit": "-1"}}, "earning.points_per_unit: is -1; it must be at least 0"),
        (
            {"earning": {"points_per_unit": 1, "points": 1, "per_amount": 30}},
            "earning: give points_per_unit, or points and per_amount; both are there",
        ),
        ({"earning": {"points": 1}}, "earning: points and per_amount go together; one of them is missing"),
        ({"earning": {"per_amount": 30}}, "earning: points and per_amount go together; one of them is missing"),
        ({"earning": {"whole_steps": True}}, "earning: whole_steps needs points and per_amount"),
        (
            {"earning": {"points": 1, "per_amount": 0}},
            "earning.per_amount: is 0; it must be above 0 (for no limit, leave the field out)",
        ),
        ({"earning": {"delay_days": -1}}, "earning.delay_days: is -1; it must be at least 0"),
        ({"earning": {"basis": 1}}, "earning.basis: is not a field here; did you mean base?"),
        ({"earning": {"percent": 1}}, "earning.percent: is not a field here; take it out or correct its name"),
        ({"reversal": {"overdraw": 1}}, "reversal.overdraw: is not a field here; did you mean overdraft?"),
        (
            {"tiers": [{"name": "A", "min_spend": 1, "factor": 2}]},
            "tiers.0.factor: is not a field here; did you mean earning_factor?",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_path(data, expected):
    assert problems(**data) == [expected]


@pytest.mark.parametrize("place", ["points_per_unit", "earning_factor"])
def test_rates_and_factors_have_at_most_four_decimals(place):
    def data(value):
        if place == "points_per_unit":
            return {"earning": {place: value}}
        return {"tiers": [{"name": "A", "min_spend": 0, place: value}]}

    ns.Program.parse(data("0.1234"))
    assert "at most 4 decimals" in problems(**data("0.12345"))[0]


def test_tiers_rise_and_have_names_of_their_own():
    tiers = [{"name": "A", "min_spend": 100}, {"name": "A", "min_spend": 100}]
    assert problems(tiers=tiers) == [
        "tiers.1.min_spend: is 100, not above the tier before it; list the lowest tier first",
        "tiers.1.name: 'A' appears twice; rename one",
    ]


def test_tiers_of_a_program_measure_the_same():
    spend, orders = {"name": "A", "min_spend": 100}, {"name": "B", "min_orders": 3}
    assert problems(tiers=[spend, orders]) == [
        "tiers.1.min_orders: is given, and tiers.0 has min_spend; all tiers of a program measure the same"
    ]
    needs = "needs exactly one of min_spend, min_orders and min_earned"
    assert problems(tiers=[{"name": "A"}]) == [f"tiers.0: {needs}; it has none"]
    assert problems(tiers=[spend | {"min_earned": 5}]) == [f"tiers.0: {needs}; it has min_spend and min_earned"]
    found = problems(tiers=[orders | {"min_orders": "2.5"}])
    assert found == ["tiers.0.min_orders: is '2.5'; it must be a whole number"]
    assert problems(tiers=[{"name": "A", "min_earned": -1}]) == ["tiers.0.min_earned: is -1; it must be at least 0"]


def test_a_window_needs_tiers_and_whole_months():
    assert problems(tiering={"window_months": 12}) == [
        "tiering: measures tiers, and there are none; add [[tiers]], or take it out"
    ]
    tiers = [{"name": "A", "min_orders": 3}]
    assert problems(tiers=tiers, tiering={"window_months": 0}) == ["tiering.window_months: is 0; it must be at least 1"]
    ns.Program.parse({"tiers": tiers, "tiering": {"window_months": 16}})


def test_the_old_name_of_a_threshold_is_answered_with_the_new_one():
    found = problems(tiers=[{"name": "A", "min_lifetime_spend": 100}])
    assert found == ["tiers.0.min_lifetime_spend: is called min_spend now; rename it"]


def test_a_threshold_is_money_of_the_currency():
    found = problems(currency="JPY", tiers=[{"name": "A", "min_spend": "1.5"}])
    assert found == ["tiers.0.min_spend: 1.5 is finer than JPY's 0 decimals; round it to an amount that can be paid"]


def test_every_field_says_what_it_is_and_every_choice_is_known():
    for model in (Earning, Expiry, Tier, Tiering, Reversal):
        for name, field in model.model_fields.items():
            assert field_docs(model)[name], (model, name)
            about = [item for item in field.metadata if isinstance(item, About)]
            assert about, (model, name)
            for choice in about[0].choices:
                assert choice in CHOICES | LEDGER_CHOICES
                assert f"`{choice}`" in field_docs(model)[name]


def test_review_finds_what_is_odd_about_earning_and_tiers():
    def odd(**fields):
        offer = {"kind": "variable_amount", "points_per_step": 10, "discount_per_step": 5}
        return [str(f) for f in ns.review(ns.Program.parse({"offers": [offer], **fields}))]

    silver = {"name": "Silver", "min_spend": 100, "earning_factor": 2}
    gold = {"name": "Gold", "min_spend": 500, "earning_factor": "1.5"}
    assert odd(earning={}, tiers=[silver]) == []
    assert odd(earning={"points_per_unit": 0}) == ["earning.points_per_unit: is 0, so no order earns points"]
    # A point is worth half a unit; twice 1 point for each unit is all of it.
    assert odd(earning={"points_per_unit": "0.99"}, tiers=[silver]) == []
    assert odd(earning={"points_per_unit": "1.1"}, tiers=[silver]) == [
        "earning.points_per_unit: what an order earns is worth up to 110 % of what the customer paid for it"
    ]
    assert odd(earning={"points_per_unit": 1}, tiers=[silver]) == [
        "earning.points_per_unit: what an order earns is worth up to 100 % of what the customer paid for it"
    ]
    assert odd(tiers=[silver]) == ["tiers.0.earning_factor: has nothing to multiply, as nothing is earned"]
    assert odd(earning={}, tiers=[silver, gold]) == ["tiers.1.earning_factor: is below that of the tier before it"]
    offers = [{"kind": "fixed_amount", "points": 10, "discount": 5, "tiers": ["Gold", "silver"]}]
    assert odd(offers=offers) == []  # the tiers may be those of the orders
    assert odd(offers=offers, tiers=[{**silver, "earning_factor": 1}]) == [
        "offers.0.tiers: none of them is a tier of this program (Silver)"
    ]
    assert odd(offers=offers, earning={}, tiers=[silver, {**gold, "earning_factor": 2}]) == []


#: Offers by what a point is worth in them: a third, a half, and no amount.
THIRD = {"kind": "fixed_amount", "points": 3, "discount": 1}
HALF = {"kind": "variable_amount", "points_per_step": 10, "discount_per_step": 5}
NO_AMOUNT = {"kind": "fixed_percent", "points": 1, "percent": 10}


@pytest.mark.parametrize(
    ("points", "factors", "offers", "percent"),
    [
        # 4 points for each unit, at a third: 133.333… %.
        (4, [], [THIRD], "133.33"),
        # The offer in which a point is worth most, and the tier that earns most: 2 · 1½ · ½.
        (2, [1, "1.5"], [THIRD, HALF, NO_AMOUNT], "150"),
        # Who has no tier earns once, whatever the tiers do.
        (2, ["0.5"], [HALF], "100"),
        (1, ["0.5"], [HALF], None),
        (1, [], [HALF], None),
        # A percentage of an unknown cart is worth nobody knows what.
        (1, [], [NO_AMOUNT], None),
    ],
)
def test_what_an_order_earns_is_held_against_what_was_paid(points, factors, offers, percent):
    tiers = [
        {"name": f"tier {position}", "min_spend": position, "earning_factor": factor}
        for position, factor in enumerate(factors)
    ]
    program = ns.Program.parse({"offers": offers, "earning": {"points_per_unit": points}, "tiers": tiers})
    says = f"what an order earns is worth up to {percent} % of what the customer paid for it"
    assert [finding.what for finding in ns.review(program)] == ([says] if percent else [])


@pytest.mark.parametrize(
    ("given", "rate"),
    [
        ({}, "1/20"),
        ({"points_per_unit": "0.125"}, "1/8"),
        ({"points_per_unit": 0}, "0"),
        ({"points": 2, "per_amount": 3}, "2/3"),
    ],
)
def test_the_rate_is_points_for_a_unit_exactly(given, rate):
    program = ns.Program.parse({"offers": [{"kind": "fixed_amount", "points": 1, "discount": 1}], "earning": given})
    assert program.earning.rate == Fraction(rate)


@pytest.mark.parametrize("given", [{"per_amount": 3}, {"points": 3}])
def test_half_a_rate_is_refused(given):
    with pytest.raises(ns.ProgramError, match="points and per_amount go together; one of them is missing"):
        ns.Program.parse({"offers": [{"kind": "fixed_amount", "points": 1, "discount": 1}], "earning": given})


def a_tier(**measure):
    return {"tiers": [{"name": "A", **measure}]}


@pytest.mark.parametrize(
    ("make", "least", "most"),
    [
        (lambda number: a_tier(min_orders=number), 0, None),
        (lambda number: a_tier(min_earned=number), 0, 10**12),
        (lambda number: a_tier(min_orders=1) | {"tiering": {"window_months": number}}, 1, 1200),
        (lambda number: {"expiry": {"months": number}}, 1, 1200),
    ],
)
def test_numbers_reach_from_the_least_to_the_most(make, least, most):
    ns.Program.parse(make(least))
    assert f"it must be at least {least}" in problems(**make(least - 1))[0]
    if most is not None:
        ns.Program.parse(make(most))
        assert len(problems(**make(most + 1))) == 1
