"""Sweeps of each order by itself: each number is what score and a few lines of pandas give."""

from decimal import Decimal
from functools import partial

import numpy as np
import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.calculator.reasons import REASONS
from nector_sim.exploration import counting
from nector_sim.exploration import sweep as sweep_module
from nector_sim.exploration.grid import make_settings

#: Counting, combining and scoring anew are ways to the same table; replays have tests of their own.
sweep = partial(ns.sweep, replayed=False)
PROGRAM = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
BELIEVED = ns.Assumptions(
    gross_margin_percent=55,
    tax_percent=18,
    payment_fee_percent=2,
    payment_fee_fixed=3,
    cod_fee=30,
    fulfilment_cost=60,
    return_cost=40,
)
GRID = {
    "offers.0.discount_per_step": [1, "0.35", 20],
    "offers.0.max_discount": [None, 50, 1000],
    "min_payable.amount": [0, 100, "99.95"],
}


@pytest.fixture(scope="module")
def orders():
    rng = np.random.default_rng(7)
    count = 600
    cart = np.round(rng.lognormal(5.5, 1, count), 1)
    cart[:20] = 0
    returned = (rng.random(count) < 0.1) & (cart > 0)
    paid = np.where(returned, cart * 0.9, np.nan)
    return pd.DataFrame(
        {
            "customer_id": rng.integers(0, 90, count).astype(str),
            "cart_amount": cart,
            "points_balance": rng.geometric(1 / 150, count),
            "cost": np.where(rng.random(count) < 0.5, cart / 3, np.nan),
            "payment_method": np.where(rng.random(count) < 0.3, "cash on delivery", "prepaid"),
            "refunded_amount": np.where(returned, paid * rng.choice([0.5, 1], count), np.nan),
            "paid_amount": paid,
            "tier": rng.choice(["gold", "silver"], count),
        }
    )


def by_hand(program, orders, take_up=1.0):
    """One row of a sweep, from score and pandas: the margin page written out once more."""
    scored = ns.score(program, orders)
    cart, discount = scored["cart_amount"], scored["discount"]
    kept = 1 - (scored["refunded_amount"] / scored["paid_amount"]).clip(upper=1).fillna(0)
    returned, cod = scored["refunded_amount"] > 0, scored["payment_method"] == "cash on delivery"

    def margin(off):
        paid = cart - off
        goods = scored["cost"].fillna(0.45 * cart / 1.18)
        fee = np.where(cod, 30.0, 0.02 * paid + 3) * (paid > 0)
        return (kept * ((cart - off) / 1.18 - goods) - fee - 60 - 40 * returned).sum()

    without, full = margin(0 * discount), margin(discount)
    earned = without + take_up * (full - without)
    redeems = scored["points_redeemed"] > 0
    limited = scored["limited_by"].astype(str)
    mix = {reason: ((limited == reason) * np.where(redeems, take_up, 1)).sum() for reason in REASONS}
    mix["requested"] += (1 - take_up) * redeems.sum()
    return {
        "orders": len(scored),
        "orders_redeemed": take_up * redeems.sum(),
        "points_redeemed": take_up * scored["points_redeemed"].sum(),
        "discount": take_up * discount.sum(),
        "payable": (cart - take_up * discount).sum(),
        "discount_rate": take_up * discount.sum() / cart.sum(),
        "margin": earned,
        "cost_of_program": without - earned,
        "break_even_uplift": without / earned - 1 if earned > 0 else np.nan,
    } | {f"share_{reason}": count / len(scored) for reason, count in mix.items()}


def check(table, grid, orders, program=PROGRAM, take_up=1.0):
    settings = make_settings(program, grid)
    expected = pd.DataFrame([by_hand(settings.program_of(i), orders, take_up) for i in range(len(settings))])
    assert list(table.columns) == [*grid, *expected.columns]
    for name in ("margin", "cost_of_program"):
        assert (table[name] - expected[name]).abs().max() <= 0.0051
    for name in expected.columns.drop(["margin", "cost_of_program"]):
        np.testing.assert_allclose(table[name].astype(float), expected[name].astype(float), rtol=1e-9, atol=1e-9)


@pytest.fixture(autouse=True)
def count_even_few_orders(monkeypatch):
    monkeypatch.setattr(counting, "AN_ENTRY", 0)


