"""What each command listens on: nothing, or what it says it serves, on this machine alone.

Commands that serve are looked at where they run in a process of their own: `sandbox` in tests/gokwik/test_operating.py,
`app` in tests/browser/test_ends.py; and so is a local Dask cluster, in tests/batch/test_private_cluster.py. `lab` is
JupyterLab as its user has set it up. `warm` runs `score`, `replay` and `sweep`.
"""

import os
import socket

import pytest

import nector_sim as ns
from nector_sim.cli import COMMANDS, EXPERIMENT
from tests.listening import listeners

EXAMPLE = str(ns.data_path("programs/gokwik-example.toml"))
ASSUMED = str(ns.data_path("assumptions/example.toml"))
ORDERS = "order_id,customer_id,ordered_at,cart_amount,points_balance\n1,a,2026-01-01,749.95,5000\n2,b,2026-01-02,80,9\n"
CLOSED = "http://127.0.0.1:1/nobody"
PAIR = ("orders.csv", "--baseline", EXAMPLE, "--candidate", "other.toml", "--assumptions", ASSUMED)

#: How each command that serves nothing is called, and its exit code: 1 and 2 where its other side is not there.
CALLS = [
    (0, ("demo",)),
    (0, ("quote", "--program", EXAMPLE, "--cart", "500", "--balance", "100")),
    (0, ("explain", "--program", EXAMPLE, "--cart", "500", "--balance", "100")),
    (0, ("check", "orders.csv", "--program", EXAMPLE)),
    (0, ("score", "orders.csv", "--program", EXAMPLE, "--out", "scored.csv")),
    (0, ("export", "--program", EXAMPLE, "--to", "sql")),
    (2, ("parity", "--program", EXAMPLE, "--url", CLOSED, "--n", "1", "--retries", "0")),
    (0, ("sweep", "orders.csv", "-p", EXAMPLE, "--grid", "grid.toml", "-a", ASSUMED, "--out", "table.csv")),
    (0, ("compare", *PAIR)),
    (0, ("replay", "orders.csv", "--program", EXAMPLE, "--out", "replayed")),
    (2, ("forecast", "orders.csv", "--program", EXAMPLE)),  # a history of two orders is too short
    (0, ("liability", "orders.csv", "--program", EXAMPLE)),
    (2, ("fit", "orders.csv", "-p", EXAMPLE)),  # these orders do not say what was redeemed
    (0, ("examples", "examples")),
    (1, ("checkout", "--url", CLOSED, "--customer", "a", "--cart", "500", "--timeout", "1")),
    (0, ("experiment", "plan", *PAIR)),  # two customers are too few for the others
    (2, ("experiment", "assign", "orders.csv", "--start", "2026-04-01", "--out", "arms.csv", "--key-file", "key")),
    (2, ("experiment", "read", "orders.csv", "--assigned", "none.csv")),
]
SERVE = {"app", "lab", "sandbox", "warm"}


def test_every_command_is_looked_at():
    called = {words[0] for _, words in CALLS if words[0] != "experiment"}
    assert called | SERVE == set(COMMANDS)
    assert {words[1] for _, words in CALLS if words[0] == "experiment"} == set(EXPERIMENT)


@pytest.fixture
def bound(monkeypatch):
    """What was bound or listened on while a command ran in this process, in Python or not."""
    seen, before = [], listeners(os.getpid())
    for name in ("bind", "listen"):
        monkeypatch.setattr(socket.socket, name, lambda line, *arguments: seen.append(arguments))
    return lambda: (seen, listeners(os.getpid()) - before)


@pytest.mark.parametrize(("code", "words"), CALLS, ids=[" ".join(words[:2]) for _, words in CALLS])
def test_a_command_that_serves_nothing_listens_to_nobody(run, tmp_path, monkeypatch, bound, code, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    (tmp_path / "grid.toml").write_text('"min_payable.amount" = [0, 100]\n', encoding="utf-8")
    other = ns.load_program(EXAMPLE).replaced({"min_payable.amount": 50})
    (tmp_path / "other.toml").write_text(other.to_toml(), encoding="utf-8")
    found, out, err = run(*words)
    assert bound() == ([], set())
    assert found == code, out + err
