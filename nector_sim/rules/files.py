"""Files of fields as people write them: TOML or JSON, never megabytes of it and never a hundred tables deep."""

from __future__ import annotations

import json
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from nector_sim.errors import InputError
from nector_sim.places import Place

#: Bytes of a file, and tables within tables, at most; beyond, the reader's memory has no measure.
MOST, DEEPEST = 1 << 20, 32
_NAMES = re.compile(r"[\w\"'-]+(?:[ \t]*\.[ \t]*[\w\"'-]+)*")
_BRACKETS = re.compile(r"(?:\[\s*)+")


def read_fields(path: str | Path, what: str, *, refused: type[InputError] = InputError) -> dict[str, Any]:
    """Read a file or URL of fields, numbers as decimals: JSON where its name ends so, else TOML.

    Whatever is wrong is said in one way; `what` it is, such as "a grid file", helps to write one that is missing.
    """
    place = Place.of(path)
    is_json = place.suffix == ".json"
    try:
        with place.open() as file:
            data = file.read(MOST + 1)
    except FileNotFoundError:
        raise refused(f"{place} does not exist; check the name, or write {what} there") from None
    except OSError as error:
        raise refused(f"{place} cannot be read: {error.strerror or error}") from None
    try:
        if len(data) > MOST:
            raise ValueError(f"it is larger than {MOST >> 20} MiB, which no such file needs")
        text = data.decode("utf-8-sig")
        fields = parse_json(text) if is_json else parse_toml(text)
    except UnicodeDecodeError:
        raise refused(f"{place} cannot be read: it is not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise refused(f"{place} is not {'JSON' if is_json else 'TOML'}: {error}") from None
    if not isinstance(fields, dict):
        raise refused(f"{place} must hold one table of fields, as in data/programs/gokwik-example.toml")
    return fields


def parse_json(text: str) -> Any:
    """JSON with numbers as decimals; a name that appears twice is a ValueError."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) != len(pairs):
            raise ValueError(f"a field appears twice in {{{', '.join(key for key, _ in pairs)}}}")
        return fields

    return json.loads(text, parse_float=Decimal, object_pairs_hook=once)


def parse_toml(text: str) -> dict[str, Any]:
    """TOML with numbers as decimals; what is too deep is a ValueError."""
    text = text.replace("\r\n", "\n")
    if any(
        found[0].count(sign) > DEEPEST
        for runs, sign in ((_NAMES, "."), (_BRACKETS, "["))
        for found in runs.finditer(text)
    ):
        raise ValueError(f"it has more than {DEEPEST} tables or lists within each other")
    return tomllib.loads(text, parse_float=Decimal)
