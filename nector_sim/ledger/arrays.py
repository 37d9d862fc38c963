"""What the compiled replay reads, keeps and writes: arrays with names, and the positions of what stands in them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nector_sim.calculator.reasons import REASONS
from nector_sim.ledger.schedule import KINDS

Int64 = npt.NDArray[np.int64]

OPENING, GRANTED, EARNED, GIVEN_BACK, REDEEMED, EXPIRED, TAKEN_BACK, FORGIVEN = range(8)
#: What a month's flows hold: points of each kind, then these sums, then orders by ``limited_by``.
SUMS = ("orders", "orders_redeemed", "cart_amount", "credits_used", "discount", "payable")
FLOWS = (*KINDS, *SUMS, *REASONS)
ORDERS = len(KINDS)
BY_REASON = ORDERS + len(SUMS)
# The state of a customer while it runs.
CUSTOMER, PROGRAM, MONTH, SPENDABLE, OVERDRAFT, PENDING, SPENT, SPENT_PARTS, INEXACT, DEADLINE, LINES, FAILED = range(
    12
)
FIRST_LOT, LAST_LOT, LOTS, FIRST_DUE, LAST_DUE, FIRST_REFUND, LAST_REFUND, START, LEFT = range(12, 21)
STATE = 21


class History(NamedTuple):
    """What happened, by customer and time; optional columns are empty arrays.

    Attributes
    ----------
    first_order, first_opening, first_grant : ndarray of int64, shape (customers + 1,)
        Where each customer's rows begin.
    at, cart, credits, requested, tier, redeems : ndarray, shape (orders,) or (0,)
        ``requested`` is -1 where nobody asked; ``tier`` a code, ``redeems`` whether the customer redeems.
    refunded_at, refunded, paid : ndarray of int64, shape (orders,) or (0,)
        NEVER where nothing was refunded, and -1 where no amount is known.
    eligible, coupon, earning : ndarray of int64, shape (orders,) or (0,)
        What points may pay of each cart, what other coupons took off, and what of the cart earns.
    opening_points, opening_expires : ndarray of int64
        Overdrafts of a customer first, then by expiry.
    spent : ndarray of int64, shape (customers,)
        Lifetime spend that customers bring.
    grant_at, grant_points : ndarray of int64
        By time, then expiry, then points.
    """

    first_order: Int64
    first_opening: Int64
    first_grant: Int64
    at: Int64
    cart: Int64
    credits: Int64
    requested: Int64
    tier: npt.NDArray[np.int16]
    redeems: npt.NDArray[np.bool_]
    refunded_at: Int64
    refunded: Int64
    paid: Int64
    eligible: Int64
    coupon: Int64
    earning: Int64
    opening_points: Int64
    opening_expires: Int64
    spent: Int64
    grant_at: Int64
    grant_points: Int64


class Instants(NamedTuple):
    """When credits expire under a schedule; under inactivity, the deadline that an event sets.

    Attributes
    ----------
    order, earned, given_back : ndarray of int64, shape (orders,) or (0,)
        ``order`` is the deadline that an order itself sets, empty unless under inactivity; the others are empty where
        nothing expires.
    grant : ndarray of int64, shape (grants,)
    by_lots, by_inactivity : bool
        Whether credits expire one by one, or all together; neither where nothing ever expires.
    """

    order: Int64
    earned: Int64
    given_back: Int64
    grant: Int64
    by_lots: bool
    by_inactivity: bool


class Outcome(NamedTuple):
    """What orders got, shape (orders,) each, or (0,) where only sums are wanted; and balances, shape (customers,)."""

    balance: Int64
    points: Int64
    discount: Int64
    credits_used: Int64
    earned: Int64
    limited_by: npt.NDArray[np.int8]
    tier: npt.NDArray[np.int16]
    spendable: Int64
    overdraft: Int64
    pending: Int64
    next_expiry: Int64


class Movements(NamedTuple):
    """Lines of the ledger, shape (room,) each, or (0,) where they are not wanted; ``order`` is -1 for none."""

    customer: Int64
    at: Int64
    points: Int64
    order: Int64
    kind: npt.NDArray[np.int8]


class Left(NamedTuple):
    """What customers have at the end, shape (room,) each, or (0,) where it is not wanted; and by the month of credit.

    Attributes
    ----------
    customer, points, since, expires, tier, pending : ndarray
        A row for each lot, and for what an order has pending: since when (before every instant for what customers
        bring; the order's instant for what is pending), and until when; the tier at the end.
    issued : ndarray of int64, shape (months + 1,) or (0,)
        Points credited in each month, less what was taken back of them; first what customers bring.
    spent : ndarray of int64, shape (months + 1, months + 1) or (0, 0)
        Of the points credited in a month (row), those redeemed in a month (column).
    """

    customer: Int64
    points: Int64
    since: Int64
    expires: Int64
    tier: npt.NDArray[np.int16]
    pending: npt.NDArray[np.bool_]
    issued: Int64
    spent: Int64


class Work(NamedTuple):
    """Room for one customer at a time: `state`, lots by slot, and what is kept of each order, counted from the first.

    A queue holds slots (lots), counted orders (pending points) or orders (refunds), the next to fall due first.
    """

    state: Int64
    lot_points: Int64
    lot_expires: Int64
    lot_order: Int64
    lot_credited: Int64
    lot_month: Int64
    lot_queue: Int64
    redeemed: Int64
    earned: Int64
    payable: Int64
    lot_of: Int64
    pending: Int64
    matures_at: Int64
    due_queue: Int64
    refund_queue: Int64
    left: Left
