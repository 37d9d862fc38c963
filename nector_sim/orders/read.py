"""A shop's own orders, as the shop exports them: read, understood and accounted for."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from collections.abc import Mapping as Mapping_
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict, Unpack, cast, get_args

import numpy as np
import pandas as pd
import polars as pl

from nector_sim._progress import Progress, long_call, stages
from nector_sim.errors import InputError, OrdersError, Problem
from nector_sim.frames.checks import SHOWN
from nector_sim.frames.files import Several, open_table
from nector_sim.frames.masking import PERSONAL
from nector_sim.frames.sheets import Sheet, Table
from nector_sim.frames.styles import decide_dates, decide_numbers
from nector_sim.frames.written import Written, check_written
from nector_sim.orders.accounts import account
from nector_sim.orders.balances import Balances, join_balances, open_balances, spent_on
from nector_sim.orders.fates import choose_currency, count_statuses, leave_out, waiting_for_cash
from nector_sim.orders.guesses import not_read
from nector_sim.orders.identity import add_people, as_text, count_spoiled, name_customers
from nector_sim.orders.known_layouts import known_layouts
from nector_sim.orders.layouts import Layout, Rows, check_columns, choose_layout, key, missing
from nector_sim.orders.line_rows import add_lines
from nector_sim.orders.lines import Others, fold, other_columns
from nector_sim.orders.mapping import (
    POINTS_SPLIT,
    SHIPPING,
    Mapping,
    check_mapping,
    layout_of,
    load_mapping,
    stated,
)
from nector_sim.orders.refunds import one_by_one
from nector_sim.orders.report import OrdersReport
from nector_sim.orders.tidy import Choices, tidy
from nector_sim.results import count
from nector_sim.rules.money import MAX_POINTS, currency_decimals

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
    "line_sku",
}


class How(TypedDict, total=False):
    """The keywords of :func:`inspect_orders`."""

    currency: str | None
    timezone: str | None
    format: str | None
    mapping: Any
    rows: str | None
    points_code: str | None
    points_split: str | None
    shipping: str | None
    not_redeemable: Collection[str]
    not_earning: Collection[str]
    balances: Any
    balances_at: Any
    dates: str | None
    numbers: str | None
    rounding: str | None
    keep_status: Collection[str]
    sheet: str | None
    encoding: str | None
    header_row: int | None
    key_file: str | Path | None
    progress: Progress | None


def read_orders(source: Any, **how: Unpack[How]) -> pd.DataFrame:
    """Read orders: a shop's export, your own table, or a frame in memory.

    Parameters
    ----------
    source : path or URL, list of them, or pandas, Polars or Arrow table
        See :func:`inspect_orders`.
    **how
        Keywords of :func:`inspect_orders`.

    Returns
    -------
    pandas.DataFrame, shape (orders, columns)
        One row for each order, with those of our columns that the source gives: ``order_id``, ``customer_id``,
        ``ordered_at`` (UTC), ``cart_amount`` (decimal, major units), and where the source has them ``points_balance``,
        ``credits``, ``tier``, ``points_requested``, ``redeems``, ``cost``, ``refunded_at``, ``refunded_amount``,
        ``paid_amount``, ``payment_method`` (``prepaid``, ``cod``), ``discount_given``. ``.attrs`` says what was
        understood: ``source``, ``format``, ``currency``, ``cart_amount_is`` and ``notes``.

    Raises
    ------
    OrdersError
        If there are orders that cannot be used: all of them, with reasons, are in its ``.rejects``.
        :func:`inspect_orders` gives the good ones beside them.
    InputError
        If the source as a whole cannot be used, or no order in it counts.

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
            f"{report.source}: {count(len(report.rejects), 'order')} or rows cannot be used; correct them, or take the "
            "good ones "
            "from ns.inspect_orders(...).orders:",
            problems,
            rejects=report.rejects,
        )
    if not len(report.orders):
        raise InputError(f"{report.source}: {report.why_none()}")
    return report.orders


