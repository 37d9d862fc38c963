"""From columns to a history: customers numbered, orders sorted once, instants of expiry worked out beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nector_sim._compile import compiled
from nector_sim.errors import InputError
from nector_sim.frames.ids import Ids
from nector_sim.ledger.arrays import History, Instants, Int64
from nector_sim.ledger.instants import months_after, one_period_after
from nector_sim.ledger.refunds import UNKNOWN, Shares, never_paid, paid_in_history, refunded_shares
from nector_sim.ledger.schedule import Schedule
from nector_sim.ledger.tables import DAY, microseconds, windows_of
from nector_sim.ledger.take_up import TakeUpArrays
from nector_sim.rules.times import NEVER

_NOTHING = np.empty(0, np.int64)
#: Of a history in which it is decided beforehand who redeems.
NO_TABLE = TakeUpArrays(np.empty((0, 0, 0), np.int32), _NOTHING, _NOTHING, 0)


@dataclass(frozen=True, slots=True)
class OrdersChance:
    """Who redeems, where that depends on the balance: lucks of orders, kinds of their customers, and the take-up."""

    luck: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int16]
    take_up: TakeUpArrays
    hundred: int


@dataclass(slots=True)
class OrderColumns:
    """Orders in whole numbers, one row each; optional columns are None."""

    order_id: Ids
    customer_id: Ids
    ordered_at: Int64
    cart: Int64
    credits: Int64 | None = None
    requested: Int64 | None = None
    tier: npt.NDArray[np.int16] | None = None
    redeems: npt.NDArray[np.bool_] | None = None
    refunded_at: Int64 | None = None
    refunded: Int64 | None = None
    paid: Int64 | None = None
    discount_given: Int64 | None = None
    eligible: Int64 | None = None
    coupon: Int64 | None = None
    earning: Int64 | None = None
    never_paid: npt.NDArray[np.bool_] | None = None
    refunds: Shares | None = None
    refunded_more: int = 0
    chance: OrdersChance | None = None


@dataclass(slots=True)
class OpeningColumns:
    """Opening balances; `expires` is NEVER where none is given, `spent` is counted once a customer."""

    customer_id: Ids
    points: Int64
    expires: Int64
    spent: Int64


@dataclass(slots=True)
class GrantColumns:
    """Grants; `expires` is NEVER where the program decides."""

    customer_id: Ids
    granted_at: Int64
    points: Int64
    expires: Int64


@dataclass(slots=True)
class RefundColumns:
    """Refunds in whole numbers; `order` is the row of each one's order, `amount` UNKNOWN where none is given."""

    order: Int64
    at: Int64
    amount: Int64


@dataclass(slots=True)
class SortedHistory:
    """A history, sorted, and the way back to the rows that it came from.

    Attributes
    ----------
    history : History
    customers : array of ids, shape (customers,)
        Sorted: whole numbers by size, texts by code point.
    rows : ndarray of int64, shape (orders,)
        The row that each order of the history came from.
    grant_expires : ndarray of int64, shape (grants,)
        NEVER where the program decides.
    first, last, largest_cart : int
        The first and last instant that anything happens at, and the largest cart.
    """

    history: History
    customers: Ids
    rows: Int64
    grant_expires: Int64
    first: int
    last: int
    largest_cart: int


def settled(orders: OrderColumns, refunds: RefundColumns | None = None) -> OrderColumns:
    """Settle what history says of payment and refunds, whatever the setting.

    Refunds of the columns and of the table become shares of their orders; a refund of nothing is none. Orders that
    were never paid are marked.
    """
    if orders.refunded_at is None and orders.paid is None and refunds is None:
        return orders
    of_then: dict[str, Any] = {"paid": orders.paid}
    for name, values in (("credits", orders.credits), ("discount_given", orders.discount_given)):
        if values is not None:
            of_then[name] = values
    unpaid = never_paid(orders.cart, **of_then) if orders.paid is not None else None
    orders = replace(orders, never_paid=unpaid if unpaid is not None and unpaid.any() else None)
    told = RefundColumns(_NOTHING, _NOTHING, _NOTHING) if refunds is None else refunds
    if orders.refunded_at is not None:
        rows = np.flatnonzero(orders.refunded_at < NEVER)
        amount = np.full(len(rows), UNKNOWN, np.int64) if orders.refunded is None else orders.refunded[rows]
        told = RefundColumns(
            np.concatenate((told.order, rows)),
            np.concatenate((told.at, orders.refunded_at[rows])),
            np.concatenate((told.amount, amount)),
        )
    paid = paid_in_history(orders.cart, **of_then)
    given = np.zeros(len(paid), np.int64)
    np.add.at(given, told.order, np.maximum(told.amount, 0))
    shares = refunded_shares(told.order, told.at, told.amount, paid)
    return replace(orders, refunds=shares, refunded_more=int(np.count_nonzero(given > paid)))


