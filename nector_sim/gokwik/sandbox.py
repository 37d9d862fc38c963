"""The checkout sandbox: a server that speaks the calls which a checkout makes to Nector.

The webhook id is part of the path, so paths are in no log: the server's own access log is off, and the one written
here names the action alone.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from nector_sim.calculator.exact import Law
from nector_sim.errors import InputError
from nector_sim.gokwik.connections import Connection
from nector_sim.gokwik.database import CONNECTIONS, Database
from nector_sim.gokwik.integration import is_webhook_id, read_row
from nector_sim.gokwik.openapi import CHECKOUTS, PATH, describe
from nector_sim.gokwik.queueing import Queue
from nector_sim.gokwik.wallets import Wallets
from nector_sim.gokwik.wire import (
    CHECKOUT_WAITS,
    MAX_BODY,
    AnyCall,
    ListCall,
    PerformCall,
    Refused,
    RevertCall,
    read_call,
)

#: Wrong webhook ids that an address may send in a minute.
GUESSES_A_MINUTE = 30
#: Addresses whose guesses are remembered.
ADDRESSES = 10_000
#: Seconds in which a call is answered that has arrived, also where the database does not answer.
ANSWERED_WITHIN = CHECKOUT_WAITS - 5

_log = logging.getLogger("nector_sim.gokwik")


class Guesses:
    """Counts wrong webhook ids by address; whoever has none left is told to wait.

    Parameters
    ----------
    a_minute : float
        How many an address has at first, and gets back in a minute.
    """

    def __init__(self, a_minute: float) -> None:
        self._a_minute = a_minute
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def left(self, address: str) -> float:
        """How many wrong ids this address may still send."""
        left, at = self._left.get(address, (self._a_minute, 0.0))
        return min(self._a_minute, left + (time.monotonic() - at) * self._a_minute / 60)

    def count(self, address: str) -> None:
        """Note one wrong id."""
        self._left[address] = (self.left(address) - 1, time.monotonic())
        self._left.move_to_end(address)
        if len(self._left) > ADDRESSES:
            self._left.popitem(last=False)


def application(
    database: Database,
    *,
    law: type[Law] = Law,
    guesses_a_minute: float = GUESSES_A_MINUTE,
    strict: bool = False,
) -> Starlette:
    """Build the web application.

    Parameters
    ----------
    database : Database
        With an initialised integration and its customers.
    law : type, optional
        The calculator; tests put deliberate mistakes here.
    guesses_a_minute : float, optional
        Wrong webhook ids that an address may send before it is told to wait; the right id is always answered.
    strict : bool, optional
        Whether calls with unknown fields are refused, and the fields named.

    Returns
    -------
    starlette.applications.Starlette
        An ASGI application.
    """
    endpoint = _Endpoint(database, law, guesses_a_minute, strict=strict)
    description = json.dumps(describe()).encode()

    async def openapi(_request: Request) -> Response:
        return Response(description, media_type="application/json")

    app = Starlette(
        routes=[Route(PATH, endpoint, methods=["POST"]), Route("/openapi.json", openapi)],
        exception_handlers={HTTPException: _refused_by_routing},
    )
    # A redirect to the path without its last slash would repeat the webhook id, and answer wrong ids in another way.
    app.router.redirect_slashes = False
    return app


class _Endpoint:
    """The one endpoint. As a class it is called with ASGI's arguments, whatever the method."""

    def __init__(self, database: Database, law: type[Law], guesses_a_minute: float, *, strict: bool) -> None:
        self._database = database
        self._wallets = Wallets(database, law=law)
        self._guesses = Guesses(guesses_a_minute)
        self._strict = strict
        self._queue = Queue(self._wallets)
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="sandbox")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        start = time.perf_counter()
        level = logging.INFO
        try:
            answer, outcome = await self._answer(request)
        except Refused as refusal:
            answer, outcome = refusal.answer(), f"{refusal.code} {refusal.word}: {_without_ids(refusal.sentence)}"
        except (OperationalError, PoolTimeout, TimeoutError) as error:
            level = logging.WARNING
            answer, outcome = Refused("unavailable").answer(), f"503 unavailable: {_why(error)}"
        except Exception as error:
            # What a database says of a row may have its ids.
            _log.error("a call could not be answered: %s", type(error).__name__, exc_info=not _of_database(error))
            answer, outcome = Refused("failed").answer(), "500 failed"
        _log.log(level, "%s (%.1f ms)", outcome, (time.perf_counter() - start) * 1e3)
        await _response(answer)(scope, receive, send)

    async def _answer(self, request: Request) -> tuple[dict[str, Any], str]:
        address = request.client.host if request.client else ""
        body = await _body(request)
        try:
            async with asyncio.timeout(ANSWERED_WITHIN):
                call, data = await self._read(request.path_params, body)
                if not isinstance(call, ListCall):
                    data = await self._moved(call)
        except _WrongId:
            # Counted only now, or guesses that wait together for the rest of their bodies would all be let through.
            # The right id is answered whatever others at its address send: 256 bits are not guessed.
            if self._guesses.left(address) < 1:
                raise Refused("too_many_guesses") from None
            self._guesses.count(address)
            raise Refused("not_found") from None
        return {"meta": {"code": 200, "message": "Done."}, "data": data}, f"200 {call.action}"

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    async def _read(self, path: dict[str, str], body: bytes | Refused) -> tuple[AnyCall, dict[str, Any] | None]:
        if self._database.is_file:
            # Reading a local file takes less than handing the call to a thread, where nobody has locked it.
            with suppress(OperationalError, PoolTimeout):
                return self._read_now(path, body, at_once=True)
        read: tuple[AnyCall, dict[str, Any] | None] = await self._in_thread(self._read_now, path, body)
        return read

    def _read_now(
        self, path: dict[str, str], body: bytes | Refused, *, at_once: bool = False
    ) -> tuple[AnyCall, dict[str, Any] | None]:
        """Read the call, and answer it where that needs reading only."""
        with self._database.reading(at_once=at_once) as connection:
            row = read_row(connection)
            # The webhook id comes first: whoever does not have it gets one answer, whatever else is in the call.
            if not is_webhook_id(row, path["webhook_id"]) or path["checkout"] not in CHECKOUTS:
                raise _WrongId
            if isinstance(body, Refused):
                raise body
            call = read_call(body, strict=self._strict)
            return call, self._wallets.offered(connection, row, call) if isinstance(call, ListCall) else None

    async def _moved(self, call: PerformCall | RevertCall) -> dict[str, Any]:
        if self._database.is_file:
            return await self._queue.answer(call)
        return dict(await self._in_thread(self._wallets.answer, call))


