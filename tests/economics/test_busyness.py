"""How busy time is: levels and seasons that are known, and what a short history cannot know."""

import numpy as np
import pytest

from nector_sim.economics.busyness import path_of

YEAR = 13


def path(logs, ahead=13, noise=0.0004):
    return path_of(np.asarray(logs, float), np.full(len(logs), noise), ahead, YEAR)


def spread(found):
    return found.draws(4000, np.random.default_rng(1)).std(axis=0)


def test_a_season_seen_twice_comes_again():
    wave = 0.3 * np.cos(2 * np.pi * np.arange(39) / YEAR)
    noisy = wave[:26] + 0.02 * np.random.default_rng(3).standard_normal(26)
    found = path(noisy)
    assert np.abs(found.mean - wave[26:]).max() < 0.06
    assert np.abs(found.season - wave).max() < 0.06


def test_a_level_that_moved_stays_where_it_is():
    logs = np.where(np.arange(26) < 18, 0.0, -0.4)
    found = path(logs + 0.01 * np.random.default_rng(4).standard_normal(26), ahead=6)
    assert found.mean == pytest.approx(np.full(6, -0.4), abs=0.15)


def test_what_was_not_seen_is_not_ruled_out():
    rng = np.random.default_rng(5)
    half_a_year, two_years = (spread(path(0.02 * rng.standard_normal(blocks))) for blocks in (6, 26))
    assert half_a_year[6] > 0.05
    assert two_years[6] < 0.05
    assert (half_a_year > two_years).all()


def test_draws_are_of_the_mixture():
    found = path(0.1 * np.random.default_rng(6).standard_normal(20), ahead=4)
    drawn = found.draws(20_000, np.random.default_rng(2))
    assert drawn.mean(axis=0) == pytest.approx(found.mean, abs=0.01)
    assert found.weights.sum() == pytest.approx(1)
