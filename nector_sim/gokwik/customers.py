"""Customers from a file: a list of one's own, or the balances at the end of a replay."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nector_sim.errors import InputError, Problem
from nector_sim.frames.masking import shown_id
from nector_sim.gokwik.wire import MAX_ID
from nector_sim.orders.identity import phone_of
from nector_sim.rules.money import MAX_POINTS, from_minor, to_minor
from nector_sim.rules.values import is_blank, read_decimal

if TYPE_CHECKING:
    import pyarrow as pa

#: Problems that a message lists; it says how many more there are.
SHOWN = 20


class Customer(NamedTuple):
    """A customer with opening balances; points may be negative, an overdraft; credits are in major units."""

    customer_id: str
    points_balance: int
    mobile: str | None = None
    credits: int | float | Decimal | str = 0
    tier: str | None = None


def read_customers(path: str | Path, *, decimals: int) -> list[Customer]:
    """Read customers from a CSV or Parquet file.

    Parameters
    ----------
    path : str or pathlib.Path
        With ``customer_id`` and ``points_balance`` (a fraction is floored; it may be negative, an overdraft);
        optional ``mobile``, ``credits`` (major units) and ``tier``. Other columns are not used.
    decimals : int
        Decimals of the currency.

    Returns
    -------
    list of Customer

    Raises
    ------
    InputError
        Naming every row that cannot be used.
    """
    from nector_sim.batch.files import read_table

    return customers_of(read_table(path), decimals=decimals, source=str(path))


def customers_of(table: pa.Table, *, decimals: int, source: str = "the customers") -> list[Customer]:
    """Read customers from a table; columns and errors as :func:`read_customers`."""
    missing = [name for name in ("customer_id", "points_balance") if name not in table.column_names]
    if missing:
        raise InputError(f"{source} cannot be used:", [Problem(name, "is missing; add the column") for name in missing])
    columns = {name: table.column(name).to_pylist() for name in Customer._fields if name in table.column_names}
    return _read(columns, table.num_rows, decimals=decimals, source=source)


def checked(customers: Sequence[Customer], *, decimals: int) -> list[Customer]:
    """Check customers that were made in Python as those of a file are; errors as :func:`read_customers`."""
    columns = {name: [getattr(customer, name) for customer in customers] for name in Customer._fields}
    return _read(columns, len(customers), decimals=decimals, source="the customers")


def _read(columns: dict[str, list[Any]], rows: int, *, decimals: int, source: str) -> list[Customer]:
    readers: dict[str, Callable[[Any], Any]] = {
        "customer_id": _id,
        "points_balance": _balance,
        "mobile": lambda value: None if value is None else _id(value),
        "credits": lambda value: from_minor(0 if value is None else to_minor(value, decimals), decimals),
        "tier": lambda value: None if value is None else str(value),
    }
    problems: list[Problem] = []
    customers = []
    for row in range(rows):
        fields = {}
        for name, values in columns.items():
            try:
                fields[name] = readers[name](_present(values[row]))
            except ValueError as error:
                problems.append(Problem(f"row {row + 1}, {name}", str(error)))
        if len(fields) == len(columns):
            customers.append(Customer(**fields))
    for name, seen in (
        ("customer_id", Counter(customer.customer_id for customer in customers)),
        ("mobile", Counter(phone_of(one.mobile) or one.mobile for one in customers if one.mobile is not None)),
    ):
        problems += [
            Problem(
                name, f"{shown_id(value)!r} occurs {count} times; each customer has a row and a {name} of their own"
            )
            for value, count in seen.items()
            if count > 1
        ]
    if problems:
        more = [Problem("", f"and {len(problems) - SHOWN} more")] if len(problems) > SHOWN else []
        raise InputError(f"{source} cannot be used:", problems[:SHOWN] + more)
    return customers


def _present(value: Any) -> Any:
    return None if is_blank(value) else value


def _id(value: Any) -> str:
    if value is None:
        raise ValueError("is missing; fill it in")
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    if len(text) > MAX_ID or not text.isprintable():
        raise ValueError(f"is not an id: it has more than {MAX_ID} characters, or some that cannot be printed")
    return text


def _balance(value: Any) -> int:
    if value is None:
        raise ValueError("is missing; fill in the number of points")
    points = read_decimal(value)
    if abs(points) > MAX_POINTS:
        raise ValueError(f"is too large; a number of points is at most {MAX_POINTS}")
    return math.floor(points)
