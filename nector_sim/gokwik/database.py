"""One SQLite file, or a PostgreSQL database: transactions that are whole and durable."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from nector_sim._extras import pip_line
from nector_sim.errors import InputError
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

    Raises
    ------
    InputError
        If it cannot be opened; a password in the URL is not repeated.

    Examples
    --------
    >>> from nector_sim.gokwik import Database
    >>> Database(":memory:")
    Traceback (most recent call last):
        ...
    nector_sim.errors.InputError: the database must be a file, so that nothing is lost; name one, such as gokwik.db
    """

    def __init__(self, where: str | Path) -> None:
        url = _url(where)
        #: Whether it is a SQLite file.
        self.is_file = url.get_backend_name() == "sqlite"
        # SQLite has one writer at a time. Queueing for it here is fair and costs nothing; its own way is to poll.
        self._writers: Any = threading.Lock() if self.is_file else nullcontext()
        try:
            self._engine = _sqlite(url) if self.is_file else _postgres(url)
            with self.writing() as connection:
                foreign = _foreign(connection)
                if not foreign:
                    metadata.create_all(connection)
        except (DBAPIError, OSError) as error:
            reason = error.orig if isinstance(error, DBAPIError) else error.strerror
            # Options may hold a password as well.
            shown = url.set(query={}).render_as_string()
            raise InputError(f"{shown} cannot be used as a database: {reason}") from None
        if foreign:
            self.close()
            raise InputError(
                f"{url.set(query={}).render_as_string()} has other tables of the names used here "
                f"({', '.join(foreign)}); give it a database of its own"
            )

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that only reads: one consistent view."""
        with self._engine.connect() as connection:
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
            self._engine.connect().execution_options(nector_writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        """Close every connection."""
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
    return [
        table.name
        for table in metadata.sorted_tables
        if there.has_table(table.name)
        and not set(table.columns.keys()) <= {column["name"] for column in there.get_columns(table.name)}
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


def _sqlite(url: URL) -> Engine:
    # The file holds customers and a signing secret: nobody but its owner reads it.
    Path(str(url.database)).touch(mode=0o600)
    engine = create_engine(
        url, hide_parameters=True, pool_size=CONNECTIONS, max_overflow=0, connect_args={"timeout": PATIENCE}
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are opened below, not by the driver
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # every commit reaches the disk before it is answered
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes its turn at once; a reader that became one could find its view outdated.
        writes = connection.get_execution_options().get("nector_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgres(url: URL) -> Engine:
    try:
        return create_engine(
            url, hide_parameters=True, pool_size=CONNECTIONS, max_overflow=0, pool_pre_ping=True, pool_timeout=PATIENCE
        )
    except (ModuleNotFoundError, NoSuchModuleError):
        raise InputError(f"PostgreSQL needs its driver: {pip_line('postgres')}") from None
