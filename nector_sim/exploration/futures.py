"""What customers may do next: their own orders again, block by block, as the future of a history.

Time before the origin is cut into blocks of four weeks, so that a weekday stays one. A future is a row of blocks drawn
from the window before the origin; in each, everyone does again what they did in the drawn block. Customers who were
known before the window go on with what they have. Those who came within it stand for those who will come: what they did
is done by newcomers, who begin with nothing; so customers arrive at the rate of the window, and the volume stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nector_sim.errors import InputError
from nector_sim.ledger.arrays import History, Int64, Movements
from nector_sim.ledger.engine import run
from nector_sim.ledger.facts import Facts
from nector_sim.ledger.prepare import expiring
from nector_sim.ledger.schedule import KINDS, Schedule
from nector_sim.ledger.tables import DAY, NEVER, compile_schedule, tier_names

BLOCK = 28 * DAY
#: Blocks of a window: as many as half of the history has, at least and at most these.
FEWEST, MOST = 3, 13
#: What is added up for each customer and month.
MEASURES = ("orders", "orders_redeemed", "cart_amount", "discount", "points_redeemed", "points_earned", "expired")
OUTSTANDING = len(MEASURES)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of a history that its future is made of.

    Attributes
    ----------
    origin : int
        The instant after which nothing is known.
    blocks : int
    newcomers : ndarray of int64
        Customers who did nothing before it.
    known : ndarray of int64
        All customers who did something up to the origin.
    """

    origin: int
    blocks: int
    newcomers: Int64
    known: Int64


