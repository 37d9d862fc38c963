"""Several rows an order become one, and no row is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from nector_sim.frames.written import Written, amounts
from nector_sim.orders.layouts import Layout, Rows
from nector_sim.orders.refunds import total_text
from nector_sim.orders.statuses import order_words

#: Columns that do not tell the first row of an order from its other rows.
_ON_EVERY_ROW = {
    "order_id",
    "ordered_at",
    "email",
    "phone",
    "customer_id",
    "line_cost",
    "line_price",
    "line_total",
    "line_discount",
    "line_quantity",
    "line_sku",
    "row",
    "file",
}

MISSING_FIRST = "has lines and no first row, which has its amounts; export whole orders again"
MISSING_ORDER = "is refunded, and the order itself is not in the file; choose a longer period and export again"
DIFFERENT = (
    "occurs more than once, with different amounts; keep the right one, or, if each row is an item or a payment of it, "
    "have them added: rows='lines' (--rows lines)"
)
SHOPS = (
    "occurs in several files, with different amounts; keep the right one, or, if these are different shops, read "
    "their files one by one"
)
NO_ID = "is missing"
#: What stands where an order's number would, in the row of totals below a table.
_TOTALS: list[str] = order_words()["totals"]

#: Reads the other columns of a table, those that were not asked for, for some rows.
Others = Callable[[pl.Series], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Folded:
    """Orders of one row each, and where every other row went.

    Attributes
    ----------
    orders : polars.DataFrame, shape (orders, columns + 2)
        With ``row``, where the order begins, and ``rows``, how many it took. Where rows are lines, each row still by
        itself.
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
    rows : str
        How orders lay in their rows, as it was decided.
    totals : polars.DataFrame
        Rows of totals below the orders.
    notes : list of str
    """

    orders: pl.DataFrame
    lines: pl.DataFrame
    refused: list[tuple[int, int, str, str]]
    refused_heads: pl.DataFrame
    repeated: pl.DataFrame
    repeated_rows: int
    blank: int
    rows: Rows
    totals: pl.DataFrame
    notes: list[str] = field(default_factory=list)


def fold(frame: pl.DataFrame, layout: Layout, others: Others) -> Folded:
    """Make one row of each order's rows."""
    ours = [name for name in frame.columns if name not in ("row", "file")]
    empty = pl.all_horizontal(pl.col(name).is_null() for name in ours)
    filled = frame.filter(~empty)
    blank, none = frame.height - filled.height, frame.clear()
    if "order_id" not in frame.columns:
        filled = filled.with_columns(order_id="row " + pl.col("row").cast(pl.String))
        note = "no column has the order's number, so each row is an order of its own, with an order_id like row 1"
        orders = filled.with_columns(rows=pl.lit(1, pl.Int64))
        return Folded(orders, filled, [], none, none, 0, blank, "one", none, [note])
    totals = _totals(filled, layout)
    filled = filled.join(totals.select("row"), on="row", how="anti")
    nameless = filled.filter(pl.col("order_id").is_null())
    refused = [(row, 1, "", NO_ID) for row in nameless["row"].to_list()]
    filled = filled.filter(pl.col("order_id").is_not_null())
    rows, notes = layout.rows or "one", list[str]()
    if layout.rows in (None, "one", "every") and not layout.is_known and filled["order_id"].is_duplicated().any():
        shared = _Shared.of(filled, ours, layout, others)
        rows, filled, repeated_lines = shared.decide(filled)
        notes += shared.notes
        again, refused_here = repeated_lines, shared.refused
    else:
        again, refused_here = filled.clear(), list[tuple[int, int, str, str]]()
    refused += refused_here
    gone = pl.DataFrame({"order_id": [one[2] for one in refused_here]}, schema={"order_id": pl.String})
    open_heads = filled.join(gone, on="order_id", how="semi")
    filled = filled.join(gone, on="order_id", how="anti")
    if rows == "lines":
        filled, more, wrong, heads = _across_files(filled, ours)
        again = pl.concat([again, more])
        return Folded(
            orders=filled.with_columns(rows=pl.lit(1, pl.Int64)),
            lines=filled,
            refused=[*refused, *wrong],
            refused_heads=pl.concat([nameless, open_heads, heads]),
            repeated=again,
            repeated_rows=again.height,
            blank=blank,
            rows="lines",
            totals=totals,
            notes=notes,
        )
    folded = _fold(filled, ours, layout, rows)
    return Folded(
        orders=folded.orders,
        lines=folded.lines,
        refused=[*refused, *folded.refused],
        refused_heads=pl.concat([nameless, open_heads, folded.refused_heads]),
        repeated=pl.concat([again, folded.repeated]),
        repeated_rows=again.height + folded.repeated_rows,
        blank=blank,
        rows=rows,
        totals=totals,
        notes=notes,
    )


