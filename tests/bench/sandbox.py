"""Speed of the sandbox with SQLite: 500 `list` calls a second offered by 32 clients, and `perform` flat out.

The server runs in this process and the clients in another, on the same machine. Before anything is timed, one order's
answer is held against the exact calculator; afterwards the ledger against the answers. Last, how long the comparison of
a webhook id takes, by how wrong the id is.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import nector_sim as ns
from nector_sim.gokwik import Checkout, Customer, Integration, Wallets, application, running
from nector_sim.gokwik.integration import is_webhook_id, read_row
from tests.bench.load import offered

CLIENTS = 32
CUSTOMERS = 1000
LISTS, LISTS_A_SECOND, SLOWEST = 5000, 500, 0.050
PERFORMS, PERFORMS_A_SECOND = 2000, 200


def run():
    """Print how long `list` takes under a steady load, and how many `perform` there are in a second."""
    with tempfile.TemporaryDirectory() as folder:
        lists, performs = measure(Path(folder))
    waits, rate = lists["latencies"], PERFORMS / performs["seconds"]
    slow = _percentile(waits, 0.99)
    print(f"\nSandbox on SQLite, {CLIENTS} clients in a process of their own, {CUSTOMERS:,} customers")
    print(
        f"  list, {LISTS:,} calls offered at {LISTS_A_SECOND}/s: median {_percentile(waits, 0.5) * 1e3:.1f} ms, "
        f"99 % within {slow * 1e3:.1f} ms (at most {SLOWEST * 1e3:.0f}){'  OVER' * (slow > SLOWEST)}"
    )
    print(
        f"  perform, {PERFORMS:,} calls, each on disk before its answer: {rate:.0f}/s "
        f"(at least {PERFORMS_A_SECOND}){'  UNDER' * (rate < PERFORMS_A_SECOND)}"
    )
    print(f"  comparing a webhook id, slowest to fastest of the right one and of wrong ones: {comparisons():.2f}")


def measure(folder):
    """Offer both loads to a server of this process; gives what :func:`tests.bench.load.offered` gives."""
    program = ns.Program(
        offers=[ns.VariableAmount(points_per_step=1, discount_per_step=1, max_discount=1000)],
        min_payable=ns.FixedMinPayable(amount=100),
    )
    integration = Integration(folder / "bench.db")
    webhook_id = integration.initialise(program).get_secret_value()
    integration.enable()
    integration.hand_over()
    wallets = Wallets(integration.database)
    wallets.add([Customer(f"c{number}", 1_000_000) for number in range(CUSTOMERS)])
    path = f"/api/open/integrations/gokwikwebhook/{webhook_id}"
    with running(application(integration.database)) as address:
        with Checkout(address + path) as checkout:
            listed = checkout.call("list", customer_id="c0", amount=500).data
        expected = ns.quote(program, cart_amount=500, points_balance=1_000_000)
        assert (listed["coin_value"], listed["fiat_value"]) == (expected.points_redeemed, expected.discount)
        calls = [{"customer_id": f"c{number * 7 % CUSTOMERS}", "amount": 500} for number in range(LISTS)]
        lists = offered(
            address, path, [{"action": "list", **call} for call in calls], clients=CLIENTS, rate=LISTS_A_SECOND
        )
        performs = offered(
            address,
            path,
            [{"action": "perform", "reference_order_id": str(number), **calls[number]} for number in range(PERFORMS)],
            clients=CLIENTS,
        )
    assert lists["statuses"] == {"200": LISTS}
    assert performs["statuses"] == {"200": PERFORMS}
    redeemed = wallets.ledger().query("kind == 'redeemed'")["points"]
    assert (len(redeemed), redeemed.sum()) == (PERFORMS, -400 * PERFORMS)
    return lists, performs


def comparisons():
    """Slowest over fastest comparison, each the least of many: what else the machine does only adds."""
    with tempfile.TemporaryDirectory() as folder:
        integration = Integration(Path(folder) / "bench.db")
        right = integration.initialise().get_secret_value()
        with integration.database.reading() as connection:
            row = read_row(connection)
        integration.database.close()
    least = []
    for given in (right, right[:-1] + "?", "?" + right[1:], "?" * len(right)):
        assert is_webhook_id(row, given) == (given == right)
        times = []
        for _ in range(500):
            start = time.perf_counter_ns()
            for _ in range(20):
                is_webhook_id(row, given)
            times.append(time.perf_counter_ns() - start)
        least.append(min(times))
    return max(least) / min(least)


def _percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
