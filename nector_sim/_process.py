"""How a process of nector-sim starts and ends: signals, exit codes, one line for whatever goes wrong.

The tricks that the command line plays on Python are in this file alone, each with what it is for.
"""

from __future__ import annotations

import atexit
import gc
import io
import logging
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any

from nector_sim._extras import named
from nector_sim._terminal import visible
from nector_sim.errors import InputError

#: Exit codes. A run that is stopped by a signal ends with 128 and its number.
DONE, LOOK, UNUSABLE, FAULT = 0, 1, 2, 70
#: What each means, and what to do then.
EXIT_CODES = {
    DONE: ("done", ""),
    LOOK: (
        "it ran, and found something you must look at: rejected rows, mismatches, odd settings, nothing scored",
        "read what it printed; a file of rejects names every row and why",
    ),
    UNUSABLE: (
        "input that cannot be used",
        "the message says what, where, why and how to fix it; nothing was written",
    ),
    FAULT: ("a fault of nector_sim, not of your input", "report it with the one line that it printed"),
    128 + signal.SIGINT: ("stopped with Ctrl+C", "repeat the command; a folder resumes at its first unfinished part"),
    128 + signal.SIGTERM: ("stopped by the system (SIGTERM)", "the same"),
}
ISSUES = "https://github.com/nector-sim/nector-sim/issues"


#: Seconds that a command has to clear up after a signal. Whatever it is in by then, it ends: the next run finds what a
#: run that was killed leaves.
_TO_CLEAR_UP = 0.7


class _State:
    """What this process was asked: whether to show tracebacks, and to stop; whether a command has begun."""

    show_traceback = bool(os.environ.get("NECTOR_SIM_TRACEBACK"))
    signal: int | None = None
    running = False
    said_stopped = False
    rope: socket.socket | None = None


def show_traceback() -> None:
    """Show the traceback of a fault of ours."""
    _State.show_traceback = True


