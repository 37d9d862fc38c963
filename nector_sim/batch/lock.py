"""A lock that falls when its holder ends, however it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nector_sim.errors import InputError


@contextmanager
def only_one(folder: Path, *, what: str) -> Iterator[None]:
    """Hold a folder for this run alone; it is made if it is not there, and taken away if it is left empty.

    Parameters
    ----------
    folder : pathlib.Path
    what : str
        What the run writes, for the message.

    Raises
    ------
    InputError
        If another run holds it, or it cannot be made.
    """
    path = folder / "lock"
    try:
        descriptor = _open_locked(path, what)
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
            os.close(descriptor)
        if left_empty:
            with suppress(OSError):  # another run has it already
                if os.name == "nt":
                    path.unlink()
                folder.rmdir()


def _open_locked(path: Path, what: str) -> int:
    while True:
        path.parent.mkdir(exist_ok=True)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
        except FileNotFoundError:  # another run has just ended and taken the folder away
            continue
        try:
            _lock(descriptor)
        except OSError:
            os.close(descriptor)
            raise InputError(f"another run is writing {what} right now; wait for it, or write elsewhere") from None
        try:
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except FileNotFoundError:
            pass
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
