"""Orders made ready to be scored under many settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

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
from nector_sim.frames.checks import as_frame, read_inputs, refuse, rejects_frame
from nector_sim.frames.currency import refuse_currency
from nector_sim.rules.program import Program

#: Where balances come from: those of the orders, the same for every setting, or a replay of each setting.
History = Literal["given balances", "as replayed"]
#: Columns of a replay that are answers.
_ANSWERS = ("points_redeemed", "discount", "payable", "limited_by", "credits_used", "points_earned")

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

    def score(self, program: Program) -> OnHistory:
        """Score the orders under a program that reads the same columns."""
        results = answer(compile_program(program), self.columns)
        sales = replace(self.sales, discount=results.discount / self.scale)
        if results.credits_used is not None:
            sales = replace(sales, credits=results.credits_used / self.scale)
        return OnHistory(sales, results.points, (results.limited_by, REASONS), results.points > 0, self.left_out)


@dataclass(frozen=True, slots=True)
class OnHistory:
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
    replayed : pandas.DataFrame or None
        Where balances ran from order to order, and take-up was drawn: the orders as the replay gives them back.
    """

    sales: Sales
    points: npt.NDArray[Any]
    limited_by: tuple[npt.NDArray[Any], Any]
    could: npt.NDArray[np.bool_]
    left_out: int
    replayed: pd.DataFrame | None = None

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
            replayed=self.replayed is not None,
            floor_percent=floor_percent,
            left_out=self.left_out,
        )


def on_history(
    program: Program, orders: pd.DataFrame, *, history: History, assumptions: Assumptions, seed: int = 0
) -> OnHistory:
    """Score orders with the balances that they have, or replay them.

    Parameters
    ----------
    program : Program
    orders : pandas.DataFrame
    history : {"given balances", "as replayed"}
    assumptions : Assumptions
        Say how many of the orders that could redeem do, where ``redeems`` does not; a replay draws them.
    seed : int
        Of those draws.

    Returns
    -------
    OnHistory
        Of a replay, in the order of the rows.

    Raises
    ------
    InputError
        For a history of another name, or orders that cannot be read.
    """
    if history == "given balances":
        return prepare(program, orders, assumptions=assumptions).score(program)
    if history != "as replayed":
        raise InputError(f'The history {history!r} is unknown; it is "given balances" or "as replayed"')
    from nector_sim.ledger.replay import replay

    take_up = f"{round(float(assumptions.rates().take_up) * 100, 4):f}%"
    replayed = replay(program, orders, take_up=take_up, seed=seed).orders
    sales = read_sales(replayed)
    check_costs(sales, assumptions)
    # Who could have redeemed: each order anew with the balance that it met.
    asked = replayed.drop(columns=[name for name in _ANSWERS if name in replayed])
    met = asked.assign(points_balance=replayed["points_balance"].clip(lower=0))
    could = prepare(program, met, assumptions=assumptions).score(program).points > 0
    return OnHistory(
        sales,
        replayed["points_redeemed"].to_numpy(dtype=np.float64)[sales.used],
        replayed.loc[sales.used, "limited_by"].factorize(),
        could,
        int(np.count_nonzero(~sales.used)),
        replayed=replayed,
    )


def prepare(program: Program, orders: Any, *, assumptions: Assumptions) -> Prepared:
    """Read orders once for many settings of a program.

    Parameters
    ----------
    program : Program
        Its currency and time zone apply; tiers and times are read if it uses them.
    orders : pandas.DataFrame, or a table with an Arrow interface
        As for :func:`nector_sim.score`, and the optional columns of the margin.
    assumptions : Assumptions
        The cost of the goods must be known from them, or from the orders.

    Returns
    -------
    Prepared

    Raises
    ------
    OrdersError
        Listing every row that cannot be used.
    InputError
        If a needed column, or the cost of the goods, is missing.
    """
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
    )
    check_costs(sales, assumptions)
    if not sales.used.all():
        paid: dict[str, Any] = {
            name: None if array is None else array[sales.used] for name, array in columns._asdict().items()
        }
        columns = Columns(**paid)
    return Prepared(columns, sales, sales.used, scale)
