"""Every Python snippet and every command on the pages of the documentation runs, in the order of its page."""

import gzip
import re
import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest

import nector_sim as ns
from nector_sim import _process
from nector_sim.frames import described
from tests import generated

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


def call(command, orders, **tables):
    """Run what a command runs, on a program that needs nothing further of the orders."""
    program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    assumptions = ns.Assumptions(gross_margin_percent=50)
    match command:
        case "score":
            return ns.score(program, orders)
        case "replay":
            return ns.replay(program, orders, **tables)
        case "sweep":
            return ns.sweep(program, orders, grid={"min_payable.amount": [100]}, assumptions=assumptions)
        case _:
            return ns.compare(program, program, orders, assumptions=assumptions, resamples=0)


@pytest.mark.parametrize("command", ["score", "replay", "sweep", "compare"])
def test_orders_need_the_columns_that_are_described_as_needed(command):
    orders = ns.demo_orders().head(20)
    needed = [name for name, one in described.ORDERS.items() if command in one.needed_by]
    call(command, orders[needed])
    for name in needed:
        with pytest.raises(ns.InputError, match=name):
            call(command, orders[needed].drop(columns=name))


TABLES = {
    "refunds": (described.REFUNDS, {"order_id": "1", "refunded_at": "2026-01-03", "amount": "10"}),
    "opening": (
        described.OPENING,
        {"customer_id": "a", "points": 5, "expires_at": "2026-06-01", "lifetime_spend": 100},
    ),
    "grants": (
        described.GRANTS,
        {"customer_id": "a", "granted_at": "2026-01-03", "points": 5, "expires_at": "2026-06-01"},
    ),
}


@pytest.mark.parametrize("table", TABLES)
def test_the_other_tables_take_the_columns_that_are_described(table):
    columns, row = TABLES[table]
    assert row.keys() == columns.keys()
    orders = pd.DataFrame([{"order_id": "1", "customer_id": "a", "ordered_at": "2026-01-02", "cart_amount": "500"}])
    whole = pd.DataFrame([row])
    call("replay", orders, **{table: whole})
    for name, one in columns.items():
        if not one.needed_by:
            call("replay", orders, **{table: whole.drop(columns=name)})
            continue
        with pytest.raises(ns.InputError, match=name):
            call("replay", orders, **{table: whole.drop(columns=name)})


def test_results_have_the_columns_that_are_described():
    orders = ns.demo_orders().head(20)
    program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    assert list(ns.score(program, orders.assign(credits=0)).columns[-6:]) == list(described.RESULTS)
    replayed = call("replay", orders.drop(columns="points_balance").assign(credits=0))
    added = set(replayed.orders.columns) - set(orders.columns) - {"credits"} | {"points_balance"}
    assert added == set(described.RESULTS) - {"offer"} | set(described.OF_REPLAYS)
    assert list(replayed.balances.columns) == list(described.BALANCES)


def test_every_exit_code_is_described():
    codes = {_process.DONE, _process.LOOK, _process.UNUSABLE, _process.FAULT, 130, 143}
    assert set(_process.EXIT_CODES) == codes


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


def test_every_generated_file_is_fresh():
    stale = [path.name for path, text in generated.contents().items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run python -m tests.generated"


def test_a_page_without_the_part_that_is_generated_is_refused():
    page = "# A\n<!-- choices, made -->\nold\n<!-- end of choices -->\nB"
    assert generated.with_part(page, "choices", "new") == (
        "# A\n<!-- choices, made -->\n\nnew\n\n<!-- end of choices -->\nB"
    )
    for wrong in ("# A", page + page):
        with pytest.raises(ValueError, match="parts named choices, not 1"):
            generated.with_part(wrong, "choices", "new")
