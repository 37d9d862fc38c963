"""What points may pay of a cart, and the coupons on it, over the wire: computed as the law says, kept, compared.

Expected figures are by hand from data/law/redemption.md: 1 coin is 1 rupee, at most 1,000 off, at least 100 to pay.
"""

import json

import pytest

import nector_sim as ns
from nector_sim.gokwik import Checkout, Customer, Database
from nector_sim.gokwik.asking import NectorDialect, questions
from nector_sim.gokwik.wire import Refused, read_call
from nector_sim.parity.callers import UrlCaller
from nector_sim.parity.variants import IGNORING
from tests.gokwik.live_tenant import live_tenant
from tests.gokwik.shops import open_shop

CART = {"customer_id": "rich", "amount": 500}
CLOSED = ns.Program(
    offers=[ns.VariableAmount(points_per_step=1, discount_per_step=1, with_coupons=False)],
    min_payable=ns.FixedMinPayable(amount=100),
)


@pytest.fixture
def closed_shop(database):
    with open_shop(database, CLOSED) as shop:
        yield shop


@pytest.mark.parametrize(
    ("eligible", "discount", "limited_by"),
    [(150, 150, "cart"), ("150.00", 150, "cart"), (399.9999999, 400, "cart"), (450, 400, "min_payable")],
)
def test_points_pay_the_eligible_part(shop, eligible, discount, limited_by):
    listed = shop.call("list", **CART, eligible_amount=eligible)
    assert (listed["fiat_value"], listed["payable"], listed["limited_by"]) == (discount, 500 - discount, limited_by)
    performed = shop.call("perform", **CART, eligible_amount=eligible, reference_order_id="1")
    assert performed["coin_value"] == discount
    assert shop.points("rich") == 5000 - discount


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"eligible_amount": 500.01}, "eligible_amount is above amount"),
        ({"eligible_amount": -1}, "eligible_amount must not be negative"),
        ({"eligible_amount": 1.005}, "eligible_amount is finer than"),
        ({"coupon_discount": "many"}, "coupon_discount must be a number"),
    ],
)
@pytest.mark.parametrize("action", ["list", "perform"])
def test_a_part_that_is_none_is_refused_by_name(shop, action, parts, says):
    call = {"action": action, **CART, **parts, "reference_order_id": "1"}
    with pytest.raises(Refused, match=says):
        shop.wallets.answer(read_call(body_of(call), strict=True))
    assert shop.points("rich") == 5000


def body_of(call):
    return json.dumps(call).encode()


def test_an_offer_that_is_closed_to_coupons_has_to_be_told(closed_shop):
    call = closed_shop.call
    status, answer = closed_shop.post(body_of({"action": "list", **CART}))
    assert (status, answer["meta"]["error"]) == (400, "wrong_fields")
    assert "coupon_discount is missing" in answer["meta"]["message"]
    assert call("perform", **CART, reference_order_id="1") == "wrong_fields"
    assert call("list", **CART, coupon_discount=50) == "no_discount"
    _, answer = closed_shop.post(body_of({"action": "list", **CART, "coupon_discount": 50}))
    assert answer["data"]["limited_by"] == "coupon"
    assert call("perform", **CART, coupon_discount=50, reference_order_id="1") == "nothing_to_redeem"
    assert call("perform", **CART, coupon_discount=0, reference_order_id="1")["coin_value"] == 400
    assert closed_shop.points("rich") == 4600


