"""Tests of dotted paths: which lead to a field, what is said of others, and how they change fields."""

import pytest

import nector_sim as ns
from nector_sim.rules.paths import changed, unknown_path

OFFER = {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1, "max_discount": 1000}
PROGRAM = ns.Program.parse({"offers": [OFFER, OFFER], "min_payable": {"kind": "fixed", "amount": 100}})


def wrong(path, **how):
    return [str(problem) for problem in unknown_path(PROGRAM, path, **how)]


@pytest.mark.parametrize(
    "path",
    ["enabled", "offers", "offers.0.max_discount", "offers.1.name", "min_payable", "min_payable.percent", "expiry"],
)
def test_a_path_to_a_field_is_right(path):
    assert wrong(path) == []


LED = "does not lead to a field; offers are numbered from 0, and there are 2"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("enabld", "enabld: is not in a program; did you mean enabled?"),
        ("colour", "colour: is not in a program"),
        ("offers.2.max_discount", f"offers.2.max_discount: {LED}"),
        ("offers.-1.max_discount", f"offers.-1.max_discount: {LED}"),
        ("offers.0", f"offers.0: {LED}"),
        ("offers.max_discount", f"offers.max_discount: {LED}"),
        (
            "offers.0.max_discount.x",
            "offers.0.max_discount.x: goes too deep: offers.0.max_discount has no fields of its own",
        ),
        ("min_payable.amount.x", "min_payable.amount.x: goes too deep: min_payable.amount has no fields of its own"),
        ("name.first.x", "name.first.x: goes too deep: name.first has no fields of its own"),
    ],
)
def test_any_other_is_named_with_what_is_near(path, said):
    assert wrong(path) == [said]


def test_a_list_as_a_whole_is_no_field_where_lists_are_not_asked_for():
    assert wrong("offers", lists=False) == [f"offers: {LED}"]
    assert wrong("min_payable", lists=False) == []


def after(program=PROGRAM, **setting):
    return changed(program, {path.replace("__", "."): value for path, value in setting.items()})


def test_one_kind_of_minimum_takes_the_place_of_the_other():
    assert after(min_payable__percent=20)["min_payable"] == {"kind": "percent", "percent": 20}
    percent = ns.Program.parse({"offers": [OFFER], "min_payable": {"kind": "percent", "percent": 5}})
    assert after(percent, min_payable__amount=50)["min_payable"] == {"kind": "fixed", "amount": 50}
    assert "min_payable" not in after(min_payable__amount=None)
    assert "min_payable" not in after(percent, min_payable__percent=None)
    none = ns.Program.parse({"offers": [OFFER]})
    assert after(none, min_payable__percent=20)["min_payable"] == {"kind": "percent", "percent": 20}


def test_months_take_the_place_of_days():
    days = ns.Program.parse({"offers": [OFFER], "expiry": {"days": 90}})
    months = ns.Program.parse({"offers": [OFFER], "expiry": {"months": 3}})
    assert after(days, expiry__months=6)["expiry"] == {"kind": "lots", "months": 6}
    assert after(months, expiry__days=30)["expiry"] == {"kind": "lots", "days": 30}
    assert after(days, expiry__days=30)["expiry"] == {"kind": "lots", "days": 30}
    assert "expiry" not in after(days, expiry__days=None)
    assert "expiry" not in after(months, expiry__months=None)
    # What is wrong is for the models to say: an expiry stays where nobody asked to end it.
    assert "expiry" in after(days, expiry__kind="inactivity")


def test_fields_within_lists_and_sections_that_are_not_there_yet():
    data = after(offers__1__max_discount=5, earning__points_per_unit="0.1", offers__0__name=None)
    assert data["offers"][1]["max_discount"] == 5
    assert data["offers"][0]["max_discount"] == 1000
    assert data["earning"] == {"points_per_unit": "0.1"}
    assert after(name=None).get("name") is None


def test_fields_that_are_at_nothing_are_left_out():
    assert None not in changed(PROGRAM, {}).values()
    assert None not in changed(PROGRAM, {})["offers"][0].values()
