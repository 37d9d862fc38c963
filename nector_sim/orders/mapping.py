"""A small TOML file that says once which column of a table is which.

.. code-block:: toml

    rows = "one"                        # or "first", "every": how an order of several rows lies in them
    currency = "INR"
    dates = "dd/mm/yyyy"
    numbers = "1,234.50"
    keep_status = ["delivered"]         # where a status column is named: orders of other statuses are left out

    [columns]
    order_id = "Invoice no"
    ordered_at = "Date"
    phone = "Mobile"
    cart_amount = ["Total", "-Freight"] # columns to add up, or to take away
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from nector_sim.errors import InputError, Problem
from nector_sim.frames.written import Dates, Numbers
from nector_sim.orders.layouts import HOUSE_COLUMNS, SHOP_COLUMNS, Layout, Rows
from nector_sim.rules.toml import read_toml

#: What a mapping may name: all columns of orders, and those of a shop from which they are worked out.
NAMES = (*HOUSE_COLUMNS, *(name for name in SHOP_COLUMNS if name != "items"))


class Mapping(BaseModel):
    """A mapping file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    columns: dict[str, str | list[str]]
    rows: Rows = "one"
    currency: str | None = None
    timezone: str | None = None
    dates: Dates | None = None
    numbers: Numbers | None = None
    sheet: str | None = None
    points_code: str | None = None
    keep_status: list[str] = []


def load_mapping(path: str | Path) -> Mapping:
    """Read a mapping file.

    Raises
    ------
    InputError
        Naming everything in it that is wrong.
    """
    path = Path(path)
    try:
        data = read_toml(path)
    except OSError as error:
        raise InputError(f"the mapping {path} cannot be opened: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"the mapping {path} is not TOML: {error}") from None
    try:
        mapping = Mapping.model_validate(data)
    except ValidationError as error:
        problems = [Problem(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
        raise InputError(f"the mapping {path} cannot be used:", problems) from None
    problems = [
        Problem(f"columns.{name}", f"is no column of orders{_near(name)}; write one of {', '.join(NAMES)}")
        for name in mapping.columns
        if name not in NAMES
    ]
    problems += [
        Problem(f"columns.{name}", "takes one column; cart_amount alone adds several, and phone looks into several")
        for name, theirs in mapping.columns.items()
        if isinstance(theirs, list) and name not in ("cart_amount", "phone")
    ]
    if "cart_amount" not in mapping.columns:
        problems.append(
            Problem("columns.cart_amount", "is missing; name the basket after other coupons, before points")
        )
    if problems:
        raise InputError(f"the mapping {path} cannot be used:", problems)
    return mapping


def layout_of(mapping: Mapping, path: str | Path) -> Layout:
    """The layout that a mapping describes."""
    columns: dict[str, tuple[str, ...]] = {}
    cart: list[tuple[str, int]] = []
    for ours, theirs in mapping.columns.items():
        names = [theirs] if isinstance(theirs, str) else theirs
        if ours != "cart_amount":
            columns[ours] = tuple(names)
            continue
        for position, name in enumerate(names):
            columns[f"cart_amount.{position}"] = (name.removeprefix("-").strip(),)
            cart.append((f"cart_amount.{position}", -1 if name.startswith("-") else 1))
    return Layout(
        name=f"columns as in {Path(path).name}",
        columns=columns,
        signs=(),
        needed=tuple(columns),
        cart=tuple(cart),
        cart_words=" ".join(("+ " if sign > 0 else "- ") + columns[name][0] for name, sign in cart).removeprefix("+ "),
        rows=mapping.rows,
        keep=frozenset(status.lower() for status in mapping.keep_status),
    )


def _near(name: str) -> str:
    near = difflib.get_close_matches(name, NAMES, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def stated(mapping: Mapping | None, name: str, given: Any) -> Any:
    """What the caller says, else what the mapping says."""
    return given if given is not None or mapping is None else getattr(mapping, name)
