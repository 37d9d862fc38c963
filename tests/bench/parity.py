"""Random parity: how many pairs of program and order one process tries in a second."""

import statistics
import sys
import time
from pathlib import Path

from nector_sim.parity.generate import generate

PAIRS, ORDERS_PER_PROGRAM = 20_000, 500


def run():
    """Print pairs a second, generating them included."""
    sys.path.append(str(Path(__file__).parents[1]))
    from parity_pairs import differences

    made = generate(10 * PAIRS, seed=5, orders_per_program=ORDERS_PER_PROGRAM)
    rates = []
    for _ in range(9):
        start, tried = time.perf_counter(), 0
        while tried < PAIRS:
            program, orders = next(made)
            assert differences(program, orders) == []
            tried += len(orders)
        rates.append(tried / (time.perf_counter() - start))
    print(f"\nRandom parity, {PAIRS:,} pairs a run, {ORDERS_PER_PROGRAM} orders a program, one process")
    print(f"  median {statistics.median(rates):,.0f} pairs a second, best {max(rates):,.0f} (at least 20,000)")
