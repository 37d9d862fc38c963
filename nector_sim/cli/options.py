"""Arguments that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nector_sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from nector_sim.rules.program import Program

ProgramFile = Annotated[Path, typer.Option("--program", "-p", help="Program file, TOML or JSON.")]
AssumptionsFile = Annotated[Path, typer.Option("--assumptions", "-a", help="Assumptions file, TOML.")]

FloorPercent = Annotated[
    str | None, typer.Option("--floor-percent", help="Count orders that earn less than this of their net sales.")
]

# How a file of orders is to be understood: the keywords of nector_sim.inspect_orders.
Currency = Annotated[str | None, typer.Option("--currency", help="Its three letters; others are left out.")]
Format = Annotated[
    str | None, typer.Option("--format", help="shopify, woocommerce or plain; else found by the columns.")
]
MappingFile = Annotated[Path | None, typer.Option("--mapping", help="TOML file that says which column is which.")]
PointsCode = Annotated[
    str | None, typer.Option("--points-code", help="Coupon codes that were points, such as 'NECTOR-*'.")
]
Balances = Annotated[
    str | None, typer.Option("--balances", help="File of customers and points, or one number for all.")
]
Dates = Annotated[str | None, typer.Option("--dates", help="dd/mm/yyyy or mm/dd/yyyy, if not year first.")]
Numbers = Annotated[str | None, typer.Option("--numbers", help="1,234.50 or 1.234,50, if written with separators.")]
KeepStatus = Annotated[
    list[str] | None, typer.Option("--keep-status", help="A status of orders that count besides the known.")
]
SheetName = Annotated[str | None, typer.Option("--sheet", help="Sheet of an Excel file; else the first.")]
KeyFile = Annotated[Path | None, typer.Option("--key-file", help="Key of the hashes that stand for customers.")]

AsGiven = Annotated[
    bool, typer.Option("--as-given", help="Each order by itself, with the balance that came with it; no replay.")
]
OldReplayed = Annotated[bool, typer.Option("--replayed", hidden=True)]
OpeningFile = Annotated[
    Path | None, typer.Option("--opening", help="Opening balances: customer_id, points; else those at the first order.")
]
BalancesAt = Annotated[
    str | None,
    typer.Option("--balances-at", help="The opening balances are of this day, to be run back, such as today."),
]
GrantsFile = Annotated[Path | None, typer.Option("--grants", help="Grants: customer_id, granted_at, points.")]

RefundsFile = Annotated[
    Path | None, typer.Option("--refunds", help="Refunds, several of an order: order_id, refunded_at, amount.")
]


def history_of(
    orders: pd.DataFrame,
    programs: list[Program],
    *,
    as_given: bool,
    old_replayed: bool,
    opening: Path | None,
    balances_at: str | None,
    grants: Path | None,
    refunds: Path | None,
) -> dict[str, Any]:
    """What the arguments say of a history, as the keywords of sweep and compare."""
    import nector_sim as ns
    from nector_sim.batch.files import read_table

    if old_replayed:
        raise InputError("--replayed is how it is done now; leave it out, or add --as-given for each order by itself")
    balances, given, back = (None if file is None else read_table(file) for file in (opening, grants, refunds))
    if balances_at is not None:
        if balances is None:
            raise InputError("--balances-at is the day of the balances in --opening; give that file too")
        at = None if balances_at == "today" else balances_at
        balances = ns.opening_from(balances, orders, None, at=at, grants=given, refunds=back, programs=programs)
    return {"replayed": not as_given, "opening": balances, "grants": given, "refunds": back}


def usable_orders(orders: str | Path, program: Program, *, replayed: bool) -> tuple[pd.DataFrame, int]:
    """Read a file of orders: those that can be used, and how many cannot.

    A replay makes its own balances and is not run without some of a history, so it looks at all rows itself.
    """
    import nector_sim as ns
    from nector_sim.batch.files import read_tables
    from nector_sim.frames.checks import as_frame

    frame = as_frame(read_tables(str(orders)))
    if replayed:
        return frame, 0
    good, rejects = ns.check_orders(frame, program=program)
    return good, len(rejects)


class Engine(StrEnum):
    """Where the work is done."""

    local = "local"
    dask = "dask"


EngineName = Annotated[Engine, typer.Option("--engine", help="This machine, or a Dask cluster.")]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        help="Address of a Dask scheduler, such as tls://10.0.0.5:8786; else a cluster on this machine, which answers "
        "nobody else. With tcp:// whoever reaches the scheduler runs code on its workers: for networks of your own.",
    ),
]


def check_scheduler(engine: Engine, scheduler: str | None) -> None:
    """Refuse the address of a scheduler that nobody would ask."""
    if scheduler is not None and engine is not Engine.dask:
        raise InputError("--scheduler is for the engine dask; add --engine dask")


def balances_of(text: str | None) -> Any:
    """What --balances says: the name of a file, or a number."""
    return int(text) if text is not None and text.isdecimal() else text
