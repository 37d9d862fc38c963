"""Whole files: read into a table and written from one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from nector_sim.batch.writers import ENDINGS, check_flat, write_frames
from nector_sim.errors import InputError
from nector_sim.places import Place
from nector_sim.results import Result

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, repr=False)
class ScoreReport(Result):
    """What scoring files did; `read` is `scored` and `rejected` together, and what an export's report left out."""

    read: int
    scored: int
    rejected: int
    examples: tuple[str, ...]
    notices: tuple[str, ...]
    why_none: str = ""

    def text(self) -> str:
        """Say in a few lines how many orders were scored, and why others were not."""
        counts = f"{self.read} read, {self.scored} scored, {self.rejected} rejected"
        return "\n".join([counts, *self.examples, *self.notices])

    def to_frame(self) -> pd.DataFrame:
        """Give the counts in one row."""
        import pandas as pd

        return pd.DataFrame([{"read": self.read, "scored": self.scored, "rejected": self.rejected}])


def read_table(orders: str | Path) -> pa.Table:
    """Read orders whole into the memory: a file, a folder of them, a pattern, or a URL.

    Of CSV files, every column is text, so that amounts stay exact.
    """
    from nector_sim.batch.inputs import open_inputs, read_pieces

    inputs, frames = open_inputs([orders]), list[pl.DataFrame]()
    for piece, frame, broken in read_pieces(inputs, inputs.pieces):
        if broken:
            row, why = broken[0]
            raise InputError(f"row {piece.first_row + row + 1} of {orders} {why}")
        frames.append(frame)
    inputs.check_unchanged()
    return pl.concat(frames or [inputs.schema.to_frame()]).to_arrow()


def write_table(table: pa.Table, path: str | Path) -> None:
    """Write a table; it stands under its name when it is whole and on the disk."""
    place = Place.of(path)
    check_ending(path)
    frame: Any = pl.from_arrow(table)
    if place.suffix != ".parquet":
        check_flat(frame.schema, place.suffix)
    try:
        with place.written() as target:
            write_frames(iter([frame]), frame.schema, target=target, ending=place.suffix)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}") from None


def check_ending(path: str | Path) -> None:
    """Refuse a name for results whose ending says no format."""
    Place.of(path).check_writable()
    suffix = Place.of(path).suffix
    if suffix not in ENDINGS:
        raise InputError(f"{path} ends in {suffix or 'nothing'}; results are written as .csv or .parquet, or .xlsx")


def apart(outputs: Iterable[str | Path | None], inputs: Iterable[Any]) -> None:
    """Refuse to write over a file that is read, or two tables into one place; what is no file is passed by."""
    outs = [Place.of(path) for path in outputs if path is not None]
    read = [Place.of(source) for source in inputs if isinstance(source, str | Path)]
    for number, out in enumerate(outs):
        if any(out.is_same(source) for source in read):
            raise InputError(f"{out} is also the input; write the results elsewhere")
        if any(out.is_same(other) for other in outs[:number]):
            raise InputError(f"{out} is named for two things to write; name two places")
