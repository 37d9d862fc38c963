"""Files in, files out: every row once, whatever the kind of file, the size of the pieces and the number of files."""

import json
import zipfile
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256

import fastexcel
import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

import nector_sim as ns
from nector_sim.batch import inputs, runs
from nector_sim.batch.records import index_records
from nector_sim.batch.runs import score_files
from nector_sim.errors import InputError

PROGRAM = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
#: 1 point = ₹1, at most ₹1000, at least ₹100 paid. Cart, balance; and by hand: points, discount, payable, limited_by.
BY_HAND = [
    ("749.95", 5000, 649, "649.00", "100.95", "min_payable"),
    ("500.00", 250, 250, "250.00", "250.00", "balance"),
    ("2000.00", 5000, 1000, "1000.00", "1000.00", "max_discount"),
    ("80.00", 5000, 0, "0.00", "80.00", "min_payable"),
]


def orders_frame(rows, seed=1):
    rng = np.random.default_rng(seed)
    which = rng.integers(0, len(BY_HAND), rows)
    return pl.DataFrame(
        {
            "order_id": [f"o{row}" for row in range(rows)],
            "cart_amount": pl.Series([BY_HAND[at][0] for at in which]).cast(pl.Decimal(12, 2)),
            "points_balance": [BY_HAND[at][1] for at in which],
        }
    ), which


def assert_as_by_hand(scored, which):
    assert scored["order_id"].to_list() == [f"o{row}" for row in range(len(which))]
    assert scored["points_redeemed"].to_list() == [BY_HAND[at][2] for at in which]
    assert scored["discount"].to_list() == [Decimal(BY_HAND[at][3]) for at in which]
    assert scored["payable"].to_list() == [Decimal(BY_HAND[at][4]) for at in which]
    assert scored["limited_by"].cast(pl.String).to_list() == [BY_HAND[at][5] for at in which]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(inputs, "PIECE_ROWS", 40)
    monkeypatch.setattr(inputs, "MOST_GROUP_ROWS", 160)
    monkeypatch.setattr(inputs, "CELLS_AT_ONCE", 400)


def test_neighbours_in_parquet_are_read_at_once_and_cut_into_their_pieces_again(tmp_path, monkeypatch):
    for number, (rows, groups) in enumerate([(250, 30), (90, 90), (500, 200)]):
        orders_frame(rows, seed=number)[0].write_parquet(tmp_path / f"{number}.parquet", row_group_size=groups)
    found = inputs.open_inputs([tmp_path])
    assert [piece.rows for piece in found.pieces] == [30] * 7 + [40, 90] + [40] * 10 + [100]
    read, read_piece = [], inputs.read_piece

    def noted(inputs, piece):
        read.append(piece.rows)
        return read_piece(inputs, piece)

    monkeypatch.setattr(inputs, "read_piece", noted)
    pieces = list(inputs.read_pieces(found, found.pieces))
    # The first alone; then at most 400 cells, of three columns, and never of two files.
    assert read == [30, 120, 100, 90, 120, 120, 120, 40, 100]
    assert [piece for piece, _, _ in pieces] == found.pieces
    assert [len(frame) for _, frame, _ in pieces] == [piece.rows for piece in found.pieces]
    whole = pl.concat([pl.read_parquet(tmp_path / f"{number}.parquet") for number in range(3)])
    assert pl.concat([frame for _, frame, _ in pieces]).equals(whole)


@pytest.mark.parametrize("groups", [1000, 170, 30, 7])
def test_parquet_of_any_row_groups_is_scored_row_for_row(tmp_path, groups):
    frame, which = orders_frame(1000)
    frame.write_parquet(tmp_path / "orders.parquet", row_group_size=groups)
    report = score_files(PROGRAM, tmp_path / "orders.parquet", out=tmp_path / "scored.parquet")
    assert (report.read, report.scored, report.rejected) == (1000, 1000, 0)
    scored = pl.read_parquet(tmp_path / "scored.parquet")
    assert_as_by_hand(scored, which)
    assert scored.select(frame.columns).equals(frame)
    schema = pq.read_schema(tmp_path / "scored.parquet")
    assert {str(schema.field(name).type) for name in ("discount", "payable")} == {"decimal128(18, 2)"}
    assert str(schema.field("limited_by").type).startswith("dictionary<values=string")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quoted", [False, True])
