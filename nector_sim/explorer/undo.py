"""What was typed before, to go back to."""

from __future__ import annotations

import time
from typing import Any

#: Changes of one field that follow each other within this many seconds are one step: a slider that is dragged.
ONE_STEP = 1.0
#: How many steps are kept.
KEPT = 200


class Undo:
    """States of the forms, the last one last.

    Parameters
    ----------
    state : object
        The first state.

    Examples
    --------
    >>> history = Undo({"a": "1"})
    >>> history.note({"a": "2"}, field="a", now=10.0)
    >>> history.note({"a": "3"}, field="a", now=10.5)
    >>> history.note({"a": "3", "b": "1"}, field="b", now=10.6)
    >>> history.undo(), history.undo(), history.undo()
    ({'a': '3'}, {'a': '1'}, None)
    """

    def __init__(self, state: Any) -> None:
        self._states = [state]
        self._field, self._at = "", float("-inf")

    def note(self, state: Any, *, field: str, now: float | None = None) -> None:
        """Keep a new state, in which a field changed."""
        if state == self._states[-1]:
            return
        now = time.monotonic() if now is None else now
        if field and field == self._field and now - self._at < ONE_STEP and len(self._states) > 1:
            self._states[-1] = state
        else:
            self._states = [*self._states[-KEPT:], state]
        self._field, self._at = field, now

    def undo(self) -> Any:
        """Go back one step, and give the state there; None at the beginning."""
        if len(self._states) == 1:
            return None
        self._states.pop()
        self._field = ""
        return self._states[-1]
