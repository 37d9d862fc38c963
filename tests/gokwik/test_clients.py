"""Clients that are no code of ours, each where it is to be had: one order, as live use has it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nector_sim.gokwik import Customer, Database
from tests.gokwik.shops import open_shop

HERE = Path(__file__).parent / "clients"
HEADERS = ("-H", "content-type: application/json", "-H", "x-source: checkout")
CURL = ["curl", "-sS", "-w", "%{http_code}\n", *HEADERS]


def each_alone(*command):
    """Curl, a process for each body; gives what the other clients print."""

    def visit(url, bodies):
        lines = []
        for body in bodies:
            out = subprocess.run([*command, "-d", body, url], capture_output=True, text=True, check=True).stdout
            lines.append(f"{out[-4:-1]} {out[:-4]}")
        return lines

    return visit


def all_at_once(*command):
    def visit(url, bodies):
        run = subprocess.run([*command, url, *bodies], capture_output=True, text=True, check=True, timeout=120)
        return run.stdout.splitlines()

    return visit


CLIENTS = {
    "python": all_at_once(sys.executable, str(HERE / "visit.py")),
    "java": all_at_once("java", str(HERE / "Visit.java")),
    "node": all_at_once("node", str(HERE / "visit.mjs")),
    "curl": each_alone(*CURL),
    # Offers to go on in HTTP/2 (Upgrade: h2c), as Java's client does by itself.
    "curl --http2": each_alone(*CURL, "--http2"),
    "curl in pieces": each_alone(*CURL, "-H", "transfer-encoding: chunked"),
}
HERE_TO_BE_HAD = [name for name in CLIENTS if name == "python" or shutil.which(name.split()[0])]


@pytest.mark.parametrize("name", HERE_TO_BE_HAD)
def test_a_client_as_it_comes(tmp_path, program, name):
    who = {"customer_id": "shopify-4711", "country": "ind"}
    order = {"reference_order_id": "1001", "wallet_type": "coins"}
    calls = [
        {**who, "action": "list", "amount": 1169.6399999999999},
        {**who, **order, "action": "perform", "amount": 1169.6399999999999},
        {**who, "action": "list", "amount": 1169.6399999999999},
        {**who, **order, "action": "revert"},
        {**who, "action": "list", "amount": 100},
        {**who, "customer_id": "shopify-1", "action": "list", "amount": 500},
    ]
    customers = [Customer("shopify-4711", 1500)]
    with Database(tmp_path / "gokwik.db") as database, open_shop(database, program, customers) as shop:
        lines = CLIENTS[name](shop.url, [json.dumps(call) for call in calls])
        answers = [(int(line[:3]), json.loads(line[4:])["data"]) for line in lines]
        assert shop.points("shopify-4711") == 1500
    assert [status for status, _ in answers] == [200, 200, 200, 200, 422, 422]
    # 1169.64, of which 100 are to pay: at most 1000; then 500 are left, which come back.
    listed, performed, again, reverted, *nothing = (data for _, data in answers)
    assert [one["coin_value"] for one in listed["promotions"]] == [1000]
    assert (performed["coin_value"], performed["operation"]) == (1000, "dr")
    assert [again["points_balance"], *(one["coin_value"] for one in again["promotions"])] == [500, 500]
    assert (reverted["coin_value"], reverted["operation"]) == (1000, "cr")
    assert [data["message"] for data in nothing] == ["No discount is available"] * 2
