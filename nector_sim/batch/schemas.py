"""The columns of scored orders and of rejects, known before anything is worked out.

Nothing here loads the calculator, which so is loaded while the first orders are read.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from nector_sim.calculator.reasons import REASONS
from nector_sim.frames.checks import read_optional
from nector_sim.frames.results import RESULTS, Naming, offer_names
from nector_sim.rules.program import Program

#: Columns that the calculator reads as numbers, also where a CSV brings them as texts.
MONEY = ("cart_amount", "credits", "eligible_amount", "coupon_discount")
POINTS = ("points_balance", "points_requested")
#: Columns of rejects, but for ``order_id``, which is there where the orders have one.
REJECTS = {
    "row": pl.Int64(),
    "order_id": pl.String(),
    "column": pl.String(),
    "value": pl.String(),
    "reason": pl.String(),
}


def scored_schema(program: Program, schema: pl.Schema, *, typed: bool, naming: Naming) -> pl.Schema:
    """Columns of scored orders; InputError if an order's column has the name of a result, or one is missing.

    With `typed`, texts that the calculator reads as money or points are decimals and whole numbers in the output, as
    the results are.
    """
    naming.free(schema)
    empty = schema.to_frame()
    read_optional(program, lambda name: plain_values(empty[name]), list(schema))
    money = pl.Decimal(18, program.decimals)
    results = {
        "offer": pl.Enum(offer_names(program)),
        "points_redeemed": pl.Int64(),
        "discount": money,
        "payable": money,
        "limited_by": pl.Enum(REASONS),
        "credits_used": money,
    }
    read: dict[str, pl.DataType] = {**dict.fromkeys(MONEY, money), **dict.fromkeys(POINTS, pl.Int64())}
    if not program.asks_for_coupons:
        del read["coupon_discount"]
    kinds = {name: read.get(name, kind) if typed and kind == pl.String else kind for name, kind in schema.items()}
    return pl.Schema(
        {
            **kinds,
            **{naming.name(name): results[name] for name in RESULTS if name != "credits_used" or "credits" in schema},
        }
    )


def rejects_schema(schema: pl.Schema) -> pl.Schema:
    """Columns of the rejects of orders."""
    return pl.Schema({name: kind for name, kind in REJECTS.items() if name != "order_id" or name in schema})


def plain_values(series: pl.Series) -> Any:
    """A numpy array of plain numbers, else an Arrow array; not by way of Arrow, whose conversion loads pandas."""
    plain = series.dtype.is_numeric() and not series.dtype.is_decimal() and series.null_count() == 0
    return series.to_numpy() if plain else series.to_arrow()
