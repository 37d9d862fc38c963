"""A run while it is not whole: its finished parts, and what a later run needs to go on from them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from errno import ENOSPC
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from nector_sim.batch.lock import only_one
from nector_sim.batch.tally import Tally
from nector_sim.batch.writers import ENDINGS
from nector_sim.errors import InputError
from nector_sim.places import UNFINISHED, Place, flush_folder


@dataclass(frozen=True, slots=True)
class Work:
    """Where a run keeps things.

    Attributes
    ----------
    out : Place
        What it writes: a file, or a folder of parts.
    ending : str
        Of the file, or of the parts.
    folder : Place
        Its own place, beside `out`.
    parts : Place
        Where finished parts are until all are: in `folder`; in an object store, which cannot rename, in `out`.
    joins : bool
        Whether the parts are joined to one file when all are there.
    """

    out: Place
    ending: str
    folder: Place
    parts: Place
    joins: bool = False

    @classmethod
    def of(cls, out: Place, *, in_parts: bool = False) -> Work:
        """Plan where things go; InputError if `out` has an ending that is not written.

        With `in_parts` also a single file is made of parts, which many workers write.
        """
        out.check_writable()
        if out.suffix not in (*ENDINGS, ""):
            raise InputError(
                f"{out} ends in {out.suffix}; results are written as .csv or .parquet, as .xlsx if a sheet holds them, "
                "or as parts into a folder, which has no ending"
            )
        joins = in_parts and bool(out.suffix)
        ending = ".parquet" if joins else out.suffix or ".parquet"
        if out.is_local:
            folder = Place(str(out.local.absolute().parent / f".{out.local.name}.unfinished"))
            return cls(out, ending, folder, folder / "parts", joins)
        folder = Place(f"{out.path.rstrip('/')}.unfinished")
        return cls(out, ending, folder, folder / "parts" if joins else out, joins)

    @property
    def is_folder(self) -> bool:
        """Whether the output is a folder of parts."""
        return not self.out.suffix

    @property
    def typed(self) -> bool:
        """Whether its columns have types; CSV and sheets keep the texts of orders as they came."""
        return self.out.suffix in ("", ".parquet")

    @property
    def manifest(self) -> Place:
        """Where the manifest goes: beside the output."""
        return Place(f"{self.out.path.rstrip('/')}.manifest.json")

    def part(self, number: int) -> Place:
        """Where a part is."""
        if not self.out.is_local and not self.is_folder and not self.joins:
            return self.out
        return self.parts / f"part-{number:05d}{self.ending}"

    @property
    def whole(self) -> Place:
        """Where a single file is until it gets its name; an object store shows it when it is whole."""
        if self.joins:
            return self.folder / f"joined{self.out.suffix}" if self.out.is_local else self.out
        return self.part(0)

    @property
    def staged(self) -> Place:
        """The manifest, when all else is there and only names are to be given."""
        return self.folder / "manifest.json"

    def report(self, number: int) -> Place:
        """Where it stands what a part holds; it is there when the part is whole."""
        return self.folder / f"part-{number:05d}.json"

    def rejects(self, number: int) -> Place:
        """Where a part's rejects are, if it has any."""
        return self.folder / f"rejects-{number:05d}.arrow"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the output for this run alone, as far as the place can tell: an object store cannot."""
        if not self.out.is_local:
            yield
            return
        with only_one(self.folder.local, what=str(self.out)):
            yield

    def empty(self) -> None:
        """Take away all that this run or one before it has left, but the lock; never a whole output."""
        if not self.out.is_local:
            self.folder.remove()
            if self.is_folder:
                self.out.remove()
            return
        self._empty_but("lock")

    def _empty_but(self, *names: str) -> None:
        for entry in self.folder.local.iterdir():
            if entry.name in names:
                continue
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def make(self) -> None:
        """Make the folder of parts, where there are folders."""
        if self.out.is_local:
            self.parts.local.mkdir(exist_ok=True)

    def left_over(self) -> bool:
        """Whether an earlier run into this output did not end by itself."""
        if self.out.is_local:
            return any(entry.name != "lock" for entry in self.folder.local.iterdir())
        return self.begun() is not None

    def begin(self, terms: dict[str, Any]) -> None:
        """Write down what this run is of."""
        (self.folder / "run.json").write_text(json.dumps(terms, indent=1))

    def begun(self) -> dict[str, Any] | None:
        """What an unfinished run that is here was of, if there is one."""
        file = self.staged if self.staged.exists() else self.folder / "run.json"
        terms: dict[str, Any] | None = json.loads(file.read_text()) if file.exists() else None
        return terms

    def finished(self, number: int) -> Tally | None:
        """What a part holds, if it is whole."""
        report = self.report(number)
        there = report.exists() and self.part(number).exists()
        return Tally.of(json.loads(report.read_text())) if there else None

    def not_here(self, number: int) -> InputError:
        """Make the error of a part that a worker wrote, and that is not here."""
        return InputError(
            f"part {number} of {self.out} was written by a worker, and is not there for this machine; write to an "
            "object store, or to a folder that this machine and all workers share"
        )

    def publish(self) -> None:
        """Give the output its name, and then the manifest; can be done again where it was cut off."""
        if not self.out.is_local:
            self.manifest.write_text(self.staged.read_text())
            self.folder.remove()
            return
        self.manifest.local.unlink(missing_ok=True)  # of an output that is replaced
        if self.is_folder and self.parts.exists():
            for stray in self.parts.local.rglob(f".*{UNFINISHED}"):  # of a worker that was killed
                stray.unlink()
            if self.out.exists():
                self.out.local.rmdir()  # it is empty, or was refused
            self.parts.local.rename(self.out.local)
        elif not self.is_folder:
            self.whole.local.replace(self.out.local)
        self._empty_but("lock", self.staged.local.name)
        # Last, and by its name alone, which needs no room on the disk.
        self.staged.local.replace(self.manifest.local)
        flush_folder(self.out.local.absolute().parent)


def told(failure: BaseException, out: Place, kept: str) -> BaseException:
    """What is told of a failure to the one who runs it, with what is `kept`."""
    if isinstance(failure, OSError | pl.exceptions.PolarsError | pa.ArrowException):
        why = getattr(failure, "strerror", None) or " ".join(str(failure).split())
        if "No space left" in why or getattr(failure, "errno", None) == ENOSPC:
            why = "the disk is full"
        return InputError(f"{out} cannot be written: {why}{kept}")
    if isinstance(failure, KeyboardInterrupt):
        return KeyboardInterrupt(f"stopped{kept}")
    if isinstance(failure, InputError) and kept:
        return InputError(f"{failure.heading}{kept}", failure.problems)
    return failure


def each_reject(work: Work, parts: int) -> Iterator[pl.DataFrame]:
    """Rejects of all parts, in order."""
    for number in range(parts):
        place = work.rejects(number)
        if place.exists():
            with place.open() as file, pa.ipc.open_stream(file) as stream:
                for batch in stream:
                    frame: Any = pl.from_arrow(batch)
                    yield frame


class RejectsFile:
    """Takes rejects as they come, and is whole when its block ends; there is a file only where there are any."""

    def __init__(self, place: Place) -> None:
        self._place, self._open = place, ExitStack()
        self._stream: Any = None

    def __enter__(self) -> RejectsFile:
        return self

    def __exit__(self, *failure: Any) -> None:
        self._open.__exit__(*failure)

    def add(self, rejects: pl.DataFrame) -> None:
        """Write some."""
        if not len(rejects):
            return
        table = rejects.to_arrow(compat_level=pl.CompatLevel.oldest())
        if self._stream is None:
            target = self._open.enter_context(self._place.written(attempt=True))
            file = self._open.enter_context(target.open("wb")) if isinstance(target, Path) else target
            self._stream = self._open.enter_context(pa.ipc.new_stream(file, table.schema))
        self._stream.write_table(table)
