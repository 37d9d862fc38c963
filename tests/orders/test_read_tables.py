"""Tables that people hand over: those that can be read, and those that are refused with what to do."""

import datetime as dt
import inspect
import io
import os
import re
import stat
import zipfile
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xlsxwriter

import nector_sim as ns
from nector_sim.frames import csv_files
from nector_sim.orders.identity import load_key
from nector_sim.orders.read import How

PLAIN = "order_id,customer_id,ordered_at,cart_amount\n"


@pytest.fixture
def key(tmp_path):
    return tmp_path / "customer.key"


def text_file(tmp_path, text, name="orders.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def first_reason(report):
    return report.rejects["reason"][0]


def packed(names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty; export it again"),
        (b"\n \n", "is empty; export it again"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "is a web page.*sign in to the shop, export again"),
        (b"\r\n<HTML>", "is a web page"),
        (b"<br />\n<b>Fatal error</b>: in <b>export.php</b>, on line <b>9</b>", "is a web page"),
        (b"<!-- cached -->" + b" " * 2000 + b"<html>", "is a web page"),
        (b"BZh91AY&SY", "unpack it"),
        (b"\xfd7zXZ\x00", "unpack it"),
        (b"\x28\xb5\x2f\xfd", "unpack it"),
        (packed(["mimetype", "content.xml"]), "is a LibreOffice document; save it there as CSV"),
        (PLAIN.replace(",", "\x00").encode(), "is not text"),
        (b'{"orders": []}', "is JSON without orders"),
        (b"%PDF-1.4", "is packed, or a PDF; unpack it"),
        (b"\x1f\x8b\x08\x00", "is a damaged or unfinished gzip file"),
        (packed(["a.md", "b.md"]), "is a zip of 2 files without a table"),
        (b"PK\x03\x04 cut off", "cannot be read as an Excel workbook"),
        (packed(["xl/workbook.xml"]), "cannot be read as an Excel workbook"),
        (b"PAR1 cut off", "damaged or unfinished Parquet"),
        (b"order_id,cart_amount\n1,\x81\n", "is not in the encoding UTF-8.*name its encoding"),
        (b"just a line\nand another\n", "has one column"),
        (b"x" * (1 << 20), "its first line is too long to be a header"),
        (b'"' + b"x," * (1 << 19), "its first line is too long to be a header"),
        (b"a," * 9_999 + b"\n", "has 10,000 columns, so it is no table of orders"),
        (PLAIN.encode(), "has a header and no rows"),
        (PLAIN.strip().encode(), "has a header and no rows"),
        (b"a,b,c\n1,2,3\n", "known export"),
        (b"order_id,cart_amount,cart_amount\n1,2,3\n", "the column cart_amount appears 2 times"),
    ],
)
def test_what_is_no_table_of_orders_is_refused_with_what_to_do(tmp_path, key, content, says):
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    with pytest.raises(ns.InputError, match=f"(?s){says}") as refused:
        ns.read_orders(path, key_file=key)
    assert str(refused.value).startswith(("orders.csv", str(path)))


def test_a_path_that_is_none(tmp_path):
    with pytest.raises(ns.InputError, match="does not exist; check the name"):
        ns.read_orders(tmp_path / "none.csv")
    with pytest.raises(ns.InputError, match="is a folder without a table"):
        ns.read_orders(tmp_path)
    with pytest.raises(ns.InputError, match="orders are a list; give a pandas frame"):
        ns.read_orders([1, 2])


def test_rows_of_the_wrong_length_are_rejected_by_their_numbers(tmp_path, key):
    text = PLAIN + "1,a,2026-05-01,100\n2,a,2026-05-01,100,7\n\n4,a,2026-05-01,400\n5,a,2026\n"
    report = ns.inspect_orders(text_file(tmp_path, text), key_file=key)
    assert report.orders["order_id"].tolist() == ["1", "4"]
    assert report.rejects["row"].tolist() == [2, 5]
    assert "has 5 fields, and the header has 4" in first_reason(report)
    assert report.rows == {"in_file": 5, "used": 2, "left_out": 0, "rejected": 2, "blank": 1}
    assert report.unreadable_totals == 2


def test_a_file_that_was_cut_off_is_noticed(tmp_path, key):
    text = PLAIN + "1,a,2026-05-01,100\n2,a,2026-05-01"
    assert ns.inspect_orders(text_file(tmp_path, text), key_file=key).rejects["row"].tolist() == [2]


