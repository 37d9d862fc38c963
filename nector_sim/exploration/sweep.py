"""``sweep``: many settings on the same orders, one row a setting."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from nector_sim.calculator.reasons import REASONS
from nector_sim.economics.assumptions import Assumptions
from nector_sim.economics.margin import View, drivers_of, margin_of
from nector_sim.economics.summary import Summary
from nector_sim.exploration.countable import Closed, countable
from nector_sim.exploration.counting import Counted, count_settings
from nector_sim.exploration.grid import Mode, Settings, make_settings
from nector_sim.exploration.prepared import History, Prepared, on_history, prepare
from nector_sim.orders.checks import as_frame
from nector_sim.rules.program import Program

#: Columns behind the swept fields.
TOTALS = (
    "orders",
    "orders_redeemed",
    "points_redeemed",
    "discount",
    "payable",
    "discount_rate",
    "margin",
    "cost_of_program",
    "break_even_uplift",
)
SHARES = tuple(f"share_{reason}" for reason in REASONS)


def sweep(
    program: Program,
    orders: Any,
    *,
    grid: Mapping[str, Sequence[Any]],
    assumptions: Assumptions,
    mode: Mode = "product",
    history: History = "given balances",
    view: View = "cash",
    floor_percent: float | None = None,
    threads: int | None = None,
) -> pd.DataFrame:
    """Try many settings of a program on the same orders.

    Parameters
    ----------
    program : Program
        What the settings change.
    orders : pandas.DataFrame, or a table with an Arrow interface, shape (n, any)
        As for :func:`nector_sim.score`, and the optional columns of the margin: ``cost``, ``refunded_at``,
        ``refunded_amount``, ``paid_amount``, ``payment_method``, ``redeems``.
    grid : mapping of str to sequence
        Values by dotted path: ``{"offers.0.max_discount": [200, 500], "min_payable.amount": [0, 100]}``. None leaves a
        field out.
    assumptions : Assumptions
        Ranges stand at their likely value. Below a take-up of 100 % the totals are expected values.
    mode : {"product", "zip"}
        Every combination, or the first values together, the second together, and so on.
    history : {"given balances", "as replayed"}
        ``"given balances"`` takes ``points_balance`` as it stands under every setting: quick, and right for the first
        order under a new rule. ``"as replayed"`` lets balances run from order to order under each setting.
    view : {"cash", "accrual"}
        When points cost; ``"accrual"`` needs a replay, which says what is earned.
    floor_percent : float, optional
        Adds ``orders_below_floor``: orders whose margin is less than this percentage of their net sales.
    threads : int, optional
        Left out, one for each processor.

    Returns
    -------
    pandas.DataFrame
        One row a setting: a column for each swept field under its dotted path, then ``orders``, ``orders_redeemed``,
        ``points_redeemed``, ``discount``, ``payable``, ``discount_rate``, ``margin``, ``cost_of_program`` (money in
        major units), ``break_even_uplift`` (missing where it is `never`), ``share_<limited_by>`` for every reason.
        ``attrs`` says under which ``history`` and ``view``, and the ``margin_without`` redemption.

    Raises
    ------
    InputError
        For a grid that cannot be used, orders that cannot be read, or a cost of goods that nobody gives.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    >>> orders = pd.DataFrame({"cart_amount": [500.0, 2500.0], "points_balance": [5000, 5000]})
    >>> table = sweep(program, orders, grid={"offers.0.max_discount": [200, 1000]},
    ...               assumptions=ns.Assumptions(gross_margin_percent=60))
    >>> table[["offers.0.max_discount", "discount", "margin", "share_max_discount"]].values.tolist()
    [[200.0, 400.0, 1400.0, 1.0], [1000.0, 1400.0, 400.0, 0.5]]
    """
    threads = threads or os.cpu_count() or 1
    settings = make_settings(program, grid, mode=mode)
    if history != "given balances":
        return _replayed(settings, orders, history, assumptions, view, floor_percent)
    prepared = prepare(program, orders, assumptions=assumptions)
    found = countable(settings, prepared) if view == "cash" and floor_percent is None else None
    if found is None:
        table = _one_by_one(settings, prepared, orders, assumptions, view, floor_percent, threads)
    else:
        amounts, closed = found
        counted = _count(prepared, closed, amounts, threads)
        table = _table(settings, prepared, counted, amounts.discount_per_step[amounts.offer], closed, assumptions)
    without = margin_of(drivers_of(prepared.sales).map(np.sum), assumptions.rates()).margin
    table.attrs = {
        "history": history,
        "view": view,
        "margin_without": round(float(without), 2),
        "orders_left_out": prepared.left_out,
        "at_most": assumptions.rates().take_up == 1 and prepared.sales.redeems is None,
    }
    return table


def _count(prepared: Prepared, closed: Closed, amounts: Any, threads: int) -> Counted:
    columns, sales = prepared.columns, prepared.sales
    cart = columns.cart if columns.credits is None else columns.cart - np.minimum(columns.credits, columns.cart)
    balance = columns.balance
    weights = [np.broadcast_to(sales.kept_share, cart.shape).astype(np.float64)] if sales.returned.any() else []
    if sales.cash_on_delivery.any():
        weights.append((~sales.cash_on_delivery).astype(np.float64))
    if closed.orders:
        is_open = closed.is_open
        cart, balance, weights = cart[is_open], balance[is_open], [weight[is_open] for weight in weights]
    return count_settings(balance, cart, amounts, weights=weights, threads=threads)


def _table(
    settings: Settings, prepared: Prepared, counted: Counted, step: Any, closed: Closed, assumptions: Assumptions
) -> pd.DataFrame:
    """Turn counts into the sweep's columns; every line of the margin is linear in them."""
    sales, rates, scale = prepared.sales, assumptions.rates(), prepared.scale
    take_up, orders = float(rates.take_up), len(sales.cart)
    points = counted.steps * _per_setting(settings, "points_per_step")
    discount = counted.steps * step

    weighted = list(counted.weighted)
    kept_steps = weighted.pop(0)[0] if sales.returned.any() else counted.steps
    fee_steps, fee_nothing = weighted.pop(0) if weighted else (counted.steps, counted.nothing_paid)
    without = drivers_of(sales).map(lambda amounts: float(np.sum(amounts)))
    drivers = replace(
        without,
        kept_discount=take_up * (kept_steps * step / scale),
        fee_discount=take_up * (fee_steps * step / scale),
        fee_payable=without.fee_payable - take_up * (fee_steps * step / scale),
        fee_orders=np.asarray(without.fee_orders - take_up * fee_nothing, dtype=np.float64),
        cod_orders=np.asarray(without.cod_orders - take_up * (counted.nothing_paid - fee_nothing), dtype=np.float64),
    )
    margin = np.asarray(margin_of(drivers, rates).margin) + np.zeros(len(settings))
    margin_without = float(margin_of(without, rates).margin)

    cart, credits = int(prepared.columns.cart.sum()), round(float(sales.credits.sum()) * scale)
    shares: dict[str, Any] = {
        reason: counted.limited[reason][0] + take_up * counted.limited[reason][1]
        for reason in REASONS
        if reason in counted.limited
    }
    shares |= closed.orders
    shares["requested"] = (1 - take_up) * counted.given
    columns: dict[str, Any] = {path: settings.column(path) for path in settings.paths}
    columns["orders"] = orders
    columns["orders_redeemed"] = _expected(counted.given, take_up)
    columns["points_redeemed"] = _expected(points, take_up)
    columns["discount"] = np.round(_expected(discount, take_up) / scale, 4)
    columns["payable"] = np.round((cart - credits - _expected(discount, take_up)) / scale, 4)
    columns["discount_rate"] = columns["discount"] / (cart / scale) if cart else 0.0
    columns["margin"] = np.round(margin, 2)
    columns["cost_of_program"] = np.round(margin_without - margin, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        columns["break_even_uplift"] = np.where(margin > 0, margin_without / margin - 1, np.nan)
    columns |= {name: shares.get(reason, 0.0) / max(orders, 1) for name, reason in zip(SHARES, REASONS, strict=True)}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(settings)))


