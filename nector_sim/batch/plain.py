"""Pieces of plain orders without a compiled loop: carts that are decimals, balances that are whole numbers, no more.

What is not plain is left to the compiled calculator, which also says what is wrong with a row.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import NamedTuple

import polars as pl

from nector_sim.batch.tally import Tally
from nector_sim.calculator.reasons import REASONS
from nector_sim.errors import ProgramError
from nector_sim.frames.currency import CURRENCY
from nector_sim.languages.expressions import Expressions
from nector_sim.rules.known import DECIDING
from nector_sim.rules.money import MAX_MINOR, MAX_POINTS
from nector_sim.rules.program import Program

#: Columns that scoring reads where a program asks for them; plain orders have none of them.
_OPTIONAL = ("credits", "points_requested", "tier", "ordered_at", "eligible_amount", "coupon_discount")
#: Columns that decide and are either read, or the ledger's, or an instant that no offer asks for.
_PASSED_BY = {"cart_amount", "points_balance", "ordered_at", "refunded_at", "refunded_amount", "paid_amount"}


class Plain(NamedTuple):
    """Plain orders, worked out: the results, as :class:`Expressions` gives them, and what they add up to."""

    results: pl.DataFrame
    tally: Tally


def work_out(program: Program, frame: pl.DataFrame) -> Plain | None:
    """Work orders out, if they and their program are plain and all of them can be used."""
    expressions = _expressions(program)
    passed_by = _PASSED_BY if program.tiers else {*_PASSED_BY, "tier"}
    deciding = {name for name in frame.columns if name in DECIDING or name == CURRENCY}
    if expressions is None or deciding - passed_by or (orders := _whole_numbers(program, frame)) is None:
        return None
    results = expressions.work_out(orders)
    sums = pl.concat([orders, results], how="horizontal").select(
        pl.sum("cart", "points_redeemed", "discount", "payable"),
        redeemed=(pl.col("discount") > 0).sum(),
        limits=pl.struct((pl.col("limited_by") == word).sum().alias(word) for word in REASONS),
    )
    found = sums.row(0, named=True)
    tally = Tally(
        read=len(frame),
        scored=len(frame),
        redeemed=found["redeemed"],
        points_redeemed=found["points_redeemed"],
        cart_amount=found["cart"],
        discount=found["discount"],
        payable=found["payable"],
        negative=int((frame["points_balance"] < 0).sum()),
        limited_by=Counter({word: count for word, count in found["limits"].items() if count}),
    )
    return Plain(results, tally)


def prepare(program: Program) -> None:
    """Make a program ready."""
    _expressions(program)


@lru_cache(8)
def _expressions(program: Program) -> Expressions | None:
    """The program without what plain orders do not have; None where it asks for that."""
    try:
        made = Expressions(program, leave_out=_OPTIONAL)
    except ProgramError:
        return None
    return made if made.fits else None


def _whole_numbers(program: Program, frame: pl.DataFrame) -> pl.DataFrame | None:
    """Carts in minor units and balances from 0, if they are plain and can all be used."""
    carts, balances = frame["cart_amount"], frame["points_balance"]
    kind = carts.dtype
    finer = program.decimals - kind.scale if isinstance(kind, pl.Decimal) else -1
    if finer < 0 or not balances.dtype.is_integer() or carts.null_count() or balances.null_count() or not len(frame):
        return None
    try:
        columns = pl.DataFrame({"cart": carts.to_physical(), "balance": balances}).cast(pl.Int64)
    except pl.exceptions.InvalidOperationError:  # beyond 64 bits
        return None
    carts, balances = columns
    low, high, most = (int(number) for number in (carts.min(), carts.max(), balances.max()))  # type: ignore[arg-type]
    if low < 0 or high > MAX_MINOR // 10**finer or most > MAX_POINTS:
        return None
    least = int(balances.min())  # type: ignore[arg-type]
    return columns.with_columns(
        *([pl.col("cart") * 10**finer] if finer else []), *([pl.col("balance").clip(0)] if least < 0 else [])
    )