def sort_history(
    orders: OrderColumns, opening: OpeningColumns | None = None, grants: GrantColumns | None = None, *, last: int
) -> SortedHistory:
    """Sort a history by customer and time."""
    counts = None
    if len(orders.ordered_at) and orders.ordered_at.max() > last:
        counts = orders.ordered_at <= last
    if orders.never_paid is not None:
        counts = ~orders.never_paid if counts is None else counts & ~orders.never_paid
    kept = None if counts is None else np.flatnonzero(counts)
    granted = np.flatnonzero(grants.granted_at <= last) if grants is not None else _NOTHING
    of_orders = _taken(orders.customer_id, kept)
    of_opening = opening.customer_id if opening is not None else of_orders[:0]
    of_grants = _taken(grants.customer_id, granted) if grants is not None else of_orders[:0]
    customers, codes = number_customers([of_orders, of_opening, of_grants])
    at = _taken(orders.ordered_at, kept)
    order, first_order = _arranged(codes[0], at, len(customers))
    _settle_ties(order, codes[0], at, lambda rows: _texts(orders.order_id, rows if kept is None else kept[rows]))
    rows = order if kept is None else kept[order]

    def column(values: Any) -> Any:
        return _NOTHING if values is None else values[rows]

    opening = opening or OpeningColumns(of_opening, _NOTHING, _NOTHING, _NOTHING)
    brought = np.lexsort((opening.expires, opening.points >= 0, codes[1]))
    spent = np.zeros(len(customers), np.int64)
    np.add.at(spent, codes[1], opening.spent)
    grants = grants or GrantColumns(of_grants, _NOTHING, _NOTHING, _NOTHING)
    grant_at, grant_points, grant_expires = grants.granted_at[granted], grants.points[granted], grants.expires[granted]
    given = np.lexsort((grant_at, codes[2]))
    chance = orders.chance
    history = History(
        first_order=first_order,
        first_opening=_bounds(codes[1], len(customers)),
        first_grant=_bounds(codes[2], len(customers)),
        at=at[order],
        cart=orders.cart[rows],
        credits=column(orders.credits),
        requested=column(orders.requested),
        tier=column(orders.tier).astype(np.int16, copy=False),
        redeems=column(orders.redeems).astype(np.bool_, copy=False),
        luck=column(chance and chance.luck).astype(np.int32, copy=False),
        eligible=column(orders.eligible),
        coupon=column(orders.coupon),
        earning=column(orders.earning),
        opening_points=opening.points[brought],
        opening_expires=opening.expires[brought],
        spent=spent,
        kind=_kinds(chance, codes[0], rows_kept=kept, customers=len(customers)),
        take_up=chance.take_up if chance else NO_TABLE,
        hundred=chance.hundred if chance else 0,
        grant_at=grant_at[given],
        grant_points=grant_points[given],
        **_refund_columns(_of_these(orders.refunds, rows), first_order),
    )
    happened = [history.at, history.grant_at, opening.expires[opening.expires < NEVER]]
    first = min((int(instants.min()) for instants in happened if len(instants)), default=last)
    largest = int(history.cart.max()) if len(history.cart) else 0
    return SortedHistory(history, customers, rows, grant_expires[given], min(first, last), last, largest)


def _kinds(chance: OrdersChance | None, codes: Int64, *, rows_kept: Int64 | None, customers: int) -> Any:
    """The kind of each customer; -1 for who has no orders."""
    if chance is None:
        return np.empty(0, np.int16)
    kind = np.full(customers, -1, np.int16)
    kind[codes] = chance.kind if rows_kept is None else chance.kind[rows_kept]
    return kind


def refunds_of(history: History, rows: Int64, moved: Any, first_order: Int64) -> dict[str, Any]:
    """Columns of a history's refunds for some of its orders, also again and at another time."""
    by = np.argsort(history.refund_order, kind="stable")
    known = history.refund_order[by]
    begin, end = np.searchsorted(known, rows, side="left"), np.searchsorted(known, rows, side="right")
    order = np.repeat(np.arange(len(rows)), end - begin)
    ahead = np.cumsum(end - begin) - (end - begin)
    found = by[np.arange(len(order)) - np.repeat(ahead - begin, end - begin)]
    later = np.broadcast_to(moved, rows.shape)[order]
    shares = Shares(
        order,
        history.refund_at[found] + later,
        history.refund_before[found],
        history.refund_after[found],
        history.refund_whole[found],
    )
    return _refund_columns(shares, first_order)


