"""What the columns of a shop's export mean: one table of names for each export."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from nector_sim.errors import InputError, Problem
from nector_sim.frames.sheets import Table, refuse_columns

#: How an order lies in its rows: one row; several, of which the first alone has the order's own fields; several, which
#: all repeat them.
Rows = Literal["one", "first", "every"]

#: Columns of orders that a caller's own table may have, as the house names them.
HOUSE_COLUMNS = (
    "order_id",
    "customer_id",
    "ordered_at",
    "cart_amount",
    "points_balance",
    "credits",
    "tier",
    "points_requested",
    "redeems",
    "cost",
    "refunded_at",
    "refunded_amount",
    "paid_amount",
    "payment_method",
    "discount_given",
)

#: Columns of a shop from which those are worked out.
SHOP_COLUMNS = (
    "items",
    "total",
    "shipping",
    "shipping_tax",
    "taxes",
    "fees",
    "fee_tax",
    "coupons",
    "coupon_amount",
    "refunded",
    "currency",
    "status",
    "tags",
    "email",
    "phone",
    "line_cost",
    "line_price",
    "line_quantity",
)


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one kind of export.

    Attributes
    ----------
    name : str
        What people call the export.
    columns : mapping of str to tuple of str
        For each of our columns, the names that it may have; the first that is there is used (of phones, all).
    signs : tuple of str
        Our columns by which the export is recognised: all must be there.
    needed : tuple of str
        Our columns that must be there when the layout is named.
    cart : tuple of tuple of str and int
        The columns that make the cart amount, each with the sign with which it is added.
    cart_words : str
        What the cart amount is, in words.
    rows : str
        How an order lies in its rows.
    keep : frozenset of str
        Statuses of orders that count. Empty: every status does.
    leave_out : mapping of str to str
        Statuses of orders that do not, each with the kind under which they are counted.
    notes : tuple of str
        What else a reader must know.
    refund_rows : bool
        Whether refunds are rows of their own, of the order's number and a negative amount.
    coupon_rows : frozenset of str
        Our columns of coupons, where these stand one a row beside the items, whatever the order has on every row.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    signs: tuple[str, ...]
    needed: tuple[str, ...]
    cart: tuple[tuple[str, int], ...]
    cart_words: str
    rows: Rows = "one"
    keep: frozenset[str] = frozenset()
    leave_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    refund_rows: bool = False
    coupon_rows: frozenset[str] = frozenset()

    def found(self, names: Sequence[str]) -> dict[str, list[str]]:
        """Our columns that a table has, each with the names under which it has them."""
        by_key: dict[str, str] = {}
        for name in names:
            by_key.setdefault(key(name), name)
        found = {}
        for ours, theirs in self.columns.items():
            there = [by_key[key(name)] for name in theirs if key(name) in by_key]
            if there:
                found[ours] = list(dict.fromkeys(there)) if ours == "phone" else there[:1]
        return found


PLAIN = Layout(
    name="plain table",
    columns={
        **{name: (name,) for name in HOUSE_COLUMNS},
        "email": ("email", "customer_email"),
        "phone": ("phone", "mobile", "customer_phone"),
        "currency": ("currency",),
    },
    signs=("cart_amount",),
    needed=("cart_amount",),
    cart=(("cart_amount", 1),),
    cart_words="the column cart_amount as it stands",
)


def key(name: str) -> str:
    """A column's name without what exports vary: case, spaces, underscores, punctuation."""
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()


def choose_layout(table: Table, layouts: Mapping[str, Sequence[Layout]], named: str | None) -> Layout:
    """Find the layout of a table by its columns, or check the one that was named.

    Parameters
    ----------
    table : Table
    layouts : mapping of str to sequence of Layout
        By the name under which a caller may ask for them, most particular first.
    named : str, optional

    Returns
    -------
    Layout

    Raises
    ------
    InputError
        If none fits, a column that is needed stands twice, or is missing.
    """
    if named is not None and named not in layouts:
        raise InputError(f"format={named!r} is not known; write one of {', '.join(map(repr, layouts))}")
    candidates = [layout for name, group in layouts.items() for layout in group if named in (None, name)]
    fitting = [layout for layout in candidates if set(layout.signs) <= set(layout.found(table.columns))]
    if not fitting and named is not None:
        fitting = [min(candidates, key=lambda layout: len(missing(layout, table.columns)))]
    if not fitting:
        raise refuse_columns(table, _WAYS_ON)
    layout = fitting[0]
    check_columns(table, layout)
    return layout


def check_columns(table: Table, layout: Layout) -> None:
    """Refuse a table that lacks a needed column, or has one of the used ones twice."""
    keys = [key(name) for name in table.columns]
    problems = [
        Problem("", f"the column {' or '.join(layout.columns[ours])} is missing ({layout.name}: {ours})")
        for ours in missing(layout, table.columns)
    ]
    problems += [
        Problem("", f"the column {name} stands {keys.count(key(name))} times; keep one of them")
        for name in sorted({name for there in layout.found(table.columns).values() for name in there})
        if keys.count(key(name)) > 1
    ]
    if problems:
        raise refuse_columns(table, problems)


def missing(layout: Layout, names: Sequence[str]) -> list[str]:
    """Our columns that a layout needs and a table does not have."""
    found = layout.found(names)
    return [ours for ours in layout.needed if ours not in found]


_WAYS_ON = [
    Problem("", "its columns are those of no known export (Shopify, WooCommerce), nor is there a column cart_amount;"),
    Problem("", "is the header in the first row? else say once, in a small TOML file, which column is which:"),
    Problem("", '    [columns]\n    order_id = "Invoice no"\n    cart_amount = "Net amount"'),
    Problem("", "and give it with mapping='columns.toml' (--mapping columns.toml)"),
]
