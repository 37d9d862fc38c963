"""What a history or a future adds up to: redemption, what is outstanding, and the amounts that a margin is made of."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nector_sim.economics.margin import Drivers, drivers_of
from nector_sim.economics.sales import Sales
from nector_sim.exploration.replays import sales_of
from nector_sim.ledger.arrays import Int64, Movements
from nector_sim.ledger.engine import run
from nector_sim.ledger.facts import ReadyHistory
from nector_sim.ledger.prepare import expiring
from nector_sim.ledger.schedule import KINDS, Schedule
from nector_sim.ledger.tables import compile_schedule, tier_names

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: What is added up for each month.
MEASURES = ("orders", "orders_redeemed", "cart_amount", "discount", "points_redeemed", "points_earned", "expired")
OUTSTANDING = len(MEASURES)
#: Orders of customers who were known at the origin, behind what is outstanding.
OF_KNOWN = OUTSTANDING + 1
#: Behind those, where a margin is asked for: the drivers of the orders as they are, and then without redemption.
COUNTS = OF_KNOWN + 1
DRIVERS = tuple(field.name for field in fields(Drivers))


@dataclass(frozen=True, slots=True)
class Books:
    """What a margin needs of the orders of a history, in the order of the ledger.

    Attributes
    ----------
    sales : Sales
        With no redemption, as they were known at the end of the history.
    carts : ndarray of int64
        Minor units; an order that happens again at another level has its cost at that level.
    scale : int
        Minor units in a major one.
    """

    sales: Sales
    carts: Int64
    scale: int

    def again(self, future: ReadyHistory) -> Books:
        """The same of a future, whose orders are those of the history again, some at another level."""
        rows, cart = future.prepared.rows, future.prepared.history.cart
        sales = self.sales.taken(rows)
        cost = None if sales.cost is None else sales.cost * (cart / np.maximum(self.carts[rows], 1))
        return Books(replace(sales, cart=cart / self.scale, cost=cost), cart, self.scale)

    def drivers(self, rows: Int64, outcome: Any) -> list[Any]:
        """Drivers of some orders as a replay left them, and then without redemption."""
        before = self.sales.taken(rows)
        after = replace(before, discount=outcome.discount[rows] / self.scale)
        if len(outcome.credits_used):
            after = replace(after, credits=outcome.credits_used[rows] / self.scale)
        return [getattr(drivers_of(sales), name) for sales in (after, before) for name in DRIVERS]


def books_of(facts: ReadyHistory, decimals: int) -> Books:
    """Take the orders of a history apart for the margin; what came back after its end is not known yet."""
    history, scale = facts.prepared.history, 10**decimals
    sales, _ = sales_of(facts, scale)
    share = np.zeros(len(history.at))
    known = history.refund_at <= facts.prepared.last
    # The refunds of an order follow each other, and the last one says what came back in all.
    np.maximum.at(share, history.refund_order[known], history.refund_after[known] / history.refund_whole[known])
    return Books(replace(sales, refunded_share=share, returned=share > 0), history.cart, scale)


def totals_of(
    facts: ReadyHistory,
    schedule: Schedule,
    edges: Int64,
    known: int,
    *,
    books: Books | None = None,
    threads: int | None = None,
) -> Floats:
    """Replay a history or a future, and add it up between instants."""
    prepared, stretches = facts.prepared, len(edges) - 1
    history, instants = expiring(prepared, schedule)
    terms = compile_schedule(schedule, tier_names([schedule], facts.tiers), prepared.largest_cart)
    ran = run(
        prepared, history, instants, terms, months=np.empty(0, np.int64), threads=threads, movements=True, orders=True
    )
    inside = np.flatnonzero((history.at > edges[0]) & (history.at <= edges[-1]))
    customer = np.repeat(np.arange(len(history.first_order) - 1), np.diff(history.first_order))[inside]
    stretch, points = np.searchsorted(edges, history.at[inside], side="left") - 1, ran.outcome.points[inside]
    made = np.zeros((stretches, COUNTS + 2 * len(DRIVERS) * (books is not None)))
    sums = {
        "orders": np.ones(len(inside)),
        "orders_redeemed": points > 0,
        "cart_amount": history.cart[inside],
        "discount": ran.outcome.discount[inside],
        "points_redeemed": points,
        "points_earned": ran.outcome.earned[inside],
    }
    for name, amounts in sums.items():
        made[:, MEASURES.index(name)] = np.bincount(stretch, amounts, stretches)
    made[:, OF_KNOWN] = np.bincount(stretch, customer < known, stretches)
    for column, amounts in enumerate([] if books is None else books.drivers(inside, ran.outcome), COUNTS):
        made[:, column] = np.bincount(stretch, np.broadcast_to(amounts, len(inside)), stretches)
    for part in ran.movements:
        _add_movements(made, part, edges)
    made[:, OUTSTANDING] = np.cumsum(made[:, OUTSTANDING])
    return made


def _add_movements(made: Floats, part: Movements, edges: Int64) -> None:
    """Add what expired, and what is outstanding more; what was before the first edge belongs to the first stretch."""
    stretch = np.searchsorted(edges, part.at, side="left") - 1
    moved = part.points * (part.kind != KINDS.index("forgiven"))
    before = stretch < len(made)
    made[:, OUTSTANDING] += np.bincount(np.maximum(stretch, 0)[before], moved[before], len(made))
    lost = (part.kind == KINDS.index("expired")) & (stretch >= 0) & before
    made[:, MEASURES.index("expired")] += np.bincount(stretch[lost], -part.points[lost], len(made))


def could_redeem(facts: ReadyHistory, schedule: Schedule) -> Bools:
    """On which orders of a history there were points to use; all, where nobody decides whether to use them."""
    prepared = facts.prepared
    if not len(prepared.history.redeems):
        return np.ones(len(prepared.history.at), np.bool_)
    history, instants = expiring(prepared, schedule)
    terms = compile_schedule(schedule, tier_names([schedule], facts.tiers), prepared.largest_cart)
    found: Bools = run(prepared, history, instants, terms, months=np.empty(0, np.int64)).outcome.balance > 0
    return found
