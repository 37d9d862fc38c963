"""Orders made ready to be scored under many settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim.calculator.compiled import Columns, answer
from nector_sim.calculator.parameters import compile_program
from nector_sim.calculator.reasons import REASONS
from nector_sim.economics.assumptions import Assumptions
from nector_sim.economics.margin import View, check_costs
from nector_sim.economics.sales import Sales, read_sales
from nector_sim.economics.summary import Summary, summarize_sales
from nector_sim.errors import InputError
from nector_sim.frames.checks import read_inputs, refuse, rejects_frame
from nector_sim.frames.currency import refuse_currency
from nector_sim.frames.kinds import as_frame
from nector_sim.rules.program import Program

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Orders that were paid, in whole numbers for the calculator and in floats for the margin.

    Attributes
    ----------
    columns : Columns
        Minor units and points.
    sales : Sales
        The same orders with no redemption; major units.
    used : ndarray of bool
        Which rows of the frame these are; the others were never paid.
    scale : int
        Minor units in a major one.
    """

    columns: Columns
    sales: Sales
    used: npt.NDArray[np.bool_]
    scale: int

    @property
    def left_out(self) -> int:
        """Orders that were never paid."""
        return int(np.count_nonzero(~self.used))

    def score(self, program: Program) -> Played:
        """Score the orders under a program that reads the same columns."""
        results = answer(compile_program(program), self.columns)
        sales = replace(self.sales, discount=results.discount / self.scale)
        if results.credits_used is not None:
            sales = replace(sales, credits=results.credits_used / self.scale)
        rows = np.flatnonzero(self.used)
        return Played(sales, results.points, (results.limited_by, REASONS), results.points > 0, self.left_out, rows)


@dataclass(frozen=True, slots=True)
class Played:
    """What a program does to orders, order by order.

    Attributes
    ----------
    sales : Sales
        With the discount that the program gives; major units.
    points : ndarray, shape (orders,)
        Points redeemed.
    limited_by : tuple of (ndarray of int, sequence of str)
        Codes, shape (orders,), and the reasons that they stand for.
    could : ndarray of bool, shape (orders,)
        Which orders could redeem.
    left_out : int
        Orders that were never paid.
    rows : ndarray of int64, shape (orders,)
        The row of the frame that each order came from.
    replayed : bool
        Whether balances ran from order to order, and take-up was drawn.
    recorded : bool
        Whether a replay took it from the orders who redeems.
    tiers : pandas.Categorical or None
        Of a replay, the tier of each order.
    frame : callable or None
        Of a replay, gives its orders as a frame, in the order of the rows.
    """

    sales: Sales
    points: npt.NDArray[Any]
    limited_by: tuple[npt.NDArray[Any], Any]
    could: npt.NDArray[np.bool_]
    left_out: int
    rows: npt.NDArray[Any]
    replayed: bool = False
    recorded: bool = False
    tiers: Any = None
    frame: Callable[[], pd.DataFrame] | None = None

    def summarize(
        self,
        program: Program,
        *,
        assumptions: Assumptions,
        view: View = "cash",
        floor_percent: float | str | None = None,
    ) -> Summary:
        """Work out what the program earns and costs."""
        return summarize_sales(
            self.sales,
            points=self.points,
            limited_by=self.limited_by,
            could=self.could,
            assumptions=assumptions,
            view=view,
            program=program,
            replayed=self.replayed,
            floor_percent=floor_percent,
            left_out=self.left_out,
            recorded=self.recorded,
        )


@dataclass(frozen=True, slots=True)
class AsGiven:
    """Orders with the balances that they came with, each by itself."""

    orders: pd.DataFrame
    assumptions: Assumptions
    refunds: Any = None
    notices: tuple[str, ...] = ()

    def play(self, program: Program) -> Played:
        """Score the orders under a setting."""
        return prepare(program, self.orders, assumptions=self.assumptions, refunds=self.refunds).score(program)


def check_words(history: Any, replayed: Any, **of_replays: Any) -> None:
    """Answer the old word with the new one, and refuse what only a replay takes where there is none."""
    if history is not None:
        raise InputError(
            f"history= is now replayed=; for history={history!r} write replayed={history != 'given balances'}"
        )
    if not isinstance(replayed, bool | np.bool_):
        raise InputError(f"replayed is {replayed!r}; it is True, or False for each order by itself")
    given = [f"{name}=" for name, value in of_replays.items() if value is not None and not _is_empty(value)]
    if given and not replayed:
        raise InputError(f"{', '.join(given)}: only a replay takes that, and replayed=False (--as-given) asks for none")


def check_resamples(resamples: Any) -> None:
    """Refuse what is no number of draws."""
    if isinstance(resamples, bool) or not isinstance(resamples, int | np.integer) or resamples < 0:
        raise InputError(f"resamples is {resamples!r}; it is 0 for no ranges, or how often customers are drawn")


def _is_empty(value: Any) -> bool:
    return isinstance(value, tuple | list) and not value


def prepare(program: Program, orders: Any, *, assumptions: Assumptions, refunds: Any = None) -> Prepared:
    """Read orders once for many settings of a program."""
    refuse_currency(orders, program.currency)
    frame = as_frame(orders)
    inputs = read_inputs(program, frame.get, list(frame.columns))
    if inputs.refused:
        raise refuse(rejects_frame(frame, inputs.refused), len(frame))
    columns, scale = inputs.columns, 10**program.decimals
    credits = np.zeros_like(columns.cart) if columns.credits is None else np.minimum(columns.credits, columns.cart)
    if not program.enabled:
        credits = np.zeros_like(columns.cart)
    sales = read_sales(
        frame.assign(cart_amount=columns.cart / scale, discount=0.0, credits_used=credits / scale),
        refunds,
    )
    check_costs(sales, assumptions.without_table())
    if not sales.used.all():
        paid: dict[str, Any] = {
            name: None if array is None else array[sales.used] for name, array in columns._asdict().items()
        }
        columns = Columns(**paid)
    return Prepared(columns, sales, sales.used, scale)
