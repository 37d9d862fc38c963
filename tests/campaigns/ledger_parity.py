"""Exact ledger against compiled over many random histories: ``python -m tests.campaigns.ledger_parity [N] [SEED]``.

Prints the histories tried, the orders in them, the seconds and the mismatches; exit code 1 if there is any. Without a
seed, one is drawn and printed, so that each run tries others and any run can be repeated.
"""

import os
import secrets
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "ledger"))

#: Customers of a case, which share a schedule; cases of a task.
CUSTOMERS, CASES = 20, 250


def run_task(seed):
    """Try the cases of a task; give how many orders, and the seeds that differ."""
    from histories import compiled_replay, random_case, without_offer

    from nector_sim.ledger.exact import replay

    orders, found = 0, []
    for case_seed in range(seed, seed + CASES):
        case = random_case(case_seed, CUSTOMERS)
        expected = without_offer(replay(*case))
        orders += len(expected.results)
        if compiled_replay(*case) != expected:
            found.append(case_seed)
    return orders, found


def main(histories=1_000_000, seed=None):
    """Share the histories out to all cores, and print what came of them."""
    seed = secrets.randbelow(2**32) if seed is None else seed
    tasks = -(-histories // (CUSTOMERS * CASES))
    print(f"{histories:,} histories from seed {seed}, {os.cpu_count()} processes", flush=True)
    start, orders, mismatches = time.perf_counter(), 0, 0
    with ProcessPoolExecutor() as pool:
        futures = [pool.submit(run_task, (seed + number) * CASES) for number in range(tasks)]
        for done, future in enumerate(as_completed(futures), 1):
            count, found = future.result()
            orders, mismatches = orders + count, mismatches + len(found)
            for case_seed in found[:3]:
                print(f"differs: random_case({case_seed}, {CUSTOMERS})", flush=True)
            if done % 20 == 0 or done == tasks:
                tried, took = done * CUSTOMERS * CASES, time.perf_counter() - start
                print(f"{tried:,} histories of {orders:,} orders, {took:,.0f} s, {mismatches} mismatches", flush=True)
    return 1 if mismatches else 0


if __name__ == "__main__":
    sys.exit(main(*(int(argument.replace("_", "")) for argument in sys.argv[1:])))
