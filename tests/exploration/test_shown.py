"""What a merchant is shown on the demo orders: every number again from replay and a few lines of pandas."""

import numpy as np
import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.exploration.grid import make_settings

PROGRAM = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
BELIEVED = ns.load_assumptions(ns.data_path("assumptions/example.toml")).replaced(
    gross_margin_percent=[45, 55, 60], take_up_percent=[40, 60, 80]
)
GRID = {"offers.0.max_discount": [50, 1000], "min_payable.amount": [100, 500], "offers.0.points_per_step": [1, 2]}


@pytest.fixture(scope="module")
def orders():
    return ns.demo_orders()


@pytest.fixture(scope="module")
def table(orders):
    return ns.sweep(PROGRAM, orders, grid=GRID, assumptions=BELIEVED)


@pytest.fixture(scope="module")
def opening(orders):
    """The balance at each customer's first order."""
    first = orders.sort_values(["ordered_at", "order_id"]).drop_duplicates("customer_id")
    return pd.DataFrame({"customer_id": first["customer_id"], "points": first["points_balance"]})


def by_pandas(program, orders, opening, gross=0.55, tax=0.18, fee=0.02, fulfil=60.0, take_up=60):
    """Discount, margin without and margin with, from replay."""
    replayed = ns.replay(program, orders, opening=opening, take_up=take_up).orders
    cart, discount = replayed["cart_amount"].sum(), replayed["discount"].sum()
    without = cart / (1 + tax) * gross - fee * cart - fulfil * len(replayed)
    return discount, without, without - discount / (1 + tax) + fee * discount


def test_the_table_the_frontier_and_the_recommended_setting(orders, opening, table):
    settings = make_settings(PROGRAM, GRID)
    found = np.array([by_pandas(settings.program_of(i), orders, opening) for i in range(len(settings))])
    np.testing.assert_allclose(table["discount"], found[:, 0], rtol=1e-12)
    np.testing.assert_allclose(table["margin"], found[:, 2], atol=0.0051)
    np.testing.assert_allclose(table["cost_of_program"], found[:, 1] - found[:, 2], atol=0.0051)
    np.testing.assert_allclose(table["break_even_uplift"], found[:, 1] / found[:, 2] - 1, rtol=1e-9)
    np.testing.assert_allclose(table["discount_rate"], found[:, 0] / orders["cart_amount"].sum(), rtol=1e-12)
    # Nobody gives more and keeps more than a setting on the frontier.
    best = ns.frontier(table).index
    for i in range(len(found)):
        beaten = ((table["discount"] >= table["discount"][i]) & (table["margin"] > table["margin"][i])) | (
            (table["discount"] > table["discount"][i]) & (table["margin"] >= table["margin"][i])
        )
        assert (i in best) == (not beaten.any()) or table.duplicated(["discount", "margin"])[i]
    # Never above its limit when replayed: it was replayed.
    for limit in (2, 3, 4):
        within = found[:, 0] / orders["cart_amount"].sum() <= limit / 100
        if not within.any():
            with pytest.raises(ns.InputError, match="No setting of the grid meets every limit"):
                ns.recommend(table, discount_rate_at_most_percent=limit)
            continue
        chosen = ns.recommend(table, discount_rate_at_most_percent=limit)
        assert chosen.row.name == np.where(within, found[:, 0], -1).argmax()
        _, without, margin = found[chosen.row.name]
        assert f"Break-even: {(without / margin - 1) * 100:.1f} % more orders like today's" in chosen.text()


def test_the_tornado_and_the_break_even(orders, opening):
    candidate = make_settings(PROGRAM, {"offers.0.max_discount": [100]}).program_of(0)
    result = ns.compare(PROGRAM, candidate, orders, assumptions=BELIEVED, resamples=100)
    moves = {
        "take_up_percent": ({"take_up": 40}, {"take_up": 80}),
        "gross_margin_percent": ({"gross": 0.45}, {"gross": 0.6}),
        "tax_percent": ({"tax": 0.162}, {"tax": 0.198}),
    }
    shown = result.tornado.set_index("assumption")
    for name, ends in moves.items():
        for end, moved in zip(("low", "high"), ends, strict=True):
            both = [by_pandas(program, orders, opening, **moved)[2] for program in (candidate, PROGRAM)]
            assert shown.loc[name, f"answer_at_{end}"] == pytest.approx(both[0] - both[1], abs=0.011)
    _, without, margin = by_pandas(candidate, orders, opening)
    assert result.break_even.startswith(f"Break-even: {(without / margin - 1) * 100:.1f} % more orders like today's")
    low, high = result.ranges.loc["candidate.break_even_uplift", ["low", "high"]]
    words = f"(Between {low * 100:.1f} and {high * 100:.1f}, 9 times out of 10 with other customers like yours.)"
    assert words in result.break_even
