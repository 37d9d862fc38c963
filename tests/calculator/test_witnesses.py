"""Every field matters: two inputs that differ in one field alone, and whose results differ.

A new field of the models, or a new ``limited_by``, fails here until it has its witness.
"""

import datetime as dt
import itertools
from decimal import Decimal

import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.calculator.exact import Order
from nector_sim.calculator.reasons import REASONS
from nector_sim.rules.offers import FixedAmount, FixedPercent, VariableAmount, VariablePercent
from nector_sim.rules.program import FixedMinPayable, PercentMinPayable, Program
from tests.calculator.test_engines import ENGINES, SUMS
from tests.sizes import size

#: The field is left out.
LEFT_OUT = object()
OFFERS = {
    "VariableAmount": {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1},
    "FixedAmount": {"kind": "fixed_amount", "points": 100, "discount": 50},
    "VariablePercent": {"kind": "variable_percent", "points_per_step": 100, "percent_per_step": 10},
    "FixedPercent": {"kind": "fixed_percent", "points": 100, "percent": 10},
}
MINIMA = {"FixedMinPayable": {"kind": "fixed", "amount": 100}, "PercentMinPayable": {"kind": "percent", "percent": 20}}
MODELS = {
    model.__name__: model
    for model in (
        VariableAmount,
        FixedAmount,
        VariablePercent,
        FixedPercent,
        FixedMinPayable,
        PercentMinPayable,
        Program,
    )
}
#: Fields that decide about no redemption, each with what it is for.
NOT_OF_THE_CHECKOUT = {
    "Program.name": "what people call the program",
    "Program.points_label": "what explain and reports call points",
    "Program.earning": "the ledger's",
    "Program.expiry": "the ledger's",
    "Program.tiers": "the ledger's",
    "Program.tiering": "the ledger's",
    "Program.reversal": "the ledger's",
    "Program.valid_from": "the ledger's",
}

ORDER = {"cart_amount": "1000", "points_balance": 500}
GOLD = {**ORDER, "tier": "Gold"}
NOON = {**ORDER, "ordered_at": dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)}
LATER, EARLIER = "2026-11-02T00:00:00", "2026-10-01T00:00:00"

