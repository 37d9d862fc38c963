"""How a call that takes long says how far it is, and how it ends soon after Ctrl+C. One way for all of them.

A public call that takes long has an argument ``progress`` and is marked by :func:`long_call`. Within it, whoever has
the loop calls :func:`tell`; nobody passes the listener on. A call within another one is silent, unless it is given a
listener itself. The command line shows a bar by :func:`listening`, with no argument at all.

Python notices Ctrl+C between two steps of the main thread, and a compiled loop is one step. So such loops run in
:func:`side_by_side`: other threads take short parts, the main thread waits, and waiting ends at once.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

#: Called with the number of steps done, and of all steps.
Progress = Callable[[int, int], object]
#: Shows a call's progress while it is entered, given what its steps are.
Listener = Callable[[str], AbstractContextManager[Progress | None]]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_Item = TypeVar("_Item")
#: Who is told by the call that runs, and who shows a call that was given nobody to tell.
_told: ContextVar[Progress | None] = ContextVar("told", default=None)
_shown: ContextVar[Listener | None] = ContextVar("shown", default=None)
#: Seconds after which a wait looks up: on Windows, nothing else ends one.
_LOOK_UP = 0.2


def long_call(steps: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Mark a call that takes long: ``steps`` says what it counts, and its argument ``progress`` is who is told."""

    def marked(function: Callable[_P, _R]) -> Callable[_P, _R]:
        @wraps(function)
        def call(*arguments: _P.args, **options: _P.kwargs) -> _R:
            given = options.get("progress")
            with _entered(given if callable(given) else None, steps):
                return function(*arguments, **options)

        return call

    return marked


@contextmanager
def _entered(given: Progress | None, steps: str) -> Iterator[None]:
    listener = _shown.get()
    shown = _shown.set(None)  # a call within this one is a part of it
    try:
        if given is not None or listener is None:
            told = _told.set(given)
            try:
                yield
            finally:
                _told.reset(told)
        else:
            with listener(steps) as progress:
                told = _told.set(progress)
                try:
                    yield
                finally:
                    _told.reset(told)
    finally:
        _shown.reset(shown)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Show every long call that nobody else listens to."""
    shown = _shown.set(listener)
    try:
        yield
    finally:
        _shown.reset(shown)


def tell(done: int, steps: int) -> None:
    """Tell the listener of the call that runs, if it has one."""
    progress = _told.get()
    if progress is not None:
        progress(done, steps)


def teller() -> Progress:
    """The listener of the call that runs, for loops in other threads, which do not know the call."""
    return _told.get() or _silent


def _silent(done: int, steps: int) -> None:
    """Tell nobody."""


def stages(count: int) -> Callable[[], None]:
    """Give what a call of so many stages calls at the end of each."""
    done = iter(range(1, count + 1))
    return lambda: tell(next(done), count)


def telling(items: Iterable[_Item], steps: int) -> Iterator[_Item]:
    """Give items one by one, and tell of each that is done."""
    for done, item in enumerate(items):
        yield item
        tell(done + 1, steps)


def side_by_side(
    function: Callable[[_Item], _R], items: Iterable[_Item], *, threads: int | None = None
) -> Iterator[_R]:
    """Call a function on each item in threads, and give the results in order; whoever waits can be interrupted.

    Where the caller is stopped, what has not begun never does, and what has is not waited for.
    """
    pool = ThreadPoolExecutor(threads or os.cpu_count() or 1)
    waiting = [pool.submit(function, item) for item in items]
    waiting.reverse()
    ended = False
    try:
        while waiting:
            yield _result(waiting.pop())
        ended = True
    finally:
        pool.shutdown(wait=ended, cancel_futures=True)


@contextmanager
def beside(name: str) -> Iterator[ThreadPoolExecutor]:
    """A thread beside the main one, whose work is waited for, unless the caller is stopped."""
    pool, ended = ThreadPoolExecutor(1, thread_name_prefix=name), False
    try:
        yield pool
        ended = True
    finally:
        pool.shutdown(wait=ended, cancel_futures=True)


def ahead(items: Generator[_Item, None, None], count: int) -> Generator[_Item, None, None]:
    """Give items that a thread makes, some of them ahead; it has ended, and so have they, when this has."""
    pool, end = ThreadPoolExecutor(1, thread_name_prefix="ahead"), object()
    made = deque[Future[Any]]()
    try:
        while True:
            while len(made) <= count:
                made.append(pool.submit(next, items, end))
            if (item := made.popleft().result()) is end:
                return
            yield item
    finally:
        pool.shutdown(cancel_futures=True)
        items.close()


def _result(future: Future[_R]) -> _R:
    while not future.done():
        wait([future], timeout=_LOOK_UP)
    return future.result()
