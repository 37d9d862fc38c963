"""The same orders at every door of files: read alike, or refused alike and by name."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

import nector_sim as ns
from nector_sim.batch.inputs import open_inputs, read_pieces
from nector_sim.batch.replays import replay_in_buckets
from nector_sim.cli import app
from nector_sim.errors import InputError
from nector_sim.frames.files import open_table

PROGRAM = """
[[offers]]
kind = "variable_amount"
points_per_step = 1
discount_per_step = 1
[earning]
points_per_unit = 0.05
"""
HEADER = "order_id,customer_id,ordered_at,cart_amount,points_balance"
ROWS = "a,c,2026-01-01T10:00Z,1000,50\nb,c,2026-01-02T10:00Z,1000,50\n"
DOORS = {
    "score": "score {orders} -p {program} --out {out}/scored.csv",
    "score into a folder": "score {orders} -p {program} --out {out}/scored",
    "replay": "replay {orders} -p {program} --out {out}/replayed",
    "replay in buckets": "replay {orders} -p {program} --buckets 2 --out {out}/replayed",
    "sweep": "sweep {orders} -p {program} --grid {grid} -a {assumptions} --as-given --out {out}/settings.csv",
    "sweep, replayed": "sweep {orders} -p {program} --grid {grid} -a {assumptions} --out {out}/settings.csv",
    "check": "check {orders} --program {program}",
}


def ask(door, orders, folder):
    files = {"program": PROGRAM, "grid": '"min_payable.amount" = [0]', "assumptions": "gross_margin_percent = 50"}
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    names = {name: folder / f"{name}.toml" for name in files}
    command = DOORS[door].format(orders=orders, out=folder, **names)
    return CliRunner().invoke(app, command.split(), catch_exceptions=True)


def said_of(result):
    return result.output + str(result.exception or "")


@pytest.mark.parametrize("door", DOORS)
def test_a_row_that_was_cut_off_is_refused_and_named(door, tmp_path):
    orders = tmp_path / "orders.csv"
    orders.write_text(f"{HEADER},refunded_at\n" + ROWS.replace("\n", ",\n", 1))
    result = ask(door, orders, tmp_path)
    assert result.exit_code != 0
    assert "has 5 fields, and the header has 6" in " ".join(said_of(result).split())


@pytest.mark.parametrize("door", DOORS)
def test_a_doubled_header_is_refused_and_named(door, tmp_path):
    orders = tmp_path / "orders.csv"
    orders.write_text(HEADER.replace("points", "cart_amount,points") + "\n" + ROWS.replace(",1000", ",1000,5"))
    result = ask(door, orders, tmp_path)
    assert result.exit_code != 0
    assert "cart_amount" in said_of(result)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("separator", ";\t|")
def test_fields_may_be_parted_otherwise(door, separator, tmp_path):
    orders = tmp_path / "orders.csv"
    orders.write_text((HEADER + "\n" + ROWS).replace(",", separator))
    result = ask(door, orders, tmp_path)
    assert result.exit_code == 0, said_of(result)


@pytest.mark.parametrize("door", DOORS)
def test_another_currency_is_never_computed(door, tmp_path):
    orders = tmp_path / "orders.csv"
    orders.write_text(f"{HEADER},currency\n" + ROWS.replace("\n", ",INR\n", 1).replace("50\n", "50,USD\n"))
    result = ask(door, orders, tmp_path)
    assert result.exit_code != 0 or "USD" in said_of(result) or "in another currency" in said_of(result)
    if "score" in door:
        assert "2 read, 1 scored" in said_of(result)
        assert "USD" in said_of(result)
        assert "INR" in said_of(result)


@pytest.mark.parametrize("gone", ["orders/part-00000.parquet", "balances/part-00001.parquet", "totals.parquet"])
def test_a_replay_that_lost_a_part_is_not_taken_for_whole(gone, tmp_path):
    orders, out = tmp_path / "orders.csv", tmp_path / "replayed"
    customers = [f"c{number}" for number in range(40)]
    pd.DataFrame(
        {"order_id": customers, "customer_id": customers, "ordered_at": "2026-01-01T10:00Z", "cart_amount": 1000}
    ).to_csv(orders, index=False)
    program = ns.Program.parse({"earning": {"points_per_unit": "0.05"}})
    replay_in_buckets([program], orders, out=out, buckets=2)
    again = replay_in_buckets([program], orders, out=out, buckets=2)
    assert "nothing was done" in again.notices[0]
    assert gone in json.loads((tmp_path / "replayed.manifest.json").read_text())["output"]["parts"]
    kept = (out / gone).read_bytes()
    (out / gone).write_bytes(kept[:-1])
    with pytest.raises(InputError, match=f"{gone} has another size"):
        replay_in_buckets([program], orders, out=out, buckets=2)
    (out / gone).unlink()
    with pytest.raises(InputError, match=f"{gone} is missing"):
        replay_in_buckets([program], orders, out=out, buckets=2)


def test_a_csv_is_read_alike_whole_and_in_pieces(tmp_path):
    # The names stand below a title and a line for Excel, between spaces; a field holds a comma, a mark and a line.
    rows = '1;"a ;""b""\nc";100;50\n\n2;d;200;60;7\n3;e;300;70\n'
    path = tmp_path / "orders.csv"
    names = " order_id ;note;cart_amount; points_balance"
    path.write_text(f"\ufeffsep=;\r\nOrders of May\n{names}\n{rows}", encoding="utf-8", newline="")
    whole = open_table(path)
    sheet = whole.read(whole.columns)
    inputs = open_inputs([path])
    ((_, frame, broken),) = read_pieces(inputs, inputs.pieces)
    assert frame.columns == whole.columns == ["order_id", "note", "cart_amount", "points_balance"]
    assert frame.equals(sheet.frame)
    assert frame["note"].to_list() == ['a ;"b"\nc', None, "e"]
    assert [(row + 1, why) for row, why in broken] == sheet.broken
    assert [row for row, _ in sheet.broken] == [3]
    (tmp_path / "program.toml").write_text(PROGRAM)
    program = ns.load_program(tmp_path / "program.toml")
    assert ns.score_files(program, path, out=tmp_path / "scored.csv").scored == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"order_id,cart_amount\x00\n1,2\n", "is not text"),
        (b" \n\n", "is empty; export it again"),
        (b"x" * (1 << 20), "its first line is too long to be a header"),
        (b"a," * 9_999 + b"\n1,\n", "has 10,000 columns, so it is no table of orders"),
        (b"order_id,cart_amount\n1,\x81\n", "is not in the encoding UTF-8"),
    ],
)
def test_what_is_no_csv_is_refused_alike_whole_and_in_pieces(tmp_path, content, says):
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    for read in (ns.read_orders, lambda path: list(read_pieces(inputs := open_inputs([path]), inputs.pieces))):
        with pytest.raises(InputError, match=says):
            read(path)
