"""Histories that cannot be used: everything that is wrong is named, together, and nothing is guessed."""

import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.ledger.schedule import make_schedule

PROGRAM = ns.Program.parse({"earning": {"points_per_unit": "0.1"}})
PLAIN = {"order_id": "a", "customer_id": "c", "ordered_at": "2026-11-02T00:00Z", "cart_amount": "100"}


def reasons(orders=(), opening=(), grants=(), program=PROGRAM, **more):
    with pytest.raises(ns.OrdersError) as refused:
        ns.replay(
            program,
            pd.DataFrame([{**PLAIN, "order_id": f"o{i}", **order} for i, order in enumerate(orders or [{}])]),
            opening=pd.DataFrame(opening) if opening else None,
            grants=pd.DataFrame(grants) if grants else None,
            **more,
        )
    rejects = refused.value.rejects
    assert len(refused.value.problems) == len(rejects)
    return [
        f"{t} {row}: {reason}"
        for t, row, reason in zip(rejects["table"], rejects["row"], rejects["reason"], strict=True)
    ]


def test_everything_wrong_is_named_together():
    found = reasons(
        orders=[
            {"refunded_at": "2026-11-01T00:00Z"},
            {"refunded_at": "2026-11-03T00:00Z", "refunded_amount": "100.01"},
            {"refunded_amount": "5"},
            {"order_id": "o0", "ordered_at": "2026-11-05T00:00Z"},
            {"cart_amount": "-1", "ordered_at": None},
            {"order_id": None, "customer_id": "", "ordered_at": None},
            {"redeems": "perhaps"},
        ],
        opening=[
            {"customer_id": "c", "points": 5},
            {"customer_id": "c", "points": 6},
            {"customer_id": "d", "points": 1.5},
            {"customer_id": None, "points": None},
        ],
        grants=[
            {"customer_id": "c", "granted_at": "2026-11-02T00:00Z", "points": -1},
            {"customer_id": "c", "granted_at": "2026-11-02T00:00Z", "points": 1, "expires_at": "2026-11-02T00:00Z"},
            {"customer_id": "c", "granted_at": None, "points": 1},
            {"customer_id": "c", "granted_at": "1026-11-02T00:00Z", "points": 1},
        ],
    )
    assert found == [
        "orders 1: refunded_at is before ordered_at; an order is refunded after it is placed",
        "orders 3: refunded_amount has no refunded_at; say when",
        "orders 4: order_id stands at another time in row 1; an order occurs once",
        "orders 5: ordered_at is missing; fill it in; cart_amount is negative; an amount is 0 or more",
        "orders 6: order_id is missing; fill it in; customer_id is missing; fill it in; "
        "ordered_at is missing; fill it in",
        "orders 7: redeems is neither yes nor no; write true or false, or leave it blank",
        "opening 2: customer_id has an opening balance with this expires_at already; one row for each",
        "opening 3: points is not a whole number of points; round it first, in the way you mean",
        "opening 4: customer_id is missing; fill it in; points is missing; fill it in",
        "grants 1: points is negative; a grant gives points",
        "grants 2: expires_at is not after granted_at",
        "grants 3: granted_at is missing; fill it in",
        "grants 4: granted_at is not between the years 1900 and 2500",
    ]


def test_a_refund_up_to_the_cart_or_what_was_paid_is_a_full_one():
    orders = pd.DataFrame([{**PLAIN, "refunded_at": PLAIN["ordered_at"], "refunded_amount": 120, "paid_amount": 120}])
    assert ns.replay(PROGRAM, orders).totals.loc[0, "taken_back"] == 10


def test_an_expiry_of_its_own_under_inactivity_is_refused():
    program = ns.Program.parse({"expiry": {"days": 30, "kind": "inactivity"}})
    found = reasons(opening=[{"customer_id": "c", "points": 5, "expires_at": "2027-01-01"}], program=program)
    assert found == ["opening 1: expires_at is given, and under inactivity points expire together; leave it blank"]


def test_a_customer_has_one_lifetime_spend():
    opening = [
        {"customer_id": "c", "points": 5, "lifetime_spend": 100},
        {"customer_id": "c", "points": 5, "lifetime_spend": 200, "expires_at": "2027-01-01"},
        {"customer_id": "c", "points": 5, "lifetime_spend": 100, "expires_at": "2027-02-01"},
    ]
    found = reasons(opening=opening)
    assert found == ["opening 2: lifetime_spend differs from the customer's other rows; a customer has one"]


