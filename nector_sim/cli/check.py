"""``check``: whether a program, or a file of orders, is fit to be used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nector_sim.cli.options import ProgramFile


def check(
    file: Annotated[Path, typer.Argument(help="A program (TOML, JSON), or orders (CSV, Parquet).")],
    program: ProgramFile | None = None,
) -> None:
    """Check a program, or orders, and say everything that is wrong or odd.

    Example: nector-sim check program.toml

    Example: nector-sim check orders.csv --program program.toml
    """
    odd = _check_program(file) if file.suffix.lower() in (".toml", ".json") else _check_orders(file, program)
    raise typer.Exit(1 if odd else 0)


def _check_program(file: Path) -> int:
    import nector_sim as ns

    findings = ns.review(ns.load_program(file))
    for finding in findings:
        typer.echo(f"  {finding}")
    typer.echo(f"{file} can be used" + (f"; {len(findings)} things to look at." if findings else "."))
    return len(findings)


def _check_orders(file: Path, program: Path | None) -> int:
    import nector_sim as ns
    from nector_sim.batch.files import read_table

    good, rejects = ns.check_orders(read_table(file), program=ns.load_program(program) if program else None)
    for row, reason in zip(rejects["row"], rejects["reason"], strict=True):
        typer.echo(f"  row {row}: {reason}")
    for notice in good.attrs["notices"]:
        typer.echo(f"  note: {notice}")
    typer.echo(f"{file}: {len(good) + len(rejects)} read, {len(good)} can be scored, {len(rejects)} rejected.")
    return len(rejects)
