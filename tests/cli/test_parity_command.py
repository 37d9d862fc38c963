"""``nector-sim parity`` as its user meets it."""

import json
from functools import partial

import jsonschema
import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.parity.cases import case_schema

EXAMPLE = str(ns.data_path("programs/gokwik-example.toml"))


@pytest.fixture
def run(run):
    return partial(run, "parity")


@pytest.fixture
def record(tmp_path):
    """A checkout that rounds up to the paisa where whole steps were meant."""
    path = tmp_path / "record.csv"
    frame = pd.DataFrame(
        {"total": ["500", "749.95"], "points_balance": 5000, "used": [400, 650], "off": ["400", "649.95"]}
    )
    frame.to_csv(path, index=False)
    return path, ["--column", "cart_amount=total", "--column", "points_redeemed=used", "--column", "discount=off"]


def test_help_has_examples(run):
    code, out, _ = run("--help")
    assert code == 0
    assert "Example: nector-sim parity record.csv" in out


def test_a_record_that_differs(run, record, tmp_path):
    path, columns = record
    junit = tmp_path / "junit.xml"
    code, out, _ = run(path, "--program", EXAMPLE, *columns, "--junit", junit)
    assert code == 1
    assert "`steps_whole` is clipped to the limit" in " ".join(out.replace("│", " ").split())
    assert "cart_amount 749.95" in out
    assert 'name="order 2"' in junit.read_text(encoding="utf-8")


def test_the_report_as_json(run, record):
    path, columns = record
    code, out, _ = run(path, "--program", EXAMPLE, *columns, "--json")
    assert code == 1
    assert json.loads(out)["groups"][0]["count"] == 1


def test_a_record_made_by_score_agrees(run, tmp_path):
    path = tmp_path / "scored.parquet"
    ns.score(ns.load_program(EXAMPLE), ns.demo_orders().head(500)).to_parquet(path)
    code, out, _ = run(path, "--program", EXAMPLE)
    assert code == 0
    assert "500" in out


def test_a_function_over_generated_cases(run):
    code, out, _ = run("--program", EXAMPLE, "--function", "nector_sim:quote", "--n", 200, "--seed", 4)
    assert code == 0
    assert "nector_sim:quote" in out
    code, out, _ = run("--function", "nector_sim:quote", "--n", 200)
    assert code == 0


def test_exported_cases_are_worked_cases(run, tmp_path):
    path, again = tmp_path / "cases.jsonl", tmp_path / "again.jsonl"
    assert run("--cases", path, "--n", 150, "--seed", 2)[:2] == (0, f"150 cases written to {path}\n")
    run("--cases", again, "--n", 150, "--seed", 2)
    run("--cases", tmp_path / "cases.csv", "--n", 150, "--seed", 2, "--leave-out", "credits")
    table = pd.read_csv(tmp_path / "cases.csv", dtype=str, keep_default_na=False)
    assert list(table["credits"]) == [""] * 150
    assert {"cart_amount", "expected_discount", "expected_limited_by"} <= set(table.columns)
    assert path.read_bytes() == again.read_bytes()
    cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(cases) == 150
    jsonschema.Draft202012Validator(case_schema()).validate({"case": cases})
    for case in cases[::10]:
        quote = ns.quote(ns.Program.parse(case["program"]), **case["order"])
        assert str(quote.payable) == case["expect"]["payable"]
        assert quote.limited_by == case["expect"]["limited_by"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "nothing to compare"),
        (["--program", EXAMPLE], "nothing to compare"),
        (["no.csv", "--program", EXAMPLE], "does not exist"),
        (["--function", "nowhere:at_all"], "cannot be imported"),
        (["--function", "a:b", "--url", "http://host"], "two calculators"),
        (["--url", "host"], "http:// or https://"),
        (["--function", "nector_sim:quote", "--n", "0"], "1 or more"),
        (["--cases", "x.jsonl", "--n", "0"], "1 or more"),
        (["--export", "x.jsonl"], "is called --cases now"),
        (["--cases", "x.jsonl", "--function", "a:b"], "--function: has no effect with --cases"),
        (["--cases", "x.jsonl", "--junit", "x.xml", "--json"], "--junit: has no effect with --cases"),
        (["--cases", "x.toml"], "must end in one of"),
        (["--cases", "x.csv", "--leave-out", "cart"], "cannot do without cart"),
        (["no.csv", "--program", EXAMPLE, "--n", "5"], "--n: has no effect with a record"),
        (["--function", "nector_sim:quote", "--per-second", "5"], "--per-second: has no effect with --function"),
        (["--function", "nector_sim:quote", "--column", "a=b"], "--column: has no effect with --function"),
        (["--url", "http://host", "--at-once", "0"], "side by side 1 or more"),
        (["--cases", "no/folder/x.jsonl", "--n", "1"], "cannot be written"),
        (["--function", "nector_sim:quote", "--n", "1", "--junit", "no/folder/x.xml"], "cannot be written"),
        (["no.csv", "--program", EXAMPLE, "--column", "total"], "is not OURS=THEIRS"),
    ],
)
def test_what_cannot_be_used_is_one_message_and_exit_code_2(run, arguments, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = run(*arguments)
    assert code == 2
    assert says in err
