"""Arguments that several commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nector_sim.errors import InputError
from nector_sim.places import on_this_machine

if TYPE_CHECKING:
    import pandas as pd

    from nector_sim.batch.tasks import Cluster
    from nector_sim.rules.program import Program


class File(str):
    """A path or URL as it was typed; a ``Path`` would leave a URL one slash. Help shows this name."""

    __slots__ = ()


def here(text: str) -> Path:
    """Take a path of this machine, and refuse a URL by name."""
    try:
        return on_this_machine(text, "name one here, and copy what must be elsewhere")
    except InputError as error:
        raise typer.BadParameter(str(error)) from None


ProgramFile = Annotated[File, typer.Option("--program", "-p", help="Program file, TOML or JSON.", parser=File)]
Programs = Annotated[
    list[File],
    typer.Option("--program", "-p", help="Program file; repeat for several, with valid_from.", parser=File),
]
Baseline = Annotated[File, typer.Option("--baseline", help="Today's program, TOML or JSON.", parser=File)]
Candidate = Annotated[File, typer.Option("--candidate", help="The proposal, TOML or JSON.", parser=File)]
AssumptionsFile = Annotated[File, typer.Option("--assumptions", "-a", help="Assumptions file, TOML.", parser=File)]

FloorPercent = Annotated[
    str | None, typer.Option("--floor-percent", help="Count orders with a margin below this % of net sales.")
]

# How a file of orders is to be understood: the keywords of nector_sim.inspect_orders.
Currency = Annotated[
    str | None, typer.Option("--currency", help="ISO code such as INR; orders in other currencies are skipped.")
]
Format = Annotated[
    str | None,
    typer.Option("--format", help="Name of a known export, such as shopify, or plain (default: by the columns)."),
]
MappingFile = Annotated[
    File | None,
    typer.Option("--mapping", help="TOML file that says which column is which; see check --propose.", parser=File),
]
RowsOption = Annotated[
    str | None, typer.Option("--rows", help="How orders lie in rows: one, first, every, or lines (amounts are added).")
]
PointsCode = Annotated[
    str | None,
    typer.Option("--points-code", help="Coupon codes that were points, such as 'NECTOR-*' or 'NECTOR-{amount}-*'."),
]
PointsSplit = Annotated[
    str | None,
    typer.Option(
        "--points-split",
        help="Which part of a shared discount is points: points, coupon, code or balances (default: balances, code).",
    ),
]
Shipping = Annotated[str | None, typer.Option("--shipping", help="in: part of the cart; out: not (default).")]
NotRedeemable = Annotated[
    list[str] | None,
    typer.Option("--not-redeemable", help="SKUs that points may not pay, such as 'GIFT-*' (repeatable)."),
]
NotEarning = Annotated[
    list[str] | None, typer.Option("--not-earning", help="SKUs that earn no points, such as 'GIFT-*' (repeatable).")
]
Balances = Annotated[
    str | None, typer.Option("--balances", help="File of customers and points, or one number for all.")
]
Dates = Annotated[
    str | None,
    typer.Option("--dates", help="dd/mm/yyyy, mm/dd/yyyy, yyyymmdd, excel or epoch (default: all values decide)."),
]
Numbers = Annotated[str | None, typer.Option("--numbers", help="1,234.50 or 1.234,50 (default: all values decide).")]
RoundingOption = Annotated[
    str | None, typer.Option("--rounding", help="half_up, for amounts finer than the currency (default: refused).")
]
KeepStatus = Annotated[
    list[str] | None, typer.Option("--keep-status", help="Also count orders with this status (repeatable).")
]
SheetName = Annotated[str | None, typer.Option("--sheet", help="Sheet of an Excel file; else the first.")]
Encoding = Annotated[
    str | None, typer.Option("--encoding", help="Encoding of text, such as cp1252 (default: found by evidence).")
]
HeaderRow = Annotated[
    int | None, typer.Option("--header-row", help="Row with the names of the columns (default: found).")
]
KeyFile = Annotated[
    Path | None, typer.Option("--key-file", help="Key of the hashes that stand for customers.", parser=here)
]

AsGiven = Annotated[
    bool, typer.Option("--as-given", help="Each order by itself, with the balance that came with it; no replay.")
]
OldReplayed = Annotated[bool, typer.Option("--replayed", hidden=True)]
OpeningFile = Annotated[
    File | None,
    typer.Option(
        "--opening",
        help="Balances at the start, as check reads them (default: those at the first order).",
        parser=File,
    ),
]
OpeningAlone = Annotated[
    File | None,
    typer.Option(
        "--opening", help="Balances at the start, as check reads them (default: nobody has any).", parser=File
    ),
]
BalancesAt = Annotated[
    str | None,
    typer.Option("--balances-at", help="Day of the opening balances, or today; they are run back to the start."),
]
TakeUpSaid = Annotated[
    str | None,
    typer.Option(
        "--take-up",
        help="Percentage of the orders on which redeemers use points where they could, such as 40; or assumptions.",
    ),
]
Redeemers = Annotated[
    str | None, typer.Option("--redeemers", help="Percentage of customers who ever use points, such as 30.")
]
GrantsFile = Annotated[
    File | None, typer.Option("--grants", help="Grants: customer_id, granted_at, points.", parser=File)
]

RefundsFile = Annotated[
    File | None,
    typer.Option("--refunds", help="Refunds, several of an order: order_id, refunded_at, amount.", parser=File),
]


Prefix = Annotated[str, typer.Option("--prefix", help="Put before the names of result columns.")]
Suffix = Annotated[str, typer.Option("--suffix", help="Put behind the names of result columns.")]


def history_of(
    orders: pd.DataFrame,
    programs: list[Program],
    *,
    as_given: bool,
    old_replayed: bool,
    opening: str | None,
    balances_at: str | None,
    grants: str | None,
    refunds: str | None,
) -> dict[str, Any]:
    """What the arguments say of a history, as the keywords of sweep and compare."""
    import nector_sim as ns
    from nector_sim.batch.files import read_table

    if old_replayed:
        raise InputError("--replayed is how it is done now; leave it out, or add --as-given for each order by itself")
    given, back = (None if file is None else read_table(file) for file in (grants, refunds))
    balances = read_opening(opening, programs, balances_at)
    if balances_at is not None:
        at = None if balances_at == "today" else balances_at
        balances = ns.opening_from(balances, orders, None, at=at, grants=given, refunds=back, programs=programs)
    return {"replayed": not as_given, "opening": balances, "grants": given, "refunds": back}


def said_take_up(text: str | None, redeemers: str | None) -> Any:
    """What ``--take-up`` and ``--redeemers`` say: percentages, or an assumptions file, which says both."""
    import nector_sim as ns

    if text is not None and text.lower().endswith(".toml"):
        if redeemers is not None:
            raise InputError("--redeemers is for --take-up PERCENT; the file says redeemers_percent itself")
        return ns.load_assumptions(text).who_redeems()
    if redeemers is None:
        return text
    told = {"redeemers_percent": redeemers} | ({} if text is None else {"take_up_percent": text})
    return ns.TakeUp.parse(told, source="--redeemers or --take-up")


def read_opening(file: str | None, programs: list[Program], balances_at: str | None) -> Any:
    """The table of ``--opening``: ours as it stands, any other as :func:`nector_sim.read_balances` reads it."""
    if file is None:
        if balances_at is not None:
            raise InputError("--balances-at is the day of the balances in --opening; give that file too")
        return None
    import pyarrow as pa

    import nector_sim as ns
    from nector_sim.batch.files import read_table
    from nector_sim.frames.files import open_table

    if {"customer_id", "points"} <= set(
        names := open_table(file, what="balances").columns
    ) and "operation" not in names:
        return read_table(file)
    rows = ns.read_balances(file, currency=programs[0].currency)
    if balances_at is None and (day := rows.attrs.get("as_of")):
        typer.echo(
            f"note: the balances are of {day:.10}, {rows.attrs['as_of_is']}, and are taken as those before the first "
            f"order; if that was earlier, run them back: --balances-at {day:.10}"
        )
    return pa.Table.from_pandas(rows, preserve_index=False)


def usable_orders(orders: str, program: Program, *, replayed: bool) -> tuple[pd.DataFrame, int]:
    """Read a file of orders: those that can be used, and how many cannot.

    A replay makes its own balances and is not run without some of a history, so it looks at all rows itself.
    """
    import nector_sim as ns
    from nector_sim.batch.files import read_table
    from nector_sim.frames.kinds import as_frame

    frame = as_frame(read_table(orders))
    if replayed:
        return frame, 0
    good, rejects = ns.check_orders(frame, program=program)
    return good, len(rejects)


class Engine(StrEnum):
    """Where the work is done."""

    local = "local"
    dask = "dask"
    spark = "spark"


EngineName = Annotated[Engine, typer.Option("--engine", help="This machine, or a cluster of Dask or of Spark.")]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        help="Address of a Dask scheduler, such as tls://10.0.0.5:8786, or Spark's master, such as "
        "spark://10.0.0.5:7077 or yarn; else a cluster on this machine, which accepts nobody else. Whoever reaches a "
        "tcp:// scheduler, or a master without a secret, can run code on its workers: only for your own network.",
    ),
]


def check_scheduler(engine: Engine, scheduler: str | None) -> None:
    """Refuse the address of a scheduler that nobody would ask."""
    if scheduler is not None and engine is Engine.local:
        raise InputError("--scheduler is for a cluster; add --engine dask or --engine spark")


@contextmanager
def cluster(engine: Engine, scheduler: str | None) -> Iterator[Cluster | None]:
    """Give the cluster of an engine; None for this machine."""
    if engine is Engine.local:
        yield None
        return
    if engine is Engine.dask:
        from nector_sim.batch.cluster import dask_cluster as connected
    else:
        from nector_sim.batch.spark import spark_cluster as connected
    with connected(scheduler) as found:
        yield found


def balances_of(text: str | None) -> Any:
    """What --balances says: the name of a file, or a number."""
    return int(text) if text is not None and text.isdecimal() else text
