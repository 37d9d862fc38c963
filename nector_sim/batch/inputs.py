"""What goes in: files of orders, looked through once and then read piece by piece."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from nector_sim._progress import beside
from nector_sim.batch.sources import InputFile, InputFiles, Piece
from nector_sim.errors import InputError, Problem
from nector_sim.frames.arrow_types import plain_schema, plain_table
from nector_sim.frames.csv_text import CsvLayout, find_layout, parse_rows
from nector_sim.frames.sheets import LONGEST_HEADER
from nector_sim.places import Place
from nector_sim.results import count

#: Rows that are read, scored and written together: few enough for the memory, enough for the speed.
PIECE_ROWS = 262_144
#: A row group of at most so many rows is read whole, since cutting it means unpacking it twice.
MOST_GROUP_ROWS = 4 * PIECE_ROWS
#: Cells of a Parquet file that are read at once where pieces are smaller, since opening it anew costs a share of each.
CELLS_AT_ONCE = 16 * PIECE_ROWS
#: Readings ahead of the one that is worked on: at first, while the calculator is loaded, and then.
AHEAD_AT_FIRST, AHEAD = 4, 2
#: The longest row of a CSV, in bytes.
_CSV_BLOCK = 4 << 20


def open_inputs(orders: Sequence[str | Path]) -> InputFiles:
    """Look files of orders through, and cut them into pieces."""
    given = [Place.of(order) for order in orders]
    found = [file for place in given for file in _files(place)]
    kinds = {file.suffix for file, _, _ in found}
    if len(kinds) > 1:
        raise InputError(f"the orders are {' and '.join(sorted(kinds))} files; give one kind at a time")
    seen = Counter(str(file.local.resolve()) if file.is_local else file.path for file, _, _ in found)
    twice = sorted(name for name, times in seen.items() if times > 1)
    if twice:
        raise InputError(f"{', '.join(twice)} is given twice; its orders would count twice")
    look = _look_at_csv if kinds == {".csv"} else _look_at_parquet
    inputs = InputFiles(given=given)
    for file, name, partition in found:
        try:
            look(inputs, file, name, partition)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, pa.ArrowException, OSError) as error:
            raise _unreadable(name, file.suffix, error) from None
    return inputs


@contextmanager
def reading(inputs: InputFiles, pieces: Sequence[Piece]) -> Iterator[None]:
    """Begin to read pieces already, for :func:`read_pieces`, while libraries are loaded."""
    with beside("read") as reader:
        for whole, _ in _readings(inputs, pieces)[:AHEAD_AT_FIRST]:
            inputs.begun.append((whole, reader.submit(read_piece, inputs, whole)))
        yield


def read_pieces(
    inputs: InputFiles, pieces: Sequence[Piece], *, meanwhile: Callable[[], object] = lambda: None
) -> Iterator[tuple[Piece, pl.DataFrame, list[tuple[int, str]]]]:
    """Read pieces one after the other, a few ahead of the one that is worked on; the first with something meanwhile."""
    readings = _readings(inputs, pieces)
    with beside("read") as reader:
        begun, inputs.begun = inputs.begun, []
        same = [whole for whole, _ in begun] == [whole for whole, _ in readings[: len(begun)]]
        ahead = deque(future for _, future in begun if same)
        waiting = (reader.submit(read_piece, inputs, whole) for whole, _ in readings[len(ahead) :])
        ahead.extend(islice(waiting, AHEAD_AT_FIRST - len(ahead)))
        meanwhile()
        for whole, cut in readings:
            frame, broken = ahead.popleft().result()
            ahead.extend(islice(waiting, max(0, AHEAD - len(ahead))))
            for piece in cut:
                yield piece, frame.slice(piece.first_row - whole.first_row, piece.rows), broken
            del frame  # its memory is for the next


def _readings(inputs: InputFiles, pieces: Sequence[Piece]) -> list[tuple[Piece, list[Piece]]]:
    """Join pieces that are neighbours in a Parquet file; each whole, and the pieces that it is cut into again.

    The first is read alone: everybody waits for it.
    """
    runs: list[list[Piece]] = []
    most_rows = CELLS_AT_ONCE // max(1, len(inputs.schema))
    for piece in pieces:
        last = runs[-1][-1] if runs else None
        if (
            last is not None
            and len(runs) > 1
            and (piece.source, piece.start) == (last.source, last.start + last.rows)
            and inputs.sources[piece.source].layout is None
            and piece.first_row + piece.rows - runs[-1][0].first_row <= most_rows
        ):
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return [(replace(run[0], rows=sum(piece.rows for piece in run)), run) for run in runs]


def read_piece(inputs: InputFiles, piece: Piece) -> tuple[pl.DataFrame, list[tuple[int, str]]]:
    """Read one piece; see :func:`read_pieces`."""
    source = inputs.sources[piece.source]
    broken: list[tuple[int, str]] = []
    try:
        if source.layout is not None:
            frame, broken = _read_csv(source, source.layout, piece)
        elif source.place.is_local and not source.is_cast:
            frame = pl.scan_parquet(source.place.path, glob=False).slice(piece.start, piece.rows).collect()
        else:
            frame = _read_by_arrow(source, piece)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, pa.ArrowException, OSError) as error:
        source.still_the_same()
        raise _unreadable(source.name, source.place.suffix, error) from None
    if len(frame) + len(broken) != piece.rows:
        source.still_the_same()
        raise InputError(f"{source.name}: {count(piece.rows, 'row was', 'rows were')} expected from row "
            f"{piece.first_row + 1} "
            f"on, and "
                         f"{len(frame)} were read; a quotation mark may be opened and never closed")  # fmt: skip
    if source.partition:
        frame = frame.with_columns(pl.lit(value, pl.String).alias(name) for name, value in source.partition)
    return frame.select(list(inputs.schema)), broken


def _files(place: Place) -> Iterator[tuple[Place, str, tuple[tuple[str, str | None], ...]]]:
    if not place.exists():
        matches = place.matches() if any(letter in place.bare for letter in "*?[") else []
        if not matches:
            raise InputError(f"{place} does not exist; check the name")
        for match in matches:
            yield from _files(match)
        return
    if not place.is_folder():
        if place.suffix not in (".csv", ".parquet"):
            raise InputError(
                f"{place} ends in {place.suffix or 'nothing'}; orders are read from .csv and .parquet here. Make a "
                f"table of it first: nector-sim check {place} --out orders.parquet"
            )
        yield place, str(place), ()
        return
    _refuse_lakes(place)
    inside = [file for file in place.files() if file.suffix in (".csv", ".parquet")]
    if not inside:
        raise InputError(f"{place} has no .csv or .parquet file in it; name the folder that has")
    for file in inside:
        between = file.below(place)[:-1]
        named = (part.partition("=") for part in between)
        yield file, str(file), tuple((name, _partition_value(text)) for name, _, text in named if text)


def _refuse_lakes(folder: Place) -> None:
    """Refuse a table whose folder also has the files of its older versions: rows that were deleted would count."""
    kind = None
    if (folder / "_delta_log").exists():
        kind, how = "Delta", 'DeltaTable("…").to_pyarrow_table() of deltalake'
    elif any(file.bare.endswith(".metadata.json") for file in (folder / "metadata").files()):
        kind, how = "Iceberg", 'catalog.load_table("…").scan().to_arrow() of pyiceberg'
    if kind is not None:
        raise InputError(
            f"{folder} is a table of {kind}, whose folder also has files of older versions; read it with {how}, and "
            "give that to ns.score or ns.replay, or write it to Parquet files first"
        )


def _partition_value(text: str) -> str | None:
    """What a folder's name says, as Hive and Spark write it."""
    return None if text == "__HIVE_DEFAULT_PARTITION__" else unquote(text)