@long_call("steps")
def inspect_orders(
    source: Any,
    *,
    currency: str | None = None,
    timezone: str | None = None,
    format: str | None = None,
    mapping: Any = None,
    rows: str | None = None,
    points_code: str | None = None,
    points_split: str | None = None,
    shipping: str | None = None,
    not_redeemable: Collection[str] = (),
    not_earning: Collection[str] = (),
    balances: Any = None,
    balances_at: Any = None,
    dates: str | None = None,
    numbers: str | None = None,
    rounding: str | None = None,
    keep_status: Collection[str] = (),
    sheet: str | None = None,
    encoding: str | None = None,
    header_row: int | None = None,
    key_file: str | Path | None = None,
    progress: Progress | None = None,
) -> OrdersReport:
    """Read orders and say what was understood: every row, every rupee, and whatever had to be assumed.

    Parameters
    ----------
    source : path or URL, list of them, or pandas, Polars or Arrow table
        An export that is known (``data/layouts``), or any CSV, Parquet, Excel or JSON file, compressed (gz, zip) or
        not, or any table with an Arrow interface. A folder, a pattern or a list of files counts as one shop.
    currency : str, optional
        ISO 4217 code; needed where orders are in several currencies, the others of which are left out. Where neither a
        column nor signs beside the amounts name it, INR.
    timezone : str, optional
        IANA name of the zone of times that name none. Left out, ``Asia/Kolkata`` for INR and ``UTC`` otherwise.
    format : str, optional
        The name of a known export, such as ``shopify``, or ``plain``; left out, it is recognised by the columns.
    mapping : path or dict, optional
        A TOML file, or what it would hold, that says which column is which, see :mod:`nector_sim.orders.mapping`.
    rows : str, optional
        How orders are spread over rows: ``one``, ``first``, ``every`` or ``lines``; left out, as the export or the
        mapping says, else it is decided by the rows.
    points_code : str, optional
        Coupon codes that were points, with ``*`` for any letters and ``{amount}`` where the code has its amount: their
        discount is put back into ``cart_amount`` and kept as ``discount_given``.
    points_split : str, optional
        What of one discount amount is points, where another coupon stands beside the points code: ``points``,
        ``coupon`` (none of it), ``code`` (the amount in the code) or ``balances`` (what a row of the balances with the
        order's ``order_id`` and a ``discount`` says). Left out, the balances and the code say it; where neither does,
        such orders are refused.
    shipping : str, optional
        ``in`` counts shipping as part of the cart; ``out``, and left out, does not.
    not_redeemable, not_earning : collection of str
        SKUs, with ``*`` for any letters, of products that points may not pay, or that earn none: they
        decide ``eligible_amount`` and ``earning_amount``.
    balances : path, table or int, optional
        Customers and their points, see :func:`read_balances`; or one balance for all.
    balances_at : datetime or ISO 8601 text, optional
        The day of those balances; left out, the one that their file or its name says, else today. A replay runs them
        back to the first order (:func:`nector_sim.opening_from`), since they are not the balances at past orders.
    dates : str, optional
        ``dd/mm/yyyy``, ``mm/dd/yyyy``, ``yyyymmdd``, ``excel`` or ``epoch``; left out, all values decide.
    numbers : str, optional
        ``1,234.50`` or ``1.234,50``; left out, all values decide.
    rounding : str, optional
        ``half_up``, for amounts with more decimals than the currency has; left out, these are refused.
    keep_status : collection of str
        Statuses whose orders count, besides those that are known to count.
    sheet : str, optional
        An Excel file's sheet; left out, its first.
    encoding : str, optional
        Encoding of a text file, such as ``cp1252``; left out, it is found.
    header_row : int, optional
        Row with the names of the columns, 1 for the first; left out, it is found.
    key_file : path, optional
        The key of the hashes that stand for customers, made on first use; left out,
        ``.nector_sim/customer.key`` in the user's home.
    progress : callable, optional
        Called with the number of steps done, and of all steps.

    Returns
    -------
    OrdersReport
        ``print`` it for a one-page summary.

    Raises
    ------
    InputError
        If the source as a whole cannot be used, with what to do.

    Examples
    --------
    >>> report = inspect_orders(pd.DataFrame({"order_id": ["1", "2"], "cart_amount": ["500", "five hundred"]}))
    >>> len(report.orders), report.rejects["row"].tolist()
    (1, [2])
    """
    given, step = locals(), stages(5)
    own = _mapping(mapping)
    if own is not None and format is not None:
        raise InputError("a mapping says itself which column is which; leave the format out (format=, --format)")
    table = open_table(
        source,
        sheet=stated(own, "sheet", sheet),
        encoding=stated(own, "encoding", encoding),
        header_row=stated(own, "header_row", header_row),
    )
    layout = _layout(table, own, mapping, format, rows)
    own = layout.mapping  # of a known export, its file
    columns = layout.found(table.columns)
    choices = Choices(
        stated(own, "points_code", points_code),
        stated(own, "points_split", points_split),
        stated(own, "shipping", shipping),
        *(
            (one,) if isinstance(one, str) else one or stated(own, name, None) or ()
            for name, one in (("not_redeemable", not_redeemable), ("not_earning", not_earning))
        ),
    )
    _check_choices(choices)
    _drop_unused(columns, layout, choices)
    sheet_read, frame = _read_columns(table, columns, layout)
    step()
    folded = fold(frame, layout, _others(table, columns))
    step()

    kept = (keep_status,) if isinstance(keep_status, str) else keep_status
    orders = leave_out(folded.orders, layout, kept)
    money = [name for name in columns if name.split(".")[0] in _AMOUNTS]
    said = stated(own, "currency", currency) or table.currency
    chosen, orders, notes, is_known = choose_currency(orders, said, money)
    notes = [*folded.notes, *notes]
    written, more = _written(orders, money, own, dates, numbers, rounding, timezone, chosen)
    notes += more
    statuses = count_statuses(orders)
    left_out = orders.filter(pl.col("left_out").is_not_null())
    if folded.rows == "lines":
        layout = replace(layout, rows="lines")
        orders, alone = add_lines(
            orders.filter(pl.col("left_out").is_null()), layout, currency_decimals(chosen), written
        )
        left_out = pl.concat([left_out, alone.with_columns(left_out=pl.lit("refund_alone"))], how="diagonal_relaxed")
    if "refund_items" in orders.columns:
        orders = one_by_one(orders)
    notes += waiting_for_cash(left_out, layout)
    if layout.is_known and layout.keep and "status" not in columns:
        notes.append(
            "no column says whether an order was paid, so unpaid and voided orders count too, if there are any"
        )
    notes += not_read(table.columns, columns)

    phones = [name for name in columns if name.startswith("phone")]
    if spoiled := count_spoiled(orders, phones):
        notes.append(f"phones spoiled by a spreadsheet (9.19877E+11; format that column as text): {spoiled}")
    people = PERSONAL & {name.split(".")[0] for name in columns}
    used = name_customers(
        add_people(orders.filter(pl.col("left_out").is_null()), phones, chosen),
        key_file,
        are_names="name" in key(columns.get("customer_id", "")),
    )
    step()
    told = _balances(balances, written.numbers, chosen)
    spent = None
    if isinstance(told, Balances):
        spent = spent_on(told, used["order_id"], numbers=written.numbers, decimals=currency_decimals(chosen))
    elif choices.points_split == "balances":
        raise InputError("points_split='balances' takes what a table of balances says; give it: balances= (--balances)")
    read = tidy(used, folded.lines, layout, currency=chosen, written=written, choices=choices, spent=spent, now=_now())
    read.column["order_id"] = used["order_id"]
    step()
    if people:
        read.column["customer_id"] = used["customer"]
    day = None if balances_at is None else str(balances_at)
    if told is not None:
        read.column["points_balance"], more = join_balances(used, told)
        notes += more
    if isinstance(told, Balances) and day is None:
        day = told.day if told.day is not None else str(_now())
        notes.append(
            f"the balances are of {told.day}, {told.day_is}"
            if told.day is not None
            else f"{told.day_is}, so they are taken as today's; state the day: balances_at= (replay, sweep, compare: "
            "--balances-at DAY)"
        )
    report = account(
        read,
        folded,
        left_out,
        sheet_read,
        table=table,
        layout=layout,
        columns=columns,
        notes=[*table.notes, *layout.notes, *notes],
        command=_command(source, given),
        statuses=statuses,
        currency_is_known=is_known,
    )
    if isinstance(told, Balances):
        report.orders.attrs["balances_at"] = day
    step()
    return report


