"""How a group shrinks with its age: the shifted beta-geometric model.

Fader and Hardie (2007), "How to Project Customer Retention", Journal of Interactive Marketing 21: each member leaves in
a period with a probability of its own (Beta over members), so the share that leaves of those still there falls with
age. For points, leaving is being redeemed, and those that never are have a probability near 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nector_sim._extras import library
from nector_sim.errors import InputError

Floats = npt.NDArray[np.float64]

#: Logarithms of parameters are looked for within these.
BOUND = 12.0


@dataclass(frozen=True, slots=True)
class ShiftedBeta:
    """A fitted shifted beta-geometric model.

    Attributes
    ----------
    alpha, beta : float
        Of the Beta distribution of the probability to leave in a period.
    log_likelihood : float
    """

    alpha: float
    beta: float
    log_likelihood: float

    def leaving(self, age: Floats) -> Floats:
        """Of those still there at the beginning of an age (from 0 on), the share that leaves in it."""
        share: Floats = self.alpha / (self.alpha + self.beta + age)
        return share

    def surviving(self, periods: int) -> Floats:
        """The share still there after 0, 1, … periods, shape (periods + 1,)."""
        return np.append(1.0, np.cumprod(1 - self.leaving(np.arange(periods, dtype=np.float64))))


def fit_shifted_beta(left: Floats, there: Floats) -> ShiftedBeta:
    """Fit the model by maximum likelihood."""
    optimize = library("scipy.optimize", "a shifted beta-geometric model")
    if not np.asarray(left).sum() > 0:
        raise InputError("nobody left, so a shifted beta-geometric model has nothing to go by")
    age, stayed = np.arange(len(left)), there - left

    def loss(logs: Floats) -> float:
        alpha, beta = np.exp(logs)
        whole = np.log(alpha + beta + age)
        return -float(left @ (np.log(alpha) - whole) + stayed @ (np.log(beta + age) - whole)) / float(there[0])

    best = optimize.minimize(
        loss, np.zeros(2), method="L-BFGS-B", bounds=[(-BOUND, BOUND)] * 2, options={"ftol": 1e-14, "gtol": 1e-9}
    )
    alpha, beta = (float(number) for number in np.exp(best.x))
    return ShiftedBeta(alpha, beta, -float(best.fun) * float(there[0]))
