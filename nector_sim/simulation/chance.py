"""Random numbers keyed by what they are drawn for, so that adding customers or months changes no other draw.

A number is a hash of the seed, the purpose (a word), the customer's number and the order's number of that customer.
``mix`` is SplitMix64's finaliser (Steele, Lea, Flood 2014), as in :mod:`nector_sim.ledger.draws`. Distributions are the
inverses of their distribution functions, from scipy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]


class Chance:
    """All random numbers of a simulated shop.

    Parameters
    ----------
    seed : int
        From 0 to 2⁶⁴ − 1.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def hashes(self, purpose: str, customer: Any, order: Any = 0) -> npt.NDArray[np.uint64]:
        """Give 64 random bits for each customer, or each order of a customer."""
        state = np.full(1, self.seed & (2**64 - 1), np.uint64)
        word = int.from_bytes(purpose.encode()[:8], "little")
        for part in (np.uint64(word), np.asarray(customer).astype(np.uint64), np.asarray(order).astype(np.uint64)):
            state = mix(mix(state) ^ part)
        return state

    def uniform(self, purpose: str, customer: Any, order: Any = 0) -> Floats:
        """Numbers strictly between 0 and 1."""
        bits = self.hashes(purpose, customer, order) >> np.uint64(11)
        return (bits.astype(np.float64) + 0.5) / 2**53

    def exponential(self, purpose: str, customer: Any, order: Any = 0) -> Floats:
        """Mean 1."""
        return -np.log(self.uniform(purpose, customer, order))

    def normal(self, purpose: str, customer: Any, order: Any = 0) -> Floats:
        """Mean 0, standard deviation 1."""
        drawn: Floats = special.ndtri(self.uniform(purpose, customer, order))
        return drawn

    def gamma(self, purpose: str, shape: float, customer: Any) -> Floats:
        """Mean 1."""
        drawn: Floats = special.gammaincinv(shape, self.uniform(purpose, customer)) / shape
        return drawn

    def pareto(self, purpose: str, index: float, customer: Any) -> Floats:
        """Pareto of the second kind (Lomax), mean 1; its tail falls like x to the power of minus `index`."""
        return (self.uniform(purpose, customer) ** (-1 / index) - 1) * (index - 1)

    def beta(self, purpose: str, mean: float, concentration: float, customer: Any) -> Floats:
        """Beta with this mean; the larger a + b, its concentration, the closer to the mean."""
        uniform = self.uniform(purpose, customer)
        if mean in (0, 1):
            return np.full(len(uniform), float(mean))
        drawn: Floats = special.betaincinv(mean * concentration, (1 - mean) * concentration, uniform)
        return drawn


def mix(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64's finaliser, element by element."""
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
