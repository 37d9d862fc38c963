"""Rows of campaigns that take long: made in processes, kept as they come, and not made again.

WORKERS says how many processes; ROWS a folder, in which each set has a CSV of its own. Where it is there already, only
what is missing is made, so that a campaign may be stopped and gone on with.
"""

import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd


def rows_of(tasks, name):
    """Rows of tasks, each a function, that gives a list of dicts, and its arguments."""
    folder, parts, made = os.environ.get("ROWS"), [], set()
    file = folder and Path(folder) / f"{name.replace(' ', '-')}.csv"
    if file and file.exists():
        parts = [pd.read_csv(file)]
        made = set(parts[0]["task"])
    tasks = [task for task in tasks if _named(task) not in made]
    with ProcessPoolExecutor(int(os.environ.get("WORKERS", "0")) or None) as pool:
        for task, rows in zip(tasks, pool.map(_run, tasks), strict=True):
            parts.append(pd.DataFrame(rows).assign(task=_named(task)))
            if file:
                parts[-1].to_csv(file, mode="a", header=not file.exists(), index=False)
    return pd.concat(parts, ignore_index=True)


def _named(task):
    call, *arguments = task
    return " ".join([call.__name__, *map(str, arguments)])


def _run(task):
    call, *arguments = task
    return call(*arguments)
