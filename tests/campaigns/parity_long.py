"""Exact against compiled over very many random pairs: ``python tests/campaigns/parity_long.py [PAIRS] [SEED]``.

Prints the pairs tried, the seconds and the mismatches; exit code 1 if there is any. Without a seed, one is drawn and
printed, so that each run tries others and any run can be repeated.
"""

import os
import secrets
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

#: Pairs of one task; each task has a seed of its own.
TASK = 200_000


def run(seed, pairs):
    """Try pairs; give how many, and the mismatches in words."""
    from parity_pairs import differences

    from nector_sim.parity.generate import generate

    tried, found = 0, []
    for program, orders in generate(pairs, seed=seed, orders_per_program=500):
        tried += len(orders)
        found += [f"seed {seed}\n{program.to_toml()}{mismatch}" for mismatch in differences(program, orders)]
    return tried, found


def main(pairs=100_000_000, seed=None):
    """Share the pairs out to all cores, and print what came of them."""
    seed = secrets.randbelow(2**32) if seed is None else seed
    tasks = -(-pairs // TASK)
    print(f"{pairs:,} pairs from seed {seed}, {os.cpu_count()} processes", flush=True)
    start, tried, mismatches = time.perf_counter(), 0, 0
    with ProcessPoolExecutor() as pool:
        sizes = [min(TASK, pairs - number * TASK) for number in range(tasks)]
        futures = [pool.submit(run, seed * 1_000_000 + number, size) for number, size in enumerate(sizes)]
        for done, future in enumerate(as_completed(futures), 1):
            count, found = future.result()
            tried, mismatches = tried + count, mismatches + len(found)
            for words in found[:3]:
                print(words, flush=True)
            if done % 25 == 0 or done == tasks:
                seconds = time.perf_counter() - start
                print(
                    f"{tried:,} pairs, {seconds:,.0f} s, {tried / seconds:,.0f} a second, {mismatches} mismatches",
                    flush=True,
                )
    return 1 if mismatches else 0


if __name__ == "__main__":
    sys.exit(main(*(int(argument.replace("_", "")) for argument in sys.argv[1:])))
