"""Several rows an order become one, and no row is lost on the way."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from nector_sim.frames.written import Written, amounts
from nector_sim.orders.layouts import Layout
from nector_sim.orders.refunds import total_text

#: Columns that do not tell the first row of an order from its other rows.
_ON_EVERY_ROW = {
    "order_id",
    "ordered_at",
    "email",
    "phone",
    "customer_id",
    "line_cost",
    "line_price",
    "line_quantity",
    "row",
}

MISSING_FIRST = "has lines and no first row, which has its amounts; export whole orders again"
MISSING_ORDER = "is refunded, and the order itself is not in the file; choose a longer period and export again"
DIFFERENT = "occurs more than once, with different amounts; keep the right one"
NO_ID = "is missing"


@dataclass(frozen=True, slots=True)
class Folded:
    """Orders of one row each, and where every other row went.

    Attributes
    ----------
    orders : polars.DataFrame, shape (orders, columns + 2)
        With ``row``, where the order begins, and ``rows``, how many it took.
    lines : polars.DataFrame, shape (rows, columns + 1)
        The rows that orders are made of.
    refused : list of tuple of int, int, str and str
        ``row``, ``rows``, ``order_id`` and what is wrong with the id, for orders that could not be made of their rows.
    refused_heads : polars.DataFrame
        Their rows that have an order's own fields.
    repeated : polars.DataFrame
        First rows of orders that stand in the file again exactly as before.
    repeated_rows : int
        All rows of those.
    blank : int
        Empty rows.
    """

    orders: pl.DataFrame
    lines: pl.DataFrame
    refused: list[tuple[int, int, str, str]]
    refused_heads: pl.DataFrame
    repeated: pl.DataFrame
    repeated_rows: int
    blank: int


def fold(frame: pl.DataFrame, layout: Layout) -> Folded:
    """Make one row of each order's rows.

    Parameters
    ----------
    frame : polars.DataFrame, shape (rows, columns)
        Our columns, and ``row``; nothing as null.
    layout : Layout

    Returns
    -------
    Folded
    """
    ours = [name for name in frame.columns if name != "row"]
    empty = pl.all_horizontal(pl.col(name).is_null() for name in ours)
    filled = frame.filter(~empty)
    blank, none = frame.height - filled.height, frame.clear()
    if "order_id" not in frame.columns:
        return Folded(filled.with_columns(rows=pl.lit(1, pl.Int64)), filled, [], none, none, 0, blank)
    nameless = filled.filter(pl.col("order_id").is_null())
    refused = [(row, 1, "", NO_ID) for row in nameless["row"].to_list()]
    filled = filled.filter(pl.col("order_id").is_not_null())
    of_refunds = filled.clear()
    if layout.refund_rows:
        is_refund = pl.col("items").cast(pl.String).str.strip_chars().str.starts_with("-").fill_null(False)
        filled, of_refunds = filled.filter(~is_refund), filled.filter(is_refund)

    own = [
        name
        for name in ours
        if name.split(".")[0] not in {*_ON_EVERY_ROW, *layout.coupon_rows} or name.startswith("cart_amount")
    ]
    same = ours if layout.rows == "one" else ["order_id", *own]
    begins = pl.any_horizontal(pl.col(name).is_not_null() for name in own)
    filled = filled.with_columns(head=pl.lit(True) if layout.rows == "one" else begins)
    heads = filled.filter("head")
    distinct, twice = heads, heads.select("order_id").clear()
    if heads["order_id"].n_unique() < heads.height:
        distinct = heads.unique(subset=same, keep="first", maintain_order=True)
        twice = distinct.filter(pl.col("order_id").is_duplicated()).select("order_id").unique()
    orders = distinct.join(twice, on="order_id", how="anti") if len(twice) else distinct

    again = filled.clear()
    if layout.rows != "every" and heads.height > distinct.height:
        # An order that stands in the file again: its rows from the second first row on.
        turn = pl.col("head").cast(pl.Int64).cum_sum().over("order_id")
        again = filled.filter(turn > 1).join(orders, on="order_id", how="semi")
        filled = filled.join(again.select("row"), on="row", how="anti")

    counts = pl.concat([filled.select("order_id", "row"), of_refunds.select("order_id", "row")])
    counts = counts.group_by("order_id").agg(rows=pl.len().cast(pl.Int64), at=pl.col("row").min())
    missing = MISSING_ORDER if layout.refund_rows else MISSING_FIRST
    for ids, why in ((twice, DIFFERENT), (counts.join(distinct, on="order_id", how="anti"), missing)):
        wrong = counts.join(ids.select("order_id"), on="order_id", how="semi")
        refused += [(at, rows, order_id, why) for order_id, rows, at in wrong.iter_rows()]
    orders = orders.join(counts.drop("at"), on="order_id", how="left").sort("row")
    if layout.refund_rows:
        orders = _with_refunds(orders, of_refunds)
    if layout.coupon_rows and "coupons" in orders.columns:
        orders = _with_coupons(orders, filled)
    return Folded(
        orders=orders.drop("head"),
        lines=filled.drop("head"),
        refused=refused,
        refused_heads=pl.concat([nameless, heads.join(twice, on="order_id", how="semi").drop("head")]),
        repeated=again.filter("head").drop("head"),
        repeated_rows=again.height,
        blank=blank,
    )


def _with_refunds(orders: pl.DataFrame, of_refunds: pl.DataFrame) -> pl.DataFrame:
    """Add what the rows of refunds say, whose amounts are negative: ``refunded``, and ``refunded_at`` of the last."""
    each = of_refunds.group_by("order_id", maintain_order=True).agg(
        refunded=pl.col("items").cast(pl.String).str.strip_chars().str.strip_prefix("-"),
        refunded_at=pl.col("ordered_at").max(),
    )
    sums = pl.Series("refunded", [total_text(texts) for texts in each["refunded"].to_list()], dtype=pl.String)
    return orders.join(each.with_columns(sums), on="order_id", how="left", maintain_order="left")


def _with_coupons(orders: pl.DataFrame, filled: pl.DataFrame) -> pl.DataFrame:
    """Gather each order's coupons, which stand one a row beside its items, with their own amounts if there are any."""
    code = pl.col("coupons").str.replace_all(r"[|;]", " ")
    if "coupon_row_amount" in filled.columns:
        parts = [pl.lit("code:"), code]
        for name, theirs in (("amount", "coupon_row_amount"), ("tax", "coupon_row_tax")):
            if theirs in filled.columns:
                parts += [pl.lit(f"|{name}:"), pl.col(theirs).cast(pl.String).fill_null("0")]
        each = pl.concat_str(parts).str.join(";")
    else:
        each = code.str.join(", ")
    codes = filled.drop_nulls("coupons").group_by("order_id", maintain_order=True).agg(coupons=each)
    return orders.drop("coupons").join(codes, on="order_id", how="left", maintain_order="left")


def line_sums(lines: pl.DataFrame, name: str, decimals: int, written: Written) -> pl.DataFrame:
    """Sum the amounts of each order's lines.

    Parameters
    ----------
    lines : polars.DataFrame, shape (lines, any)
        ``order_id`` and the column, of one piece where there is ``line_quantity``, else of the line.
    name : str
        The column.
    decimals : int
        Decimals of the currency.
    written : Written

    Returns
    -------
    polars.DataFrame, shape (orders, 2)
        ``order_id`` and the column in minor units; none where a line's amount is missing or cannot be read.
    """
    amount = amounts(lines[name], decimals, written)
    refused = set(amount.refused)
    sums = pl.Series(amount.numbers)
    if "line_quantity" in lines.columns:
        quantity = amounts(lines["line_quantity"], 0, written)
        refused |= set(quantity.refused)
        sums = sums * pl.Series(quantity.numbers)
    read = pl.Series([row not in refused for row in range(lines.height)], dtype=pl.Boolean)
    return (
        lines.select("order_id", sums.alias(name), read=read)
        .group_by("order_id")
        .agg(pl.when(pl.col("read").all()).then(pl.col(name).sum()))
    )
