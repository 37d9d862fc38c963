"""Calls that take long say how far they are, and end within a second of Ctrl+C; so does every command."""

import inspect
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest
import typer

import nector_sim as ns
from nector_sim._progress import ahead, listening, side_by_side, tell, teller, telling
from nector_sim.cli import app
from nector_sim.cli.bar import _Bar

EARNING = ns.data_path("programs/gokwik-example-with-earning.toml")
PROGRAM = ns.load_program(EARNING)
CAPPED = PROGRAM.replaced({"offers.0.max_discount": 50})
HALF = ns.Assumptions(gross_margin_percent=50, response_percent=5, response_half_at_percent=3)
#: Seconds that a machine which is busy with other tests may add.
SLACK = 2
GRID = {"offers.0.max_discount": [20, 50]}


@pytest.fixture(scope="module")
def orders():
    """Two years of a few customers, most of whom use their points."""
    some, luck = 4_000, np.random.default_rng(3)
    at = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(np.sort(luck.integers(0, 720 * 86_400, some)), unit="s")
    made = pd.DataFrame(
        {
            "order_id": [f"o{number}" for number in range(some)],
            "customer_id": [f"c{number}" for number in luck.integers(0, 300, some)],
            "ordered_at": at,
            "cart_amount": luck.integers(10_000, 300_000, some) / 100,
        }
    )
    ran = ns.replay(PROGRAM, made.assign(redeems=luck.random(some) < 0.5))
    return made.assign(discount_given=ran.orders["discount"], points_balance=40)


CALLS = {
    "check_parity": lambda o, f, **p: ns.check_parity(PROGRAM, calculator=lambda **_: None, n=3, **p),
    "compare": lambda o, f, **p: ns.compare(PROGRAM, CAPPED, o, assumptions=HALF, resamples=5, **p),
    "first_grid": lambda o, f, **p: ns.first_grid(PROGRAM, o, **p),
    "fit_take_up": lambda o, f, **p: ns.fit_take_up(o, PROGRAM, **p),
    "forecast": lambda o, f, **p: ns.forecast(PROGRAM, o, months=1, futures=2, draws=5, **p),
    "inspect_orders": lambda o, f, **p: ns.inspect_orders(o, **p),
    "liability": lambda o, f, **p: ns.liability(ns.replay(PROGRAM, o), **p),
    "opening_from": lambda o, f, **p: ns.opening_from(
        pd.DataFrame({"customer_id": ["c1"], "points": [9]}), o, PROGRAM, **p
    ),
    "plan_experiment": lambda o, f, **p: ns.plan_experiment(PROGRAM, CAPPED, o, assumptions=HALF, **p),
    "read_experiment": lambda o, f, **p: ns.read_experiment(
        o,
        pd.DataFrame({"customer_id": [f"c{number}" for number in range(300)], "side": ["baseline", "candidate"] * 150}),
        assumptions=HALF,
        start="2025-06-01",
        end="2025-10-01",
        **p,
    ),
    "replay": lambda o, f, **p: ns.replay(PROGRAM, o, **p),
    "replay_files": lambda o, f, **p: ns.replay_files(PROGRAM, f / "orders.parquet", out=f / "whole", **p),
    "replay_files in buckets": lambda o, f, **p: ns.replay_files(
        PROGRAM, f / "orders.parquet", out=f / "buckets", buckets=3, **p
    ),
    "replay_sweep": lambda o, f, **p: ns.replay_sweep([PROGRAM, CAPPED], o, **p),
    "score_files": lambda o, f, **p: ns.score_files(PROGRAM, f / "orders.parquet", out=f / "scored.parquet", **p),
    "simulate": lambda o, f, **p: ns.simulate(ns.Shop(customers_per_month=30, months=6), PROGRAM, **p),
    "sweep": lambda o, f, **p: ns.sweep(PROGRAM, o, grid=GRID, assumptions=HALF, resamples=5, **p),
    "sweep of each order": lambda o, f, **p: ns.sweep(
        PROGRAM,
        o,
        grid={**GRID, "timezone": ["UTC"]},
        assumptions={"gross_margin_percent": 50},
        replayed=False,
        floor_percent=5,
        **p,
    ),
    "ultimate_redemption": lambda o, f, **p: ns.ultimate_redemption(ns.replay(PROGRAM, o), **p),
    "winners": lambda o, f, **p: ns.winners(
        PROGRAM, o, grid=GRID, assumptions=HALF, over={"response_percent": [0, 5]}, **p
    ),
}


def test_all_of_them_are_here():
    takes = {name for name in ns.__all__ if "progress" in inspect.signature(getattr(ns, name)).parameters}
    assert takes == {name.split(" ")[0] for name in CALLS}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, orders):
    made = tmp_path_factory.mktemp("calls")
    orders.assign(cart_amount=orders["cart_amount"].astype(str)).to_parquet(made / "orders.parquet")
    return made


