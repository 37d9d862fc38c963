"""A server that answers as in live use: the checkout and the parity bench read it."""

import pytest

import nector_sim as ns
from nector_sim.gokwik import Checkout, Customer
from nector_sim.gokwik.asking import NectorDialect, questions
from nector_sim.gokwik.replies import is_nothing, read_given
from nector_sim.parity.callers import UrlCaller
from tests.gokwik.live_tenant import live_tenant

BALANCES = {"shopify-1": 5000, "shopify-2": 250, "shopify-3": 0}


@pytest.fixture(params=[False, True], ids=["numbers", "text"])
def tenant(request):
    with live_tenant(BALANCES, as_text=request.param) as tenant:
        yield tenant


def test_parity_reads_it(tenant, program):
    customers = [Customer(name, balance) for name, balance in BALANCES.items()]
    caller = UrlCaller(tenant.url, per_second=2000, dialect=NectorDialect())
    report = ns.check_parity(program, questions(program, customers, n=60, seed=3), calculator=caller)
    assert (report.agreements, report.compared) == (60, 60)
    assert {call["action"] for _, call in tenant.heard} == {"list"}


def test_parity_finds_a_mistake_of_it(tenant, program, monkeypatch):
    monkeypatch.setattr("tests.gokwik.live_tenant.LEAST_TO_PAY", 0)
    caller = UrlCaller(tenant.url, per_second=2000, dialect=NectorDialect())
    asked = questions(program, [Customer("shopify-1", 5000)], n=60, seed=3)
    report = ns.check_parity(program, asked, calculator=caller)
    assert 0 < report.agreements < report.compared


def test_a_checkout_reads_it(tenant):
    with Checkout(tenant.url) as checkout:
        visit = checkout.visit("1169.64", customer_id="shopify-1", reference_order_id="1")
        assert (visit.points_redeemed, visit.discount, visit.trouble) == (1000, 1000, "")
        assert tenant.balances["shopify-1"] == 4000
        failed = checkout.visit(500, customer_id="shopify-2", reference_order_id="2", payment_fails=True)
        assert (failed.points_redeemed, failed.settled, failed.trouble) == (0, True, "")
        assert tenant.balances["shopify-2"] == 250
        # Nothing to give, and a customer whom nobody knows: no trouble, as at every order of most customers.
        for who in ("shopify-3", "shopify-9"):
            visit = checkout.visit(500, customer_id=who)
            assert (visit.payable, visit.settled, visit.trouble) == (500, True, "")
            assert visit.steps[0] == "list: No discount is available"
    headers, listed = tenant.heard[0]
    assert headers["x-source"]
    assert listed == {
        "action": "list",
        "customer_id": "shopify-1",
        "country": "ind",
        "amount": 1169.64,
        "reference_order_id": "1",
    }
    # What is ours in a call goes to our own sandbox alone.
    assert all("fiat_value" not in call for _, call in tenant.heard)


@pytest.mark.parametrize(
    ("data", "given"),
    [
        ({"fiat_value": 400, "coin_value": "4000"}, (400, 4000)),
        ({"promotions": [{"fiat_value": "12.50", "coin_value": 25}]}, (12.5, 25)),
        ({"promotions": []}, (0, 0)),
        # Of several, the one that gives most.
        ({"promotions": [{"fiat_value": 5, "coin_value": 9}, {"fiat_value": 7, "coin_value": 8}]}, (7, 8)),
        ({"fiat_value": 5, "coin_value": 5, "promotions": [{"fiat_value": "5.0", "coin_value": "5"}]}, (5, 5)),
    ],
)
def test_either_form_of_an_answer_is_read(data, given):
    assert read_given(data) == given


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, "no fiat_value and coin_value, and no promotions"),
        ({"fiat_value": 5}, "that are numbers"),
        ({"fiat_value": "5 off", "coin_value": 5}, "that are numbers"),
        ({"fiat_value": True, "coin_value": 5}, "that are numbers"),
        ({"fiat_value": -5, "coin_value": 5}, "that are numbers"),
        ({"promotions": {}}, "not a list of objects"),
        ({"promotions": ["5"]}, "not a list of objects"),
        ({"promotions": [{"title": "5 off"}]}, "that are numbers"),
        ({"fiat_value": 5, "coin_value": 5, "promotions": [{"fiat_value": 6, "coin_value": 5}]}, "others in its"),
    ],
)
def test_an_answer_that_cannot_be_read_says_why(data, says):
    with pytest.raises(ValueError, match=says):
        read_given(data)


def test_only_that_message_says_that_there_is_nothing():
    assert is_nothing(422, {"message": "No discount is available."})
    assert not is_nothing(422, {"message": "amount is missing"})
    assert not is_nothing(404, {"message": "No discount is available"})
