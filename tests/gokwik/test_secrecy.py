"""Nobody without the webhook id learns anything, and the id is in no log and no error."""

import hmac
import logging
import socket
import time
from contextlib import suppress

import pytest
from sqlalchemy.exc import OperationalError

import nector_sim as ns
from nector_sim.gokwik import Checkout, Database, Integration, application, connections, running
from nector_sim.gokwik.connections import MAX_HEAD
from nector_sim.gokwik.integration import is_webhook_id, read_row
from nector_sim.gokwik.posting import Line, NoAnswer
from nector_sim.gokwik.sandbox import Guesses
from tests.gokwik.shops import open_shop

LIST = b'{"action": "list", "customer_id": "rich", "amount": 500}'


def wrong_urls(shop):
    """Addresses without the right id, wrong in every way that comes to mind."""
    right = shop.webhook_id
    base = f"{shop.address}/api/open/integrations"
    return [
        f"{base}/gokwikwebhook/{'A' * 43}",
        f"{base}/gokwikwebhook/{right[:-1]}{'A' if right[-1] != 'A' else 'B'}",
        f"{base}/gokwikwebhook/{right}A",
        f"{base}/gokwikwebhook/{right[:-1]}",
        f"{base}/gokwikwebhook/{right.swapcase()}",
        f"{base}/gokwikwebhook/x",
        f"{base}/gokwikwebhook/%00%ff%20",
        f"{base}/gokwikwebhook/{'x' * 5000}",
        f"{base}/customcheckoutwebhook/x",
        f"{base}/shopwebhook/{right}",
        f"{base}/gokwikwebhook/",
        f"{base}/gokwikwebhook/x/y",
        f"{base}/gokwikwebhook/x/",
        f"{base}/gokwikwebhook/{right}/",
        f"{shop.address}/openapi.json/",
        f"{shop.address}/",
    ]


def test_wrong_ids_are_answered_alike_whatever_they_ask(shop):
    old, shop.webhook_id = shop.webhook_id, shop.integration.rotate().get_secret_value()
    shop.integration.hand_over()
    urls = [*wrong_urls(shop), f"{shop.address}/api/open/integrations/gokwikwebhook/{old}"]
    bodies = [LIST, b"", b"no JSON", LIST.replace(b"rich", b"nobody"), b"x" * 70_000]
    replies = []
    for url in urls:
        for body in bodies:
            line = Line(url, timeout=10)
            replies.append(line.post(body))
            line.close()
    assert set(replies) == {replies[0]}
    assert replies[0].status == 404


def test_before_initialize_every_id_is_wrong_in_the_same_way(tmp_path, untouched_shop):
    with Database(tmp_path / "empty.db") as database, running(application(database)) as address:
        assert untouched_shop.post(LIST, f"{address}/api/open/integrations/gokwikwebhook/x") == untouched_shop.post(
            LIST, wrong_urls(untouched_shop)[0]
        )


@pytest.fixture
def compared(monkeypatch):
    """What ``hmac.compare_digest``, which takes as long for every pair of one length, was given, and what it said."""
    seen = []
    compare = hmac.compare_digest

    def noted(left, right):
        seen.append((left, right, compare(left, right)))
        return seen[-1][2]

    monkeypatch.setattr("nector_sim.gokwik.integration.hmac.compare_digest", noted)
    return seen


def test_every_id_is_compared_in_constant_time(tmp_path, compared):
    with Database(tmp_path / "gokwik.db") as database:
        right = Integration(database).initialise().get_secret_value()
        with database.reading() as connection:
            row = read_row(connection)
    wrong = [
        right[:-1] + "?",
        "?" + right[1:],
        "?" * 43,
        right[:-1],
        right + "?",
        right.swapcase(),
        "",
        "é\0\ud800",
        "x" * 5000,
    ]
    answers = [is_webhook_id(some, given) for some in (row, None) for given in [right, *wrong]]
    assert answers == [True] + [False] * (2 * len(wrong) + 1)
    assert [said for *_, said in compared] == answers
    # Digests, not ids: their length says nothing of the id's, and so does the place of the first difference.
    assert {len(side) for left, right, _ in compared for side in (left, right)} == {64}
    assert {right for _, right, _ in compared[: len(wrong) + 1]} == {row.webhook_hash}


def test_every_call_is_compared_whatever_its_address(shop, compared):
    urls = [url for url in wrong_urls(shop) if url.rpartition("/")[0].endswith("webhook") and not url.endswith("/")]
    for url in urls:
        assert shop.post(LIST, url)[0] == 404
    assert len(compared) == len(urls)
    assert {len(side) for left, right, _ in compared for side in (left, right)} == {64}


def test_wrong_guesses_are_limited(database, program):
    with open_shop(database, program, guesses_a_minute=5) as shop:
        wrong = wrong_urls(shop)[0]
        assert [shop.post(LIST, wrong)[0] for _ in range(7)] == [404] * 5 + [429] * 2
        assert shop.post(LIST, wrong)[1]["meta"]["error"] == "too_many_guesses"
        # Whoever has the right id is answered, also from the same address.
        assert shop.post(LIST)[0] == 200


def test_guesses_that_wait_for_the_rest_of_their_bodies_are_limited_too(database, program):
    with open_shop(database, program, guesses_a_minute=5) as shop:
        path = wrong_urls(shop)[0].removeprefix(shop.address)
        head = f"POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {len(LIST)}\r\n\r\n"
        callers = [dial(shop) for _ in range(20)]
        for caller in callers:
            caller.sendall(head.encode() + LIST[:-1])
        assert shop.call("list", customer_id="rich", amount=500)["fiat_value"] == 400
        statuses = []
        for caller in callers:
            caller.sendall(LIST[-1:])
            statuses.append(everything_from(caller)[9:12])
    # On a slow machine some guesses come back meanwhile, five in a minute.
    assert statuses[:5] == [b"404"] * 5
    assert statuses.count(b"429") > 5


