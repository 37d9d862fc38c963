"""Frames one after the other into one file: Parquet, CSV or a sheet. Memory does not grow with their number."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from nector_sim.errors import InputError

#: Endings of files that are written.
ENDINGS = (".parquet", ".csv", ".xlsx")
#: Rows of a row group of Parquet.
GROUP_ROWS = 262_144
#: Rows below the heading that a sheet of Excel has.
SHEET_ROWS = 1_048_575
#: Letters of a cell of Excel, at most; and the first whole number that has more digits than its numbers.
_CELL, _EXACT = 32_767, 10**15

#: Columns of orders that are numbers, also where a CSV brought them as text: money, and points.
_MONEY = (
    *("cart_amount", "credits", "credits_used", "discount", "payable", "cost", "paid_amount", "refunded_amount"),
    *("eligible_amount", "coupon_discount"),
)
_POINTS = ("points_balance", "points_requested", "points_redeemed")


def write_frames(
    frames: Iterator[pl.DataFrame], schema: pl.Schema, *, target: Path | BinaryIO, ending: str, decimals: int = 2
) -> None:
    """Write frames into one file."""
    match ending:
        case ".parquet":
            _write_parquet(frames, schema, target)
        case ".csv":
            _write_csv(frames, schema, target)
        case ".xlsx":
            _write_sheet(frames, schema, target, decimals)


def _write_parquet(frames: Iterator[pl.DataFrame], schema: pl.Schema, target: Path | BinaryIO) -> None:
    from polars.io.plugins import register_io_source

    failures: list[BaseException] = []

    def pull(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, batch: int | None
    ) -> Iterator[pl.DataFrame]:
        try:
            yield from frames
        except BaseException as failure:  # the engine would turn it into one of its own
            failures.append(failure)
            raise

    lazy = register_io_source(pull, schema=schema)
    try:
        lazy.sink_parquet(
            target, compression="zstd", compression_level=1, row_group_size=GROUP_ROWS, maintain_order=True
        )
    except BaseException:
        if failures:
            raise failures[0] from None
        raise


def _write_csv(frames: Iterator[pl.DataFrame], schema: pl.Schema, target: Path | BinaryIO) -> None:
    if isinstance(target, Path):
        with target.open("wb") as file:
            _write_csv(frames, schema, file)
        return
    from nector_sim.batch.formulas import harmless  # compiled, which takes a while to load

    harmless(schema.to_frame()).write_csv(target)
    for frame in frames:
        harmless(frame).write_csv(target, include_header=False)


def _write_sheet(frames: Iterator[pl.DataFrame], schema: pl.Schema, target: Path | BinaryIO, decimals: int) -> None:
    import xlsxwriter

    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    dates = {"remove_timezone": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"}
    packed = io.BytesIO()  # a sheet is small; onto a full disk only its bytes would fail, and not its packing
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        book = xlsxwriter.Workbook(packed, {"constant_memory": True, "tmpdir": scratch, **dates, **plain})
        try:
            _fill(book, frames, schema, decimals)
        finally:
            book.close()  # its file of rows too, where the frames fail
    if isinstance(target, Path):
        target.write_bytes(packed.getbuffer())
    else:
        target.write(packed.getbuffer())


def _fill(book: Any, frames: Iterator[pl.DataFrame], schema: pl.Schema, decimals: int) -> None:
    sheet = book.add_worksheet("orders")
    heading = book.add_format({"bold": True})
    formats = {
        "money": book.add_format({"num_format": "#,##0" + ("." + "0" * decimals if decimals else "")}),
        "points": book.add_format({"num_format": "#,##0"}),
        "number": book.add_format({"num_format": "0"}),
    }
    cells = [formats.get(_cell_kind(name, kind)) for name, kind in schema.items()]
    for position, name in enumerate(schema):
        sheet.set_column(position, position, max(10, min(40, len(name) + 2)))
        sheet.write_string(0, position, name[:_CELL], heading)
    sheet.freeze_panes(1, 0)
    row = 0
    for frame in frames:
        if row + len(frame) > SHEET_ROWS:
            raise sheet_is_full()
        for values in _for_a_sheet(frame).iter_rows():
            row += 1
            for position, value in enumerate(values):
                if value is not None:
                    sheet.write(row, position, value, cells[position])


def sheet_is_full() -> InputError:
    """Make the error of more rows than a sheet holds."""
    return InputError(f"a sheet of Excel holds {SHEET_ROWS:,} orders; write .csv or .parquet, or score fewer at a time")


def check_flat(schema: pl.Schema, ending: str) -> None:
    """Raise InputError if a column holds what has no place in a cell: lists, records, bytes."""
    deep = [name for name, kind in schema.items() if kind.is_nested() or kind in (pl.Binary, pl.Object)]
    if deep:
        raise InputError(
            f"the column {', '.join(deep)} holds lists, records or bytes, for which {ending} has no cells; "
            "write .parquet, or leave it out"
        )


def _cell_kind(name: str, kind: Any) -> str:
    if name in _POINTS:
        return "points"
    if kind.is_integer():
        return "number"  # also of orders and customers, which are not read in thousands
    return "money" if name in _MONEY or kind.is_decimal() else ""


def _for_a_sheet(frame: pl.DataFrame) -> pl.DataFrame:
    """Values as a sheet has them: texts of a CSV that are amounts as numbers, and as text what no number can hold.

    A spreadsheet has floats, whose 15 digits fit all amounts; longer whole numbers, such as ids, would change.
    """
    named = [name for name in (*_MONEY, *_POINTS) if frame.schema.get(name) == pl.String]
    amounts = pl.col(named).str.strip_chars().cast(pl.Float64, strict=False)
    frame = frame.with_columns(amounts, pl.selectors.decimal().cast(pl.Float64))
    floats = pl.selectors.float()
    words = pl.selectors.string() | pl.selectors.categorical() | pl.selectors.enum()
    long = [name for name in frame.columns if frame[name].dtype.is_integer() and _is_long(frame[name])]
    return frame.with_columns(
        pl.when(floats.is_finite()).then(floats),
        words.cast(pl.String).str.slice(0, _CELL),
        pl.selectors.duration().dt.to_string("polars"),
        pl.col(long).cast(pl.String),
    )


def _is_long(numbers: pl.Series) -> bool:
    return bool(numbers.is_between(-_EXACT, _EXACT, closed="none").not_().any())