def _refund_columns(refunds: Shares, first_order: Int64) -> dict[str, Any]:
    """Refunds by customer, time and order, as fields of a history; `order` is a position in it."""
    customers = len(first_order) - 1
    customer = np.repeat(np.arange(customers), np.diff(first_order))[refunds.order]
    turn = np.lexsort((refunds.order, refunds.at, customer))
    return {"first_refund": _bounds(customer, customers)} | {
        f"refund_{name}": column[turn] for name, column in refunds._asdict().items()
    }


def _of_these(refunds: Shares | None, rows: Int64) -> Shares:
    """The refunds of the orders that are run, by their positions in the history instead of rows."""
    if refunds is None or not len(refunds.order) or not len(rows):
        return Shares(*([_NOTHING] * 5))
    place = np.full(int(max(rows.max(), refunds.order.max())) + 1, -1, np.int64)
    place[rows] = np.arange(len(rows))
    order = place[refunds.order]
    run = order >= 0
    return Shares(*(column[run] for column in refunds))._replace(order=order[run])


def number_customers(tables: Sequence[Ids]) -> tuple[Ids, list[Int64]]:
    """Number the customers of several tables alike, in the order of their ids."""
    if all(isinstance(ids, np.ndarray) for ids in tables):
        codes, customers = pd.factorize(np.concatenate(tables))
        ranked: Any = np.argsort(customers)
        customers = customers[ranked]
    else:
        texts = [
            pa.array(map(str, ids.tolist()), pa.large_string()) if isinstance(ids, np.ndarray) else ids
            for ids in tables
        ]
        encoded = pa.chunked_array(texts, pa.large_string()).combine_chunks().dictionary_encode()
        codes = encoded.indices.to_numpy()
        ranked = pc.sort_indices(encoded.dictionary).to_numpy()
        customers = encoded.dictionary.take(pa.array(ranked))
    rank = np.empty(len(ranked), np.int64)
    rank[ranked] = np.arange(len(ranked))
    ends = np.cumsum([len(ids) for ids in tables])
    return customers, [rank[part] for part in np.split(codes, ends[:-1])]


def rows_of(ids: Ids, among: Ids) -> Int64:
    """The row of each id among others, which occur once; -1 for none."""
    if not len(ids):
        return np.empty(0, np.int64)
    _, (codes, others) = number_customers([ids, among])
    row = np.full(int(max(codes.max(initial=0), others.max(initial=0))) + 1, -1, np.int64)
    row[others] = np.arange(len(others))
    return np.asarray(row[codes])


def _taken(values: Any, rows: Int64 | None) -> Any:
    if rows is None:
        return values
    return values[rows] if isinstance(values, np.ndarray) else values.take(pa.array(rows))


def _texts(ids: Ids, rows: Int64) -> list[str]:
    return [str(order_id) for order_id in _taken(ids, rows).tolist()]


def _bounds(codes: Int64, customers: int) -> Int64:
    """Where each customer's rows begin, shape (customers + 1,)."""
    return np.concatenate(([0], np.cumsum(np.bincount(codes, minlength=customers)))).astype(np.int64)


def _arranged(codes: Int64, at: Int64, customers: int) -> tuple[Int64, Int64]:
    """Rows by customer and time, and where each customer's begin."""
    first = _bounds(codes, customers)
    order = np.empty(len(codes), np.int64)
    _sort_within(codes, at, first, first[:-1].copy(), order, np.empty_like(order))
    return order, first


@compiled
def _sort_within(codes: Any, at: Any, first: Any, free: Any, order: Any, spare: Any) -> None:
    # Written out: numba takes as long to compile its argsort and an assignment to a slice as a third of a replay.
    for row in range(len(codes)):
        order[free[codes[row]]] = row
        free[codes[row]] += 1
    for customer in range(len(first) - 1):
        begin, end = first[customer], first[customer + 1]
        # Insertion within runs of 32, then stable merges of neighbouring runs.
        for start in range(begin, end, 32):
            for place in range(start + 1, min(start + 32, end)):
                row = order[place]
                while place > start and at[order[place - 1]] > at[row]:
                    order[place] = order[place - 1]
                    place -= 1
                order[place] = row
        width = 32
        while width < end - begin:
            for low in range(begin, end, 2 * width):
                middle, high = min(low + width, end), min(low + 2 * width, end)
                left, right = low, middle
                for place in range(low, high):
                    if left < middle and (right == high or at[order[left]] <= at[order[right]]):
                        spare[place] = order[left]
                        left += 1
                    else:
                        spare[place] = order[right]
                        right += 1
            for place in range(begin, end):
                order[place] = spare[place]
            width *= 2


