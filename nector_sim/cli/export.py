"""``export``: a program as a calculator in another language."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nector_sim.cli import options
from nector_sim.cli.options import ProgramFile
from nector_sim.errors import InputError


def export(
    program: ProgramFile,
    to: Annotated[str, typer.Option("--to", help="sql, javascript, typescript, python, php or xlsx.")],
    out: Annotated[Path | None, typer.Option(help="File to write; else standard output.", parser=options.here)] = None,
    dialect: Annotated[
        str | None,
        typer.Option(
            help="SQL: duckdb (default), postgres, sqlite, spark, databricks, bigquery, snowflake, redshift, mysql."
        ),
    ] = None,
    table: Annotated[str | None, typer.Option(help="SQL: the table of orders (default: orders).")] = None,
    keep: Annotated[
        list[str] | None, typer.Option(help="SQL: a column to keep beside the results (default: order_id). Repeatable.")
    ] = None,
    money: Annotated[str | None, typer.Option(help="SQL: unit of amounts, major (default) or minor.")] = None,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="What orders never have, such as credits. Repeatable.")
    ] = None,
) -> None:
    """Write a program as one calculator in another language.

    Example: nector-sim export --program program.toml --to sql --dialect postgres --out redemption.sql

    Example: nector-sim export --program program.toml --to typescript --out redemption.ts

    Example: nector-sim export --program program.toml --to xlsx --out redemption.xlsx
    """
    import nector_sim as ns

    if to == "xlsx" and out is None:
        raise InputError("a workbook is not text; add --out redemption.xlsx")
    language: Any = to
    unit: Any = money
    written = ns.export(
        ns.load_program(program),
        to=language,
        out=out,
        dialect=dialect,
        table=table,
        keep=keep or None,
        money=unit,
        leave_out=leave_out or None,
    )
    if out is None:
        typer.echo(written, nl=False)
    else:
        typer.echo(f"{out} written")
