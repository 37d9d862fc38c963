"""Forecasts: the futures by hand and against ns.replay, the draws, and what is refused."""

import numpy as np
import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.exploration.futures import BLOCK, MEASURES, OUTSTANDING, future_of, totals_of, window_of
from nector_sim.ledger.facts import read_facts
from nector_sim.ledger.schedule import make_schedule

PROGRAM = ns.Program.parse(
    {
        "offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1, "max_discount": 60}],
        "earning": {"points_per_unit": "0.1", "delay_days": 3},
        "expiry": {"months": 2},
        "tiers": [{"name": "Silver", "min_lifetime_spend": 2000, "earning_factor": 2}],
        "timezone": "UTC",
    }
)
ORIGIN = pd.Timestamp("2026-07-01", tz="UTC")
DAYS = pd.Timedelta(days=28)


def history(orders=600, customers=40):
    """Random orders of half a year, some refunded; customers come bit by bit."""
    rng = np.random.default_rng(5)
    customer = rng.integers(0, customers, orders)
    start = pd.Timestamp("2026-01-01", tz="UTC")
    first = np.sort(rng.integers(0, 170, customers))
    first[:10] = 0
    days = first[customer] + rng.random(orders) * (180 - first[customer])
    at = start + pd.to_timedelta((days * 86_400).astype(int), unit="s")
    refunded = pd.Series(at + pd.Timedelta(days=2)).where(rng.random(orders) < 0.15)
    return pd.DataFrame(
        {
            "order_id": [f"o{number}" for number in range(orders)],
            "customer_id": [f"c{number:02}" for number in customer],
            "ordered_at": at,
            "cart_amount": rng.integers(1, 90_000, orders) / 100,
            "refunded_at": refunded,
        }
    )


