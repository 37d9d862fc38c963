"""``python -m tests.generated`` writes what is kept and follows from the code or from the worked cases.

Parts of pages lie between two comments, ``<!-- NAME, … -->`` and ``<!-- end of NAME -->``.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import nector_sim as ns
from nector_sim.calculator.choices import CHOICES, Choice
from nector_sim.ledger.choices import LEDGER_CHOICES
from nector_sim.parity.cases import case_schema
from nector_sim.parity.pytest_plugin import read
from nector_sim.parity.suite import ENDINGS, as_text, program_schema

PARITY, LAW = Path(ns.data_path("parity")), Path(ns.data_path("law"))
NAMES = ("nector-help", "rules-derived", "published")


def parity_files() -> dict[str, str]:
    """The worked cases in their other forms, and the schemas, by the file's name."""
    made = {
        f"{name}{ending}": as_text(read(str(PARITY / f"{name}.toml")), ending, name=name)
        for name in NAMES
        for ending in ENDINGS
    }
    schemas = {"case.schema.json": case_schema(), "program.schema.json": program_schema()}
    return made | {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in schemas.items()}


def law_pages() -> dict[str, str]:
    """The pages of the law with their tables of choices, by the page's name."""
    choices = {"redemption.md": CHOICES, "ledger.md": LEDGER_CHOICES}
    return {
        name: with_part((LAW / name).read_text(encoding="utf-8"), "choices", table_of(these))
        for name, these in choices.items()
    }


def table_of(choices: Mapping[str, Choice]) -> str:
    """The named choices, and what others do."""
    rows = [f"| `{name}` | {one.chosen} | {one.others} |" for name, one in choices.items()]
    return "\n".join(["| name | chosen here | others |", "|---|---|---|", *rows])


def with_part(page: str, name: str, text: str) -> str:
    """Put a text between the two comments of its name."""
    made, count = re.subn(
        rf"(<!-- {name}, [^>]*-->\n).*?(?=<!-- end of {name} -->)",
        lambda found: f"{found[1]}\n{text}\n\n",
        page,
        flags=re.DOTALL,
    )
    if count != 1:
        raise ValueError(f"the page has {count} parts named {name}, not 1")
    return made


def contents() -> dict[Path, str]:
    """Every file that is written, with its text."""
    return {PARITY / name: text for name, text in parity_files().items()} | {
        LAW / name: text for name, text in law_pages().items()
    }


if __name__ == "__main__":
    for path, text in contents().items():
        path.write_text(text, encoding="utf-8", newline="\n")
