"""Who redeems, estimated where the truth is known; the campaign has a hundred shops, here is one of each world."""

import numpy as np
import pandas as pd
import pytest

import nector_sim as ns
from tests.campaigns.take_up import CUSTOMERS, PROGRAM, fitted_to, made_of


@pytest.fixture(scope="module")
def customers():
    return made_of(CUSTOMERS, 0)


@pytest.fixture(scope="module")
def fitted(customers):
    return fitted_to(customers)


def test_redeemers_and_their_take_up_are_found(customers, fitted):
    buyers = customers.customers[customers.customers["customer_id"].isin(customers.orders["customer_id"])]
    low, likely, high = fitted.redeemers_percent
    assert low < 100 * buyers["redeemer"].mean() < high
    assert likely == pytest.approx(100 * buyers["redeemer"].mean(), rel=0.1)
    # Redeemers use points on nine of ten orders, but for one in ten with a coupon: 81 %.
    assert fitted.take_up_percent[1] == pytest.approx(81, rel=0.05)
    assert fitted.customers_differ
    assert fitted.customers_redeemed < fitted.redeemed < fitted.could_redeem < fitted.orders


def test_a_coin_for_everybody_is_told_from_customers_who_differ():
    coins = ns.Shop(
        **{**CUSTOMERS.model_dump(), "redeemers_percent": 100, "take_up_percent": 40, "take_up_concentration": 1e6}
    )
    found = fitted_to(made_of(coins, 3))
    assert not found.customers_differ
    assert found.redeemers_percent[1] > 97
    assert "a coin tossed for each order" in found.text()


def test_a_rising_take_up_is_found_again():
    """Draw who redeems by a law whose take-up rises with the balance, and estimate it."""
    table = {"mean_percent": 50, "balances": [0, 40, 80, 160], "of_cart_percent": [0]}
    cells = [[[200_000], [400_000], [600_000], [900_000]]]
    law = ns.TakeUp.parse({"redeemers_percent": 60, "take_up_percent": 50, "table": table | {"millionths": cells}})
    orders = made_of(CUSTOMERS, 1).orders.drop(columns=["points_balance", "discount_given"])
    ran = ns.replay(PROGRAM, orders, take_up=law, seed=5).orders
    found = ns.fit_take_up(orders.assign(redeems=ran["points_redeemed"] > 0), PROGRAM)
    number = found.estimates.loc["balance"]
    assert number["estimate"] > 4 * number["standard_error"]
    assert found.redeemers_percent[1] == pytest.approx(60, abs=4)
    cells = np.array(found.table.millionths).mean(axis=(0, 2)) / 1e6
    assert cells[0] < 0.35
    assert cells[-1] > 0.75
    assert (found.seen["used"] - found.seen["estimated"]).abs().max() < 0.1


def test_a_negative_balance_effect_is_refused():
    orders = made_of(CUSTOMERS, 2).orders.drop(columns=["discount_given"])
    wanted = orders.assign(redeems=False)
    balances = orders["points_balance"].rank(pct=True)
    draws = np.random.default_rng(3).random(len(orders))
    wanted["redeems"] = draws > balances * 0.9
    with pytest.raises(ns.InputError, match="use them less often"):
        ns.fit_take_up(wanted, PROGRAM)


def test_too_few_redemptions_leave_what_was_stated(fitted):
    orders = made_of(CUSTOMERS, 0).orders.head(300)
    few = ns.fit_take_up(orders, PROGRAM)
    stated = ns.Assumptions(redeemers_percent=[20, 30, 50])
    assert few.into(stated) == stated
    assert "Too few redemptions" in few.text()
    with pytest.raises(ns.InputError, match="nothing was estimated"):
        few.take_up  # noqa: B018


def test_orders_that_do_not_say_what_was_redeemed_are_refused():
    with pytest.raises(ns.InputError, match="do not say what was redeemed"):
        ns.fit_take_up(ns.demo_orders().head(10), PROGRAM)


