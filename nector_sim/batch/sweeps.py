"""A sweep on many machines: each takes some of the settings, and all of the orders."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from nector_sim.batch.replays import Runner
from nector_sim.economics.assumptions import Assumptions
from nector_sim.exploration.grid import GridLike, Mode, as_grid, make_settings
from nector_sim.exploration.replay_sweeps import Draws
from nector_sim.exploration.sweep import sweep
from nector_sim.rules.program import Program


@dataclass(frozen=True, slots=True)
class SweepJob:
    """Everything that sweeping some of the settings needs; it pickles."""

    program: Program
    orders: pd.DataFrame
    grids: list[dict[str, list[Any]]]
    options: dict[str, Any]


def sweep_in_parts(
    program: Program,
    orders: pd.DataFrame,
    *,
    grid: GridLike,
    assumptions: Assumptions,
    runner: Runner,
    parts: int,
    mode: Mode | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Try many settings of a program on the same orders, in parts.

    The settings are split and not the orders, so each row is what :func:`nector_sim.sweep` gives.
    """
    given, mode = as_grid(grid, mode)
    settings = make_settings(program, given, mode=mode)
    parts = max(1, min(parts, len(settings)))
    bounds = [len(settings) * part // parts for part in range(parts + 1)]
    grids = []
    for first, behind in pairwise(bounds):
        some = [settings.setting(position) for position in range(first, behind)]
        grids.append({path: [setting[path] for setting in some] for path in settings.paths})
    job = SweepJob(program, orders, grids, {"assumptions": assumptions, **options})
    tables: dict[int, pd.DataFrame] = dict(runner(_sweep_part, job, range(parts)))
    table = pd.concat([tables[part] for part in range(parts)], ignore_index=True)
    for path in settings.paths:
        table[path] = settings.column(path)  # of one type, also where a part's values are of another
    table.attrs = tables[0].attrs
    if "draws" in table.attrs:
        table.attrs["draws"] = Draws(
            [draw for part in range(parts) for draw in tables[part].attrs["draws"].of_settings]
        )
    return table


def _sweep_part(job: SweepJob, number: int) -> tuple[int, pd.DataFrame]:
    return number, sweep(job.program, job.orders, grid=job.grids[number], mode="zip", **job.options)