def _totals(filled: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Rows of totals, with no time and no customer: where one of their words is, or whose amount is all the others'."""
    of_orders = [
        name
        for name in filled.columns
        if name.split(".")[0] in ("order_id", "ordered_at", "email", "phone", "customer_id", "status")
    ]
    named = [name for name in of_orders if filled[name].dtype == pl.String]
    said = {
        name: pl.col(name).str.strip_chars(" :").str.to_lowercase().is_in(_TOTALS).fill_null(False) for name in named
    }
    blank_number = filled["order_id"].null_count() > 0
    if not (blank_number or filled.select(pl.any_horizontal(*said.values()).any()).item()):
        return filled.clear()
    bare = pl.all_horizontal(pl.col(name).is_null() | said.get(name, pl.lit(False)) for name in of_orders)
    totals = filled.filter(bare & pl.any_horizontal(*said.values()))
    if totals.is_empty() and blank_number:
        last = filled.tail(1).filter(bare)
        name = layout.cart[0][0]
        if len(last) and filled.height > 2 and name in filled.columns:
            values = filled[name].cast(pl.String).str.replace_all(r"[^0-9.\-]", "").cast(pl.Float64, strict=False)
            rest = values.head(-1).sum()
            if values[-1] is not None and rest and abs(values[-1] - rest) < _HALF_A_UNIT:
                return last
    return totals


#: Less than any currency's smallest unit but those of three decimals, of which sums are not off by half of one either.
_HALF_A_UNIT = 0.0005


@dataclass(slots=True)
class _Shared:
    """Rows that share their order's number, with the columns of the table that were not read beside them."""

    rows: pl.DataFrame
    ours: list[str]
    unread: list[str]
    layout: Layout
    notes: list[str] = field(default_factory=list)
    refused: list[tuple[int, int, str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, filled: pl.DataFrame, ours: list[str], layout: Layout, others: Others) -> _Shared:
        rows = filled.filter(pl.col("order_id").is_duplicated())
        more = others(rows["row"])
        return cls(rows.hstack(more) if more.width else rows, ours, more.columns, layout)

    def decide(self, filled: pl.DataFrame) -> tuple[Rows, pl.DataFrame, pl.DataFrame]:
        """How orders lie in the rows, the rows without those that repeat another wholly, and those."""
        stated = self.layout.rows
        distinct = self.rows.unique(subset=[*self.ours, *self.unread], keep="first", maintain_order=True)
        distinct = distinct.filter(pl.col("order_id").is_duplicated())
        differing = self._differing(distinct)
        if not differing or stated == "one":
            if differing and stated == "one":
                self._ask(distinct.filter(pl.struct(self.ours).is_duplicated()), differing)
            return stated or "one", filled, filled.clear()
        names = ", ".join(differing[:3]) + (", …" if len(differing) > 3 else "")
        if stated == "every":
            count = distinct["order_id"].n_unique()
            self.notes.append(
                f"rows of one order differ in columns that were not read ({names}), on {count:,} of the orders, "
                "each of "
                "which was taken once, as rows = 'every' says; if each row is an item or a payment, write rows = "
                "'lines', and their amounts are added"
            )
            return "every", filled, filled.clear()
        money = [name for name in self.ours if name.split(".")[0] in {one.split(".")[0] for one, _ in self.layout.cart}]
        unequal = distinct.group_by("order_id").agg(several=pl.struct(money).n_unique() > 1)
        if self.layout.mapping is not None and unequal["several"].any():
            count = unequal.height
            self.notes.append(
                f"{count:,} of the orders have several rows with different amounts, which differ in {names}: "
                "these were "
                "added, as rows = 'lines' says; if each row repeats its order, write rows = 'every'"
            )
            kept = self.rows.unique(subset=[*self.ours, *self.unread], keep="first", maintain_order=True)
            again = self.rows.join(kept.select("row"), on="row", how="anti").select(filled.columns)
            return "lines", filled.join(again.select("row"), on="row", how="anti"), again
        same = unequal.filter(~pl.col("several")).select("order_id")
        self._ask(distinct.join(same, on="order_id", how="semi"), differing)
        return "one", filled, filled.clear()

    def _differing(self, distinct: pl.DataFrame) -> list[str]:
        """Columns that were not read in which rows of one order differ."""
        if not self.unread or distinct.is_empty():
            return []
        counts = distinct.group_by("order_id").agg(pl.col(name).n_unique() for name in self.unread)
        return [name.removeprefix(_OTHER) for name in self.unread if (counts[name] > 1).any()]

    def _ask(self, rows: pl.DataFrame, differing: list[str]) -> None:
        names = ", ".join(differing[:3]) + (", …" if len(differing) > 3 else "")
        reason = (
            f"occurs in several rows with the same amount, which differ in {names}: if each row is an item or a "
            "payment, "
            "have them added with rows='lines' (--rows lines); if each repeats its order, say rows='every'"
        )
        every = self.rows.join(rows.select("order_id").unique(), on="order_id", how="semi")
        counts = every.group_by("order_id", maintain_order=True).agg(pl.col("row").min(), rows=pl.len())
        self.refused += [(row, count, order_id, reason) for order_id, row, count in counts.iter_rows()]


#: Put before the names of columns that were not read, which may be those of ours.
_OTHER = "unread: "


def other_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """Name columns that were not read, so that they stand beside ours."""
    return frame.rename({name: f"{_OTHER}{name}" for name in frame.columns})


def _across_files(
    filled: pl.DataFrame, ours: list[str]
) -> tuple[pl.DataFrame, pl.DataFrame, list[tuple[int, int, str, str]], pl.DataFrame]:
    """Rows without the orders that are in several files: repeated where they are the same, else refused."""
    none = filled.clear()
    if "file" not in filled.columns:
        return filled, none, [], none
    files = filled.group_by("order_id").agg(files=pl.col("file").n_unique()).filter(pl.col("files") > 1)
    if files.is_empty():
        return filled, none, [], none
    rows = filled.join(files.select("order_id"), on="order_id", how="semi")
    each = rows.group_by("order_id", "file", maintain_order=True).agg(what=pl.struct(ours).sort())
    same = each.group_by("order_id").agg(same=pl.col("what").n_unique() == 1, first=pl.col("file").first())
    rows = rows.join(same, on="order_id", how="left", maintain_order="left")
    again = rows.filter(pl.col("same") & (pl.col("file") != pl.col("first"))).select(filled.columns)
    wrong = rows.filter(~pl.col("same")).select(filled.columns)
    counts = wrong.group_by("order_id", maintain_order=True).agg(pl.col("row").min(), rows=pl.len())
    refused = [(row, count, order_id, SHOPS) for order_id, row, count in counts.iter_rows()]
    gone = pl.concat([again, wrong]).select("row")
    return filled.join(gone, on="row", how="anti"), again, refused, wrong


def _fold(filled: pl.DataFrame, ours: list[str], layout: Layout, rows: Rows) -> Folded:
    """Orders of several rows that do not add up."""
    refused: list[tuple[int, int, str, str]] = []
    of_refunds = filled.clear()
    if layout.refund_rows:
        is_refund = pl.col("items").cast(pl.String).str.strip_chars().str.starts_with("-").fill_null(False)
        filled, of_refunds = filled.filter(~is_refund), filled.filter(is_refund)

    own = [
        name
        for name in ours
        if name.split(".")[0] not in {*_ON_EVERY_ROW, *layout.coupon_rows} or name.startswith("cart_amount")
    ]
    same = ours if rows == "one" else ["order_id", *own]
    begins = pl.any_horizontal(pl.col(name).is_not_null() for name in own)
    filled = filled.with_columns(head=pl.lit(True) if rows == "one" else begins)
    heads = filled.filter("head")
    distinct, twice = heads, heads.select("order_id").clear()
    if heads["order_id"].n_unique() < heads.height:
        distinct = heads.unique(subset=same, keep="first", maintain_order=True)
        twice = distinct.filter(pl.col("order_id").is_duplicated()).select("order_id").unique()
    orders = distinct.join(twice, on="order_id", how="anti") if len(twice) else distinct

    again = filled.clear()
    if rows != "every" and heads.height > distinct.height:
        # An order that stands in the file again: its rows from the second first row on.
        turn = pl.col("head").cast(pl.Int64).cum_sum().over("order_id")
        again = filled.filter(turn > 1).join(orders, on="order_id", how="semi")
        filled = filled.join(again.select("row"), on="row", how="anti")

    counts = pl.concat([filled.select("order_id", "row"), of_refunds.select("order_id", "row")])
    counts = counts.group_by("order_id").agg(rows=pl.len().cast(pl.Int64), at=pl.col("row").min())
    missing = MISSING_ORDER if layout.refund_rows else MISSING_FIRST
    in_files = filled.group_by("order_id").agg(files=pl.col("file").n_unique()) if "file" in filled.columns else None
    for ids, why in ((twice, DIFFERENT), (counts.join(distinct, on="order_id", how="anti"), missing)):
        wrong = counts.join(ids.select("order_id"), on="order_id", how="semi")
        if in_files is not None and why == DIFFERENT:
            apart = wrong.join(in_files.filter(pl.col("files") > 1), on="order_id", how="semi")
            refused += [(at, count, order_id, SHOPS) for order_id, count, at in apart.iter_rows()]
            wrong = wrong.join(apart, on="order_id", how="anti")
        refused += [(at, count, order_id, why) for order_id, count, at in wrong.iter_rows()]
    orders = orders.join(counts.drop("at"), on="order_id", how="left").sort("row")
    if layout.refund_rows:
        orders = _with_refunds(orders, of_refunds)
    if layout.coupon_rows and "coupons" in orders.columns:
        orders = _with_coupons(orders, filled)
    return Folded(
        orders=orders.drop("head"),
        lines=filled.drop("head"),
        refused=refused,
        refused_heads=heads.join(twice, on="order_id", how="semi").drop("head"),
        repeated=again.filter("head").drop("head"),
        repeated_rows=again.height,
        blank=0,
        rows=rows,
        totals=filled.clear(),
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
    """Sum the amounts of each order's lines."""
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
