"""The margin of an order, line by line, against sums worked out by hand."""

from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest

from nector_sim import Assumptions, InputError, Program, VariableAmount, margins, order_margin, point_value

# 18 % tax, 55 % gross margin, 2 % of what is paid, 60 to fulfil; a cart of 1180 with 118 off.
BELIEVED = {"gross_margin_percent": 55, "tax_percent": 18, "payment_fee_percent": 2, "fulfilment_cost": 60}
ORDER = {"cart_amount": 1180, "discount": 118}


def lines(order, **changes):
    margin = order_margin(Assumptions(**BELIEVED | changes), **order)
    names = ("net_sales", "cost_of_goods", "points_given", "payment_fee", "fulfilment", "return_cost", "margin")
    return tuple(round(getattr(margin, name), 6) for name in names)


def test_points_as_a_discount_lower_the_taxable_value():
    # (1180 − 118) / 1.18 = 900; 45 % of 1000; 2 % of 1062.
    assert lines(ORDER) == (900, 450, 0, 21.24, 60, 0, 368.76)


def test_points_as_tender_leave_the_tax_on_the_full_price():
    # 1180 / 1.18 = 1000; the 118 are a payment.
    assert lines(ORDER, points_count_as="tender") == (1000, 450, 118, 21.24, 60, 0, 350.76)


def test_tax_on_top_passes_through_but_the_fee_is_taken_of_it():
    order = {"cart_amount": 1000, "discount": 100}
    # 18 % of 900 on top: 1062 is paid.
    assert lines(order, prices_include_tax=False) == (900, 450, 0, 21.24, 60, 0, 368.76)
    # As tender, 18 % of 1000 on top: 900 + 180 = 1080 is paid.
    assert lines(order, prices_include_tax=False, points_count_as="tender") == (1000, 450, 100, 21.6, 60, 0, 368.4)


def test_credits_are_a_payment_and_only_lower_the_fee():
    # 1180 − 180 − 118 = 882 is paid.
    assert lines(ORDER | {"credits_used": 180}) == (900, 450, 0, 17.64, 60, 0, 372.36)


def test_a_known_cost_takes_the_place_of_the_gross_margin():
    assert lines(ORDER | {"cost": 333}) == (900, 333, 0, 21.24, 60, 0, 485.76)


def test_a_refund_takes_its_share_of_sales_goods_and_points_and_leaves_the_fees():
    # Half of 900, half of 450; the fee and the fulfilment stay, and the freight is added.
    assert lines(ORDER | {"refunded_share": 0.5}, return_cost=40) == (450, 225, 0, 21.24, 60, 40, 103.76)
    assert lines(ORDER | {"refunded_share": 0.5}, points_count_as="tender") == (500, 225, 59, 21.24, 60, 0, 134.76)
    assert lines(ORDER | {"returned": True}, return_cost=40)[-2:] == (40, 328.76)


def test_cash_on_delivery_has_a_fee_of_its_own():
    fees = {"payment_fee_fixed": 3, "cod_fee": 30}
    assert lines(ORDER, **fees)[3] == 24.24
    assert lines(ORDER | {"payment_method": "Cash on Delivery (COD)"}, **fees) == (900, 450, 0, 30, 60, 0, 360)


@pytest.mark.parametrize("method", ["prepaid", "cod"])
def test_where_nothing_is_paid_there_is_no_payment_fee(method):
    order = {"cart_amount": 500, "discount": 500, "payment_method": method}
    assert lines(order, payment_fee_fixed=3, cod_fee=30)[3] == 0


def test_orders_in_a_frame_are_worked_out_one_by_one():
    orders = pd.DataFrame(
        {
            "cart_amount": [1180.0, 1180.0, 1180.0, 1180.0, 1180.0, 1180.0],
            "discount": [118.0] * 6,
            "cost": [None, 333, None, None, None, None],
            "payment_method": ["prepaid", None, "cash on delivery", "prepaid", "prepaid", "prepaid"],
            "refunded_at": pd.to_datetime([None, None, None, "2026-01-01", "2026-01-01", None], utc=True),
            "refunded_amount": [None, None, None, 250.0, None, None],
            "paid_amount": [None, None, None, 500.0, 800.0, 0.0],
        },
        index=list("abcdef"),
    )
    result = margins(orders, assumptions=Assumptions(**BELIEVED, cod_fee=30, return_cost=40))
    assert result.index.tolist() == list("abcdef")
    # The share refunded: 250 / 500, what history's customer paid; without an amount all of it, so that only
    # 21.24 + 60 + 40 of cost remain. The last was never paid.
    assert result["margin"].round(6).tolist()[:5] == [368.76, 485.76, 360, 103.76, -121.24]
    assert result.loc["f"].isna().all()


