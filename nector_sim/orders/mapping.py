"""A small TOML file that says once which column of a table is which: a mapping of one's own, or a layout that is known.

.. code-block:: toml

    rows = "lines"                      # how an order lies in its rows: "one", "first", "every" or "lines"
    currency = "INR"
    dates = "dd/mm/yyyy"
    numbers = "1,234.50"
    keep_status = ["delivered"]         # where a status column is named: orders of other statuses are left out

    [columns]
    order_id = "Invoice no | Bill no"   # the first of these names that is there
    ordered_at = ["Date", "Time"]       # a date, and its time in a column of its own
    phone = ["Mobile", "Alternate no"]  # the first of these columns that is filled
    cart_amount = ["Total", "-Freight"] # columns to add up, or to take away

The layouts that are known are such files, too (``data/layouts``): one that has ``signs`` is recognised by them, and its
other columns may be missing.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from nector_sim.errors import InputError, Problem
from nector_sim.frames.written import Dates, Numbers, Rounding
from nector_sim.orders.layouts import HOUSE_COLUMNS, SHOP_COLUMNS, Layout, Rows
from nector_sim.rules.files import read_fields

#: What a mapping may name: all columns of orders, and those of a shop from which they are worked out.
NAMES = (*HOUSE_COLUMNS, *SHOP_COLUMNS)
#: Columns that may be in several of a table's: amounts are added, a time joined to its date, the first phone taken.
SEVERAL = ("cart_amount", "phone", "ordered_at")


class Statuses(BaseModel):
    """What becomes of orders of which status; case, spaces, hyphens and underscores do not matter."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    keep: list[str] = []
    """Statuses of orders that count."""
    refunded: list[str] = []
    """Statuses of orders that count and were wholly refunded, unless an amount says otherwise."""
    pending: list[str] = []
    """Statuses of orders that are not paid yet: left out."""
    cancelled: list[str] = []
    """Statuses of orders that were cancelled and never paid: left out."""
    voided: list[str] = []
    """Statuses of orders that failed or are void: left out."""


