"""The frontier, the recommendation, and first grids."""

import numpy as np
import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.exploration.limits import closest_to_all, limits_of
from nector_sim.exploration.replay_sweeps import Draws

PROGRAM = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))


def table(**columns):
    base = {"offers.0.max_discount": [10, 20, 30, 40, 50], "orders": 100}
    rest = {
        "orders_redeemed": [5, 6, 8, 7, 9],
        "discount": [10.0, 20.0, 30.0, 30.0, 50.0],
        "discount_rate": [0.01, 0.02, 0.03, 0.03, 0.05],
        "margin": [95.0, 90.0, 80.0, 80.0, -1.0],
        "break_even_uplift": [0.05, 0.11, 0.25, 0.25, np.nan],
        "orders_below_floor": [0, 1, 2, 3, 9],
        "cost_of_program": [5.0, 10.0, 20.0, 20.0, 101.0],
        "margin_per_order": [0.95, 0.9, 0.8, 0.8, -0.01],
        "share_who_get_less": [0.9, 0.6, 0.4, 0.1, 0.0],
    }
    return pd.DataFrame(base | rest | columns)


def test_the_frontier_is_what_no_other_beats():
    # Of two alike in both the first; the second and third of the last are beaten by the first.
    assert ns.frontier(table()).index.tolist() == [0, 1, 2, 4]
    beaten = table(margin=[95.0, 90.0, 80.0, 99.0, 1.0])
    assert ns.frontier(beaten).index.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("constraint", "row"),
    [
        ({"discount_rate_at_most_percent": 2}, 1),
        ({"discount_rate_at_most_percent": 3}, 2),  # a tie in discount: more orders redeem
        ({"margin_at_least": 91}, 0),
        ({"break_even_at_most_percent": 200}, 2),  # never is above every bound
        ({"orders_below_floor_at_most": 1}, 1),
        ({"margin_at_least": 80, "orders_below_floor_at_most": 2}, 2),
        ({"discount_rate_at_most_percent": 100}, 4),
        ({"cost_at_most": 12}, 1),
        ({"margin_per_order_at_least": "0.8"}, 2),
        ({"customers_who_get_less_at_most_percent": 40, "cost_at_most": 100}, 2),
    ],
)
def test_the_most_generous_that_meets_every_constraint(constraint, row):
    found = ns.recommend(table(), **constraint)
    assert found.row.name == row
    assert found.setting == {"offers.0.max_discount": [10, 20, 30, 40, 50][row]}


def test_the_edge_of_the_grid_is_said_and_what_lies_around():
    found = ns.recommend(table(), discount_rate_at_most_percent=100)
    assert found.on_edge == ("offers.0.max_discount",)
    assert "widen it" in found.text()
    assert "never pays for itself" in found.text()
    inside = ns.recommend(table(), discount_rate_at_most_percent=2)
    assert inside.on_edge == ()
    assert inside.met == 2
    around = inside.trade_offs
    assert around["value"].tolist() == [10, 30]
    assert around["meets"].tolist() == [True, False]
    assert around["discount"].tolist() == [-10, 10]
    assert around["margin"].tolist() == [5, -10]


def test_a_field_left_out_is_the_largest_value_and_no_edge():
    open_ended = table(**{"offers.0.max_discount": [10, 20, 30, 40, np.nan]})
    found = ns.recommend(open_ended, discount_rate_at_most_percent=100)
    assert found.on_edge == ()
    assert found.trade_offs["value"].tolist() == [40]
    assert "offers.0.max_discount = none" in found.text()


def test_nothing_meets_it_says_how_many_meet_each():
    with pytest.raises(ns.InputError) as caught:
        ns.recommend(table(), margin_at_least=1000, discount_rate_at_most_percent=2)
    said = str(caught.value)
    assert "margin_at_least: 0 of 5 settings meet it; 95 of offers.0.max_discount = 10 comes closest" in said
    assert "discount_rate_at_most_percent: 2 of 5 settings meet it; 0.01 of offers.0.max_discount = 10" in said


def test_what_comes_closest_to_all_limits_meets_them_in_most_draws():
    drawn = table()
    limits = {"cost_at_most": 9, "customers_who_get_less_at_most_percent": 50}
    # Nothing meets both. Costs of 10 and of 20 exceed 9 by a ninth and by eleven; 60 % exceeds 50 % by a fifth, and
    # 90 % by four fifths.
    assert closest_to_all(drawn, limits_of(drawn, limits)) == 1
    draws = [{"cost_of_program": np.full(10, cost)} for cost in [5.0, 10.0, 20.0, 20.0, 101.0]]
    draws[2]["cost_of_program"] = np.array([8.0] + [20.0] * 9)
    draws[0]["cost_of_program"] = np.array([9.5] * 10)
    drawn.attrs["draws"] = Draws(draws)
    assert closest_to_all(drawn, limits_of(drawn, limits)) == 2


def test_without_a_limit_nothing_is_recommended():
    with pytest.raises(ns.InputError, match=r"Name a limit, such as discount_rate_at_most_percent=3"):
        ns.recommend(table())


def test_settings_of_each_order_by_itself_are_not_recommended():
    by_itself = table()
    by_itself.attrs["replayed"] = False
    with pytest.raises(ns.InputError, match=r"exceed their limits. Sweep replays"):
        ns.recommend(by_itself, discount_rate_at_most_percent=3)


