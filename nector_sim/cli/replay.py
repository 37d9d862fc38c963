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
    import pandas as pd

    from nector_sim.rules.program import Program


class Format(StrEnum):
    """What the tables are written as."""

    parquet = "parquet"
    csv = "csv"


def replay(
    orders: Annotated[
        str,
        typer.Argument(help="Orders with order_id, customer_id, ordered_at, cart_amount: a file, or a folder of them."),
    ],
    program: Annotated[
        list[Path], typer.Option("--program", "-p", help="Program file; several where each has a valid_from.")
    ],
    out: Annotated[str, typer.Option("--out", help="Folder for orders, balances and totals.")],
    opening: options.OpeningFile = None,
    balances_at: options.BalancesAt = None,
    grants: Annotated[Path | None, typer.Option("--grants", help="Grants: customer_id, granted_at, points.")] = None,
    refunds: options.RefundsFile = None,
    take_up: Annotated[
        str | None,
        typer.Option(
            "--take-up",
            help="Percentage of the orders on which redeemers use points where they could, such as 40; or a TOML file.",
        ),
    ] = None,
    redeemers: Annotated[
        str | None, typer.Option("--redeemers", help="Percentage of customers who ever use points, such as 30.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Random seed for take-up.")] = 0,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="The last instant to run; left out, the latest one.")
    ] = None,
    movements: Annotated[bool, typer.Option("--movements", help="Write every line of the ledger too.")] = False,
    kind: Annotated[Format, typer.Option("--format", help="What the tables are written as.")] = Format.parquet,
    buckets: Annotated[
        int | None,
        typer.Option(
            "--buckets", min=1, help="Split customers into N buckets and replay one at a time, to limit memory."
        ),
    ] = None,
    engine: options.EngineName = options.Engine.local,
    scheduler: options.Scheduler = None,
) -> None:
    """Replay orders through time, with balances and expiry.

    What one order spends is gone for the next; points expire; refunds reverse what they earned and spent.

    More orders than fit the memory are replayed in buckets of customers, each a Parquet part of every table.

    Example: nector-sim replay orders.csv --program program.toml --opening balances.csv --out replayed

    Example: nector-sim replay orders/ --program program.toml --buckets 50 --out replayed
    """
    import nector_sim as ns
    from nector_sim.batch.files import read_table
    from nector_sim.ledger.take_up import said_take_up

    options.check_scheduler(engine, scheduler)
    programs = [ns.load_program(file) for file in program]
    how: dict[str, Any] = {
        "opening": options.read_opening(opening, programs, balances_at),
        "grants": read_table(grants) if grants else None,
        "refunds": read_table(refunds) if refunds else None,
        "take_up": said_take_up(take_up, redeemers),
        "seed": seed,
        "as_of": as_of,
        "movements": movements,
    }
    in_buckets = buckets is not None or engine is options.Engine.dask or not Path(orders).is_file()
    if in_buckets:
        if kind is not Format.parquet:
            raise InputError("--format csv is for a replay in one piece; one in buckets writes Parquet")
        if balances_at is not None:
            raise InputError("--balances-at is for a replay in one piece; run the balances back with ns.opening_from")
        report: Any = _replay_files(programs, orders, out, buckets, engine, scheduler, how)
        totals, counts = report.totals, (report.orders, report.customers)
    else:
        table = read_table(Path(orders))
        if balances_at is not None:
            back = {name: how[name] for name in ("grants", "refunds")}
            at = None if balances_at == "today" else balances_at
            how["opening"] = ns.opening_from(how["opening"], table, None, at=at, programs=programs, **back)
        result: Any = ns.replay(None, table, programs=programs, **how)
        totals, counts = result.totals, (len(result.orders), len(result.balances))
        tables = {"orders": result.orders, "balances": result.balances, "totals": result.totals}
        if result.movements is not None:
            tables["movements"] = result.movements
        _write(tables, Path(out), kind, programs[0].decimals, read=[Path(orders), opening, grants, refunds])
        report = result
    for notice in report.notices:
        typer.echo(f"note: {notice}")
    until = f" up to {report.as_of:%Y-%m-%d %H:%M} UTC" if report.as_of else ""
    typer.echo(f"{counts[0]} orders of {counts[1]} customers replayed into {masked(out)}{until}")
    typer.echo(
        "points: "
        + ", ".join(
            f"{name.replace('_', ' ')} {totals.loc[0, name]}"
            for name in ("opening", "granted", "earned", "given_back", "redeemed", "expired", "taken_back", "closing")
        )
    )


def _replay_files(
    programs: list[Program],
    orders: str,
    out: str,
    buckets: int | None,
    engine: options.Engine,
    scheduler: str | None,
    how: dict[str, Any],
) -> Any:
    from nector_sim.batch.replays import replay_files

    if engine is options.Engine.local:
        return replay_files(programs, orders, out=out, buckets=buckets, **how)
    from nector_sim.batch.cluster import dask_client, dask_runner

    with dask_client(scheduler) as client:
        return replay_files(programs, orders, out=out, buckets=buckets, runner=dask_runner(client), **how)


def _write(tables: dict[str, pd.DataFrame], folder: Path, ending: str, decimals: int, read: list[Path | None]) -> None:
    from nector_sim.batch.files import apart, write_table
    from nector_sim.batch.lock import only_one
    from nector_sim.batch.places import Place
    from nector_sim.batch.replays import exact_table

    Place.of(folder).check_writable()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise InputError(f"{folder} is a file; give a folder for the results") from None
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {error.strerror or error}") from None
    files = {name: folder / f"{name}.{ending}" for name in (*tables, "movements")}
    apart(files.values(), read)
    with only_one(folder.absolute().with_name(f".{folder.name}.unfinished"), what=str(folder)):
        for name, frame in tables.items():
            write_table(exact_table(frame, decimals), files[name])
        if "movements" not in tables:
            files["movements"].unlink(missing_ok=True)  # of an earlier replay, whose other tables were replaced
