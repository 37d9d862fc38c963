"""Orders through the calculator: frames in and out, and Arrow record batches for everything else."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from nector_sim._memory import empty
from nector_sim._progress import side_by_side
from nector_sim.calculator.compiled import Counts, Results, answer, answer_floats, new_results
from nector_sim.calculator.parameters import compile_program
from nector_sim.calculator.reasons import REASONS
from nector_sim.errors import InputError
from nector_sim.frames.arrow_types import decoded
from nector_sim.frames.checks import (
    ALL_OF_IT,
    Inputs,
    odd_balances,
    read_inputs,
    read_optional,
    refuse,
    rejects_frame,
)
from nector_sim.frames.columns import as_array, write_money
from nector_sim.frames.currency import CURRENCY, refuse_currency
from nector_sim.frames.kinds import as_batch, as_frame, as_table, like
from nector_sim.frames.results import RESULTS, Naming, offer_names
from nector_sim.rules.program import Program, ProgramLike, as_program

if TYPE_CHECKING:
    import pandas as pd

#: What becomes of a row that cannot be used.
OnError = Literal["raise", "null", "column"]
#: Fewer rows than this are not worth a thread.
ROWS_A_THREAD = 250_000


def score(program: ProgramLike, orders: Any, *, prefix: str = "", suffix: str = "") -> Any:
    """Work out every order with the balance that its row gives.

    The balances are used as given: an order does not spend what a later row of the same customer still has. To
    let balances run down in time, replay the orders.

    Parameters
    ----------
    program : Program
        What the merchant sets.
    orders : table, shape (n, any)
        pandas, Polars, Arrow or DuckDB: ``cart_amount`` (major units) and ``points_balance``; optional ``credits``,
        ``tier``, ``points_requested``, ``ordered_at``, ``eligible_amount`` (the part of the cart that points may pay)
        and ``coupon_discount``. Never changed.
    prefix, suffix : str
        Put before and behind the names of the results, where the orders have columns of these names.

    Returns
    -------
    table of the orders' kind, shape (n, any + results)
        The same rows in the same order, and ``offer``, ``points_redeemed``, ``discount`` and ``payable`` (major
        units: float64 where ``cart_amount`` is a number, decimal where it is decimal or text), ``limited_by``
        (categorical), and ``credits_used`` where credits came in.

    Raises
    ------
    OrdersError
        Listing every row that cannot be used (``.rejects``); :func:`check_orders` splits the orders.
    InputError
        If a needed column is missing, or a column has the name of a result.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    >>> scored = score(program, pd.DataFrame({"cart_amount": [500.0], "points_balance": [5000]}))
    >>> scored[["points_redeemed", "discount", "payable", "limited_by"]].values.tolist()
    [[400, 400.0, 100.0, 'min_payable']]
    """
    import pandas as pd

    program, naming = as_program(program), Naming(prefix, suffix)
    if isinstance(orders, pd.DataFrame):
        return _score_frame(program, orders, naming)
    return like(_score_table(program, as_table(orders), naming), orders)


def score_batch(
    program: ProgramLike,
    batch: pa.RecordBatch,
    *,
    on_error: OnError = "raise",
    prefix: str = "",
    suffix: str = "",
) -> pa.RecordBatch:
    """Score an Arrow record batch: no pandas, the GIL released, fit for Spark, DuckDB, Polars or Ray.

    Parameters
    ----------
    program : Program
        What the merchant sets; it pickles, and so does this function.
    batch : pyarrow.RecordBatch, shape (n, any)
        Columns as for :func:`score`.
    on_error : {"raise", "null", "column"}
        What becomes of a row that cannot be used: raise an error that names all of them; or give it back without
        results (null); or the same with a column ``error``, which says why and is null in good rows.
    prefix, suffix : str
        Put before and behind the names of the results, ``error`` among them.

    Returns
    -------
    pyarrow.RecordBatch, shape (n, any + results)
        ``offer`` and ``limited_by`` are dictionary-encoded strings. Its schema does not depend on the rows.

    Raises
    ------
    OrdersError
        As :func:`score`, if `on_error` is ``raise``.
    InputError
        As :func:`score`.

    Examples
    --------
    >>> batch = pa.RecordBatch.from_pydict({"cart_amount": ["749.95", "oops"], "points_balance": [5000, 5000]})
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    >>> scored = score_batch(program, batch, on_error="column")
    >>> scored["payable"].to_pylist(), scored["error"][1].as_py()[:27]
    ([Decimal('100.95'), None], 'cart_amount is not a number')
    """
    if on_error not in ("raise", "null", "column"):
        raise InputError(f"on_error is {on_error!r}; it is 'raise', 'null' or 'column'")
    program, naming, table = as_program(program), Naming(prefix, suffix), pa.Table.from_batches([batch])
    if on_error == "raise":
        return as_batch(_score_table(program, table, naming))
    return as_batch(_score_good(program, table, naming, say_why=on_error == "column"))


@dataclass(frozen=True, slots=True)
class Scored:
    """Answers in major units, ready to become columns."""

    results: Results
    notices: list[str]


def work_out(program: Program, inputs: Inputs) -> Scored:
    """Answer orders that were read, of which none was refused."""
    results = answer(compile_program(program), inputs.columns)
    money = {
        name: write_money(getattr(results, name), program.decimals, exact=inputs.exact)
        for name in ("discount", "payable", "credits_used")
        if getattr(results, name) is not None
    }
    return Scored(results._replace(**money), inputs.notices)


def results_table(program: Program, table: pa.Table, scored: Scored, naming: Naming) -> pa.Table:
    """Append answers to the table that they are of, which then says their currency."""
    results, names = scored.results, offer_names(program)
    columns = {
        "offer": pa.DictionaryArray.from_arrays(pa.array(_from_one(results.offer)), names),
        "points_redeemed": pa.array(results.points),
        "discount": pa.array(results.discount),
        "payable": pa.array(results.payable),
        "limited_by": pa.DictionaryArray.from_arrays(pa.array(results.limited_by), list(REASONS)),
        "credits_used": None if results.credits_used is None else pa.array(results.credits_used),
    }
    for name, values in columns.items():
        if values is not None:
            table = table.append_column(naming.name(name), values)
    return table.replace_schema_metadata({**(table.schema.metadata or {}), CURRENCY: program.currency})


def _score_frame(program: Program, frame: pd.DataFrame, naming: Naming) -> pd.DataFrame:
    import pandas as pd

    answers = _answers(program, frame, list(frame.columns), frame.get, naming)
    results, offers = answers.results, pd.CategoricalDtype(offer_names(program))
    columns = {
        "offer": _categorical(results.offer, 1, offers),
        "points_redeemed": results.points,
        "discount": _frame_money(results.discount),
        "payable": _frame_money(results.payable),
        "limited_by": _categorical(results.limited_by, 0, pd.CategoricalDtype(list(REASONS))),
        "credits_used": None if results.credits_used is None else _frame_money(results.credits_used),
    }
    scored = frame.copy(deep=False)
    for name, values in columns.items():
        if values is not None:
            scored[naming.name(name)] = pd.Series(values, index=frame.index, copy=False)
    scored.attrs |= {"notices": answers.notices, CURRENCY: program.currency}
    return scored


def _score_table(program: Program, table: pa.Table, naming: Naming) -> pa.Table:
    return results_table(program, table, _answers(program, table, table.column_names, table.column, naming), naming)


def _score_good(program: Program, table: pa.Table, naming: Naming, *, say_why: bool) -> pa.Table:
    """Score the rows that can be used; the results of the others are null."""
    naming.free(table.column_names, (*RESULTS, "error") if say_why else RESULTS)
    refuse_currency(table, program.currency)
    refused = read_inputs(program, table.column, table.column_names).refused
    bad = np.zeros(len(table), bool)
    bad[list(refused)] = True
    good = decoded(table).filter(pa.array(~bad))
    answers = work_out(program, read_inputs(program, good.column, good.column_names))
    scored = results_table(program, good, answers, naming)
    places = pa.array(np.cumsum(~bad) - 1, mask=bad)  # of each row among the good ones
    for position in range(len(table.column_names), len(scored.column_names)):
        values = scored.column(position).combine_chunks().take(places)
        table = table.append_column(scored.field(position), values)
    if say_why:
        reasons = ["; ".join(f"{name} {reason}" for name, reason in refused.get(row, ())) for row in range(len(table))]
        texts = pa.array([reason or None for reason in reasons], pa.string())
        table = table.append_column(naming.name("error"), texts)
    return table.replace_schema_metadata(scored.schema.metadata)


def _answers(program: Program, orders: Any, names: list[str], get: Callable[[str], Any], naming: Naming) -> Scored:
    naming.free(map(str, names))
    refuse_currency(orders, program.currency)
    quick = _float_answers(program, names, get)
    if quick is not None:
        return quick
    inputs = read_inputs(program, get, names)
    if inputs.refused:
        raise refuse(rejects_frame(as_frame(orders), inputs.refused), len(orders))
    return work_out(program, inputs)


def _float_answers(program: Program, names: list[str], get: Callable[[str], Any]) -> Scored | None:
    """Answer orders of plain float carts in one pass; None for others, and where a row must be refused."""
    inputs = read_optional(program, get, names)
    cart, balance = as_array(get("cart_amount")), as_array(get("points_balance"))
    plain = all(isinstance(array, np.ndarray) for array in (cart, balance))
    if inputs.refused or not plain or cart.dtype != np.float64 or balance.dtype not in (np.float64, np.int64):
        return None
    columns = inputs.columns._replace(cart=cart, balance=balance)
    tables, scale = compile_program(program), float(10**program.decimals)
    eligible = columns.eligible
    if eligible is not None and ((eligible > np.rint(cart * scale)) & (eligible != ALL_OF_IT)).any():
        return None
    results = new_results(columns, money=np.float64)

    def part(rows: slice) -> Counts:
        return answer_floats(tables, _cut(columns, rows), _cut(results, rows), scale=scale)[1]

    # Half of the time goes into fresh memory for the results, which threads share as well as the work.
    parts = max(1, min(os.cpu_count() or 1, len(cart) // ROWS_A_THREAD))
    bounds = np.linspace(0, len(cart), parts + 1).astype(int).tolist()
    counts = list(side_by_side(part, map(slice, bounds[:-1], bounds[1:]), threads=parts))
    bad, floored, negative = (sum(found) for found in zip(*counts, strict=True))
    return None if bad else Scored(results, odd_balances(floored, negative))


def _cut(arrays: Any, rows: slice) -> Any:
    """The same rows of every array of a tuple of arrays."""
    return type(arrays)(*(None if array is None else array[rows] for array in arrays))


def _categorical(positions: Any, first: int, kind: pd.CategoricalDtype) -> pd.Categorical:
    """Positions, counted from `first` on, as a column, in the type that pandas would copy them to."""
    import pandas as pd

    codes = np.int8 if len(kind.categories) < 128 else np.int16
    if first or positions.dtype != codes:
        positions = np.add(positions, first, out=empty(len(positions), codes), casting="unsafe")
    return pd.Categorical.from_codes(positions, dtype=kind, validate=False)


def _frame_money(amounts: Any) -> Any:
    import pandas as pd

    return pd.array(amounts, dtype=pd.ArrowDtype(amounts.type)) if isinstance(amounts, pa.Array) else amounts


def _from_one(offer: Any) -> Any:
    """Positions of offers as codes of :func:`offer_names`."""
    return offer + np.int16(1)
