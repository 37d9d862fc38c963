"""Two programs side by side, against pandas; and how sure that is."""

from decimal import Decimal
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest

import nector_sim as ns
from nector_sim.economics import ranges
from nector_sim.economics.ranges import Sums, between, resample

#: Of each order by itself, since score and pandas then give every number; replays have tests of their own.
compare = partial(ns.compare, replayed=False)
TODAY = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
PROPOSED = TODAY.model_copy(
    update={
        "offers": (TODAY.offers[0].model_copy(update={"max_discount": Decimal(50)}),),
        "min_payable": ns.FixedMinPayable(amount=Decimal(0)),
    }
)
BELIEVED = ns.Assumptions(gross_margin_percent=55, tax_percent=18, payment_fee_percent=2, fulfilment_cost=60)


@pytest.fixture(scope="module")
def orders():
    rng = np.random.default_rng(11)
    count = 800
    return pd.DataFrame(
        {
            "customer_id": rng.integers(0, 60, count).astype(str),
            "ordered_at": pd.Timestamp("2026-01-31 20:00", tz="UTC") + pd.to_timedelta(rng.integers(0, 90, count), "D"),
            "cart_amount": np.round(rng.lognormal(5.5, 1, count), 2),
            "points_balance": rng.geometric(1 / 120, count),
            "channel": rng.choice(["web", "app"], count),
        }
    )


@pytest.fixture(scope="module")
def result(orders):
    return compare(TODAY, PROPOSED, orders, assumptions=BELIEVED, by="channel", floor_percent=10, resamples=400)


def margins(orders, program):
    scored = ns.score(program, orders)
    return scored, ns.margins(scored, assumptions=BELIEVED)["margin"]


def test_both_sides_and_the_difference(orders, result):
    before, after = margins(orders, TODAY)[1].sum(), margins(orders, PROPOSED)[1].sum()
    assert result.baseline.margin == pytest.approx(before)
    assert result.candidate.margin == pytest.approx(after)
    assert result.incremental_margin == pytest.approx(after - before)
    assert result.ranges.loc["incremental_margin", "value"] == pytest.approx(after - before)
    uplift = result.candidate.margin_without / after - 1
    assert result.ranges.loc["candidate.break_even_uplift", "value"] == pytest.approx(uplift)
    assert f"Against no points at all. Break-even: {uplift * 100:.1f} % more orders" in result.text()


def test_by_group(orders, result):
    for program, label in ((TODAY, "baseline"), (PROPOSED, "candidate")):
        scored, margin = margins(orders, program)
        for row in result.groups.to_dict("records"):
            mine = scored["channel"] == row["group"]
            assert row["orders"] == mine.sum()
            assert row[f"{label}_margin"] == pytest.approx(margin[mine].sum())
            assert row[f"{label}_discount"] == pytest.approx(scored.loc[mine, "discount"].sum())


def test_month_is_the_programs_and_bands_and_deciles_hold_every_order(orders):
    kept = {"assumptions": BELIEVED, "resamples": 0}
    months = compare(TODAY, PROPOSED, orders, by="month", **kept).groups
    local = orders["ordered_at"].dt.tz_convert("Asia/Kolkata").dt.strftime("%Y-%m")
    assert dict(zip(months["group"], months["orders"], strict=True)) == local.value_counts().to_dict()
    assert months["group"].tolist()[0] == "2026-02"  # 20:00 UTC on 31 January is February in India
    bands = compare(TODAY, PROPOSED, orders, by="cart_band", **kept).groups
    assert bands["orders"].sum() == len(orders)
    assert len(bands) == 5
    deciles = compare(TODAY, PROPOSED, orders, by="customer_decile", **kept).groups
    assert deciles["group"].tolist() == list(range(1, 11))
    spent = orders.groupby("customer_id")["cart_amount"].sum().nlargest(6).index
    assert deciles["orders"][0] == orders["customer_id"].isin(spent).sum()
    with pytest.raises(ns.InputError, match="Grouping by tier needs a column tier"):
        compare(TODAY, PROPOSED, orders, by="tier", **kept)


