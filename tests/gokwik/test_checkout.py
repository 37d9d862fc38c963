"""The checkout's side: what it does with answers, refusals and silence; and a file of orders as traffic."""

import json
import time
from decimal import Decimal

import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.gokwik import Checkout, Customer, Database, play_orders
from nector_sim.gokwik.posting import NoAnswer
from tests.gokwik.receivers import receiving
from tests.gokwik.shops import open_shop


@pytest.fixture
def checkout(shop):
    with Checkout(shop.url, pauses=(0, 0)) as checkout:
        yield checkout


def test_a_paid_order(shop, checkout):
    visit = checkout.visit(Decimal(500), customer_id="rich", reference_order_id="1")
    assert (visit.points_redeemed, visit.discount, visit.payable, visit.paid) == (400, 400, 100, True)
    assert visit.steps == (
        "list: 400 off for 400 points (limited by min_payable)",
        "perform: 400 points taken, 400 off",
        "pay: 100 paid",
    )
    assert shop.points("rich") == 4600


def test_a_failed_payment_gives_the_points_back(shop, checkout):
    visit = checkout.visit(Decimal("749.95"), mobile="9876500001", payment_fails=True)
    assert (visit.points_redeemed, visit.discount, visit.paid, visit.settled) == (0, 0, False, True)
    assert visit.steps[-1] == "revert: 649 points given back"
    assert shop.points("rich") == 5000


def test_credits_alone_are_given_back_too(shop, checkout):
    checkout.visit(Decimal(30), customer_id="rich", wallet_type="credits", payment_fails=True)
    assert list(shop.wallets.ledger("rich")["credits"]) == [50, -30, 30]


def test_who_does_not_redeem_keeps_the_points(shop, checkout):
    visit = checkout.visit(Decimal(500), customer_id="rich", redeems=False)
    assert (visit.payable, len(visit.steps)) == (500, 2)
    assert shop.points("rich") == 5000


def test_an_unknown_customer_pays_without_points(checkout):
    visit = checkout.visit(Decimal(500), customer_id="nobody")
    assert (visit.payable, visit.steps[0]) == (500, "list: No customer has this id or mobile number.")


# All that Nector documents of an answer.
LISTED = json.dumps({"meta": {"code": 200}, "data": {"id": "1", "fiat_value": 400, "coin_value": 400}}).encode()
BROKEN = b'{"meta": {"code": 503, "message": "Away."}, "data": null}'
ODD = b'{"meta": {"code": 200}, "data": {"fiat_value": NaN, "coin_value": "many"}}'
TAKEN = LISTED
UNKNOWN = json.dumps({"meta": {"code": 404, "error": "unknown_order", "message": "Nothing."}, "data": None}).encode()


@pytest.mark.parametrize("plan", [3.0, None, 503, b"no JSON", b"[]", b"{}", b'{"meta": {"code": "200"}}', ODD])
def test_a_list_without_an_answer_goes_on_without_points(plan):
    with receiving(plan) as receiver, Checkout(receiver.url + "/hush", timeout=0.5) as checkout:
        start = time.monotonic()
        visit = checkout.visit(Decimal(500), customer_id="a")
        assert time.monotonic() - start < 2.5
    assert (visit.payable, visit.paid, visit.settled) == (500, True, True)
    assert visit.steps[0].startswith("list: ")
    assert "hush" not in str(visit)


def test_a_perform_without_an_answer_is_repeated_under_its_reference():
    with receiving(LISTED, None, 503, TAKEN) as receiver, Checkout(receiver.url, pauses=(0, 0)) as checkout:
        visit = checkout.visit(Decimal(500), customer_id="a", reference_order_id="1")
    assert visit.discount == 400
    performs = [json.loads(body) for _, body, _ in receiver.requests[1:]]
    assert performs == [performs[0]] * 3
    assert performs[0]["reference_order_id"] == "1"


@pytest.mark.parametrize("plan", [503, BROKEN, ODD])
def test_a_perform_that_is_never_answered_is_given_back(plan):
    times = 1 if plan == ODD else 3
    with receiving(LISTED, *[plan] * times, UNKNOWN) as receiver, Checkout(receiver.url, pauses=(0, 0)) as checkout:
        visit = checkout.visit(Decimal(500), customer_id="a")
    assert (visit.payable, visit.settled) == (500, True)
    assert json.loads(receiver.requests[-1][1])["action"] == "revert"


