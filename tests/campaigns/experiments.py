"""Simulated tests with known truth: ranges hold what they say, false alarms are as rare, power is as planned.

``python -m tests.campaigns.experiments`` runs the full size; the tests run a smaller one.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm, t

from nector_sim.exploration.experiments.looks import bounds, even_looks, price
from nector_sim.exploration.experiments.statistics import SideTotals, difference, smallest_effect

TESTS = 10_000
CUSTOMERS = 2_000
#: Tests that are simulated together.
AT_ONCE = 500


def light(draw, size):
    """Orders of a customer and their carts: a Gamma mixture of Poisson."""
    return draw.poisson(draw.gamma(2.0, 0.6, size)) * 1000.0


def heavy(draw, size):
    """Margins with a heavy tail, many of them 0: lognormal with sigma 1.2 for one customer in three."""
    return np.where(draw.random(size) < 1 / 3, draw.lognormal(6.0, 1.2, size), 0.0)


def ranges(kind, *, tests, customers=CUSTOMERS, seed=0):
    """The share of 95 % ranges that hold a true difference of 5 %, with and without CUPED, and CUPED's gain."""
    draw = np.random.default_rng(seed)
    pool = kind(draw, 1_000_000)
    truth = 0.05 * float(pool.mean())
    held, widths, correlations = np.zeros(2), np.zeros(2), []
    for _ in range(tests):
        sides = []
        for side in range(2):
            person = kind(draw, customers)
            during = 0.5 * person + 0.5 * kind(draw, customers) + side * truth
            before = 0.5 * person + 0.5 * kind(draw, customers)
            sides.append((during, before))
        correlations.append(np.corrcoef(*sides[0])[0, 1])
        for cuped in (0, 1):
            found = difference(*(SideTotals(during, before=before if cuped else None) for during, before in sides))
            held[cuped] += found.low <= truth <= found.high
            widths[cuped] += found.high - found.low
    return held / tests, float((widths[1] / widths[0]) ** 2), 1 - float(np.mean(np.square(correlations)))


def half_range(one, other, level):
    """Half of Welch's range of the difference of means, of each row: ``difference`` for many tests at once."""
    variances = [side.var(axis=1, ddof=1) / side.shape[1] for side in (one, other)]
    both = variances[0] + variances[1]
    freedom = both**2 / sum(variance**2 / (one.shape[1] - 1) for variance in variances)
    return t.ppf((1 + level) / 2, freedom) * np.sqrt(both)


def false_alarms(looks, *, tests, customers=CUSTOMERS, seed=0, effect=0.0):
    """The share of tests that see something at one of the looks, by the range of that look; without effect, of nothing.

    Both sides grow evenly, as weeks pass: at each look, a share of the customers' time has gone by.
    """
    draw = np.random.default_rng(seed)
    levels = 2 * norm.cdf(bounds(even_looks(looks))) - 1
    alarms = 0
    for start in range(0, tests, AT_ONCE):
        size = (min(AT_ONCE, tests - start), customers)
        sides, seen = [np.zeros(size), np.zeros(size)], np.zeros(size[0], bool)
        for level in levels:
            for side in range(2):
                sides[side] += draw.gamma(0.5, 2.0, size) + side * effect / looks
            apart = sides[1].mean(axis=1) - sides[0].mean(axis=1)
            seen |= np.abs(apart) > half_range(*sides, level)
        alarms += int(seen.sum())
    return alarms / tests


def power(looks, *, tests, customers=CUSTOMERS, seed=0):
    """The share of tests that see an effect which so many customers see with 80 % by the plan."""
    sd = float(np.sqrt(0.5 * 4.0 * looks))
    effect = smallest_effect(sd, customers, looks_price=price(even_looks(looks)))
    return false_alarms(looks, tests=tests, customers=customers, seed=seed, effect=effect)


def ruinous_looks(looks, *, tests, customers=CUSTOMERS, seed=0):
    """False alarms of who looks as often with the bound of one look: what early looks cost without a price."""
    draw = np.random.default_rng(seed)
    steps = draw.standard_normal((tests, looks)).cumsum(axis=1) / np.sqrt(np.arange(1, looks + 1))
    return float((np.abs(steps) > 1.959964).any(axis=1).mean())


def main():
    failed = []

    def say(what, value, low, high):
        if not low <= value <= high:
            failed.append(what)
        missed = "" if low <= value <= high else "  MISSED"
        print(f"{what}: {value:.2%} (from {low:.1%} to {high:.1%}){missed}", flush=True)

    for kind in (light, heavy):
        held, gain, predicted = ranges(kind, tests=TESTS)
        for cuped, share in enumerate(held):
            say(f"95 % ranges that hold, {kind.__name__} tails{', CUPED' if cuped else ''}", share, 0.935, 0.965)
        say(f"CUPED's part of the variance less 1 - correlation², {kind.__name__} tails", gain - predicted, -0.03, 0.03)
    for looks in (1, 4):
        say(f"false alarms with {looks} looks", false_alarms(looks, tests=TESTS), 0.045, 0.055)
        say(f"power with {looks} looks, planned 80 %", power(looks, tests=TESTS), 0.77, 0.83)
    print(f"false alarms of 4 looks without a price: {ruinous_looks(4, tests=TESTS):.1%}")
    assert not failed, failed


if __name__ == "__main__":
    main()
