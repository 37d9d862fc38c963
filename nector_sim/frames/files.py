"""Tables as people hand them over: CSV, Parquet and Excel files, and frames in memory.

Only the columns that a layout uses are read; names and addresses in the others never leave the file.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nector_sim.errors import InputError
from nector_sim.frames.arrow_types import plain_schema, plain_table
from nector_sim.frames.columns import as_array, in_calendar
from nector_sim.frames.csv_files import CsvTable
from nector_sim.frames.sheets import EXPORT_AGAIN, LONGEST_HEADER, SAVE_AS_UTF8, Sheet, Table
from nector_sim.frames.workbooks import check_cells

#: The most that an Excel file may hold once unpacked.
_MOST_UNPACKED = 512 << 20


def open_table(source: Any, *, what: str = "orders", sheet: str | None = None) -> Table:
    """Open a file or a frame and find its columns.

    Parameters
    ----------
    source : path, pandas.DataFrame, or anything with an Arrow stream interface
    what : str
        What to call it in messages.
    sheet : str, optional
        Name of an Excel file's sheet; left out, the first.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        If it is not a table that can be read, with what to do.
    """
    if not isinstance(source, str | Path):
        _refuse_sheet(sheet)
        return _Memory(source, what)
    path = Path(source)
    if path.is_dir():
        raise InputError(f"{path} is a folder; name the file in it")
    try:
        with path.open("rb") as file:
            head = file.read(LONGEST_HEADER)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist; check the name") from None
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror}") from None
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _Excel(path, sheet)
    _refuse_sheet(sheet)
    if head.startswith(b"PAR1"):
        return _Parquet(path)
    _refuse_other_kinds(path, head)
    return CsvTable(path, head)


def _refuse_sheet(sheet: str | None) -> None:
    if sheet is not None:
        raise InputError("a sheet can be named in an Excel file alone; leave it out (sheet=, --sheet)")


def _refuse_other_kinds(path: Path, head: bytes) -> None:
    start = head[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not start:
        raise InputError(f"{path} is empty; export it again")
    if start.startswith(b"<") or b"<html" in start:
        raise InputError(
            f"{path} is a web page, not a table: the download gave a sign-in or an error page; "
            "sign in to the shop, export again, and open the file once to look"
        )
    if start.startswith((b"\x1f\x8b", b"bzh", b"\xfd7zxz", b"\x28\xb5\x2f\xfd", b"%pdf", b"rar!", b"7z\xbc\xaf")):
        raise InputError(f"{path} is packed, or a PDF; unpack it, or export as CSV, and name the CSV file")
    if start.startswith((b"{", b"[")):
        raise InputError(f"{path} is JSON; export the orders as CSV, Parquet or Excel")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head:
        raise InputError(
            f"{path} is not UTF-8 text (it looks like UTF-16, or no text at all); save it as {SAVE_AS_UTF8}"
        )


class _Parquet:
    kind = "Parquet"

    def __init__(self, path: Path) -> None:
        self.path, self.name, self.notes = path, path.name, list[str]()
        try:
            self._schema = pq.read_schema(path)
            self.columns = self._schema.names
        except (pa.ArrowException, OSError):
            raise InputError(f"{path} is a damaged or unfinished Parquet file; write it again") from None

    def read(self, names: Sequence[str]) -> Sheet:
        try:
            if plain_schema(self._schema, self.name).equals(self._schema):
                frame = pl.read_parquet(self.path, columns=list(names), glob=False)
            else:
                table = pq.ParquetFile(self.path).read(columns=list(names)).select(list(names))
                frame = pl.DataFrame(pl.from_arrow(plain_table(table, self.name)))
        except (pa.ArrowException, pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
            raise InputError(f"{self.path} is a damaged or unfinished Parquet file; write it again") from None
        return Sheet(frame.select(_series(column, column.name) for column in frame), np.arange(1, frame.height + 1))


class _Excel:
    kind = "Excel"

    def __init__(self, path: Path, sheet: str | None) -> None:
        self.path, self.name, self.notes = path, path.name, list[str]()
        _check_unpacked(path)
        check_cells(path, str(path))
        sheets = self._load(sheet_id=0)
        if sheet is not None and sheet not in sheets:
            raise InputError(
                f"{path} has no sheet of that name; it has {len(sheets)}, and takes the first if none is named"
            )
        name = sheet or next(iter(sheets))
        if len(sheets) > 1:
            self.notes.append(f"the file has {len(sheets)} sheets; read: {'the one named' if sheet else 'the first'}")
        self._frame = sheets[name]
        self.columns = [column.strip() for column in self._frame.columns]
        self._frame.columns = self.columns

    def read(self, names: Sequence[str]) -> Sheet:
        frame = self._frame.select(_series(self._frame[name], name) for name in names)
        return Sheet(frame, np.arange(1, frame.height + 1))

    def _load(self, **which: Any) -> dict[str, pl.DataFrame]:
        try:
            sheets: dict[str, pl.DataFrame] = pl.read_excel(
                self.path,
                engine="calamine",
                infer_schema_length=0,
                drop_empty_rows=False,
                drop_empty_cols=False,
                raise_if_empty=False,
                **which,
            )
            return sheets
        except Exception as error:  # the engine's own classes, which differ by version
            raise InputError(
                f"{self.path} cannot be read as an Excel workbook ({type(error).__name__}); open it and {EXPORT_AGAIN}"
            ) from None


def _check_unpacked(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return  # the old .xls, which is not packed
    try:
        with zipfile.ZipFile(path) as archive:
            names, size = archive.namelist(), sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError):
        raise InputError(f"{path} is a damaged zip; download it again") from None
    if "content.xml" in names:
        raise InputError(f"{path} is a LibreOffice document; save it there as CSV or as an Excel workbook (.xlsx)")
    if not any(name.startswith("xl/") for name in names):
        raise InputError(f"{path} is a zip of {len(names)} files; unpack it and name the file of orders in it")
    if size > _MOST_UNPACKED:
        raise InputError(f"{path} unpacks to more than 512 MB, some ten million cells; {EXPORT_AGAIN}")


class _Memory:
    kind = "table in memory"

    def __init__(self, source: Any, what: str) -> None:
        self.name, self.notes = what, list[str]()
        if isinstance(source, pd.DataFrame | pl.DataFrame):
            self._get, self.columns = source.__getitem__, [str(name) for name in source.columns]
        else:
            table = _arrow_table(source, what)
            self._get, self.columns = table.column, table.column_names

    def read(self, names: Sequence[str]) -> Sheet:
        columns: dict[str, Any] = {name: self._get(name) for name in names}
        frame = pl.DataFrame({name: _series(column, name) for name, column in columns.items()})
        return Sheet(frame, np.arange(1, frame.height + 1))


def _arrow_table(source: Any, what: str) -> pa.Table:
    if hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__"):
        try:
            return pa.table(source)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            pass  # one column, or a type that Arrow does not have
    raise InputError(
        f"{what} are a {type(source).__name__}; give the path of a file, or a pandas, Polars or Arrow table"
    )


def _series(column: Any, name: str) -> pl.Series:
    if isinstance(column, pl.Series) and not column.dtype.is_temporal():
        series = column
    else:
        array = as_array(column.to_arrow() if isinstance(column, pl.Series) else column)
        if not isinstance(array, np.ndarray):
            array = _for_polars(array)
        series = pl.Series(array) if isinstance(array, np.ndarray) else pl.Series(pl.from_arrow(array))
    if series.dtype in (pl.Null, pl.Categorical, pl.Enum, pl.Int128):
        series = series.cast(pl.String)
    if not (series.dtype.is_numeric() or series.dtype.is_temporal() or series.dtype in (pl.String, pl.Boolean)):
        kind = str(series.dtype.base_type()).lower()
        raise InputError(f"the column {name} holds {kind}, not a number, time or text in each row; make it that")
    if series.dtype.is_float():
        series = series.fill_nan(None)
    return (series.replace("", None) if series.dtype == pl.String else series).alias(name)


def _for_polars(array: pa.Array) -> pa.Array:
    """A column as text, if it holds what polars has no type for: wide decimals, and times of no year to 9999."""
    if pa.types.is_decimal256(array.type):
        return array.cast(pa.string())
    if not (pa.types.is_timestamp(array.type) or pa.types.is_date(array.type)):
        return array
    good = pa.array(in_calendar(array))
    if pc.all(good).as_py() is not False:
        return array
    counts = array.cast(pa.int32() if array.type == pa.date32() else pa.int64()).cast(pa.string())
    return pc.if_else(good, pc.if_else(good, array, pa.scalar(None, array.type)).cast(pa.string()), counts)
