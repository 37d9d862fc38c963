"""Take-up of customers and of their orders: both ledgers against each other, a second reading, and every door."""

from __future__ import annotations

import dataclasses
import pickle
import random
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from histories import compiled_replay, random_case, without_offer
from take_up_reader import drawn, luck, mix, read

import nector_sim as ns
from nector_sim.ledger.draws import draw, lucks
from nector_sim.ledger.exact import replay
from nector_sim.ledger.take_up import TakeUpLaw

OFFER = {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}
PROGRAM = ns.Program.parse({"offers": [OFFER], "earning": {"points_per_unit": "0.1"}})


def some_take_up(rng: random.Random) -> ns.TakeUp:
    balances = [0, *sorted(rng.sample([1, 5, 20, 50, 200], rng.randint(0, 3)))]
    of_cart = [0, *sorted(rng.sample([1, 5, 20, 100, 5000], rng.randint(0, 3)))]
    blocks = []
    for _ in range(rng.choice([1, 1, 3, 10])):
        columns = np.array([rng.choices([0, 10**6, rng.randint(0, 10**6)], k=len(balances)) for _ in of_cart])
        blocks.append(np.sort(np.sort(columns, axis=0), axis=1).T.tolist())
    table = {"mean_percent": rng.choice(["50", "33.3333"]), "balances": balances, "of_cart_percent": of_cart}
    return ns.TakeUp.parse(
        {
            "redeemers_percent": rng.choice(["0", "100", "40", "66.6667", "0.0001%"]),
            "take_up_percent": rng.choice(["50", "33.3333", "90", "0"]),
            "table": table | {"millionths": blocks},
        }
    )


def plain(take_up: ns.TakeUp) -> dict[str, Any]:
    """A take-up as the second reader takes it."""
    table = take_up.table
    assert table is not None
    return {**table.model_dump(), "take_up_percent": take_up.take_up_percent} | {
        "redeemers": int(take_up.redeemers_percent * 10_000)
    }


def test_both_ledgers_agree_on_random_histories():
    for seed in range(120):
        rng = random.Random(f"take-up {seed}")
        schedule, orders, *rest = random_case(seed, 3)
        orders = [dataclasses.replace(o, redeems=rng.choice([None, None, None, True, False])) for o in orders]
        chance = TakeUpLaw(some_take_up(rng), rng.randint(0, 2**64 - 1), 2)
        case = (schedule, orders, *rest)
        said = without_offer(replay(*case, chance=chance))
        found = compiled_replay(*case, chance=chance)
        assert sorted(found.results, key=lambda r: r.order_id) == sorted(said.results, key=lambda r: r.order_id), seed
        assert found.balances == said.balances, seed


def test_the_door_agrees_with_a_second_reading():
    for number in range(30):
        rng = random.Random(f"second {number}")
        take_up, seed = some_take_up(rng), rng.randint(0, 2**64 - 1)
        orders = [
            (f"o{n:03}é", rng.choice("abcdefgh"), rng.choice([0, 100, 99_900, rng.randint(0, 500_000)]),
             rng.choice([None, None, None, None, True, False]))
            for n in range(120)
        ]  # fmt: skip
        brought = {name: rng.choice([-30, 5, 49, 50, 1000]) for name in "abc"}
        frame = pd.DataFrame(
            {
                "order_id": [o[0] for o in orders],
                "customer_id": [o[1] for o in orders],
                "ordered_at": pd.date_range("2026-01-01", periods=len(orders), freq="h", tz="UTC"),
                "cart_amount": [Decimal(o[2]) / 100 for o in orders],
                "redeems": pd.array([o[3] for o in orders], dtype="boolean"),
            }
        )
        opening = pd.DataFrame({"customer_id": list(brought), "points": list(brought.values())})
        found = ns.replay(PROGRAM, frame.sample(frac=1, random_state=1), opening=opening, take_up=take_up, seed=seed)
        by_id = found.orders.set_index("order_id")[["points_balance", "points_redeemed"]].astype(int)
        said = read(seed, plain(take_up), orders, brought)
        assert {name: tuple(row) for name, row in zip(by_id.index, by_id.to_numpy().tolist(), strict=True)} == said