#: For each field of every offer: two values, and the order that tells them apart.
OF_EVERY_OFFER = {
    "name": (LEFT_OUT, "welcome", ORDER),
    "min_cart": (1000, "1000.01", ORDER),
    "max_cart": (1000, "1000.01", ORDER),
    "min_cart_multiple": (LEFT_OUT, 1000, ORDER),
    "tiers": (["Silver"], ["Gold"], GOLD),
    "starts_at": (EARLIER, LATER, NOON),
    "ends_at": (EARLIER, LATER, NOON),
    "min_balance": (500, 501, ORDER),
    "with_coupons": (True, False, {**ORDER, "coupon_discount": 1}),
}
WITNESSES = {f"{model}.{field}": witness for model in OFFERS for field, witness in OF_EVERY_OFFER.items()} | {
    "VariableAmount.points_per_step": (1, 2, ORDER),
    "VariableAmount.discount_per_step": (1, 2, ORDER),
    "VariableAmount.max_discount": (LEFT_OUT, 499, ORDER),
    "VariableAmount.max_discount_percent": (LEFT_OUT, "49.99", ORDER),
    "VariableAmount.min_points": (500, 501, ORDER),
    "FixedAmount.points": (500, 501, ORDER),
    "FixedAmount.discount": (1000, "1000.01", ORDER),
    "VariablePercent.points_per_step": (100, 101, ORDER),
    "VariablePercent.percent_per_step": (10, "10.01", ORDER),
    "VariablePercent.max_percent": (LEFT_OUT, "49.99", ORDER),
    "VariablePercent.max_discount": (LEFT_OUT, "499.99", ORDER),
    "FixedPercent.points": (500, 501, ORDER),
    "FixedPercent.percent": (10, "10.01", ORDER),
    "FixedPercent.max_discount": (LEFT_OUT, "99.99", ORDER),
    "FixedMinPayable.amount": (500, 501, ORDER),
    "PercentMinPayable.percent": (50, "50.01", ORDER),
    # Yen have no decimals: a third of the same cart is rounded otherwise.
    "Program.currency": ("INR", "JPY", {"cart_amount": 100, "points_balance": 500}),
    "Program.timezone": ("UTC", "Asia/Kolkata", {**ORDER, "ordered_at": "2026-11-01T00:00:00+00:00"}),
    "Program.enabled": (True, False, ORDER),
    "Program.offers": ([], [OFFERS["FixedAmount"]], ORDER),
    "Program.min_payable": (LEFT_OUT, {"kind": "fixed", "amount": 600}, ORDER),
}
#: Programs in which a field of the program itself is told apart.
AROUND = {
    "Program.currency": {"offers": [{**OFFERS["FixedPercent"], "percent": "33.33"}]},
    "Program.timezone": {"offers": [{**OFFERS["VariableAmount"], "ends_at": "2026-11-01T03:00:00"}]},
}
#: For each field of an order: two values that are told apart by the program beside them.
ORDER_WITNESSES = {
    "cart": ("cart_amount", "499", "500", {"offers": [OFFERS["VariableAmount"]]}),
    "balance": ("points_balance", 499, 500, {"offers": [OFFERS["VariableAmount"]]}),
    "credits": ("credits", 0, "0.01", {"offers": [OFFERS["VariableAmount"]]}),
    "requested": ("points_requested", None, 499, {"offers": [OFFERS["VariableAmount"]]}),
    "tier": ("tier", None, "Gold", {"offers": [{**OFFERS["VariableAmount"], "tiers": ["Gold"]}]}),
    "eligible": ("eligible_amount", None, "499.99", {"offers": [OFFERS["VariableAmount"]]}),
    "coupon": ("coupon_discount", 0, "0.01", {"offers": [{**OFFERS["VariableAmount"], "with_coupons": False}]}),
    "at": (
        "ordered_at",
        "2026-11-03T00:00:00",
        EARLIER,
        {"offers": [{**OFFERS["VariableAmount"], "starts_at": LATER}]},
    ),
}


def program_with(witness, value):
    """The smallest program with the witness's model in it, and its field set."""
    model, _, field = witness.partition(".")
    change = {} if value is LEFT_OUT else {field: value}
    if model in OFFERS:
        return {"offers": [{**OFFERS[model], **change}]}
    if model in MINIMA:
        return {"offers": [OFFERS["VariableAmount"]], "min_payable": {**MINIMA[model], **change}}
    return AROUND.get(witness, {"offers": [OFFERS["VariableAmount"]]}) | change


#: What an order has where a witness does not say it.
ORDINARY = {
    "order_id": "o",
    "customer_id": "c",
    "ordered_at": dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC),
    "points_requested": None,
    "tier": None,
    "eligible_amount": None,
    "credits": 0,
    "coupon_discount": 0,
}


def frame_of(order):
    """One order as a caller has it."""
    row = {**ORDINARY, **order}
    frame = pd.DataFrame([row], dtype=object).astype({"points_requested": "Int64"})
    frame["cart_amount"] = [Decimal(row["cart_amount"])]
    return frame


@pytest.fixture(params=ENGINES)
def calculate(request, tmp_path):
    """One order through an engine."""

    def one(program, order):
        (answer,) = ENGINES[request.param](ns.Program.parse(program), frame_of(order), tmp_path)
        return answer

    return one


def test_every_field_has_a_witness():
    fields = {f"{name}.{field}" for name, model in MODELS.items() for field in model.model_fields if field != "kind"}
    assert fields - set(NOT_OF_THE_CHECKOUT) == set(WITNESSES)


def test_every_field_of_an_order_has_a_witness():
    assert set(ORDER_WITNESSES) == set(Order.__slots__)


