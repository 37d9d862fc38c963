"""``sweep``: many settings on the same orders, one row a setting."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

from nector_sim.calculator.parameters import compile_program
from nector_sim.economics.assumptions import Assumptions
from nector_sim.economics.margin import View, drivers_of, margin_of
from nector_sim.economics.summary import Summary
from nector_sim.errors import InputError
from nector_sim.exploration.grid import Mode, Settings, make_settings
from nector_sim.exploration.prepared import History, Prepared, on_history, prepare
from nector_sim.exploration.shortcuts import combined, counted
from nector_sim.exploration.totals import table_of_summaries, table_of_totals
from nector_sim.frames.checks import as_frame
from nector_sim.rules.program import Program, as_program


def sweep(
    program: Program,
    orders: Any,
    *,
    grid: Mapping[str, Sequence[Any]],
    assumptions: Assumptions,
    mode: Mode = "product",
    history: History = "given balances",
    view: View = "cash",
    floor_percent: float | str | None = None,
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
    floor_percent : float or str, optional
        Adds ``orders_below_floor``: orders whose margin is less than this percentage of their net sales.
    threads : int, optional
        Left out, one for each processor.

    Returns
    -------
    pandas.DataFrame
        One row a setting: a column for each swept field under its dotted path, then ``orders``, ``orders_redeemed``,
        ``points_redeemed``, ``discount``, ``payable``, ``discount_rate``, ``margin``, ``cost_of_program`` (money in
        major units), ``break_even_uplift`` (missing where it is `never`), ``share_<limited_by>`` for every reason.
        ``attrs`` says under which ``history`` and ``view``, the ``currency``, the ``margin_without`` redemption, and
        how many orders were never paid and left out (``orders_left_out``).

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
    if threads is not None and threads < 1:
        raise InputError(f"threads is {threads}; it is 1 or more")
    threads = threads or os.cpu_count() or 1
    compile_program(as_program(program))  # which refuses what no setting would compute
    settings = make_settings(program, grid, mode=mode)
    if history != "given balances":
        return _replayed(settings, orders, history, assumptions, view, floor_percent)
    prepared = prepare(program, orders, assumptions=assumptions)
    table = None
    if view == "cash" and floor_percent is None:
        totals = counted(settings, prepared, threads=threads) or combined(settings, prepared, threads=threads)
        table = None if totals is None else table_of_totals(settings, prepared, totals, assumptions)
    if table is None:
        table = _one_by_one(settings, prepared, orders, assumptions, view, floor_percent, threads)
    without = margin_of(drivers_of(prepared.sales).map(np.sum), assumptions.rates()).margin
    table.attrs = {
        "currency": settings.program.currency,
        "history": history,
        "view": view,
        "margin_without": round(float(without), 2),
        "orders_left_out": prepared.left_out,
        "at_most": assumptions.rates().take_up == 1 and prepared.sales.redeems is None,
    }
    return table


def _one_by_one(
    settings: Settings,
    prepared: Prepared,
    orders: Any,
    assumptions: Assumptions,
    view: View,
    floor_percent: float | str | None,
    threads: int,
) -> pd.DataFrame:
    """Score the orders anew for each setting."""
    reads_others = any(
        path.endswith((".tiers", "starts_at", "ends_at", "timezone", "currency")) for path in settings.paths
    )

    def summary(position: int) -> Summary:
        program = settings.program_of(position)
        own = prepare(program, orders, assumptions=assumptions) if reads_others else prepared
        return own.score(program).summarize(program, assumptions=assumptions, view=view, floor_percent=floor_percent)

    with ThreadPoolExecutor(threads) as pool:
        summaries = list(pool.map(summary, range(len(settings))))
    return table_of_summaries(settings, summaries)


def _replayed(
    settings: Settings,
    orders: Any,
    history: History,
    assumptions: Assumptions,
    view: View,
    floor_percent: float | str | None,
) -> pd.DataFrame:
    """Replay the orders anew under each setting, all on the same luck."""
    frame, summaries = as_frame(orders), []
    for position in range(len(settings)):
        program = settings.program_of(position)
        summaries.append(
            # Nothing else is kept of a replay, so that one at a time is in memory.
            on_history(program, frame, history=history, assumptions=assumptions).summarize(
                program, assumptions=assumptions, view=view, floor_percent=floor_percent
            )
        )
    table = table_of_summaries(settings, summaries)
    table.attrs = {
        "currency": settings.program.currency,
        "history": history,
        "view": view,
        "margin_without": round(summaries[0].margin_without, 2),
        "orders_left_out": summaries[0].orders_left_out,
        "at_most": summaries[0].at_most,
    }
    return table
