"""A shop's own orders, as the shop exports them: read, understood and accounted for."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict, Unpack

import pandas as pd
import polars as pl

from nector_sim.errors import InputError, OrdersError, Problem
from nector_sim.frames.checks import SHOWN
from nector_sim.frames.files import open_table
from nector_sim.frames.masking import PERSONAL
from nector_sim.frames.written import Written, check_written
from nector_sim.orders.accounts import account
from nector_sim.orders.balances import join_balances
from nector_sim.orders.fates import choose_currency, leave_out, waiting_for_cash
from nector_sim.orders.identity import add_people, as_text, count_spoiled, default_key_file, name_customers
from nector_sim.orders.layouts import PLAIN, check_columns, choose_layout
from nector_sim.orders.lines import fold
from nector_sim.orders.mapping import layout_of, load_mapping, stated
from nector_sim.orders.refunds import one_by_one
from nector_sim.orders.report import OrdersReport
from nector_sim.orders.shopify import SHOPIFY
from nector_sim.orders.tidy import tidy
from nector_sim.orders.woocommerce import ADVANCED_EXPORT, ANALYTICS, SUITE_EXPORT

#: The exports that are known, by the name under which a caller may ask for them, the most particular first.
LAYOUTS = {
    "shopify": (SHOPIFY,),
    "woocommerce": (ADVANCED_EXPORT, SUITE_EXPORT, ANALYTICS),
    "plain": (PLAIN,),
}
_TEXTS = {
    "order_id",
    "customer_id",
    "email",
    "phone",
    "status",
    "currency",
    "coupons",
    "payment_method",
    "tags",
    "tier",
}


class How(TypedDict, total=False):
    """The keywords of :func:`inspect_orders`."""

    currency: str | None
    timezone: str | None
    format: str | None
    mapping: str | Path | None
    points_code: str | None
    balances: Any
    balances_at: Any
    dates: str | None
    numbers: str | None
    keep_status: Collection[str]
    sheet: str | None
    key_file: str | Path | None


def read_orders(source: Any, **how: Unpack[How]) -> pd.DataFrame:
    """Read orders: a shop's export, a table of one's own, or a frame in memory.

    Parameters
    ----------
    source : path, or pandas, Polars or Arrow table
        See :func:`inspect_orders`.
    **how
        Keywords of :func:`inspect_orders`.

    Returns
    -------
    pandas.DataFrame, shape (orders, columns)
        One row an order, with the house's columns that could be had: ``order_id``, ``customer_id``, ``ordered_at``
        (UTC), ``cart_amount`` (decimal, major units), and where the source has them ``points_balance``, ``credits``,
        ``tier``, ``points_requested``, ``redeems``, ``cost``, ``refunded_at``, ``refunded_amount``, ``paid_amount``,
        ``payment_method`` (``prepaid``, ``cod``), ``discount_given``. ``.attrs`` says what was understood: ``source``,
        ``format``, ``currency``, ``cart_amount_is`` and ``notes``.

    Raises
    ------
    OrdersError
        If there are orders that cannot be used: all of them, with reasons, are in its ``.rejects``.
        :func:`inspect_orders` gives the good ones beside them.
    InputError
        If the source as a whole cannot be used.

    Examples
    --------
    >>> orders = read_orders(pd.DataFrame({"order_id": ["1", "2"], "cart_amount": ["500", "749.95"]}), currency="INR")
    >>> orders["cart_amount"].tolist()
    [Decimal('500.00'), Decimal('749.95')]
    """
    report = inspect_orders(source, **how)
    if len(report.rejects):
        shown_rows = report.rejects.head(SHOWN)
        problems = [
            Problem(f"row {row}", f"{reason} (it says {value})" if value else reason)
            for row, value, reason in zip(shown_rows["row"], shown_rows["value"], shown_rows["reason"], strict=True)
        ]
        problems += [Problem("", f"in all: {count} x {kind}") for kind, count in report.problems.items()]
        raise OrdersError(
            f"{report.source}: {len(report.rejects)} orders or rows cannot be used; mend them, or take the good ones "
            "from ns.inspect_orders(...).orders:",
            problems,
            rejects=report.rejects,
        )
    return report.orders


def inspect_orders(
    source: Any,
    *,
    currency: str | None = None,
    timezone: str | None = None,
    format: str | None = None,
    mapping: str | Path | None = None,
    points_code: str | None = None,
    balances: Any = None,
    balances_at: Any = None,
    dates: str | None = None,
    numbers: str | None = None,
    keep_status: Collection[str] = (),
    sheet: str | None = None,
    key_file: str | Path | None = None,
) -> OrdersReport:
    """Read orders and say what was understood: every row, every rupee, and whatever had to be supposed.

    Parameters
    ----------
    source : path, or pandas, Polars or Arrow table
        Shopify's or WooCommerce's export, or any CSV, Parquet or Excel file, or any table with an Arrow interface.
    currency : str, optional
        ISO 4217 code; needed where orders are in several: the others are left out. Where no column names it, INR.
    timezone : str, optional
        IANA name, of times without a zone. Left out, ``Asia/Kolkata`` for INR and ``UTC`` otherwise.
    format : str, optional
        ``shopify``, ``woocommerce`` or ``plain``; left out, it is found by the columns.
    mapping : path, optional
        A TOML file that says which column is which, see :mod:`nector_sim.orders.mapping`.
    points_code : str, optional
        Coupon codes that were points, with ``*`` for any letters: their discount is put back into ``cart_amount`` and
        kept as ``discount_given``.
    balances : path, table or int, optional
        Customers and their points, see :func:`read_balances`; or one balance for all.
    balances_at : datetime or ISO 8601 text, optional
        The day of those balances; left out, today. A replay runs them back to the first order
        (:func:`nector_sim.opening_from`), since they are no balances of past orders.
    dates : str, optional
        ``dd/mm/yyyy`` or ``mm/dd/yyyy``, where dates are not written year first.
    numbers : str, optional
        ``1,234.50`` or ``1.234,50``, where amounts are written with separators.
    keep_status : collection of str
        Statuses of orders that count besides those that the export is known to have.
    sheet : str, optional
        An Excel file's sheet; left out, its first.
    key_file : path, optional
        The key of the hashes under which customers are known, made on first use; left out,
        ``.nector_sim/customer.key`` in the user's home.

    Returns
    -------
    OrdersReport
        ``print`` it for a page.

    Raises
    ------
    InputError
        If the source as a whole cannot be used, with what to do.

    Examples
    --------
    >>> report = inspect_orders(pd.DataFrame({"order_id": ["1", "2"], "cart_amount": ["500", "1.234,50"]}))
    >>> len(report.orders), report.rejects["row"].tolist()
    (1, [2])
    """
    stated_columns = load_mapping(mapping) if mapping is not None else None
    if stated_columns is not None and format is not None:
        raise InputError("a mapping says itself which column is which; leave the format out (format=, --format)")
    table = open_table(source, sheet=stated(stated_columns, "sheet", sheet))
    if stated_columns is not None and mapping is not None:
        layout = layout_of(stated_columns, mapping)
        check_columns(table, layout)
    else:
        layout = choose_layout(table, LAYOUTS, format)

    columns = _columns(layout.found(table.columns))
    code = stated(stated_columns, "points_code", points_code)
    if code is None:
        columns.pop("line_price", None)
    if not {"line_cost", "line_price"} & set(columns):
        columns.pop("line_quantity", None)
    sheet_read = table.read(list(dict.fromkeys(columns.values())))
    frame = sheet_read.frame.select(_text(sheet_read.frame[theirs], ours) for ours, theirs in columns.items())
    folded = fold(frame.with_columns(row=pl.Series(sheet_read.row)), layout)

    kept = (keep_status,) if isinstance(keep_status, str) else keep_status
    orders = leave_out(folded.orders, layout, kept)
    chosen, orders, notes = choose_currency(orders, stated(stated_columns, "currency", currency))
    written = Written(
        stated(stated_columns, "numbers", numbers) or "1234.50",
        stated(stated_columns, "dates", dates) or "yyyy-mm-dd",
        stated(stated_columns, "timezone", timezone) or ("Asia/Kolkata" if chosen == "INR" else "UTC"),
    )
    check_written(written)
    if "refund_items" in orders.columns:
        orders = one_by_one(orders)
    notes += waiting_for_cash(orders, layout)
    if layout.keep and "status" not in columns:
        notes.append(
            "no column says whether an order was paid, so unpaid and voided orders count too, if there are any"
        )

    phones = [name for name in columns if name.startswith("phone")]
    orders = add_people(orders, phones)
    if spoiled := count_spoiled(orders, phones):
        notes.append(f"phones spoiled by a spreadsheet (9.19877E+11; format that column as text): {spoiled}")
    people = PERSONAL & {name.split(".")[0] for name in columns}
    if people and layout.keep:
        nobody = pl.all_horizontal(pl.col(name).is_null() for name in ("who_phone", "who_email"))
        orders = orders.with_columns(
            left_out=pl.when(nobody & pl.col("left_out").is_null()).then(pl.lit("no_customer")).otherwise("left_out")
        )
    used = name_customers(
        orders.filter(pl.col("left_out").is_null()), Path(key_file) if key_file is not None else default_key_file()
    )
    read = tidy(
        used,
        folded.lines,
        layout,
        currency=chosen,
        written=written,
        points_code=code,
        now=_now(),
    )
    if "order_id" in columns:
        read.column["order_id"] = used["order_id"]
    if people:
        read.column["customer_id"] = used["customer"]
    if balances is not None:
        read.column["points_balance"], more = join_balances(used, balances, numbers=written.numbers)
        notes += more
    report = account(
        read,
        folded,
        orders.filter(pl.col("left_out").is_not_null()),
        sheet_read,
        table=table,
        layout=layout,
        columns=columns,
        notes=[*table.notes, *layout.notes, *notes],
        command=_command(
            source,
            {
                "format": [format],
                "mapping": [mapping],
                "points-code": [points_code],
                "balances": [balances],
                "dates": [dates],
                "numbers": [numbers],
                "keep-status": sorted(kept),
                "sheet": [sheet],
                "key-file": [key_file],
            },
        ),
    )
    if balances is not None and not isinstance(balances, int):
        report.orders.attrs["balances_at"] = str(_now() if balances_at is None else balances_at)
    return report


def _command(source: Any, options: Mapping[str, Iterable[Any]]) -> str:
    """The arguments of a command that reads the file in the same way; tables in memory have none."""
    if not isinstance(source, str | Path):
        return ""
    given = [
        f"--{name} {shlex.quote(str(value))}"
        for name, values in options.items()
        for value in values
        if isinstance(value, str | Path | int)
    ]
    return " ".join([shlex.quote(str(source)), *given])


def _columns(found: dict[str, list[str]]) -> dict[str, str]:
    """Our columns, a second phone as ``phone.1``, to the names in the table."""
    return {
        f"{ours}.{position}" if position else ours: name
        for ours, names in found.items()
        for position, name in enumerate(names)
    }


def _text(values: pl.Series, ours: str) -> pl.Series:
    return (as_text(values) if ours.split(".")[0] in _TEXTS else values).alias(ours)


def _now() -> datetime:
    return datetime.now(UTC)