@pytest.mark.parametrize("way", ["counted", "combined", "one by one"])
@pytest.mark.parametrize("take_up", [100, 60])
def test_every_number_is_what_score_and_pandas_give(monkeypatch, orders, way, take_up):
    for other in {"counted", "combined"} - {way}:
        monkeypatch.setattr(sweep_module, other, lambda *_, **__: None)
    if way != "one by one":
        monkeypatch.setattr(sweep_module, "_one_by_one", None)
    table = sweep(PROGRAM, orders, grid=GRID, assumptions=BELIEVED.replaced(take_up_percent=take_up))
    check(table, GRID, orders, take_up=take_up / 100)
    assert table.attrs["replayed"] is False
    assert table.attrs["label"] == ("everyone" if take_up == 100 else "take_up")


@pytest.mark.parametrize(
    ("grid", "changes"),
    [
        ({"min_payable.percent": [0, "12.5", 100], "offers.0.max_discount": [None, 70]}, {}),
        ({"offers.0.min_cart": [0, 150, 1000], "offers.0.points_per_step": [1, 7]}, {}),
        ({"offers.0.max_discount": [20, 70]}, {"tiers": ("gold",), "max_cart": Decimal(400)}),
        ({"offers.0.max_discount_percent": [5, 50], "min_payable.amount": [0, 50]}, {}),
        ({"offers.0.min_cart_multiple": [2, 4]}, {}),
        ({"offers.0.tiers": [["gold"], ["silver", "gold"]]}, {}),
        ({"enabled": [True, False], "offers.0.max_discount": [20, 70]}, {}),
    ],
)
def test_other_fields_of_an_offer(orders, grid, changes):
    program = PROGRAM.model_copy(update={"offers": (PROGRAM.offers[0].model_copy(update=changes),)})
    check(sweep(program, orders, grid=grid, assumptions=BELIEVED), grid, orders, program)


def test_two_offers_and_offers_in_percent(orders):
    program = ns.Program.parse(
        {
            "offers": [
                {"kind": "variable_amount", "points_per_step": 10, "discount_per_step": 3, "max_discount": 60},
                {"kind": "variable_percent", "points_per_step": 50, "percent_per_step": 5, "max_discount": 90},
            ],
            "min_payable": {"kind": "fixed", "amount": 20},
        }
    )
    grid = {"offers.0.discount_per_step": [3, 4], "offers.1.percent_per_step": [5, 10], "min_payable.amount": [20, 90]}
    check(sweep(program, orders, grid=grid, assumptions=BELIEVED), grid, orders, program)


@pytest.mark.parametrize("combines", [True, False])
@pytest.mark.parametrize("minimum", [{"kind": "fixed", "amount": 90}, {"kind": "percent", "percent": "33.3"}])
def test_two_offers_of_amounts(monkeypatch, orders, combines, minimum):
    if not combines:
        monkeypatch.setattr(sweep_module, "combined", lambda *_, **__: None)
    program = ns.Program.parse(
        {
            "offers": [
                {"kind": "variable_amount", "points_per_step": 10, "discount_per_step": 3, "max_discount": 60},
                {"kind": "fixed_amount", "points": 90, "discount": 27, "min_cart": 200, "max_cart": 900},
            ],
            "min_payable": minimum,
        }
    )
    # With the discount at 27 both give as much, and with 100 points the first costs fewer.
    grid = {
        "offers.0.discount_per_step": [3, 4],
        "offers.0.max_cart": [None, 700],
        "offers.1.discount": [27, 100],
        "offers.1.points": [80, 90, 100],
    }
    check(sweep(program, orders, grid=grid, assumptions=BELIEVED), grid, orders, program)


def test_credits_requests_and_known_redeemers(orders):
    rng = np.random.default_rng(1)
    more = orders.assign(credits=rng.choice([0, 30.5, 5000], len(orders)))
    grid = {"offers.0.max_discount": [20, 400], "min_payable.amount": [0, 50]}
    table = sweep(PROGRAM, more, grid=grid, assumptions=BELIEVED)
    for i in range(len(table)):
        scored = ns.score(make_settings(PROGRAM, grid).program_of(i), more)
        assert table["discount"][i] == pytest.approx(scored["discount"].sum(), rel=1e-12)
        assert table["payable"][i] == pytest.approx(scored["payable"].sum(), rel=1e-12)
        assert table["margin"][i] == pytest.approx(ns.margins(scored, assumptions=BELIEVED)["margin"].sum(), abs=0.0051)
    asked = orders.assign(points_requested=rng.choice([5, 100], len(orders)))
    check(sweep(PROGRAM, asked, grid=grid, assumptions=BELIEVED), grid, asked)
    none = sweep(PROGRAM, orders.assign(redeems=False), grid=grid, assumptions=BELIEVED)
    assert none["discount"].tolist() == [0, 0, 0, 0]
    assert none["cost_of_program"].tolist() == [0, 0, 0, 0]


