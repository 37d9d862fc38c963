"""The orders that count, column by column: texts in, whole numbers out, and everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import polars as pl

from nector_sim.errors import InputError
from nector_sim.frames.columns import NOT_ASKED, Int64, count_odd_points, read_yes_or_no
from nector_sim.frames.columns import NOT_SAID as NO_ANSWER
from nector_sim.frames.written import Written, points, times
from nector_sim.orders import coupons
from nector_sim.orders.fates import NO_STATUS, UNKNOWN_STATUS
from nector_sim.orders.layouts import Layout
from nector_sim.orders.line_rows import BOUGHT, WRONG, WRONG_ROW
from nector_sim.orders.lines import line_sums
from nector_sim.orders.order_columns import NOT_SAID, Tidy
from nector_sim.orders.products import read_products
from nector_sim.orders.refunds import read_refunds

_DAY = 86_400_000_000
#: Amounts that are left blank where nobody says them.
_PARTS = tuple((name, NOT_SAID) for name in ("paid_amount", "cost", "eligible_amount", "earning_amount"))

_FUTURE = "is in the future; is the order of day and month right, and the time zone?"
_NEGATIVE_CART = "comes out negative once shipping and fees are taken away; an amount is 0 or more"


class Choices(NamedTuple):
    """What the caller, or a mapping, chooses; see :func:`nector_sim.inspect_orders`."""

    points_code: str | None = None
    points_split: str | None = None
    shipping: str | None = None
    not_redeemable: Collection[str] = ()
    not_earning: Collection[str] = ()


def tidy(
    orders: pl.DataFrame,
    lines: pl.DataFrame,
    layout: Layout,
    *,
    currency: str,
    written: Written,
    choices: Choices,
    spent: Sequence[int | None] | None = None,
    now: datetime,
) -> Tidy:
    """Read the columns of the orders that count."""
    read = Tidy(orders, currency, written, refunded_statuses=layout.refunded)
    for name, wrong, reason in (
        ("status", pl.col("unknown_status") & pl.col("status").is_null(), NO_STATUS),
        ("status", pl.col("unknown_status") & pl.col("status").is_not_null(), UNKNOWN_STATUS),
        ("currency", pl.col("currency").is_null() if read.has("currency") else pl.lit(False), "is missing"),
    ):
        for row in (
            np.flatnonzero(orders.select(wrong.alias("wrong"))["wrong"].to_numpy()).tolist() if read.has(name) else ()
        ):
            read.refuse(row, name, reason)
    is_export = layout.is_known or bool(layout.keep)
    _times(read, now, optional=not is_export)
    items = _cart(read, layout)
    cart = _shipping(read, items, choices.shipping)
    _points_coupons(read, cart, items, choices, lines, spent)
    if (is_export or read.has("refunded") or read.has("coupons")) and not read.has("paid_amount"):
        read.column["paid_amount"] = cart
    read_refunds(read, items)
    _own_columns(read)
    if "line_cost" in lines.columns:
        _costs(read, lines)
    for column, patterns, words in (
        ("eligible_amount", choices.not_redeemable, "that points may not pay"),
        ("earning_amount", choices.not_earning, "that earn no points"),
    ):
        if patterns:
            read_products(read, lines, layout, column, patterns, words)
    if read.has("payment_method"):
        read.notes += coupons.unknown_payments(orders["payment_method"])
    _check_sum(read, items)
    read.note("orders worth 0, on which nothing can be redeemed", read.column["cart_amount"] == 0)
    return read


def _check_sum(read: Tidy, items: Int64) -> None:
    """What the totals are made of, for the accounts of the report."""
    total = read.money("total") if read.has("total") else items
    shipping, taxes = read.money("shipping"), read.money("taxes")
    # Prices include the taxes where items and shipping alone make the total.
    on_top = np.where((items + shipping != total) & (items + shipping + taxes == total), taxes, 0)
    read.sums = {"total": total, "items": items, "shipping": shipping, "taxes": on_top}


def _times(read: Tidy, now: datetime, *, optional: bool) -> None:
    if not read.has("ordered_at"):
        return
    at = read.take("ordered_at", times(read.orders["ordered_at"], read.written, optional=optional))
    latest = int(now.timestamp() * 1_000_000) + _DAY
    for row in np.flatnonzero(at > latest).tolist():
        read.refuse(row, "ordered_at", _FUTURE)
    read.column["ordered_at"] = at


def _cart(read: Tidy, layout: Layout) -> Int64:
    if read.has(BOUGHT):
        for row, wrong in enumerate(read.orders[WRONG].to_list()):
            if wrong is not None:
                name, _, reason = wrong.partition("|")
                read.refuse(row, name, f"{reason} (row {read.orders[WRONG_ROW][row]})")
        read.column["cart_amount"] = bought = read.orders[BOUGHT].to_numpy()
        return bought
    cart = np.zeros(read.orders.height, np.int64)
    for position, (name, sign) in enumerate(layout.cart):
        cart += sign * read.money(name, blank=None if position == 0 else 0)
    for row in np.flatnonzero(cart < 0).tolist():
        read.refuse(row, layout.cart[0][0], _NEGATIVE_CART)
    read.column["cart_amount"] = cart
    return cart


def _shipping(read: Tidy, items: Int64, choice: str | None) -> Int64:
    """The cart with shipping or without it, as was chosen; which of the two is said."""
    if not read.has("shipping"):
        if choice == "in":
            raise InputError(
                "shipping is to be counted (shipping='in'), and the file has no column of it; leave it out"
            )
        return items
    shipping = read.money("shipping")
    if choice == "in":
        read.column["cart_amount"] = items + shipping
        read.notes.append(
            f"shipping is part of cart_amount, as was said: {read.said(shipping[read.usable].sum())} in all"
        )
        return items + shipping
    if choice is None and shipping[read.usable].any():
        read.notes.append(
            f"shipping is not part of cart_amount: {read.said(shipping[read.usable].sum())} in all; if points may "
            "pay it, "
            "say so: shipping='in' (--shipping in), else 'out'"
        )
    return items


def _points_coupons(
    read: Tidy,
    cart: Int64,
    items: Int64,
    choices: Choices,
    lines: pl.DataFrame,
    spent: Sequence[int | None] | None,
) -> None:
    points_code = choices.points_code
    itemised = read.has("coupons") and bool(read.orders["coupons"].str.contains("code:", literal=True).any())
    if points_code is not None and not (
        read.has("coupons") and (read.has("coupon_amount") or read.has("coupon_row_amount") or itemised)
    ):
        raise InputError(
            "points_code needs the coupon codes and their amounts, and the file has no columns of both "
            "(Discount Code, Discount Amount); leave points_code out, or export them too"
        )
    if not read.has("coupons"):
        return
    discounts = read.money("coupon_amount")
    given = np.zeros(len(items), np.int64)
    if points_code is not None:
        given, refused = coupons.points_discounts(
            read.orders["coupons"],
            discounts,
            points_code,
            split=choices.points_split,
            spent=spent,
            decimals=read.decimals,
            written=read.written,
        )
        for row, reason in refused.items():
            of_amount = reason == coupons.SHARED and read.has("coupon_amount")
            read.refuse(row, "coupon_amount" if of_amount else "coupons", reason)
        given = _without_shipping(read, items, given, lines)
        read.column["cart_amount"] = cart + given
        read.column["discount_given"] = given
        read.put_back = given
        good = given[read.usable]
        read.notes.append(
            "points redeemed in the past (coupon codes like the pattern given), put back into cart_amount and kept as "
            f"discount_given: {read.said(good.sum())} on {np.count_nonzero(good)} of the orders"
        )
        if choices.points_split is not None:
            read.notes.append(
                f"of a discount of points and another coupon together, points are what {choices.points_split} says"
            )
        elif any(one is not None for one in spent or ()) or "{amount}" in points_code:
            read.notes.append(
                "of a discount of points and another coupon together, points are what a row of the balances says of "
                "the order, else the amount in the points code"
            )
        if read.has("coupon_untaxed") and not read.has("coupon_row_tax"):
            taxed = read.money("coupon_untaxed") > 0
            read.note(
                "points put back without their tax, which the export does not tell, on taxed orders",
                taxed & (given > 0),
            )
    if not given.any():
        for word, orders, discount in coupons.loyalty_words(read.orders["coupons"], discounts):
            read.notes.append(
                f"coupon codes with “{word}” in them: on {orders} of the orders, with discounts of "
                f"{read.said(discount)} in all; if these are points, put them back with "
                f"points_code='*{word}*' (--points-code)"
            )


def _without_shipping(read: Tidy, items: Int64, given: Int64, lines: pl.DataFrame) -> Int64:
    """Points that came off the items: where the lines tell what these cost, the rest of a discount fell on shipping."""
    if "line_price" not in lines.columns or "total" not in read.orders.columns:
        return given
    gross = _of_lines(read, lines, "line_price")
    room = np.where(gross >= items, gross - items, given)
    beyond = np.maximum(given - room, 0)
    if beyond.any():
        read.notes.append(
            f"of points discounts, what fell on shipping and is not put back: {read.said(beyond.sum())} on "
            f"{int((beyond > 0).sum())} of the orders"
        )
    return given - beyond


def _own_columns(read: Tidy) -> None:
    """Columns that are taken as they stand."""
    orders = read.orders
    for name, blank in (("credits", 0), ("discount_given", 0), ("coupon_discount", 0), *_PARTS):
        if read.has(name):
            read.column[name] = read.money(name, blank=blank)
    if read.has("points_requested"):
        requested = points(orders["points_requested"], read.written, blank=NOT_ASKED)
        read.column["points_requested"] = read.take("points_requested", requested)
    if read.has("points_balance"):
        read.column["points_balance"] = read.take("points_balance", points(orders["points_balance"], read.written))
        fractional, negative = count_odd_points(orders["points_balance"].to_arrow())
        read.notes += [f"balances with a fraction of a point, which is dropped: {fractional}"] if fractional else []
        read.notes += [f"negative balances, which redeem nothing: {negative}"] if negative else []
    if read.has("tier"):
        read.column["tier"] = orders["tier"]
    if read.has("payment_method"):
        read.column["payment_method"] = coupons.payment_kinds(orders["payment_method"])
    if read.has("redeems"):
        said = read.take("redeems", read_yes_or_no(orders["redeems"].to_arrow()))
        answers = pl.Series("redeems", said == 1).to_frame()
        read.column["redeems"] = answers.select(pl.when(pl.Series(said != NO_ANSWER)).then("redeems")).to_series()


def _costs(read: Tidy, lines: pl.DataFrame) -> None:
    read.column["cost"] = cost = _of_lines(read, lines, "line_cost")
    read.note("orders without a cost, as a line of theirs has none that can be read", cost == NOT_SAID)


def _of_lines(read: Tidy, lines: pl.DataFrame, name: str) -> Int64:
    """A column of the lines summed for each order, in minor units; :data:`NOT_SAID` where a line's cannot be read."""
    sums = line_sums(lines, name, read.decimals, read.written)
    summed = read.orders.select("order_id").join(sums, on="order_id", how="left", maintain_order="left")[name]
    return np.asarray(summed.fill_null(NOT_SAID).to_numpy())
