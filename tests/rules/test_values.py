"""One table of cases for each kind of value, and every door that reads it."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from nector_sim.frames.columns import NOT_SAID, count_odd_points, read_money, read_points, read_yes_or_no
from nector_sim.rules.money import to_minor, to_points
from nector_sim.rules.values import as_float, is_blank, read_decimal, read_percentage, read_yes_no, ungrouped

BLANK = [None, float("nan"), np.float32("nan"), pd.NA, pd.NaT, Decimal("NaN"), "", " ", "\t"]
FILLED = [0, 0.0, False, "0", "nan", Decimal(0), pd.Timestamp(0)]


@pytest.mark.parametrize("value", BLANK)
def test_what_stands_for_an_empty_cell(value):
    assert is_blank(value)


@pytest.mark.parametrize("value", FILLED)
def test_what_does_not(value):
    assert not is_blank(value)


#: Texts of amounts with two decimals and what they are in minor units; None is refused.
AMOUNTS = {
    "500": 50_000, "749.95": 74_995, " 749.95 ": 74_995, ".5": 50, "5.": 500, "100.000": 10_000, "-0": 0, "-0.00": 0,
    # What floats print: within 1e-6 of an amount, whatever the language.
    "1549.3500000000001": 154_935, "99.99999999999999": 10_000, "0.30000000000000004": 30, "749.95000000000005": 74_995,
    "1e-14": 0, "-1.4210854715202004e-14": 0, "1.0E-14": 0,
    # What they do not print, or not so near to an amount.
    "749.9512345678901": None, "749.955": None, "100.000000000000000000001": None, "0.005": None, "-1": None,
    "5e2": None, "1e3": None, "5E+2": None, "+500": None, "५००": None, "1_000": None, "1,000": None, "": None,
    "abc": None, "NaN": None, "inf": None, "0x10": None, "--5": None, "1.2.3": None,
}  # fmt: skip


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_an_amount_is_read_alike_by_every_door(kind):
    column = read_money(pa.array(list(AMOUNTS), kind), 2)
    for row, (text, minor) in enumerate(AMOUNTS.items()):
        if minor is None:
            assert row in column.refused, text
            with pytest.raises(ValueError, match="is"):
                to_minor(text, 2)
        else:
            assert (row not in column.refused, int(column.numbers[row])) == (True, minor), text
            assert to_minor(text, 2) == minor, text


#: Numbers of points and what can be used of them.
POINTS = {
    100.0: 100, 99.9: 99, 33.4 * 3 - 0.2: 100, 100.00000000000001: 100, 99.999998: 99, -5.0: 0, -1e-14: 0, 1e-14: 0,
    0.9999999: 1, 0.99999: 0, 1e12: 10**12,
}  # fmt: skip


def test_points_are_read_alike_by_every_door():
    values, want = list(POINTS), list(POINTS.values())
    assert [to_points(value) for value in values] == want
    assert [to_points(repr(value)) for value in values] == want
    for column in (np.array(values), pa.array([*values, None])[:-1], pa.array(map(repr, values))):
        assert read_points(column).numbers.tolist() == want
    assert count_odd_points(np.array(values)) == (3, 1)  # 99.9, 99.999998, 0.99999; -5
    assert count_odd_points(pa.array(map(repr, values))) == (3, 1)


def test_the_tolerance_is_for_floats_alone():
    assert to_points(Decimal("99.99999999999999")) == 99
    with pytest.raises(ValueError, match="finer"):
        to_minor(Decimal("1549.3500000000001"), 2)
    assert as_float(Decimal("1.5")) is as_float(3) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.0000000000000", None),  # 14 digits: nobody prints a float so
        ("1.00000000000000", 1.0),
        ("0.12345678901234568", 0.12345678901234568),
        ("0.123456789012345678", None),  # 18 digits: more than a float has
        ("0.1", 0.1),
        ("9e-05", 9e-05),
        ("words", None),
    ],
)
def test_a_text_that_a_float_printed_is_known_by_its_digits(text, number):
    assert as_float(text) == number


@pytest.mark.parametrize("value", [True, False, [1], object(), "1,5"])
def test_what_is_no_number_is_said_to_be_none(value):
    with pytest.raises(ValueError, match="is not a number; write it with digits and a point"):
        read_decimal(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [("nan", "NaN"), ("NaN", "NaN"), ("inf", "infinite"), ("-Infinity", "infinite"), ("+inf", "infinite")],
)
def test_what_is_not_finite_is_said_so(text, said):
    with pytest.raises(ValueError, match=said):
        read_decimal(text)


def test_an_exponent_is_read_where_floats_are_printed_with_one():
    assert read_decimal("9.9e-05") == Decimal("0.000099")
    for text in ("1e-4", "5e-1", "1e3"):
        with pytest.raises(ValueError, match="scientific notation"):
            read_decimal(text)


YES_NO = {
    True: True, False: False, "Yes": True, " no ": False, "TRUE": True, "false": False, "1": True, "0": False,
    "1.0": True, "0.0": False, "": None, "  ": None,
}  # fmt: skip


def test_yes_and_no_are_read_alike_by_every_door():
    for value, answer in YES_NO.items():
        assert read_yes_no(value) is answer
    texts = [value for value in YES_NO if isinstance(value, str)]
    codes = [NOT_SAID if YES_NO[text] is None else int(YES_NO[text]) for text in texts]
    for column in (texts, pd.Series(texts), pa.array(texts, pa.string_view()), np.array(texts, object)):
        assert read_yes_or_no(column).numbers.tolist() == codes
    assert read_yes_or_no(np.array([1.0, 0.0, np.nan])).numbers.tolist() == [1, 0, NOT_SAID]
    assert read_yes_or_no(pd.Series([True, None, False], dtype="boolean")).numbers.tolist() == [1, NOT_SAID, 0]


@pytest.mark.parametrize("values", [[2], [0.5], [-1], ["perhaps"], [3, 0]])
def test_what_is_neither_is_refused(values):
    assert 0 in read_yes_or_no(values).refused
    with pytest.raises(ValueError, match="neither yes nor no"):
        read_yes_no(values[0])


PERCENTAGES = {40: 40, "40": 40, "40 %": 40, "0.5%": Decimal("0.5"), 100: 100, 0: 0, "12.5": Decimal("12.5")}


def test_percentages():
    for value, number in PERCENTAGES.items():
        assert read_percentage(value) == number
    for value, says in ((0.4, "did you mean 40"), (101, "from 0 to 100"), (-1, "0 to 100"), ("x", "not a number")):
        with pytest.raises(ValueError, match=says):
            read_percentage(value)


def test_a_share_is_asked_about_below_one_percent_and_not_above():
    assert [read_percentage(value) for value in (0, 1, "1.5", 100)] == [0, 1, Decimal("1.5"), 100]
    with pytest.raises(ValueError, match=r"is 0\.55; did you mean 55\?"):
        read_percentage("0.55")
    with pytest.raises(ValueError, match="is true, not a number; a percentage is written such as 40"):
        read_percentage(True)
    with pytest.raises(ValueError, match="is forty, not a number"):
        read_percentage("forty")
    assert read_percentage(101, at_most=None) == 101
    with pytest.raises(ValueError, match="is 101; a percentage goes from 0 to 100"):
        read_percentage(101)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        *[
            ("1,000", "1000"),
            (" 1,00,000.50 ", "100000.50"),
            ("-12,345", "-12345"),
            ("1,234,567", "1234567"),
            ("7", "7"),
        ],
        *[(left, left) for left in ("0,5", "2,5", "1,00", "1000,000", "1,000,5", ",5", "1,,000", "")],
    ],
)
def test_only_commas_between_thousands_are_taken_away(typed, read):
    """Of "2,5" a 25 was made."""
    assert ungrouped(typed) == read
