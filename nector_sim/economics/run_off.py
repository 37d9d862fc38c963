"""How points run off by their age: of those still there at an age, the share that is redeemed at it, with a tail.

Of the points of one month, what is there at the beginning of an age is what was issued less what was redeemed before.
The share redeemed at an age is that of all months together, once the season is taken out. Beyond the ages that were
seen by enough months the shares follow a curve, log-linear in age, fitted to the later ones; it ends where points
expire, or after :data:`LONGEST` months. How busy redemption was in each month, beside what the ages let expect, tells
the season (:mod:`nector_sim.economics.busyness`).

The range draws groups of customers anew, for a customer's points of many months are redeemed together; draws the season
and how the level wanders; and adds chance: by how much groups of customers differed in what was redeemed, in the later
half of the history, of the points they had at its middle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nector_sim.economics.busyness import Path, path_of
from nector_sim.ledger.arrays import Int64

Floats = npt.NDArray[np.float64]

#: Months at which the tail ends, where points do not expire before.
LONGEST = 120
#: An age needs this many months of credit before its own share is believed, and a curve this many ages.
MONTHS, AGES = 3, 3
#: The slowest that the tail may fall from month to month.
SLOWEST = -0.01
DRAWS = 500
#: Groups of customers that are drawn anew.
GROUPS = 30
#: How much of what a level wanders in a year stays over the years of a run-off, in which ups and downs are averaged: a
#: choice, made on the 120 simulated shops of the page, of which ranges held 89 % with none of it and 91 with half.
WANDERS = 0.5
#: Months of a year, and how many ahead have a season of their own; later ones are like the year before.
YEAR, AHEAD = 12, 12


@dataclass(frozen=True, slots=True)
class RunOff:
    """The shares by age, and what they say of the points that are left.

    Attributes
    ----------
    shares : ndarray of float64, shape (ages,)
        Of the points there at the beginning of an age, those redeemed at it, in a month as busy as most.
    still : ndarray of float64, shape (ages + 1,)
        Of the points there at the beginning of an age, those redeemed from now on.
    still_draws : ndarray of float64, shape (draws, ages + 1)
    to_come : float
        Points of the months given that will be redeemed.
    to_come_draws : ndarray of float64, shape (draws,)
    beyond : float
        The part of `to_come` at ages that no month has reached.
    told : bool
        Whether months differ at all from what the shares let expect.
    """

    shares: Floats
    still: Floats
    still_draws: Floats
    to_come: float
    to_come_draws: Floats
    beyond: float
    told: bool


def run_off(
    issued: Floats, spent: Floats, outstanding: Floats, *, last_age: int | None = None, seed: int = 0
) -> RunOff:
    """Estimate how points run off.

    Parameters
    ----------
    issued : ndarray of float64, shape (groups, months)
    spent : ndarray of float64, shape (groups, months, months)
    outstanding : ndarray of float64, shape (months,)
    last_age : int, optional
        The last age at which points can be redeemed.
    seed : int
    """
    groups, months = issued.shape
    row, month = np.triu_indices(months)
    age, done = month - row, spent[:, row, month]
    before = np.cumsum(np.pad(spent, ((0, 0), (0, 0), (1, 0))), axis=2)[:, row, month]
    there = np.maximum(issued[:, row] - before, 0.0)
    ages = max(LONGEST if last_age is None else min(last_age + 1, LONGEST), months)
    redeemed, seen = _sums(done, age, ages), _sums(there.sum(axis=0)[None] > 0, age, ages)[0]
    redeemed_by_month = _sums(done, month, months)
    busy = np.ones(months)
    for _ in range(3):
        at_risk = _sums(there * busy[month], age, ages)
        shares = np.clip(_with_tail(redeemed.sum(axis=0), at_risk.sum(axis=0), seen, last_age), 0, 1)
        expected = _sums(shares[age] * there, month, months)
        path = _path(redeemed_by_month, expected, min(ages, AHEAD))
        busy = np.exp(path.season[:months])
    cells = shares[age] * busy[month] * there.sum(axis=0)
    told = bool(np.abs(done.sum(axis=0) - cells).sum() > 1e-6 * max(cells.sum(), 1.0))
    now = np.arange(months)[::-1] + 1
    rng = np.random.default_rng(seed)
    drawn = np.empty((DRAWS, ages))
    for number in range(DRAWS):
        weights = rng.standard_exponential(groups)
        drawn[number] = np.clip(_with_tail(weights @ redeemed, weights @ at_risk, seen, last_age), 0, 1)
    season = path.season[months:]
    stills = _still(drawn, season + WANDERS * (path.draws(DRAWS, rng) - path.mean))
    still = _still(shares[None], season[None])[0]
    to_come = float(outstanding @ still[now])
    draws = stills[:, now] @ outstanding
    chance = to_come * _unevenness(issued, spent, shares, busy)
    draws = draws * np.exp(np.sqrt(np.log1p(chance / max(to_come, 1e-9) ** 2)) * rng.standard_normal(DRAWS))
    capped = _still(np.where(np.arange(ages) < months, shares, 0.0)[None], season[None])[0]
    return RunOff(
        shares,
        still,
        stills,
        to_come,
        np.clip(draws, 0, float(outstanding.sum())),
        to_come - float(outstanding @ capped[now]),
        told,
    )


def _sums(weights: Floats, place: Int64, size: int | None = None) -> Floats:
    """Rows of sums by place, shape (rows, places)."""
    return np.stack([np.bincount(place, row, size or 0) for row in weights.astype(np.float64)])


def _path(done: Floats, expected: Floats, ahead: int) -> Path:
    """How busy the months ahead are; by groups of customers, shape (groups, months) each."""
    came, due = done.sum(axis=0), expected.sum(axis=0)
    noise = (((done - expected * (came / np.maximum(due, 1e-9))) ** 2).sum(axis=0) + 1) / (due + 1) ** 2
    return path_of(np.log((came + 1) / (due + 1)), noise, ahead, YEAR)


def _unevenness(issued: Floats, spent: Floats, shares: Floats, busy: Floats) -> float:
    """Variance over mean of what is redeemed of the points that are there, from groups of customers.

    Of the points there at the middle of the history, until its end: a customer who uses points uses many at once.
    """
    groups, months = issued.shape
    middle = months // 2
    kept = np.ones(middle)
    for month in range(middle, months):
        kept *= 1 - np.minimum(shares[month - np.arange(middle)] * busy[month], 1)
    there = issued[:, :middle] - spent[:, :middle, :middle].sum(axis=2)
    due, came = there @ (1 - kept), spent[:, :middle, middle:].sum(axis=(1, 2))
    if groups < 2 or due.sum() <= 0 or came.sum() <= 0:
        return 0.0
    off = came - due * (came.sum() / due.sum())
    uneven: float = (off**2).sum() / came.sum() * groups / (groups - 1)
    return uneven


def _still(shares: Floats, busy: Floats) -> Floats:
    """Of the points there at each age now, those redeemed from now on, shape (draws, ages + 1).

    Parameters
    ----------
    shares : ndarray of float64, shape (draws, ages)
    busy : ndarray of float64, shape (draws, ahead)
        The logarithm of how busy the months ahead are; those after them are like the year before.
    """
    draws, ages = shares.shape
    left = np.ones((draws, ages + 1))
    for ahead in range(ages):
        place = ahead if ahead < busy.shape[1] else busy.shape[1] - 1 - (busy.shape[1] - 1 - ahead) % YEAR
        share = np.minimum(shares[:, ahead:] * np.exp(busy[:, max(place, 0), None]), 1)
        left[:, : ages - ahead] *= 1 - share
    return 1 - left


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
        if np.abs(step).max() < 1e-10:
            break
    if slope > SLOWEST:
        slope = SLOWEST
        level = np.log(redeemed.sum() / (at_risk * np.exp(slope * (age - middle))).sum())
    curve: Floats = np.exp(np.clip(level + slope * (ages - middle), -30, 0))
    return curve
