"""Work that waits until nobody moves anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


class Debounce:
    """Calls a function once things have rested for a while.

    Parameters
    ----------
    call : callable
    seconds : float
        How long they must rest.
    """

    def __init__(self, call: Callable[[], None], *, seconds: float) -> None:
        self._call, self._seconds = call, seconds
        self._waiting: Any = None

    def ask(self) -> None:
        """Ask for the call; a call that was asked for before is put off. Without an event loop nothing waits."""
        if self._waiting is not None:
            self._waiting.cancel()
        try:
            self._waiting = asyncio.get_running_loop().call_later(self._seconds, self._call)
        except RuntimeError:
            self._waiting = None
