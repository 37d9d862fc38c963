"""A pytest plugin: a test that takes ``nector_case`` is run once for each case of the suite.

``--nector-cases FILE`` names a file of cases (TOML, JSON or JSON Lines); left out, all worked cases are used.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any


def pytest_addoption(parser: Any) -> None:
    """Take the file of cases."""
    parser.addoption("--nector-cases", default="", help="cases for tests that take nector_case: .toml, .json, .jsonl")


def pytest_generate_tests(metafunc: Any) -> None:
    """Give each case to the tests that ask for one."""
    if "nector_case" not in metafunc.fixturenames:
        return
    cases = read(metafunc.config.getoption("--nector-cases"))
    metafunc.parametrize("nector_case", cases, ids=[case["name"] for case in cases])


def read(path: str) -> list[dict[str, Any]]:
    """Cases of a file as plain data, or all worked ones."""
    from nector_sim._data import data_path

    if not path:
        names = ("nector-help", "rules-derived", "published")
        return [case for name in names for case in read(str(data_path(f"parity/{name}.toml")))]
    text = Path(path).read_text(encoding="utf-8")
    if path.endswith(".jsonl"):
        return [json.loads(line) for line in text.splitlines()]
    data: dict[str, Any] = json.loads(text) if path.endswith(".json") else tomllib.loads(text)
    return list(data["case"])