def test_who_gains_and_who_loses(orders, result):
    change = (margins(orders, PROPOSED)[0]["discount"] - margins(orders, TODAY)[0]["discount"]).round(2)
    customers = change.groupby(orders["customer_id"]).sum().round(2)
    for name, which in (("fall", -1), ("rise", 1), ("same", 0)):
        row = result.changes.loc[name]
        assert row["orders"] == (np.sign(change) == which).sum()
        assert row["customers"] == (np.sign(customers) == which).sum()
        assert row["orders_amount"] == pytest.approx(change[np.sign(change) == which].sum())


def test_orders_below_the_floor(orders, result):
    for program, label in ((TODAY, "baseline"), (PROPOSED, "candidate")):
        lines = ns.margins(ns.score(program, orders), assumptions=BELIEVED)
        below = lines["margin"] < 0.1 * lines["net_sales"]
        assert getattr(result, label).orders_below_floor == below.sum()
        assert result.below_floor[f"{label}_below"].sum() == below.sum()


def test_customers_are_drawn_not_rows(orders, result):
    turned = compare(TODAY, PROPOSED, orders.iloc[::-1], assumptions=BELIEVED, resamples=400)
    pd.testing.assert_frame_equal(result.ranges, turned.ranges, rtol=1e-9)
    other = compare(TODAY, PROPOSED, orders, assumptions=BELIEVED, resamples=400, seed=1)
    assert not result.ranges["low"].equals(other.ranges["low"])


def test_ranges_are_those_of_a_studentized_bootstrap(orders, result):
    # The same draws, by hand: each resample takes customers with replacement, sums their margins, and is measured in
    # its own standard error.
    difference = margins(orders, PROPOSED)[1] - margins(orders, TODAY)[1]
    by_customer = difference.groupby(orders["customer_id"]).sum().sort_index().to_numpy()
    drawn = [by_customer[np.random.default_rng([0, i]).integers(60, size=60, dtype=np.int32)] for i in range(400)]
    t = [(each.sum() - by_customer.sum()) / (each.std() * 60**0.5) for each in drawn]
    reach = by_customer.sum() - np.array(t) * by_customer.std() * 60**0.5
    low, high = np.percentile(reach, [5, 95], method="nearest")
    assert result.ranges.loc["incremental_margin", ["low", "high"]].tolist() == pytest.approx([low, high])
    # Nothing is assumed to react, so that the meaner setting earns more in any draw: nothing is said of it.
    assert result.probability is None
    assert "draws in which" not in result.text()


def test_assumptions_are_drawn_along(orders):
    wide = BELIEVED.replaced(take_up_percent=[20, 60, 100])
    narrow = BELIEVED.replaced(take_up_percent=60)
    spread = [
        compare(TODAY, PROPOSED, orders, assumptions=each, resamples=300).ranges.loc["candidate.cost_of_program"]
        for each in (narrow, wide)
    ]
    assert spread[0]["value"] == pytest.approx(spread[1]["value"])
    assert spread[1]["high"] - spread[1]["low"] > 1.5 * (spread[0]["high"] - spread[0]["low"])


def test_the_tornado_moves_one_assumption_at_a_time(orders):
    believed = BELIEVED.replaced(take_up_percent=[20, 60, 100], gross_margin_percent=[30, 55, 60])
    table = compare(TODAY, PROPOSED, orders, assumptions=believed, resamples=0).tornado
    assert table["assumption"][0] == "take_up_percent"
    row = table.set_index("assumption").loc["take_up_percent"]
    for end, take_up in (("low", 20), ("high", 100)):
        moved = compare(TODAY, PROPOSED, orders, assumptions=believed.replaced(take_up_percent=take_up), resamples=0)
        assert row[f"answer_at_{end}"] == pytest.approx(moved.incremental_margin, abs=0.01)
    # What the goods cost is the same under both programs.
    assert table.set_index("assumption").loc["gross_margin_percent", "swing"] == 0
    tax = table.set_index("assumption").loc["tax_percent"]
    assert (tax["low"], tax["high"], tax["given"]) == (pytest.approx(16.2), pytest.approx(19.8), False)


