"""A table of refunds at the doors: one account of them for the ledger and the margin, and every wrong row by name."""

import numpy as np
import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.ledger.refunds import refunded_shares

PROGRAM = ns.Program.parse(
    {
        "offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}],
        "earning": {"points_per_unit": "0.1", "base": "cart_amount"},
    }
)
BELIEVED = ns.Assumptions(gross_margin_percent=50)
ORDERS = pd.DataFrame(
    {
        "order_id": ["a", "b", "d"],
        "customer_id": ["c", "c", "e"],
        "ordered_at": ["2026-01-01T10:00Z", "2026-01-02T10:00Z", "2026-01-03T10:00Z"],
        "cart_amount": [1000.0, 500.0, 300.0],
    }
)


def refunds(*rows):
    return pd.DataFrame(rows, columns=["order_id", "refunded_at", "amount"])


TWO = refunds(("a", "2026-02-01T00:00Z", 250.0), ("a", "2026-02-02T00:00Z", 500.0), ("d", "2026-02-03T00:00Z", None))


def test_the_table_moves_points_and_money_as_its_shares_say():
    result = ns.replay(PROGRAM, ORDERS, refunds=TWO, movements=True)
    taken = result.movements[result.movements["kind"] == "taken_back"]
    # 100 points: a quarter, then half; all of 30. In b, all 100 points of a were spent, so a's go below 0.
    assert list(zip(taken["order_id"], taken["points"], strict=True)) == [("a", -25), ("a", -50), ("d", -30)]
    assert result.as_of.isoformat() == "2026-02-03T00:00:00+00:00"
    margin = ns.margins(result.orders, assumptions=BELIEVED, refunds=TWO)["margin"].tolist()
    # What is kept of each order: a quarter, all, nothing. b pays 400 for goods of 250.
    assert margin == [0.25 * (1000 - 500), 400 - 250, 0]
    summary = ns.summarize(result.orders, assumptions=BELIEVED, refunds=TWO, replayed=True)
    assert summary.margin == sum(margin)


def test_the_table_and_the_columns_are_one():
    columns = ORDERS.assign(
        refunded_at=["2026-02-01T00:00Z", None, "2026-02-03T00:00Z"], refunded_amount=[250.0, None, None]
    )
    table = refunds(("a", "2026-02-01T00:00Z", 250.0), ("d", "2026-02-03T00:00Z", None))
    by_columns, by_table = ns.replay(PROGRAM, columns), ns.replay(PROGRAM, ORDERS, refunds=table)
    mixed = columns.assign(refunded_at=[None, None, "2026-02-03T00:00Z"], refunded_amount=None)
    by_both = ns.replay(PROGRAM, mixed, refunds=table.iloc[:1])
    for other in (by_table, by_both):
        pd.testing.assert_frame_equal(other.balances, by_columns.balances)
        pd.testing.assert_frame_equal(other.totals, by_columns.totals)
    kept = ns.margins(by_columns.orders, assumptions=BELIEVED)["margin"].tolist()
    assert ns.margins(by_table.orders, assumptions=BELIEVED, refunds=table)["margin"].tolist() == kept
    assert ns.margins(by_both.orders, assumptions=BELIEVED, refunds=table.iloc[:1])["margin"].tolist() == kept


@pytest.mark.parametrize("replayed", [True, False])
def test_sweep_and_compare_take_the_same_table(replayed):
    orders = ORDERS if replayed else ORDERS.assign(points_balance=[0, 100, 0])
    how = {"assumptions": BELIEVED, "replayed": replayed, "refunds": TWO}
    table = ns.sweep(PROGRAM, orders, grid={"offers.0.max_discount": [50, 100]}, resamples=0, **how)
    # 125 of a and nothing of d, as above; b pays 450 or 400 for goods of 250.
    assert table["margin"].tolist() == [125 + 200, 125 + 150]
    lower = PROGRAM.replaced({"offers.0.max_discount": 50})
    compared = ns.compare(PROGRAM, lower, orders, resamples=0, **how)
    assert (compared.baseline.margin, compared.candidate.margin) == (275, 325)


