"""The checkout's side: what it does with answers, refusals and silence; and a file of orders as traffic."""

import json
import time
from decimal import Decimal

import pandas as pd
import pyarrow as pa
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
    assert visit.trouble == ""


@pytest.mark.parametrize("cart", [749.95, "749.95", Decimal("749.950"), 750])
def test_a_cart_is_any_kind_of_amount(checkout, cart):
    assert checkout.visit(cart, customer_id="rich").discount == (650 if cart == 750 else 649)


@pytest.mark.parametrize("cart", ["₹500", "", float("nan"), Decimal("Infinity"), -1, None])
def test_a_cart_that_is_no_amount_is_refused(checkout, cart):
    with pytest.raises(ns.InputError, match=r"write it as 749\.95"):
        checkout.visit(cart, customer_id="rich")


def test_what_went_wrong_is_said(shop, checkout):
    checkout.visit(500, customer_id="rich", reference_order_id="1")
    again = checkout.visit(600, customer_id="rich", reference_order_id="1")
    assert (again.payable, again.settled) == (600, True)
    assert again.trouble.startswith("This reference_order_id was used with another customer")
    finer = checkout.visit("749.955", customer_id="rich")
    assert (finer.discount, finer.trouble) == (0, finer.steps[0].removeprefix("list: "))
    assert "finer than the currency" in finer.trouble


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), 1e9])
def test_a_timeout_is_a_number_of_seconds(timeout):
    with pytest.raises(ns.InputError, match="it must be above 0"):
        Checkout("http://127.0.0.1:1/hush", timeout=timeout)


@pytest.mark.parametrize(
    ("last", "says"),
    [("…o6aQ", "write the whole id"), ("hush é", "characters that no URL has"), ("a hush", "characters that no URL")],
)
def test_a_url_that_was_copied_wrong_is_refused(last, says):
    with pytest.raises(ns.InputError, match=says) as refused:
        Checkout(f"http://127.0.0.1:1/api/open/integrations/gokwikwebhook/{last}")
    assert "hush" not in str(refused.value)


def test_a_perform_that_must_wait_is_repeated():
    busy = b'{"meta": {"code": 429, "error": "too_many_guesses", "message": "Wait."}, "data": null}'
    with receiving(LISTED, busy, TAKEN) as receiver, Checkout(receiver.url, pauses=(0, 0)) as checkout:
        assert checkout.visit(500, customer_id="a").discount == 400


# All that Nector documents of an answer.
LISTED = json.dumps({"meta": {"code": 200}, "data": {"id": "1", "fiat_value": 400, "coin_value": 400}}).encode()
BROKEN = b'{"meta": {"code": 503, "message": "Away."}, "data": null}'
ODD = b'{"meta": {"code": 200}, "data": {"fiat_value": NaN, "coin_value": "many"}}'
TAKEN = LISTED
UNKNOWN = json.dumps({"meta": {"code": 404, "error": "unknown_order", "message": "Nothing."}, "data": None}).encode()


#: Answers that go on and on: in the first line, in the headers, in the body.
SLOW = [
    ["HTTP/1.1 2", *"0" * 40],
    ["HTTP/1.1 200 OK\r\nx: ", *"y" * 40],
    ["HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n", *" " * 40],
    ["HTTP/1.1 200 OK\r\n\r\n", *" " * 40],
]


@pytest.mark.parametrize(
    "plan", [*SLOW, b" " * 2**21, 3.0, None, 503, b"no JSON", b"[]", b"{}", b'{"meta": {"code": "200"}}', ODD]
)
def test_a_list_without_an_answer_goes_on_without_points(plan):
    with receiving(plan) as receiver, Checkout(receiver.url + "/hush", timeout=0.5) as checkout:
        start = time.monotonic()
        visit = checkout.visit(Decimal(500), customer_id="a")
        assert time.monotonic() - start < 2.5
    assert (visit.payable, visit.paid, visit.settled) == (500, True, True)
    assert visit.steps[0].startswith("list: ")
    assert visit.trouble
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


def test_orders_are_read_as_the_ledger_reads_them(tmp_path, program):
    # Numbers as ids, an amount a little beside itself as floats are, an hour that only its zone puts last.
    orders = {
        "order_id": [1.0, 2.0],
        "customer_id": [7, 7],
        "ordered_at": ["2026-01-01T01:00:00+00:00", "2026-01-01 06:00"],
        "cart_amount": [500.0000001, 749.9499999],
    }
    with Database(tmp_path / "gokwik.db") as database, open_shop(database, program, [Customer("7", 1000)]) as shop:
        played = play_orders(shop.url, pa.table(orders), program=program)
        # 06:00 in India is 00:30 UTC, so the second row is the first order.
        assert list(played["points_redeemed"]) == [351, 649]
        assert list(shop.wallets.ledger("7")["order_id"])[1:] == ["2", "1"]


def test_orders_that_go_on_without_points_say_why(database, program):
    with open_shop(database, program, [Customer("a", 1000)]) as shop:
        played = play_orders(shop.url + "x", ORDERS)
    assert set(played["trouble"]) == {"There is nothing at this address."}
    assert not played["discount"].any()


def test_a_refund_that_is_not_answered_says_so():
    orders = ORDERS.loc[[3]]
    with receiving(LISTED, TAKEN, b"no JSON") as receiver, pytest.MonkeyPatch.context() as patch:
        patch.setattr("nector_sim.gokwik.checkout.time.sleep", lambda _: None)
        played = play_orders(receiver.url, orders)
    assert (list(played["given_back"]), list(played["points_redeemed"])) == ([False], [400])
    assert "is not a JSON object" in played["trouble"].iloc[0]


def test_no_client_at_all_is_refused():
    with pytest.raises(ns.InputError, match="at least 1"):
        play_orders("http://127.0.0.1:1/x", ORDERS, clients=0)


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
        ({"refunded_at": "2025-01-01"}, "is before ordered_at"),
        ({"order_id": "twice"}, "an order occurs once"),
        ({"cart_amount": "749.955"}, "cart_amount is finer than"),
        ({"cart_amount": None}, "cart_amount is missing"),
        ({"customer_id": None}, "customer_id is missing"),
        ({"redeems": "perhaps"}, "redeems is neither yes nor no; write true or false, or leave it blank"),
        ({"refunded_amount": "many"}, "refunded_amount is not a number"),
    ],
)
def test_orders_that_cannot_be_played_are_refused(change, says):
    with pytest.raises(ns.InputError, match=says):
        play_orders("http://127.0.0.1:1/x", ORDERS.assign(**change))
    with pytest.raises(ns.InputError, match="no column cart_amount"):
        play_orders("http://127.0.0.1:1/x", ORDERS.drop(columns="cart_amount"))