def test_csv_is_scored_row_for_row(tmp_path, newline, quoted):
    frame, which = orders_frame(500)
    note = pl.Series("note", ['say "hi",\nhere' if quoted and row % 7 == 0 else "x" for row in range(500)])
    frame = frame.with_columns(note)
    frame.write_csv(tmp_path / "orders.csv", line_terminator=newline)
    score_files(PROGRAM, tmp_path / "orders.csv", out=tmp_path / "scored.parquet")
    scored = pl.read_parquet(tmp_path / "scored.parquet")
    assert_as_by_hand(scored, which)
    assert scored["note"].to_list() == note.to_list()
    score_files(PROGRAM, tmp_path / "orders.csv", out=tmp_path / "scored.csv")
    again = pl.read_csv(tmp_path / "scored.csv", infer_schema=False)
    assert again["payable"].to_list() == [BY_HAND[at][4] for at in which]
    assert again["note"].to_list() == note.to_list()


def test_where_the_records_of_a_csv_begin_does_not_hang_on_the_blocks(monkeypatch, tmp_path):
    records = ["a,b\n", '1,"x\r\n"",y"\r\n', "2,z\r", '3,"q"\n', "4,\n", '5,5" pipe\n', "6,"]
    begins = [sum(map(len, records[:number])) for number in range(len(records))]
    text = "".join(records).encode()
    (tmp_path / "f").write_bytes(text)
    for block in (1, 2, 3, 5, 1000):
        monkeypatch.setattr("nector_sim.batch.records.BLOCK", block)
        with (tmp_path / "f").open("rb") as file:
            index = index_records(file, rows=2)
            file.seek(0)
            # Below three records, of which the last has the names.
            below = index_records(file, rows=2, above=3)
        assert index == (
            begins[1],
            [(begins[number], 2) for number in (1, 3, 5)],
            len(text),
            sha256(text).hexdigest(),
            False,
        )
        assert (below.header_end, below.starts) == (begins[3], [(begins[3], 2), (begins[5], 2)])


def test_many_files_and_partitioned_folders(tmp_path):
    frame, which = orders_frame(300)
    for number, month in enumerate(("2026-01", "2026-02", "2026-03")):
        folder = tmp_path / "orders" / f"month={month}"
        folder.mkdir(parents=True)
        frame.slice(number * 100, 100).write_parquet(folder / "part.parquet")
    (tmp_path / "orders" / "_SUCCESS").write_text("")
    score_files(PROGRAM, tmp_path / "orders", out=tmp_path / "scored", part_rows=90)
    parts = sorted((tmp_path / "scored").iterdir())
    assert [part.name for part in parts] == [f"part-{number:05d}.parquet" for number in range(len(parts))]
    assert len(parts) > 1
    scored = pl.concat([pl.read_parquet(part) for part in parts])
    assert_as_by_hand(scored, which)
    assert scored["month"].to_list() == [month for month in ("2026-01", "2026-02", "2026-03") for _ in range(100)]
    one_by_one = [tmp_path / "orders" / f"month=2026-0{month}" / "part.parquet" for month in (1, 2, 3)]
    score_files(PROGRAM, one_by_one, out=tmp_path / "scored.csv")
    assert len(pl.read_csv(tmp_path / "scored.csv")) == 300


