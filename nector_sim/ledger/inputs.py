"""The door of the ledger: orders, opening balances and grants as frames, into whole numbers.

Whatever cannot be used is named, all together; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nector_sim.calculator.quote import ABOVE_THE_CART
from nector_sim.errors import InputError, OrdersError, Problem
from nector_sim.frames.checks import ALL_OF_IT, WAYS_ON, rejects_frame, require_coupons
from nector_sim.frames.columns import (
    NOT_ASKED,
    NOT_SAID,
    Column,
    are_dates,
    as_array,
    factorized,
    read_money,
    read_points,
    read_times,
    read_yes_or_no,
)
from nector_sim.frames.currency import CURRENCY, read_currency
from nector_sim.frames.ids import Ids, read_ids
from nector_sim.frames.masking import shown_names
from nector_sim.ledger.arrays import Int64
from nector_sim.ledger.draws import hash_ids, lucks, redeeming
from nector_sim.ledger.instants import next_days
from nector_sim.ledger.prepare import (
    GrantColumns,
    OpeningColumns,
    OrderColumns,
    OrdersChance,
    RefundColumns,
    number_customers,
    rows_of,
)
from nector_sim.ledger.refunds import UNKNOWN
from nector_sim.ledger.schedule import Schedule
from nector_sim.ledger.tables import microseconds, tier_names
from nector_sim.ledger.take_up import MILLION, TakeUp, as_arrays, kinds_of
from nector_sim.rules.known import refuse_columns
from nector_sim.rules.money import MAX_POINTS
from nector_sim.rules.program import Program
from nector_sim.rules.times import NEVER, NO_TIME
from nector_sim.rules.values import FLOAT_TOLERANCE, MISSING, as_float, is_blank, read_decimal

#: Columns that decide and are read here; the ledger makes its own balances.
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
#: Rows of a message; ``.rejects`` has all of them.
SHOWN = 20
#: Times outside of these years are slips of the pen, and the calendar of the replay ends somewhere.
FIRST_YEAR, LAST_YEAR = 1900, 2500


@dataclass(slots=True)
class LedgerTable:
    """One of the tables that a ledger is made of, and what is wrong with it."""

    name: str
    frame: pd.DataFrame
    refused: dict[int, list[tuple[str, str]]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What a sentence calls the rows."""
        return "opening balances" if self.name == "opening" else self.name

    def has(self, column: str) -> bool:
        """Whether there is such a column."""
        return column in self.frame.columns

    def require(self, *columns: str) -> None:
        """Refuse a table without one of its columns, or with two of one name."""
        missing = [name for name in columns if not self.has(name)]
        if missing:
            raise InputError(
                f"the {self.title} have no column {', '.join(missing)}; they have {shown_names(self.frame.columns)}",
                WAYS_ON["cart_amount"] if self.name == "orders" and "cart_amount" in missing else (),
            )
        twice = sorted({str(name) for name in self.frame.columns[self.frame.columns.duplicated()]})
        if twice:
            raise InputError(f"the {self.title} have more than one column {', '.join(twice)}; keep one of each")

    def refuse(self, rows: Any, column: str, reason: str | Callable[[int], str]) -> None:
        """Say what is wrong with a column in some rows."""
        for row in np.asarray(rows, np.int64).tolist():
            self.refused.setdefault(row, []).append((column, reason if isinstance(reason, str) else reason(row)))

    def take(self, column: str, read: Callable[[Any], Column], *, missing: int | None = None) -> Int64:
        """Read a column; a missing value is `missing`, or for the reader to judge. What it refuses is kept."""
        series = self.frame[column]
        rows = None if missing is None else np.flatnonzero(series.notna().to_numpy())
        taken = read(series if rows is None or len(rows) == len(series) else series.iloc[rows])
        for row, reason in taken.refused.items():
            self.refused.setdefault(int(row if rows is None else rows[row]), []).append((column, reason))
        if rows is None or missing is None:
            return taken.numbers
        numbers = np.full(len(series), missing, np.int64)
        numbers[rows] = taken.numbers
        return numbers

    def times(self, column: str, timezone: str, *, missing: int | None = None) -> Int64:
        """Read instants; a missing one is `missing`, or refused."""
        instants = self.take(column, lambda values: read_times(values, timezone))
        blank = instants == NO_TIME
        if blank.any():
            if missing is None:
                unread = {row for row, reasons in self.refused.items() if any(name == column for name, _ in reasons)}
                rows = [row for row in np.flatnonzero(blank).tolist() if row not in unread]
                self.refuse(rows, column, MISSING)
            instants = np.where(blank, NEVER if missing is None else missing, instants)
        first, last = (microseconds(datetime(year, 1, 1, tzinfo=UTC)) for year in (FIRST_YEAR, LAST_YEAR))
        far = ~blank & ((instants < first) | (instants >= last))
        self.refuse(np.flatnonzero(far), column, f"is not between the years {FIRST_YEAR} and {LAST_YEAR}")
        return np.where(far, first, instants) if far.any() else instants

    def ids(self, column: str) -> Ids:
        """Read ids, whole numbers as such and everything else as text."""
        ids = read_ids(self.frame[column])
        if isinstance(ids, pa.Array):
            blank = pc.equal(pc.binary_length(ids), 0)
            if pc.any(blank).as_py():
                self.refuse(np.flatnonzero(blank.to_numpy(zero_copy_only=False)), column, MISSING)
        return ids


