"""Legal but odd settings are found where they begin, and not one step before."""

import pytest

from nector_sim.rules.program import Program
from nector_sim.rules.review import review

PERCENT = {"kind": "variable_percent", "points_per_step": 1, "percent_per_step": 10}
RUPEE = {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}
FIXED = {"kind": "fixed_amount", "points": 10, "discount": 50}


@pytest.mark.parametrize(
    ("offer", "minimum", "places"),
    [
        (PERCENT | {"min_cart_multiple": 1}, None, ["offers.0.min_cart_multiple"]),
        (PERCENT | {"min_cart_multiple": "1.0001"}, None, []),
        (PERCENT | {"max_percent": 20}, None, []),
        (PERCENT | {"max_percent": 25}, None, ["offers.0.max_percent"]),
        (PERCENT | {"max_percent": 9}, None, ["offers.0.max_percent"]),
        (FIXED | {"max_cart": 50}, None, ["offers.0.discount"]),
        (FIXED | {"max_cart": "50.01"}, None, []),
        (RUPEE | {"max_cart": 100}, {"kind": "fixed", "amount": 100}, ["offers.0.max_cart"]),
        (RUPEE | {"max_cart": "100.01"}, {"kind": "fixed", "amount": 100}, []),
    ],
)
def test_what_is_found_and_what_is_not(offer, minimum, places):
    program = Program.parse({"offers": [offer], "min_payable": minimum})
    assert [problem.place for problem in review(program)] == places
