"""Orders split by customer, once, so that each bucket of customers can be replayed by itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from nector_sim.batch.ids import Hashes, OrderIds, hashes_of
from nector_sim.batch.inputs import read_pieces
from nector_sim.batch.sources import InputFiles, Piece
from nector_sim.batch.work import Work
from nector_sim.errors import InputError, Problem
from nector_sim.frames.checks import SHOWN
from nector_sim.frames.columns import read_times
from nector_sim.frames.ids import id_texts
from nector_sim.places import Place
from nector_sim.results import count
from nector_sim.rules.program import Program
from nector_sim.rules.times import NO_TIME

#: Orders of a bucket, about.
BUCKET_ROWS = 500_000
#: Column of a bucket's orders: the position of each among all.
ROW = "_row_of_all_orders"


@dataclass(frozen=True, slots=True)
class ReplayJob:
    """Everything that splitting a part or replaying a bucket needs; it pickles."""

    programs: tuple[Program, ...]
    inputs: InputFiles
    parts: list[list[Piece]]
    buckets: int
    work: Work
    opening: pl.DataFrame | None
    grants: pl.DataFrame | None
    refunds: pl.DataFrame | None
    options: dict[str, Any]
    ending: str = ".parquet"

    @property
    def order_ids(self) -> OrderIds:
        """Where hashes of the orders' ids are, which are one order each."""
        return OrderIds(self.work.folder, self.inputs, len(self.parts))


def split_part(job: ReplayJob, number: int) -> None:
    """Split a part's orders by customer, into one file with an index, and note its latest instant in microseconds."""
    last, waiting, index = list[int | None](), list[pl.DataFrame](), list[tuple[int, int, int]]()
    found, hashes = list[pl.DataFrame](), list[Hashes]()
    with _written(_split(job, number)) as file:
        for piece, frame, broken in read_pieces(job.inputs, job.parts[number]):
            if broken:
                lines = [Problem(f"row {piece.first_row + row + 1}", f"it {why}") for row, why in broken[:SHOWN]]
                raise InputError(f"{count(len(broken), 'row')} of the orders cannot be read; fix them:", lines)
            last.append(last_of(frame, job.programs[0].timezone))
            hashes.append(hashes_of(frame))
            if job.refunds is not None:
                found.append(_refunds_among(job, frame))
            rows = pl.int_range(piece.first_row, piece.first_row + len(frame), eager=True).alias(ROW)
            waiting.append(frame.with_columns(rows))
            if sum(map(len, waiting)) >= BUCKET_ROWS:
                _write_sorted(job, waiting, file, index)
        _write_sorted(job, waiting, file, index)
    table = pl.DataFrame(index, schema={name: pl.Int64() for name in ("bucket", "first", "size")}, orient="row")
    with _written(_split(job, number, index=True)) as file:
        table.write_parquet(file)
    with _written(job.order_ids.file(number)) as file:
        job.order_ids.write(hashes, file)
    if job.refunds is not None:
        with _written(_refunds_of_part(job, number)) as file:
            pl.concat([pl.DataFrame(schema=_FOUND), *found]).write_parquet(file)
    job.inputs.check_unchanged({piece.source for piece in job.parts[number]})
    latest = max((instant for instant in last if instant is not None), default=None)
    split_report(job, number).write_text(json.dumps(latest))


@contextmanager
def _written(place: Place) -> Iterator[Any]:
    with place.written(attempt=True) as target:
        if isinstance(target, Path):
            with target.open("wb") as file:
                yield file
        else:
            yield target


def _write_sorted(job: ReplayJob, waiting: list[pl.DataFrame], file: Any, index: list[tuple[int, int, int]]) -> None:
    """Append some orders, those of a bucket together, and note where they are."""
    if not waiting:
        return
    frame = pl.concat(waiting)
    waiting.clear()
    bucket = bucket_of(frame["customer_id"], job.buckets)
    order = np.argsort(bucket, kind="stable")
    table = frame[order].to_arrow()
    numbers, starts = np.unique(bucket[order], return_index=True)
    ends = [*starts[1:].tolist(), len(order)]
    for number, start, end in zip(numbers.tolist(), starts.tolist(), ends, strict=True):
        first = file.tell()
        with pa.ipc.new_stream(file, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as stream:
            stream.write_table(table.slice(start, end - start))
        index.append((number, first, file.tell() - first))


_FOUND = {"refund": pl.Int64(), "bucket": pl.UInt64()}


def _refunds_among(job: ReplayJob, frame: pl.DataFrame) -> pl.DataFrame:
    """Which rows of the refunds are of these orders, and in which bucket their customers are."""
    assert job.refunds is not None
    bucket = pd.Series(bucket_of(frame["customer_id"], job.buckets), index=id_texts(frame["order_id"].to_arrow()))
    bucket = bucket[~bucket.index.duplicated()]
    place = bucket.index.get_indexer(pd.Index(id_texts(job.refunds["order_id"].to_arrow())))
    rows = np.flatnonzero(place >= 0)
    return pl.DataFrame({"refund": rows, "bucket": bucket.to_numpy()[place[rows]]}, schema=_FOUND)


def _refunds_of_part(job: ReplayJob, part: int) -> Place:
    return job.work.folder / f"split-{part:05d}.refunds.parquet"


def refunds_found(job: ReplayJob) -> pl.DataFrame:
    """Where each refund's order is, of all parts: ``refund``, its row, and ``bucket``."""
    tables = [pl.DataFrame(schema=_FOUND)]
    for part in range(len(job.parts)):
        with _refunds_of_part(job, part).open() as file:
            tables.append(pl.read_parquet(file))
    return pl.concat(tables)


def _split(job: ReplayJob, part: int, *, index: bool = False) -> Place:
    return job.work.folder / f"split-{part:05d}.{'parquet' if index else 'arrow'}"


def read_bucket(job: ReplayJob, number: int) -> pa.Table:
    """Orders of a bucket, out of every part, in the order that they came in."""
    tables = []
    for part in range(len(job.parts)):
        with _split(job, part, index=True).open() as file:
            index = pl.read_parquet(file).filter(bucket=number)
        with _split(job, part).open() as file:
            for _, first, size in index.iter_rows():
                file.seek(first)
                with pa.ipc.open_stream(file.read(size)) as stream:
                    tables.append(stream.read_all())
    if tables:
        return pa.concat_tables(tables, promote_options="default")
    return pl.DataFrame(schema={**job.inputs.schema, ROW: pl.Int64()}).to_arrow()


def split_report(job: ReplayJob, part: int) -> Place:
    """Where its latest instant stands; it is there when the part is split."""
    return job.work.folder / f"split-{part:05d}.json"


def bucket_of(customers: pl.Series, buckets: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Which bucket each customer is in: the same on every machine and in every version."""
    texts = id_texts(customers.to_arrow())
    return np.asarray(pd.util.hash_array(texts, categorize=True) % np.uint64(buckets))


def last_of(frame: pl.DataFrame, timezone: str) -> int | None:
    """Give the latest instant of a frame of orders or grants, in microseconds; None where there is none."""
    instants = [read_times(frame[name].to_arrow(), timezone).numbers for name in _times_of(frame.columns)]
    known = [int(some[some != NO_TIME].max()) for some in instants if (some != NO_TIME).any()]
    return max(known, default=None)


def _times_of(columns: Iterable[str]) -> list[str]:
    return [name for name in ("ordered_at", "refunded_at", "granted_at") if name in columns]
