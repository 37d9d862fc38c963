"""Ranges of numbers that sum up customers: drawn anew, and corrected for how far a few large ones skew them.

The plain percentiles of a bootstrap are too short for totals of few customers or heavy tails. So each draw is measured
in its own standard error (the bootstrap-t of Efron and Tibshirani 1993, chapter 12.5), taken from each customer's
influence on the number; what drawn assumptions add is laid on top.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim._progress import side_by_side
from nector_sim.economics.ranges import Drawn, Sums
from nector_sim.economics.rates import Rates
from nector_sim.results import count

Floats = npt.NDArray[np.float64]
Numbers = Mapping[str, Any]
#: Draws of each number, and how many customers its range needs.
Corrected = tuple[dict[str, Floats], dict[str, float]]

#: Percentiles that a range reaches from and to.
LOW, HIGH = 5, 95
#: Customers that a range of a mean needs for each squared unit of skewness (Kohavi and others 2014, "Seven rules of
#: thumb for web site experimenters").
FOR_SKEWNESS = 355
#: A draw's standard error is at least this part of the one of all customers.
LEAST_ERROR = 0.1
#: Numbers by customer and column that are drawn together, for memory.
TOGETHER = 20_000_000
#: Numbers that are sums over customers.
_TOTALS = ("margin", "cost_of_program", "discount", "incremental_margin", "incremental_discount")
_NEVER_NEGATIVE = ("discount", "orders_redeemed", "points_redeemed")
#: Numbers below 0 only under assumptions that make every draw so, as payment fees above the price.
_COSTS = ("cost_of_program", "break_even_uplift")
#: Numbers that are parts of a whole.
_SHARES = ("discount_rate", "share_could_redeem", "share_who_get_less")
#: Of fewer customers than these, drawing them anew says little about others.
FEW_CUSTOMERS = 30


def corrected_draws(
    sums: Sums,
    numbers: Callable[[Sums, Rates], Numbers],
    likely: Rates,
    *,
    draw: Callable[[Sums], Numbers],
    resamples: int,
    seed: int,
) -> Corrected:
    """Correct draws of numbers for skewness."""
    nothing = Sums((), sums.amounts[:, :0])
    return next(corrected_draws_of(sums, [nothing], numbers, likely, draw=draw, resamples=resamples, seed=seed))


def corrected_draws_of(
    shared: Sums,
    each: Iterable[Sums],
    numbers: Callable[[Sums, Rates], Numbers],
    likely: Rates,
    *,
    draw: Callable[[Sums], Numbers],
    resamples: int,
    seed: int,
) -> Iterator[Corrected]:
    """Correct draws as :func:`corrected_draws` does, of many settings that share their customers and some sums.

    Customers are drawn once for as many settings as memory allows: drawing them takes longer than adding them up.
    """
    extras, drawn = iter(each), Drawn(len(shared.amounts), resamples=resamples, seed=seed)
    common = Sums(shared.names, drawn.added([shared.amounts])[0])
    together = max(1, TOGETHER // max(1, 2 * shared.amounts.size))
    while some := list(islice(extras, together)):
        of = partial(_Setting.of, shared, numbers=numbers, likely=likely)
        settings = list(side_by_side(of, some, threads=min(2, os.cpu_count() or 1)))
        added = drawn.added([setting.columns.amounts for setting in settings])
        for setting, amounts in zip(settings, added, strict=True):
            again = common.beside(Sums(setting.columns.names, amounts))
            yield _measured(setting, again, len(shared.amounts), numbers(again, likely), draw(again))


@dataclass(frozen=True, slots=True)
class _Setting:
    """One setting before customers are drawn: its numbers; its sums, influences and their squares by customer."""

    value: dict[str, Any]
    columns: Sums
    error: list[float]
    """Of each number, the standard error."""
    skewness: list[float]
    """Of each number, that of what customers add to it."""

    @classmethod
    def of(cls, shared: Sums, extra: Sums, numbers: Callable[[Sums, Rates], Numbers], likely: Rates) -> _Setting:
        sums = shared.beside(extra)
        total = sums.amounts.sum(axis=0)
        value = {name: _bounded(name, number) for name, number in numbers(Sums(sums.names, total), likely).items()}
        without_each = numbers(Sums(sums.names, total - sums.amounts), likely)
        columns = {name: extra.of(*name) for name in extra.names}
        error, skewness = [], []
        for name, number in value.items():
            # For a sum, the customer's own part of it.
            influence = np.broadcast_to(number - _bounded(name, without_each[name]), (len(sums.amounts),))
            squared = influence * influence
            columns |= {("influence", f"1 {name}"): influence, ("influence", f"2 {name}"): squared}
            spread, skewed = _error_and_skewness(influence)
            error.append(spread)
            skewness.append(skewed)
        return cls(value, Sums.stacked(columns, influence.shape), error, skewness)


def _measured(setting: _Setting, again: Sums, customers: int, at_likely: Numbers, draws: Numbers) -> Corrected:
    """Measure each draw of a setting in its own standard error."""
    corrected, needed = {}, {}
    for place, (name, value) in enumerate(setting.value.items()):
        first, second = (again.of("influence", f"{power} {name}") for power in (1, 2))
        drawn, fixed = (_bounded(name, which[name]) for which in (draws, at_likely))
        if (error := setting.error[place]) > 0:
            errors = np.maximum(np.sqrt(np.maximum(second - first**2 / customers, 0)), LEAST_ERROR * error)
            drawn = value - (fixed - value) / errors * error + (drawn - fixed)
        drawn = _unbounded(name, drawn)
        if name.rpartition(".")[2] in _COSTS and _unbounded(name, value) >= 0:
            drawn = np.maximum(drawn, 0)
        corrected[name] = drawn
        needed[name] = FOR_SKEWNESS * setting.skewness[place] ** 2
    return corrected, needed


def span(draws: Any) -> tuple[float, float]:
    """Give the 5th and the 95th percentile; NaN stands for `never`."""
    low, high = np.percentile(np.asarray(draws, dtype=np.float64), [LOW, HIGH], method="nearest")
    return never(low), never(high)


def range_table(value: Mapping[str, Any], draws: Mapping[str, Any] | None) -> pd.DataFrame:
    """Put numbers and their ranges beside each other."""
    table = pd.DataFrame({"value": {name: never(number) for name, number in value.items()}})
    if draws is not None:
        spans = {name: span(draws[name]) for name in value}
        table["low"] = {name: low for name, (low, _) in spans.items()}
        table["high"] = {name: high for name, (_, high) in spans.items()}
    return table


def never(number: Any) -> float:
    """A number as a float; NaN where it is infinite, which stands for `never`."""
    number = float(np.squeeze(number))
    return np.nan if np.isinf(number) else number


def too_skewed(needed: Mapping[str, float], customers: int) -> str | None:
    """Say which ranges are probably too short: there are few customers, or a few make up much of the number."""
    if customers < FEW_CUSTOMERS:
        return f"The ranges rest on {count(customers, 'customer')}, too few to say much about others"
    sums = {name: count for name, count in needed.items() if name.rpartition(".")[2] in _TOTALS}
    short = {name: count for name, count in sums.items() if count > customers}
    if not short:
        return None
    return (
        f"A few customers make up much of these sums: their ranges are probably too short with "
        f"{count(customers, 'customer')} "
        f"(about {max(short.values()):,.0f} are needed)"
    )


def _bounded(name: str, number: Any) -> Any:
    """A number that has no infinity: a break-even as 1 ÷ (1 + it), which is 0 for `never`."""
    if "uplift" not in name:
        return np.asarray(number, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return 1 / (1 + np.asarray(number, dtype=np.float64))


def _unbounded(name: str, number: Any) -> Any:
    base = name.rpartition(".")[2]
    if base in _SHARES:
        return np.clip(number, 0, 1)
    if base in _NEVER_NEGATIVE:
        return np.maximum(number, 0)
    if "uplift" not in name:
        return number
    with np.errstate(divide="ignore"):
        return np.where(number > 0, 1 / np.where(number > 0, number, 1) - 1, np.inf)


def _error_and_skewness(values: Floats) -> tuple[float, float]:
    """The standard error of a sum of values, and their skewness."""
    centred = values - values.mean()
    # By products: a power of an array takes twenty times as long, and a scalar product may wait for other threads.
    squared = centred * centred
    spread = float(squared.mean())
    skewness = float((squared * centred).mean()) / spread**1.5 if spread > 0 else 0.0
    return float(np.sqrt(squared.sum())), skewness
