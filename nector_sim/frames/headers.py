"""The row of a table that has the names of its columns, where lines of text may stand above it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median_high

#: Rows that are looked at.
LOOKED_AT = 30
_VALUE = re.compile(r"[\s₹$€£Rs.+\-(]*\d[\d\s.,:/%)\-]*$|.*@.*\..*|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*")


def find_header(rows: Sequence[Sequence[str]]) -> int:
    """Position of the row of names: the first, unless it is narrow and a later, wide one reads like names."""
    counts = [sum(bool(cell.strip()) for cell in row) for row in rows]
    wide = [count for count in counts if count >= 2]
    if not wide:
        return 0
    least = max(2, -(-3 * median_high(wide) // 5))
    for at, (row, count) in enumerate(zip(rows, counts, strict=True)):
        if count >= least:
            return at if at == 0 or _are_names(row) else 0
    return 0


def _are_names(row: Sequence[str]) -> bool:
    names = [cell.strip() for cell in row if cell.strip()]
    return len(set(names)) == len(names) and not any(_VALUE.match(name) for name in names)
