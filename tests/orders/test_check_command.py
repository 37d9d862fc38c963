"""``nector-sim check`` on a shop's export: the page, the tables that it writes, and the command that it names."""

import shlex

import pandas as pd
import pyarrow.parquet as pq
import pytest
from exports import EXPORT, PERSONAL, write

import nector_sim as ns

EXAMPLE = str(ns.data_path("programs/gokwik-example-with-earning.toml"))


@pytest.fixture
def export(tmp_path):
    return write(tmp_path / "orders export.csv", EXPORT)


@pytest.fixture
def check(export, tmp_path):
    return ["check", export, "--currency", "INR", "--points-code", "nector-*", "--key-file", tmp_path / "key"]


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
def test_the_table_is_what_read_orders_gives_and_every_other_command_takes(run, check, export, tmp_path, ending):
    out, rejects = tmp_path / f"orders.{ending}", tmp_path / f"rejects.{ending}"
    code, page, err = run(*check, "--out", out, "--rejects", rejects)
    assert (code, err) == (1, "")
    report = ns.inspect_orders(export, currency="INR", points_code="nector-*", key_file=tmp_path / "key")
    again = ns.read_orders(out)
    assert list(again.columns) == list(report.orders.columns)
    for name in again.columns:
        assert again[name].astype(str).tolist() == report.orders[name].astype(str).tolist()
    if ending == "parquet":
        assert str(pq.read_schema(out).field("cart_amount").type) == "decimal128(18, 2)"
    if ending != "xlsx":
        code, said, _ = run("replay", out, "--program", EXAMPLE, "--out", tmp_path / "replayed")
        assert code == 0
        assert "6 orders of 4 customers replayed" in said
        everything = page + said + "".join(path.read_bytes().decode("latin-1") for path in tmp_path.glob("re*/*"))
        everything += out.read_bytes().decode("latin-1") + rejects.read_bytes().decode("latin-1")
        assert not [secret for secret in PERSONAL if secret in everything.lower()]


def test_the_command_that_it_names_is_the_next_one_to_type(run, check, export, tmp_path):
    _, page, _ = run(*check)
    command = shlex.split(page.splitlines()[-1])
    assert command[:3] == ["nector-sim", "score", str(export)]
    (tmp_path / "balances.csv").write_text("mobile,points\n98765 43210,500\n", encoding="utf-8")
    there = {
        "balances.csv": tmp_path / "balances.csv",
        "program.toml": EXAMPLE,
        "scored.parquet": tmp_path / "s.parquet",
    }
    code, said, err = run(*(there.get(word, word) for word in command[1:]))
    assert (code, err) == (1, "")
    assert "note: read as Shopify orders export (CSV); cart_amount is Subtotal" in said
    assert "6 scored" in said
    scored = pd.read_parquet(tmp_path / "s.parquet")
    assert scored["points_balance"].tolist() == [500, 0, 500, 500, 0, 0]
    assert scored["discount_given"].astype(str).tolist() == ["0.00", "0.00", "0.00", "200.00", "0.00", "0.00"]


def test_without_balances_score_names_three_ways_on(run, export, tmp_path):
    code, _, err = run("score", export, "--program", EXAMPLE, "--key-file", tmp_path / "k", "--out", tmp_path / "s.csv")
    assert code == 2
    for way in ("--balances FILE", "nector-sim replay orders.parquet", "--balances 500"):
        assert way in err
    assert not (tmp_path / "s.csv").exists()


def test_nothing_that_is_read_is_written_over(run, check, export, tmp_path):
    before = export.read_bytes()
    balances = tmp_path / "balances.csv"
    balances.write_text("mobile,points\n9876543210,5\n", encoding="utf-8")
    (tmp_path / "k").write_text("0" * 64, encoding="utf-8")
    score = ["score", export, "--program", EXAMPLE, "--balances", balances, "--key-file", tmp_path / "k"]
    for arguments in (
        [*check, "--rejects", export],
        [*check, "--out", export],
        [*check, "--balances", balances, "--rejects", balances],
        [*score, "--out", tmp_path / "s.csv", "--rejects", export],
        [*score, "--out", balances],
        [*score, "--out", export],
    ):
        code, _, err = run(*arguments)
        assert code == 2
        assert "is also the input" in err
    code, _, err = run(*check, "--out", tmp_path / "a.csv", "--rejects", tmp_path / "a.csv")
    assert code == 2
    assert "is named for two things to write" in err
    assert export.read_bytes() == before
    assert balances.read_text(encoding="utf-8") == "mobile,points\n9876543210,5\n"


def test_a_file_of_which_no_order_counts_must_be_looked_at(run, tmp_path):
    unpaid = [row | {"Financial Status": "pending"} for row in EXPORT[:1]]
    path = write(tmp_path / "orders.csv", unpaid)
    code, page, _ = run("check", path, "--keep-status", "b", "--keep-status", "a", "--key-file", tmp_path / "key")
    assert code == 1
    assert "left out, not paid yet: 1 order" in page
    again = f"count them: nector-sim check {shlex.quote(str(path))} --keep-status a --keep-status b --key-file"
    assert again in page
    assert page.rstrip().endswith("--keep-status pending")


def test_times_without_a_zone_are_in_the_one_that_is_named(run, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("order_id,ordered_at,cart_amount\n1,2026-05-01 10:00,5\n", encoding="utf-8")
    code, page, _ = run("check", path, "--currency", "AED", "--timezone", "Asia/Dubai", "--out", tmp_path / "o.parquet")
    assert code == 0
    assert "times without a zone in Asia/Dubai" in page
    at = pd.read_parquet(tmp_path / "o.parquet")["ordered_at"]
    assert at.tolist() == [pd.Timestamp("2026-05-01 06:00", tz="UTC")]


def test_a_first_row_of_data_is_not_shown_as_names_of_columns(run, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("1001,asha@example.com,500\n1002,bina@example.in,500\n", encoding="utf-8")
    for arguments in (
        ["check", path],
        ["score", path, "--program", EXAMPLE, "--out", tmp_path / "s.csv"],
        ["replay", path, "--program", EXAMPLE, "--out", tmp_path / "r"],
        ["replay", path, "--program", EXAMPLE, "--out", tmp_path / "r", "--buckets", "2"],
        ["parity", path, "--program", EXAMPLE],
        ["parity", path, "--program", EXAMPLE, "--column", "cart_amount=total"],
    ):
        code, out, err = run(*arguments)
        assert code == 2
        assert "asha" not in out + err
        assert "header in the first row?" in err
