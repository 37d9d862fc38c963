"""Amounts and points written as text, parsed exactly and fast; whatever is unusual is left to the scalar door."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from nector_sim._compile import compiled

_ZERO, _NINE, _POINT = 48, 57, 46
#: More digits than any amount or balance may have, and few enough for int64 with four decimals more.
_MOST_DIGITS = 14


def parse_decimals(texts: pa.Array, decimals: int) -> tuple[np.ndarray, np.ndarray]:
    """Read plain decimal texts (``749.95``) as whole numbers of their last decimal."""
    _, offset_buffer, data_buffer = texts.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(data_buffer or b"", np.uint8)
    values = np.zeros(len(texts), np.int64)
    plain = np.zeros(len(texts), np.bool_)
    _parse(offsets, data, decimals, values, plain)
    return values, plain


def _parse_slow(offsets: Any, data: Any, decimals: int, values: Any, plain: Any) -> None:
    for row in range(len(values)):
        value, digits, after_point, fraction, good = 0, 0, False, 0, True
        for position in range(offsets[row], offsets[row + 1]):
            byte = int(data[position])
            if _ZERO <= byte <= _NINE:
                if after_point and fraction == decimals:
                    good = good and byte == _ZERO  # 5.000 is 5.00
                    continue
                value = value * 10 + (byte - _ZERO)
                digits += 1
                fraction += after_point
            elif byte == _POINT and not after_point:
                after_point = True
            else:
                good = False
            if digits > _MOST_DIGITS:
                good = False
            if not good:
                break
        if good and digits > 0:
            for _ in range(decimals - fraction):
                value *= 10
            values[row] = value
            plain[row] = True


_parse = compiled(_parse_slow)
