"""What the compiled replay reads, keeps and writes: arrays with names, and the positions of what stands in them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nector_sim.calculator.reasons import REASONS
from nector_sim.ledger.schedule import KINDS
from nector_sim.ledger.take_up import TakeUpArrays

Int64 = npt.NDArray[np.int64]

OPENING, GRANTED, EARNED, GIVEN_BACK, REDEEMED, EXPIRED, TAKEN_BACK, FORGIVEN = range(8)
#: What a month's flows hold: points of each kind, then these sums, then orders by ``limited_by``.
SUMS = ("orders", "orders_redeemed", "cart_amount", "credits_used", "discount", "payable")
FLOWS = (*KINDS, *SUMS, *REASONS)
ORDERS = len(KINDS)
BY_REASON = ORDERS + len(SUMS)
# The state of a customer while it runs.
CUSTOMER, START, PROGRAM, MONTH, SPENDABLE, OVERDRAFT, PENDING, DEADLINE, LINES, LEFT, FAILED = range(11)
# How many credits there were, and how many lots and pending points wait in the heaps.
LOTS, LOTS_WAITING, DUE_WAITING = range(11, 14)
STATE = 14


class History(NamedTuple):
    """What happened, by customer and time; optional columns are empty arrays.

    Attributes
    ----------
    first_order, first_opening, first_grant, first_refund : ndarray of int64, shape (customers + 1,)
        Where each customer's rows begin.
    at, cart, credits, requested, tier, redeems : ndarray, shape (orders,) or (0,)
        ``requested`` is -1 where nobody asked; ``tier`` a code, ``redeems`` whether the customer redeems.
    luck : ndarray of int32, shape (orders,) or (0,)
        Where who redeems depends on the balance: the order's luck in millionths; -1 where the orders say yes,
        1,000,000 where they say no.
    eligible, coupon, earning : ndarray of int64, shape (orders,) or (0,)
        What points may pay of each cart, what other coupons took off, and what of the cart earns.
    opening_points, opening_expires : ndarray of int64
        Overdrafts of a customer first, then by expiry.
    spent : ndarray of int64, shape (customers,)
        Lifetime spend that customers bring.
    kind : ndarray of int16, shape (customers,) or (0,)
        The block of the take-up that holds for each customer; -1 for who never redeems.
    take_up : TakeUpArrays
        How often redeemers use points; without cells where it was decided beforehand.
    hundred : int
        100 units of the currency in minor units.
    grant_at, grant_points : ndarray of int64
        By time, then expiry, then points.
    refund_at, refund_order, refund_before, refund_after, refund_whole : ndarray of int64, shape (refunds,)
        By time, then order: the order's position here, and how much of a whole had come back before and has now.
    """

    first_order: Int64
    first_opening: Int64
    first_grant: Int64
    first_refund: Int64
    at: Int64
    cart: Int64
    credits: Int64
    requested: Int64
    tier: npt.NDArray[np.int16]
    redeems: npt.NDArray[np.bool_]
    luck: npt.NDArray[np.int32]
    eligible: Int64
    coupon: Int64
    earning: Int64
    opening_points: Int64
    opening_expires: Int64
    spent: Int64
    kind: npt.NDArray[np.int16]
    take_up: TakeUpArrays
    hundred: int
    grant_at: Int64
    grant_points: Int64
    refund_at: Int64
    refund_order: Int64
    refund_before: Int64
    refund_after: Int64
    refund_whole: Int64


class Instants(NamedTuple):
    """When credits expire under a schedule; under inactivity, the deadline that an event sets.

    Attributes
    ----------
    order, earned : ndarray of int64, shape (orders,) or (0,)
        ``order`` is the deadline that an order itself sets, empty unless under inactivity; ``earned`` is empty where
        nothing expires.
    given_back : ndarray of int64, shape (refunds,) or (0,)
    grant : ndarray of int64, shape (grants,)
    leaves, leaving : ndarray of int64, shape (windows, orders)
        When each order stops counting for tiers in each window, and each customer's orders by that instant.
    by_lots, by_inactivity : bool
        Whether credits expire one by one, or all together; neither where nothing ever expires.
    """

    order: Int64
    earned: Int64
    given_back: Int64
    grant: Int64
    leaves: Int64
    leaving: Int64
    by_lots: bool
    by_inactivity: bool


class OrderOutcomes(NamedTuple):
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


class Scratch(NamedTuple):
    """Room for one customer at a time: `state`, lots by slot, and what is kept of each order, counted from the first.

    A heap holds slots (lots) or counted orders (pending points), the next to fall due first. `sums` has a row for each
    window of tiers and one for all of history; what it holds, :mod:`nector_sim.ledger.standing` says.
    """

    state: Int64
    lot_points: Int64
    lot_expires: Int64
    lot_order: Int64
    lot_credited: Int64
    lot_month: Int64
    lot_heap: Int64
    redeemed: Int64
    earned: Int64
    payable: Int64
    lot_of: Int64
    pending: Int64
    matures_at: Int64
    due_heap: Int64
    given: Int64
    taken: Int64
    off: Int64
    off_parts: Int64
    came_back: Int64
    sums: Int64
    left: Left
