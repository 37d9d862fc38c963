"""``fit``: who redeems, from the merchant's own redemptions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nector_sim.cli import options


def fit(
    orders: Annotated[
        options.File,
        typer.Argument(
            help="Orders with redeems or discount_given (what points took off), CSV or Parquet.",
            parser=options.File,
        ),
    ],
    program: Annotated[
        list[options.File],
        typer.Option(
            "--program",
            "-p",
            help="Program in force then; repeat for several, with valid_from.",
            parser=options.File,
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Assumptions to write, with the estimate.", parser=options.here)
    ] = None,
    assumptions: Annotated[
        options.File | None,
        typer.Option("--assumptions", "-a", help="Assumptions that the estimate is put into.", parser=options.File),
    ] = None,
    opening: options.OpeningFile = None,
    balances_at: options.BalancesAt = None,
    grants: options.GrantsFile = None,
    refunds: options.RefundsFile = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Write the take-up by balance as .png.", parser=options.here)
    ] = None,
) -> None:
    """Estimate who redeems, and write it as assumptions.

    Example: nector-sim fit orders.parquet --program program.toml -a assumptions.toml --out fitted.toml
    """
    import nector_sim as ns
    from nector_sim.errors import InputError

    programs = [ns.load_program(file) for file in program]
    good, _ = options.usable_orders(orders, programs[0], replayed=True)
    history = options.history_of(
        good,
        programs,
        as_given=False,
        old_replayed=False,
        opening=opening,
        balances_at=balances_at,
        grants=grants,
        refunds=refunds,
    )
    del history["replayed"]
    believed = ns.Assumptions() if assumptions is None else ns.load_assumptions(assumptions)
    fitted = ns.fit_take_up(good, programs[0], programs=programs[1:], **history)
    typer.echo(fitted)
    if out is not None:
        if out.suffix.lower() != ".toml":
            raise InputError(f"{out} is to be TOML; end it in .toml")
        out.write_text(fitted.into(believed).to_toml(), encoding="utf-8")
        typer.echo(f"written: {out}")
    if picture is not None:
        typer.echo(f"written: {fitted.plot.take_up().save(picture)}")
    raise typer.Exit(0 if fitted.redeemers_percent is not None else 1)
