"""Differences between two sides and their ranges (tea-tasting), and the customers that they need (statsmodels)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import tea_tasting as tt
from statsmodels.stats.power import zt_ind_solve_power
from tea_tasting.aggr import Aggregates

Floats = npt.NDArray[np.float64]


class Difference(NamedTuple):
    """Candidate less baseline, with its range; the unit is the outcome's."""

    baseline: float
    candidate: float
    difference: float
    low: float
    high: float
    p_value: float


class SideTotals(NamedTuple):
    """One side's customers: what each did during the test, and before it where that is used."""

    value: Floats
    per: Floats | None = None
    before: Floats | None = None
    per_before: Floats | None = None


def difference(baseline: SideTotals, candidate: SideTotals, *, level: float = 0.95) -> Difference:
    """Compare means a customer, or the ratio of two (``per``) by the delta method; CUPED where ``before`` is given."""
    names = {name for name in SideTotals._fields if getattr(baseline, name) is not None}
    if "per" in names:
        metric: tt.Mean | tt.RatioOfMeans = tt.RatioOfMeans(
            "value",
            "per",
            "before" if "before" in names else None,
            "per_before" if "per_before" in names else None,
            confidence_level=level,
        )
    else:
        metric = tt.Mean("value", "before" if "before" in names else None, confidence_level=level)
    # Where nobody on a side did anything, relative differences, which are not used, divide by 0.
    with np.errstate(all="ignore"):
        found = metric.analyze_aggregates(_sums(baseline), _sums(candidate))
    if not np.isfinite(found.effect_size_ci_lower):  # nothing varies
        apart = found.effect_size
        return Difference(found.control, found.treatment, apart, apart, apart, float(apart == 0))
    return Difference(
        found.control,
        found.treatment,
        found.effect_size,
        found.effect_size_ci_lower,
        found.effect_size_ci_upper,
        found.pvalue,
    )


def _sums(side: SideTotals) -> Aggregates:
    columns = {name: values for name, values in side._asdict().items() if values is not None}
    table = np.vstack(list(columns.values()))
    covariance = np.atleast_2d(np.cov(table))
    names = list(columns)
    return Aggregates(
        count_=table.shape[1],
        mean_=dict(zip(names, table.mean(axis=1).tolist(), strict=True)),
        var_={name: float(covariance[row, row]) for row, name in enumerate(names)},
        cov_={
            (min(one, other), max(one, other)): float(covariance[row, column])
            for row, one in enumerate(names)
            for column, other in enumerate(names)
            if row < column
        },
    )


def same_share(baseline: int, candidate: int, *, candidate_share: float = 0.5) -> float:
    """The p-value of two sides' sizes, if customers were assigned with this chance (tea-tasting's sample ratio)."""
    ratio = candidate_share / (1 - candidate_share)
    sizes = {0: Aggregates(count_=baseline), 1: Aggregates(count_=candidate)}
    return float(tt.SampleRatio(ratio).analyze(sizes, 0, 1).pvalue)


def customers_a_side(
    sd: float, effect: float, *, alpha: float = 0.05, power: float = 0.8, looks_price: float = 1.0
) -> float:
    """How many customers each of two equal sides needs to see a difference of means."""
    solved = zt_ind_solve_power(effect_size=abs(effect) / sd, alpha=alpha, power=power)
    return float(solved) * looks_price


def smallest_effect(
    sd: float, customers: float, *, alpha: float = 0.05, power: float = 0.8, looks_price: float = 1.0
) -> float:
    """The smallest difference that so many customers a side see; the reverse of :func:`customers_a_side`."""
    return sd * float(zt_ind_solve_power(nobs1=customers / looks_price, alpha=alpha, power=power))
