"""The command line as its user meets it: output, exit codes, and messages instead of tracebacks."""

from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

import nector_sim as ns

EXAMPLE = str(ns.data_path("programs/gokwik-example.toml"))


@pytest.mark.parametrize("command", [[], ["quote"], ["explain"], ["check"], ["score"], ["demo"]])
def test_every_command_has_help_with_an_example(run, command):
    code, out, _ = run(*command, "--help")
    assert code == 0
    assert not command or "Example: nector-sim" in out


def test_quote_and_explain(run):
    code, out, _ = run("quote", "--program", EXAMPLE, "--cart", "749.95", "--balance", "5000")
    assert code == 0
    assert dict(line.split(maxsplit=1) for line in out.splitlines()) == {
        "offer": "offers.0",
        "points_redeemed": "649",
        "discount": "649.00",
        "credits_used": "0.00",
        "payable": "100.95",
        "limited_by": "min_payable",
    }
    code, out, err = run("quote", "--program", EXAMPLE, "--cart", "500", "--balance", "-5.5", "--requested", "")
    assert (code, out.split()[-1]) == (0, "balance")
    assert err == "note: balance -5.5 was given; a negative balance redeems nothing\n"
    code, out, _ = run("explain", "--program", EXAMPLE, "--cart", "500", "--balance", "250")
    assert code == 0
    assert "Limited by balance" in out


def test_input_that_cannot_be_used_is_one_message_and_exit_code_2(run, tmp_path):
    program = tmp_path / "program.toml"
    program.write_text("[[offers]]\nkind='variable_amount'\npoints_per_step=0\ndiscount_per_step=1\n", encoding="utf-8")
    for arguments, says in (
        (["quote", "--program", program, "--cart", "1", "--balance", "1"], "offers.0.points_per_step"),
        (["quote", "--program", EXAMPLE, "--cart", "x", "--balance", "1"], "cart_amount"),
        (["quote", "--program", tmp_path / "no.toml", "--cart", "1", "--balance", "1"], "does not exist"),
        (["check", tmp_path / "no.csv"], "does not exist"),
        (["check", program], "offers.0.points_per_step"),
        (["score", tmp_path / "no.csv", "--program", EXAMPLE, "--out", tmp_path / "out.csv"], "does not exist"),
    ):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert says in err


def test_check_a_program(run, tmp_path):
    assert run("check", EXAMPLE)[0] == 0
    odd = tmp_path / "odd.toml"
    odd.write_text("enabled = false\n", encoding="utf-8")
    code, out, _ = run("check", odd)
    assert code == 1
    assert "switched off" in out
    assert "2 things to look at" in out
    odd.write_text("", encoding="utf-8")
    assert "1 thing to look at" in run("check", odd)[1]


ROWS = [
    "order_id,cart_amount,points_balance,note",
    'a,749.95,5000,"two\nlines"',
    "b,-1,10,x",
    "c,500,250,=1+1",
    "d,1.005,many,",
]


@pytest.fixture
def orders(tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text("\n".join(ROWS), encoding="utf-8")
    return file


def test_score_csv_into_parquet_with_rejects(run, tmp_path, orders):
    out, rejects = tmp_path / "scored.parquet", tmp_path / "rejects.csv"
    code, text, _ = run("score", orders, "--program", EXAMPLE, "--out", out, "--rejects", rejects)
    assert code == 1
    assert "4 read, 2 scored" in text
    assert "2 rejected" in text
    scored = pq.read_table(out)
    assert scored.column("order_id").to_pylist() == ["a", "c"]
    assert scored.column("payable").to_pylist() == [Decimal("100.95"), Decimal("250.00")]
    assert str(scored.schema.field("payable").type).startswith("decimal")
    assert str(scored.schema.field("limited_by").type).startswith("dictionary")
    refused = pd.read_csv(rejects)
    assert refused["row"].tolist() == [2, 4]
    assert refused["order_id"].tolist() == ["b", "d"]
    assert "negative" in refused["reason"][0]
    assert "points_balance" in refused["reason"][1]


def test_score_parquet_into_csv(run, tmp_path, orders):
    source, out = tmp_path / "orders.parquet", tmp_path / "scored.csv"
    table = pl.read_csv(orders, infer_schema=False).filter(pl.col("order_id").is_in(["a", "c"]))
    table.with_columns(pl.col("cart_amount").cast(pl.Decimal(12, 2))).write_parquet(source)
    assert run("score", source, "--program", EXAMPLE, "--out", out)[0] == 0
    scored = pl.read_csv(out, infer_schema=False)
    assert scored["payable"].to_list() == ["100.95", "250.00"]
    assert scored["limited_by"].to_list() == ["min_payable", "balance"]


def test_nothing_is_lost(run, tmp_path, orders):
    code, _, err = run("score", orders, "--program", EXAMPLE, "--out", orders)
    assert code == 2
    assert "also the input" in err
    assert orders.read_text(encoding="utf-8") == "\n".join(ROWS)
    code, _, err = run("score", orders, "--program", EXAMPLE, "--out", tmp_path / "no" / "scored.csv")
    assert code == 2
    code, _, err = run("score", orders, "--program", EXAMPLE, "--out", tmp_path / "scored.txt")
    assert code == 2
    assert ".csv or .parquet" in err
    assert sorted(file.name for file in tmp_path.iterdir()) == ["orders.csv"]


def test_check_orders(run, orders):
    code, out, _ = run("check", orders)
    assert code == 1
    assert "cart_amount is negative; an amount is 0 or more (row 2)" in out
    assert "4 in the file" in out
    assert "2 can be used" in out


def test_check_a_shops_export(run, tmp_path):
    export = tmp_path / "orders_export.csv"
    export.write_text(
        "Name,Email,Financial Status,Currency,Subtotal,Shipping,Total,Discount Code,Discount Amount,Created at\n"
        "#1,asha@example.com,paid,INR,400.00,50.00,450.00,NECTOR-1,100.00,2026-05-01 10:15:00 +0530\n"
        '#2,asha@example.com,paid,INR,"1,400.00",0,0,,0,01/05/2026\n',
        encoding="utf-8",
    )
    arguments = ["check", export, "--key-file", tmp_path / "key", "--rejects", tmp_path / "rejects.csv"]
    code, out, err = run(*arguments, "--points-code", "nector-*", "--balances", "70")
    assert code == 1
    assert "Shopify orders export (CSV), amounts in INR" in out
    assert "= cart_amount ₹500" in out
    rejects = (tmp_path / "rejects.csv").read_text(encoding="utf-8")
    assert "01/05/2026" not in out
    assert "--dates" in rejects
    assert "asha" not in out + err + rejects
    code, out, _ = run(*arguments, "--dates", "dd/mm/yyyy", "--numbers", "1,234.50")
    assert code == 0
    assert "2 can be used" in out
    scored = tmp_path / "scored.csv"
    score = ["score", export, "--program", EXAMPLE, "--out", scored, *arguments[2:]]
    code, _, err = run(*score)
    assert code == 2
    for way in ("--balances FILE", "--balances 500", "replay"):
        assert way in err
    code, out, _ = run(*score, "--balances", "70", "--points-code", "NECTOR-*")
    assert code == 1
    assert "2 read, 1 scored" in out
    assert pl.read_csv(scored, infer_schema=False).select("cart_amount", "discount", "payable").rows() == [
        ("500.00", "70.00", "430.00")
    ]
    code, _, err = run(*arguments, "--dates", "day first")
    assert code == 2
    assert "dd/mm/yyyy" in err
