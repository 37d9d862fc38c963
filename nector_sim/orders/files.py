"""Tables as people hand them over: CSV, Parquet and Excel files, and frames in memory.

Only the columns that a layout uses are read; names and addresses in the others never leave the file. A CSV goes through
Arrow's strict parser, which knows a row with too few or too many fields and never holds more than a few blocks of text;
a lenient one would shift or cut such a row in silence.
"""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv as pc

from nector_sim.errors import InputError, Problem
from nector_sim.orders.columns import as_array

#: The longest row of a CSV, and the longest header, in bytes.
LONGEST_ROW = 8 << 20
_LONGEST_HEADER = 1 << 20
_MOST_COLUMNS = 5_000
#: The most that an Excel file may hold once unpacked.
_MOST_UNPACKED = 2 << 30

_SAVE_AS_CSV = "in Excel: File, Save As, CSV UTF-8; in Google Sheets: File, Download, Comma-separated values"


@dataclass(slots=True)
class Sheet:
    """The columns that were asked for.

    Attributes
    ----------
    frame : polars.DataFrame, shape (n, asked for)
        Texts from a file of texts; else as they were typed.
    row : ndarray of int64, shape (n,)
        Each one's row in the input: 1 is the first below the header.
    broken : list of tuple of int and str
        Rows that could not be cut into fields, with what is wrong with them.
    """

    frame: pl.DataFrame
    row: np.ndarray[Any, np.dtype[np.int64]]
    broken: list[tuple[int, str]] = field(default_factory=list)


class Table(Protocol):
    """Something with named columns, opened but not read."""

    name: str
    kind: str
    columns: list[str]
    notes: list[str]

    def read(self, names: Sequence[str]) -> Sheet:
        """Read these columns."""


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
        return _Memory(source, what)
    path = Path(source)
    if path.is_dir():
        raise InputError(f"{path} is a folder; name the file in it")
    try:
        with path.open("rb") as file:
            head = file.read(_LONGEST_HEADER)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist; check the name") from None
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror}") from None
    if head.startswith(b"PAR1"):
        return _Parquet(path)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _Excel(path, sheet)
    _refuse_other_kinds(path, head)
    return _Csv(path, head)


