"""``parity``: any calculator held against the exact one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nector_sim.cli import options
from nector_sim.errors import InputError, Problem
from nector_sim.results import count

if TYPE_CHECKING:
    import pandas as pd

    from nector_sim import Program
    from nector_sim.parity.callers import Dialect
    from nector_sim.parity.report import ParityReport


def parity(
    ctx: typer.Context,
    orders: Annotated[
        options.File | None,
        typer.Argument(help="Record or orders, CSV or Parquet; left out, cases are generated.", parser=options.File),
    ] = None,
    program: Annotated[
        options.File | None, typer.Option("--program", "-p", help="Program file, TOML or JSON.", parser=options.File)
    ] = None,
    function: Annotated[str | None, typer.Option(help="A calculator in Python, as module:function.")] = None,
    url: Annotated[
        str | None,
        typer.Option(
            envvar="NECTOR_SIM_PARITY_URL",
            show_envvar=True,
            help="A calculator that answers POSTed cases. If the URL contains a secret, set the variable instead: "
            "other users can see command lines.",
        ),
    ] = None,
    speaks: Annotated[
        str, typer.Option(help="What the URL understands: plain, or nector, the checkout's `list` call.")
    ] = "plain",
    balances: Annotated[
        options.File | None,
        typer.Option(
            help="With --speaks nector: the customers' balances as the other side has them.", parser=options.File
        ),
    ] = None,
    ours: Annotated[
        bool,
        typer.Option(
            "--ours",
            help="With --speaks nector: also send eligible_amount and coupon_discount, which the sandbox of "
            "nector-sim reads.",
        ),
    ] = False,
    column: Annotated[
        list[str] | None, typer.Option(help="Name a column of the file, as cart_amount=order_total. Repeatable.")
    ] = None,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="What generated orders never have, such as credits. Repeatable.")
    ] = None,
    n: Annotated[int, typer.Option("--n", help="Cases to generate.")] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same cases.")] = 0,
    per_second: Annotated[float, typer.Option(help="Requests to the URL in a second, at most.")] = 20.0,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for an answer.")] = 10.0,
    retries: Annotated[int, typer.Option(help="How often to ask again after no answer.")] = 3,
    at_once: Annotated[int, typer.Option(help="Requests to the URL side by side, at most.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    junit: Annotated[
        Path | None, typer.Option(help="Write a JUnit report for test systems.", parser=options.here)
    ] = None,
    cases: Annotated[
        options.File | None,
        typer.Option(help="Write generated cases with exact answers: .jsonl, .json or .csv.", parser=options.File),
    ] = None,
    export: Annotated[str | None, typer.Option(hidden=True, help="The old name of --cases.")] = None,
) -> None:
    """Compare a calculator or a checkout log with the exact one.

    Exit code 1 means that they differ. Each group of differences names the choice that explains it.

    Example: nector-sim parity record.csv --program program.toml --column discount=coins_discount

    Example: nector-sim parity --program program.toml --function mycheckout.points:discount

    Example: nector-sim parity --program program.toml --url "$URL" --speaks nector --balances customers.csv

    Example: nector-sim parity --cases cases.jsonl --n 10000 --seed 1
    """
    import nector_sim as ns
    from nector_sim.parity.callers import UrlCaller
    from nector_sim.parity.suite import write_cases

    if export:
        raise InputError(f"--export is called --cases now: --cases {export}; a program in SQL is nector-sim export")
    kind = _kind(orders, function, url, cases)
    _refuse_unused(ctx, "--speaks nector" if kind == "--url" and speaks == "nector" else kind)
    rules = ns.load_program(program) if program else None
    if cases:
        write_cases(cases, n=n, seed=seed, program=rules, leave_out=leave_out or ())
        typer.echo(f"{count(n, 'case')} written to {cases}")
        return
    calculator: Any = function
    questions: Any = orders
    if url:
        calculator = UrlCaller(url, per_second=per_second, timeout=timeout, retries=retries, at_once=at_once)
    if speaks != "plain" or balances:
        if speaks != "nector" or not (rules and url and balances) or orders:
            raise InputError(
                "--speaks nector and --balances go with each other, --program and --url; orders are made up"
            )
        calculator.dialect, questions = _nector(rules, balances, n, seed, ours)
    report = ns.check_parity(
        rules,
        questions,
        calculator=calculator,
        columns=_columns(column or []),
        n=n,
        seed=seed,
        leave_out=leave_out or (),
    )
    if junit:
        _write(junit, report.to_junit())
    if json:
        typer.echo(report.to_json())
    else:
        _show(report)
    raise typer.Exit(0 if report.agrees else 1)


#: What each way of calling takes beside the program; anything else that is given would be ignored, so it is refused.
_REPORTED = {"json", "junit"}
_ASKED = {"speaks", "balances", "per_second", "timeout", "retries", "at_once"}
_MADE = {"n", "seed", "leave_out"}
_TAKES = {
    "--cases": {"cases", *_MADE},
    "a record": {"orders", "column", *_REPORTED},
    "--function with orders": {"orders", "column", "function", *_REPORTED},
    "--function": {"function", *_MADE, *_REPORTED},
    "--url with orders": {"orders", "column", "url", *_ASKED, *_REPORTED},
    "--url": {"url", *_ASKED, *_MADE, *_REPORTED},
    "--speaks nector": {"url", "ours", "n", "seed", *_ASKED, *_REPORTED},
}


def _kind(orders: str | None, function: str | None, url: str | None, cases: str | None) -> str:
    """Which way of calling this is."""
    if function and url:
        raise InputError("--function and --url are two calculators; give one")
    if cases:
        return "--cases"
    asked = "--function" if function else "--url" if url else ""
    if not asked:
        return "a record"
    return f"{asked} with orders" if orders else asked


def _refuse_unused(ctx: typer.Context, kind: str) -> None:
    """Refuse what was given and has no effect in this way of calling."""
    given = {
        name
        for name in ctx.params
        if name not in ("program", "ctx")
        and str(ctx.get_parameter_source(name)).endswith(("COMMANDLINE", "ENVIRONMENT"))
    }
    # The variable may be set for other calls of the same shell.
    unused = sorted(given - _TAKES[kind] - ({"url"} if kind in ("--cases", "a record") else set()))
    named = {"orders": "the orders"}
    problems = [
        Problem(named.get(name, f"--{name.replace('_', '-')}"), f"has no effect with {kind}; leave it out")
        for name in unused
    ]
    if problems:
        raise InputError("some of this would be ignored:", problems)


def _nector(program: Program, balances: str, n: int, seed: int, ours: bool) -> tuple[Dialect, pd.DataFrame]:
    """How Nector's calls are spoken, and orders of customers that the other side knows."""
    from nector_sim.gokwik import read_customers
    from nector_sim.gokwik.asking import NectorDialect, questions

    customers = read_customers(balances, decimals=program.decimals)
    return NectorDialect(), questions(program, customers, n=n, seed=seed, ours=ours)