def test_a_limit_is_met_in_nine_of_ten_draws_or_not_at_all():
    drawn = table()
    rates = [0.01, 0.02, 0.03, 0.03, 0.05]
    # The second setting is above 2.5 % in one of ten draws, the third in most of them.
    draws = [np.full(10, rate) for rate in rates]
    draws[1] = np.array([0.02] * 9 + [0.026])
    drawn.attrs["draws"] = Draws([{"discount_rate": each, "margin": np.zeros(10)} for each in draws])
    found = ns.recommend(drawn, discount_rate_at_most_percent="2.5")
    assert (found.row.name, found.holds) == (1, 0.9)
    assert "It meets them in 90% of the draws of your customers." in found.text()
    draws[1][0] = 0.026
    assert ns.recommend(drawn, discount_rate_at_most_percent="2.5").row.name == 0


def test_maximising_the_margin_needs_a_stated_response():
    with pytest.raises(ns.InputError, match='always "give nothing"'):
        ns.recommend(table(), maximise="margin")
    answered = table(response=[-0.1, 0.0, 0.05, 0.05, 0.1], margin_with_response=[88.0, 90.0, 93.0, 92.0, 5.0])
    found = ns.recommend(answered, maximise="margin")
    assert (found.row.name, found.on_edge) == (2, ())
    assert "place 5.0% more orders than under today's setting, and it leaves 93." in found.text()
    assert found.trade_offs["margin_with_response"].tolist() == [-3, -1]
    assert ns.recommend(answered, maximise="margin", discount_rate_at_most_percent=1).row.name == 0


def test_a_share_where_a_percentage_is_meant_is_asked_about():
    with pytest.raises(ns.InputError, match=r"discount_rate_at_most_percent is 0.05; did you mean 5\?"):
        ns.recommend(table(), discount_rate_at_most_percent=0.05)


def test_what_lacks_is_named():
    with pytest.raises(ns.InputError, match="sweep with floor_percent"):
        ns.recommend(table().drop(columns="orders_below_floor"), orders_below_floor_at_most=1)
    with pytest.raises(ns.InputError, match="give the table of a sweep"):
        ns.frontier(pd.DataFrame({"a": [1]}))
    with pytest.raises(ns.InputError, match="maximise is 'profit'"):
        ns.recommend(table(), maximise="profit")


def test_a_first_grid_holds_todays_setting_and_can_be_swept():
    orders = ns.demo_orders().iloc[:3000]
    grid = ns.first_grid(PROGRAM, orders)
    assert 1 in grid["offers.0.discount_per_step"]
    assert 1000 in grid["offers.0.max_discount"]
    assert 100 in grid["min_payable.amount"]
    swept = ns.sweep(PROGRAM, orders, grid=grid, assumptions=ns.Assumptions(gross_margin_percent=55))
    opening = orders.drop_duplicates("customer_id").rename(columns={"points_balance": "points"})
    today = ns.replay(PROGRAM, orders, opening=opening[["customer_id", "points"]]).totals
    row = swept[
        (swept["offers.0.discount_per_step"] == 1)
        & (swept["offers.0.max_discount"] == 1000)
        & (swept["min_payable.amount"] == 100)
    ].iloc[0]
    assert row["discount"] == today["discount"][0]
    percent = PROGRAM.model_copy(update={"min_payable": ns.PercentMinPayable(percent=15)})
    assert 15 in ns.first_grid(percent, orders)["min_payable.percent"]
    with pytest.raises(ns.InputError, match="first offer is a variable_amount"):
        ns.first_grid(ns.Program(), orders)


def test_percentages_may_be_written_with_their_sign():
    rates = table()["discount_rate"] * 100
    assert ns.recommend(table(), discount_rate_at_most_percent=f"{rates.max()}%").met == len(table())


def test_an_edge_at_nothing_is_said_but_nothing_lies_beyond_it():
    least = table(**{"offers.0.max_discount": [10, 10, 10, 10, 10]})
    least.insert(1, "min_payable.amount", [400, 300, 200, 100, 0])
    found = ns.recommend(least, discount_rate_at_most_percent=100)
    assert found.on_edge == ("min_payable.amount",)
    assert "on the edge of the grid in min_payable.amount, which goes no lower than 0." in found.text()
    assert "widen it" not in found.text()


def test_the_margin_is_written_as_the_currencys_readers_do():
    large = table(margin=[95.0, 1234567.4, 80.0, 80.0, -1.0])
    assert "a margin of 1,234,567;" in ns.recommend(large, discount_rate_at_most_percent=2).text()
    large.attrs["currency"] = "INR"
    assert "a margin of ₹12,34,567;" in ns.recommend(large, discount_rate_at_most_percent=2).text()


def test_a_switch_is_written_as_such():
    switched = table(**{"offers.0.max_discount": 10})
    switched.insert(0, "enabled", np.array([False, False, False, False, True], dtype=object))
    assert ns.recommend(switched, discount_rate_at_most_percent=100).text().startswith("enabled = true, ")


def test_a_first_grid_names_what_it_cannot_read():
    orders = ns.demo_orders().iloc[:10]
    with pytest.raises(ns.InputError, match="no column points_balance"):
        ns.first_grid(PROGRAM, orders.drop(columns="points_balance"), replayed=False)
    without_times = orders.drop(columns="ordered_at")
    with pytest.raises(ns.InputError, match=r"no column ordered_at.*replayed=False"):
        ns.first_grid(PROGRAM, without_times)
    with pytest.raises(ns.OrdersError, match="cart_amount is negative"):
        ns.first_grid(PROGRAM, orders.assign(cart_amount=-1.0))
