"""``score``: a file of orders through the calculator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nector_sim.cli import options
from nector_sim.cli.options import ProgramFile


def score(
    orders: Annotated[Path, typer.Argument(help="Orders: CSV, Parquet, Excel, or a shop's export.")],
    program: ProgramFile,
    out: Annotated[Path, typer.Option("--out", help="Where to write them with their results, CSV or Parquet.")],
    rejects: Annotated[
        Path | None, typer.Option("--rejects", help="Where to write the rows that were refused.")
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
) -> None:
    """Score a file of orders; rows that cannot be used are counted and left out.

    A shop's export is read as `nector-sim check` shows. Other files keep all their columns.

    Example: nector-sim score orders.csv --program program.toml --out scored.parquet

    Example: nector-sim score orders_export.csv --program program.toml --balances points.csv --out scored.parquet
    """
    import nector_sim as ns
    from nector_sim.batch.exports import is_export, score_export
    from nector_sim.batch.runs import score_files
    from nector_sim.orders.read import How

    how: How = {
        "format": format,
        "mapping": mapping,
        "points_code": points_code,
        "balances": options.balances_of(balances),
        "dates": dates,
        "numbers": numbers,
        "keep_status": keep_status or (),
        "sheet": sheet,
        "key_file": key_file,
    }
    model = ns.load_program(program)
    if any(value not in (None, ()) for value in how.values()) or is_export(orders):
        report = score_export(model, orders, out=out, rejects=rejects, **how)
    else:
        report = score_files(model, orders, out=out, rejects=rejects)
    for notice in report.notices:
        typer.echo(f"note: {notice}")
    typer.echo(f"{report.read} read, {report.scored} scored into {out}, {report.rejected} rejected")
    for example in report.examples:
        typer.echo(f"  {example}")
    if report.rejected and rejects is None:
        typer.echo("  to have them with their reasons: --rejects rejects.csv")
    raise typer.Exit(1 if report.rejected else 0)
