"""list, perform and revert over the wire: the documented examples, idempotency, refusals."""

import json
import urllib.error
import urllib.request
from decimal import Decimal

import pytest

import nector_sim as ns
from nector_sim.gokwik import Customer, Database
from tests.gokwik.shops import open_shop


def nothing(shop, **fields):
    """List where there is nothing to give, as in live use: HTTP 422 and a message; gives the data."""
    status, answer = shop.post(json.dumps({"action": "list", **fields}).encode())
    assert (status, answer["meta"]["code"]) == (422, 422)
    assert answer["data"]["message"] == "No discount is available"
    return answer["data"]


def test_the_documented_order(shop):
    # Cart 500, ample balance, minimum 100: 400 off, 100 paid.
    listed = shop.call("list", customer_id="rich", amount=500)
    flat = {
        "id": "offers.0",
        "fiat_value": 400,
        "coin_value": 400,
        "credit_value": 0,
        "payable": 100,
        "limited_by": "min_payable",
    }
    promotion = {
        "id": "offers.0",
        "type": "coins",
        "title": "INR 400 off for 400 coins",
        "coin_value": 400,
        "fiat_value": 400,
    }
    in_live_use = {"points_balance": 5000, "points_label": "coins", "offers": [], "promotions": [promotion]}
    assert listed == flat | in_live_use
    assert shop.points("rich") == 5000
    performed = shop.call("perform", customer_id="rich", amount=500, reference_order_id="1")
    assert performed == {
        **flat,
        "id": performed["id"],
        "operation": "dr",
        "customer_id": "rich",
        "reference_order_id": "1",
        "offer": "offers.0",
    }
    assert shop.points("rich") == 4600
    reverted = shop.call("revert", customer_id="rich", reference_order_id="1")
    assert (reverted["coin_value"], reverted["fiat_value"]) == (400, 400)
    assert shop.points("rich") == 5000
    ledger = shop.wallets.ledger("rich")
    assert list(ledger["kind"]) == ["opening", "redeemed", "given_back"]
    assert list(ledger["points"]) == [5000, -400, 400]


def test_paise_are_exact(shop):
    # 749.95 and a minimum of 100 leave 649 whole steps.
    performed = shop.call("perform", mobile="9876500001", amount=749.95, reference_order_id="1")
    assert (performed["coin_value"], performed["payable"]) == (649, 100.95)


def test_both_checkouts_are_answered_alike(shop):
    body = b'{"action": "list", "customer_id": "rich", "amount": 500}'
    assert shop.post(body) == shop.post(body, shop.url.replace("gokwikwebhook", "customcheckoutwebhook"))


def test_credits_come_before_points(shop):
    # 50 of credits, then 599 of the 699.95 that are left, of which 100 must be paid.
    both = shop.call("list", customer_id="rich", amount=749.95, wallet_type="coins_and_credits")
    assert (both["fiat_value"], both["coin_value"], both["credit_value"], both["payable"]) == (649, 599, 50, 100.95)
    alone = shop.call("perform", customer_id="rich", amount=30.5, wallet_type="credits", reference_order_id="1")
    assert (alone["fiat_value"], alone["coin_value"], alone["payable"]) == (30.5, 0, 0)
    balances = shop.wallets.balances().set_index("customer_id")
    assert balances["credits"]["rich"] == Decimal("19.50")
    assert shop.points("rich") == 5000
    shop.call("revert", customer_id="rich", reference_order_id="1")
    assert shop.wallets.balances().set_index("customer_id")["credits"]["rich"] == 50


def test_perform_again_gives_the_same_answer_and_moves_nothing(shop):
    call = {"customer_id": "rich", "amount": 500, "reference_order_id": "1"}
    first = shop.call("perform", **call)
    shop.call("perform", customer_id="rich", amount=900, reference_order_id="2")
    assert shop.call("perform", **call) == first
    assert shop.call("perform", mobile="9876500001", amount=500.0, reference_order_id="1") == first
    assert shop.points("rich") == 5000 - 400 - 800


