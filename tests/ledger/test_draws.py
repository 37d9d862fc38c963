"""Draws: uniform, keyed by the seed and the id alone, and the same in both their forms."""

from decimal import Decimal

import numpy as np
import pyarrow as pa

from nector_sim.ledger.draws import draw, hash_ids, redeeming

TEXTS = ["", "a", "12345678", "123456789", "é", "#1001", "₹" * 7, "x" * 100]
NUMBERS = [0, 7, 10, 12345678, 123456789, 2**63 - 1, -1, -(2**63)]


def draws_of(ids, seed):
    return [float(int(value) >> 11) / 2**53 for value in hash_ids(ids, seed)]


def test_the_compiled_draw_is_the_documented_one():
    for seed in (0, 1, 2**64 - 1):
        assert draws_of(pa.array(TEXTS, pa.large_string()), seed) == [draw(seed, text) for text in TEXTS]
        assert draws_of(np.array(NUMBERS), seed) == [draw(seed, number) for number in NUMBERS]


def test_a_whole_number_draws_as_its_digits():
    texts = pa.array([str(number) for number in NUMBERS], pa.large_string())
    assert hash_ids(texts, 3).tolist() == hash_ids(np.array(NUMBERS), 3).tolist()


def test_a_slice_of_texts_draws_as_itself():
    texts = pa.array(TEXTS, pa.large_string())
    assert hash_ids(texts[2:5], 3).tolist() == hash_ids(texts, 3)[2:5].tolist()


def test_draws_spread_evenly_and_seeds_differ():
    n = 200_000
    first, second = (np.array(draws_of(np.arange(n), seed)) for seed in (0, 1))
    assert 0 <= first.min() < first.max() < 1
    # Each of 100 bins holds 2000 ± 5 standard deviations of 44.5; so does the correlation, of 1 / √n.
    assert np.abs(np.bincount((first * 100).astype(int)) - n / 100).max() < 5 * 44.5
    assert abs(np.corrcoef(first, second)[0, 1]) < 5 / n**0.5


def test_a_draw_below_the_take_up_redeems():
    ids = np.arange(1000)
    drawn = np.array(draws_of(ids, 9))
    for take_up in ("0", "0.01", "40", "99.99", "100"):
        assert (redeeming(ids, 9, Decimal(take_up)) == (drawn < float(take_up) / 100)).all()
