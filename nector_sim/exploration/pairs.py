"""Two programs on the same orders: their sums, numbers, groups, and who gains and who loses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim.economics.assumptions import Assumptions
from nector_sim.economics.margin import View, break_even_share, margin_of
from nector_sim.economics.ranges import BASES, Side, Sums, headline, sums_by
from nector_sim.economics.rates import Rates
from nector_sim.economics.response import with_response
from nector_sim.exploration.prepared import Played
from nector_sim.rules.program import Program

BASELINE, CANDIDATE = 0, 1


def sides_of(programs: Sequence[Program], played: Sequence[Played], view: View) -> list[Side]:
    """Each program with what it does to the orders."""
    return [
        Side(program, made.sales, made.points.astype(np.float64), made.could, view, made.replayed)
        for program, made in zip(programs, played, strict=True)
    ]


def bases_of(sides: Sequence[Side], codes: npt.NDArray[np.intp], count: int) -> dict[str, npt.NDArray[np.bool_]]:
    """The orders that redeem under either program, and all of those customers' orders."""
    if sides[BASELINE].view == "accrual":
        return {}  # points cost when they are earned there, on every order
    redeeming = np.logical_or(*((side.points > 0) & (np.asarray(side.known()) > 0) for side in sides))
    return {"users": np.bincount(codes, redeeming, count)[codes] > 0, "redeeming": redeeming}


def in_all(sums: Sums) -> Sums:
    """The sums of all customers."""
    return Sums(sums.names, sums.amounts.sum(axis=0))


def numbers_of(sums: Sums, rates: Rates) -> dict[str, Any]:
    """Headline numbers of both sides and their difference under one name each."""
    numbers = headline(sums, rates, sides=2)
    flat: dict[str, Any] = {}
    for side, label in ((BASELINE, "baseline"), (CANDIDATE, "candidate")):
        flat |= {f"{label}.{name}": values[side] for name, values in numbers.items()}
    before, after = (np.asarray(margin) for margin in numbers["margin"])
    flat["incremental_margin"] = after - before
    flat["incremental_discount"] = numbers["discount"][CANDIDATE] - numbers["discount"][BASELINE]
    flat["incremental_break_even_uplift"] = break_even_share(before - after, after)
    if rates.responds:
        flat["response"], brought = with_response(sums, rates, before=BASELINE, after=CANDIDATE)
        flat["incremental_margin_with_response"] = flat["incremental_margin"] + brought
    for base in BASES:
        if sums.has(f"{base} fixed") or sums.has(f"{base} open"):
            among = margin_of(sums.drivers_among(base, CANDIDATE, rates.using), rates).margin
            flat[f"incremental_break_even_uplift_{base}"] = break_even_share(before - after, among)
        else:
            # Nobody redeems, or points cost where they are earned.
            flat[f"incremental_break_even_uplift_{base}"] = flat["incremental_break_even_uplift"]
    return flat


def by_group(sides: list[Side], labels: Any, assumptions: Assumptions) -> pd.DataFrame:
    """Both sides and the difference by group."""
    codes = labels.codes.astype(np.intp)
    sums = sums_by(sides, np.where(codes < 0, len(labels.categories), codes), len(labels.categories) + 1)
    numbers = headline(sums, assumptions.rates(), sides=2)
    names = ["margin", "cost_of_program", "discount", "discount_rate", "orders_redeemed"]
    table = pd.DataFrame({"group": [*labels.categories.astype(object), "(none)"]})
    table["orders"] = np.asarray(sums.of("without", "orders"), dtype=np.int64)
    for name in names:
        for side, label in ((BASELINE, "baseline"), (CANDIDATE, "candidate")):
            table[f"{label}_{name}"] = numbers[name][side]
        table[f"{name}_difference"] = numbers[name][CANDIDATE] - numbers[name][BASELINE]
    return table[table["orders"] > 0].reset_index(drop=True)


def changes_of(sides: list[Side], codes: npt.NDArray[np.intp], count: int) -> pd.DataFrame:
    """Orders and customers whose discount falls, rises or stays, were all to redeem who can and do not say no."""
    before, after = (side.sales.discount * side.known() for side in sides)
    difference = np.round(after - before, 4)
    customers = np.round(np.bincount(codes, difference, count), 4)
    rows = {}
    for name, sign in (("fall", -1), ("rise", 1), ("same", 0)):
        mine, theirs = np.sign(difference) == sign, np.sign(customers) == sign
        rows[name] = {
            "orders": int(np.count_nonzero(mine)),
            "orders_amount": round(float(difference[mine].sum()), 4),
            "customers": int(np.count_nonzero(theirs)),
            "customers_amount": round(float(customers[theirs].sum()), 4),
        }
    return pd.DataFrame.from_dict(rows, orient="index")