def test_long_lists_are_cut_in_the_message_alone():
    frame = pd.DataFrame([{**PLAIN, "order_id": str(i), "cart_amount": -1} for i in range(100)])
    with pytest.raises(ns.OrdersError, match=r"and 80 more, in \.rejects") as refused:
        ns.replay(PROGRAM, frame)
    assert len(refused.value.rejects) == 100


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"order_id": None}, "the orders have no column order_id; they have customer_id, ordered_at, cart_amount"),
        ({"payable": 1}, "the orders already have a column payable"),
    ],
)
def test_columns_that_are_missing_or_in_the_way(change, message):
    frame = pd.DataFrame([PLAIN]).assign(**change)
    frame = frame.drop(columns=[name for name, value in change.items() if value is None])
    with pytest.raises(ns.InputError, match=message):
        ns.replay(PROGRAM, frame)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (
            {"take_up": 0.4},
            "take_up is 0.4; did you mean 40. Percentages go from 0 to 100 .if you do mean 0.4 %, write",
        ),
        ({"take_up": 101}, "take_up is 101; a percentage goes from 0 to 100"),
        ({"take_up": "many"}, "take_up is many, not a number"),
        ({"seed": -1}, "seed is -1; it is a whole number"),
        ({"seed": 1.5}, "seed is 1.5; it is a whole number"),
        ({"as_of": "soon"}, "as_of is soon, which is not a time; write it as 2026-11-23 18:30"),
        ({"as_of": pd.NaT}, "as_of is NaT, which is not a time"),
        ({"as_of": "0001-01-01"}, "as_of is 0001-01-01, which is not a time"),
        ({"threads": 0}, "threads is 0; it is 1 or more"),
        ({"opening": {"c": 5}}, "opening balances are a dict; give a pandas frame"),
        ({"grants": [5]}, "grants are a list; give a pandas frame"),
        ({"programs": [ns.Program()]}, "two programs begin at the start"),
        ({"programs": [("2026", ns.Program())]}, "a program begins at '2026', which is not a time"),
        (
            {"programs": {"2026-01-01": ns.Program()}},
            "programs is a dict; give a list of programs",
        ),
        ({"programs": ns.Program()}, "programs is a Program; give a list"),
    ],
)
def test_arguments_that_cannot_be_used(argument, message):
    with pytest.raises(ns.InputError, match=message):
        ns.replay(PROGRAM, pd.DataFrame([PLAIN]), **argument)


def test_a_program_that_is_none():
    with pytest.raises(ns.InputError, match="int is no program"):
        ns.replay(5, pd.DataFrame([PLAIN]))
    with pytest.raises(ns.InputError, match=r"program\.toml does not exist"):
        ns.replay_sweep(["program.toml"], pd.DataFrame([PLAIN]))
    with pytest.raises(ns.InputError, match="threads is -1"):
        ns.replay_sweep([PROGRAM], pd.DataFrame([PLAIN]), threads=-1)


@pytest.mark.parametrize("points", [-(2**63), -(10**12) - 1, 10**12 + 1, 2**63 - 1])
def test_an_opening_balance_is_at_most_a_million_million_points(points):
    opening = pd.DataFrame({"customer_id": ["c"], "points": [points]})
    with pytest.raises(ns.OrdersError, match="points is too large"):
        ns.replay(PROGRAM, pd.DataFrame([PLAIN]), opening=opening)


def test_programs_that_cannot_follow_each_other():
    from datetime import UTC, datetime

    start = datetime(2026, 1, 1, tzinfo=UTC)
    lots, together = ({"expiry": {"days": 1, "kind": kind}} for kind in ("lots", "inactivity"))
    with pytest.raises(ns.InputError, match=r"(?s)currency: is INR and USD.*timezone: .*expiry\.kind: is lots in one"):
        make_schedule(ns.Program.parse(lots), [(start, ns.Program.parse({**together, "currency": "USD"}))])
    with pytest.raises(ns.InputError, match="programs: there is none"):
        make_schedule()


def test_a_history_before_the_first_program_is_refused():
    program = ns.Program.parse({"valid_from": "2026-11-03T00:00:00Z"})
    with pytest.raises(
        ns.InputError, match="the history begins at 2026-11-02 00:00 UTC, and the first program at 2026-11-03"
    ):
        ns.replay(program, pd.DataFrame([PLAIN]))
