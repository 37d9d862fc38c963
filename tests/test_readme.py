"""The README does what it says: its commands print what stands there, its Python runs."""

import itertools
import re
import shlex
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
import typer

import nector_sim as ns
from nector_sim.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def nector_sim(*arguments, cwd=ROOT):
    command = [sys.executable, "-X", "utf8", "-m", "nector_sim", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=cwd, check=False)


@pytest.fixture(scope="module")
def demo():
    return nector_sim("demo")


def test_the_demo_prints_what_stands_in_the_readme(demo):
    shown = next(text for kind, text in BLOCKS if kind == "console" and text.startswith("$ make demo\n"))
    lines = [line.rstrip() for line in demo.stdout.splitlines()]
    assert demo.returncode == 0, demo.stderr
    expected = shown.split("$ make test")[0].splitlines()[1:]
    # The last line names the command as it is called from here.
    assert lines[:-1] == expected[:-1]
    assert (ROOT / "out" / "demo.png").read_bytes().startswith(b"\x89PNG")


def test_it_tells_how_many_tests_there_are(request):
    told = int(re.search(r"^=+ (\d+) passed in .*=$", README, flags=re.MULTILINE)[1])
    collected = len(request.session.items)
    # As many as when it was written, about; where only some tests are run, nobody can tell.
    assert told > 0.9 * collected
    if request.config.args == request.config.getini("testpaths"):
        assert told < 1.1 * collected


def test_the_next_command_runs_as_printed(demo):
    command = shlex.split(demo.stdout.splitlines()[-1].removeprefix("Next: "))
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=False)
    assert run.returncode == 0, run.stderr
    assert "the customer pays" in run.stdout


@pytest.mark.parametrize("code", [text for kind, text in BLOCKS if kind == "python"])
def test_its_python_runs(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})


COMMANDS = [
    shlex.split(line)[1:]
    for kind, text in BLOCKS
    for line in text.splitlines()
    if kind == "" and line.startswith("nector-sim ")
]
ORDERS = """\
order_id,customer_id,ordered_at,cart_amount,points_balance
1,a,2026-05-01 10:00,749.95,5000
2,b,2026-05-02 10:00,500,250
"""
#: Half a year and more: five customers, each every other week, so that there is a history to go on from.
HISTORY = "order_id,customer_id,ordered_at,cart_amount\n" + "".join(
    f"{day}-{customer},c{customer},{date(2025, 9, 1) + timedelta(day + customer)} 10:00,{500 + 10 * customer}\n"
    for day in range(0, 250, 14)
    for customer in range(5)
)
RECORD = """\
cart_amount,points_balance,points_redeemed,coins_discount
749.95,5000,649,649
500,250,250,250
"""
GRID = '"offers.0.max_discount" = [200, 500]\n'


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_its_commands_run(arguments, tmp_path):
    command, *options = arguments
    # The options are those of the command; what the two that need each other do is tested with the sandbox.
    typer.main.get_command(app).commands[command].make_context(command, options)
    if command in ("sandbox", "checkout"):
        return
    orders = HISTORY if command in ("forecast", "liability") else ORDERS
    for name, text in (("orders_export.csv", ORDERS), ("orders.csv", orders), ("record.csv", RECORD)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in ("program.toml", "today.toml", "new.toml"):
        shutil.copy(ns.data_path("programs/gokwik-example-with-earning.toml"), tmp_path / name)
    shutil.copy(ns.data_path("assumptions/example.toml"), tmp_path / "assumptions.toml")
    (tmp_path / "grid.toml").write_text(GRID, encoding="utf-8")
    run = nector_sim(*arguments, cwd=tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    for name, value in itertools.pairwise(options):
        assert name != "--out" or (tmp_path / value).exists()


def test_every_command_is_in_it():
    named = set(re.findall(r"nector[-_]sim +([a-z]+)", README)) | set(re.findall(r"make ([a-z]+)", README))
    assert set(typer.main.get_command(app).commands) - named == set()


def test_the_commands_without_make_are_those_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    plain = next(text for kind, text in BLOCKS if kind == "" and "-m venv" in text)
    assert '--constraint constraints.txt --editable ".[lab,dev]"' in plain
    assert '--constraint constraints.txt --editable ".[lab,dev]"' in makefile
