"""``check``: whether a program, or a file of orders, is fit to be used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nector_sim.cli import options
from nector_sim.cli.options import ProgramFile

if TYPE_CHECKING:
    from nector_sim.orders.report import OrdersReport


def check(
    file: Annotated[Path, typer.Argument(help="A program (TOML, JSON), or orders (CSV, Parquet, Excel).")],
    program: ProgramFile | None = None,
    currency: options.Currency = None,
    format: options.Format = None,
    mapping: options.MappingFile = None,
    points_code: options.PointsCode = None,
    balances: options.Balances = None,
    dates: options.Dates = None,
    numbers: options.Numbers = None,
    keep_status: options.KeepStatus = None,
    sheet: options.SheetName = None,
    key_file: options.KeyFile = None,
    rejects: Annotated[
        Path | None, typer.Option("--rejects", help="Where to write the rows that cannot be used.")
    ] = None,
) -> None:
    """Check a program, or orders, and say everything that is wrong, odd, or was supposed.

    Orders may be as a shop exports them (Shopify, WooCommerce).

    Example: nector-sim check program.toml

    Example: nector-sim check orders_export.csv --points-code 'NECTOR-*' --rejects rejects.csv
    """
    if file.suffix.lower() in (".toml", ".json"):
        raise typer.Exit(1 if _check_program(file) else 0)
    import nector_sim as ns

    model = ns.load_program(program) if program else None
    report = ns.inspect_orders(
        file,
        currency=currency or (model.currency if model else None),
        timezone=model.timezone if model else None,
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
    if rejects is not None and len(report.rejects):
        _write_rejects(report, rejects)
    raise typer.Exit(1 if len(report.rejects) else 0)


def _write_rejects(report: OrdersReport, path: Path) -> None:
    import pyarrow as pa

    from nector_sim.batch.files import write_table

    write_table(pa.Table.from_pandas(report.rejects, preserve_index=False), path)


def _check_program(file: Path) -> int:
    import nector_sim as ns

    findings = ns.review(ns.load_program(file))
    for finding in findings:
        typer.echo(f"  {finding}")
    things = "1 thing" if len(findings) == 1 else f"{len(findings)} things"
    typer.echo(f"{file} can be used" + (f"; {things} to look at." if findings else "."))
    return len(findings)