def test_known_redeemers_are_not_drawn(orders):
    known = orders.assign(redeems=[True, False] * 400)
    result = compare(TODAY, PROPOSED, known, assumptions=BELIEVED.replaced(take_up_percent=[20, 60, 100]), resamples=50)
    scored = ns.score(TODAY, orders)
    assert result.ranges.loc["baseline.discount", "value"] == pytest.approx(scored["discount"][::2].sum())
    assert result.tornado.set_index("assumption").loc["take_up_percent", "swing"] == 0


def test_never_has_a_range_too(orders):
    result = compare(TODAY, PROPOSED, orders, assumptions=BELIEVED.replaced(fulfilment_cost=900), resamples=50)
    assert np.isnan(result.ranges.loc["candidate.break_even_uplift", "value"])
    assert result.break_even.startswith("It never pays for itself")


def test_an_uplift_is_assumed_only_if_it_is_given(orders, result):
    assert result.margin_at_assumed_uplift is None
    assert "as assumed" not in result.text()
    hopeful = compare(TODAY, PROPOSED, orders, assumptions=BELIEVED, resamples=0, uplift_percent=5)
    assert hopeful.margin_at_assumed_uplift == pytest.approx(1.05 * result.candidate.margin)
    assert hopeful.incremental_margin == pytest.approx(result.incremental_margin)
    assert "If it brought 5 % more orders, as assumed" in hopeful.text()
    drawn = compare(TODAY, PROPOSED, orders, assumptions=BELIEVED, resamples=50, uplift_percent=5)
    assert 0 <= drawn.probability <= 1


def test_what_lacks_is_named(orders):
    with pytest.raises(ns.InputError, match="Ranges need a column customer_id"):
        compare(TODAY, PROPOSED, orders.drop(columns="customer_id"), assumptions=BELIEVED)
    anonymous = compare(TODAY, PROPOSED, orders.drop(columns="customer_id"), assumptions=BELIEVED, resamples=0)
    assert anonymous.probability is None
    blank = orders.assign(customer_id=orders["customer_id"].where(orders.index > 2))
    assert compare(TODAY, PROPOSED, blank, assumptions=BELIEVED, resamples=20).changes["customers"].sum() == 63
    with pytest.raises(ns.InputError, match="baseline is in INR and the candidate in USD"):
        compare(TODAY, PROPOSED.model_copy(update={"currency": "USD"}), orders, assumptions=BELIEVED)


def test_a_resample_has_as_many_customers_and_depends_on_its_number_alone():
    sums = Sums((("without", "orders"),), np.ones((1000, 1)))
    drawn = resample(sums, resamples=30, seed=5)
    assert (drawn.amounts == 1000).all()
    some = Sums((("without", "orders"),), np.arange(1000.0)[:, None])
    assert np.array_equal(
        resample(some, resamples=10, seed=5).amounts, resample(some, resamples=30, seed=5).amounts[:10]
    )


