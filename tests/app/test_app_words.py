"""What the page says: nothing of Python, of the command line or of this computer's folders."""

import ast
import re
from pathlib import Path

import pytest

import nector_sim
from nector_sim.report.words import plain

PACKAGE = Path(nector_sim.__file__).parent
#: Whose messages and notes reach the page.
ROOMS = ("app", "economics", "exploration", "frames", "ledger", "orders", "report", "rules")
#: Texts that do not: what they are for.
ELSEWHERE = {
    "app/lab.py": "the command that opens notebooks",
    "app/server.py": "the command, and the policy of the page",
    "report/words.py": "the patterns themselves",
    "exploration/sweep.py": "asked from Python alone",
    "frames/described.py": "what the columns of frames mean, for who works in Python",
    "frames/kinds.py": "tables of other libraries",
    "frames/masking.py": "a pattern",
    "ledger/liability.py": "asked from Python alone",
    "orders/propose.py": "comments of a file that the command writes",
    "orders/report.py: what to type next": "its page is the command's",
}
DEVELOPERS = re.compile(
    r"\b[a-z]+_[a-z_]+\b|--[a-z]|\bns\.|\b[a-z]+='|`|\bTOML\b|\bmapping\b|\bpython\b|\bpip\b|nector-sim|\bcp1252\b"
    r"|\[[a-z]+\]|\bDataFrame\b|\bframe\b|\bdtype\b",
    re.IGNORECASE,
)


def messages(path):
    """Every text of a file that reads like a sentence, with 7 for what is put into it; no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    parts = {
        id(part)
        for one in ast.walk(tree)
        if isinstance(one, ast.JoinedStr)
        for part in ast.walk(one)
        if part is not one
    }
    for one in ast.walk(tree):
        if id(one) in said | parts:
            continue
        if isinstance(one, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in one.values)
        elif isinstance(one, ast.Constant) and isinstance(one.value, str):
            text = one.value
        else:
            continue
        if text.count(" ") > 1 and len(re.findall(r"[A-Za-z]{2,}", text)) >= 4:
            yield text


@pytest.mark.parametrize("room", ROOMS)
def test_every_text_that_the_page_can_show_is_a_merchant_s(room):
    found, seen = [], 0
    for path in sorted((PACKAGE / room).rglob("*.py")):
        if str(path.relative_to(PACKAGE)) in ELSEWHERE:
            continue
        for text in messages(path):
            seen += 1
            if path.name == "report.py" and re.search(r"nector-sim|ns\.score", text):
                continue  # what to type next
            if DEVELOPERS.search(plain(text)):
                found.append(f"{path.name}: {plain(text)}")
    assert found == []
    assert seen > 20


def test_how_sure_and_what_moves_are_said_in_one_wording():
    """A merchant has no levers and draws nothing."""
    jargon = re.compile(r"\b(levers?|nine of ten|draws?|resamples?)\b", re.IGNORECASE)
    files = [path for room in ("app", "report") for path in (PACKAGE / room).rglob("*.py")]
    files = [path for path in files if str(path.relative_to(PACKAGE)) not in ELSEWHERE]
    shown = [plain(text) for path in files for text in messages(path)]
    for path in (PACKAGE / "app" / "front").glob("*.js"):
        code = re.sub(r"^\s*//.*|\s// .*", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        shown += [text for text in re.findall(r'"([^"\n]*)"', code) if text.count(" ") > 1]
    assert len(shown) > 200
    assert [text for text in shown if jargon.search(text)] == []


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("shop.csv: order_date is no date", "shop.csv: order_date is no date"),
        ("the basket of refunded_at", "the basket of date of the refund"),
        ("/tmp/nector_sim_x1/files/3/shop.csv cannot be opened", "shop.csv cannot be opened"),
        ("orders left out: 3; to count those not paid yet: keep_status=['pending'] (--keep-status pending)",
         "orders left out: 3; say below if they count"),
    ],
)  # fmt: skip
def test_words_by_example(said, shown):
    assert plain(said, ["order_date", "Total"]) == shown
