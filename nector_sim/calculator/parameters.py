"""A program as plain numbers, for the compiled law: a table with one row for each offer.

Money is in minor units, percentages in basis points (1 % = 100), multiples in ten-thousandths, times in microseconds
since 1970 in UTC. A limit that an offer lacks stands as one that no order can feel, so that the compiled loops need no
cases for it; nor is it ever named, since on a tie the customer's own limits come first:

* no maximum discount and no maximum cart: one minor unit more than any cart;
* no maximum percentage of the cart, or one above 100 %: 100 %, the cart itself;
* no multiple, or one below 1: 1, the cart itself.

The compiled loops hold whole numbers as floats, divide them and cut off the fraction, or round it up. That is exact
where the upper one is below 2⁵³: a quotient that is not whole lies at least 1 / divisor from the next whole number, and
rounding to the nearest float reaches that only over less than 2⁻⁵³ of its size. (A divisor above 2⁵³ is rounded itself,
but then the quotient is below 1, and not so near to it.) Under the bounds of :mod:`nector_sim.rules.money` the upper
numbers are at most 9 × 10¹¹ × 10⁴ + 10⁴, just below 2⁵³ ≈ 9.007 × 10¹⁵. What is larger (a step more than what is given,
the limit that is never reached) may be rounded, and is only compared with numbers below 2⁵³: no rounding carries it
past them. All of it stays below 2 × 10¹⁸, so that the numbers of the table fit into 64 bits. :func:`compile_program`
works both out for each offer, so that no bound that is changed one day makes a number wrong silently.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from nector_sim.errors import Problem, ProgramError
from nector_sim.rules.known import Known, fields, refuse_unknown
from nector_sim.rules.ledger import MEASURES, Earning, Expiry, Reversal, Tier, Tiering
from nector_sim.rules.money import MAX_MINOR, MAX_POINTS, UNREACHED, WHOLE
from nector_sim.rules.offers import FixedAmount, FixedPercent, Offer, VariableAmount, VariablePercent
from nector_sim.rules.program import FixedMinPayable, PercentMinPayable, Program

#: One minor unit more than any cart has.
ABOVE_CARTS = MAX_MINOR + 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: One offer, with the program's minimum payable beside it.
TERMS = np.dtype(
    [
        ("points", np.int64),  # that one step costs
        ("amount", np.int64),  # that one step takes off; 0 on a percentage offer
        ("percent", np.int64),  # of the cart that one step takes off; 0 on an amount offer
        ("most_steps", np.int64),  # 1 on an offer that is all or nothing
        ("max_discount", np.int64),
        ("max_discount_percent", np.int64),  # of the cart, on an amount offer
        ("max_percent_steps", np.int64),  # that the maximum percentage leaves, on a percentage offer
        ("multiple", np.int64),  # of the discount that the cart must reach
        ("multiple_steps", np.int64),  # that the multiple leaves, on a percentage offer
        ("multiple_below", np.int64),  # it holds for carts below this, on a percentage offer
        ("min_cart", np.int64),
        ("max_cart", np.int64),
        ("min_points", np.int64),  # of a redemption; 0 for none
        ("min_balance", np.int64),  # that must be owned before any points can be spent
        ("no_coupons", np.int64),  # 1 where it is closed to orders that used one
        ("first_instant", np.int64),
        ("last_instant", np.int64),
        ("tiered", np.int64),  # 1 where only some tiers fit
        ("min_payable", np.int64),
        ("min_payable_percent", np.int64),
    ]
)

#: One program, beside its offers; instants and periods in microseconds.
LEDGER = np.dtype(
    [
        ("enabled", np.int64),
        ("first_offer", np.int64),  # in the table of offers
        ("last_offer", np.int64),
        ("earns", np.int64),
        ("on_cart", np.int64),  # 1 where the cart earns, and not what is paid
        ("rounding", np.int64),  # position in ROUNDINGS
        ("whole_step", np.int64),  # money of a step, where only whole ones earn; 0 elsewhere
        ("earning_cart", np.int64),  # that an order must reach to earn
        ("most_earned", np.int64),
        ("delay", np.int64),
        ("on_redeeming", np.int64),  # 1 where an order that redeems earns too
        ("takes_back", np.int64),
        ("gives_back", np.int64),  # 1 on a full refund, 2 its share on a partial one too
        ("forgives", np.int64),
        ("own_tiers", np.int64),  # 1 where the program has tiers, and those of orders do not count
        ("measure", np.int64),  # of its tiers, position in MEASURES
        ("window", np.int64),  # that they are measured in, -1 for all of history
        ("first_tier", np.int64),  # in the table of tiers
        ("last_tier", np.int64),
    ]
)
ROUNDINGS = ("floor", "nearest", "ceil")
DAY = 86_400_000_000


@dataclass(frozen=True, slots=True, eq=False)
class ProgramParameters:
    """A program as the compiled law reads it.

    Parameters
    ----------
    enabled : bool
        Whether the integration is switched on.
    terms : ndarray of TERMS
        One row for each offer, in the order of the program; read-only.
    tier_names : tuple of str
        Every tier that some offer names. An order's tier is its position here, or -1 for any other and for none.
    tier_fits : ndarray of int8, shape (offers, tiers + 1)
        1 where the tier may use the offer; the last column is that of position -1. Read-only.
    """

    enabled: bool
    terms: npt.NDArray[Any]
    tier_names: tuple[str, ...]
    tier_fits: npt.NDArray[np.int8]

    @property
    def is_plain(self) -> bool:
        """Whether it is one amount offer for everybody, whose caps are amounts: what most merchants have."""
        if not self.enabled or len(self.terms) != 1:
            return False
        only = self.terms[0]
        return bool(
            only["amount"] > 0
            and only["max_discount_percent"] == WHOLE
            and only["multiple"] == WHOLE
            and not (only["tiered"] or only["min_points"] or only["min_balance"] or only["no_coupons"])
            and only["first_instant"] == -UNREACHED
            and only["last_instant"] == UNREACHED
        )


_ANY_OFFER = "kind name min_cart max_cart min_cart_multiple tiers starts_at ends_at min_balance with_coupons"
#: What the parameters hold; of the sections of the ledger, what its own rows hold.
KNOWN: Known = {
    Program: fields(
        "name currency points_label timezone enabled offers min_payable",
        "earning expiry tiers tiering reversal valid_from",
    ),
    VariableAmount: fields(
        _ANY_OFFER, "points_per_step discount_per_step max_discount max_discount_percent min_points"
    ),
    FixedAmount: fields(_ANY_OFFER, "points discount"),
    VariablePercent: fields(_ANY_OFFER, "points_per_step percent_per_step max_percent max_discount"),
    FixedPercent: fields(_ANY_OFFER, "points percent max_discount"),
    FixedMinPayable: fields("kind amount"),
    PercentMinPayable: fields("kind percent"),
    Earning: fields(
        "points_per_unit points per_amount whole_steps min_cart max_points",
        "base rounding delay_days on_redeeming_orders",
    ),
    Expiry: fields("months days kind"),
    Tier: fields("name min_spend min_orders min_earned earning_factor"),
    Tiering: fields("window_months"),
    Reversal: fields("earned redeemed overdraft"),
}


@lru_cache(maxsize=256)
def compile_program(program: Program) -> ProgramParameters:
    """Turn a program into parameters; the same program gives the same ones, without work.

    Parameters
    ----------
    program : Program

    Returns
    -------
    ProgramParameters

    Raises
    ------
    ProgramError
        For numbers whose products could leave 64 bits (or the 53 in which divisions are
        exact). A program that was checked by its models has none.

    Examples
    --------
    >>> offer = ns.VariableAmount(points_per_step=1, discount_per_step=1)
    >>> tables = compile_program(ns.Program(offers=[offer]))
    >>> int(tables.terms["amount"][0]), tables.is_plain
    (100, True)
    """
    refuse_unknown(program, KNOWN, "the vectorised calculator")
    rows = [offer_row(offer, program) for offer in program.offers]
    problems = [
        Problem(f"offers.{position}.{field}", f"is too large to be computed exactly: {number} needs over {bits} bits")
        for position, row in enumerate(rows)
        for field, number, bits in _largest(row)
        if number >= 2**bits
    ]
    if problems:
        raise ProgramError("the program cannot be computed; lower these:", problems)
    terms = np.array([tuple(row[field] for field in TERMS.names or ()) for row in rows], TERMS)
    names = tuple(sorted({name for offer in program.offers for name in offer.tiers or ()}))
    fits = tier_fits(program, names)
    for array in (terms, fits):
        array.flags.writeable = False
    return ProgramParameters(program.enabled, terms, names, fits)


def tier_fits(program: Program, names: Sequence[str]) -> npt.NDArray[np.int8]:
    """Which offers each tier may use, shape (offers, tiers + 1); the last column is for customers without one."""
    fits = np.ones((len(program.offers), len(names) + 1), np.int8)
    for position, offer in enumerate(program.offers):
        if offer.tiers is not None:
            fits[position] = [*(name in offer.tiers for name in names), False]
    return fits


def ledger_row(program: Program) -> dict[str, int]:
    """What a program does outside the checkout, in fields of :data:`LEDGER`; places of offers and tiers are 0."""
    earning, reversal = program.earning, program.reversal or Reversal()
    row = dict.fromkeys(LEDGER.names or (), 0) | {
        "enabled": program.enabled,
        "takes_back": reversal.earned,
        "gives_back": 2 if reversal.redeemed == "share" else reversal.redeemed,
        "forgives": reversal.overdraft == "forgive",
        "own_tiers": bool(program.tiers),
        "measure": MEASURES.index(program.tiers[0].measure) if program.tiers else 0,
    }
    if earning is not None:
        row |= {
            "earns": 1,
            "on_cart": earning.base == "cart_amount",
            "rounding": ROUNDINGS.index(earning.rounding),
            "whole_step": int((earning.per_amount or 0) * 10**program.decimals) if earning.whole_steps else 0,
            "earning_cart": int(earning.min_cart.scaleb(program.decimals)),
            "most_earned": earning.max_points or UNREACHED,
            "delay": earning.delay_days * DAY,
            "on_redeeming": earning.on_redeeming_orders,
        }
    return row


def earning_rates(program: Program, names: Sequence[str]) -> list[tuple[int, int]]:
    """Points for a minor unit, or for a whole step, as a fraction, of each tier and last of customers without one."""
    earning = program.earning
    rate = Fraction(0) if earning is None else earning.rate / 10**program.decimals
    if earning is not None and earning.whole_steps:
        rate = Fraction(earning.points or 0)
    factors = {tier.name: Fraction(tier.earning_factor) for tier in program.tiers}
    return [(rate * factors.get(name, Fraction(1))).as_integer_ratio() for name in (*names, "")]


def thresholds(program: Program) -> list[int]:
    """What reaches each tier: minor units, orders or points."""
    return [
        int(tier.least) if tier.min_spend is None else int(tier.min_spend.scaleb(program.decimals))
        for tier in program.tiers
    ]


def offer_row(offer: Offer, program: Program) -> dict[str, int]:
    """One offer's row, with every limit that it lacks filled in."""

    def money(amount: Decimal | None, otherwise: int = ABOVE_CARTS) -> int:
        return otherwise if amount is None else int(amount.scaleb(program.decimals))

    percent = 0 if offer.step_percent is None else _basis_points(offer.step_percent)
    row = {
        "points": offer.step_points,
        "amount": money(offer.step_discount, 0),
        "percent": percent,
        "most_steps": 1 if offer.is_fixed else UNREACHED,
        "max_discount": money(offer.max_discount),
        "max_discount_percent": min(WHOLE, _basis_points(offer.max_discount_percent, WHOLE)),
        "max_percent_steps": UNREACHED if offer.max_percent is None else _basis_points(offer.max_percent) // percent,
        "min_cart": money(offer.min_cart),
        "max_cart": money(offer.max_cart),
        "min_points": offer.min_points or 0,
        "min_balance": offer.min_balance or 0,
        "no_coupons": not offer.with_coupons,
        "tiered": offer.tiers is not None,
    }
    return row | _multiple(offer, row) | _dates(offer, program) | min_payable_row(program)


