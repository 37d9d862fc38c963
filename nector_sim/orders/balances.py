"""Balances, which shop exports do not hold: a table of customers joined to the orders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from nector_sim.errors import InputError, Problem
from nector_sim.frames.checks import SHOWN
from nector_sim.frames.files import open_table
from nector_sim.frames.masking import shown
from nector_sim.frames.written import Written, points, times
from nector_sim.orders.identity import add_people, as_text, default_key_file, name_customers
from nector_sim.orders.layouts import Layout, check_columns
from nector_sim.rules.money import MAX_POINTS

#: A thousand years.
_MOST_DAYS = 365_250

#: A table of customers: the merchant's own, or what Nector imports.
BALANCES = Layout(
    name="balances",
    columns={
        "customer_id": ("customer_id", "lead_id", "Customer ID"),
        "email": ("email", "Email", "customer_email"),
        "phone": ("mobile", "phone", "Phone", "customer_phone"),
        "points": ("points", "points_balance", "coins", "balance"),
        "operation": ("operation",),
        "expire_in_days": ("expire_in_days",),
    },
    signs=(),
    needed=("points",),
    cart=(),
    cart_words="",
)


_WHO = ("customer_id", "who_phone", "who_email")


def read_balances(
    source: Any, *, as_of: Any = None, key_file: str | Path | None = None, numbers: str | None = None
) -> pd.DataFrame:
    """Read a table of customers and their points, as opening balances of a replay.

    Parameters
    ----------
    source : path, or pandas, Polars or Arrow table
        ``customer_id`` (or Nector's ``lead_id``), ``email``, ``mobile``: one of the three in each row; ``points``;
        ``operation`` (``cr`` where blank; ``dr`` takes away, as a negative number does) and ``expire_in_days``, as
        Nector imports them, if there.
    as_of : datetime or ISO 8601 text, optional
        The day from which ``expire_in_days`` counts; without it, points come without their expiry.
    key_file : path, optional
        As in :func:`inspect_orders`, so that the same customer has the same id.
    numbers : str, optional
        As in :func:`inspect_orders`.

    Returns
    -------
    pandas.DataFrame, shape (rows, 2 or 3)
        ``customer_id`` (phones and e-mail addresses as keyed hashes), ``points`` (taken away: negative), and
        ``expires_at`` where `as_of` is given and the table has ``expire_in_days``. Several rows a customer are lots.

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
    rows = name_customers(_read(source, numbers), Path(key_file) if key_file is not None else default_key_file())
    frame = pd.DataFrame({"customer_id": rows["customer"].to_list(), "points": rows["points"].to_numpy()})
    if as_of is not None and "days" in rows.columns:
        day = times(pl.Series([str(as_of)]), Written("1234.50", "yyyy-mm-dd", "UTC"))
        if day.refused:
            raise InputError(f"as_of={str(as_of)!r} {day.refused[0]}")
        start = pd.Timestamp(day.numbers[0], unit="us", tz="UTC")
        frame["expires_at"] = start + pd.to_timedelta(pd.Series(rows["days"].to_list(), dtype="Int64"), unit="D")
    return frame


def join_balances(orders: pl.DataFrame, source: Any, *, numbers: str) -> tuple[pl.Series, list[str]]:
    """Find each order's balance.

    Parameters
    ----------
    orders : polars.DataFrame, shape (n, any)
        With ``customer``, ``who_phone``, ``who_email``, and perhaps ``customer_id``.
    source : int, path or table
        One balance for all, or a table as in :func:`read_balances`.
    numbers : str
        How numbers are written.

    Returns
    -------
    balances : polars.Series of int, shape (n,)
        The sum of a customer's rows; 0 for customers without any.
    notes : list of str
    """
    if isinstance(source, int | np.integer) and not isinstance(source, bool):
        if not 0 <= source <= MAX_POINTS:
            raise InputError(f"balances={source}: one balance for all is from 0 to {MAX_POINTS:,} points")
        return pl.Series([int(source)] * orders.height, dtype=pl.Int64), [
            f"every order is given {source} points, as stated"
        ]
    rows = _read(source, numbers)
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
    customers = orders.drop_nulls("customer").select("customer", "points").unique()
    without = int(customers["points"].is_null().sum())
    if without == customers.height and orders.height:
        raise InputError(
            "no customer of the orders is in the balances",
            [Problem("", "both must know customers in the same way: by customer_id, phone (mobile) or email")],
        )
    nobody = rows.filter(pl.all_horizontal(pl.col(name).is_null() for name in _WHO if name in rows.columns))
    below = int((customers["points"] < 0).sum())
    notes = [f"balances found for {customers.height - without} of {customers.height} customers; the others have 0"]
    notes += (
        [f"rows of balances without a phone of ten digits or an e-mail address: {len(nobody)}"] if len(nobody) else []
    )
    notes += [f"customers with a negative balance, which redeems nothing: {below}"] if below else []
    return orders["points"].fill_null(0), notes


def _read(source: Any, numbers: str | None) -> pl.DataFrame:
    table = open_table(source, what="balances")
    check_columns(table, BALANCES)
    found = BALANCES.found(table.columns)
    if not {"customer_id", "email", "phone"} & set(found):
        raise InputError(f"{table.name} has no column customer_id (lead_id), email or mobile; add one of them")
    names = {
        ours if not position else f"{ours}.{position}": name
        for ours, there in found.items()
        for position, name in enumerate(there)
    }
    sheet = table.read(list(names.values()))
    frame = sheet.frame.rename({name: ours for ours, name in names.items()})
    who = [name for name in frame.columns if name.split(".")[0] in ("customer_id", "email", "phone")]
    frame = frame.with_columns(
        as_text(frame[name]).alias(name) for name in [*who, *({"operation"} & set(frame.columns))]
    )
    empty = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    frame, row = frame.filter(~empty), sheet.row[~empty.to_numpy()]
    written = Written(numbers or "1234.50", "yyyy-mm-dd", "UTC")
    sizes, taken = _signed(frame["points"])
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
        raise InputError(f"{table.name}: {len(problems)} rows of balances cannot be used; mend them:", shown_problems)
    return add_people(frame, [name for name in who if name.startswith("phone")])


def _signed(values: pl.Series) -> tuple[pl.Series, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Numbers without their sign, and which of them are negative: those take points away."""
    if values.dtype == pl.String:
        bare = values.str.strip_chars()
        return bare.str.replace(r"^-([^-])", "${1}"), bare.str.contains(r"^-[^-]").fill_null(False).to_numpy()
    if not values.dtype.is_numeric():
        return values, np.zeros(len(values), np.bool_)
    negative = (values < 0).fill_null(False)
    return values.to_frame("v").select(
        pl.when(negative).then(-pl.col("v")).otherwise("v")
    ).to_series(), negative.to_numpy()
