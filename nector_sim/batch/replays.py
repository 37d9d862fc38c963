"""Replays larger than memory: orders are split by customer once, and each bucket is replayed by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from nector_sim._progress import beside, tell
from nector_sim.batch import shuffle
from nector_sim.batch.ids import Hashes
from nector_sim.batch.inputs import open_inputs
from nector_sim.batch.resume import failed, parts_of, resume
from nector_sim.batch.shuffle import ROW, ReplayJob, bucket_of, last_of, read_bucket, split_part, split_report
from nector_sim.batch.terms import check_places, describe_program, describe_table, versions
from nector_sim.batch.work import Work
from nector_sim.batch.writers import write_frames
from nector_sim.errors import InputError, OrdersError, Problem
from nector_sim.frames.checks import SHOWN
from nector_sim.frames.columns import decimal_array
from nector_sim.frames.kinds import as_frame
from nector_sim.frames.masking import shown_names
from nector_sim.frames.results import PLAIN, Naming
from nector_sim.ledger.facts import read_as_of
from nector_sim.ledger.instants import to_datetime
from nector_sim.ledger.replay import Replay, replay
from nector_sim.places import Place
from nector_sim.results import Result, count
from nector_sim.rules.program import Program

#: Parts that the orders are split in.
MOST_PARTS = 256
_MONEY = ("cart_amount", "credits_used", "discount", "payable")
#: Points that the report names.
_SAID = ("opening", "granted", "earned", "given_back", "redeemed", "expired", "taken_back", "closing")

#: Runs a function on what all share and on each number, in any order, and gives the results.
Runner = Callable[[Callable[[Any, int], Any], Any, Sequence[int]], Iterable[Any]]


@dataclass(frozen=True, slots=True, repr=False)
class ReplayReport(Result):
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

    @classmethod
    def of(cls, manifest: dict[str, Any], notices: list[str]) -> ReplayReport:
        """Say what a manifest says."""
        instant = manifest["as_of"]
        return cls(
            manifest["rows"]["replayed"],
            manifest["customers"],
            _totals(manifest),
            None if instant is None else pd.Timestamp(instant).to_pydatetime(),
            (*notices, *manifest["notices"]),
        )

    def text(self) -> str:
        """Say in a few lines how many orders there were, and what became of the points."""
        until = f" up to {self.as_of:%Y-%m-%d %H:%M} UTC" if self.as_of else ""
        points = ", ".join(f"{name.replace('_', ' ')} {int(self.totals[name].iloc[0])}" for name in _SAID)
        return f"{count(self.orders, 'order')} of {count(self.customers, 'customer')} replayed{until}\npoints: {points}"

    def to_frame(self) -> pd.DataFrame:
        """Give the totals."""
        return self.totals


def replay_in_buckets(
    programs: Sequence[Program],
    orders: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    as_of: datetime | str | None = None,
    buckets: int | None = None,
    runner: Runner | None = None,
    **how: Any,
) -> ReplayReport:
    """Replay files of orders bucket by bucket; the results are those of :func:`nector_sim.replay`, by customer."""
    job = begin_job(programs, orders, out=out, buckets=buckets, **how)
    came_back = job.refunds
    if came_back is not None and (gone := [name for name in ("order_id", "refunded_at") if name not in came_back]):
        raise InputError(f"the refunds have no column {', '.join(gone)}; they have {shown_names(came_back.columns)}")
    end = None if as_of is None else to_datetime(read_as_of(as_of, job.programs[0].timezone))
    with job.work.held(), beside("hash") as hashing:
        terms = hashing.submit(terms_of, job, end)
        known, notices = resume(job.work, terms, finished=str)
        if known is not None:
            return ReplayReport.of(known, notices)
        try:
            job.work.make()
            manifest = _replay(job, terms, runner or _here, end)
            finish(job, manifest)
        except BaseException as failure:
            raise _explained(job, failure) from None
    return ReplayReport.of(manifest, notices)


def begin_job(
    programs: Sequence[Program],
    orders: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    buckets: int | None,
    ending: str = ".parquet",
    opening: pa.Table | None = None,
    grants: pa.Table | None = None,
    refunds: pa.Table | None = None,
    **options: Any,
) -> ReplayJob:
    """Look the files through, and refuse a folder that cannot be written; 0 buckets are one piece."""
    Place.of(out).check_writable()
    if Place.of(out).suffix:
        raise InputError(f"{out} has an ending; a replay writes a folder, so give a name without one")
    work = Work.of(Place.of(out))
    inputs = open_inputs([orders] if isinstance(orders, str | Path) else list(orders))
    check_places(inputs, work)
    lacking = [name for name in ("order_id", "customer_id", "ordered_at", "cart_amount") if name not in inputs.schema]
    if lacking:
        raise InputError(f"the orders have no column {', '.join(lacking)}; they have {shown_names(inputs.schema)}")
    if buckets is None:
        buckets = max(1, -(-inputs.rows // shuffle.BUCKET_ROWS))
    opened, granted, came_back = (
        None if table is None else pl.DataFrame(pl.from_arrow(table)) for table in (opening, grants, refunds)
    )
    # Each part is one file, which every bucket looks into.
    parts = inputs.parts(max(shuffle.BUCKET_ROWS, inputs.rows // MOST_PARTS))
    return ReplayJob(tuple(programs), inputs, parts, buckets, work, opened, granted, came_back, options, ending)


def finish(job: ReplayJob, manifest: dict[str, Any]) -> None:
    """Give a whole replay its name, and its manifest."""
    manifest["output"] = {"name": job.work.out.local.name, "parts": parts_of(job.work)}
    job.work.staged.write_text(json.dumps(manifest, indent=1) + "\n")
    job.work.publish()


def _replay(job: ReplayJob, terms: Future[dict[str, Any]], run: Runner, as_of: datetime | None) -> dict[str, Any]:
    """Do what is left to do; gives the manifest."""
    numbers, steps = range(len(job.parts)), len(job.parts) + job.buckets
    to_split = [number for number in numbers if not split_report(job, number).exists()]
    for done, _ in enumerate(run(split_part, job, to_split), len(numbers) - len(to_split) + 1):
        tell(done, steps)
        if job.work.begun() is None:
            job.work.begin(terms.result())
    if job.work.begun() is None:  # there are no orders
        job.work.begin(terms.result())
    if gone := [number for number in numbers if not split_report(job, number).exists()]:
        raise job.work.not_here(gone[0])
    _check_ids(job, run)
    _check_refunds(job)
    lasts = [json.loads(split_report(job, number).read_text()) for number in numbers]
    timezone = job.programs[0].timezone
    last = _latest(lasts, [job.grants, job.refunds], timezone) if as_of is None else as_of
    job = replace(job, options={**job.options, "as_of": last})
    left = [number for number in range(job.buckets) if not job.work.report(number).exists()]
    for done, _ in enumerate(run(replay_bucket, job, left), steps - len(left) + 1):
        tell(done, steps)
    job.inputs.check_unchanged()
    found = [bucket for number in range(job.buckets) if (bucket := _finished(job, number)) is not None]
    if not found:
        raise InputError("there are no orders to replay, and no points")
    manifest = manifest_of(job, terms.result(), found, last)
    write_part(job, "totals.parquet", pa.Table.from_pandas(_totals(manifest), preserve_index=False))
    return manifest


def terms_of(job: ReplayJob, as_of: datetime | None) -> dict[str, Any]:
    """What the bytes of the output depend on."""
    tables = {"opening": job.opening, "grants": job.grants, "refunds": job.refunds}
    return {
        "programs": [describe_program(program) for program in job.programs],
        "inputs": job.inputs.described(),
        **{name: describe_table(None if table is None else table.to_arrow()) for name, table in tables.items()},
        "options": {name: str(value) for name, value in sorted({**job.options, "as_of": as_of}.items())},
        "buckets": job.buckets,
        "ending": job.ending,
        "versions": versions(),
    }


def _explained(job: ReplayJob, failure: BaseException) -> BaseException:
    """What to tell of a failure; what a stopped run has done is kept, unless the orders are to be corrected."""
    kept = ""
    if job.work.begun() is not None and not isinstance(failure, InputError) and not job.inputs.changed():
        kept = "; what was done is kept, and the same command resumes there"
    return failed(job.work, failure, kept=kept)


def replay_bucket(job: ReplayJob, number: int) -> None:
    """Replay one bucket of customers, write its part of each table and note it; told again, it writes the same."""
    orders = read_bucket(job, number)
    opening, grants = (
        None if table is None else table.filter(pl.Series(bucket_of(table["customer_id"], job.buckets) == number))
        for table in (job.opening, job.grants)
    )
    refunds, rows_of_refunds = None, list[int]()
    if job.refunds is not None:
        rows_of_refunds = sorted(shuffle.refunds_found(job).filter(bucket=number)["refund"].unique().to_list())
        refunds = job.refunds[rows_of_refunds]
    if not len(orders) and not any(table is not None and len(table) for table in (opening, grants)):
        job.work.report(number).write_text("null")
        return
    try:
        result = replay(
            None,
            as_frame(orders.drop_columns([ROW])),
            opening=None if opening is None else opening.to_arrow(),
            grants=None if grants is None else grants.to_arrow(),
            refunds=None if refunds is None else refunds.to_arrow(),
            programs=job.programs,
            **job.options,
        )
    except OrdersError as error:
        rows = {"orders": orders.column(ROW).to_pylist(), "refunds": rows_of_refunds}
        raise _of_all_orders(error, rows) from None
    decimals, naming = job.programs[0].decimals, Naming(job.options.get("prefix", ""), job.options.get("suffix", ""))
    tables = tables_of(result, decimals, naming)
    del tables["totals"]
    for name, table in tables.items():
        write_part(job, f"{name}/part-{number:05d}.parquet", table)
    job.work.report(number).write_text(json.dumps(note_of(result, decimals)))


def tables_of(result: Replay, decimals: int, naming: Naming) -> dict[str, pa.Table]:
    """The tables of a replay of pandas frames, as they are written."""
    tables = {"orders": exact_table(result.orders, decimals, naming)}
    others = {"balances": result.balances, "totals": result.totals, "movements": result.movements}
    return tables | {name: exact_table(table, decimals) for name, table in others.items() if table is not None}


def note_of(result: Replay, decimals: int) -> dict[str, Any]:
    """What the manifest needs to know of a replay of pandas frames."""
    return {
        "orders": len(result.orders),
        "customers": len(result.balances),
        "totals": {name: str(value) for name, value in exact_table(result.totals, decimals).to_pylist()[0].items()},
        "notices": list(result.notices),
    }


def exact_table(frame: pd.DataFrame, decimals: int, naming: Naming = PLAIN) -> pa.Table:
    """A frame of a replay as an Arrow table whose results in money are decimals, also where carts came as floats."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    # The carts of orders are the caller's own column.
    money = [naming.name(name) for name in _MONEY if name != "cart_amount" or "order_id" not in frame]
    for position, name in enumerate(table.column_names):
        if name in money and pa.types.is_floating(table.schema.field(name).type):
            minor = np.rint(frame[name].to_numpy() * 10**decimals).astype(np.int64)
            table = table.set_column(position, name, decimal_array(minor, decimals))
        elif name == naming.name("tier"):
            words = pc.cast(table.column(name), pa.dictionary(pa.int32(), pa.string()))
            table = table.set_column(position, name, words)
    return table


