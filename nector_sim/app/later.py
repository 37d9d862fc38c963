"""What is worked out in the background: where, what it rests on, and how far it has come. Each tab has a line here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from nector_sim.app.setting import around
from nector_sim.errors import InputError
from nector_sim.exploration.session import Outcome, Session

if TYPE_CHECKING:
    from nector_sim.app.desk import Desk

#: What the figures of the page rest on, by parts of the project's state.
FIGURES = ("orders", "today", "proposal", "assumptions", "replayed")
Part = str | Callable[[Mapping[str, Any]], Any]
#: What a choice among settings rests on: of the proposal, what the sliders do not move.
CHOICE: tuple[Part, ...] = ("orders", "today", around, "assumptions", "replayed")


def of_groups(state: Mapping[str, Any]) -> Any:
    """Of what was typed to find out: when a test begins, and how many customers are in it."""
    return _typed(state, "start", "percent")


def of_reading(state: Mapping[str, Any]) -> Any:
    """Of what was typed to find out: the test that ran."""
    return _typed(state, "groups", "began", "ends", "drawn")


def _typed(state: Mapping[str, Any], *names: str) -> list[str]:
    typed = state["asked"].get("find", {})
    return [typed.get(name, "") for name in names]


#: By name: the function below `nector_sim.app` that works it out, and what it rests on. What was typed into a tab is
#: ``asked.<tab>``. A module is loaded when it is first asked for.
WORKS: dict[str, tuple[str, tuple[Part, ...]]] = {
    "ranges": ("figures.headline_ranges", FIGURES),
    "levers": ("figures.levers", FIGURES),
    "pictures": ("figures.setting_pictures", FIGURES),
    "examples": ("orders.found", FIGURES),
    "sure": ("sure.sure", FIGURES),
    "which": ("choosing.which", (*CHOICE, "asked.which")),
    "scenarios": ("scenarios.side_by_side", (*FIGURES, "scenarios")),
    "winners": ("winning.winning", (*CHOICE, "asked.which")),
    "ahead": ("ahead.ahead", FIGURES),
    "owed": ("ahead.owed", FIGURES),
    "plan": ("finding.plan", FIGURES),
    "groups": ("finding.groups", ("orders", "today", "replayed", of_groups)),
    "reading": ("finding.reading", ("orders", "today", "assumptions", "replayed", of_reading)),
}
#: How many things are remembered.
KEPT = 80


class Superseded(Exception):
    """Something newer is asked for."""


@dataclass(frozen=True)
class Asked:
    """One thing to work out, for the state as it was when it was asked for."""

    desk: Desk
    session: Session
    outcome: Outcome
    state: Mapping[str, Any]
    query: Mapping[str, str]
    check: Callable[[], None]
    progress: list[int] = field(default_factory=lambda: [0, 0])

    def typed(self, tab: str) -> Mapping[str, str]:
        """What was typed into a tab."""
        found: Mapping[str, str] = self.state["asked"].get(tab, {})
        return found

    def go_on(self) -> None:
        """Called before each piece of work: ends it when something newer is asked for."""
        self.check()
        self.progress[0] += 1

    def remember(self, name: str, parts: Sequence[Part], make: Callable[[], Any]) -> Any:
        """What was made before while these parts were the same, or made now; one of each name is kept."""
        return self.desk.later.remembered(name, mark_of(self.state, parts), make, self.check)

    def pieces(self, number: int) -> None:
        """Say how many pieces of work there are: the page shows how many are done."""
        self.progress[:] = [0, number]


class Later:
    """The works of a desk.

    Parameters
    ----------
    desk : Desk
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._running: dict[str, list[int]] = {}
        self._kept: dict[str, tuple[str, Any]] = {}

    def marks(self) -> dict[str, str]:
        """For each work, of which state its answer is: the page asks anew when it changes."""
        return {what: self._mark(what) for what in WORKS}

    def progress(self) -> dict[str, list[int]]:
        """For each work that is under way, the pieces that are done and how many there are."""
        return {what: list(progress) for what, progress in self._running.items() if progress[1]}

    def work(self, what: str, mark: str, query: Mapping[str, str] | None = None) -> Any:
        """Work something out for the state with this mark, unless what it rests on changes."""
        if what not in WORKS:
            raise InputError("The page asked for something that this version of the app does not know.")

        def check() -> None:
            if self._mark(what) != mark:
                raise Superseded

        with self._desk.lock:
            session, outcome, state = self._desk.session, self._desk.outcome, self._desk.project.state
        check()
        if session is None or outcome is None:
            return None
        asked = Asked(self._desk, session, outcome, state, query or {}, check)
        module, _, function = WORKS[what][0].partition(".")
        self._running[what] = asked.progress
        try:
            found = getattr(import_module(f"nector_sim.app.{module}"), function)(asked)
        finally:
            if self._running.get(what) is asked.progress:
                del self._running[what]
        check()
        return found

    def remembered(self, name: str, mark: str, make: Callable[[], Any], check: Callable[[], None]) -> Any:
        """As :meth:`Asked.remember`; not kept if something newer came in between."""
        kept = self._kept.get(name)
        if kept is not None and kept[0] == mark:
            return kept[1]
        made = make()
        check()
        self._kept.pop(name, None)
        self._kept[name] = (mark, made)
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]  # the oldest
        return made

    def _mark(self, what: str) -> str:
        return mark_of(self._desk.project.state, WORKS[what][1])


def mark_of(state: Mapping[str, Any], parts: Sequence[Part]) -> str:
    """A short text that differs wherever one of these parts of a state does."""
    found = [part(state) if callable(part) else _part(state, part) for part in parts]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()[:16]


def _part(state: Mapping[str, Any], name: str) -> Any:
    first, _, below = name.partition(".")
    return state[first].get(below) if below else state[first]