@pytest.mark.parametrize("witness", WITNESSES)
def test_the_field_makes_a_difference(witness, calculate):
    one, other, order = WITNESSES[witness]
    assert calculate(program_with(witness, one), order) != calculate(program_with(witness, other), order)


@pytest.mark.parametrize("field", ORDER_WITNESSES)
def test_the_field_of_an_order_makes_a_difference(field, calculate):
    name, one, other, program = ORDER_WITNESSES[field]
    order = {"cart_amount": "500", "points_balance": 5000}
    assert calculate(program, {**order, name: one}) != calculate(program, {**order, name: other})


#: Each witness in each way of adding up; in `make test` each in one way, by turns.
ADDED_UP = list(itertools.product([*WITNESSES, *ORDER_WITNESSES], SUMS))


@pytest.mark.parametrize(("witness", "way"), ADDED_UP[:: size(len(SUMS) + 1, 1)])
def test_sums_feel_it_as_a_quote_does(witness, way):
    for program, order in both_of(witness):
        if way.startswith("sweep one by one") and not program.enabled:
            continue  # the grid of that way switches every program on
        (answer,) = ENGINES["quote"](program, frame_of(order), None)
        assert SUMS[way](program, frame_of(order)) == (answer.points, answer.discount)


def both_of(witness):
    """The two programs and orders that a witness tells apart."""
    if witness in WITNESSES:
        one, other, order = WITNESSES[witness]
        return [(ns.Program.parse(program_with(witness, value)), order) for value in (one, other)]
    name, one, other, program = ORDER_WITNESSES[witness]
    order = {"cart_amount": "500", "points_balance": 5000}
    return [(ns.Program.parse(program), {**order, name: value}) for value in (one, other)]


PLAIN = {"offers": [OFFERS["VariableAmount"]]}
#: For each word: a program and an order that give it, and one change to either with which it goes.
LIMITS = {
    "balance": (PLAIN, ORDER, {}, {"points_balance": 5000}),
    "requested": (PLAIN, {**ORDER, "points_requested": 100}, {}, {"points_requested": None}),
    "cart": (PLAIN, {**ORDER, "cart_amount": 400}, {}, {"cart_amount": 600}),
    "max_discount": ({"offers": [{**OFFERS["VariableAmount"], "max_discount": 200}]}, ORDER, PLAIN, {}),
    "min_payable": ({**PLAIN, "min_payable": {"kind": "fixed", "amount": 600}}, ORDER, {"min_payable": None}, {}),
    "min_cart": ({"offers": [{**OFFERS["VariableAmount"], "min_cart": 1001}]}, ORDER, PLAIN, {}),
    "offer": ({"offers": [OFFERS["FixedAmount"]]}, ORDER, {}, {"points_balance": 99}),
    "max_cart": ({"offers": [{**OFFERS["VariableAmount"], "max_cart": 1000}]}, ORDER, PLAIN, {}),
    "coupon": (
        {"offers": [{**OFFERS["VariableAmount"], "with_coupons": False}]},
        {**ORDER, "coupon_discount": "0.01"},
        {},
        {"coupon_discount": 0},
    ),
    "min_points": ({"offers": [{**OFFERS["VariableAmount"], "min_points": 501}]}, ORDER, {}, {"points_balance": 501}),
    "no_offer": ({"offers": []}, ORDER, PLAIN, {}),
    "not_live": ({**PLAIN, "enabled": False}, ORDER, {"enabled": True}, {}),
}


def test_every_limit_has_a_witness():
    assert set(LIMITS) == set(REASONS)


@pytest.mark.parametrize("reason", LIMITS)
def test_the_limit_is_named_and_goes(reason, calculate):
    program, order, other_program, other_order = LIMITS[reason]
    assert calculate(program, order).limited_by == reason
    assert calculate(program | other_program, order | other_order).limited_by != reason
