"""Which program holds when, and the kinds of movements that a ledger has."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from nector_sim.errors import InputError, Problem
from nector_sim.rules.program import Program, ProgramLike, as_program

#: What a program may be given as.
_PROGRAM = (Program, str, Path, Mapping)
#: Every kind of movement, in the order of its codes; ``forgiven`` is a memo and not in the sum.
KINDS = ("opening", "granted", "earned", "given_back", "redeemed", "expired", "taken_back", "forgiven")
#: What each kind does to the points of a customer.
SIGNS = {
    "opening": 1,
    "granted": 1,
    "earned": 1,
    "given_back": 1,
    "redeemed": -1,
    "expired": -1,
    "taken_back": -1,
    "forgiven": 0,
}
#: Before every instant: what holds "from the start" holds from here.
EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Programs in the order in which they hold.

    Attributes
    ----------
    starts : tuple of datetime
        The first instant of each program, in UTC; the first may be :data:`EARLIEST`.
    programs : tuple of Program
    """

    starts: tuple[datetime, ...]
    programs: tuple[Program, ...]

    def position(self, at: datetime) -> int:
        """Position of the program that holds at an instant; -1 before the first."""
        return bisect.bisect_right(self.starts, at) - 1

    @property
    def inactivity(self) -> bool:
        """Whether points expire together, after a time without activity."""
        return any(p.expiry is not None and p.expiry.kind == "inactivity" for p in self.programs)


def make_schedule(
    program: ProgramLike | None = None,
    programs: Iterable[ProgramLike | tuple[datetime | str | None, ProgramLike]] = (),
) -> Schedule:
    """Put programs into the order in which they hold."""
    if isinstance(programs, _PROGRAM):
        raise InputError(f"programs is a {type(programs).__name__}; give a list of programs, or of (from, program)")
    entries = [_entry(item) for item in [*([] if program is None else [program]), *programs]]
    entries.sort(key=lambda entry: entry[0])
    schedule = Schedule(tuple(start for start, _ in entries), tuple(held for _, held in entries))
    if problems := _problems(schedule):
        raise InputError("these programs cannot follow each other:", problems)
    return schedule


def _entry(item: Any) -> tuple[datetime, Program]:
    whole = isinstance(item, _PROGRAM)
    pair = () if whole or not isinstance(item, tuple | list) else tuple(item)
    if not whole and (len(pair) != 2 or not isinstance(pair[1], _PROGRAM)):
        raise InputError(
            f"{type(item).__name__} is no program; give a program, its path or a dict of its fields, alone or behind "
            "its first instant: (from, program)"
        )
    held = as_program(item if whole else pair[1])
    start = held.valid_from if whole else pair[0]
    return (EARLIEST if start is None else held.instant(_time(start)).astimezone(UTC), held)


def _time(start: Any) -> datetime:
    if isinstance(start, datetime):
        return start
    if isinstance(start, date):
        return datetime(start.year, start.month, start.day)
    try:
        return datetime.fromisoformat(start)
    except (TypeError, ValueError):
        raise InputError(
            f"a program begins at {start!r}, which is not a time; write it as 2026-11-23 18:30, or with its zone"
        ) from None


def _problems(schedule: Schedule) -> list[Problem]:
    if not schedule.programs:
        return [Problem("programs", "there is none; give a program")]
    problems = [
        Problem("valid_from", f"two programs begin at {_shown(start)}; give each its own instant")
        for earlier, start in zip(schedule.starts, schedule.starts[1:], strict=False)
        if earlier == start
    ]
    for what in ("currency", "timezone"):
        values = sorted({getattr(program, what) for program in schedule.programs})
        if len(values) > 1:
            problems.append(Problem(what, f"is {' and '.join(values)}; one history has one"))
    kinds = {program.expiry.kind for program in schedule.programs if program.expiry is not None}
    if len(kinds) > 1:
        problems.append(Problem("expiry.kind", "is lots in one and inactivity in another; a history keeps one kind"))
    return problems


def uncovered(schedule: Schedule, instants: Sequence[datetime]) -> Problem | None:
    """Say so where something happens before the first program begins."""
    if not instants or schedule.position(min(instants)) >= 0:
        return None
    return Problem(
        "programs",
        f"the history begins at {_shown(min(instants))}, and the first program at {_shown(schedule.starts[0])}; "
        "give the program that held before",
    )


def _shown(instant: datetime) -> str:
    return "the start" if instant == EARLIEST else f"{instant:%Y-%m-%d %H:%M} UTC"
