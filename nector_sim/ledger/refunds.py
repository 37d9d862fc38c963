"""What history refunded of an order. The ledger and the margin both ask here, so no setting changes the answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

#: An amount that is not known.
UNKNOWN = -1


def paid_in_history(cart: Int64, *, credits: Any = 0, discount_given: Any = 0, paid: Any = None) -> Int64:
    """What each order was paid: as recorded, else the cart less the credits and discounts of that time.

    Parameters
    ----------
    cart, credits, discount_given : ndarray of int64
        Whole units of money, all of one size.
    paid : ndarray of int64, optional
        :data:`UNKNOWN` where it was not recorded.

    Returns
    -------
    ndarray of int64
        At least 0.

    Examples
    --------
    >>> paid_in_history(np.array([1000, 1000]), discount_given=np.array([200, 200]), paid=np.array([-1, 900])).tolist()
    [800, 900]
    """
    due: Int64 = np.maximum(cart - credits - discount_given, 0)
    known: Int64 = due if paid is None else np.where(paid == UNKNOWN, due, paid)
    return known


def never_paid(cart: Int64, *, credits: Any = 0, discount_given: Any = 0, paid: Any = None) -> Bools:
    """Say which orders were never paid: nothing was, though credits and discounts left something to pay."""
    if paid is None:
        return np.zeros(len(cart), np.bool_)
    return np.asarray((paid == 0) & (cart - credits - discount_given > 0))


def refunded_share(amount: Any, paid: Int64) -> tuple[Int64, Int64]:
    """Give the refunded share of refunded orders, as a part of a whole.

    Parameters
    ----------
    amount : ndarray of int64, or None
        What was refunded; :data:`UNKNOWN` where only the refund itself is known, which is a full one.
    paid : ndarray of int64
        From :func:`paid_in_history`. Any refund of an order for which nothing was paid is a full one.

    Returns
    -------
    part, whole : ndarray of int64
        1 of 1 for a full refund, 0 of something for none at all.

    Examples
    --------
    >>> part, whole = refunded_share(np.array([250, -1, 900, 0, 0]), np.array([1000, 500, 800, 0, 700]))
    >>> part.tolist(), whole.tolist()
    ([250, 1, 1, 1, 0], [1000, 1, 1, 1, 700])
    """
    if amount is None:
        amount = np.full(len(paid), UNKNOWN, np.int64)
    full = (amount == UNKNOWN) | (paid == 0) | (amount >= paid)
    return np.where(full, 1, amount), np.where(full, 1, paid)