def test_a_quotation_mark_that_is_never_closed_swallows_no_rows_in_silence(tmp_path, key):
    text = PLAIN + '1,a,2026-05-01,100\n2,"a,2026-05-01,100\n3,a,2026-05-01,100\n'
    report = ns.inspect_orders(text_file(tmp_path, text), key_file=key)
    assert report.orders["order_id"].tolist() == ["1"]
    assert report.rejects["row"].tolist() == [2]


def test_a_row_longer_than_a_few_megabytes_is_refused_without_being_held(tmp_path, key, monkeypatch):
    monkeypatch.setattr(csv_files, "LONGEST_ROW", 1 << 16)
    path = text_file(tmp_path, PLAIN + '1,a,2026-05-01,100\n2,"' + "x" * (1 << 18) + '",2026-05-01,100\n')
    with pytest.raises(ns.InputError, match="a quotation mark is opened and never closed"):
        ns.read_orders(path, key_file=key)


@pytest.mark.parametrize(
    ("note", "threads"),
    [("short", True), ("a\nb\n" * 9, True), ("x" * 64_000, False), ("x\n" * 32_000, False), ('he said ""no""', True)],
)
def test_several_threads_parse_only_what_cannot_fail(tmp_path, key, monkeypatch, note, threads):
    monkeypatch.setattr(csv_files, "LONGEST_ROW", 1 << 16)
    asked = []
    parse = csv_files.parse_rows

    def spy(*arguments, threads, **how):
        asked.append(threads)
        return parse(*arguments, threads=threads, **how)

    monkeypatch.setattr(csv_files, "parse_rows", spy)
    rows = "".join(f'{number},"{"n" if number != 2000 else note}",2026-05-01,100\n' for number in range(8000))
    orders = ns.read_orders(text_file(tmp_path, PLAIN + rows), key_file=key)
    assert len(orders) == 8000
    assert asked == [threads]


def test_a_line_that_tells_excel_the_separator_is_none_of_the_rows(tmp_path, key):
    text = "sep=;\r\n" + PLAIN.replace(",", ";") + "1;a;2026-05-01;x\n2;a;2026-05-01;5\n"
    report = ns.inspect_orders(text_file(tmp_path, text), key_file=key)
    assert report.orders["order_id"].tolist() == ["2"]
    assert report.rejects["row"].tolist() == [1]


@pytest.mark.parametrize(("separator", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_other_separators_are_found_and_said(tmp_path, key, separator, name):
    text = (PLAIN + "1,a,2026-05-01,100.50\n").replace(",", separator)
    report = ns.inspect_orders(text_file(tmp_path, text), key_file=key)
    assert report.orders["cart_amount"].tolist() == [Decimal("100.50")]
    assert f"fields are parted by {name}" in report.notes


def test_the_header_may_have_a_byte_order_mark_other_case_and_line_breaks_of_any_kind(tmp_path, key):
    text = "\ufeffOrder_ID, Customer id ,Ordered At,CART AMOUNT\r\n1,a,2026-05-01,100\r\n"
    report = ns.inspect_orders(text_file(tmp_path, text), key_file=key)
    assert report.orders["order_id"].tolist() == ["1"]
    assert len(ns.read_orders(text_file(tmp_path, text.replace("\r\n", "\r")), key_file=key)) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1,2,3", "say which: numbers='1,234.50' or numbers='1.234,50'"),
        ("=B2*C2", "is a formula"),
        ("1.5E+05", "scientific notation"),
        ("abc", "is not a number"),
        ("-5", "is negative"),
        ("5.001", "is finer than the currency's 2 decimals"),
        ("99999999999", "is too large"),
        ("NaN", "is not a number"),
        ("inf", "is infinite"),
        ("1_000", "is not a number"),
        ("", "is missing"),
    ],
)
def test_amounts_that_cannot_be_read_say_what_to_do(tmp_path, key, text, reason):
    report = ns.inspect_orders(
        text_file(tmp_path, PLAIN + f'1,a,2026-05-01,"{text}"\n2,a,2026-05-01,5\n'), key_file=key
    )
    assert report.orders["order_id"].tolist() == ["2"]
    assert reason in first_reason(report)


