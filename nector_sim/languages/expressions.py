"""The tree over columns of Polars: whole numbers in, whole numbers out, without a compiled loop.

It is for pieces of plain orders in files: loading what compiles loops takes as long as working out ten million of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import polars as pl

from nector_sim.calculator.reasons import REASONS
from nector_sim.languages.law import calculator_of
from nector_sim.languages.printing import RESULTS
from nector_sim.languages.tree import Apply, Constant, Input, Name, Node
from nector_sim.rules.program import Program

#: Whole numbers of a column are below this.
BEYOND = 2**63

_OPERATIONS: Mapping[str, Callable[[list[Any]], pl.Expr]] = {
    "+": lambda values: values[0] + values[1],
    "-": lambda values: values[0] - values[1],
    "*": lambda values: values[0] * values[1],
    "//": lambda values: values[0] // values[1],
    "min": pl.min_horizontal,
    "max": pl.max_horizontal,
    "<": lambda values: values[0] < values[1],
    "<=": lambda values: values[0] <= values[1],
    "==": lambda values: values[0] == values[1],
    "and": lambda values: values[0] & values[1],
    "or": lambda values: values[0] | values[1],
    "if": lambda values: pl.when(values[0]).then(values[1]).otherwise(values[2]),
    "blank": lambda values: values[0].is_null(),
}


class Expressions:
    """A program as expressions over columns.

    Parameters
    ----------
    program : Program
    leave_out : collection of str
        Optional columns that orders never have, as in :func:`nector_sim.export`.

    Raises
    ------
    ProgramError
        For a program that exported calculators do not carry, or that needs what is left out.
    """

    def __init__(self, program: Program, *, leave_out: Collection[str] = ()) -> None:
        self._tree = calculator_of(program, leave_out=leave_out)
        offers = ["", *(program.offer_name(position) for position in range(len(program.offers)))]
        self._offers, self._reasons = pl.Enum(offers), pl.Enum(REASONS)

    @property
    def fits(self) -> bool:
        """Whether no number on the way is too large for a column."""
        return self._tree.largest < BEYOND

    def work_out(self, orders: pl.DataFrame) -> pl.DataFrame:
        """Work out orders; blank cells of optional inputs are null.

        Parameters
        ----------
        orders : polars.DataFrame
            Whole numbers and texts under the names of the tree's inputs: ``cart``, ``balance``, ``credits``,
            ``requested``, ``tier``, ``at``, ``eligible``, ``coupon``; all amounts in minor units.

        Returns
        -------
        polars.DataFrame
            ``offer``, ``points_redeemed``, ``discount``, ``payable``, ``limited_by``, ``credits_used``: whole numbers
            and texts of an enumeration.
        """
        lazy = orders.lazy()
        for one in self._tree.lets:
            lazy = lazy.with_columns(self._named(one.name, one.value))
        # Results have names that are those of other columns, so they get them at the end.
        results = [self._named(name, self._tree.results[name]).alias(f"={name}") for name in RESULTS]
        return lazy.with_columns(results).select(pl.col(f"={name}").alias(name) for name in RESULTS).collect()

    def _named(self, name: str, node: Node) -> pl.Expr:
        return self._expression(node, self._offers if name == "offer" else self._reasons).alias(name)

    def _expression(self, node: Node, texts: pl.Enum) -> pl.Expr:
        if isinstance(node, Constant):
            if isinstance(node.value, str):
                return pl.lit(node.value, dtype=texts)
            return pl.lit(node.value, dtype=pl.Boolean if isinstance(node.value, bool) else pl.Int64)
        if isinstance(node, Input | Name):
            return pl.col(node.name)
        assert isinstance(node, Apply)
        if node.op == "among":
            given, *names = node.args
            tiers = [one.value for one in names if isinstance(one, Constant)]
            return self._expression(given, texts).is_in(tiers).fill_null(False)
        return _OPERATIONS[node.op]([self._expression(part, texts) for part in node.args])
