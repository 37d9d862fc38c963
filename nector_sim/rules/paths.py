"""Fields of a program by dotted path, such as ``offers.0.max_discount``: which there are, and how some are changed."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nector_sim.errors import Problem

if TYPE_CHECKING:
    from nector_sim.rules.program import Program

#: Fields that exclude each other: giving the first to a part takes the second out of it, and sets the kind.
INSTEAD = {
    ("min_payable", "amount"): ("percent", "fixed"),
    ("min_payable", "percent"): ("amount", "percent"),
    ("expiry", "months"): ("days", None),
    ("expiry", "days"): ("months", None),
}


def unknown_path(program: Program, path: str, *, lists: bool = True) -> list[Problem]:
    """What is wrong with a path before any value is tried; nothing if it leads to a field, or a list of them."""
    fields = type(program).model_fields
    names = path.split(".")
    if names[0] not in fields:
        near = difflib.get_close_matches(names[0], fields, n=1)
        return [Problem(path, "is not in a program" + (f"; did you mean {near[0]}?" if near else ""))]
    here = getattr(program, names[0])
    if len(names) == 1 and (lists or not isinstance(here, tuple)):
        return []
    if isinstance(here, tuple):
        if len(names) < 3 or not names[1].isdecimal() or int(names[1]) >= len(here):
            return [
                Problem(path, f"does not lead to a field; {names[0]} are numbered from 0, and there are {len(here)}")
            ]
        names = names[1:]
    if len(names) > 2:
        return [Problem(path, f"goes too deep: {path.removesuffix('.' + names[-1])} has no fields of its own")]
    return []


def changed(program: Program, setting: Mapping[str, Any]) -> dict[str, Any]:
    """The program's fields as plain data, with those of a setting in place; None leaves a field out."""
    data = program.model_dump(exclude_none=True)
    for path, value in setting.items():
        *way, name = path.split(".")
        here: Any = data
        for step in way:
            if isinstance(here, list | tuple):
                here = here[int(step)]
            else:
                here[step] = list(here[step]) if isinstance(here.get(step), tuple) else here.get(step, {})
                here = here[step]
        other, kind = INSTEAD.get((way[0], name), (None, None)) if len(way) == 1 else (None, None)
        if other is not None:
            here.pop(other, None)
        if kind is not None:
            here["kind"] = kind
        if value is None:
            here.pop(name, None)
        else:
            here[name] = value
    if data.get("min_payable") == {"kind": "fixed"} or data.get("min_payable") == {"kind": "percent"}:
        del data["min_payable"]
    if setting.keys() & {"expiry.months", "expiry.days"} and not data["expiry"].keys() & {"months", "days"}:
        del data["expiry"]
    return data
