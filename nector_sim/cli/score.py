"""``score``: files of orders through the calculator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nector_sim.cli import options
from nector_sim.cli.options import ProgramFile
from nector_sim.errors import InputError
from nector_sim.urls import masked

if TYPE_CHECKING:
    from nector_sim.batch.files import ScoreReport
    from nector_sim.orders.read import How
    from nector_sim.rules.program import Program


def score(
    orders: Annotated[
        list[str],
        typer.Argument(help="Orders: CSV or Parquet files or folders, URLs, or one Excel file or shop's export."),
    ],
    program: ProgramFile,
    out: Annotated[
        str, typer.Option("--out", help="Where to write them with their results: .csv, .parquet, .xlsx, or a folder.")
    ],
    rejects: Annotated[str | None, typer.Option("--rejects", help="Where to write the rows that were refused.")] = None,
    engine: options.EngineName = options.Engine.local,
    scheduler: options.Scheduler = None,
    part_rows: Annotated[
        int | None,
        typer.Option("--part-rows", min=1, help="Rows of each part of a folder, at least (default: 4,000,000)."),
    ] = None,
    prefix: options.Prefix = "",
    suffix: options.Suffix = "",
    format: options.Format = None,
    mapping: options.MappingFile = None,
    rows: options.RowsOption = None,
    points_code: options.PointsCode = None,
    points_split: options.PointsSplit = None,
    shipping: options.Shipping = None,
    not_redeemable: options.NotRedeemable = None,
    not_earning: options.NotEarning = None,
    balances: options.Balances = None,
    dates: options.Dates = None,
    numbers: options.Numbers = None,
    rounding: options.RoundingOption = None,
    keep_status: options.KeepStatus = None,
    sheet: options.SheetName = None,
    encoding: options.Encoding = None,
    header_row: options.HeaderRow = None,
    key_file: options.KeyFile = None,
) -> None:
    """Score orders of any size; unusable rows are left out.

    An interrupted run into a folder resumes with the same command. A manifest beside the output lists what went in.
    A shop's export is read into memory, as `nector-sim check` does; other files keep all their columns.

    Example: nector-sim score orders.csv --program program.toml --out scored.parquet

    Example: nector-sim score orders_export.csv --program program.toml --balances points.csv --out scored.parquet

    Example: nector-sim score s3://shop/orders --program program.toml --engine dask --out s3://shop/scored
    """
    import nector_sim as ns

    how: How = {
        "format": format,
        "mapping": mapping,
        "rows": rows,
        "points_code": points_code,
        "points_split": points_split,
        "shipping": shipping,
        "not_redeemable": not_redeemable or (),
        "not_earning": not_earning or (),
        "balances": options.balances_of(balances),
        "dates": dates,
        "numbers": numbers,
        "rounding": rounding,
        "keep_status": keep_status or (),
        "sheet": sheet,
        "encoding": encoding,
        "header_row": header_row,
        "key_file": key_file,
    }
    names = {"prefix": prefix, "suffix": suffix}
    options.check_scheduler(engine, scheduler)
    if any(value not in (None, ()) for value in how.values()) or _must_be_understood(orders):
        if part_rows is not None:
            raise InputError("--part-rows is for a folder, and of a shop's export one file is written; leave it out")
        report = _score_export(ns.load_program(program), orders, out, rejects, engine, {**names, **how})
    else:
        report = _score_files(program, orders, out, rejects, engine, scheduler, part_rows=part_rows, **names)
    for notice in report.notices:
        typer.echo(f"note: {notice}")
    typer.echo(f"{report.read} read, {report.scored} scored into {masked(out)}, {report.rejected} rejected")
    for example in report.examples:
        typer.echo(f"  {example}")
    if report.rejected and rejects is None:
        typer.echo("  to have them with their reasons: --rejects rejects.csv")
    if not report.scored:
        typer.echo("nothing was scored" + (f": {report.why_none}" if report.why_none else ""))
    raise typer.Exit(1 if report.rejected or not report.scored else 0)


def _must_be_understood(orders: list[str]) -> bool:
    """Whether the orders are no plain tables of orders: a workbook, something packed, or a shop's export."""
    from nector_sim.places import Place

    if any("://" in one for one in orders):
        return False
    if len(orders) == 1 and not Place.of(orders[0]).is_folder() and not any(sign in orders[0] for sign in "*?["):
        path = Path(orders[0])
        if not Place.of(path).exists() or not path.is_file() or _is_plain(path):
            return False
    from nector_sim.batch.exports import are_exports

    return are_exports(orders)


def _is_plain(path: Path) -> bool:
    """Whether a file plainly has the column, which is seen without the readers of exports and their libraries."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if head.startswith(b"PAR1") and path.suffix.lower() == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return "cart_amount" in pq.read_schema(path).names
        except pa.ArrowException:
            return False  # it is damaged, which its reader says
    return path.suffix.lower() == ".csv" and b"cart_amount" in head.partition(b"\n")[0].split(b",")


def _score_export(
    program: Program, orders: list[str], out: str, rejects: str | None, engine: options.Engine, how: dict[str, Any]
) -> ScoreReport:
    from nector_sim.batch.exports import score_export

    if engine is not options.Engine.local:
        raise InputError(
            f"{', '.join(orders)} is read as a shop's export or with these options into the memory of this "
            f"machine, without --engine {engine}; to spread the work, score it into a .parquet file here, or bring "
            "cart_amount and points_balance in the orders"
        )
    for address in (one for one in orders if "://" in one):
        raise InputError(f"{address}: with these options the orders are read from this machine alone; copy them here")
    if not Path(out).suffix:
        raise InputError(f"{out} has no ending; with these options a single file is written: .csv, .parquet or .xlsx")
    return score_export(program, orders, out=Path(out), rejects=Path(rejects) if rejects else None, **how)


def _score_files(
    program: str,
    orders: list[str],
    out: str,
    rejects: str | None,
    engine: options.Engine,
    scheduler: str | None,
    **how: Any,
) -> ScoreReport:
    if engine is options.Engine.local:
        # The files first: while they are read, other libraries are loaded.
        from nector_sim.batch.inputs import open_inputs, reading

        inputs = open_inputs(orders)
        with reading(inputs, inputs.pieces):
            from nector_sim.batch.runs import score_inputs
            from nector_sim.rules.program import load_program

            return score_inputs(load_program(program), inputs, out=out, rejects=rejects, **how)
    import nector_sim as ns

    model = ns.load_program(program)
    with options.cluster(engine, scheduler) as cluster:
        return ns.score_files(model, orders, out=out, rejects=rejects, engine=cluster and cluster.engine, **how)
