"""Replays larger than memory: orders are split by customer once, and each bucket is replayed by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from nector_sim.batch.inputs import Inputs, Piece, open_inputs, read_pieces
from nector_sim.batch.places import Place
from nector_sim.batch.work import Work
from nector_sim.batch.writers import write_frames
from nector_sim.errors import InputError, OrdersError, Problem
from nector_sim.ledger.facts import read_as_of
from nector_sim.ledger.instants import to_datetime
from nector_sim.ledger.replay import replay
from nector_sim.orders.checks import SHOWN
from nector_sim.orders.columns import NO_TIME, decimal_array, read_times
from nector_sim.orders.words import shown_names
from nector_sim.rules.program import Program

#: Orders of a bucket, about.
BUCKET_ROWS = 500_000
#: Parts that the orders are split in.
MOST_PARTS = 256
_ROW = "_row_of_all_orders"
_MONEY = ("cart_amount", "credits_used", "discount", "payable")

#: Runs a function on what all share and on each number, in any order, and gives the results.
Runner = Callable[[Callable[[Any, int], Any], Any, Sequence[int]], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class ReplayJob:
    """Everything that splitting a part or replaying a bucket needs; it pickles."""

    programs: tuple[Program, ...]
    inputs: Inputs
    parts: list[list[Piece]]
    buckets: int
    work: Work
    opening: pl.DataFrame | None
    grants: pl.DataFrame | None
    options: dict[str, Any]


class ReplayReport(NamedTuple):
    """What replaying files did.

    Attributes
    ----------
    orders, customers : int
    totals : pandas.DataFrame
        One row, as :class:`nector_sim.ledger.replay.Replay` has it; money is decimal.
    as_of : datetime or None
    notices : tuple of str
    """

    orders: int
    customers: int
    totals: pd.DataFrame
    as_of: datetime | None
    notices: tuple[str, ...]


class _Bucket(NamedTuple):
    orders: int
    customers: int
    totals: dict[str, Any]
    notices: tuple[str, ...]


def replay_files(
    programs: Sequence[Program],
    orders: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    opening: pa.Table | None = None,
    grants: pa.Table | None = None,
    as_of: datetime | str | None = None,
    buckets: int | None = None,
    runner: Runner | None = None,
    **options: Any,
) -> ReplayReport:
    """Replay files of orders bucket by bucket; the results are those of :func:`nector_sim.replay`, by customer.

    Parameters
    ----------
    programs : sequence of Program
        One, or several that follow each other by their ``valid_from``.
    orders : path or URL, or sequence of them
        ``.csv`` or ``.parquet`` files, or folders of them.
    out : path or URL
        A folder that is not there yet: ``orders``, ``balances`` (and ``movements``) in it are folders of Parquet parts,
        one a bucket, and ``totals.parquet`` is one row.
    opening, grants : pyarrow.Table, optional
        As of :func:`nector_sim.replay`.
    as_of : datetime or str, optional
        The last instant that is run; left out, the latest of all.
    buckets : int, optional
        Left out, one for half a million orders. The results do not depend on it, but for the order of their rows.
    runner : callable, optional
        Left out, this process.
    **options
        ``take_up``, ``seed`` and ``movements`` of :func:`nector_sim.replay`.

    Returns
    -------
    ReplayReport

    Raises
    ------
    OrdersError, InputError
        As :func:`nector_sim.replay`; and if a file cannot be read or written.
    """
    work = Work.of(Place.of(out))
    if not work.is_folder:
        raise InputError(f"{out} has an ending; a replay in buckets writes a folder")
    if work.out.exists() and work.out.files():
        raise InputError(f"{out} has files in it already; write into a new folder")
    inputs = open_inputs([orders] if isinstance(orders, str | Path) else list(orders))
    lacking = [name for name in ("order_id", "customer_id", "ordered_at", "cart_amount") if name not in inputs.schema]
    if lacking:
        raise InputError(f"the orders have no column {', '.join(lacking)}; they have {shown_names(inputs.schema)}")
    buckets = buckets or max(1, -(-inputs.rows // BUCKET_ROWS))
    opened, granted = (None if table is None else pl.DataFrame(pl.from_arrow(table)) for table in (opening, grants))
    # Each part is one file, which every bucket looks into.
    parts = inputs.parts(max(BUCKET_ROWS, inputs.rows // MOST_PARTS))
    job = ReplayJob(tuple(programs), inputs, parts, buckets, work, opened, granted, options)
    run = runner or _here
    with work.held():
        work.empty()
        work.make()
        try:
            lasts = [last for last in run(split_part, job, range(len(job.parts))) if last is not None]
            last = _latest(lasts, grants, job.programs[0].timezone) if as_of is None else _instant(as_of, job)
            job = replace(job, options={**options, "as_of": last})
            found = [bucket for bucket in run(replay_bucket, job, range(buckets)) if bucket is not None]
            inputs.check_unchanged()
            report = _merged(job, found, last)
            _write(job, "totals.parquet", pl.DataFrame(pl.from_arrow(pa.Table.from_pandas(report.totals))))
            manifest = {"inputs": inputs.described(), "rows": {"read": inputs.rows}, "buckets": buckets}
            (work.folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
            work.publish()
        except BaseException as failure:
            work.empty()
            if isinstance(failure, OSError | pl.exceptions.PolarsError):
                raise InputError(f"{out} cannot be written: {getattr(failure, 'strerror', None) or failure}") from None
            raise
    return report


def split_part(job: ReplayJob, number: int) -> int | None:
    """Split a part's orders by customer, into one file with an index; gives its latest instant, in microseconds."""
    last, waiting, index = list[int | None](), list[pl.DataFrame](), list[tuple[int, int, int]]()
    with _split(job, number).open("wb") as file:
        for piece, frame, broken in read_pieces(job.inputs, job.parts[number]):
            if broken:
                lines = [Problem(f"row {piece.first_row + row + 1}", f"it {why}") for row, why in broken[:SHOWN]]
                raise InputError(f"{len(broken)} rows of the orders cannot be read; mend them:", lines)
            last.append(_last_of(frame, job.programs[0].timezone))
            rows = pl.int_range(piece.first_row, piece.first_row + len(frame), eager=True).alias(_ROW)
            waiting.append(frame.with_columns(rows))
            if sum(map(len, waiting)) >= BUCKET_ROWS:
                _write_sorted(job, waiting, file, index)
        _write_sorted(job, waiting, file, index)
    table = pl.DataFrame(index, schema={name: pl.Int64() for name in ("bucket", "first", "size")}, orient="row")
    with _split(job, number, index=True).open("wb") as file:
        table.write_parquet(file)
    return max((instant for instant in last if instant is not None), default=None)