def test_a_resample_adds_up_what_each_customer_brings_however_it_is_cut(monkeypatch):
    """By hand: the amounts of the customers that were picked, in pieces that fit and in pieces that do not."""
    amounts = np.random.default_rng(1).normal(size=(257, 3))
    picked = [np.random.default_rng([5, number]).integers(257, size=257, dtype=np.int32) for number in range(250)]
    by_hand = np.array([amounts[places].sum(axis=0) for places in picked])
    sums = Sums((("without", "orders"), ("without", "cart"), ("0 fixed", "discount")), amounts)
    for held, draws, product in ((50_000_000, 100, 4 * 65_536), (257 * 60, 7, 500), (1, 3, 1)):
        monkeypatch.setattr(ranges, "HELD", held)
        monkeypatch.setattr(ranges, "DRAWS", draws)
        monkeypatch.setattr(ranges, "PRODUCT", product)
        assert resample(sums, resamples=250, seed=5).amounts == pytest.approx(by_hand, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"resamples": -1}, "resamples is -1; it is 0 for no ranges"),
        ({"resamples": True}, "resamples is True; it is 0 for no ranges"),
        ({"by": ["month"]}, r"by is \['month'\]; name one group"),
        ({"seed": -1}, "seed is -1; it is a whole number"),
        ({"uplift_percent": 0.05}, r"uplift_percent is 0.05; did you mean 5\?"),
        ({"uplift_percent": float("nan")}, "uplift_percent is nan, not a number"),
        ({"floor_percent": 0.3}, r"floor_percent is 0.3; did you mean 30\?"),
    ],
)
def test_arguments_that_cannot_be_are_named(orders, given, said):
    with pytest.raises(ns.InputError, match=said):
        compare(TODAY, PROPOSED, orders, assumptions=BELIEVED, **{"resamples": 0} | given)


def test_polars_tables_are_compared_as_pandas_frames_are(orders):
    kept = {"assumptions": BELIEVED, "by": "channel", "resamples": 20}
    ours, theirs = (compare(TODAY, PROPOSED, table, **kept) for table in (orders, pl.from_pandas(orders)))
    pd.testing.assert_frame_equal(ours.ranges, theirs.ranges)
    pd.testing.assert_frame_equal(ours.groups, theirs.groups)


def test_orders_that_say_they_do_not_redeem_neither_gain_nor_lose(orders):
    changes = compare(TODAY, PROPOSED, orders.assign(redeems=False), assumptions=BELIEVED, resamples=0).changes
    assert changes["orders"].to_dict() == {"fall": 0, "rise": 0, "same": len(orders)}


def test_both_sides_have_the_same_orders_though_one_of_them_takes_no_credits(orders):
    # The first half was paid with credits alone, so nothing was left to pay.
    credits = orders["cart_amount"].where(orders.index < 400, 0)
    history = orders.assign(credits=credits, paid_amount=orders["cart_amount"] - credits)
    off = TODAY.model_copy(update={"enabled": False})
    result = compare(TODAY, off, history, assumptions=BELIEVED, resamples=0)
    assert result.baseline.orders == result.candidate.orders == len(orders)


def test_the_floor_of_the_accrual_view_is_counted_as_it_is_listed(orders):
    earning = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    history = orders.assign(order_id=orders.index)
    result = compare(
        earning, earning, history, assumptions=BELIEVED, replayed=True, view="accrual", floor_percent=40,
        resamples=0,
    )  # fmt: skip
    assert result.below_floor["baseline_below"].sum() == result.baseline.orders_below_floor > 0


def test_tiers_of_a_replay_are_those_of_its_ledger(orders):
    earning = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    tiered = ns.Program.parse(earning.model_dump(exclude_none=True) | {"tiers": [{"name": "Gold", "min_spend": 1000}]})
    history = orders.assign(order_id=orders.index, tier="Gold").drop(columns="points_balance")
    result = compare(tiered, tiered, history, assumptions=BELIEVED, replayed=True, by="tier", resamples=0)
    replayed = ns.replay(tiered, history).orders["tier"]
    assert result.groups.set_index("group")["orders"].to_dict() == {
        "Gold": (replayed == "Gold").sum(),
        "(none)": replayed.isna().sum(),
    }