class Mapping(BaseModel):
    """A mapping file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    columns: dict[str, str | list[str]]
    """For each of our columns, the table's column; ``A | B`` takes the first of several names that is there. Of
    ``cart_amount`` a list is added up (``-`` before a name takes away), of ``phone`` the first that is filled, of
    ``ordered_at`` a date and its time."""
    rows: Rows | None = None
    """How an order lies in its rows. ``one``: a row an order; ``first``: several, of which the first alone has the
    order's own fields; ``every``: several, which all repeat them; ``lines``: each row is an item or a payment, and
    amounts are added (times ``line_quantity``, where it is named; negative ones are refunds). Left out, the rows
    decide, and it is said."""
    cart: list[str] = []
    """Instead of ``columns.cart_amount``: which of our columns make the cart amount, ``-`` in front takes away."""
    cart_words: str | None = None
    """What the cart amount is, in words, for the report."""
    currency: str | None = None
    """ISO 4217 code of the amounts, where no column names it."""
    timezone: str | None = None
    """IANA name of the zone of times that name none."""
    dates: Dates | None = None
    """How dates are written; left out, it is decided from all of them, and asked for where they leave it open."""
    numbers: Numbers | None = None
    """How amounts are written; left out, it is decided from all of them."""
    rounding: Rounding | None = None
    """``half_up`` rounds amounts with more decimals than the currency has; left out, these are refused."""
    shipping: str | None = None
    """``in`` counts the column ``shipping`` as part of the cart; ``out``, and left out, does not."""
    encoding: str | None = None
    """Encoding of a text file, such as ``cp1252``; left out, it is found by evidence, and said."""
    header_row: int | None = None
    """Row of the table that has the names of the columns, 1 for the first; left out, it is found, and said."""
    sheet: str | None = None
    """Sheet of an Excel workbook; left out, the first."""
    points_code: str | None = None
    """Coupon codes that were points, with ``*`` for any letters, and ``{amount}`` where the code has its amount."""
    points_split: str | None = None
    """What of a single discount amount is points, where another coupon stands beside the points code: ``points`` (all
    of it), ``coupon`` (none of it), ``code`` (the amount in the code), or ``balances`` (what a row of the balances with
    the order's ``order_id`` and a ``discount`` says). Left out, the balances and the code say it; else it is asked."""
    keep_status: list[str] = []
    """Statuses that count: where the file says nothing in ``statuses``, all others are left out."""
    statuses: Statuses = Statuses()
    """What becomes of orders of which status; without it and ``keep_status``, common words are known."""
    not_redeemable: list[str] = []
    """SKUs of products that points may not pay, with ``*`` for any letters: gives ``eligible_amount``."""
    not_earning: list[str] = []
    """SKUs of products that earn no points: gives ``earning_amount``."""
    order_id_pattern: str | None = None
    """Regular expression whose first group is the order's id, where the column says more, such as an item's number."""
    refund_rows: bool = False
    """Whether refunds are rows of their own, of the order's number and a negative amount."""
    coupon_rows: list[str] = []
    """Our columns of coupons, where these stand one a row beside the items."""
    notes: list[str] = []
    """What else a reader of the orders must know."""
    name: str | None = None
    """What people call this layout."""
    format: str | None = None
    """Name under which a caller may ask for the layout; left out, the file's."""
    signs: list[str] = []
    """Columns by which the layout is recognised: ours, or names of the table. With it, other columns may be missing."""
    needed: list[str] = []
    """Our columns that must be there when a layout with signs is asked for by its format."""


def load_mapping(path: str | Path) -> Mapping:
    """Read a mapping file."""
    return check_mapping(read_fields(path, "a mapping"), f"the mapping {path}")


def check_mapping(data: Any, what: str) -> Mapping:
    """Make a mapping of what a file, or a caller, says."""
    try:
        mapping = Mapping.model_validate(data)
    except ValidationError as error:
        problems = [Problem(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
        raise InputError(f"{what} cannot be used:", problems) from None
    problems = [
        Problem(f"columns.{name}", f"is no column of orders{_near(name)}; write one of {', '.join(NAMES)}")
        for name in mapping.columns
        if name not in NAMES
    ]
    problems += [
        Problem(f"columns.{name}", "takes one column, or several names of it as 'A | B'; lists are for " + _LISTS)
        for name, theirs in mapping.columns.items()
        if isinstance(theirs, list) and name not in SEVERAL
    ]
    problems += [
        Problem(f"columns.{name}", "names no column")
        for name, theirs in mapping.columns.items()
        if not theirs or not all(one.strip(" -|") for one in ([theirs] if isinstance(theirs, str) else theirs))
    ]
    if "cart_amount" not in mapping.columns and not mapping.cart:
        problems.append(
            Problem("columns.cart_amount", "is missing; name the basket after other coupons, before points")
        )
    problems += [
        Problem("cart", f"{term} is none of the columns that are named")
        for term in mapping.cart
        if term.removeprefix("-") not in mapping.columns
    ]
    for name, value, known in (
        ("shipping", mapping.shipping, SHIPPING),
        ("points_split", mapping.points_split, POINTS_SPLIT),
    ):
        if value is not None and value not in known:
            problems.append(Problem(name, f"is {value!r}; write one of {', '.join(map(repr, known))}"))
    if mapping.shipping == "in" and "shipping" not in mapping.columns:
        problems.append(Problem("shipping", "is to be counted, and columns.shipping is missing"))
    if mapping.order_id_pattern is not None and not _has_a_group(mapping.order_id_pattern):
        problems.append(Problem("order_id_pattern", "is no regular expression with one group, such as '^(.+)_[0-9]+$'"))
    if problems:
        raise InputError(f"{what} cannot be used:", problems)
    return mapping


_LISTS = (
    "cart_amount, which adds them up, phone, of which the first filled is taken, and ordered_at, a date and its time"
)
#: Whether shipping is part of the cart; what of a shared discount amount is points.
SHIPPING, POINTS_SPLIT = ("out", "in"), ("points", "coupon", "code", "balances")


def _has_a_group(pattern: str) -> bool:
    try:
        return re.compile(pattern).groups == 1
    except re.error:
        return False


def layout_of(mapping: Mapping, name: str) -> Layout:
    """The layout that a mapping describes."""
    columns: dict[str, tuple[str, ...]] = {}
    cart: list[tuple[str, int]] = []
    for ours, theirs in mapping.columns.items():
        parts = [theirs] if isinstance(theirs, str) else theirs
        for position, part in enumerate(parts):
            sign = -1 if ours == "cart_amount" and part.startswith("-") else 1
            names = _names(part.removeprefix("-") if ours == "cart_amount" else part)
            if ours == "cart_amount":
                columns[f"cart_amount.{position}"] = names
                cart.append((f"cart_amount.{position}", sign))
            else:
                columns[f"{ours}.{position}" if position else ours] = names
    if mapping.cart:
        cart = [(term.removeprefix("-"), -1 if term.startswith("-") else 1) for term in mapping.cart]
    words = " ".join(("+ " if sign > 0 else "- ") + columns[one][0] for one, sign in cart).removeprefix("+ ")
    signs = tuple("cart_amount.0" if one == "cart_amount" else one for one in mapping.signs)
    statuses = mapping.statuses
    leave_out = {word: kind for kind in ("pending", "cancelled", "voided") for word in getattr(statuses, kind)}
    return Layout(
        name=mapping.name or f"columns as in {name}",
        columns=columns,
        signs=signs,
        needed=tuple(mapping.needed or (columns if not signs else [one for one in signs if one in columns])),
        cart=tuple(cart),
        cart_words=mapping.cart_words or words,
        rows=mapping.rows,
        keep=frozenset([*statuses.keep, *statuses.refunded, *mapping.keep_status]),
        refunded=frozenset(statuses.refunded),
        leave_out=leave_out,
        notes=tuple(mapping.notes),
        refund_rows=mapping.refund_rows,
        coupon_rows=frozenset(mapping.coupon_rows),
        order_id_pattern=mapping.order_id_pattern,
        is_known=bool(signs),
        mapping=mapping,
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(" | ") if name.strip())


def _near(name: str) -> str:
    near = difflib.get_close_matches(name, NAMES, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def stated(mapping: Mapping | None, name: str, given: Any) -> Any:
    """What the caller says, else what the mapping says."""
    return given if given is not None or mapping is None else getattr(mapping, name)
