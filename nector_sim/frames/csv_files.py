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
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv as pc

from nector_sim.errors import InputError
from nector_sim.frames.sheets import EXPORT_AGAIN, LONGEST_HEADER, SAVE_AS_UTF8, Sheet

#: The longest row of a CSV, in bytes.
LONGEST_ROW = 8 << 20
#: How many line breaks of a block of text are looked at to find the end of a row.
_BREAKS_TRIED = 1000
_MOST_COLUMNS = 5_000


class CsvTable:
    """A file of text with fields parted by commas, semicolons, tabs or bars."""

    kind = "CSV"

    def __init__(self, path: Path, head: bytes) -> None:
        self.path, self.name, self.notes = path, path.name, list[str]()
        try:
            text = head.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if error.start < len(head) - 4:  # else a character was cut where the head ends
                self._refuse_encoding()
            text = head[: error.start].decode("utf-8-sig")
        whole = len(head) < LONGEST_HEADER
        declared = re.match(r"sep=([,;\t|])\r?\n", text)  # a line for Excel alone
        text, among = (text[declared.end() :], declared[1]) if declared else (text, ",;\t|")
        headers = {separator: _header(text, separator, whole=whole) for separator in among}
        self.separator = max(headers, key=lambda separator: len(headers[separator][0]))
        self.columns, lines, rest = headers[self.separator]
        if lines == 0:
            raise InputError(f"{path}: its first line is too long to be a header; {EXPORT_AGAIN}")
        if len(self.columns) < 2:
            raise InputError(
                f"{path} has one column: its fields are not parted by a comma, semicolon, tab or bar, or a line of "
                f"text stands above the header; {EXPORT_AGAIN}"
            )
        self._lines, self._is_empty = lines + bool(declared), whole and not rest
        if len(self.columns) > _MOST_COLUMNS:
            raise InputError(f"{path} has {len(self.columns):,} columns, so it is no table of orders; {EXPORT_AGAIN}")
        if self.separator != ",":
            name = {";": "semicolons", "\t": "tabs", "|": "bars"}[self.separator]
            self.notes.append(f"fields are parted by {name}")

    def read(self, names: Sequence[str]) -> Sheet:
        """Read these columns."""
        if self._is_empty:
            self._refuse("Empty CSV")
        # A parse that fails leaves threads behind, which may end the process; so several only where it cannot fail.
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
        """Refuse what is not UTF-8 anywhere, and endless lines; whether every row is surely short enough to be parsed.

        The parser itself looks at the columns that are read alone. A row as long as it can take would cover a whole
        block of half that length, in which none ends.
        """
        decoder = codecs.getincrementaldecoder("utf-8")()
        marks, short, ends = 0, True, True
        half = LONGEST_ROW // 2
        try:
            with self.path.open("rb") as file:
                while len(block := file.read(half)) == half:
                    decoder.decode(block)
                    ended, ends = ends, b"\n" in block or b"\r" in block
                    if not (ended or ends):
                        self._refuse("straddling")
                    short = short and _ends_row(block, marks)
                    marks += block.count(b'"')
            decoder.decode(block, final=True)
        except UnicodeDecodeError:
            self._refuse_encoding()
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
                f"closed, or it is not a CSV; {EXPORT_AGAIN}"
            )
        if "skip initial" in message or "Empty CSV" in message:
            raise InputError(f"{self.path} has a header and no rows; choose a longer period and export again")
        raise InputError(f"{self.path} cannot be read as CSV; {EXPORT_AGAIN}")

    def _refuse_encoding(self) -> None:
        raise InputError(f"{self.path} is not in the encoding UTF-8; save it as {SAVE_AS_UTF8}")


_FIELDS = "a comma or a quotation mark inside a field that is not quoted, or a file that was cut off"


def _header(text: str, separator: str, *, whole: bool) -> tuple[list[str], int, bool]:
    """Names of the columns, how many lines they take, and whether text follows; none if the header has no end."""
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=separator)
    try:
        names = next(reader, [])
    except csv.Error:  # a field longer than the reader takes
        return [], 0, False
    rest = lines.tell() < len(text)
    if not rest and not whole:
        return [], 0, False
    return [name.strip() for name in names], reader.line_num, rest


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
