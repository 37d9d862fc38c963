"""``sweep``: many settings on the same orders, one row a setting."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from nector_sim._progress import Progress, long_call, side_by_side, telling
from nector_sim.calculator.parameters import compile_program
from nector_sim.economics.assumptions import Assumptions, AssumptionsLike, as_assumptions
from nector_sim.economics.labels import who_redeems
from nector_sim.economics.margin import View, drivers_of, margin_of
from nector_sim.economics.response import check_response
from nector_sim.economics.summary import Summary
from nector_sim.errors import InputError
from nector_sim.exploration.grid import GridLike, Mode, Settings, as_grid, make_settings
from nector_sim.exploration.prepared import Prepared, check_resamples, check_words, prepare
from nector_sim.exploration.replay_sweeps import sweep_replays
from nector_sim.exploration.shortcuts import combined, counted
from nector_sim.exploration.totals import table_of_summaries, table_of_totals
from nector_sim.rules.program import ProgramLike, as_program


@long_call("settings")
def sweep(
    program: ProgramLike,
    orders: Any,
    *,
    grid: GridLike,
    assumptions: AssumptionsLike,
    mode: Mode | None = None,
    replayed: bool = True,
    opening: Any = None,
    grants: Any = None,
    refunds: Any = None,
    programs: Iterable[Any] = (),
    resamples: int = 0,
    seed: int = 0,
    view: View = "cash",
    floor_percent: float | str | None = None,
    threads: int | None = None,
    history: None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Try many settings of a program on the same orders.

    Parameters
    ----------
    program : Program
        Today's setting; what the settings change.
    orders : pandas.DataFrame, or a table with an Arrow interface, shape (n, any)
        As for :func:`nector_sim.replay`, and the optional columns of the margin: ``cost``, ``refunded_at``,
        ``refunded_amount``, ``paid_amount``, ``payment_method``. With ``replayed=False`` as for
        :func:`nector_sim.score`.
    grid : mapping of str to sequence, or path
        Values by dotted path: ``{"offers.0.max_discount": [200, 500], "min_payable.amount": [0, 100]}``; None leaves a
        field out. Or what :func:`nector_sim.load_grid` gives, or the path of its file.
    assumptions : Assumptions, path or mapping
        For ranges, the likely value counts. Below a take-up of 100 % a replay draws who redeems, and without one the
        totals are expected values.
    mode : {"product", "zip"}, optional
        Every combination, or the first values together, the second together, and so on. Left out, as the grid's file
        says, else every combination.
    replayed : bool
        Let balances run from order to order under each setting, so that what a customer may not use today is there
        tomorrow. False works out each order by itself, with the ``points_balance`` that came with it: a hundred times
        quicker, and right for single orders only.
    opening, grants : table, optional
        As in :func:`nector_sim.replay`. Without `opening`, a ``points_balance`` of the orders gives each customer's
        balance at the first order.
    refunds : table, optional
        As in :func:`nector_sim.replay`: refunds beside the columns of the orders. With ``replayed=False`` only
        the margin uses them.
    programs : iterable, optional
        As in :func:`nector_sim.replay`: programs in force before or after each setting.
    resamples : int
        Resamples of customers for the ranges; 0: no ranges. Only of replays.
    seed : int
        Seed of the draws.
    view : {"cash", "accrual"}
        When points cost; ``"accrual"`` needs a replay, which says what is earned.
    floor_percent : float or str, optional
        Adds ``orders_below_floor``: orders whose margin is less than this percentage of their net sales.
    threads : int, optional
        Left out, one for each processor.
    history : None
        The old name of `replayed`.
    progress : callable, optional
        Called with the number of settings done, and of all settings.

    Returns
    -------
    pandas.DataFrame
        One row a setting: a column for each swept field under its dotted path, then ``orders``, ``orders_redeemed``,
        ``points_redeemed``, ``discount``, ``payable``, ``discount_rate``, ``margin``, ``cost_of_program`` (money in
        major units), ``break_even_uplift`` (missing where it is `never`), ``share_<limited_by>`` for every reason.
        Of replays also ``margin_per_order``, and ``customers_who_get_less`` and ``share_who_get_less``: the customers
        who get less in discounts than under `program`, and their share of those who order.
        Where the assumptions state a response, also ``response``, the share of orders that customers who use points
        place more (or, below 0, less) than under `program`, and ``margin_with_response``.
        With resamples also ``<name>_low`` and ``<name>_high`` of the discount, its rate, the margin (also of an order,
        and with the response), the cost, the break-even and the share who get less, the 5th and 95th percentile over
        resamples of the customers.
        ``attrs`` says whether it was ``replayed``, under which ``view``, the ``currency``, the ``margin_without``
        redemption, how many orders were never paid and left out (``orders_left_out``), the ``notices``, and in
        ``label`` who is taken to redeem (:data:`nector_sim.economics.labels.LABELS`).

    Raises
    ------
    InputError
        For a grid that cannot be used, orders that cannot be read, nothing to replay, or a cost of goods that is not
        given.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    >>> orders = pd.DataFrame({"order_id": [1, 2], "customer_id": ["a", "a"], "cart_amount": [500.0, 2500.0],
    ...                        "ordered_at": ["2026-03-01T10:00Z", "2026-03-02T10:00Z"]})
    >>> table = sweep(program, orders, grid={"offers.0.max_discount": [200, 1000]},
    ...               opening=pd.DataFrame({"customer_id": ["a"], "points": [450]}),
    ...               assumptions=ns.Assumptions(gross_margin_percent=60))
    >>> table[["offers.0.max_discount", "discount", "margin", "share_max_discount"]].values.tolist()
    [[200.0, 400.0, 1400.0, 1.0], [1000.0, 455.0, 1345.0, 0.0]]
    """
    program, assumptions = as_program(program), as_assumptions(assumptions)
    check_words(history, replayed, opening=opening, grants=grants, programs=programs)
    if threads is not None and threads < 1:
        raise InputError(f"threads is {threads}; it is 1 or more")
    check_resamples(resamples)
    threads = threads or os.cpu_count() or 1
    compile_program(program)  # which refuses what no setting would compute
    given, mode = as_grid(grid, mode)
    settings = make_settings(program, given, mode=mode)
    if replayed:
        how = {"opening": opening, "grants": grants, "refunds": refunds, "others": tuple(programs)}
        how |= {"seed": seed, "resamples": resamples}
        return sweep_replays(
            settings, orders, assumptions, view=view, floor_percent=floor_percent, threads=threads, **how
        )
    check_response(assumptions, replayed=False, view=view)
    if resamples:
        raise InputError("resamples is for replays; ns.compare gives ranges of each order by itself")
    prepared = prepare(program, orders, assumptions=assumptions, refunds=refunds)
    table = None
    if view == "cash" and floor_percent is None:
        totals = counted(settings, prepared, threads=threads) or combined(settings, prepared, threads=threads)
        table = None if totals is None else table_of_totals(settings, prepared, totals, assumptions)
    if table is None:
        table = _one_by_one(settings, prepared, (orders, refunds), assumptions, view, floor_percent, threads)
    rates = assumptions.rates()
    table.attrs = {
        "program": settings.program.to_json(),
        "currency": settings.program.currency,
        "replayed": False,
        "view": view,
        "margin_without": round(float(margin_of(drivers_of(prepared.sales).map(np.sum), rates).margin), 2),
        "orders_left_out": prepared.left_out,
        "label": who_redeems(
            float(rates.take_up), recorded=prepared.sales.redeems is not None, redeemers=float(rates.redeemers)
        ),
        "notices": (),
    }
    return table


def _one_by_one(
    settings: Settings,
    prepared: Prepared,
    told: tuple[Any, Any],
    assumptions: Assumptions,
    view: View,
    floor_percent: float | str | None,
    threads: int,
) -> pd.DataFrame:
    """Score the orders anew for each setting; `told` are the orders and their refunds."""
    reads_others = any(
        path.endswith((".tiers", ".with_coupons", "starts_at", "ends_at", "timezone", "currency"))
        for path in settings.paths
    )

    def summary(position: int) -> Summary:
        program = settings.program_of(position)
        own = prepared
        if reads_others:
            own = prepare(program, told[0], assumptions=assumptions, refunds=told[1])
        return own.score(program).summarize(program, assumptions=assumptions, view=view, floor_percent=floor_percent)

    found = side_by_side(summary, range(len(settings)), threads=threads)
    summaries = list(telling(found, len(settings)))
    return table_of_summaries(settings, summaries)
