"""Many clients at once on one customer's points, over the wire: no point is spent twice.

``python -m tests.campaigns.sandbox_double_spending`` runs the full size on SQLite, and on PostgreSQL where
NECTOR_SIM_TEST_POSTGRES names one; the tests run a smaller one.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import nector_sim as ns
from nector_sim.gokwik import Customer, Database
from tests.bench.load import offered
from tests.gokwik.shops import STORES, open_shop, store_of

CLIENTS = 64
PERFORMS = 10_000


def spend(where: str, *, performs: int, clients: int = CLIENTS) -> str:
    """Let clients perform at once on one customer, with points for 60 % of it; raises AssertionError where it fails.

    One order in ten is sent a second time, at about the same moment.
    """
    program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    opening = performs * 6 // 10 * 400 + 150  # the last order gets the 150 that are left
    calls = []
    for number in range(performs):
        call = {"action": "perform", "customer_id": "c", "amount": 500, "reference_order_id": f"r{number}"}
        calls += [call] * (2 if number % 10 == 0 else 1)
    start = time.perf_counter()
    with Database(where) as database, open_shop(database, program, [Customer("c", opening)]) as shop:
        path = shop.url.removeprefix(shop.address)
        answers = offered(shop.address, path, calls, clients=clients)["answers"]
        seconds = time.perf_counter() - start
        balance = shop.points("c")
        redeemed = shop.wallets.ledger("c").query("kind == 'redeemed'").set_index("order_id")["points"]
        steps = shop.wallets.ledger("c")["points"].cumsum()
    answered: dict[str, set[tuple[str, int]]] = {}
    for call, answer in zip(calls, answers, strict=True):
        given = answered.setdefault(call["reference_order_id"], set())
        if answer["meta"]["code"] == 200:
            given.add((answer["data"]["id"], answer["data"]["coin_value"]))
        else:
            assert answer["meta"]["error"] == "nothing_to_redeem", answer
    points = {reference: sum(points for _, points in given) for reference, given in answered.items() if given}
    assert all(len(given) <= 1 for given in answered.values()), "one reference got two answers"
    assert balance == 0, f"{balance} points are left of {opening}"
    assert (steps >= 0).all(), "the balance went below zero"
    assert sum(points.values()) == opening, "what was answered is not what there was"
    assert (-redeemed).to_dict() == points, "the ledger is not what was answered"
    return (
        f"{performs} performs and {len(calls) - performs} repetitions by {clients} clients in {seconds:.1f} s: "
        f"{len(points)} orders took the {opening} points, each once"
    )


def main() -> None:
    for kind in STORES:
        with tempfile.TemporaryDirectory() as folder, store_of(kind, Path(folder)) as where:
            print(f"{kind}: {spend(where, performs=PERFORMS)}")


if __name__ == "__main__":
    main()
