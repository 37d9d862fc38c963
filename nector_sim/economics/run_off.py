"""How points run off by their age: of those still there at an age, the share that is redeemed at it, with a tail.

Of the points of one month, what is there at the beginning of an age is what was issued less what was redeemed before.
The share redeemed at an age is that of all months together. Beyond the ages that were seen by enough months the shares
follow a curve, log-linear in age, fitted to the later ones; it ends where points expire, or after :data:`LONGEST`
months.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Months at which the tail ends, where points do not expire before.
LONGEST = 120
#: An age needs this many months of credit before its own share is believed, and a curve this many ages.
MONTHS, AGES = 3, 3
#: The slowest that the tail may fall from month to month.
SLOWEST = -0.01
DRAWS = 500


@dataclass(frozen=True, slots=True)
class RunOff:
    """The shares by age, and what they say of the points that are left.

    Attributes
    ----------
    shares : ndarray of float64, shape (ages,)
        Of the points there at the beginning of an age, those redeemed at it.
    still : ndarray of float64, shape (ages + 1,)
        Of the points there at the beginning of an age, those redeemed at it or later.
    still_draws : ndarray of float64, shape (draws, ages + 1)
    to_come : float
        Points of the months given that will be redeemed.
    to_come_draws : ndarray of float64, shape (draws,)
    beyond : float
        The part of `to_come` at ages that no month has reached.
    dispersion : float
        Variance of what is redeemed, over its mean; 0 where the months do not tell.
    """

    shares: Floats
    still: Floats
    still_draws: Floats
    to_come: float
    to_come_draws: Floats
    beyond: float
    dispersion: float


def run_off(
    issued: Floats, spent: Floats, outstanding: Floats, *, last_age: int | None = None, seed: int = 0
) -> RunOff:
    """Estimate how points run off."""
    months = len(issued)
    row, month = np.triu_indices(months)
    age, done = month - row, spent[row, month].astype(float)
    before = np.cumsum(np.pad(spent, ((0, 0), (1, 0))), axis=1)[row, month]
    there = np.maximum(issued[row] - before, 0.0)
    ages = LONGEST if last_age is None else min(last_age + 1, LONGEST)
    ages = max(ages, months)
    at_risk, redeemed, seen = (
        np.bincount(age, weights, ages).astype(np.float64) for weights in (there, done, there > 0)
    )
    shares = _with_tail(redeemed, at_risk, seen, last_age)
    expected = np.minimum(shares, 1)[age] * there
    used = expected > 0
    left = np.where(used, (done - expected) ** 2 / np.where(used, expected, 1), 0.0)
    freedom = max(int(used.sum()) - int((redeemed > 0).sum()), 1)
    dispersion = float(left.sum()) / freedom
    now = np.arange(months)[::-1] + 1
    rng = np.random.default_rng(seed)
    moved = _calendar(done - expected, expected, month, months, dispersion)
    stills = np.empty((DRAWS, ages + 1))
    for number in range(DRAWS):
        counts = redeemed.copy()
        if dispersion > 0:
            counts = dispersion * rng.gamma(np.maximum(redeemed / dispersion, 1e-9))
        stills[number] = _still(np.clip(_with_tail(counts, at_risk, seen, last_age), 0, 1))
    still = _still(np.clip(shares, 0, 1))
    to_come = float(outstanding @ still[now])
    draws = stills[:, now] @ outstanding * np.exp(moved * rng.standard_normal(DRAWS))
    draws = draws + np.sqrt(dispersion * draws) * rng.standard_normal(DRAWS)
    capped = _still(np.where(np.arange(ages) < months, np.clip(shares, 0, 1), 0.0))
    return RunOff(
        shares,
        still,
        stills,
        to_come,
        np.clip(draws, 0, float(outstanding.sum())),
        to_come - float(outstanding @ capped[now]),
        dispersion,
    )


def _still(shares: Floats) -> Floats:
    """Of the points there at each age, those redeemed from then on."""
    never = np.cumprod(1 - shares[::-1])[::-1]
    return np.append(1 - never, 0.0)


def _with_tail(redeemed: Floats, at_risk: Floats, seen: Floats, last_age: int | None) -> Floats:
    """Shares by age; where too few months tell, those of a curve through the later ages."""
    ages = np.arange(len(redeemed))
    shares = redeemed / np.maximum(at_risk, 1e-9)
    believed = (seen >= MONTHS) & (at_risk > 0)
    if last_age is not None:
        shares = np.where(ages <= last_age, shares, 0.0)
    reached = int(believed.sum())
    fitted = ages[believed & (ages >= max(1, reached // 3)) & ((last_age is None) | (ages < (last_age or 0)))]
    if len(fitted) < AGES or not redeemed[fitted].any():
        curve = np.zeros(len(ages)) if len(fitted) >= AGES else np.full(len(ages), shares[max(reached - 1, 0)])
        if len(fitted) < AGES:
            curve = curve * np.exp(SLOWEST * 10 * np.maximum(ages - reached + 1, 0))
    else:
        curve = _curve(fitted.astype(float), redeemed[fitted], at_risk[fitted], ages.astype(float))
    if last_age is not None:
        curve = np.where(ages <= last_age, curve, 0.0)
    return np.where(believed, shares, curve)


def _curve(age: Floats, redeemed: Floats, at_risk: Floats, ages: Floats) -> Floats:
    """Shares exp(a + b × age), by Poisson regression; b at most :data:`SLOWEST`."""
    middle = age.mean()
    level, slope = np.log(redeemed.sum() / at_risk.sum()), SLOWEST
    for _ in range(50):
        mean = at_risk * np.exp(np.clip(level + slope * (age - middle), -30, 0))
        design = np.stack([np.ones(len(age)), age - middle])
        information = (design * mean) @ design.T + 1e-9 * np.eye(2)
        step = np.linalg.solve(information, design @ (redeemed - mean))
        level, slope = level + float(np.clip(step[0], -1, 1)), slope + float(np.clip(step[1], -0.3, 0.3))
    if slope > SLOWEST:
        slope = SLOWEST
        level = np.log(redeemed.sum() / (at_risk * np.exp(slope * (age - middle))).sum())
    curve: Floats = np.exp(np.clip(level + slope * (ages - middle), -30, 0))
    return curve


def _calendar(off: Floats, expected: Floats, month: npt.NDArray[np.intp], months: int, dispersion: float) -> float:
    """How far whole months of redemption were off beyond chance, as it lasts over a quarter of a year."""
    sums, means = np.bincount(month, off, months), np.bincount(month, expected, months)
    used = means > 0
    excess = (sums[used] / means[used]) ** 2 - dispersion / means[used]
    late = excess[len(excess) // 2 :]
    return float(np.sqrt(max(0.0, float(np.mean(late)) if len(late) else 0.0) / 3))
