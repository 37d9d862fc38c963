"""``python -m tests.parity_files`` writes what follows from the worked cases in TOML and from the models."""

import json
from pathlib import Path

import nector_sim as ns
from nector_sim.parity.cases import case_schema
from nector_sim.parity.pytest_plugin import read
from nector_sim.parity.suite import ENDINGS, as_text, program_schema

FOLDER = Path(ns.data_path("parity"))
NAMES = ("nector-help", "rules-derived", "published")


def contents() -> dict[str, str]:
    """Give each file's name and text."""
    made = {
        f"{name}{ending}": as_text(read(str(FOLDER / f"{name}.toml")), ending, name=name)
        for name in NAMES
        for ending in ENDINGS
    }
    schemas = {"case.schema.json": case_schema(), "program.schema.json": program_schema()}
    return made | {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in schemas.items()}


if __name__ == "__main__":
    for name, text in contents().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
