"""Scored orders as arrays that margins are worked out from: what was sold, what was kept, what was paid how."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nector_sim.errors import InputError, Problem
from nector_sim.frames.checks import SHOWN
from nector_sim.frames.columns import NOT_SAID, read_yes_or_no
from nector_sim.frames.ids import read_ids
from nector_sim.frames.kinds import as_frame
from nector_sim.ledger.inputs import LedgerTable
from nector_sim.ledger.prepare import rows_of
from nector_sim.ledger.refunds import UNKNOWN, Shares, never_paid, paid_in_history, refunded_shares

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Less than any currency's smallest amount: what is smaller is the noise of subtracting floats.
NOISE = 5e-5
#: No currency divides its unit further.
FINEST = 10**4
_CASH_ON_DELIVERY = re.compile(r"\bcod\b|cash[ _-]*on[ _-]*delivery", re.IGNORECASE)


def is_cash_on_delivery(payment_method: str) -> bool:
    """Whether a payment method is cash on delivery, in the usual ways of writing it."""
    return _CASH_ON_DELIVERY.search(payment_method.replace("_", " ")) is not None


@dataclass(frozen=True, slots=True)
class Sales:
    """Orders with what redemption did to them, as arrays of shape ``(orders,)``; money in major units.

    Orders that were never paid are already left out.
    """

    cart: Floats
    discount: Floats
    credits: Floats
    """Credits used."""
    cost: Floats | None
    """Cost of goods; NaN where it is unknown. None without a ``cost`` column."""
    returned: Bools
    """Refunded, in full or in part."""
    refunded_share: Floats
    """Of each order, from 0 to 1. History's: the same whatever the setting."""
    cash_on_delivery: Bools
    redeems: Floats | None
    """1 and 0 where the order says whether it redeems, NaN where it does not say."""
    points_earned: Floats | None
    used: Bools
    """Which rows of the frame these are."""

    @property
    def payable(self) -> Floats:
        """What the customer pays; 0 where credits and discount together leave nothing."""
        left = self.cart - self.credits - self.discount
        return np.where(np.abs(left) < NOISE, 0.0, left)

    @property
    def kept_share(self) -> Floats | float:
        """1 less the refunded share of each order."""
        if not self.returned.any():
            return 1.0
        return 1 - self.refunded_share

    def taken(self, rows: npt.NDArray[Any]) -> Sales:
        """Some of the orders, or all in another order."""
        arrays = {name: getattr(self, name) for name in type(self).__slots__ if name != "used"}
        kept: dict[str, Any] = {name: None if array is None else array[rows] for name, array in arrays.items()}
        return replace(self, **kept)

    def without_points(self) -> Sales:
        """The same orders with no redemption."""
        return replace(self, discount=np.zeros_like(self.discount))

    def as_said(self) -> Sales:
        """The same orders, those that say they do not redeem without a discount."""
        return self if self.redeems is None else replace(self, discount=np.where(self.redeems == 0, 0, self.discount))


def read_sales(orders: pd.DataFrame, refunds: Any = None) -> Sales:
    """Take scored or replayed orders apart.

    Parameters
    ----------
    orders : pandas.DataFrame
        ``cart_amount`` and ``discount``; optional ``credits_used``, ``credits``, ``cost``, ``refunded_at``,
        ``refunded_amount``, ``paid_amount``, ``payment_method``, ``redeems``, ``discount_given``, ``points_earned``.
        Orders of which nothing was paid, though credits and discounts left something to pay, were never paid: they are
        left out.
    refunds : table or Shares, optional
        Refunds beside the columns, as of :func:`nector_sim.replay`: ``order_id`` (the orders need it too) and
        ``amount``; or what the ledger has made of both already.

    Returns
    -------
    Sales

    Raises
    ------
    InputError
        If a column that is needed is missing or holds no numbers.
    """
    missing = [name for name in ("cart_amount", "discount") if name not in orders.columns]
    if missing:
        raise InputError(
            "The margin needs scored orders; score or replay them first:",
            [Problem(name, "this column is missing") for name in missing],
        )
    cart, discount = _floats(orders, "cart_amount"), _floats(orders, "discount")
    credits = np.zeros_like(cart) if "credits_used" not in orders else np.nan_to_num(_floats(orders, "credits_used"))
    share, unpaid = _history(orders, cart, credits, refunds)
    sales = Sales(
        cart=cart,
        discount=discount,
        credits=credits,
        cost=_optional(orders, "cost"),
        returned=share > 0,
        refunded_share=share,
        cash_on_delivery=_cash_on_delivery(orders),
        redeems=known_redeems(orders),
        points_earned=_optional(orders, "points_earned"),
        used=np.ones(len(cart), dtype=np.bool_),
    )
    return replace(sales.taken(~unpaid), used=~unpaid) if unpaid.any() else sales