def _per_setting(settings: Settings, name: str) -> Any:
    """A field of the only offer for each setting."""
    part = settings.parts.get("offers.0")
    if part is None:
        return getattr(settings.program.offers[0], name)
    return np.array([getattr(model, name) for model in part.models], dtype=np.int64)[part.codes]


def _expected(count: Any, take_up: float) -> Any:
    return count if take_up == 1 else count * take_up


def _one_by_one(
    settings: Settings,
    prepared: Prepared,
    orders: Any,
    assumptions: Assumptions,
    view: View,
    floor_percent: float | None,
    threads: int,
) -> pd.DataFrame:
    """Score the orders anew for each setting."""
    reads_others = any(path.endswith((".tiers", "starts_at", "ends_at", "timezone")) for path in settings.paths)

    def summary(position: int) -> Summary:
        program = settings.program_of(position)
        own = prepare(program, orders, assumptions=assumptions) if reads_others else prepared
        return own.score(program).summarize(program, assumptions=assumptions, view=view, floor_percent=floor_percent)

    with ThreadPoolExecutor(threads) as pool:
        summaries = list(pool.map(summary, range(len(settings))))
    return table_of(settings, summaries)


def _replayed(
    settings: Settings,
    orders: Any,
    history: History,
    assumptions: Assumptions,
    view: View,
    floor_percent: float | None,
) -> pd.DataFrame:
    """Replay the orders anew under each setting, all on the same luck."""
    frame, summaries = as_frame(orders), []
    for position in range(len(settings)):
        program = settings.program_of(position)
        made = on_history(program, frame, history=history, assumptions=assumptions)
        summaries.append(made.summarize(program, assumptions=assumptions, view=view, floor_percent=floor_percent))
    table = table_of(settings, summaries)
    table.attrs = {
        "history": history,
        "view": view,
        "margin_without": round(summaries[0].margin_without, 2),
        "orders_left_out": summaries[0].orders_left_out,
        "at_most": False,
    }
    return table


def table_of(settings: Settings, summaries: Sequence[Summary]) -> pd.DataFrame:
    """Make the sweep's table from one summary for each setting."""
    rows = pd.DataFrame([summary.row() for summary in summaries])
    table = pd.DataFrame({path: settings.column(path) for path in settings.paths})
    for name in TOTALS:
        table[name] = rows[name].astype(np.float64) if name == "break_even_uplift" else rows[name]
    for name in SHARES:
        table[name] = rows[name].fillna(0.0) if name in rows else 0.0
    if summaries[0].orders_below_floor is not None:
        table["orders_below_floor"] = [summary.orders_below_floor for summary in summaries]
    return table
