"""Where the records of a CSV begin, so that it can be read in pieces of so many rows."""

from __future__ import annotations

import hashlib
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from nector_sim._compile import compiled

#: Bytes that are looked at together.
BLOCK = 8 << 20

_QUOTE, _RETURN, _FEED = 34, 13, 10
# Where a byte stands: at the start of a field, within a plain one, within quotes, or behind a quote within quotes.
_START, _PLAIN, _QUOTED, _CLOSED = range(4)


class Index(NamedTuple):
    """A CSV cut into pieces.

    Attributes
    ----------
    header_end : int
        Where the first record begins, in bytes.
    starts : list of tuple of int and int
        Of each piece, its first byte and its number of records.
    size : int
        Bytes of the file.
    sha256 : str
    unclosed : bool
        Whether a quotation mark is opened and never closed, which makes the rest of the file one record.
    """

    header_end: int
    starts: list[tuple[int, int]]
    size: int
    sha256: str
    unclosed: bool


def index_records(file: BinaryIO, *, rows: int, separator: str = ",", above: int = 1) -> Index:
    r"""Cut a CSV into pieces of whole records, reading it once."""
    digest = hashlib.sha256()
    state = np.array([_START, 0], np.int64)
    ends: list[int] = []
    records, size, last = 0, 0, 0
    found = np.empty(BLOCK, np.int64)
    while block := file.read(BLOCK):
        digest.update(block)
        count = _find_ends(block, ord(separator), state, found)
        if count:
            last = size + int(found[count - 1])
        # Of all records only those are kept that end the header or a piece.
        first = above - 1 - records
        ends.extend((size + found[np.arange(first if first >= 0 else first % rows, count, rows)]).tolist())
        records += count
        size += len(block)
    if last < size:  # the last record has no line end
        records += 1
    if not ends:
        return Index(size, [], size, digest.hexdigest(), bool(state[0] == _QUOTED))
    starts, left = [], records - above
    for start in ends:
        if left > 0:
            starts.append((start, min(rows, left)))
            left -= rows
    return Index(ends[0], starts, size, digest.hexdigest(), bool(state[0] == _QUOTED))


def _find_ends(block: bytes, separator: int, state: Any, found: Any) -> int:
    data = np.frombuffer(block, np.uint8)
    if b'"' in block or b"\r" in block or state[0] == _QUOTED or state[1]:
        return int(_scan(data, separator, state, found))
    # Without quotation marks and returns every line feed ends a record, which is quicker to see.
    feeds = np.flatnonzero(data == _FEED)
    found[: len(feeds)] = feeds + 1
    state[0] = _START if block[-1] in (separator, _FEED) else _PLAIN
    return len(feeds)


def _scan_slow(data: Any, separator: Any, state: Any, found: Any) -> Any:
    """Note the byte behind each record's end. ``state`` carries over: where it stands, whether a return was last."""
    at, returned, count = state[0], state[1], 0
    for position in range(len(data)):
        byte = data[position]
        if returned == 1:
            # A return alone ends a record, and so do a return and a line feed together.
            returned = 0
            if byte == _FEED:
                found[count] = position + 1
                count += 1
                continue
            found[count] = position
            count += 1
        if at == _QUOTED:
            if byte == _QUOTE:
                at = _CLOSED
        elif byte == separator:
            at = _START
        elif byte == _FEED:
            at = _START
            found[count] = position + 1
            count += 1
        elif byte == _RETURN:
            at, returned = _START, 1
        elif byte == _QUOTE and at != _PLAIN:
            at = _QUOTED
        else:
            at = _PLAIN
    state[0], state[1] = at, returned
    return count


_scan = compiled(_scan_slow)
