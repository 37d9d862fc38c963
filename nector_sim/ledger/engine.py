"""The compiled replay, run over parts of a history on several threads; the parts do not change the result."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from nector_sim._progress import side_by_side
from nector_sim.errors import InputError, Problem
from nector_sim.ledger.arrays import (
    FLOWS,
    LEFT,
    LINES,
    STATE,
    History,
    Instants,
    Int64,
    Left,
    Movements,
    OrderOutcomes,
    Scratch,
)
from nector_sim.ledger.compiled import replay_customers
from nector_sim.ledger.prepare import SortedHistory
from nector_sim.ledger.schedule import KINDS, SIGNS
from nector_sim.ledger.standing import SUMS_OF_WINDOW
from nector_sim.ledger.tables import LedgerTerms
from nector_sim.rules.money import MAX_POINTS

#: Orders of a part, about: a tenth of a second, after which a call that is stopped has ended in every thread.
PART_ORDERS = 500_000


@dataclass(frozen=True, slots=True)
class Ran:
    """What the compiled replay gives, in the order of the history.

    Attributes
    ----------
    outcome : OrderOutcomes
    flows : ndarray of int64, shape (months + 1, flows)
        Columns as :data:`nector_sim.ledger.arrays.FLOWS`; the first row is what was before everything.
    movements : list of Movements
        One for each part, in the order of the customers.
    left : list of Left
        Likewise.
    """

    outcome: OrderOutcomes
    flows: Int64
    movements: list[Movements]
    left: list[Left]

    def total(self, name: str) -> int:
        """One flow over all months."""
        return int(self.flows[:, FLOWS.index(name)].sum())

    @property
    def closing(self) -> int:
        """Points left at the end: spendable and pending, less overdrafts."""
        return int((self.outcome.spendable + self.outcome.pending - self.outcome.overdraft).sum())


def run(
    prepared: SortedHistory,
    history: History,
    instants: Instants,
    terms: LedgerTerms,
    *,
    months: Int64,
    threads: int | None = None,
    orders: bool = True,
    movements: bool = False,
    lots: bool = False,
    parts: int | None = None,
) -> Ran:
    """Replay a history; in so many parts, where the parts are wanted by themselves."""
    check_threads(threads)
    customers = len(history.first_order) - 1
    outcome = _room_for_outcome(history, customers, orders)
    if lots:
        instants = instants._replace(by_lots=True)
    wanted = threads or os.cpu_count() or 1
    cut = parts or wanted * max(1, round(len(history.at) / (wanted * PART_ORDERS)))
    cuts = np.searchsorted(history.first_order, np.linspace(0, len(history.at), cut + 1)[1:-1])
    bounds = [0, *np.clip(cuts, 0, customers).tolist(), customers]
    pieces = [(first, last) for first, last in itertools.pairwise(bounds) if first < last] or [(0, 0)]

    def run_part(part: tuple[int, int]) -> tuple[int, Int64, Movements, Left]:
        first, last = part
        flows = np.zeros((len(months) + 1, len(FLOWS)), np.int64)
        lines = _room_for_movements(history, first, last) if movements else _movements(0)
        left = _room_for_left(history, first, last, len(months) + 1) if lots else _left(0, 0)
        work = _room_for_work(history, first, last, left, len(instants.leaves) + 1)
        failed = replay_customers(
            first, last, prepared.last, history, instants, terms, work, outcome, flows, months, lines
        )
        written = int(work.state[LINES]) if movements else 0
        return failed, flows, _cut(lines, written), _cut_left(left, int(work.state[LEFT]))

    # Where one thread is asked for, the caller is one of several itself.
    ran = [run_part(part) for part in pieces] if threads == 1 else list(side_by_side(run_part, pieces, threads=wanted))
    failed = [customer for customer, _, _, _ in ran if customer >= 0]
    if failed:
        names = [str(prepared.customers[customer]) for customer in failed]
        raise InputError(
            "the replay cannot go on:",
            [
                Problem(f"customer {name}", f"has more than {MAX_POINTS} points; is a rate or an amount too large?")
                for name in names
            ],
        )
    flows = sum((flows for _, flows, _, _ in ran), np.zeros((len(months) + 1, len(FLOWS)), np.int64))
    result = Ran(outcome, flows, [lines for _, _, lines, _ in ran], [left for _, _, _, left in ran])
    _check_conservation(result)
    return result


def check_threads(threads: int | None) -> None:
    """Refuse a number of threads that can run nothing."""
    if threads is not None and threads < 1:
        raise InputError(f"threads is {threads}; it is 1 or more, or left out for one on each core")


def _check_conservation(ran: Ran) -> None:
    booked = sum(SIGNS[kind] * ran.total(kind) for kind in KINDS)
    if booked != ran.closing:
        raise AssertionError(
            f"points were not conserved: the movements leave {booked}, the balances hold {ran.closing}; "
            "this is an error in nector_sim, please report it with the program"
        )


def _room_for_outcome(history: History, customers: int, orders: bool) -> OrderOutcomes:
    n = len(history.at) if orders else 0
    return OrderOutcomes(
        balance=np.empty(n, np.int64),
        points=np.empty(n, np.int64),
        discount=np.empty(n, np.int64),
        credits_used=np.empty(n if len(history.credits) else 0, np.int64),
        earned=np.empty(n, np.int64),
        limited_by=np.empty(n, np.int8),
        tier=np.empty(n, np.int16),
        spendable=np.zeros(customers, np.int64),
        overdraft=np.zeros(customers, np.int64),
        pending=np.zeros(customers, np.int64),
        next_expiry=np.zeros(customers, np.int64),
    )


def _room_for_movements(history: History, first: int, last: int) -> Movements:
    orders, openings, grants, refunds = _counts(history, first, last)
    # An order: earned, redeemed; a refund: taken back, forgiven, given back; every credit may expire.
    return _movements(int((3 * orders + 2 * openings + 2 * grants + 4 * refunds).sum()))


def _movements(room: int) -> Movements:
    customer, at, points, order = (np.empty(room, np.int64) for _ in range(4))
    return Movements(customer, at, points, order, np.empty(room, np.int8))


def _cut(lines: Movements, written: int) -> Movements:
    return Movements(
        lines.customer[:written],
        lines.at[:written],
        lines.points[:written],
        lines.order[:written],
        lines.kind[:written],
    )


def _room_for_left(history: History, first: int, last: int, months: int) -> Left:
    # An order leaves what it earned, spendable or pending; a refund what it gave back.
    return _left(int(sum(_counts(history, first, last)).sum()), months)


def _left(room: int, months: int) -> Left:
    customer, points, since, expires = (np.empty(room, np.int64) for _ in range(4))
    of_months = np.zeros(months, np.int64), np.zeros((months, months), np.int64)
    return Left(customer, points, since, expires, np.empty(room, np.int16), np.empty(room, np.bool_), *of_months)


def _cut_left(left: Left, written: int) -> Left:
    columns = {name: getattr(left, name)[:written] for name in ("customer", "points", "since", "expires")}
    return left._replace(**columns, tier=left.tier[:written], pending=left.pending[:written])


def _counts(history: History, first: int, last: int) -> list[Any]:
    """Orders, openings, grants and refunds of each customer of a part."""
    return [
        np.diff(bounds[first : last + 1])
        for bounds in (history.first_order, history.first_opening, history.first_grant, history.first_refund)
    ]


def _room_for_work(history: History, first: int, last: int, left: Left, sums: int) -> Scratch:
    counts = _counts(history, first, last)
    most = int(counts[0].max(initial=0))
    # A slot for each credit: what is brought, granted, earned, and given back.
    slots = int(sum(counts).max(initial=0))
    return Scratch._make(
        [
            np.zeros(STATE, np.int64),
            *(np.empty(slots, np.int64) for _ in range(6)),
            *(np.empty(most, np.int64) for _ in range(12)),
            np.empty((sums, SUMS_OF_WINDOW), np.int64),
            left,
        ]
    )
