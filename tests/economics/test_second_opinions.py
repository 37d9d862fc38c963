"""BG/NBD and the shifted beta-geometric model, held against published figures and a process with known truth."""

import numpy as np
import pytest

import nector_sim as ns
from nector_sim.economics.bg_nbd import fit_bg_nbd
from nector_sim.economics.shifted_beta import fit_shifted_beta

#: Per cent of customers still there after each year, as in Fader and Hardie (2007), table 1; the model is fitted to the
#: first seven.
REGULAR = [100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1]
HIGH_END = [100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1]


@pytest.mark.parametrize(("table", "alpha", "beta"), [(REGULAR, 0.704, 1.182), (HIGH_END, 0.668, 3.806)])
def test_the_published_survival_tables(table, alpha, beta):
    there = np.array(table) * 10
    fitted = fit_shifted_beta(-np.diff(there), there[:-1])
    assert (round(fitted.alpha, 3), round(fitted.beta, 3)) == (alpha, beta)
    assert fitted.leaving(np.zeros(1))[0] == pytest.approx(alpha / (alpha + beta), abs=1e-3)


def process(r, alpha, a, b, customers, weeks, rng):
    """Customers of the BG/NBD process: repeat orders and the last one within weeks from 39, and orders in 39 more."""
    rate, leave = rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers)
    age = weeks - rng.uniform(0, 12, customers)
    frequency, recency, later = (np.zeros(customers) for _ in range(3))
    at, there = np.zeros(customers), np.ones(customers, bool)
    while there.any():
        at = at + rng.exponential(1, customers) / rate
        there &= at < age + 39
        seen, after = there & (at < age), there & (at >= age)
        frequency += seen
        recency[seen] = at[seen]
        later += after
        there &= rng.random(customers) >= leave
    return frequency, recency, age, later


def test_a_process_with_known_truth_is_recovered():
    frequency, recency, age, later = process(0.5, 6.0, 0.9, 3.0, 8_000, 60, np.random.default_rng(3))
    fitted = fit_bg_nbd(frequency, recency, age)
    assert np.log([fitted.r, fitted.alpha, fitted.a, fitted.b]) == pytest.approx(np.log([0.5, 6, 0.9, 3]), abs=0.25)
    assert fitted.expected_orders(frequency, recency, age, 39).sum() == pytest.approx(later.sum(), rel=0.05)
    assert fitted.expected_repeats(age).sum() == pytest.approx(frequency.sum(), rel=0.03)


def test_nothing_to_go_by():
    with pytest.raises(ns.InputError, match="nobody ordered twice"):
        fit_bg_nbd(np.zeros(3), np.zeros(3), np.ones(3))
    with pytest.raises(ns.InputError, match="nobody left"):
        fit_shifted_beta(np.zeros(3), np.ones(3))