def test_the_estimate_goes_into_assumptions_and_is_read_back(fitted, tmp_path):
    believed = fitted.into(ns.Assumptions(gross_margin_percent=55))
    (tmp_path / "fitted.toml").write_text(believed.to_toml())
    again = ns.load_assumptions(tmp_path / "fitted.toml")
    assert again == believed
    assert {"redeemers_percent", "take_up_percent"} <= set(again.uncertain)
    assert again.who_redeems() == fitted.take_up
    assert again.who_redeems(redeemers_percent=20).redeemers_percent == 20


def test_its_uncertainty_is_drawn_along(customers, fitted):
    orders = customers.orders.drop(columns=["points_balance", "discount_given"]).head(3000)
    sure = ns.Assumptions(gross_margin_percent=55, redeemers_percent=45, take_up_percent=80)
    unsure = sure.replaced(redeemers_percent=[20, 45, 70], take_up_percent=[50, 80, 95])
    candidate = PROGRAM.replaced({"min_payable.amount": 500})
    grid = {"min_payable.amount": [100, 500]}
    widths = []
    for believed in (sure, unsure):
        ranges = ns.compare(PROGRAM, candidate, orders, assumptions=believed, resamples=60).ranges
        table = ns.sweep(PROGRAM, orders, grid=grid, assumptions=believed, resamples=60)
        widths.append(
            (
                ranges.loc["baseline.discount", "high"] - ranges.loc["baseline.discount", "low"],
                table["discount_high"][0] - table["discount_low"][0],
            )
        )
    assert widths[1][0] > 1.5 * widths[0][0]
    assert widths[1][1] > 1.5 * widths[0][1]


def test_each_order_by_itself_takes_no_table(customers, fitted):
    believed = fitted.into(ns.Assumptions(gross_margin_percent=55))
    with pytest.raises(ns.InputError, match="only a replay takes it"):
        ns.sweep(
            PROGRAM, customers.orders.head(100), grid={"min_payable.amount": [0]}, assumptions=believed, replayed=False
        )


def test_the_picture_says_what_it_shows(fitted):
    assert fitted.plot.take_up().description.startswith("Take-up of redeemers by balance: from 0 points")
    assert list(fitted.to_frame()["number"]) == ["redeemers", "level", "alike", "balance", "of_cart"]


def test_the_command_writes_assumptions_that_replay_takes(customers, tmp_path):
    from typer.testing import CliRunner

    from nector_sim.cli import app

    bare = customers.orders.drop(columns="points_balance")
    bare.to_parquet(tmp_path / "orders.parquet")
    (tmp_path / "program.toml").write_text(PROGRAM.to_toml())
    (tmp_path / "believed.toml").write_text("gross_margin_percent = 55\n")
    where = [str(tmp_path / name) for name in ("orders.parquet", "program.toml", "believed.toml", "fitted.toml")]
    run = CliRunner().invoke(app, ["fit", where[0], "-p", where[1], "-a", where[2], "--out", where[3]])
    assert run.exit_code == 0, run.output
    assert "of the customers use points" in run.output
    out = tmp_path / "replayed"
    run = CliRunner().invoke(app, ["replay", where[0], "-p", where[1], "--take-up", where[3], "--out", str(out)])
    assert run.exit_code == 0, run.output
    fitted = ns.fit_take_up(bare, PROGRAM)
    said = ns.replay(PROGRAM, bare.drop(columns="discount_given"), take_up=fitted.take_up).totals["discount"].iloc[0]
    assert float(pd.read_parquet(out / "totals.parquet")["discount"].iloc[0]) == pytest.approx(said)
    both = ["--take-up", where[3], "--redeemers", "30", "--out", str(tmp_path / "other")]
    assert CliRunner().invoke(app, ["replay", where[0], "-p", where[1], *both]).exit_code == 2
