"""``nector-sim replay``: files in, a folder out."""

import hashlib
import json

import pandas as pd
import pyarrow.parquet as pq

import nector_sim as ns
from nector_sim.batch.lock import only_one

ORDERS = """order_id,customer_id,ordered_at,cart_amount,refunded_at
a,c,2026-11-01T00:00Z,1000.00,
b,c,2026-11-02T00:00Z,500.50,
d,e,2026-11-03T00:00Z,200.00,2026-11-04T00:00Z
"""
PROGRAM = """
[[offers]]
kind = "variable_amount"
points_per_step = 1
discount_per_step = 1
[earning]
points_per_unit = 0.1
"""


def files(folder, **texts):
    for name, text in texts.items():
        path = folder / name.replace("_toml", ".toml").replace("_csv", ".csv")
        path.write_text(text, encoding="utf-8")
    return folder


def test_a_history_of_csv_becomes_a_folder_of_parquet(run, tmp_path):
    files(tmp_path, orders_csv=ORDERS, program_toml=PROGRAM, opening_csv="customer_id,points\ne,-5\n")
    code, said, error = run(
        "replay", tmp_path / "orders.csv", "-p", tmp_path / "program.toml", "--opening", tmp_path / "opening.csv",
        "--movements", "--as-of", "2026-11-03T12:00Z", "--out", tmp_path / "out",
    )  # fmt: skip
    assert (code, error) == (0, "")
    assert "3 orders of 2 customers replayed" in said
    # 100 earned, spent on 500.50, which pays 400.50 and earns 40; 20 of 200 pay the overdraft of 5.
    assert "opening -5, granted 0, earned 160, given back 0, redeemed 100, expired 0, taken back 0, closing 55" in said
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "balances.parquet", "movements.parquet", "orders.parquet", "totals.parquet"
    ]  # fmt: skip
    orders = pq.read_table(tmp_path / "out" / "orders.parquet")
    assert str(orders.schema.field("payable").type) == "decimal128(18, 2)"
    assert [str(payable) for payable in orders["payable"].to_pylist()] == ["1000.00", "400.50", "200.00"]
    assert pq.read_table(tmp_path / "out" / "balances.parquet")["points_balance"].to_pylist() == [40, 15]


def test_floats_in_parquet_come_out_as_decimals_and_csv_is_written_if_asked(run, tmp_path):
    files(tmp_path, program_toml=PROGRAM)
    ns.demo_orders().head(500).to_parquet(tmp_path / "orders.parquet")
    arguments = ["replay", tmp_path / "orders.parquet", "-p", tmp_path / "program.toml", "--take-up", "40", "--out"]
    code, said, _ = run(*arguments, tmp_path / "out")
    assert code == 0
    assert "opening 0, granted 0, earned " in said
    schema = pq.read_schema(tmp_path / "out" / "orders.parquet")
    assert str(schema.field("discount").type) == "decimal128(18, 2)"
    assert str(schema.field("tier").type).startswith("dictionary<values=string")
    assert str(pq.read_schema(tmp_path / "out" / "totals.parquet").field("cart_amount").type) == "decimal128(18, 2)"
    assert run(*arguments, tmp_path / "csv", "--format", "csv", "--seed", "0")[0] == 0
    assert pd.read_csv(tmp_path / "csv" / "orders.csv")["discount"].sum() == (
        pd.read_parquet(tmp_path / "out" / "orders.parquet")["discount"].astype(float).sum()
    )


def test_several_programs_hold_in_turn(run, tmp_path):
    later = 'valid_from = "2026-11-02T00:00:00Z"\n' + PROGRAM.replace("0.1", "1")
    files(tmp_path, orders_csv=ORDERS, program_toml=PROGRAM, later_toml=later)
    programs = ["-p", tmp_path / "later.toml", "-p", tmp_path / "program.toml"]
    code, said, _ = run("replay", tmp_path / "orders.csv", *programs, "--out", tmp_path / "out")
    assert code == 0
    assert "earned 700," in said  # 100, 400 of 400.50, 200