def refuse_tables(tables: list[LedgerTable]) -> None:
    """Raise one error that names every row of every table that cannot be used."""
    tables = [table for table in tables if table.refused]
    if not tables:
        return
    parts = [rejects_frame(table.frame, table.refused) for table in tables]
    for part, table in zip(parts, tables, strict=True):
        part.insert(0, "table", table.name)
    rejects = pd.concat(parts, ignore_index=True)
    shown = rejects.head(SHOWN)
    problems = [
        Problem(f"{table}, row {row}", reason)
        for table, row, reason in zip(shown["table"], shown["row"], shown["reason"], strict=True)
    ]
    if len(rejects) > SHOWN:
        problems.append(Problem("", f"and {len(rejects) - SHOWN} more, in .rejects"))
    rows = f"{len(rejects)} row{'s' if len(rejects) > 1 else ''}"
    raise OrdersError(
        f"{rows} cannot be replayed; a history without them would give other balances, so fix them:",
        problems,
        rejects=rejects,
    )


def ledger_orders(
    table: LedgerTable, schedules: Sequence[Schedule], *, take_up: Decimal | TakeUp | None, seed: int
) -> tuple[OrderColumns, tuple[str, ...]]:
    """Read the orders of a history."""
    table.require("order_id", "customer_id", "ordered_at", "cart_amount")
    program = schedules[0].programs[0]
    refuse_columns(table.frame.columns, KNOWN_COLUMNS, "the ledger")
    for each in (held for schedule in schedules for held in schedule.programs):
        require_coupons(each, list(table.frame.columns))

    def money(column: str, blank: int | None) -> Int64:
        return table.take(column, lambda values: read_money(values, program.decimals, blank=blank), missing=blank)

    columns = OrderColumns(
        table.ids("order_id"),
        table.ids("customer_id"),
        table.times("ordered_at", program.timezone),
        money("cart_amount", None),
        credits=money("credits", 0) if table.has("credits") else None,
        requested=table.take("points_requested", lambda values: read_points(values, blank=NOT_ASKED), missing=NOT_ASKED)
        if table.has("points_requested")
        else None,
        refunded_at=table.times("refunded_at", program.timezone, missing=int(NEVER))
        if table.has("refunded_at")
        else None,
        refunded=money("refunded_amount", UNKNOWN) if table.has("refunded_amount") else None,
        paid=money("paid_amount", UNKNOWN) if table.has("paid_amount") else None,
        discount_given=money("discount_given", 0)
        if table.has("discount_given") and (table.has("refunded_at") or table.has("paid_amount"))
        else None,
        eligible=money("eligible_amount", ALL_OF_IT) if table.has("eligible_amount") else None,
        coupon=money("coupon_discount", 0) if table.has("coupon_discount") else None,
        earning=money("earning_amount", ALL_OF_IT) if table.has("earning_amount") else None,
    )
    if columns.refunded_at is not None:
        columns.refunded_at = _on_their_day(table, columns.ordered_at, columns.refunded_at, program.timezone)
    for name, part in (("eligible_amount", columns.eligible), ("earning_amount", columns.earning)):
        if part is not None:
            above = np.flatnonzero((part > columns.cart) & (part != ALL_OF_IT)).tolist()
            table.refuse([row for row in above if row not in table.refused], name, ABOVE_THE_CART)
    if float(columns.cart.sum(dtype=np.float64)) > 2.0**62:
        raise InputError("the carts together are too large to be added up; are they in the currency's major unit?")
    _check_ids(table, columns)
    _check_refunds(table, columns)
    if table.has(CURRENCY):
        table.take(CURRENCY, lambda values: read_currency(values, program.currency))
    _decide(table, columns, take_up, seed=seed, decimals=program.decimals)
    return columns, _read_tiers(table, schedules, columns)


def _on_their_day(table: LedgerTable, ordered: Int64, refunded: Int64, timezone: str) -> Int64:
    """A refund that is dated on its order's own day is at the order's instant, if that is later."""
    dates = np.flatnonzero(are_dates(table.frame["refunded_at"]) & (refunded < ordered))
    if not len(dates):
        return refunded
    same = dates[ordered[dates] < next_days(refunded[dates], timezone)]
    refunded = refunded.copy()
    refunded[same] = ordered[same]
    return refunded


