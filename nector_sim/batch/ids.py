"""Orders that occur twice, wherever in the files: found by hashes of their ids, in memory that does not grow.

Each part writes the hashes of its ids, sorted; a share of all hashes at a time is looked through for equal ones. Two
ids may have one hash, and so the ids themselves decide: the files are read again, which only happens where a hash
occurs twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from nector_sim.batch.inputs import read_pieces
from nector_sim.batch.sources import InputFiles
from nector_sim.errors import OrdersError
from nector_sim.frames.columns import read_times
from nector_sim.frames.ids import read_ids
from nector_sim.frames.kinds import as_frame
from nector_sim.ledger.draws import hash_ids
from nector_sim.ledger.inputs import LedgerTable, occurs_again, refuse_tables
from nector_sim.places import Place

Hashes = npt.NDArray[np.uint64]

#: Hashes that are looked through at once, about.
SHARE_ROWS = 4_000_000


def hashes_of(orders: pl.DataFrame) -> Hashes:
    """The hash of each order's id that is not blank, a whole number's that of its digits."""
    texts = _texts(orders)
    hashes = hash_ids(texts, 0)
    named = pc.not_equal(texts, "").to_numpy(zero_copy_only=False)
    return hashes if named.all() else hashes[named]


def _texts(orders: pl.DataFrame) -> Any:
    ids = read_ids(orders["order_id"].to_arrow())
    return ids if isinstance(ids, pa.Array) else pa.array(ids).cast(pa.large_string())


@dataclass(frozen=True, slots=True)
class OrderIds:
    """Hashes of the ids of orders, in a file for each part that the orders are split in.

    Attributes
    ----------
    folder : Place
    inputs : InputFiles
    parts : int
    """

    folder: Place
    inputs: InputFiles
    parts: int

    @property
    def shares(self) -> int:
        """How many shares the hashes are looked through in; each is of hashes of some size."""
        return max(1, -(-self.inputs.rows // SHARE_ROWS))

    def file(self, part: int) -> Place:
        """Where a part's hashes are."""
        return self.folder / f"split-{part:05d}.hashes"

    def write(self, hashes: Sequence[Hashes], file: Any) -> None:
        """Write a part's hashes: where each share begins and the last ends, then all of them, sorted."""
        every = np.sort(np.concatenate([np.empty(0, np.uint64), *hashes]))
        begins = np.array([2**64 * share // self.shares for share in range(self.shares)], np.uint64)
        file.write(np.array([*np.searchsorted(every, begins), len(every)], np.int64).tobytes())
        file.write(every.tobytes())

    def found_twice(self, share: int) -> Hashes:
        """Hashes of a share that occur more than once; only these can be of one id."""
        head, found = 8 * (self.shares + 1), []
        for part in range(self.parts):
            with self.file(part).open() as file:
                first, last = np.frombuffer(file.read(head), np.int64)[share : share + 2].tolist()
                file.seek(head + 8 * first)
                found.append(np.frombuffer(file.read(8 * (last - first)), np.uint64))
        every = np.sort(np.concatenate(found))
        return np.unique(every[1:][every[1:] == every[:-1]])

    def refuse(self, hashes: Hashes, timezone: str, told: Callable[[OrdersError, list[int]], BaseException]) -> None:
        """Refuse orders that occur twice, as a replay in one piece does; `told` is given the rows of the error's."""
        orders = pl.concat(list(self._with_hashes(hashes)))
        ids, rows = pd.Series(_texts(orders).to_pandas()), orders["row"].to_list()
        again = np.flatnonzero(ids.duplicated(keep="first"))
        if not len(again):  # other ids of the same hash
            return
        codes, _ = pd.factorize(ids)
        _, begins = np.unique(codes, return_index=True)
        first = begins[codes]
        table = LedgerTable("orders", as_frame(orders.drop("row").to_arrow()))
        at = read_times(orders["ordered_at"].to_arrow(), timezone).numbers
        table.refuse(again, "order_id", lambda row: occurs_again(rows[first[row]], at_once=at[first[row]] == at[row]))
        try:
            refuse_tables([table])
        except OrdersError as error:
            raise told(error, rows) from None

    def _with_hashes(self, hashes: Hashes) -> Iterator[pl.DataFrame]:
        for piece, frame, _ in read_pieces(self.inputs, self.inputs.pieces):
            rows = pl.int_range(piece.first_row, piece.first_row + len(frame), eager=True).alias("row")
            texts = _texts(frame)
            chosen = np.isin(hash_ids(texts, 0), hashes) & (texts.to_numpy(zero_copy_only=False) != "")
            yield frame.with_columns(rows).filter(pl.Series(chosen))