def _refuse_other_kinds(path: Path, head: bytes) -> None:
    start = head[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not start:
        raise InputError(f"{path} is empty; export it again")
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")) or b"<html" in start:
        raise InputError(
            f"{path} is a web page, not a table: the download gave a sign-in or an error page; "
            "sign in to the shop, export again, and open the file once to look"
        )
    if start.startswith((b"\x1f\x8b", b"%pdf", b"rar!", b"7z\xbc\xaf")):
        raise InputError(f"{path} is packed, or a PDF; unpack it, or export as CSV, and name the CSV file")
    if start.startswith((b"{", b"[")):
        raise InputError(f"{path} is JSON; export the orders as CSV, Parquet or Excel")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head:
        raise InputError(f"{path} is not UTF-8 text (it looks like UTF-16, or no text at all); save it as {_UTF8}")


_UTF8 = f"CSV with the encoding UTF-8 ({_SAVE_AS_CSV})"


class _Csv:
    kind = "CSV"

    def __init__(self, path: Path, head: bytes) -> None:
        self.path, self.name, self.notes = path, path.name, list[str]()
        try:
            text = head.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if error.start < len(head) - 4:  # else a character was cut where the head ends
                self._refuse_encoding()
            text = head[: error.start].decode("utf-8-sig")
        whole = len(head) < _LONGEST_HEADER
        self.separator = max(",;\t|", key=lambda separator: len(_header(text, separator, whole=whole)[0]))
        self.columns, self._lines = _header(text, self.separator, whole=whole)
        if self._lines == 0:
            raise InputError(f"{path}: its first line is too long to be a header; {_EXPORT_AGAIN}")
        if len(self.columns) < 2:
            raise InputError(
                f"{path} has one column: its fields are not parted by a comma, semicolon, tab or bar; {_EXPORT_AGAIN}"
            )
        if len(self.columns) > _MOST_COLUMNS:
            raise InputError(f"{path} has {len(self.columns):,} columns, so it is no table of orders; {_EXPORT_AGAIN}")
        if self.separator != ",":
            name = {";": "semicolons", "\t": "tabs", "|": "bars"}[self.separator]
            self.notes.append(f"fields are parted by {name}")

    def read(self, names: Sequence[str]) -> Sheet:
        # A parse that fails at a mark that is never closed would leave threads behind, which may end the process.
        table, broken = self._parse(names, threads=self._check_text())
        if broken:  # only one thread knows which rows they are
            table, broken = self._parse(names, threads=False)
        if not table.num_rows and not broken:
            self._refuse("Empty CSV")
        row = np.arange(1, table.num_rows + len(broken) + 1)
        if broken:
            row = np.delete(row, [number - 1 for number, _ in broken])
        frame = pl.DataFrame({name: pl.from_arrow(column) for name, column in zip(names, table.columns, strict=True)})
        return Sheet(frame, row, broken)

    def _check_text(self) -> bool:
        """Refuse what is not UTF-8 anywhere, and endless lines; whether every quotation mark is closed.

        The parser itself looks at the columns that are read alone.
        """
        decoder = codecs.getincrementaldecoder("utf-8")()
        marks = 0
        try:
            with self.path.open("rb") as file:
                while block := file.read(LONGEST_ROW):
                    decoder.decode(block)
                    marks += block.count(b'"')
                    if len(block) == LONGEST_ROW and b"\n" not in block and b"\r" not in block:
                        self._refuse("straddling")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            self._refuse_encoding()
        return marks % 2 == 0

    def _parse(self, names: Sequence[str], *, threads: bool) -> tuple[pa.Table, list[tuple[int, str]]]:
        broken: list[tuple[int, str]] = []

        def skip(row: Any) -> str:
            number = (row.number or 0) - self._lines
            broken.append(
                (number, f"has {row.actual_columns} fields, and the header has {row.expected_columns}; {_FIELDS}")
            )
            return "skip"

        # Columns by position: a header may have a name twice.
        positions = {name: str(self.columns.index(name)) for name in names}
        try:
            table = pc.read_csv(
                self.path,
                read_options=pc.ReadOptions(
                    use_threads=threads,
                    block_size=LONGEST_ROW,
                    column_names=[str(position) for position in range(len(self.columns))],
                    skip_rows=self._lines,
                ),
                parse_options=pc.ParseOptions(
                    delimiter=self.separator,
                    newlines_in_values=True,
                    ignore_empty_lines=False,
                    invalid_row_handler=skip,
                ),
                convert_options=pc.ConvertOptions(
                    include_columns=list(positions.values()),
                    column_types={position: pa.string() for position in positions.values()},
                    null_values=[""],
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid as error:
            self._refuse(str(error))
        return table, broken

    def _refuse(self, message: str) -> None:
        if "straddling" in message:
            raise InputError(
                f"{self.path} has a row longer than {LONGEST_ROW >> 20} MB: a quotation mark is opened and never "
                f"closed, or it is not a CSV; {_EXPORT_AGAIN}"
            )
        if "skip initial" in message or "Empty CSV" in message:
            raise InputError(f"{self.path} has a header and no rows; choose a longer period and export again")
        raise InputError(f"{self.path} cannot be read as CSV; {_EXPORT_AGAIN}")

    def _refuse_encoding(self) -> None:
        raise InputError(f"{self.path} is not in the encoding UTF-8; save it as {_UTF8}")


_EXPORT_AGAIN = f"export it again, or save it as CSV ({_SAVE_AS_CSV})"
_FIELDS = "a comma or a quotation mark inside a field that is not quoted, or a file that was cut off"


def _header(text: str, separator: str, *, whole: bool) -> tuple[list[str], int]:
    """Names of the columns, and how many lines they take; none if the header does not end in a text cut off."""
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=separator)
    try:
        names = next(reader, [])
    except csv.Error:  # a field longer than the reader takes
        return [], 0
    if lines.tell() == len(text) and not whole:
        return [], 0
    return [name.strip() for name in names], reader.line_num


class _Parquet:
    kind = "Parquet"

    def __init__(self, path: Path) -> None:
        self.path, self.name, self.notes = path, path.name, list[str]()
        try:
            self.columns = list(pl.read_parquet_schema(path))
        except (pl.exceptions.PolarsError, OSError):
            raise InputError(f"{path} is a damaged or unfinished Parquet file; write it again") from None

    def read(self, names: Sequence[str]) -> Sheet:
        try:
            frame = pl.read_parquet(self.path, columns=list(names))
        except (pl.exceptions.PolarsError, OSError):
            raise InputError(f"{self.path} is a damaged or unfinished Parquet file; write it again") from None
        return Sheet(frame.select(_series(column) for column in frame), np.arange(1, frame.height + 1))


class _Excel:
    kind = "Excel"

    def __init__(self, path: Path, sheet: str | None) -> None:
        self.path, self.name, self.notes = path, path.name, list[str]()
        _check_unpacked(path)
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
        frame = self._frame.select(_series(self._frame[name]) for name in names)
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
                f"{self.path} cannot be read as an Excel workbook ({type(error).__name__}); open it and {_EXPORT_AGAIN}"
            ) from None


def _check_unpacked(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return  # the old .xls, which is not packed
    try:
        with zipfile.ZipFile(path) as archive:
            names, size = archive.namelist(), sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError):
        raise InputError(f"{path} is a damaged zip; download it again") from None
    if not any(name.startswith("xl/") for name in names):
        raise InputError(f"{path} is a zip of {len(names)} files; unpack it and name the file of orders in it")
    if size > _MOST_UNPACKED:
        raise InputError(f"{path} unpacks to more than 2 GB; {_EXPORT_AGAIN}")


class _Memory:
    kind = "table in memory"

    def __init__(self, source: Any, what: str) -> None:
        self.name, self.notes = what, list[str]()
        if isinstance(source, pd.DataFrame | pl.DataFrame):
            self._get, self.columns = source.__getitem__, [str(name) for name in source.columns]
        elif hasattr(source, "__arrow_c_stream__"):
            table = pa.table(source)
            self._get, self.columns = table.column, table.column_names
        else:
            raise InputError(
                f"{what} are a {type(source).__name__}; give the path of a file, or a pandas, Polars or Arrow table"
            )

    def read(self, names: Sequence[str]) -> Sheet:
        columns: dict[str, Any] = {name: self._get(name) for name in names}
        frame = pl.DataFrame({name: _series(column) for name, column in columns.items()})
        return Sheet(frame, np.arange(1, frame.height + 1))


def _series(column: Any) -> pl.Series:
    if isinstance(column, pl.Series):
        series = column
    else:
        array = as_array(column)
        series = pl.Series(array) if isinstance(array, np.ndarray) else pl.Series(pl.from_arrow(array))
    if series.dtype in (pl.Null, pl.Categorical, pl.Enum):
        series = series.cast(pl.String)
    if series.dtype.is_float():
        series = series.fill_nan(None)
    return series.replace("", None) if series.dtype == pl.String else series


def refuse_columns(table: Table, problems: Sequence[Problem]) -> InputError:
    """Make the error of a table that lacks what is needed."""
    return InputError(f"{table.name} ({table.kind}, {len(table.columns)} columns) cannot be used:", problems)