def test_the_refunded_share_is_historys_where_nothing_says_what_was_paid():
    orders = pd.DataFrame({"cart_amount": [1180.0], "discount": [118.0], "refunded_amount": [531.0]})
    # 531 / 1180 = 0.45, whatever the setting would have discounted; 0.55 × (900 − 450), less 21.24 + 60.
    assert margins(orders, assumptions=Assumptions(**BELIEVED))["margin"].round(6).tolist() == [166.26]
    # History gave a discount of 118 of its own: 531 / 1062 is one half.
    given = orders.assign(discount_given=118.0)
    assert margins(given, assumptions=Assumptions(**BELIEVED))["margin"].round(6).tolist() == [143.76]


def test_accrual_charges_the_points_earned_and_not_those_redeemed():
    program = Program(offers=[VariableAmount(points_per_step=10, discount_per_step=2)])

    def result_of(payment_method="prepaid", **beliefs):
        orders = pd.DataFrame({"cart_amount": [1180.0], "discount": [118.0], "points_earned": [50]})
        believed = Assumptions(**BELIEVED | beliefs, ultimate_redemption_percent=70)
        return margins(
            orders.assign(payment_method=payment_method), assumptions=believed, view="accrual", program=program
        )

    result = result_of()
    # 50 × 0.20 × 70 % = 7 at the checkout, which cost 7 / 1.18 net of tax, less the fee of 0.14 that is not paid then;
    # 1000 − 450 − 2 % of 1180 − 60 is left before them.
    assert result["points_given"].round(6).tolist() == [5.792203]
    assert result["margin"].round(6).tolist() == [460.607797]
    tender = result_of(points_count_as="tender")
    # The tax stays on the full price: 7 − 0.14.
    assert tender["points_given"].round(6).tolist() == [6.86]
    cash_on_delivery = result_of(payment_method="COD")
    # No fee is paid there, so none is saved: 7 / 1.18.
    assert cash_on_delivery["points_given"].round(6).tolist() == [5.932203]


def test_goods_that_came_back_and_cannot_all_be_sold_again():
    # Half of it came back: half of net 1000 is kept, and half of the goods' 450; 40 % of the other half is lost.
    orders = pd.DataFrame({"cart_amount": [1180.0], "discount": [0.0], "refunded_amount": [590.0]})
    believed = Assumptions(**BELIEVED, resale_percent=60)
    assert margins(orders, assumptions=believed)["cost_of_goods"].round(6).tolist() == [225 + 0.4 * 225]
    with_cost = margins(orders.assign(cost=300.0), assumptions=believed)
    assert with_cost["cost_of_goods"].round(6).tolist() == [150 + 0.4 * 150]


def test_what_is_missing_is_named():
    believed = Assumptions(tax_percent=18)
    with pytest.raises(InputError, match=r"no column cost.*no gross_margin_percent"):
        order_margin(believed, **ORDER)
    orders = pd.DataFrame({"cart_amount": [1180.0, 1.0], "discount": [118.0, 0.0], "cost": [None, 1]})
    with pytest.raises(InputError, match="no cost on 1 of 2 rows"):
        margins(orders, assumptions=believed)
    with pytest.raises(InputError, match="discount: this column is missing"):
        margins(orders[["cart_amount"]], assumptions=believed)
    with pytest.raises(InputError, match="needs a column points_earned"):
        margins(orders, assumptions=Assumptions(**BELIEVED), view="accrual")
    with pytest.raises(InputError, match="no offer of the program gives an amount"):
        point_value(Program())
    with pytest.raises(InputError, match="cost holds something that is not a number"):
        margins(orders.assign(cost=["a", "b"]), assumptions=Assumptions(**BELIEVED))


@pytest.mark.parametrize("dtype", [object, pd.ArrowDtype(pa.decimal128(12, 2))])
def test_decimal_columns_give_the_same_margin(dtype):
    orders = pd.DataFrame({"cart_amount": [Decimal("1180.00")], "discount": [Decimal("118.00")]}, dtype=dtype)
    assert margins(orders, assumptions=Assumptions(**BELIEVED))["margin"].round(6).tolist() == [368.76]


def test_credits_and_points_that_pay_for_all_leave_no_fee_and_no_float_noise():
    # 64.32 − 42.06 − 22.26 is 7e-15 in floats.
    order = {"cart_amount": 64.32, "credits_used": 42.06, "discount": 22.26}
    assert lines(order, payment_fee_fixed=3)[3] == 0
    assert lines(order | {"payment_method": "COD"}, cod_fee=30)[3] == 0
    bought = pd.DataFrame({"cart_amount": [64.32], "credits": [42.06], "credits_used": [42.06], "discount": [0.0]})
    history = bought.assign(paid_amount=[0.0], discount_given=[22.26])
    assert margins(history, assumptions=Assumptions(**BELIEVED))["margin"].notna().all()
