"""What all tests share."""

import os

from hypothesis import settings

# The same examples in every run, so that a failure is never luck; the campaigns of `make long` draw at random.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


def pytest_terminal_summary(terminalreporter):
    if not os.environ.get("NECTOR_SIM_TEST_POSTGRES"):
        terminalreporter.write_line("PostgreSQL was left out: set NECTOR_SIM_TEST_POSTGRES to the URL of one")