def test_what_cannot_be_used_is_one_message_and_exit_code_2(run, tmp_path):
    files(tmp_path, orders_csv=ORDERS.replace("2026-11-04", "2026-10-04"), program_toml=PROGRAM)
    code, said, error = run(
        "replay", tmp_path / "orders.csv", "-p", tmp_path / "program.toml", "--out", tmp_path / "out"
    )
    assert (code, said) == (2, "")
    assert "orders, row 3: refunded_at is before ordered_at" in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_results_are_not_written_over_what_is_read(run, tmp_path):
    files(tmp_path, orders_csv=ORDERS, program_toml=PROGRAM)
    asked = ["replay", tmp_path / "orders.csv", "-p", tmp_path / "program.toml", "--out"]
    code, said, error = run(*asked, tmp_path, "--format", "csv")
    assert (code, said) == (2, "")
    assert "is also the input; write the results elsewhere" in error
    assert (tmp_path / "orders.csv").read_text() == ORDERS
    code, _, error = run(*asked, tmp_path / "program.toml")
    assert code == 2
    assert "program.toml has an ending; a replay writes a folder" in error
    (tmp_path / "file").touch()
    code, _, error = run(*asked, tmp_path / "file")
    assert code == 2
    assert "file is a file; give it the ending" in error


def test_a_folder_of_an_earlier_replay_is_held_described_and_never_written_over(run, tmp_path):
    files(tmp_path, orders_csv=ORDERS, program_toml=PROGRAM)
    out = tmp_path / "out"
    asked = ["replay", tmp_path / "orders.csv", "-p", tmp_path / "program.toml", "--out", out]
    code, first, _ = run(*asked, "--movements")
    assert code == 0
    manifest = json.loads((tmp_path / "out.manifest.json").read_text())
    assert manifest["rows"] == {"read": 3, "replayed": 3, "rejected": 0}
    assert sorted(manifest["output"]["parts"]) == sorted(path.name for path in out.iterdir())
    assert manifest["inputs"][0]["sha256"] == hashlib.sha256(ORDERS.encode()).hexdigest()
    # The same again: nothing is done, and the same is said.
    code, said, _ = run(*asked, "--movements")
    assert code == 0
    assert "is there already, of the same orders and programs; nothing was done" in said
    assert said.splitlines()[-2:] == first.splitlines()[-2:]
    # Other terms, or a part that is gone.
    code, _, error = run(*asked, "--movements", "--as-of", "2026-11-01T00:00Z")
    assert (code, "out is of other options; delete it with its manifest" in error) == (2, True)
    (out / "balances.parquet").unlink()
    code, _, error = run(*asked, "--movements")
    assert (code, "balances.parquet is missing" in error) == (2, True)


def test_two_runs_into_one_folder_are_one_too_many(run, tmp_path):
    files(tmp_path, orders_csv=ORDERS, program_toml=PROGRAM)
    with only_one(tmp_path / ".out.unfinished", what="out"):
        code, _, error = run(
            "replay", tmp_path / "orders.csv", "-p", tmp_path / "program.toml", "--out", tmp_path / "out"
        )
    assert (code, "another run is writing" in error) == (2, True)
    assert not (tmp_path / "out").exists()


def test_a_replay_that_was_killed_leaves_nothing_that_the_next_one_keeps(run, tmp_path):
    files(tmp_path, orders_csv=ORDERS, program_toml=PROGRAM)
    left = tmp_path / ".out.unfinished" / "parts"
    left.mkdir(parents=True)
    (left / "orders.parquet").write_bytes(b"half of it")
    assert run("replay", tmp_path / "orders.csv", "-p", tmp_path / "program.toml", "--out", tmp_path / "out")[0] == 0
    assert pq.read_table(tmp_path / "out" / "orders.parquet").num_rows == 3
    assert not left.parent.exists()
