"""Tables and lines on the terminal."""

from __future__ import annotations

from functools import cache

from rich import box
from rich.console import Console
from rich.table import Table

#: Wide enough for our tables, also where the output goes into a file.
WIDTH = 120


@cache
def _console() -> Console:
    return Console(width=WIDTH, highlight=False, soft_wrap=False)


def table(title: str, columns: list[str], *, headed: bool = True) -> Table:
    """Make a table whose first and last columns are text, and the others numbers."""
    shown = Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE, show_header=headed, pad_edge=False
    )
    for position, name in enumerate(columns):
        shown.add_column(name, justify="left" if position in (0, len(columns) - 1) else "right")
    return shown


def show(shown: Table) -> None:
    """Print a table."""
    _console().print(shown)


def say(text: str) -> None:
    """Print a line as it is."""
    print(text)
