"""Files of orders through time: in one piece, or in buckets of customers where that is asked for or needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from nector_sim._progress import Progress, beside, long_call, stages
from nector_sim.batch.files import apart, read_table
from nector_sim.batch.replays import (
    ReplayReport,
    Runner,
    begin_job,
    finish,
    manifest_of,
    note_of,
    replay_in_buckets,
    tables_of,
    terms_of,
    write_part,
)
from nector_sim.batch.resume import failed, resume
from nector_sim.errors import InputError
from nector_sim.frames.kinds import as_frame, as_table
from nector_sim.frames.results import Naming
from nector_sim.ledger.facts import read_as_of
from nector_sim.ledger.instants import to_datetime
from nector_sim.ledger.replay import replay
from nector_sim.ledger.schedule import EARLIEST, make_schedule
from nector_sim.ledger.take_up import TakeUp
from nector_sim.rules.program import Program, ProgramLike

#: Endings of the tables of a replay.
ENDINGS = (".parquet", ".csv")


@long_call("steps")
def replay_files(
    program: ProgramLike | None,
    orders: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    opening: Any = None,
    grants: Any = None,
    refunds: Any = None,
    take_up: Decimal | float | str | TakeUp | None = None,
    seed: int = 0,
    as_of: datetime | str | None = None,
    movements: bool = False,
    programs: Iterable[ProgramLike | tuple[Any, ProgramLike]] = (),
    prefix: str = "",
    suffix: str = "",
    buckets: int | None = None,
    ending: str = ".parquet",
    runner: Runner | None = None,
    progress: Progress | None = None,
) -> ReplayReport:
    r"""Replay files of orders into a folder: what :func:`nector_sim.replay` does, for files of any size.

    A run that was interrupted or killed resumes when called in the same way; the result is byte-identical. A
    manifest beside the folder (``OUT.manifest.json``) says what went in; a finished folder is never overwritten.

    Parameters
    ----------
    program : Program or None
        As in :func:`nector_sim.replay`.
    orders : path or URL, or sequence of them
        ``.csv`` or ``.parquet`` files, or folders of them.
    out : path or URL
        A folder. In one piece it holds the files ``orders``, ``balances``, ``totals`` (and ``movements``); in buckets,
        folders of Parquet parts, one a bucket, and ``totals.parquet``.
    opening, grants, refunds : table or path, optional
        As in :func:`nector_sim.replay`.
    take_up, seed, as_of, movements, programs, prefix, suffix
        As in :func:`nector_sim.replay`.
    buckets : int, optional
        Buckets of customers that are replayed one by one, so that memory does not grow with the orders. Left out, one
        file on this machine is replayed in one piece, and others have a bucket for half a million orders. The results
        do not depend on it, but for the order of their rows.
    ending : {".parquet", ".csv"}
        Of the tables of a replay in one piece.
    runner : callable, optional
        Runs the buckets; left out, this process.
    progress : callable, optional
        Called with the number of steps done, and of all steps.

    Returns
    -------
    ReplayReport

    Raises
    ------
    OrdersError, InputError
        As :func:`nector_sim.replay`; and if a file cannot be read or written, or the folder has something else in it.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "orders.csv").write_text(
    ...     "order_id,customer_id,ordered_at,cart_amount\na,c,2026-11-01T10:00Z,1000\nb,c,2026-11-20T10:00Z,500\n"
    ... )
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    >>> report = ns.replay_files(program, folder / "orders.csv", out=folder / "replayed")
    >>> report.orders, report.customers, sorted(file.name for file in (folder / "replayed").iterdir())
    (2, 1, ['balances.parquet', 'orders.parquet', 'totals.parquet'])
    """
    schedule = make_schedule(program, programs)
    held = [_from(start, one) for start, one in zip(schedule.starts, schedule.programs, strict=True)]
    tables = {
        name: None if table is None else read_table(table) if isinstance(table, str | Path) else as_table(table)
        for name, table in (("opening", opening), ("grants", grants), ("refunds", refunds))
    }
    apart([out], [orders, opening, grants, refunds])
    options = {"take_up": take_up, "seed": seed, "movements": movements, "prefix": prefix, "suffix": suffix}
    how: dict[str, Any] = {**tables, "as_of": as_of, **options}
    whole = buckets is None and runner is None and isinstance(orders, str | Path) and Path(orders).is_file()
    if ending not in ENDINGS:
        raise InputError(f"ending is {ending!r}; it is one of {', '.join(ENDINGS)}")
    if whole:
        return _replay_whole(held, orders, out=out, ending=ending, **how)
    if ending != ".parquet":
        raise InputError("--format csv is for a replay in one piece; one in buckets writes Parquet")
    return replay_in_buckets(held, orders, out=out, buckets=buckets, runner=runner, **how)


def _from(start: datetime, program: Program) -> Program:
    """A program that itself says from when it holds."""
    own = EARLIEST if program.valid_from is None else program.instant(program.valid_from)
    return program if own == start else program.model_copy(update={"valid_from": start})


def _replay_whole(
    programs: Sequence[Program], orders: Any, *, out: str | Path, ending: str, as_of: Any, **how: Any
) -> ReplayReport:
    """Replay one file in the memory; the folder is held, resumed and described as one in buckets."""
    job = begin_job(programs, orders, out=out, buckets=0, ending=ending, **how)
    end = None if as_of is None else to_datetime(read_as_of(as_of, programs[0].timezone))
    with job.work.held(), beside("hash") as hashing:
        terms = hashing.submit(terms_of, job, end)
        manifest, notices = resume(job.work, terms, finished=str)
        if manifest is not None:
            return ReplayReport.of(manifest, notices)
        try:
            job.work.make()
            step = stages(4)
            naming = Naming(job.options["prefix"], job.options["suffix"])
            frame = as_frame(read_table(orders))
            step()
            result = replay(None, frame, programs=programs, as_of=as_of, **how)
            step()
            for name, table in tables_of(result, programs[0].decimals, naming).items():
                write_part(job, f"{name}{ending}", table)
            step()
            job.inputs.check_unchanged()
            manifest = manifest_of(job, terms.result(), [note_of(result, programs[0].decimals)], result.as_of)
            finish(job, manifest)
            step()
        except BaseException as failure:
            raise failed(job.work, failure, kept="") from None
    return ReplayReport.of(manifest, notices)
