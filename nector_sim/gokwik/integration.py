"""The integration's page as a model: Initialize, Enable, the secret, Offer → Add, Configure Integration."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import SecretStr
from sqlalchemy import Connection, insert, select, update

from nector_sim.errors import InputError
from nector_sim.gokwik.database import Database, now
from nector_sim.gokwik.schema import event_log
from nector_sim.gokwik.schema import integration as table
from nector_sim.parity.urls import split_url
from nector_sim.rules.offers import Offer
from nector_sim.rules.program import FixedMinPayable, PercentMinPayable, Program

#: Random bytes of a webhook id: 256 bits, beyond guessing.
WEBHOOK_BYTES = 32
#: Characters of the webhook id that are shown again.
TAIL = 4
#: What no webhook id hashes to; compared with where there is none, so that every wrong id costs the same.
_NO_HASH = "-" * 64


class State(NamedTuple):
    """Where the integration stands.

    Attributes
    ----------
    initialised, enabled, handed_over : bool
        Whether the webhook id exists, the switch is on, and GoKwik's team has the id.
    webhook_tail : str
        The last four characters of the webhook id; empty before there is one.
    missing : tuple of str
        What is still to do before the checkout offers points, a sentence each.
    """

    initialised: bool
    enabled: bool
    handed_over: bool
    webhook_tail: str
    missing: tuple[str, ...]

    @property
    def live(self) -> bool:
        """Whether the checkout offers points."""
        return not self.missing

    def __str__(self) -> str:
        if self.live:
            return f"Live: the checkout offers points (webhook id …{self.webhook_tail})."
        return "\n".join(["Not live. Still to do:", *(f"  {sentence}" for sentence in self.missing)])


class Event(NamedTuple):
    """One entry of the log: when, what was done, and the particulars."""

    at: datetime
    what: str
    detail: str


class Integration:
    """One merchant's GoKwik integration.

    Every change is one transaction, written to the log together with what it changed.

    Parameters
    ----------
    database : Database, pathlib.Path or str
        Where it is kept: a file, or a database's URL.

    Raises
    ------
    InputError
        From every method that changes something before :meth:`initialise` was called.

    Examples
    --------
    >>> from nector_sim.gokwik import Integration
    >>> integration = Integration(folder / "gokwik.db")
    >>> print(integration.state)
    Not live. Still to do:
      Initialize the integration; that makes its webhook id.
    >>> webhook_id = integration.initialise()  # shown once: webhook_id.get_secret_value()
    >>> integration.add_offer(ns.VariableAmount(points_per_step=1, discount_per_step=1, max_discount=1000))
    >>> integration.configure(ns.FixedMinPayable(amount=100))
    >>> print(integration.state)
    Not live. Still to do:
      Enable the integration.
      Hand the webhook id to GoKwik's team, and note it here.
    >>> integration.enable()
    >>> integration.hand_over()
    >>> integration.state.live
    True
    >>> ns.quote(integration.program, cart_amount=500, points_balance=5000).discount
    Decimal('400.00')
    >>> integration.database.close()
    """

    def __init__(self, database: Database | Path | str) -> None:
        self.database = database if isinstance(database, Database) else Database(database)

    # The secret.

    def initialise(self, program: Program | None = None) -> SecretStr:
        """Make the webhook id, and start with a program's settings.

        Parameters
        ----------
        program : Program, optional
            Currency, offers and minimum payable to start with; left out, rupees and no offer yet. Its ``enabled``
            is not used: enabling is a step of its own.

        Returns
        -------
        pydantic.SecretStr
            The webhook id, this once. It does not show itself when it is printed; ``get_secret_value()`` gives it.

        Raises
        ------
        InputError
            If the integration exists already.
        """
        webhook_id = secrets.token_urlsafe(WEBHOOK_BYTES)
        with self.database.writing() as connection:
            if read_row(connection, lock=True) is not None:
                raise InputError("the integration is initialised already; where its webhook id is lost, rotate it")
            settings = {"program": (program or Program()).to_json(), "enabled": False, "handed_over": False}
            connection.execute(insert(table).values(id=1, **settings, **_kept_of(webhook_id)))
            _log(connection, "initialised", f"webhook id …{webhook_id[-TAIL:]}")
        return SecretStr(webhook_id)

    def hand_over(self) -> None:
        """Note that GoKwik's team has the webhook id."""
        with self._changing("webhook id handed over") as change:
            change(handed_over=True)

    def rotate(self) -> SecretStr:
        """Make a new webhook id; the old one stops working at once, and the new one has to be handed over.

        Returns
        -------
        pydantic.SecretStr
            The new webhook id, this once.
        """
        webhook_id = secrets.token_urlsafe(WEBHOOK_BYTES)
        with self._changing("webhook id rotated", f"webhook id …{webhook_id[-TAIL:]}") as change:
            change(handed_over=False, **_kept_of(webhook_id))
        return SecretStr(webhook_id)

    # The switch, the offers, the minimum payable.

    def enable(self) -> None:
        """Switch it on."""
        with self._changing("enabled") as change:
            change(enabled=True)

    def disable(self) -> None:
        """Switch it off; points that orders have taken can still be given back."""
        with self._changing("disabled") as change:
            change(enabled=False)

    def add_offer(self, offer: Offer) -> None:
        """Put an offer behind the others."""
        with self._changing("offer added", offer.model_dump_json(exclude_none=True)) as change:
            change(program=_with_offers(change.program, (*change.program.offers, offer)))

    def edit_offer(self, position: int, offer: Offer) -> None:
        """Put an offer in the place of the one at this position, counted from 0."""
        with self._changing(f"offer {position} edited", offer.model_dump_json(exclude_none=True)) as change:
            offers = _at(change.program, position)
            offers[position] = offer
            change(program=_with_offers(change.program, offers))

    def remove_offer(self, position: int) -> None:
        """Take out the offer at this position, counted from 0."""
        with self._changing(f"offer {position} removed") as change:
            offers = _at(change.program, position)
            del offers[position]
            change(program=_with_offers(change.program, offers))

    def configure(self, min_payable: FixedMinPayable | PercentMinPayable | None) -> None:
        """Set the minimum amount that the customer has to pay; None is no minimum."""
        detail = "none" if min_payable is None else min_payable.model_dump_json()
        with self._changing("minimum payable configured", detail) as change:
            change(program=_checked(change.program, {"min_payable": min_payable}))

    def use(self, program: Program) -> None:
        """Take over all of a program's settings, except whether it is enabled; the currency stays what it is.

        Raises
        ------
        InputError
            If the program is in another currency: the balances' credits are in the first one.
        """
        with self._changing("program replaced", program.to_json()) as change:
            if program.currency != change.program.currency:
                raise InputError(
                    f"the database is in {change.program.currency} and the program in {program.currency}; "
                    "start another database for it"
                )
            change(program=program)

    # Outgoing events.

    def send_events(self, url: str) -> SecretStr:
        """Send signed events to a URL of the merchant's from now on.

        Parameters
        ----------
        url : str
            ``http`` or ``https``.

        Returns
        -------
        pydantic.SecretStr
            A new secret that signs them, for :func:`nector_sim.gokwik.verify_event`.

        Raises
        ------
        InputError
            If the URL is none.
        """
        host = events_host(url)
        secret = secrets.token_urlsafe(WEBHOOK_BYTES)
        with self._changing("events sent", f"to {host}") as change:
            change(events_url=url, events_secret=secret)
        return SecretStr(secret)

    # What is there.

    @property
    def program(self) -> Program:
        """The program that ``quote`` and ``score`` take; enabled where the switch is on and the id handed over."""
        with self.database.reading() as connection:
            return stored_program(read_row(connection))

    @property
    def state(self) -> State:
        """Where it stands, and what is missing before it is live."""
        with self.database.reading() as connection:
            row = read_row(connection)
        if row is None:
            return State(False, False, False, "", ("Initialize the integration; that makes its webhook id.",))
        to_do = [
            (row.enabled, "Enable the integration."),
            (row.handed_over, "Hand the webhook id to GoKwik's team, and note it here."),
            (stored_program(row).offers, "Add at least one offer."),
        ]
        missing = tuple(sentence for done, sentence in to_do if not done)
        return State(True, row.enabled, row.handed_over, row.webhook_tail, missing)

    def events(self) -> list[Event]:
        """Everything that was done to the settings, oldest first."""
        with self.database.reading() as connection:
            rows = connection.execute(select(event_log).order_by(event_log.c.id)).all()
        return [Event(datetime.fromtimestamp(row.at / 1e6, UTC), row.what, row.detail) for row in rows]

    @contextmanager
    def _changing(self, what: str, detail: str = "") -> Iterator[_Change]:
        with self.database.writing() as connection:
            row = read_row(connection, lock=True)
            if row is None:
                raise InputError("the integration is not initialised yet; do that first")
            yield _Change(connection, stored_program(row))
            _log(connection, what, detail)


