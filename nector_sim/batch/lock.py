"""A lock that falls when its holder ends, however it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from nector_sim.errors import InputError


@contextmanager
def only_one(folder: Path, *, what: str) -> Iterator[None]:
    """Hold a folder for this run alone; it is made if it is not there, and removed if it is left empty."""
    path = folder / "lock"
    lock = FileLock(path, timeout=0)
    try:
        _acquire(lock, folder)
    except Timeout:
        raise InputError(f"another run is writing {what} right now; wait for it, or write elsewhere") from None
    except OSError as error:
        raise InputError(f"{what} cannot be written: {error.strerror or error} ({folder.parent})") from None
    try:
        yield
    finally:
        try:
            left_empty = [entry.name for entry in folder.iterdir()] == [path.name]
            if left_empty and os.name != "nt":
                path.unlink()  # while it is held, so that it is nobody else's
        finally:
            lock.release()
        if left_empty:
            with suppress(OSError):  # another run has it already
                if os.name == "nt":
                    path.unlink()
                folder.rmdir()


def _acquire(lock: FileLock, folder: Path) -> None:
    while True:
        folder.mkdir(exist_ok=True)
        try:
            lock.acquire()
        except FileNotFoundError:  # another run has just ended and removed the folder
            continue
        return
