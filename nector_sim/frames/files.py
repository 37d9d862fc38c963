"""Tables as people hand them over: CSV, Parquet and Excel files, and frames in memory.

Only the columns that a layout uses are read; names and addresses in the others never leave the file.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nector_sim.errors import InputError
from nector_sim.frames.arrow_types import plain_schema, plain_table
from nector_sim.frames.columns import as_array, in_calendar
from nector_sim.frames.containers import is_workbook, members, paths_of, unpacked
from nector_sim.frames.csv_files import CsvTable, Text
from nector_sim.frames.currency import currency_of, currency_of_schema
from nector_sim.frames.encodings import check_encoding
from nector_sim.frames.headers import LOOKED_AT, find_header
from nector_sim.frames.json_files import JsonTable, is_json
from nector_sim.frames.kinds import in_memory
from nector_sim.frames.sheets import EXPORT_AGAIN, LONGEST_HEADER, Sheet, Table
from nector_sim.frames.workbooks import check_cells
from nector_sim.places import Place, is_url
from nector_sim.results import count


def open_table(
    source: Any,
    *,
    what: str = "orders",
    sheet: str | None = None,
    encoding: str | None = None,
    header_row: int | None = None,
) -> Table:
    """Open files or a frame and find the columns."""
    is_list = isinstance(source, list | tuple) and source and all(isinstance(one, str | Path) for one in source)
    check_encoding(encoding)
    if header_row is not None and not 1 <= header_row <= _LAST_HEADER:
        raise InputError(f"header_row={header_row}: the row of the names is one from 1 to {_LAST_HEADER}")
    if not isinstance(source, str | Path) and not is_list:
        _refuse_sheet(sheet)
        return _Memory(source, what)
    sources = [source] if isinstance(source, str | Path) else list(source)
    how = _How(sheet, encoding, header_row)
    if not any(map(is_url, sources)):
        return _open_files(sources, how)
    folder = Path(tempfile.mkdtemp(prefix="nector_sim_"))
    try:
        table = _open_files(_fetched(sources, folder), how)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(table, shutil.rmtree, folder, ignore_errors=True)
    return table


def _fetched(sources: Sequence[str | Path], folder: Path) -> list[str | Path]:
    """The sources with the files of URLs, and of patterns and folders at URLs, copied to this machine."""
    found: list[str | Path] = []
    for place in map(Place.of, sources):
        if place.is_local:
            found.append(place.local)
            continue
        is_many = place.is_folder() or any(sign in place.bare for sign in "*?[")
        files = (place.files() if place.is_folder() else place.matches()) if is_many else [place]
        if not files:
            raise InputError(f"{place} fits no file; check the address")
        for file in files:
            own = folder / str(len(found))  # two of one name stay apart
            own.mkdir()
            found.append(file.fetch(own))
    return found


def _open_files(sources: Sequence[str | Path], how: _How) -> Table:
    paths, ignored = paths_of(sources)
    tables = [table for path in paths for table in _open_file(path, how)]
    if len(tables) == 1 and not ignored:
        return tables[0]
    table = Several(tables, what=f"{count(len(tables), 'file')}" if len(tables) > 1 else tables[0].name)
    if ignored:
        table.notes.append(f"files of the folder that are no tables, and were not read: {', '.join(ignored[:5])}")
    return table


class _How(NamedTuple):
    """How the caller says that files are to be opened."""

    sheet: str | None
    encoding: str | None
    header_row: int | None


_LAST_HEADER = 1000


def _open_file(path: Path, how: _How) -> list[Table]:
    """The table of a file, or those of a packed one."""
    try:
        with path.open("rb") as file:
            head = file.read(LONGEST_HEADER)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist; check the name") from None
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror}") from None
    if head.startswith(b"\x1f\x8b"):
        data = unpacked(path)
        return [_open_text(path, data[:LONGEST_HEADER], path.name, how, data)]
    if head.startswith(b"PK\x03\x04") and not is_workbook(path):
        return [
            _open_text(path, data[:LONGEST_HEADER], f"{path.name}: {name}", how, data) for name, data in members(path)
        ]
    return [_open_text(path, head, path.name, how, None)]


def _open_text(path: Path, head: bytes, name: str, how: _How, data: bytes | None) -> Table:
    """The table of a file, or of what a packed one holds."""
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        if data is not None:
            is_workbook(path, data)
        return _Excel(path, how, name, data)
    _refuse_sheet(how.sheet)
    if head.startswith(b"PAR1"):
        return _Parquet(path, name, data)
    _refuse_other_kinds(path, head)
    if is_json(head):
        return JsonTable(Text(path, data), name)
    return CsvTable(Text(path, data), head, name, encoding=how.encoding, header_row=how.header_row)


def _refuse_sheet(sheet: str | None) -> None:
    if sheet is not None:
        raise InputError("a sheet can be named in an Excel file alone; leave it out (sheet=, --sheet)")


def _refuse_other_kinds(path: Path, head: bytes) -> None:
    start = head[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not start:
        raise InputError(f"{path} is empty; export it again")
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start or b'progid="excel.sheet"' in start:
        raise InputError(
            f"{path} is Excel XML (Magento's second export, and some shops' .xls); choose CSV where it was "
            "exported, or "
            "open it in Excel or LibreOffice and save it as CSV or .xlsx"
        )
    if b"<table" in head[: 1 << 16].lower() and (start.startswith(b"<") or b"<html" in start):
        raise InputError(
            f"{path} is a web page with a table in it, as some shops save their .xls; open it in Excel or LibreOffice, "
            "and save it as CSV or .xlsx (or choose CSV where it was exported)"
        )
    if start.startswith(b"<") or b"<html" in start:
        raise InputError(
            f"{path} is a web page, not a table: the download gave a sign-in or an error page; "
            "sign in to the shop, export again, and open the file once to look"
        )
    if start.startswith((b"bzh", b"\xfd7zxz", b"\x28\xb5\x2f\xfd", b"%pdf", b"rar!", b"7z\xbc\xaf")):
        raise InputError(f"{path} is packed, or a PDF; unpack it, or export as CSV, and name the CSV file")


class Several:
    """Several files as one table, with all of their columns; where a file lacks one, its rows have nothing there."""

    def __init__(self, tables: Sequence[Table], what: str) -> None:
        self.tables, self.name = tables, what
        kinds = {table.kind for table in tables}
        self.kind = kinds.pop() if len(kinds) == 1 else "files of several kinds"
        self.columns = list(dict.fromkeys(name for table in tables for name in table.columns))
        for table in tables:  # a name that one file has twice
            self.columns += [name for name in set(table.columns) for _ in range(table.columns.count(name) - 1)]
        said = {table.currency for table in tables}
        if len(said) > 1:
            raise InputError(
                f"{what} say that they are in different currencies: {', '.join(map(str, said))}; read them apart"
            )
        self.currency = said.pop()
        self._notes, self.ends = list[str](), dict[int, int]()

    @property
    def notes(self) -> list[str]:
        """The notes of all files, those of several files once."""
        of_files = [note for table in self.tables for note in table.notes]
        self._notes += [note for note in dict.fromkeys(of_files) if note not in self._notes]
        return self._notes

    def read(self, names: Sequence[str]) -> Sheet:
        """Read these columns of all files; rows are numbered through."""
        frames, rows, broken, files = [], [], [], []
        first = 0
        for at, table in enumerate(self.tables):
            there = [name for name in names if name in table.columns]
            sheet = table.read(there)
            frame = (
                sheet.frame.with_columns(pl.lit(None, pl.String).alias(name) for name in names if name not in there)
                if there
                else pl.DataFrame({name: pl.Series([None] * len(sheet.row), dtype=pl.String) for name in names})
            )
            frames.append(frame.select(names))
            rows.append(sheet.row + first)
            broken += [(row + first, what) for row, what in sheet.broken]
            files.append(pl.repeat(at, len(sheet.row), dtype=pl.Int32, eager=True))
            last = max([int(sheet.row[-1]) if len(sheet.row) else 0, *(row for row, _ in sheet.broken)])
            self.ends[at] = first = first + last
        frames = _alike(frames)
        return Sheet(pl.concat(frames), np.concatenate(rows), broken, pl.concat(files))

    def place(self, row: int) -> tuple[str, int]:
        """The file of a row, and its number there."""
        first = 0
        for at, end in self.ends.items():
            if row <= end:
                return self.tables[at].name, row - first
            first = end
        return self.name, row


def _alike(frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """Frames whose columns have the same types: text where they differ."""
    odd = {name for frame in frames for name in frame.columns if frame[name].dtype != frames[0][name].dtype}
    return [frame.with_columns(pl.col(name).cast(pl.String) for name in odd) for frame in frames] if odd else frames


class _Parquet:
    kind = "Parquet"

    def __init__(self, path: Path, name: str, data: bytes | None) -> None:
        self.path, self.name, self.notes, self._data = path, name, list[str](), data
        try:
            self._schema = pq.read_schema(self._source())
            self.columns = self._schema.names
        except (pa.ArrowException, OSError):
            raise InputError(f"{path} is a damaged or unfinished Parquet file; write it again") from None
        self.currency = currency_of_schema(self._schema)

    def _source(self) -> Any:
        return self.path if self._data is None else pa.BufferReader(self._data)

    def read(self, names: Sequence[str]) -> Sheet:
        try:
            if plain_schema(self._schema, self.name).equals(self._schema):
                source = self.path if self._data is None else io.BytesIO(self._data)
                frame = pl.read_parquet(source, columns=list(names), glob=False)
            else:
                table = pq.ParquetFile(self._source()).read(columns=list(names)).select(list(names))
                frame = pl.DataFrame(pl.from_arrow(plain_table(table, self.name)))
        except (pa.ArrowException, pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
            raise InputError(f"{self.path} is a damaged or unfinished Parquet file; write it again") from None
        return Sheet(frame.select(_series(column, column.name) for column in frame), np.arange(1, frame.height + 1))


class _Excel:
    kind = "Excel"
    currency = None

    def __init__(self, path: Path, how: _How, name: str, data: bytes | None) -> None:
        self.path, self.name, self.notes, self._data = path, name, list[str](), data
        check_cells(path if data is None else io.BytesIO(data), str(path))
        sheets = self._load()
        if how.sheet is not None and how.sheet not in sheets:
            names = ", ".join(map(repr, list(sheets)[:10]))
            raise InputError(f"{path} has no sheet of that name; it has {names}, and takes the first if none is named")
        name = how.sheet or next((one for one, sheet in sheets.items() if sheet.height), next(iter(sheets)))
        if len(sheets) > 1:
            others = ", ".join(repr(one) for one in sheets if one != name)
            self.notes.append(
                f"the file has {len(sheets)} sheets; read: {name!r}, {'as named' if how.sheet else 'the first'}; not "
                f"read: {others}"
            )
        cells = sheets[name]
        at = (how.header_row or 1) - 1
        if how.header_row is None:
            at = find_header([["" if cell is None else cell for cell in row] for row in cells.head(LOOKED_AT).rows()])
            if at:
                self.notes.append(
                    f"the names of the columns were found in row {at + 1}; the rows above them were not read"
                )
        if at >= cells.height:
            raise InputError(f"{path} has no row {at + 1} in the sheet {name!r}; it has {cells.height}")
        self.columns = [str(cell or "").strip() for cell in cells.row(at)]
        self._frame = cells.slice(at + 1)

    def read(self, names: Sequence[str]) -> Sheet:
        positions = [self.columns.index(name) for name in names]
        series = [_series(self._frame.to_series(at), name) for at, name in zip(positions, names, strict=True)]
        return Sheet(pl.DataFrame(series), np.arange(1, self._frame.height + 1))

    def _load(self) -> dict[str, pl.DataFrame]:
        try:
            sheets: dict[str, pl.DataFrame] = pl.read_excel(
                self.path if self._data is None else io.BytesIO(self._data),
                engine="calamine",
                sheet_id=0,
                has_header=False,
                infer_schema_length=0,
                drop_empty_rows=False,
                drop_empty_cols=False,
                raise_if_empty=False,
            )
            return sheets
        except Exception as error:  # the engine's own classes, which differ by version
            raise InputError(
                f"{self.path} cannot be read as an Excel workbook ({type(error).__name__}); open it and {EXPORT_AGAIN}"
            ) from None


class _Memory:
    kind = "table in memory"

    def __init__(self, source: Any, what: str) -> None:
        self.name, self.notes = what, list[str]()
        if not isinstance(source, pl.DataFrame):
            source = in_memory(source, what)
        self.currency = currency_of(source)
        is_arrow = isinstance(source, pa.Table)
        self._get = source.column if is_arrow else source.__getitem__
        self.columns = source.column_names if is_arrow else [str(name) for name in source.columns]

    def read(self, names: Sequence[str]) -> Sheet:
        columns: dict[str, Any] = {name: self._get(name) for name in names}
        frame = pl.DataFrame({name: _series(column, name) for name, column in columns.items()})
        return Sheet(frame, np.arange(1, frame.height + 1))


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
