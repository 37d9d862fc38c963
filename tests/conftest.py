"""What all tests share."""

import hashlib
import itertools
import os
import shutil
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import settings

import nector_sim as ns
from nector_sim.cli import main
from nector_sim.orders import identity

# The same examples in every run, so that a failure is never luck; the campaigns of `make long` draw at random.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")

# A shell tells what it runs in the background to ignore Ctrl+C, and a process that ignores it starts others that do.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


#: What runs exported calculators and worked examples, where it is installed.
OTHERS = {"Node.js": "node", "PHP": "php", "LibreOffice": "soffice", "Spark (Java)": "java"}
BROWSER = Path(__file__).parent / "browser"


@pytest.fixture(autouse=True)
def keys_that_are_made(monkeypatch):
    """The first key that a test has made is the same in every run, so that the sides of a test are no luck."""
    made = itertools.count()
    steady = SimpleNamespace(token_hex=lambda _bytes: hashlib.sha256(b"key %d" % next(made)).hexdigest())
    monkeypatch.setattr(identity, "secrets", steady)


@pytest.fixture
def run(monkeypatch, capsys):
    """The command line as its user meets it: give it words, and it gives exit code, output and errors."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["nector-sim", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        output = capsys.readouterr()
        assert "Traceback" not in output.out + output.err
        return stop.value.code or 0, output.out, output.err

    return call


@pytest.fixture
def program():
    """The documented example: 1 coin = ₹1, at most ₹1000 off, the customer pays at least ₹100."""
    return ns.load_program(ns.data_path("programs/gokwik-example.toml"))


@pytest.fixture
def assumptions():
    return ns.load_assumptions(ns.data_path("assumptions/example.toml"))


@pytest.fixture
def orders():
    """Two months of a small shop."""
    carts = [80.0, 500.0, 749.95, 1500.0, 2000.0, 5000.0]
    balances = [5000, 250, 5000, 5000, 0, 700]
    return pd.DataFrame(
        {
            "order_id": [f"A{n}" for n in range(6)],
            "customer_id": ["x", "x", "y", "y", "z", "z"],
            "ordered_at": pd.to_datetime(
                ["2026-01-01", "2026-01-10", "2026-01-20", "2026-02-01", "2026-02-20", "2026-03-03"], utc=True
            ),
            "cart_amount": carts,
            "points_balance": balances,
        }
    )


def pytest_ignore_collect(collection_path, config):
    """Tests in a real browser run when they are asked for by name: make test-browser."""
    asked = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    if collection_path == BROWSER and not any(path.is_relative_to(BROWSER) for path in asked):
        return True
    return None


def pytest_terminal_summary(terminalreporter, config):
    if not any("browser" in argument for argument in config.args):
        missing = "" if shutil.which("chromium") else " (Chromium is not installed)"
        terminalreporter.write_line(f"The explorer in a real browser was left out{missing}: make test-browser")
    if not os.environ.get("NECTOR_SIM_TEST_POSTGRES"):
        terminalreporter.write_line("PostgreSQL was left out: set NECTOR_SIM_TEST_POSTGRES to the URL of one")
    if others := [name for name, program in OTHERS.items() if not shutil.which(program)]:
        terminalreporter.write_line(f"Not installed, so exported calculators did not run there: {', '.join(others)}")
