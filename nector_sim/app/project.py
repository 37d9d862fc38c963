"""The project: which orders, settings and assumptions are on the table; saved with every change, and undone."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nector_sim._data import data_path
from nector_sim.batch.lock import only_one
from nector_sim.economics.assumptions import load_assumptions
from nector_sim.errors import InputError
from nector_sim.rules.fields import values_of
from nector_sim.rules.program import load_program

#: Changes of one field that follow each other within this many seconds are one step: a slider that is dragged.
ONE_STEP = 1.0
#: Steps that are kept.
KEPT = 100
#: The variable that names another folder for projects.
FOLDER = "NECTOR_SIM_PROJECT"
_VERSION = 1
#: Parts that projects of before did not have.
_ADDED = ("asked", "scenarios")

State = dict[str, Any]


def default_folder() -> Path:
    """Where the project is kept if nobody names a place: in the user's home."""
    return Path(os.environ.get(FOLDER) or Path.home() / ".nector_sim" / "project")


def first_state() -> State:
    """The example shop, under the documented setting and the example's assumptions."""
    program = load_program(data_path("programs/gokwik-example-with-earning.toml"))
    believed = load_assumptions(data_path("assumptions/example.toml"))
    setting = values_of(program.model_dump())
    return {
        "orders": {"shop": "grocery"},
        "today": setting,
        "proposal": setting,
        "assumptions": values_of(believed.model_dump()),
        "replayed": True,
        "asked": {},
        "scenarios": [],
    }


class Project:
    """A state with its history, in a folder that its owner alone can read.

    Parameters
    ----------
    folder : pathlib.Path

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Project(Path(folder)) as project:
    ...         project.change({"replayed": False}, field="replayed")
    ...     with Project(Path(folder)) as again:
    ...         before = again.state["replayed"]
    ...         again.undo()
    ...         before, again.state["replayed"]
    True
    (False, True)
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state: State = first_state()
        self.notice = ""
        self._past: list[State] = []
        self._future: list[State] = []
        self._field, self._at = "", float("-inf")
        self._held = contextlib.ExitStack()
        self._is_kept = True

    def __enter__(self) -> Project:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._held.enter_context(only_one(self.folder, what="the project"))
            self._read()
        except (InputError, OSError):
            self._is_kept = False
            self.notice = (
                "The app is open a second time, or its folder cannot be written: what you do here is not kept "
                "when the app stops."
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    @property
    def file(self) -> Path:
        """The project's file."""
        return self.folder / "project.json"

    @property
    def uploads(self) -> Path:
        """The folder of copies of files that were dropped on the page."""
        return self.folder / ("files" if self._is_kept else f"files-{os.getpid()}")

    @property
    def can_undo(self) -> bool:
        """Whether there is a step back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step forth."""
        return bool(self._future)

    def change(self, parts: Mapping[str, Any], *, field: str = "", drag: bool = False) -> None:
        """Replace parts of the state; quick changes of one field are one step, and so is a drag however slow."""
        state = {**self.state, **parts}
        if state == self.state:
            return
        now = time.monotonic()
        if not (field and field == self._field and (drag or now - self._at < ONE_STEP) and self._past):
            self._past = [*self._past[-KEPT:], self.state]
        self.state, self._future = state, []
        self._field, self._at = field, now
        self.save()

    def undo(self) -> bool:
        """Go a step back."""
        return self._move(self._past, self._future)

    def redo(self) -> bool:
        """Go a step forth."""
        return self._move(self._future, self._past)

    def replace(self, state: State) -> None:
        """Take a state as the only one, with no way back: what it replaces is gone."""
        self.state, self._past, self._future, self._field = state, [], [], ""
        self.save()

    def save(self) -> None:
        """Write the project; a crash leaves the old file or the new one."""
        if not self._is_kept:
            return
        data = {"version": _VERSION, "state": self.state, "past": self._past, "future": self._future}
        part = self.file.with_suffix(".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(data, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.file)

    def clear_uploads(self) -> None:
        """Delete the copies of files."""
        shutil.rmtree(self.uploads, ignore_errors=True)

    def close(self) -> None:
        """Delete what a project that is not kept leaves."""
        if not self._is_kept:
            self.clear_uploads()

    def _move(self, here: list[State], there: list[State]) -> bool:
        if not here:
            return False
        there.append(self.state)
        self.state, self._field = here.pop(), ""
        self.save()
        return True

    def _read(self) -> None:
        if not self.file.exists():
            return
        try:
            data = json.loads(self.file.read_text(encoding="utf-8"))
            states = [data["state"], *data["past"], *data["future"]]
            for state in states:
                state |= {name: self.state[name] for name in _ADDED if name not in state}
            if data["version"] != _VERSION or any(set(state) != set(self.state) for state in states):
                raise ValueError
        except (ValueError, KeyError, TypeError):
            spare = self.file.with_suffix(".unreadable")
            self.file.replace(spare)
            self.notice = f"The saved project could not be read, so this is a new one; the old file is kept as {spare}."
            return
        self.state, self._past, self._future = data["state"], data["past"], data["future"]
