"""What all tests share."""

import os
import shutil
from pathlib import Path

from hypothesis import settings

# The same examples in every run, so that a failure is never luck; the campaigns of `make long` draw at random.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


BROWSER = Path(__file__).parent / "browser"


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