def test_separators_are_read_as_the_caller_says(tmp_path, key):
    english = ["₹ 1,234.50", "Rs. 12,34,567.5", "1,234", "749.95", "INR 5", "1,23", "1.234,50"]
    report = ns.inspect_orders(pd.DataFrame({"cart_amount": english}), numbers="1,234.50", key_file=key)
    assert [str(amount) for amount in report.orders["cart_amount"]] == [
        "1234.50",
        "1234567.50",
        "1234.00",
        "749.95",
        "5.00",
    ]
    assert report.rejects["row"].tolist() == [6, 7]
    german = ["1.234,50", "12.345", "5,5", "749.95", "₹ 1,234.50"]
    report = ns.inspect_orders(pd.DataFrame({"cart_amount": german}), numbers="1.234,50", key_file=key)
    assert [str(amount) for amount in report.orders["cart_amount"]] == ["1234.50", "12345.00", "5.50"]
    assert "is not written like 1.234,50" in first_reason(report)
    with pytest.raises(ns.InputError, match="numbers='1 234' is not known"):
        ns.inspect_orders(pd.DataFrame({"cart_amount": german}), numbers="1 234")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-05-01 10:15:00 +0530", "2026-05-01 04:45:00"),
        ("2026-05-01T10:15:00.250Z", "2026-05-01 10:15:00.250"),
        ("2026-05-01 10:15:00 -0400", "2026-05-01 14:15:00"),
        ("2026-05-01 10:15:00 UTC", "2026-05-01 10:15:00"),
        ("2026-05-01 9:05", "2026-05-01 03:35:00"),
        ("2026-05-01", "2026-04-30 18:30:00"),
    ],
)
def test_times_are_instants(tmp_path, key, text, utc):
    orders = ns.read_orders(text_file(tmp_path, PLAIN + f"1,a,{text},5\n"), key_file=key)
    assert orders["ordered_at"][0] == pd.Timestamp(utc, tz="UTC")


@pytest.mark.parametrize("text", ["2026-02-30", "2026-05-01 25:00", "yesterday", "20261301", "461430", "1.5"])
def test_what_is_no_time_is_refused(tmp_path, key, text):
    report = ns.inspect_orders(text_file(tmp_path, PLAIN + f"1,a,{text},5\n"), key_file=key)
    assert "is not a time; write it as 2026-11-23 18:30" in first_reason(report)


def test_a_date_that_could_be_two_is_refused_until_its_order_is_said(tmp_path, key):
    path = text_file(tmp_path, PLAIN + "1,a,01/05/2026 1:05 PM,5\n2,a,2026-05-01 13:05,5\n3,a,12/05/2026,5\n")
    report = ns.inspect_orders(path, key_file=key)
    assert report.rejects["row"].tolist() == [1, 3]
    assert "say their order: dates='dd/mm/yyyy' or dates='mm/dd/yyyy' (--dates)" in first_reason(report)
    days_first = ns.inspect_orders(path, dates="dd/mm/yyyy", key_file=key).orders["ordered_at"]
    assert days_first.tolist() == [
        pd.Timestamp("2026-05-01 07:35", tz="UTC"),
        pd.Timestamp("2026-05-01 07:35", tz="UTC"),
        pd.Timestamp("2026-05-11 18:30", tz="UTC"),
    ]
    months_first = ns.inspect_orders(path, dates="mm/dd/yyyy", key_file=key)
    assert months_first.orders["ordered_at"][0] == pd.Timestamp("2026-01-05 07:35", tz="UTC")


def test_clock_times_that_a_zone_skips_or_has_twice_are_read_as_python_reads_them():
    frame = pd.DataFrame({"cart_amount": [1, 1], "ordered_at": ["2026-03-29 02:30", "2025-10-26 02:30"]})
    at = ns.read_orders(frame, currency="EUR", timezone="Europe/Berlin")["ordered_at"]
    assert at.tolist() == [pd.Timestamp("2026-03-29 01:30", tz="UTC"), pd.Timestamp("2025-10-26 00:30", tz="UTC")]


