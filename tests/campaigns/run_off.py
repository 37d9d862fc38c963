"""Ultimate redemption against what came: simulated shops, two programs, each by itself.

A shop is simulated for four years, its first two are what is known, and what its points outstanding then bring in the
years after is held against the range that was said. ``python -m tests.campaigns.run_off [SHOPS]``
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np

import nector_sim as ns
from nector_sim.ledger.lots import lots_at
from nector_sim.simulation.shop import SHOPS

KINDS = ("steady", "growing", "shrinking", "seasonal", "heavy-tailed")
PROGRAMS = ("gokwik-example-with-earning", "web-shop")
KNOWN, MONTHS = 24, 48


def case(kind, name, seed):
    """What was said of the points outstanding, low, likely and high, and what came; points."""
    program = ns.load_program(ns.data_path(f"programs/{name}.toml"))
    shop = SHOPS[kind].model_copy(update={"customers_per_month": 100, "months": MONTHS})
    replay = ns.simulate(shop, program, seed=seed).replay(program)
    starts = shop.starts.replace(year=shop.starts.year + KNOWN // 12)
    said = ns.ultimate_redemption(replay, at=f"{starts:%Y-%m-%d}")
    later = lots_at(replay, None)
    of_month = dict(zip(later.months, later.left.spent[1:].sum(axis=1).tolist(), strict=False))
    came = sum(of_month[month] for month in said.table["month"]) - said.table["redeemed"].sum()
    left = said.table["outstanding"].sum()
    return *(left * percent / 100 for percent in said.still_percent), came


def main():
    shops = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    print(f"{'shop':14}{'program':30}{'held':>7}{'came above':>12}{'came below':>12}{'off':>8}{'width':>8}{'score':>8}")
    for kind in KINDS:
        for name in PROGRAMS:
            with ProcessPoolExecutor(int(os.environ.get("WORKERS", "0")) or None) as pool:
                cases = np.array(list(pool.map(case, [kind] * shops, [name] * shops, range(shops))))
            low, likely, high, came = cases.T
            above, below = came > high, came < low
            # Winkler's score of a 90 % range, over what came in the mean.
            score = (high - low + 20 * (np.maximum(low - came, 0) + np.maximum(came - high, 0))).mean() / came.mean()
            off, width = likely.sum() / came.sum() - 1, (high - low).mean() / likely.mean()
            print(
                f"{kind:14}{name:30}{1 - (above | below).mean():7.0%}{above.sum():12}{below.sum():12}{off:8.1%}"
                f"{width:8.2f}{score:8.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
