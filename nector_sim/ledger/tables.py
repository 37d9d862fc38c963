"""Programs as arrays of whole numbers, for the compiled replay.

Money is in minor units, percentages in basis points, instants in microseconds since 1970 in UTC. Offers of all
programs stand in one table; each program knows its part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nector_sim.errors import InputError, Problem
from nector_sim.ledger.schedule import EARLIEST, Schedule
from nector_sim.rules.ledger import Reversal
from nector_sim.rules.money import to_minor
from nector_sim.rules.offers import FixedAmount, FixedPercent, Offer, VariableAmount, VariablePercent
from nector_sim.rules.program import FixedMinPayable, PercentMinPayable, Program

Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

#: After every instant, and before every one.
NEVER = np.iinfo(np.int64).max
ALWAYS = np.iinfo(np.int64).min
#: What an absent cap or multiple is written as.
ABSENT = -1
DAY = 86_400_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Columns of the table of offers.
POINTS, AMOUNT, PERCENT, IS_FIXED, MIN_CART, MAX_CART, STARTS, ENDS, CAP, CAP_PERCENT, MULTIPLE = range(11)
# Columns of the table of programs.
FIRST_OFFER, LAST_OFFER, ENABLED, MIN_AMOUNT, MIN_PERCENT, EARNS, ON_CART, ROUNDING, DELAY, ON_REDEEMING = range(10)
TAKES_BACK, GIVES_BACK, FORGIVES, FIRST_TIER, LAST_TIER, OWN_TIERS = range(10, 16)
ROUNDINGS = ("floor", "nearest", "ceil")


class Terms(NamedTuple):
    """Programs in whole numbers.

    Attributes
    ----------
    starts : ndarray of int64, shape (programs,)
        First instant of each program.
    programs : ndarray of int64, shape (programs, 16)
    offers : ndarray of int64, shape (offers, 11)
    fits : ndarray of bool, shape (offers, tiers + 1)
        Whether an offer is for a tier code; the last column is for customers without one.
    tiers : ndarray of int64, shape (tiers of programs, 2)
        Threshold and code of each tier, the lowest first.
    rates : ndarray of int64, shape (programs, tiers + 1, 2)
        Points for a minor unit, as a fraction; the last row is for customers without a tier.
    """

    starts: Int64
    programs: Int64
    offers: Int64
    fits: Mask
    tiers: Int64
    rates: Int64


def tier_names(schedules: Sequence[Schedule], of_orders: Sequence[str] = ()) -> tuple[str, ...]:
    """Every tier name there is; its position is its code."""
    names = dict.fromkeys(of_orders)
    for program in (program for schedule in schedules for program in schedule.programs):
        names |= dict.fromkeys(tier.name for tier in program.tiers)
        for offer in program.offers:
            names |= dict.fromkeys(offer.tiers or ())
    return tuple(names)


def compile_schedule(schedule: Schedule, names: tuple[str, ...], largest_cart: int) -> Terms:
    """Turn programs into arrays.

    Parameters
    ----------
    schedule : Schedule
    names : tuple of str
        Of tiers, from :func:`tier_names`.
    largest_cart : int
        In minor units; what it earns must fit into 64 bits.

    Returns
    -------
    Terms

    Raises
    ------
    InputError
        If a rate is too fine for so large a cart.
    """
    offers = [_offer_row(offer, program) for program in schedule.programs for offer in program.offers]
    fits = [_fits(offer, names) for program in schedule.programs for offer in program.offers]
    tiers = [
        (to_minor(tier.min_lifetime_spend, program.decimals), names.index(tier.name))
        for program in schedule.programs
        for tier in program.tiers
    ]
    rates = np.array([_rates(program, names) for program in schedule.programs], object)
    if problems := list(_too_fine(schedule, rates, largest_cart)):
        raise InputError("what an order earns cannot be worked out in 64 bits:", problems)
    return Terms(
        np.array([microseconds(start) for start in schedule.starts], np.int64),
        np.array(list(_program_rows(schedule)), np.int64),
        np.array(offers, np.int64).reshape(-1, 11),
        np.array(fits, np.bool_).reshape(-1, len(names) + 1),
        np.array(tiers, np.int64).reshape(-1, 2),
        rates.astype(np.int64),
    )


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 in UTC; before every instant for :data:`EARLIEST`."""
    if at == EARLIEST:
        return int(ALWAYS)
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _program_rows(schedule: Schedule) -> list[list[int]]:
    rows: list[list[int]] = []
    offers = tiers = 0
    for program in schedule.programs:
        minimum, earning, reversal = program.min_payable, program.earning, program.reversal or Reversal()
        last_tier = tiers + len(program.tiers)
        rows.append(
            [
                offers,
                offers + len(program.offers),
                program.enabled,
                _minor(minimum.amount, program) if isinstance(minimum, FixedMinPayable) else 0,
                _basis_points(minimum.percent) if isinstance(minimum, PercentMinPayable) else 0,
                earning is not None,
                earning is not None and earning.base == "cart_amount",
                ROUNDINGS.index(earning.rounding) if earning else 0,
                earning.delay_days * DAY if earning else 0,
                earning is None or earning.on_redeeming_orders,
                reversal.earned,
                reversal.redeemed,
                reversal.overdraft == "forgive",
                tiers,
                last_tier,
                bool(program.tiers),
            ]
        )
        offers, tiers = offers + len(program.offers), last_tier
    return rows