def test_partitions_as_hive_writes_them_and_patterns(tmp_path):
    frame, _ = orders_frame(100)
    for number, store in enumerate(("north%20east", "__HIVE_DEFAULT_PARTITION__")):
        folder = tmp_path / "orders" / f"store={store}"
        folder.mkdir(parents=True)
        frame.slice(number * 50, 50).write_parquet(folder / "part.parquet")
    pattern = tmp_path / "orders" / "*" / "part.pa*"
    score_files(PROGRAM, tmp_path / "orders", out=tmp_path / "scored.parquet")
    scored = pl.read_parquet(tmp_path / "scored.parquet").sort("store", nulls_last=True)
    assert scored["store"].to_list() == ["north east"] * 50 + [None] * 50
    assert score_files(PROGRAM, pattern, out=tmp_path / "scored.parquet").read == 100
    with pytest.raises(InputError, match="does not exist"):
        score_files(PROGRAM, tmp_path / "orders" / "*.csv", out=tmp_path / "scored.csv")


@pytest.mark.parametrize("text", ['a,"500,9\nb,500,9\n', 'a,500,9\n"b,500,9\nc,500,9'])
def test_a_quotation_mark_that_is_never_closed_is_refused_with_its_row(tmp_path, text):
    (tmp_path / "orders.csv").write_text(f"order_id,cart_amount,points_balance\n{text}")
    row = 1 if text.startswith('a,"') else 2
    with pytest.raises(InputError, match=rf"orders\.csv: a quotation mark in row {row} is never closed"):
        score_files(PROGRAM, tmp_path / "orders.csv", out=tmp_path / "scored.csv")


def test_text_that_is_not_utf_8_far_into_a_file(tmp_path):
    lines = b"order_id,cart_amount,points_balance\n" + b"abcdefghijklmnopqrstuvwxyz,500,9\n" * 50_000
    (tmp_path / "orders.csv").write_bytes(lines + "é,500,9\n".encode("latin-1"))
    with pytest.raises(InputError, match="not in the encoding UTF-8"):
        score_files(PROGRAM, tmp_path / "orders.csv", out=tmp_path / "scored.csv")


def test_rejects_stand_with_their_row_in_all_inputs_and_add_up(tmp_path):
    lines = ["order_id,cart_amount,points_balance"]
    lines += [f"o{row},{-1 if row % 10 == 3 else 500},{'many' if row % 50 == 7 else 9.5}" for row in range(200)]
    lines[101] += ",one,too,many"
    lines[151] = "o150,500"
    (tmp_path / "orders.csv").write_text("\n".join(lines), encoding="utf-8")
    report = score_files(PROGRAM, tmp_path / "orders.csv", out=tmp_path / "s.csv", rejects=tmp_path / "r.parquet")
    rejects = pl.read_parquet(tmp_path / "r.parquet")
    expected = {row + 1 for row in range(200) if row % 10 == 3 or row % 50 == 7 or row in (100, 150)}
    assert rejects["row"].to_list() == sorted(expected)
    assert (report.read, report.scored, report.rejected) == (200, 200 - len(expected), len(expected))
    by_row = dict(rejects.select("row", "reason").iter_rows())
    assert by_row[101].startswith("the row has 6 fields, and the header has 3")
    assert by_row[151].startswith("the row has 2 fields")
    assert by_row[4] == "cart_amount is negative; an amount is 0 or more"
    assert dict(rejects.select("row", "order_id").iter_rows())[8] == "o7"
    assert report.notices == (f"{report.scored} balances have a fraction of a point, which was dropped",)
    manifest = json.loads((tmp_path / "s.csv.manifest.json").read_text())
    assert sum(manifest["rows"]["rejected_by_reason"].values()) == len(expected)
    assert len(report.examples) == 10


