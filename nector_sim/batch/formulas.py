"""Cells that a spreadsheet would run as formulas, made harmless."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from nector_sim._compile import compiled

# What a spreadsheet takes for a formula, unless all of the cell is a number.
_FORMULA = r"^[=+\-@\t\r]"
_FIRST_OF_FORMULA = np.isin(np.arange(256), list(b"=+-@\t\r"))
_NUMBER = r"^[+\-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+\-]?[0-9]+)?$"


def harmless(frame: pl.DataFrame) -> pl.DataFrame:
    """Put an apostrophe before the text cells and headings that a spreadsheet would run as formulas.

    These begin with ``=``, ``+``, ``-``, ``@``, a tab or a return, and are no numbers as a whole: ``-5`` stays.
    """
    mended = []
    for column in frame.iter_columns():
        texts = column
        if isinstance(column.dtype, pl.Categorical | pl.Enum):
            if not _risky(column.unique().cast(pl.String)).any():
                continue
            texts = column.cast(pl.String)
        if texts.dtype != pl.String:
            continue
        risky = _risky(texts)
        if risky.any():
            mended.append(pl.select(pl.when(risky).then("'" + texts).otherwise(texts).alias(column.name)).to_series())
    frame = frame.with_columns(mended)
    headings = {name: f"'{name}" for name in frame.columns if name.startswith(tuple("=+-@\t\r"))}
    return frame.rename(headings) if headings else frame


def _risky(texts: pl.Series) -> pl.Series:
    """Which texts are formulas to a spreadsheet. Their first byte is looked at first, since that is quick."""
    array = texts.to_arrow(compat_level=pl.CompatLevel.newest())
    # Arrow's string views: in 16 bytes the length, in 4, and then the first bytes of the text.
    views = np.frombuffer(array.buffers()[1], np.uint8).reshape(-1, 16)[array.offset : array.offset + len(array)]
    if not _any_begins(views, _FIRST_OF_FORMULA):
        return pl.Series([False]).new_from_index(0, len(texts))
    return (texts.str.contains(_FORMULA) & ~texts.str.contains(_NUMBER)).fill_null(False)


def _any_begins_slow(views: Any, wanted: Any) -> Any:
    for row in range(len(views)):
        view = views[row]
        if (view[0] | view[1] | view[2] | view[3]) != 0 and wanted[view[4]]:
            return True
    return False


_any_begins = compiled(_any_begins_slow)
