"""Words that readers stumbled over do not come back: in the code, on the pages, in the notebooks."""

import ast
import itertools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *(ROOT / "data").rglob("*.md"),
    *(ROOT / "notebooks").glob("*.ipynb"),
    *(ROOT / "nector_sim").rglob("*.py"),
]
#: Sentences that were rewritten in plain English, by a piece of each.
REWRITTEN = ["Costs are at most", "and serve nothing", "What moves the margin"]
#: One thing in the plural: "1 orders", where no digit, point or sign before the 1 makes it a part of a larger number.
ONE_IN_THE_PLURAL = re.compile(r"(?<![\d.,:+\-/])\b1 (orders|rows|customers|days|calls|settings|coins)\b")
#: What is counted in a sentence, straight behind its number.
COUNTED = re.compile(r" (orders|customers|rows|settings|points|columns)\b")
#: Bounds, which are never 1; words; a mean.
NEVER_ONE = re.compile(r"MAX_POINTS|SHEET_ROWS|BOUNDS|SILENT|\bmore\b|^len\(orders\) /")


@pytest.fixture(scope="module")
def texts():
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in TEXTS}


@pytest.mark.parametrize("phrase", REWRITTEN)
def test_what_was_rewritten_stays_so(texts, phrase):
    assert [name for name, text in texts.items() if phrase in text] == []


def test_one_thing_is_not_in_the_plural(texts):
    found = {name: match.group() for name, text in texts.items() if (match := ONE_IN_THE_PLURAL.search(text))}
    assert found == {}


def test_what_is_counted_is_written_by_count(texts):
    """A number straight before its things is written by `nector_sim.results.count`, which knows one from many."""
    found = {}
    for name in (name for name in texts if name.endswith(".py")):
        for text in (node for node in ast.walk(ast.parse(texts[name])) if isinstance(node, ast.JoinedStr)):
            for number, words in itertools.pairwise(text.values):
                if isinstance(number, ast.FormattedValue) and isinstance(words, ast.Constant):
                    value = ast.unparse(number.value)
                    if COUNTED.match(words.value) and not NEVER_ONE.search(value):
                        found[f"{name}:{number.lineno}"] = value + words.value
    assert found == {}
