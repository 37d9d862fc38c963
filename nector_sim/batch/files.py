"""Files of orders: read, scored and written, CSV or Parquet by the file's ending."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from nector_sim.errors import InputError
from nector_sim.orders.checks import SHOWN, as_frame, read_inputs, rejects_frame
from nector_sim.rules.program import Program
from nector_sim.scoring import free_of_results, results_table, work_out


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """What scoring a file did; `read` is `scored` and `rejected` together."""

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


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table; it stands under its name only when it is whole.

    Parameters
    ----------
    table : pyarrow.Table
    path : pathlib.Path
        ``.csv`` or ``.parquet``.

    Raises
    ------
    InputError
        If the ending is another, or the place cannot be written.
    """
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise InputError(f"{path} ends in {path.suffix or 'nothing'}; results are written as .csv or .parquet")
    frame: Any = pl.from_arrow(table)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        if path.suffix.lower() == ".csv":
            frame.write_csv(unfinished)
        else:
            frame.write_parquet(unfinished)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None


def not_the_input(out: Path, orders: Path) -> None:
    """Refuse to write results over the orders."""
    if out.exists() and out.samefile(orders):
        raise InputError(f"{out} is also the input; write the results elsewhere")


def score_file(program: Program, orders: Path, *, out: Path, rejects: Path | None = None) -> ScoreReport:
    """Score a file of orders into another; rows that cannot be used are left out, counted, and written if asked for.

    Parameters
    ----------
    program : Program
    orders : pathlib.Path
        ``.csv`` or ``.parquet``; see :func:`nector_sim.score` for its columns.
    out : pathlib.Path
        Where the good rows go with their results.
    rejects : pathlib.Path, optional
        Where the others go with their reasons.

    Returns
    -------
    ScoreReport

    Raises
    ------
    InputError
        If a file cannot be read or written, or a needed column is missing.
    """
    not_the_input(out, orders)
    table = read_table(orders)
    free_of_results(table.column_names)
    inputs = read_inputs(program, table.column, table.column_names)
    rejected = rejects_frame(as_frame(table), inputs.refused) if inputs.refused else None
    if inputs.refused:
        kept = np.ones(table.num_rows, bool)
        kept[list(inputs.refused)] = False
        table = table.filter(pa.array(kept))
        inputs = read_inputs(program, table.column, table.column_names)
    write_table(results_table(program, table, work_out(program, inputs)), out)
    count = 0 if rejected is None else len(rejected)
    examples: tuple[str, ...] = ()
    if rejected is not None:
        if rejects is not None:
            write_table(pa.Table.from_pandas(rejected, preserve_index=False), rejects)
        first = rejected.head(SHOWN)
        examples = tuple(f"row {row}: {why}" for row, why in zip(first["row"], first["reason"], strict=True))
    return ScoreReport(table.num_rows + count, table.num_rows, count, examples, tuple(inputs.notices))
