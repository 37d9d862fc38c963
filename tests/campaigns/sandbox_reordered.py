"""Calls that are delayed, doubled and reordered at random, as a network may: no point is lost or taken.

``python -m tests.campaigns.sandbox_reordered`` runs the full size on SQLite, and on PostgreSQL where
NECTOR_SIM_TEST_POSTGRES names one; the tests run a smaller one.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import nector_sim as ns
from nector_sim.gokwik import Customer, Database
from tests.bench.load import offered
from tests.gokwik.shops import STORES, open_shop, store_of

ORDERS = 5_000
CUSTOMERS = 20
CLIENTS = 32
#: Orders whose calls may overtake each other.
APART = 40


def shuffled(orders: int, seed: int) -> list[dict[str, Any]]:
    """The calls of orders, each sent one to three times, in any order among those near to them.

    Of half the orders the payment fails: they are reverted, and the checkout does not wait for what their `perform`
    says.
    """
    luck = random.Random(seed)
    calls: list[tuple[float, dict[str, Any]]] = []
    for number in range(orders):
        who = {"customer_id": f"c{luck.randrange(CUSTOMERS)}", "reference_order_id": f"r{number}"}
        actions: list[dict[str, Any]] = [{"action": "perform", "amount": luck.randrange(101, 900), **who}]
        if luck.random() < 0.5:
            actions.append({"action": "revert", **who})
        for call in actions:
            calls += [(number + luck.uniform(0, APART), call) for _ in range(luck.choice((1, 1, 2, 3)))]
    return [call for _, call in sorted(calls, key=lambda entry: entry[0])]


def check(calls: list[dict[str, Any]], answers: list[dict[str, Any]], ledger: Any) -> str:
    """Hold the ledger against what every caller was told; raises AssertionError where they differ."""
    taken: dict[str, set[int]] = {}
    reverted: dict[str, set[str]] = {}
    for call, answer in zip(calls, answers, strict=True):
        reference, code = call["reference_order_id"], answer["meta"]["code"]
        word = answer["meta"].get("error", "done")
        if call["action"] == "revert":
            assert word in ("done", "unknown_order"), answer
            reverted.setdefault(reference, set()).add(word)
        elif code == 200:
            taken.setdefault(reference, set()).add(answer["data"]["coin_value"])
        else:
            assert word in ("reverted", "nothing_to_redeem"), answer
    moved = ledger[ledger["kind"] != "opening"]
    net, redeemed = Counter(), Counter()
    for row in moved.itertuples():
        net[row.order_id] += row.points
        if row.kind == "redeemed":
            redeemed[row.order_id] -= row.points
    # One answer for each order, and the ledger took that and nothing else.
    assert all(len(points) == 1 for points in taken.values())
    assert {reference: points for reference, (points,) in taken.items()} == dict(redeemed)
    for reference in redeemed:
        # What was reverted is back; whatever came late took nothing.
        assert net[reference] == (0 if reference in reverted else -redeemed[reference]), reference
    early = sum(words == {"unknown_order"} for words in reverted.values())
    assert all(len(words) == 1 for words in reverted.values()), "a revert was told two things"
    return f"{len(calls)} calls, {len(redeemed)} orders took points, {len(reverted)} reverted, {early} of them first"


def play(where: str, *, orders: int, seed: int, clients: int = CLIENTS) -> str:
    """Send them all; raises AssertionError where a point is lost or taken."""
    program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    people = [Customer(f"c{number}", orders * 30) for number in range(CUSTOMERS)]
    calls = shuffled(orders, seed)
    with Database(where) as database, open_shop(database, program, people) as shop:
        answers = offered(shop.address, shop.url.removeprefix(shop.address), calls, clients=clients)["answers"]
        for person in people:
            shop.points(person.customer_id)
        return check(calls, answers, shop.wallets.ledger())


def main() -> None:
    for kind in STORES:
        for seed in range(5):
            with tempfile.TemporaryDirectory() as folder, store_of(kind, Path(folder)) as where:
                print(f"{kind}, seed {seed}: {play(where, orders=ORDERS, seed=seed)}; no point lost or taken")


if __name__ == "__main__":
    main()