@pytest.mark.parametrize("name", CALLS)
def test_a_long_call_tells_and_can_be_stopped(name, orders, folder):
    told = []
    CALLS[name](orders, folder, progress=lambda *done: told.append(done))
    assert told[-1][0] == told[-1][1] > 1
    assert len({of for _, of in told}) == 1
    assert all(before[0] <= after[0] for before, after in itertools.pairwise(told))
    if "files" in name:
        return  # is over, and tests/batch stops them

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        CALLS[name](orders, folder, progress=stop)


def test_one_bar_for_a_call_and_all_within_it(orders):
    bars = []

    class Bar:
        def __init__(self, steps):
            bars.append((steps, told := []))
            self.tell = lambda *done: told.append(done)

        def __enter__(self):
            return self.tell

        def __exit__(self, *_):
            bars.append("ended")

    with listening(Bar):
        ns.plan_experiment(PROGRAM, CAPPED, orders, assumptions=HALF)
        ns.replay_sweep([PROGRAM], orders, progress=lambda *_: None)
    ns.replay(PROGRAM, orders)
    assert [bar if bar == "ended" else bar[0] for bar in bars] == ["steps", "ended"]
    assert bars[0][1] == [(done, 6) for done in range(1, 7)]


def test_nobody_has_to_listen():
    tell(1, 2)
    teller()(1, 2)
    assert list(telling("ab", 2)) == ["a", "b"]


def test_work_beside_each_other_comes_in_order_and_is_not_waited_for():
    assert list(side_by_side(lambda number: (time.sleep(0.02 / number), number)[1], [1, 2, 4], threads=3)) == [1, 2, 4]
    begun = []

    def slow(number):
        begun.append(number)
        time.sleep(5)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # where tests run side by side, it is ignored
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    start = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            list(side_by_side(slow, range(9), threads=2))
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - start < 1.3 + SLACK
    assert begun == [0, 1]
    with pytest.raises(ZeroDivisionError):
        list(side_by_side(lambda number: 1 // number, [1, 0], threads=2))


def test_items_that_are_made_ahead_come_in_order_and_end_with_whoever_takes_them():
    made, ended = [], []

    def numbers(count):
        try:
            for number in range(count):
                made.append(number)
                yield number
            raise ZeroDivisionError
        finally:
            ended.append(True)

    taken = []
    with pytest.raises(ZeroDivisionError):
        taken.extend(iter(ahead(numbers(5), 2)))
    assert (made, ended) == ([0, 1, 2, 3, 4], [True])
    some = ahead(numbers(100), 2)
    assert [next(some), next(some)] == [0, 1]
    some.close()
    assert len(made) < 5 + 6
    assert ended == [True, True]
    assert list(ahead((number for number in ()), 2)) == []


def test_a_bar_appears_in_time_says_how_fast_and_goes(capsys, monkeypatch):
    monkeypatch.setattr("nector_sim.cli.bar.SOON", 0)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    bar = _Bar("orders")
    bar._began -= 10
    bar.tell(5_000, 20_000)
    bar.end()
    bar.tell(6_000, 20_000)
    bar.show()
    shown = capsys.readouterr().err
    assert "orders" in shown
    assert "25%" in shown
    assert re.search(r"[45]\d\d a second", shown)
    never = _Bar("steps")
    never.end()
    never.show()
    assert capsys.readouterr().err == ""


#: Every command, in one long step of a library that neither ends nor lets Python handle a signal.
STUCK = """
import ctypes, sys
from nector_sim import _process, cli
from nector_sim.cli import bar

def stuck(_):
    print("begun", flush=True)
    lock, libc = ctypes.create_string_buffer(256), ctypes.CDLL(None)
    libc.pthread_mutex_lock(lock)
    libc.pthread_mutex_lock(lock)  # waits for itself, and no signal ends that

bar.listening = stuck
_process.run(cli.main)
"""


def words_of(command, before=()):
    """Each command with what it cannot do without."""
    for name, one in getattr(command, "commands", {}).items():
        yield from words_of(one, (*before, name))
    if not hasattr(command, "commands"):
        needed = [param for param in command.params if param.required]
        given = [[*param.opts[:1], "1"] if param.opts[0].startswith("-") else ["1"] for param in needed]
        yield [*before, *itertools.chain.from_iterable(given)]


WORDS = {" ".join(word for word in words if word.isalpha()): words for words in words_of(typer.main.get_command(app))}


@pytest.mark.skipif(os.name == "nt", reason="a process of Windows is not sent Ctrl+C alone")
@pytest.mark.parametrize("name", WORDS)
def test_every_command_ends_within_a_second_of_ctrl_c(name, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK, *WORDS[name]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert process.stdout.readline() == "begun\n", process.communicate()[1]
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    _, said = process.communicate(timeout=60)
    assert time.monotonic() - start < 1.0 + SLACK
    assert (process.returncode, said) == (130, "nector-sim: stopped\n")
