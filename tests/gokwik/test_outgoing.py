"""Outgoing events: signed, tried five times with growing delays, verified; and never lost."""

import hashlib
import hmac
import itertools
import json
import time

import pytest

import nector_sim as ns
from nector_sim.gokwik import verify_event
from nector_sim.gokwik.outgoing import DELAYS, Deliverer, sign
from tests.gokwik.receivers import receiving


def sent_by(shop, receiver, **settings):
    """Send what is in line until nothing more arrives."""
    deliverer = Deliverer(
        shop.database, delays=settings.get("delays", (0, 0, 0, 0)), timeout=settings.get("timeout", 2)
    )
    for _ in range(10):
        deliverer.send_due()
    return receiver.requests


def test_the_signature_is_hmac_sha256_of_the_body():
    # A known value: HMAC-SHA256 of RFC 4231's second test case.
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert sign(b"what do ya want for nothing?", "Jefe") == expected


def test_taking_and_giving_back_are_told(shop):
    with receiving(200) as receiver:
        secret = shop.integration.send_events(receiver.url).get_secret_value()
        performed = shop.call("perform", customer_id="rich", amount=500, reference_order_id="1")
        shop.call("perform", customer_id="rich", amount=500, reference_order_id="1")
        shop.call("perform", customer_id="nobody", amount=500, reference_order_id="2")
        shop.call("list", customer_id="rich", amount=500)
        reverted = shop.call("revert", customer_id="rich", reference_order_id="1")
        requests = sent_by(shop, receiver)
    events = [verify_event(body, headers, secret=secret) for headers, body, _ in requests]
    assert [event["data"] for event in events] == [performed, reverted]
    assert {event["topic"] for event in events} == {"wallettransaction_create"}
    headers, body, _ = requests[0]
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    assert headers["x-nector-webhook-hmac"] == digest
    assert headers["x-nector-webhook-hmac-algo"] == "sha256"


def test_five_tries_with_growing_delays(shop, caplog):
    assert len(DELAYS) == 4
    assert list(DELAYS) == sorted(set(DELAYS))
    with receiving(500, None, 302, 404, 500) as receiver:
        secret = shop.integration.send_events(receiver.url).get_secret_value()
        shop.call("perform", customer_id="rich", amount=500, reference_order_id="1")
        delays = (0.05, 0.1, 0.2, 0.4)
        deliverer = Deliverer(shop.database, delays=delays)
        end = time.monotonic() + 10
        while len(receiver.requests) < 5 and time.monotonic() < end:
            deliverer.send_due()
            time.sleep(0.01)
        time.sleep(0.5)
        deliverer.send_due()
    ids = {headers["x-nector-delivery-id"] for headers, _, _ in receiver.requests}
    moments = [moment for _, _, moment in receiver.requests]
    assert (len(moments), len(ids)) == (5, 1)
    gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert all(gap >= delay for gap, delay in zip(gaps, delays, strict=True))
    assert "given up after 5 tries" in caplog.text
    assert secret not in caplog.text
    # Each try carries its own time, signed.
    for headers, body, _ in receiver.requests:
        verify_event(body, headers, secret=secret)


def test_what_fails_first_arrives_later(shop):
    with receiving(503, 503, 200) as receiver:
        shop.integration.send_events(receiver.url)
        shop.call("perform", customer_id="rich", amount=500, reference_order_id="1")
        assert len(sent_by(shop, receiver)) == 3


def test_no_redirect_carries_events_elsewhere(shop):
    with receiving(307) as receiver:
        shop.integration.send_events(receiver.url)
        shop.call("perform", customer_id="rich", amount=500, reference_order_id="1")
        assert len(sent_by(shop, receiver)) == 5


def test_events_wait_while_nobody_sends_them(shop):
    with receiving(200) as receiver:
        shop.integration.send_events(receiver.url)
        shop.call("perform", customer_id="rich", amount=500, reference_order_id="1")
        with Deliverer(shop.database):
            end = time.monotonic() + 5
            while not receiver.requests and time.monotonic() < end:
                time.sleep(0.02)
        assert len(receiver.requests) == 1


def test_without_a_url_nothing_is_kept(shop):
    shop.call("perform", customer_id="rich", amount=500, reference_order_id="1")
    with receiving(200) as receiver:
        shop.integration.send_events(receiver.url)
        assert sent_by(shop, receiver) == []


@pytest.mark.parametrize(
    "url", ["shop.example/points", "ftp://shop.example", "https://", "https://shop.example:99999/", "https://shop/a b"]
)
def test_events_need_a_full_url(shop, url):
    with pytest.raises(ns.InputError, match="full URL"):
        shop.integration.send_events(url)


EVENT = {"delivery_id": "d", "topic": "wallettransaction_create", "timestamp": 1000, "data": {"points": 1}}
BODY = json.dumps(EVENT).encode()
HEADERS = {
    "X-Nector-Webhook-Hmac": sign(BODY, "secret"),
    "X-Nector-Timestamp": "1000",
    "X-Nector-Delivery-Id": "d",
    "X-Nector-Topic": "wallettransaction_create",
}


def test_an_event_is_verified():
    assert verify_event(BODY, HEADERS, secret="secret", at=1299) == EVENT


@pytest.mark.parametrize(
    ("body", "headers", "secret", "at", "says"),
    [
        (BODY.replace(b"1", b"2"), {}, "secret", 1000, "signature"),
        (BODY, {}, "other", 1000, "signature"),
        (BODY, {"X-Nector-Webhook-Hmac": ""}, "secret", 1000, "signature"),
        (BODY, {"X-Nector-Webhook-Hmac": "é"}, "secret", 1000, "signature"),
        (BODY, {"X-Nector-Timestamp": "1299"}, "secret", 1299, "x-nector-timestamp"),
        (BODY, {"X-Nector-Delivery-Id": "e"}, "secret", 1000, "x-nector-delivery-id"),
        (BODY, {"X-Nector-Topic": "order_create"}, "secret", 1000, "x-nector-topic"),
        (BODY, {}, "secret", 1301, "more than 300 s"),
        (BODY, {}, "secret", 699, "more than 300 s"),
    ],
)
def test_an_event_that_was_tampered_with_is_refused(body, headers, secret, at, says):
    with pytest.raises(ns.InputError, match=says) as refused:
        verify_event(body, {**HEADERS, **headers}, secret=secret, at=at)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("body", [b"no JSON", b"[]", b"{}", b'{"delivery_id": "d", "topic": "t", "timestamp": "now"}'])
def test_a_body_that_is_no_event_is_refused_though_it_is_signed(body):
    headers = {**HEADERS, "X-Nector-Webhook-Hmac": sign(body, "secret")}
    with pytest.raises(ns.InputError, match="is no event"):
        verify_event(body, headers, secret="secret", at=1000)
