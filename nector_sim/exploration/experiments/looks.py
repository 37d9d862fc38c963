"""Looking at a test before its planned end, at a price that is stated: group-sequential bounds.

The error of 5 % is spent over the looks as Lan and DeMets (1983) do it in the manner of O'Brien and Fleming: hardly any
at first, nearly all at the end. Between looks, the statistic is a Brownian motion, whose density is carried from one to
the next on a grid (Armitage, McPherson and Rowe 1969). Neither tea-tasting nor statsmodels has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtr
from scipy.stats import norm

from nector_sim.errors import InputError

Floats = npt.NDArray[np.float64]

#: Points of the grid on which a density is carried; with 500, bounds change in the fifth decimal.
_POINTS = 1201
#: The highest bound that is looked for; beyond it nothing is ever seen.
_HIGHEST = 9.0


def even_looks(looks: int) -> tuple[float, ...]:
    """The shares of a test at which it is looked at, evenly; the last is its end."""
    if not 1 <= looks <= 20:
        raise InputError(f"looks is {looks}; it must be from 1, the end alone, to 20")
    return tuple((number + 1) / looks for number in range(looks))


def bounds(shares: Sequence[float], *, alpha: float = 0.05) -> list[float]:
    """Work out how large a z must be at each look to count."""
    return list(_bounds(tuple(shares), alpha))


@lru_cache(maxsize=256)
def _bounds(shares: tuple[float, ...], alpha: float) -> tuple[float, ...]:
    if not shares or shares[0] <= 0 or shares[-1] > 1 + 1e-9 or any(np.diff(shares) <= 0):
        raise InputError("the looks must be at rising shares of the test, above 0 and at most 1")
    spent_before, found = 0.0, []
    motion = _Motion(0.0)
    for share in shares:
        # The spending function of each side, doubled.
        spent = 4 * (1 - norm.cdf(norm.ppf(1 - alpha / 4) / np.sqrt(share)))
        due = spent - spent_before

        def excess(bound: float, share: float = share, due: float = due) -> float:
            return motion.crossing(bound, share) - due

        bound = _HIGHEST if excess(_HIGHEST) >= 0 else float(brentq(excess, 0.5, _HIGHEST, xtol=1e-10))
        motion.go_on(bound, share)
        found.append(bound)
        spent_before = spent
    return tuple(found)


@lru_cache(maxsize=256)
def price(shares: tuple[float, ...], *, alpha: float = 0.05, power: float = 0.8) -> float:
    """How many times the customers of one look at the end are needed for the same power with these looks.

    Examples
    --------
    >>> round(price((0.25, 0.5, 0.75, 1.0)), 3)
    1.02
    """
    once = norm.ppf(1 - alpha / 2) + norm.ppf(power)
    drift = brentq(lambda drift: seen(shares, drift, alpha=alpha) - power, 0.9 * once, 2 * once, xtol=1e-8)
    return float((drift / once) ** 2)


def seen(shares: Sequence[float], drift: float, *, alpha: float = 0.05) -> float:
    """The chance that some look sees an effect whose z at the end is `drift` on average."""
    motion, chance = _Motion(drift), 0.0
    for bound, share in zip(bounds(shares, alpha=alpha), shares, strict=True):
        chance += motion.crossing(bound, share)
        motion.go_on(bound, share)
    return chance


class _Motion:
    """A Brownian motion with a drift, stopped where it crosses a bound; its density at the last look, on a grid."""

    def __init__(self, drift: float) -> None:
        self._drift, self._share = drift, 0.0
        self._at: Floats = np.zeros(1)
        self._mass: Floats = np.ones(1)

    def crossing(self, bound: float, share: float) -> float:
        """The chance to be beyond the bound (of z, on either side) at the next look, and within all before it."""
        step = share - self._share
        edge, mean = bound * np.sqrt(share), self._at + self._drift * step
        beyond = ndtr((mean - edge) / np.sqrt(step)) + ndtr((-edge - mean) / np.sqrt(step))
        return float(self._mass @ beyond)

    def go_on(self, bound: float, share: float) -> None:
        """Take what is within the bound to the next look."""
        step = share - self._share
        edge = bound * np.sqrt(share)
        reach = 8 * np.sqrt(share) + abs(self._drift)
        at = np.linspace(-min(edge, reach), min(edge, reach), _POINTS)
        mean = self._at + self._drift * step
        density = np.exp(-((at[:, None] - mean) ** 2) / (2 * step)) @ self._mass / np.sqrt(2 * np.pi * step)
        weights = np.full(_POINTS, 2.0)  # Simpson's rule
        weights[1::2], weights[0], weights[-1] = 4.0, 1.0, 1.0
        self._mass = density * weights * (at[1] - at[0]) / 3
        self._at, self._share = at, share
