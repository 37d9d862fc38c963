"""The README does what it says: its commands print what stands there, its Python runs."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

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
    # The last line begins with the command as it is called from here.
    assert lines[:-1] == expected[:-1]
    assert lines[-1].partition("nector-sim ")[2] == expected[-1].partition("nector-sim ")[2]
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


def test_it_has_what_a_reader_looks_for_and_its_links_lead_somewhere():
    assert 'pip install "nector-sim[commands]"' in README
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert {"data/docs/explanation/exact.md", "data/law/redemption.md"} < set(links)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_commands_without_make_are_those_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    plain = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert '--constraint constraints.txt --editable ".[lab,dev]"' in plain
    assert '--constraint constraints.txt --editable ".[lab,dev]"' in makefile
