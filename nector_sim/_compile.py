"""The one way to compile a loop and keep what was compiled, wherever the process runs.

numba keeps compiled code beside the source or below the home folder, ends with an error where it can write to neither
(a container's read-only root, a service without a home), and has a full disk fail the call that is computed. Here the
code is kept in numba's own place, else in a private folder for temporary files, else not at all, with one note.

numba's classes for its cache are private; they are used in this file alone.
"""

# The classes are numba's business.
# mypy: allow-untyped-defs, allow-untyped-calls, allow-subclassing-any

from __future__ import annotations

import contextlib
import logging
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, overload

from numba import njit
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator, _SourceFileBackedLocatorMixin
from numba.extending import register_jitable

__all__ = ["compiled", "register_jitable"]

_log = logging.getLogger("nector_sim")
#: Notes that were given, each once in a process.
_given: set[str] = set()


_Loop = TypeVar("_Loop", bound=Callable[..., Any])


@overload
def compiled(function: _Loop, **options: Any) -> _Loop: ...
@overload
def compiled(function: None = None, **options: Any) -> Callable[[_Loop], _Loop]: ...
def compiled(function: Any = None, **options: Any) -> Any:
    """Compile a function when it is first called, free of the GIL; a decorator with or without numba's options."""
    if function is None:
        return lambda given: compiled(given, **options)
    dispatcher = njit(**{"nogil": True, **options})(function)
    try:
        dispatcher._cache = _Kept(function)
    except (RuntimeError, OSError):  # no place can be written to
        _note_that_nothing_is_kept("no folder for it can be written to")
    return dispatcher


def _note_once(level: int, note: str) -> None:
    """The command line prints notes; elsewhere Python shows warnings alone."""
    if note not in _given:
        _given.add(note)
        _log.log(level, "%s", note)


def _note_that_nothing_is_kept(why: str) -> None:
    _note_once(
        logging.WARNING,
        f"note: compiled code is not kept ({why}), so each run compiles again, for half a minute; "
        "set NUMBA_CACHE_DIR to a folder that can be written to",
    )


def _private_folder() -> Path | None:
    """A folder for temporary files that nobody else can write to: what is loaded from it is run."""
    if not hasattr(os, "geteuid"):
        return None
    folder = Path(tempfile.gettempdir()) / f"nector_sim_{os.geteuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            return None
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return None


class _TemporaryLocator(_SourceFileBackedLocatorMixin, _CacheLocator):
    """The private folder as a place of numba's cache."""

    def __init__(self, py_func, py_file):
        self._py_file, self._lineno = py_file, py_func.__code__.co_firstlineno
        folder = _private_folder()
        if folder is None:
            raise OSError("no private folder for temporary files")
        self._cache_path = str(folder / self.get_suitable_cache_subpath(py_file))

    def get_cache_path(self):
        return self._cache_path


class _Places(CompileResultCacheImpl):
    _locator_classes = [*CompileResultCacheImpl._locator_classes, _TemporaryLocator]  # noqa: RUF012 # numba's own way


class _Kept(FunctionCache):
    """numba's cache, which a full or read-only disk, an older version's code or a damaged file only makes slower."""

    _impl_class = _Places

    def load_overload(self, sig, target_context):
        found = None
        try:
            found = super().load_overload(sig, target_context)
        except OSError:
            pass
        except Exception:  # a pickle raises anything: numba opens it before it asks whether it is of this source
            with contextlib.suppress(OSError):
                self.flush()
        if found is None:
            _note_once(logging.INFO, "note: compiling, once on a new installation; it takes about 20 s")
        return found

    def save_overload(self, sig, data):
        try:
            super().save_overload(sig, data)
        except OSError as error:
            self.disable()
            _note_that_nothing_is_kept(f"{self.cache_path}: {error.strerror or error}")
