"""All of a SQLite database in the one file: how a copy that is not whole is recognised.

While a database is in use, its last transactions are in a file beside it (``-wal``), and a copy of the one file lacks
them without looking so. Therefore the one file says so itself: while in use it says "sealed", and the file beside it
takes that back. Where all of it is moved into the one file, when the last connection closes, the taking back comes
along. A file that says "sealed" and has no file beside it is a copy of one that was in use.
"""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from sqlalchemy import Connection, Engine

from nector_sim.errors import InputError

#: Bytes of the file beside at which it is moved into the one file.
LARGE = 4 * 2**20


class Seal(NamedTuple):
    """What a database says of itself."""

    sealed: bool
    generation: str


def beside(path: Path) -> Path:
    """The file of the last transactions."""
    return path.with_name(path.name + "-wal")


def uri(path: Path, options: str) -> str:
    """A SQLite URI of a file."""
    return f"file:{quote(str(path.absolute()))}?{options}"


def seal_of(path: Path) -> Seal:
    """What the one file says, without the file beside it; nothing is written."""
    alone = not beside(path).exists()
    with closing(sqlite3.connect(uri(path, "immutable=1"), uri=True)) as connection:
        try:
            row = connection.execute("SELECT sealed, generation FROM database_state").fetchone()
        except sqlite3.OperationalError:  # no such table: it is new, or of an earlier version, or another's
            row = None
    seal = Seal(bool(row[0]), str(row[1])) if row else Seal(False, "")
    if seal.sealed and alone:
        _refuse(path)
    return seal


def check_together(path: Path, seal: Seal, connection: Connection) -> None:
    """Refuse a file that is older than the one beside it."""
    row = connection.exec_driver_sql("SELECT generation FROM database_state").one_or_none()
    if seal.sealed and row is not None and row[0] != seal.generation:
        _refuse(path)


def _refuse(path: Path) -> None:
    raise InputError(
        f"{path} is not whole: it was copied while it was in use, or {beside(path).name} is missing beside it; stop "
        "the sandbox and copy it again, or copy both files"
    )


class Sealing:
    """Keeps the one file's word true while it is in use.

    Parameters
    ----------
    path : Path
    engine : sqlalchemy.Engine
        Whose connections open no transaction by themselves where the option ``nector_bare`` is set.
    """

    def __init__(self, path: Path, engine: Engine) -> None:
        self._beside = beside(path)
        self._engine = engine
        self._large = LARGE

    def before_writing(self) -> None:
        """Seal the file where it is whole, so before the first transaction; and now and then move all of it into it."""
        size = self._beside.stat().st_size if self._beside.exists() else 0
        if not 0 < size < self._large:
            self.seal()
            # Where a reader did not let all of it be moved, it is tried again later.
            size = self._beside.stat().st_size if self._beside.exists() else 0
            self._large = max(LARGE, 2 * size)

    def seal(self) -> None:
        """Move all of it into the one file, which then says "sealed"; the file beside it takes that back."""
        with self._engine.connect().execution_options(nector_bare=True) as connection:
            change = "UPDATE database_state SET sealed = 1, generation = ?"
            connection.exec_driver_sql(change, (uuid.uuid4().hex,))
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()
            connection.exec_driver_sql("UPDATE database_state SET sealed = 0")