def _minor(amount: object, program: Program) -> int:
    return ABSENT if amount is None else to_minor(amount, program.decimals)


def _basis_points(percent: object) -> int:
    return ABSENT if percent is None else to_minor(percent, 2)


def _offer_row(offer: Offer, program: Program) -> list[int]:
    row = [0] * 11
    row[MIN_CART] = _minor(offer.min_cart, program)
    row[MAX_CART] = int(NEVER) if offer.max_cart is None else _minor(offer.max_cart, program)
    row[STARTS] = int(ALWAYS) if offer.starts_at is None else _instant(offer.starts_at, program)
    row[ENDS] = int(NEVER) if offer.ends_at is None else _instant(offer.ends_at, program)
    row[MULTIPLE] = ABSENT if offer.min_cart_multiple is None else int(offer.min_cart_multiple * 10_000)
    row[CAP] = row[CAP_PERCENT] = ABSENT
    match offer:
        case VariableAmount():
            row[POINTS] = offer.points_per_step
            row[AMOUNT] = _minor(offer.discount_per_step, program)
            row[CAP] = _minor(offer.max_discount, program)
            row[CAP_PERCENT] = _basis_points(offer.max_discount_percent)
        case FixedAmount():
            row[POINTS], row[AMOUNT], row[IS_FIXED] = offer.points, _minor(offer.discount, program), 1
        case VariablePercent():
            row[POINTS], row[PERCENT] = offer.points_per_step, _basis_points(offer.percent_per_step)
            row[CAP] = _minor(offer.max_discount, program)
            row[CAP_PERCENT] = _basis_points(offer.max_percent)
        case FixedPercent():
            row[POINTS], row[PERCENT], row[IS_FIXED] = offer.points, _basis_points(offer.percent), 1
            row[CAP] = _minor(offer.max_discount, program)
    return row


def _instant(time: datetime, program: Program) -> int:
    return microseconds(program.instant(time).astimezone(UTC))


def _fits(offer: Offer, names: tuple[str, ...]) -> list[bool]:
    if offer.tiers is None:
        return [True] * (len(names) + 1)
    return [*(name in offer.tiers for name in names), False]


def _rates(program: Program, names: tuple[str, ...]) -> list[list[int]]:
    rate = Fraction(program.earning.points_per_unit if program.earning else 0) / 10**program.decimals
    factors = {tier.name: Fraction(tier.earning_factor) for tier in program.tiers}
    fractions = [rate * factors.get(name, Fraction(1)) for name in (*names, "")]
    return [[fraction.numerator, fraction.denominator] for fraction in fractions]


def _too_fine(schedule: Schedule, rates: npt.NDArray[np.object_], largest_cart: int) -> list[Problem]:
    # Rounding half up doubles the product and adds the denominator.
    return [
        Problem(
            "earning.points_per_unit",
            f"{program.earning.points_per_unit} times a tier's earning_factor has too many digits for a cart of "
            f"{largest_cart} minor units; use fewer decimals in one of them",
        )
        for program, of_program in zip(schedule.programs, rates.tolist(), strict=True)
        if program.earning and any(2 * (top * largest_cart + bottom) > NEVER for top, bottom in of_program)
    ]