def window_of(facts: Facts, blocks: int | None = None) -> Window:
    """Choose the window before the end of a history.

    Parameters
    ----------
    facts : Facts
        Whose last instant is the origin.
    blocks : int, optional
        Of four weeks each; left out, as many as half of the history has, at most a year.

    Returns
    -------
    Window

    Raises
    ------
    InputError
        If the history is too short.
    """
    prepared, history = facts.prepared, facts.prepared.history
    there = (prepared.last - prepared.first) // BLOCK
    if blocks is None and there < 2 * FEWEST:
        raise InputError(
            f"the history has {max(there, 0)} whole blocks of four weeks; a forecast needs {2 * FEWEST}: half of them "
            "to go on from, and half to know who had been there before"
        )
    if blocks is not None and not 1 <= blocks < there:
        raise InputError(
            f"window is {blocks}; it is 1 to {there - 1} blocks of four weeks, and some history before them"
        )
    chosen = blocks or int(min(MOST, max(FEWEST, there // 2)))
    begins = prepared.last - chosen * BLOCK
    counts = np.diff(history.first_order)
    known = np.flatnonzero(counts + np.diff(history.first_opening) + np.diff(history.first_grant) > 0)
    first = np.full(len(counts), NEVER)
    first[counts > 0] = history.at[history.first_order[:-1][counts > 0]]
    brought = np.diff(history.first_opening) > 0
    return Window(prepared.last, chosen, np.flatnonzero((counts > 0) & (first > begins) & ~brought), known)


def future_of(facts: Facts, window: Window, blocks: Int64, last: int) -> Facts:
    """Write a future behind a history.

    Parameters
    ----------
    facts : Facts
    window : Window
    blocks : ndarray of int64
        For each block of the future, which block of the window happens again; 0 is the one just before the origin.
    last : int
        Where the future ends.

    Returns
    -------
    Facts
        The history and the future; newcomers are further customers behind the others, in the order of the window's.
    """
    prepared, h = facts.prepared, facts.prepared.history
    customers = len(h.first_order) - 1
    becomes = np.arange(customers)
    becomes[window.newcomers] = customers + np.arange(len(window.newcomers))
    orders, first_order, shifts = _again(h.at, h.first_order, becomes, window, blocks, last)
    grants, first_grant, grant_shifts = _again(h.grant_at, h.first_grant, becomes, window, blocks, last)

    def of_orders(column: Any) -> Any:
        return column[orders] if len(column) else column

    refunded_at = of_orders(h.refunded_at)
    if len(refunded_at):
        refunded_at = np.where(refunded_at < NEVER, refunded_at + shifts, NEVER)
    expires = prepared.grant_expires[grants]
    more = np.full(len(window.newcomers), h.first_opening[-1], np.int64)
    history = History(
        first_order=first_order,
        first_opening=np.concatenate([h.first_opening, more]),
        first_grant=first_grant,
        at=h.at[orders] + shifts,
        cart=h.cart[orders],
        credits=of_orders(h.credits),
        requested=of_orders(h.requested),
        tier=of_orders(h.tier),
        redeems=of_orders(h.redeems),
        refunded_at=refunded_at,
        refunded=of_orders(h.refunded),
        paid=of_orders(h.paid),
        eligible=of_orders(h.eligible),
        coupon=of_orders(h.coupon),
        earning=of_orders(h.earning),
        opening_points=h.opening_points,
        opening_expires=h.opening_expires,
        spent=np.concatenate([h.spent, np.zeros(len(window.newcomers), np.int64)]),
        grant_at=h.grant_at[grants] + grant_shifts,
        grant_points=h.grant_points[grants],
    )
    written = replace(
        prepared,
        history=history,
        grant_expires=np.where(expires < NEVER, expires + grant_shifts, NEVER),
        rows=orders,
        last=last,
    )
    return replace(facts, prepared=written)


def _again(
    at: Int64, first: Int64, becomes: Int64, window: Window, blocks: Int64, last: int
) -> tuple[Int64, Int64, Int64]:
    """Rows of the past, then those that happen again, by customer and time: their sources, bounds and shifts."""
    customer = np.repeat(np.arange(len(first) - 1), np.diff(first))
    past = np.flatnonzero(at <= window.origin)
    block = (window.origin - at) // BLOCK
    by_block = [np.flatnonzero((at <= window.origin) & (block == number)) for number in range(window.blocks)]
    rows, shifts = [past], [np.zeros(len(past), np.int64)]
    for position, number in enumerate(blocks.tolist()):
        again = by_block[number]
        # Block 0 ends at the origin, and the first of the future begins there.
        shift = (number + 1 + position) * BLOCK
        again = again[at[again] + shift <= last]
        rows.append(again)
        shifts.append(np.full(len(again), shift, np.int64))
    source, shift = np.concatenate(rows), np.concatenate(shifts)
    who = np.where(shift > 0, becomes[customer[source]], customer[source])
    order = np.lexsort((source, at[source] + shift, who))
    counts = np.bincount(who, minlength=len(becomes) + len(window.newcomers))
    bounds = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return source[order], bounds, shift[order]


def totals_of(facts: Facts, window: Window, schedule: Schedule, months: Int64, threads: int | None = None) -> Floats:
    """Replay a future, and add it up by customer and month.

    Parameters
    ----------
    facts : Facts
        From :func:`future_of`.
    window : Window
    schedule : Schedule
    months : ndarray of int64
        Where each month after the origin begins; the first begins with the origin.
    threads : int, optional

    Returns
    -------
    ndarray of float64, shape (known customers, months, measures + 1)
        The last is what is outstanding at the end of the month. A newcomer is counted with the customer whose orders
        it repeats. Whole numbers; money in minor units.
    """
    prepared = facts.prepared
    history, instants = expiring(prepared, schedule)
    terms = compile_schedule(schedule, tier_names([schedule], facts.tiers), prepared.largest_cart)
    ran = run(
        prepared, history, instants, terms, months=np.empty(0, np.int64), threads=threads, movements=True, orders=True
    )
    customers = len(history.first_order) - 1
    unit = np.arange(customers)
    unit[customers - len(window.newcomers) :] = window.newcomers
    shape = (customers - len(window.newcomers), len(months), len(MEASURES) + 1)
    after = np.flatnonzero(history.at > window.origin)
    of_order = np.repeat(unit, np.diff(history.first_order))[after] * shape[1] + _month(history.at[after], months)
    cells = shape[0] * shape[1]
    made = np.zeros((cells, shape[2]))
    points = ran.outcome.points[after]
    for position, amounts in enumerate(
        [
            np.ones(len(after)),
            points > 0,
            history.cart[after],
            ran.outcome.discount[after],
            points,
            ran.outcome.earned[after],
        ]
    ):
        made[:, position] = np.bincount(of_order, amounts, cells)
    _add_movements(made, ran.movements, unit, months, window.origin)
    made = made.reshape(shape)
    made[:, :, OUTSTANDING] = np.cumsum(made[:, :, OUTSTANDING], axis=1)
    return made[window.known]


def _add_movements(made: Floats, parts: list[Movements], unit: Int64, months: Int64, origin: int) -> None:
    """Add what expired, and what is outstanding more; what was before the origin belongs to the first month."""
    expired = MEASURES.index("expired")
    for part in parts:
        month = np.where(part.at > origin, _month(part.at, months), 0)
        cell = unit[part.customer] * len(months) + month
        made[:, OUTSTANDING] += np.bincount(cell, part.points * (part.kind != KINDS.index("forgiven")), len(made))
        lost = (part.kind == KINDS.index("expired")) & (part.at > origin)
        made[:, expired] += np.bincount(cell[lost], -part.points[lost], len(made))


def _month(at: Int64, months: Int64) -> Int64:
    return np.maximum(np.searchsorted(months, at, side="right") - 1, 0)