def _balances(source: Any, numbers: str, currency: str) -> Balances | int | None:
    """Balances as they were given: a table, or one number for all."""
    if source is None or (isinstance(source, int | np.integer) and not isinstance(source, bool)):
        if source is not None and not 0 <= source <= MAX_POINTS:
            raise InputError(f"balances={source}: one balance for all is from 0 to {MAX_POINTS:,} points")
        return None if source is None else int(source)
    return open_balances(source, numbers=None if numbers == "1234.50" else numbers, currency=currency)


#: Our columns of amounts, which say together how the file writes them.
_AMOUNTS = {
    "cart_amount", "items", "total", "shipping", "shipping_tax", "fees", "fee_tax", "coupon_amount", "refunded",
    "credits", "paid_amount", "discount_given", "refunded_amount", "eligible_amount", "earning_amount",
    "coupon_discount",
}  # fmt: skip
_MOMENTS = ("ordered_at", "refunded_at", "cancelled_at")


def _mapping(mapping: Any) -> Mapping | None:
    """The mapping of a file, or of what it would hold."""
    if mapping is None:
        return None
    return check_mapping(dict(mapping), "the mapping") if isinstance(mapping, dict) else load_mapping(mapping)


def _layout(table: Table, own: Mapping | None, mapping: Any, format: str | None, rows: str | None) -> Layout:
    """The layout of a table: as a mapping says, or a known one; with the caller's word on its rows."""
    if own is not None:
        layout = layout_of(own, Path(mapping).name if isinstance(mapping, str | Path) else "a mapping")
        check_columns(table, layout)
    else:
        layout = choose_layout(table, known_layouts(), format)
    for one in table.tables if isinstance(table, Several) else ():
        if absent := missing(layout, one.columns):
            raise InputError(
                f"{one.name} has no column {' or '.join(layout.columns[absent[0]])}, as the other files have, so "
                "it is no "
                f"{layout.name}; name the files of orders alone, or move it away"
            )
    if rows is not None and rows not in get_args(Rows):
        raise InputError(f"rows={rows!r} is not known; write one of {', '.join(map(repr, get_args(Rows)))}")
    return replace(layout, rows=cast(Rows, rows)) if rows is not None else layout


