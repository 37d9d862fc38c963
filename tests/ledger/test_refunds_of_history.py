"""Refunds are history's: ledger and margin tell one story of them, and no setting changes it."""

import pandas as pd
import pytest

import nector_sim as ns

PROGRAM = ns.Program.parse(
    {
        "offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}],
        "earning": {"points_per_unit": "0.1", "base": "cart_amount"},
    }
)
BELIEVED = ns.Assumptions(gross_margin_percent=50)


def one_order(**columns):
    return pd.DataFrame(
        {"order_id": ["a"], "customer_id": ["c"], "ordered_at": ["2026-01-01T00:00Z"], "cart_amount": [1000.0]}
        | {name: [value] for name, value in columns.items()}
    )


# 1000 bought and 100 earned. What history says was paid, and the refunded share that follows, by hand.
@pytest.mark.parametrize(
    ("columns", "share"),
    [
        ({"refunded_amount": None}, 1),
        ({"refunded_amount": 250.0}, 0.25),
        ({"refunded_amount": 250.0, "paid_amount": 500.0}, 0.5),
        ({"refunded_amount": 250.0, "discount_given": 500.0}, 0.5),
        ({"refunded_amount": 250.0, "credits": 200.0, "discount_given": 300.0}, 0.5),
        ({"refunded_amount": 250.0, "discount_given": None, "credits": None}, 0.25),
        ({"refunded_amount": 0.0}, 0),
        ({"refunded_amount": 0.0, "paid_amount": 0.0, "discount_given": 1000.0}, 1),
        ({"refunded_amount": 0.0, "paid_amount": 0.0, "credits": 1000.0}, 1),
        ({"refunded_amount": 5.0, "discount_given": 1500.0}, 1),
    ],
)
@pytest.mark.parametrize("max_discount", [1, 300, None])
def test_one_share_for_ledger_and_margin_whatever_the_setting(columns, share, max_discount):
    program = PROGRAM.model_copy(
        update={"offers": (PROGRAM.offers[0].model_copy(update={"max_discount": max_discount}),)}
    )
    opening = pd.DataFrame({"customer_id": ["c"], "points": [600]})
    replayed = ns.replay(program, one_order(refunded_at="2026-01-05T00:00Z", **columns), opening=opening)
    totals, order = replayed.totals.iloc[0], replayed.orders.iloc[0]
    assert totals["taken_back"] == 100 * share
    assert totals["given_back"] == (order["points_redeemed"] if share == 1 else 0)
    margin = ns.margins(replayed.orders, assumptions=BELIEVED)["margin"][0]
    assert margin == pytest.approx((1 - share) * (1000 - order["discount"] - 500))


def test_an_order_that_was_never_paid_is_left_out_by_both_and_counted():
    orders = pd.concat([one_order(paid_amount=0.0), one_order(paid_amount=700.0).assign(order_id="b")])
    result = ns.replay(PROGRAM, orders)
    assert result.orders["order_id"].tolist() == ["b"]
    assert result.totals[["orders", "earned"]].iloc[0].tolist() == [1, 100]
    assert "orders never paid and left out: 1" in result.notices
    summary = ns.summarize(ns.score(PROGRAM, orders.assign(points_balance=0)), assumptions=BELIEVED)
    assert (summary.orders, summary.orders_left_out) == (1, 1)
    # All of it was paid with points: nothing was due.
    by_points = ns.replay(PROGRAM, one_order(paid_amount=0.0, discount_given=1000.0))
    assert by_points.totals["orders"][0] == 1


def test_a_refund_of_nothing_does_not_lengthen_the_replay():
    paid = one_order(refunded_at="2026-09-01T00:00Z", refunded_amount=0.0)
    assert ns.replay(PROGRAM, paid).as_of.isoformat() == "2026-01-01T00:00:00+00:00"
