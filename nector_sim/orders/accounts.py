"""Where every row and every rupee of a file of orders went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from nector_sim.frames.columns import NOT_ASKED, decimal_array
from nector_sim.frames.files import Several
from nector_sim.frames.masking import MASKED, PERSONAL, shown, shown_id
from nector_sim.frames.sheets import Sheet, Table
from nector_sim.frames.written import Written, amounts
from nector_sim.orders.fates import StatusCount
from nector_sim.orders.identity import Known, known_of
from nector_sim.orders.layouts import HOUSE_COLUMNS, Layout
from nector_sim.orders.line_rows import sum_of_lines
from nector_sim.orders.lines import Folded
from nector_sim.orders.order_columns import Tidy
from nector_sim.orders.report import LeftOut, OrdersReport
from nector_sim.rules.money import currency_decimals, from_minor
from nector_sim.rules.times import NO_TIME

_MONEY = {
    "cart_amount",
    "credits",
    "eligible_amount",
    "earning_amount",
    "coupon_discount",
    "cost",
    "refunded_amount",
    "paid_amount",
    "discount_given",
}
_TIMES = {"ordered_at", "refunded_at"}


def account(
    read: Tidy,
    folded: Folded,
    left_out: pl.DataFrame,
    sheet: Sheet,
    *,
    table: Table,
    layout: Layout,
    columns: Mapping[str, str],
    notes: list[str],
    command: str,
    statuses: tuple[StatusCount, ...],
    currency_is_known: bool,
) -> OrdersReport:
    """Make the report of orders that were read."""
    good = read.usable
    known = known_of(read.orders.filter(pl.Series(good)))
    rejects, problems = _rejects(read, folded, sheet, columns)
    left, unread = _left_out(left_out, folded, layout, read)
    of_rows, unread_rows = _by_currency(folded.refused_heads, layout, read)
    sums = {name: int(values[good].sum()) for name, values in read.sums.items()}
    cart = int(read.column["cart_amount"][good].sum())
    given = 0 if read.put_back is None else int(read.put_back[good].sum())
    if cart - given != sums["items"]:  # shipping is counted in the cart
        sums["shipping"] = 0
    names = {"total"} if read.has("total") else {name for name, _ in layout.cart}
    unread += unread_rows + len(sheet.broken)
    unread += sum(any(name in names for name, _ in problems) for problems in read.refused.values())
    major = {
        name: from_minor(minor, read.decimals)
        for name, minor in {
            "used": sums["total"],
            "rejected": int(read.sums["total"][~good].sum()),
            "cart_amount": cart,
            "discount_given": given,
            "shipping": sums["shipping"],
            "taxes": sums["taxes"],
            "other": sums["total"] - (cart - given) - sums["shipping"] - sums["taxes"],
        }.items()
    }
    major["rejected"] += of_rows.get(read.currency, Decimal(0))
    major["left_out"] = sum((one.money.get(read.currency, Decimal(0)) for one in left.values()), Decimal(0))
    major["in_file"] = major["used"] + major["left_out"] + major["rejected"]
    rows = {
        "in_file": len(sheet.row) + len(sheet.broken),
        "used": int(read.orders["rows"].to_numpy()[good].sum()),
        "left_out": sum(one.rows for one in left.values()),
        "rejected": int(read.orders["rows"].to_numpy()[~good].sum())
        + sum(rows for _, rows, _, _ in folded.refused)
        + len(sheet.broken),
        "blank": folded.blank,
    }
    said = (*notes, *read.notes, *(_of_customers(known) if "customer_id" in read.column else ()))
    if isinstance(table, Several):
        rejects = _in_files(rejects, table)
    orders = _frame(read, good)
    orders.attrs = {
        "source": table.name,
        "format": layout.name,
        "currency": read.currency,
        "cart_amount_is": layout.cart_words,
        "notes": list(said),
    }
    return OrdersReport(
        orders=orders,
        rejects=rejects,
        source=table.name,
        format=f"{layout.name} ({table.kind})",
        currency=read.currency,
        timezone=read.written.timezone,
        columns=_by_ours(columns),
        cart_amount_is=layout.cart_words,
        rows=rows,
        left_out=left,
        money=major,
        unreadable_totals=unread,
        unpaid=read.orders["unpaid"].fill_null(False).to_numpy()[good],
        problems=problems,
        known=known,
        notes=said,
        command=command,
        statuses=statuses,
        currency_is_known=currency_is_known,
    )


def _by_ours(columns: Mapping[str, str]) -> dict[str, str]:
    """Our columns to the names that they have, those that are looked up in several as one."""
    names: dict[str, list[str]] = {}
    for ours, theirs in columns.items():
        names.setdefault(ours.split(".")[0], []).append(theirs)
    return {ours: ", ".join(theirs) for ours, theirs in names.items()}


def _frame(read: Tidy, good: np.ndarray[Any, np.dtype[np.bool_]]) -> pd.DataFrame:
    mask = pa.array(good)
    names = [name for name in HOUSE_COLUMNS if name in read.column]
    table = pa.table({name: _array(read, name).filter(mask) for name in names})

    def types(kind: pa.DataType) -> Any:
        return pd.ArrowDtype(kind) if pa.types.is_decimal(kind) else None

    frame: pd.DataFrame = table.to_pandas(types_mapper=types)
    if "points_requested" in names:
        frame["points_requested"] = pd.array(table["points_requested"].to_pylist(), dtype="Int64")
    return frame


def _array(read: Tidy, name: str) -> pa.Array:
    values = read.column[name]
    if name in _MONEY:
        money = decimal_array(np.maximum(values, 0), read.decimals)
        return pc.if_else(pa.array(values >= 0), money, None) if (values < 0).any() else money
    if name in _TIMES:
        return pa.array(values, mask=values == NO_TIME).cast(pa.timestamp("us", tz="UTC"))
    if name == "points_requested":
        return pa.array(values, mask=values == NOT_ASKED)
    if isinstance(values, pl.Series):
        array = values.to_arrow()
        return array.cast(pa.large_string()) if values.dtype == pl.String else array
    return pa.array(values)


def _rejects(
    read: Tidy, folded: Folded, sheet: Sheet, columns: Mapping[str, str]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """One line for each order or row that cannot be used, in the order of the file, and the kinds of problems."""
    ids = columns.get("order_id", "order_id")
    found: list[tuple[int, str, str, str, list[str]]] = [
        (row, "", "", "", [f"the row {what}"]) for row, what in sheet.broken
    ]
    found += [
        (row, shown_id(order_id), ids, shown_id(order_id), [f"{ids} {what}"])
        for row, _, order_id, what in folded.refused
    ]
    at = list(read.refused)
    numbers = read.orders["row"].gather(at).to_list()
    order_ids = read.orders["order_id"].gather(at).to_list() if read.has("order_id") else [""] * len(at)
    texts = _texts(read)
    for row, number, order_id in zip(at, numbers, order_ids, strict=True):
        problems = read.refused[row]
        first = problems[0][0]
        reasons = list(dict.fromkeys(f"{columns.get(name, name)} {reason}" for name, reason in problems))
        found.append((number, shown_id(order_id), columns.get(first, first), texts[row], reasons))
    found.sort(key=lambda one: one[0])
    counts = Counter(reason for *_, reasons in found for reason in dict.fromkeys(reasons))
    frame = pd.DataFrame(
        [(*one, "; ".join(reasons)) for *one, reasons in found],
        columns=["row", "order_id", "column", "value", "reason"],
    )
    return frame.astype({"row": "int64"}), dict(counts.most_common())


def _in_files(rejects: pd.DataFrame, table: Several) -> pd.DataFrame:
    """Rejects with the file of each, and its row there."""
    places = [table.place(row) for row in rejects["row"].tolist()]
    rejects.insert(0, "file", [name for name, _ in places])
    return rejects.assign(row=pd.Series([row for _, row in places], index=rejects.index, dtype="int64"))


def _texts(read: Tidy) -> dict[int, str]:
    """What each refused order says in the first column that is wrong with it."""
    rows: dict[str, list[int]] = {}
    for row, problems in read.refused.items():
        rows.setdefault(problems[0][0], []).append(row)
    texts: dict[int, str] = {}
    for name, at in rows.items():
        values = read.orders[name].gather(at).to_list() if read.has(name) else [None] * len(at)
        personal = name.split(".")[0] in PERSONAL
        texts |= {row: MASKED if personal else shown(value) for row, value in zip(at, values, strict=True)}
    return texts


def _left_out(left_out: pl.DataFrame, folded: Folded, layout: Layout, read: Tidy) -> tuple[dict[str, LeftOut], int]:
    """Orders that do not count, by kind, and how many of their totals cannot be read."""
    left: dict[str, LeftOut] = {}
    unread = 0
    groups = [
        (str(kind), orders, int(orders["rows"].sum()))
        for (kind,), orders in left_out.sort("left_out", maintain_order=True).group_by("left_out", maintain_order=True)
    ]
    others = [("repeated", folded.repeated, folded.repeated_rows), ("total_row", folded.totals, folded.totals.height)]
    for kind, orders, rows in [*groups, *others]:
        if rows:
            money, refused = _by_currency(orders, layout, read)
            known = orders["order_id"].n_unique() if folded.rows == "lines" else orders.height
            left[kind] = LeftOut(known, rows, money)
            unread += refused
    return left, unread


def _by_currency(orders: pl.DataFrame, layout: Layout, read: Tidy) -> tuple[dict[str, Decimal], int]:
    """Totals by currency, in major units, and how many cannot be read; one of no known currency cannot."""
    code = pl.col("currency").str.to_uppercase() if "currency" in orders.columns else pl.lit(None, pl.String)
    totals: dict[str, Decimal] = {}
    unread = 0
    groups = orders.with_columns(code=code.fill_null(read.currency)).sort("code", maintain_order=True)
    for (name,), group in groups.group_by("code", maintain_order=True):
        try:
            decimals = currency_decimals(str(name))
        except ValueError:
            unread += group.height
            continue
        minor, refused = _sum_of(group, layout, decimals, read.written)
        totals[str(name)] = from_minor(minor, decimals)
        unread += refused
    return totals, unread


def _sum_of(orders: pl.DataFrame, layout: Layout, decimals: int, written: Written) -> tuple[int, int]:
    """The readable totals of orders, in minor units, and how many cannot be read."""
    if layout.rows == "lines":
        numbers, unread = sum_of_lines(orders, layout, decimals, written)
        return int(numbers.sum()), len(unread)
    terms = [("total", 1)] if "total" in orders.columns else layout.cart
    totals, refused = np.zeros(orders.height, np.int64), set[int]()
    for name, sign in terms:
        column = amounts(orders[name], decimals, written, blank=0)
        totals += sign * column.numbers
        refused |= set(column.refused)
    totals[list(refused)] = 0
    return int(totals.sum()), len(refused)


def _of_customers(known: Known) -> list[str]:
    return [
        f"{words}: {count:,}"
        for count, words in (
            (
                known.hashed_ids,
                "customer ids that look like phones, e-mail addresses or names, and were replaced by keyed hashes",
            ),
            (
                known.by_nothing,
                "orders without a phone, an e-mail address or a customer_id, each counted as a customer of its "
                "own, a guest",
            ),
            (
                known.conflicts,
                "customers in doubt (a phone with several e-mail addresses, an address with several phones, or with "
                "and without one; the phone decides)",
            ),
        )
        if count
    ]
