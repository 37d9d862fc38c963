"""How fast very many settings are swept and customers resampled, as ratios within one run.

Parity comes first: each sweep is held against numpy on settings picked at random. What numpy would take for all
settings is extrapolated from 20 of them. Wall time is what a user waits; processor time is steadier where others use
the machine.
"""

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

import nector_sim as ns

ORDERS, CUSTOMERS = 1_000_000, 100_000
TIMED, CHECKED = 20, 200
BELIEVED = ns.Assumptions(gross_margin_percent=55, tax_percent=18, payment_fee_percent=2, fulfilment_cost=60)
AMOUNT = {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1, "max_discount": 1000}


@dataclass
class Took:
    """Seconds that something took."""

    wall: float
    processor: float

    def __truediv__(self, other):
        return Took(self.wall / other.wall, self.processor / other.processor)


def timed(work):
    wall, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, Took(time.perf_counter() - wall, time.process_time() - processor)


def orders(most_points):
    rng = np.random.default_rng(0)
    points = rng.geometric(1 / 150, ORDERS) if most_points < 10_000 else rng.integers(0, most_points, ORDERS)
    return pd.DataFrame(
        {
            "customer_id": rng.integers(0, CUSTOMERS, ORDERS),
            "cart_amount": np.round(rng.lognormal(6.6, 0.9, ORDERS), 2),
            "points_balance": np.minimum(points, most_points),
        }
    )


