"""What every engine applies: a frame of orders in, the good ones scored and the others with their reasons."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from nector_sim.batch import plain
from nector_sim.batch.schemas import MONEY, POINTS, plain_values, rejects_schema
from nector_sim.batch.tally import Tally
from nector_sim.calculator.parameters import compile_program
from nector_sim.calculator.reasons import REASONS
from nector_sim.frames.checks import Inputs, read_inputs, rejects_frame
from nector_sim.frames.columns import count_odd_points, decimal_array
from nector_sim.frames.kinds import as_frame
from nector_sim.frames.results import PLAIN, Naming, offer_names
from nector_sim.rules.money import MAX_POINTS
from nector_sim.rules.program import Program

_LIMITED_BY = pl.Series(REASONS, dtype=pl.Enum(REASONS))


class Chunk(NamedTuple):
    """Some orders, worked out.

    Attributes
    ----------
    scored : polars.DataFrame
        The good rows with their results; money is decimal.
    rejects : polars.DataFrame
        The others: see :data:`nector_sim.batch.schemas.REJECTS`. ``row`` is 1 for the first of all inputs.
    tally : Tally
    """

    scored: pl.DataFrame
    rejects: pl.DataFrame
    tally: Tally


def score_frame(
    program: Program,
    frame: pl.DataFrame,
    *,
    first_row: int = 0,
    broken: list[tuple[int, str]] | None = None,
    typed: bool = False,
    naming: Naming = PLAIN,
) -> Chunk:
    """Score a frame of orders."""
    naming.free(frame.columns)
    rows, broken = len(frame) + len(broken or ()), broken or []
    if not broken and (worked_out := plain.work_out(program, frame)) is not None:
        return _plain_chunk(program, frame, worked_out, naming)
    inputs = _read(program, frame)
    rejects = rejects_schema(frame.schema).to_frame()
    if inputs.refused or broken:
        rejects = _rejects(frame, inputs, broken, first_row)
    if inputs.refused:
        kept = np.ones(len(frame), bool)
        kept[list(inputs.refused)] = False
        frame = frame.filter(pl.Series(kept))
        inputs = _read(program, frame)
    from nector_sim.calculator.compiled import answer  # takes as long to load as plain orders by the million

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
        tally.fractional, tally.negative = count_odd_points(plain_values(frame["points_balance"]))
    if typed:
        frame = frame.with_columns(_typed(frame, inputs, program.decimals))
    return Chunk(frame.hstack([column.alias(naming.name(column.name)) for column in columns]), rejects, tally)


def _plain_chunk(program: Program, frame: pl.DataFrame, worked_out: plain.Plain, naming: Naming) -> Chunk:
    """Orders that were worked out without a compiled loop, with their results."""
    results, tally = worked_out
    columns = [
        results["offer"],
        results["points_redeemed"],
        *(_money(name, results[name].to_numpy(), program.decimals) for name in ("discount", "payable")),
        results["limited_by"],
    ]
    scored = frame.hstack([column.alias(naming.name(column.name)) for column in columns])
    return Chunk(scored, rejects_schema(frame.schema).to_frame(), tally)


def _typed(frame: pl.DataFrame, inputs: Inputs, decimals: int) -> list[pl.Series]:
    """The texts that were read as money or points, as numbers; what is blank stays so."""
    read = inputs.columns
    money, points = (read.cart, read.credits, read.eligible, read.coupon), (read.balance, read.requested)
    numbers = dict(zip((*MONEY, *POINTS), (*money, *points), strict=True))
    typed = []
    for name, values in numbers.items():
        if values is None or frame[name].dtype != pl.String:
            continue
        texts = frame[name].str.strip_chars()
        if name in MONEY:
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
    return offer + np.int16(1)


def _read(program: Program, frame: pl.DataFrame) -> Inputs:
    # A column of texts is copied on its way to Arrow, and asked for more than once.
    return read_inputs(program, cache(lambda name: plain_values(frame[name])), frame.columns)


def _money(name: str, minor: Any, decimals: int) -> pl.Series:
    # As a table: a lone array goes through Arrow's functions, which take a while to load.
    return pl.DataFrame(pa.record_batch([decimal_array(minor, decimals)], [name])).to_series()


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
