"""Ids of customers and orders: read in one way at every door, so that one customer is one wherever they appear."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from nector_sim.frames.columns import as_array

Ids = Any
"""Ids as an int64 array, or an Arrow array of large_string, shape (n,)."""


def read_ids(values: Any) -> Ids:
    """Read ids: whole numbers as such, everything else as text without space around it, empty where it is blank."""
    array = as_array(values)
    if isinstance(array, np.ndarray) and _are_whole(array):
        return array.astype(np.int64, copy=False)
    texts = array if isinstance(array, pa.Array) else pa.array(array, from_pandas=True)
    return pc.utf8_trim_whitespace(pc.fill_null(texts.cast(pa.large_string()), ""))


def id_texts(values: Any) -> npt.NDArray[np.object_]:
    """Ids as texts, a whole number as its digits; empty where one is blank."""
    ids = read_ids(values)
    texts = ids if isinstance(ids, pa.Array) else pa.array(ids).cast(pa.large_string())
    found: npt.NDArray[np.object_] = texts.to_numpy(zero_copy_only=False)
    return found


def id_keys(values: Any) -> npt.NDArray[Any]:
    """Ids to group and sort by: whole numbers, or texts, None where one is blank."""
    ids = read_ids(values)
    if isinstance(ids, np.ndarray):
        numbers: npt.NDArray[np.int64] = ids
        return numbers
    keys: npt.NDArray[np.object_] = ids.to_numpy(zero_copy_only=False)
    keys[keys == ""] = None
    return keys


def _are_whole(numbers: npt.NDArray[Any]) -> bool:
    """Whether numbers are whole and fit int64 as they are; a float does as far as each whole number has its own."""
    if numbers.dtype.kind == "f":
        return bool((np.abs(numbers) <= 2.0**53).all() and (numbers == np.rint(numbers)).all())
    return bool(numbers.max(initial=0) <= np.iinfo(np.int64).max)
