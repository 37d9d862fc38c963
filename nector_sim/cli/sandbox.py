"""``sandbox``: a server on one's own machine that answers as the integration would."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nector_sim.cli import options
from nector_sim.errors import InputError

if TYPE_CHECKING:
    from nector_sim import Program
    from nector_sim.calculator.exact import Law
    from nector_sim.gokwik import Integration


def sandbox(
    db: Annotated[
        str,
        typer.Option(
            "--db",
            envvar="NECTOR_SIM_DB",
            show_envvar=True,
            help="SQLite file, or a URL of PostgreSQL. If the URL contains a password, set the variable or PGPASSWORD "
            "instead: other users can see command lines.",
        ),
    ],
    program: Annotated[
        options.File | None,
        typer.Option("--program", "-p", help="Program file, TOML or JSON; needed to serve.", parser=options.File),
    ] = None,
    customers: Annotated[
        options.File | None,
        typer.Option(
            "--customers",
            help="CSV or Parquet with customer_id, points_balance, and where wanted mobile, credits, tier. "
            "Customers already in the database are left unchanged.",
            parser=options.File,
        ),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8765,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    new_webhook_id: Annotated[
        bool, typer.Option("--new-webhook-id", help="Make a new webhook id; the old one stops working.")
    ] = False,
    events_to: Annotated[
        str | None, typer.Option("--events-to", help="Send signed events to this URL from now on.")
    ] = None,
    ledger: Annotated[
        bool,
        typer.Option("--ledger", help="Print the points ledger and exit; writes nothing, safe while a server runs."),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse calls with unknown fields, and name the fields.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Log every call and why it was refused, without ids.")
    ] = False,
    variant: Annotated[
        str, typer.Option("--variant", help="For tests: calculate with this deliberate mistake.", hidden=True)
    ] = "",
) -> None:
    """Serve a checkout's calls: list, perform, revert.

    Example: nector-sim sandbox --program program.toml --customers customers.csv --db gokwik.db

    Example: nector-sim sandbox --db gokwik.db --ledger
    """
    import nector_sim as ns
    from nector_sim.gokwik import Database, Integration, Wallets, application, read_customers, serve
    from nector_sim.gokwik.integration import events_host
    from nector_sim.gokwik.openapi import PATH
    from nector_sim.gokwik.outgoing import Deliverer

    if ledger:
        _print_ledger(db)
        return
    if program is None:
        raise InputError("a program is needed, which says what points buy: --program program.toml")
    settings = ns.load_program(program)
    new = read_customers(customers, decimals=settings.decimals) if customers else []
    law = _law(variant)
    if events_to:
        events_host(events_to)  # before a webhook id is made that nobody would see
    # Closed in order, the database leaves all of it in the one file.
    with _logging_to_the_screen(verbose=verbose), Database(db) as database, Deliverer(database):
        integration = Integration(database)

        def started(address: str) -> None:
            made = None if integration.state.initialised else integration.initialise(settings)
            _use(integration, settings)
            loaded = Wallets(database).add(new)
            # Only now, so that none is made anew that nobody sees where something is refused.
            if made is None and new_webhook_id:
                made = integration.rotate()
            webhook_id = made.get_secret_value() if made else None
            if made:
                integration.hand_over()  # it is about to be shown
            typer.echo(f"customers: {loaded.added} added, {loaded.kept} were there and keep what they have")
            typer.echo(integration.state)
            if events_to:
                secret = integration.send_events(events_to).get_secret_value()
                typer.echo(f"events are signed with this secret, shown this once: {secret}")
            last = webhook_id or f"…{integration.state.webhook_tail}"
            typer.echo(f"the checkout's URL: {address}{PATH.format(checkout='gokwikwebhook', webhook_id=last)}")
            if webhook_id:
                typer.echo("  its last part is the secret webhook id, shown this once")
            else:
                typer.echo("  its last part is the webhook id that was shown before; lost? --new-webhook-id")
            if settings.asks_for_coupons:
                typer.echo(
                    "  note: an offer is closed to coupons, so list and perform without coupon_discount are refused"
                )
            if host not in ("127.0.0.1", "::1", "localhost"):
                typer.echo("  note: others on the network can reach it, and nothing is encrypted")
            typer.echo(f"description: {address}/openapi.json     stop: Ctrl+C")

        serve(application(database, law=law, strict=strict), host=host, port=port, started=started)


@contextmanager
def _logging_to_the_screen(*, verbose: bool) -> Iterator[None]:
    """Calls that failed are always logged; with `verbose`, all are. Afterwards the logger is as it was."""
    log = logging.getLogger("nector_sim.gokwik")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    level, propagate = log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(logging.INFO if verbose else logging.WARNING)
    log.propagate = False  # else what a process logs by itself would show each call a second time
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        log.propagate = propagate


def _print_ledger(db: str) -> None:
    from nector_sim.gokwik import Database, Wallets
    from nector_sim.gokwik.database import not_damaged

    if "://" not in db and not Path(db).exists():
        raise InputError(f"{db} does not exist; check the name")
    with Database(db, read_only=True) as database, not_damaged(db):
        moved = Wallets(database).ledger()
    if not len(moved):
        typer.echo("nothing has moved")
        return
    moved.insert(5, "points_balance", moved.groupby("customer_id")["points"].cumsum())
    moved["at"] = moved["at"].dt.strftime("%Y-%m-%d %H:%M:%S UTC")
    typer.echo(moved.to_string(index=False, na_rep=""))


def _use(integration: Integration, program: Program) -> None:
    """Bring the integration to the program's settings."""
    if integration.program.model_copy(update={"enabled": program.enabled}) != program:
        integration.use(program)
    if program.enabled != integration.state.enabled:
        (integration.enable if program.enabled else integration.disable)()


def _law(variant: str) -> type[Law]:
    """Find the calculator; the named choice of a variant is made in the first other way that the test bench has."""
    if not variant:
        from nector_sim.calculator.exact import Law

        return Law
    from nector_sim.parity.variants import VARIANTS

    laws = {one.choice: one.law for one in reversed(VARIANTS)}
    if variant not in laws:
        raise InputError(f"{variant} is none of the named choices: {', '.join(laws)}")
    return laws[variant]
