"""Where files are: on this machine, or behind a URL that fsspec knows (``s3://``, ``gs://``, ``memory://``).

Every door that takes a file takes it as a :class:`Place`, or refuses a URL by name (:func:`on_this_machine`): none
takes one for a path that does not exist. universal-pathlib, which has such paths too, is not used: the text of its
paths holds the passwords and signatures that :class:`Place` masks, and what runs need beside opening a file (written
whole or not at all, a stamp of size and change, the query of a signed URL) would still be written here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from uuid import uuid4

from nector_sim._extras import pip_line
from nector_sim.errors import InputError
from nector_sim.urls import masked, without_query

#: Bytes of a name that is written to: what systems take, less what the files of a run have beside it.
LONGEST_NAME = 255 - len("..manifest.json.unfinished")
#: How the name ends that a file has while it is written.
UNFINISHED = ".unfinished"
#: Libraries of object stores whose errors are no OSErrors.
_STORES = {"aiobotocore", "aiohttp", "azure", "botocore", "gcsfs", "google"}
#: A URL's scheme, of two letters at least (``C:/`` is a drive), and its slashes, of which pathlib leaves one.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/(/?)")


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder. As a text it shows no password and no query of its URL, also where it is stored.

    Attributes
    ----------
    path : str
        A path of this machine, or a URL with all that it takes to open it.
    """

    path: str = field(repr=False)

    @classmethod
    def of(cls, path: str | Path | Place) -> Place:
        """Make one of a path or URL; ``file://`` and ``local://`` are this machine."""
        if isinstance(path, Place):
            return path
        found = _SCHEME.match(text := str(path))
        if found and not found[2]:
            raise InputError(f"{text} is a URL of which pathlib left one slash; give it as text: {found[1]}://…")
        return cls(text.removeprefix("file://").removeprefix("local://"))

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        return "://" not in self.path

    @property
    def local(self) -> Path:
        """It as a path of this machine."""
        return Path(self.path)

    @property
    def name(self) -> str:
        """Its own name, without the folder."""
        return PurePosixPath(self.bare.replace("\\", "/")).name

    @property
    def suffix(self) -> str:
        """Its ending, in small letters; of a URL, that of its path."""
        return PurePosixPath(self.name).suffix.lower()

    @property
    def bare(self) -> str:
        """It without the query of a URL."""
        return self.path if self.is_local else without_query(self.path)

    def __str__(self) -> str:
        return self.path if self.is_local else masked(self.path)

    def __truediv__(self, name: str) -> Place:
        return Place(str(self.local / name) if self.is_local else f"{self.path.rstrip('/')}/{name}")

    def exists(self) -> bool:
        """Whether something is there."""
        with self._looked_for():
            return self.local.exists() if self.is_local else bool(_as_it_is(self).exists(self.path))

    def is_folder(self) -> bool:
        """Whether it is a folder."""
        with self._looked_for():
            return self.local.is_dir() if self.is_local else bool(_as_it_is(self).isdir(self.path))

    @contextmanager
    def _looked_for(self) -> Iterator[None]:
        try:
            with _asked():
                yield
        except OSError as error:  # such as a name longer than names can be
            raise InputError(f"{self} cannot be looked for: {error.strerror or error}") from None

    def matches(self) -> list[Place]:
        """Every file or folder that its pattern (``*``, ``?``, ``[``) stands for, in the order of their names."""
        if self.is_local:
            root = Path(self.local.anchor)
            return [Place(str(path)) for path in sorted(root.glob(str(self.local.relative_to(root))))]
        filesystem = _as_it_is(self)
        with _asked():
            return [Place(filesystem.unstrip_protocol(path)) for path in sorted(filesystem.glob(self.path))]

    def files(self) -> list[Place]:
        """Every file below it, in the order of their names; not those hidden by a dot or an underscore."""
        if self.is_local:
            found = [Place(str(path)) for path in self.local.rglob("*") if path.is_file()]
        else:
            filesystem = _as_it_is(self)
            with _asked():
                found = [Place(filesystem.unstrip_protocol(path)) for path in filesystem.find(self.path)]
        seen = [file for file in found if not any(part.startswith((".", "_")) for part in file.below(self))]
        return sorted(seen, key=lambda file: file.below(self))

    def below(self, folder: Place) -> tuple[str, ...]:
        """Parts of its path from a folder on."""
        if self.is_local:
            return self.local.relative_to(folder.local).parts
        return tuple(part for part in self.path.removeprefix(folder.path.rstrip("/")).split("/") if part)

    def holds(self, file: Place) -> bool:
        """Whether it is a file, or a folder with the file in it."""
        if self.is_local and file.is_local:
            mine, other = self.local.resolve(), file.local.resolve()
            return other.is_relative_to(mine) or (self.exists() and file.exists() and self.local.samefile(file.local))
        return f"{file.path}/".startswith(f"{self.path.rstrip('/')}/")

    def is_same(self, other: Place) -> bool:
        """Whether two names are of one place."""
        if not (self.is_local and other.is_local):
            return self.path == other.path
        if self.local.absolute() == other.local.absolute():
            return True
        return self.exists() and other.exists() and self.local.samefile(other.local)

    def check_writable(self) -> None:
        """Raise InputError if nothing can be written to it: a URL with a query, a dash, a name that is too long."""
        if self.path == "-":
            raise InputError("results are written into a file or folder, not to the terminal; name one instead of -")
        # Files of a run have this name with something before and behind it.
        if self.is_local and len(os.fsencode(self.local.name)) > LONGEST_NAME:
            raise InputError(
                f"the name {self.local.name[:40]}… is longer than {LONGEST_NAME} bytes; write to a shorter one"
            )
        if self.bare != self.path:
            raise InputError(
                f"{self} has a query, and results need names of their own beside it; write to a URL without one, and "
                "give its credentials as the store's own settings or variables"
            )

    def remove(self) -> None:
        """Take it away with all that is in it, if it is there."""
        if self.exists():
            with _asked():
                _filesystem(self).rm(self.path, recursive=True)

    def stamp(self) -> tuple[int, str]:
        """Size and time of the last change, as far as they are known."""
        if self.is_local:
            status = self.local.stat()
            return status.st_size, str(status.st_mtime_ns)
        with _asked():
            about = _as_it_is(self).info(self.path)
        changed = about.get("ETag") or about.get("etag") or about.get("mtime") or about.get("created") or ""
        return int(about["size"]), str(changed)

    def open(self, mode: str = "rb") -> BinaryIO:
        """Open it for reading or writing bytes."""
        with _asked():
            file: BinaryIO = self.local.open(mode) if self.is_local else _filesystem(self).open(self.path, mode)  # type: ignore[assignment]
        return file

    @contextmanager
    def written(self, *, attempt: bool = False) -> Iterator[Path | BinaryIO]:
        """Something to write its whole content to; it stands there, flushed to disk, when that is done.

        A local path is another name beside it; a URL is a stream, which stores show when it is closed. That name is
        its own with `attempt`: a cluster may begin a task again while the first is still at it.
        """
        if not self.is_local:
            with self._uploaded() as file:
                yield file
            return
        own = f".{uuid4().hex[:8]}" if attempt else ""
        unfinished = self.local.with_name(f".{self.local.name}{own}{UNFINISHED}")
        try:
            yield unfinished
            flush(unfinished)
            unfinished.replace(self.local)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        flush_folder(self.local.parent)

    @contextmanager
    def _uploaded(self) -> Iterator[BinaryIO]:
        """A stream whose object a store shows when it is whole, and never otherwise.

        Not a transaction of fsspec: a file system has one for all threads and files, and what is opened meanwhile is
        committed with it, also when it is not whole.
        """
        store = _filesystem(self)
        with _asked():
            file = store.open(self.path, "wb", autocommit=False)
        with suppress(ValueError, AttributeError):
            store.transaction.files.remove(file)  # it would be kept for a transaction that never is
        try:
            yield file
            with _asked():
                file.close()
        except BaseException:
            with suppress(Exception):  # the failure itself is what is told
                file.close()
            with suppress(Exception):
                file.discard()
            raise
        with _asked():
            file.commit()

    def fetch(self, folder: Path) -> Path:
        """Copy the file into a folder of this machine, under its own name."""
        if not self.exists():
            raise InputError(f"{self} does not exist; check the address")
        import shutil

        path = folder / (self.name or "file")
        try:
            with self.open() as source, path.open("wb") as target:
                shutil.copyfileobj(source, target)
        except OSError as error:
            raise InputError(f"{self} cannot be read: {error.strerror or error}") from None
        return path

    def write_text(self, text: str) -> None:
        """Write it as UTF-8, whole or not at all."""
        with self.written(attempt=True) as target:
            if isinstance(target, Path):
                target.write_text(text, encoding="utf-8", newline="\n")
            else:
                target.write(text.encode())

    def read_text(self) -> str:
        """Read it as UTF-8."""
        with self.open() as file:
            return file.read().decode()