def _history(orders: pd.DataFrame, cart: Floats, credits: Floats, refunds: Any) -> tuple[Floats, Bools]:
    """The refunded share of each order, and which were never paid: history's, as the ledger asks too."""
    share = np.zeros(len(cart))
    paid = _units(_optional(orders, "paid_amount"))
    order, amount = _refunds_of_columns(orders)
    if refunds is not None and not isinstance(refunds, Shares):
        beside = _refunds_of_table(orders, refunds, order)
        order, amount = np.concatenate((order, beside[0])), np.concatenate((amount, beside[1]))
    if paid is None and not len(order) and refunds is None:
        return share, np.zeros(len(cart), dtype=np.bool_)
    # These credits are history's, whatever a program makes of them.
    had = np.nan_to_num(_floats(orders, "credits")) if "credits" in orders else credits
    given = _optional(orders, "discount_given")
    of_then: dict[str, Any] = {
        "credits": _units(had),
        "discount_given": 0 if given is None else _units(np.nan_to_num(given)),
        "paid": paid,
    }
    whole_cart = _units(cart)
    assert whole_cart is not None
    shares = refunds
    if not isinstance(refunds, Shares):
        shares = refunded_shares(order, np.zeros_like(order), amount, paid_in_history(whole_cart, **of_then))
    share[shares.order] = shares.after / shares.whole  # the last of an order is what came back in all
    return share, never_paid(whole_cart, **of_then)


def _refunds_of_columns(orders: pd.DataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The rows of orders that were refunded, and how much."""
    amount = _units(_optional(orders, "refunded_amount"))
    refunded = np.zeros(len(orders), dtype=np.bool_)
    if "refunded_at" in orders:
        refunded |= ~_blank(orders["refunded_at"])
    if amount is not None:
        refunded |= amount > 0
    rows = np.flatnonzero(refunded)
    return rows, np.full(len(rows), UNKNOWN, np.int64) if amount is None else amount[rows]


def _refunds_of_table(
    orders: pd.DataFrame, refunds: Any, own: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The same of a table beside the orders."""
    table = as_frame(refunds, "refunds")
    LedgerTable("orders", orders).require("order_id")
    LedgerTable("refunds", table).require("order_id", "refunded_at")
    rows = rows_of(read_ids(table["order_id"]), read_ids(orders["order_id"]))
    amount = _units(_optional(table, "amount"))
    wrong = {
        "order_id is no order of these; take the row out, or add its order": rows < 0,
        "its order has a refunded_at of its own too; say it once": np.isin(rows, own),
        "refunded_at is missing": _blank(table["refunded_at"]),
        "amount is negative; a refund gives money back": False if amount is None else amount < UNKNOWN,
    }
    problems = [
        Problem(f"refunds, row {row + 1}", reason)
        for reason, at in wrong.items()
        for row in np.flatnonzero(np.broadcast_to(at, rows.shape)).tolist()
    ]
    if problems:
        raise InputError("the refunds cannot be used:", problems[:SHOWN])
    return rows, np.full(len(rows), UNKNOWN, np.int64) if amount is None else amount


def _units(amounts: Floats | None) -> npt.NDArray[np.int64] | None:
    """Amounts in the finest units that any currency has; what is not known as such."""
    if amounts is None:
        return None
    units: npt.NDArray[np.int64] = np.rint(np.where(np.isnan(amounts), UNKNOWN / FINEST, amounts) * FINEST).astype(
        np.int64
    )
    return units


def known_redeems(orders: pd.DataFrame) -> Floats | None:
    """1 where an order redeems, 0 where it does not, NaN where it does not say."""
    if "redeems" not in orders:
        return None
    column = read_yes_or_no(orders["redeems"])
    if column.refused:
        row, reason = next(iter(column.refused.items()))
        value = orders["redeems"].iloc[row]
        raise InputError(f"redeems in row {row + 1} says {str(value)!r}, which {reason}")
    return np.where(column.numbers == NOT_SAID, np.nan, column.numbers)


def _cash_on_delivery(orders: pd.DataFrame) -> Bools:
    if "payment_method" not in orders:
        return np.zeros(len(orders), dtype=np.bool_)
    codes, methods = orders["payment_method"].factorize()
    # Code -1 is a blank, and takes the last place.
    is_cod = np.array([*(is_cash_on_delivery(str(method)) for method in methods), False])
    return np.asarray(is_cod[codes], dtype=np.bool_)


def _optional(orders: pd.DataFrame, column: str) -> Floats | None:
    return _floats(orders, column) if column in orders else None


def _floats(orders: pd.DataFrame, column: str) -> Floats:
    """A column as float64, blanks as NaN; Decimals, Arrow decimals and texts too."""
    import pandas as pd

    series = orders[column]
    try:
        if _is_text(series):
            series = pd.to_numeric(series.astype(object).where(~_blank(series), None))
        if isinstance(series.dtype, pd.ArrowDtype):
            return np.asarray(series.array.__arrow_array__().cast("float64").to_numpy(zero_copy_only=False))
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError, NotImplementedError):  # Arrow has types that it turns into nothing else
        raise InputError(f"The column {column} holds something that is not a number; check the orders first") from None


def _is_text(series: pd.Series[Any]) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_string_dtype(series.dtype))


def _blank(series: pd.Series[Any]) -> Bools:
    """Where a column says nothing: missing, or a text of spaces."""
    blank = series.isna().to_numpy(dtype=np.bool_)
    if _is_text(series):
        blank = blank | (series.astype(object).astype(str).str.strip() == "").to_numpy(dtype=np.bool_)
    return np.asarray(blank)