def _why(error: Exception) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__


def _of_database(error: Exception) -> bool:
    return isinstance(error, SQLAlchemyError)


def _without_ids(sentence: str) -> str:
    """A refusal's sentence for the log: a field's name may be a number of somebody."""
    return re.sub(r"[0-9]{6,}", "…", sentence)


class _WrongId(Exception):
    """The webhook id, or the checkout before it, is wrong."""


async def _body(request: Request) -> bytes | Refused:
    """Read the body, or say why it is refused."""
    pieces, size = [], 0
    try:
        async with asyncio.timeout(CHECKOUT_WAITS):
            async for piece in request.stream():
                size += len(piece)
                if size > MAX_BODY:
                    return Refused("too_large")
                pieces.append(piece)
    except (TimeoutError, ClientDisconnect):
        return Refused("too_slow")
    return b"".join(pieces)


def _response(body: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(body), body["meta"]["code"], headers, media_type="application/json")


def _refused_by_routing(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    refusal = Refused("not_allowed" if error.status_code == 405 else "not_found")
    return _response(refusal.answer(), error.headers)  # of 405: which methods are allowed


def _server(app: Any) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=Connection,
            access_log=False,  # it has the path, and in it the webhook id
            log_level="warning",
            proxy_headers=False,  # else a header could pretend another address to the rate limit
            server_header=False,
            ws="none",
            lifespan="off",
            timeout_graceful_shutdown=5,
        )
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio switches off the delay that would add 40 ms to every answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # elsewhere it would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        why = error.strerror if isinstance(error, OSError) else "a port is from 0 to 65535"
        raise InputError(f"{host}:{port} cannot be listened on: {why}; choose another --port or --host") from None
    listener.listen(256)
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: Any, *, host: str = "127.0.0.1", port: int = 0, started: Callable[[str], object] = print) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    app : ASGI application
        From :func:`application`.
    host : str, optional
        Address to listen on; loopback unless told otherwise. The calls are not encrypted.
    port : int, optional
        Port; 0 takes a free one.
    started : callable, optional
        Called with the server's address once it listens, before the first call is answered.

    Raises
    ------
    InputError
        If the address cannot be listened on.
    """
    with _listen(host, port) as listener:
        started(_address(listener))
        _server(app).run(sockets=[listener])


@contextmanager
def running(app: Any) -> Iterator[str]:
    """Serve on loopback, in a thread, for as long as the block lasts.

    Parameters
    ----------
    app : ASGI application
        From :func:`application`.

    Yields
    ------
    str
        The server's address, such as ``http://127.0.0.1:40113``.
    """
    with _listen("127.0.0.1", 0) as listener:
        server = _server(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield _address(listener)
        finally:
            server.should_exit = True
            thread.join(10)