def _write_sorted(job: ReplayJob, waiting: list[pl.DataFrame], file: Any, index: list[tuple[int, int, int]]) -> None:
    """Append some orders, those of a bucket together, and note where they are."""
    if not waiting:
        return
    frame = pl.concat(waiting)
    waiting.clear()
    bucket = _bucket_of(frame["customer_id"], job.buckets)
    order = np.argsort(bucket, kind="stable")
    table = frame[order].to_arrow()
    numbers, starts = np.unique(bucket[order], return_index=True)
    ends = [*starts[1:].tolist(), len(order)]
    for number, start, end in zip(numbers.tolist(), starts.tolist(), ends, strict=True):
        first = file.tell()
        with pa.ipc.new_stream(file, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as stream:
            stream.write_table(table.slice(start, end - start))
        index.append((number, first, file.tell() - first))


def replay_bucket(job: ReplayJob, number: int) -> _Bucket | None:
    """Replay one bucket of customers and write its part of each table; told again, it writes the same."""
    orders = _read_bucket(job, number)
    opening, grants = (
        None if table is None else table.filter(pl.Series(_bucket_of(table["customer_id"], job.buckets) == number))
        for table in (job.opening, job.grants)
    )
    if not len(orders) and not any(table is not None and len(table) for table in (opening, grants)):
        return None
    try:
        result = replay(
            None,
            orders.drop_columns([_ROW]),
            opening=None if opening is None else opening.to_arrow(),
            grants=None if grants is None else grants.to_arrow(),
            programs=job.programs,
            **job.options,
        )
    except OrdersError as error:
        raise _of_all_orders(error, orders.column(_ROW).to_pylist()) from None
    decimals = job.programs[0].decimals
    tables = {"orders": result.orders, "balances": result.balances}
    if result.movements is not None:
        tables["movements"] = result.movements
    for name, frame in tables.items():
        _write(job, f"{name}/part-{number:05d}.parquet", pl.DataFrame(pl.from_arrow(exact_table(frame, decimals))))
    totals = exact_table(result.totals, decimals).to_pylist()[0]
    return _Bucket(len(result.orders), len(result.balances), totals, result.notices)


def exact_table(frame: pd.DataFrame, decimals: int) -> pa.Table:
    """A frame of a replay as an Arrow table whose results in money are decimals, also where carts came as floats."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    # The carts of orders are the caller's own column.
    money = [name for name in _MONEY if name != "cart_amount" or "order_id" not in frame]
    for position, name in enumerate(table.column_names):
        if name in money and pa.types.is_floating(table.schema.field(name).type):
            minor = np.rint(frame[name].to_numpy() * 10**decimals).astype(np.int64)
            table = table.set_column(position, name, decimal_array(minor, decimals))
        elif name == "tier":
            words = pc.cast(table.column(name), pa.dictionary(pa.int32(), pa.string()))
            table = table.set_column(position, name, words)
    return table


def _here(function: Callable[[Any, int], Any], shared: Any, numbers: Sequence[int]) -> Iterator[Any]:
    for number in numbers:
        yield function(shared, number)


def _split(job: ReplayJob, part: int, *, index: bool = False) -> Place:
    return job.work.folder / f"split-{part:05d}.{'parquet' if index else 'arrow'}"


def _read_bucket(job: ReplayJob, number: int) -> pa.Table:
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
    return pl.DataFrame(schema={**job.inputs.schema, _ROW: pl.Int64()}).to_arrow()


def _write(job: ReplayJob, name: str, frame: pl.DataFrame) -> None:
    place = job.work.parts / name
    if place.is_local:
        place.local.parent.mkdir(exist_ok=True)
    with place.written() as target:
        write_frames(iter([frame]), frame.schema, target=target, ending=".parquet")


def _bucket_of(customers: pl.Series, buckets: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Which bucket each customer is in: the same on every machine and in every version."""
    # Arrow writes 2.0 as 2, so that numbers with and without a point are one customer.
    words = customers.to_arrow().cast(pa.large_string()) if customers.dtype.is_float() else customers.cast(pl.String)
    texts = pl.Series(words).fill_null("").to_numpy().astype(object)
    return np.asarray(pd.util.hash_array(texts, categorize=True) % np.uint64(buckets))


def _last_of(frame: pl.DataFrame, timezone: str) -> int | None:
    instants = [read_times(frame[name].to_arrow(), timezone).numbers for name in _times_of(frame.columns)]
    known = [int(some[some != NO_TIME].max()) for some in instants if (some != NO_TIME).any()]
    return max(known, default=None)


def _times_of(columns: Iterable[str]) -> list[str]:
    return [name for name in ("ordered_at", "refunded_at", "granted_at") if name in columns]


def _latest(lasts: list[int], grants: pa.Table | None, timezone: str) -> datetime | None:
    if grants is not None:
        of_grants = _last_of(pl.DataFrame(pl.from_arrow(grants)), timezone)
        lasts = [*lasts, *([] if of_grants is None else [of_grants])]
    return to_datetime(max(lasts)) if lasts else None


def _instant(as_of: datetime | str, job: ReplayJob) -> datetime:
    return to_datetime(read_as_of(as_of, job.programs[0].timezone))


def _merged(job: ReplayJob, found: list[_Bucket], as_of: datetime | None) -> ReplayReport:
    if not found:
        raise InputError("there are no orders to replay, and no points")
    totals: dict[str, Any] = {
        name: [sum((bucket.totals[name] for bucket in found), Decimal(0) if name in _MONEY else 0)]
        for name in found[0].totals
    }
    return ReplayReport(
        sum(bucket.orders for bucket in found),
        sum(bucket.customers for bucket in found),
        pd.DataFrame(totals),
        as_of,
        tuple(_added_up(note for bucket in found for note in bucket.notices)),
    )


def _added_up(notices: Iterable[str]) -> list[str]:
    """Notices of all buckets: of those that begin with a number, the sum."""
    sums: dict[str, int] = {}
    for notice in notices:
        number, _, words = notice.partition(" ")
        key = words if number.isdecimal() else notice
        sums[key] = sums.get(key, 0) + (int(number) if number.isdecimal() else 0)
    return [f"{count} {words}" if count else words for words, count in sums.items()]


def _of_all_orders(error: OrdersError, rows: list[int]) -> InputError:
    """The same error with rows of all orders, where they were those of a bucket."""
    rejects = error.rejects.copy()
    ours = rejects["table"] == "orders"
    rejects.loc[ours, "row"] = [rows[row - 1] + 1 for row in rejects.loc[ours, "row"]]
    problems = [
        Problem(f"{table}, row {row}" if table == "orders" else str(table), reason)
        for table, row, reason in rejects[["table", "row", "reason"]].head(SHOWN).itertuples(index=False)
    ]
    return OrdersError(error.heading, problems, rejects=rejects)