@pytest.mark.parametrize(
    "other",
    [{"amount": 501}, {"customer_id": "poor"}, {"wallet_type": "coins_and_credits"}, {"fiat_value": 399}],
)
def test_the_same_reference_with_other_content_is_refused(shop, other):
    call = {"customer_id": "rich", "amount": 500, "reference_order_id": "1"}
    first = shop.call("perform", **call)
    assert shop.call("perform", **{**call, **other}) == "other_content"
    assert shop.call("perform", **call, fiat_value=400.0) == first
    assert (shop.points("rich"), shop.points("poor")) == (4600, 250)


def test_revert_twice_moves_points_once(shop):
    shop.call("perform", customer_id="rich", amount=500, reference_order_id="1")
    first = shop.call("revert", customer_id="rich", reference_order_id="1")
    assert shop.call("revert", customer_id="rich", reference_order_id="1", amount=500) == first
    assert shop.points("rich") == 5000


def test_revert_of_another_order_is_refused(shop):
    assert shop.call("revert", customer_id="rich", reference_order_id="2") == "unknown_order"
    shop.call("perform", customer_id="rich", amount=500, reference_order_id="1")
    assert shop.call("revert", customer_id="poor", reference_order_id="1") == "other_content"
    assert shop.call("revert", customer_id="rich", reference_order_id="1", amount=499) == "other_content"
    assert shop.call("revert", customer_id="rich", reference_order_id="1", wallet_type="credits") == "other_content"
    assert shop.points("rich") == 4600


def test_a_reverted_reference_takes_nothing_again(shop):
    call = {"customer_id": "rich", "amount": 500, "reference_order_id": "1"}
    shop.call("perform", **call)
    shop.call("revert", customer_id="rich", reference_order_id="1")
    assert shop.call("perform", **call) == "reverted"
    assert shop.points("rich") == 5000


def test_a_perform_that_comes_after_its_revert_takes_nothing(shop):
    call = {"customer_id": "rich", "amount": 500, "reference_order_id": "1"}
    for _ in range(2):
        assert shop.call("revert", customer_id="rich", reference_order_id="1") == "unknown_order"
    for _ in range(2):
        assert shop.call("perform", **call) == "reverted"
        assert shop.call("perform", **{**call, "amount": 600, "fiat_value": 500}) == "reverted"
    assert shop.call("revert", customer_id="rich", reference_order_id="1") == "unknown_order"
    assert shop.points("rich") == 5000
    assert list(shop.wallets.ledger("rich")["kind"]) == ["opening"]
    # Another customer's order is not stopped by it.
    assert shop.call("perform", **{**call, "customer_id": "poor"})["coin_value"] == 250


def test_perform_works_the_discount_out_anew(shop):
    listed = shop.call("list", customer_id="poor", amount=500)
    assert listed["fiat_value"] == 250
    shop.call("perform", customer_id="poor", amount=250, reference_order_id="1")
    # 100 points are left: what was listed is not covered any more.
    changed = shop.call("perform", customer_id="poor", amount=500, reference_order_id="2", fiat_value=250)
    assert changed == "discount_changed"
    assert shop.points("poor") == 100
    performed = shop.call("perform", customer_id="poor", amount=500, reference_order_id="2")
    assert performed["fiat_value"] == 100
    assert shop.call("perform", customer_id="poor", amount=500, reference_order_id="3") == "nothing_to_redeem"
    assert shop.points("poor") == 0


def test_a_wallet_of_credits_is_given_back_to_it(shop):
    call = {"customer_id": "rich", "amount": 30, "reference_order_id": "1", "wallet_type": "credits"}
    shop.call("perform", **call)
    assert shop.call("revert", **call)["credit_value"] == 30
    assert shop.wallets.balances().set_index("customer_id")["credits"]["rich"] == 50


def test_an_overdraft_redeems_nothing(shop):
    assert nothing(shop, customer_id="overdrawn", amount=500)["limited_by"] == "balance"
    assert shop.call("perform", customer_id="overdrawn", amount=500, reference_order_id="1") == "nothing_to_redeem"


