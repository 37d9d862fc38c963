"""Products that points may not pay, or that earn none: what of each order is left for points."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import polars as pl

from nector_sim.errors import InputError
from nector_sim.frames.columns import Int64
from nector_sim.frames.written import amounts
from nector_sim.orders.coupons import matching
from nector_sim.orders.layouts import Layout
from nector_sim.orders.line_rows import BOUGHT, line_amounts, pieces_of
from nector_sim.orders.order_columns import Tidy

_UNTOLD = "of a line cannot be read, so that what of the order is such products cannot be told"


def read_products(
    read: Tidy, lines: pl.DataFrame, layout: Layout, column: str, patterns: Collection[str], words: str
) -> None:
    """Add ``eligible_amount`` or ``earning_amount``: the cart less the share of products with some SKUs.

    Discounts of the whole order fall on all of its lines alike, so the share is that of the lines' own amounts;
    halves of a minor unit are rounded up.
    """
    if "line_sku" not in lines.columns or not (read.has(BOUGHT) or {"line_price", "line_total"} & set(lines.columns)):
        raise InputError(
            f"products {words} are named, and the file has no columns of SKUs and prices of an order's lines "
            "(line_sku, "
            "line_price or line_total); export the orders with their items, or name these columns in a mapping"
        )
    if read.has(BOUGHT):
        each = line_amounts(lines, layout, read.decimals, read.written)
        values, refused = np.maximum(each.numbers, 0), set(each.refused)
    else:
        values, refused = _prices(read, lines)
    named = matching(lines["line_sku"], patterns).to_numpy()
    sums = (
        lines.select("order_id", value=pl.Series(values), named=pl.Series(np.where(named, values, 0)))
        .with_columns(bad=pl.Series([row in refused for row in range(lines.height)], dtype=pl.Boolean))
        .group_by("order_id")
        .agg(pl.col("value").sum(), pl.col("named").sum(), pl.col("bad").any())
    )
    found = read.orders.select("order_id").join(sums, on="order_id", how="left", maintain_order="left")
    cart = read.column["cart_amount"]
    whole, part = (found[name].fill_null(0).to_list() for name in ("value", "named"))
    bad = found["bad"].fill_null(True).to_list()
    left = cart.copy()
    for row in np.flatnonzero(np.array(part) != 0).tolist():  # in Python's whole numbers: the product is above 64 bits
        left[row] = int(cart[row]) - (2 * int(cart[row]) * part[row] + whole[row]) // (2 * whole[row])
    for row in [row for row, wrong in enumerate(bad) if wrong]:
        read.refuse(
            row, next((one for one in ("line_total", "line_price") if one in lines.columns), layout.cart[0][0]), _UNTOLD
        )
    read.column[column] = left
    off = (cart - left)[read.usable]
    read.notes.append(
        f"products {words}: {int(named.sum()):,} lines, {read.said(off.sum())} on {int((off > 0).sum()):,} of the "
        "orders; "
        f"{column} is the cart less their share"
    )


def _prices(read: Tidy, lines: pl.DataFrame) -> tuple[Int64, set[int]]:
    """What each line costs: its total, else its price times its pieces, less a discount of its own."""
    if "line_total" in lines.columns:
        total = amounts(lines["line_total"], read.decimals, read.written)
        return total.numbers, set(total.refused)
    price = amounts(lines["line_price"], read.decimals, read.written)
    pieces = pieces_of(lines, read.written)
    values, refused = price.numbers * pieces.numbers, {*price.refused, *pieces.refused}
    if "line_discount" in lines.columns:
        off = amounts(lines["line_discount"], read.decimals, read.written, blank=0)
        values, refused = np.maximum(values - off.numbers, 0), {*refused, *off.refused}
    return values, refused