def test_the_cart_of_an_order_is_kept_and_compared(shop):
    whole = {**CART, "reference_order_id": "whole"}
    part = {**CART, "eligible_amount": 150, "coupon_discount": 20, "reference_order_id": "part"}
    first = {name: shop.call("perform", **call) for name, call in (("whole", whole), ("part", part))}
    # Left out, all of the cart is eligible and no coupon was used.
    assert shop.call("perform", **whole, eligible_amount=500, coupon_discount=0) == first["whole"]
    assert shop.call("perform", **part) == first["part"]
    for other in (
        {**whole, "eligible_amount": 499},
        {**whole, "coupon_discount": 1},
        {**part, "eligible_amount": 149},
        {**part, "coupon_discount": 21},
        {name: value for name, value in part.items() if name != "eligible_amount"},
        {name: value for name, value in part.items() if name != "coupon_discount"},
    ):
        assert shop.call("perform", **other) == "other_content"
    for other in ({"eligible_amount": 149}, {"coupon_discount": 21}, {"amount": 501}):
        assert shop.call("revert", customer_id="rich", reference_order_id="part", **other) == "other_content"
    assert shop.call("revert", customer_id="rich", reference_order_id="whole", eligible_amount=499) == "other_content"
    assert shop.points("rich") == 5000 - 400 - 150
    assert shop.call("revert", **part)["coin_value"] == 150
    assert shop.call("revert", customer_id="rich", reference_order_id="whole", eligible_amount=500)["coin_value"] == 400
    assert shop.points("rich") == 5000


def test_the_same_call_gets_the_same_answer_also_when_an_offer_has_been_closed_to_coupons(shop):
    call = {**CART, "reference_order_id": "1"}
    first = shop.call("perform", **call)
    shop.integration.use(CLOSED)
    assert shop.call("perform", **call) == first
    assert shop.call("perform", **{**call, "reference_order_id": "2"}) == "wrong_fields"


def test_the_checkout_sends_them(shop):
    with Checkout(shop.url) as checkout:
        visit = checkout.visit(500, customer_id="rich", eligible_amount="150", coupon_discount=0)
        assert (visit.discount, visit.payable, visit.trouble) == (150, 350, "")
        failed = checkout.visit(500, customer_id="rich", eligible_amount=20, payment_fails=True)
        assert (failed.discount, failed.settled) == (0, True)
        with pytest.raises(ns.InputError, match="eligible_amount is no amount"):
            checkout.visit(500, customer_id="rich", eligible_amount="some")
    assert shop.points("rich") == 4850
    with live_tenant({"shopify-1": 5000}) as tenant, Checkout(tenant.url) as checkout:
        checkout.visit(500, customer_id="shopify-1")
        # A checkout that was not given them sends what live clients send, and no more.
        assert not {"eligible_amount", "coupon_discount"} & {name for _, body in tenant.heard for name in body}


CUSTOMERS = [Customer("a", 5000), Customer("b", 250, credits="123.45"), Customer("c", 100_000, credits=500)]
MANY = CLOSED.replaced(
    {
        "offers": [
            {"kind": "variable_amount", "points_per_step": 100, "discount_per_step": 10, "with_coupons": False},
            {"kind": "variable_percent", "points_per_step": 50, "percent_per_step": "2.5", "max_discount": "49.99"},
        ]
    }
)


def compared(folder, program, *, ours, **settings):
    with Database(folder / "gokwik.db") as database, open_shop(database, program, CUSTOMERS, **settings) as shop:
        caller = UrlCaller(shop.url, per_second=2000, dialect=NectorDialect())
        return ns.check_parity(program, questions(program, CUSTOMERS, n=150, seed=1, ours=ours), calculator=caller)


@pytest.mark.parametrize("ours", [True, False])
def test_parity_sends_them(tmp_path, ours):
    report = compared(tmp_path, MANY, ours=ours)
    assert (report.agrees, report.compared) == (True, 150)
    assert report.limited_by["coupon"] > 0


def test_a_server_that_does_not_know_eligible_amounts_is_found(tmp_path):
    law = next(variant.law for variant in IGNORING if variant.choice == "eligible_amount")
    report = compared(tmp_path, MANY, ours=True, law=law)
    assert not report.agrees
    assert all("eligible_amount" in (name for names in group.choices for name in names) for group in report.groups)


def test_what_no_call_can_say_is_refused():
    with pytest.raises(ns.InputError, match="points_requested"):
        NectorDialect().write(MANY, {"customer_id": "a", "cart_amount": 1, "points_requested": 5})