def test_orders_of_the_future_and_refunds_before_their_order_are_refused():
    later = (dt.datetime.now(dt.UTC) + dt.timedelta(days=3)).isoformat(" ", "seconds")
    frame = pd.DataFrame(
        {
            "cart_amount": [1, 2, 3],
            "ordered_at": [later, "2026-05-02", "2026-05-02"],
            "refunded_at": [None, "2026-05-01", "2026-05-03"],
        }
    )
    report = ns.inspect_orders(frame)
    assert report.rejects["row"].tolist() == [1, 2]
    assert "is in the future" in report.rejects["reason"][0]
    assert "is before the order" in report.rejects["reason"][1]
    # No amount: the whole order.
    assert report.orders["refunded_amount"].isna().tolist() == [True]


def test_all_problems_of_a_file_are_told_together(tmp_path, key):
    text = PLAIN + "1,a,2026-05-01,x\n2,a,never,-5\n2,b,2026-05-01,5\n3,a,2026-05-01,x\n,a,2026-05-01,5\n"
    with pytest.raises(ns.OrdersError) as refused:
        ns.read_orders(text_file(tmp_path, text), key_file=key)
    message = str(refused.value)
    assert refused.value.rejects["row"].tolist() == [1, 2, 4, 5]
    for part in ("row 1: cart_amount is not a number", "occurs more than once", "order_id is missing"):
        assert part in message
    assert "in all: 2 x cart_amount is not a number" in message


EXCEL_ROWS = [
    ("#1", 749.95, dt.datetime(2026, 5, 1, 10, 15), 919876543210),
    ("#2", 0.1 + 0.2, dt.datetime(2026, 5, 2, 10, 15), 919876543211),
    ("#3", "₹ 1,234.50", "01/05/2026", None),
]


def test_excel(tmp_path, key):
    path = tmp_path / "orders.xlsx"
    book = xlsxwriter.Workbook(path)
    for name, rows in (("Orders", EXCEL_ROWS), ("Other", EXCEL_ROWS[:1])):
        sheet = book.add_worksheet(name)
        date = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_row(0, 0, ["order_id", "cart_amount", "ordered_at", "mobile"])
        for at, (order_id, amount, when, phone) in enumerate(rows, 1):
            sheet.write(at, 0, order_id)
            sheet.write(at, 1, amount)
            sheet.write(at, 2, when, date)
            sheet.write(at, 3, phone)
        sheet.write(5, 0, "#4")
        sheet.write_formula(5, 1, "=B2*2", None, 1499.9)
    book.close()
    report = ns.inspect_orders(path, key_file=key)
    assert [str(amount) for amount in report.orders["cart_amount"]] == ["749.95", "0.30", "1499.90"]
    assert report.orders["ordered_at"][0] == pd.Timestamp("2026-05-01 04:45", tz="UTC")
    assert report.known.by_phone == 2
    assert report.rejects["row"].tolist() == [3]
    assert report.rows["blank"] == 1
    assert any("2 sheets" in note for note in report.notes)
    assert len(ns.read_orders(path, sheet="Other", key_file=key)) == 2
    with pytest.raises(ns.InputError, match="no sheet of that name"):
        ns.read_orders(path, sheet="Third")
    with pytest.raises(ns.InputError, match="a sheet can be named in an Excel file alone"):
        ns.read_orders(text_file(tmp_path, PLAIN + "1,a,2026-05-01,5\n"), sheet="Orders")


TABLE = {
    "order_id": ["a", "b"],
    "customer_id": ["c1", "c2"],
    "cart_amount": [Decimal("749.95"), Decimal("500")],
    "points_balance": [5000, 50],
    "ordered_at": pd.to_datetime(["2026-05-01 10:15", "2026-05-02 10:15"]),
}
PROGRAM = ns.Program(offers=[ns.VariableAmount(points_per_step=1, discount_per_step=1)])


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow", "parquet", "csv"])
def test_the_same_table_in_every_form(tmp_path, kind):
    frame = pd.DataFrame(TABLE)
    source = {
        "pandas": lambda: frame,
        "polars": lambda: pl.from_pandas(frame),
        "arrow": lambda: pa.Table.from_pandas(frame),
        "parquet": lambda: frame.to_parquet(tmp_path / "o.parquet") or tmp_path / "o.parquet",
        "csv": lambda: frame.to_csv(tmp_path / "o.csv", index=False) or str(tmp_path / "o.csv"),
    }[kind]()
    before = frame.copy(deep=True)
    orders = ns.read_orders(source)
    assert orders["order_id"].tolist() == ["a", "b"]
    assert orders["customer_id"].tolist() == ["c1", "c2"]
    assert orders["cart_amount"].tolist() == [Decimal("749.95"), Decimal("500.00")]
    assert orders["points_balance"].tolist() == [5000, 50]
    assert orders["ordered_at"][0] == pd.Timestamp("2026-05-01 04:45", tz="UTC")
    pd.testing.assert_frame_equal(frame, before)


