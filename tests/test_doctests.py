"""Every example in a docstring runs and says what it gives."""

import doctest
import importlib
import pkgutil

import pandas as pd
import pyarrow as pa
import pytest

import nector_sim as ns

NAMES = {"ns": ns, "nector_sim": ns, "pd": pd, "pa": pa}
MODULES = ["nector_sim"] + [
    module.name for module in pkgutil.walk_packages(ns.__path__, "nector_sim.") if not module.name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name, tmp_path):
    module = importlib.import_module(name)
    result = doctest.testmod(module, extraglobs={**NAMES, "folder": tmp_path}, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0