def test_the_take_up_of_a_replay_is_moved_and_drawn_by_replaying(orders):
    earning = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    capped = earning.model_copy(
        update={"offers": (earning.offers[0].model_copy(update={"max_discount": Decimal(10)}),)}
    )
    history = orders.assign(order_id=orders.index)
    believed = BELIEVED.replaced(take_up_percent=[10, 60, 90])
    kept = {"replayed": True, "resamples": 200}
    result = compare(earning, capped, history, assumptions=believed, **kept)
    row = result.tornado.set_index("assumption").loc["take_up_percent"]
    spans = []
    for end, take_up in (("low", 10), ("high", 90)):
        moved = compare(earning, capped, history, assumptions=BELIEVED.replaced(take_up_percent=take_up), **kept)
        assert row[f"answer_at_{end}"] == pytest.approx(moved.incremental_margin, abs=0.01)
        spans.append(moved.ranges.loc["baseline.discount"])
    # With customers alone to blame the range is narrower on either side.
    drawn = result.ranges.loc["baseline.discount"]
    sure = compare(earning, capped, history, assumptions=BELIEVED.replaced(take_up_percent=60), **kept)
    assert drawn["low"] < sure.ranges.loc["baseline.discount", "low"]
    assert spans[0]["low"] < drawn["low"] < drawn["high"] < spans[1]["high"]


def test_sums_between_two_take_ups_lie_between_them():
    at_zero = Sums((("0 fixed", "discount"),), np.array([[0.0], [10.0]]))
    at_ten = Sums((("0 fixed", "discount"), ("1 fixed", "discount")), np.array([[100.0, 7.0], [20.0, 7.0]]))
    found = between({0.0: at_zero, 10.0: at_ten}, np.array([2.5, 10.0]))
    assert found.of("0 fixed", "discount").tolist() == [25, 20]
    assert found.of("1 fixed", "discount").tolist() == [1.75, 7]


def few(*carts):
    """One order for each customer, with points for 300 off; fulfilment makes small carts earn nothing."""
    return pd.DataFrame(
        {
            "customer_id": [str(number) for number in range(len(carts))],
            "cart_amount": carts,
            "points_balance": [300] * len(carts),
        }
    )


CHEAPER = TODAY.replaced({"offers.0.max_discount": 200})


@pytest.mark.parametrize(
    ("carts", "said"),
    [
        # By hand, for a cart of 500: 500 / 1.18 * 0.55 - 60 = 173; at 300 off -75, and -85 with the fee; at 200 off -2.
        ([500], "It pays however many orders of customers who use points are lost because of it: they earn nothing."),
        # At 530, 300 off leaves -70 and 200 off 13: those 83 are more than all of the orders earn.
        ([530], "It pays even if all orders of customers who use points are lost because of it."),
    ],
)
def test_a_candidate_that_keeps_more_pays_though_its_orders_earn_little_or_nothing(carts, said):
    result = compare(TODAY, CHEAPER, few(*carts), assumptions=BELIEVED, resamples=0)
    assert result.incremental_margin > 0
    assert result.break_even_of_pair == said
    assert "does not pay" not in result.text()
    assert "falls on 1 order and rises on 0; 1 customer gets less in all" in result.text()
    assert "never, of" not in result.text()
    dearer = compare(CHEAPER, TODAY, few(*carts), assumptions=BELIEVED, resamples=0)
    assert dearer.break_even_of_pair.startswith("It does not pay")


def test_a_program_that_costs_nothing_pays_though_the_orders_earn_nothing():
    off = TODAY.replaced({"enabled": False})
    result = compare(off, off, few(20), assumptions=BELIEVED, resamples=0)
    assert result.candidate.margin < 0
    assert result.candidate.break_even == "It costs nothing, so it needs no more orders."
    assert ns.sweep(off, few(20), grid={"enabled": [False]}, assumptions=BELIEVED, replayed=False)[
        "break_even_uplift"
    ].tolist() == [0]


def test_ranges_of_few_customers_stay_where_the_numbers_can_be_and_say_how_few_there_are():
    result = compare(TODAY, CHEAPER, few(500, 900), assumptions=BELIEVED, resamples=400)
    ranges = result.ranges
    for side in ("baseline", "candidate"):
        low, high = ranges.loc[f"{side}.discount_rate", ["low", "high"]]
        assert 0 <= low <= high <= 1
        assert ranges.loc[f"{side}.cost_of_program", "low"] >= 0
        assert ranges.loc[f"{side}.break_even_uplift", "low"] >= 0
    assert "The ranges rest on 2 customers, too few to say much about others" in result.notices
