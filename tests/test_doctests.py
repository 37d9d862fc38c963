"""Every example in a docstring runs and says what it gives."""

import doctest
import importlib
import inspect
import pkgutil

import pandas as pd
import pyarrow as pa
import pytest

import nector_sim as ns

NAMES = {"ns": ns, "nector_sim": ns, "pd": pd, "pa": pa}
MODULES = ["nector_sim"] + [
    module.name for module in pkgutil.walk_packages(ns.__path__, "nector_sim.") if not module.name.endswith("__main__")
]


class Finder(doctest.DocTestFinder):
    """Also finds the examples of functions that are wrapped, as long calls are."""

    def _from_module(self, module, object):
        return super()._from_module(module, inspect.unwrap(object) if callable(object) else object)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name, tmp_path):
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for test in Finder().find(module, name, extraglobs={**NAMES, "folder": tmp_path}):
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_examples_of_long_calls_are_found():
    assert any(test.examples for test in Finder().find(ns.sweep, globs={}))
    assert "nector_sim.ledger.replay.replay" in {
        test.name for test in Finder().find(importlib.import_module("nector_sim.ledger.replay")) if test.examples
    }
