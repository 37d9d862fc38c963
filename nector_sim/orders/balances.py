"""Balances, which shop exports do not hold: a table of customers joined to the orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from nector_sim.errors import InputError, Problem
from nector_sim.frames.checks import SHOWN
from nector_sim.frames.files import open_table
from nector_sim.frames.masking import shown
from nector_sim.frames.styles import decide_dates, decide_numbers
from nector_sim.frames.written import Dates, Numbers, Written, amounts, points, times, without_signs
from nector_sim.orders.identity import GUEST, add_people, as_text, name_customers
from nector_sim.orders.layouts import Layout, Names, check_columns
from nector_sim.orders.snapshots import NO_DAY, day_in_name
from nector_sim.places import Place
from nector_sim.results import count
from nector_sim.rules.files import read_fields
from nector_sim.rules.times import NO_TIME

#: A thousand years.
_MOST_DAYS = 365_250

#: A table of customers: the merchant's own, Nector's page of customers, or what Nector imports.
BALANCES = Layout(
    name="balances",
    columns={
        "customer_id": ("customer_id", "lead_id", "Customer ID", "customer", "Client no"),
        "email": ("email", "customer_email", "Email Address", "E-mail"),
        **{
            f"phone.{at}" if at else "phone": names
            for at, names in enumerate(
                (
                    ("mobile", "Customer Mobile", "Mobile Number", "Mobile No"),
                    ("phone", "customer_phone", "Phone Number", "Customer Phone", "Contact Number", "WhatsApp Number"),
                )
            )
        },
        "points": (
            "points", "points_balance", "coins", "balance", "Available Coins", "Available Points", "Coins Balance",
            "Coin Balance", "Wallet Balance", "Current Balance", "Loyalty Points", "Reward Points", "Points Available",
        ),
        "operation": ("operation",),
        "expire_in_days": ("expire_in_days",),
        "as_of": ("as_of", "Snapshot Date", "Balance Date", "Exported At"),
        "order_id": ("order_id", "Order ID", "Order Number", "Order Name"),
        "discount": ("discount", "fiat_value", "discount_given", "Discount Amount", "Coupon Value", "Redeemed Value"),
    },
    signs=("points",),
    needed=("points",),
    cart=(),
    cart_words="",
)  # fmt: skip


class BalancesMapping(BaseModel):
    """A mapping file of balances: which column is which."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    columns: dict[str, str]
    """``points``, and ``customer_id``, ``email`` or ``phone``; where they are, ``operation``, ``expire_in_days``,
    ``as_of``, the day of the balances, and ``order_id`` with ``discount``, what points took off an order.
    ``A | B`` takes the first of several names that is there."""
    numbers: Numbers | None = None
    """How numbers are written; left out, it is decided from all of them."""
    dates: Dates | None = None
    """How ``as_of`` is written; left out, it is decided."""
    currency: str | None = None
    """Of the shop, whose country phones without a country code belong to."""
    sheet: str | None = None
    """Sheet of an Excel workbook; left out, the first."""
    encoding: str | None = None
    """Encoding of a text file; left out, it is found."""
    header_row: int | None = None
    """Row with the names of the columns; left out, it is found."""