def test_the_manifest_says_what_went_in_and_what_came_out(tmp_path):
    frame, which = orders_frame(100)
    frame.write_parquet(tmp_path / "orders.parquet")
    score_files(PROGRAM, tmp_path / "orders.parquet", out=tmp_path / "scored.parquet")
    manifest = json.loads((tmp_path / "scored.parquet.manifest.json").read_text())
    data = (tmp_path / "orders.parquet").read_bytes()
    assert manifest["inputs"] == [
        {"name": str(tmp_path / "orders.parquet"), "size": len(data), "sha256": sha256(data).hexdigest()}
    ]
    assert manifest["program"]["sha256"] == sha256(PROGRAM.to_toml().encode()).hexdigest()
    assert manifest["versions"]["nector_sim"] == ns.__version__
    assert manifest["totals"]["discount"] == str(sum(Decimal(BY_HAND[at][3]) for at in which))
    assert manifest["totals"]["payable"] == str(sum(Decimal(BY_HAND[at][4]) for at in which))
    assert manifest["totals"]["points_redeemed"] == sum(BY_HAND[at][2] for at in which)
    assert manifest["totals"]["limited_by"]["balance"] == list(which).count(1)


def test_cells_that_a_spreadsheet_would_run_are_made_harmless(tmp_path):
    notes = ["=1+1", "+1", "-5", "-5e3", "@x", "\tx", "a=b", "", None, "+91 98", "-", "-1,000", "=5"]
    frame = pl.DataFrame({"cart_amount": [500.0] * 13, "points_balance": [-5] * 13, "=note": notes})
    frame = frame.with_columns(kind=pl.col("=note").cast(pl.Categorical))
    frame.write_parquet(tmp_path / "orders.parquet")
    score_files(PROGRAM, tmp_path / "orders.parquet", out=tmp_path / "scored.csv")
    scored = pl.read_csv(tmp_path / "scored.csv", infer_schema=False)
    safe = ["'=1+1", "+1", "-5", "-5e3", "'@x", "'\tx", "a=b", None, None, "'+91 98", "'-", "'-1,000", "'=5"]
    assert [text or None for text in scored["'=note"].to_list()] == safe
    assert [text or None for text in scored["kind"].to_list()] == safe
    assert scored["points_balance"].to_list() == ["-5"] * 13


def test_a_sheet_has_real_numbers(tmp_path):
    frame, which = orders_frame(5)
    frame = frame.with_columns(
        pl.lit("=1+1").alias("note"), pl.lit(datetime(2026, 11, 23, 18, 30, tzinfo=UTC)).alias("ordered_at")
    )
    frame.write_parquet(tmp_path / "orders.parquet")
    score_files(PROGRAM, tmp_path / "orders.parquet", out=tmp_path / "scored.xlsx")
    sheet = fastexcel.read_excel(tmp_path / "scored.xlsx").load_sheet(0).to_polars()
    assert sheet.schema["payable"] == pl.Float64
    assert [f"{amount:.2f}" for amount in sheet["payable"]] == [BY_HAND[at][4] for at in which]
    assert sheet["note"].to_list() == ["=1+1"] * 5
    assert sheet["ordered_at"].to_list() == [datetime(2026, 11, 23, 18, 30)] * 5
    frame.write_csv(tmp_path / "orders.csv")
    score_files(PROGRAM, tmp_path / "orders.csv", out=tmp_path / "again.xlsx")
    assert fastexcel.read_excel(tmp_path / "again.xlsx").load_sheet(0).to_polars().schema["cart_amount"] == pl.Float64


