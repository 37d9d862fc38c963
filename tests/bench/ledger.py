"""Replays: against scoring, sorting, the exact ledger and one setting, as ratios within one run; and their memory."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median

import numpy as np
import pandas as pd

import nector_sim as ns
from nector_sim.calculator.compiled import Columns, answer
from nector_sim.calculator.parameters import compile_program
from nector_sim.ledger import engine, exact
from nector_sim.ledger.instants import to_datetime
from nector_sim.ledger.prepare import OrderColumns, RefundColumns, expiring, settled, sort_history
from nector_sim.ledger.schedule import make_schedule
from nector_sim.ledger.tables import compile_schedule, microseconds, tier_names
from nector_sim.rules.times import NEVER

ROUNDS = 7
LARGE = 10_000_000
#: 1 point = ₹1, at most ₹1000 off, at least ₹100 to pay; 5 % back after a week, for six months; two tiers.
DATA = {
    "offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1, "max_discount": 1000}],
    "min_payable": {"kind": "fixed", "amount": 100},
    "earning": {"points_per_unit": "0.05", "delay_days": 7},
    "expiry": {"months": 6},
    "tiers": [
        {"name": "Silver", "min_spend": 1500, "earning_factor": "1.2"},
        {"name": "Gold", "min_spend": 10_000, "earning_factor": "1.5"},
    ],
}
PROGRAM = ns.Program.parse(DATA)


def history(orders):
    """Random orders of a year, ten a customer, one in ten refunded, half of these in part."""
    rng = np.random.default_rng(1)
    start = microseconds(datetime(2025, 1, 1, tzinfo=UTC))
    at = start + rng.integers(0, 365 * 86_400, orders) * 1_000_000
    refunded = rng.random(orders) < 0.1
    cart = rng.integers(5_000, 300_000, orders)
    return OrderColumns(
        order_id=np.arange(orders),
        customer_id=rng.integers(0, max(1, orders // 10), orders),
        ordered_at=at,
        cart=cart,
        refunded_at=np.where(refunded, at + rng.integers(1, 30 * 86_400, orders) * 1_000_000, NEVER),
        refunded=np.where(refunded & (rng.random(orders) < 0.5), cart // 3, -1),
    )


def as_table(columns):
    """Its refunds as a table, each in two halves."""
    rows = np.flatnonzero(columns.refunded_at < NEVER)
    amount = np.where(columns.refunded[rows] < 0, columns.cart[rows], columns.refunded[rows]) // 2
    at = columns.refunded_at[rows]
    return RefundColumns(np.tile(rows, 2), np.concatenate((at, at + 86_400_000_000)), np.tile(amount, 2))


def corners():
    """What was quadratic once: lots that never expire, points that mature in reverse, refunds in reverse."""

    def of_one(size):
        start = microseconds(datetime(2025, 1, 1, tzinfo=UTC))
        at = start + np.arange(size) * 60_000_000
        return OrderColumns(np.arange(size), np.zeros(size, np.int64), at, np.full(size, 10_000))

    def in_reverse(size):
        at = of_one(size).ordered_at
        return RefundColumns(np.arange(size), at[::-1] + (at[-1] - at[0]), np.full(size, 3_000))

    lots = ns.Program.parse({"earning": {"points_per_unit": "0.1"}, "expiry": {"days": 400}})
    yield "lots", lots, of_one, lambda size: None
    yield "refunds in reverse order", lots, of_one, in_reverse


def frame_of(columns):
    """The same orders as a frame, unsorted."""

    def times(instants):
        return pd.Series(instants.view("datetime64[us]")).dt.tz_localize("UTC")

    return pd.DataFrame(
        {
            "order_id": columns.order_id,
            "customer_id": columns.customer_id,
            "ordered_at": times(columns.ordered_at),
            "cart_amount": columns.cart / 100,
            "refunded_at": times(np.where(columns.refunded_at == NEVER, np.iinfo(np.int64).min, columns.refunded_at)),
            "refunded_amount": np.where(columns.refunded >= 0, columns.refunded / 100, np.nan),
        }
    )


def plain(columns):
    """The same orders as plain objects."""
    for order, customer, at, cart, back, amount in zip(
        columns.order_id.tolist(), columns.customer_id.tolist(), columns.ordered_at.tolist(), columns.cart.tolist(),
        columns.refunded_at.tolist(), columns.refunded.tolist(), strict=True,
    ):  # fmt: skip
        yield exact.PastOrder(
            str(order), str(customer), to_datetime(at), cart,
            refunded_at=None if back == NEVER else to_datetime(back), refunded=None if amount < 0 else amount,
        )  # fmt: skip


def seconds(call, clock=time.perf_counter):
    start = clock()
    call()
    return clock() - start


def ratio(call, other, rounds=ROUNDS, clock=time.perf_counter):
    """Median of the ratios of interleaved runs, and the median seconds of both."""
    call(), other()
    pairs = [(seconds(call, clock), seconds(other, clock)) for _ in range(rounds)]
    return median(a / b for a, b in pairs), median(a for a, _ in pairs), median(b for _, b in pairs)


class Compiled:
    """The compiled replay on sorted arrays, as a call."""

    def __init__(self, columns, program=PROGRAM, refunds=None):
        schedule = make_schedule(program)
        last = int(columns.ordered_at.max())
        for at in (columns.refunded_at, None if refunds is None else refunds.at):
            last = last if at is None else max(last, int(at[at < NEVER].max(initial=0)))
        self.prepared = sort_history(settled(columns, refunds), last=last)
        self.terms = compile_schedule(schedule, tier_names([schedule]), self.prepared.largest_cart)
        self.history, self.instants = expiring(self.prepared, schedule)

    def __call__(self, threads=1):
        months = np.empty(0, np.int64)
        return engine.run(self.prepared, self.history, self.instants, self.terms, months=months, threads=threads)


def check_parity():
    """The history that is timed, small: exact and compiled give the same, on one thread and on two."""
    columns = history(5_000)
    expected = exact.replay(make_schedule(PROGRAM), plain(columns))
    for threads in (1, 2):
        ran = Compiled(columns)(threads)
        assert {kind: ran.total(kind) for kind in ("earned", "redeemed", "expired", "taken_back", "given_back")} == {
            kind: expected.totals()[kind] for kind in ("earned", "redeemed", "expired", "taken_back", "given_back")
        }
        assert ran.closing == expected.totals()["closing"]
        got = {result.order_id: (result.balance, result.answer.points, result.earned) for result in expected.results}
        prepared = Compiled(columns).prepared
        rows = zip(prepared.rows.tolist(), ran.outcome.balance, ran.outcome.points, ran.outcome.earned, strict=True)
        assert {str(row): (int(b), int(p), int(e)) for row, b, p, e in rows} == got


def settings(count):
    for number in range(count):
        offer = {**DATA["offers"][0], "max_discount": 100 + 20 * number}
        yield ns.Program.parse(DATA | {"offers": [offer]})


def peak_of_large():
    """Peak memory in MiB of a process that replays a large frame, the frame included."""
    replaying = [sys.executable, "-c", "from tests.bench.ledger import replay_large; replay_large()"]
    return float(subprocess.run(replaying, capture_output=True, text=True, check=True).stdout)


def replay_large():
    import resource  # not on Windows, where this part of the benchmark does not run

    ns.replay(PROGRAM, frame_of(history(LARGE)))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2))


def measure(orders=1_000_000):
    """Every claim: what, its value, the target, whether it holds."""
    check_parity()
    columns = history(orders)
    compiled, frame = Compiled(columns), frame_of(columns)
    balance = np.random.default_rng(2).integers(0, 2_000, orders)
    tables, scored = compile_program(PROGRAM), Columns(columns.cart, balance)

    # Per thread, so by the thread's own clock.
    value, ours, other = ratio(compiled, lambda: answer(tables, scored), rounds=21, clock=time.thread_time)
    yield (
        f"replay of {orders:,} sorted orders ({ours * 1e3:.0f} ms) / scoring them ({other * 1e3:.1f} ms)",
        value,
        "<=",
        60,
    )
    value, ours, other = ratio(
        lambda: ns.replay(PROGRAM, frame), lambda: frame.sort_values(["customer_id", "ordered_at"])
    )
    yield f"ns.replay of the unsorted frame ({ours:.2f} s) / sorting it ({other:.2f} s)", value, "<=", 4
    some = ns.TakeUp(redeemers_percent=40, take_up_percent=60)
    value, ours, other = ratio(lambda: ns.replay(PROGRAM, frame, take_up=some), lambda: ns.replay(PROGRAM, frame))
    yield f"a replay that draws who redeems ({ours:.2f} s) / one in which all do ({other:.2f} s)", value, "<=", 1.3
    several = as_table(columns)
    bare = replace(columns, refunded_at=None, refunded=None)
    windowed = Compiled(bare, ns.Program.parse(DATA | {"tiering": {"window_months": 12}}), several)
    value, ours, other = ratio(windowed, Compiled(bare), rounds=11, clock=time.thread_time)
    count = len(several.order)
    yield (
        f"{count:,} refunds in a table and a window ({ours * 1e3:.0f} ms) / none ({other * 1e3:.0f} ms)",
        value,
        "<=",
        1.5,
    )
    for what, program, orders_of_one, came_back in corners():
        whole, part = (Compiled(orders_of_one(size), program, came_back(size)) for size in (160_000, 40_000))
        value, ours, other = ratio(whole, part, rounds=3, clock=time.thread_time)
        yield f"four times the {what} of one customer ({ours * 1e3:.0f} ms / {other * 1e3:.0f} ms)", value, "<=", 8
    few = list(plain(history(20_000)))
    clock = time.thread_time
    slow = median(seconds(lambda: exact.replay(make_schedule(PROGRAM), few), clock) for _ in range(3)) / len(few)
    fast = median(seconds(compiled, clock) for _ in range(ROUNDS)) / orders
    yield f"exact ({slow * 1e6:.0f} µs an order) / compiled ({fast * 1e9:.0f} ns an order)", slow / fast, ">=", 500
    fifty = list(settings(50))
    alone = ns.replay_sweep(fifty[:1], frame, threads=1)
    assert alone.equals(ns.replay_sweep(fifty, frame, threads=2).head(1))
    value, ours, other = ratio(
        lambda: ns.replay_sweep(fifty, frame, threads=2), lambda: ns.replay_sweep(fifty[:1], frame, threads=1), rounds=3
    )
    yield f"50 settings on two threads ({ours:.2f} s) / one on one ({other:.2f} s)", value, "<=", 30
    if os.name == "posix":
        yield (
            f"peak memory in GiB of ns.replay of {LARGE:,} orders, their frame included",
            peak_of_large() / 1024,
            "<=",
            3,
        )


def run():
    """Print every claim."""
    print("\nReplays, medians of runs taken in turn")
    for what, value, sign, target in measure():
        holds = value <= target if sign == "<=" else value >= target
        print(f"  {value:8.2f}  {sign} {target:<5}{'' if holds else 'OVER  '}{what}", flush=True)
