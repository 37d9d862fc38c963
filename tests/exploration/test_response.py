"""The response: every expected number is worked out by hand from the law of the margin."""

import numpy as np
import pandas as pd
import pytest

import nector_sim as ns

PROGRAM = ns.Program.parse(
    {"offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1, "max_discount": 80}]}
)
MEANER = PROGRAM.replaced({"offers.0.max_discount": 20})
#: a has 200 points and orders twice for ₹500; b has none and orders for ₹1,000.
ORDERS = pd.DataFrame(
    {
        "order_id": ["1", "2", "3"],
        "customer_id": ["a", "a", "b"],
        "ordered_at": ["2026-03-01T10:00Z", "2026-03-02T10:00Z", "2026-03-03T10:00Z"],
        "cart_amount": [500.0, 500.0, 1000.0],
    }
)
OPENING = pd.DataFrame({"customer_id": ["a"], "points": [200]})
BARE = ns.Assumptions(gross_margin_percent=50)
#: At most 20 % more orders, half of that at 4 % back.
STATED = BARE.replaced(response_percent=20, response_half_at_percent=4)
# Today a gets back 80 + 80 of 1,000, 16 %: 20 × 16 ÷ 20 = 16 % more orders than without points. With a cap of 20 it is
# 4 %: 20 × 4 ÷ 8 = 10 %. With a cap of 200 it is 20 %: 20 × 20 ÷ 24 = 16.67 %.
LOST, WON = 1.10 / 1.16 - 1, (1 + 1 / 6) / 1.16 - 1


def compared(assumptions, **how):
    return ns.compare(PROGRAM, MEANER, ORDERS, opening=OPENING, assumptions=assumptions, **{"resamples": 0} | how)


def swept(assumptions, **how):
    grid = {"offers.0.max_discount": [20, 80, 200]}
    return ns.sweep(PROGRAM, ORDERS, grid=grid, opening=OPENING, assumptions=assumptions, **how)


def test_a_comparison_counts_the_orders_that_are_lost():
    found = compared(STATED)
    # The orders of a earn 500 − 40 under the candidate; those of b do not answer.
    assert found.incremental_margin == pytest.approx(120)
    assert found.ranges.loc["response", "value"] == pytest.approx(LOST)
    assert found.ranges.loc["incremental_margin_with_response", "value"] == pytest.approx(120 + LOST * 460)
    assert "customers who use points place 5.2 % fewer orders, and you keep ₹96 more" in found.text()
    # At its break-even, 120 of 460, the pair draws.
    assert found.ranges.loc["incremental_break_even_uplift_users", "value"] == pytest.approx(-120 / 460)
    assert "response" not in compared(BARE).ranges.index


def test_a_sweep_counts_from_todays_setting_and_its_best_is_no_edge():
    table = swept(STATED)
    assert table["response"].tolist() == pytest.approx([LOST, 0, WON])
    assert table["margin"].tolist() == [960, 840, 800]
    expected = [960 + LOST * 460, 840, 800 + WON * 300]
    assert table["margin_with_response"].tolist() == pytest.approx(expected, abs=0.005)
    assert ns.recommend(table, maximise="margin").row.name == 0
    assert "margin_with_response" not in swept(BARE)
    # Customers who answer strongly, of goods with much margin: neither the meanest nor the most generous setting.
    keen = swept(ns.Assumptions(gross_margin_percent=80, response_percent=100, response_half_at_percent=10))
    curve = [back / (back + 10) for back in (4, 16, 20)]
    shares = [(1 + each) / (1 + curve[1]) - 1 for each in curve]
    keeps = [1560 + shares[0] * 760, 1440, 1400 + shares[2] * 600]
    assert keen["margin_with_response"].tolist() == pytest.approx(keeps, abs=0.005)
    best = ns.recommend(keen, maximise="margin")
    assert (best.row.name, best.on_edge) == (1, ())


def test_a_sweep_counts_who_gets_less_than_today_and_what_an_order_leaves():
    """a gets 80 + 80 today and 20 + 20 under the lowest cap; b, who orders as well, never has points."""
    table = swept(BARE, resamples=50)
    assert table["customers_who_get_less"].tolist() == [1, 0, 0]
    assert table["share_who_get_less"].tolist() == [0.5, 0, 0]
    assert table["margin_per_order"].tolist() == [320, 280, pytest.approx(800 / 3, abs=1e-4)]
    # Drawn alone, a loses or b does not.
    assert (table["share_who_get_less_low"][0], table["share_who_get_less_high"][0]) == (0, 1)
    assert table["share_who_get_less_high"].tolist()[1:] == [0, 0]
    found = compared(BARE)
    assert found.changes.loc["fall", "customers"] == table["customers_who_get_less"][0]
    best = ns.recommend(swept(BARE), customers_who_get_less_at_most_percent=50, margin_per_order_at_least=300)
    assert best.row.name == 0


def test_where_who_redeems_is_uncertain_the_response_is_drawn_along():
    rng = np.random.default_rng(3)
    many = pd.DataFrame(
        {
            "order_id": np.arange(600).astype(str),
            "customer_id": rng.integers(0, 120, 600).astype(str),
            "ordered_at": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(np.arange(600), "h"),
            "cart_amount": rng.integers(200, 900, 600).astype(float),
        }
    )
    opening = pd.DataFrame({"customer_id": np.arange(120).astype(str), "points": 150})
    unsure = STATED.replaced(response_percent=[0, 20, 60], take_up_percent=[40, 60, 80])
    table = ns.sweep(
        PROGRAM, many, grid={"offers.0.max_discount": [20, 80]}, opening=opening, assumptions=unsure, resamples=200
    )
    low, high = (table[f"margin_with_response_{end}"] for end in ("low", "high"))
    assert (low < table["margin_with_response"]).all()
    assert (table["margin_with_response"] < high).all()
    # Today's own setting answers to nothing, whatever is drawn.
    assert table["margin_with_response"][1] == table["margin"][1]
    np.testing.assert_allclose([low[1], high[1]], [table["margin_low"][1], table["margin_high"][1]])
    found = ns.compare(PROGRAM, MEANER, many, opening=opening, assumptions=unsure, resamples=200)
    name = "incremental_margin_with_response"
    assert found.ranges.loc[name, "value"] == pytest.approx(
        table["margin_with_response"][0] - table["margin"][1], abs=0.02
    )
    assert found.ranges.loc[name, "low"] < found.ranges.loc["incremental_margin", "low"]
    assert 0 < found.probability < 1
    moved = found.tornado.set_index("assumption")
    assert moved.loc["response_percent", "answer_at_low"] == pytest.approx(found.incremental_margin, abs=0.0051)


@pytest.mark.parametrize(
    ("assumptions", "how", "said"),
    [
        (STATED, {"replayed": False}, "response_percent is of replays"),
        (STATED, {"view": "accrual"}, "response_percent is of the cash view"),
    ],
)
def test_where_it_cannot_be_counted_it_is_refused_by_name(assumptions, how, said):
    orders = ORDERS.assign(points_balance=200)
    given = {"opening": OPENING} if how.get("replayed", True) else {}
    for call in (
        lambda: ns.compare(PROGRAM, MEANER, orders, assumptions=assumptions, resamples=0, **given, **how),
        lambda: ns.sweep(PROGRAM, orders, grid={"enabled": [True]}, assumptions=assumptions, **given, **how),
    ):
        with pytest.raises(ns.InputError, match=said):
            call()


def test_one_response_is_stated_and_both_of_its_numbers():
    with pytest.raises(ns.InputError, match="uplift_percent and response_percent both say"):
        compared(STATED, uplift_percent=5)
    for half in ({"response_percent": 10}, {"response_half_at_percent": 0}):
        with pytest.raises(ns.InputError, match=r"response_percent: .* are one curve: write both"):
            ns.Assumptions.parse(half)
    with pytest.raises(ns.InputError, match=r"response_percent: is \[3, 2, 1\]; write it as \[low, likely, high\]"):
        ns.Assumptions.parse({"response_percent": [3, 2, 1], "response_half_at_percent": 5})
    assert ns.Assumptions.parse(dict(STATED)) == STATED


def mapped(**over):
    grid = {"offers.0.max_discount": [20, 80, 200]}
    believed = ns.Assumptions(gross_margin_percent=80, response_half_at_percent=10)
    return ns.winners(PROGRAM, ORDERS, grid=grid, opening=OPENING, assumptions=believed, over=over)


def test_the_map_says_which_setting_wins_where():
    found = mapped(response_percent=[0, 100], redeemers_percent=[0, 100])
    # Where nobody redeems all settings earn 1,600; where nobody answers, the meanest wins by 120; else as above.
    curve = [back / (back + 10) for back in (4, 16)]
    second = 1560 + ((1 + curve[0]) / (1 + curve[1]) - 1) * 760
    third = 1400 + ((1 + 20 / 30) / (1 + curve[1]) - 1) * 600
    assert found.table["winner"].tolist() == [
        "today's setting",
        "offers.0.max_discount = 20",
        "today's setting",
        "today's setting",
    ]
    assert found.table["gain"].tolist() == [0, 120, 0, 0]
    assert found.table["ahead"][1] == 120
    assert found.table["ahead"][3] == pytest.approx(1440 - max(second, third), abs=0.005)
    assert found.settings.loc[found.table["setting"][1], "offers.0.max_discount"] == 20
    assert "offers.0.max_discount = 20: 1 of 4 places" in found.text()
    assert "up to ₹120 more than today's setting" in found.text()
    assert "today's setting at 3 of 4 places" in found.plot.winners().description
    assert "winner" in found._repr_html_()


def test_a_map_is_over_assumptions_and_needs_a_response():
    with pytest.raises(ns.InputError, match="over has respons, which is no assumption"):
        mapped(respons=[0, 1])
    with pytest.raises(ns.InputError, match="Nowhere on this map is there a response"):
        mapped(response_percent=[0], redeemers_percent=[50, 100])
    with pytest.raises(ns.InputError, match="x and y are two of these"):
        mapped(response_percent=[0, 10]).plot.winners()


def test_what_moves_the_answer_is_shared_out():
    # The answer is 120 less what is lost of the margin of a, whose cost alone is unsure; and of a packing cost that
    # falls on every order alike, nothing but the orders lost. Both numbers are unsure by the same triangle.
    only = compared(STATED.replaced(gross_margin_percent=[40, 50, 60])).what_moves(samples=64)
    assert only["assumption"].tolist() == ["gross_margin_percent"]
    assert only["alone"][0] == pytest.approx(1, abs=0.05)
    both = compared(STATED.replaced(gross_margin_percent=[40, 50, 60], fulfilment_cost=[50, 100, 150]))
    shares = both.what_moves().set_index("assumption")
    # 1,000 × the margin's share, against 2 orders × the packing: triangles of the width 0.2 × 1,000 and 100 × 2.
    assert shares["alone"].tolist() == pytest.approx([0.5, 0.5], abs=0.03)
    assert shares["with_others"].tolist() == pytest.approx([0.5, 0.5], abs=0.03)
    with pytest.raises(ns.InputError, match="No assumption is a range"):
        compared(STATED).what_moves()
    with pytest.raises(ns.InputError, match="samples is 100; it is a power of two"):
        both.what_moves(samples=100)


def test_the_frontier_has_the_ranges_of_the_sweep():
    many = pd.concat([ORDERS.assign(order_id=str(n) + ORDERS["order_id"], customer_id=f"{n}") for n in range(20)])
    opening = pd.DataFrame({"customer_id": [f"{n}" for n in range(20)], "points": 200})
    grid = {"offers.0.max_discount": [20, 80]}
    table = ns.sweep(PROGRAM, many, grid=grid, opening=opening, assumptions=BARE, resamples=50)
    best = ns.frontier(table)
    assert {"discount_low", "margin_high"} <= set(best)
    drawing = ns.plots(table).frontier()
    assert "2 of them on the frontier, with 90 % ranges" in drawing.description
