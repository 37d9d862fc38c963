"""What time itself does: how busy each block was, season and level, newcomers and their trend.

How busy a block was is its orders over what the states of its customers let expect, so that neither who left nor who
came counts. With a year and a half of history or more, a season is a cosine over the year, shrunk by how far it stands
out of the noise. A future block is as busy as the recent ones, times its season: blocks of the window are drawn more
often the more alike they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nector_sim.exploration.states import YEAR, Donors, Past

Floats = npt.NDArray[np.float64]

#: Blocks after which a block counts half for the level.
HALF_LIFE = 4.0
#: How much of the newcomers' growth is left from one block to the next.
DAMPING = 0.95


@dataclass(frozen=True, slots=True)
class Outlook:
    """How busy the blocks of the window were, and what is to come.

    Attributes
    ----------
    busy : ndarray of float64, shape (window,)
        1 in the mean.
    target : ndarray of float64, shape (ahead,)
        How busy the blocks ahead are expected to be, on the same scale.
    newcomers, newcomers_error : ndarray of float64, shape (ahead,)
        Expected newcomers, and the standard error of their logarithm.
    excess : float
        Variance of the newcomers' logarithm beyond that of counts.
    """

    busy: Floats
    target: Floats
    newcomers: Floats
    newcomers_error: Floats
    excess: float

    def block_weights(self, block: int) -> Floats:
        """How often each block of the window is drawn for a block ahead, 1 in the mean, shape (window,).

        The weights exp(a × busy) that give the target in the mean.
        """
        wanted = float(np.clip(self.target[block], *np.quantile(self.busy, [0.1, 0.9])))
        tilt, spread = 0.0, float(self.busy.std())
        if spread < 1e-9:
            return np.ones(len(self.busy))
        for _ in range(50):
            weights = np.exp(tilt * (self.busy - self.busy.mean()))
            mean = np.average(self.busy, weights=weights)
            variance = np.average((self.busy - mean) ** 2, weights=weights)
            if abs(wanted - mean) < 1e-6 * spread or variance < 1e-12:
                break
            tilt += float(np.clip((wanted - mean) / variance, -2 / spread, 2 / spread))
        scaled: Floats = weights / weights.mean()
        return scaled


def outlook_of(past: Past, donors: Donors, ahead: int) -> Outlook:
    """Look at the window, and ahead."""
    start = past.blocks - past.window
    came = np.array([len(part) for part in donors.newcomers], float)
    done = np.bincount(donors.block - start, donors.counts, past.window)
    expected = np.bincount(donors.block - start, donors.expected, past.window)
    busy = (done + 1) / (expected + 1)
    busy /= busy.mean()
    # A count of orders varies more than a Poisson one, as some customers order much.
    spread = np.bincount(donors.block - start, (donors.counts - donors.expected) ** 2, past.window)
    noise = float(np.mean(spread / np.maximum(expected, 1) ** 2))
    season = _season(np.log(busy), noise, past)
    months = np.arange(past.window)
    recent = 0.5 ** ((past.window - 1 - months) / HALF_LIFE)
    level = float(np.average(busy / season(months), weights=recent))
    future = past.window + np.arange(ahead)
    newcomers, error, excess = _newcomers(came / season(months), ahead)
    return Outlook(busy, level * season(future), newcomers * season(future), error, excess)


def _season(logs: Floats, noise: float, past: Past):  # type: ignore[no-untyped-def]
    """A factor for each block, from the window on; 1 where the history does not tell a season."""
    if past.window < YEAR or past.blocks < 2 * YEAR:
        return lambda block: np.ones(len(block))
    months = np.arange(len(logs))
    angle = 2 * np.pi * months / YEAR
    design = np.stack([np.ones(len(logs)), months - months.mean(), np.cos(angle), np.sin(angle)], axis=1)
    solved, *_ = np.linalg.lstsq(design, logs, rcond=None)
    left = logs - design @ solved
    variance = max(noise, float(left @ left) / (len(logs) - 4))
    errors = np.linalg.inv(design.T @ design)[2:, 2:] * variance
    strength = float(solved[2:] @ np.linalg.solve(errors, solved[2:])) / 2
    shrunk = max(0.0, 1 - 1 / max(strength, 1e-9)) if strength > 3 else 0.0

    def factor(block: npt.NDArray[np.int64]) -> Floats:
        angle = 2 * np.pi * block / YEAR
        wave: Floats = np.exp(shrunk * (solved[2] * np.cos(angle) + solved[3] * np.sin(angle)))
        return wave

    return factor


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
    return expected, np.sqrt(level_error**2 + (error * blocks / 2) ** 2), (dispersion - 1) / max(now, 1.0)
