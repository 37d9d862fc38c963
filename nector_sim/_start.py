"""Where the command line begins: Ctrl+C is taken care of before anything is loaded that takes time."""

import os
import signal
from typing import Any


def command() -> None:
    """Run the command line in a process that is for nothing else, and end it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    from nector_sim._process import run

    run(_main)


def _main() -> None:
    from nector_sim.cli import main

    main()


def _stop(number: int, _: Any) -> None:
    """End at once: nothing has begun, and an exception in an import would be a traceback, or another exception."""
    os.write(2, b"nector-sim: stopped\n")
    os._exit(128 + number)
