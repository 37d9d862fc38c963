"""A first grid of settings, from the quantiles of the orders."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from nector_sim._progress import Progress, long_call, stages
from nector_sim.economics.assumptions import Assumptions
from nector_sim.errors import InputError
from nector_sim.exploration.prepared import check_words
from nector_sim.exploration.replays import Replays, read_replays
from nector_sim.frames.checks import read_inputs, refuse, rejects_frame
from nector_sim.frames.kinds import as_frame
from nector_sim.rules.program import PercentMinPayable, Program, ProgramLike, as_program

#: Quantiles of the data that a first grid takes its values from.
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
#: Point values of a first grid, as multiples of today's.
MULTIPLES = (Decimal("0.5"), Decimal("0.75"), Decimal(1), Decimal("1.25"), Decimal("1.5"), Decimal(2))


@long_call("steps")
def first_grid(
    program: ProgramLike,
    orders: Any,
    *,
    replayed: bool = True,
    opening: Any = None,
    grants: Any = None,
    refunds: Any = None,
    programs: Iterable[Any] = (),
    history: None = None,
    progress: Progress | None = None,
) -> dict[str, list[Any]]:
    """Make a grid around a program from the quantiles of the orders, so that you need not invent one.

    Parameters
    ----------
    program : Program
        Its first offer must be a variable amount.
    orders : pandas.DataFrame, or a table with an Arrow interface
        As for :func:`nector_sim.replay`; with ``replayed=False``, ``cart_amount`` and ``points_balance``.
    replayed : bool
        Take the balances that orders meet in a replay; False: those that came with them.
    opening, grants, refunds, programs
        As in :func:`nector_sim.replay`. Without `opening`, a ``points_balance`` of the orders gives each customer's
        balance at the first order.
    history : None
        The old name of `replayed`.
    progress : callable, optional
        Called with the number of steps done, and of all steps.

    Returns
    -------
    dict of str to list
        For :func:`nector_sim.sweep`, with today's values among them: the discount per step by multiples of today's; the
        maximum discount at quantiles of what customers could use (the smaller of their points' value and their cart),
        and none; the minimum payable at quantiles of the carts, or in percent from 0 to 80.

    Raises
    ------
    OrdersError
        Listing every row that cannot be used.
    InputError
        For a program without a variable amount offer, no orders at all, or orders that lack a column.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    >>> orders = pd.DataFrame({"order_id": [1, 2, 3], "customer_id": ["a"] * 3, "cart_amount": [400.0, 800.0, 1600.0],
    ...                        "ordered_at": ["2026-03-01", "2026-03-02", "2026-03-03"]})
    >>> first_grid(program, orders)["min_payable.amount"]
    [0.0, 100.0, 440.0, 480.0, 600.0, 800.0, 1200.0, 1400.0, 1500.0]
    """
    program = as_program(program)
    check_words(history, replayed, opening=opening, grants=grants, refunds=refunds, programs=programs)
    if not is_gridded(program):
        raise InputError("A first grid needs a program whose first offer is a variable_amount; name the paths yourself")
    frame = as_frame(orders)
    if not len(frame):
        raise InputError("A first grid needs orders; there are none")
    how = {"opening": opening, "grants": grants, "refunds": refunds, "others": programs}
    step = stages(2)
    cart, balance = _met(program, frame, replayed, how)
    step()
    made = grid_around(program, cart / 10**program.decimals, balance)
    step()
    return made


def is_gridded(program: Program) -> bool:
    """Whether a first grid can be made around a program."""
    return bool(program.offers) and program.offers[0].kind == "variable_amount"


def grid_around(program: Program, cart: Any, balance: Any) -> dict[str, list[Any]]:
    """The first grid, from carts in major units and the balances that they meet."""
    offer, decimals = program.offers[0], program.decimals
    assert offer.kind == "variable_amount"
    worth = balance * float(offer.discount_per_step / offer.points_per_step)
    usable = np.minimum(cart, worth)
    least = Decimal(1).scaleb(-decimals)
    steps = {max((offer.discount_per_step * multiple).quantize(least), least) for multiple in MULTIPLES}
    caps = _round(np.quantile(usable[usable > 0], QUANTILES) if (usable > 0).any() else [], decimals)
    if offer.max_discount is not None:
        caps.add(float(offer.max_discount))
    grid: dict[str, list[Any]] = {
        "offers.0.discount_per_step": sorted({float(step) for step in steps | {offer.discount_per_step}}),
        "offers.0.max_discount": [*sorted(caps - {0.0}), None],
    }
    if isinstance(program.min_payable, PercentMinPayable):
        grid["min_payable.percent"] = sorted({0.0, 10.0, 20.0, 40.0, 60.0, 80.0, float(program.min_payable.percent)})
    else:
        today = {0.0} if program.min_payable is None else {0.0, float(program.min_payable.amount)}
        grid["min_payable.amount"] = sorted(_round(np.quantile(cart, QUANTILES), decimals) | today)
    return grid


def _met(program: Program, frame: pd.DataFrame, replayed: bool, how: dict[str, Any]) -> tuple[Any, Any]:
    """Carts in minor units, and the balances that they meet."""
    if not replayed:
        inputs = read_inputs(program, frame.get, list(frame.columns))
        if inputs.refused:
            raise refuse(rejects_frame(frame, inputs.refused), len(frame))
        return inputs.columns.cart, inputs.columns.balance
    # No margin is worked out, so any would do.
    anything = Assumptions(gross_margin_percent=100)
    return carts_and_balances(program, read_replays([program], frame, assumptions=anything, **how))


def carts_and_balances(program: Program, replays: Replays) -> tuple[Any, Any]:
    """Carts in minor units, and the balances that they meet in a replay."""
    balance = replays.run(program).outcome.balance
    return replays.facts.prepared.history.cart, np.maximum(balance, 0)


def _round(amounts: Any, decimals: int) -> set[float]:
    """Amounts to two figures, as a person would write them, none finer than the currency."""
    return {round(float(f"{amount:.1e}"), decimals) for amount in amounts}
