"""``sweep``: a file of orders under many settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nector_sim.cli import options
from nector_sim.cli.options import AssumptionsFile, ProgramFile
from nector_sim.urls import masked


def sweep(
    orders: Annotated[str, typer.Argument(help="Orders, CSV or Parquet: a file, a folder of them, or a URL.")],
    program: ProgramFile,
    grid: Annotated[Path, typer.Option("--grid", help="Dotted paths with lists of values, TOML.")],
    assumptions: AssumptionsFile,
    out: Annotated[str, typer.Option("--out", help="Where to write one row for each setting, CSV or Parquet.")],
    replayed: Annotated[
        bool, typer.Option("--replayed", help="Let balances run from order to order under each setting.")
    ] = False,
    floor_percent: options.FloorPercent = None,
    discount_rate_at_most: Annotated[
        str | None,
        typer.Option("--discount-rate-at-most", help="Recommend a setting that gives at most this % of the carts."),
    ] = None,
    engine: options.EngineName = options.Engine.local,
    scheduler: options.Scheduler = None,
) -> None:
    """Try many settings on the same orders, and say what each gives, costs and needs to break even.

    Example: nector-sim sweep orders.csv -p program.toml --grid grid.toml -a assumptions.toml --out settings.csv
    """
    import pyarrow as pa

    import nector_sim as ns
    from nector_sim.batch.files import apart, check_ending, write_table
    from nector_sim.economics.assumptions import named_percent

    options.check_scheduler(engine, scheduler)
    check_ending(out)
    apart((out,), (orders,))
    most = None if discount_rate_at_most is None else named_percent("--discount-rate-at-most", discount_rate_at_most)
    rule, believed = ns.load_program(program), ns.load_assumptions(assumptions)
    paths, mode = ns.load_grid(grid)
    good, rejected = options.usable_orders(orders, rule, replayed=replayed)
    how: dict[str, Any] = {
        "grid": paths,
        "mode": mode,
        "assumptions": believed,
        "history": "as replayed" if replayed else "given balances",
        "floor_percent": floor_percent,
    }
    if engine is options.Engine.local:
        table = ns.sweep(rule, good, **how)
    else:
        from nector_sim.batch.cluster import dask_client, dask_runner
        from nector_sim.batch.sweeps import sweep_in_parts

        with dask_client(scheduler) as client:
            parts = 4 * len(client.nthreads())
            table = sweep_in_parts(rule, good, runner=dask_runner(client), parts=parts, **how)
    for path in paths:
        # A list, such as the tiers of an offer, is no cell of a CSV file.
        table[path] = table[path].map(lambda value: ", ".join(value) if isinstance(value, list) else value)
    write_table(pa.Table.from_pandas(table, preserve_index=False), out)
    at_most = ", costs are at most (everyone who can redeem does)" if table.attrs["at_most"] else ""
    how_said = f"{table.attrs['history']}, {table.attrs['view']} view{at_most}"
    typer.echo(f"{len(table):,} settings on {len(good):,} orders into {masked(out)}; {how_said}")
    if left_out := table.attrs["orders_left_out"]:
        typer.echo(f"{left_out:,} of them were never paid and are left out")
    if replayed and rule.earning is None and not any(path.startswith("earning.") for path in paths):
        typer.echo("note: the program has no [earning], so in a replay nobody has points to redeem")
    if most is not None:
        found = ns.recommend(table, discount_rate_at_most_percent=f"{most}%")
        typer.echo(f"most generous within {most:g} % of the carts:")
        typer.echo(found.text())
    if rejected:
        typer.echo(f"{rejected:,} orders rejected; to see why: nector-sim check {masked(orders)} --program {program}")
    raise typer.Exit(1 if rejected else 0)