def _here(function: Callable[[Any, int], Any], shared: Any, numbers: Sequence[int]) -> Iterator[Any]:
    for number in numbers:
        yield function(shared, number)


def write_part(job: ReplayJob, name: str, table: pa.Table) -> None:
    """Write a file of the results."""
    place, frame = job.work.parts / name, pl.DataFrame(pl.from_arrow(table))
    if place.is_local:
        place.local.parent.mkdir(exist_ok=True)
    with place.written(attempt=True) as target:
        write_frames(iter([frame]), frame.schema, target=target, ending=job.ending)


def _latest(lasts: list[int | None], tables: list[pl.DataFrame | None], timezone: str) -> datetime | None:
    lasts = [*lasts, *(last_of(table, timezone) for table in tables if table is not None)]
    known = [last for last in lasts if last is not None]
    return to_datetime(max(known)) if known else None


def _finished(job: ReplayJob, number: int) -> dict[str, Any] | None:
    """What a bucket gave; None if nobody is in it."""
    if not job.work.report(number).exists():
        raise job.work.not_here(number)
    found: dict[str, Any] | None = json.loads(job.work.report(number).read_text())
    return found


def manifest_of(job: ReplayJob, terms: dict[str, Any], found: list[dict[str, Any]], as_of: Any) -> dict[str, Any]:
    """What went in and what came out, by the notes of all buckets."""
    sums = {name: sum(Decimal(bucket["totals"][name]) for bucket in found) for name in found[0]["totals"]}
    orders = sum(bucket["orders"] for bucket in found)
    return terms | {
        "rows": {"read": job.inputs.rows, "replayed": orders, "rejected": 0},
        "customers": sum(bucket["customers"] for bucket in found),
        "as_of": None if as_of is None else pd.Timestamp(as_of).isoformat(),
        "totals": {name: str(value) if name in _MONEY else int(value) for name, value in sums.items()},
        "notices": _added_up(note for bucket in found for note in bucket["notices"]),
    }


