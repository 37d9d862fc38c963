"""The command line: each command in a module of its own, which parses, calls and prints."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from contextlib import suppress

import typer

from nector_sim.cli import (
    check,
    checkout,
    compare,
    demo,
    experiment,
    explore,
    one_order,
    parity,
    replay,
    sandbox,
    score,
    sweep,
)
from nector_sim.errors import InputError

#: Exit codes: done; ran, and found what you must look at; input that cannot be used.
DONE, LOOK, UNUSABLE = 0, 1, 2

app = typer.Typer(
    name="nector-sim",
    help="Try a loyalty-points redemption rule on real orders and see what it does to the margin.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo.demo)
app.command("quote")(one_order.quote)
app.command("explain")(one_order.explain)
app.command("check")(check.check)
app.command("score")(score.score)
app.command("parity")(parity.parity)
app.command("sweep")(sweep.sweep)
app.command("compare")(compare.compare)
app.command("replay")(replay.replay)
app.add_typer(experiment.experiment, name="experiment")
app.command("app")(explore.app)
app.command("lab")(explore.lab)
app.command("sandbox")(sandbox.sandbox)
app.command("checkout")(checkout.checkout)


def main() -> None:
    """Run the command line; an input that cannot be used is one message and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        # A console of another encoding shows ₹ as best it can instead of failing.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        app()
    except InputError as error:
        print(f"nector-sim: {error}", file=sys.stderr)
        sys.exit(UNUSABLE)
    except KeyboardInterrupt:
        print("nector-sim: stopped", file=sys.stderr)
        sys.exit(130)


def command() -> None:
    """Run the command line in a process that is for nothing else, which starts and ends sooner so."""
    # Loading makes a million objects that stay, and looking through them for garbage again and again is a tenth of it.
    gc.set_threshold(300_000, 50, 50)
    if sys.argv[1:2] == ["score"]:
        score.without_linear_algebra()
    try:
        main()
    except SystemExit as stop:
        others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
        if isinstance(stop.code, str) or not all(thread.daemon for thread in others):
            raise
        # What is left is to take apart all that was loaded, object by object; the system does it at once.
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):  # nobody reads it any more
                stream.flush()
        os._exit(stop.code or 0)
