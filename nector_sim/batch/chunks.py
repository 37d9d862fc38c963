"""What every engine applies: a frame of orders in, the good ones scored and the others with their reasons."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from nector_sim.batch.tally import Tally
from nector_sim.calculator.compiled import answer
from nector_sim.calculator.reasons import REASONS
from nector_sim.calculator.tables import compile_program
from nector_sim.orders.checks import Inputs, as_frame, read_inputs, read_optional, rejects_frame
from nector_sim.orders.columns import count_odd_points, decimal_array
from nector_sim.rules.money import MAX_POINTS
from nector_sim.rules.program import Program
from nector_sim.scoring import RESULTS, free_of_results, offer_names

#: Columns that the calculator reads as numbers, also where a CSV brings them as texts.
_MONEY, _POINTS = ("cart_amount", "credits"), ("points_balance", "points_requested")
_LIMITED_BY = pl.Series(REASONS, dtype=pl.Enum(REASONS))
#: Columns of rejects, but for ``order_id``, which is there where the orders have one.
REJECTS = {
    "row": pl.Int64(),
    "order_id": pl.String(),
    "column": pl.String(),
    "value": pl.String(),
    "reason": pl.String(),
}


class Chunk(NamedTuple):
    """Some orders, worked out.

    Attributes
    ----------
    scored : polars.DataFrame
        The good rows with their results; money is decimal.
    rejects : polars.DataFrame
        The others: see :data:`REJECTS`. ``row`` is 1 for the first of all inputs.
    tally : Tally
    """

    scored: pl.DataFrame
    rejects: pl.DataFrame
    tally: Tally


def scored_schema(program: Program, schema: pl.Schema, *, typed: bool) -> pl.Schema:
    """Columns of scored orders; InputError if an order's column has the name of a result, or one is missing.

    With `typed`, texts that the calculator reads as money or points are decimals and whole numbers in the output, as
    the results are. It works nothing out, so that the calculator is loaded while the first orders are read and hashed.
    """
    free_of_results(list(schema))
    empty = schema.to_frame()
    read_optional(program, lambda name: _values(empty[name]), list(schema))
    money = pl.Decimal(18, program.decimals)
    results = {
        "offer": pl.Enum(offer_names(program)),
        "points_redeemed": pl.Int64(),
        "discount": money,
        "payable": money,
        "limited_by": pl.Enum(REASONS),
        "credits_used": money,
    }
    read: dict[str, pl.DataType] = {**dict.fromkeys(_MONEY, money), **dict.fromkeys(_POINTS, pl.Int64())}
    kinds = {name: read.get(name, kind) if typed and kind == pl.String else kind for name, kind in schema.items()}
    return pl.Schema(
        {**kinds, **{name: results[name] for name in RESULTS if name != "credits_used" or "credits" in schema}}
    )


def rejects_schema(schema: pl.Schema) -> pl.Schema:
    """Columns of the rejects of orders."""
    return pl.Schema({name: kind for name, kind in REJECTS.items() if name != "order_id" or name in schema})


def score_frame(
    program: Program,
    frame: pl.DataFrame,
    *,
    first_row: int = 0,
    broken: list[tuple[int, str]] | None = None,
    typed: bool = False,
) -> Chunk:
    """Score a frame of orders.

    Parameters
    ----------
    program : Program
    frame : polars.DataFrame, shape (n, any)
        See :func:`nector_sim.score`.
    first_row : int
        Position of the first row among all orders, from 0.
    broken : list of tuple of int and str, optional
        Rows (positions) that could not be read, with what is wrong with them; the frame leaves them out.
    typed : bool
        See :func:`scored_schema`.

    Returns
    -------
    Chunk

    Raises
    ------
    InputError
        If a needed column is missing, or one has the name of a result.
    """
    free_of_results(frame.columns)
    rows, broken = len(frame) + len(broken or ()), broken or []
    inputs = _read(program, frame)
    rejects = rejects_schema(frame.schema).to_frame()
    if inputs.refused or broken:
        rejects = _rejects(frame, inputs, broken, first_row)
    if inputs.refused:
        kept = np.ones(len(frame), bool)
        kept[list(inputs.refused)] = False
        frame = frame.filter(pl.Series(kept))
        inputs = _read(program, frame)
    results = answer(compile_program(program), inputs.columns)
    names = offer_names(program)
    columns = [
        pl.Series(names, dtype=pl.Enum(names)).gather(_from_one(results.offer)).alias("offer"),
        pl.Series("points_redeemed", results.points),
        _money("discount", results.discount, program.decimals),
        _money("payable", results.payable, program.decimals),
        _LIMITED_BY.gather(results.limited_by).alias("limited_by"),
    ]
    if results.credits_used is not None:
        columns.append(_money("credits_used", results.credits_used, program.decimals))
    tally = _count(inputs, results)
    tally.read, tally.rejected = rows, Counter(rejects["reason"].to_list())
    if inputs.notices:
        tally.fractional, tally.negative = count_odd_points(_values(frame["points_balance"]))
    if typed:
        frame = frame.with_columns(_typed(frame, inputs, program.decimals))
    return Chunk(frame.hstack(columns), rejects, tally)


def _typed(frame: pl.DataFrame, inputs: Inputs, decimals: int) -> list[pl.Series]:
    """The texts that were read as money or points, as numbers; what is blank stays so."""
    read = inputs.columns
    numbers = dict(zip((*_MONEY, *_POINTS), (read.cart, read.credits, read.balance, read.requested), strict=True))
    typed = []
    for name, values in numbers.items():
        if values is None or frame[name].dtype != pl.String:
            continue
        texts = frame[name].str.strip_chars()
        if name in _MONEY:
            series = _money(name, values, decimals)
        else:  # a negative balance redeems nothing, but it is what it is
            given = np.nan_to_num(texts.cast(pl.Float64, strict=False).to_numpy(), nan=0.0)
            below = np.floor(np.clip(given, -float(MAX_POINTS), 0.0)).astype(np.int64)
            series = pl.Series(name, np.where(values > 0, values, below))
        blank = texts.fill_null("") == ""
        typed.append(series.to_frame().select(pl.when(~blank).then(pl.col(name)).alias(name)).to_series())
    return typed


def _from_one(offer: Any) -> Any:
    """Positions of offers as those of their names, before which stands none."""
    return offer + np.int8(1)


def _read(program: Program, frame: pl.DataFrame) -> Inputs:
    # A column of texts is copied on its way to Arrow, and asked for more than once.
    return read_inputs(program, cache(lambda name: _values(frame[name])), frame.columns)


def _values(series: pl.Series) -> Any:
    """A numpy array of plain numbers, else an Arrow array; not by way of Arrow, whose conversion loads pandas."""
    plain = series.dtype.is_numeric() and not series.dtype.is_decimal() and series.null_count() == 0
    return series.to_numpy() if plain else series.to_arrow()


def _money(name: str, minor: Any, decimals: int) -> pl.Series:
    series: Any = pl.from_arrow(decimal_array(minor, decimals))
    named: pl.Series = series.alias(name)
    return named


def _count(inputs: Inputs, results: Any) -> Tally:
    limits = np.bincount(results.limited_by, minlength=len(REASONS)).tolist()
    return Tally(
        scored=len(results.points),
        redeemed=int(np.count_nonzero(results.discount)),
        points_redeemed=int(results.points.sum()),
        cart_amount=int(inputs.columns.cart.sum()),
        discount=int(results.discount.sum()),
        payable=int(results.payable.sum()),
        credits_used=0 if results.credits_used is None else int(results.credits_used.sum()),
        limited_by=Counter({word: count for word, count in zip(REASONS, limits, strict=True) if count}),
    )


def _rejects(frame: pl.DataFrame, inputs: Inputs, broken: list[tuple[int, str]], first_row: int) -> pl.DataFrame:
    schema = rejects_schema(frame.schema)
    # Broken rows are not in the frame, so those behind them stand further down in the file.
    there = np.delete(np.arange(len(frame) + len(broken)), [row for row, _ in broken])
    refused = sorted(inputs.refused)
    few = as_frame(frame[refused].to_arrow())
    words = rejects_frame(few, {at: inputs.refused[row] for at, row in enumerate(refused)})
    words["row"] = there[refused] + first_row + 1
    parts = [pl.DataFrame(pl.from_arrow(pa.Table.from_pandas(words, preserve_index=False)), schema_overrides=schema)]
    if broken:
        lines = {"row": [row + first_row + 1 for row, _ in broken], "reason": [f"the row {why}" for _, why in broken]}
        blank = {name: [""] * len(broken) for name in schema if name not in lines}
        parts.append(pl.DataFrame(lines | blank, schema=schema))
    return pl.concat(parts).sort("row")
