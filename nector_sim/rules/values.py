"""Single values as people and programs write them: blank, a number, yes or no, a percentage; each read here alone.

:mod:`nector_sim.rules.times` reads instants, :mod:`nector_sim.rules.money` amounts and points, and
:mod:`nector_sim.frames.columns` whole columns, with the same answers.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

#: How far a float may lie from an amount of the currency, or from a whole number of points, and still mean it, in
#: major units or points: half the spacing of floats at the largest amount in paise is just below it.
FLOAT_TOLERANCE = 1e-6

MISSING = "is missing; fill it in"
NOT_A_NUMBER = "is not a number; write it with digits and a point, such as 749.95"
SCIENTIFIC = "is in scientific notation, where a spreadsheet drops digits; format the column as a number and save again"
NO_YES_OR_NO = "is neither yes nor no; write true or false, or leave it blank"

_PLAIN = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_EXPONENT = re.compile(r"-?[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]+")
#: Digits in thousands or lakhs.
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?:\.[0-9]*)?")
_YES, _NO = ("true", "yes", "1", "1.0"), ("false", "no", "0", "0.0")
#: Fewer digits hold any float's number exactly; a text of so many is what a float printed.
_DIGITS_OF_FLOATS = range(15, 18)
#: Numbers below it are printed with an exponent by every language.
_TINY = 1e-4


def is_blank(value: Any) -> bool:
    """Whether a value stands for an empty cell: None, NaN, NaT, pandas' NA, or a text of spaces."""
    if isinstance(value, str):
        return not value.strip()
    try:
        return value is None or bool(value != value)  # NaN and NaT equal nothing
    except (TypeError, InvalidOperation):
        # Nobody knows whether pandas' NA equals anything; a signaling NaN is a number that is none.
        return not isinstance(value, Decimal)


def ungrouped(typed: Any) -> str:
    """What was typed without spaces at its ends and commas between thousands; any other comma stays, to be refused.

    Of "2,5" nobody knows whether it is 2.5 or an unfinished 2,500; without the comma it would be 25.
    """
    text = str(typed).strip()
    return text.replace(",", "") if _GROUPED.fullmatch(text) else text


def read_decimal(value: Any) -> Decimal:
    """Read a finite number, exactly as it is written.

    A text has ASCII digits with at most one point, and a sign if it is negative. An exponent is read only where floats
    are printed with one: below 0.0001. A float of any width is the number that it prints.
    """
    if is_blank(value) and not isinstance(value, float | Decimal):
        raise ValueError(MISSING)
    if isinstance(value, str):
        return _of_text(value.strip())
    try:
        # By way of text, so that a float of any width is the number that it prints, and True is none.
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except (InvalidOperation, ValueError):
        raise ValueError(NOT_A_NUMBER) from None
    return _finite(number)


def _of_text(text: str) -> Decimal:
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    if _EXPONENT.fullmatch(text):
        if abs(float(text)) < _TINY:
            return Decimal(text)
        raise ValueError(SCIENTIFIC)
    if text.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return _finite(Decimal(text))
    raise ValueError(NOT_A_NUMBER)


def _finite(number: Decimal) -> Decimal:
    if number.is_nan():
        raise ValueError("is not a number (NaN); fill it in")
    if number.is_infinite():
        raise ValueError("is infinite; fill in the real amount")
    return number


def as_float(value: Any) -> float | None:
    """A float, or the float that a text was printed from; None for what is exact: whole numbers, decimals, texts."""
    if isinstance(value, float):
        return float(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if not (_PLAIN.fullmatch(text) or _EXPONENT.fullmatch(text)):
        return None
    number = float(text)
    if number == 0 and re.search("[1-9]", re.sub(r"[eE].*", "", text)):
        return None  # smaller than any float
    digits = len(re.sub(r"[eE].*|[.-]", "", text).lstrip("0"))
    printed = "e" in text.lower() or digits in _DIGITS_OF_FLOATS or repr(number) == text
    return number if printed else None


def read_yes_no(value: Any) -> bool | None:
    """Read yes or no; None where it is blank.

    Booleans, 1 and 0 (also as floats, which pandas makes of a column with blanks), and the words true, false, yes and
    no in any case.

    Raises
    ------
    ValueError
        For anything else.

    Examples
    --------
    >>> read_yes_no(True), read_yes_no("No"), read_yes_no("1.0"), read_yes_no(" ")
    (True, False, True, None)
    """
    if is_blank(value):
        return None
    text = str(value).strip().lower()
    if text not in (*_YES, *_NO):
        raise ValueError(NO_YES_OR_NO)
    return text in _YES


def read_percentage(value: Any, *, ask_below: Decimal | int = 1, at_most: int | None = 100) -> Decimal:
    """Read a percentage, and ask where a share between 0 and 1 was probably meant.

    As text with a % sign, such as ``"0.25%"``, it is taken as it is written. Numbers above 0 and below `ask_below` are
    asked about.

    Raises
    ------
    ValueError
        For what is no number, outside 0 to `at_most`, or probably a share.

    Examples
    --------
    >>> read_percentage(55), read_percentage("0.25%")
    (Decimal('55'), Decimal('0.25'))
    >>> read_percentage(0.55)
    Traceback (most recent call last):
    ...
    ValueError: is 0.55; did you mean 55? Percentages go from 0 to 100 (if you do mean 0.55 %, write "0.55%")
    """
    meant = isinstance(value, str) and value.strip().endswith("%")
    try:
        number = read_decimal(value.strip().removesuffix("%") if meant else value)
    except ValueError:
        given = str(value).lower() if isinstance(value, bool) else value
        raise ValueError(f"is {given}, not a number; a percentage is written such as 40") from None
    if number < 0 or (at_most is not None and number > at_most):
        raise ValueError(f"is {number:f}; a percentage goes from 0 to {at_most or 'any number'}")
    if 0 < number < ask_below and not meant:
        raise ValueError(
            f"is {number:f}; did you mean {(number * 100).normalize():f}? Percentages go from 0 to 100 "
            f'(if you do mean {number:f} %, write "{number:f}%")'
        )
    return number
