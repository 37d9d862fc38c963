"""A server that answers as one tenant's does in live use, written from what was seen there alone.

That is what data/law/gokwik.md marks as seen. It shares no code with the package: neither its arithmetic, which is one
rule (1 coin gives ₹1, at most ₹1,000 an order, at least ₹100 to pay), nor its reading of requests.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import ROUND_DOWN, Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MOST, LEAST_TO_PAY = 1000, 100
PATH = "/api/open/integrations/gokwikwebhook/"
NOTHING = {"meta": {"code": 422}, "data": {"message": "No discount is available"}}


class Tenant(ThreadingHTTPServer):
    """Customers with coins, an answer to each call, and what was heard: `heard` has (headers, body) of every call."""

    daemon_threads = True

    def __init__(self, balances: dict[str, int], *, as_text: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.balances = dict(balances)
        self.as_text = as_text
        self.taken: dict[str, tuple[str, int]] = {}
        self.heard: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """The address of the calls, with an id that is not checked."""
        return f"http://127.0.0.1:{self.server_address[1]}{PATH}live"

    def figure(self, number: int) -> int | str:
        """Figures are numbers, or texts of digits."""
        return str(number) if self.as_text else number

    def answer(self, call: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and body of a call."""
        with self.lock:
            return {"list": self.listed, "perform": self.performed, "revert": self.reverted}[call["action"]](call)

    def coins(self, call: dict[str, Any]) -> int:
        """How many coins the call's customer gets to use on its amount."""
        amount = Decimal(repr(call["amount"])).quantize(Decimal("0.01"))  # 1169.6399999999999 is 1169.64
        room = int((amount - LEAST_TO_PAY).to_integral_value(ROUND_DOWN))
        return max(0, min(self.balances.get(call["customer_id"], 0), MOST, room))

    def listed(self, call: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        coins = self.coins(call)
        if not coins:
            return 422, NOTHING
        promotion = {
            "id": "promotion-1",
            "type": "coins",
            "title": f"Use {coins} coins",
            "coin_value": self.figure(coins),
            "fiat_value": self.figure(coins),
        }
        balance = self.figure(self.balances[call["customer_id"]])
        data = {"points_balance": balance, "points_label": "coins", "offers": [], "promotions": [promotion]}
        return 200, {"meta": {"code": 200}, "data": data}

    def performed(self, call: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        reference, customer = call["reference_order_id"], call["customer_id"]
        if reference not in self.taken:
            coins = self.coins(call)
            if not coins:
                return 422, NOTHING
            self.taken[reference] = (customer, coins)
            self.balances[customer] -= coins
        coins = self.taken[reference][1]
        data = {
            "id": f"t-{reference}",
            "operation": "dr",
            "coin_value": self.figure(coins),
            "fiat_value": self.figure(coins),
        }
        return 200, {"meta": {"code": 200}, "data": data}

    def reverted(self, call: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        customer, coins = self.taken[call["reference_order_id"]]
        self.balances[customer] += coins
        self.taken[call["reference_order_id"]] = (customer, 0)
        return 200, {"meta": {"code": 200}, "data": {"id": f"r-{call['reference_order_id']}", "operation": "cr"}}


class _Handler(BaseHTTPRequestHandler):
    """Reads a whole call, answers JSON."""

    server: Tenant
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append(({name.lower(): value for name, value in self.headers.items()}, call))
        status, body = self.server.answer(call)
        written = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the screen of the tests."""


@contextmanager
def live_tenant(balances: dict[str, int], *, as_text: bool = False) -> Iterator[Tenant]:
    """The tenant, serving until the block ends."""
    tenant = Tenant(balances, as_text=as_text)
    thread = threading.Thread(target=tenant.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield tenant
    finally:
        tenant.shutdown()
        thread.join()
        tenant.server_close()
