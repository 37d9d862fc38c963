"""Tests of what an engine knows: all that is set beyond it is found, wherever it lies, and named."""

import pytest

import nector_sim as ns
from nector_sim.rules.known import DECIDING, fields, refuse_columns, refuse_unknown, unknown
from nector_sim.rules.ledger import Earning

KNOWN = {
    ns.Program: fields("offers min_payable earning"),
    ns.VariableAmount: fields("kind points_per_step", "discount_per_step"),
    ns.FixedMinPayable: fields("kind"),
    Earning: fields("points_per_unit"),
}
OFFER = {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}


def beyond(**given):
    return list(unknown(ns.Program.parse({"offers": [OFFER], **given}), KNOWN))


def test_names_may_come_several_in_a_text():
    assert fields("a b", "c") == {"a", "b", "c"}


def test_nothing_is_unknown_of_what_is_listed_or_at_its_default():
    assert beyond() == []
    assert beyond(enabled=True, expiry=None) == []
    assert beyond(earning={"points_per_unit": 1, "delay_days": 0}) == []


def test_what_is_set_is_found_in_a_program_its_parts_and_its_lists():
    assert beyond(enabled=False) == ["enabled"]
    assert beyond(earning={"points_per_unit": 1, "delay_days": 7}) == ["earning.delay_days"]
    assert beyond(min_payable={"kind": "fixed", "amount": 100}) == ["min_payable.amount"]  # a field without a default
    assert beyond(offers=[OFFER, OFFER | {"max_discount": 5}]) == ["offers.1.max_discount"]


def test_of_a_model_that_is_not_listed_everything_that_is_set_is_unknown():
    found = beyond(min_payable={"kind": "percent", "percent": 5})
    assert "min_payable.percent" in found


def test_it_is_refused_by_name():
    program = ns.Program.parse({"offers": [OFFER | {"max_discount": 5}], "enabled": False})
    with pytest.raises(ns.ProgramError) as error:
        refuse_unknown(program, KNOWN, "This one")
    assert "This one does not know all of this program" in str(error.value)
    assert {problem.place for problem in error.value.problems} == {"enabled", "offers.0.max_discount"}
    refuse_unknown(ns.Program.parse({"offers": [OFFER]}), KNOWN, "This one")


@pytest.mark.parametrize(
    "name",
    [
        "cart_amount", "points_balance", "credits", "eligible_amount", "coupon_discount", "points_requested", "tier",
        "ordered_at", "redeems", "refunded_at", "refunded_amount", "paid_amount",
    ],
)  # fmt: skip
def test_a_column_that_decides_and_is_not_known_is_refused_by_name(name):
    refuse_columns([name, "colour"], [name], "This one")
    with pytest.raises(ns.ProgramError, match=f"This one does not know the column {name}, and would ignore it"):
        refuse_columns(["colour", name], DECIDING - {name}, "This one")
