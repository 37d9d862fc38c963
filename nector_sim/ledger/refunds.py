"""What history refunded of an order. The ledger and the margin both ask here, so no setting changes the answer."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

#: An amount that is not known.
UNKNOWN = -1


class Shares(NamedTuple):
    """Refunds of orders, by order and time, one row each that changes how much of its order has come back.

    Attributes
    ----------
    order : ndarray of int64, shape (n,)
        The row of its order.
    at : ndarray of int64, shape (n,)
        Its instant.
    before, after, whole : ndarray of int64, shape (n,)
        How much of a whole had come back before, and has with it; the whole itself on a full refund.
    """

    order: Int64
    at: Int64
    before: Int64
    after: Int64
    whole: Int64


def paid_in_history(cart: Int64, *, credits: Any = 0, discount_given: Any = 0, paid: Any = None) -> Int64:
    """What each order was paid: as recorded, else the cart less the credits and discounts of that time."""
    due: Int64 = np.maximum(cart - credits - discount_given, 0)
    known: Int64 = due if paid is None else np.where(paid == UNKNOWN, due, paid)
    return known


def never_paid(cart: Int64, *, credits: Any = 0, discount_given: Any = 0, paid: Any = None) -> Bools:
    """Say which orders were never paid: nothing was, though credits and discounts left something to pay."""
    if paid is None:
        return np.zeros(len(cart), np.bool_)
    return np.asarray((paid == 0) & (cart - credits - discount_given > 0))


def refunded_shares(order: Int64, at: Int64, amount: Int64 | None, paid: Int64) -> Shares:
    """Work out how much of each order had come back after each of its refunds.

    Refunds of one order at one instant are one refund; shares stop at 1; a refund that moves nothing is left out.
    """
    by = np.lexsort((at, order))
    order, at = order[by], at[by]
    whole = paid[order]
    part = whole if amount is None else np.where(amount[by] == UNKNOWN, whole, amount[by])
    free = whole == 0
    whole, part = np.where(free, 1, whole), np.where(free, 1, part)
    # So far, of all refunds before; less what other orders' refunds come to.
    total = np.cumsum(np.minimum(part, whole))
    first = np.flatnonzero(np.insert(order[1:] != order[:-1], 0, True)) if len(order) else order[:0]
    others = np.repeat(total[first] - np.minimum(part, whole)[first], np.diff(np.append(first, len(order))))
    after = np.minimum(total - others, whole)
    last = np.append((order[1:] != order[:-1]) | (at[1:] != at[:-1]), True)[: len(order)]
    order, at, after, whole = order[last], at[last], after[last], whole[last]
    same = np.insert(order[1:] == order[:-1], 0, False)[: len(order)]
    before = np.where(same, np.roll(after, 1), 0)
    moves = after > before
    return Shares(*(column[moves] for column in (order, at, before, after, whole)))
