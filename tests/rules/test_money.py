"""Money at the door: exact in, exact out, refused in words."""

from decimal import Decimal

import numpy as np
import pytest

from nector_sim.rules.money import MAX_MINOR, currency_decimals, from_minor, money_text, to_minor, to_points


@pytest.mark.parametrize(
    ("value", "decimals", "minor"),
    [
        ("749.95", 2, 74995),
        (749.95, 2, 74995),
        (0.1 + 0.2, 2, 30),
        (Decimal("0.10"), 2, 10),
        (500, 2, 50000),
        (np.int64(7), 2, 700),
        (np.float32(0.1), 2, 10),
        ("5.000", 2, 500),
        ("1549.3500000000001", 2, 154935),
        ("-1.4210854715202004e-14", 2, 0),
        (8999999999.95, 2, 899999999995),
        (50, 0, 50),
        ("1.234", 3, 1234),
        ("9000000000", 2, MAX_MINOR),
        (-1e-9, 2, 0),
        (-1e-6, 2, 0),
        (900_000_000 + 2**-23, 3, MAX_MINOR),
    ],
)
def test_amounts_are_read_exactly(value, decimals, minor):
    assert to_minor(value, decimals) == minor
    assert from_minor(minor, decimals) == Decimal(minor) / 10**decimals


@pytest.mark.parametrize(
    ("value", "decimals", "says"),
    [
        (None, 2, "missing"),
        ("", 2, "missing"),
        (" ", 2, "missing"),
        ("abc", 2, "not a number"),
        (True, 2, "not a number"),
        (float("nan"), 2, "NaN"),
        (float("inf"), 2, "infinite"),
        ("-0.01", 2, "negative"),
        (-2e-6, 2, "negative"),
        (-0.004, 2, "negative"),
        (Decimal("-1e-9"), 2, "negative"),
        ("1_000", 2, "not a number"),
        (900_000_000.00001, 3, "too large"),
        ("749.955", 2, "finer"),
        (749.955, 2, "finer"),
        ("100.00000000000000000000000000000000000001", 2, "finer"),
        ("1e-999999", 2, "finer"),
        ("0.5", 0, "finer"),
        ("9000000000.01", 2, "too large"),
        ("1e999999", 2, "scientific"),
        ("1e3", 2, "scientific"),
        ("+500", 2, "not a number"),
        ("५००", 2, "not a number"),
    ],
)
def test_other_amounts_are_refused_in_words(value, decimals, says):
    with pytest.raises(ValueError, match=says):
        to_minor(value, decimals)


def test_points_are_whole_and_not_negative():
    assert [to_points(value) for value in ("250", 99.9, -5, -0.5, Decimal("3.99"), 10**12)] == [
        250,
        99,
        0,
        0,
        3,
        10**12,
    ]
    for value, says in ((10**12 + 1, "too large"), ("x", "not a number"), (float("nan"), "NaN"), (None, "missing")):
        with pytest.raises(ValueError, match=says):
            to_points(value)


def test_decimals_are_those_of_iso_4217():
    # ISO 4217 list one; IQD, MMK and ISK are among those that other tables have otherwise.
    expected = {"INR": 2, "JPY": 0, "KWD": 3, "IQD": 3, "MMK": 2, "ISK": 0, "HUF": 2, "CLF": 4}
    assert {code: currency_decimals(code) for code in expected} == expected
    for code in ("XAU", "inr", "RUPEE", ""):
        with pytest.raises(ValueError, match="ISO 4217"):
            currency_decimals(code)


def test_money_is_written_as_its_readers_write_it():
    assert money_text(1234567, "INR") == "₹12,34,567"
    assert money_text(Decimal("749.9"), "INR") == "₹749.90"
    assert money_text(-1000, "INR") == "-₹1,000"
    assert money_text(1234567, "USD") == "$1,234,567"
    assert money_text(50, "JPY") == "¥50"
