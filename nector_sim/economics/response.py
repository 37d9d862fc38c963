"""The response: how many more or fewer orders customers who use points place, by how much they get back.

It is stated, never estimated here: orders of a merchant who changed nothing cannot tell it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nector_sim.economics.assumptions import Assumptions
from nector_sim.economics.margin import View, margin_of
from nector_sim.economics.ranges import Sums
from nector_sim.economics.rates import Rates
from nector_sim.errors import InputError

#: Customers who use points under either of two settings; the part of the sums that holds all their orders.
USERS = "users"


def extra_orders(before: Any, after: Any, rates: Rates) -> Any:
    """The share of further orders where customers get back another share of their carts; below 0 where they get less.

    Today's orders answer to today's setting already, so the curve counts from there.
    """
    return (1 + _curve(after, rates)) / (1 + _curve(before, rates)) - 1


def _curve(back: Any, rates: Rates) -> Any:
    """Orders beyond those without points, as a share: it rises with what customers get back, and saturates."""
    back = np.asarray(back, dtype=np.float64)
    return rates.response * back / (back + rates.response_half_at) if rates.response_half_at is not None else 0 * back


def with_response(sums: Sums, rates: Rates, *, before: int | str, after: int) -> tuple[Any, Any]:
    """Further orders of customers who use points, as a share of theirs, and the margin of those orders.

    `before` and `after` are parts of the sums; those of users hold all that redeem under either.
    """
    cart = np.asarray(sums.of(f"{USERS} fixed", "cart"))
    today, then = (
        np.where(cart > 0, sums.of(f"{side} fixed", "discount") / np.where(cart > 0, cart, 1), 0.0)
        for side in (before, after)
    )
    share = extra_orders(today, then, rates)
    return share, share * margin_of(sums.drivers_among(USERS, after, rates.using), rates).margin


def check_response(assumptions: Assumptions, *, replayed: bool, view: View) -> None:
    """Refuse a response where what customers get back over time is not known."""
    if not assumptions.responds:
        return
    if not replayed:
        raise InputError(
            "response_percent is of replays, in which customers get back what they do over time. Leave out "
            "replayed=False (--as-given), or take the response out of the assumptions"
        )
    if view != "cash":
        raise InputError(
            "response_percent is of the cash view: in the accrual view points cost when they are earned, whoever uses "
            'them. Ask for view="cash", or take the response out of the assumptions'
        )
