"""Sweeps and comparisons of replays: each number is what ns.replay and a few lines of pandas give."""

import numpy as np
import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.exploration.grid import make_settings

PROGRAM = ns.Program.parse(
    {
        "offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1, "max_discount": 80}],
        "min_payable": {"kind": "fixed", "amount": 50},
        "earning": {"points_per_unit": "0.1"},
    }
)
GRID = {"offers.0.max_discount": [20, 80], "earning.points_per_unit": ["0.05", "0.1"]}
BELIEVED = ns.Assumptions(gross_margin_percent=50, payment_fee_percent=2, ultimate_redemption_percent=70)


@pytest.fixture(scope="module")
def orders():
    rng = np.random.default_rng(5)
    count = 500
    return pd.DataFrame(
        {
            "order_id": np.arange(count).astype(str),
            "customer_id": rng.integers(0, 40, count).astype(str),
            "ordered_at": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(rng.integers(0, 10**7, count), "s"),
            "cart_amount": np.round(rng.lognormal(5.5, 1, count), 2),
        }
    )


def margin(replayed):
    cart, discount = replayed["cart_amount"], replayed["discount"]
    return (cart - discount - cart / 2 - 0.02 * (cart - discount)).sum()


@pytest.mark.parametrize("take_up", [100, 60, "0.5%"])
def test_a_sweep_of_replays(orders, take_up):
    believed = BELIEVED.replaced(take_up_percent=take_up)
    table = ns.sweep(PROGRAM, orders, grid=GRID, assumptions=believed)
    assert table.attrs["replayed"]
    settings = make_settings(PROGRAM, GRID)
    for i in range(len(settings)):
        replayed = ns.replay(settings.program_of(i), orders, take_up=take_up).orders
        assert table["discount"][i] == pytest.approx(replayed["discount"].sum(), rel=1e-12)
        assert table["points_redeemed"][i] == replayed["points_redeemed"].sum()
        assert table["orders_redeemed"][i] == (replayed["points_redeemed"] > 0).sum()
        assert table["margin"][i] == pytest.approx(margin(replayed), abs=0.0051)
        for reason in ("balance", "requested", "max_discount", "min_payable"):
            assert table[f"share_{reason}"][i] == pytest.approx((replayed["limited_by"] == reason).mean())


def test_balances_that_never_run_down_cost_far_more(orders):
    replayed = ns.replay(PROGRAM, orders.sort_values("ordered_at")).orders
    by_customer = replayed.groupby("customer_id")["points_redeemed"]
    undepleted = replayed["points_balance"] + by_customer.cumsum() - replayed["points_redeemed"]
    met = orders.loc[replayed.index].assign(points_balance=undepleted)
    given = ns.sweep(PROGRAM, met, grid={"offers.0.max_discount": [80]}, assumptions=BELIEVED, replayed=False)
    assert given["discount"][0] > 1.5 * replayed["discount"].sum()


def test_a_comparison_of_replays_on_the_same_luck(orders):
    candidate = make_settings(PROGRAM, {"offers.0.max_discount": [20]}).program_of(0)
    believed = BELIEVED.replaced(take_up_percent=60)
    result = ns.compare(PROGRAM, candidate, orders, assumptions=believed, resamples=50, seed=3)
    sides = [ns.replay(program, orders, take_up=60, seed=3).orders for program in (PROGRAM, candidate)]
    assert result.replayed
    assert result.incremental_margin == pytest.approx(margin(sides[1]) - margin(sides[0]))
    assert result.ranges.loc["incremental_margin", "value"] == pytest.approx(result.incremental_margin)
    # Who could have redeemed: with a balance, and a cart above the minimum to pay.
    could = ((sides[0]["points_balance"] >= 1) & (sides[0]["cart_amount"] >= 51)).sum()
    assert result.baseline.orders_could_redeem == could
    assert result.baseline.take_up == pytest.approx((sides[0]["points_redeemed"] > 0).sum() / could)
    # A tenth of the take-up to either side is replayed, on the same luck.
    row = result.tornado.set_index("assumption").loc["take_up_percent"]
    for end, take_up in (("low", 54), ("high", 66)):
        before, after = (ns.replay(program, orders, take_up=take_up, seed=3).orders for program in (PROGRAM, candidate))
        assert row[f"answer_at_{end}"] == pytest.approx(margin(after) - margin(before), abs=0.0051)


def test_the_accrual_view_charges_what_is_earned(orders):
    result = ns.compare(PROGRAM, PROGRAM, orders, assumptions=BELIEVED, view="accrual", resamples=0)
    # A point of 1 costs what redeeming it will: 1 less the payment fee of 2 % that is not paid then.
    earned = ns.replay(PROGRAM, orders).orders["points_earned"].sum() * 0.98
    assert result.baseline.cost_of_program == pytest.approx(0.7 * earned)
    assert result.ranges.loc["candidate.cost_of_program", "value"] == pytest.approx(0.7 * earned)
    with pytest.raises(ns.InputError, match="needs a column points_earned"):
        ns.sweep(
            PROGRAM, orders.assign(points_balance=5), grid=GRID, assumptions=BELIEVED, view="accrual", replayed=False
        )
