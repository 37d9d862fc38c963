"""Opening balances: from the first orders, and balances of today run back to them."""

import pandas as pd
import pytest

import nector_sim as ns

PROGRAM = ns.Program.parse(
    {
        "offers": [{"kind": "variable_amount", "points_per_step": 10, "discount_per_step": 5}],
        "earning": {"points_per_unit": "0.1"},
    }
)
BELIEVED = ns.Assumptions(gross_margin_percent=50)


def orders(**columns):
    base = {
        "order_id": ["a1", "a2", "b1"],
        "customer_id": ["a", "a", "b"],
        "ordered_at": ["2026-01-01T10:00Z", "2026-02-01T10:00Z", "2026-01-15T10:00Z"],
        "cart_amount": [1000.0, 500.0, 300.0],
        "discount_given": [0.0, 40.0, None],
    }
    return pd.DataFrame(base | columns)


def run_back(snapshot, frame=None, at="2026-06-01", **given):
    table = pd.DataFrame({"customer_id": list(snapshot), "points": list(snapshot.values())})
    return ns.opening_from(table, orders() if frame is None else frame, PROGRAM, at=at, **given)


def test_earned_redeemed_and_granted_are_run_back():
    # a: 200 today, earned 100 on 1000 and 46 on 460, redeemed 40 ÷ 5 × 10 = 80, was granted 25: 200 − 146 + 80 − 25.
    grants = pd.DataFrame({"customer_id": ["a"], "granted_at": ["2026-01-20"], "points": [25]})
    opening = run_back({"a": 200, "b": 30}, grants=grants)
    assert opening.to_dict("records") == [{"customer_id": "a", "points": 109}, {"customer_id": "b", "points": 0}]
    # Run forward again with what really happened, it is what is there today.
    assert 109 + 146 + 25 - 80 == 200


def test_what_comes_out_below_nothing_is_nothing_and_counted():
    opening = run_back({"a": 10, "b": 30, "nobody": 5})
    assert opening.set_index("customer_id")["points"].to_dict() == {"a": 0, "b": 0, "nobody": 5}
    notices = " ".join(opening.attrs["notices"])
    assert "1 opening balances came out below 0" in notices
    assert "1 customer has a balance and no orders" in notices


def test_refunds_are_run_back_too():
    # All of a2 came back: its 46 were taken back, its 80 given back; only the 100 of a1 were earned since.
    frame = orders(refunded_at=[None, "2026-02-10T00:00Z", None], paid_amount=[1000.0, 460.0, 300.0])
    assert run_back({"a": 200, "b": 30}, frame)["points"].tolist() == [100, 0]
    # On a day before its refund, it had not.
    assert run_back({"a": 200, "b": 30}, frame, at="2026-02-05")["points"].tolist() == [200 - 146 + 80, 0]


def test_points_that_are_pending_are_not_in_a_balance():
    late = PROGRAM.model_copy(update={"earning": PROGRAM.earning.model_copy(update={"delay_days": 30})})
    table = pd.DataFrame({"customer_id": ["a", "b"], "points": [200, 30]})
    opening = ns.opening_from(table, orders(), late, at="2026-02-10")
    # Of a's 146 earned, 46 of 1 February are pending on the 10th; b's 30 of 15 January are too.
    assert opening["points"].tolist() == [200 - 100 + 80, 30]


def test_a_late_snapshot_and_one_of_other_people_are_said():
    assert any(
        "the day of the balances: what happened in between" in said for said in run_back({"a": 200}).attrs["notices"]
    )
    with pytest.raises(ns.InputError, match="no customer of the balances has an order"):
        run_back({"x": 5})
    percent = ns.Program.parse({"offers": [{"kind": "fixed_percent", "points": 10, "percent": 5}]})
    with pytest.raises(ns.InputError, match="no offer of the program gives an amount for points"):
        ns.opening_from(pd.DataFrame({"customer_id": ["a"], "points": [9]}), orders(), percent, at="2026-06-01")


def test_a_replay_says_that_it_does_not_use_the_orders_balances():
    frame = orders(points_balance=[60, 70, 80])
    assert any("points_balance is not used" in said for said in ns.replay(PROGRAM, frame).notices)
    opening = pd.DataFrame({"customer_id": ["a", "b"], "points": [60, 80]})
    assert not any("points_balance" in said for said in ns.replay(PROGRAM, frame, opening=opening).notices)


