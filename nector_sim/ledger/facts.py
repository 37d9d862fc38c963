"""What a replay is about, read and checked once: the facts of a history, ready to be run under any program."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, SupportsIndex
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nector_sim.errors import InputError, Problem
from nector_sim.frames.columns import as_array, is_exact, to_microseconds
from nector_sim.frames.currency import refuse_currency
from nector_sim.frames.ids import Ids
from nector_sim.frames.kinds import as_frame
from nector_sim.frames.results import PLAIN, Naming
from nector_sim.ledger.inputs import (
    LedgerTable,
    ledger_opening,
    ledger_orders,
    ledger_refunds,
    read_grants,
    refuse_tables,
)
from nector_sim.ledger.instants import next_days, to_datetime
from nector_sim.ledger.prepare import GrantColumns, OpeningColumns, OrderColumns, SortedHistory, settled, sort_history
from nector_sim.ledger.refunds import Shares
from nector_sim.ledger.schedule import Schedule, uncovered
from nector_sim.ledger.tables import ALWAYS, DAY, window_of
from nector_sim.ledger.take_up import TakeUp, read_take_up
from nector_sim.rules.times import NEVER, is_date

#: Columns that a replay adds to the orders; ``credits_used`` only where credits came in.
RESULTS = (
    "points_balance",
    "tier",
    "points_redeemed",
    "discount",
    "payable",
    "limited_by",
    "points_earned",
    "credits_used",
)
#: Of these, columns that orders may bring: what the replay works out stands in their place.
REPLACED = ("points_balance", "tier")
#: What is more days than these later than the last order misses something that happened in between.
GAP_DAYS = 31


@dataclass(frozen=True, slots=True)
class ReadyHistory:
    """A history, ready to be run.

    Attributes
    ----------
    prepared : SortedHistory
    orders : pandas.DataFrame
        As they came.
    order_ids : array of ids, shape (rows of orders,)
    tiers : tuple of str
        Names of tiers, by code; a schedule that was not known yet adds its own behind them.
    exact : bool
        Whether carts came as decimals or texts.
    with_credits : bool
    notices : tuple of str
    currency : str
    shares : Shares or None
        How much of the rows of `orders` came back, and when.
    naming : Naming
        Of the columns that a replay adds to the orders.
    """

    prepared: SortedHistory
    orders: pd.DataFrame
    order_ids: Ids
    tiers: tuple[str, ...]
    exact: bool
    with_credits: bool
    notices: tuple[str, ...]
    currency: str
    shares: Shares | None = None
    naming: Naming = PLAIN


def read_facts(
    schedules: Sequence[Schedule],
    orders: Any,
    *,
    opening: Any = None,
    grants: Any = None,
    refunds: Any = None,
    take_up: Decimal | float | str | TakeUp | None = None,
    seed: int = 0,
    as_of: datetime | str | None = None,
    naming: Naming = PLAIN,
) -> ReadyHistory:
    """Read, check and sort a history.

    Parameters
    ----------
    schedules : sequence of Schedule
        That it is to be replayed under.
    orders, opening, grants, refunds : table
        As in :func:`nector_sim.replay`, and so are the others.
    naming : Naming
        Of the columns that a replay adds to the orders.

    Returns
    -------
    ReadyHistory

    Raises
    ------
    OrdersError
        Naming every row that cannot be used, of all tables.
    InputError
        If a column or a program is missing, or the schedules have not one currency and time zone.
    """
    _check_alike(schedules)
    timezone = schedules[0].programs[0].timezone
    tables = [LedgerTable("orders", as_frame(orders))]
    if opening is not None:
        tables.append(LedgerTable("opening", as_frame(opening, "opening balances")))
    if grants is not None:
        tables.append(LedgerTable("grants", as_frame(grants, "grants")))
    if refunds is not None:
        tables.append(LedgerTable("refunds", as_frame(refunds, "refunds")))
    for what, table in (("orders", orders), ("points", opening), ("points", grants), ("refunds", refunds)):
        if table is not None:
            refuse_currency(table, schedules[0].programs[0].currency, what)
    naming.free(map(str, tables[0].frame.columns), [name for name in RESULTS if any(naming) or name not in REPLACED])
    columns, tiers = ledger_orders(tables[0], schedules, take_up=read_take_up(take_up), seed=_seed(seed))
    brought = next((ledger_opening(table, schedules) for table in tables if table.name == "opening"), None)
    given = next((read_grants(table, schedules) for table in tables if table.name == "grants"), None)
    came_back = next(
        (ledger_refunds(t, tables[0], columns, schedules[0].programs[0]) for t in tables if t.name == "refunds"), None
    )
    refuse_tables(tables)
    columns = settled(columns, came_back)
    last = _last_instant(as_of, timezone, columns, given)
    prepared = sort_history(columns, brought, given, last=last)
    if problems := list(_uncovered(prepared, schedules)):
        raise InputError("these programs do not cover the history:", problems)
    notices = _notices(tables, columns, brought, given, schedules[0], last)
    exact = is_exact(tables[0].frame["cart_amount"])
    currency, credits = schedules[0].programs[0].currency, columns.credits is not None
    return ReadyHistory(
        prepared,
        tables[0].frame,
        columns.order_id,
        tiers,
        exact,
        credits,
        tuple(notices),
        currency,
        columns.refunds,
        naming,
    )


def _check_alike(schedules: Sequence[Schedule]) -> None:
    programs = [program for schedule in schedules for program in schedule.programs]
    for what in ("currency", "timezone"):
        values = sorted({getattr(program, what) for program in programs})
        if len(values) != 1:
            raise InputError(f"a history has one {what}; these programs have {' and '.join(values) or 'none'}")


def read_as_of(as_of: Any, timezone: str) -> int:
    """The last instant to run, in microseconds; without a zone, in the program's. A date includes that day."""
    if isinstance(as_of, np.datetime64):
        as_of = pd.Timestamp(as_of)
    try:
        instant = to_microseconds(as_of, ZoneInfo(timezone))
        to_datetime(instant)
        if is_date(as_of):
            instant = int(next_days(np.array([instant], np.int64), timezone)[0]) - 1
    except (ValueError, OverflowError):
        raise InputError(
            f"as_of is {as_of}, which is not a time; write it as 2026-11-23 18:30, or with its zone"
        ) from None
    return instant


