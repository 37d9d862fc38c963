"""The programs of a schedule in one table, for the compiled replay; each program knows its part of it.

What the numbers are, :mod:`nector_sim.calculator.parameters` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nector_sim.calculator.parameters import (
    DAY,
    LEDGER,
    TERMS,
    compile_program,
    earning_rates,
    ledger_row,
    thresholds,
    tier_fits,
)
from nector_sim.errors import InputError, Problem
from nector_sim.ledger.schedule import EARLIEST, Schedule
from nector_sim.rules.program import Program
from nector_sim.rules.times import NEVER

__all__ = ["ALWAYS", "DAY", "EPOCH", "LedgerTerms", "compile_schedule", "microseconds", "tier_names", "windows_of"]

Int64 = npt.NDArray[np.int64]

#: Before every instant.
ALWAYS = np.iinfo(np.int64).min
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LedgerTerms(NamedTuple):
    """Programs in whole numbers.

    Attributes
    ----------
    starts : ndarray of int64, shape (programs,)
        First instant of each program.
    programs : ndarray of LEDGER, shape (programs,)
    offers : ndarray of TERMS, shape (offers,)
    fits : ndarray of int8, shape (offers, tiers + 1)
        Whether an offer is for a tier code; the last column is for customers without one.
    tiers : ndarray of int64, shape (tiers of programs, 2)
        Threshold and code of each tier, the lowest first.
    rates : ndarray of int64, shape (programs, tiers + 1, 2)
        Points for a minor unit, as a fraction; the last row is for customers without a tier.
    """

    starts: Int64
    programs: npt.NDArray[Any]
    offers: npt.NDArray[Any]
    fits: npt.NDArray[np.int8]
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


def compile_schedule(schedule: Schedule, names: tuple[str, ...], largest_cart: int) -> LedgerTerms:
    """Turn programs into arrays."""
    programs = schedule.programs
    rates = np.array([earning_rates(program, names) for program in programs], object)
    if problems := list(_too_fine(schedule, rates, largest_cart)):
        raise InputError("what an order earns cannot be worked out in 64 bits:", problems)
    rows: list[tuple[int, ...]] = []
    tiers: list[tuple[int, int]] = []
    offers, windows = 0, windows_of(schedule)
    for program in programs:
        places = {"first_offer": offers, "last_offer": offers + len(program.offers), "first_tier": len(tiers)}
        tiers += [
            (least, names.index(tier.name)) for least, tier in zip(thresholds(program), program.tiers, strict=True)
        ]
        window = -1 if (months := window_of(program)) is None else windows.index(months)
        row = ledger_row(program) | places | {"last_tier": len(tiers), "window": window}
        rows.append(tuple(row[name] for name in LEDGER.names or ()))
        offers += len(program.offers)
    return LedgerTerms(
        np.array([microseconds(start) for start in schedule.starts], np.int64),
        np.array(rows, LEDGER),
        np.concatenate([np.empty(0, TERMS), *(compile_program(program).terms for program in programs)]),
        np.concatenate([np.empty((0, len(names) + 1), np.int8), *(tier_fits(program, names) for program in programs)]),
        np.array(tiers, np.int64).reshape(-1, 2),
        rates.astype(np.int64),
    )


def window_of(program: Program) -> int | None:
    """Months that an order counts for the tiers of a program; None for ever."""
    return program.tiering.window_months if program.tiers and program.tiering else None


def windows_of(schedule: Schedule) -> list[int]:
    """Every window of a schedule's programs, once."""
    return sorted({months for program in schedule.programs if (months := window_of(program)) is not None})


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 in UTC; before every instant for :data:`EARLIEST`."""
    if at == EARLIEST:
        return int(ALWAYS)
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _too_fine(schedule: Schedule, rates: npt.NDArray[np.object_], largest_cart: int) -> list[Problem]:
    # Rounding half up doubles the product and adds the denominator.
    return [
        Problem(
            "earning.points" if program.earning.points else "earning.points_per_unit",
            f"{program.earning.points or program.earning.points_per_unit} times a tier's earning_factor has too many "
            "digits for a cart of "
            f"{largest_cart} minor units; use fewer decimals in one of them",
        )
        for program, of_program in zip(schedule.programs, rates.tolist(), strict=True)
        if program.earning and any(2 * (top * largest_cart + bottom) > NEVER for top, bottom in of_program)
    ]
