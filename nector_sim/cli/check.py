"""``check``: whether a program, or a file of orders, is fit to be used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nector_sim.cli import options
from nector_sim.cli.options import ProgramFile

if TYPE_CHECKING:
    import pandas as pd


def check(
    ctx: typer.Context,
    file: Annotated[
        str, typer.Argument(help="A program (TOML, JSON), or orders (CSV, Parquet, Excel); or a URL of one.")
    ],
    program: ProgramFile | None = None,
    currency: options.Currency = None,
    timezone: Annotated[
        str | None,
        typer.Option("--timezone", help="Of times without a zone, such as Asia/Kolkata; else the program's."),
    ] = None,
    format: options.Format = None,
    mapping: options.MappingFile = None,
    points_code: options.PointsCode = None,
    balances: options.Balances = None,
    dates: options.Dates = None,
    numbers: options.Numbers = None,
    keep_status: options.KeepStatus = None,
    sheet: options.SheetName = None,
    key_file: options.KeyFile = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write the orders as one table: .csv, .parquet or .xlsx.")
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option("--rejects", help="Where to write the rows that cannot be used.")
    ] = None,
) -> None:
    """Check a program, or orders, and say everything that is wrong, odd, or was supposed.

    Orders may be as a shop exports them (Shopify, WooCommerce); --out makes a plain table of them, which every other
    command takes, with nobody's name, address, phone or e-mail in it.

    Example: nector-sim check program.toml

    Example: nector-sim check program.toml --balances balances.csv

    Example: nector-sim check orders_export.csv --points-code 'NECTOR-*' --out orders.parquet --rejects rejects.csv
    """
    from nector_sim.batch.places import fetched

    here = Path(ctx.with_resource(fetched(file)))
    if here.suffix.lower() in (".toml", ".json"):
        raise typer.Exit(1 if _check_program(here, balances) else 0)
    import nector_sim as ns
    from nector_sim.batch.files import apart

    apart((out, rejects), (here, balances, mapping, key_file, program))
    model = ns.load_program(program) if program else None
    report = ns.inspect_orders(
        here,
        currency=currency or (model.currency if model else None),
        timezone=timezone or (model.timezone if model else None),
        format=format,
        mapping=mapping,
        points_code=points_code,
        balances=options.balances_of(balances),
        dates=dates,
        numbers=numbers,
        keep_status=keep_status or (),
        sheet=sheet,
        key_file=key_file,
    )
    typer.echo(str(report))
    if out is not None:
        _write(report.orders, out)
    if rejects is not None and len(report.rejects):
        _write(report.rejects, rejects)
    raise typer.Exit(1 if len(report.rejects) or not len(report.orders) else 0)


def _write(frame: pd.DataFrame, path: Path) -> None:
    import pyarrow as pa

    from nector_sim.batch.files import write_table

    if path.suffix.lower() == ".xlsx":  # which has no time zones, so that a time without its own would be another
        times = frame.select_dtypes("datetimetz").columns
        frame = frame.assign(**{name: frame[name].dt.strftime("%Y-%m-%d %H:%M:%S%z") for name in times})
    write_table(pa.Table.from_pandas(frame, preserve_index=False), path)


def _check_program(file: Path, balances: str | None) -> int:
    import nector_sim as ns

    program = ns.load_program(file)
    largest = None
    if balances is not None:
        told = options.balances_of(balances)
        largest = told if isinstance(told, int) else int(ns.read_balances(told)["points"].max())
    findings = ns.review(program, largest_balance=largest)
    for finding in findings:
        typer.echo(f"  {finding}")
    things = "1 thing" if len(findings) == 1 else f"{len(findings)} things"
    typer.echo(f"{file} can be used" + (f"; {things} to look at." if findings else "."))
    return len(findings)