def _look_at_parquet(inputs: InputFiles, place: Place, name: str, partition: Any) -> None:
    source = InputFile(place, name, place.stamp(), partition)
    with place.open() as file, pq.ParquetFile(file) as parquet:
        groups = [parquet.metadata.row_group(group).num_rows for group in range(parquet.num_row_groups)]
        arrow = parquet.schema_arrow
    plain = plain_schema(arrow, name)
    if not plain.equals(arrow):
        source = replace(source, is_cast=True)
        schema = dict(pl.DataFrame(pl.from_arrow(plain.empty_table())).schema)
    else:
        with place.open() as file:
            schema = dict(pl.read_parquet_schema(file))
    _take_schema(inputs, name, pl.Schema({**schema, **dict.fromkeys(dict(partition), pl.String())}))
    start = waiting = 0
    for rows in [*groups, 0]:
        if waiting and (waiting + rows > PIECE_ROWS or not rows):
            start = _add_piece(inputs, waiting, start)
            waiting = 0
        if rows <= MOST_GROUP_ROWS:
            waiting += rows
            continue
        for first in range(0, rows, PIECE_ROWS):
            start = _add_piece(inputs, min(PIECE_ROWS, rows - first), start)
    inputs.sources.append(source)


def _add_piece(inputs: InputFiles, rows: int, start: int) -> int:
    inputs.pieces.append(Piece(len(inputs.sources), inputs.rows, rows, start))
    inputs.rows += rows
    return start + rows


