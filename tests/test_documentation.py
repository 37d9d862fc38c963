"""Every Python snippet and every command on the pages of the documentation runs, in the order of its page."""

import gzip
import re
import shlex
import shutil
from pathlib import Path

import pytest

import nector_sim as ns
from nector_sim import _process
from nector_sim.frames.results import RESULTS
from nector_sim.orders.layouts import HOUSE_COLUMNS

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
def test_what_a_page_shows_runs(page, tmp_path, monkeypatch, capsys, run):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ns.data_path("programs"), tmp_path / "programs")
    shutil.copytree(ns.data_path("assumptions"), tmp_path / "assumptions")
    shutil.copytree(Path(__file__).parent / "orders" / "samples", tmp_path / "samples")
    shop = ns.data_path("web_shop")
    if any("orders_export.csv" in text for _, text in PAGES[page]):
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
            _commands(text, run)


def _commands(block, run):
    """Run each `$ nector-sim …` of a block; what stands below it is in what it prints."""
    for command, shown in re.findall(r"^\$ nector-sim (.*)\n((?:(?!\$ ).*\n)*)", block, flags=re.MULTILINE):
        code, printed, errors = run(*shlex.split(command))
        assert code in (0, 1), f"{command}\n{errors}"
        for line in filter(None, (line.strip() for line in shown.splitlines())):
            assert line == "…" or line in printed + errors, f"{command}: {line!r} is not in\n{printed}"


def test_the_page_of_columns_has_all_of_them():
    page = (DOCS / "reference" / "columns.md").read_text(encoding="utf-8")
    before, _, results = page.partition("## Results")
    named = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\|([^|]*)\|", before, flags=re.MULTILINE))))
    assert set(HOUSE_COLUMNS) - named == set()
    assert set(RESULTS) - set(re.findall(r"^\| `(\w+)`", results, flags=re.MULTILINE)) == set()


def test_the_page_of_exit_codes_has_all_of_them():
    page = (DOCS / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", page, flags=re.MULTILINE)}
    assert codes == {_process.DONE, _process.LOOK, _process.UNUSABLE, _process.FAULT, 130, 143}


def test_every_page_is_in_the_navigation_and_every_link_leads_somewhere():
    nav = (DOCS.parents[1] / "mkdocs.yml").read_text(encoding="utf-8").partition("nav:\n")[2]
    listed = set(re.findall(r": (\S+\.md)$", nav, flags=re.MULTILINE))
    assert {str(page.relative_to(DOCS).as_posix()) for page in DOCS.rglob("*.md")} <= listed
    law = {f"law/{page.name}" for page in (DOCS.parent / "law").glob("*.md")}
    assert law <= listed
    pictures = {f"pictures/{picture.name}" for picture in (DOCS.parent / "pictures").glob("*.png")}
    notebooks = {f"notebooks/{path.stem}.md" for path in (DOCS.parents[1] / "notebooks").glob("*.ipynb")}
    for page in DOCS.rglob("*.md"):
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            place = (page.parent / link).resolve()
            at = place.relative_to(DOCS.resolve() if place.is_relative_to(DOCS.resolve()) else DOCS.parent.resolve())
            assert at.as_posix() in listed | law | pictures | notebooks, f"{page.name}: {link}"
