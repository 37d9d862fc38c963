"""The redemption rules over whole arrays, compiled: any number of orders, one answer each.

The answers equal those of :mod:`nector_sim.calculator.exact` to the last minor unit and in every ``limited_by``; the
two share no arithmetic. Importing this module imports numba, which compiles the plain Python of
:mod:`nector_sim.calculator.loops` by a call.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nector_sim._compile import compiled, register_jitable
from nector_sim._memory import empty
from nector_sim.calculator.loops import BLOCK, INLINED, PLAIN, Columns, Loops, Results, answer_one
from nector_sim.calculator.parameters import ProgramParameters
from nector_sim.rules.money import MAX_MINOR
from nector_sim.rules.times import NO_TIME

__all__ = ["COMPILED", "PLAIN", "Columns", "Counts", "Results", "answer", "answer_floats", "answer_one", "new_results"]

for _function in INLINED:
    register_jitable(_function)
#: The loops compiled, each when it is first used, and kept on disk until loops.py changes (touch it after one here).
COMPILED = Loops(*(compiled(loop, error_model="numpy") for loop in PLAIN))

#: What stands for a column that was left out: a block of one number that means nothing.
_ABSENT = {
    "credits": np.zeros(BLOCK, np.int64),
    "requested": np.full(BLOCK, -1, np.int64),
    "tier": np.full(BLOCK, -1, np.int16),
    "at": np.full(BLOCK, NO_TIME, np.int64),
    "eligible": np.full(BLOCK, MAX_MINOR, np.int64),
    "coupon": np.zeros(BLOCK, np.int64),
}
_INPUTS = {"cart": "i8", "balance": "i8", "credits": "i8", "requested": "i8", "tier": "i2", "at": "i8"}
_INPUTS |= {"eligible": "i8", "coupon": "i8"}
_OUTPUTS = {"offer": "i2", "points": "i8", "discount": "i8", "payable": "i8", "credits_used": "i8", "limited_by": "i1"}
_MONEY = ("discount", "payable", "credits_used")


class Counts(NamedTuple):
    """What :func:`answer_floats` found in its rows.

    Parameters
    ----------
    bad : int
        Rows whose cart or balance cannot be used. The cart, or the balance, counts as 0 in their answers.
    floored : int
        Rows whose balance had a fraction, which was dropped.
    negative : int
        Rows whose balance was negative, and counted as 0.
    """

    bad: int
    floored: int
    negative: int


def answer(
    tables: ProgramParameters, columns: Columns, out: Results | None = None, *, loops: Loops = COMPILED
) -> Results:
    """Answer many orders, in whole numbers.

    Nothing is checked but the types and lengths of arrays: that amounts are 0 to MAX_MINOR, and points at most
    MAX_POINTS, the door to orders has made sure of.
    """
    out = new_results(columns) if out is None else out
    plain = _is_plain(tables, columns, out)
    orders, given = _inputs(columns, _INPUTS), _outputs(out, _OUTPUTS, len(columns.cart), offer=not plain)
    if plain:
        loops.plain(tables.terms, orders, given)
    else:
        loops.blocks(tables.enabled, tables.terms, tables.tier_fits, orders, given)
    return out


def answer_floats(
    tables: ProgramParameters, columns: Columns, out: Results | None = None, *, scale: float, loops: Loops = COMPILED
) -> tuple[Results, Counts]:
    """Answer many orders in floats of the major unit, checking carts and balances in the same pass.

    A cart can be used if it is within 1e-6 of an amount of the currency, from 0 to MAX_MINOR minor units; a balance, if
    it is a number of at most MAX_POINTS. The results are exact: each float is the nearest to its amount.
    """
    out = new_results(columns, money=np.float64) if out is None else out
    types = _INPUTS | {"cart": "f8", "balance": "f8" if columns.balance.dtype.kind == "f" else "i8"}
    orders, given = _inputs(columns, types), _outputs(out, _OUTPUTS | dict.fromkeys(_MONEY, "f8"), len(columns.cart))
    if _is_plain(tables, columns, out):
        counts = loops.plain_floats(tables.terms, float(scale), orders, given)
    else:
        counts = loops.float_blocks(tables.enabled, tables.terms, tables.tier_fits, float(scale), orders, given)
    return out, Counts(*counts)


def new_results(columns: Columns, *, money: Any = np.int64) -> Results:
    """Make arrays for the answers to some orders, not filled yet."""
    types = _OUTPUTS | dict.fromkeys(_MONEY, money)
    arrays: dict[str, Any] = {name: empty(len(columns.cart), kind) for name, kind in types.items()}
    if columns.credits is None:
        arrays["credits_used"] = None
    return Results(**arrays)


def _is_plain(tables: ProgramParameters, columns: Columns, out: Results) -> bool:
    others = (columns.credits, columns.requested, columns.eligible, out.credits_used)
    return tables.is_plain and all(column is None for column in others)


def _inputs(columns: Columns, types: dict[str, str]) -> Columns:
    """Every column contiguous and read-only, so that there is one compiled loop for all."""
    arrays = {}
    for name, kind in types.items():
        array = getattr(columns, name)
        if array is None and name in _ABSENT:
            array = _ABSENT[name]
        else:
            _check(name, array, kind, len(columns.cart))
        arrays[name] = np.ascontiguousarray(array).view()
        arrays[name].flags.writeable = False
    return Columns(**arrays)


def _outputs(out: Results, types: dict[str, str], size: int, *, offer: bool = True) -> Results:
    """Every array, empty if it is not wanted; but one to throw away where the loop needs the offer."""
    arrays = {}
    for name, kind in types.items():
        array = getattr(out, name)
        if array is None and name in ("offer", "credits_used"):
            array = np.empty(size if offer and name == "offer" else 0, kind)
        else:
            _check(name, array, kind, size)
        if not (array.flags.c_contiguous and array.flags.writeable):
            raise ValueError(f"{name} must be contiguous and writeable, to be written into")
        arrays[name] = array
    return Results(**arrays)


def _check(name: str, array: npt.NDArray[Any], kind: str, size: int) -> None:
    if array.dtype != np.dtype(kind):
        raise TypeError(f"{name} is {array.dtype}; it must be {np.dtype(kind)}")
    if array.shape != (size,):
        raise ValueError(f"{name} has the shape {array.shape}; it must be {(size,)}, as cart is")
