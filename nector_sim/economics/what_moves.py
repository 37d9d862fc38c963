"""What moves the answer: one assumption at a time, and all of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim._extras import library
from nector_sim.economics.assumptions import Assumptions
from nector_sim.economics.ranges import Sums, between, ends_of, headline, likely_of, together
from nector_sim.economics.rates import Rates
from nector_sim.economics.response import with_response
from nector_sim.errors import InputError


def tornado(
    sums: Sums,
    assumptions: Assumptions,
    *,
    sides: int,
    moved: Mapping[str, Mapping[float, Sums]] | None = None,
) -> pd.DataFrame:
    """Move one assumption at a time, the others at their likely value.

    Parameters
    ----------
    sums : Sums
        Of all orders.
    assumptions : Assumptions
        Ranges are moved from low to high; single numbers other than 0 by a tenth of themselves.
    sides : int
        With one, the answer is the cost of the program; with two, the incremental margin of the second over the first.
    moved : mapping of str to mapping of float to Sums, optional
        Other sums at an end of an assumption, where it changes what happens and not only what that costs.

    Returns
    -------
    pandas.DataFrame
        One row an assumption, the one that moves the answer most first: ``assumption``, ``low``, ``likely``, ``high``,
        ``given`` (whether it was given as a range), ``answer_at_low``, ``answer_at_high`` (major units), ``swing``.
    """
    rows = []
    for name in type(assumptions).model_fields:
        belief = getattr(assumptions, name)
        stated = isinstance(belief, tuple | Decimal) and belief != 0
        if name.startswith("response") and sides == 1:  # the cost of a program is on the orders that there are
            continue
        if not stated or (name == "redeemers_percent" and belief == 100):  # nobody said that there are others
            continue
        low, likely, high = ends_of(assumptions, name)
        there = (moved or {}).get(name, {})
        answers = [
            float(np.squeeze(margin_difference(there.get(value, sums), _moved(assumptions, name, value), sides=sides)))
            for value in (low, high)
        ]
        rows.append(
            {
                "assumption": name,
                "low": low,
                "likely": likely,
                "high": high,
                "given": isinstance(belief, tuple),
                "answer_at_low": round(answers[0], 2),
                "answer_at_high": round(answers[1], 2),
                "swing": round(abs(answers[1] - answers[0]), 2),
            }
        )
    names = ["assumption", "low", "likely", "high", "given", "answer_at_low", "answer_at_high", "swing"]
    table = pd.DataFrame(rows, columns=names)
    return table.sort_values("swing", ascending=False, kind="stable").reset_index(drop=True)


def margin_difference(sums: Sums, rates: Rates, *, sides: int) -> Any:
    """Give the number that is moved: the cost of one program, or what a second earns beyond a first."""
    numbers = headline(sums, rates, sides=sides)
    if sides == 1:
        return np.asarray(numbers["cost_of_program"][0])
    return numbers["margin"][1] - numbers["margin"][0] + with_response(sums, rates, before=0, after=1)[1]


def _moved(assumptions: Assumptions, name: str, value: float) -> Rates:
    """The likely values with one field, a share of 100 or an amount, at another."""
    share = value / 100 if name.endswith("_percent") else value
    changed: dict[str, Any] = {name.removesuffix("_percent"): share}
    return replace(assumptions.rates(), **changed)


@dataclass(frozen=True, slots=True)
class MarginDifference:
    """What a second program earns beyond a first, as a function of the assumptions.

    Attributes
    ----------
    sums : Sums
        Of all orders, where all assumptions are likely.
    moved : mapping of str to mapping of float to Sums
        Other sums by a value of who redeems.
    assumptions : Assumptions
    """

    sums: Sums
    moved: Mapping[str, Mapping[float, Sums]]
    assumptions: Assumptions

    def at(self, values: Mapping[str, npt.NDArray[np.float64]]) -> Any:
        """The answer at other values of some assumptions, as these are written."""
        there = []
        for name in set(values) & set(self.moved):
            places = {likely_of(self.assumptions, name): self.sums, **self.moved[name]}
            there.append(between(places, values[name]))
        sums = together(self.sums, there) if there else self.sums
        shares: dict[str, Any] = {}
        for name, each in values.items():
            shares[name.removesuffix("_percent")] = each / 100 if name.endswith("_percent") else each
        return margin_difference(sums, replace(self.assumptions.rates(), **shares), sides=2)

    def spread(self, *, samples: int, seed: int) -> pd.DataFrame:
        """Of the spread of the answer, what each range makes up by itself, and together with the others."""
        if samples < 1 or samples & (samples - 1):
            raise InputError(f"samples is {samples}; it is a power of two, such as 1024")
        stats = library("scipy.stats", "what_moves")
        ranges = {name: ends_of(self.assumptions, name) for name in self.assumptions.uncertain}
        ranges = {name: ends for name, ends in ranges.items() if ends[0] < ends[2]}
        if not self.assumptions.responds:
            ranges.pop("response_half_at_percent", None)
        if not ranges:
            raise InputError(
                "No assumption is a range: write some as [low, likely, high], to see which of them moves the answer"
            )
        if len(ranges) == 1:  # of which scipy knows none
            return pd.DataFrame({"assumption": list(ranges), "alone": [1.0], "with_others": [1.0]})
        found = stats.sobol_indices(
            func=lambda drawn: np.asarray(self.at(dict(zip(ranges, drawn, strict=True))) + 0 * drawn[0]),
            n=samples,
            dists=[stats.triang((b - a) / (c - a), loc=a, scale=c - a) for a, b, c in ranges.values()],
            random_state=np.random.default_rng(seed),
        )
        columns = {"assumption": list(ranges), "alone": found.first_order, "with_others": found.total_order}
        table = pd.DataFrame({name: np.ravel(values) for name, values in columns.items()})
        return table.sort_values("with_others", ascending=False, kind="stable").reset_index(drop=True)