def test_sweeps_and_comparisons_begin_with_the_balance_at_the_first_order():
    # The first order is by time, not by row; and of one instant by the id.
    frame = orders(points_balance=[60, 70, 80])
    frame = pd.concat([frame.iloc[::-1], frame.iloc[:1].assign(order_id="a0", points_balance=90)], ignore_index=True)
    opening = pd.DataFrame({"customer_id": ["a", "b"], "points": [90, 80]})
    expected = ns.replay(PROGRAM, frame, opening=opening).totals["discount"][0]
    table = ns.sweep(PROGRAM, frame, grid={"enabled": [True]}, assumptions=BELIEVED)
    compared = ns.compare(PROGRAM, PROGRAM, frame, assumptions=BELIEVED, resamples=0)
    assert table["discount"][0] == compared.baseline.discount == expected
    assert "Opening balances are each customer's points_balance at the first order" in compared.notices
    given = ns.sweep(PROGRAM, frame, grid={"enabled": [True]}, assumptions=BELIEVED, opening=opening.assign(points=0))
    assert given["discount"][0] == ns.replay(PROGRAM, frame).totals["discount"][0]


def test_orders_that_were_read_with_balances_of_today_run_them_back():
    exported = orders().drop(columns="discount_given")
    balances = pd.DataFrame({"customer_id": ["a", "b"], "points": [200, 100]})
    read = ns.read_orders(exported, balances=balances, balances_at="2026-06-01")
    # 200 − 150 and 100 − 30 at the first orders, not 200 on each of a's orders.
    table = ns.sweep(PROGRAM, read, grid={"enabled": [True]}, assumptions=BELIEVED)
    opening = pd.DataFrame({"customer_id": ["a", "b"], "points": [50, 70]})
    expected = ns.replay(PROGRAM, exported, opening=opening)
    assert table["points_redeemed"][0] == expected.totals["redeemed"][0]
    assert table.attrs["notices"][0] == "Opening balances are those of 2026-06-01, run back"


def test_balances_that_never_change_look_like_a_snapshot():
    compared = ns.compare(PROGRAM, PROGRAM, orders(points_balance=[60, 60, 80]), assumptions=BELIEVED, resamples=0)
    assert any("the same on every order of each customer" in said for said in compared.notices)
    by_itself = ns.compare(
        PROGRAM, PROGRAM, orders(points_balance=[60, 60, 80]), assumptions=BELIEVED, resamples=0, replayed=False
    )
    # 60 + 60 + 80 of the 60 + 80 that there are.
    assert any(f"spend {200 / 140:.1f} times the most points" in said for said in by_itself.notices)


@pytest.mark.parametrize("missing", ["order_id", "customer_id", "ordered_at"])
def test_what_cannot_be_replayed_is_refused_with_the_ways_on(missing):
    with pytest.raises(ns.InputError, match=rf"no column {missing}.*replayed=False \(--as-given\)"):
        ns.sweep(PROGRAM, orders().drop(columns=missing), grid={"enabled": [True]}, assumptions=BELIEVED)


def test_nothing_to_replay_is_refused_with_the_ways_on():
    without = PROGRAM.model_copy(update={"earning": None})
    with pytest.raises(ns.InputError, match="There is nothing to replay") as caught:
        ns.compare(without, without, orders(), assumptions=BELIEVED)
    for way in ("earning: say what orders earn", "opening: or give the balances", "replayed=False"):
        assert way in str(caught.value)
    grants = pd.DataFrame({"customer_id": ["a"], "granted_at": ["2026-01-01"], "points": [50]})
    compared = ns.compare(without, without, orders(), assumptions=BELIEVED, grants=grants, resamples=0)
    assert compared.baseline.points_redeemed == 50
    assert any("only runs the opening balances and grants down" in said for said in compared.notices)


def test_the_first_balance_is_that_of_a_customer_however_the_id_is_spaced():
    program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    orders = pd.DataFrame(
        {
            "order_id": [1, 2],
            "customer_id": [" c1", "c1"],
            "ordered_at": ["2026-01-01T00:00Z", "2026-01-05T00:00Z"],
            "cart_amount": [1000, 1000],
            "points_balance": [50, 60],
        }
    )
    table = ns.sweep(
        program, orders, grid={"min_payable.amount": [0]}, assumptions=ns.Assumptions(gross_margin_percent=55)
    )
    # 50 at first; 5 per 100 of the 950 paid are 47 for the next.
    assert table["discount"].tolist() == [97.0]
