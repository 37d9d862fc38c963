"""Words that readers stumbled over do not come back: in the code, on the pages, in the notebooks."""

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


@pytest.fixture(scope="module")
def texts():
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in TEXTS}


@pytest.mark.parametrize("phrase", REWRITTEN)
def test_what_was_rewritten_stays_so(texts, phrase):
    assert [name for name, text in texts.items() if phrase in text] == []


def test_one_thing_is_not_in_the_plural(texts):
    found = {name: match.group() for name, text in texts.items() if (match := ONE_IN_THE_PLURAL.search(text))}
    assert found == {}