def _basis_points(percent: Decimal | None, otherwise: int = 0) -> int:
    return otherwise if percent is None else int(percent.scaleb(2))


def _multiple(offer: Offer, row: dict[str, int]) -> dict[str, int]:
    """The multiple; on a percentage offer it leaves the same number of steps on every cart.

    There it holds only where it leaves less than the maximum discount: cart / multiple < max_discount.
    """
    multiple = WHOLE if offer.min_cart_multiple is None else max(WHOLE, int(offer.min_cart_multiple.scaleb(4)))
    steps = WHOLE * WHOLE // (multiple * row["percent"]) if row["percent"] else UNREACHED
    return {
        "multiple": multiple,
        "multiple_steps": steps,
        "multiple_below": -(-row["max_discount"] * multiple // WHOLE),
    }


def _dates(offer: Offer, program: Program) -> dict[str, int]:
    def microseconds(time: datetime) -> int:
        return (program.instant(time).astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)

    return {
        "first_instant": -UNREACHED if offer.starts_at is None else microseconds(offer.starts_at),
        "last_instant": UNREACHED if offer.ends_at is None else microseconds(offer.ends_at) - 1,
    }


def min_payable_row(program: Program) -> dict[str, int]:
    """The minimum payable, as fields of :data:`TERMS`."""
    minimum = program.min_payable
    if isinstance(minimum, PercentMinPayable):
        return {"min_payable": 0, "min_payable_percent": _basis_points(minimum.percent)}
    amount = 0 if minimum is None else int(minimum.amount.scaleb(program.decimals))
    return {"min_payable": amount, "min_payable_percent": 0}


def _largest(row: dict[str, int]) -> Iterator[tuple[str, int, int]]:
    """The largest numbers that the compiled law makes for an offer, by the field they grow with, and their bits.

    What is divided has 53, the rest 63. A step more than what is given is worked out as well, to see what limits it.
    """
    yield "min_payable", max(row["min_payable"] * WHOLE, MAX_MINOR * row["min_payable_percent"] + WHOLE), 53
    yield "max_discount", max(row["max_discount"], MAX_MINOR) * WHOLE, 53
    yield "points", MAX_POINTS + row["points"], 63
    yield "discount", MAX_MINOR + row["amount"], 63
    yield "percent", row["max_discount"] * WHOLE + 2 * MAX_MINOR * row["percent"], 63
    yield "min_cart_multiple", row["multiple_below"], 63
    yield "min_cart", row["min_cart"], 63
    yield "max_cart", row["max_cart"], 63
