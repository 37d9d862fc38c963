"""What every reader of a table gives, and what it says where a person must save the file otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import polars as pl

from nector_sim.errors import InputError, Problem
from nector_sim.results import count

#: The longest header of a CSV, in bytes.
LONGEST_HEADER = 1 << 20

_SAVE_AS_CSV = "in Excel: File, Save As, CSV UTF-8; in Google Sheets: File, Download, Comma-separated values"
SAVE_AS_UTF8 = f"CSV with the encoding UTF-8 ({_SAVE_AS_CSV})"
EXPORT_AGAIN = f"export it again, or save it as CSV ({_SAVE_AS_CSV})"


@dataclass(slots=True)
class Sheet:
    """The columns that were asked for.

    Attributes
    ----------
    frame : polars.DataFrame, shape (n, asked for)
        Texts from a file of texts; else as they were typed.
    row : ndarray of int64, shape (n,)
        Each one's row in the input: 1 is the first below the header.
    broken : list of tuple of int and str
        Rows that could not be cut into fields, with what is wrong with them.
    file : polars.Series of int, shape (n,), optional
        Each row's file, where there are several.
    """

    frame: pl.DataFrame
    row: np.ndarray[Any, np.dtype[np.int64]]
    broken: list[tuple[int, str]] = field(default_factory=list)
    file: pl.Series | None = None


class Table(Protocol):
    """Something with named columns, opened but not read."""

    @property
    def name(self) -> str:
        """What to call it."""

    @property
    def kind(self) -> str:
        """What kind of file it is."""

    @property
    def columns(self) -> list[str]:
        """The names of its columns."""

    @property
    def notes(self) -> list[str]:
        """What a reader must know of how it was opened."""

    @property
    def currency(self) -> str | None:
        """The currency that the whole table says it is in, beside its columns."""

    def read(self, names: Sequence[str]) -> Sheet:
        """Read these columns."""


def refuse_columns(table: Table, problems: Sequence[Problem]) -> InputError:
    """Make the error of a table that lacks what is needed."""
    return InputError(f"{table.name} ({table.kind}, {count(len(table.columns), 'column')}) cannot be used:", problems)
