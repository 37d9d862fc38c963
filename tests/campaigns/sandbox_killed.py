"""The sandbox killed at random instants under load: nothing acknowledged is lost, nothing half-done is there.

``python -m tests.campaigns.sandbox_killed`` kills it 100 times on SQLite, and on PostgreSQL where
NECTOR_SIM_TEST_POSTGRES names one; the tests kill it a few times.
"""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import select

import nector_sim as ns
from nector_sim.gokwik import Checkout, Customer, Database
from nector_sim.gokwik.posting import NoAnswer
from nector_sim.gokwik.schema import customers, movements, orders
from tests.gokwik.shops import STORES, live, store_of

KILLS = 100
CLIENTS = 8
CUSTOMERS = 3
OPENING = 10**9
#: How often a client sends a call again, 0.05 s apart: on a busy machine the server is mostly starting.
TRIES = 4000

_SERVER = """
import sys
from nector_sim.gokwik import Database, application, serve
serve(application(Database(sys.argv[1])), port=int(sys.argv[2]), started=lambda address: print("up", flush=True))
"""


class _Server:
    """The sandbox in a process of its own, always on the same port."""

    def __init__(self, where: str) -> None:
        self.port = _free_port()
        self._command = [sys.executable, "-c", _SERVER, where, str(self.port)]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "up\n"

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def _free_port() -> int:
    """A port that no system gives away by itself, or another server could have it while this one is down."""
    for port in random.SystemRandom().sample(range(20_000, 30_000), 100):
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port
    raise OSError("no port is free")


class _Client(threading.Thread):
    """Performs and reverts one order after the other, and repeats what got no answer until it gets one."""

    def __init__(self, number: int, url: str, enough: threading.Event) -> None:
        super().__init__()
        self._number, self._url, self._enough = number, url, enough
        #: What was answered: (action, reference) to data.
        self.acknowledged: dict[tuple[str, str], dict[str, Any]] = {}
        self.repeated = 0
        self.failure = ""

    def run(self) -> None:
        checkout = Checkout(self._url, timeout=5)
        order = 0
        while not self._enough.is_set() and not self.failure:
            reference = f"{self._number}-{order}"
            who = f"c{(self._number + order) % CUSTOMERS}"
            order += 1
            self._call(checkout, "perform", who, reference, amount=500)
            if order % 2 and not self.failure:
                self._call(checkout, "revert", who, reference)
        checkout.close()

    def _call(self, checkout: Checkout, action: str, who: str, reference: str, **fields: Any) -> None:
        for _ in range(TRIES):
            try:
                answered = checkout.call(action, customer_id=who, reference_order_id=reference, **fields)
            except NoAnswer:
                self.repeated += 1
                time.sleep(0.05)
                continue
            if answered.code == 200:
                self.acknowledged[action, reference] = answered.data
            else:
                self.failure = f"{action} {reference}: {answered}"
            return
        self.failure = f"{action} {reference}: never answered"


def _no_failures(clients: list[_Client]) -> None:
    failures = [client.failure for client in clients if client.failure]
    assert not failures, failures


def _check(where: str, acknowledged: dict[tuple[str, str], dict[str, Any]]) -> int:
    """Hold what is stored against itself and against what was acknowledged; gives the number of orders."""
    with Database(where) as database, database.reading() as connection:
        stored, moves, balances = (connection.execute(select(table)).all() for table in (orders, movements, customers))
    sums = Counter({row.customer_id: 0 for row in balances})
    moved: dict[str, list[tuple[str, int]]] = {}
    for move in sorted(moves, key=lambda move: move.id):
        sums[move.customer_id] += move.points
        if move.kind != "opening":
            moved.setdefault(move.order_id, []).append((move.kind, move.points))
    assert sums == {row.customer_id: row.points_balance for row in balances}
    for order in stored:
        given_back = [("given_back", order.points)] if order.reverted else []
        assert moved.pop(order.order_id) == [("redeemed", -order.points), *given_back], order.order_id
    assert not moved, "points moved for orders that are not there"
    answers = {("perform", order.order_id): order.performed for order in stored}
    answers |= {("revert", order.order_id): order.reverted for order in stored if order.reverted}
    for call, data in acknowledged.items():
        assert call in answers, f"{call} was acknowledged and is lost"
        assert json.loads(answers[call]) == data
    return len(stored)


def kill_and_check(where: str, *, kills: int, seed: int) -> str:
    """Kill the server under load so many times; raises AssertionError where anything is lost or half-done."""
    program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    with Database(where) as database:
        webhook_id = live(database, program, [Customer(f"c{number}", OPENING) for number in range(CUSTOMERS)])
    luck, enough, server = random.Random(seed), threading.Event(), _Server(where)
    url = f"http://127.0.0.1:{server.port}/api/open/integrations/gokwikwebhook/{webhook_id}"
    clients = [_Client(number, url, enough) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        for _ in range(kills):
            time.sleep(luck.uniform(0.02, 0.4))
            server.kill()
            _no_failures(clients)
            _check(where, {key: data for client in clients for key, data in list(client.acknowledged.items())})
            server.start()
        time.sleep(0.3)
    finally:
        enough.set()
        for client in clients:
            client.join(300)
        server.kill()
    _no_failures(clients)
    acknowledged = {key: data for client in clients for key, data in client.acknowledged.items()}
    answered = _check(where, acknowledged)
    # Every order was answered in the end, so there is no order that nobody knows of.
    assert answered == len({reference for _, reference in acknowledged})
    repeated = sum(client.repeated for client in clients)
    return f"killed {kills} times: {len(acknowledged)} calls of {CLIENTS} clients, {repeated} sent again, nothing lost"


def main() -> None:
    for kind in STORES:
        with tempfile.TemporaryDirectory() as folder, store_of(kind, Path(folder)) as where:
            print(f"{kind}: {kill_and_check(where, kills=KILLS, seed=8)}")


if __name__ == "__main__":
    main()
