"""``replay``: a history of orders in time, so that what one order spends is gone for the next."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nector_sim.cli import options
from nector_sim.errors import InputError
from nector_sim.urls import masked

if TYPE_CHECKING:
    from nector_sim.batch.replays import ReplayReport


class Format(StrEnum):
    """What the tables are written as."""

    parquet = "parquet"
    csv = "csv"


def replay(
    orders: Annotated[
        str,
        typer.Argument(help="Orders with order_id, customer_id, ordered_at, cart_amount: a file, or a folder of them."),
    ],
    program: options.Programs,
    out: Annotated[str, typer.Option("--out", help="Folder for orders, balances and totals.")],
    opening: options.OpeningAlone = None,
    balances_at: options.BalancesAt = None,
    grants: options.GrantsFile = None,
    refunds: options.RefundsFile = None,
    take_up: options.TakeUpSaid = None,
    redeemers: options.Redeemers = None,
    seed: Annotated[int, typer.Option("--seed", help="Random seed for take-up.")] = 0,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Last instant to replay (default: the latest).")] = None,
    movements: Annotated[bool, typer.Option("--movements", help="Write every line of the ledger too.")] = False,
    kind: Annotated[Format, typer.Option("--format", help="What the tables are written as.")] = Format.parquet,
    buckets: Annotated[
        int | None,
        typer.Option(
            "--buckets", min=1, help="Split customers into N buckets and replay one at a time, to limit memory."
        ),
    ] = None,
    prefix: options.Prefix = "",
    suffix: options.Suffix = "",
    engine: options.EngineName = options.Engine.local,
    scheduler: options.Scheduler = None,
) -> None:
    """Replay orders through time, with balances and expiry.

    What one order spends is gone for the next; points expire; refunds reverse what they earned and spent.

    For more orders than fit the memory, --buckets replays one group of customers after the other; each writes a
    Parquet part of every table.

    Example: nector-sim replay orders.csv --program program.toml --opening balances.csv --out replayed

    Example: nector-sim replay orders/ --program program.toml --buckets 50 --out replayed
    """
    from nector_sim.batch.files import apart
    from nector_sim.rules.program import load_program

    options.check_scheduler(engine, scheduler)
    programs = [load_program(file) for file in program]
    how: dict[str, Any] = {
        "out": out,
        "programs": programs,
        "opening": options.read_opening(opening, programs, balances_at),
        "grants": grants,
        "refunds": refunds,
        "take_up": options.said_take_up(take_up, redeemers),
        "seed": seed,
        "as_of": as_of,
        "movements": movements,
        "prefix": prefix,
        "suffix": suffix,
        "buckets": buckets,
        "ending": f".{kind}",
    }
    if balances_at is not None:
        if buckets is not None or engine is not options.Engine.local or not Path(orders).is_file():
            raise InputError("--balances-at is for a replay in one piece; run the balances back with ns.opening_from")
        how["opening"] = _run_back(how, orders, balances_at)
    apart([out], [orders, opening])
    report = _replay_files(orders, engine, scheduler, how)
    for notice in report.notices:
        typer.echo(f"note: {notice}")
    first, *more = report.text().splitlines()
    typer.echo(first.replace(" replayed", f" replayed into {masked(out)}", 1))
    typer.echo("\n".join(more))
    if not report.orders:
        typer.echo("nothing was replayed: there are no orders")
        raise typer.Exit(1)


def _run_back(how: dict[str, Any], orders: str, balances_at: str) -> Any:
    """Opening balances from those of a later instant."""
    from nector_sim.batch.files import read_table
    from nector_sim.ledger.openings import opening_from

    tables = {name: read_table(how[name]) if how[name] else None for name in ("grants", "refunds")}
    at = None if balances_at == "today" else balances_at
    return opening_from(how["opening"], read_table(orders), None, at=at, programs=how["programs"], **tables)


def _replay_files(orders: str, engine: options.Engine, scheduler: str | None, how: dict[str, Any]) -> ReplayReport:
    from nector_sim.batch.replay_files import replay_files

    with options.cluster(engine, scheduler) as cluster:
        return replay_files(None, orders, runner=cluster and cluster.runner, **how)
