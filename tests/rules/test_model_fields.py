"""What each field of the checkout half is: its unit and its bounds, written out by hand."""

from decimal import Decimal
from typing import Annotated

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from nector_sim.errors import ProgramError
from nector_sim.rules.docs import field_docs
from nector_sim.rules.ledger import Earning, Expiry, Reversal, Tier, Tiering
from nector_sim.rules.money import MAX_POINTS, About, to_points
from nector_sim.rules.offers import FixedAmount, FixedPercent, Model, VariableAmount, VariablePercent
from nector_sim.rules.program import FixedMinPayable, PercentMinPayable, Program

OF_EVERY_OFFER = {
    "kind": "",
    "name": "",
    "min_cart": "money",
    "max_cart": "money",
    "min_cart_multiple": "times",
    "tiers": "tier names",
    "starts_at": "time",
    "ends_at": "time",
    "min_balance": "points",
    "with_coupons": "",
}
UNITS = {
    VariableAmount: OF_EVERY_OFFER
    | {
        "points_per_step": "points",
        "discount_per_step": "money",
        "max_discount": "money",
        "max_discount_percent": "percent",
        "min_points": "points",
    },
    FixedAmount: OF_EVERY_OFFER | {"points": "points", "discount": "money"},
    VariablePercent: OF_EVERY_OFFER
    | {"points_per_step": "points", "percent_per_step": "percent", "max_percent": "percent", "max_discount": "money"},
    FixedPercent: OF_EVERY_OFFER | {"points": "points", "percent": "percent", "max_discount": "money"},
    FixedMinPayable: {"kind": "", "amount": "money"},
    PercentMinPayable: {"kind": "", "percent": "percent"},
    Earning: {
        "points_per_unit": "points per currency unit",
        "points": "points",
        "per_amount": "money",
        "whole_steps": "",
        "min_cart": "money",
        "max_points": "points",
        "base": "",
        "rounding": "",
        "delay_days": "days",
        "on_redeeming_orders": "",
    },
    Expiry: {"months": "months", "days": "days", "kind": ""},
    Tier: {
        "name": "tier name",
        "min_spend": "money",
        "min_orders": "orders",
        "min_earned": "points",
        "earning_factor": "times",
    },
    Tiering: {"window_months": "months"},
    Reversal: {"earned": "", "redeemed": "", "overdraft": ""},
}


@pytest.mark.parametrize("model", UNITS, ids=lambda model: model.__name__)
def test_every_field_has_its_unit(model):
    units = {
        name: next((item.unit for item in field.metadata if isinstance(item, About)), "")
        for name, field in model.model_fields.items()
    }
    assert units == UNITS[model]


#: What Nector's screens call a field; a field without a line here is ours.
SCREENS_OF_EVERY_OFFER = {
    "min_cart": "Minimum Cart Amount",
    "min_cart_multiple": "Minimum Cart Amount Multiple",
    "tiers": "Customer Tiers",
    "starts_at": "Start Date",
    "ends_at": "End Date",
}
SCREENS = {
    VariableAmount: SCREENS_OF_EVERY_OFFER
    | {
        "kind": "Amount Discount, increment of points",
        "points_per_step": "Coins Required",
        "discount_per_step": "Discount Amount",
        "max_discount": "Maximum Discount Amount",
        "max_discount_percent": "Maximum Discount Percentage",
    },
    FixedAmount: SCREENS_OF_EVERY_OFFER
    | {"kind": "Amount Discount, fixed", "points": "Coins Required", "discount": "Discount Amount"},
    VariablePercent: SCREENS_OF_EVERY_OFFER
    | {
        "kind": "Percentage Discount, increment of points",
        "points_per_step": "Coins Required",
        "percent_per_step": "Discount Percentage",
        "max_percent": "Maximum Discount Percentage",
    },
    FixedPercent: SCREENS_OF_EVERY_OFFER
    | {"kind": "Percentage Discount, fixed", "points": "Coins Required", "percent": "Discount Percentage"},
    FixedMinPayable: {"kind": "Fixed", "amount": "Minimum amount customer needs to pay: Fixed"},
    PercentMinPayable: {"kind": "Percentage", "percent": "Minimum amount customer needs to pay: Percentage"},
    Program: {"enabled": "Enable", "offers": "Offers", "min_payable": "Minimum amount customer needs to pay"},
}


@pytest.mark.parametrize("model", SCREENS, ids=lambda model: model.__name__)
def test_every_field_has_the_name_that_nector_gives_it(model):
    screens = {
        name: item.screen
        for name, field in model.model_fields.items()
        for item in field.metadata
        if isinstance(item, About) and item.screen
    }
    assert screens == SCREENS[model]


#: How docstrings say a unit, where not in the same word.
WORDS = {"money": "major units", "times": "times the discount"}


@pytest.mark.parametrize("model", SCREENS, ids=lambda model: model.__name__)
def test_every_docstring_ends_with_the_unit_and_the_name_on_the_screen(model):
    for name, field in model.model_fields.items():
        about = next((item for item in field.metadata if isinstance(item, About)), About())
        notes = [WORDS.get(about.unit, about.unit), about.screen and f"Nector: {about.screen}"]
        note = "; ".join(filter(None, notes))
        words = " ".join(field_docs(model)[name].split())
        assert words.endswith(f". [{note}]" if note else "."), (name, words)


