"""A calculator behind a URL: the documented shape, patience, and what it does wrong."""

import json
import socket
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import nector_sim as ns
from nector_sim.errors import InputError
from nector_sim.parity.answers import Theirs
from nector_sim.parity.callers import Caller, FunctionCaller, UrlCaller

EXAMPLE = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
ORDER = {"cart_amount": "500.00", "points_balance": 5000}


class Checkout(BaseHTTPRequestHandler):
    """An example of a server that can be held against the exact calculator."""

    def do_POST(self):
        case = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        quote = ns.quote(ns.Program.parse(case["program"]), **case["order"])
        self.answer(200, json.dumps({"points_redeemed": quote.points_redeemed, "discount": str(quote.discount)}))

    def answer(self, status, text, **headers):
        body = text.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def served(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/secret-webhook-id"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answering(*replies):
    """A server that answers with these (status, text) in turn, the last one again and again, and counts."""

    class Answering(Checkout):
        asked = 0

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            status, text = replies[min(type(self).asked, len(replies) - 1)]
            type(self).asked += 1
            if status is None:
                time.sleep(float(text))
                return
            self.answer(status, text, Location="/elsewhere")

    return Answering


GOOD = (200, '{"points_redeemed": 400, "discount": "400.00"}')
FOUR_HUNDRED = Theirs(400, 40_000)


def test_a_server_that_follows_the_law_agrees():
    with served(Checkout) as url:
        report = ns.check_parity(EXAMPLE, calculator=UrlCaller(url, per_second=10_000), n=60, seed=1)
    assert report.agrees
    assert report.compared == 60
    assert "secret" not in report.explain()
    assert report.calculator == url.removesuffix("/secret-webhook-id")


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_server_that_stumbles_is_asked_again(status):
    handler = answering((status, ""), GOOD)
    with served(handler) as url:
        assert UrlCaller(url, per_second=10_000).ask(EXAMPLE, ORDER) == FOUR_HUNDRED
    assert handler.asked == 2


@pytest.mark.parametrize(
    ("replies", "error", "asked"),
    [
        ([(503, "")], "it answered with status 503", 2),
        ([(404, "")], "it answered with status 404", 1),
        ([(302, "")], "it answered with status 302", 1),
        ([(200, "<html>")], "its reply is not JSON", 1),
        ([(200, '{"discount": 1}')], "its reply has no points_redeemed", 1),
        ([(200, "7")], "its reply has no points_redeemed and no discount", 1),
        ([(None, "0.6")], "it gave no answer within 0.2 s", 2),
    ],
)
def test_what_a_server_does_wrong_is_an_error_of_that_order(replies, error, asked):
    handler = answering(*replies)
    with served(handler) as url:
        caller = UrlCaller(url, per_second=10_000, retries=1, timeout=0.2)
        assert caller.ask(EXAMPLE, ORDER) == Theirs(error=error)
    assert handler.asked == asked


@contextmanager
def sending(*parts):
    """A server that sends these bytes, whatever it is asked, with a short rest before each but the first."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        over = threading.Event()

        def serve():
            while not over.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection, connection.makefile("rb") as asked, suppress(OSError):
                    # All of it, or closing would reset the connection, and what was sent be lost on its way.
                    size = 0
                    while (line := asked.readline()).strip():
                        name, _, value = line.partition(b":")
                        size = int(value) if name.lower() == b"content-length" else size
                    asked.read(size)
                    for number, part in enumerate(parts):
                        over.wait(0.05 if number else 0)
                        connection.sendall(part)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/secret-webhook-id"
        finally:
            over.set()
            thread.join()


BROKEN = "it answered with what is not HTTP, or breaks off"


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (b"", f"{BROKEN} (RemoteDisconnected)"),
        (b"HELLO\r\n\r\n", f"{BROKEN} (BadStatusLine)"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}", f"{BROKEN} (IncompleteRead)"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}", f"{BROKEN} (IncompleteRead)"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n{}", f"{BROKEN} (LineTooLong)"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 1_100_000, f"{BROKEN} (HTTPException)"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 100_000, "its reply is not JSON"),
        (b"HTTP/1.1 200 OK\r\n\r\n\xe9", "its reply is not JSON"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "its reply is not JSON"),
        (b"HTTP/1.1 200 OK\r\n\r\n[1, 2, 3]", "its reply has no points_redeemed and no discount"),
    ],
)
def test_an_answer_that_is_broken_is_an_error_of_that_order(sent, error):
    with sending(sent) as url:
        assert UrlCaller(url, per_second=10_000, retries=1).ask(EXAMPLE, ORDER) == Theirs(error=error)


def test_an_answer_that_comes_drop_by_drop_has_to_end_in_time():
    drops = [b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n", *[b" "] * 200]
    with sending(*drops) as url:
        error = "it gave no answer within 0.2 s"
        assert UrlCaller(url, retries=0, timeout=0.2).ask(EXAMPLE, ORDER) == Theirs(error=error)


def test_a_server_that_asks_for_a_pause_gets_it(monkeypatch):
    paused = []
    monkeypatch.setattr("nector_sim.parity.callers.time.sleep", paused.append)

    class Busy(answering((429, ""), (503, ""), (429, ""), GOOD)):
        def answer(self, status, text, **headers):
            super().answer(
                status, text, **headers, **{"Retry-After": {1: "7", 2: "soon", 3: "3600"}.get(self.asked, "")}
            )

    with served(Busy) as url:
        assert UrlCaller(url, per_second=1e9).ask(EXAMPLE, ORDER) == FOUR_HUNDRED
    assert [pause for pause in paused if pause > 0.01] == [7, 0.4, 30]


def test_a_server_that_stops_answering_is_not_asked_for_ever():
    handler = answering(GOOD, *[(None, "2")] * 4, GOOD, (None, "2"))
    with served(handler) as url:
        caller = UrlCaller(url, per_second=10_000, retries=0)
        assert caller.ask(EXAMPLE, ORDER) == FOUR_HUNDRED
        caller.timeout = 0.05
        for _ in range(4):
            assert caller.ask(EXAMPLE, ORDER) == Theirs(error="it gave no answer within 0.05 s")
        caller.timeout = 10
        assert caller.ask(EXAMPLE, ORDER) == FOUR_HUNDRED
        caller.timeout = 0.05
        for _ in range(4):
            caller.ask(EXAMPLE, ORDER)
        with pytest.raises(InputError, match=r"gave no answer within 0.05 s for 5 orders in a row; check") as caught:
            caller.ask(EXAMPLE, ORDER)
    assert "secret" not in str(caught.value)


def test_a_server_that_goes_away_is_an_error_of_the_orders_behind():
    with served(answering(GOOD)) as url:
        caller = UrlCaller(url, per_second=10_000, retries=0)
        assert caller.ask(EXAMPLE, ORDER) == FOUR_HUNDRED
    assert caller.ask(EXAMPLE, ORDER).error.startswith("it cannot be reached")


def test_a_user_and_a_password_are_sent_and_never_shown():
    seen = []

    class Guarded(Checkout):
        def do_POST(self):
            seen.append(self.headers["Authorization"])
            super().do_POST()

    with served(Guarded) as url:
        caller = UrlCaller(url.replace("//", "//shop:p%40ss@"))
        assert caller.ask(EXAMPLE, ORDER) == FOUR_HUNDRED
    # base64 of shop:p@ss
    assert seen == ["Basic c2hvcDpwQHNz"]
    assert caller.name == url.removesuffix("/secret-webhook-id")


def test_null_refuses_the_order():
    with served(answering((200, "null"))) as url:
        assert UrlCaller(url).ask(EXAMPLE, ORDER) == Theirs(refused=True)


def test_no_more_requests_a_second_than_allowed():
    with served(answering(GOOD)) as url:
        caller = UrlCaller(url, per_second=50)
        start = time.monotonic()
        for _ in range(6):
            caller.ask(EXAMPLE, ORDER)
        assert time.monotonic() - start >= 5 / 50


def test_a_host_that_is_not_there_is_one_message_without_the_secret():
    with served(Checkout) as url:
        pass
    with pytest.raises(InputError, match=r"http://127.0.0.1:\d+ cannot be reached") as caught:
        UrlCaller(url, retries=0).ask(EXAMPLE, ORDER)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["", "file:///etc/passwd", "https://", "ftp://host/x", "http://host:99999/x", "http://[x/"]
)
def test_only_http(url):
    with pytest.raises(InputError, match="http:// or https://"):
        UrlCaller(url)


@pytest.mark.parametrize("url", ["http://host/…hush", "http://host/a hush", "http://host/hushé", "http://host/hush\n"])
def test_a_url_that_was_copied_wrong_is_refused(url):
    with pytest.raises(InputError, match="whole") as refused:
        UrlCaller(url)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://host:abc/pass", "http://[::1/pass", "http://host:99999/pass"])
def test_a_host_or_port_that_is_none(url):
    with pytest.raises(InputError, match="must be a full one") as caught:
        UrlCaller(url)
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://ho st/", "http://host/a b", "http://host/ü", "http://host/\tx\x00"])
def test_letters_that_urls_do_not_have(url):
    with pytest.raises(InputError, match="characters that no URL has"):
        UrlCaller(url)


@pytest.mark.parametrize(
    "options",
    [
        {"per_second": 0},
        {"per_second": float("nan")},
        {"timeout": 0},
        {"timeout": float("nan")},
        {"timeout": float("inf")},
        {"retries": -1},
    ],
)
def test_options_that_make_no_sense(options):
    with pytest.raises(InputError, match="must be above 0"):
        UrlCaller("http://host", **options)


def test_another_dialect_can_be_spoken():
    class Amounts:
        def write(self, program, order):
            return {"amount": order["cart_amount"]}

        def read(self, program, reply):
            return Theirs(reply["coin_value"], reply["fiat_value"])

    with served(answering((200, '{"coin_value": 400, "fiat_value": 40000}'))) as url:
        assert UrlCaller(url, dialect=Amounts()).ask(EXAMPLE, ORDER) == FOUR_HUNDRED


def test_anything_that_can_be_asked_is_a_caller():
    assert isinstance(UrlCaller("http://host"), Caller)
    assert isinstance(FunctionCaller(ns.quote), Caller)
    assert not isinstance(ns.quote, Caller)