def _check_ids(table: LedgerTable, orders: OrderColumns) -> None:
    hashes = np.sort(hash_ids(orders.order_id, 0))
    if (hashes[1:] != hashes[:-1]).all():
        return
    ids = pd.Series(orders.order_id if isinstance(orders.order_id, np.ndarray) else orders.order_id.to_pandas())
    again = np.flatnonzero(ids.duplicated(keep="first") & (ids.astype(str) != ""))
    first_rows = ids[~ids.duplicated()].reset_index().set_index(0)["index"] if len(again) else None

    def reason(row: int) -> str:
        assert first_rows is not None
        first = int(first_rows[ids[row]])
        return occurs_again(first, at_once=orders.ordered_at[first] == orders.ordered_at[row])

    table.refuse(again, "order_id", reason)


def occurs_again(first: int, *, at_once: bool) -> str:
    """Say that an order is in an earlier row too, counted from 0."""
    return f"stands {'already' if at_once else 'at another time'} in row {first + 1}; an order occurs once"


def _check_refunds(table: LedgerTable, orders: OrderColumns) -> None:
    if orders.refunded_at is None:
        if orders.refunded is not None and (orders.refunded > 0).any():
            table.refuse(np.flatnonzero(orders.refunded > 0), "refunded_amount", "has no refunded_at; say when")
        return
    bad = set(table.refused)
    at, of_order = orders.refunded_at, "refunded_at"

    def rows(wrong: npt.NDArray[np.bool_]) -> list[int]:
        return [row for row in np.flatnonzero(wrong).tolist() if row not in bad]

    table.refuse(
        rows(at < orders.ordered_at), of_order, "is before ordered_at; an order is refunded after it is placed"
    )
    if orders.refunded is None:
        return
    table.refuse(rows((orders.refunded > 0) & (at == NEVER)), "refunded_amount", "has no refunded_at; say when")


def _decide(
    table: LedgerTable, orders: OrderColumns, take_up: Decimal | TakeUp | None, *, seed: int, decimals: int
) -> None:
    """Who redeems: by the column, and where it is blank by the draws; by the balance too, decided order by order."""
    answer = table.take("redeems", read_yes_or_no) if table.has("redeems") else None
    drawn: Any = None
    if isinstance(take_up, TakeUp) and not take_up.is_everybody:
        chance = as_arrays(take_up)
        luck = lucks(orders.order_id, seed)
        kind = kinds_of(lucks(orders.customer_id, seed, of_customers=True), chance.redeemers, len(chance.cells))
        if chance.cells[0].size > 1 and (answer is None or (answer == NOT_SAID).any()):
            if answer is not None:
                luck = np.select([answer == NOT_SAID, answer == 1], [luck, -1], MILLION).astype(np.int32)
            orders.chance = OrdersChance(luck, kind, chance, 100 * 10**decimals)
            return
        drawn = (kind >= 0) & (luck < chance.cells[kind, 0, 0])
    elif isinstance(take_up, Decimal) and take_up != 100:
        drawn = redeeming(orders.order_id, seed, take_up)
    if answer is not None:
        drawn = np.where(answer == NOT_SAID, True if drawn is None else drawn, answer == 1)
    orders.redeems = drawn


def _read_tiers(table: LedgerTable, schedules: Sequence[Schedule], orders: OrderColumns) -> tuple[str, ...]:
    """Codes of the tiers that orders name, and the names of all."""
    if not table.has("tier"):
        return tier_names(schedules)
    codes, values = factorized(table.frame["tier"])
    named = ["" if is_blank(value) else str(value) for value in values]
    names = tier_names(schedules, [name for name in named if name])
    if len(names) > np.iinfo(np.int16).max:
        raise InputError(f"the orders name {len(named)} tiers; is the column tier what it should be?")
    position = {name: code for code, name in enumerate(names)}
    orders.tier = np.array([position.get(name, -1) for name in named] + [-1], np.int16)[codes]
    return names


