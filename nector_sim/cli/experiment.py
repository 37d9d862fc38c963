"""``experiment``: try a setting on a part of the customers: plan, assign, read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nector_sim.cli import options
from nector_sim.cli.options import AssumptionsFile

if TYPE_CHECKING:
    import pandas as pd

Orders = Annotated[options.File, typer.Argument(help="Orders, CSV or Parquet.", parser=options.File)]
Looks = Annotated[int, typer.Option("--looks", help="How often the test is looked at, the end included.")]
Timezone = Annotated[str, typer.Option("--timezone", help="Zone of timestamps that name none.")]


def plan(
    orders: Orders,
    baseline: options.Baseline,
    candidate: options.Candidate,
    assumptions: AssumptionsFile,
    change_percent: Annotated[
        list[float] | None, typer.Option("--change-percent", help="A change of orders, in %, to plan for. Repeatable.")
    ] = None,
    weeks: Annotated[
        list[int] | None, typer.Option("--weeks", help="A length of the test, in weeks. Repeatable.")
    ] = None,
    looks: Looks = 1,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", help="Write what such a test can show, as .png or .svg.", parser=options.here),
    ] = None,
    timezone: Timezone = "Asia/Kolkata",
) -> None:
    """Plan: how many customers and weeks a test needs.

    Example: nector-sim experiment plan orders.csv --baseline today.toml --candidate new.toml -a assumptions.toml
    """
    import nector_sim as ns

    given: dict[str, Any] = {"changes_percent": change_percent or None, "weeks": weeks or None}
    planned = ns.plan_experiment(
        ns.load_program(baseline),
        ns.load_program(candidate),
        _read(orders),
        assumptions=ns.load_assumptions(assumptions),
        looks=looks,
        timezone=timezone,
        **{name: value for name, value in given.items() if value is not None},
    )
    typer.echo(planned)
    _show("what these customers can show", planned.seen)
    _show("customers a side", planned.needed)
    if picture is not None:
        typer.echo(f"written: {planned.plot.what_can_be_seen().save(picture)}")


def assign(
    orders: Orders,
    start: Annotated[str, typer.Option("--start", help="When the test begins, such as 2026-04-01.")],
    out: Annotated[
        Path,
        typer.Option("--out", help="CSV of customer_id and side to write, for the shop to load.", parser=options.here),
    ],
    candidate_percent: Annotated[
        float, typer.Option("--candidate-percent", help="Percentage of customers who get the candidate.")
    ] = 50,
    seed: Annotated[int, typer.Option("--seed", help="Random seed of the first assignment.")] = 0,
    key_file: Annotated[
        Path | None,
        typer.Option("--key-file", help="File with the key of the hashes; made if missing.", parser=options.here),
    ] = None,
    timezone: Timezone = "Asia/Kolkata",
) -> None:
    """Assign whole customers to two sides that were alike before.

    Example: nector-sim experiment assign orders.csv --start 2026-04-01 --out sides.csv
    """
    import nector_sim as ns

    assigned = ns.assign_experiment(
        _read(orders),
        start=start,
        candidate_percent=candidate_percent,
        seed=seed,
        key_file=key_file,
        timezone=timezone,
    )
    typer.echo(assigned)
    typer.echo(f"written: {assigned.save(out)}")


def read(
    orders: Orders,
    sides: Annotated[
        options.File, typer.Argument(help="CSV or Parquet with customer_id and side.", parser=options.File)
    ],
    start: Annotated[str, typer.Option("--start", help="When the sides began to differ.")],
    end: Annotated[str, typer.Option("--end", help="The end that was planned.")],
    assumptions: AssumptionsFile,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Read until then (default: the last order, or the end if earlier).")
    ] = None,
    looks: Looks = 1,
    candidate_percent: Annotated[
        float, typer.Option("--candidate-percent", help="Percentage of customers that were to get the candidate.")
    ] = 50,
    by: Annotated[str | None, typer.Option("--by", help="A column of the orders to group customers by.")] = None,
    winsorise_percent: Annotated[
        float | None,
        typer.Option("--winsorise-percent", help="Limit outcomes of a customer to this percentile, such as 99.5."),
    ] = None,
    program: Annotated[
        list[options.File] | None,
        typer.Option(
            "--program",
            "-p",
            help="Program file of a setting, to find offers that begin or end during the test. Repeat for both.",
            parser=options.File,
        ),
    ] = None,
    timezone: Timezone = "Asia/Kolkata",
) -> None:
    """Read: what a test cost, what it brought, whether it pays.

    Exit code 1 says that the test cannot be read: its sides have the wrong sizes.

    Example: nector-sim experiment read orders.csv sides.csv --start 2026-04-01 --end 2026-07-01 -a assumptions.toml
    """
    import nector_sim as ns

    programs = [ns.load_program(path) for path in program or []]
    reading = ns.read_experiment(
        _read(orders),
        _read(sides),
        assumptions=ns.load_assumptions(assumptions),
        start=start,
        end=end,
        as_of=as_of,
        looks=looks,
        candidate_percent=candidate_percent,
        by=by,
        winsorise_percent=winsorise_percent,
        programs=programs,
        currency=programs[0].currency if programs else "INR",
        timezone=timezone,
    )
    typer.echo(reading)
    _show("candidate less baseline", reading.frame)
    raise typer.Exit(1 if reading.verdict == "cannot be read" else 0)


def _read(path: str) -> pd.DataFrame:
    from nector_sim.batch.files import read_table
    from nector_sim.frames.kinds import as_frame

    return as_frame(read_table(path))


def _show(title: str, frame: pd.DataFrame) -> None:
    from nector_sim.cli.show import show, table

    shown = table(title, list(frame.columns))
    for row in frame.itertuples(index=False):
        shown.add_row(*(f"{value:,.4g}" if isinstance(value, float) else str(value) for value in row))
    show(shown)
