"""How fast a year ahead is forecast, as a ratio to the same futures replayed one by one with ``ns.replay``.

Parity comes first: a resample of the forecast is written out as a frame, customer by customer, and replayed. The loop
is timed on a few such frames that stand ready (making them would take longer still) and counted up to all resamples.
"""

import time

import numpy as np
import pandas as pd

import nector_sim as ns
from nector_sim.exploration.forecast import _months_from, _times_drawn
from nector_sim.exploration.futures import BLOCK, MEASURES, OUTSTANDING, future_of, totals_of, window_of
from nector_sim.ledger.facts import read_facts
from nector_sim.ledger.instants import to_datetime
from nector_sim.ledger.schedule import make_schedule

RESAMPLES, MONTHS, ROUNDS = 1_000, 12, 5
AT_MOST, AT_LEAST = 60, 20


def written_out(orders, window, blocks, last, times):
    """A resample as a frame: history and future of each customer, as often as it was drawn, each under its own name."""
    first = orders.groupby("customer_id")["ordered_at"].transform("min")
    origin, block = pd.Timestamp(to_datetime(window.origin)), pd.Timedelta(BLOCK, "us")
    fresh = first > origin - block * window.blocks
    back = (origin - orders["ordered_at"]) // block
    parts = [orders]
    for position, number in enumerate(blocks.tolist()):
        again = orders[back == number].copy()
        again["customer_id"] += np.where(fresh[back == number], "-new", "")
        again["ordered_at"] += block * (position + number + 1)
        parts.append(again[again["ordered_at"] <= pd.Timestamp(to_datetime(last))])
    whole = pd.concat(parts, ignore_index=True)
    drawn = whole["customer_id"].str.removesuffix("-new").map(times).to_numpy().astype(int)
    rows = whole.loc[np.repeat(np.arange(len(whole)), drawn)].reset_index(drop=True)
    which = np.arange(len(rows)) - np.repeat(np.cumsum(drawn) - drawn, drawn)
    rows["customer_id"] += "/" + pd.Series(which).astype(str)
    rows["order_id"] = np.arange(len(rows))
    return rows


def resample(program, orders, seed):
    """One resample: its frame, where it ends, and its totals as a forecast has them."""
    schedule = make_schedule(program)
    facts = read_facts([schedule], orders)
    window, rng = window_of(facts), np.random.default_rng(seed)
    begins, last = _months_from(window.origin, MONTHS)
    blocks = rng.integers(0, window.blocks, -(-(last - window.origin) // BLOCK))
    times = _times_drawn(rng, len(window.known), len(window.known))
    totals = np.einsum("c,cmk->mk", times, totals_of(future_of(facts, window, blocks, last), window, schedule, begins))
    names = facts.prepared.customers.to_pylist()
    of_name = dict(zip([names[customer] for customer in window.known], times, strict=True))
    return written_out(orders, window, blocks, last, of_name), window.origin, last, totals


def check_parity(program, frame, origin, last, totals):
    """A resample replayed by itself gives the totals of the forecast, to the point and the paisa."""
    replayed = ns.replay(program, frame, as_of=to_datetime(last))
    ahead = replayed.orders[replayed.orders["ordered_at"] > to_datetime(origin)]
    assert ahead["points_redeemed"].sum() == totals[:, MEASURES.index("points_redeemed")].sum()
    assert round(ahead["discount"].sum() * 100) == totals[:, MEASURES.index("discount")].sum()
    assert replayed.totals["closing"].iloc[0] == totals[-1, OUTSTANDING]


def seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def run():
    """Print both claims; 1 if one is missed."""
    program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    orders = ns.demo_orders().drop(columns="points_balance")
    frame, origin, last, totals = resample(program, orders, 1)
    check_parity(program, frame, origin, last, totals)
    ns.forecast(program, orders, months=1, resamples=1, futures=1)
    ours, loops = [], []
    for _ in range(ROUNDS):
        ours.append(seconds(lambda: ns.forecast(program, orders, months=MONTHS, resamples=RESAMPLES)))
        loops.append(seconds(lambda: ns.replay(program, frame, as_of=to_datetime(last))) * RESAMPLES)
    took, ratio = float(np.median(ours)), float(np.median(np.array(loops) / np.array(ours)))
    what = f"{MONTHS} months, {RESAMPLES:,} resamples, {len(orders):,} orders; medians of {ROUNDS}"
    missed = took > AT_MOST or ratio < AT_LEAST
    print(f"{'MISSED' if missed else 'ok    '} forecast of {what}: {took:.1f} s (target {AT_MOST}), ", end="")
    print(
        f"ns.replay in a loop, counted up: {np.median(loops):,.0f} s, {ratio:.0f} times (target {AT_LEAST})", flush=True
    )
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(run())
