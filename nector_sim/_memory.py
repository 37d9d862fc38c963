"""Memory of large arrays, kept when they are dropped, for the next ones.

The system clears every page that it gives a process. On a machine where that is dear, clearing the results of 10
million orders (330 MB) takes as long as working them out, and :func:`nector_sim.score` took 5.3 times as long as
copying as many bytes; with pages that are there already it takes 1.8 to 2.0 times as long. What is kept is marked
as free (``MADV_FREE``), so that the system takes it as soon as somebody else needs it.
"""

from __future__ import annotations

import math
import mmap
from typing import Any

import numpy as np

#: Smaller arrays come from the usual place; and bytes that are kept at most, and that are worth marking.
SMALL, MOST, MARKED = 1 << 20, 1 << 29, 32 << 20
#: Sizes are whole multiples of this, a page of the large kind, so that what was kept fits what is next.
_STEP = 2 << 20

_FLAGS = getattr(mmap, "MAP_PRIVATE", 0) | getattr(mmap, "MAP_ANONYMOUS", 0)
#: Blocks that nobody uses, the last dropped last. Lists change in one step, also while a thread collects garbage.
_kept: list[mmap.mmap] = []


def empty(size: int, kind: Any) -> Any:
    """Make an array whose values are whatever is there, as :func:`numpy.empty` does."""
    count = size * np.dtype(kind).itemsize
    if count < SMALL or not _FLAGS:
        return np.empty(size, kind)
    memory = _taken(math.ceil(count / _STEP) * _STEP)
    block = np.frombuffer(memory, np.uint8).view(_Block)
    block.memory = memory
    return block[:count].view(np.ndarray).view(kind)


class _Block(np.ndarray):
    """All of a block; it dies after the last array that is in it."""

    memory: mmap.mmap | None = None

    def __del__(self) -> None:
        if self.memory is not None:
            _give_back(self.memory)


def _taken(size: int) -> mmap.mmap:
    for block in reversed(_kept):
        if size <= len(block) <= size + size // 4:
            try:
                _kept.remove(block)
            except ValueError:  # another thread was faster
                continue
            return block
    made = mmap.mmap(-1, size, flags=_FLAGS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        made.madvise(mmap.MADV_HUGEPAGE)
    return made


def _give_back(block: mmap.mmap) -> None:
    if len(block) > MOST:
        return
    if len(block) >= MARKED and hasattr(mmap, "MADV_FREE"):
        block.madvise(mmap.MADV_FREE)
    _kept.append(block)
    while sum(map(len, _kept)) > MOST:
        _kept.pop(0)