def ledger_refunds(table: LedgerTable, orders: LedgerTable, columns: OrderColumns, program: Program) -> RefundColumns:
    """Read a table of refunds: several of an order, each with its own time and amount."""
    table.require("order_id", "refunded_at")
    of_order = rows_of(table.ids("order_id"), columns.order_id)
    nowhere = [row for row in np.flatnonzero(of_order < 0).tolist() if row not in table.refused]
    table.refuse(nowhere, "order_id", "is no order of this history; take the row out, or add its order")
    order = np.maximum(of_order, 0)
    if columns.refunded_at is not None:
        twice = np.flatnonzero((of_order >= 0) & (columns.refunded_at[order] < NEVER) if len(columns.cart) else [])
        table.refuse(
            twice, "order_id", lambda row: f"has a refunded_at in row {order[row] + 1} of the orders too; say it once"
        )
    at = table.times("refunded_at", program.timezone)
    if len(at) and len(columns.cart):
        at = _on_their_day(table, columns.ordered_at[order], at, program.timezone)
        early = np.flatnonzero((of_order >= 0) & (at < columns.ordered_at[order])).tolist()
        bad = {*table.refused, *(row for row in range(len(at)) if int(order[row]) in orders.refused)}
        table.refuse(
            [row for row in early if row not in bad],
            "refunded_at",
            "is before ordered_at; an order is refunded after it is placed",
        )
    amount = np.full(len(at), UNKNOWN, np.int64)
    if table.has("amount"):
        amount = table.take(
            "amount", lambda values: read_money(values, program.decimals, blank=UNKNOWN), missing=UNKNOWN
        )
    return RefundColumns(order, at, amount)


def ledger_opening(table: LedgerTable, schedules: Sequence[Schedule]) -> OpeningColumns:
    """Read opening balances: one row for each customer and expiry."""
    table.require("customer_id", "points")
    program = schedules[0].programs[0]
    customers = table.ids("customer_id")
    points = table.take("points", read_signed)
    expires = _own_expiry(table, schedules)
    of_customer = number_customers([customers])[1][0]
    again = pd.DataFrame({"customer": of_customer, "expires": expires}).duplicated().to_numpy()
    table.refuse(
        np.flatnonzero(again), "customer_id", "has an opening balance with this expires_at already; one row for each"
    )
    spent = np.zeros(len(points), np.int64)
    if table.has("lifetime_spend"):
        told = table.take(
            "lifetime_spend", lambda values: read_money(values, program.decimals, blank=UNKNOWN), missing=UNKNOWN
        )
        known = np.flatnonzero(told >= 0)
        _, first = np.unique(of_customer[known], return_index=True)
        of_first = pd.Series(told[known[first]], index=of_customer[known[first]])
        other = known[of_first.reindex(of_customer[known]).to_numpy() != told[known]]
        table.refuse(other, "lifetime_spend", "differs from the customer's other rows; a customer has one")
        spent[known[first]] = told[known[first]]
    return OpeningColumns(customers, points, expires, spent)


def read_grants(table: LedgerTable, schedules: Sequence[Schedule]) -> GrantColumns:
    """Read grants."""
    table.require("customer_id", "granted_at", "points")
    customers = table.ids("customer_id")
    at = table.times("granted_at", schedules[0].programs[0].timezone)
    points = table.take("points", read_signed)
    table.refuse(np.flatnonzero(points < 0), "points", "is negative; a grant gives points")
    expires = _own_expiry(table, schedules)
    early = [row for row in np.flatnonzero(expires <= at).tolist() if row not in table.refused]
    table.refuse(early, "expires_at", "is not after granted_at")
    return GrantColumns(customers, at, points, expires)


def _own_expiry(table: LedgerTable, schedules: Sequence[Schedule]) -> Int64:
    if not table.has("expires_at"):
        return np.full(len(table.frame), NEVER, np.int64)
    timezone = schedules[0].programs[0].timezone
    expires = table.times("expires_at", timezone, missing=int(NEVER))
    dates = are_dates(table.frame["expires_at"]) & (expires < NEVER)
    if dates.any():  # a date includes that day
        expires = expires.copy()
        expires[dates] = next_days(expires[dates], timezone)
    if any(schedule.inactivity for schedule in schedules):
        reason = "is given, and under inactivity points expire together; leave it blank"
        table.refuse(np.flatnonzero(expires < NEVER), "expires_at", reason)
    return expires


def read_signed(values: Any) -> Column:
    """Whole points, which may be negative."""
    array = as_array(values)
    if (
        isinstance(array, np.ndarray)
        and array.dtype.kind == "i"
        and ((array >= -MAX_POINTS) & (array <= MAX_POINTS)).all()
    ):
        return Column(array.astype(np.int64, copy=False), {})
    points = np.zeros(len(array), np.int64)
    refused = {}
    for row, value in enumerate(array.tolist()):
        try:
            points[row] = _signed(None if is_blank(value) else value)
        except ValueError as error:
            refused[row] = str(error)
    return Column(points, refused)


def _signed(value: Any) -> int:
    number, near = read_decimal(value), as_float(value)
    if abs(number) > MAX_POINTS:
        raise ValueError(f"is too large; a number of points is at most {MAX_POINTS}")
    if near is not None and abs(near - round(near)) <= FLOAT_TOLERANCE:
        return round(near)
    if number != int(number):
        raise ValueError("is not a whole number of points; round it first, in the way you mean")
    return int(number)
