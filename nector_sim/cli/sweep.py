"""``sweep``: a file of orders under many settings."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nector_sim.cli import options
from nector_sim.cli.options import AssumptionsFile
from nector_sim.results import count
from nector_sim.urls import masked


def sweep(
    orders: Annotated[str, typer.Argument(help="Orders, CSV or Parquet: a file, a folder of them, or a URL.")],
    program: options.Programs,
    grid: Annotated[
        options.File,
        typer.Option("--grid", help="Grid file, TOML: dotted paths with lists of values.", parser=options.File),
    ],
    assumptions: AssumptionsFile,
    out: Annotated[str, typer.Option("--out", help="Where to write one row for each setting, CSV or Parquet.")],
    as_given: options.AsGiven = False,
    replayed: options.OldReplayed = False,
    opening: options.OpeningFile = None,
    balances_at: options.BalancesAt = None,
    grants: options.GrantsFile = None,
    refunds: options.RefundsFile = None,
    resamples: Annotated[
        int, typer.Option("--resamples", help="Resamples of customers for the ranges; 0: no ranges.")
    ] = 0,
    floor_percent: options.FloorPercent = None,
    discount_rate_at_most: Annotated[
        str | None,
        typer.Option(
            "--discount-rate-at-most",
            help="Recommend the most generous setting that discounts at most this % of total cart value.",
        ),
    ] = None,
    engine: options.EngineName = options.Engine.local,
    scheduler: options.Scheduler = None,
) -> None:
    """Try many settings: what each gives, costs and needs.

    The settings change the last program, and are replayed: points that customers do not use stay for their next order.

    Example: nector-sim sweep orders.csv -p program.toml --grid grid.toml -a assumptions.toml --out settings.csv
    """
    import pyarrow as pa

    import nector_sim as ns
    from nector_sim.batch.files import apart, check_ending, write_table
    from nector_sim.economics.assumptions import named_percent
    from nector_sim.economics.labels import said

    options.check_scheduler(engine, scheduler)
    check_ending(out)
    apart((out,), (orders,))
    most = None if discount_rate_at_most is None else named_percent("--discount-rate-at-most", discount_rate_at_most)
    programs, believed = [ns.load_program(file) for file in program], ns.load_assumptions(assumptions)
    rule = programs[-1]
    paths = ns.load_grid(grid)
    good, rejected = options.usable_orders(orders, rule, replayed=not as_given)
    how: dict[str, Any] = {
        "grid": paths,
        "assumptions": believed,
        "programs": programs[:-1],
        "resamples": resamples,
        "floor_percent": floor_percent,
        **options.history_of(
            good,
            programs,
            as_given=as_given,
            old_replayed=replayed,
            opening=opening,
            balances_at=balances_at,
            grants=grants,
            refunds=refunds,
        ),
    }
    with options.cluster(engine, scheduler) as cluster:
        if cluster is None:
            table = ns.sweep(rule, good, **how)
        else:
            from nector_sim.batch.sweeps import sweep_in_parts

            table = sweep_in_parts(rule, good, runner=cluster.runner, parts=4 * cluster.workers, **how)
    for path in paths:
        # A list, such as the tiers of an offer, is no cell of a CSV file.
        table[path] = table[path].map(lambda value: ", ".join(value) if isinstance(value, list) else value)
    write_table(pa.Table.from_pandas(table, preserve_index=False), out)
    how_worked_out = said("each_order" if as_given else "replayed")
    rates = believed.rates()
    typer.echo(
        f"{count(len(table), 'setting')} on {count(len(good), 'order')} into {masked(out)}; {table.attrs['view']} view"
    )
    who = said(table.attrs["label"], take_up=float(rates.take_up), redeemers=float(rates.redeemers))
    typer.echo(f"{how_worked_out}; {who}")
    if left_out := table.attrs["orders_left_out"]:
        typer.echo(f"{left_out:,} of them were never paid and are left out")
    for notice in table.attrs["notices"]:
        typer.echo(f"note: {notice}")
    if believed.responds:
        found = ns.recommend(table, maximise="margin")
        typer.echo("largest margin with the response that the assumptions state:")
        typer.echo(found.text())
    if most is not None:
        found = ns.recommend(table, discount_rate_at_most_percent=f"{most}%")
        typer.echo(f"most generous within {most:g} % of the carts:")
        typer.echo(found.text())
    if rejected:
        typer.echo(
            f"{count(rejected, 'order')} rejected; to see why: nector-sim check {masked(orders)} --program "
            f"{program[-1]}"
        )
    if good.empty:
        typer.echo("nothing was tried: there are no orders")
    raise typer.Exit(1 if rejected or good.empty else 0)
