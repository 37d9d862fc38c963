"""``ns.simulate``: a shop's orders, and the truth behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nector_sim._progress import Progress, long_call, stages
from nector_sim.errors import InputError
from nector_sim.ledger.replay import Replay, replay
from nector_sim.places import on_this_machine
from nector_sim.rules.program import Program, ProgramLike, as_program
from nector_sim.simulation.chance import Chance
from nector_sim.simulation.invented import balance_file, shopify_export
from nector_sim.simulation.process import Calendar, Customers, Placed, calendar_of, customers_of, orders_of
from nector_sim.simulation.shop import Shop, shop_named

#: Amounts have two decimals.
DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulated shop.

    Attributes
    ----------
    shop : Shop
    seed : int
    program : Program or None
        What ran while the orders were made.
    orders : pandas.DataFrame
        What counts, in time order: no guests, and nothing that was refused at the door. ``order_id``, ``customer_id``,
        ``ordered_at`` (UTC, whole seconds), ``cart_amount`` (₹, before points and after other coupons),
        ``payment_method``, ``refunded_at``, ``refunded_amount``, ``paid_amount``; with a program also
        ``points_balance`` (what the customer could spend) and ``discount_given`` (by points).
    truth : pandas.DataFrame
        One row for every order that was placed: ``order_id``, ``customer_id``, ``ordered_at``, ``fate`` (``kept``,
        ``refused``, ``guest``), ``redeems`` (the customer uses points here if there are any to use, whatever the
        setting), ``eligible_amount`` (what points may pay), ``coupon_discount`` (what another coupon took off before
        ``cart_amount``), ``cart_amount``.
    customers : pandas.DataFrame
        Everybody who ever came: ``customer_id``, ``arrives_at``, ``leaves_at`` (missing for never),
        ``orders_per_year``, ``redeemer``, ``take_up`` (a redeemer's share of orders), ``guest``.
    balances : pandas.DataFrame or None
        A snapshot at the end of the history, of those who had points then: ``customer_id``, ``points``. None without
        a program.
    """

    shop: Shop
    seed: int
    program: Program | None
    orders: pd.DataFrame = field(repr=False)
    truth: pd.DataFrame = field(repr=False)
    customers: pd.DataFrame = field(repr=False)
    balances: pd.DataFrame | None = field(repr=False)

    def with_redeems(self) -> pd.DataFrame:
        """The orders with who would redeem when, for a replay under any setting.

        Returns
        -------
        pandas.DataFrame
            ``orders`` without what the program of their time did (``points_balance``, ``discount_given``), and with
            ``redeems``.
        """
        kept = self.truth["fate"] == "kept"
        bare = self.orders.drop(columns=["points_balance", "discount_given"], errors="ignore")
        return bare.assign(redeems=self.truth.loc[kept, "redeems"].to_numpy())

    def replay(self, program: ProgramLike, **options: Any) -> Replay:
        """Run a setting over the truth: what it would really have cost.

        Parameters
        ----------
        program : Program
        **options
            As in :func:`nector_sim.replay`.

        Returns
        -------
        Replay
        """
        return replay(program, self.with_redeems(), **options)

    def shopify_export(self, path: str | Path | None = None) -> pd.DataFrame:
        """Write the orders as Shopify exports them, guests and refused orders included, with invented people.

        Phones begin with 5, which no Indian mobile does, and e-mail addresses end in ``example.com``. Points are
        coupon codes that begin with ``NECTOR-``.

        Parameters
        ----------
        path : path, optional
            Of a CSV file; ending in ``.gz``, it is compressed.

        Returns
        -------
        pandas.DataFrame
            The rows of the file, as text.
        """
        return _written(shopify_export(self.orders, self.truth, self.seed, self.shop.timezone), path)

    def balance_file(self, path: str | Path | None = None) -> pd.DataFrame:
        """Write the snapshot of balances with the same invented people as the export.

        Parameters
        ----------
        path : path, optional
            As for :meth:`shopify_export`.

        Returns
        -------
        pandas.DataFrame
            ``mobile``, ``email``, ``points``: what :func:`nector_sim.read_balances` reads.

        Raises
        ------
        InputError
            If the shop was simulated without a program.
        """
        if self.balances is None:
            raise InputError("there are no balances; simulate the shop with a program that earns points")
        return _written(balance_file(self.balances, self.seed), path)


@long_call("steps")
def simulate(
    shop: Shop | str = "steady", program: ProgramLike | None = None, *, seed: int = 0, progress: Progress | None = None
) -> Simulated:
    """Simulate a shop: orders as they might have come, and the truth behind them.

    :class:`nector_sim.Shop` says what is assumed: customers who come, stay and order by the Pareto/NBD model,
    lognormal carts (or power laws), a share of customers who ever redeem. Points run through :func:`nector_sim.replay`
    from the first day of the history, with balances of 0. The same seed gives the same shop; a longer history begins
    with the orders of a shorter one.

    Parameters
    ----------
    shop : Shop or str
        A shop, or the name of one: ``steady``, ``growing``, ``shrinking``, ``seasonal``, ``heavy-tailed``,
        ``web shop``.
    program : Program, optional
        What runs; its currency has two decimals. Left out, there are no points.
    seed : int
        From 0 to 2⁶⁴ − 1.
    progress : callable, optional
        Called with the number of steps done, and of all steps.

    Returns
    -------
    Simulated

    Raises
    ------
    InputError
        If there is no such shop, or nobody ordered.

    References
    ----------
    Schmittlein, Morrison and Colombo (1987), Counting your customers, Management Science 33(1).
    Reed (2003), The Pareto law of incomes: an explanation and an extension, Physica A 319.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    >>> made = simulate(ns.Shop(customers_per_month=30, months=6, established_months=0), program, seed=1)
    >>> int(made.orders["discount_given"].sum() - made.replay(program).orders["discount"].sum())
    0
    """
    described = shop_named(shop) if isinstance(shop, str) else shop
    program = None if program is None else as_program(program)
    if program is not None and program.decimals != DECIMALS:
        raise InputError(f"carts are simulated with two decimals, and {program.currency} has {program.decimals}")
    chance, calendar = Chance(seed), calendar_of(described)
    customers = customers_of(described, calendar, chance)
    step = stages(3 if program is None else 4)
    step()
    placed = orders_of(described, calendar, customers, chance)
    if not len(placed.at):
        raise InputError("nobody ordered; simulate more customers a month, or more months")
    step()
    truth = _truth(calendar, customers, placed)
    step()
    kept = (truth["fate"] == "kept").to_numpy()
    orders = _orders(truth, placed, kept)
    balances = None
    if program is not None:
        ran = _run(program, orders, truth.loc[kept, "redeems"].to_numpy(), placed.refunded_share[kept])
        ended = ran.balances
        balances = ended.loc[ended["points_balance"] > 0, ["customer_id", "points_balance"]]
        balances = balances.set_axis(["customer_id", "points"], axis="columns").reset_index(drop=True)
        step()
    return Simulated(described, seed, program, orders, truth, _people(calendar, customers), balances)