def _check_choices(choices: Choices) -> None:
    for name, value, known in (
        ("shipping", choices.shipping, SHIPPING),
        ("points_split", choices.points_split, POINTS_SPLIT),
    ):
        if value is not None and value not in known:
            raise InputError(f"{name}={value!r} is not known; write one of {', '.join(map(repr, known))}")
    if choices.points_split == "code" and "{amount}" not in (choices.points_code or ""):
        raise InputError(
            "points_split='code' takes the amount in the points code; say where it is: points_code='NECTOR-{amount}-*'"
        )


def _drop_unused(columns: dict[str, str], layout: Layout, choices: Choices) -> None:
    """Leave out the columns of lines that nothing asks for."""
    products = bool(choices.not_redeemable or choices.not_earning)
    if choices.points_code is None and not products:
        columns.pop("line_price", None)
    if not products:
        columns.pop("line_sku", None)
        columns.pop("line_discount", None)
        columns.pop("line_total", None)
    if layout.rows != "lines" and not {"line_cost", "line_price"} & set(columns):
        columns.pop("line_quantity", None)


def _read_columns(table: Table, columns: dict[str, str], layout: Layout) -> tuple[Sheet, pl.DataFrame]:
    """Read the columns, under our names: a date joined to its time, and the order's number out of what has more."""
    sheet = table.read(list(dict.fromkeys(columns.values())))
    frame = sheet.frame.select(_text(sheet.frame[theirs], ours) for ours, theirs in columns.items())
    if "ordered_at.1" in frame.columns:
        joined = pl.concat_str(
            [pl.col(name).cast(pl.String).str.strip_chars() for name in ("ordered_at", "ordered_at.1")],
            separator=" ", ignore_nulls=True,
        )  # fmt: skip
        # A spreadsheet's date has a midnight of its own, and its time a day.
        plain = joined.str.replace(r" 00:00:00(?:\.0+)? ", " ").str.replace(r" 1899-12-3[01] ", " ")
        frame = frame.with_columns(ordered_at=pl.when(plain != "").then(plain)).drop("ordered_at.1")
    if layout.order_id_pattern is not None and "order_id" in frame.columns:
        number = pl.col("order_id").str.extract(layout.order_id_pattern)
        frame = frame.with_columns(order_id=number.fill_null(pl.col("order_id")))
    frame = frame.with_columns(row=pl.Series(sheet.row))
    return sheet, frame if sheet.file is None else frame.with_columns(file=sheet.file)


