"""What a printed form reads and refuses, what a language cannot carry, and the command."""

import ast
import base64
import datetime as dt
import json
import shutil
import sqlite3
import subprocess

import duckdb
import pytest
import sqlglot

import nector_sim as ns
from nector_sim.errors import InputError, ProgramError
from nector_sim.languages.dialects import DIALECTS
from nector_sim.languages.law import KNOWN, calculator_of
from nector_sim.languages.tree import Constant, Input, choose, evaluate, greatest, least
from nector_sim.parity.generate import generate
from nector_sim.rules.known import fields
from nector_sim.rules.offers import FixedAmount, FixedPercent, VariableAmount, VariablePercent
from nector_sim.rules.program import FixedMinPayable, PercentMinPayable, Program

EXAMPLE = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
DATED = Program.parse(
    {
        "offers": [
            {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1, "ends_at": "2026-11-30T00:00:00Z"}
        ]
    }
)
TIERED = Program.parse(
    {
        "offers": [
            {
                "kind": "fixed_percent",
                "name": 'O\'Neil \\ "x" */',
                "points": 10,
                "percent": 5,
                "tiers": ["Gold", "it's"],
            }
        ]
    }
)


def python(program, **options):
    names = {}
    exec(ns.export(program, to="python", **options), names)
    return names["quote"]


# The tree.


