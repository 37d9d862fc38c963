"""What to defer from a sale with points, and what to release later: IFRS 15 and Ind AS 115.

An aid for whoever keeps the books, and no advice. Amounts are exact decimals, rounded to the currency once, at the end.
The points are a right of their own that a sale gives (a material right), so the price is shared between goods and
points by what each would cost alone (paragraphs 74 and B39 to B43 of the standard). Points that nobody will redeem
count as nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

from nector_sim.errors import InputError, Problem
from nector_sim.results import Result
from nector_sim.rules.money import currency_decimals
from nector_sim.rules.values import read_decimal

if TYPE_CHECKING:
    import pandas as pd

Number = Decimal | int | float | str


@dataclass(frozen=True, slots=True, repr=False)
class Deferral(Result):
    """How the price of sales is shared between goods and points, in the currency's major unit.

    Attributes
    ----------
    revenue : Decimal
        The part for the goods: recognised at once.
    deferred : Decimal
        The part for the points: a contract liability until they are redeemed. The two add up to the sales.
    deferred_low, deferred_high : Decimal or None
        The same at the ends of an estimate's range; None without one.
    notices : tuple of str
        The notices of the estimate.
    """

    revenue: Decimal
    deferred: Decimal
    deferred_low: Decimal | None = None
    deferred_high: Decimal | None = None
    notices: tuple[str, ...] = ()

    def text(self) -> str:
        """Say how the price is shared."""
        said = f"Revenue of the goods {self.revenue:,f}, deferred for the points {self.deferred:,f}."
        if self.deferred_low is not None and self.deferred_high is not None:
            said += (
                f" By the range of the estimate {self.deferred_low:,f} to {self.deferred_high:,f}; "
                "the careful end for a debt is the higher one."
            )
        return "\n".join([said, *self.notices])

    def to_frame(self) -> pd.DataFrame:
        """Give one row: ``revenue``, ``deferred``, ``deferred_low``, ``deferred_high`` (missing without a range)."""
        import pandas as pd

        names = ("revenue", "deferred", "deferred_low", "deferred_high")
        return pd.DataFrame({name: [getattr(self, name)] for name in names})


class HasPercent(Protocol):
    """What is needed of an estimate of ultimate redemption."""

    @property
    def percent(self) -> tuple[float, float, float]:
        """Of the points issued."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What to know of it."""


def defer(
    sales: Number,
    points: int,
    *,
    point_value: Number,
    ultimate_percent: Number | None = None,
    ultimate: HasPercent | None = None,
    tax_percent: Number = 0,
    payment_fee_percent: Number = 0,
    currency: str = "INR",
) -> Deferral:
    """Share the price of sales between the goods and the points that came with them.

    Parameters
    ----------
    sales : number
        What customers paid, net of tax, major units; also taken as the price of the goods sold alone.
    points : int
        Points that these sales earned.
    point_value : number
        What a point takes off, major units.
    ultimate_percent : number, optional
        Of the points issued, how many are expected ever to be redeemed; left out, all.
    ultimate : Ultimate, optional
        From :func:`nector_sim.ultimate_redemption`, instead: its rate of the points *issued* (`percent`), with its
        range. (The rate of points outstanding is for what is owed; see :func:`nector_sim.liability`.)
    tax_percent : number
        Tax inside the prices that points lower: a point then costs its value net of tax. 0 where prices are without
        tax, or points are a means of payment that leaves the tax as it is.
    payment_fee_percent : number
        Of what customers pay, tax included: the fee that a redeemed point saves.
    currency : str
        ISO 4217 code; amounts are rounded to its decimals, a half up.

    Returns
    -------
    Deferral

    Raises
    ------
    InputError
        If something is no number or out of range; all problems together; or if both `ultimate` and
        `ultimate_percent` are given.

    Examples
    --------
    >>> defer(100_000, 10_000, point_value=1, ultimate_percent=97)
    <Deferral: Revenue of the goods 91,157.70, deferred for the points 8,842.30.>
    >>> defer(800, 2_000, point_value="0.012", ultimate_percent=80).deferred
    Decimal('18.75')

    With 18 % GST inside the prices a point of ₹1 costs 1/1.18:

    >>> defer(100_000, 10_000, point_value=1, ultimate_percent=97, tax_percent=18).deferred
    Decimal('7595.93')
    """
    if ultimate is not None and ultimate_percent is not None:
        raise InputError("ultimate and ultimate_percent are both given; give one of them")
    given: dict[str, Any] = {"sales": sales, "point_value": point_value, "points": points}
    low, likely, high = (ultimate_percent if ultimate_percent is not None else 100,) * 3
    if ultimate is not None:
        low, likely, high = (round(percent, 4) for percent in ultimate.percent)
    percents = {"ultimate_percent": likely, "tax_percent": tax_percent, "payment_fee_percent": payment_fee_percent}
    paid, value, count, *shares = _checked(given | percents, whole=("points",))
    for name, percent in zip(percents, shares, strict=True):
        asked = 0 < percent < 1 and name == "ultimate_percent" and ultimate is None
        if percent > 100 or asked:
            raise InputError(f"{name} is {percent}; it is a percentage from 0 to 100, so write 97 for 97 %")
    tax, fee = (Fraction(percent) / 100 for percent in shares[1:])
    a_point = Fraction(value) * (1 / (1 + tax) - fee)

    def part(percent: Number) -> Decimal:
        alone = Fraction(count) * a_point * Fraction(str(percent)) / 100
        whole = Fraction(paid)
        return _round(whole * alone / (whole + alone) if whole + alone else Fraction(0), currency)

    deferred = part(shares[0])
    revenue = _round(Fraction(paid), currency) - deferred
    if ultimate is None:
        return Deferral(revenue, deferred)
    return Deferral(revenue, deferred, part(low), part(high), tuple(ultimate.notices))


