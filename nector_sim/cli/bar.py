"""The bar of a command that takes long: what is done, how fast, and the time left. On a terminal alone."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from nector_sim._progress import Progress, listening

#: Seconds after which a call has a bar; most are over by then, and rich takes a tenth of one to load.
SOON = 1.0


def with_bars(function: Callable[..., Any]) -> Callable[..., Any]:
    """A command that shows a bar for each long call."""

    @wraps(function)
    def command(*arguments: Any, **options: Any) -> Any:
        with listening(_shown):
            return function(*arguments, **options)

    return command


@contextmanager
def _shown(steps: str) -> Iterator[Progress | None]:
    if not sys.stderr.isatty():
        yield None
        return
    bar = _Bar(steps)
    timer = threading.Timer(SOON, bar.show)
    timer.daemon = True
    timer.start()
    try:
        yield bar.tell
    finally:
        timer.cancel()
        bar.end()


class _Bar:
    """A bar that appears when a call has taken a while, also before it tells of anything."""

    def __init__(self, steps: str) -> None:
        self._steps, self._began = steps, time.monotonic()
        self._lock, self._ended = threading.Lock(), False
        self._done, self._total = 0, 0
        self._rich: Any = None

    def tell(self, done: int, total: int) -> None:
        """Show how many steps are done."""
        with self._lock:
            self._done, self._total = done, total
        if self._rich is None and time.monotonic() - self._began >= SOON:
            self.show()
        with self._lock:
            self._update()

    def show(self) -> None:
        """Appear."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
        from rich.progress import TimeRemainingColumn as TimeLeftColumn

        with self._lock:
            if self._ended or self._rich is not None:
                return
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeElapsedColumn(),
                TimeLeftColumn(),
            )
            self._rich = Progress(*columns, console=Console(stderr=True), transient=True)
            self._rich.add_task(self._steps, total=None, rate="")
            self._update()
            self._rich.start()

    def _update(self) -> None:
        if self._rich is not None and self._total:
            took = time.monotonic() - self._began
            rate = f"{self._done / took:,.0f} a second" if self._done > took > 0 else ""
            self._rich.update(self._rich.task_ids[0], completed=self._done, total=self._total, rate=rate)

    def end(self) -> None:
        """Disappear."""
        with self._lock:
            self._ended = True
            if self._rich is not None:
                self._rich.stop()
