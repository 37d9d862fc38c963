"""How many cells an Excel workbook spans, found before it is read.

A workbook is read into a table of all cells from the first to the last one of a sheet, so a single cell in the last row
and column of a file of 4 kB would ask for hundreds of gigabytes.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from nector_sim.errors import InputError
from nector_sim.results import count

#: Cells of one sheet, blank ones among them: a full sheet (1,048,576 rows) of 19 columns.
MOST_CELLS = 20_000_000
#: Where a row or a cell says that it is: ``r="12"``, ``r="AB12"``. Those that do not say so leave no gap.
_PLACE = re.compile(rb"""\br=["']([A-Z]{0,3})([0-9]{1,7})["']""")
#: A row or a cell that says that it is where no sheet has one, which the reader would look for all the same.
_NOWHERE = re.compile(rb"""<(?:\w{1,20}:)?(?:c|row)\s[^<>]{0,99}?\br=["'](?![A-Z]{0,3}[0-9]{1,7}["'])""")
_STEP, _OVERLAP = 1 << 20, 256


def check_cells(source: Path | IO[bytes], name: str) -> None:
    """Refuse a workbook of a sheet that spans more cells than are read."""
    if not zipfile.is_zipfile(source):
        return
    with zipfile.ZipFile(source) as archive:
        for entry in archive.namelist():
            if re.fullmatch(r"xl/worksheets/[^/]+\.xml", entry):
                with archive.open(entry) as sheet:
                    try:
                        rows, columns = _extent(_pieces(sheet))
                    except ValueError:
                        raise InputError(
                            f"{name} is a damaged workbook: a cell says that it is where no sheet has one; open it and "
                            "save it again, or export as CSV"
                        ) from None
                if rows * columns > MOST_CELLS:
                    raise InputError(
                        f"{name} has a sheet of {count(rows, 'row')} and {count(columns, 'column')}; at most "
                        f"{MOST_CELLS // 10**6} "
                        "million cells are read: delete what is far from the orders, or export as CSV"
                    )


def _pieces(sheet: IO[bytes]) -> Iterator[bytes]:
    """The text of a sheet in pieces that overlap, so that nothing is missed between two."""
    tail = b""
    while piece := sheet.read(_STEP):
        piece = tail + piece
        yield piece
        tail = piece[-_OVERLAP:]


def _extent(pieces: Iterator[bytes]) -> tuple[int, int]:
    """The last row and the last column of a sheet; ValueError for a place that no sheet has."""
    letters, rows = set[bytes](), 0
    for piece in pieces:
        # What the end of a piece cuts off is whole in the next.
        if (wrong := _NOWHERE.search(piece)) and wrong.end() <= len(piece) - 16:
            raise ValueError
        found = _PLACE.findall(piece)
        letters.update({column for column, _ in found})
        rows = max(rows, max((int(row) for _, row in found), default=0))
    return rows, max(map(_column, letters), default=0)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number