def _totals(manifest: dict[str, Any]) -> pd.DataFrame:
    values = manifest["totals"].items()
    return pd.DataFrame({name: [Decimal(value) if name in _MONEY else value] for name, value in values})


def _added_up(notices: Iterable[str]) -> list[str]:
    """Notices of all buckets: of those that end with a number, the sum."""
    sums: dict[str, int] = {}
    for notice in notices:
        number = re.search(r"(?<=: )[\d,]+$", notice)
        words = notice[: number.start()] if number else notice
        sums[words] = sums.get(words, 0) + (int(number[0].replace(",", "")) if number else 0)
    return [f"{words}{number:,}" if number else words for words, number in sums.items()]


def _check_ids(job: ReplayJob, run: Runner) -> None:
    """Refuse orders that occur twice, in one bucket or in two."""
    twice = list(run(_ids_twice, job, range(job.order_ids.shares)))
    if any(map(len, twice)):
        job.order_ids.refuse(
            np.concatenate(twice), job.programs[0].timezone, lambda error, rows: _of_all_orders(error, {"orders": rows})
        )


def _ids_twice(job: ReplayJob, share: int) -> Hashes:
    return job.order_ids.found_twice(share)


def _check_refunds(job: ReplayJob) -> None:
    """Refuse refunds whose order is in no part."""
    if job.refunds is None:
        return
    alone = sorted({*range(len(job.refunds))} - {*shuffle.refunds_found(job)["refund"].to_list()})
    if alone:
        reason = "order_id is no order of this history; take the row out, or add its order"
        problems = [Problem(f"refunds, row {row + 1}", reason) for row in alone[:SHOWN]]
        raise InputError(
            f"{len(alone)} row{'s' * (len(alone) != 1)} of the refunds cannot be replayed; fix them:", problems
        )


def _of_all_orders(error: OrdersError, rows: dict[str, list[int]]) -> InputError:
    """The same error with rows of all orders and refunds, where they were those of a bucket."""
    rejects = error.rejects.copy()
    for name, of_all in rows.items():
        ours = rejects["table"] == name
        if ours.any():
            rejects.loc[ours, "row"] = [of_all[row - 1] + 1 for row in rejects.loc[ours, "row"]]
    problems = [
        Problem(f"{table}, row {row}" if table in rows else str(table), reason)
        for table, row, reason in rejects[["table", "row", "reason"]].head(SHOWN).itertuples(index=False)
    ]
    return OrdersError(error.heading, problems, rejects=rejects)
