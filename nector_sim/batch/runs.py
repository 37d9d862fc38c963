"""Scoring files of any size: in pieces, on one machine or many, and again from where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from nector_sim._progress import Progress, ahead, beside, long_call, teller
from nector_sim.batch.files import ScoreReport
from nector_sim.batch.inputs import PIECE_ROWS, open_inputs, read_pieces
from nector_sim.batch.resume import failed, parts_of, resume
from nector_sim.batch.schemas import rejects_schema, scored_schema
from nector_sim.batch.sources import InputFiles, Piece
from nector_sim.batch.tally import Tally
from nector_sim.batch.terms import check_places, describe_program, versions
from nector_sim.batch.work import RejectsFile, Work, each_reject, told
from nector_sim.batch.writers import ENDINGS, SHEET_ROWS, check_flat, sheet_is_full, write_frames
from nector_sim.errors import InputError
from nector_sim.frames.checks import SHOWN
from nector_sim.frames.results import Naming
from nector_sim.places import Place
from nector_sim.rules.program import Program, ProgramLike, as_program

#: Pieces that are scored ahead of the one that is written: two threads that write wait for none of them.
AHEAD = 1
#: Rows of a part of a folder, at least.
PART_ROWS = 4_000_000


#: Scores parts and finishes them: given the job, their numbers, what must be called before the first is finished, and
#: what is told of rows that are done.
Engine = Callable[["Job", Sequence[int], Callable[[], None], Callable[[int], None]], None]


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that scoring a part needs; it pickles.

    Attributes
    ----------
    program : Program
    inputs : InputFiles
    parts : list of list of Piece
    work : Work
    schema : polars.Schema
        Columns of the output.
    naming : Naming
        Of the results among them.
    """

    program: Program
    inputs: InputFiles
    parts: list[list[Piece]]
    work: Work
    schema: pl.Schema
    naming: Naming


