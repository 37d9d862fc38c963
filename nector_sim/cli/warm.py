"""``warm``: compile ahead, so that the first command of an image or of a service starts at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import typer

from nector_sim.errors import InputError

#: Orders that between them use every loop; their texts are read as those of any CSV.
_ORDERS = """order_id,customer_id,ordered_at,cart_amount,points_balance,refunded_at,refunded_amount
1,a,2026-01-01T10:00:00+05:30,500.50,100,,
2,a,2026-01-02T10:00:00+05:30,700,900,2026-01-05T10:00:00+05:30,700
3,b,2026-02-02T10:00:00+05:30,90,20,,
"""
_GRID = '"offers.0.max_discount" = [200, 500]\n"min_payable.amount" = [0, 100]\n'


def warm() -> None:
    """Compile ahead, for images and services.

    Compiles what score, replay, sweep and compare use, and keeps it.

    What is kept is for one kind of processor and one Python. NUMBA_CACHE_DIR names another place for it.

    Example: nector-sim warm
    """
    import tempfile

    with tempfile.TemporaryDirectory(prefix="nector_sim_warm_") as folder:
        for arguments in _commands(Path(folder)):
            # As its user runs it, so that the same is compiled; quiet, because the orders are nobody's.
            run = subprocess.run(
                [sys.executable, "-m", "nector_sim", *map(str, arguments)],
                capture_output=True,
                text=True,
                encoding="utf-8",
                env={**os.environ, "PYTHONIOENCODING": "utf-8"},
                check=False,
            )
            if run.returncode:
                raise InputError(f"nector-sim {arguments[0]} could not be tried:\n{run.stderr.strip()}")
            if note := next((line for line in run.stderr.splitlines() if "is not kept" in line), None):
                raise InputError(note.removeprefix("note: "))
    typer.echo("compiled; commands start at once from now on")


def _commands(folder: Path) -> list[tuple[str | Path, ...]]:
    import polars as pl

    import nector_sim as ns

    orders, typed, grid = folder / "orders.csv", folder / "orders.parquet", folder / "grid.toml"
    orders.write_text(_ORDERS, encoding="utf-8")
    grid.write_text(_GRID, encoding="utf-8")
    pl.read_csv(orders, try_parse_dates=True).write_parquet(typed)
    program = ns.data_path("programs/gokwik-example-with-earning.toml")
    how = ("--program", program, "--out")
    settings = (
        "--program",
        program,
        "--grid",
        grid,
        "--assumptions",
        ns.data_path("assumptions/example.toml"),
        "--out",
    )
    return [
        ("score", orders, *how, folder / "scored.csv"),
        ("score", typed, *how, folder / "scored.parquet"),
        ("replay", orders, *how, folder / "replayed"),
        ("replay", typed, *how, folder / "replayed again"),
        ("sweep", typed, *settings, folder / "settings.csv"),
        ("sweep", orders, *settings, folder / "settings again.csv"),
    ]