def _seed(seed: SupportsIndex) -> int:
    try:
        number = -1 if isinstance(seed, bool) else operator.index(seed)
    except TypeError:
        number = -1
    if not 0 <= number < 2**64:
        raise InputError(f"seed is {seed!r}; it is a whole number from 0 to 2⁶⁴ − 1")
    return number


def _last_instant(as_of: Any, timezone: str, orders: OrderColumns, grants: GrantColumns | None) -> int:
    if as_of is not None:
        return read_as_of(as_of, timezone)
    refunds, ordered = orders.ordered_at[:0], orders.ordered_at
    if orders.refunds is not None:
        refunds = orders.refunds.at
    if orders.never_paid is not None:
        ordered = ordered[~orders.never_paid]
        refunds = refunds[~orders.never_paid[orders.refunds.order]] if orders.refunds is not None else refunds
    happened = [
        ordered,
        refunds,
        grants.granted_at if grants is not None else orders.ordered_at[:0],
    ]
    return max((int(instants.max()) for instants in happened if len(instants)), default=int(ALWAYS))


def _uncovered(prepared: SortedHistory, schedules: Sequence[Schedule]) -> Iterator[Problem]:
    instants = [part.min() for part in (prepared.history.at, prepared.history.grant_at) if len(part)]
    happened = [pd.Timestamp(instant, unit="us", tz="UTC").to_pydatetime() for instant in instants]
    for schedule in schedules:
        if problem := uncovered(schedule, happened):
            yield problem


def _notices(
    tables: list[LedgerTable],
    orders: OrderColumns,
    opening: OpeningColumns | None,
    grants: GrantColumns | None,
    schedule: Schedule,
    last: int,
) -> Iterator[str]:
    for table in tables:
        for column in ("ordered_at", "refunded_at", "granted_at", "expires_at"):
            if table.has(column) and (zoneless := _without_zone(as_array(table.frame[column]))):
                zone = schedule.programs[0].timezone
                yield f"{table.name}.{column} without a time zone, read as {zone}: {zoneless:,}"
    if opening is None and tables[0].has("points_balance"):
        yield (
            "The orders' points_balance is not used: this replay begins with opening= (--opening), and works out what "
            "follows"
        )
    by_lots = any(program.expiry for program in schedule.programs) and not schedule.inactivity
    never = int(((opening.expires == NEVER) & (opening.points > 0)).sum()) if opening is not None else 0
    if by_lots and never:
        yield f"opening balances without expires_at, which never expire by themselves: {never:,}"
    if orders.refunded_more:
        yield f"orders refunded more than was paid (shipping, perhaps), which count as whole: {orders.refunded_more:,}"
    if opening is not None and (brought := int((opening.spent > 0).sum())) and not _counts_spend(schedule):
        yield f"opening balances with a lifetime_spend, which counts for min_spend without a window alone: {brought:,}"
    if orders.never_paid is not None:
        yield f"orders never paid and left out: {int(orders.never_paid.sum()):,}"
    for name, at in (
        ("orders", orders.ordered_at),
        ("grants", grants.granted_at if grants is not None else orders.ordered_at[:0]),
    ):
        if later := int((at > last).sum()):
            yield f"{name} later than as_of and left out: {later:,}"


def quiet_end(history: SortedHistory, until: int) -> str | None:
    """Say that the orders end more than a month before `until`, as where the later ones are not in the table."""
    if not len(history.history.at):
        return None
    last = int(history.history.at.max())
    days = (until - last) // DAY
    if days <= GAP_DAYS:
        return None
    return f"the last order is of {to_datetime(last):%Y-%m-%d}, {days} days before {to_datetime(until):%Y-%m-%d}"


def _counts_spend(schedule: Schedule) -> bool:
    """Whether what customers spent before the history counts for all tiers that there are."""
    tiered = [program for program in schedule.programs if program.tiers]
    return all(window_of(program) is None and program.tiers[0].min_spend is not None for program in tiered)


def _without_zone(array: Any) -> int:
    if not isinstance(array, pa.Array):
        return 0
    if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
        return 0 if getattr(array.type, "tz", None) is not None else len(array) - array.null_count
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        zoned = pc.match_substring_regex(array, r"([Zz]|[+-]\d\d(:?\d\d)?)\s*$")
        plain = pc.and_(pc.invert(zoned), pc.greater(pc.binary_length(array), 0))
        # A date alone ends like an offset.
        dates = pc.match_substring_regex(array, r"^\s*\d{4}-\d\d-\d\d\s*$")
        return int(pc.sum(pc.or_(plain, dates)).as_py() or 0)
    return 0