@long_call("orders")
def score_files(
    program: ProgramLike,
    orders: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    rejects: str | Path | None = None,
    part_rows: int | None = None,
    prefix: str = "",
    suffix: str = "",
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> ScoreReport:
    r"""Score files of orders; rows that cannot be used are left out, counted, and written if asked for.

    Memory does not grow with the files. The output appears under its name once it is complete and on the disk. A run
    into a folder that was interrupted or killed resumes at its first unfinished part when called in the same way, and
    the result is byte-identical; a single file starts again.

    Parameters
    ----------
    program : Program
    orders : path or URL, or sequence of them
        ``.csv`` or ``.parquet`` files, or folders of them; see :func:`nector_sim.score` for the columns.
    out : path or URL
        Where the good rows go with their results: ``.parquet``, ``.csv``, ``.xlsx``, or without an ending a folder of
        Parquet parts. A manifest is put beside it (``OUT.manifest.json``).
    rejects : path or URL, optional
        Where the others go with their reasons.
    part_rows : int, optional
        Rows of a part of a folder, at least; left out, 4,000,000. One file has no parts.
    prefix, suffix : str
        As in :func:`nector_sim.score`.
    engine : callable, optional
        Left out, the parts are scored here, one after the other.
    progress : callable, optional
        Called with the number of orders done, and of all orders.

    Returns
    -------
    ScoreReport

    Raises
    ------
    InputError
        If a file cannot be read or written, changes meanwhile, or is written by another run; if a needed column is
        missing; if an unfinished run in that place is of other inputs or another program.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "orders.csv").write_text("order_id,cart_amount,points_balance\na,749.95,5000\n")
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    >>> score_files(program, folder / "orders.csv", out=folder / "scored.csv").scored
    1
    >>> print((folder / "scored.csv").read_text().splitlines()[1])
    a,749.95,5000,offers.0,649,649.00,100.95,min_payable
    """
    program = as_program(program)
    Work.of(Place.of(out), in_parts=engine is not None)  # refuses a name before anything is read
    inputs = open_inputs([orders] if isinstance(orders, str | Path) else list(orders))
    how: dict[str, Any] = {"part_rows": part_rows, "prefix": prefix, "suffix": suffix, "engine": engine}
    return _scored(program, inputs, out=out, rejects=rejects, **how)


@long_call("orders")
def score_inputs(program: Program, inputs: InputFiles, **how: Any) -> ScoreReport:
    """Score orders whose files were opened, here; as :func:`score_files`."""
    return _scored(program, inputs, engine=None, **how)


def _scored(
    program: Program,
    inputs: InputFiles,
    *,
    out: str | Path,
    rejects: str | Path | None,
    part_rows: int | None,
    prefix: str,
    suffix: str,
    engine: Engine | None,
) -> ScoreReport:
    work = Work.of(Place.of(out), in_parts=engine is not None)
    listed = Place.of(rejects) if rejects is not None else None
    _check_places(inputs, work, listed)
    in_parts = work.is_folder or work.joins
    if part_rows is not None and not in_parts:
        raise InputError(f"part_rows= (--part-rows) is for a folder, and {work.out} is one file; leave it out")
    part_rows = part_rows or PART_ROWS
    parts = inputs.parts(part_rows if in_parts else inputs.rows + 1)
    naming = Naming(prefix, suffix)
    schema = scored_schema(program, inputs.schema, typed=work.typed, naming=naming)
    job = Job(program, inputs, parts, work, schema, naming)
    with work.held(), beside("hash") as hashing:
        terms = hashing.submit(_terms, job, part_rows if work.is_folder else None)
        known, notices = _resumed(job, terms, listed)
        if known is not None:
            return _report(known, (), notices)
        try:
            _score(job, terms, engine or one_by_one, teller())
            manifest = _manifest(job, terms.result())
            examples = _examples(job)
            if work.joins:
                _join(job)
            if listed is not None:
                _write_rejects(job, listed)
            work.staged.write_text(json.dumps(manifest, indent=1) + "\n")
            work.publish()
        except BaseException as failure:
            raise _explained(job, failure) from None
    return _report(manifest, examples, notices)


def one_by_one(job: Job, numbers: Sequence[int], begin: Callable[[], Any], done: Callable[[int], None]) -> None:
    """Score parts here, one after the other; the engine of one machine."""
    for number in numbers:
        tally = write_part(job, number, done)
        begin()
        finish_part(job, number, tally)


def write_part(job: Job, number: int, done: Callable[[int], None]) -> Tally:
    """Read, score and write a part and its rejects; told again, it writes the same bytes."""
    tally = Tally()

    def frames() -> Generator[pl.DataFrame, None, None]:
        for piece, frame, broken in read_pieces(job.inputs, job.parts[number], meanwhile=lambda: _load(job.program)):
            from nector_sim.batch.chunks import score_frame

            first = piece.first_row
            how: dict[str, Any] = {"typed": job.work.typed, "naming": job.naming}
            chunk = score_frame(job.program, frame, first_row=first, broken=broken, **how)
            rejects.add(chunk.rejects)
            tally.add(chunk.tally)
            yield chunk.scored
            done(piece.rows)

    with (
        RejectsFile(job.work.rejects(number)) as rejects,
        job.work.part(number).written(attempt=True) as target,
        closing(ahead(frames(), AHEAD)) as scored,
    ):
        write_frames(scored, job.schema, target=target, ending=job.work.ending, decimals=job.program.decimals)
    return tally


def _load(program: Program) -> None:
    """Load the calculator, and make the program ready for it."""
    from nector_sim.batch import plain

    plain.prepare(program)


def finish_part(job: Job, number: int, tally: Tally) -> None:
    """Note that a part is whole, and what is in it."""
    job.inputs.check_unchanged({piece.source for piece in job.parts[number]})
    job.work.report(number).write_text(json.dumps(tally.as_dict()))


def _score(job: Job, terms: Future[dict[str, Any]], engine: Engine, progress: Progress) -> None:
    finished = {number for number in range(len(job.parts)) if job.work.finished(number)}
    rows = sum(piece.rows for number in finished for piece in job.parts[number])
    lock = Lock()

    def done(more: int) -> None:
        nonlocal rows
        with lock:
            rows += more
            progress(rows, job.inputs.rows)

    def begin() -> None:
        if job.work.begun() is None:
            job.work.begin(terms.result())

    progress(rows, job.inputs.rows)
    job.work.make()
    engine(job, [number for number in range(len(job.parts)) if number not in finished], begin, done)
    job.inputs.check_unchanged()


def _resumed(job: Job, terms: Future[dict[str, Any]], rejects: Place | None) -> tuple[dict[str, Any] | None, list[str]]:
    """Look what an earlier run left: the manifest if everything is there already, and what is to be said."""
    work = job.work
    if not work.is_folder:
        left_over = work.left_over()
        work.empty()
        return None, ["an earlier run was stopped; a single file starts again (a folder would resume)"] * left_over

    def finished() -> str:
        there = sum(work.finished(number) is not None for number in range(len(job.parts)))
        return f": {there} of {len(job.parts)} parts are there"

    manifest, notices = resume(work, terms, finished=finished)
    return manifest, notices if manifest is None else [*notices, *_rejects_there(manifest, rejects)]


def _rejects_there(manifest: dict[str, Any], place: Place | None) -> list[str]:
    """What is to be said of rejects that are asked for when the run that had them is over."""
    if place is None or place.exists() or not manifest["rows"]["rejected"]:
        return []
    return [f"{place} was not written, since only a run has the rejects; delete the output with its manifest for one"]


def _terms(job: Job, part_rows: int | None) -> dict[str, Any]:
    """What the bytes of the output depend on."""
    return {
        "program": describe_program(job.program),
        "inputs": job.inputs.described(),
        "part_rows": part_rows,
        "names": [*job.naming],
        "versions": versions(),
    }


def _manifest(job: Job, terms: dict[str, Any]) -> dict[str, Any]:
    total = Tally()
    for number in range(len(job.parts)):
        tally = job.work.finished(number)
        if tally is None:
            raise job.work.not_here(number)
        total.add(tally)
    return terms | {
        "output": {"name": job.work.out.local.name, "parts": parts_of(job.work) if job.work.is_folder else None},
        "rows": {
            "read": total.read,
            "scored": total.scored,
            "rejected": sum(total.rejected.values()),
            "rejected_by_reason": dict(sorted(total.rejected.items())),
        },
        "totals": total.totals(job.program.decimals),
        "notices": total.notices(),
    }


def _report(manifest: dict[str, Any], examples: tuple[str, ...], notices: list[str]) -> ScoreReport:
    rows = manifest["rows"]
    return ScoreReport(rows["read"], rows["scored"], rows["rejected"], examples, (*notices, *manifest["notices"]))


def _examples(job: Job) -> tuple[str, ...]:
    found: list[str] = []
    for frame in each_reject(job.work, len(job.parts)):
        some = frame.head(SHOWN - len(found))
        found.extend(f"row {row}: {why}" for row, why in some.select("row", "reason").iter_rows())
        if len(found) == SHOWN:
            break
    return tuple(found)


def _join(job: Job) -> None:
    """Make one file of all parts, in their order."""
    place = job.work.whole

    def frames() -> Iterator[pl.DataFrame]:
        for number in range(len(job.parts)):
            with job.work.part(number).open() as file, pq.ParquetFile(file) as parquet:
                for batch in parquet.iter_batches(batch_size=PIECE_ROWS):
                    frame: Any = pl.from_arrow(batch)
                    yield frame.cast(dict(job.schema))

    with place.written() as target:
        write_frames(frames(), job.schema, target=target, ending=job.work.out.suffix, decimals=job.program.decimals)


@contextmanager
def _named(place: Place) -> Iterator[None]:
    """Name the rejects where they cannot be written, and not the output."""
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as failure:
        raise told(failure, place, "") from None


def _write_rejects(job: Job, place: Place) -> None:
    with _named(place), place.written() as target:
        write_frames(
            each_reject(job.work, len(job.parts)),
            rejects_schema(job.inputs.schema),
            target=target,
            ending=place.suffix,
            decimals=job.program.decimals,
        )


def _check_places(inputs: InputFiles, work: Work, rejects: Place | None) -> None:
    if rejects is not None:
        rejects.check_writable()
    if rejects is not None and rejects.suffix not in ENDINGS:
        raise InputError(f"{rejects} ends in {rejects.suffix or 'nothing'}; rejects are written as .csv or .parquet")
    check_places(inputs, work, rejects)
    if rejects is not None and rejects in (work.out, work.manifest):
        raise InputError(f"{rejects} is also the output; write the rejects elsewhere")
    if not work.is_folder and work.out.is_folder():
        raise InputError(f"{work.out} is a folder; name a file, or a folder without an ending")
    if work.out.suffix == ".xlsx" and inputs.rows > SHEET_ROWS:
        raise sheet_is_full()
    if work.out.suffix in (".csv", ".xlsx"):
        check_flat(inputs.schema, work.out.suffix)


def _explained(job: Job, failure: BaseException) -> BaseException:
    """What to tell of a failure, after clearing up: finished parts of a folder are kept."""
    finished = sum(job.work.finished(number) is not None for number in range(len(job.parts)))
    kept = ""
    if job.work.is_folder and finished and not job.inputs.changed():
        kept = f"; {finished} of {len(job.parts)} parts are kept, and the same command resumes after them"
    return failed(job.work, failure, kept=kept)
