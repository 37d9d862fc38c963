"""What time itself does: how busy each block was, season and level, newcomers and their trend.

How busy a block was is its orders over what the states of its customers let expect, so that neither who left nor who
came counts. What that says of the blocks ahead is in :mod:`nector_sim.economics.busyness`. Blocks of the window are
drawn more often the more alike they are to the one ahead; what is left, and what is not known, moves the totals.

States carry a season on: after the busy blocks of a year customers have ordered lately, and more is expected of them.
So beside states a season is earlier and flatter than it is. Newcomers have no states, and what a shop sells in all is
beside nothing; their season is the whole one (:func:`whole_season`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nector_sim.economics.busyness import Path, path_of
from nector_sim.exploration.states import BLOCK, YEAR, Donors, Past, carried
from nector_sim.ledger.arrays import Int64

Floats = npt.NDArray[np.float64]

#: Blocks after which a block counts half for the level of newcomers.
HALF_LIFE = 4.0
#: How much of the newcomers' growth is left from one block to the next.
DAMPING = 0.95
#: The largest standard error of the logarithm of newcomers: of few of them no trend can be told.
WIDEST = 1.0
#: Blocks that a state must look back on where how busy blocks were is told, and the most blocks of which it is.
LOOKBACK, LONGEST = 6, 39


@dataclass(frozen=True, slots=True)
class Outlook:
    """How busy the blocks of the window were, and what is to come.

    Attributes
    ----------
    busy : ndarray of float64, shape (window,)
        1 in the mean.
    target : ndarray of float64, shape (ahead,)
        How busy the blocks ahead are drawn to be, on the same scale.
    weights : ndarray of float64, shape (ahead, window)
        How often each block of the window is drawn for a block ahead, 1 in the mean.
    path : Path
        How busy they may be, likewise.
    season : ndarray of float64, shape (looked at + ahead,)
        The logarithm of the whole season, of blocks before the origin and ahead; 0 in the mean over a year.
    newcomers, newcomers_error : ndarray of float64, shape (ahead,)
        Expected newcomers, and the standard error of their logarithm.
    excess : float
        Variance of the newcomers' logarithm beyond that of counts.
    """

    busy: Floats
    target: Floats
    weights: Floats
    path: Path
    season: Floats
    newcomers: Floats
    newcomers_error: Floats
    excess: float

    def season_over(self, edges: Int64, blocks: float) -> Floats:
        """The season of each stretch from the origin on over that of so many blocks before it, shape (stretches,).

        1 where less than a year tells it: a rise may be anything else.
        """
        season, origin = np.exp(self.season), len(self.season) - len(self.target)
        if origin < YEAR:
            return np.ones(len(edges) - 1)
        before = np.arange(origin)[::-1]
        lately = np.average(season[:origin], weights=np.clip(blocks - before, 0, 1))
        over: Floats = self._shares(edges) @ season[origin:] / lately
        return over

    def moves(self, edges: Int64, count: int, rng: np.random.Generator) -> Floats:
        """By what each stretch between instants from the origin on is busier than it was drawn, (count, stretches)."""
        moved: Floats = np.exp(self.path.draws(count, rng)) / self.target @ self._shares(edges).T
        return moved

    def _shares(self, edges: Int64) -> Floats:
        """How much of each stretch lies in each block ahead, shape (stretches, ahead)."""
        begins = edges[0] + BLOCK * np.arange(len(self.target))
        inside = np.minimum(edges[1:, None], begins + BLOCK) - np.maximum(edges[:-1, None], begins)
        shares: Floats = np.maximum(inside, 0) / np.maximum(inside, 0).sum(axis=1, keepdims=True)
        return shares


def outlook_of(past: Past, donors: Donors, ahead: int) -> Outlook:
    """Look at the window, and ahead."""
    longer = min(max(past.window, past.blocks - LOOKBACK), LONGEST)
    if longer > past.window:
        past = replace(past, window=longer, lookback=min(YEAR, past.blocks - longer))
        looked_at = Donors(past)
    else:
        looked_at = donors
    busy, noise = _busy(past, looked_at)
    window = len(donors.newcomers)
    busy /= busy[-window:].mean()
    path = path_of(np.log(busy), noise, ahead, YEAR)
    recent = busy[-window:]
    target = np.clip(np.exp(path.mean), *np.quantile(recent, [0.1, 0.9]))
    whole = np.resize(whole_season(path.year, carried(past, looked_at)), longer + ahead)
    season = np.exp(whole)
    weights = np.array([_tilted(recent, float(wanted)) for wanted in target]).reshape(ahead, window)
    came = np.array([len(part) for part in donors.newcomers], float)
    newcomers, error, excess = _newcomers(came / season[longer - window : longer], ahead)
    # What moves the totals moves newcomers' orders too, and is none of how many come.
    newcomers = newcomers * season[longer:] * target / np.exp(path.mean)
    return Outlook(recent, target, weights, path, whole, newcomers, error, excess)


def _tilted(busy: Floats, wanted: float) -> Floats:
    """The weights exp(a × busy) that give how busy a block is wanted to be in the mean, 1 in the mean themselves."""
    tilt, spread = 0.0, float(busy.std())
    if spread < 1e-9:
        return np.ones(len(busy))
    for _ in range(50):
        weights = np.exp(tilt * (busy - busy.mean()))
        mean = np.average(busy, weights=weights)
        variance = np.average((busy - mean) ** 2, weights=weights)
        if abs(wanted - mean) < 1e-6 * spread or variance < 1e-12:
            break
        tilt += float(np.clip((wanted - mean) / variance, -2 / spread, 2 / spread))
    scaled: Floats = weights / weights.mean()
    return scaled


def whole_season(beside: Floats, carried: Floats) -> Floats:
    """The season of which a part is carried on by states and the rest is left beside them; logarithms, shape (year,).

    season(t) = beside(t) + carried(1) × season(t − 1) + carried(2) × season(t − 2) + …, where the year comes again.
    """
    lags = np.zeros(len(beside))
    np.add.at(lags, np.arange(1, len(carried) + 1) % len(beside), carried)
    season: Floats = np.fft.ifft(np.fft.fft(beside) / (1 - np.fft.fft(lags))).real
    return season


def _busy(past: Past, donors: Donors) -> tuple[Floats, Floats]:
    """How busy each block of a window was, and the variance of its logarithm from who happened to order."""
    place = donors.block - (past.blocks - past.window)
    done, expected, spread = (
        np.bincount(place, of_donor, past.window)
        for of_donor in (donors.counts, donors.expected, (donors.counts - donors.expected) ** 2)
    )
    # A count of orders varies more than a Poisson one, as some customers order much.
    return (done + 1) / (expected + 1), (spread + 1) / (expected + 1) ** 2


def _newcomers(came: Floats, ahead: int) -> tuple[Floats, Floats, float]:
    """Newcomers of the blocks ahead: a level, and a damped trend by Poisson regression, shrunk by its error."""
    window, blocks = len(came), np.arange(1, ahead + 1)
    recent = 0.5 ** ((window - 1 - np.arange(window)) / HALF_LIFE)
    now = float(np.average(came, weights=recent))
    if came.sum() < 1 or now < 0.02:
        return np.zeros(ahead), np.zeros(ahead), 0.0
    months = np.arange(window) - (window - 1)
    design = np.stack([np.ones(window), months], axis=1)
    solved = np.array([np.log(max(came.mean(), 0.1)), 0.0])
    for _ in range(25):
        mean = np.exp(np.clip(design @ solved, -20, 20))
        information = design.T @ (design * mean[:, None]) + 1e-9 * np.eye(2)
        solved = solved + np.clip(np.linalg.solve(information, design.T @ (came - mean)), -1, 1)
    mean = np.exp(np.clip(design @ solved, -20, 20))
    dispersion = max(1.0, float(((came - mean) ** 2 / mean).sum()) / max(window - 2, 1))
    errors = np.linalg.inv(information) * dispersion
    slope, error = float(solved[1]), float(np.sqrt(errors[1, 1]))
    kept = slope * max(0.0, 1 - (error / slope) ** 2) if slope else 0.0
    # Around the middle of what the level is made of, so that the trend begins there.
    middle = float(np.average(months, weights=recent))
    # Growth fades; a decline goes on, since in a short history it is that of customers who were there before it began.
    gone = (1 - DAMPING**blocks) / (1 - DAMPING) if kept > 0 else blocks.astype(float)
    expected = now * np.exp(kept * (gone - middle))
    level_error = np.sqrt(dispersion / max(now * recent.sum() ** 2 / (recent**2).sum(), 1e-9))
    errors_ahead = np.minimum(np.sqrt(level_error**2 + (error * blocks / 2) ** 2), WIDEST)
    return expected, errors_ahead, (dispersion - 1) / max(now, 1.0)
