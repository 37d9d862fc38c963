"""Luck that can be made again: a number in [0, 1) for an order or a customer, from the seed and the id alone.

The number is the upper 53 bits of a 64-bit hash, divided by 2⁵³. The hash begins with ``mix(seed)``, of a customer with
``mix(mix(seed))``, so that an order and a customer of one id have draws of their own; each 8 bytes of
the id's UTF-8 text (little-endian, the last padded with zeros) are xored in and mixed, and last the number of bytes.
``mix`` is the finaliser of SplitMix64 (Steele, Lea, Flood 2014). An id that is a whole number is its digits, so 17 and
``"17"`` draw the same.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from nector_sim._compile import compiled

_GAMMA = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB
_BITS = (1 << 64) - 1


def draw(seed: int, id_: object, *, of_customer: bool = False) -> float:
    """Draw the number of one order, or of one customer."""
    text = str(id_).encode()
    state = _start(seed, of_customer)
    for position in range(0, len(text), 8):
        state = _mix(state ^ int.from_bytes(text[position : position + 8], "little"))
    return float((_mix(state ^ len(text)) >> 11) / 2**53)


def _start(seed: int, of_customer: bool) -> int:
    state = _mix(seed & _BITS)
    return _mix(state) if of_customer else state


def _mix(state: int) -> int:
    state = (state + _GAMMA) & _BITS
    state = ((state ^ (state >> 30)) * _FIRST) & _BITS
    state = ((state ^ (state >> 27)) * _SECOND) & _BITS
    return state ^ (state >> 31)


def redeeming(ids: Any, seed: int, take_up: Decimal) -> npt.NDArray[np.bool_]:
    """Whether each order redeems, by its draw."""
    # The draw is hash / 2⁵³; it lies below the share where the hash lies below this.
    first_above = -(-take_up * 2**53 // 100)
    return (hash_ids(ids, seed) >> np.uint64(11)) < np.uint64(int(first_above))


def lucks(ids: Any, seed: int, *, of_customers: bool = False) -> npt.NDArray[np.int32]:
    """The draw of each id in whole millionths, shape (n,)."""
    upper = hash_ids(ids, seed, of_customers=of_customers) >> np.uint64(11)
    # 10⁶ × upper ÷ 2⁵³, rounded down, in two steps that each fit into 64 bits.
    high, low = upper >> np.uint64(26), upper & np.uint64((1 << 26) - 1)
    carried = (low * np.uint64(1_000_000)) >> np.uint64(26)
    return ((high * np.uint64(1_000_000) + carried) >> np.uint64(27)).astype(np.int32)


def hash_ids(ids: Any, seed: int, *, of_customers: bool = False) -> npt.NDArray[np.uint64]:
    """The 64-bit hash of each id, shape (n,)."""
    hashes = np.empty(len(ids), np.uint64)
    start = np.uint64(_start(seed, of_customers))
    if isinstance(ids, pa.Array):
        _, offsets, data = ids.buffers()
        bounds = np.frombuffer(offsets, np.int64)[ids.offset : ids.offset + len(ids) + 1] if len(ids) else None
        if bounds is not None:
            _hash_texts(bounds, np.frombuffer(data or b"", np.uint8), start, hashes)
    else:
        _hash_whole_numbers(ids, start, hashes)
    return hashes


@compiled
def _mixed(state: Any) -> Any:
    state = state + np.uint64(_GAMMA)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(_FIRST)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(_SECOND)
    return state ^ (state >> np.uint64(31))


@compiled
def _hash_bytes(data: Any, first: int, last: int, state: Any) -> Any:
    for position in range(first, last, 8):
        word = np.uint64(0)
        for byte in range(min(8, last - position)):
            word |= np.uint64(data[position + byte]) << np.uint64(8 * byte)
        state = _mixed(state ^ word)
    return _mixed(state ^ np.uint64(last - first))


@compiled
def _hash_texts(bounds: Any, data: Any, start: Any, hashes: Any) -> None:
    for row in range(len(hashes)):
        hashes[row] = _hash_bytes(data, bounds[row], bounds[row + 1], start)


@compiled
def _hash_whole_numbers(ids: Any, start: Any, hashes: Any) -> None:
    digits = np.empty(20, np.uint8)
    for row in range(len(hashes)):
        first, rest = 20, np.uint64(ids[row]) if ids[row] >= 0 else np.uint64(-(ids[row] + 1)) + np.uint64(1)
        while True:
            first -= 1
            digits[first] = 48 + rest % np.uint64(10)
            rest //= np.uint64(10)
            if rest == 0:
                break
        if ids[row] < 0:
            first -= 1
            digits[first] = 45
        hashes[row] = _hash_bytes(digits, first, 20, start)
