"""CSV files, through Arrow's strict parser.

It knows a row with too few or too many fields, which a lenient one would shift or cut in silence, and never holds more
than a few blocks of text.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv as pc

from nector_sim.errors import InputError
from nector_sim.frames.encodings import is_utf16, to_utf8
from nector_sim.frames.headers import LOOKED_AT, find_header
from nector_sim.frames.sheets import EXPORT_AGAIN, LONGEST_HEADER, SAVE_AS_UTF8, Sheet

#: The longest row of a CSV, in bytes.
LONGEST_ROW = 8 << 20
#: How many line breaks of a block of text are looked at to find the end of a row.
_BREAKS_TRIED = 1000
_MOST_COLUMNS = 5_000


@dataclass(frozen=True, slots=True)
class Text:
    """A file of text, or what a packed one holds.

    Attributes
    ----------
    path : pathlib.Path
        The file, for messages.
    data : bytes, optional
        What it holds, where that is not the file's own bytes.
    """

    path: Path
    data: bytes | None = None

    def open(self) -> BinaryIO:
        """Open it for reading."""
        return self.path.open("rb") if self.data is None else io.BytesIO(self.data)

    def for_arrow(self) -> Any:
        """What Arrow's reader takes."""
        return self.path if self.data is None else pa.BufferReader(self.data)

    def read(self) -> bytes:
        """All of it."""
        return self.path.read_bytes() if self.data is None else self.data


class CsvTable:
    """A file of text with fields parted by commas, semicolons, tabs or bars."""

    kind = "CSV"
    currency = None

    def __init__(
        self, text: Text, head: bytes, name: str, *, encoding: str | None = None, header_row: int | None = None
    ) -> None:
        self.path, self.name, self.notes = text.path, name, list[str]()
        self._text, self._encoding, self._header_row = text, encoding, header_row
        if (encoding is not None and codecs.lookup(encoding).name != "utf-8") or is_utf16(head):
            head = self._transcode()
        try:
            self._find_columns(head)
        except UnicodeDecodeError:
            self._find_columns(self._transcode())

    def _transcode(self) -> bytes:
        """Take the text in another encoding than UTF-8."""
        data, note = to_utf8(self._text.read(), self._encoding, str(self.path))
        self.notes.append(note)
        self._text = Text(self.path, data)
        return data[:LONGEST_HEADER]

    def _find_columns(self, head: bytes) -> None:
        path = self.path
        try:
            text = head.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if error.start < len(head) - 4:  # else a character was cut where the head ends
                raise
            text = head[: error.start].decode("utf-8-sig")
        whole = len(head) < LONGEST_HEADER
        if "\x00" in text:
            raise InputError(f"{path} is not text (it holds zeros); save it as {SAVE_AS_UTF8}")
        declared = re.match(r"sep=([,;\t|])\r?\n", text)  # a line for Excel alone
        text, among = (text[declared.end() :], declared[1]) if declared else (text, ",;\t|")
        headers = {separator: _header(text, separator, self._header_row, whole=whole) for separator in among}
        self.separator = max(headers, key=lambda separator: len(headers[separator][0]))
        self.columns, lines, rest, at = headers[self.separator]
        if lines == 0:
            raise InputError(f"{path}: its first line is too long to be a header; {EXPORT_AGAIN}")
        if len(self.columns) < 2:
            raise InputError(
                f"{path} has one column: its fields are not parted by a comma, semicolon, tab or bar; {EXPORT_AGAIN}"
            )
        self._lines, self._is_empty = lines + bool(declared), whole and not rest
        if len(self.columns) > _MOST_COLUMNS:
            raise InputError(f"{path} has {len(self.columns):,} columns, so it is no table of orders; {EXPORT_AGAIN}")
        if self.separator != ",":
            name = {";": "semicolons", "\t": "tabs", "|": "bars"}[self.separator]
            self.notes.append(f"fields are parted by {name}")
        if at and self._header_row is None:
            self.notes.append(f"the names of the columns were found in row {at + 1}; the rows above them were not read")

    def read(self, names: Sequence[str]) -> Sheet:
        """Read these columns."""
        if self._is_empty:
            self._refuse("Empty CSV")
        # A parse that fails leaves threads behind, which may end the process; so several only where it cannot fail.
        try:
            threads = self._check_text()
        except UnicodeDecodeError:
            self._transcode()
            threads = self._check_text()
        table, broken = self._parse(names, threads=threads)
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
        """Refuse endless lines, raise where it is not UTF-8; whether every row is surely short enough to be parsed.

        The parser itself looks at the columns that are read alone. A row as long as it can take would cover a whole
        block of half that length, in which none ends.
        """
        decoder = codecs.getincrementaldecoder("utf-8")()
        marks, short, ends = 0, True, True
        half = LONGEST_ROW // 2
        with self._text.open() as file:
            while len(block := file.read(half)) == half:
                decoder.decode(block)
                ended, ends = ends, b"\n" in block or b"\r" in block
                if not (ended or ends):
                    self._refuse("straddling")
                short = short and _ends_row(block, marks)
                marks += block.count(b'"')
        decoder.decode(block, final=True)
        return short and (marks + block.count(b'"')) % 2 == 0

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
                self._text.for_arrow(),
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
                f"closed, or it is not a CSV; {EXPORT_AGAIN}"
            )
        if "skip initial" in message or "Empty CSV" in message:
            raise InputError(f"{self.path} has a header and no rows; choose a longer period and export again")
        raise InputError(f"{self.path} cannot be read as CSV; {EXPORT_AGAIN}")


_FIELDS = "a comma or a quotation mark inside a field that is not quoted, or a file that was cut off"


def _header(text: str, separator: str, row: int | None, *, whole: bool) -> tuple[list[str], int, bool, int]:
    """Names of the columns, how many lines end with them, whether text follows, and their row; none without an end."""
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=separator)
    rows: list[tuple[list[str], int, int]] = []
    try:
        while len(rows) < max(LOOKED_AT, row or 0) and (cells := next(reader, None)) is not None:
            rows.append((cells, reader.line_num, lines.tell()))
    except csv.Error:  # a field longer than the reader takes
        pass
    if not whole and rows and rows[-1][2] >= len(text):
        rows.pop()  # its end was not seen
    if not rows or (row is not None and row > len(rows)):
        return [], 0, False, 0
    at = find_header([cells for cells, _, _ in rows]) if row is None else row - 1
    names, number, end = rows[at]
    return [name.strip() for name in names], number, end < len(text), at


def _ends_row(block: bytes, marks: int) -> bool:
    """Whether a row surely ends in a block of text before which so many quotation marks stand."""
    at = 0
    for _ in range(_BREAKS_TRIED):
        line = block.find(b"\n", at)
        if line < 0:
            return False
        marks += block.count(b'"', at, line)
        if marks % 2 == 0:
            return True
        at = line + 1
    return False