def test_every_part_stays_within_its_bounds():
    for program, orders in generate(4000, seed=9):
        calculator = calculator_of(program)
        bounds = {one.name: (one.value.low, one.value.high) for one in calculator.lets if one.value.kind == "whole"}
        for order in orders:
            since = (
                None
                if order.at is None
                else (order.at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
            )
            known = evaluate(
                calculator,
                {"cart": order.cart, "balance": order.balance, "credits": order.credits, "requested": order.requested}
                | {"tier": order.tier, "at": since, "eligible": order.eligible, "coupon": order.coupon},
            )
            for name, (low, high) in bounds.items():
                assert low <= known[name] <= high, (name, program, order)


def test_what_cannot_be_otherwise_is_a_constant():
    small, large = Input("small", high=5), Input("large", low=7, high=9)
    assert (small < large) == Constant(True)
    assert least(small, large) is small
    assert greatest(small, large, 3) is large
    assert choose(large <= 6, "a", "b") == Constant("b")
    assert (small * 0 + 2) == Constant(2)
    with pytest.raises(ValueError, match="bound it first"):
        _ = (small - large) // 2


def test_only_the_limits_that_a_program_has():
    text = ns.export(Program.parse({"offers": [{"kind": "fixed_amount", "points": 5, "discount": 1}]}), to="python")
    assert "room" not in text
    assert "o0_fits" not in text
    assert "room" in ns.export(EXAMPLE, to="python")


def test_each_field_of_the_models_is_carried_or_refused(monkeypatch):
    for model in (
        Program,
        VariableAmount,
        FixedAmount,
        VariablePercent,
        FixedPercent,
        FixedMinPayable,
        PercentMinPayable,
    ):
        assert set(model.model_fields) <= KNOWN[model], model
    monkeypatch.setitem(KNOWN, VariableAmount, fields("kind name points_per_step discount_per_step min_cart"))
    with pytest.raises(ProgramError, match=r"offers\.0\.max_discount: is not carried"):
        ns.export(EXAMPLE, to="python")


# The doors.


def test_python_reads_what_quote_reads():
    assert ast.parse(ns.export(TIERED, to="python"))
    quote = python(EXAMPLE)
    answer = quote(749.95, "5000.9", credits=None, points_requested=float("nan"))
    assert (answer["points_redeemed"], str(answer["payable"])) == (649, "100.95")
    assert quote("500", -3)["limited_by"] == "balance"
    for arguments, says in (
        (("749.951", 1), "finer than 2 decimals"),
        (("-1", 1), "from 0 to"),
        (("x", 1), "not a number"),
        ((True, 1), "not a number"),
        ((None, 1), "not a number"),
        (("1", 10**13), "at most"),
    ):
        with pytest.raises(ValueError, match=says):
            quote(*arguments)
    with pytest.raises(ValueError, match="without a zone"):
        python(DATED)("1", 1, ordered_at="2026-11-01T00:00:00")
    assert python(DATED)("1", 1, ordered_at="2026-11-30T00:00:00+00:00")["limited_by"] == "no_offer"
    assert python(TIERED)("1000", 10, tier="it's")["offer"] == TIERED.offers[0].name
    with pytest.raises(ValueError, match="credits is not read"):
        python(EXAMPLE, leave_out=["credits"])("1", 1, credits=5)


if shutil.which("node"):

    def node(program, orders, **options):
        text = ns.export(program, to="javascript", **options)
        script = f"""{text.replace("export function", "function")}
        for (const order of {json.dumps(orders)}) {{
          let answer;
          try {{ answer = quote(order); }} catch (error) {{ answer = error.message; }}
          console.log(JSON.stringify(answer));
        }}"""
        run = subprocess.run(["node", "-"], input=script, capture_output=True, text=True, check=True)
        return [json.loads(line) for line in run.stdout.splitlines()]

    def test_javascript_reads_what_quote_reads():
        order = {"cart_amount": "749.95", "points_balance": 5000}
        found = node(
            EXAMPLE,
            [
                *(order, {**order, "cart_amount": 749.95}, {**order, "points_balance": "-3.5"}),
                *({**order, "cart_amount": "749.951"}, {**order, "cart_amount": "1e3"}, {**order, "cart_amount": -0.5}),
                *({**order, "coupon": 1}, {"cart_amount": "1"}, {**order, "points_balance": "1000000000000.5"}),
            ],
        )
        assert found[0] == found[1]
        assert found[0]["payable"] == "100.95"
        assert found[2]["limited_by"] == "balance"
        for message, says in zip(
            found[3:], ("finer", "not a number", "from 0 to", "not a field", "not a number", "at most"), strict=True
        ):
            assert says in message
        [zone, end] = node(
            DATED, [{**order, "ordered_at": at} for at in ("2026-11-01T00:00:00", "2026-11-29T23:59:59.999999Z")]
        )
        assert "with a zone" in zone
        assert end["limited_by"] == "cart"
        assert node(TIERED, [{**order, "tier": "it's"}])[0]["offer"] == TIERED.offers[0].name
        assert "not read" in node(EXAMPLE, [{**order, "credits": 1}], leave_out=["credits"])[0]

    def test_big_numbers_are_bigint():
        many = Program.parse(
            {
                "offers": [
                    {"kind": "variable_percent", "points_per_step": 1, "percent_per_step": 500, "max_discount": 10}
                ]
            }
        )
        text = ns.export(many, to="javascript")
        assert "BigInt" in text
        assert "BigInt" not in ns.export(EXAMPLE, to="javascript")
        assert node(many, [{"cart_amount": "100", "points_balance": 5}])[0]["discount"] == "10.00"


if shutil.which("php"):

    def php(program, orders, **options):
        # The orders as PHP reads JSON: a number with a point is a float.
        text = base64.b64encode(json.dumps(orders).encode()).decode()
        script = f"""{ns.export(program, to="php", **options)}
        foreach (json_decode(base64_decode('{text}'), true) as $order) {{
            try {{ $answer = NectorRedemption::quote($order); }}
            catch (InvalidArgumentException $error) {{ $answer = $error->getMessage(); }}
            echo json_encode($answer), "\\n";
        }}"""
        run = subprocess.run(["php"], input=script, capture_output=True, text=True, check=True)
        return [json.loads(line) for line in run.stdout.splitlines()]

    def test_php_reads_what_quote_reads():
        order = {"cart_amount": "749.95", "points_balance": 5000}
        found = php(
            EXAMPLE,
            [
                *(order, {**order, "cart_amount": 749.95}, {**order, "points_balance": "-3.5"}),
                *({**order, "points_balance": 5000.9}, {**order, "credits": " ", "tier": None, "coupon_discount": ""}),
                *({**order, "cart_amount": "749.951"}, {**order, "cart_amount": "1e3"}, {**order, "cart_amount": -0.5}),
                *({**order, "coupon": 1}, {"cart_amount": "1"}, {**order, "points_balance": "1000000000000.5"}),
                *(
                    {**order, "cart_amount": True},
                    {**order, "cart_amount": "9" * 30},
                    {**order, "eligible_amount": 750},
                ),
            ],
        )
        assert found[0] == found[1] == found[3] == found[4]
        assert (found[0]["points_redeemed"], found[0]["payable"], found[0]["discount"]) == (649, "100.95", "649.00")
        assert found[2]["limited_by"] == "balance"
        says = ["finer", "not a number", "from 0 to", "not a field", "not a number", "at most"]
        says += ["not a number", "from 0 to", "above the cart"]
        for message, part in zip(found[5:], says, strict=True):
            assert part in message
        times = ("2026-11-01T00:00:00", "2026-02-30T00:00:00Z", "2026-11-29T23:59:59.999999Z", "2026-11-30T05:30+05:30")
        zone, calendar, within, ended = php(DATED, [{**order, "ordered_at": at} for at in times])
        assert "with a zone" in zone
        assert "no calendar" in calendar
        assert (within["limited_by"], ended["limited_by"]) == ("cart", "no_offer")
        assert php(TIERED, [{**order, "tier": "it's"}])[0]["offer"] == TIERED.offers[0].name
        assert "not read" in php(EXAMPLE, [{**order, "credits": 1}], leave_out=["credits"])[0]

    def test_php_of_a_currency_without_decimals_and_of_three():
        for currency, cart, payable in (("JPY", "749", "100"), ("KWD", "749.955", "100.955")):
            program = EXAMPLE.replaced({"currency": currency})
            [answer] = php(program, [{"cart_amount": cart, "points_balance": 5000}])
            assert answer["payable"] == payable


def test_typescript_is_javascript_with_types():
    text = ns.export(TIERED, to="typescript")
    assert "export function quote(order: Order): Answer<string> {" in text
    assert not set("⟦⟧") & set(text + ns.export(TIERED, to="javascript"))


ROWS = "(1, 749.95, 5000), (2, 80, -4), (3, 749.951, 5), (4, NULL, 5), (5, -1, 5), (6, 500, 5000.9), (7, 10, 9e15)"
EXPECTED = [(1, 649, "100.95", "min_payable"), (2, 0, "80.00", "balance"), *((n, None, None, None) for n in (3, 4, 5))]
EXPECTED += [(6, 400, "100.00", "min_payable"), (7, None, None, None)]


@pytest.mark.parametrize("kind", ["DECIMAL(18, 3)", "DOUBLE"])
def test_sql_reads_amounts_and_leaves_out_what_cannot_be_used(kind):
    text = ns.export(EXAMPLE, to="sql", leave_out=["credits", "points_requested", "eligible_amount"])
    db = duckdb.connect()
    db.execute(f"CREATE TABLE orders (order_id INT, cart_amount {kind}, points_balance DOUBLE)")
    db.execute(f"INSERT INTO orders VALUES {ROWS}")
    rows = db.execute(text).fetchall()
    assert [(n, points, payable and str(payable), why) for n, _, points, _, payable, why, _ in sorted(rows)] == EXPECTED


def test_sqlite_reads_amounts_too():
    text = ns.export(EXAMPLE, to="sql", dialect="sqlite", leave_out=["credits", "points_requested", "eligible_amount"])
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE orders (order_id, cart_amount, points_balance)")
    db.execute(f"INSERT INTO orders VALUES {ROWS}, (8, 'text', 5)")
    rows = sorted(db.execute(text).fetchall())
    assert [(n, points, payable and f"{payable:.2f}", why) for n, _, points, _, payable, why, _ in rows[:7]] == EXPECTED
    assert rows[7][5] is None
    db.close()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_dialect_is_what_its_grammar_reads(dialect):
    for program in (EXAMPLE, TIERED, DATED, *(program for program, _ in generate(40, seed=3, orders_per_program=2))):
        [statement] = sqlglot.parse(ns.export(program, to="sql", dialect=dialect), read=dialect)
        assert [column.alias_or_name for column in statement.expressions][:3] == [
            "order_id",
            "offer",
            "points_redeemed",
        ]


def test_texts_come_through_quoting():
    for dialect in DIALECTS:
        statement = sqlglot.parse_one(ns.export(TIERED, to="sql", dialect=dialect), read=dialect)
        texts = {literal.this for literal in statement.find_all(sqlglot.exp.Literal) if literal.is_string}
        assert {"it's", TIERED.offers[0].name} <= texts, dialect


# What is refused.


@pytest.mark.parametrize(
    ("program", "options", "says"),
    [
        (EXAMPLE, {"to": "cobol"}, "no language"),
        (EXAMPLE, {"to": "sql", "dialect": "oracle"}, "no dialect"),
        (EXAMPLE, {"to": "python", "dialect": "duckdb"}, "dialect: is not an option of python"),
        (EXAMPLE, {"to": "sql", "leave_out": ["cart_amount"]}, "cannot do without 'cart_amount'"),
        (EXAMPLE, {"to": "sql", "keep": ["a b"]}, "cannot be kept"),
        (EXAMPLE, {"to": "sql", "keep": ["Discount"]}, "cannot be kept"),
        (EXAMPLE, {"to": "sql", "money": "cents"}, "major or minor"),
        (DATED, {"to": "sql", "leave_out": ["ordered_at"]}, "ordered_at"),
        (TIERED, {"to": "python", "leave_out": ["tier"]}, "tier"),
        (EXAMPLE, {"to": "php", "table": "orders"}, "table: is not an option of php"),
        (DATED, {"to": "xlsx"}, r"offers\.0\.ends_at"),
        (
            Program.parse({"offers": [{"kind": "fixed_amount", "points": 1, "discount": 1, "name": "a\nb"}]}),
            {"to": "sql"},
            "characters",
        ),
        (
            Program.parse(
                {"offers": [{"kind": "fixed_percent", "points": 1, "percent": 9999, "max_discount": 9 * 10**9}]}
            ),
            {"to": "xlsx"},
            "digits",
        ),
    ],
)
def test_what_cannot_be_exported_is_named(program, options, says):
    with pytest.raises(InputError, match=says):
        ns.export(program, **options)


def test_the_command(run, tmp_path):
    path = str(ns.data_path("programs/gokwik-example.toml"))
    code, out, _ = run("export", "--program", path, "--to", "sql", "--keep", "order_id", "--keep", "shop")
    assert (code, out) == (0, ns.export(EXAMPLE, to="sql", keep=["order_id", "shop"]))
    code, out, _ = run("export", "--program", path, "--to", "xlsx", "--out", tmp_path / "a.xlsx")
    assert code == 0
    assert (tmp_path / "a.xlsx").read_bytes()[:2] == b"PK"
    for arguments in (["--to", "xlsx"], ["--to", "python", "--out", tmp_path / "no" / "x.py"], ["--to", "perl"]):
        assert run("export", "--program", path, *arguments)[0] == 2
