"""What a simulated shop is like: its customers, their orders, and how they use points."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from nector_sim.errors import InputError
from nector_sim.rules.offers import Model

Percent = Annotated[float, Field(ge=0, le=100)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Tail = Literal["light", "heavy"]

#: How fast heavy tails fall: both have a mean and a variance, and no third moment.
TAIL_INDEX = 2.5


class Shop(Model):
    """A shop as a stated process; every field has a default, so that a test sets only what it is about.

    Customers arrive at random (a Poisson process), stay for a random time and order at random while they stay, each at
    a rate of their own: the Pareto/NBD model (Schmittlein, Morrison and Colombo 1987), with the lifetime's mean the
    same for all. Carts are lognormal, with a level of each customer's own. Who redeems, and how often, is Beta-binomial
    among redeemers; everybody else never redeems. Nobody responds to the program: who comes and what they buy is the
    same under every setting.

    Examples
    --------
    >>> Shop(customers_per_month=50, months=12).redeemers_percent
    25.0
    """

    if TYPE_CHECKING:  # a checker would ask for Decimal alone; any number or its text is taken

        def __init__(self, **fields: Any) -> None: ...

    customers_per_month: Positive = 300.0
    """Newcomers in a month when the history begins."""

    growth_percent: Annotated[float, Field(gt=-100, le=1000)] = 0.0
    """By how much newcomers increase in a year; negative for a shop that shrinks. Before the history too."""

    season_percent: Percent = 0.0
    """How far the busiest time lies above the mean, for newcomers and orders alike: a cosine over the year."""

    season_peak_month: Annotated[int, Field(ge=1, le=12)] = 10
    """The month in whose middle the season peaks; 10 is about Diwali."""

    starts: date = date(2023, 1, 1)
    """The first day of the history, in the time zone."""

    months: Annotated[int, Field(ge=1, le=240)] = 24
    """How many calendar months the history has. A longer history begins with the same orders as a shorter one."""

    established_months: Annotated[int, Field(ge=0, le=240)] = 36
    """How long the shop had sold before the history, in months of 365/12 days: customers of that time still order,
    and the history does not say since when. 0: the history begins with the shop."""

    timezone: str = "Asia/Kolkata"
    """IANA name of the zone in which days begin."""

    lifetime_months: Positive | None = 12.0
    """The mean time after which a customer never orders again (exponential); none: nobody ever leaves."""

    orders_per_year: Positive = 4.0
    """Further orders in a year of a customer who stays, in the mean over customers."""

    orders_shape: Positive = 1.0
    """Shape of the Gamma distribution of the customers' rates: the smaller, the more uneven. 1 is exponential."""

    orders_tail: Tail = "light"
    """``light``: rates are Gamma. ``heavy``: Pareto of the second kind with index 2.5, so that a few customers order
    very often."""

    cart_median: Positive = 1200.0
    """The median cart, in major units, before points and after other coupons."""

    cart_spread_customers: Annotated[float, Field(ge=0, le=3)] = 0.4
    """Standard deviation of the logarithm of the customers' cart levels."""

    cart_spread_orders: Annotated[float, Field(ge=0, le=3)] = 0.5
    """Standard deviation of the logarithm of carts around the customer's level."""

    cart_tail: Tail = "light"
    """``light``: a customer's carts are lognormal. ``heavy``: log-Laplace, a power law of index 2.5 on both sides
    (Reed 2003), which ignores `cart_spread_orders`."""

    redeemers_percent: Percent = 25.0
    """Customers who ever use points, of all."""

    take_up_percent: Percent = 60.0
    """Orders on which redeemers use points, of those on which they could, in the mean over redeemers."""

    take_up_concentration: Positive = 5.0
    """a + b of the Beta distribution of the redeemers' take-up: the larger, the more alike they are."""

    refund_percent: Percent = 6.0
    """Orders that are refunded, 3 to 14 days later."""

    partial_percent: Percent = 30.0
    """Refunds of a part, of all refunds; only orders of ₹999 and more, which have several lines, have such."""

    cod_percent: Percent = 40.0
    """Orders with cash on delivery."""

    refused_percent: Percent = 15.0
    """Cash-on-delivery orders that are refused at the door and never paid, of all such orders; they are in the export
    as voided, and not in the orders."""

    coupon_percent: Percent = 10.0
    """Orders with a coupon that has nothing to do with points; no points are used on them, since the shop takes one
    code for each order."""

    coupon_discount_percent: Annotated[float, Field(ge=0, le=90)] = 10.0
    """What such a coupon took off the items."""

    excluded_percent: Percent = 5.0
    """Orders with products that points may not pay (gift cards); a share of the cart between 20 and 100 %."""

    guest_percent: Percent = 4.0
    """Newcomers who leave neither phone nor e-mail address; each of them orders once. They are in the export, and not
    in the orders."""


#: The shops that tests and back-tests are made of.
SHOPS = {
    "steady": Shop(),
    "growing": Shop(growth_percent=60.0),
    "shrinking": Shop(growth_percent=-40.0),
    "seasonal": Shop(season_percent=40.0),
    "heavy-tailed": Shop(orders_tail="heavy", cart_tail="heavy"),
    # The second bundled demo is this one, with data/programs/web-shop.toml and seed 2026.
    "web shop": Shop(
        customers_per_month=480,
        growth_percent=10,
        season_percent=20,
        established_months=24,
        lifetime_months=13,
        orders_per_year=2.8,
        orders_shape=0.8,
        redeemers_percent=30,
        take_up_percent=65,
    ),
}


def shop_named(name: str) -> Shop:
    """Give one of the shops by its name."""
    if name not in SHOPS:
        raise InputError(f"there is no shop {name!r}; there are {', '.join(SHOPS)}, or describe one: ns.Shop(...)")
    return SHOPS[name]
