"""Ultimate redemption against what came: simulated shops, two programs, each by itself.

A shop is simulated for four years, its first two are what is known, and what its points outstanding then bring in the
years after is held against the range that was said. ``python -m tests.campaigns.run_off [SHOPS]``
"""

import sys

import nector_sim as ns
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
    said, later = ns.ultimate_redemption(replay, at=f"{starts:%Y-%m-%d}"), ns.ultimate_redemption(replay)
    months = said.table["month"]
    came = later.table.set_index("month").loc[months, "redeemed"].sum() - said.table["redeemed"].sum()
    left = said.table["outstanding"].sum()
    return *(left * percent / 100 for percent in said.still_percent), came


def main():
    shops = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    print(f"{'shop':14}{'program':30}{'held':>7}{'came above':>12}{'came below':>12}{'bias':>8}")
    for kind in KINDS:
        for name in PROGRAMS:
            cases = [case(kind, name, seed) for seed in range(shops)]
            held = sum(low <= came <= high for low, _, high, came in cases)
            above = sum(came > high for *_, high, came in cases)
            below = sum(came < low for low, *_, came in cases)
            bias = sum(likely for _, likely, *_ in cases) / max(sum(came for *_, came in cases), 1) - 1
            print(f"{kind:14}{name:30}{held / shops:7.0%}{above:12}{below:12}{bias:8.1%}", flush=True)


if __name__ == "__main__":
    main()
