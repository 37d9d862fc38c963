"""Signed events to a URL of the merchant's, and how the merchant verifies them.

The headers are those that Nector documents. The signature covers the body, so the body repeats the delivery id, the
topic and the time: none of the three can be changed without breaking it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from nector_sim.errors import InputError
from nector_sim.gokwik.database import Database, now
from nector_sim.gokwik.integration import read_row
from nector_sim.gokwik.posting import NoAnswer, post
from nector_sim.gokwik.schema import deliveries

TOPIC = "wallettransaction_create"
#: Seconds before the second, third, fourth and fifth try.
DELAYS = (5, 30, 180, 1080)
#: Seconds that a try waits for an answer.
TIMEOUT = 10
#: Seconds that an event's time may lie from the clock of the one who verifies it.
TOLERANCE = 300

_log = logging.getLogger("nector_sim.gokwik")


def announce(connection: Connection, row: Any, transaction: Mapping[str, Any]) -> None:
    """Put an event in line, in the transaction that it tells of, where the integration's row wants events."""
    if row is not None and row.events_url is not None:
        event = {"delivery_id": str(uuid.uuid4()), "topic": TOPIC, "data": json.dumps(transaction)}
        connection.execute(insert(deliveries), {**event, "tries": 0, "next_try_at": now()})


def sign(body: bytes, secret: str) -> str:
    """HMAC-SHA256 of a body, in hexadecimal digits."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify_event(
    body: bytes, headers: Mapping[str, str], *, secret: str, at: float | None = None, tolerance: float = TOLERANCE
) -> dict[str, Any]:
    """Check that an event comes from here, unchanged and recent.

    Keep the ``delivery_id`` of what was handled: an event that was answered too late comes again under the same id.

    Parameters
    ----------
    body : bytes
        Exactly as it arrived.
    headers : mapping of str to str
        Of the request; upper and lower case are alike.
    secret : str
        The one that :meth:`Integration.send_events` gave.
    at : float, optional
        The time to compare with, in seconds since 1970; left out, now.
    tolerance : float, optional
        Seconds that the event's time may lie from it.

    Returns
    -------
    dict
        ``delivery_id``, ``topic``, ``timestamp`` (seconds since 1970) and ``data``, the wallet transaction.

    Raises
    ------
    InputError
        If the signature is missing or wrong, the body is no event, the headers say something else than it, or the
        time is too far.

    Examples
    --------
    >>> body = b'{"delivery_id": "1", "topic": "wallettransaction_create", "timestamp": 60, "data": {}}'
    >>> headers = {"X-Nector-Webhook-Hmac": sign(body, "secret"), "X-Nector-Timestamp": "60",
    ...            "X-Nector-Delivery-Id": "1", "X-Nector-Topic": "wallettransaction_create"}
    >>> verify_event(body, headers, secret="secret", at=90)["delivery_id"]
    '1'
    >>> verify_event(body + b" ", headers, secret="secret", at=90)
    Traceback (most recent call last):
        ...
    nector_sim.errors.InputError: the event's signature is wrong: it was changed on the way, or signed by someone else
    """
    given = {name.lower(): value for name, value in headers.items()}
    signature = given.get("x-nector-webhook-hmac", "")
    if not hmac.compare_digest(signature.encode(), sign(body, secret).encode()):
        raise InputError("the event's signature is wrong: it was changed on the way, or signed by someone else")
    event = _event(body)
    for name, header in (
        ("delivery_id", "x-nector-delivery-id"),
        ("timestamp", "x-nector-timestamp"),
        ("topic", "x-nector-topic"),
    ):
        if given.get(header) != str(event[name]):
            raise InputError(f"the event's {header} is not the one that was signed")
    if abs((time.time() if at is None else at) - event["timestamp"]) > tolerance:
        raise InputError(f"the event's time is more than {tolerance:g} s away; it may have been sent a second time")
    return event


def _event(body: bytes) -> dict[str, Any]:
    with suppress(ValueError):
        event = json.loads(body)
        names = {"delivery_id", "topic", "timestamp", "data"}
        if isinstance(event, dict) and names <= event.keys() and isinstance(event["timestamp"], int):
            return event
    raise InputError("the body is no event: it has no delivery_id, topic, timestamp (in seconds) and data")


class Deliverer:
    """Sends what is in line, in a thread of its own, until it is stopped.

    Parameters
    ----------
    database : Database
    delays : sequence of float, optional
        Seconds before each try after the first; their number limits the tries.
    timeout : float, optional
        Seconds that a try waits.
    """

    def __init__(self, database: Database, *, delays: Sequence[float] = DELAYS, timeout: float = TIMEOUT) -> None:
        self._database = database
        self._delays = tuple(delays)
        self._timeout = timeout
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deliverer", daemon=True)

    def __enter__(self) -> Deliverer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(self._timeout + 5)

    def _run(self) -> None:
        while not self._stopped.wait(0.2):
            try:
                self.send_due()
            except Exception as error:  # the database may be away for a while; what is in line stays there
                _log.warning("events wait: %s", type(error).__name__)

    def send_due(self) -> int:
        """Try every event that is due once; gives how many arrived."""
        with self._database.reading() as connection:
            settings = read_row(connection)
            due = connection.execute(_DUE, {"at": now()}).all()
        arrived = 0
        for event in due:
            if self._stopped.is_set():
                break
            delivered = self._send(event, settings.events_url, settings.events_secret)
            arrived += delivered
            with self._database.writing() as connection:
                connection.execute(_TRIED, {"key": event.delivery_id, **self._outcome(event, delivered)})
        return arrived

    def _send(self, event: Any, url: str, secret: str) -> bool:
        timestamp = int(time.time())
        content = {"delivery_id": event.delivery_id, "topic": event.topic, "timestamp": timestamp}
        body = json.dumps({**content, "data": json.loads(event.data)}).encode()
        headers = {
            "x-nector-webhook-hmac-algo": "sha256",
            "x-nector-webhook-hmac": sign(body, secret),
            "x-nector-timestamp": str(timestamp),
            "x-nector-delivery-id": event.delivery_id,
            "x-nector-topic": event.topic,
        }
        try:
            return 200 <= post(url, body, headers=headers, timeout=self._timeout).status < 300
        except NoAnswer:
            return False

    def _outcome(self, event: Any, delivered: bool) -> dict[str, Any]:
        tries = event.tries + 1
        if delivered:
            return {"tries": tries, "next_try_at": None, "delivered_at": now()}
        if tries > len(self._delays):
            _log.warning("event %s was given up after %d tries", event.delivery_id, tries)
            return {"tries": tries, "next_try_at": None, "delivered_at": None}
        return {"tries": tries, "next_try_at": now() + int(self._delays[event.tries] * 1e6), "delivered_at": None}


_DUE = (
    select(deliveries).where(deliveries.c.next_try_at <= bindparam("at")).order_by(deliveries.c.next_try_at).limit(100)
)
_TRIED = (
    update(deliveries)
    .where(deliveries.c.delivery_id == bindparam("key"))
    .values({name: bindparam(name) for name in ("tries", "next_try_at", "delivered_at")})
)