@pytest.mark.parametrize("name", ["17", "#1001", "a much longer id than eight bytes", "é", "12345678", ""])
def test_draws_are_those_of_the_page(name):
    for seed in (0, 1, 2**64 - 1):
        assert draw(seed, name) == drawn(mix(seed), name)
        assert draw(seed, name, of_customer=True) == drawn(mix(mix(seed)), name)
        assert draw(seed, name) != draw(seed, name, of_customer=True)


def test_whole_numbers_are_their_digits():
    ids = np.array([0, 7, -3, 2**62])
    assert lucks(ids, 5).tolist() == [luck(mix(5), str(number)) for number in ids]
    assert lucks(ids, 5, of_customers=True).tolist() == [luck(mix(mix(5)), str(number)) for number in ids]


def history(customers: int = 400, orders: int = 3000) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "order_id": [f"o{n}" for n in range(orders)],
            "customer_id": rng.integers(0, customers, orders),
            "ordered_at": pd.date_range("2026-01-01", periods=orders, freq="h", tz="UTC"),
            "cart_amount": rng.integers(100, 5000, orders),
        }
    )


STEEP = ns.TakeUp.parse(
    {
        "redeemers_percent": 60,
        "take_up_percent": 50,
        "table": {
            "mean_percent": 50,
            "balances": [0, 100, 300],
            "of_cart_percent": [0, 20],
            "millionths": [
                [[100_000, 200_000], [300_000, 400_000], [800_000, 900_000]],
                [[300_000, 400_000], [500_000, 500_000], [900_000, 1_000_000]],
            ],
        },
    }
)


def test_a_number_is_the_coin_of_each_order_and_redeemers_are_customers():
    orders = history()
    coins = ns.replay(PROGRAM, orders, take_up=40, seed=3).orders
    same = ns.replay(PROGRAM, orders, take_up=ns.TakeUp(take_up_percent=40), seed=3).orders
    pd.testing.assert_frame_equal(coins, same)
    customers = ns.replay(PROGRAM, orders, take_up=ns.TakeUp(redeemers_percent=40), seed=3).orders
    used = customers.groupby("customer_id")["points_redeemed"].agg(["max", "size"])
    below = [luck(mix(mix(3)), str(name)) < 400_000 for name in used.index]
    assert ((used["max"] > 0) == (np.array(below) & (used["size"] > 1))).all()


def test_forty_percent_of_customers_is_another_answer_than_forty_percent_of_orders():
    """The review's two answers on the grocery shop: 82.1 lakh as coins, 33.9 as customers, of another draw of them."""
    program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    orders = ns.demo_orders()
    first = orders.sort_values(["ordered_at", "order_id"]).groupby("customer_id").head(1)
    opening = first[["customer_id", "points_balance"]].set_axis(["customer_id", "points"], axis=1)
    orders = orders.drop(columns="points_balance")
    lakh = {
        name: float(ns.replay(program, orders, opening=opening, take_up=take_up).totals["discount"].iloc[0]) / 1e5
        for name, take_up in (("coins", 40), ("customers", ns.TakeUp(redeemers_percent=40)))
    }
    assert lakh["coins"] == pytest.approx(82.1, abs=0.1)
    assert lakh["customers"] == pytest.approx(33.9, rel=0.04)


def test_draws_do_not_depend_on_the_setting():
    """Under a program that lets nobody keep points from one order to the next, both settings meet the same balances."""
    orders = history().assign(points_requested=0)
    low, high = (
        ns.replay(PROGRAM.replaced({"offers.0.discount_per_step": d}), orders, take_up=STEEP).orders for d in (1, 2)
    )
    assert (low["limited_by"] == high["limited_by"]).all()
    singles = history().drop_duplicates("customer_id")
    opening = pd.DataFrame({"customer_id": singles["customer_id"], "points": 250})
    one, two = (
        ns.replay(PROGRAM.replaced({"offers.0.max_discount": cap}), singles, opening=opening, take_up=STEEP).orders
        for cap in (10, 200)
    )
    assert ((one["points_redeemed"] > 0) == (two["points_redeemed"] > 0)).all()
    assert 0.1 < (one["points_redeemed"] > 0).mean() < 0.6