class OneBatch:
    """What only has the Arrow interface of one batch."""

    def __arrow_c_array__(self, requested_schema=None):
        return pa.record_batch({"cart_amount": [5]}).__arrow_c_array__(requested_schema)


def test_whatever_has_an_arrow_interface_of_rows():
    for source in (
        pa.table({"cart_amount": [5]}).to_reader(),
        OneBatch(),
        pl.DataFrame({"cart_amount": pl.Series([5], dtype=pl.Int128)}),
        pa.table({"cart_amount": pa.array([Decimal(5)], pa.decimal256(40, 2))}),
    ):
        assert ns.read_orders(source)["cart_amount"].tolist() == [Decimal("5.00")]
    for nothing in (pl.Series("cart_amount", [1]), pl.DataFrame({"cart_amount": [1]}).lazy(), b"cart_amount"):
        with pytest.raises(
            ns.InputError,
            match=r"give (a pandas frame|orders\.collect\(\))",
        ):
            ns.read_orders(nothing)


@pytest.mark.parametrize("values", [[[1], [2]], [{"a": 1}, {"a": 2}], [b"\xff", b"x"]])
@pytest.mark.parametrize("column", ["cart_amount", "order_id", "email", "ordered_at"])
def test_a_column_of_lists_records_or_bytes_is_refused(tmp_path, column, values):
    table = pa.table({"cart_amount": [1, 2], "order_id": ["a", "b"], column: pa.array(values)})
    path = tmp_path / "o.parquet"
    pl.from_arrow(table).write_parquet(path)
    for source in (table, path):
        with pytest.raises(ns.InputError, match=f"the column {column} holds .*, not a number, time or text"):
            ns.read_orders(source)


@pytest.mark.parametrize(
    ("unit", "number"),
    [("s", 2**62), ("s", -(2**62)), ("ms", 2**62), ("s", 253_402_300_800), ("us", 2**62), ("date", 2**31 - 1)],
)
def test_a_typed_time_that_no_clock_shows_is_refused_and_never_wraps(unit, number):
    kind = pa.date32() if unit == "date" else pa.timestamp(unit)
    at = pa.array([number, 20_000, None], pa.int32() if unit == "date" else pa.int64()).cast(kind)
    for typed in (at,) if unit == "date" else (at, at.cast(pa.timestamp(unit, "UTC"))):
        report = ns.inspect_orders(pa.table({"cart_amount": [1, 2, 3], "ordered_at": typed}), timezone="UTC")
        assert report.rejects["row"].tolist() == [1]
        assert "ordered_at is not a time" in first_reason(report)
        seconds = {"s": 20_000, "ms": 20, "us": 0.02, "date": 20_000 * 86_400}[unit]
        assert report.orders["ordered_at"].tolist() == [pd.Timestamp(seconds, unit="s", tz="UTC"), pd.NaT]


def test_columns_of_numbers_of_any_kind_and_mixed_ones():
    frame = pd.DataFrame({"cart_amount": [749.95, "5", 7, None], "order_id": [1, 2, 3, 4]})
    report = ns.inspect_orders(frame)
    assert report.orders["cart_amount"].tolist() == [Decimal("749.95"), Decimal("5.00"), Decimal("7.00")]
    assert report.orders["order_id"].tolist() == ["1", "2", "3"]
    assert ns.read_orders(pd.DataFrame({"cart_amount": [0.1 + 0.2]}))["cart_amount"].tolist() == [Decimal("0.30")]


