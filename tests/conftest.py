"""What all tests share."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from nector_sim.cli import main

# The same examples in every run, so that a failure is never luck; the campaigns of `make long` draw at random.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


BROWSER = Path(__file__).parent / "browser"


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
