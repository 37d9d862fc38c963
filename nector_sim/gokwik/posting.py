"""Posting JSON to a URL whose last part may be a secret: it is in no message, and no redirect carries it elsewhere.

http.client and not httpx: a call is bounded as a whole, the head of its answer too, since a checkout waits so long and
no longer. httpx bounds each read, and an answer that comes drop by drop would never end.
"""

from __future__ import annotations

import http.client
import io
import json
import socket
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from nector_sim.errors import InputError
from nector_sim.parity.urls import LONGEST, split_url

#: Bytes of an answer that are read at most.
MAX_ANSWER = 1024 * 1024


class NoAnswer(Exception):
    """Nothing usable came back in time."""


class Reply(NamedTuple):
    """What came back."""

    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        """Read the body as a JSON object."""
        try:
            content = json.loads(self.body)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise NoAnswer(f"the answer (HTTP {self.status}) is not a JSON object")
        return content


class Line:
    """A connection to one URL, kept open between calls; for one thread.

    Parameters
    ----------
    url : str
        Full ``http`` or ``https`` URL.
    timeout : float
        Seconds that a call waits for its answer.

    Raises
    ------
    InputError
        If the URL is none, or the timeout is not above 0.
    """

    def __init__(self, url: str, *, timeout: float) -> None:
        parts = split_url(url)
        if not 0 < timeout <= LONGEST:
            raise InputError(f"the timeout is {timeout:g}; it must be above 0 and at most {LONGEST} seconds")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(str(parts.hostname), parts.port, timeout=timeout)
        self._timeout = timeout
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        #: Where it goes, without the path, for messages.
        self.address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def post(self, body: bytes, *, headers: Mapping[str, str] | None = None) -> Reply:
        """Send a body and wait for the answer."""
        reused = self._connection.sock is not None
        try:
            try:
                return self._post(body, headers or {})
            except (http.client.RemoteDisconnected, ConnectionError):
                if not reused:
                    raise
                # The other side had closed the kept connection; what is sent here may be sent twice.
                self.close()
                return self._post(body, headers or {})
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise NoAnswer(f"{self.address} gave no answer: {_reason(error)}") from None

    def _post(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        deadline = time.monotonic() + self._timeout
        if self._connection.sock is not None:
            self._connection.sock.settimeout(self._timeout)
        self._connection.response_class = partial(_response, deadline=deadline)  # type: ignore[assignment]
        self._connection.request("POST", self._path, body, {"content-type": "application/json", **headers})
        response = self._connection.getresponse()
        pieces, size = [], 0
        while piece := response.read1(65536):
            size += len(piece)
            if size > MAX_ANSWER:
                self.close()
                raise NoAnswer(f"{self.address} gave an answer that is too long")
            pieces.append(piece)
        response.close()  # reading piece by piece does not notice the end, and the connection would stay busy
        return Reply(response.status, b"".join(pieces))

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        self._connection.close()


class _InTime(io.RawIOBase):
    """Reads from a socket until a deadline, however small the pieces are in which an answer comes."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline
        self._file = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._file.readinto(buffer)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What an HTTP response asks of a socket."""
        return io.BufferedReader(self)

    def close(self) -> None:
        self._file.close()
        super().close()


def _response(sock: socket.socket, *arguments: Any, deadline: float, **options: Any) -> http.client.HTTPResponse:
    return http.client.HTTPResponse(_InTime(sock, deadline), *arguments, **options)  # type: ignore[arg-type]


def post(url: str, body: bytes, *, headers: Mapping[str, str], timeout: float) -> Reply:
    """Send one body on a connection of its own; errors as :class:`Line`."""
    line = Line(url, timeout=timeout)
    try:
        return line.post(body, headers=headers)
    finally:
        line.close()


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError | BlockingIOError):
        return "it took too long"
    return getattr(error, "strerror", None) or type(error).__name__
