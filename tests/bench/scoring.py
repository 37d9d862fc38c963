"""``ns.score`` on a float frame against a loop that only copies as many bytes, and what importing costs."""

import subprocess
import sys

import numpy as np
import pandas as pd

import nector_sim as ns
from tests.bench.calculator import copy_two
from tests.bench.harness import Case, compare

ROWS = 10_000_000


def run():
    """Print both."""
    program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    luck = np.random.default_rng(0)
    orders = pd.DataFrame(
        {"cart_amount": luck.integers(0, 300_000, ROWS) / 100, "points_balance": luck.integers(0, 5_000, ROWS)}
    )
    check_parity(program, orders.head(2_000))
    cart, balance = (luck.integers(0, 300_000, ROWS) for _ in range(2))
    out = [np.zeros(ROWS, np.int64) for _ in range(3)] + [np.zeros(ROWS, np.int8)]
    copying = "copying loop, 16 bytes in and 25 out"
    cases = [
        Case(copying, lambda: copy_two(cart, balance, *out)),
        Case("ns.score on a float64 frame", lambda: ns.score(program, orders), copying, 3.0),
    ]
    compare(f"Scoring a frame, {ROWS:,} rows", cases)
    importing()


def check_parity(program, orders):
    """Every row is what quote gives."""
    for row in ns.score(program, orders).itertuples():
        quote = ns.quote(program, cart_amount=row.cart_amount, points_balance=row.points_balance)
        assert (row.points_redeemed, row.payable) == (quote.points_redeemed, float(quote.payable))


def importing():
    """Whole processes: importing beside what it imports, and the help of the command line."""

    def process(*arguments):
        return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)

    numpy_and_pydantic = "import numpy, pydantic"
    cases = [
        Case(numpy_and_pydantic, process("-c", numpy_and_pydantic)),
        Case("import nector_sim", process("-c", "import nector_sim"), numpy_and_pydantic),
        Case("nector-sim --help", process("-m", "nector_sim", "--help"), numpy_and_pydantic),
    ]
    compare("Starting up", cases, runs=9)
