"""What people hand over instead of one file: folders, patterns, several files, and packed ones."""

from __future__ import annotations

import glob
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from nector_sim.errors import InputError

#: The most that a packed file may hold, in bytes.
MOST_UNPACKED = 4 << 30
#: The most that an Excel file may hold once unpacked.
_MOST_CELLS = 512 << 20
_BLOCK = 1 << 24
#: Endings of files that are tables; in a folder, all others are left alone.
ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".parquet", ".json", ".jsonl", ".ndjson", ".gz", ".zip")


def paths_of(sources: Iterable[str | Path]) -> tuple[list[Path], list[str]]:
    """The files that paths, folders and patterns name, and those of a folder that are no tables."""
    found: list[Path] = []
    ignored: list[str] = []
    for one in sources:
        path = Path(one)
        try:
            folder, there = path.is_dir(), path.exists()
        except OSError as error:  # such as a name longer than names can be
            raise InputError(f"{path} cannot be looked for: {error.strerror or error}") from None
        if folder:
            files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
            tables = [file for file in files if file.suffix.lower() in ENDINGS]
            if not tables:
                raise InputError(f"{path} is a folder without a table; name the file, or put the exports there")
            found += tables
            ignored += [file.name for file in files if file not in tables]
        elif not there and any(sign in str(one) for sign in "*?["):
            matches = sorted(Path(file) for file in glob.glob(str(one)) if Path(file).is_file())  # noqa: PTH207
            if not matches:
                raise InputError(f"{one} fits no file; check the pattern")
            found += matches
        else:
            found.append(path)
    return list(dict.fromkeys(found)), ignored


def unpacked(path: Path) -> bytes:
    """What a gzip file holds."""
    blocks, size = [], 0
    try:
        with gzip.open(path) as file:
            while block := file.read(_BLOCK):
                size += len(block)
                if size > MOST_UNPACKED:
                    raise InputError(f"{path} unpacks to more than {MOST_UNPACKED >> 30} GB; unpack it, and split it")
                blocks.append(block)
    except InputError:
        raise
    except (OSError, EOFError, zlib.error):
        raise InputError(f"{path} is a damaged or unfinished gzip file; download it again") from None
    return blocks[0] if len(blocks) == 1 else b"".join(blocks)


def is_workbook(path: Path, data: bytes | None = None) -> bool:
    """Whether a zip is an Excel workbook; one of another office is refused by name."""
    try:
        with zipfile.ZipFile(path if data is None else io.BytesIO(data)) as archive:
            names, size = archive.namelist(), sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError):
        return True  # damaged, which the reader of workbooks says
    if "content.xml" in names:
        raise InputError(f"{path} is a LibreOffice document; save it there as CSV or as an Excel workbook (.xlsx)")
    if not any(name.startswith("xl/") for name in names):
        return False
    if size > _MOST_CELLS:
        raise InputError(f"{path} unpacks to more than 512 MB, some ten million cells; export it again as CSV")
    return True


def members(path: Path) -> list[tuple[str, bytes]]:
    """The tables in a zip, each with its name."""
    found = []
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [
                entry
                for entry in archive.infolist()
                if not entry.is_dir()
                and Path(entry.filename).suffix.lower() in ENDINGS[:9]
                and not Path(entry.filename).name.startswith((".", "__MACOSX"))
                and not entry.filename.startswith("__MACOSX")
            ]
            if not entries:
                count = len(archive.namelist())
                raise InputError(f"{path} is a zip of {count} files without a table (CSV, Excel, Parquet, JSON)")
            if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
                raise InputError(f"{path} unpacks to more than {MOST_UNPACKED >> 30} GB; unpack it, and split it")
            for entry in sorted(entries, key=lambda entry: entry.filename):
                if entry.flag_bits & 1:
                    raise InputError(f"{path} is a zip with a password; unpack it, and name the file in it")
                with archive.open(entry) as file:
                    data = file.read(entry.file_size + 1)
                found.append((entry.filename, data))
    except InputError:
        raise
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, NotImplementedError, RuntimeError, ValueError):
        raise InputError(
            f"{path} is a damaged zip, or packed in an unusual way; unpack it, and name the file"
        ) from None
    return found
