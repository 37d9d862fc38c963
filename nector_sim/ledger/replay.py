"""A program, or several in turn, replayed over a history: frames in and out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nector_sim.calculator.reasons import REASONS
from nector_sim.errors import InputError
from nector_sim.ledger.arrays import FLOWS, Int64, Movements, Outcome
from nector_sim.ledger.engine import Ran, run
from nector_sim.ledger.inputs import Table, read_grants, read_opening, read_orders, refuse
from nector_sim.ledger.instants import month_starts
from nector_sim.ledger.prepare import GrantColumns, OpeningColumns, OrderColumns, Prepared, expiring, prepare
from nector_sim.ledger.schedule import KINDS, SIGNS, Schedule, make_schedule, uncovered
from nector_sim.ledger.tables import ALWAYS, NEVER, compile_schedule
from nector_sim.orders.checks import as_frame
from nector_sim.orders.columns import as_array, decimal_array, is_exact, to_microseconds, write_money
from nector_sim.rules.program import Program

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
_MONEY = ("cart_amount", "credits_used", "discount", "payable")
_COUNTS = ("orders", "orders_redeemed")


@dataclass(frozen=True, slots=True)
class Replay:
    """What comes out of a replay.

    Attributes
    ----------
    orders : pandas.DataFrame
        The rows and columns that came in, in their order, and ``points_balance`` (before the order, less an
        overdraft), ``tier``, ``points_redeemed``, ``discount``, ``payable``, ``limited_by``, ``points_earned``, and
        ``credits_used`` where credits came in. Orders after `as_of` are left out.
    balances : pandas.DataFrame
        One row a customer: ``customer_id``, ``points_balance`` (less the overdraft), ``points_pending``,
        ``next_expiry`` (under inactivity, the deadline).
    totals : pandas.DataFrame
        One row: points ``opening``, ``granted``, ``earned``, ``given_back``, ``redeemed``, ``expired``,
        ``taken_back``, ``forgiven`` and ``closing``; the counts ``orders`` and ``orders_redeemed``; the money sums
        ``cart_amount``, ``credits_used``, ``discount``, ``payable``.
    movements : pandas.DataFrame or None
        The ledger itself, where it was asked for: ``customer_id``, ``at`` (UTC; missing for an opening), ``kind``,
        ``points`` (signed; ``forgiven`` is a memo and not in the sum), ``order_id``.
    as_of : datetime or None
        The last instant that was run, in UTC; None where nothing happened at all.
    notices : tuple of str
        What was taken otherwise than it stands, or is worth knowing.
    """

    orders: pd.DataFrame
    balances: pd.DataFrame
    totals: pd.DataFrame
    movements: pd.DataFrame | None
    as_of: datetime | None
    notices: tuple[str, ...]
    _timeline: pd.DataFrame = field(repr=False)

    def timeline(self) -> pd.DataFrame:
        """What moved in each month of the program's time zone.

        Returns
        -------
        pandas.DataFrame
            One row a month, none left out: ``month`` (such as ``2026-11``), ``opening`` (outstanding when it began),
            ``granted``, ``earned``, ``given_back``, ``redeemed``, ``expired``, ``taken_back``, ``forgiven``,
            ``outstanding`` (when it ended: spendable and pending, less overdrafts), and the counts and money sums
            of its orders, as in the totals.
        """
        return self._timeline.copy()


def replay(
    program: Program | None,
    orders: Any,
    *,
    opening: Any = None,
    grants: Any = None,
    take_up: Decimal | float | str | None = None,
    seed: int = 0,
    as_of: datetime | str | None = None,
    movements: bool = False,
    programs: Iterable[Program | tuple[Any, Program]] = (),
    threads: int | None = None,
) -> Replay:
    """Run each customer's orders in time, so that what one order spends is gone for the next.

    Parameters
    ----------
    program : Program or None
        What the merchant sets, from its ``valid_from`` or from the start; None where `programs` has all.
    orders : pandas.DataFrame, or a Polars or Arrow table, shape (n, any)
        ``order_id``, ``customer_id``, ``ordered_at``, ``cart_amount`` (major units); optional ``credits``,
        ``points_requested``, ``redeems``, ``tier``, ``refunded_at``, ``refunded_amount``, ``paid_amount``. Never
        changed. Times without a zone are in the program's.
    opening : table, optional
        Opening balances: ``customer_id``, ``points`` (negative is an overdraft); optional ``expires_at``,
        ``lifetime_spend`` (major units). One row for each customer and expiry.
    grants : table, optional
        ``customer_id``, ``granted_at``, ``points``; optional ``expires_at``.
    take_up : number, optional
        Percentage of orders that redeem where they could and ``redeems`` does not say; left out, all.
    seed : int
        Of the draws of take-up; a draw depends on it and on ``order_id`` alone.
    as_of : datetime or str, optional
        The last instant that is run; left out, the latest order, refund or grant.
    movements : bool
        Give the ledger itself too.
    programs : iterable, optional
        Programs that follow: (first instant, program), or a program with ``valid_from``. An order runs under the
        program of its instant; so do a grant and a refund.
    threads : int, optional
        Parts that run at once; left out, one for each core. The result does not depend on it.

    Returns
    -------
    Replay

    Raises
    ------
    OrdersError
        Naming every row that cannot be used, of all tables (``.rejects``).
    InputError
        If a column or a program is missing, or programs cannot follow each other.

    Examples
    --------
    >>> program = ns.Program.parse({
    ...     "offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}],
    ...     "earning": {"points_per_unit": "0.05"},
    ... })
    >>> orders = pd.DataFrame({
    ...     "order_id": ["a", "b"], "customer_id": ["c", "c"], "cart_amount": [1000.0, 500.0],
    ...     "ordered_at": ["2026-11-01 10:00", "2026-11-20 10:00"],
    ... })
    >>> result = replay(program, orders)
    >>> result.orders[["points_balance", "discount", "payable", "points_earned"]].values.tolist()
    [[0.0, 0.0, 1000.0, 50.0], [50.0, 50.0, 450.0, 22.0]]
    >>> result.totals[["earned", "redeemed", "closing"]].values.tolist()
    [[72, 50, 22]]
    """
    schedule = make_schedule(program, programs)
    tables = [Table("orders", as_frame(orders))]
    tables += [
        Table(name, as_frame(given)) for name, given in (("opening", opening), ("grants", grants)) if given is not None
    ]
    _free_of_results(tables[0])
    columns, tiers = read_orders(tables[0], schedule, take_up=read_take_up(take_up), seed=_seed(seed))
    brought = next((read_opening(table, schedule) for table in tables if table.name == "opening"), None)
    given = next((read_grants(table, schedule) for table in tables if table.name == "grants"), None)
    refuse(tables)
    timezone = schedule.programs[0].timezone
    last = _last_instant(as_of, timezone, columns, given)
    prepared = prepare(columns, brought, given, last=last)
    if problem := _uncovered(prepared, schedule):
        raise InputError(str(problem))
    terms = compile_schedule(schedule, tiers, prepared.largest_cart)
    history, instants = expiring(prepared, schedule)
    names, months = month_starts(prepared.first, last, timezone) if last != ALWAYS else ([], np.empty(0, np.int64))
    ran = run(prepared, history, instants, terms, months=months, threads=threads, movements=movements)
    writer = _Writer(tables[0].frame, columns, prepared, schedule, tiers)
    return Replay(
        writer.orders(ran.outcome),
        writer.balances(ran.outcome),
        writer.totals(ran),
        writer.movements(ran.movements) if movements else None,
        None if last == ALWAYS else pd.Timestamp(last, unit="us", tz="UTC").to_pydatetime(),
        tuple(_notices(tables, columns, brought, given, schedule, last)),
        writer.timeline(names, ran.flows),
    )


def read_take_up(take_up: Decimal | float | str | None) -> Decimal | None:
    """A percentage from 0 to 100; a share between 0 and 1 is asked about."""
    if take_up is None:
        return None
    try:
        share = Decimal(str(take_up))
    except InvalidOperation:
        share = Decimal("NaN")
    if not 0 <= share <= 100:
        raise InputError(f"take_up is {take_up}; it is a percentage from 0 to 100, such as 40")
    if 0 < share < 1:
        raise InputError(f"take_up is {take_up}; it is a percentage, so write {share * 100:f} for {share * 100:f} %")
    return share


def _seed(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64:
        raise InputError(f"seed is {seed!r}; it is a whole number from 0 to 2⁶⁴ − 1")
    return seed


def _free_of_results(orders: Table) -> None:
    taken = [name for name in RESULTS if name not in REPLACED and orders.has(name)]
    if taken:
        raise InputError(
            f"the orders already have a column {', '.join(taken)}, which a result would replace; rename or drop it"
        )


def _last_instant(as_of: Any, timezone: str, orders: OrderColumns, grants: GrantColumns | None) -> int:
    if as_of is not None:
        try:
            return to_microseconds(as_of, ZoneInfo(timezone))
        except ValueError as error:
            raise InputError(f"as_of {error}") from None
    refunds = orders.refunded_at if orders.refunded_at is not None else orders.ordered_at[:0]
    happened = [
        orders.ordered_at,
        refunds[refunds < NEVER],
        grants.granted_at if grants is not None else orders.ordered_at[:0],
    ]
    return max((int(instants.max()) for instants in happened if len(instants)), default=int(ALWAYS))


def _uncovered(prepared: Prepared, schedule: Schedule) -> Any:
    happened = [instants.min() for instants in (prepared.history.at, prepared.history.grant_at) if len(instants)]
    return uncovered(schedule, [pd.Timestamp(instant, unit="us", tz="UTC").to_pydatetime() for instant in happened])


def _notices(
    tables: list[Table],
    orders: OrderColumns,
    opening: OpeningColumns | None,
    grants: GrantColumns | None,
    schedule: Schedule,
    last: int,
) -> Iterable[str]:
    for table in tables:
        for column in ("ordered_at", "refunded_at", "granted_at", "expires_at"):
            if table.has(column) and (count := _without_zone(as_array(table.frame[column]))):
                yield (
                    f"{count} of {table.name}.{column} name no time zone and were read as "
                    f"{schedule.programs[0].timezone}"
                )
    by_lots = any(program.expiry for program in schedule.programs) and not schedule.inactivity
    never = int(((opening.expires == NEVER) & (opening.points > 0)).sum()) if opening is not None else 0
    if by_lots and never:
        yield f"{never} opening balances have no expires_at and never expire by themselves"
    for name, at in (
        ("orders", orders.ordered_at),
        ("grants", grants.granted_at if grants is not None else orders.ordered_at[:0]),
    ):
        if later := int((at > last).sum()):
            yield f"{later} {name} are later than as_of and were left out"


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


class _Writer:
    """Results as frames.

    Parameters
    ----------
    frame : pandas.DataFrame
        The orders as they came.
    orders : OrderColumns
    prepared : Prepared
    schedule : Schedule
    tiers : tuple of str
    """

    def __init__(
        self, frame: pd.DataFrame, orders: OrderColumns, prepared: Prepared, schedule: Schedule, tiers: tuple[str, ...]
    ) -> None:
        self.frame = frame
        self.ids = orders.order_id
        self.prepared = prepared
        self.tiers = tiers
        self.decimals = schedule.programs[0].decimals
        self.exact = is_exact(frame["cart_amount"])
        self.with_credits = orders.credits is not None

    def money(self, minor: Int64) -> Any:
        """Money in major units, as the carts came."""
        if not self.exact:
            return write_money(minor, self.decimals, exact=False)
        kind = pd.ArrowDtype(pa.decimal128(18, self.decimals))
        return pd.array(decimal_array(minor, self.decimals), dtype=kind)

    def orders(self, outcome: Outcome) -> pd.DataFrame:
        """The orders as they came, with their results."""
        rows, n = self.prepared.rows, len(self.frame)
        kept = None
        if len(rows) < n:
            kept = np.zeros(n, np.bool_)
            kept[rows] = True

        def back(values: Any) -> Any:
            in_rows = np.empty(n, values.dtype)
            in_rows[rows] = values
            return in_rows if kept is None else in_rows[kept]

        payable = self.prepared.history.cart - outcome.discount
        if self.with_credits:
            payable -= outcome.credits_used
        columns = {
            "points_balance": back(outcome.balance),
            "tier": pd.Categorical.from_codes(back(outcome.tier), dtype=pd.CategoricalDtype(list(self.tiers))),
            "points_redeemed": back(outcome.points),
            "discount": self.money(back(outcome.discount)),
            "payable": self.money(back(payable)),
            "limited_by": pd.Categorical.from_codes(back(outcome.limited_by), dtype=pd.CategoricalDtype(list(REASONS))),
            "points_earned": back(outcome.earned),
        }
        if self.with_credits:
            columns["credits_used"] = self.money(back(outcome.credits_used))
        replayed = self.frame.copy(deep=False) if kept is None else self.frame[kept]
        replayed = replayed.drop(columns=[name for name in REPLACED if name in replayed.columns])
        for name, values in columns.items():
            replayed[name] = pd.Series(values, index=replayed.index, copy=False)
        return replayed

    def customer_ids(self, customers: Int64 | None = None) -> Any:
        """Ids of customers by their numbers."""
        ids = self.prepared.customers
        if isinstance(ids, np.ndarray):
            return ids if customers is None else ids[customers]
        return (ids if customers is None else ids.take(pa.array(customers))).to_pandas()

    def balances(self, outcome: Outcome) -> pd.DataFrame:
        """One row a customer."""
        return pd.DataFrame(
            {
                "customer_id": self.customer_ids(),
                "points_balance": outcome.spendable - outcome.overdraft,
                "points_pending": outcome.pending,
                "next_expiry": _times(outcome.next_expiry, NEVER),
            }
        )

    def totals(self, ran: Ran) -> pd.DataFrame:
        """One row."""
        flows = {kind: [ran.total(kind)] for kind in KINDS}
        counts = {name: [ran.total(name)] for name in _COUNTS}
        sums = {name: self.money(np.array([ran.total(name)])) for name in _MONEY}
        return pd.DataFrame({**flows, "closing": [ran.closing], **counts, **sums})

    def movements(self, parts: list[Movements]) -> pd.DataFrame:
        """The ledger itself, customer by customer and in the order of events."""
        customer, at, points, order, kind = (np.concatenate(column) for column in zip(*parts, strict=True))
        has_order = order >= 0
        rows = self.prepared.rows[order[has_order]]
        if isinstance(self.ids, np.ndarray):
            order_ids = pd.array(np.zeros(len(order), np.int64), dtype="Int64")
            order_ids[has_order] = self.ids[rows]
            order_ids[~has_order] = pd.NA
        else:
            positions = np.zeros(len(order), np.int64)
            positions[has_order] = rows
            order_ids = self.ids.take(pa.array(positions, mask=~has_order)).to_pandas()
        return pd.DataFrame(
            {
                "customer_id": self.customer_ids(customer),
                "at": _times(at, ALWAYS),
                "kind": pd.Categorical.from_codes(kind, dtype=pd.CategoricalDtype(list(KINDS))),
                "points": points,
                "order_id": order_ids,
            }
        )

    def timeline(self, months: list[str], flows: Int64) -> pd.DataFrame:
        """Flows by month, with what was outstanding before and after."""
        points = {kind: flows[1:, FLOWS.index(kind)] for kind in KINDS if kind != "opening"}
        change = sum(SIGNS[kind] * moved for kind, moved in points.items())
        outstanding = flows[0, FLOWS.index("opening")] + np.cumsum(change)
        counts = {name: flows[1:, FLOWS.index(name)] for name in _COUNTS}
        sums = {name: self.money(np.ascontiguousarray(flows[1:, FLOWS.index(name)])) for name in _MONEY}
        return pd.DataFrame(
            {"month": months, "opening": outstanding - change, **points, "outstanding": outstanding, **counts, **sums}
        )


def _times(instants: Int64, missing: int) -> Any:
    """Instants in UTC, shape as given."""
    stamps = np.where(instants == missing, np.iinfo(np.int64).min, instants).view("datetime64[us]")
    return pd.Series(stamps).dt.tz_localize("UTC")
