"""One SQLite file, or a PostgreSQL database: transactions that are whole and durable."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from nector_sim._extras import pip_line
from nector_sim.errors import InputError
from nector_sim.gokwik.migrations import later_columns, migrate, version_of
from nector_sim.gokwik.one_file import Sealing, beside, check_together, seal_of, uri
from nector_sim.gokwik.schema import metadata

#: Connections kept open; calls beyond that wait their turn.
CONNECTIONS = 16
#: Seconds that a transaction waits for another process's before it gives up.
PATIENCE = 20


class Database:
    """Where an integration and its wallets are kept.

    Parameters
    ----------
    where : str or pathlib.Path
        A file's path (made if it does not exist), or a URL such as ``postgresql+psycopg://user@host/name``.
    read_only : bool, optional
        Whether it is looked at only: nothing is made or changed, not even by a migration.

    Raises
    ------
    InputError
        If it cannot be opened, or is an incomplete copy; a password in the URL is not repeated.

    Examples
    --------
    >>> from nector_sim.gokwik import Database
    >>> Database(":memory:")
    Traceback (most recent call last):
        ...
    nector_sim.errors.InputError: the database must be a file, so that nothing is lost; name one, such as gokwik.db
    """

    def __init__(self, where: str | Path, *, read_only: bool = False) -> None:
        url = _url(where)
        #: Whether it is a SQLite file.
        self.is_file = url.get_backend_name() == "sqlite"
        # SQLite has one writer at a time. Queueing for it here is fair and costs nothing; its own way is to poll.
        self._writers: Any = threading.Lock() if self.is_file else nullcontext()
        self._sealing: Sealing | None = None
        # Options may hold a password as well.
        shown = url.set(query={}).render_as_string()
        try:
            if read_only:
                self._open_to_read(url, shown)
            else:
                self._open(url, shown)
        except (DBAPIError, sqlite3.Error, OSError) as error:
            reason = error.orig if isinstance(error, DBAPIError) else getattr(error, "strerror", None) or error
            raise InputError(f"{shown} cannot be used as a database: {reason}") from None

    def _open(self, url: URL, shown: str) -> None:
        path = Path(str(url.database))
        if self.is_file:
            # The file holds customers and a signing secret: nobody but its owner reads it.
            path.touch(mode=0o600)
            seal = seal_of(path)
        self._engine = _sqlite(url) if self.is_file else _postgres(url)
        #: Of the server's own thread, which must not wait: one connection, which gives up at once.
        self._at_once = _sqlite(url, patience=0, connections=1) if self.is_file else self._engine
        with self._cleared():
            with self.writing() as connection:
                self._check_undamaged(connection, shown)
                foreign = _foreign(connection)
                if foreign:
                    raise InputError(
                        f"{shown} has other tables of the names used here ({', '.join(foreign)}); give it a database "
                        "of its own"
                    )
                migrate(connection)
                if self.is_file:
                    check_together(path, seal, connection)
            if self.is_file:
                self._sealing = Sealing(path, self._engine)
                self._sealing.seal()

    def _open_to_read(self, url: URL, shown: str) -> None:
        if self.is_file:
            path = Path(str(url.database))
            seal = seal_of(path)
            # A file that nobody has open is read as it is: for SQLite, looking at it would leave files beside it.
            options = "mode=ro" if beside(path).exists() else "immutable=1"
            self._engine = create_engine(
                "sqlite://",
                creator=lambda: sqlite3.connect(uri(path, options), uri=True, timeout=PATIENCE),
                poolclass=NullPool,
                hide_parameters=True,
            )
        else:
            self._engine = _postgres(url)
        self._at_once = self._engine
        with self._cleared(), self.reading() as connection:
            self._check_undamaged(connection, shown)
            if version_of(connection) == 0:
                raise InputError("the database holds no sandbox; check its name")
            if self.is_file and version_of(connection) > 1:
                check_together(path, seal, connection)

    def _check_undamaged(self, connection: Connection, shown: str) -> None:
        """Refuse a damaged file before anything is read from it or moved in it; a database server sees to its own."""
        if self.is_file and (found := connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()) != "ok":
            raise InputError(f"{shown} is damaged ({' '.join(str(found).split())[:100]}); start from a copy of it")

    @contextmanager
    def _cleared(self) -> Iterator[None]:
        """Close what was opened where it cannot be used."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self, *, at_once: bool = False) -> Iterator[Connection]:
        """Open a transaction that only reads: one consistent view; `at_once` gives up instead of waiting, in a file."""
        with (self._at_once if at_once else self._engine).connect() as connection:
            if not self.is_file:
                # PostgreSQL would give each statement a view of its own.
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that writes: all of it is on disk when the block ends, or nothing, where it raises."""
        with (
            self._writers,
            self._sealed(),
            self._engine.connect().execution_options(nector_writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def _sealed(self) -> Any:
        if self._sealing is not None:
            self._sealing.before_writing()
        return nullcontext()

    def close(self) -> None:
        """Close every connection; after the last one, all of a file's database is in the one file."""
        self._at_once.dispose()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def not_damaged(where: str) -> Iterator[None]:
    """Say of a database that opened and then fails that it is damaged."""
    try:
        yield
    except DBAPIError as error:
        raise InputError(f"{where} is damaged, or no database of the sandbox: {error.orig}") from None


def now() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1000


def _foreign(connection: Connection) -> list[str]:
    """Tables that are there and lack our columns: someone else's."""
    there = inspect(connection)
    later = {name for _, columns in later_columns(version_of(connection)) for name in columns}
    return [
        table.name
        for table in metadata.sorted_tables
        if there.has_table(table.name)
        and not set(table.columns.keys()) - later <= {column["name"] for column in there.get_columns(table.name)}
    ]


def _url(where: str | Path) -> URL:
    if isinstance(where, Path) or "://" not in where:
        return _file(str(where))
    try:
        url = make_url(where)
    except (ArgumentError, ValueError):  # the latter for a port that is none
        raise InputError(
            "the database's URL cannot be read; write postgresql://user@host/name, or a file's path"
        ) from None
    if url.get_backend_name() == "sqlite":
        return _file(url.database or "")
    if url.get_backend_name() != "postgresql":
        raise InputError(f"{url.get_backend_name()} is not a database that is known here; use a file or PostgreSQL")
    # A plain postgresql:// means the driver that the extra brings.
    return url.set(drivername="postgresql+psycopg")


def _file(path: str) -> URL:
    if path in ("", ":memory:"):
        raise InputError("the database must be a file, so that nothing is lost; name one, such as gokwik.db")
    return URL.create("sqlite", database=path)


def _sqlite(url: URL, *, patience: float = PATIENCE, connections: int = CONNECTIONS) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=patience,
        connect_args={"timeout": patience},
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are opened below, not by the driver
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # every commit reaches the disk before it is answered
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # Sealing does it, in its own order

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("nector_bare"):
            # A writer takes its turn at once; a reader that became one could find its view outdated.
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("nector_writes") else "BEGIN")

    return engine


def _postgres(url: URL) -> Engine:
    try:
        engine = create_engine(
            url,
            hide_parameters=True,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_pre_ping=True,
            pool_timeout=PATIENCE,
            connect_args={"connect_timeout": PATIENCE},
        )
    except (ModuleNotFoundError, NoSuchModuleError):
        raise InputError(f"PostgreSQL needs its driver: {pip_line('postgres')}") from None

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        # By itself, PostgreSQL waits for another's lock without an end.
        connection.execute(f"SET statement_timeout = {PATIENCE * 1000}")
        connection.commit()

    return engine
