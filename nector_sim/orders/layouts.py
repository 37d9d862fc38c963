"""What the columns of a shop's export mean: one table of names for each export."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from nector_sim.errors import InputError, Problem
from nector_sim.frames import described
from nector_sim.frames.sheets import Table, refuse_columns

#: How an order lies in its rows: one row; several, of which the first alone has the order's own fields; several, which
#: all repeat them; several, which are its items or payments and add up.
Rows = Literal["one", "first", "every", "lines"]

#: Columns of orders that a caller's own table may have, as the house names them.
HOUSE_COLUMNS = tuple(described.ORDERS)

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
    "coupon_row_amount",
    "coupon_row_tax",
    "coupon_untaxed",
    "refunded",
    "refund_items",
    "cancelled_at",
    "currency",
    "status",
    "tags",
    "email",
    "phone",
    "line_cost",
    "line_price",
    "line_total",
    "line_discount",
    "line_quantity",
    "line_sku",
)


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one kind of export.

    Attributes
    ----------
    name : str
        What people call the export.
    columns : mapping of str to tuple of str
        For each of our columns, the names that it may have; the first that is there is used. ``name.1`` and so on are
        further columns of one that has several.
    signs : tuple of str
        Columns, ours or the table's, by which the export is recognised: all must be there.
    needed : tuple of str
        Our columns that must be there when the layout is named.
    cart : tuple of tuple of str and int
        The columns that make the cart amount, each with the sign with which it is added.
    cart_words : str
        What the cart amount is, in words.
    rows : str, optional
        How an order lies in its rows; left out, the rows decide.
    keep : frozenset of str
        Statuses of orders that count. Empty, and none in `leave_out`: common words are known.
    refunded : frozenset of str
        Those of them that say that the whole order came back.
    leave_out : mapping of str to str
        Statuses of orders that do not, each with the kind under which they are counted.
    notes : tuple of str
        What else a reader must know.
    refund_rows : bool
        Whether refunds are rows of their own, of the order's number and a negative amount.
    coupon_rows : frozenset of str
        Our columns of coupons, where these stand one a row beside the items, whatever the order has on every row.
    order_id_pattern : str, optional
        Regular expression whose first group is the order's id.
    is_known : bool
        Whether it is an export that is known, of which all columns but the needed ones may be missing.
    mapping : Mapping, optional
        The file that describes it.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    signs: tuple[str, ...]
    needed: tuple[str, ...]
    cart: tuple[tuple[str, int], ...]
    cart_words: str
    rows: Rows | None = None
    keep: frozenset[str] = frozenset()
    refunded: frozenset[str] = frozenset()
    leave_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    refund_rows: bool = False
    coupon_rows: frozenset[str] = frozenset()
    order_id_pattern: str | None = None
    is_known: bool = False
    mapping: Any = None

    def found(self, names: Sequence[str]) -> dict[str, str]:
        """Our columns that a table has, each with the name under which it has it; one is not named twice as a phone."""
        columns = Names(names)
        found: dict[str, str] = {}
        for ours, theirs in self.columns.items():
            there = next((name for name in map(columns.find, theirs) if name is not None), None)
            if there is not None and not (ours.startswith("phone.") and there in found.values()):
                found[ours] = there
        return found

    def fits(self, names: Sequence[str]) -> bool:
        """Whether a table has all signs."""
        found, columns = self.found(names), Names(names)
        return all(one in found if one in self.columns else columns.find(one) is not None for one in self.signs)


class Names:
    """The columns of a table, found by their exact name first, then without what exports vary."""

    def __init__(self, names: Sequence[str]) -> None:
        self._exact = set(names)
        self._by_key: dict[str, list[str]] = {}
        for name in dict.fromkeys(names):
            self._by_key.setdefault(key(name), []).append(name)

    def find(self, name: str) -> str | None:
        """The table's own spelling of a name; None where it has none."""
        if name in self._exact:
            return name
        like = self._by_key.get(key(name), [])
        return like[0] if like else None

    def like(self, name: str) -> list[str]:
        """All spellings of a name, where none is exact."""
        return [name] if name in self._exact else self._by_key.get(key(name), [])


PLAIN = Layout(
    name="plain table",
    columns={
        **{name: (name,) for name in HOUSE_COLUMNS},
        "email": ("email", "customer_email"),
        **{f"phone.{at}" if at else "phone": (name,) for at, name in enumerate(("phone", "mobile", "customer_phone"))},
        "currency": ("currency",),
    },
    signs=("cart_amount",),
    needed=("cart_amount",),
    cart=(("cart_amount", 1),),
    cart_words="taken unchanged from column cart_amount",
)


@cache
def key(name: str) -> str:
    """A column's name without what exports vary: case, spaces, underscores, brackets; letters of every script stay."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    kept = (one if unicodedata.category(one)[0] in "LMNS" or one in "%#&" else " " for one in folded)
    return " ".join("".join(kept).split())


def choose_layout(table: Table, layouts: Mapping[str, Sequence[Layout]], named: str | None) -> Layout:
    """Find the layout of a table by its columns, or check the one that was named."""
    if named is not None and named not in layouts:
        raise InputError(f"format={named!r} is not known; write one of {', '.join(map(repr, layouts))}")
    candidates = [layout for name, group in layouts.items() for layout in group if named in (None, name)]
    fitting = [layout for layout in candidates if layout.fits(table.columns)]
    if fitting:  # of several, the one that says most of the table; a plain table has no rival
        plain = [layout for layout in fitting if not layout.is_known]
        layout = max(fitting, key=lambda one: (one in plain, len(one.found(table.columns))))
    elif named is not None:
        layout = min(candidates, key=lambda layout: len(missing(layout, table.columns)))
    else:
        raise refuse_columns(table, _WAYS_ON)
    check_columns(table, layout)
    return layout


def check_columns(table: Table, layout: Layout) -> None:
    """Refuse a table that lacks a needed column, or has one of the used ones twice."""
    problems = [
        Problem("", f"the column {_or(layout.columns[ours])} is missing ({layout.name}: {ours.partition('.')[0]})")
        for ours in missing(layout, table.columns)
    ]
    names = Names(table.columns)
    for name in sorted(set(layout.found(table.columns).values())):
        asked = next(
            one for ours, theirs in layout.columns.items() for one in theirs if name in names.like(one) or one == name
        )
        like = names.like(asked)
        count = table.columns.count(name) if len(like) == 1 else sum(map(table.columns.count, like))
        if count > 1:
            problems.append(Problem("", f"the column {name} appears {count} times; keep one of them"))
    if problems:
        raise refuse_columns(table, problems)


def _or(names: Sequence[str]) -> str:
    return " or ".join(names[:4]) + (", or another usual name of it," if len(names) > 4 else "")


def missing(layout: Layout, names: Sequence[str]) -> list[str]:
    """Our columns that a layout needs and a table does not have."""
    found = layout.found(names)
    return [ours for ours in layout.needed if ours not in found]


_WAYS_ON = [
    Problem("", "its columns are those of no known export, nor is there a column cart_amount;"),
    Problem(
        "", "is the header in the first row? then have the columns listed, and a mapping proposed that says which is"
    ),
    Problem(
        "", "which: nector-sim check FILE --propose --out columns.toml (in Python: ns.propose_mapping(FILE)); look it"
    ),
    Problem("", "over, and give it: --mapping columns.toml (mapping='columns.toml')"),
]
