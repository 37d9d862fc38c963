"""Rows in the order of customer and time, against a plain sort."""

import numpy as np

from nector_sim.ledger.prepare import _arranged


def test_rows_are_arranged_as_a_stable_sort_has_them():
    draws = np.random.default_rng(5)
    for rows, customers in ((0, 1), (1, 1), (31, 2), (33, 1), (700, 3), (5000, 2), (4000, 900)):
        codes, at = draws.integers(0, customers, rows), draws.integers(0, 60, rows)
        order, first = _arranged(codes, at, customers)
        assert order.tolist() == sorted(range(rows), key=lambda row: (codes[row], at[row]))
        assert first.tolist() == [int((codes < customer).sum()) for customer in range(customers + 1)]
