"""Files of orders as they were when they were looked through, and the pieces that they are read in."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from nector_sim.errors import InputError
from nector_sim.frames.csv_text import CsvLayout
from nector_sim.places import Place


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of one input, the least that is read at once.

    Attributes
    ----------
    source : int
        Which of the inputs.
    first_row : int
        Position of its first row among the rows of all inputs, from 0.
    rows : int
    start : int
        Parquet: its first row in the file. CSV: its first byte.
    end : int
        CSV: the byte behind its last. Parquet: 0.
    """

    source: int
    first_row: int
    rows: int
    start: int
    end: int = 0


@dataclass(frozen=True, slots=True)
class InputFile:
    """One input file, as it was when it was looked through.

    Attributes
    ----------
    place : Place
    name : str
        As the user gave it, or under the folder that the user gave.
    stamp : tuple
        Size and time of the last change, by which a change is noticed.
    partition : tuple of tuple of str and (str or None)
        Names and values that a partitioned folder says in its path (``month=2026-01``).
    layout : CsvLayout or None
        CSV: its columns, and what parts the fields.
    sha256 : str
        CSV: of its bytes, which were all read to find its records.
    is_cast : bool
        Parquet: whether a column is of a type that polars has not.
    """

    place: Place
    name: str
    stamp: tuple[int, str]
    partition: tuple[tuple[str, str | None], ...] = ()
    layout: CsvLayout | None = None
    sha256: str = ""
    is_cast: bool = False

    def still_the_same(self) -> None:
        """Raise InputError if the file is no longer what it was."""
        try:
            stamp = self.place.stamp()
        except OSError:
            raise InputError(f"{self.name} was deleted or cannot be reached any more; nothing of it was kept") from None
        if stamp != self.stamp:
            raise InputError(
                f"{self.name} changed while it was read; nothing of it was kept. Run again when nobody writes to it"
            )


@dataclass(slots=True)
class InputFiles:
    """All input files, cut into pieces.

    Attributes
    ----------
    sources : list of InputFile
    pieces : list of Piece
        In order; together all rows.
    schema : polars.Schema
        Columns of all of them.
    rows : int
    given : list of Place
        The files, folders and patterns that they were named by.
    begun : list of tuple of Piece and Future
        Readings that have begun already, in order; see :func:`nector_sim.batch.inputs.reading`.
    """

    sources: list[InputFile] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    schema: pl.Schema = field(default_factory=pl.Schema)
    rows: int = 0
    given: list[Place] = field(default_factory=list)
    begun: list[tuple[Piece, Any]] = field(default_factory=list)

    def described(self) -> list[dict[str, Any]]:
        """Name, size and SHA-256 of each; reads those that were not read for it yet."""
        return [
            {"name": source.name, "size": source.stamp[0], "sha256": source.sha256 or _sha256(source.place)}
            for source in self.sources
        ]

    def changed(self) -> bool:
        """Whether a file is no longer what it was."""
        try:
            self.check_unchanged()
        except InputError:
            return True
        return False

    def check_unchanged(self, which: Collection[int] | None = None) -> None:
        """Raise InputError if a file (of these) is no longer what it was."""
        for number, source in enumerate(self.sources):
            if which is None or number in which:
                source.still_the_same()

    def parts(self, rows: int) -> list[list[Piece]]:
        """Gather pieces to parts of at least so many rows, but for the last."""
        parts: list[list[Piece]] = []
        for piece in self.pieces:
            if not parts or sum(each.rows for each in parts[-1]) >= rows:
                parts.append([])
            parts[-1].append(piece)
        return parts or [[]]


def _sha256(place: Place) -> str:
    with place.open() as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
