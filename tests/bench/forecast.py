"""How fast a year ahead is forecast, and how much memory it takes, after a check against ``ns.replay``."""

import resource
import time

import numpy as np
import pandas as pd

import nector_sim as ns
from nector_sim.exploration.future_totals import MEASURES, OUTSTANDING, could_redeem, totals_of
from nector_sim.exploration.futures import future_of, source_of
from nector_sim.ledger.facts import read_facts
from nector_sim.ledger.instants import to_datetime
from nector_sim.ledger.schedule import make_schedule

DRAWS, MONTHS = 1_000, 12
SECONDS, GIBIBYTES = 60, 2


def check_parity(program, orders):
    """A future written out as a frame and replayed gives its totals, to the point and the paisa."""
    schedule = make_schedule(program)
    facts = read_facts([schedule], orders)
    source = source_of(facts, could_redeem(facts, schedule), 2)
    origin = source.past.origin
    last = int((pd.Timestamp(to_datetime(origin)) + pd.Timedelta(days=56)).value // 1000)
    future = future_of(source, np.random.default_rng(1), last)
    totals = totals_of(future, schedule, np.array([origin, last]), len(facts.prepared.history.first_order) - 1)
    h = future.prepared.history
    frame = pd.DataFrame(
        {
            "order_id": np.arange(len(h.cart)),
            "customer_id": np.repeat(np.arange(len(h.first_order) - 1), np.diff(h.first_order)),
            "ordered_at": pd.to_datetime(np.array(h[h._fields.index("at")]), unit="us", utc=True),
            "cart_amount": h.cart / 100,
        }
    )
    replayed = ns.replay(program, frame, as_of=to_datetime(last))
    ahead = replayed.orders[replayed.orders["ordered_at"] > to_datetime(origin)]
    assert ahead["points_redeemed"].sum() == totals[0, MEASURES.index("points_redeemed")]
    assert round(ahead["discount"].sum() * 100) == totals[0, MEASURES.index("discount")]
    assert replayed.totals["closing"].iloc[0] == totals[0, OUTSTANDING]


def run():
    """Print both claims; 1 if one is missed."""
    program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    orders = ns.demo_orders().drop(columns="points_balance")
    check_parity(program, orders)
    start = time.perf_counter()
    ns.forecast(program, orders, months=MONTHS, draws=DRAWS)
    took, used = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    missed = took > SECONDS or used > GIBIBYTES
    print(
        f"{'MISSED' if missed else 'ok    '} forecast of {MONTHS} months, {DRAWS:,} draws, {len(orders):,} orders: ",
        end="",
    )
    print(f"{took:.1f} s (target {SECONDS}), {used:.2f} GiB (target {GIBIBYTES})", flush=True)
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(run())