@pytest.mark.parametrize("part", ["line", "one header", "many headers"])
def test_a_head_above_the_measure_is_refused_also_when_it_comes_at_once(shop, part):
    path, room = shop.url.removeprefix(shop.address), "x" * 17_000
    lines = {
        "line": f"POST {path}?{room} HTTP/1.1\r\nhost: a\r\n",
        "one header": f"POST {path} HTTP/1.1\r\nhost: a\r\nnote: {room}\r\n",
        "many headers": f"POST {path} HTTP/1.1\r\nhost: a\r\n" + "n: 234567890\r\n" * 1500,
    }
    whole = f"{lines[part]}connection: close\r\ncontent-length: {len(LIST)}\r\n\r\n".encode() + LIST
    caller = dial(shop)
    caller.sendall(whole)
    answer = everything_from(caller)
    assert answer[9:12] == b"400"
    assert b"too large" in answer


def test_guesses_come_back_and_addresses_are_forgotten(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("nector_sim.gokwik.sandbox.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("nector_sim.gokwik.sandbox.ADDRESSES", 3)
    guesses = Guesses(60)
    for _ in range(60):
        guesses.count("a")
    assert guesses.left("a") < 1
    assert guesses.left("b") == 60
    clock[0] += 2
    assert guesses.left("a") == pytest.approx(2)
    for address in "bcd":
        guesses.count(address)
    assert guesses.left("a") == 60


def test_ids_are_in_no_log(shop, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    shop.call("list", customer_id="rich", amount=500)
    shop.call("perform", customer_id="rich", amount=500, reference_order_id="1")
    shop.post(b"no JSON")
    shop.post(LIST, wrong_urls(shop)[1])

    def broken(*_):
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("nector_sim.gokwik.wallets.work_out", broken)
    status, answer = shop.post(LIST)
    assert (status, answer["meta"]["error"]) == (500, "failed")
    assert "broken on purpose" in caplog.text
    assert "broken on purpose" not in str(answer)
    assert "400 not_json: The body is not JSON" in caplog.text
    assert shop.webhook_id[:39] not in caplog.text
    assert shop.webhook_id not in repr(shop.integration.events())
    assert "9876500001" not in caplog.text


def test_ids_are_in_no_error_of_the_checkout():
    # Nothing listens there: a port is taken and given back.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    checkout = Checkout(f"http://127.0.0.1:{port}/api/open/integrations/gokwikwebhook/hush", timeout=2)
    with pytest.raises(NoAnswer) as none:
        checkout.call("list", customer_id="a", amount=1)
    assert "hush" not in str(none.value)
    for url in ("hush", "ftp://host/hush", "http:///hush", "http://host:port/hush"):
        with pytest.raises(ns.InputError) as refused:
            Checkout(url)
        assert "hush" not in str(refused.value)


def dial(shop):
    return socket.create_connection(("127.0.0.1", int(shop.address.rpartition(":")[2])), timeout=20)


def everything_from(caller):
    """Read until the other side closes."""
    with caller, suppress(ConnectionResetError):
        return b"".join(iter(lambda: caller.recv(65536), b""))
    return b""


@pytest.mark.parametrize("beginning", ["POST /", "POST / HTTP/1.1\r\nhost: a\r\nx-long: "])
def test_a_head_that_does_not_end_is_cut_off(untouched_shop, beginning):
    caller = dial(untouched_shop)
    caller.sendall(beginning.encode() + b"y" * MAX_HEAD)
    assert everything_from(caller)[9:12] == b"400"


@pytest.mark.parametrize(
    ("before", "sent"),
    [
        (False, ""),
        (False, "POST {path} HTTP/1.1\r\n"),
        (False, "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n"),
        (True, "POST {path} HTTP/1.1\r\n"),
        (True, "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n"),
    ],
)
def test_a_request_that_does_not_arrive_is_cut_off(untouched_shop, monkeypatch, before, sent):
    if before:  # the connection has had its answer to another request
        caller = dial(untouched_shop)
        caller.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        answer = b""
        while not answer.endswith(b"null}"):
            answer += caller.recv(65536)
    monkeypatch.setattr(connections, "PATIENCE", 0.2)
    if not before:
        caller = dial(untouched_shop)
    with suppress(ConnectionError):
        caller.sendall(sent.format(path=untouched_shop.url.removeprefix(untouched_shop.address)).encode())
    assert everything_from(caller) == b""
    monkeypatch.undo()
    assert untouched_shop.call("list", customer_id="rich", amount=500)["fiat_value"] == 400


def test_a_caller_that_goes_away_is_no_failure(shop, caplog):
    with socket.create_connection(("127.0.0.1", int(shop.address.rpartition(":")[2]))) as caller:
        path = shop.url.removeprefix(shop.address)
        caller.sendall(f"POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{{".encode())
        time.sleep(0.1)
    assert shop.call("list", customer_id="rich", amount=500)["fiat_value"] == 400
    assert "could not be answered" not in caplog.text


def test_a_database_that_is_away_is_said_so(shop, monkeypatch):
    def away(*_, **__):
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr("nector_sim.gokwik.sandbox.read_row", away)
    status, answer = shop.post(LIST)
    assert (status, answer["meta"]["error"]) == (503, "unavailable")