def run(main: Callable[[], None]) -> None:
    """Run `main` in a process that is for nothing else, and end it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    _end_soon_after_signals()
    sys.unraisablehook = _unraisable
    threading.excepthook = _in_a_thread
    # Loading makes a million objects that stay, and looking through them for garbage again and again is a tenth of it.
    gc.set_threshold(300_000, 50, 50)
    sys.stdout, sys.stderr = _unbroken(sys.stdout), _unbroken(sys.stderr)
    logging.basicConfig(format="%(message)s")  # what a library logs, to stderr
    logging.getLogger("nector_sim").setLevel(logging.INFO)
    # Looking for plugins of pydantic's in all that is installed takes 20 ms.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    if sys.argv[1:2] == ["score"]:
        _without_linear_algebra()
    try:
        main()
    except BaseException as error:
        _end(told(error))


def called(function: Callable[..., Any]) -> Callable[..., Any]:
    """A command whose every end is told: an exit code, and one line for whatever was raised."""

    @wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        import typer  # the command line's, which is there by now

        _State.running = True
        try:
            return function(*arguments, **options)
        except typer.Exit as end:
            raise typer.Exit(end.exit_code if _State.signal is None else 128 + _State.signal) from None
        except BaseException as error:
            if type(error).__module__.startswith(("typer", "click")):
                raise  # a wrong use of the command, which typer tells
            raise typer.Exit(told(error)) from None
        finally:
            _State.running = False

    return call


def told(error: BaseException) -> int:
    """Tell a person why a command ended, in one message, and give the exit code."""
    if isinstance(error, SystemExit) and (_State.signal is None or error.code == 128 + _State.signal):
        return error.code if isinstance(error.code, int) else DONE if error.code is None else FAULT
    if isinstance(error, KeyboardInterrupt) or _State.signal is not None:
        # Whatever a library made of it: the reason is the signal.
        _State.said_stopped = True
        _say(str(error) if isinstance(error, KeyboardInterrupt) and str(error) else "stopped")
        return 128 + (_State.signal or signal.SIGINT)
    if isinstance(error, InputError):
        _say(str(error))
        return UNUSABLE
    if isinstance(error, ModuleNotFoundError) and (what := named(error, "this", command=True)):
        _say(what)
        return UNUSABLE
    if isinstance(error, MemoryError):
        _say("the memory of this machine is not enough for this; give it fewer rows or columns at once")
        return UNUSABLE
    if isinstance(error, OSError) and error.strerror:
        _say(f"{error.filename or 'the system'}: {error.strerror}")
        return UNUSABLE
    if _State.show_traceback:
        traceback.print_exception(error)
    _say(_fault(error))
    return FAULT


def _fault(error: BaseException) -> str:
    package = Path(__file__).parent
    ours = [one for one in traceback.extract_tb(error.__traceback__) if Path(one.filename).is_relative_to(package)]
    where = f" ({Path(ours[-1].filename).relative_to(package)}, line {ours[-1].lineno})" if ours else ""
    what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    how = "" if _State.show_traceback else "; nector-sim --traceback before the command shows where"
    return f"a fault of nector_sim, not of your input: {what}{where}; please report it at {ISSUES}{how}"


def _say(text: str) -> None:
    with suppress(OSError, ValueError):  # nobody reads it any more
        print(f"nector-sim: {visible(text)}", file=sys.stderr, flush=True)


def _stop(number: int, _: object) -> None:
    _State.signal = number
    if _State.running:
        raise KeyboardInterrupt
    # Nothing has begun that must clear up, and an exception in an import would be made into another.
    os.write(2, b"nector-sim: stopped\n")
    os._exit(128 + number)


def _end_soon_after_signals() -> None:
    """See to it that a command ends within a second of Ctrl+C, whatever it is in.

    Python handles a signal between two steps of the main thread, and a sort of 50 million ids is one step of 8 s. The
    system tells this thread at once. A server has handlers of its own and as much time as it wants to end.
    """
    bell, rope = socket.socketpair()
    rope.setblocking(False)
    signal.set_wakeup_fd(rope.fileno(), warn_on_full_buffer=False)

    def watch() -> None:
        number = bell.recv(1)[0]
        while number not in (signal.SIGINT, signal.SIGTERM):
            number = bell.recv(1)[0]
        if signal.getsignal(number) not in (_stop, signal.SIG_IGN):
            return
        time.sleep(_TO_CLEAR_UP)
        if not _State.said_stopped:
            os.write(2, b"nector-sim: stopped\n")
        os._exit(128 + number)

    _State.rope = rope  # else it would be closed
    threading.Thread(target=watch, daemon=True, name="signals").start()


def _unraisable(what: Any) -> None:
    """An interrupt that arrives in a callback of a library would be lost: it is raised again a moment later."""
    if isinstance(what.exc_value, KeyboardInterrupt) and _State.signal is not None:
        again = threading.Timer(0.05, signal.raise_signal, (_State.signal,))
        again.daemon = True
        again.start()
    elif _State.show_traceback:
        sys.__unraisablehook__(what)


def _in_a_thread(what: Any) -> None:
    if _State.show_traceback:
        threading.__excepthook__(what)


class _Unbroken(io.FileIO):
    """A stream that nobody has to read: when its reader has gone (`| head`), the work is done all the same."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            return len(data)


def _unbroken(stream: Any) -> Any:
    """The stream, which shows ₹ as best it can on a console of another encoding, and outlives its reader."""
    if os.name == "nt" or stream is None:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
        return stream
    raw = _Unbroken(stream.fileno(), "w", closefd=False)
    lines = stream.line_buffering
    return io.TextIOWrapper(io.BufferedWriter(raw), stream.encoding, errors="replace", line_buffering=lines)


def _without_linear_algebra() -> None:
    """Keep out of this process what numpy and numba load for linear algebra, of which scoring has none.

    That is numpy's threads, which look for work in vain while other work waits, and scipy, where it is installed.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.modules.setdefault("scipy.linalg.cython_blas", None)  # type: ignore[arg-type]  # as good as not installed


def _end(code: int) -> None:
    """End the process with its code, whatever still happens."""
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(ValueError, OSError):
            signal.signal(number, signal.SIG_IGN)  # the end is decided
    if _State.signal is not None:
        code = 128 + _State.signal
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except OSError as error:
        _say(f"the output cannot be written: {error.strerror}")
        code = code or UNUSABLE
    others = (thread for thread in threading.enumerate() if thread is not threading.main_thread())
    if _State.signal is None and not all(thread.daemon for thread in others):
        sys.exit(code)
    # What is left is to take apart all that was loaded, object by object; the system does it at once.
    atexit._run_exitfuncs()
    os._exit(code)