def test_every_column_of_the_house_comes_through():
    frame = pd.DataFrame(
        {
            "order_id": ["a", "b"],
            "cart_amount": ["10", "20"],
            "credits": ["1.50", None],
            "tier": ["Gold", None],
            "points_requested": [5, None],
            "redeems": ["yes", None],
            "cost": ["4", None],
            "refunded_amount": ["3", "0"],
            "ordered_at": ["2026-05-01", "2026-05-01"],
            "paid_amount": ["9", None],
            "payment_method": ["Cash on Delivery", "UPI"],
            "discount_given": ["1", None],
        }
    )
    orders = ns.read_orders(frame, timezone="UTC")
    assert [str(value) for value in orders["credits"]] == ["1.50", "0.00"]
    assert orders["points_requested"].tolist() == [5, pd.NA]
    assert orders["redeems"].fillna("none").tolist() == [True, "none"]
    assert orders["cost"].isna().tolist() == [False, True]
    # 0 is no refund.
    assert orders["refunded_at"].isna().tolist() == [False, True]
    assert orders["refunded_at"][0] == pd.Timestamp("2026-05-08", tz="UTC")
    assert orders["payment_method"].tolist() == ["cod", "prepaid"]
    assert orders["paid_amount"].isna().tolist() == [False, True]
    bad = ns.inspect_orders(frame.assign(redeems=["perhaps", "no"]))
    assert "neither yes nor no" in first_reason(bad)


MAPPING = """
currency = "INR"
dates = "dd/mm/yyyy"
numbers = "1,234.50"
keep_status = ["Delivered"]

[columns]
order_id = "Invoice no"
ordered_at = "Date"
phone = "Mobile"
status = "State"
cart_amount = ["Total", "-Freight"]
payment_method = "Paid by"
"""


def test_a_mapping_says_once_which_column_is_which(tmp_path, key):
    mapping = text_file(tmp_path, MAPPING, "columns.toml")
    rows = (
        "Invoice no;Date;Mobile;State;Total;Freight;Paid by\n"
        "7;01/05/2026;98765 43210;delivered;₹ 1,234.50;34.50;COD\n"
        "8;02/05/2026;98765 43210;returned;100;;UPI\n"
        "9;02/05/2026;98765 43210;Delivered;10;20;UPI\n"
    )
    report = ns.inspect_orders(text_file(tmp_path, rows), mapping=mapping, key_file=key)
    assert report.orders["cart_amount"].tolist() == [Decimal("1200.00")]
    assert report.orders["payment_method"].tolist() == ["cod"]
    assert report.cart_amount_is == "Total - Freight"
    assert report.left_out["other_status"].orders == 1
    assert "comes out negative" in first_reason(report)
    with pytest.raises(ns.InputError, match="leave the format out"):
        ns.read_orders(tmp_path / "orders.csv", mapping=mapping, format="plain")
    with pytest.raises(ns.InputError, match="the column Freight is missing"):
        ns.read_orders(text_file(tmp_path, rows.replace("Freight", "Carriage")), mapping=mapping)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[columns", "is not TOML"),
        ('[columns]\ncart_amont = "x"', "did you mean cart_amount?"),
        ('[columns]\norder_id = "x"', "columns.cart_amount: is missing"),
        ('colums = 1\n[columns]\ncart_amount = "x"', "colums"),
        ('[columns]\ncart_amount = "x"\ntier = ["a", "b"]', "takes one column"),
        ('rows = "two"\n[columns]\ncart_amount = "x"', "rows"),
    ],
)
def test_a_mapping_that_is_wrong_says_where(tmp_path, text, says):
    with pytest.raises(ns.InputError, match=says):
        ns.read_orders(pd.DataFrame({"x": [1]}), mapping=text_file(tmp_path, text, "columns.toml"))
    with pytest.raises(ns.InputError, match=r"none\.toml does not exist; check the name, or write a mapping there"):
        ns.read_orders(pd.DataFrame({"x": [1]}), mapping=tmp_path / "none.toml")


def test_a_named_format_says_what_it_lacks(tmp_path):
    path = text_file(tmp_path, PLAIN + "1,a,2026-05-01,5\n")
    with pytest.raises(ns.InputError, match=r"the column Created at or Order Date is missing \(Shopify"):
        ns.read_orders(path, format="shopify")
    with pytest.raises(ns.InputError, match="format='opencart' is not known"):
        ns.read_orders(path, format="opencart")
    with pytest.raises(ns.InputError, match="not a currency of ISO 4217"):
        ns.read_orders(path, currency="RUPEE")


