"""Forecasts: states and futures by hand and against ns.replay, the draws, and what is refused."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.economics.bg_nbd import BgNbd
from nector_sim.exploration.future_totals import MEASURES, OF_KNOWN, OUTSTANDING, could_redeem, totals_of
from nector_sim.exploration.futures import cut_off, future_of, source_of
from nector_sim.exploration.outlook import outlook_of, whole_season
from nector_sim.exploration.second_opinion import SecondOpinion
from nector_sim.exploration.states import BLOCK, NONE, Donors, Past, carried, past_of, states_of
from nector_sim.exploration.surprise import again_over
from nector_sim.ledger.facts import read_facts
from nector_sim.ledger.schedule import make_schedule

PROGRAM = ns.Program.parse(
    {
        "offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1, "max_discount": 60}],
        "earning": {"points_per_unit": "0.1", "delay_days": 3},
        "expiry": {"months": 2},
        "tiers": [{"name": "Silver", "min_spend": 2000, "earning_factor": 2}],
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


SCHEDULE = make_schedule(PROGRAM)


def source(orders, ahead=4, **more):
    facts = read_facts([SCHEDULE], orders, as_of=ORIGIN, **more)
    return source_of(facts, could_redeem(facts, SCHEDULE), ahead)


def test_states_by_hand():
    # Two blocks ago; in the block before; both; long ago; never; not seen yet.
    counts = np.array([[0, 0, 1, 0], [0, 0, 0, 2], [0, 0, 3, 1], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    states = states_of(counts, np.array([2, 1, 2, 4, 9, 4 - NONE]), 3)
    assert states[:, 5].tolist() == [-1] * 5
    assert states[4].tolist() == [1, 1, 1, 0, 0, -1]
    assert states[3].tolist() == [1, 0, 0, 3, 3, -1]
    # Before: recency 1, 0, 0, then 3 blocks and more; orders 1, 2, 4 (one class from 4 on), then none looked back on.
    assert states[1].tolist() == [1 * 7 + 1, 2 * 7 + 0, 4 * 7 + 0, 0 * 7 + 3, 0 * 7 + 3, -1]
    # The nearest: by recency, then by the orders themselves.
    assert states[2].tolist() == [NONE + 1, 2, 4, 3 * NONE, 3 * NONE, -1]
    # The finest level tells apart by the blocks since the first order, as far as was looked back on when donors began.
    assert states[0, 3] == states[0, 4]
    older = states_of(np.zeros((2, 9), np.int64), np.array([4, 9]), 9)
    assert older[0, 0] != older[0, 1]
    assert older[1, 0] == older[1, 1]


def test_who_orders_most_is_like_others_who_order_much():
    # 20 customers order 30 times in a block, 200 once; nobody else is in the state of the first.
    counts = np.concatenate([np.full((20, 8), 30), np.ones((200, 8), np.int64)])
    past = Past(0, np.arange(220), counts, np.full(220, -1), 4, 4)
    donors = Donors(past)
    drawn = donors.draw(states_of(counts[:1] * 2, np.array([9]), 4), np.ones(len(donors.block)), np.array([0.5]))
    assert donors.counts[drawn].tolist() == [30]


def test_the_last_months_again_over_what_is_expected():
    orders = history()
    facts = read_facts([SCHEDULE], orders, as_of=ORIGIN)
    edges = np.array([ORIGIN.value // 1000, (ORIGIN + DAYS).value // 1000])
    lately = orders["ordered_at"] > ORIGIN - 3.25 * DAYS
    again = orders.loc[lately, "cart_amount"].sum() * 100 / 3.25
    assert again_over(facts, edges, np.array([again / 2])).tolist() == pytest.approx([2])
    assert again_over(facts, edges, np.array([0.0])).tolist() == [1]


def test_the_past_is_cut_into_blocks_before_the_origin():
    past = past_of(read_facts([SCHEDULE], regular(), as_of=ORIGIN), 3)
    assert past.blocks == 5
    # The first order lies in a block that is not whole.
    assert past.counts.tolist() == [[0, 0, 0, 0, 1], [1, 1, 1, 1, 1]]
    assert past.first.tolist() == [4, -1]
    assert (past.window, past.lookback) == (3, 2)


NEVER = np.iinfo(np.int64).max // 2


def refunded_at(h):
    """When each order was refunded, whole; `NEVER` where it was not."""
    made = np.full(len(h.at), NEVER)
    made[h.refund_order] = h.refund_at
    return made


def as_frame(facts):
    """A history, written out as a frame for a replay."""
    h = facts.prepared.history
    customer = np.repeat(np.arange(len(h.first_order) - 1), np.diff(h.first_order))
    refunded = pd.Series(refunded_at(h)).where(refunded_at(h) < NEVER)
    return pd.DataFrame(
        {
            "order_id": np.arange(len(h.at)),
            "customer_id": customer,
            "ordered_at": pd.to_datetime(h.at, unit="us", utc=True),
            "cart_amount": h.cart / 100,
            "refunded_at": pd.to_datetime(refunded.astype("Int64"), unit="us", utc=True),
        }
    )


def test_a_future_is_the_history_and_orders_of_it_again():
    made = source(history())
    end = int((ORIGIN + pd.DateOffset(months=3)).value // 1000)
    facts = made.facts
    future = future_of(made, np.random.default_rng(1), end)
    h, past = future.prepared.history, facts.prepared.history
    at, was = h.at, past.at
    begins = past.first_order[:-1]
    for customer in range(len(past.first_order) - 1):
        own = slice(
            h.first_order[customer], h.first_order[customer] + past.first_order[customer + 1] - begins[customer]
        )
        assert (at[own] == was[begins[customer] : past.first_order[customer + 1]]).all()
        assert (h.cart[own] == past.cart[begins[customer] : past.first_order[customer + 1]]).all()
    after = at > facts.prepared.last
    assert after.sum() > 150
    assert at.max() <= end
    assert (np.diff(at)[np.diff(np.repeat(np.arange(len(h.first_order) - 1), np.diff(h.first_order))) == 0] >= 0).all()
    again = future.prepared.rows[after]
    by_row = dict(zip(facts.prepared.rows.tolist(), range(len(was)), strict=True))
    again = np.array([by_row[row] for row in facts.prepared.rows[again].tolist()])
    assert ((at[after] - was[again]) % BLOCK == 0).all()
    refunded = refunded_at(past)[again] < NEVER
    assert refunded.any()
    moved = refunded_at(h)[after] - at[after]
    assert (moved[refunded] == (refunded_at(past) - was)[again][refunded]).all()
    # Each repeated cart is the donor's, or one of the customer's own.
    assert set(h.cart[after].tolist()) <= set(past.cart.tolist())


@pytest.mark.parametrize("seed", [1, 2])
def test_the_totals_of_a_future_are_those_of_a_replay(seed):
    made = source(history())
    edges = [ORIGIN, ORIGIN + pd.DateOffset(months=1), ORIGIN + pd.DateOffset(months=2)]
    future = future_of(made, np.random.default_rng(seed), int(edges[-1].value // 1000))
    known = len(made.facts.prepared.history.first_order) - 1
    totals = totals_of(future, SCHEDULE, np.array([edge.value // 1000 for edge in edges]), known)
    replayed = ns.replay(PROGRAM, as_frame(future), as_of=edges[-1], movements=True)
    lost = replayed.movements.query("kind == 'expired'")
    for month, (low, high) in enumerate(itertools.pairwise(edges)):
        part = replayed.orders[(replayed.orders["ordered_at"] > low) & (replayed.orders["ordered_at"] <= high)]
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
        assert totals[month, OF_KNOWN] == (part["customer_id"] < known).sum()
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


def clockwork(customers=60):
    """Customers who all order every 28 days for ₹1000, for eight blocks before the origin; nobody comes or leaves."""
    rows = [
        (f"{customer}-{back}", f"c{customer:03}", ORIGIN - pd.Timedelta(days=28 * back - 1 - customer % 20), 1000)
        for customer in range(customers)
        for back in range(1, 9)
    ]
    return pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "cart_amount"])


def test_who_orders_by_the_clock_goes_on_by_it():
    program = PROGRAM.model_copy(update={"expiry": None, "tiers": ()})
    ahead = ns.forecast(program, clockwork(), as_of=ORIGIN, months=2, draws=100, futures=8)
    table = ahead.table([1, 2]).set_index(["months", "measure"])
    # 31 days hold a first order of everybody, and a second of those who order on the first days; 62 days two of all.
    second = sum(1 for customer in range(60) if 1 + customer % 20 + 28 <= 31)
    assert ahead.newcomers == 0
    assert table.loc[(1, "orders"), "likely"] == pytest.approx(60 + second, rel=0.05)
    assert table.loc[(2, "orders"), "likely"] == pytest.approx(
        120 + sum(1 + c % 20 + 56 <= 62 for c in range(60)), rel=0.05
    )
    # Each pays ₹940 after the first, so each redeems 60; the months behind had one order of each.
    assert table.loc[(1, "discount"), "likely"] == pytest.approx(60 * (60 + second), rel=0.05)
    assert table.loc[(1, "discount"), "last_months_again"] > 0
    assert np.isnan(ahead.table([2])["last_months_again"]).sum() == 0


def test_who_left_does_not_come_back():
    gone = clockwork(200)
    stopped = gone[~((gone["customer_id"] < "c100") & (gone["ordered_at"] > ORIGIN - 3 * DAYS))]
    ahead = ns.forecast(PROGRAM, stopped, as_of=ORIGIN, months=1, draws=100, futures=8)
    likely = ahead.table([1]).query("measure == 'orders'")["likely"].item()
    # 100 are left, of whom 15 order twice within the 31 days; all 200 would order 230 times, and the last months again
    # say 100. Nobody of the window had stayed away as long as those who left: they are like who stayed away longest.
    assert likely == pytest.approx(115, rel=0.1)
    made = source(stopped)
    end = int((ORIGIN + pd.DateOffset(months=1)).value // 1000)
    futures = [future_of(made, np.random.default_rng(seed), end).prepared.history for seed in range(8)]
    again = [np.diff(history.first_order)[:100].sum() for history in futures]
    assert max(again) - (stopped["customer_id"] < "c100").sum() < 10


def test_who_never_redeems_goes_on_so():
    orders = history()
    never = orders["customer_id"] < "c20"
    made = source(orders.assign(redeems=~never))
    names = made.facts.prepared.customers.to_pylist()
    shares = made.redeems[:, 0] / made.redeems.sum(axis=1)
    of_never = np.array([names[customer] < "c20" for customer in made.past.known])
    assert shares[of_never].mean() < 0.1
    assert shares[~of_never].mean() > 0.9
    # Coins: everybody alike, so that each one's own past tells little.
    coins = source(orders.assign(redeems=np.random.default_rng(3).random(len(orders)) < 0.4))
    shares = coins.redeems[:, 0] / coins.redeems.sum(axis=1)
    assert shares.min() > 0.25
    assert shares.max() < 0.55


def test_a_history_is_cut_off_as_it_was_known_then():
    orders, then = history(), ORIGIN - 2 * DAYS
    cut = cut_off(read_facts([SCHEDULE], orders, as_of=ORIGIN), int(then.value // 1000))
    known = read_facts([SCHEDULE], orders, as_of=then)
    edges = np.array([(ORIGIN - 5 * DAYS).value // 1000, then.value // 1000])
    assert totals_of(cut, SCHEDULE, edges, 40).tolist() == totals_of(known, SCHEDULE, edges, 40).tolist()


def test_newcomers_follow_their_trend_and_a_season_is_seen():
    def outlook(kind):
        orders = ns.simulate(kind, seed=2).orders[["order_id", "customer_id", "ordered_at", "cart_amount"]]
        past = past_of(read_facts([SCHEDULE], orders))
        return outlook_of(past, Donors(past), 13)

    growing, steady, seasonal = (outlook(kind) for kind in ("growing", "steady", "seasonal"))
    assert growing.newcomers[6] / growing.newcomers[0] > 1.08
    assert 0.9 < steady.newcomers[6] / steady.newcomers[0] < 1.1
    assert np.ptp(steady.target) < 0.1
    # From January on: the season is lowest in April and peaks in October, 40 % above the mean.
    assert np.argmin(seasonal.path.mean) in (2, 3, 4)
    assert np.argmax(seasonal.path.mean) in (9, 10, 11)
    assert np.ptp(seasonal.path.mean) > np.log(1.6)
    weights = seasonal.weights[int(np.argmax(seasonal.path.mean))]
    assert np.argmax(weights) == np.argmax(seasonal.busy)
    # What is drawn and what moves the totals are together what is expected.
    edges = np.array([0, 13 * DAYS.value // 1000])
    moves = seasonal.moves(edges, 2000, np.random.default_rng(1))
    assert moves.mean() == pytest.approx(np.mean(np.exp(seasonal.path.mean) / seasonal.target), rel=0.05)


def test_what_states_carry_of_a_season_is_put_back():
    # After busy blocks states expect more, so that beside them a season is a block early; newcomers have no states.
    orders = ns.simulate("seasonal", seed=2).orders[["order_id", "customer_id", "ordered_at", "cart_amount"]]
    past = past_of(read_facts([SCHEDULE], orders))
    outlook = outlook_of(past, Donors(past), 13)
    months = (np.arange(13) + 0.5) * 28 / 365 * 12
    truth = np.log(1 + 0.4 * np.cos(2 * np.pi * (months - 9.5) / 12))
    truth -= truth.mean()
    assert np.std(outlook.season[-13:] - truth) < 0.06
    assert np.std(outlook.path.season[-13:] - truth) > 0.12


def test_the_whole_season_by_its_equation():
    beside, carries = np.log([1.3, 1.1, 0.8, 0.9]), np.array([0.3, 0.1, 0, 0.05, 0.1])
    beside -= beside.mean()
    season = whole_season(beside, carries)
    later = sum(share * np.roll(season, lag) for lag, share in enumerate(carries, 1))
    assert season.tolist() == pytest.approx((beside + later).tolist())
    assert whole_season(beside, np.zeros(3)).tolist() == pytest.approx(beside.tolist())


def test_states_carry_what_was_ordered_and_no_newcomers():
    # By the clock: who ordered in the block before orders again, who did not is like nobody; so nothing else tells.
    past = past_of(read_facts([SCHEDULE], clockwork(), as_of=ORIGIN))
    assert carried(past, Donors(past)).sum() <= 0.9
    # Each customer orders once: nothing is carried on, for first orders are not left out.
    rng = np.random.default_rng(3)
    days = pd.to_timedelta(rng.integers(1, 180, 40), unit="D")
    once = history().drop(columns="refunded_at").drop_duplicates("customer_id").assign(ordered_at=ORIGIN - days)
    past = past_of(read_facts([SCHEDULE], once, as_of=ORIGIN))
    assert carried(past, Donors(past)).tolist() == [0] * past.lookback


def test_few_newcomers_tell_no_trend():
    # Of three in half a year no slope can be told, and its standard error would draw more than a computer can count.
    orders = pd.DataFrame({"customer_id": np.repeat(np.arange(40), 14).astype(str), "cart_amount": 100})
    orders["ordered_at"] = ORIGIN - pd.to_timedelta(np.tile(np.arange(14) * 14 + 1, 40), unit="D")
    late = pd.DataFrame({"customer_id": ["x", "y", "z"], "cart_amount": 100})
    late["ordered_at"] = ORIGIN - pd.to_timedelta([2, 3, 4], unit="D")
    both = pd.concat([orders, late], ignore_index=True)
    outlook = source(both.assign(order_id=both.index.astype(str)), ahead=60).outlook
    assert outlook.newcomers_error.max() == 1
    assert np.isfinite(outlook.newcomers).all()


def test_a_simulated_shop_is_forecast():
    shop = ns.Shop(customers_per_month=150, months=24)
    orders = ns.simulate(shop, seed=5).orders[["order_id", "customer_id", "ordered_at", "cart_amount"]]
    origin = pd.Timestamp("2024-06-30", tz="UTC")
    program = PROGRAM.model_copy(update={"tiers": ()})
    ahead = ns.forecast(program, orders, as_of=origin, months=6, draws=300, futures=20)
    came = ns.replay(program, orders).orders.query("ordered_at > @origin")
    row = ahead.table([6]).query("measure == 'discount'").iloc[0]
    assert row["low"] < came.loc[came["ordered_at"] <= origin + pd.DateOffset(months=6), "discount"].sum() < row["high"]
    assert row["high"] / row["low"] < 1.5


def test_the_same_seed_and_the_same_draws():
    orders = history()
    off = PROGRAM.model_copy(update={"enabled": False})
    settings = {"today": PROGRAM, "again": PROGRAM, "off": off}

    def ahead(seed=1):
        return ns.forecast(PROGRAM, orders, settings=settings, as_of=ORIGIN, months=4, draws=40, futures=4, seed=seed)

    one = ahead()
    assert np.array_equal(one.draws, ahead().draws)
    assert not np.array_equal(one.draws, ahead(2).draws)
    same = one.difference("again", against="today")
    assert (same[["low", "likely", "high"]] == 0).all(axis=None)
    assert set(same["months"]) == {1, 3}
    without = one.table([1, 4]).query("setting == 'off' and measure in ('discount', 'points_redeemed')")
    assert (without[["low", "likely", "high"]] == 0).all(axis=None)
    carts = one.difference("off", against="today").query("measure == 'cart_amount'")
    assert (carts[["low", "high"]] == 0).all(axis=None)
    assert "The next 3 months, if customers go on as they do" in str(one)
    assert one.plot.fan().ax.get_label().startswith("Points redeemed")


BELIEVED = {"gross_margin_percent": 50, "tax_percent": 18, "prices_include_tax": True}


def bare(orders):
    return orders.drop(columns="refunded_at")


def test_the_margin_ahead_and_what_the_program_costs_of_it():
    settings = {"today": PROGRAM, "off": PROGRAM.model_copy(update={"enabled": False})}
    ahead = ns.forecast(
        PROGRAM, bare(history()), settings=settings, assumptions=BELIEVED, as_of=ORIGIN, months=3, draws=40, futures=4
    )
    drawn = dict(zip(ahead.columns, np.moveaxis(ahead.draws, -1, 0), strict=True))
    # Prices hold 18 % of tax, nothing else costs anything: a discount of 1.18 takes 1 of the margin.
    assert drawn["cost_of_program"] == pytest.approx(drawn["discount"] / 1.18, abs=1e-6)
    # Half of the net price is left, and nothing is taken off where the program is off.
    assert drawn["margin"][1] == pytest.approx(drawn["cart_amount"][1] / 1.18 / 2)
    assert drawn["margin"].sum(axis=-1).min() > 0
    needed = ahead.break_even([3]).set_index("setting")
    cost, kept = (ahead.draws[0, :, :, ahead.columns.index(name)].sum(axis=1) for name in ("cost_of_program", "margin"))
    assert needed.loc["today", "likely"] == np.percentile(cost / kept, 50, method="nearest")
    assert needed.loc["off", ["low", "likely", "high"]].tolist() == [0, 0, 0]
    # The months behind are those of a replay.
    run = ns.replay(PROGRAM, bare(history()), as_of=ORIGIN)
    last = run.orders["ordered_at"] > ORIGIN - pd.DateOffset(months=3)
    summary = ns.summarize(run.orders[last], assumptions=BELIEVED, replayed=True)
    again = ahead.table([3]).query("setting == 'today'").set_index("measure")["last_months_again"]
    assert again["cost_of_program"] == pytest.approx(summary.cost_of_program)
    assert again["margin"] == pytest.approx(summary.margin)
    assert "What the program costs of the margin" in str(ahead)
    assert "extra orders per 100" in str(ahead)


def test_refunds_and_ranges_of_assumptions_reach_the_margin():
    wide = {**BELIEVED, "gross_margin_percent": [40, 50, 60], "return_cost": 100}
    few = {"as_of": ORIGIN, "months": 1, "draws": 50, "futures": 2}
    refunded = ns.forecast(PROGRAM, history(), assumptions=wide, **few)
    # Of each draw the rate is another, and the same in all months.
    sales, kept = (refunded.draws[0, :, 0, refunded.columns.index(name)] for name in ("cart_amount", "margin"))
    assert np.std(kept / sales) > 0.02
    run = ns.replay(PROGRAM, history(), as_of=ORIGIN)
    orders = run.orders[run.orders["ordered_at"] > ORIGIN - pd.DateOffset(months=1)]
    # A refund after the origin is not known at it.
    then = orders.assign(refunded_at=orders["refunded_at"].where(orders["refunded_at"] <= ORIGIN))
    expected = ns.summarize(then, assumptions=wide, replayed=True).margin
    assert refunded.past("margin")[-1] == pytest.approx(expected)


def test_take_up_of_the_assumptions_is_that_of_the_forecast():
    few = {"as_of": ORIGIN, "months": 1, "draws": 4, "futures": 2, "seed": 3}
    believed = {**BELIEVED, "take_up_percent": 40}
    ahead = ns.forecast(PROGRAM, history(), assumptions=believed, **few)
    assert ahead.past("discount") == pytest.approx(ns.forecast(PROGRAM, history(), take_up=40, **few).past("discount"))
    assert (
        ahead.past("discount").sum()
        < ns.forecast(PROGRAM, history(), assumptions=BELIEVED, **few).past("discount").sum()
    )


def test_a_forecast_goes_on_from_the_last_order_not_from_a_refund_after_it():
    orders = history()
    last = orders["ordered_at"].max()
    orders.loc[0, "refunded_at"] = last + pd.Timedelta(days=40)
    ahead = ns.forecast(PROGRAM, orders, months=1, draws=4, futures=2)
    assert abs(pd.Timestamp(ahead.origin) - last) < pd.Timedelta(milliseconds=1)


def test_who_stays_away_is_left_and_who_orders_by_the_clock_has_no_second_opinion():
    # Customers who buy every two weeks, and half of whom stopped half a year ago.
    days = np.arange(0, 400, 14)
    rows = [
        (f"c{customer}-{day}", f"c{customer}", day + customer % 14)
        for customer in range(60)
        for day in days
        if day < 220 or customer % 2
    ]
    orders = pd.DataFrame(rows, columns=["order_id", "customer_id", "day"])
    orders["ordered_at"] = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(orders.pop("day"), unit="D")
    orders["cart_amount"] = 500
    ahead = ns.forecast(PROGRAM, orders, months=3, draws=50, futures=4)
    # 30 customers with six or seven orders each, of whom some may leave, as half did in the window.
    assert 110 < ahead.opinions([3])["likely"].item() < 200
    # All have the same rate, so there is no Gamma distribution of rates.
    assert ahead.opinions([3])["bg_nbd"].isna().all()
    assert "There is no second opinion: these orders do not tell the parameters" in str(ahead)
    with pytest.raises(ns.InputError, match="a break-even needs assumptions"):
        ahead.break_even()
    with pytest.raises(ns.InputError, match="there is no measure profit"):
        ahead.past("profit")


def test_a_second_opinion_is_shown_where_it_differs():
    ahead = ns.forecast(PROGRAM, bare(history()), as_of=ORIGIN, months=2, draws=50, futures=4)
    own = ahead.opinions([2])["likely"].item()
    model = BgNbd(0.5, 6.0, 0.9, 3.0, -100.0)

    def beside(orders, expected=100.0):
        second = SecondOpinion(model, np.array([orders / 2, orders]), expected, 100.0)
        return replace(ahead, second_opinion=second)

    assert "econd opinion" not in str(beside(own))
    assert not beside(own).opinions([2])["differs"].item()
    twice = beside(2 * own)
    assert twice.opinions([2])["differs"].item()
    assert f"a BG/NBD model expects {2 * own:,.0f} orders of the customers known in 2 months" in str(twice)
    assert "does not fit these orders (120 repeat orders where 100 came)" in str(beside(2 * own, expected=120.0))
    # The model itself is that of the history: in weeks, repeat orders since the first one.
    second = ahead.second_opinion
    assert second.came == len(history()) - history()["customer_id"].nunique()
    if second.model is not None:
        assert 0 < second.orders[0] < second.orders[1]


def test_what_came_later_is_not_looked_at():
    orders = history()
    later = pd.concat(
        [orders, orders.assign(order_id=orders["order_id"] + "x", ordered_at=ORIGIN + DAYS, refunded_at=pd.NaT)]
    )
    few = {"as_of": ORIGIN, "months": 2, "draws": 20, "futures": 2}
    assert np.array_equal(ns.forecast(PROGRAM, orders, **few).draws, ns.forecast(PROGRAM, later, **few).draws)


def test_grants_come_again_and_progress_is_told():
    told = []
    months = pd.date_range(ORIGIN - 6 * DAYS, periods=6, freq="28D")
    grants = pd.DataFrame({"customer_id": "c01", "granted_at": months, "points": 1_000_000})
    few = {"as_of": ORIGIN, "months": 3, "draws": 10, "futures": 2}
    ahead = ns.forecast(PROGRAM, history(), grants=grants, **few, progress=lambda *done: told.append(done))
    # Reading, looking back, three earlier forecasts, two futures.
    assert told == [(done, 7) for done in range(1, 8)]
    # Grants expire after two months, so without new ones nothing of theirs would be left after three.
    owed = ahead.table([3]).query("measure == 'outstanding'")["high"].item()
    assert owed > 900_000
    assert ahead.table([12]).empty
    assert ahead.timeline().query("measure == 'orders'")["likely"].gt(0).all()


def test_what_is_refused():
    orders = history()
    with pytest.raises(ns.InputError, match="a forecast needs 6"):
        ns.forecast(PROGRAM, orders, as_of="2026-04-01")
    with pytest.raises(ns.InputError, match="months is 0"):
        ns.forecast(PROGRAM, orders, months=0)
    with pytest.raises(ns.InputError, match="it is a whole number from 1 to 60"):
        ns.forecast(PROGRAM, orders, months=1.5)
    with pytest.raises(ns.InputError, match="futures is 1; it is a whole number from 2"):
        ns.forecast(PROGRAM, orders, futures=1)
    with pytest.raises(ns.InputError, match="window is 40"):
        ns.forecast(PROGRAM, orders, as_of=ORIGIN, window=40)
    with pytest.raises(ns.InputError, match="no setting"):
        ns.forecast(PROGRAM, orders, settings={})
    with pytest.raises(ns.InputError, match="there is no setting x"):
        ns.forecast(PROGRAM, orders, as_of=ORIGIN, months=1, draws=1, futures=2).timeline("x")
    assert DAYS.value // 1000 == BLOCK


def test_a_history_that_ends_long_before_it_is_looked_at_forecasts_nothing():
    """Weeks without a single order are orders that are not in the file; a forecast of ₹0 would be said of them."""
    orders = history()
    later = orders["ordered_at"].max() + pd.Timedelta(days=40)
    with pytest.raises(ns.InputError, match=r"40 days before .*a forecast goes on from the weeks before it"):
        ns.forecast(PROGRAM, orders, as_of=later, months=1, draws=10, futures=2)
    replayed = ns.replay(PROGRAM, orders, as_of=later)
    with pytest.raises(ns.InputError, match=r"the last order is of .*add the later orders"):
        ns.ultimate_redemption(replayed, at=later)
    said = ns.liability(replayed, at=later).notices[-1]
    assert "40 days before" in said
    assert said.endswith("what was ordered since, if anything, is missing here")
    assert not any("days before" in notice for notice in ns.liability(replayed, at=orders["ordered_at"].max()).notices)
