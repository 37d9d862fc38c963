"""Every Python snippet and every command on the pages of the documentation runs, in the order of its page."""

import gzip
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nector_sim as ns

DOCS = Path(__file__).parents[1] / "data" / "docs"
FENCE = re.compile(r"^```(python|console)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
#: Pages whose snippets need a cluster or another engine; tests/batch runs what can run here.
ELSEWHERE = {"batch.md"}
PAGES = {
    str(page.relative_to(DOCS)): FENCE.findall(page.read_text(encoding="utf-8"))
    for page in sorted(DOCS.rglob("*.md"))
    if page.name not in ELSEWHERE
}


@pytest.mark.parametrize("page", [page for page, blocks in PAGES.items() if blocks])
def test_what_a_page_shows_runs(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ns.data_path("programs"), tmp_path / "programs")
    shutil.copytree(ns.data_path("assumptions"), tmp_path / "assumptions")
    shop = ns.data_path("web_shop")
    with gzip.open(shop / "shopify_export.csv.gz") as packed:
        (tmp_path / "orders_export.csv").write_bytes(packed.read())
    shutil.copy(shop / "balances.csv", tmp_path)
    names: dict[str, object] = {}
    for kind, text in PAGES[page]:
        if kind == "python":
            exec(compile(text, page, "exec"), names)
            said = [
                line.split("  # ", 1)[1] for line in text.splitlines() if line.startswith("print(") and "  # " in line
            ]
            printed = capsys.readouterr().out
            assert all(line in printed for line in said), printed
        else:
            _run(text, tmp_path)


def _run(block, folder):
    """Run each `$ nector-sim …` of a block; what stands below it is what it prints."""
    for command, shown in re.findall(r"^\$ nector-sim (.*)\n((?:(?!\$ ).*\n)*)", block, flags=re.MULTILINE):
        words = [sys.executable, "-X", "utf8", "-m", "nector_sim", *shlex.split(command)]
        run = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", cwd=folder, check=False)
        assert run.returncode in (0, 1), f"{command}\n{run.stderr}"
        for line in filter(None, (line.strip() for line in shown.splitlines())):
            assert line == "…" or line in run.stdout + run.stderr, f"{command}: {line!r} is not in\n{run.stdout}"
