"""How busy blocks of time are, looked back on and ahead: a level that wanders, a season, and what is not known of both.

The logarithm of how busy a block was is a level that walks at random, a wave over the year with its half wave, and
noise. How fast the level walks, how strong a season is and how noisy a block is are not known: each has a few values
that are believed beforehand, and the history says how likely they are (a mixture of normal distributions, so with tails
where the history is short). A season that was not seen yet is not a season that there is not: it stays in the range.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: What is believed beforehand, values and weights: by how much the level moves in a block, how far a season lies from
#: the mean, and by how much a single block is off, beyond what counts vary by; standard deviations of logarithms.
WALKS = {0.003: 0.3, 0.01: 0.4, 0.03: 0.2, 0.1: 0.1}
SEASONS = {0.02: 0.4, 0.1: 0.4, 0.3: 0.2}
SHOCKS = {0.0: 0.4, 0.03: 0.4, 0.1: 0.2}
#: The same of the level, and of a trend over a year: early blocks know less of their customers, which looks like one.
#: Blocks ahead are as the mean of the last year is, with which they are compared.
LEVEL, TREND = 0.5, 0.15


@dataclass(frozen=True, slots=True)
class Path:
    """How busy the blocks ahead may be, as logarithms.

    Attributes
    ----------
    year : ndarray of float64, shape (blocks of a year,)
        The season alone, as expected, from the first block looked back on; 0 in the mean.
    season : ndarray of float64, shape (blocks + ahead,)
        The same year again and again.
    mean : ndarray of float64, shape (ahead,)
    weights : ndarray of float64, shape (mixed,)
    means : ndarray of float64, shape (mixed, ahead)
    roots : ndarray of float64, shape (mixed, ahead, ahead)
        A root of the covariance of each part of the mixture.
    """

    year: Floats
    season: Floats
    mean: Floats
    weights: Floats
    means: Floats
    roots: Floats

    def draws(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw paths, shape (count, ahead)."""
        part = rng.choice(len(self.weights), count, p=self.weights)
        normal = rng.standard_normal((count, self.means.shape[1]))
        drawn: Floats = self.means[part] + np.einsum("nij,nj->ni", self.roots[part], normal)
        return drawn


def path_of(logs: Floats, noise: Floats, ahead: int, year: int) -> Path:
    """Look ahead from how busy blocks were.

    Parameters
    ----------
    logs, noise : ndarray of float64, shape (blocks,)
        Logarithms, and the variance that counts of customers give them.
    ahead, year : int
        Blocks.
    """
    blocks = len(logs)
    time = np.arange(blocks + ahead)
    angle = 2 * np.pi * np.arange(year) / year
    waves = np.stack([np.cos(angle), np.sin(angle), np.cos(2 * angle) / 2, np.sin(2 * angle) / 2], axis=1)
    of_year = time % year
    trend = np.minimum(time - blocks + 0.5, 0) / year
    trend[blocks:] = trend[max(0, blocks - year) : blocks].mean()
    steady = LEVEL**2 + TREND**2 * np.outer(trend, trend)
    walk = np.minimum.outer(time, time) + 1.0
    seasons, means, roots, chances = [], [], [], []
    for (step, often), (height, often_high), (shock, often_off) in product(
        WALKS.items(), SEASONS.items(), SHOCKS.items()
    ):
        wave = height**2 * waves @ waves[of_year].T
        whole = steady + step**2 * walk + wave[of_year] + shock**2 * np.eye(len(time))
        known = whole[:blocks, :blocks] + np.diag(noise)
        root = np.linalg.cholesky(known)
        told = np.linalg.solve(root, logs)
        reach = np.linalg.solve(root, whole[:blocks, blocks:])
        means.append(reach.T @ told)
        left = whole[blocks:, blocks:] - reach.T @ reach
        roots.append(np.linalg.cholesky(left + 1e-10 * np.eye(ahead)))
        seasons.append(np.linalg.solve(root, wave[:, :blocks].T).T @ told)
        chances.append(np.log(often * often_high * often_off) - told @ told / 2 - np.log(np.diag(root)).sum())
    weights = np.exp(np.array(chances) - max(chances))
    weights /= weights.sum()
    season = weights @ np.array(seasons)
    return Path(season, season[of_year], weights @ np.array(means), weights, np.array(means), np.array(roots))
