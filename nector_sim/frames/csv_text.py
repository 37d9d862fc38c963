"""The one strict reader of CSV: where its columns are named and its rows begin, and rows into fields.

Files that are read whole (:mod:`nector_sim.frames.csv_files`) and in pieces (:mod:`nector_sim.batch.inputs`) are read
by these functions, so that every command takes and refuses the same files.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.csv as pc

from nector_sim.errors import InputError
from nector_sim.frames.headers import LOOKED_AT, find_header
from nector_sim.frames.sheets import EXPORT_AGAIN, LONGEST_HEADER, SAVE_AS_UTF8
from nector_sim.results import count

_MOST_COLUMNS = 5_000
_NAMES = {";": "semicolons", "\t": "tabs", "|": "bars"}
_FIELDS = "a comma or a quotation mark inside a field that is not quoted, or a file that was cut off"


class CsvLayout(NamedTuple):
    """Where a CSV has what.

    Attributes
    ----------
    columns : tuple of str
        Their names, without space around them.
    separator : str
        Comma, semicolon, tab or bar.
    lines, records : int
        Lines, and records, up to the end of the row of names.
    is_empty : bool
        Whether nothing follows that row, as far as is known.
    notes : tuple of str
        What a reader must know.
    """

    columns: tuple[str, ...]
    separator: str
    lines: int
    records: int
    is_empty: bool
    notes: tuple[str, ...] = ()


def find_layout(head: bytes, name: str, *, header_row: int | None = None) -> CsvLayout:
    r"""Find the names of the columns, and what parts the fields, in the start of a file."""
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4 or len(head) < LONGEST_HEADER:  # else a character was cut where the head ends
            raise
        text = head[: error.start].decode("utf-8-sig")
    whole = len(head) < LONGEST_HEADER
    if "\x00" in text:
        raise InputError(f"{name} is not text (it holds zeros); save it as {SAVE_AS_UTF8}")
    if not text.strip():
        raise InputError(f"{name} is empty; export it again")
    declared = re.match(r"sep=([,;\t|])\r?\n", text)  # a line for Excel alone
    text, among = (text[declared.end() :], declared[1]) if declared else (text, ",;\t|")
    headers = {separator: _header(text, separator, header_row, whole=whole) for separator in among}
    separator = max(headers, key=lambda separator: len(headers[separator][0]))
    columns, lines, rest, at = headers[separator]
    if lines == 0 and header_row is not None and whole:
        raise InputError(f"{name} has no row {header_row} to take the columns' names from (header_row=, --header-row)")
    if lines == 0:
        raise InputError(f"{name}: its first line is too long to be a header; {EXPORT_AGAIN}")
    if len(columns) > _MOST_COLUMNS:
        raise InputError(f"{name} has {count(len(columns), 'column')}, so it is no table of orders; {EXPORT_AGAIN}")
    notes = [f"fields are parted by {_NAMES[separator]}"] if separator in _NAMES else []
    if at and header_row is None:
        notes.append(f"the names of the columns were found in row {at + 1}; the rows above them were not read")
    first = lines + bool(declared), at + 1 + bool(declared)
    return CsvLayout(tuple(columns), separator, *first, whole and not rest, tuple(notes))


def parse_rows(
    source: Any, layout: CsvLayout, *, positions: Collection[int], skip_lines: int, block: int, threads: bool
) -> tuple[pa.Table, list[tuple[int, str]]]:
    """Cut rows into fields, through Arrow's parser, which shifts and cuts none in silence."""
    broken: list[tuple[int, str]] = []

    def skip(row: Any) -> str:
        what = f"has {row.actual_columns} fields, and the header has {row.expected_columns}"
        broken.append(((row.number or 0) - skip_lines, f"{what}; {_FIELDS}"))
        return "skip"

    read = [str(position) for position in positions]
    table = pc.read_csv(
        source() if callable(source) else source,
        read_options=pc.ReadOptions(
            use_threads=threads,
            block_size=block,
            column_names=[str(position) for position in range(len(layout.columns))],
            skip_rows=skip_lines,
        ),
        parse_options=pc.ParseOptions(
            delimiter=layout.separator,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=skip,
        ),
        convert_options=pc.ConvertOptions(
            include_columns=read,
            column_types=dict.fromkeys(read, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    if broken and threads:
        return parse_rows(source, layout, positions=positions, skip_lines=skip_lines, block=block, threads=False)
    return table, broken


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