class _Change:
    """One change to the row, inside its transaction."""

    def __init__(self, connection: Connection, program: Program) -> None:
        self._connection = connection
        self.program = program

    def __call__(self, *, program: Program | None = None, **columns: Any) -> None:
        if program is not None:
            columns["program"] = program.to_json()
        self._connection.execute(update(table).values(**columns))


def events_host(url: str) -> str:
    """Name the host that events would go to; errors as :meth:`Integration.send_events`."""
    try:
        return str(split_url(url).hostname)
    except InputError:
        raise InputError("events need a full URL to go to, such as https://shop.example/points") from None


def read_row(connection: Connection, *, lock: bool = False) -> Any:
    """Read the integration's row, or None before it is initialised."""
    return connection.execute(_LOCKED if lock else _READ).one_or_none()


def is_webhook_id(row: Any, given: str) -> bool:
    """Whether this is the row's webhook id; the time taken does not depend on how wrong it is."""
    return hmac.compare_digest(_hash(given), _NO_HASH if row is None else row.webhook_hash)


def stored_program(row: Any) -> Program:
    """Build the program that a row of the table stands for."""
    if row is None:
        return Program(enabled=False)
    program = Program.model_validate_json(row.program)
    return program.model_copy(update={"enabled": bool(row.enabled and row.handed_over)})


_READ = select(table)
_LOCKED = _READ.with_for_update()


def _hash(webhook_id: str) -> str:
    return hashlib.sha256(webhook_id.encode(errors="replace")).hexdigest()


def _kept_of(webhook_id: str) -> dict[str, Any]:
    return {"webhook_hash": _hash(webhook_id), "webhook_tail": webhook_id[-TAIL:]}


def _log(connection: Connection, what: str, detail: str) -> None:
    connection.execute(insert(event_log).values(at=now(), what=what, detail=detail))


def _at(program: Program, position: int) -> list[Offer]:
    if not 0 <= position < len(program.offers):
        raise InputError(f"there is no offer {position}; there are {len(program.offers)}, counted from 0")
    return list(program.offers)


def _with_offers(program: Program, offers: Any) -> Program:
    return _checked(program, {"offers": [offer.model_dump() for offer in offers]})


def _checked(program: Program, changes: dict[str, Any]) -> Program:
    """Check the changed program whole: an amount may not be one of its currency."""
    return Program.parse({**program.model_dump(), **changes}, source="the setting")