def _columns(pairs: list[str]) -> dict[str, str]:
    problems = [
        Problem(pair, "is not OURS=THEIRS, such as cart_amount=order_total") for pair in pairs if "=" not in pair
    ]
    if problems:
        raise InputError("--column cannot be read:", problems)
    return {ours.strip(): theirs.strip() for ours, _, theirs in (pair.partition("=") for pair in pairs)}


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None


def _show(report: ParityReport) -> None:
    """Print the report for a person: a table of agreement by limit, then each group."""
    from rich.console import Console
    from rich.markup import escape
    from rich.panel import Panel
    from rich.table import Table

    from nector_sim.calculator.reasons import REASONS
    from nector_sim.parity.report import example_words

    console = Console(highlight=False)
    differing = report.mismatches["limited_by"].value_counts()
    table = Table("limited by", title=escape(report.calculator), title_justify="left")
    for name in ("orders", "agree", "differ"):
        table.add_column(name, justify="right")
    for reason in REASONS:
        if count := report.limited_by.get(reason, 0):
            differ = int(differing.get(reason, 0))
            table.add_row(reason, f"{count:,}", f"{count - differ:,}", f"{differ:,}" if differ else "")
    differ = report.compared - report.agreements
    table.add_row("all", f"{report.compared:,}", f"{report.agreements:,}", f"{differ:,}", style="bold")
    console.print(table)
    for group in report.groups:
        lines = [group.explanation, *(f"here, `{name}`: {words}" for name, words in group.chosen().items())]
        lines += [f"{name}: {words}" for name, words in example_words(group.example).items()]
        console.print(Panel(escape("\n".join(lines)), title=f"{group.count:,} differ", title_align="left"))
