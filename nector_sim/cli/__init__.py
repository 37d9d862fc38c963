"""The command line: each command in a module of its own, which parses, calls and prints."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Annotated

import typer

from nector_sim import _process
from nector_sim._terminal import Printable
from nector_sim._version import __version__
from nector_sim.cli import (
    check,
    checkout,
    compare,
    demo,
    examples,
    experiment,
    explore,
    export,
    fit,
    forecast,
    one_order,
    parity,
    replay,
    sandbox,
    score,
    sweep,
    warm,
)
from nector_sim.cli.bar import with_bars

app = typer.Typer(
    name="nector-sim",
    help="Try a loyalty-points redemption rule on real orders and see what it does to the margin.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo.demo,
    "quote": one_order.quote,
    "explain": one_order.explain,
    "check": check.check,
    "score": score.score,
    "export": export.export,
    "parity": parity.parity,
    "sweep": sweep.sweep,
    "compare": compare.compare,
    "replay": replay.replay,
    "fit": fit.fit,
    "forecast": forecast.forecast,
    "liability": forecast.liability,
    "examples": examples.examples,
    "warm": warm.warm,
    "app": explore.app,
    "lab": explore.lab,
    "sandbox": sandbox.sandbox,
    "checkout": checkout.checkout,
}
for _name, _function in COMMANDS.items():
    app.command(_name)(_process.called(with_bars(_function)))
EXPERIMENT: dict[str, Callable[..., None]] = {
    "plan": experiment.plan,
    "assign": experiment.assign,
    "read": experiment.read,
}
_experiment = typer.Typer(help="Try a setting on half of the customers.", no_args_is_help=True, rich_markup_mode=None)
for _name, _function in EXPERIMENT.items():
    _experiment.command(_name)(_process.called(with_bars(_function)))
app.add_typer(_experiment, name="experiment")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nector-sim {__version__}")
        raise typer.Exit


@app.callback()
def _shared(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")
    ] = False,
    traceback: Annotated[bool, typer.Option("--traceback", help="Show where a fault of nector_sim happened.")] = False,
) -> None:
    if traceback:
        _process.show_traceback()


def _asked(words: list[str]) -> typer.Typer:
    """The command line with the one command that is asked for: typer looks through the options of all that it has."""
    if words and words[0] in COMMANDS:
        narrow = copy.copy(app)
        narrow.registered_groups = []
        narrow.registered_commands = [command for command in app.registered_commands if command.name == words[0]]
        return narrow
    return app


def main() -> None:
    """Run the command line, and raise SystemExit with its exit code."""
    # Names and values in files are other people's, and a terminal takes some characters for orders.
    with redirect_stdout(Printable(sys.stdout)), redirect_stderr(Printable(sys.stderr, bar=True)):
        try:
            _asked(sys.argv[1:2])()
        except Exception as error:  # not of a command, whose ends are told already
            sys.exit(_process.told(error))
