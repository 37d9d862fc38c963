"""Orders through the calculator: frames in and out, and Arrow record batches for everything else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from nector_sim.calculator.compiled import Results, answer
from nector_sim.calculator.reasons import REASONS
from nector_sim.calculator.tables import compile_program
from nector_sim.errors import InputError
from nector_sim.orders.checks import Inputs, as_frame, read_inputs, refuse, rejects_frame
from nector_sim.orders.columns import decimal_array, write_money
from nector_sim.rules.program import Program

#: Columns that scoring adds, in their order; ``credits_used`` only where credits came in.
RESULTS = ("offer", "points_redeemed", "discount", "payable", "limited_by", "credits_used")


def score(program: Program, orders: Any) -> Any:
    """Work out every order with the balance that it brings.

    The balances are taken as they stand: an order does not spend what a later row of the same customer still has. To
    let balances run down in time, replay the orders.

    Parameters
    ----------
    program : Program
        What the merchant sets.
    orders : pandas.DataFrame, or a Polars or Arrow table, shape (n, any)
        ``cart_amount`` (major units) and ``points_balance``; optional ``credits``, ``tier``, ``points_requested``,
        ``ordered_at``. Never changed.

    Returns
    -------
    pandas.DataFrame, or a table of the kind that was given, shape (n, any + results)
        The same rows in the same order, and ``offer``, ``points_redeemed``, ``discount`` and ``payable`` (major
        units: float64 where ``cart_amount`` is a number, decimal where it is decimal or text), ``limited_by``
        (categorical), and ``credits_used`` where credits came in.

    Raises
    ------
    OrdersError
        Listing every row that cannot be used (``.rejects``); :func:`check_orders` parts them.
    InputError
        If a needed column is missing, or a column has the name of a result.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    >>> scored = score(program, pd.DataFrame({"cart_amount": [500.0], "points_balance": [5000]}))
    >>> scored[["points_redeemed", "discount", "payable", "limited_by"]].values.tolist()
    [[400, 400.0, 100.0, 'min_payable']]
    """
    if isinstance(orders, pd.DataFrame):
        return _score_frame(program, orders)
    if not (hasattr(orders, "__arrow_c_stream__") or hasattr(orders, "__arrow_c_array__")):
        as_frame(orders)  # names what can be given
    scored = _score_table(program, pa.table(orders))
    if type(orders).__module__.partition(".")[0] == "polars":
        import polars as pl

        return pl.from_arrow(scored)
    return scored


def score_batch(program: Program, batch: pa.RecordBatch) -> pa.RecordBatch:
    """Score an Arrow record batch: no pandas, the GIL released, fit for Spark, DuckDB, Polars or Ray.

    Parameters
    ----------
    program : Program
        What the merchant sets; it pickles, and so does this function.
    batch : pyarrow.RecordBatch, shape (n, any)
        Columns as for :func:`score`.

    Returns
    -------
    pyarrow.RecordBatch, shape (n, any + results)
        ``offer`` and ``limited_by`` are dictionary-encoded strings.

    Raises
    ------
    OrdersError, InputError
        As :func:`score`.

    Examples
    --------
    >>> batch = pa.RecordBatch.from_pydict({"cart_amount": ["749.95"], "points_balance": [5000]})
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    >>> score_batch(program, batch)["payable"].to_pylist()
    [Decimal('100.95')]
    """
    scored = _score_table(program, pa.Table.from_batches([batch]))
    # A table without rows has no batches.
    return pa.RecordBatch.from_arrays([column.combine_chunks() for column in scored.columns], schema=scored.schema)


def _score_frame(program: Program, frame: pd.DataFrame) -> pd.DataFrame:
    free_of_results(list(frame.columns))
    inputs = read_inputs(program, frame.get, list(frame.columns))
    if inputs.refused:
        raise refuse(rejects_frame(frame, inputs.refused), len(frame))
    results = answer(compile_program(program), inputs.columns)
    scored = frame.copy(deep=False)
    for name, values in _frame_columns(program, inputs, results).items():
        scored[name] = pd.Series(values, index=frame.index, copy=False)
    scored.attrs["notices"] = inputs.notices
    return scored


def _score_table(program: Program, table: pa.Table) -> pa.Table:
    inputs = read_inputs(program, table.column, table.column_names)
    if inputs.refused:
        raise refuse(rejects_frame(as_frame(table), inputs.refused), table.num_rows)
    return results_table(program, table, inputs)


def results_table(program: Program, table: pa.Table, inputs: Inputs) -> pa.Table:
    """Append the results of `inputs`, which were read from the table and hold no refused row."""
    free_of_results(table.column_names)
    results = answer(compile_program(program), inputs.columns)
    for name, values in _arrow_columns(program, inputs, results).items():
        table = table.append_column(name, values)
    return table.combine_chunks()


def _arrow_columns(program: Program, inputs: Inputs, results: Results) -> dict[str, pa.Array]:
    """Results as Arrow arrays."""
    columns = {
        "offer": pa.DictionaryArray.from_arrays(pa.array(results.offer + np.int8(1)), _offer_names(program)),
        "points_redeemed": pa.array(results.points),
        **{
            name: pa.array(write_money(minor, program.decimals, exact=inputs.exact))
            for name, minor in _money(results, inputs)
        },
        "limited_by": pa.DictionaryArray.from_arrays(pa.array(results.limited_by), list(REASONS)),
    }
    return {name: columns[name] for name in RESULTS if name in columns}


def _frame_columns(program: Program, inputs: Inputs, results: Results) -> dict[str, Any]:
    def money(minor: Any) -> Any:
        if inputs.exact:
            return pd.array(
                decimal_array(minor, program.decimals), dtype=pd.ArrowDtype(pa.decimal128(18, program.decimals))
            )
        return write_money(minor, program.decimals, exact=False)

    columns = {
        "offer": pd.Categorical.from_codes(
            results.offer + np.int8(1), dtype=pd.CategoricalDtype(_offer_names(program))
        ),
        "points_redeemed": results.points,
        **{name: money(minor) for name, minor in _money(results, inputs)},
        "limited_by": pd.Categorical.from_codes(results.limited_by, dtype=pd.CategoricalDtype(list(REASONS))),
    }
    return {name: columns[name] for name in RESULTS if name in columns}


def _money(results: Results, inputs: Inputs) -> list[tuple[str, Any]]:
    money = [("discount", results.discount), ("payable", results.payable)]
    return money if inputs.columns.credits is None else [*money, ("credits_used", results.credits_used)]


def _offer_names(program: Program) -> list[str]:
    """Categories of ``offer``: empty first, then each offer's name."""
    names = [program.offer_name(position) for position in range(len(program.offers))]
    return ["", *names]


def free_of_results(names: list[str]) -> None:
    """Refuse columns that have the name of a result."""
    taken = [name for name in names if name in RESULTS]
    if taken:
        raise InputError(
            f"the orders already have a column {', '.join(taken)}, which a result would replace; rename or drop it"
        )
