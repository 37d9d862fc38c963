"""Shops' exports of orders, and other files that must be understood before they can be scored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

import pyarrow as pa

from nector_sim.batch.files import ScoreReport, apart, write_table
from nector_sim.errors import InputError, Problem
from nector_sim.frames.checks import SHOWN
from nector_sim.frames.containers import paths_of
from nector_sim.frames.files import open_table
from nector_sim.orders.fates import LEFT_OUT
from nector_sim.orders.read import How, inspect_orders
from nector_sim.orders.report import OrdersReport
from nector_sim.results import count
from nector_sim.rules.program import Program
from nector_sim.scoring import score


def are_exports(orders: Sequence[str | Path]) -> bool:
    """Whether files have no column ``cart_amount`` of their own, or are packed, so that they must be understood first.

    A folder or a pattern whose first file is a plain table is none: the others are looked at as they are scored.
    """
    paths, _ = paths_of([str(one) for one in orders])
    first = paths[0]
    if first.suffix.lower() in (".gz", ".zip", ".xlsx", ".xls", ".json", ".jsonl", ".ndjson"):
        return True
    return "cart_amount" not in open_table(first).columns


def score_export(
    program: Program,
    orders: Sequence[str | Path],
    *,
    out: Path,
    rejects: Path | None = None,
    prefix: str = "",
    suffix: str = "",
    **how: Unpack[How],
) -> ScoreReport:
    """Score a file that is read as :func:`nector_sim.inspect_orders` does; only columns that it gives are written."""
    apart((out, rejects), (*orders, how.get("balances"), how.get("mapping"), how.get("key_file")))
    how["currency"] = how.get("currency") or program.currency
    how["timezone"] = how.get("timezone") or program.timezone
    report = inspect_orders(orders[0] if len(orders) == 1 else list(orders), **how)
    if len(report.orders) and "points_balance" not in report.orders:
        raise InputError(
            f"{report.source} does not say what points its customers have, as no shop's export does:", _WAYS_ON
        )
    if len(report.orders):
        table = pa.Table.from_pandas(report.orders, preserve_index=False)
        write_table(score(program, table, prefix=prefix, suffix=suffix), out)
    if rejects is not None:
        write_table(pa.Table.from_pandas(report.rejects, preserve_index=False), rejects)
    first = report.rejects.head(SHOWN)
    return ScoreReport(
        len(report.orders) + len(report.rejects) + sum(one.orders for one in report.left_out.values()),
        len(report.orders),
        len(report.rejects),
        tuple(f"row {row}: {why}" for row, why in zip(first["row"], first["reason"], strict=True)),
        (
            f"read as {report.format}; cart_amount is {report.cart_amount_is}",
            *(f"orders left out, {LEFT_OUT[kind]}: {left.orders:,}" for kind, left in report.left_out.items()),
            *report.notes,
        ),
        why_none="" if len(report.orders) else _why_none(report, program),
    )


def _why_none(report: OrdersReport, program: Program) -> str:
    """Why nothing was scored, with both currencies where that is it."""
    left = report.left_out
    other = left.get("other_currency")
    if other is not None and len(left) == 1 and not len(report.rejects):
        return (
            f"{count(other.orders, 'order is', 'orders are all')} in {', '.join(other.money)}, the program is in "
            f"{program.currency}"
        )
    return report.why_none()


_WAYS_ON = [
    Problem("", "give a file of customers and their points: --balances FILE (customer_id, email or mobile; points);"),
    Problem("", "or one number of points for all of them: --balances 500;"),
    Problem("", "or let them earn: make a table of the orders with nector-sim check FILE --out orders.parquet,"),
    Problem("", "and nector-sim replay orders.parquet, with a program that has an [earning] rule"),
]