def test_every_wrong_row_is_named():
    wrong = refunds(
        ("z", "2026-02-01T00:00Z", 5.0),
        ("a", "2025-12-01T00:00Z", 5.0),
        ("b", "2026-02-01T00:00Z", -5.0),
        ("d", None, 5.0),
        ("d", "soon", 5.0),
    )
    orders = ORDERS.assign(refunded_at=[None, "2026-03-01T00:00Z", None])
    with pytest.raises(ns.OrdersError) as caught:
        ns.replay(PROGRAM, orders, refunds=wrong)
    reasons = {(row, reason) for row, reason in caught.value.rejects[["row", "reason"]].itertuples(index=False)}
    assert {row for row, _ in reasons} == {1, 2, 3, 4, 5}
    said = str(caught.value)
    for words in (
        "refunds, row 1: order_id is no order of this history; take the row out, or add its order",
        "refunds, row 2: refunded_at is before ordered_at",
        "order_id has a refunded_at in row 2 of the orders too; say it once",
        "refunds, row 4: refunded_at is missing",
    ):
        assert words in said
    with pytest.raises(ns.InputError, match="refunds, row 1: order_id is no order of these"):
        ns.margins(ns.score(PROGRAM, ORDERS.assign(points_balance=0)), assumptions=BELIEVED, refunds=wrong.iloc[:1])
    with pytest.raises(ns.InputError, match="the refunds have no column refunded_at"):
        ns.replay(PROGRAM, ORDERS, refunds=TWO[["order_id"]])


def test_more_than_was_paid_counts_as_whole_and_is_said():
    more = refunds(
        ("a", "2026-02-01T00:00Z", 700.0), ("a", "2026-02-02T00:00Z", 400.0), ("a", "2026-02-03T00:00Z", 9.0)
    )
    result = ns.replay(PROGRAM, ORDERS, refunds=more, movements=True)
    taken = result.movements[result.movements["kind"] == "taken_back"]
    assert taken["points"].tolist() == [-70, -30]
    assert "orders refunded more than was paid (shipping, perhaps), which count as whole: 1" in result.notices
    of_columns = ORDERS.assign(refunded_at=["2026-02-01T00:00Z", None, None], refunded_amount=[1100.0, None, None])
    assert ns.replay(PROGRAM, of_columns).totals["taken_back"][0] == 100


def test_a_date_on_the_orders_own_day_is_at_its_instant():
    # 15:30 in India; the day began before it.
    result = ns.replay(PROGRAM, ORDERS, refunds=refunds(("a", "2026-01-01", None)), movements=True)
    taken = result.movements[result.movements["kind"] == "taken_back"]
    assert taken["at"].iloc[0].isoformat() == "2026-01-01T10:00:00+00:00"


def test_refunds_after_as_of_are_ignored_and_orders_after_it_too():
    result = ns.replay(PROGRAM, ORDERS, refunds=TWO, as_of="2026-01-02T12:00Z")
    assert result.totals[["orders", "taken_back"]].iloc[0].tolist() == [2, 0]


def test_a_lifetime_spend_that_does_not_count_is_said_once():
    brought = pd.DataFrame({"customer_id": ["c"], "points": [5], "lifetime_spend": [900.0]})
    for tiers, tiering, counts in (
        ([{"name": "A", "min_spend": 100}], None, True),
        ([{"name": "A", "min_spend": 100}], {"window_months": 3}, False),
        ([{"name": "A", "min_orders": 1}], None, False),
    ):
        program = PROGRAM.model_copy(update={"tiers": tiers, "tiering": tiering})
        result = ns.replay(program, ORDERS.iloc[:1], opening=brought)
        assert result.orders["tier"].isna().tolist() == [not counts]
        said = "opening balances with a lifetime_spend, which counts for min_spend without a window alone: 1"
        assert (said in result.notices) is not counts


def test_shares_are_worked_out_for_two_hundred_thousand_refunds_of_an_order():
    n = 200_000
    row, at = np.zeros(n, np.int64), np.arange(n, dtype=np.int64)[::-1].copy()
    shares = refunded_shares(row, at, np.ones(n, np.int64), np.array([n]))
    assert (shares.after == np.arange(1, n + 1)).all()
    assert (shares.before == np.arange(n)).all()