def test_a_redeems_column_still_decides():
    orders = history()
    said = orders.assign(redeems=np.random.default_rng(1).random(len(orders)) < 0.3)
    pd.testing.assert_frame_equal(
        ns.replay(PROGRAM, said, take_up=STEEP).orders, ns.replay(PROGRAM, said, take_up=100).orders
    )


def test_sweeps_threads_and_rows_see_the_same():
    orders = history()
    totals = ns.replay(PROGRAM, orders, take_up=STEEP, seed=2, threads=3).totals
    swept = ns.replay_sweep([PROGRAM, PROGRAM], orders.iloc[::-1], take_up=STEEP, seed=2)
    assert swept["discount"].tolist() == totals["discount"].tolist() * 2
    # Other customers in the file change nothing.
    some = orders[orders["customer_id"] < 50]
    alone = ns.replay(PROGRAM, some, take_up=STEEP, seed=2).orders["points_redeemed"]
    among = ns.replay(PROGRAM, orders, take_up=STEEP, seed=2).orders["points_redeemed"]
    assert (alone == among[some.index]).all()


def test_buckets_see_the_same(tmp_path):
    from nector_sim.batch.replays import replay_in_buckets

    orders = history()
    orders.to_parquet(tmp_path / "orders.parquet")
    how: dict[str, Any] = {"take_up": pickle.loads(pickle.dumps(STEEP)), "seed": 2}
    report = replay_in_buckets([PROGRAM], tmp_path / "orders.parquet", out=tmp_path / "out", buckets=3, **how)
    whole = ns.replay(PROGRAM, orders, take_up=STEEP, seed=2).totals
    assert float(report.totals["discount"].iloc[0]) == whole["discount"].iloc[0]
    assert int(report.totals["orders_redeemed"].iloc[0]) == whole["orders_redeemed"].iloc[0]


def test_a_forecast_goes_on_by_the_same_law():
    from nector_sim.exploration.futures import future_of, source_of
    from nector_sim.ledger.facts import read_facts
    from nector_sim.ledger.schedule import make_schedule

    orders = history()
    orders["ordered_at"] = pd.date_range("2026-01-01", periods=len(orders), freq="2h", tz="UTC")
    facts = read_facts([make_schedule(PROGRAM)], orders, take_up=STEEP, seed=2)
    source = source_of(facts, np.ones(3000, np.bool_), 6)
    last = facts.prepared.last + 100 * 24 * 3600 * 10**6
    future = future_of(source, np.random.default_rng(1), last).prepared.history
    h = facts.prepared.history
    assert len(future.luck) == len(future.at) > len(h.at)
    assert (future.kind[: len(h.kind)] == h.kind).all()
    assert len(future.kind) == len(future.first_order) - 1
    ahead = future.luck[future.at > facts.prepared.last]
    # Fresh lucks, even over the millionths: the mean of n has a standard error of 288,675 / √n.
    assert abs(ahead.mean() - 500_000) < 4 * 288_675 / np.sqrt(len(ahead))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"balances": [1, 100, 300]}, "steps begin at 0 and rise"),
        ({"balances": [0, 100, 100]}, "steps begin at 0 and rise"),
        ({"of_cart_percent": [0]}, "another shape"),
        ({"of_cart_percent": [0, 1_000_001]}, "at most 1000000"),
        ({"millionths": [[[5, 5], [4, 5], [6, 6]]]}, "falls as the balance rises"),
        ({"millionths": [[[5, 5], [5, 4], [6, 6]]]}, "falls as the balance rises"),
        ({"millionths": [[[5, 5], [5, 5], [6, 1_000_001]]]}, "less than or equal to 1000000"),
        ({"mean_percent": 0}, "greater than 0"),
        ({"mean_percent": "0.5"}, "did you mean 50"),
    ],
)
def test_a_table_that_cannot_be_is_refused(changes, message):
    assert STEEP.table is not None
    with pytest.raises(ns.InputError, match=message):
        ns.TakeUp.parse({"table": STEEP.table.model_dump() | changes})


def test_percentages_of_customers_have_four_decimals():
    with pytest.raises(ns.InputError, match="at most four decimals"):
        ns.TakeUp.parse({"redeemers_percent": "1.00001"})
