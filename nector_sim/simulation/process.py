"""The process behind a simulated shop: who comes, who stays, who orders when and for how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim.simulation.chance import Chance, Floats
from nector_sim.simulation.shop import TAIL_INDEX, Shop

Int64 = npt.NDArray[np.int64]

HOUR, DAY = 3600.0, 86_400.0
YEAR = 365 * DAY
MONTH = YEAR / 12
#: Orders by hour of the day, of any scale: few at night, most in the evening.
HOURS = (2, 1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 7, 8, 8, 7, 6, 6, 7, 8, 10, 11, 10, 8, 5)
#: From this amount on delivery is free, and a part of an order may be refunded; in minor units.
FREE_DELIVERY, DELIVERY = 99_900, 4_900


@dataclass(frozen=True, slots=True)
class Calendar:
    """Time in seconds since the history began, and the intensity of shopping over it.

    Attributes
    ----------
    opens : float
        When the shop began to sell; 0 or before.
    ends : float
    origin : pandas.Timestamp
        When the history begins.
    grid, orders, arrivals : ndarray of float64
        Hours from `opens` on; up to each the intensity of orders, summed, in years of the mean; and that of newcomers.
    """

    opens: float
    ends: float
    origin: pd.Timestamp
    grid: Floats
    orders: Floats
    arrivals: Floats


@dataclass(frozen=True, slots=True)
class Customers:
    """Everybody who ever came, shape (customers,) each; times in seconds since the history began.

    Attributes
    ----------
    number : ndarray of int64
    arrives, leaves, rate, level, take_up : ndarray of float64
        ``leaves`` is infinite for who never does, ``rate`` in orders a year, ``level`` the logarithm of the cart's.
    redeemer, guest : ndarray of bool
    """

    number: Int64
    arrives: Floats
    leaves: Floats
    rate: Floats
    level: Floats
    take_up: Floats
    redeemer: npt.NDArray[np.bool_]
    guest: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Placed:
    """Orders of the history in time order, shape (orders,) each; money in minor units.

    Attributes
    ----------
    customer, nth : ndarray of int64
        Position of the customer, and which of that customer's orders it is, from 0.
    at : ndarray of int64
        Whole seconds since the history began.
    cart, eligible, coupon, refund_after : ndarray of int64
        ``coupon`` is what another coupon took off already; ``refund_after`` in seconds, -1 for no refund.
    refunded_share : ndarray of float64
        1 for a full refund.
    cod, refused, redeems : ndarray of bool
    """

    customer: Int64
    nth: Int64
    at: Int64
    cart: Int64
    eligible: Int64
    coupon: Int64
    refund_after: Int64
    refunded_share: Floats
    cod: npt.NDArray[np.bool_]
    refused: npt.NDArray[np.bool_]
    redeems: npt.NDArray[np.bool_]


def calendar_of(shop: Shop) -> Calendar:
    """Lay out the time of a shop."""
    start = pd.Timestamp(shop.starts).tz_localize(ZoneInfo(shop.timezone))
    end = (pd.Timestamp(shop.starts) + pd.DateOffset(months=shop.months)).tz_localize(ZoneInfo(shop.timezone))
    opens, ends = -round(shop.established_months * MONTH / DAY) * DAY, (end - start).total_seconds()
    grid = np.arange(opens, ends + HOUR, HOUR)
    middle = grid[:-1] + HOUR / 2
    january = pd.Timestamp(year=shop.starts.year, month=1, day=1)
    of_year = (middle + (pd.Timestamp(shop.starts) - january).total_seconds()) / YEAR
    season = 1 + shop.season_percent / 100 * np.cos(2 * np.pi * (of_year - (shop.season_peak_month - 0.5) / 12))
    daily = np.array(HOURS) / np.mean(HOURS)
    orders = season * daily[(middle % DAY // HOUR).astype(np.int64)] * HOUR / YEAR
    arrivals = orders * (1 + shop.growth_percent / 100) ** (middle / YEAR)
    return Calendar(
        opens, ends, start, grid, np.concatenate([[0], orders.cumsum()]), np.concatenate([[0], arrivals.cumsum()])
    )


def customers_of(shop: Shop, calendar: Calendar, chance: Chance) -> Customers:
    """Draw everybody who came before the end of the history."""
    a_year = 12 * shop.customers_per_month
    expected = a_year * calendar.arrivals[-1]
    number = np.arange(int(expected + 10 * np.sqrt(expected) + 100))
    due = np.cumsum(chance.exponential("arrival", number)) / a_year
    number = number[due < calendar.arrivals[-1]]
    arrives = np.interp(due[: len(number)], calendar.arrivals, calendar.grid)
    stays: Any = np.inf
    if shop.lifetime_months is not None:
        stays = chance.exponential("leave", number) * shop.lifetime_months * MONTH
    rates = (
        chance.gamma("rate", shop.orders_shape, number)
        if shop.orders_tail == "light"
        else chance.pareto("rate", TAIL_INDEX, number)
    )
    guest = chance.uniform("guest", number) < shop.guest_percent / 100
    return Customers(
        number=number,
        arrives=arrives,
        leaves=np.where(guest, arrives, arrives + stays),
        rate=np.maximum(rates, 1e-12) * shop.orders_per_year,
        level=np.log(shop.cart_median) + shop.cart_spread_customers * chance.normal("level", number),
        take_up=chance.beta("take-up", shop.take_up_percent / 100, shop.take_up_concentration, number),
        redeemer=(chance.uniform("redeemer", number) < shop.redeemers_percent / 100) & ~guest,
        guest=guest,
    )


def orders_of(shop: Shop, calendar: Calendar, customers: Customers, chance: Chance) -> Placed:
    """Draw the orders of the history."""
    who, nth, at = _times(calendar, customers, chance)
    order = np.lexsort((nth, who, at))
    who, nth, at = who[order], nth[order], at[order]
    number = customers.number[who]

    def happens(purpose: str, percent: float) -> npt.NDArray[np.bool_]:
        return chance.uniform(purpose, number, nth) < percent / 100

    cart = _carts(shop, customers.level[who], number, nth, chance)
    with_coupon = happens("coupon", shop.coupon_percent)
    off = shop.coupon_discount_percent / 100
    coupon = np.where(with_coupon, np.round(cart * off / (1 - off)).astype(np.int64), 0)
    share = 0.2 + 0.8 * chance.uniform("excl-sh", number, nth)
    excluded = happens("excluded", shop.excluded_percent)
    cod = happens("cod", shop.cod_percent)
    refused = cod & happens("refused", shop.refused_percent)
    refunded = happens("refund", shop.refund_percent) & ~refused
    partial = happens("partial", shop.partial_percent) & (cart >= FREE_DELIVERY)
    days = 3 + 11 * chance.uniform("ref-day", number, nth)
    draw = chance.uniform("redeem", number, nth)
    return Placed(
        customer=who,
        nth=nth,
        at=at,
        cart=cart,
        eligible=np.where(excluded, np.floor(cart * (1 - share)).astype(np.int64), cart),
        coupon=coupon,
        refund_after=np.where(refunded, np.round(days * DAY).astype(np.int64), -1),
        refunded_share=np.where(partial, 0.2 + 0.6 * chance.uniform("ref-sh", number, nth), 1.0),
        cod=cod,
        refused=refused,
        redeems=customers.redeemer[who] & (draw < customers.take_up[who]) & ~with_coupon,
    )


def _times(calendar: Calendar, customers: Customers, chance: Chance) -> tuple[Int64, Int64, Int64]:
    """Who orders for which time, when: the first order on arrival, then gaps in the time that the season stretches."""
    who = np.arange(len(customers.number))
    clock = np.interp(customers.arrives, calendar.grid, calendar.orders)
    last = np.interp(np.minimum(customers.leaves, calendar.ends), calendar.grid, calendar.orders)
    nothing = np.empty(0, np.int64)
    found, nth = [(nothing, nothing, np.empty(0))], 0
    while len(who):
        found.append((who, np.full(len(who), nth), np.interp(clock, calendar.orders, calendar.grid)))
        nth += 1
        clock = clock + chance.exponential("gap", customers.number[who], nth) / customers.rate[who]
        going_on = clock < last[who]
        who, clock = who[going_on], clock[going_on]
    whose, which, at = (np.concatenate(column) for column in zip(*found, strict=True))
    seconds = np.floor(at).astype(np.int64)
    kept = (seconds >= 0) & (seconds < calendar.ends)
    return whose[kept], which[kept], seconds[kept]


def _carts(shop: Shop, level: Floats, number: Int64, nth: Int64, chance: Chance) -> Int64:
    """Carts in minor units, at least 1."""
    if shop.cart_tail == "light":
        noise = shop.cart_spread_orders * chance.normal("cart", number, nth)
    else:
        uniform = chance.uniform("cart", number, nth)
        noise = np.where(uniform < 0.5, np.log(2 * uniform), -np.log(2 * (1 - uniform))) / TAIL_INDEX
    return np.maximum(1, np.round(np.exp(level + noise) * 100)).astype(np.int64)
