"""How often customers buy and when they leave: the BG/NBD model, a second opinion beside a forecast.

Fader, Hardie and Lee (2005), "Counting Your Customers the Easy Way", Marketing Science 24: while a customer stays,
repeat orders come at a rate of their own (Gamma over customers); after each order the customer may leave for good, with
a probability of their own (Beta over customers). The model knows no season, no trend and no newcomers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nector_sim._extras import library
from nector_sim.errors import InputError

Floats = npt.NDArray[np.float64]

#: Logarithms of parameters are looked for within these: beyond, the data do not tell.
BOUND = 9.0
STARTS = ((0.0, 1.0, 0.0, 1.0), (-1.0, 1.0, -0.5, 0.5), (0.5, 2.0, 0.5, 2.0))


@dataclass(frozen=True, slots=True)
class BgNbd:
    """A fitted BG/NBD model; time in the unit of what it was fitted to.

    Attributes
    ----------
    r, alpha : float
        Shape and rate of the Gamma distribution of the customers' order rates.
    a, b : float
        Of the Beta distribution of the probability to leave after an order.
    log_likelihood : float
        Of all customers.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float

    def expected_orders(self, frequency: Floats, recency: Floats, age: Floats, ahead: float) -> Floats:
        """Give the orders that each customer is expected to place in the time ahead."""
        special = _scipy("special")
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        whole = a + b + frequency - 1
        gone = ((alpha + age) / (alpha + age + ahead)) ** (r + frequency)
        series = special.hyp2f1(r + frequency, b + frequency, whole, ahead / (alpha + age + ahead))
        repeated = frequency > 0
        left = np.where(repeated, a / np.where(repeated, b + frequency - 1, 1), 0.0)
        odds = left * ((alpha + age) / (alpha + recency)) ** (r + frequency)
        expected: Floats = whole / (a - 1) * (1 - gone * series) / (1 + odds)
        return expected

    def expected_repeats(self, age: Floats) -> Floats:
        """Give the repeat orders that customers of an age are expected to have placed, shape (customers,)."""
        special = _scipy("special")
        whole = self.a + self.b - 1
        series = special.hyp2f1(self.r, self.b, whole, age / (self.alpha + age))
        expected: Floats = whole / (self.a - 1) * (1 - (self.alpha / (self.alpha + age)) ** self.r * series)
        return expected


def fit_bg_nbd(frequency: Floats, recency: Floats, age: Floats) -> BgNbd:
    """Fit the model by maximum likelihood."""
    optimize, special = _scipy("optimize"), _scipy("special")
    if not (frequency > 0).any():
        raise InputError("nobody ordered twice, so a BG/NBD model has nothing to go by")
    kinds, counts = np.unique(np.stack([frequency, recency, age]), axis=1, return_counts=True)
    x, last, observed = kinds
    repeated = x > 0

    def loss(logs: Floats) -> tuple[float, Floats]:
        """The mean negative log-likelihood, and its gradient."""
        r, alpha, a, b = np.exp(logs)
        stays, ended = np.log(alpha + observed), np.log(alpha + last)
        alive, of_b = -(r + x) * stays, np.where(repeated, b + x - 1, 1)
        left = np.where(repeated, np.log(a) - np.log(of_b) - (r + x) * ended, -np.inf)
        either = np.logaddexp(alive, left)
        gone = np.exp(left - either)
        terms = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha) + either
        terms += special.betaln(a, b + x) - special.betaln(a, b)
        psi = special.digamma
        whole = psi(a + b) - psi(a + b + x)
        slopes = np.stack(
            [
                psi(r + x) - psi(r) + np.log(alpha) - (1 - gone) * stays - gone * ended,
                r / alpha - (r + x) * ((1 - gone) / (alpha + observed) + gone / (alpha + last)),
                whole + gone / a,
                whole + psi(b + x) - psi(b) - gone / of_b,
            ]
        )
        return -float(counts @ terms) / len(frequency), -(slopes @ counts) / len(frequency) * np.exp(logs)

    scale = np.log(max(float(observed.mean()), 1e-9))
    bounds = [(middle - BOUND, middle + BOUND) for middle in (0, scale, 0, 0)]
    for start in STARTS:
        best = optimize.minimize(
            loss, np.array(start) + np.array([0, scale - 3, 0, 0]), jac=True, method="L-BFGS-B", bounds=bounds,
            options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8},
        )  # fmt: skip
        if not np.any(np.abs(best.x - np.array([0, scale, 0, 0])) > BOUND - 1e-3):
            break
    else:
        raise InputError("these orders do not tell the parameters of a BG/NBD model")
    r, alpha, a, b = (float(number) for number in np.exp(best.x))
    return BgNbd(r, alpha, a, b, -float(best.fun) * len(frequency))


def _scipy(part: str) -> Any:
    return library(f"scipy.{part}", "a BG/NBD model")
