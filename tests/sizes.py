"""How many cases a test takes: few in `make test`, all of them in `make tests-long`."""

import os

LONG = bool(os.environ.get("NECTOR_SIM_TESTS_LONG"))


def size(few, every):
    """The first in `make test`, the second in `make tests-long`."""
    return every if LONG else few
