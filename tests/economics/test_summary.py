"""A program on a set of orders, against sums worked out by hand."""

import pandas as pd
import pytest

from nector_sim import Assumptions, InputError, orders_below_floor, summarize


def scored(**columns):
    return pd.DataFrame(
        {
            "cart_amount": [1000.0, 500.0, 100.0, 400.0],
            "discount": [200.0, 400.0, 0.0, 0.0],
            "payable": [800.0, 100.0, 100.0, 400.0],
            "points_redeemed": [200, 400, 0, 0],
            "limited_by": pd.Categorical(["max_discount", "min_payable", "min_payable", "balance"]),
        }
        | columns
    )


HALF = Assumptions(gross_margin_percent=50, fulfilment_cost=50)


def test_totals_cost_and_break_even():
    summary = summarize(scored(), assumptions=HALF)
    assert (summary.orders, summary.orders_redeemed, summary.points_redeemed) == (4, 2, 600)
    assert (summary.cart, summary.discount, summary.payable, summary.discount_rate) == (2000, 600, 1400, 0.3)
    # Half of 2000 less 4 × 50 without, and 600 less with.
    assert (summary.margin_without, summary.margin, summary.cost_of_program) == (800, 200, 600)
    assert summary.break_even_uplift == 3
    assert summary.break_even == "Break-even: 300.0 % more orders like today's would pay for the program."
    assert summary.share_could_redeem == 0.5
    assert summary.take_up == 1
    assert summary.label == "everyone"
    assert summary.limited_by == {"min_payable": 0.5, "max_discount": 0.25, "balance": 0.25}


def test_where_nothing_is_left_it_never_pays():
    summary = summarize(scored(), assumptions=HALF.replaced(fulfilment_cost=100))
    # 1000 − 400 = 600 without, nothing with.
    assert (summary.margin_without, summary.margin) == (600, 0)
    assert summary.break_even_uplift is None
    assert summary.break_even.startswith("It never pays for itself")
    assert summary.row()["break_even_uplift"] is None


def test_take_up_is_an_expected_value():
    summary = summarize(scored(), assumptions=HALF.replaced(take_up_percent=60))
    assert (summary.orders_redeemed, summary.points_redeemed, summary.discount) == (1.2, 360, 360)
    assert (summary.margin, summary.cost_of_program) == (pytest.approx(440), pytest.approx(360))
    assert summary.orders_could_redeem == 2
    assert summary.take_up == 0.6
    assert summary.who_redeems == "if 60 % of the orders that can use points do"
    # Of the two that could, 40 % ask for nothing.
    assert {key: round(value, 9) for key, value in summary.limited_by.items()} == {
        "min_payable": (0.6 + 1) / 4,
        "balance": 0.25,
        "requested": 0.2,
        "max_discount": 0.15,
    }


def test_who_redeems_is_known_where_the_orders_say_so():
    summary = summarize(scored(redeems=[False, None, True, None]), assumptions=HALF.replaced(take_up_percent=50))
    # The first does not, the second in half of the cases.
    assert (summary.orders_redeemed, summary.discount) == (0.5, 200)


def test_a_replay_has_drawn_its_take_up_already():
    summary = summarize(
        scored(could_redeem=[True, True, False, True]),
        assumptions=HALF.replaced(take_up_percent=50),
        replayed=True,
    )
    assert (summary.orders_redeemed, summary.orders_could_redeem, summary.discount) == (2, 3, 600)
    assert summary.take_up == 2 / 3


def test_orders_below_a_floor_are_counted_and_given():
    # Margins 250, −200, 0, 150 on net sales of 800, 100, 100, 400: 31 %, −200 %, 0 %, 38 %.
    assert summarize(scored(), assumptions=HALF, floor_percent=35).orders_below_floor == 3
    below = orders_below_floor(scored(), assumptions=HALF, floor_percent=20)
    assert below.index.tolist() == [1, 2]
    assert below["margin"].tolist() == [-200, 0]
    with pytest.raises(InputError, match=r"floor_percent is 0.2; did you mean 20\?"):
        summarize(scored(), assumptions=HALF, floor_percent=0.2)


def test_orders_never_paid_are_left_out_and_counted():
    summary = summarize(scored(paid_amount=[0.0, 0.0, 100.0, 400.0], discount_given=[0, 500, 0, 0]), assumptions=HALF)
    # Of the first nothing was paid though nothing was given; the second was paid with points.
    assert (summary.orders, summary.orders_left_out, summary.discount) == (3, 1, 400)


def test_the_callers_frame_is_not_changed():
    orders = scored()
    before = orders.copy(deep=True)
    summarize(orders, assumptions=HALF, floor_percent=20)
    pd.testing.assert_frame_equal(orders, before)


def test_accrual_says_what_the_points_earned_cost():
    from nector_sim import Program, VariableAmount

    program = Program(offers=[VariableAmount(points_per_step=1, discount_per_step=1)])
    summary = summarize(
        scored(points_earned=[50, 25, 5, 20]),
        assumptions=HALF.replaced(ultimate_redemption_percent=70, take_up_percent=50),
        view="accrual",
        program=program,
    )
    # 100 points at 1 and 70 %.
    assert (summary.margin_without, round(summary.cost_of_program, 6), summary.view) == (800, 70, "accrual")


def test_an_order_that_says_it_does_not_redeem_is_measured_at_the_floor_without_points():
    # Without points the margins are 450, 200, 0, 150 on net sales of 1000, 500, 100, 400: 45 %, 40 %, 0 %, 38 %.
    said = scored(redeems=[False, False, False, True])
    assert summarize(said, assumptions=HALF, floor_percent=35).orders_below_floor == 1
    assert orders_below_floor(said, assumptions=HALF, floor_percent=35).index.tolist() == [2]


def test_a_floor_below_one_percent_is_written_with_its_sign():
    assert summarize(scored(), assumptions=HALF, floor_percent="0.5%").orders_below_floor == 2


def test_orders_that_were_not_scored_are_named():
    with pytest.raises(InputError, match="no column points_redeemed, limited_by; score or replay them first"):
        summarize(scored().drop(columns=["points_redeemed", "limited_by"]), assumptions=HALF)
