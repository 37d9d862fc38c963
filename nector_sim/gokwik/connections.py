"""Connections to the sandbox: a request arrives in time and in measure, or it is cut off; none changes its protocol."""

from __future__ import annotations

import asyncio
import re

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from nector_sim.gokwik.wire import CHECKOUT_WAITS

#: Seconds for a whole request to arrive; a few more than its body has, so that one that is slow can be told so.
PATIENCE = CHECKOUT_WAITS + 5
#: Bytes of the request's line and headers; the path and a handful of headers need a few hundred.
MAX_HEAD = 16 * 1024
_TOO_LARGE = "The line and headers of this request are too large."


_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_UPGRADE = re.compile(rb"(?im)^(?:upgrade|http2-settings)[ \t]*:[^\r\n]*\r?\n")


class Connection(HttpToolsProtocol):
    """A client's connection.

    uvicorn by itself keeps a request's head whatever its size, and waits for the rest of it without an end: a few
    silent connections could take all that the system has to give.

    Java's HttpClient and ``curl --http2`` offer to go on in HTTP/2 (``Upgrade: h2c``), which a server may ignore. The
    parser cannot: it takes what follows the head for another protocol, and the body is lost. So a head that begins a
    request is collected here, and the offer taken out of it. (A head that comes in the same packet as the end of the
    request before it is not: those clients send nothing before their answer.)
    """

    _late: asyncio.TimerHandle | None = None
    _begun = False  # the parser has begun a request and not ended it
    _in_head = False
    _size = 0  # of a head that the parser is reading
    _head = b""  # collected before the parser sees it
    _read = 0  # of the head's fields, which is less by what parts them

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._arrived()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Wait for the rest of a request."""
        super().on_message_begin()
        self._begun = self._in_head = True
        self._read = 0
        self._expect()

    def on_url(self, url: bytes) -> None:
        """Read on in the line."""
        self._measure(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Read on in the headers."""
        self._measure(len(name) + len(value) + len(": \r\n"))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Note that what follows is the body, which the application measures."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that the request is here; how long its answer takes is another matter."""
        self._begun = False
        self._arrived()
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Read on, and stop where the head does not end."""
        if not self._begun:
            self._unset_keepalive_if_required()
            self._expect()
            self._head += data
            end = _END_OF_HEAD.search(self._head)
            if end is None:
                self._limit(len(self._head))
                return
            data = _UPGRADE.sub(b"", self._head[: end.end()]) + self._head[end.end() :]
            self._head = b""
        super().data_received(data)
        self._size = self._size + len(data) if self._in_head else 0
        self._limit(self._size)

    def _limit(self, size: int) -> None:
        if size > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response(_TOO_LARGE)

    def send_400_response(self, msg: str) -> None:
        """Refuse the request and close, with the reason."""
        super().send_400_response(_TOO_LARGE if self._read > MAX_HEAD else msg)

    def _measure(self, more: int) -> None:
        """Stop the parser where a head is too large, also one that came whole; uvicorn answers its error with 400."""
        self._read += more
        if self._read > MAX_HEAD:
            raise ValueError(_TOO_LARGE)

    def _expect(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(PATIENCE, self.give_up)

    def _arrived(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def give_up(self) -> None:
        """Cut the connection off."""
        self._late = None
        self.transport.abort()