def test_customers_are_known_by_phone_then_e_mail_and_never_by_name(tmp_path, key):
    frame = pd.DataFrame(
        {
            "cart_amount": [1, 2, 3, 4, 5, 6, 7],
            "mobile": ["+91 98765-43210", "09876543210", 9876543210.0, "12345", "9.87654E+9", None, "0000000000"],
            "email": ["a@x.in", "A@X.IN", "b@x.in", " C@x.in", None, None, "d@x.in"],
        }
    )
    report = ns.inspect_orders(frame, key_file=key)
    ids = report.orders["customer_id"]
    assert len(set(ids[:3])) == 1
    assert [bool(re.fullmatch(r"c_[0-9a-f]{32}", str(one))) for one in ids] == [True] * 4 + [False, False, True]
    known = report.known
    assert (known.by_phone, known.by_email, known.by_nothing) == (3, 2, 2)
    assert "phones spoiled by a spreadsheet (9.19877E+11; format that column as text): 1" in report.notes
    # One phone with two addresses.
    assert known.conflicts == 1
    # The same people have the same ids again, and others under another key.
    assert ns.read_orders(frame, key_file=key)["customer_id"].fillna("").tolist() == ids.fillna("").tolist()
    assert ns.read_orders(frame, key_file=tmp_path / "other.key")["customer_id"][0] != ids[0]


def test_ids_of_customers_stay_unless_they_tell_who_it_is(key):
    phones = ["98765 43210", "919876543210", "9876543210.0", "0091 98765-43210", "(987) 654-3210", "987.654.3210"]
    others = ["asha@x.in", "+44 20 7946 0958", "9.19877E+11"]
    ids = ["c-17", "6789012345678", "0012345678", "12.50", *phones, *others]
    frame = pd.DataFrame({"cart_amount": range(len(ids)), "customer_id": ids})
    report = ns.inspect_orders(frame, key_file=key)
    out = report.orders["customer_id"].tolist()
    assert out[:4] == ids[:4]
    assert all(one.startswith("c_") for one in out[4:])
    assert len(set(out[4 : 4 + len(phones)])) == 1
    assert len(set(out)) == 4 + 1 + len(others)
    assert report.known.hashed_ids == len(phones) + len(others)