def written_out(orders, blocks, window, months):
    """The history and a future as a frame, made without the package: who was new in the window begins anew."""
    orders = orders[orders["ordered_at"] <= ORIGIN]
    first = orders.groupby("customer_id")["ordered_at"].transform("min")
    back = (ORIGIN - orders["ordered_at"]) // DAYS
    parts = [orders]
    for position, number in enumerate(blocks):
        again = orders[back == number].copy()
        shift = DAYS * (position + number + 1)
        fresh = first[back == number] > ORIGIN - DAYS * window
        again["customer_id"] += np.where(fresh, "-new", "")
        again["order_id"] = [f"f{position}-{name}" for name in again["order_id"]]
        again["ordered_at"] += shift
        again["refunded_at"] += shift
        parts.append(again[again["ordered_at"] <= ORIGIN + pd.DateOffset(months=months)])
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("blocks", [[0, 1, 2], [2, 2, 0]])
def test_a_future_is_what_a_replay_of_it_gives(blocks):
    orders, months = history(), 2
    end = ORIGIN + pd.DateOffset(months=months)
    schedule = make_schedule(PROGRAM)
    facts = read_facts([schedule], orders, as_of=ORIGIN)
    window = window_of(facts, 3)
    begins = np.array([pd.Timestamp(day, tz="UTC").value // 1000 + 1 for day in ("2026-07-01", "2026-08-01")])
    future = future_of(facts, window, np.array(blocks), end.value // 1000)
    totals = totals_of(future, window, schedule, begins).sum(axis=0)

    replayed = ns.replay(PROGRAM, written_out(orders, blocks, 3, months), as_of=end, movements=True)
    ahead = replayed.orders[replayed.orders["ordered_at"] > ORIGIN]
    lost = replayed.movements.query("kind == 'expired'")
    for month, (low, high) in enumerate([(ORIGIN, pd.Timestamp("2026-08-01", tz="UTC")), ("2026-08-01", end)]):
        part = ahead[(ahead["ordered_at"] > low) & (ahead["ordered_at"] <= high)]
        expected = {
            "orders": len(part),
            "orders_redeemed": (part["points_redeemed"] > 0).sum(),
            "cart_amount": round(part["cart_amount"].sum() * 100),
            "discount": round(part["discount"].sum() * 100),
            "points_redeemed": part["points_redeemed"].sum(),
            "points_earned": part["points_earned"].sum(),
            "expired": -lost.loc[(lost["at"] > low) & (lost["at"] <= high), "points"].sum(),
        }
        assert dict(zip(MEASURES, totals[month].tolist(), strict=False)) == expected
        assert expected["expired"] > 0
    assert totals[-1, OUTSTANDING] == replayed.totals["closing"].iloc[0]


def regular():
    """One customer, every 28 days before the origin at noon, ₹1000; another comes in the last block."""
    at = [ORIGIN - pd.Timedelta(days=28 * back - 1) for back in range(1, 7)]
    return pd.DataFrame(
        {
            "order_id": [*"abcdef", "new"],
            "customer_id": ["old"] * 6 + ["new"],
            "ordered_at": [*at, ORIGIN - pd.Timedelta(days=7)],
            "cart_amount": [1000] * 6 + [500],
        }
    )


def test_one_future_by_hand():
    program = PROGRAM.model_copy(update={"expiry": None, "tiers": ()})
    # The window is one block, so there is one future: old orders on day 1 of each block, someone new on day 21.
    ahead = ns.forecast(program, regular(), as_of=ORIGIN, window=1, months=1, resamples=300, futures=1)
    assert (ahead.customers, ahead.newcomers, ahead.window_days) == (2, 1, 28)
    # 31 days: old orders on 2 July and 30 July, and someone new on 22 July; each draws two of the two customers.
    draws = ahead.draws[0, :, 0]
    assert set(map(tuple, draws[:, :4].tolist())) == {
        (4, 4, 4000, 240),
        (3, 2, 2500, 120),
        (2, 0, 1000, 0),
    }
    # An order of old redeems 60 and earns 94 of the ₹940; new has 50 twice, from past and future.
    assert set(draws[:, MEASURES.index("points_earned")].tolist()) == {4 * 94, 2 * 94 + 50, 100}
    both = draws[draws[:, 0] == 3]
    # 100, then five times 94 less 60; ahead twice 94 less 60; new's 50 and the newcomer's 50.
    assert set(both[:, OUTSTANDING].tolist()) == {100 + 5 * 34 + 2 * 34 + 100}


def test_the_same_seed_and_the_same_luck():
    orders = history()
    off = PROGRAM.model_copy(update={"enabled": False})
    settings = {"today": PROGRAM, "again": PROGRAM, "off": off}

    def ahead(seed=1):
        return ns.forecast(
            PROGRAM, orders, settings=settings, as_of=ORIGIN, months=4, resamples=40, futures=4, seed=seed
        )

    one = ahead()
    assert np.array_equal(one.draws, ahead().draws)
    assert not np.array_equal(one.draws, ahead(2).draws)
    same = one.difference("again", against="today")
    assert (same[["low", "likely", "high"]] == 0).all(axis=None)
    assert set(same["months"]) == {3}
    without = one.table([1, 4]).query("setting == 'off' and measure in ('discount', 'points_redeemed')")
    assert (without[["low", "likely", "high"]] == 0).all(axis=None)
    carts = one.difference("off", against="today").query("measure == 'cart_amount'")
    assert carts[["low", "high"]].to_numpy().tolist() == [[0, 0]]
    alone = ns.forecast(PROGRAM, orders, as_of=ORIGIN, months=4, resamples=40, futures=4, seed=1)
    assert np.array_equal(alone.draws[0], one.draws[0])


def test_what_came_later_is_not_looked_at():
    orders = history()
    later = pd.concat(
        [orders, orders.assign(order_id=orders["order_id"] + "x", ordered_at=ORIGIN + DAYS, refunded_at=pd.NaT)]
    )
    few = {"as_of": ORIGIN, "months": 2, "resamples": 20, "futures": 2}
    assert np.array_equal(ns.forecast(PROGRAM, orders, **few).draws, ns.forecast(PROGRAM, later, **few).draws)


def test_the_timeline_adds_up_and_progress_is_told():
    told = []
    ahead = ns.forecast(
        PROGRAM, history(), as_of=ORIGIN, months=3, resamples=1, futures=1, progress=lambda *done: told.append(done)
    )
    assert told == [(1, 1)]
    months = ahead.timeline().query("measure == 'orders'")["likely"].sum()
    assert months == ahead.table([3]).query("measure == 'orders'")["likely"].item()
    assert ahead.table([12]).empty


def test_what_is_refused():
    orders = history()
    with pytest.raises(ns.InputError, match="a forecast needs 6"):
        ns.forecast(PROGRAM, orders, as_of="2026-04-01")
    with pytest.raises(ns.InputError, match="months is 0"):
        ns.forecast(PROGRAM, orders, months=0)
    with pytest.raises(ns.InputError, match="it is a whole number from 1 to 60"):
        ns.forecast(PROGRAM, orders, months=1.5)
    with pytest.raises(ns.InputError, match="customers is 0; it is a whole number from 1"):
        ns.forecast(PROGRAM, orders, customers=0)
    with pytest.raises(ns.InputError, match="window is 40"):
        ns.forecast(PROGRAM, orders, as_of=ORIGIN, window=40)
    with pytest.raises(ns.InputError, match="no setting"):
        ns.forecast(PROGRAM, orders, settings={})
    with pytest.raises(ns.InputError, match="there is no setting x"):
        ns.forecast(PROGRAM, orders, as_of=ORIGIN, months=1, resamples=1, futures=1).timeline("x")
    assert DAYS.value // 1000 == BLOCK
