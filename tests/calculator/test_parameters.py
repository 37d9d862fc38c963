"""A program as plain numbers: the tables of the compiled law, and the terms of the exact one."""

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from nector_sim.calculator.compiled import Columns, answer
from nector_sim.calculator.exact import Law, Order
from nector_sim.calculator.parameters import compile_program
from nector_sim.errors import ProgramError
from nector_sim.rules.offers import FixedAmount, FixedPercent, VariableAmount
from nector_sim.rules.program import FixedMinPayable, PercentMinPayable, Program

PLAIN = {"kind": "variable_amount", "points_per_step": 100, "discount_per_step": 10, "max_discount": 200}


def escaped(model, **fields):
    """The model with fields that its checks would refuse."""
    return type(model).model_construct(**dict(model) | fields)


def only(**more):
    return compile_program(Program(offers=[PLAIN | more])).terms[0]


def test_amounts_are_in_minor_units_and_percentages_in_basis_points():
    terms = only(max_discount_percent="12.5", min_cart="0.5", max_cart=7, min_cart_multiple="1.5")
    fields = ["points", "amount", "percent", "max_discount", "max_discount_percent", "min_cart", "max_cart", "multiple"]
    assert [int(terms[field]) for field in fields] == [100, 1_000, 0, 20_000, 1_250, 50, 700, 15_000]


def test_dates_are_instants_in_the_programs_zone():
    terms = only(starts_at=datetime(2025, 1, 1), ends_at=datetime(2025, 1, 1, tzinfo=UTC))
    new_year = 1_735_689_600_000_000
    # India is 5 h 30 min ahead; the end is the first instant after the offer.
    assert terms["first_instant"] == new_year - 330 * 60 * 10**6
    assert terms["last_instant"] == new_year - 1


def test_tiers():
    offers = [PLAIN, PLAIN | {"tiers": ["silver", "gold"]}, PLAIN | {"tiers": []}, PLAIN | {"tiers": ["gold"]}]
    tables = compile_program(Program(offers=offers))
    assert tables.tier_names == ("gold", "silver")
    assert tables.tier_fits.tolist() == [[1, 1, 1], [1, 1, 0], [0, 0, 0], [1, 0, 0]]


def test_the_same_program_gives_the_same_tables_which_nobody_can_change():
    tables = compile_program(Program(offers=[PLAIN]))
    assert compile_program(Program(offers=[PLAIN])) is tables
    for array in (tables.terms, tables.tier_fits):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = np.zeros_like(array)


@pytest.mark.parametrize(
    ("program", "plain"),
    [
        ({"offers": [PLAIN]}, True),
        ({"offers": [PLAIN | {"min_cart": 5, "max_cart": 9}], "min_payable": {"kind": "percent", "percent": 5}}, True),
        ({"offers": [PLAIN | {"max_discount_percent": 150, "min_cart_multiple": 1}]}, True),
        ({"offers": [{"kind": "fixed_amount", "points": 1, "discount": 1}]}, True),
        ({"offers": [{"kind": "fixed_amount", "points": 1, "discount": "0.01"}]}, True),
        ({"offers": [{"kind": "fixed_percent", "points": 1, "percent": 1}]}, False),
        ({"offers": [PLAIN], "enabled": False}, False),
        ({"offers": []}, False),
        ({"offers": [PLAIN, PLAIN]}, False),
        ({"offers": [PLAIN | {"max_discount_percent": 50}]}, False),
        ({"offers": [PLAIN | {"min_cart_multiple": 2}]}, False),
        ({"offers": [PLAIN | {"tiers": []}]}, False),
        ({"offers": [PLAIN | {"starts_at": "2025-01-01T00:00:00Z"}]}, False),
        ({"offers": [PLAIN | {"ends_at": "2025-01-01T00:00:00Z"}]}, False),
    ],
)
def test_which_programs_are_plain(program, plain):
    assert compile_program(Program.parse(program)).is_plain is plain


def test_offers_beyond_what_results_can_name_are_refused():
    most = compile_program(Program(offers=[PLAIN] * 1000))
    assert answer(most, Columns(np.array([5_000]), np.array([500]))).offer.dtype.type(len(most.terms)) == 1000
    with pytest.raises(ProgramError, match="offers: there are 1001; a program has at most 1000"):
        Program.parse({"offers": [PLAIN] * 1001})


