"""Simulated shops: means, shares and tails as stated, the same again from one seed, and the truth behind them."""

import re
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import nector_sim as ns
from nector_sim.simulation.chance import Chance, mix

PROGRAM = ns.load_program(ns.data_path("programs/web-shop.toml"))
BIG = ns.Shop(customers_per_month=1500)


@pytest.fixture(scope="module")
def big():
    return ns.simulate(BIG, PROGRAM, seed=3)


def close(found, stated, count, spread=None):
    """Within four standard errors of what is stated; of a share, or of a mean with a given spread."""
    spread = np.sqrt(stated * (1 - stated)) if spread is None else spread
    assert abs(found - stated) < 4 * spread / np.sqrt(count), (found, stated)


def test_mix_is_splitmix64():
    # The first outputs of SplitMix64 from state 0, as published with it (and in java.util.SplittableRandom's tests).
    with np.errstate(over="ignore"):
        states = np.arange(3, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    assert mix(states).tolist() == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


@pytest.mark.parametrize(
    ("drawn", "law"),
    [
        (lambda chance, n: chance.uniform("a", n), stats.uniform()),
        (lambda chance, n: chance.exponential("b", n), stats.expon()),
        (lambda chance, n: chance.normal("c", n), stats.norm()),
        (lambda chance, n: chance.gamma("d", 0.8, n), stats.gamma(0.8, scale=1 / 0.8)),
        (lambda chance, n: chance.pareto("e", 2.5, n), stats.lomax(2.5, scale=1.5)),
        (lambda chance, n: chance.beta("f", 0.6, 5, n), stats.beta(3, 2)),
    ],
)
def test_draws_follow_their_law(drawn, law):
    numbers = drawn(Chance(5), np.arange(20_000))
    assert stats.kstest(numbers, law.cdf).pvalue > 0.001
    # Orders of a customer are independent of one another and of the neighbours.
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.03


def test_shares_are_as_stated(big):
    truth, people = big.truth, big.customers
    n = len(truth)
    close((truth["payment_method"] == "cod").mean(), 0.4, n)
    cod = truth["payment_method"] == "cod"
    close((truth.loc[cod & (truth["fate"] != "guest"), "fate"] == "refused").mean(), 0.15, cod.sum())
    kept = truth[truth["fate"] == "kept"]
    close(kept["refunded_at"].notna().mean(), 0.06, len(kept))
    close((truth["coupon_discount"] > 0).mean(), 0.1, n)
    close((truth["eligible_amount"] < truth["cart_amount"]).mean(), 0.05, n)
    close(people["guest"].mean(), 0.04, len(people))
    known = people[~people["guest"]]
    close(known["redeemer"].mean(), 0.25, len(known))
    # Beta with mean 0.6 and a + b = 5 has the variance 0.6 × 0.4 / 6.
    redeemers = known[known["redeemer"]]
    close(redeemers["take_up"].mean(), 0.6, len(redeemers), spread=0.2)
    of_redeemers = kept[kept["customer_id"].isin(redeemers["customer_id"]) & (kept["coupon_discount"] == 0)]
    by_customer = of_redeemers.merge(redeemers[["customer_id", "take_up"]], on="customer_id")
    close((by_customer["redeems"] - by_customer["take_up"]).mean(), 0, len(by_customer), spread=0.5)
    others = ~kept["customer_id"].isin(redeemers["customer_id"])
    assert not kept.loc[others | (kept["coupon_discount"] > 0), "redeems"].any()


def test_carts_and_rates_are_as_stated(big):
    truth, people = big.truth, big.customers[~big.customers["guest"]]
    logs = np.log(truth.groupby("customer_id")["cart_amount"].first())
    # Levels spread by 0.4 and orders by 0.5: √(0.4² + 0.5²) = 0.6403.
    close(logs.mean(), np.log(1200), len(logs), spread=0.6403)
    assert abs(logs.std() - 0.6403) < 0.02
    close(people["orders_per_year"].mean(), 4, len(people), spread=4)
    stays = (people["leaves_at"] - people["arrives_at"]).dt.total_seconds() / (365 / 12 * 86_400)
    close(stays.mean(), 12, len(people), spread=12)


def test_orders_come_at_each_customers_rate():
    shop = ns.Shop(customers_per_month=2000, established_months=0, months=12, lifetime_months=None, guest_percent=0,
                   refused_percent=0)  # fmt: skip
    made = ns.simulate(shop, seed=8)
    people = made.customers.set_index("customer_id")
    end = pd.Timestamp("2024-01-01", tz="Asia/Kolkata")
    years = (end - people["arrives_at"]).dt.total_seconds() / (365 * 86_400)
    expected = people["orders_per_year"] * years
    further = made.truth.groupby("customer_id").size() - 1
    # Counts of a Poisson process: the mean, and a variance around it that is the mean again.
    off = further - expected
    assert abs(off.sum()) < 4 * np.sqrt(expected.sum())
    assert abs((off**2).sum() / expected.sum() - 1) < 0.1
    assert abs(len(people) - 24_000) < 4 * np.sqrt(24_000)


def monthly(made):
    at = made.truth["ordered_at"].dt.tz_convert("Asia/Kolkata")
    return at.dt.strftime("%Y-%m").value_counts().sort_index()


def test_arrivals_grow_shrink_and_have_seasons():
    def newcomers(**fields):
        made = ns.simulate(
            ns.Shop(customers_per_month=3000, established_months=0, orders_per_year=0.01, **fields), seed=4
        )
        return made.customers["arrives_at"].dt.tz_convert("Asia/Kolkata").dt.year.value_counts()

    # A year has 1.6 times as many newcomers as the one before, or 0.6 times.
    for percent, times in ((0, 1), (60, 1.6), (-40, 0.6)):
        years = newcomers(growth_percent=percent)
        ratio = years[2024] / years[2023]
        assert abs(ratio / times - 1) < 4 * np.sqrt(1 / years[2023] + 1 / years[2024]) + 0.003, (percent, ratio)
    months = monthly(ns.simulate(BIG.model_copy(update={"season_percent": 40}), seed=4))
    # 1 + 0.4 cos over the year: October stands to April as 1.4 to 0.6, less what a month spreads over.
    assert abs((months["2023-10"] / 31) / (months["2023-04"] / 30) - 1.4 / 0.6) < 0.12
    steady = monthly(ns.simulate(BIG, seed=4))
    assert steady.iloc[:12].sum() == pytest.approx(steady.iloc[12:].sum(), rel=0.03)


def test_tails_are_heavy_where_they_are_meant_to_be(big):
    heavy = ns.simulate(BIG.model_copy(update={"orders_tail": "heavy", "cart_tail": "heavy"}), seed=3)

    def hill(values, share=0.01):
        top = np.sort(np.asarray(values))[-int(len(values) * share) :]
        return 1 / np.mean(np.log(top / top[0]))

    rates = [made.customers.loc[~made.customers["guest"], "orders_per_year"] for made in (heavy, big)]
    # Hill's estimate of the tail's index: 2.5 as stated, where a light tail has a far higher one.
    assert 2.0 < hill(rates[0]) < 3.2
    assert hill(rates[1]) > 4
    noise = heavy.truth.groupby("customer_id")["cart_amount"].first()
    assert 2.0 < hill(noise) < 3.2


def test_one_seed_repeats_and_two_differ():
    shop = ns.Shop(customers_per_month=40, months=6)
    one, again, other = (ns.simulate(shop, PROGRAM, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one.orders, again.orders)
    pd.testing.assert_frame_equal(one.truth, again.truth)
    assert len(one.orders) != len(other.orders)
    assert one.orders["cart_amount"].sum() != other.orders["cart_amount"].sum()


def test_a_longer_history_begins_with_the_shorter_one():
    short = ns.simulate(ns.Shop(customers_per_month=40, months=6), PROGRAM, seed=1)
    long = ns.simulate(ns.Shop(customers_per_month=40, months=9), PROGRAM, seed=1)
    begins = long.orders.head(len(short.orders))
    pd.testing.assert_frame_equal(begins, short.orders)
    # More newcomers change nobody who was there: draws are keyed by customer.
    pd.testing.assert_frame_equal(long.customers.head(len(short.customers)), short.customers)


def test_the_truth_replays_to_what_the_shop_gave(big):
    ran = big.replay(PROGRAM)
    given = big.orders["discount_given"]
    assert ran.orders["discount"].round(2).tolist() == given.tolist()
    assert (given > 0).sum() > 1000
    assert (given <= big.orders["cart_amount"] * 0.2 + 1e-9).all()
    assert ((big.orders["cart_amount"] - given - big.orders["paid_amount"]).abs() < 1e-6).all()
    # Another setting meets the same customers: nobody redeems who would not, and all who would and can do.
    twice = PROGRAM.model_copy(update={"offers": (PROGRAM.offers[0].model_copy(update={"points_per_step": 5}),)})
    other = big.replay(twice).orders
    willing = big.truth.loc[big.truth["fate"] == "kept", "redeems"].to_numpy()
    redeemed = (other["discount"] > 0).to_numpy()
    assert not (redeemed & ~willing).any()
    # With 5 points a step of ₹5 fits, if the cart is ₹25 or more.
    able = willing & (other["points_balance"] >= 5).to_numpy() & (other["cart_amount"] >= 25).to_numpy()
    assert (redeemed == able).all()


def test_its_export_is_read_back(tmp_path):
    made = ns.simulate(ns.Shop(customers_per_month=60, months=6, starts=date(2024, 3, 1)), PROGRAM, seed=9)
    made.shopify_export(tmp_path / "export.csv")
    made.balance_file(tmp_path / "balances.csv")
    report = ns.inspect_orders(
        tmp_path / "export.csv",
        points_code="NECTOR-*",
        balances=tmp_path / "balances.csv",
        key_file=tmp_path / "key",
    )
    assert len(report.rejects) == 0
    known = report.orders[~report.orders["customer_id"].str.startswith("guest:")]
    assert known["order_id"].tolist() == made.orders["order_id"].tolist()
    for name in ("cart_amount", "discount_given", "paid_amount"):
        assert known[name].astype(float).tolist() == made.orders[name].tolist()
    # Guests are in the file as customers of one order, and parcels refused at the door are left out by name.
    guests, refused = ((made.truth["fate"] == fate).sum() for fate in ("guest", "refused"))
    assert guests > 0
    assert refused > 0
    assert report.known.by_nothing == len(report.orders) - len(known) == guests
    assert re.search(rf"left out, voided or failed: {refused} orders", str(report))
    without = ns.simulate(ns.Shop(customers_per_month=10, months=2), seed=9)
    assert without.balances is None
    with pytest.raises(ns.InputError, match="simulate the shop with a program"):
        without.balance_file()


def test_what_is_refused():
    with pytest.raises(ns.InputError, match="there is no shop 'steadier'; there are steady, growing"):
        ns.simulate("steadier")
    with pytest.raises(ns.InputError, match="nobody ordered"):
        ns.simulate(ns.Shop(customers_per_month=0.001, months=1, established_months=0))
    yen = PROGRAM.model_copy(update={"currency": "JPY"})
    with pytest.raises(ns.InputError, match="two decimals, and JPY has 0"):
        ns.simulate("steady", yen)