def test_the_key_is_made_once_for_its_owner_alone_and_never_shown(tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    frame = pd.DataFrame({"cart_amount": [1], "mobile": ["9876543210"]})
    page = str(ns.inspect_orders(frame))
    made = tmp_path / ".nector_sim" / "customer.key"
    secret = made.read_text()
    assert secret.strip() not in page
    if os.name == "posix":
        assert stat.S_IMODE(made.stat().st_mode) == 0o600
    ns.read_orders(frame)
    assert made.read_text() == secret
    made.write_text("not a key")
    with pytest.raises(ns.InputError, match="is not a key file"):
        ns.read_orders(frame)
    with pytest.raises(ns.InputError, match=r"the key file .* cannot be used"):
        ns.read_orders(frame, key_file=made / "below" / "key")


def test_readers_that_begin_at_once_have_one_key(tmp_path):
    path = tmp_path / "keys" / "customer.key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: load_key(path), range(8)))
    assert len(keys) == 1


def test_a_key_file_that_stays_empty_is_none(tmp_path, key):
    key.write_text("")
    with pytest.raises(ns.InputError, match="is not a key file"):
        ns.read_orders(pd.DataFrame({"cart_amount": [1], "mobile": ["9876543210"]}), key_file=key)


def test_no_key_is_made_where_nobody_needs_one(tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    ns.read_orders(pd.DataFrame({"cart_amount": [1], "customer_id": ["c1"]}))
    assert not (tmp_path / ".nector_sim").exists()


ORDERS = pd.DataFrame(
    {
        "order_id": ["1", "2", "3", "4"],
        "cart_amount": [500, 500, 500, 500],
        "mobile": ["9876543210", "9876543210", None, None],
        "email": ["a@x.in", None, "b@x.in", "nobody@x.in"],
    }
)


def test_balances_are_joined_by_phone_then_by_e_mail(tmp_path, key):
    nector = (
        "lead_id,email,mobile,operation,points,expire_in_days\n"
        ",A@x.in,+91 98765 43210,cr,200,30\n"
        ",,9876543210,dr,50,\n"
        ",b@x.in,,,40,\n"
        ",z@x.in,,cr,9,\n"
    )
    report = ns.inspect_orders(ORDERS, balances=text_file(tmp_path, nector, "points.csv"), key_file=key)
    assert report.orders["points_balance"].tolist() == [150, 150, 40, 0]
    assert "balances found for 2 of 3 customers; the others have 0" in report.notes
    openings = ns.read_balances(tmp_path / "points.csv", as_of="2026-05-01", key_file=key)
    assert openings["points"].tolist() == [200, -50, 40, 9]
    assert openings["customer_id"][0] == report.orders["customer_id"][0]
    assert openings["expires_at"].tolist() == [pd.Timestamp("2026-05-31", tz="UTC"), pd.NaT, pd.NaT, pd.NaT]
    scored = ns.score(PROGRAM, report.orders)
    assert scored["discount"].tolist() == [Decimal(150), Decimal(150), Decimal(40), Decimal(0)]


@pytest.mark.parametrize("kind", [int, float, str])
def test_negative_points_take_away_and_are_said_where_they_remain(key, kind):
    rows = [("9876543210", 100), ("9876543210", -30), ("", -7), ("12", 5)]
    balances = pd.DataFrame({"mobile": [who for who, _ in rows], "points": [kind(points) for _, points in rows]})
    balances["email"] = ["", "", "b@x.in", ""]
    report = ns.inspect_orders(ORDERS, balances=balances, key_file=key)
    assert report.orders["points_balance"].tolist() == [70, 70, -7, 0]
    assert "customers with a negative balance, which redeems nothing: 1" in report.notes
    assert "rows of balances without a phone of the country or an e-mail address: 1" in report.notes
    assert ns.read_balances(balances, key_file=key)["points"].tolist() == [100, -30, -7, 5]


def test_one_balance_for_all_and_balances_by_customer_id():
    assert ns.read_orders(ORDERS.drop(columns=["mobile", "email"]), balances=70)["points_balance"].tolist() == [70] * 4
    orders = pd.DataFrame({"customer_id": ["a", "b", None], "cart_amount": [1, 2, 3]})
    balances = pd.DataFrame({"customer_id": ["b", "b", "c"], "points": [5, 6, 7]})
    assert ns.read_orders(orders, balances=balances)["points_balance"].tolist() == [0, 11, 0]
    with pytest.raises(ns.InputError, match="no customer of the orders is in the balances"):
        ns.read_orders(orders, balances=pd.DataFrame({"email": ["a@x.in"], "points": [5]}))
    with pytest.raises(ns.InputError, match="no customer of the orders is in the balances"):
        ns.read_orders(orders.drop(columns="customer_id"), balances=balances)
    with pytest.raises(ns.InputError, match="as_of='soon' is not a time"):
        ns.read_balances(balances.assign(expire_in_days=5), as_of="soon")
    with pytest.raises(ns.InputError, match="one balance for all is from 0 to 1,000,000,000,000 points"):
        ns.read_orders(orders, balances=-1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "customer_id,coin\na1,1\n",
            "the column points or points_balance or coins or balance, or another usual name of it, is missing",
        ),
        ("name,points\na,1\n", "no column customer_id"),
        ("email,points\nasha@x.in,many\n", "row 1: points is not a number"),
        ("email,points\n,5\n", "row 1: has no customer_id, email or mobile"),
        ("email,points,operation\nasha@x.in,5,xx\n", "neither cr nor dr"),
        ("email,points,operation\nasha@x.in,-5,dr\n", "points are negative and operation is dr"),
        (
            "email,points,expire_in_days\nasha@x.in,5,99999999999\n",
            "row 1: expire_in_days is more than a thousand years",
        ),
        ("email,points\nasha@x.in,--5\n", "row 1: points is not a number"),
        ("email,points\nasha@x.in,5,6\n", "row 1: has 3 fields"),
    ],
)
def test_balances_that_cannot_be_used_say_why_and_name_nobody(tmp_path, key, text, says):
    with pytest.raises(ns.InputError, match=says) as refused:
        ns.read_orders(ORDERS, balances=text_file(tmp_path, text), key_file=key)
    assert "asha" not in str(refused.value)


def test_read_orders_takes_what_inspect_orders_takes():
    keywords = {
        name for name, one in inspect.signature(ns.inspect_orders).parameters.items() if one.kind == one.KEYWORD_ONLY
    }
    assert set(How.__annotations__) == keywords