def _others(table: Table, columns: Mapping_[str, str]) -> Others:
    """The columns that were not read, for some rows."""

    def read(rows: pl.Series) -> pl.DataFrame:
        used = set(columns.values())
        names = [name for name in dict.fromkeys(table.columns) if name not in used and table.columns.count(name) == 1]
        try:
            again = table.read(names) if names else None
        except InputError:  # a column of lists or records, which says nothing of rows
            again = None
        if again is None:
            return pl.DataFrame()
        frame = again.frame.select(names).with_columns(row=pl.Series(again.row))
        there = pl.DataFrame({"row": rows}).join(frame, on="row", how="left", maintain_order="left")
        return other_columns(there.drop("row"))

    return read


def _written(
    orders: pl.DataFrame,
    money: list[str],
    own: Mapping | None,
    dates: str | None,
    numbers: str | None,
    rounding: str | None,
    timezone: str | None,
    currency: str,
) -> tuple[Written, list[str]]:
    """How the file writes amounts and dates: as somebody says, else as all values decide."""
    zone = stated(own, "timezone", timezone) or ("Asia/Kolkata" if currency == "INR" else "UTC")
    said = [
        stated(own, name, given) for name, given in (("numbers", numbers), ("dates", dates), ("rounding", rounding))
    ]
    check_written(Written(said[0] or "1234.50", said[1] or "yyyy-mm-dd", zone, said[2]))
    # A known export says how it is written elsewhere; where a person opened it in a spreadsheet, its values do.
    is_export = own is not None and bool(own.signs)
    number_style, number_note = decide_numbers([orders[name] for name in money], said[0])
    try:
        date_style, date_note = decide_dates([orders[name] for name in _MOMENTS if name in orders.columns], said[1])
    except InputError:
        if dates is not None or not is_export:
            raise
        date_style, date_note = decide_dates([orders[name] for name in _MOMENTS if name in orders.columns], None)
    notes = [note for note in (number_note, date_note) if note]
    return Written(number_style, date_style, zone, said[2]), notes


def _command(source: Any, given: Mapping_[str, Any]) -> str:
    """The arguments of a command that reads the file in the same way; tables in memory have none."""
    sources = source if isinstance(source, list | tuple) else [source]
    if not all(isinstance(one, str | Path) for one in sources):
        return ""
    words = []
    for name in _OPTIONS:
        value = given[name]
        values = (
            [value] if isinstance(value, str | Path | int) else sorted(value) if isinstance(value, Collection) else []
        )
        words += [
            f"--{name.replace('_', '-')} {shlex.quote(str(one))}" for one in values if not isinstance(value, dict)
        ]
    return " ".join([*(shlex.quote(str(one)) for one in sources), *words])


#: The keywords of :func:`inspect_orders` that are options of the command line, too, under the same names.
_OPTIONS = (
    "format", "mapping", "rows", "points_code", "points_split", "shipping", "not_redeemable", "not_earning", "balances",
    "dates", "numbers", "rounding", "keep_status", "sheet", "encoding", "header_row", "key_file",
)  # fmt: skip


def _text(values: pl.Series, ours: str) -> pl.Series:
    return (as_text(values) if ours.split(".")[0] in _TEXTS else values).alias(ours)


def _now() -> datetime:
    return datetime.now(UTC)
