"""``replay``: a history of orders in time, so that what one order spends is gone for the next."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd


class Format(StrEnum):
    """What the tables are written as."""

    parquet = "parquet"
    csv = "csv"


def replay(
    orders: Annotated[Path, typer.Argument(help="Orders with order_id, customer_id, ordered_at, cart_amount.")],
    program: Annotated[
        list[Path], typer.Option("--program", "-p", help="Program file; several where each has a valid_from.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for orders, balances and totals.")],
    opening: Annotated[Path | None, typer.Option("--opening", help="Opening balances: customer_id, points.")] = None,
    grants: Annotated[Path | None, typer.Option("--grants", help="Grants: customer_id, granted_at, points.")] = None,
    take_up: Annotated[
        str | None, typer.Option("--take-up", help="Percentage of orders that redeem where they could, such as 40.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the draws of take-up.")] = 0,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="The last instant to run; left out, the latest one.")
    ] = None,
    movements: Annotated[bool, typer.Option("--movements", help="Write every line of the ledger too.")] = False,
    kind: Annotated[Format, typer.Option("--format", help="What the tables are written as.")] = Format.parquet,
) -> None:
    """Replay orders through time: balances run down, points expire, refunds are reversed.

    Example: nector-sim replay orders.csv --program program.toml --opening balances.csv --out replayed
    """
    import nector_sim as ns
    from nector_sim.batch.files import read_table

    programs = [ns.load_program(file) for file in program]
    result = ns.replay(
        None,
        read_table(orders),
        opening=read_table(opening) if opening else None,
        grants=read_table(grants) if grants else None,
        take_up=take_up,
        seed=seed,
        as_of=as_of,
        movements=movements,
        programs=programs,
    )
    tables = {"orders": result.orders, "balances": result.balances, "totals": result.totals}
    if result.movements is not None:
        tables["movements"] = result.movements
    _write(tables, out, kind, programs[0].decimals)
    for notice in result.notices:
        typer.echo(f"note: {notice}")
    totals = result.totals.iloc[0]
    until = f" up to {result.as_of:%Y-%m-%d %H:%M} UTC" if result.as_of else ""
    typer.echo(f"{len(result.orders)} orders of {len(result.balances)} customers replayed into {out}{until}")
    typer.echo(
        "points: "
        + ", ".join(
            f"{name.replace('_', ' ')} {totals[name]}"
            for name in ("opening", "granted", "earned", "given_back", "redeemed", "expired", "taken_back", "closing")
        )
    )


def _write(tables: dict[str, pd.DataFrame], folder: Path, ending: str, decimals: int) -> None:
    from nector_sim.batch.files import write_table
    from nector_sim.errors import InputError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {error.strerror or error}") from None
    for name, frame in tables.items():
        write_table(_exact(frame, decimals), folder / f"{name}.{ending}")


def _exact(frame: pd.DataFrame, decimals: int) -> Any:
    """A frame as an Arrow table whose results in money are decimals, also where carts came as floats."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from nector_sim.orders.columns import decimal_array

    table = pa.Table.from_pandas(frame, preserve_index=False)
    # The carts of orders are the caller's own column.
    money = ("discount", "payable", "credits_used") + (() if "order_id" in frame else ("cart_amount",))
    for position, name in enumerate(table.column_names):
        if name in money and pa.types.is_floating(table.schema.field(name).type):
            minor = np.rint(frame[name].to_numpy() * 10**decimals).astype(np.int64)
            table = table.set_column(position, name, decimal_array(minor, decimals))
        elif name == "tier":
            table = table.set_column(
                position, name, pc.cast(table.column(name), pa.dictionary(pa.int32(), pa.string()))
            )
    return table