def released(deferred: Number, *, points_redeemed: int, points_expected: Number, currency: str = "INR") -> Decimal:
    """Give how much of a deferral has become revenue by now, since it was made.

    When the estimate changes, the total is recalculated with the new one; the difference from what was released by
    the last report is this period's revenue. Nothing is released by time alone: breakage is released in step with
    redemption (paragraph B46).

    Parameters
    ----------
    deferred : number
        What was deferred at the sales, major units.
    points_redeemed : int
        Of these points, redeemed by now.
    points_expected : number
        Of these points, expected ever to be redeemed, those redeemed by now included: today's estimate.
    currency : str
        ISO 4217 code.

    Returns
    -------
    Decimal
        In total by now. What is left deferred is `deferred` less this.

    Raises
    ------
    InputError
        If more is redeemed than expected, or a number is negative.

    Examples
    --------
    The example of the standard itself (IFRS 15, Illustrative Example 52): 4,500 of 9,500 points in the first year; by
    the second 8,500, and now 9,700 are expected.

    >>> deferred = defer(100_000, 10_000, point_value=1, ultimate_percent=95).deferred
    >>> first = released(deferred, points_redeemed=4_500, points_expected=9_500)
    >>> both = released(deferred, points_redeemed=8_500, points_expected=9_700)
    >>> deferred, first, both - first, deferred - both
    (Decimal('8675.80'), Decimal('4109.59'), Decimal('3492.92'), Decimal('1073.29'))
    """
    given: dict[str, Any] = {
        "deferred": deferred,
        "points_redeemed": points_redeemed,
        "points_expected": points_expected,
    }
    amount, redeemed, expected = _checked(given, whole=("points_redeemed",))
    if redeemed > expected:
        raise InputError(
            f"points_redeemed is {points_redeemed} and points_expected {points_expected}; what is expected is "
            "everything that will ever be redeemed, what was redeemed already included"
        )
    share = Fraction(redeemed) / Fraction(expected) if expected else Fraction(0)
    return _round(Fraction(amount) * share, currency)


def _checked(numbers: dict[str, Any], *, whole: tuple[str, ...]) -> list[Decimal]:
    read, problems = [], []
    for name, number in numbers.items():
        try:
            value = read_decimal(number)
        except ValueError:
            value = Decimal(-1)
        if value < 0:
            problems.append(Problem(name, f"is {number}; it is a number, 0 or more"))
        elif name in whole and value != value.to_integral_value():
            problems.append(Problem(name, f"is {number}; points are whole"))
        read.append(value)
    if problems:
        raise InputError("this cannot be deferred or released:", problems)
    return read


def _round(amount: Fraction, currency: str) -> Decimal:
    try:
        decimals = currency_decimals(currency)
    except ValueError as error:
        raise InputError(f"currency {error}") from None
    # Half up, and exact: the fraction is floored in whole minor units.
    minor = int((amount * 10**decimals * 2 + 1) // 2)
    return Decimal(minor).scaleb(-decimals)