def test_a_refunded_share_is_the_same_under_every_setting():
    # 100 refunded of the 500 that history was paid: four fifths of 400 − 225 are left, or of 300 − 225.
    one = pd.DataFrame({"cart_amount": [500.0], "points_balance": [200], "refunded_amount": [100.0]})
    believed = ns.Assumptions(gross_margin_percent=55)
    table = sweep(PROGRAM, one, grid={"offers.0.max_discount": [100, 200]}, assumptions=believed)
    assert table["margin"].tolist() == [140.0, 60.0]


def test_a_floor_counts_the_orders_below_it(orders):
    grid = {"offers.0.max_discount": [20, 400]}
    table = sweep(PROGRAM, orders, grid=grid, assumptions=BELIEVED, floor_percent=10)
    for i in range(2):
        lines = ns.margins(ns.score(make_settings(PROGRAM, grid).program_of(i), orders), assumptions=BELIEVED)
        assert table["orders_below_floor"][i] == (lines["margin"] < 0.1 * lines["net_sales"]).sum()


def test_the_order_of_the_rows_does_not_matter_and_the_frame_is_not_changed(orders):
    before = orders.copy(deep=True)
    table = sweep(PROGRAM, orders, grid=GRID, assumptions=BELIEVED)
    pd.testing.assert_frame_equal(table, sweep(PROGRAM, orders.iloc[::-1], grid=GRID, assumptions=BELIEVED))
    pd.testing.assert_frame_equal(orders, before)


def test_orders_never_paid_are_left_out_and_counted(orders):
    unpaid = orders.assign(paid_amount=orders["paid_amount"].where(orders.index != 100, 0.0))
    table = sweep(PROGRAM, unpaid, grid={"offers.0.max_discount": [20]}, assumptions=BELIEVED)
    assert table["orders"].tolist() == [599]
    assert table.attrs["orders_left_out"] == 1


def test_no_orders_at_all(orders):
    table = sweep(PROGRAM, orders.iloc[:0], grid=GRID, assumptions=BELIEVED)
    assert table["orders"].tolist() == [0] * 27
    assert table["discount_rate"].tolist() == [0] * 27
    assert table["break_even_uplift"].tolist() == [0] * 27  # nothing is given, so nothing has to be made up for


def test_balances_and_carts_of_any_size():
    huge = pd.DataFrame({"cart_amount": [9e9, 123.45], "points_balance": [10**12, 10**9]})
    table = sweep(
        PROGRAM,
        huge,
        grid={"offers.0.discount_per_step": ["0.01"], "offers.0.max_discount": [None], "min_payable.amount": [0, 100]},
        assumptions=ns.Assumptions(gross_margin_percent=55),
    )
    assert table["discount"].tolist() == [9e9 + 123.45, 9e9 - 100 + 23.45]
    assert table["points_redeemed"].tolist() == [900_000_012_345, 899_999_992_345]


def test_never_is_missing_and_what_lacks_is_named(orders):
    grid = {"offers.0.max_discount": [1000]}
    loses = sweep(PROGRAM, orders, grid=grid, assumptions=BELIEVED.replaced(fulfilment_cost=900))
    assert loses["break_even_uplift"].isna().all()
    with pytest.raises(ns.InputError, match="no gross_margin_percent"):
        sweep(PROGRAM, orders, grid=grid, assumptions=ns.Assumptions())
    with pytest.raises(ns.InputError, match=r"history= is now replayed=.*write replayed=False"):
        sweep(PROGRAM, orders, grid=grid, assumptions=BELIEVED, history="given balances")
    for name, value in (("opening", orders), ("grants", orders), ("programs", [PROGRAM])):
        with pytest.raises(ns.InputError, match=f"{name}=: only a replay takes that"):
            sweep(PROGRAM, orders, grid=grid, assumptions=BELIEVED, **{name: value})
    bad = orders.assign(cart_amount=orders["cart_amount"].where(orders.index > 0, -1))
    with pytest.raises(ns.OrdersError, match="1 of 600 rows"):
        sweep(PROGRAM, bad, grid=grid, assumptions=BELIEVED)
