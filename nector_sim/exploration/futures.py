"""Futures of a history: each customer's next blocks drawn from donors, written behind the history and replayed.

A future is drawn block by block: states, donors, the orders of those in that block at the same distance from its
beginning, part of their carts the customer's own, whether points are used as the customer does. Newcomers begin as a
newcomer of the window did and then age by the same states. The whole is replayed, so lots, pending points, tiers and
refunds carry over exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nector_sim.exploration.outlook import Outlook, outlook_of
from nector_sim.exploration.states import BLOCK, Donors, Past, past_of, states_of
from nector_sim.ledger.arrays import History, Int64
from nector_sim.ledger.facts import ReadyHistory
from nector_sim.ledger.prepare import refunds_of
from nector_sim.ledger.take_up import MILLION, kinds_of
from nector_sim.rules.times import NEVER

#: Columns of a history that are not of orders; every other one is.
_OTHERS = {
    "first_order", "first_opening", "first_grant", "opening_points", "opening_expires", "spent", "grant_at",
    "grant_points", "kind", "take_up", "hundred",
    "first_refund", "refund_at", "refund_order", "refund_before", "refund_after", "refund_whole",
}  # fmt: skip
#: Columns of orders that are an amount of money, at the customer's level with the cart; below 0 is unknown.
_MONEY = {"cart", "eligible", "earning", "coupon"}

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cells:
    """Where the rows of each known customer and block are in a history, shape (known customers × blocks,)."""

    at: Int64
    begin: Int64
    end: Int64


@dataclass(frozen=True, slots=True)
class Source:
    """What futures of a history are drawn from.

    Attributes
    ----------
    facts : ReadyHistory
    past : Past
    donors : Donors
    outlook : Outlook
    orders, grants : Cells
    credible : ndarray of float64, shape (known customers,)
        The share of each one's carts that are own past ones again; the others are the donor's.
    redeems : ndarray of float64, shape (known customers, 2) or (0, 0)
        a and b of the Beta distribution of the share of orders on which each one uses points; where it depends on the
        balance, the take-up's own law goes on instead.
    """

    facts: ReadyHistory
    past: Past
    donors: Donors
    outlook: Outlook
    orders: Cells
    grants: Cells
    credible: Floats
    redeems: Floats


def source_of(facts: ReadyHistory, could: Bools, ahead: int, window: int | None = None) -> Source:
    """Prepare to draw futures."""
    past = past_of(facts, window)
    donors, history = Donors(past), facts.prepared.history
    customer = np.repeat(_positions(past, history), np.diff(history.first_order))
    return Source(
        facts=facts,
        past=past,
        donors=donors,
        outlook=outlook_of(past, donors, ahead),
        orders=_cells(past, customer, history.at),
        grants=_cells(past, np.repeat(_positions(past, history), np.diff(history.first_grant)), history.grant_at),
        credible=_credibility(history.cart, customer, len(past.known)),
        redeems=_redeemers(history.redeems, could, customer, len(past.known)),
    )


def _positions(past: Past, history: History) -> Int64:
    """The position of each customer of a history among the known ones; -1 for none."""
    position = np.full(len(history.first_order) - 1, -1, np.int64)
    position[past.known] = np.arange(len(past.known))
    return position


def _cells(past: Past, customer: Int64, at: Int64) -> Cells:
    block = past.blocks - 1 - (past.origin - at) // BLOCK
    # Doubled, so that what was before the first whole block has a place before it and is in no cell.
    key = 2 * (customer * past.blocks + np.maximum(block, 0)) - (block < 0)
    cell = 2 * np.arange(len(past.known) * past.blocks)
    return Cells(at, np.searchsorted(key, cell, side="left"), np.searchsorted(key, cell, side="right"))


def _credibility(cart: Int64, customer: Int64, count: int) -> Floats:
    """How far each customer's own past carts tell the next: Bühlmann's n ÷ (n + k), from the logarithms of carts.

    k is the variance within customers over that between them.
    """
    logs = np.log(np.maximum(cart, 1))
    n = np.bincount(customer, minlength=count)
    mean = np.bincount(customer, logs, count) / np.maximum(n, 1)
    within = float(((logs - mean[customer]) ** 2).sum()) / max(int((n - 1).clip(min=0).sum()), 1)
    several = n > 1
    between = 0.0
    if several.sum() > 2:
        between = max(0.0, float(np.var(mean[several]) - within * np.mean(1 / n[several])))
    credible: Floats = between * n / np.maximum(between * n + within, 1e-12)
    return credible


def _redeemers(redeems: Any, could: Bools, customer: Int64, count: int) -> Floats:
    """What is known of each customer's use of points: Beta distributions, of which all customers' is the common part.

    The common one by moments: orders of one customer are alike by the correlation within customers.
    """
    if not len(redeems):
        return np.zeros((0, 0))
    n = np.bincount(customer[could], minlength=count).astype(float)
    used = np.bincount(customer[could & redeems], minlength=count).astype(float)
    mean = float(np.clip(used.sum() / max(n.sum(), 1), 1e-6, 1 - 1e-6))
    several = n > 1
    pairs = float((n * (n - 1))[several].sum())
    alike = float((used * (used - 1))[several].sum()) / pairs if pairs else mean
    correlation = float(np.clip((alike - mean**2) / (mean * (1 - mean)), 0.01, 0.99))
    common = (1 - correlation) / correlation
    return np.stack([mean * common + used, (1 - mean) * common + n - used], axis=1)


def future_of(source: Source, rng: np.random.Generator, last: int, *, certain: bool = False) -> ReadyHistory:
    """Draw a future and write it behind the history."""
    past, donors = source.past, source.donors
    ahead = -(-(last - past.origin) // BLOCK)
    weights = np.ones(len(past.known)) if certain else rng.standard_exponential(len(past.known))
    counts = past.counts[:, -past.lookback :]
    first = past.first
    drawn: list[tuple[Int64, Int64, Int64]] = []
    like = np.arange(len(past.known))
    came = _newcomers(source.outlook, rng, ahead, certain)
    for number in range(ahead):
        by_block = source.outlook.weights[number]
        of_donor = weights[donors.customer] * by_block[donors.block - (past.blocks - past.window)]
        states = states_of(counts, past.blocks + number - first, past.lookback)
        there = np.flatnonzero(states[0] >= 0)
        # Who has points and no order yet goes on without.
        chosen = donors.draw(states[:, there], of_donor, rng.random(len(there)))
        who, cell = there, donors.customer[chosen] * past.blocks + donors.block[chosen]
        new, new_cell = _begin(source, rng, weights, by_block, int(came[number]))
        who = np.append(who, len(first) + np.arange(len(new)))
        cell = np.append(cell, new_cell)
        drawn.append((who, cell, np.full(len(who), number)))
        like, first = np.append(like, new), np.append(first, np.full(len(new), past.blocks + number))
        done = np.zeros(len(first), np.int64)
        done[who] = past.counts.ravel()[cell]
        grown = np.zeros((len(first), counts.shape[1]), np.int64)
        grown[: len(counts)] = counts
        counts = np.concatenate([grown[:, 1:], done[:, None]], axis=1)
    who, cell, block = (np.concatenate(column) for column in zip(*drawn, strict=True))
    order = np.argsort(who, kind="stable")
    return _written(source, rng, (who[order], cell[order], block[order]), like, last)


def _newcomers(outlook: Outlook, rng: np.random.Generator, ahead: int, certain: bool) -> Int64:
    expected = outlook.newcomers[:ahead]
    if not certain:
        expected = expected * np.exp(rng.standard_normal() * outlook.newcomers_error[:ahead])
        expected = expected * np.exp(rng.standard_normal(ahead) * np.sqrt(outlook.excess) - outlook.excess / 2)
    return rng.poisson(expected)


def _begin(
    source: Source, rng: np.random.Generator, weights: Floats, by_block: Floats, count: int
) -> tuple[Int64, Int64]:
    """Newcomers of a block: whose newcomers they are like, and the cells of their first block."""
    start = source.past.blocks - source.past.window
    parts = source.donors.newcomers
    everybody = np.concatenate(parts)
    if not count or not len(everybody):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    block = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    sums = np.cumsum(weights[everybody] * by_block[block])
    place = np.minimum(np.searchsorted(sums, rng.random(count) * sums[-1]), len(everybody) - 1)
    return everybody[place], everybody[place] * source.past.blocks + block[place] + start


@dataclass(frozen=True, slots=True)
class Repeated:
    """Rows of a history and rows that happen again, by customer and time.

    Attributes
    ----------
    rows, moved : ndarray of int64
        The row that each is, and by how much later it happens; 0 for the history's own.
    who, again : ndarray of int64
        Of those that happen again, in the order in which they were drawn: to whom, and the row.
    arranged : ndarray of int64
        The rows of the history and those behind them, into their order.
    first : ndarray of int64
        Where each customer's begin.
    """

    rows: Int64
    moved: Int64
    who: Int64
    again: Int64
    arranged: Int64
    first: Int64


def _repeat(cells: Cells, past: Past, drawn: tuple[Int64, Int64, Int64], first: Int64, new: int, last: int) -> Repeated:
    who, cell, block = drawn
    size = cells.end[cell] - cells.begin[cell]
    again = np.repeat(cells.begin[cell] - (np.cumsum(size) - size), size) + np.arange(size.sum())
    shift = np.repeat((block + past.blocks - cell % past.blocks) * BLOCK, size)
    kept = cells.at[again] + shift <= last
    again, shift, who = again[kept], shift[kept], np.repeat(who, size)[kept]
    everybody = len(first) - 1
    number = np.append(past.known, everybody + np.arange(new))[who]
    owner = np.concatenate([np.repeat(np.arange(everybody), np.diff(first)), number])
    arranged = np.argsort(owner, kind="stable")
    counts = np.bincount(owner, minlength=everybody + new)
    return Repeated(
        np.concatenate([np.arange(len(cells.at)), again])[arranged],
        np.concatenate([np.zeros(len(cells.at), np.int64), shift])[arranged],
        who,
        again,
        arranged,
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
    )


def _written(
    source: Source, rng: np.random.Generator, drawn: tuple[Int64, Int64, Int64], like: Int64, last: int
) -> ReadyHistory:
    """The history, and behind it the orders and grants of cells again."""
    past, facts = source.past, source.facts
    prepared, h = facts.prepared, facts.prepared.history
    new = len(like) - len(past.known)
    orders = _repeat(source.orders, past, drawn, h.first_order, new, last)
    grants = _repeat(source.grants, past, drawn, h.first_grant, new, last)
    scale = np.ones(len(orders.rows))
    scale[len(h.at) :] = _own_carts(source, rng, like[orders.who], orders.again)
    scale = scale[orders.arranged]
    columns = {name: _again(name, column, orders, scale) for name, column in h._asdict().items() if name not in _OTHERS}
    if len(h.redeems):
        share = rng.beta(*source.redeems[like].T)
        uses = rng.random(len(orders.who)) < np.asarray(share)[orders.who]
        columns["redeems"] = np.concatenate([h.redeems, uses])[orders.arranged]
    kind = h.kind
    if len(h.luck):
        luck = rng.integers(0, MILLION, len(orders.who)).astype(np.int32)
        columns["luck"] = np.concatenate([h.luck, luck])[orders.arranged]
        of_new = kinds_of(rng.integers(0, MILLION, new), h.take_up.redeemers, len(h.take_up.cells))
        kind = np.append(h.kind, of_new)
    history = h._replace(
        **columns,
        **refunds_of(h, orders.rows, orders.moved, orders.first),
        kind=kind,
        first_order=orders.first,
        first_opening=np.append(h.first_opening, np.full(new, h.first_opening[-1])),
        first_grant=grants.first,
        spent=np.append(h.spent, np.zeros(new, np.int64)),
        grant_at=h.grant_at[grants.rows] + grants.moved,
        grant_points=h.grant_points[grants.rows],
    )
    expires = prepared.grant_expires[grants.rows]
    written = replace(
        prepared,
        history=history,
        grant_expires=np.where(expires < NEVER, expires + grants.moved, NEVER),
        rows=orders.rows,
        last=last,
        largest_cart=max(prepared.largest_cart, int(history.cart.max(initial=0))),
    )
    return replace(facts, prepared=written)


def _own_carts(source: Source, rng: np.random.Generator, mine: Int64, again: Int64) -> Floats:
    """How much larger each repeated order's cart is made: as one of the customer's own past carts, or not at all."""
    h = source.facts.prepared.history
    begin, end = h.first_order[source.past.known[mine]], h.first_order[source.past.known[mine] + 1]
    own = rng.random(len(mine)) < source.credible[mine]
    pick = np.where(own, begin + np.floor(rng.random(len(mine)) * (end - begin)).astype(np.int64), again)
    scale: Floats = h.cart[pick] / np.maximum(h.cart[again], 1)
    return np.where(own, scale, 1.0)


def _again(name: str, column: Any, orders: Repeated, scale: Floats) -> Any:
    """A column of orders, those of the future at their own time and level."""
    if not len(column):
        return column
    taken = column[orders.rows]
    if name == "at":
        return taken + orders.moved
    if name in _MONEY:
        scaled = np.maximum(np.rint(taken * scale).astype(np.int64), 1)
        return np.where((orders.moved > 0) & (taken > 0), scaled, taken)
    return taken


def cut_off(facts: ReadyHistory, last: int) -> ReadyHistory:
    """The facts as they were known at an earlier instant; refunds after it are ignored by the replay."""
    prepared, h = facts.prepared, facts.prepared.history
    orders, grants = h.at <= last, h.grant_at <= last
    columns = {
        name: column[orders] if len(column) else column for name, column in h._asdict().items() if name not in _OTHERS
    }
    first = _kept(h.first_order, orders)
    history = h._replace(
        **columns,
        **refunds_of(h, np.flatnonzero(orders), 0, first),
        first_order=first,
        first_grant=_kept(h.first_grant, grants),
        grant_at=h.grant_at[grants],
        grant_points=h.grant_points[grants],
    )
    earlier = replace(
        prepared,
        history=history,
        grant_expires=prepared.grant_expires[grants],
        rows=prepared.rows[orders],
        last=last,
        first=min(prepared.first, last),
    )
    return replace(facts, prepared=earlier)


def _kept(first: Int64, rows: Bools) -> Int64:
    """Where each customer's rows begin among those that are kept."""
    return np.concatenate([[0], np.cumsum(rows)])[first].astype(np.int64)