def is_url(path: object) -> bool:
    """Whether a path or a text is a URL of another place than this machine."""
    found = _SCHEME.match(str(path))
    return found is not None and found[1].lower() not in ("file", "local")


def on_this_machine(path: str | Path, instead: str) -> Path:
    """Give the path of a door that knows no URLs; one is refused, and what to do instead is said."""
    if is_url(path):
        raise InputError(f"{path} is a URL, and this is a file of this machine alone; {instead}")
    return Place.of(path).local


@contextmanager
def fetched(given: str) -> Iterator[str]:
    """Give a path of this machine: what a URL names is fetched, under its own name, for as long as the block lasts."""
    place = Place.of(given)
    if place.is_local:
        yield place.path
        return
    import tempfile

    with tempfile.TemporaryDirectory(prefix="nector_sim_") as folder:
        yield str(place.fetch(Path(folder)))


def flush(path: Path) -> None:
    """Have a file's bytes on the disk."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def flush_folder(path: Path) -> None:
    """Have a folder's names on the disk, where the system knows such a thing."""
    if os.name == "nt":
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _asked() -> Iterator[None]:
    """What a store's own library raises, such as for want of a key or a connection, as an OSError like the others."""
    try:
        yield
    except Exception as error:
        if type(error).__module__.partition(".")[0] in _STORES:
            raise OSError(" ".join(str(error).split())) from None
        raise


def _as_it_is(place: Place) -> Any:
    """The file system of a place, without what it remembers of it: workers write there, too."""
    filesystem = _filesystem(place)
    filesystem.invalidate_cache()
    return filesystem


def _filesystem(place: Place) -> Any:
    scheme = place.path.partition("://")[0].lower()
    extra = "s3" if scheme in ("s3", "s3a") else "urls"
    try:
        import fsspec

        return fsspec.core.url_to_fs(place.path)[0]
    except ImportError as error:
        # Which packages other stores need, such as gs://, fsspec itself says.
        ours = scheme in ("http", "https", "s3", "s3a") or error.name == "fsspec"
        how = pip_line(extra) if ours else f"{pip_line(extra)}; {error}"
        raise InputError(f"{scheme}:// addresses need the extra {extra}: {how}") from None
    except ValueError as error:
        raise InputError(f"{place} cannot be reached: {error}") from None