def test_settings_take_effect_at_once(shop):
    performed = shop.call("perform", customer_id="rich", amount=500, reference_order_id="1")
    shop.integration.configure(None)
    assert shop.call("list", customer_id="rich", amount=500)["fiat_value"] == 500
    shop.integration.disable()
    assert nothing(shop, customer_id="rich", amount=500)["limited_by"] == "not_live"
    assert shop.call("perform", customer_id="rich", amount=500, reference_order_id="2") == "not_live"
    # What was taken can be repeated and given back all the same.
    assert shop.call("perform", customer_id="rich", amount=500, reference_order_id="1") == performed
    shop.call("revert", customer_id="rich", reference_order_id="1")
    assert shop.points("rich") == 5000


def test_tiers_are_the_customers(database):
    gold = ns.FixedAmount(points=100, discount=50, tiers=["Gold"])
    customers = [Customer("a", 500, tier="Gold"), Customer("b", 500)]
    with open_shop(database, ns.Program(offers=[gold]), customers) as shop:
        assert shop.call("list", customer_id="a", amount=500)["fiat_value"] == 50
        assert nothing(shop, customer_id="b", amount=500)["limited_by"] == "no_offer"


GOOD = {"action": "perform", "customer_id": "rich", "amount": 500, "reference_order_id": "1"}


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        (b"", 400, "not_json"),
        (b"[]", 400, "not_json"),
        (b"null", 400, "not_json"),
        (b"\xff\xfe", 400, "not_json"),
        (b"[" * 60_000, 400, "not_json"),
        (b"1" * 60_000, 400, "not_json"),
        (b'{"action": "list", "customer_id": "rich", "amount": NaN}', 400, "not_json"),
        (b'{"action": "list", "customer_id": "rich", "amount": -Infinity}', 400, "not_json"),
        (b'{"action": "list", "customer_id": "rich", "amount": 1, "amount": 2}', 400, "not_json"),
        (b'{"action": "list", "customer_id": "rich", "amount": 1e999999999999999999999}', 400, "not_json"),
        (b'{"action": "list", "customer_id": "rich", "amount": 1e999999999}', 400, "wrong_fields"),
        (b'{"action": "list", "customer_id": "rich", "amount": 1e-999999999}', 422, "no_discount"),  # it is 0
        ({"amount": 9_000_000_000.01}, 400, "wrong_fields"),
        ({"amount": 749.955}, 400, "wrong_fields"),
        ({"amount": -1}, 400, "wrong_fields"),
        ({"amount": 749.9500011}, 400, "wrong_fields"),
        ({"amount": "₹500"}, 400, "wrong_fields"),
        ({"amount": "1,500"}, 400, "wrong_fields"),
        ({"amount": "1e3"}, 400, "wrong_fields"),
        ({"amount": "NaN"}, 400, "wrong_fields"),
        ({"amount": ""}, 400, "wrong_fields"),
        ({"amount": True}, 400, "wrong_fields"),
        ({"amount": None}, 400, "wrong_fields"),
        ({"amount": {}}, 400, "wrong_fields"),
        ({"customer_id": 7.5}, 400, "wrong_fields"),
        ({"customer_id": True}, 400, "wrong_fields"),
        ({"customer_id": " "}, 400, "wrong_fields"),
        (b'{"action": "list", "customer_id": 1e999, "amount": 1}', 400, "wrong_fields"),
        ({"customer_id": ""}, 400, "wrong_fields"),
        ({"customer_id": "a\0"}, 400, "wrong_fields"),
        ({"customer_id": "\ud800"}, 400, "wrong_fields"),
        ({"customer_id": "x" * 129}, 400, "wrong_fields"),
        ({"mobile": "9876500002"}, 400, "wrong_fields"),  # somebody else's
        ({"customer_id": "poor", "mobile": "9876500001"}, 400, "wrong_fields"),
        ({"customer_id": None}, 400, "wrong_fields"),
        ({"wallet_type": "points"}, 400, "wrong_fields"),
        ({"reference_order_id": None}, 400, "wrong_fields"),
        ({"action": "perform_unsafe"}, 400, "unknown_action"),
        ({"action": None}, 400, "unknown_action"),
        ({"action": ["list"]}, 400, "unknown_action"),
        ({"customer_id": "nobody"}, 422, "unknown_customer"),
        ({"padding": "x" * 65_536}, 413, "too_large"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_code_and_a_sentence(untouched_shop, body, status, word):
    if isinstance(body, dict):
        body = json.dumps({**GOOD, **body}).encode()
    answered, answer = untouched_shop.post(body)
    assert (answered, answer["meta"]["code"], answer["meta"]["error"]) == (status, status, word)
    assert answer["meta"]["message"].endswith(".") or word == "wrong_fields"
    assert (answer["data"] or {}).get("message") == ("No discount is available" if status == 422 else None)


def test_a_refusal_names_every_field_and_repeats_no_content(untouched_shop):
    body = json.dumps({**GOOD, "customer_id": [4711], "amount": "secret", "mobile": "a\0"}).encode()
    message = untouched_shop.post(body)[1]["meta"]["message"]
    assert message == (
        "customer_id must be text or a whole number; mobile holds characters that cannot be printed; "
        "amount must be a number"
    )


def test_unknown_fields_have_no_effect_unless_it_is_strict(tmp_path, program):
    live = {"action": "list", "customer_id": "rich", "amount": 500, "country": "ind", "source": "x", "cart": {"a": 1}}
    for strict, expected in ((False, 200), (True, 400)):
        with Database(tmp_path / f"{strict}.db") as database, open_shop(database, program, strict=strict) as shop:
            status, answer = shop.post(json.dumps(live).encode())
            assert status == expected
            assert shop.call("list", customer_id="rich", amount=500, country="ind")["fiat_value"] == 400
    assert answer["meta"]["message"] == "'cart' is not a field of this call; 'source' is not a field of this call"


@pytest.mark.parametrize("amount", [1169.6399999999999, "1169.64", 1169.6400000009, " 1169.640 ", "1169.6399999999999"])
def test_an_amount_is_a_number_with_the_dust_of_floats_or_text(shop, amount):
    # 1169.64 and at least 100 to pay leave 1069 whole steps, of which 1000 are the most.
    listed = shop.call("list", customer_id="rich", amount=amount)
    assert (listed["fiat_value"], listed["payable"], listed["limited_by"]) == (1000, 169.64, "max_discount")


@pytest.mark.parametrize(
    "who",
    [
        {"mobile": "+91 98765 00001"},
        {"mobile": "098765-00001"},
        {"mobile": 919876500001},
        {"mobile": "0091 9876500001"},
        {"mobile": "9876500001", "customer_id": "rich"},
        {"mobile": "+919876500001", "customer_id": " rich "},
    ],
)
def test_a_customer_is_found_by_every_usual_form(shop, who):
    assert shop.call("perform", **who, amount=500, reference_order_id=7)["customer_id"] == "rich"
    assert shop.call("revert", **who, reference_order_id="7")["coin_value"] == 400


def test_ids_that_are_numbers(database, program):
    customers = [Customer("7", 500), Customer("8", 500, mobile="4711")]
    with open_shop(database, program, customers) as shop:
        assert shop.call("list", customer_id=7, amount=200)["coin_value"] == 100
        assert shop.call("list", customer_id=7.0, amount=200)["coin_value"] == 100
        # A customer whose mobile is not known may have any that is nobody else's; what is no phone is compared as text.
        assert shop.call("list", customer_id="7", mobile="9876500003", amount=200)["coin_value"] == 100
        assert shop.call("list", mobile=4711, amount=200)["coin_value"] == 100
        assert shop.call("list", customer_id="7", mobile="4711", amount=200) == "wrong_fields"


def test_only_post_is_answered(untouched_shop):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(untouched_shop.url)
    assert refused.value.code == 405
    assert refused.value.headers["allow"] == "POST"
    assert json.loads(refused.value.read())["meta"]["error"] == "not_allowed"
    refused.value.close()