def _settle_ties(order: Int64, codes: Int64, at: Int64, texts_of: Any) -> None:
    """Put orders of one customer and instant into the order of their ids as text, by code point."""
    if len(order) < 2:
        return
    tied = at[order[1:]] == at[order[:-1]]
    tied &= codes[order[1:]] == codes[order[:-1]]
    # A run of ties begins before its first tied row.
    places = np.flatnonzero(np.append(tied, False) | np.insert(tied, 0, False))
    if not len(places):
        return
    begins = ~np.insert(tied, 0, False)[places]
    run = np.cumsum(begins)
    texts = texts_of(order[places])
    sorted_places = sorted(range(len(places)), key=lambda place: (run[place], texts[place]))
    order[places] = order[places][sorted_places]


def expiring(prepared: SortedHistory, schedule: Schedule) -> tuple[History, Instants]:
    """Work out when credits expire under a schedule; the grants of an instant are put soonest-expiring first.

    Parameters
    ----------
    prepared : SortedHistory
    schedule : Schedule

    Returns
    -------
    history : History
    instants : Instants

    Raises
    ------
    InputError
        If something has an expiry of its own under inactivity.
    """
    history = prepared.history
    own = bool((history.opening_expires < NEVER).any() or (prepared.grant_expires < NEVER).any())
    if own and schedule.inactivity:
        raise InputError(
            "points expire together under inactivity, and this history gives some an expires_at of their own"
        )
    expires = any(program.expiry is not None for program in schedule.programs)
    grant_expires = np.where(
        prepared.grant_expires < NEVER, prepared.grant_expires, _after(history.grant_at, history.grant_at, schedule)
    )
    customers = np.repeat(np.arange(len(history.first_grant) - 1), np.diff(history.first_grant))
    given = np.lexsort((history.grant_points, grant_expires, history.grant_at, customers))
    history = history._replace(grant_at=history.grant_at[given], grant_points=history.grant_points[given])
    order = earned = given_back = _NOTHING
    if expires:
        delayed = _delayed(history.at, schedule)
        earned = _after(delayed, history.at, schedule)
        if schedule.inactivity:
            order = earned if delayed is history.at else _after(history.at, history.at, schedule)
        run = history.refund_at <= prepared.last
        given_back = np.full(len(run), NEVER, np.int64)
        given_back[run] = _after(history.refund_at[run], history.refund_at[run], schedule)
    by_lots = (own or expires) and not schedule.inactivity
    leaves, leaving = _windows(history, schedule)
    return history, Instants(
        order, earned, given_back, grant_expires[given], leaves, leaving, by_lots, schedule.inactivity
    )


def _windows(history: History, schedule: Schedule) -> tuple[Int64, Int64]:
    """When each order stops counting in each window of tiers, and each customer's orders by that, (windows, orders)."""
    windows, orders = windows_of(schedule), len(history.at)
    leaves, leaving = np.empty((2, len(windows), orders), np.int64)
    customer = np.repeat(np.arange(len(history.first_order) - 1), np.diff(history.first_order))
    for row, months in enumerate(windows):
        leaves[row] = months_after(history.at, months, schedule.programs[0].timezone)
        # The end of a month is the end for several of its days, so a later order may leave before an earlier one.
        leaving[row] = np.lexsort((leaves[row], customer))
    return leaves, leaving


def _after(credited: Int64, at: Int64, schedule: Schedule) -> Int64:
    """When credits expire, by the program that held when their cause happened."""
    if len(schedule.programs) == 1:
        return one_period_after(credited, schedule.programs[0].expiry, timezone=schedule.programs[0].timezone)
    later = np.empty(len(credited), np.int64)
    held = _held(at, schedule)
    for position, program in enumerate(schedule.programs):
        rows = held == position
        later[rows] = one_period_after(credited[rows], program.expiry, timezone=program.timezone)
    return later


def _delayed(at: Int64, schedule: Schedule) -> Int64:
    """When earned points are credited, by the program of their order; `at` itself where nothing is delayed."""
    delays = np.array([p.earning.delay_days * DAY if p.earning else 0 for p in schedule.programs], np.int64)
    if not delays.any():
        return at
    return at + (delays[0] if len(delays) == 1 else delays[_held(at, schedule)])


def _held(at: Int64, schedule: Schedule) -> Int64:
    starts = np.array([microseconds(start) for start in schedule.starts], np.int64)
    return np.searchsorted(starts, at, side="right") - 1