#: For each bounded field: the values just inside and just outside.
BOUNDS = [
    (VariableAmount, "points_per_step", [1, MAX_POINTS], [0, MAX_POINTS + 1, True]),
    (VariableAmount, "discount_per_step", ["0.001"], [0, -1]),
    (VariableAmount, "max_discount", ["0.001"], [0]),
    (VariableAmount, "max_discount_percent", ["0.01", 10_000], [0, "10000.01", "0.001"]),
    (VariableAmount, "min_cart", [0, "0.01"], [-1, "-0.01"]),
    (VariableAmount, "max_cart", ["0.01"], [0]),
    (VariableAmount, "min_cart_multiple", ["0.0001", 1000], [0, "1000.0001", "0.00001"]),
    (FixedAmount, "points", [1, MAX_POINTS], [0, MAX_POINTS + 1]),
    (FixedAmount, "discount", ["0.001"], [0]),
    (VariablePercent, "percent_per_step", ["0.01", 10_000], [0, "10000.01", "0.001"]),
    (VariablePercent, "max_percent", ["0.01", 10_000], [0, "10000.01", "0.001"]),
    (FixedPercent, "percent", ["0.01", 10_000], [0, "10000.01", "0.001"]),
    (FixedMinPayable, "amount", [0, "0.01"], ["-0.01", True]),
    (PercentMinPayable, "percent", [0, "0.01", 100], ["-0.01", "100.01", "0.001"]),
    (Earning, "points_per_unit", [0, "0.0001", 10_000], ["-0.0001", "10000.0001", "0.00001"]),
    (Earning, "delay_days", [0, 36_525], [-1, 36_526]),
    (Tier, "earning_factor", [0, "0.0001", 10_000], ["-0.0001", "10000.0001", "0.00001"]),
    (Expiry, "months", [1, 1200], [0, 1201]),
    (Expiry, "days", [1, 36_525], [0, 36_526]),
]


@pytest.mark.parametrize(("model", "field", "inside", "outside"), BOUNDS)
def test_bounds(model, field, inside, outside):
    adapter = TypeAdapter(model.model_fields[field].rebuild_annotation())
    for value in inside:
        assert adapter.validate_python(value) == Decimal(str(value))
    for value in outside:
        with pytest.raises(ValidationError):
            adapter.validate_python(value)


def test_what_a_program_is_without_being_told():
    program = Program()
    assert (program.currency, program.timezone, program.enabled) == ("INR", "Asia/Kolkata", True)
    assert (program.name, program.points_label, program.offers, program.min_payable) == ("", "points", (), None)
    assert VariableAmount(points_per_step=1, discount_per_step=1).min_cart == 0


def test_what_is_left_out_is_checked_as_what_is_given():
    class Odd(Model):
        number: Annotated[int, Field(ge=1)] = 0

    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Odd()


def test_a_truth_value_is_no_number():
    with pytest.raises(ProgramError, match=r"offers\.0\.min_cart: is true, not a number"):
        Program.parse(
            {"offers": [{"kind": "fixed_amount", "points": 1, "discount": 1, "min_cart": True}]},
        )


@pytest.mark.parametrize(
    ("value", "points"),
    [("0.5", 0), (1, 1), (0, 0), ("1.999", 1), ("99.99999999999999", 100), (33.4 * 3 - 0.2, 100), (-1e-14, 0)],
)
def test_points_are_floored(value, points):
    assert to_points(value) == points


def test_an_unknown_time_zone_is_named():
    with pytest.raises(ProgramError, match="timezone: 'Mars' is not a time zone; write its IANA name"):
        Program.parse({"timezone": "Mars"})


def test_json_is_indented_for_people():
    text = Program(name="Diwali").to_json()
    assert text.splitlines()[:2] == ["{", '  "name": "Diwali",']
    assert "null" not in text  # what is left out stays out


def test_the_fields_of_the_program_have_their_units():
    about = [(name, i) for name, field in Program.model_fields.items() for i in field.metadata if isinstance(i, About)]
    units = {name: item.unit for name, item in about if item.unit}
    assert units == {"currency": "ISO 4217 code", "timezone": "IANA name", "valid_from": "time"}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"offers": [{"kind": "variable_amount", "discount_per_stp": 1}]}, "offers.0.discount_per_stp: is not a field"),
        (
            {"offers": [{"kind": "fixed_amount", "discont": 1}]},
            "offers.0.discont: is not a field here; did you mean dis",
        ),
        ({"offers": [{"kind": "variable_percent", "max_prcent": 1}]}, "offers.0.max_prcent: is not a field here; did"),
        (
            {"offers": [{"kind": "fixed_percent", "percnt": 1}]},
            "offers.0.percnt: is not a field here; did you mean per",
        ),
        ({"min_payable": {"kind": "fixed", "amout": 1}}, "min_payable.amout: is not a field here; did you mean amount"),
        (
            {"min_payable": {"kind": "percent", "percnt": 1}},
            "min_payable.percnt: is not a field here; did you mean per",
        ),
        ({"expiry": {"month": 6}}, "expiry.month: is not a field here; did you mean months"),
    ],
)
def test_a_misspelt_field_of_every_kind_is_found(data, says):
    with pytest.raises(ProgramError, match=says) as caught:
        Program.parse(data)
    assert caught.value.heading == "program cannot be used:"
