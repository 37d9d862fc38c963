"""``score``: a file of orders through the calculator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nector_sim.cli.options import ProgramFile


def score(
    orders: Annotated[Path, typer.Argument(help="Orders, CSV or Parquet.")],
    program: ProgramFile,
    out: Annotated[Path, typer.Option("--out", help="Where to write them with their results, CSV or Parquet.")],
    rejects: Annotated[
        Path | None, typer.Option("--rejects", help="Where to write the rows that were refused.")
    ] = None,
) -> None:
    """Score a file of orders; rows that cannot be used are counted and left out.

    Example: nector-sim score orders.csv --program program.toml --out scored.parquet
    """
    import nector_sim as ns
    from nector_sim.batch.files import score_file

    report = score_file(ns.load_program(program), orders, out=out, rejects=rejects)
    for notice in report.notices:
        typer.echo(f"note: {notice}")
    typer.echo(f"{report.read} read, {report.scored} scored into {out}, {report.rejected} rejected")
    for example in report.examples:
        typer.echo(f"  {example}")
    if report.rejected and rejects is None:
        typer.echo("  to have them with their reasons: --rejects rejects.csv")
    raise typer.Exit(1 if report.rejected else 0)