def _written(rows: pd.DataFrame, path: str | Path | None) -> pd.DataFrame:
    """Write a table as CSV, the same bytes each time."""
    if path is not None:
        path = on_this_machine(path, "write the file here, and copy it there")
        packed: Any = {"method": "gzip", "mtime": 0} if str(path).endswith(".gz") else None
        rows.to_csv(path, index=False, compression=packed, lineterminator="\n")
    return rows


def _run(program: Program, orders: pd.DataFrame, redeems: Any, shares: Any) -> Replay:
    """Replay the history and write into `orders` what customers got; refunds are shares of what was then paid.

    A refund changes later balances, and so later discounts and the refunds of those orders: repeated until nothing
    changes, which comes at the latest when each customer's refunds are settled one after the other.
    """
    whole = np.round(orders["cart_amount"].to_numpy() * 100).astype(np.int64)
    while True:
        bare = orders.drop(columns=["points_balance", "discount_given"], errors="ignore")
        ran = replay(program, bare.assign(redeems=redeems))
        given = np.round(ran.orders["discount"].to_numpy() * 100).astype(np.int64)
        orders["discount_given"] = given / 100
        orders["points_balance"] = ran.orders["points_balance"].clip(lower=0).to_numpy()
        before = orders["refunded_amount"].to_numpy()
        _write_paid(orders, whole - given, shares)
        if np.array_equal(before, orders["refunded_amount"].to_numpy(), equal_nan=True):
            return ran


def _write_paid(orders: pd.DataFrame, paid: Any, shares: Any) -> None:
    """Write what was paid, and what was paid back of it: all, or a part that leaves something."""
    part = np.where((shares < 1) & (paid > 1), np.clip(np.round(paid * shares), 1, paid - 1), paid)
    orders["paid_amount"] = paid / 100
    orders["refunded_amount"] = np.where(orders["refunded_at"].notna(), part / 100, np.nan)


def _truth(calendar: Calendar, customers: Customers, placed: Placed) -> pd.DataFrame:
    who = placed.customer
    fate = np.where(customers.guest[who], "guest", np.where(placed.refused, "refused", "kept"))
    return pd.DataFrame(
        {
            "order_id": [f"#{number}" for number in range(1001, 1001 + len(who))],
            "customer_id": _names(customers)[who],
            "ordered_at": _instants(calendar, placed.at),
            "fate": pd.Categorical(fate, ["kept", "refused", "guest"]),
            "redeems": placed.redeems,
            "cart_amount": placed.cart / 100,
            "eligible_amount": placed.eligible / 100,
            "coupon_discount": placed.coupon / 100,
            "payment_method": np.where(placed.cod, "cod", "prepaid"),
            "refunded_at": _instants(
                calendar, np.where(placed.refund_after < 0, np.nan, placed.at + placed.refund_after)
            ),
            "refunded_share": np.where(placed.refund_after < 0, 0.0, placed.refunded_share),
        }
    )


def _orders(truth: pd.DataFrame, placed: Placed, kept: Any) -> pd.DataFrame:
    names = ["order_id", "customer_id", "ordered_at", "cart_amount", "payment_method", "refunded_at"]
    orders: pd.DataFrame = truth.loc[kept, names].reset_index(drop=True)
    _write_paid(orders, placed.cart[kept], placed.refunded_share[kept])
    return orders


def _people(calendar: Calendar, customers: Customers) -> pd.DataFrame:
    leaves = np.where(np.isfinite(customers.leaves), customers.leaves, np.nan)
    return pd.DataFrame(
        {
            "customer_id": _names(customers),
            "arrives_at": _instants(calendar, customers.arrives),
            "leaves_at": _instants(calendar, leaves),
            "orders_per_year": np.where(customers.guest, 0.0, customers.rate),
            "redeemer": customers.redeemer,
            "take_up": np.where(customers.redeemer, customers.take_up, 0.0),
            "guest": customers.guest,
        }
    )


def _names(customers: Customers) -> Any:
    return np.array([f"c{number:07d}" for number in customers.number.tolist()], dtype=object)


def _instants(calendar: Calendar, seconds: Any) -> Any:
    """Instants in UTC of seconds since the history began; missing where not a number."""
    whole = pd.Series(np.floor(seconds)).astype("Int64") * 1_000_000
    since = pd.to_timedelta(whole, unit="us").dt.as_unit("us")
    return (calendar.origin.tz_convert("UTC").as_unit("us") + since).array