def test_a_sheet_changes_no_id_and_takes_what_a_file_of_orders_may_hold(tmp_path):
    frame, _ = orders_frame(2)
    odd = frame.with_columns(
        id=pl.Series([31502400651, 5]),
        long_id=pl.Series([2**60 + 1, 5]),
        ratio=pl.Series([float("inf"), 0.5]),
        took=pl.Series([timedelta(hours=30), None]),
        at=pl.Series([time(1, 2), None]),
        note=pl.Series(["x" * 40_000, None]),
        paid=pl.Series([True, None]),
        nothing=pl.Series([None, None]),
    )
    odd.write_parquet(tmp_path / "orders.parquet")
    score_files(PROGRAM, tmp_path / "orders.parquet", out=tmp_path / "scored.xlsx")
    sheet = fastexcel.read_excel(tmp_path / "scored.xlsx").load_sheet(0).to_polars()
    assert sheet["id"].to_list() == [31502400651, 5]
    assert sheet["long_id"].to_list() == [str(2**60 + 1), "5"]
    assert sheet["ratio"].to_list() == [None, 0.5]
    assert len(sheet["note"][0]) == 32_767
    with zipfile.ZipFile(tmp_path / "scored.xlsx") as book:
        formats = book.read("xl/styles.xml").decode()
    assert 'formatCode="#,##0.00"' in formats
    for name, deep in (("list", pl.Series([[1], [2]])), ("bytes", pl.Series([b"x", b"y"]))):
        frame.with_columns(deep.alias(name)).write_parquet(tmp_path / "orders.parquet")
        for ending in (".csv", ".xlsx"):
            with pytest.raises(InputError, match=f"column {name} holds"):
                score_files(PROGRAM, tmp_path / "orders.parquet", out=tmp_path / f"deep{ending}")
        score_files(PROGRAM, tmp_path / "orders.parquet", out=tmp_path / "deep.parquet")


def test_more_than_a_sheet_holds_is_said_before_anything_is_done(tmp_path, monkeypatch):
    orders_frame(20)[0].write_parquet(tmp_path / "orders.parquet")
    monkeypatch.setattr(runs, "SHEET_ROWS", 19)
    with pytest.raises(InputError, match="1,048,575 orders"):
        score_files(PROGRAM, tmp_path / "orders.parquet", out=tmp_path / "scored.xlsx")
    assert [file.name for file in tmp_path.iterdir()] == ["orders.parquet"]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_no_rows_are_no_rows(tmp_path, ending):
    source = tmp_path / f"orders{ending}"
    frame = orders_frame(5)[0].clear()
    frame.write_csv(source) if ending == ".csv" else frame.write_parquet(source)
    report = score_files(PROGRAM, source, out=tmp_path / "scored.csv")
    assert report.read == 0
    assert (tmp_path / "scored.csv").read_text().startswith("order_id,cart_amount,points_balance,offer")
    score_files(PROGRAM, source, out=tmp_path / "scored")
    assert len(pl.read_parquet(tmp_path / "scored" / "part-00000.parquet")) == 0


@pytest.mark.parametrize("out", ["scored.parquet", "scored"])
def test_a_csv_becomes_numbers_in_parquet(tmp_path, out):
    (tmp_path / "orders.csv").write_text(
        "order_id,cart_amount,points_balance,credits,points_requested,note\n"
        "a,749.9, 5000 ,,10,x\nb,80,-2.5,1.5,,\nc,500,99.9,0,600,7\n"
    )
    assert score_files(PROGRAM, tmp_path / "orders.csv", out=tmp_path / out).scored == 3
    scored = pl.read_parquet(tmp_path / out)
    assert [str(scored.schema[name]) for name in ("cart_amount", "credits", "discount")] == [
        "Decimal(precision=18, scale=2)"
    ] * 3
    assert scored.schema["points_balance"] == scored.schema["points_requested"] == pl.Int64
    assert scored["cart_amount"].to_list() == [Decimal("749.90"), Decimal("80.00"), Decimal("500.00")]
    assert scored["credits"].to_list() == [None, Decimal("1.50"), Decimal("0.00")]
    assert scored["points_balance"].to_list() == [5000, -3, 99]
    assert scored["points_requested"].to_list() == [10, None, 600]
    assert scored["note"].to_list() == ["x", None, "7"]
    left = scored["cart_amount"] - scored["discount"] - scored["credits_used"]
    assert left.to_list() == scored["payable"].to_list()
