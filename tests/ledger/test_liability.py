"""What is owed, by hand."""

from decimal import Decimal

import pandas as pd
import pytest

import nector_sim as ns

#: 100 points are ₹5; earned points wait a week and live three months.
PROGRAM = ns.Program.parse(
    {
        "offers": [{"kind": "variable_amount", "points_per_step": 100, "discount_per_step": 5}],
        "earning": {"points_per_unit": "1", "delay_days": 7},
        "expiry": {"months": 3},
        "timezone": "Asia/Kolkata",
    }
)
ORDERS = pd.DataFrame(
    {
        "order_id": ["a1", "a2", "b1"],
        "customer_id": ["a", "a", "b"],
        "ordered_at": ["2026-01-10 12:00", "2026-02-26 12:00", "2026-02-10 12:00"],
        "cart_amount": [1050, 200, 300],
        "redeems": [False, True, False],
    }
)


def owed(**more):
    return ns.liability(ns.replay(PROGRAM, ORDERS, as_of="2026-03-01"), **more)


def test_by_age_and_expiry():
    # a's 1050 points came on 17 January; 1000 of them paid ₹50 of the second order, which earns 150 on 5 March.
    # b's 300 came on 17 February.
    now = owed()
    assert now.points == 50 + 150 + 300
    assert now.face == Decimal("25.00")
    assert now.expected is None
    assert now.by_age().to_numpy().tolist() == [
        ["pending", 150, Decimal("7.50")],
        ["0-3 months", 350, Decimal("17.50")],
    ]
    assert now.by_expiry()[["month", "points"]].to_numpy().tolist() == [
        ["2026-04", 50],
        ["2026-05", 300],
        ["2026-06", 150],
    ]


def test_earlier_instants_are_told_too():
    before = owed(at="2026-02-26 11:59")
    assert (before.points, before.face) == (1350, Decimal("67.50"))
    assert owed(at="2026-01-01").points == 0
    with pytest.raises(ns.InputError, match="after the end of the replay"):
        owed(at="2026-03-02")


def test_expected_is_face_times_the_rate_rounded_once():
    now = owed(ultimate_percent=["60", "70.1", "80"])
    # 25.00 × 70.1 % = 17.525
    assert (now.expected_low, now.expected, now.expected_high) == (Decimal("15.00"), Decimal("17.53"), Decimal("20.00"))
    assert owed(ultimate_percent=80).expected == owed(ultimate_percent=80).expected_low == Decimal("20.00")


@pytest.mark.parametrize("wrong", [0.7, 101, -1, "many", [80, 70, 60], [50, 60]])
def test_a_rate_that_is_none(wrong):
    with pytest.raises(ns.InputError, match="ultimate_percent"):
        owed(ultimate_percent=wrong)


def test_older_points_and_a_months_length():
    program = PROGRAM.model_copy(update={"expiry": None, "earning": None})
    grants = pd.DataFrame(
        {
            "customer_id": list("abcdef"),
            "granted_at": ["2026-12-01 00:00", "2026-11-30", "2026-05-31", "2025-06-01", "2024-01-01", "2026-11-28"],
            "points": [1, 2, 4, 8, 16, 32],
        }
    )
    # 30 November and three months is 28 February, as points that expire after three months would have.
    run = ns.replay(program, ORDERS.head(0), grants=grants, as_of="2027-02-28")
    assert ns.liability(run).by_age()[["age", "points"]].to_numpy().tolist() == [
        ["0-3 months", 1],
        ["3-6 months", 34],
        ["6-12 months", 4],
        ["12-24 months", 8],
        ["over 24 months", 16],
    ]


def test_inactivity_expires_together():
    program = PROGRAM.model_copy(
        update={
            "expiry": ns.Program.parse({"expiry": {"months": 3, "kind": "inactivity"}}).expiry,
            "earning": ns.Program.parse({"earning": {"points_per_unit": "1"}}).earning,
        }
    )
    now = ns.liability(ns.replay(program, ORDERS, as_of="2026-03-01"))
    # a: 1050 − 1000 + 150, last order 26 February; b: 300, last order 10 February.
    assert now.by_expiry()[["month", "points"]].to_numpy().tolist() == [["2026-05", 500]]
    assert sorted(now.lots["points"].tolist()) == [50, 150, 300]


def test_a_tier_has_the_value_of_its_offer():
    step = {"kind": "variable_amount", "points_per_step": 1}
    program = ns.Program.parse(
        {
            "offers": [
                {**step, "discount_per_step": "0.5", "tiers": ["Silver"]},
                {**step, "discount_per_step": "1", "tiers": ["Gold"]},
            ],
            "tiers": [
                {"name": "Silver", "min_spend": 100},
                {"name": "Gold", "min_spend": 1000},
            ],
        }
    )
    balances = pd.DataFrame({"customer_id": ["x", "y", "z"], "points": [10, 20, 40], "lifetime_spend": [0, 100, 1000]})
    now = ns.liability(balances, program=program, at="2026-01-01")
    assert now.by_tier().to_numpy().tolist() == [
        ["none", 10, Decimal("0.00")],
        ["Silver", 20, Decimal("10.00")],
        ["Gold", 40, Decimal("40.00")],
    ]
    assert now.face == Decimal("50.00")
    assert now.notices[-1] == "10 points belong to customers whose tier can use no offer; they count as nothing"


def test_an_overdraft_is_not_set_off():
    balances = pd.DataFrame({"customer_id": ["x", "y"], "points": [100, -60]})
    now = ns.liability(balances, program=PROGRAM, at="2026-01-01")
    assert (now.points, now.overdraft, now.face) == (100, 60, Decimal("5.00"))
    assert now.by_age()[["age", "points"]].to_numpy().tolist() == [["brought along", 100]]


def test_what_cannot_be_told():
    balances = pd.DataFrame({"customer_id": ["x"], "points": [100]})
    with pytest.raises(ns.InputError, match="needs the program, and at"):
        ns.liability(balances, program=PROGRAM)
    percent = ns.Program.parse({"offers": [{"kind": "fixed_percent", "points": 100, "percent": 5}]})
    with pytest.raises(ns.InputError, match="no value of its own"):
        ns.liability(balances, program=percent, at="2026-01-01")
    with pytest.raises(ns.InputError, match="give the replay an as_of"):
        ns.liability(ns.replay(PROGRAM, ORDERS.head(0)))
    with pytest.raises(ns.InputError, match="read_balances reads one from a file"):
        ns.liability("balances.csv", program=PROGRAM, at="2026-01-01")
    wrong = pd.DataFrame({"customer_id": ["x"], "points_balance": ["many"]})
    with pytest.raises(ns.InputError, match="points_balance or points_pending holds something that is no number"):
        ns.liability(wrong, program=PROGRAM, at="2026-01-01")


@pytest.mark.parametrize("kind", [int, str])
def test_the_balances_that_a_replay_gives_are_owed_with_what_is_pending(kind):
    run = ns.replay(PROGRAM, ORDERS, as_of="2026-03-01")
    balances = run.balances.astype({"points_balance": kind, "points_pending": kind})
    owed_then = ns.liability(balances, program=PROGRAM, at="2026-03-01")
    assert owed_then.points == ns.liability(run).points == 500