@pytest.mark.parametrize(
    ("field", "offer"),
    [
        ("points", VariableAmount.model_construct(points_per_step=2**63, discount_per_step=Decimal(1))),
        ("discount", FixedAmount.model_construct(points=1, discount=Decimal(2**57))),
        ("percent", FixedPercent.model_construct(points=1, percent=Decimal(60_000))),
        ("max_discount", FixedPercent.model_construct(points=1, percent=Decimal(1), max_discount=Decimal(10**10))),
        ("min_cart", escaped(VariableAmount(**PLAIN), min_cart=Decimal(2**57))),
        ("max_cart", escaped(VariableAmount(**PLAIN), max_cart=Decimal(2**57))),
        ("min_cart_multiple", escaped(VariableAmount(**PLAIN), min_cart_multiple=Decimal(2**50))),
    ],
)
def test_offers_whose_numbers_do_not_fit_are_refused(field, offer):
    """They escaped their models' checks, or a bound was changed: nothing wraps in silence."""
    program = escaped(Program(), offers=(VariableAmount(**PLAIN), offer))
    with pytest.raises(ProgramError, match=rf"offers\.1\.{field}: is too large to be computed exactly"):
        compile_program(program)


@pytest.mark.parametrize(
    ("offer", "field", "most", "more", "named"),
    [
        # Points of the largest balance and of one more step: 10¹² + n < 2⁶³.
        (VariableAmount(**PLAIN), "points_per_step", 2**63 - 1 - 10**12, 2**63 - 10**12, "points"),
        # The largest cart as a cap and two steps of n basis points of it: (9·10¹¹ + 1)·10⁴ + 2·9·10¹¹·n < 2⁶³.
        (FixedPercent(points=1, percent=1), "percent", Decimal("51190.95"), Decimal("51190.96"), "percent"),
        # A maximum discount of 20,000 paise, n times: 20000·n < 2⁶³.
        (
            VariableAmount(**PLAIN),
            *("min_cart_multiple", Decimal("461168601842738.7"), Decimal("461168601842738.8"), "min_cart_multiple"),
        ),
    ],
)
def test_the_first_number_that_does_not_fit_is_refused(offer, field, most, more, named):
    def with_it(number):
        return escaped(Program(), offers=(escaped(offer, **{field: number}),))

    assert len(compile_program(with_it(most)).terms) == 1
    with pytest.raises(ProgramError, match=rf"offers\.0\.{named}: is too large .* needs over 63 bits"):
        compile_program(with_it(more))


@pytest.mark.parametrize(
    "minimum",
    [
        FixedMinPayable.model_construct(amount=Decimal(10**10)),
        PercentMinPayable.model_construct(percent=Decimal("100.1")),
    ],
)
def test_a_minimum_payable_that_does_not_fit_is_refused(minimum):
    program = escaped(Program(offers=[PLAIN]), min_payable=minimum)
    with pytest.raises(ProgramError, match="min_payable: is too large to be computed exactly"):
        compile_program(program)


@pytest.mark.parametrize(
    ("offer", "amount", "percent"),
    [
        (PLAIN, 1_000, 0),
        ({"kind": "fixed_amount", "points": 1, "discount": "0.5"}, 50, 0),
        ({"kind": "variable_percent", "points_per_step": 1, "percent_per_step": "12.5"}, 0, 1_250),
        ({"kind": "fixed_percent", "points": 1, "percent": "0.01"}, 0, 1),
    ],
)
def test_a_step_takes_off_an_amount_or_a_percentage(offer, amount, percent):
    program = Program(offers=[offer])
    exact, compiled = Law(program).offers[0], compile_program(program).terms[0]
    for terms in ((exact.amount, exact.percent), (compiled["amount"], compiled["percent"])):
        assert terms == (amount, percent)


@pytest.mark.parametrize(
    ("offer", "balance", "reason"),
    [(PLAIN, 99, "balance"), ({"kind": "fixed_percent", "points": 1, "percent": 1}, 5, "cart")],
)
def test_a_discount_of_nothing_costs_no_points(offer, balance, reason):
    # 1 % of 99 paise is less than a paisa.
    law = Law(Program(offers=[offer]))
    assert law.one_offer(law.offers[0], Order(99, balance), 0) == (0, 0, reason)