def _look_at_csv(inputs: InputFiles, place: Place, name: str, partition: Any) -> None:
    from nector_sim.batch.records import index_records

    stamp = place.stamp()
    with place.open() as file:
        try:
            layout = find_layout(file.read(LONGEST_HEADER), name)
        except UnicodeDecodeError:
            raise _not_utf8(name) from None
        file.seek(0)
        index = index_records(file, rows=PIECE_ROWS, separator=layout.separator, above=layout.records)
    twice = sorted({column for column in layout.columns if layout.columns.count(column) > 1})
    if twice:
        raise InputError(f"{name} has more than one column {', '.join(twice)}; keep one of each")
    source = InputFile(place, name, stamp, partition, layout, index.sha256)
    source.still_the_same()
    if index.unclosed:
        row = sum(rows for _, rows in index.starts)
        raise InputError(
            f"{name}: a quotation mark in {f'row {row}' if row else 'its header'} is never closed, so that the rest of "
            "the file is one field; close it, or export the file again if it was cut off"
        )
    _take_schema(inputs, name, pl.Schema(dict.fromkeys([*layout.columns, *dict(partition)], pl.String())))
    ends = [*(start for start, _ in index.starts[1:]), index.size]
    for (start, rows), end in zip(index.starts, ends[: len(index.starts)], strict=True):
        inputs.pieces.append(Piece(len(inputs.sources), inputs.rows, rows, start, end))
        inputs.rows += rows
    inputs.sources.append(source)


def _not_utf8(name: str) -> InputError:
    return InputError(f"{name} is not in the encoding UTF-8; save it as CSV UTF-8")


def _take_schema(inputs: InputFiles, name: str, schema: pl.Schema) -> None:
    if not inputs.sources:
        inputs.schema = schema
        return
    if dict(schema) == dict(inputs.schema):
        return
    problems = [
        Problem(column, f"{schema.get(column, 'missing')} here, {inputs.schema.get(column, 'missing')} there")
        for column in sorted({*schema, *inputs.schema})
        if schema.get(column) != inputs.schema.get(column)
    ]
    raise InputError(
        f"{name} has other columns than {inputs.sources[0].name}; score them one by one, or write them alike:", problems
    )


def _read_csv(source: InputFile, layout: CsvLayout, piece: Piece) -> tuple[pl.DataFrame, list[tuple[int, str]]]:
    with source.place.open() as file:
        file.seek(piece.start)
        data = file.read(piece.end - piece.start)
    frame = _read_plain_csv(layout, piece, data)
    if frame is not None:
        return frame, []
    # One thread alone takes a row of any length.
    how: dict[str, Any] = {"positions": range(len(layout.columns)), "skip_lines": 0}
    threads = len(data) > _CSV_BLOCK
    table, broken = parse_rows(
        lambda: pa.BufferReader(data), layout, **how, block=_CSV_BLOCK if threads else len(data), threads=threads
    )
    frame = pl.DataFrame(pl.from_arrow(table, rechunk=False))
    frame.columns = list(layout.columns)
    return frame, [(row - 1, why) for row, why in broken]


def _read_plain_csv(layout: CsvLayout, piece: Piece, data: bytes) -> pl.DataFrame | None:
    """Read rows without quotation marks, fast; None if there are any, or if a row has too many or too few fields."""
    separators = np.count_nonzero(np.frombuffer(data, np.uint8) == ord(layout.separator))
    if b'"' in data or separators != piece.rows * (len(layout.columns) - 1):
        return None
    try:
        frame = pl.read_csv(
            data,
            has_header=False,
            new_columns=layout.columns,
            separator=layout.separator,
            quote_char=None,
            infer_schema=False,
        )
    except pl.exceptions.PolarsError:  # a row has too many fields, and so another too few
        return None
    return frame if frame.shape == (piece.rows, len(layout.columns)) else None


def _read_by_arrow(source: InputFile, piece: Piece) -> pl.DataFrame:
    with source.place.open() as file, pq.ParquetFile(file) as parquet:
        first, wanted = None, []
        position = 0
        for group in range(parquet.num_row_groups):
            rows = parquet.metadata.row_group(group).num_rows
            if position < piece.start + piece.rows and position + rows > piece.start:
                first = position if first is None else first
                wanted.append(group)
            position += rows
        table = parquet.read_row_groups(wanted).slice(piece.start - (first or 0), piece.rows)
    return pl.DataFrame(pl.from_arrow(plain_table(table, source.name)))


def _unreadable(name: str, suffix: str, error: BaseException) -> InputError:
    why = " ".join(str(error).split())
    if suffix == ".csv" and ("UTF8" in why or "utf-8" in why):
        return _not_utf8(name)
    return InputError(f"{name} cannot be read as {suffix[1:]}; it is damaged or was cut off: {why[:200]}")
