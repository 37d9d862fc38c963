"""TOML files as people write them: a few fields, never megabytes of them and never a hundred tables deep."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

#: Bytes of a file, and tables within tables, at most; beyond, the reader's memory has no measure.
MOST, DEEPEST = 1 << 20, 32
_NAMES = re.compile(r"[\w\"'-]+(?:[ \t]*\.[ \t]*[\w\"'-]+)*")
_BRACKETS = re.compile(r"(?:\[\s*)+")


def read_toml(path: Path, **how: Any) -> dict[str, Any]:
    """Read a file with ``tomllib`` (and its keywords); also what is too large or too deep is its ValueError."""
    with path.open("rb") as file:
        data = file.read(MOST + 1)
    if len(data) > MOST:
        raise tomllib.TOMLDecodeError(f"it is larger than {MOST >> 20} MiB, which no such file needs")
    text = data.decode("utf-8-sig").replace("\r\n", "\n")
    dots = max((found[0].count(".") for found in _NAMES.finditer(text)), default=0)
    brackets = max((found[0].count("[") for found in _BRACKETS.finditer(text)), default=0)
    if max(dots, brackets) > DEEPEST:
        raise tomllib.TOMLDecodeError(f"it has more than {DEEPEST} tables or lists within each other")
    return tomllib.loads(text, **how)