def test_what_may_still_be_taken_is_said():
    with receiving(LISTED, 503) as receiver, Checkout(receiver.url, pauses=(0, 0)) as checkout:
        visit = checkout.visit(Decimal(500), customer_id="a")
    assert (visit.payable, visit.settled) == (500, False)
    assert any(step.startswith("revert: ") and step.endswith("still owed") for step in visit.steps)


def test_no_redirect_is_followed():
    with receiving(307) as receiver, Checkout(receiver.url) as checkout, pytest.raises(NoAnswer):
        checkout.call("list", customer_id="a", amount=1)
    assert len(receiver.requests) == 1


ORDERS = pd.DataFrame(
    [
        # The rows are in no order. Balances: a 1000, b 300; 1 point = 1, at least 100 to pay.
        ("o2", "a", "2026-01-02", "900.50", None, None),  # 600 are left after o1
        ("o1", "a", "2026-01-01", "500", "2026-01-03", None),  # takes 400, given back after o2
        ("o3", "a", "2026-01-03", "250", None, None),  # at the refund's instant, before it: nothing is left
        ("o4", "a", "2026-01-04", "250", None, None),  # takes 150 of the 400
        ("o5", "b", "2026-01-01", "400", "2026-01-02", "50"),  # takes 300; a partial refund gives nothing back
    ],
    columns=["order_id", "customer_id", "ordered_at", "cart_amount", "refunded_at", "refunded_amount"],
    index=[7, 3, 5, 9, 1],
)


def test_orders_as_traffic_end_where_the_ledger_ends(database, program):
    before = ORDERS.copy()
    with open_shop(database, program, [Customer("a", 1000), Customer("b", 300)]) as shop:
        played = play_orders(shop.url, ORDERS, clients=2)
        assert (shop.points("a"), shop.points("b")) == (250, 0)
    assert list(played.index) == [7, 3, 5, 9, 1]
    assert dict(zip(played["order_id"], played["points_redeemed"], strict=True)) == {
        "o1": 400,
        "o2": 600,
        "o3": 0,
        "o4": 150,
        "o5": 300,
    }
    assert list(played["payable"]) == [Decimal("300.5"), 100, 250, 100, 100]
    assert list(played["given_back"]) == [False, True, False, False, False]
    pd.testing.assert_frame_equal(ORDERS, before)


def test_orders_that_do_not_redeem_and_that_were_refunded_whole(tmp_path, program):
    orders = pd.DataFrame(
        {
            "order_id": ["1", "2", "3"],
            "customer_id": ["a"] * 3,
            "ordered_at": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"]),
            "cart_amount": [500.0, 500.0, 500.0],
            "redeems": [False, True, None],
            "refunded_at": [pd.NaT, pd.NaT, pd.Timestamp("2026-01-04")],
            "refunded_amount": [None, None, 80.0],
            "paid_amount": [None, None, 80.0],
        }
    )
    with (
        Database(tmp_path / "gokwik.db") as database,
        open_shop(database, program, [Customer("a", 1000)]) as shop,
    ):
        played = play_orders(shop.url, orders)
        assert list(played["points_redeemed"]) == [0, 400, 400]
        assert list(played["given_back"]) == [False, False, True]
        assert shop.points("a") == 600


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"points_requested": 5}, "name no number of points"),
        ({"credits": 5}, "in the customer's wallet"),
        ({"ordered_at": "yesterday"}, "is not a time"),
        ({"refunded_at": "2025-01-01"}, "refunded before it was ordered"),
    ],
)
def test_orders_that_cannot_be_played_are_refused(change, says):
    with pytest.raises(ns.InputError, match=says):
        play_orders("http://127.0.0.1:1/x", ORDERS.assign(**change))
    with pytest.raises(ns.InputError, match="cart_amount: is missing"):
        play_orders("http://127.0.0.1:1/x", ORDERS.drop(columns="cart_amount"))