def by_numpy(program, balance, cart):
    """Points and discount of one setting of one or two amount offers, minor units."""
    minimum, best, charged = program.min_payable, None, None
    for offer in program.offers:
        step, points = round(offer.discount_per_step * 100), offer.points_per_step
        if isinstance(minimum, ns.PercentMinPayable):
            room = cart * (10_000 - round(minimum.percent * 100)) // (10_000 * step)
        else:
            room = np.maximum(cart - round(minimum.amount * 100), 0) // step
        steps = np.minimum(balance // points, room)
        if offer.max_discount is not None:
            steps = np.minimum(steps, round(offer.max_discount * 100) // step)
        discount, spent = steps * step, steps * points
        if best is None:
            best, charged = discount, spent
        else:
            better = (discount > best) | ((discount == best) & (spent < charged))
            best, charged = np.where(better, discount, best), np.where(better, spent, charged)
    return charged, best


def bench(title, data, grid, *, at_least, offers=(AMOUNT,), mode="product"):
    from nector_sim.exploration.grid import make_settings

    program = ns.Program.parse({"offers": list(offers), "min_payable": {"kind": "fixed", "amount": 100}})
    balance, cart = data["points_balance"].to_numpy(), np.rint(data["cart_amount"].to_numpy() * 100).astype(np.int64)
    settings = make_settings(program, grid, mode=mode)

    def work():
        return ns.sweep(program, data, grid=grid, mode=mode, assumptions=BELIEVED, threads=2, replayed=False)

    work()  # load what is compiled
    table, took = timed(work)

    without = (cart / 118 * 0.55 - 0.02 * cart / 100 - 60).sum()
    picked = np.random.default_rng(1).choice(len(settings), min(CHECKED, len(settings)), replace=False)
    for i in picked.tolist():
        points, discount = by_numpy(settings.program_of(i), balance, cart)
        assert table.loc[i, "points_redeemed"] == points.sum()
        assert table.loc[i, "discount"] == discount.sum() / 100
        assert table.loc[i, "orders_redeemed"] == np.count_nonzero(points)
        margin = without - discount.sum() / 100 * (1 / 1.18 - 0.02)
        assert abs(table.loc[i, "margin"] - margin) < 0.02
    for i in picked[:20].tolist():
        limited = ns.score(settings.program_of(i), data)["limited_by"].value_counts(normalize=True)
        for reason, share in limited.items():
            assert abs(table.loc[i, f"share_{reason}"] - share) < 1e-9

    programs = [settings.program_of(i) for i in picked[:TIMED].tolist()]
    _, once = timed(lambda: [by_numpy(each, balance, cart) for each in programs])
    whole = Took(once.wall * len(settings) / len(programs), once.processor * len(settings) / len(programs))
    ratio = whole / took
    print(
        f"  {title:34}{len(settings):9,}{took.wall:9.2f}{whole.wall:11.0f}{ratio.wall:9.0f}{ratio.processor:11.0f}"
        f"{at_least:9}{'' if ratio.wall >= at_least else '  UNDER'}"
    )


def resampling():
    data = orders(2000)
    program = ns.Program.parse({"offers": [AMOUNT], "min_payable": {"kind": "fixed", "amount": 100}})
    candidate = ns.Program.parse({"offers": [AMOUNT | {"max_discount": 100}]})
    believed = BELIEVED.replaced(take_up_percent=[40, 60, 80], gross_margin_percent=[50, 55, 60])

    def compare(resamples):
        return ns.compare(program, candidate, data, assumptions=believed, resamples=resamples, replayed=False)

    compare(2)
    _, plain = timed(lambda: compare(0))
    _, ranged = timed(lambda: compare(1000))
    ratio = ranged / plain
    print(f"\n{ORDERS:,} orders of {CUSTOMERS:,} customers compared in {plain.wall:.2f} s, with 1,000 resamples in")
    print(f"{ranged.wall:.2f} s: {ratio.wall:.1f} times (processor {ratio.processor:.1f}); at most 20 times")


def replayed():
    """100 settings replayed, against one replay of the same orders."""
    rng = np.random.default_rng(3)
    seconds = pd.to_timedelta(rng.integers(0, 365 * 86_400, ORDERS), unit="s")
    data = orders(2000).drop(columns="points_balance")
    data = data.assign(order_id=np.arange(ORDERS), ordered_at=pd.Timestamp("2025-01-01", tz="UTC") + seconds)
    program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    grid = {"offers.0.max_discount": range(100, 1001, 100), "min_payable.amount": range(0, 500, 50)}

    def sweep(resamples):
        return ns.sweep(program, data, grid=grid, assumptions=BELIEVED, resamples=resamples)

    ns.replay(program, data)
    _, once = timed(lambda: ns.replay(program, data))
    print(f"\n{ORDERS:,} orders of {CUSTOMERS:,} customers replayed in {once.wall:.2f} s; 100 settings of them")
    for resamples, at_most in ((0, 25), (200, 40), (1000, None)):
        _, took = timed(lambda resamples=resamples: sweep(resamples))
        ratio = took / once
        over = f"at most {at_most}{'  OVER' * (ratio.wall > at_most)}" if at_most else ""
        times = f"{ratio.wall:.1f} times (processor {ratio.processor:.1f})"
        print(f"  {resamples:5} resamples{took.wall:8.1f} s   {times} {over}")


def run():
    """Sweeps against numpy, sweeps of replays, and resampling against a comparison without."""
    print(f"\nSettings on {ORDERS:,} orders, two threads; numpy extrapolated from {TIMED} settings")
    print(f"  {'':34}{'settings':>9}{'seconds':>9}{'numpy s':>11}{'times':>9}{'processor':>11}{'at least':>9}")
    usual, large = orders(2000), orders(100_000)
    values = np.arange(1, 51)
    cube = {
        "offers.0.discount_per_step": (values / 10).round(1),
        "min_payable.amount": values * 10 - 10,
        "offers.0.max_discount": values * 100,
    }
    percents = (values - 1) * 2
    bench("point value x minimum x cap", usual, cube, at_least=1000)
    bench("the same by points per step", usual, {**cube, "offers.0.discount_per_step": [1],
          "offers.0.points_per_step": values}, at_least=1000)  # fmt: skip
    some = {path: column[::5] for path, column in cube.items()}
    bench("balances to 100,000", large, some, at_least=20)
    shares = {path: column for path, column in some.items() if path != "min_payable.amount"}
    bench("minimum in percent", usual, {**shares, "min_payable.percent": percents[::5]}, at_least=20)
    two = (AMOUNT, {"kind": "variable_amount", "points_per_step": 100, "discount_per_step": 120})
    bench("two offers", usual, some | {"offers.1.discount_per_step": [90, 120, 150]}, offers=two, at_least=20)
    rng = np.random.default_rng(2)
    zipped = {path: rng.choice(column, 2000) for path, column in cube.items()}
    bench("by zip", usual, zipped | {"offers.0.points_per_step": rng.integers(1, 50, 2000)}, mode="zip", at_least=20)
    print_memory()
    replayed()
    resampling()


def print_memory():
    try:
        import resource
    except ImportError:  # not on Windows
        return
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"  most memory so far, orders and parity included: {most:.2f} GiB")


if __name__ == "__main__":
    run()
