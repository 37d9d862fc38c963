"""``forecast`` and ``liability``: what comes next, and what is owed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nector_sim.cli import options
from nector_sim.errors import InputError
from nector_sim.places import Place
from nector_sim.urls import masked

if TYPE_CHECKING:
    import pandas as pd

    from nector_sim.rules.program import Program

Orders = Annotated[
    options.File,
    typer.Argument(
        help="Orders with order_id, customer_id, ordered_at, cart_amount: CSV or Parquet.", parser=options.File
    ),
]
Pictures = Annotated[
    Path | None, typer.Option("--pictures", help="Folder for the pictures, as SVG.", parser=options.here)
]
Out = Annotated[
    options.File | None, typer.Option("--out", help="Write the table, CSV or Parquet.", parser=options.File)
]
Opening = Annotated[
    options.File | None,
    typer.Option("--opening", help="Opening balances: customer_id, points.", parser=options.File),
]
Seed = Annotated[int, typer.Option("--seed", help="Random seed.")]


def forecast(
    orders: Orders,
    program: options.ProgramFile,
    setting: Annotated[
        list[options.File] | None,
        typer.Option(
            "--setting",
            help="Another program to try from then on, beside today's (repeatable).",
            parser=options.File,
        ),
    ] = None,
    assumptions: Annotated[
        options.File | None,
        typer.Option(
            "--assumptions", "-a", help="Assumptions file, TOML: adds margin and break-even.", parser=options.File
        ),
    ] = None,
    months: Annotated[int, typer.Option("--months", help="How many months ahead, from 1 to 60.")] = 12,
    opening: Opening = None,
    grants: options.GrantsFile = None,
    refunds: options.RefundsFile = None,
    take_up: options.TakeUpSaid = None,
    redeemers: options.Redeemers = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Forecast from then on; left out, from the last order.")
    ] = None,
    futures: Annotated[int, typer.Option("--futures", help="Futures that are drawn and replayed.")] = 60,
    seed: Seed = 0,
    out: Out = None,
    pictures: Pictures = None,
) -> None:
    """Forecast the cost and the balances of the next months.

    The last months stand beside them. Customers are assumed not to react to a setting.

    Example: nector-sim forecast orders.csv --program today.toml --setting new.toml -a assumptions.toml --months 6
    """
    import nector_sim as ns
    from nector_sim.exploration.forecast import TODAY

    today = ns.load_program(program)
    settings = {TODAY: today, **_named(setting or [])}
    ahead = ns.forecast(
        today,
        _read(orders),
        settings=settings,
        assumptions=assumptions,
        months=months,
        opening=_read(opening),
        grants=_read(grants),
        refunds=_read(refunds),
        take_up=options.said_take_up(take_up, redeemers),
        as_of=as_of,
        futures=futures,
        seed=seed,
    )
    typer.echo(ahead.text())
    _show("the months ahead (low and high: 5th and 95th percentile)", ahead.table())
    if assumptions is not None:
        _show("break-even: extra orders, as a share", ahead.break_even())
    if ahead.second_opinion.model is not None:
        _show("orders of the customers known, and a BG/NBD model's", ahead.opinions())
    _write(ahead.table(), out, [orders, opening, grants, refunds])
    if pictures is not None:
        for name in settings:
            for measure in ("points_redeemed", "discount", "expired", *(["cost_of_program"] if assumptions else [])):
                picture = ahead.plot.fan(setting=name, measure=measure)
                _save(picture, pictures, f"{name} {measure.replace('_', ' ')}")
            _save(ahead.plot.owed(setting=name), pictures, f"{name} owed")


def liability(
    orders: Orders,
    program: options.Programs,
    at: Annotated[
        str | None, typer.Option("--at", help="Day or instant of the valuation (default: the last event).")
    ] = None,
    opening: Opening = None,
    grants: options.GrantsFile = None,
    refunds: options.RefundsFile = None,
    take_up: options.TakeUpSaid = None,
    redeemers: options.Redeemers = None,
    seed: Seed = 0,
    ultimate_percent: Annotated[
        str | None,
        typer.Option(
            "--ultimate-percent",
            help="Of the points still there, how many will be redeemed: 60, or low,likely,high as 50,60,70; "
            "estimate: from these orders, by the age of the points.",
        ),
    ] = None,
    out: Out = None,
    pictures: Pictures = None,
) -> None:
    """Value the outstanding points: by age, expiry, as expected.

    Example: nector-sim liability orders.csv --program program.toml --at 2026-03-31 --ultimate-percent estimate
    """
    import nector_sim as ns

    programs = [ns.load_program(file) for file in program]
    run = ns.replay(
        None,
        _read(orders),
        programs=programs,
        opening=_read(opening),
        grants=_read(grants),
        refunds=_read(refunds),
        take_up=options.said_take_up(take_up, redeemers),
        seed=seed,
        as_of=at,
    )
    expected: dict[str, Any] = {}
    if ultimate_percent == "estimate":
        estimate = expected["ultimate"] = ns.ultimate_redemption(run)
        typer.echo(f"ultimate redemption: {estimate.text()}")
        _show("second opinions, of the points issued, %", estimate.second_opinions())
    elif ultimate_percent is not None:
        expected["ultimate_percent"] = _percentages(ultimate_percent)
    owed = ns.liability(run, **expected)
    typer.echo(owed.text())
    _show("by age, in completed months", owed.by_age())
    _show("by month of expiry", owed.by_expiry())
    _write(owed.by_age(), out, [orders, opening, grants, refunds])
    if pictures is not None:
        for name in ("outstanding", "expiring"):
            _save(getattr(owed.plot, name)(data=Place.of(orders).name), pictures, name)
        if "ultimate" in expected:
            _save(expected["ultimate"].plot.triangle(data=Place.of(orders).name), pictures, "triangle")


def _named(files: Sequence[str]) -> dict[str, Program]:
    """Settings by the names of their files."""
    import nector_sim as ns
    from nector_sim.exploration.forecast import TODAY

    names = [PurePath(Place.of(file).name).stem for file in files]
    if taken := sorted({name for name in names if names.count(name) > 1 or name == TODAY}):
        raise InputError(f"settings are named by their files, and {', '.join(taken)} is taken; rename the file")
    return {name: ns.load_program(file) for name, file in zip(names, files, strict=True)}


def _percentages(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in (1, 3) or not all(parts):
        raise InputError(f"--ultimate-percent is {text}; write 60, or low,likely,high as 50,60,70, or estimate")
    return parts


def _read(path: str | None) -> pd.DataFrame | None:
    from nector_sim.batch.files import read_table
    from nector_sim.frames.kinds import as_frame

    return None if path is None else as_frame(read_table(path))


def _write(table: pd.DataFrame, out: str | None, read: Sequence[str | None]) -> None:
    import pyarrow as pa

    from nector_sim.batch.files import apart, check_ending, write_table

    if out is None:
        return
    check_ending(out)
    apart((out,), read)
    write_table(pa.Table.from_pandas(table, preserve_index=False), out)
    typer.echo(f"written: {masked(out)}")


def _save(picture: Any, folder: Path, name: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {error.strerror or error}") from None
    typer.echo(f"written: {picture.save(folder / f'{name}.svg')}")


def _show(title: str, frame: pd.DataFrame) -> None:
    from nector_sim.cli.show import show, table

    shown = table(title, list(frame.columns))
    for row in frame.itertuples(index=False):
        shown.add_row(*(_cell(value) for value in row))
    show(shown)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:,.3f}" if abs(value) < 10 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
