"""Orders whose rows are their items or payments: amounts are added, and negative ones are refunds."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from nector_sim.frames.columns import Column, Int64
from nector_sim.frames.written import Written, amounts, signed_amounts
from nector_sim.orders.layouts import Layout

#: What is worked out of an order's lines: what was bought and what came back, in minor units, what is wrong, and where.
BOUGHT, BACK, WRONG, WRONG_ROW, BACK_AT = "bought", "back", "wrong", "wrong_row", "back_at"
_QUANTITY = "is no number of pieces"


def line_amounts(lines: pl.DataFrame, layout: Layout, decimals: int, written: Written) -> Column:
    """What each line adds to its order, in minor units: the cart's columns, times the quantity where it is named."""
    total = np.zeros(lines.height, np.int64)
    refused: dict[int, str] = {}
    for position, (name, sign) in enumerate(layout.cart):
        column = signed_amounts(lines[name], decimals, written, blank=None if position == 0 else 0)
        total += sign * column.numbers
        refused |= {row: f"{name}|{reason}" for row, reason in column.refused.items()}
    if "line_quantity" in lines.columns:
        pieces = signed_amounts(lines["line_quantity"], 0, written)
        refused |= {row: f"line_quantity|{_QUANTITY}: {reason}" for row, reason in pieces.refused.items()}
        total = total * pieces.numbers
    total[list(refused)] = 0
    return Column(total, refused)


def add_lines(
    lines: pl.DataFrame, layout: Layout, decimals: int, written: Written
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make orders of their lines."""
    each = line_amounts(lines, layout, decimals, written)
    wrong: list[str | None] = [None] * lines.height
    for row, reason in each.refused.items():
        wrong[row] = reason
    value: Any = pl.Series("value", each.numbers)
    frame = lines.with_columns(value, pl.Series(WRONG, wrong, dtype=pl.String))
    own = [name for name in lines.columns if name not in ("order_id", "row", "rows")]
    back_at = (
        pl.col("ordered_at").filter(pl.col("value") < 0).last() if "ordered_at" in own else pl.lit(None, pl.String)
    )
    orders = frame.group_by("order_id", maintain_order=True).agg(
        *(pl.col(name).drop_nulls().first() for name in own),
        pl.col("row").min(),
        pl.len().cast(pl.Int64).alias("rows"),
        pl.col("value").filter(pl.col("value") > 0).sum().alias(BOUGHT),
        (-pl.col("value").filter(pl.col("value") < 0).sum()).alias(BACK),
        pl.col(WRONG).drop_nulls().first(),
        pl.col("row").filter(pl.col(WRONG).is_not_null()).first().alias(WRONG_ROW),
        back_at.alias(BACK_AT),
    )
    is_alone = (pl.col(BOUGHT) == 0) & (pl.col(BACK) > 0) & pl.col(WRONG).is_null()
    alone = lines.join(orders.filter(is_alone).select("order_id"), on="order_id", how="semi")
    return orders.filter(~is_alone), alone


def sum_of_lines(lines: pl.DataFrame, layout: Layout, decimals: int, written: Written) -> tuple[Int64, set[int]]:
    """What each of some lines adds, and which of them cannot be read."""
    column = line_amounts(lines, layout, decimals, written)
    return column.numbers, set(column.refused)


def pieces_of(lines: pl.DataFrame, written: Written) -> Column:
    """Quantities of lines; 1 where there is no such column."""
    if "line_quantity" not in lines.columns:
        return Column(np.ones(lines.height, np.int64), {})
    return amounts(lines["line_quantity"], 0, written)