def load_balances_mapping(mapping: Any) -> BalancesMapping:
    """Read a mapping of balances, a TOML file or what it would hold."""
    what = "the mapping" if isinstance(mapping, dict) else f"the mapping {mapping}"
    data = mapping if isinstance(mapping, dict) else read_fields(mapping, "a mapping")
    try:
        read = BalancesMapping.model_validate(data)
    except ValidationError as error:
        problems = [Problem(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
        raise InputError(f"{what} cannot be used for balances:", problems) from None
    if wrong := [name for name in read.columns if name not in BALANCES.columns]:
        names = ", ".join(name for name in BALANCES.columns if "." not in name)
        raise InputError(f"{what}: {', '.join(wrong)} is no column of balances; write one of {names}")
    if "points" not in read.columns:
        raise InputError(f"{what} does not say which column has the points: columns.points")
    return read


def is_balances(columns: Sequence[str]) -> bool:
    """Whether a table with these columns is one of customers and their points, and not one of orders."""
    found = BALANCES.found(columns)
    return "points" in found and bool(set(found) & _PEOPLE) and not Names(columns).like("cart_amount")


_PEOPLE = {"customer_id", "email", "phone", "phone.1"}
_WHO = ("customer_id", "who_phone", "who_email")


def read_balances(
    source: Any,
    *,
    as_of: Any = None,
    key_file: str | Path | None = None,
    numbers: str | None = None,
    mapping: Any = None,
    currency: str | None = None,
) -> pd.DataFrame:
    """Read a table of customers and their points, as opening balances of a replay.

    Parameters
    ----------
    source : path or URL, or pandas, Polars or Arrow table
        ``customer_id`` (or Nector's ``lead_id``), ``email``, ``mobile``: one of the three in each row; ``points``;
        ``operation`` (``cr`` where blank; ``dr`` takes away, as a negative number does) and ``expire_in_days``, as
        Nector imports them, if there.
    as_of : datetime or ISO 8601 text, optional
        The day from which ``expire_in_days`` counts; left out, a column ``as_of`` says it, else a date in the file's
        name that can be read in one way (``balances_2026-09-30.csv``); without any, points come without their expiry.
    key_file : path, optional
        As in :func:`inspect_orders`, so that the same customer has the same id.
    numbers : str, optional
        As in :func:`inspect_orders`.
    mapping : path or dict, optional
        A TOML file that says which column is which: ``[columns]`` with ``points`` and one of ``customer_id``, ``email``
        and ``phone``.
    currency : str, optional
        Currency of the orders; phones without a country code belong to its country. Left out, INR.

    Returns
    -------
    pandas.DataFrame, shape (rows, 2 or 3)
        ``customer_id`` (phones and e-mail addresses as keyed hashes), ``points`` (taken away: negative), and
        ``expires_at`` where the day is known and the table has ``expire_in_days``. Several rows of a customer are
        separate lots. ``.attrs["as_of"]`` is the day of the balances, where it is known, and ``.attrs["as_of_is"]`` who
        says so, or why nothing does.

    Raises
    ------
    InputError
        If a column is missing or rows cannot be read.

    Examples
    --------
    >>> table = pd.DataFrame({"customer_id": ["a1", "a2"], "points": [250, 40]})
    >>> read_balances(table).values.tolist()
    [['a1', 250], ['a2', 40]]
    """
    told = open_balances(source, numbers=numbers, mapping=mapping, currency=currency)
    as_of = told.day if as_of is None else as_of
    rows = name_customers(told.rows, key_file)
    frame = pd.DataFrame({"customer_id": rows["customer"].to_list(), "points": rows["points"].to_numpy()})
    if as_of is not None and "days" in rows.columns:
        day = times(pl.Series([str(as_of)]), Written("1234.50", "yyyy-mm-dd", "UTC"))
        if day.refused:
            raise InputError(f"as_of={str(as_of)!r} {day.refused[0]}")
        start = pd.Timestamp(day.numbers[0], unit="us", tz="UTC")
        frame["expires_at"] = start + pd.to_timedelta(pd.Series(rows["days"].to_list(), dtype="Int64"), unit="D")
    if as_of is not None:
        frame.attrs["as_of"] = str(as_of)
    frame.attrs["as_of_is"] = told.day_is if as_of is told.day else "as stated"
    return frame


class Balances(NamedTuple):
    """A table of balances, as it was read.

    Attributes
    ----------
    rows : polars.DataFrame
        ``points``, and how the customers are known; ``order_id`` and ``discount`` of rows that say what points took
        off an order, if the table has them.
    day : str or None
        The day that they are of, where the table or its name says it.
    day_is : str
        Who says so, or why nothing does.
    """

    rows: pl.DataFrame
    day: str | None
    day_is: str


def spent_on(told: Balances, orders: pl.Series, *, numbers: str, decimals: int) -> list[int | None]:
    """What points took off each order, in minor units, where the rows of balances say it; else None."""
    if not {"order_id", "discount"} <= set(told.rows.columns):
        return [None] * len(orders)
    discount = amounts(without_signs(told.rows["discount"])[0], decimals, Written(numbers, "yyyy-mm-dd", "UTC"))
    name = pl.col("order_id").str.strip_chars_start("#")  # Shopify's own sign before an order's number
    known = np.ones(told.rows.height, np.bool_)
    known[list(discount.refused)] = False
    sums = (
        told.rows.select(name, spent=pl.Series(discount.numbers))
        .filter(pl.Series(known))
        .drop_nulls("order_id")
        .group_by("order_id")
        .agg(pl.col("spent").sum())
    )
    wanted = orders.cast(pl.String).alias("order_id").to_frame().select(name)
    return wanted.join(sums, on="order_id", how="left", maintain_order="left")["spent"].to_list()


def join_balances(orders: pl.DataFrame, told: Balances | int) -> tuple[pl.Series, list[str]]:
    """Find each order's balance."""
    if isinstance(told, int):
        return pl.Series([told] * orders.height, dtype=pl.Int64), [
            f"every order is given {count(told, 'point')}, as stated"
        ]
    rows = told.rows
    matches: list[pl.Expr] = []
    for ours, theirs in (("customer_id", "customer_id"), ("who_phone", "who_phone"), ("who_email", "who_email")):
        if ours not in orders.columns or theirs not in rows.columns:
            continue
        # A row with phone and e-mail address is one balance that can be found by either.
        sums = rows.drop_nulls(theirs).group_by(theirs).agg(pl.col("points").sum().alias(f"by_{ours}"))
        orders = orders.join(sums, left_on=ours, right_on=theirs, how="left", maintain_order="left")
        matches.append(pl.col(f"by_{ours}"))
    # One customer has one balance, though their orders may carry several e-mail addresses.
    balance = pl.coalesce(match.drop_nulls().first().over("customer") for match in matches)
    orders = orders.with_columns(points=pl.when(pl.col("customer").is_not_null()).then(balance))
    known = orders.filter(~pl.col("customer").str.starts_with(GUEST).fill_null(True))
    customers = known.select("customer", "points").unique()
    without = int(customers["points"].is_null().sum())
    if without == customers.height and orders.height:
        raise InputError(
            "no customer of the orders is in the balances",
            [Problem("", "both must know customers in the same way: by customer_id, phone (mobile) or email")],
        )
    nobody = rows.filter(pl.all_horizontal(pl.col(name).is_null() for name in _WHO if name in rows.columns))
    below = int((customers["points"] < 0).sum())
    notes = [
        f"balances found for {customers.height - without} of {count(customers.height, 'customer')}; the others have 0"
    ]
    notes += (
        [f"rows of balances without a phone of the country or an e-mail address: {len(nobody)}"] if len(nobody) else []
    )
    notes += [f"customers with a negative balance, which redeems nothing: {below}"] if below else []
    return orders["points"].fill_null(0), notes


def open_balances(
    source: Any, *, numbers: str | None = None, mapping: Any = None, currency: str | None = None
) -> Balances:
    """Read the rows of a table of balances, and the day that they are of; see :func:`read_balances`."""
    own = load_balances_mapping(mapping) if mapping is not None else None
    how = {name: getattr(own, name) for name in ("sheet", "encoding", "header_row")} if own is not None else {}
    table = open_table(source, what="balances", **how)
    layout = BALANCES
    if own is not None:
        columns = {ours: tuple(part.strip() for part in theirs.split(" | ")) for ours, theirs in own.columns.items()}
        layout = replace(BALANCES, columns=columns, needed=tuple(columns))
    check_columns(table, layout)
    names = layout.found(table.columns)
    if not _PEOPLE & set(names):
        raise InputError(
            f"{table.name} has no column customer_id (lead_id), email or mobile; add one of them, or say which it "
            "is in a "
            "mapping: nector-sim check FILE --propose --out balances.toml"
        )
    sheet = table.read(list(dict.fromkeys(names.values())))
    frame = sheet.frame.select(sheet.frame[name].alias(ours) for ours, name in names.items())
    who = [name for name in frame.columns if name.split(".")[0] in ("customer_id", "email", "phone")]
    frame = frame.with_columns(
        as_text(frame[name]).alias(name) for name in [*who, *({"operation", "order_id"} & set(frame.columns))]
    )
    empty = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    frame, row = frame.filter(~empty), sheet.row[~empty.to_numpy()]
    sizes, taken = without_signs(frame["points"])
    numbers, _ = decide_numbers([sizes], numbers or (own.numbers if own is not None else None))
    written = Written(numbers, "yyyy-mm-dd", "UTC")
    column = points(sizes, written)
    problems = [
        (int(row[at]), f"points {reason} (it says {shown(frame['points'][at])})")
        for at, reason in column.refused.items()
    ]
    if "operation" in frame.columns:
        operation = frame["operation"].str.to_lowercase().fill_null("cr")
        removed = (operation == "dr").to_numpy()
        problems += [
            (int(row[at]), "points are negative and operation is dr; one of the two takes away")
            for at in np.flatnonzero(removed & taken)
        ]
        taken = taken | removed
        problems += [
            (int(row[at]), "operation is neither cr nor dr")
            for at in np.flatnonzero(~operation.is_in(["cr", "dr"]).to_numpy())
        ]
    nobody = frame.select(pl.all_horizontal(pl.col(name).is_null() for name in who)).to_series()
    problems += [(int(row[at]), "has no customer_id, email or mobile") for at in np.flatnonzero(nobody.to_numpy())]
    frame = frame.with_columns(points=pl.Series(np.where(taken, -column.numbers, column.numbers), dtype=pl.Int64))
    if "expire_in_days" in frame.columns:
        days = points(frame["expire_in_days"], written, blank=-1)
        problems += [(int(row[at]), f"expire_in_days {reason}") for at, reason in days.refused.items()]
        problems += [
            (int(row[at]), "expire_in_days is more than a thousand years; leave it blank for points that stay")
            for at in np.flatnonzero(days.numbers > _MOST_DAYS)
        ]
        frame = frame.with_columns(days=pl.Series(days.numbers).replace(-1, None))
    problems += sheet.broken
    if problems:
        shown_problems = [Problem(f"row {number}", what) for number, what in sorted(problems)[:SHOWN]]
        if len(problems) > SHOWN:
            shown_problems.append(Problem("", f"and {len(problems) - SHOWN} more"))
        raise InputError(
            f"{table.name}: {count(len(problems), 'row')} of balances cannot be used; fix them:", shown_problems
        )
    currency = currency or (own.currency if own is not None else None) or "INR"
    people = add_people(frame, [name for name in who if name.startswith("phone")], currency)
    day = _day_of(frame, own.dates if own is not None else None)
    if day is not None:
        return Balances(people, day, "as a column of the balances says")
    return Balances(
        people,
        *(day_in_name(Place.of(source).name) if isinstance(source, str | Path) else (None, NO_DAY)),
    )


def _day_of(frame: pl.DataFrame, dates: str | None) -> str | None:
    """The latest day that the column ``as_of`` says, as ISO 8601 text."""
    if "as_of" not in frame.columns:
        return None
    style, _ = decide_dates([frame["as_of"]], dates)
    days = times(frame["as_of"], Written("1234.50", style, "UTC"), optional=True)
    if days.refused:
        raise InputError(f"the balances' day in as_of {next(iter(days.refused.values()))}")
    known = days.numbers[days.numbers != NO_TIME]
    return str(pd.Timestamp(int(known.max()), unit="us", tz="UTC").isoformat()) if len(known) else None
