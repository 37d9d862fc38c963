"""What a merchant is shown on the demo orders: every number again from score and a few lines of pandas."""

import numpy as np
import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.exploration.grid import make_settings

PROGRAM = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
BELIEVED = ns.load_assumptions(ns.data_path("assumptions/example.toml")).replaced(
    gross_margin_percent=[45, 55, 60], take_up_percent=[40, 60, 80]
)
GRID = {
    "offers.0.max_discount": [50, 100, 200, 1000],
    "min_payable.amount": [0, 100, 500],
    "offers.0.points_per_step": [1, 2],
}


@pytest.fixture(scope="module")
def orders():
    return ns.demo_orders()


@pytest.fixture(scope="module")
def table(orders):
    return ns.sweep(PROGRAM, orders, grid=GRID, assumptions=BELIEVED)


def by_pandas(program, orders, gross=0.55, tax=0.18, fee=0.02, fulfil=60.0, take_up=0.6):
    """Discount, margin without and margin with, from score; take-up as an expected value."""
    scored = ns.score(program, orders)
    cart, discount = scored["cart_amount"].sum(), take_up * scored["discount"].sum()
    without = cart / (1 + tax) * gross - fee * cart - fulfil * len(scored)
    return discount, without, without - discount / (1 + tax) + fee * discount


def test_the_table_and_the_frontier(orders, table):
    settings = make_settings(PROGRAM, GRID)
    found = np.array([by_pandas(settings.program_of(i), orders) for i in range(len(settings))])
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


def test_the_recommended_setting_within_five_percent_and_its_sentence(orders, table):
    found = ns.recommend(table, discount_rate_at_most_percent=5)
    within = table[table["discount_rate"] <= 0.05]
    assert found.row.name == within["discount"].idxmax()
    program = make_settings(PROGRAM, {path: [value] for path, value in found.setting.items()}).program_of(0)
    discount, without, margin = by_pandas(program, orders)
    assert found.row["discount"] == pytest.approx(discount)
    assert f"{(without / margin - 1) * 100:.1f} more orders in 100, like the ones you have, pay for it." in found.text()


def test_the_tornado_and_the_break_even(orders):
    candidate = make_settings(PROGRAM, {"offers.0.max_discount": [100]}).program_of(0)
    result = ns.compare(PROGRAM, candidate, orders, assumptions=BELIEVED, resamples=100)
    moves = {
        "take_up_percent": ({"take_up": 0.4}, {"take_up": 0.8}),
        "gross_margin_percent": ({"gross": 0.45}, {"gross": 0.6}),
        "tax_percent": ({"tax": 0.162}, {"tax": 0.198}),
        "payment_fee_percent": ({"fee": 0.018}, {"fee": 0.022}),
        "fulfilment_cost": ({"fulfil": 54}, {"fulfil": 66}),
    }
    shown = result.tornado.set_index("assumption")
    for name, ends in moves.items():
        for end, moved in zip(("low", "high"), ends, strict=True):
            answer = by_pandas(candidate, orders, **moved)[2] - by_pandas(PROGRAM, orders, **moved)[2]
            assert shown.loc[name, f"answer_at_{end}"] == pytest.approx(answer, abs=0.011)
    _, without, margin = by_pandas(candidate, orders)
    assert result.break_even.startswith(
        f"{(without / margin - 1) * 100:.1f} more orders in 100, like the ones you have"
    )
    low, high = result.ranges.loc["candidate.break_even_uplift", ["low", "high"]]
    assert f"(Between {low * 100:.1f} and {high * 100:.1f}, in nine of ten draws.)" in result.break_even


def test_as_replayed(orders):
    some = orders[orders["customer_id"].isin(pd.unique(orders["customer_id"])[:100])].drop(columns="points_balance")
    program = ns.Program.parse({**PROGRAM.model_dump(exclude_none=True), "earning": {"points_per_unit": "0.05"}})
    believed = BELIEVED.replaced(take_up_percent=100)
    table = ns.sweep(
        program, some, grid={"offers.0.max_discount": [50, 1000]}, assumptions=believed, history="as replayed"
    )
    for i, cap in enumerate((50, 1000)):
        setting = make_settings(program, {"offers.0.max_discount": [cap]}).program_of(0)
        replayed = ns.replay(setting, some).orders
        cart, discount = replayed["cart_amount"].sum(), replayed["discount"].sum()
        margin = (cart - discount) / 1.18 - 0.45 * cart / 1.18 - 0.02 * (cart - discount) - 60 * len(some)
        assert table["discount"][i] == pytest.approx(discount)
        assert table["margin"][i] == pytest.approx(margin, abs=0.0051)
