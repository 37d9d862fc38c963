"""Whole files: read into a table and written from one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from nector_sim.batch.places import Place
from nector_sim.batch.writers import ENDINGS, check_flat, write_frames
from nector_sim.errors import InputError


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """What scoring files did; `read` is `scored` and `rejected` together."""

    read: int
    scored: int
    rejected: int
    examples: tuple[str, ...]
    notices: tuple[str, ...]


def read_table(path: Path) -> pa.Table:
    """Read a file of orders; of a CSV file, every column as text, so that amounts stay exact.

    Parameters
    ----------
    path : pathlib.Path
        ``.csv`` or ``.parquet``.

    Returns
    -------
    pyarrow.Table

    Raises
    ------
    InputError
        If it does not exist, has another ending, or cannot be read.
    """
    if not path.exists():
        raise InputError(f"{path} does not exist; check the name")
    try:
        match path.suffix.lower():
            case ".csv":
                return pl.read_csv(path, infer_schema=False).to_arrow()
            case ".parquet":
                return pl.read_parquet(path, glob=False).to_arrow()
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as {path.suffix[1:]}: {str(error).splitlines()[0]}") from None
    raise InputError(f"{path} ends in {path.suffix or 'nothing'}; orders are read from .csv and .parquet")


def read_tables(orders: str) -> pa.Table:
    """Read orders whole into the memory: a file, a folder of them, a pattern, or a URL.

    Parameters
    ----------
    orders : path or URL
        ``.csv`` or ``.parquet``.

    Returns
    -------
    pyarrow.Table

    Raises
    ------
    InputError
        As :func:`read_table`, and if the files of a folder differ in their columns.
    """
    place = Place.of(orders)
    if place.is_local and place.local.is_file():
        return read_table(place.local)
    from nector_sim.batch.inputs import open_inputs, read_pieces

    inputs, frames = open_inputs([orders]), list[pl.DataFrame]()
    for piece, frame, broken in read_pieces(inputs, inputs.pieces):
        if broken:
            row, why = broken[0]
            raise InputError(f"row {piece.first_row + row + 1} of {orders} {why}")
        frames.append(frame)
    inputs.check_unchanged()
    return pl.concat(frames or [inputs.schema.to_frame()]).to_arrow()


def write_table(table: pa.Table, path: str | Path) -> None:
    """Write a table; it stands under its name when it is whole and on the disk.

    Parameters
    ----------
    table : pyarrow.Table
    path : path or URL
        ``.csv`` (texts that a spreadsheet would run are made harmless), ``.parquet``, or ``.xlsx``.

    Raises
    ------
    InputError
        If the ending is another, or the place cannot be written.
    """
    place = Place.of(path)
    if place.suffix not in ENDINGS:
        raise InputError(
            f"{path} ends in {place.suffix or 'nothing'}; results are written as .csv or .parquet, or .xlsx"
        )
    frame: Any = pl.from_arrow(table)
    if place.suffix != ".parquet":
        check_flat(frame.schema, place.suffix)
    try:
        with place.written() as target:
            write_frames(iter([frame]), frame.schema, target=target, ending=place.suffix)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}") from None


def not_the_input(out: Path, orders: Path) -> None:
    """Refuse to write results over the orders."""
    if out.exists() and out.samefile(orders):
        raise InputError(f"{out} is also the input; write the results elsewhere")
