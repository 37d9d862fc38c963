"""The suite's files are what the worked cases and the exporters say, and its examples run."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import jsonschema
import pytest

import nector_sim as ns
from nector_sim.parity.cases import case_schema
from nector_sim.parity.pytest_plugin import read
from nector_sim.parity.suite import VERSION, generated_cases, program_schema
from tests.generated import NAMES

FOLDER = Path(ns.data_path("parity"))
EXAMPLES = FOLDER / "examples"
EXAMPLE = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
#: Columns that this program takes no notice of.
IGNORED = {"tier", "coupon_discount", "ordered_at"}
CASES = read(str(EXAMPLES / "cases.jsonl"))


@pytest.mark.parametrize("name", NAMES)
def test_each_file_of_cases_in_every_form(name):
    cases = read(str(FOLDER / f"{name}.toml"))
    whole = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(case_schema()).validate(whole)
    assert (whole["version"], whole["$id"].rpartition("/")[2]) == (VERSION, f"{name}.json")
    assert read(str(FOLDER / f"{name}.json")) == read(str(FOLDER / f"{name}.jsonl")) == cases
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["expected_discount"] for row in rows] == [str(case["expect"]["discount"]) for case in cases]


def test_the_schema_of_programs():
    jsonschema.Draft202012Validator(program_schema()).validate(json.loads(EXAMPLE.to_json()))


def test_the_cases_of_the_examples():
    assert list(generated_cases(200, seed=22, program=EXAMPLE)) == CASES
    for case in CASES:
        assert str(ns.quote(EXAMPLE, **case["order"]).payable) == case["expect"]["payable"]


def test_the_generated_cases_are_right():
    cases = read(str(FOLDER / "generated.jsonl"))
    jsonschema.Draft202012Validator(case_schema()).validate({"case": cases})
    for case in cases:
        quote = ns.quote(ns.Program.parse(case["program"]), **case["order"])
        given = {name: str(getattr(quote, name)) for name in case["expect"]}
        assert given == {name: str(value) for name, value in case["expect"].items()}, case["name"]


def test_what_the_examples_export():
    for path, options in (
        ("pytest/redemption.py", {"to": "python"}),
        ("node/redemption.mjs", {"to": "javascript"}),
        ("phpunit/redemption.php", {"to": "php"}),
        ("dbt/macros/nector_redemption.sql", {"to": "sql", "table": "{{ relation }}"}),
    ):
        assert ns.export(EXAMPLE, **options) in (EXAMPLES / path).read_text(encoding="utf-8"), path


def test_the_example_for_pytest():
    plugin = ["-p", "no:cacheprovider", "--nector-cases", "cases.jsonl"]
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir", ".", *plugin, "pytest"]
    run = subprocess.run(command, cwd=EXAMPLES, capture_output=True, text=True)
    assert "200 passed" in run.stdout, run.stdout + run.stderr


#: Jest and dbt, which are slow to start, are run by .github/workflows/tests.yml.
OTHERS = {
    "node": ["node", "--test", "node/"],
    "php": ["php", "phpunit/run.php"],
    "phpunit": ["phpunit", "--no-configuration", "--do-not-cache-result", "phpunit/"],
}


@pytest.mark.parametrize("program", [name for name in OTHERS if shutil.which(name)])
def test_the_example_for(program):
    run = subprocess.run(OTHERS[program], cwd=EXAMPLES, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(("name", "part"), [("orders", "order"), ("expected", "expect")])
def test_the_seeds_for_dbt(name, part):
    with (EXAMPLES / f"dbt/seeds/{name}.csv").open(encoding="utf-8", newline="") as file:
        _, *fields = next(csv.reader(file))
        rows = list(csv.reader(file))
    given = [[str(n), *(str(case[part].get(field, "")) for field in fields)] for n, case in enumerate(CASES, 1)]
    assert rows == given
    # Whatever is in an order is in a column.
    assert part == "expect" or set(fields) == {field for case in CASES for field in case[part]} - IGNORED


def test_the_macro_for_dbt():
    macro = (EXAMPLES / "dbt/macros/nector_redemption.sql").read_text(encoding="utf-8")
    select = macro.partition("%}\n")[2].partition("{% endmacro")[0].replace("{{ relation }}", "orders")
    db = duckdb.connect()
    db.execute(
        "CREATE TABLE orders (order_id INT, cart_amount DECIMAL(18, 2), points_balance BIGINT, "
        "credits DECIMAL(18, 2), points_requested BIGINT, eligible_amount DECIMAL(18, 2))"
    )
    fields = ("cart_amount", "points_balance", "credits", "points_requested", "eligible_amount")
    rows = [[n, *(case["order"].get(name) for name in fields)] for n, case in enumerate(CASES)]
    db.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)", rows)
    given = {row[0]: (row[2], str(row[4])) for row in db.execute(select).fetchall()}
    assert given == {n: (case["expect"]["points_redeemed"], case["expect"]["payable"]) for n, case in enumerate(CASES)}
