"""``nector-sim forecast`` and ``liability``: what they print and write, and what they refuse."""

import numpy as np
import pandas as pd
import pytest

import nector_sim as ns

PROGRAM = """
name = "lots"
currency = "INR"
[[offers]]
kind = "variable_amount"
points_per_step = 1
discount_per_step = 0.5
[earning]
points_per_unit = 0.1
[expiry]
months = 6
"""


@pytest.fixture
def shop(tmp_path):
    """A folder with a program and two years of orders that redeem half of the time."""
    (tmp_path / "program.toml").write_text(PROGRAM)
    (tmp_path / "meaner.toml").write_text(PROGRAM.replace("0.5", "0.25"))
    (tmp_path / "assumptions.toml").write_text("gross_margin_percent = 50\n")
    rng = np.random.default_rng(2)
    days = np.sort(rng.integers(0, 400, 900))
    pd.DataFrame(
        {
            "order_id": [f"o{number}" for number in range(900)],
            "customer_id": [f"c{number}" for number in rng.integers(0, 90, 900)],
            "ordered_at": pd.Timestamp("2025-01-01", tz="Asia/Kolkata") + pd.to_timedelta(days, unit="D"),
            "cart_amount": rng.integers(100, 900, 900),
            "redeems": rng.random(900) < 0.5,
        }
    ).to_csv(tmp_path / "orders.csv", index=False)
    return tmp_path


def test_a_forecast_is_told_written_and_drawn(shop, run):
    code, told, errors = run(
        "forecast", shop / "orders.csv", "-p", shop / "program.toml", "--setting", shop / "meaner.toml",
        "-a", shop / "assumptions.toml", "--months", 3, "--futures", 4, "--out", shop / "ahead.csv",
        "--pictures", shop / "pictures",
    )  # fmt: skip
    assert code == 0
    assert "The next 3 months, if customers go on as they do" in told
    assert "Break-even" in told
    assert errors == ""
    table = pd.read_csv(shop / "ahead.csv")
    assert set(table["setting"]) == {"today", "meaner"}
    assert {"cost_of_program", "margin", "outstanding"} <= set(table["measure"])
    ahead = ns.forecast(
        ns.load_program(shop / "program.toml"), pd.read_csv(shop / "orders.csv"), months=3, futures=4,
        settings={"today": shop / "program.toml", "meaner": shop / "meaner.toml"},
        assumptions=shop / "assumptions.toml",
    )  # fmt: skip
    assert table["likely"].tolist() == pytest.approx(ahead.table()["likely"].tolist())
    assert {picture.name for picture in (shop / "pictures").iterdir()} == {
        f"{setting} {what}.svg"
        for setting in ("today", "meaner")
        for what in ("points redeemed", "discount", "expired", "cost of program", "owed")
    }
    owed = ahead.plot.owed()
    assert owed.ax.get_ylabel() == "owed at the end of the month"
    # A point takes off ₹0.50.
    line = owed.ax.lines[0].get_ydata()
    assert line[-1] == pytest.approx(ahead.past("outstanding")[-1] / 2)


def test_what_is_owed_is_told_written_and_drawn(shop, run):
    code, told, _ = run(
        "liability", shop / "orders.csv", "-p", shop / "program.toml", "--ultimate-percent", "estimate",
        "--out", shop / "owed.csv", "--pictures", shop / "pictures",
    )  # fmt: skip
    assert code == 0
    replayed = ns.replay(ns.load_program(shop / "program.toml"), pd.read_csv(shop / "orders.csv"))
    owed = ns.liability(replayed, ultimate=ns.ultimate_redemption(replayed))
    assert owed.text() in told
    assert "shifted beta-geometric" in told
    written = pd.read_csv(shop / "owed.csv")
    assert written["points"].sum() == owed.points
    assert {picture.name for picture in (shop / "pictures").iterdir()} == {
        "outstanding.svg", "expiring.svg", "triangle.svg",
    }  # fmt: skip
    _, told, _ = run("liability", shop / "orders.csv", "-p", shop / "program.toml", "--ultimate-percent", "50,60,70")
    assert ns.liability(replayed, ultimate_percent=[50, 60, 70]).text() in told


def test_what_is_refused(shop, run):
    code, _, errors = run("liability", shop / "orders.csv", "-p", shop / "program.toml", "--ultimate-percent", "50,60")
    assert code == 2
    assert "write 60, or low,likely,high" in errors
    twice = ["--setting", shop / "meaner.toml"] * 2
    code, _, errors = run("forecast", shop / "orders.csv", "-p", shop / "program.toml", *twice)
    assert code == 2
    assert "settings are named by their files, and meaner is taken" in errors


def test_who_redeems_is_said_as_to_a_replay(shop, run):
    orders = pd.read_csv(shop / "orders.csv").drop(columns="redeems")
    orders.to_csv(shop / "bare.csv", index=False)
    _, told, _ = run("liability", shop / "bare.csv", "-p", shop / "program.toml", "--redeemers", "30")
    half = ns.replay(ns.load_program(shop / "program.toml"), orders, take_up=ns.TakeUp(redeemers_percent=30))
    assert ns.liability(half).text() in told
