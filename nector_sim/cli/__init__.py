"""The command line: each command in a module of its own, which parses, calls and prints."""

from __future__ import annotations

import sys

import typer

from nector_sim.cli import check, checkout, compare, demo, explore, one_order, parity, replay, sandbox, score, sweep
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
