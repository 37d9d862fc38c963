"""CSV files that are read whole, in any encoding, by the strict reader; only a few blocks of text are held."""

from __future__ import annotations

import codecs
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np
import polars as pl
import pyarrow as pa

from nector_sim.errors import InputError
from nector_sim.frames.csv_text import find_layout, parse_rows
from nector_sim.frames.encodings import is_utf16, to_utf8
from nector_sim.frames.sheets import EXPORT_AGAIN, LONGEST_HEADER, Sheet

#: The longest row of a CSV, in bytes.
LONGEST_ROW = 8 << 20
#: How many line breaks of a block of text are looked at to find the end of a row.
_BREAKS_TRIED = 1000


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
        # Opened here: from a path Arrow takes the ending ".gz" for a packed file, whatever it holds.
        return pa.OSFile(str(self.path)) if self.data is None else pa.BufferReader(self.data)

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
        self._layout = layout = find_layout(head, str(self.path), header_row=self._header_row)
        self.columns = list(layout.columns)
        if len(self.columns) < 2:
            raise InputError(
                f"{self.path} has one column: its fields are not parted by a comma, semicolon, tab or bar; "
                f"{EXPORT_AGAIN}"
            )
        self.notes += layout.notes

    def read(self, names: Sequence[str]) -> Sheet:
        """Read these columns."""
        if self._layout.is_empty:
            self._refuse("Empty CSV")
        # A parse that fails leaves threads behind, which may end the process; so several only where it cannot fail.
        try:
            threads = self._check_text()
        except UnicodeDecodeError:
            self._transcode()
            threads = self._check_text()
        try:
            table, broken = parse_rows(
                self._text.for_arrow,
                self._layout,
                positions=[self.columns.index(name) for name in names],
                skip_lines=self._layout.lines,
                block=LONGEST_ROW,
                threads=threads,
            )
        except pa.ArrowInvalid as error:
            self._refuse(str(error))
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

    def _refuse(self, message: str) -> NoReturn:
        if "straddling" in message:
            raise InputError(
                f"{self.path} has a row longer than {LONGEST_ROW >> 20} MB: a quotation mark is opened and never "
                f"closed, or it is not a CSV; {EXPORT_AGAIN}"
            )
        if "skip initial" in message or "Empty CSV" in message:
            raise InputError(f"{self.path} has a header and no rows; choose a longer period and export again")
        raise InputError(f"{self.path} cannot be read as CSV; {EXPORT_AGAIN}")


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
