"""Legal but odd settings are found where they begin, and not one step before."""

import pytest

from nector_sim.rules.program import Program
from nector_sim.rules.review import review

PERCENT = {"kind": "variable_percent", "points_per_step": 1, "percent_per_step": 10}
RUPEE = {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}
WHOLE_PERCENT = {"kind": "fixed_percent", "points": 1, "percent": 10}
FIXED = {"kind": "fixed_amount", "points": 10, "discount": 50}
#: Ten points for ₹5.
HALF = RUPEE | {"points_per_step": 10, "discount_per_step": 5}


@pytest.mark.parametrize(
    ("offer", "minimum", "places"),
    [
        (PERCENT | {"min_cart_multiple": 1}, None, ["offers.0.min_cart_multiple"]),
        (PERCENT | {"min_cart_multiple": "1.0001"}, None, []),
        (PERCENT | {"max_percent": 20}, None, []),
        (PERCENT | {"percent_per_step": 1, "max_percent": 1}, None, []),
        (PERCENT | {"percent_per_step": 100}, None, []),
        (PERCENT | {"percent_per_step": "100.01"}, None, ["offers.0.percent_per_step"]),
        (WHOLE_PERCENT | {"percent": 120}, None, ["offers.0.percent"]),
        (WHOLE_PERCENT | {"percent": 120, "max_discount": 50}, None, []),
        (WHOLE_PERCENT | {"max_discount": 50}, {"kind": "fixed", "amount": 0}, []),
        (WHOLE_PERCENT | {"max_discount": 50}, {"kind": "percent", "percent": "0.01"}, ["offers.0.max_discount"]),
        (RUPEE | {"max_discount": 1}, None, []),
        (RUPEE | {"discount_per_step": 10, "max_discount": 200}, None, []),
        (RUPEE | {"min_cart_multiple": "1.0001"}, None, []),
        (RUPEE | {"starts_at": "2026-01-01", "ends_at": "2026-01-01T00:00"}, None, ["offers.0.ends_at"]),
        (RUPEE | {"starts_at": "2026-01-01", "ends_at": "2026-01-01"}, None, []),  # a date includes its day
        (RUPEE | {"starts_at": "2026-01-01", "ends_at": "2026-01-01T00:00:00.000001"}, None, []),
        (PERCENT | {"max_percent": 25}, None, ["offers.0.max_percent"]),
        (PERCENT | {"max_percent": 9}, None, ["offers.0.max_percent"]),
        (RUPEE | {"min_points": 50, "max_cart": 50}, None, ["offers.0.min_points"]),
        (RUPEE | {"min_points": 50, "max_cart": "50.01"}, None, []),
        (HALF | {"min_points": 100, "max_cart": 50}, None, ["offers.0.min_points"]),
        (HALF | {"min_points": 100, "max_cart": "50.01"}, None, []),
        (FIXED | {"max_cart": 50}, None, ["offers.0.discount"]),
        (FIXED | {"max_cart": "50.01"}, None, []),
        (RUPEE | {"max_cart": 100}, {"kind": "fixed", "amount": 100}, ["offers.0.max_cart"]),
        (RUPEE | {"max_cart": "100.01"}, {"kind": "fixed", "amount": 100}, []),
    ],
)
def test_what_is_found_and_what_is_not(offer, minimum, places):
    program = Program.parse({"offers": [offer], "min_payable": minimum})
    assert [problem.place for problem in review(program)] == places


@pytest.mark.parametrize(
    ("cap", "says"),
    [
        (25, "₹25 is no multiple of the step of ₹10; nobody gets more than ₹20"),
        ("9.50", "₹9.50 is below a step, ₹10; nobody gets anything"),
    ],
)
def test_a_cap_beside_the_steps_is_said_in_money(cap, says):
    program = Program.parse({"offers": [RUPEE | {"discount_per_step": 10, "max_discount": cap}]})
    assert [problem.what for problem in review(program)] == [says]


@pytest.mark.parametrize("field", ["min_points", "min_balance"])
def test_points_that_nobody_has_are_found_where_balances_are_known(field):
    program = Program(offers=[RUPEE | {field: 2000}])
    assert review(program) == review(program, largest_balance=2000) == []
    (finding,) = review(program, largest_balance=1999)
    assert str(finding) == f"offers.0.{field}: is 2,000, and the largest balance is 1,999; nobody can use it"


@pytest.mark.parametrize(
    ("window", "expiry", "found"),
    [
        (5, {"months": 6}, "6 months"),
        (6, {"months": 6}, None),
        (1, {"days": 32}, "32 days"),
        (1, {"days": 31}, None),
        (2, {"days": 63}, "63 days"),
        (2, {"days": 62}, None),
        (None, {"months": 6}, None),
        (5, None, None),
    ],
)
def test_a_window_that_is_shorter_than_the_expiry_is_found(window, expiry, found):
    tiers = [{"name": "Gold", "min_orders": 2}]
    program = Program(offers=[RUPEE], tiers=tiers, tiering={"window_months": window}, expiry=expiry)
    said = [str(finding) for finding in review(program)]
    words = f"is {window}, and points last {found}: an order stops counting before its points are gone"
    assert said == ([f"tiering.window_months: {words}"] if found else [])
