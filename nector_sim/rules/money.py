"""Money, percentages and points: exact types, and the door between major and minor units.

Outside, money is in the currency's major unit (₹749.95); inside, it is a whole number of minor units (74995 paise).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from nector_sim.rules.values import FLOAT_TOLERANCE, as_float, read_decimal

#: The largest amount, in minor units. Everything that is computed from it then fits into 64 bits.
MAX_MINOR = 900_000_000_000
#: The largest balance, and the most points a step may cost.
MAX_POINTS = 1_000_000_000_000
#: A whole in basis points (100 %), and in the ten-thousandths of multiples.
WHOLE = 10_000
#: A limit on steps, an amount or a threshold that is never reached.
UNREACHED = 2**62


@dataclass(frozen=True, slots=True)
class About:
    """What a model's field is, for forms, reports and tests.

    Parameters
    ----------
    unit : str
        ``money``, ``points``, ``percent``, ``times`` … or empty.
    screen : str
        The field's name on Nector's screen; empty where the field is ours.
    choices : tuple of str
        The named choices that the field carries (places where other calculators differ).
    """

    unit: str = ""
    screen: str = ""
    choices: tuple[str, ...] = ()


@lru_cache(maxsize=256)
def currency_decimals(code: str) -> int:
    """Decimals of a currency's minor unit, from ISO 4217's own table."""
    from iso4217 import Currency  # parses its table on import, so only when it is needed

    try:
        decimals: int | None = Currency(code).exponent
    except ValueError:
        raise ValueError(f"{code!r} is not a currency of ISO 4217; write its three letters, such as INR") from None
    if decimals is None:
        raise ValueError(f"{code} has no minor unit in ISO 4217, so nobody can pay in it; use a currency such as INR")
    return int(decimals)


def to_minor(value: Any, decimals: int) -> int:
    """Turn an amount in major units into whole minor units, exactly."""
    number, scale = read_decimal(value), 10**decimals
    exact = not is_finer(number, decimals)
    near = None if exact else as_float(value)
    slack = 0 if near is None else Decimal(str(FLOAT_TOLERANCE))
    minor: int
    if number < -slack:
        raise ValueError("is negative; an amount is 0 or more")
    if number > from_minor(MAX_MINOR, decimals) + slack:
        raise ValueError(f"is too large; an amount is at most {from_minor(MAX_MINOR, decimals):f}")
    if near is not None:
        minor = round(near * scale)
        exact = abs(near - minor / scale) <= FLOAT_TOLERANCE
    else:
        minor = int(number * scale)
    if not exact:
        raise ValueError(f"is finer than the currency's {decimals} decimals; round it first, in the way you mean")
    return minor


def from_minor(minor: int, decimals: int) -> Decimal:
    """Turn whole minor units into a Decimal in the major unit, with the currency's decimals."""
    return Decimal(minor).scaleb(-decimals)


def to_points(value: Any) -> int:
    """Turn a number of points into a whole, usable one: a fraction is floored, a negative number is 0."""
    number = read_decimal(value)
    if number > MAX_POINTS:
        raise ValueError(f"is too large; a number of points is at most {MAX_POINTS}")
    if number == number.to_integral_value():
        return max(0, int(number))
    near = as_float(value)
    # In floats, as the compiled loops do it, so that a number at the very edge is the same points everywhere.
    return max(0, math.floor(number) if near is None else math.floor(near + FLOAT_TOLERANCE))


def is_finer(number: Decimal, decimals: int) -> bool:
    """Whether a number has digits, other than zeros, behind so many decimals; exact for any length."""
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # it is finite
    behind = -exponent - decimals
    return behind > 0 and any(digits[-behind:])


def money_text(amount: Decimal | float, currency: str) -> str:
    """Write an amount of money as its readers do: rupees in lakhs and crores.

    Parameters
    ----------
    amount : Decimal or float
        In the currency's major unit; rounded to its minor unit. Whole amounts are written without decimals.
    currency : str
        ISO code, such as INR.

    Returns
    -------
    str

    Examples
    --------
    >>> money_text(6863353.5, "INR"), money_text(1200, "JPY")
    ('₹68,63,353.50', '¥1,200')
    """
    from babel.numbers import format_currency

    decimals = currency_decimals(currency)
    amount = round(Decimal(amount), decimals)
    shown = 0 if amount == amount.to_integral_value() else decimals
    pattern = "¤#,##,##0" if currency == "INR" else "¤#,##0"
    pattern += "." + "0" * shown if shown else ""
    return str(format_currency(amount, currency, format=pattern, locale="en", currency_digits=False))


def _number(value: Any) -> Any:
    # bool is an int in Python; as an amount it is a mistake.
    if isinstance(value, bool):
        raise PydanticCustomError("not_a_number", "is {value}, not a number", {"value": str(value).lower()})
    return value


def _at_most_decimals(places: int, name: str) -> AfterValidator:
    def check(value: Decimal) -> Decimal:
        if is_finer(value, places):
            raise PydanticCustomError(
                "too_fine", f"{name} has at most {places} decimals; round it first, in the way you mean"
            )
        return value

    return AfterValidator(check)


Number = Annotated[Decimal, BeforeValidator(_number), Field(allow_inf_nan=False)]
#: Money in the major unit, 0 or more. Whether it is exact in the currency is checked where the currency is known.
Amount = Annotated[Number, Field(ge=0)]
#: Money in the major unit, above 0.
PositiveAmount = Annotated[Number, Field(gt=0)]
#: A percentage from 0 to 100, at most two decimals.
Percent = Annotated[Number, Field(ge=0, le=100), _at_most_decimals(2, "a percentage")]
#: A percentage of an offer: above 0; above 100 it makes sense under a cap only; at most 10000, two decimals.
OfferPercent = Annotated[Number, Field(gt=0, le=10_000), _at_most_decimals(2, "a percentage")]
#: A multiple above 0, at most 1000, four decimals.
Multiple = Annotated[Number, Field(gt=0, le=1_000), _at_most_decimals(4, "a multiple")]
#: A whole number of points, 1 or more.
StepPoints = Annotated[int, BeforeValidator(_number), Field(ge=1, le=MAX_POINTS)]
#: An earning rate or factor: 0 or more, four decimals.
Factor = Annotated[Number, Field(ge=0, le=10_000), _at_most_decimals(4, "a rate or factor")]
#: A whole number; its bounds are its field's.
WholeNumber = Annotated[int, BeforeValidator(_number)]
