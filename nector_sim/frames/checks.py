"""Which rows of orders can be used, and why the others can not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nector_sim.calculator.loops import Columns
from nector_sim.calculator.quote import ABOVE_THE_CART
from nector_sim.errors import InputError, OrdersError, Problem
from nector_sim.frames.columns import (
    NOT_ASKED,
    Column,
    as_array,
    count_odd_points,
    is_exact,
    read_money,
    read_points,
    read_times,
    read_yes_or_no,
)
from nector_sim.frames.currency import CURRENCY, read_currency, refuse_currency
from nector_sim.frames.kinds import as_frame, in_memory, like, picked
from nector_sim.frames.masking import shown_names
from nector_sim.results import count
from nector_sim.rules.known import refuse_columns
from nector_sim.rules.money import MAX_MINOR
from nector_sim.rules.program import Program, ProgramLike, as_program
from nector_sim.rules.values import is_blank

if TYPE_CHECKING:
    import pandas as pd

#: Columns that decide and are read here, or belong to the ledger and the margin, which read them.
KNOWN_COLUMNS = (
    "cart_amount",
    "points_balance",
    "credits",
    "eligible_amount",
    "coupon_discount",
    "points_requested",
    "tier",
    "ordered_at",
    "redeems",
    "refunded_at",
    "refunded_amount",
    "paid_amount",
)
#: Blank eligible and earning amounts: above every cart, so that all of it counts.
ALL_OF_IT = MAX_MINOR + 1
#: How many rows an error message lists; ``.rejects`` has all of them.
SHOWN = 10


class CheckedOrders(NamedTuple):
    """Orders, split into those that can be used and those that cannot.

    Attributes
    ----------
    good : table
        The usable rows, unchanged; for a pandas frame, ``good.attrs["notices"]`` says which values are not used
        exactly as given.
    rejects : table
        One line for each other row, in pandas under that row's index label: ``row`` (1 for the first), ``order_id``
        where the orders have one, ``column`` and ``value`` of the first thing wrong, and ``reason`` with everything
        wrong.
    """

    good: Any
    rejects: Any


@dataclass(slots=True)
class Inputs:
    """What a calculator needs of orders, in whole numbers, and what was refused."""

    columns: Columns
    exact: bool
    refused: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def refuse(self, name: str, column: Column) -> None:
        """Note what a column refused."""
        for row, reason in column.refused.items():
            self.refused.setdefault(row, []).append((name, reason))


def check_orders(orders: Any, *, program: ProgramLike | None = None, currency: str = "INR") -> CheckedOrders:
    """Split orders into those that can be scored and those that cannot.

    Parameters
    ----------
    orders : table, shape (n, any)
        pandas, Polars, Arrow or DuckDB. Needs ``cart_amount`` and ``points_balance``; the optional columns are checked
        where present.
    program : Program, optional
        Its currency and time zone apply; without it, those of `currency`.
    currency : str
        ISO 4217 code, where no program is given.

    Returns
    -------
    CheckedOrders
        ``good`` and ``rejects``, tables of the kind that was given; together they hold all rows.

    Raises
    ------
    InputError
        If a needed column is missing, or the currency is not known.

    Examples
    --------
    >>> good, rejects = check_orders(pd.DataFrame({"cart_amount": [500, -1], "points_balance": [50, 50]}))
    >>> len(good), rejects[["row", "reason"]].values.tolist()
    (1, [[2, 'cart_amount is negative; an amount is 0 or more']])
    """
    table = in_memory(orders)
    frame = as_frame(table)
    program = as_program({"currency": currency} if program is None else program)
    refuse_currency(table, program.currency)
    inputs = read_inputs(program, frame.get, list(frame.columns), every_column=True)
    rejects = rejects_frame(frame, inputs.refused)
    kept = np.ones(len(frame), bool)
    kept[list(inputs.refused)] = False
    good = picked(table, kept)
    if table is frame:
        good.attrs["notices"] = inputs.notices
    return CheckedOrders(like(good, orders), like(rejects, orders))


def read_inputs(program: Program, get: Callable[[str], Any], names: list[str], *, every_column: bool = False) -> Inputs:
    """Read the columns that a program needs."""
    inputs = read_optional(program, get, names, every_column=every_column)
    cart = read_money(get("cart_amount"), program.decimals)
    balance = read_points(get("points_balance"))
    # What is wrong with a row is said in the order of the columns.
    others, inputs.refused = inputs.refused, {}
    inputs.refuse("cart_amount", cart)
    inputs.refuse("points_balance", balance)
    for row, reasons in others.items():
        inputs.refused.setdefault(row, []).extend(reasons)
    inputs.columns = inputs.columns._replace(cart=cart.numbers, balance=balance.numbers)
    inputs.refuse("eligible_amount", above_the_cart(inputs.columns.eligible, cart))
    inputs.exact = is_exact(get("cart_amount"))
    inputs.notices = odd_balances(*count_odd_points(get("points_balance")))
    return inputs


def read_optional(
    program: Program, get: Callable[[str], Any], names: list[str], *, every_column: bool = False
) -> Inputs:
    """Read what :func:`read_inputs` does, but for the two columns that every order has: these are left empty."""
    _require(program, names)
    refuse_columns(names, KNOWN_COLUMNS, "the vectorised calculator")
    uses_tiers = any(offer.tiers is not None for offer in program.offers)
    uses_times = any(offer.starts_at or offer.ends_at for offer in program.offers)
    inputs = Inputs(Columns(*(np.empty(0, np.int64),) * 2), exact=False)

    def read(name: str, reader: Callable[[Any], Column], used: bool = True) -> Any:
        if name not in names or not (used or every_column):
            return None
        column = reader(get(name))
        inputs.refuse(name, column)
        return column.numbers if used else None

    inputs.columns = inputs.columns._replace(
        credits=read("credits", lambda values: read_money(values, program.decimals, blank=0)),
        requested=read("points_requested", lambda values: read_points(values, blank=NOT_ASKED)),
        tier=read("tier", lambda values: read_tiers(program, values), uses_tiers or bool(program.tiers)),
        at=read("ordered_at", lambda values: read_times(values, program.timezone), uses_times),
        eligible=read("eligible_amount", lambda values: read_money(values, program.decimals, blank=ALL_OF_IT)),
        coupon=read("coupon_discount", lambda values: read_money(values, program.decimals, blank=0)),
    )
    if not program.asks_for_coupons:
        inputs.columns = inputs.columns._replace(coupon=None)
    read("redeems", read_yes_or_no)
    read(CURRENCY, lambda values: read_currency(values, program.currency))
    return inputs


def above_the_cart(part: Any, cart: Column) -> Column:
    """Refuse parts of a cart, such as its eligible amount, that are larger than it."""
    if part is None:
        return Column(cart.numbers, {})
    rows = np.flatnonzero((part > cart.numbers) & (part != ALL_OF_IT)).tolist()
    return Column(part, {row: ABOVE_THE_CART for row in rows if row not in cart.refused})


def read_tiers(program: Program, values: Any) -> Column:
    """Codes of tier names as the compiled program numbers them; -1 for one that no offer names, and for none."""
    from nector_sim.calculator.parameters import compile_program

    known = {name: code for code, name in enumerate(compile_program(program).tier_names)}
    names, codes = np.unique(
        np.array(["" if is_blank(v) else str(v) for v in as_array(values).tolist()], object).astype(str),
        return_inverse=True,
    )
    codes = codes.reshape(-1)
    unknown = {code: what for code, name in enumerate(names.tolist()) if name and (what := program.unknown_tier(name))}
    refused = {row: unknown[codes[row]] for row in np.flatnonzero(np.isin(codes, list(unknown))).tolist()}
    numbers: Any = np.array([known.get(name, -1) for name in names.tolist()], np.int16)[codes]
    return Column(numbers, refused)


def rejects_frame(frame: pd.DataFrame, refused: dict[int, list[tuple[str, str]]]) -> pd.DataFrame:
    """The rejects of :class:`CheckedOrders`."""
    import pandas as pd

    rows = sorted(refused)
    first = [refused[row][0][0] for row in rows]
    data: dict[str, Any] = {"row": [row + 1 for row in rows]}
    if "order_id" in frame.columns:
        data["order_id"] = frame["order_id"].iloc[rows].astype(str).tolist()
    data["column"] = first
    data["value"] = [_shown(frame[name].iloc[row]) for row, name in zip(rows, first, strict=True)]
    data["reason"] = ["; ".join(f"{name} {reason}" for name, reason in refused[row]) for row in rows]
    return pd.DataFrame(data, index=frame.index[rows])


def refuse(rejects: pd.DataFrame, read: int) -> OrdersError:
    """Make the error that lists rejected rows."""
    shown = rejects.head(SHOWN)
    problems = [
        Problem(f"row {row}", f"{reason} (it says {value})" if value else reason)
        for row, reason, value in zip(shown["row"], shown["reason"], shown["value"], strict=True)
    ]
    if len(rejects) > SHOWN:
        problems.append(Problem("", f"and {len(rejects) - SHOWN} more, in .rejects"))
    return OrdersError(
        f"{len(rejects)} of {count(read, 'row')} cannot be used. Fix them, or continue with the valid rows: "
        "good, rejects = ns.check_orders(orders)",
        problems,
        rejects=rejects,
    )


def _require(program: Program, names: list[str]) -> None:
    for name in ("cart_amount", "points_balance"):
        if name not in names:
            raise InputError(f"the orders have no column {name}; they have {shown_names(names)}", WAYS_ON[name])
    if any(offer.starts_at or offer.ends_at for offer in program.offers) and "ordered_at" not in names:
        raise InputError("an offer of this program has dates, and the orders have no column ordered_at; add it")
    require_coupons(program, names)
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"the orders have more than one column {', '.join(twice)}; keep one of each")


def require_coupons(program: Program, names: Any) -> None:
    """Refuse orders that do not say whether coupons were used, where an offer asks."""
    if program.asks_for_coupons and "coupon_discount" not in names:
        raise InputError(
            "an offer of this program is closed to orders with coupons (with_coupons = false), and the orders have no "
            "column coupon_discount; add it, with 0 where no coupon was used"
        )


WAYS_ON = {
    "cart_amount": [
        Problem("", "rename the column that holds the basket after other coupons, before points;"),
        Problem("", "of a shop's export make orders first: ns.read_orders(FILE), or nector-sim check FILE --out OUT"),
    ],
    "points_balance": [
        Problem("", "join the customers' balances from a file: ns.read_orders(…, balances=FILE), or --balances FILE;"),
        Problem("", "or let a program with [earning] make them: ns.replay(program, orders), or nector-sim replay;"),
        Problem("", "or state one balance for all: orders.assign(points_balance=500)"),
    ],
}


def odd_balances(fractional: int, negative: int) -> list[str]:
    """Say how many balances were taken otherwise than they stand."""
    notices = []
    if fractional:
        notices.append(f"{count(fractional, 'balance has', 'balances have')} a fraction of a point, which was dropped")
    if negative:
        notices.append(f"{count(negative, 'balance is', 'balances are')} negative, which redeems nothing")
    return notices


def _shown(value: Any) -> str:
    text = "" if is_blank(value) else str(value)
    return text if len(text) <= 40 else text[:37] + "..."
