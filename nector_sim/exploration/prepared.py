"""Orders made ready to be scored under many settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nector_sim.calculator.compiled import Columns, answer
from nector_sim.calculator.reasons import REASONS
from nector_sim.calculator.tables import compile_program
from nector_sim.economics.assumptions import Assumptions
from nector_sim.economics.margin import View, check_costs
from nector_sim.economics.sales import Sales, read_sales
from nector_sim.economics.summary import Summary, summarize_sales
from nector_sim.orders.checks import as_frame, read_inputs, refuse, rejects_frame
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

    def score(self, program: Program) -> tuple[Sales, Int64, npt.NDArray[np.int8]]:
        """Score the orders under a program that reads the same columns.

        Returns
        -------
        sales : Sales
            With the discount that the program gives.
        points : ndarray of int64, shape (orders,)
        limited_by : ndarray of int8, shape (orders,)
            Positions in ``REASONS``.
        """
        results = answer(compile_program(program), self.columns)
        sales = replace(self.sales, discount=results.discount / self.scale)
        if results.credits_used is not None:
            sales = replace(sales, credits=results.credits_used / self.scale)
        return sales, results.points, results.limited_by

    def summarize(
        self,
        program: Program,
        *,
        assumptions: Assumptions,
        view: View = "cash",
        floor_percent: float | None = None,
    ) -> Summary:
        """Score the orders and work out what the program earns and costs."""
        sales, points, codes = self.score(program)
        return summarize_sales(
            sales,
            points=points,
            limited_by=(codes, REASONS),
            assumptions=assumptions,
            view=view,
            program=program,
            floor_percent=floor_percent,
            left_out=self.left_out,
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
        columns = Columns(*(None if array is None else array[sales.used] for array in columns))
    return Prepared(columns, sales, sales.used, scale)
