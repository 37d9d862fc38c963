"""Calculators that can be asked: a Python function, and a URL that answers POSTed cases."""

from __future__ import annotations

import base64
import importlib
import inspect
import json
import math
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException, HTTPResponse, IncompleteRead
from pathlib import Path
from typing import Any, Protocol, runtime_checkable
from urllib.parse import unquote

from nector_sim.errors import InputError
from nector_sim.parity.answers import Theirs, as_json, read_reply
from nector_sim.parity.urls import LONGEST, split_url
from nector_sim.rules.program import Program

#: Orders in a row without any answer, after which no more are asked.
SILENT = 5
#: The longest pause before asking again, in seconds.
LONGEST_PAUSE = 30.0
#: The most that is read of a reply, in bytes; one of the documented shape is far shorter.
LARGEST_REPLY = 1_000_000


@runtime_checkable
class Caller(Protocol):
    """A way to ask a calculator.

    Attributes
    ----------
    name : str
        What reports call it; without secrets.
    """

    name: str

    def ask(self, program: Program, order: Mapping[str, Any]) -> Theirs:
        """Answer one order: fields in major units as :func:`nector_sim.quote` takes them, and the frame's others."""


class Dialect(Protocol):
    """How a URL is spoken to.

    Where it has an attribute ``reads_errors`` that is true, it reads the bodies of HTTP errors, too.
    """

    def write(self, program: Program, order: Mapping[str, Any]) -> Any:
        """What to POST, for JSON."""

    def read(self, program: Program, reply: Any) -> Theirs:
        """What the reply's JSON says."""


class PlainDialect:
    """``{"program": …, "order": …}`` in, ``{"points_redeemed": …, "discount": …}`` out.

    ``program`` has the fields of a program file and ``order`` those of :func:`nector_sim.quote`; amounts are text in
    major units. The reply may add ``payable`` and ``credits_used``; ``{"refused": true}`` or ``null`` refuses the
    order.
    """

    def write(self, program: Program, order: Mapping[str, Any]) -> Any:
        """What to POST, for JSON."""
        return {"program": json.loads(program.to_json()), "order": as_json(order)}

    def read(self, program: Program, reply: Any) -> Theirs:
        """What the reply's JSON says."""
        return read_reply(program, reply)


class FunctionCaller:
    """A Python function as a calculator.

    Parameters
    ----------
    function : callable
        Called by keyword with those of ``program``, ``cart_amount``, ``points_balance``, ``credits``,
        ``points_requested``, ``tier``, ``ordered_at``, ``eligible_amount``, ``coupon_discount`` and the frame's other
        columns that it takes; amounts are Decimals. It returns what
        :func:`~nector_sim.parity.answers.read_reply` reads.
    name : str, optional
        What reports call it.
    """

    def __init__(self, function: Callable[..., Any], *, name: str = "") -> None:
        self.function = function
        self.name = name or getattr(function, "__qualname__", type(function).__name__)
        parameters = inspect.signature(function).parameters.values()
        takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
        self.takes = None if takes_all else {parameter.name for parameter in parameters}

    def ask(self, program: Program, order: Mapping[str, Any]) -> Theirs:
        """Answer one order; an exception of the function is an error of that order alone."""
        fields = {"program": program, **order}
        try:
            reply = self.function(**{k: v for k, v in fields.items() if self.takes is None or k in self.takes})
        except Exception as error:  # whatever a foreign calculator does is a finding about it
            return Theirs(error=f"it raised {type(error).__name__}: {error}"[:200])
        return read_reply(program, reply)

    @classmethod
    def load(cls, place: str) -> FunctionCaller:
        """Import ``module:function``, also from the current folder.

        Raises
        ------
        InputError
            If there is no such module or function.
        """
        module_name, _, attribute = place.partition(":")
        if not all(part.isidentifier() for name in (module_name, attribute) for part in name.split(".")):
            raise InputError(f"{place} is not module:function; write it as mycheckout.points:discount")
        folder = str(Path.cwd())
        if folder not in sys.path:
            sys.path.insert(0, folder)
        try:
            function: Any = importlib.import_module(module_name)
            for part in attribute.split("."):
                function = getattr(function, part)
        except ModuleNotFoundError as error:
            raise InputError(f"{place} cannot be imported: {error}; run where the module is, or install it") from None
        except AttributeError:
            raise InputError(f"{module_name} has no {attribute}; check the name behind the colon") from None
        return cls(function, name=place)


class UrlCaller:
    """A URL as a calculator: each case is POSTed as JSON.

    Parameters
    ----------
    url : str
        ``http://`` or ``https://``, with ``user:password@`` before the host where it wants them. All of it may be a
        secret: no report or error shows more than the host.
    per_second : float
        At most so many requests a second.
    timeout : float
        Seconds to wait for an answer.
    retries : int
        How often to ask again after a timeout, a lost connection, or status 429 or 500 and above. The pause doubles
        each time; where the server names a longer one in seconds (``Retry-After``), it is that, up to 30 s.
    dialect : Dialect, optional
        How it is spoken to; left out, :class:`PlainDialect`.
    at_once : int
        So many requests may wait for their answers side by side; the rate holds for all of them together.

    Raises
    ------
    InputError
        For a URL or numbers that make no sense; and from :meth:`ask`, if the host cannot be reached from the start, or
        gave no answer to five orders in a row.
    """

    def __init__(
        self,
        url: str,
        *,
        per_second: float = 20.0,
        timeout: float = 10.0,
        retries: int = 3,
        dialect: Dialect | None = None,
        at_once: int = 1,
    ) -> None:
        self.url, self.name, self.login = _read_url(url)
        if not (0 < per_second < math.inf and 0 < timeout <= LONGEST and retries >= 0 and at_once >= 1):
            raise InputError(
                f"the rate and the timeout must be above 0, the timeout at most {LONGEST} seconds, the number of "
                "retries 0 or more, and that of requests side by side 1 or more"
            )
        self.pause = 1.0 / per_second
        self.timeout = timeout
        self.retries = retries
        self.dialect = dialect or PlainDialect()
        self.at_once = at_once
        self.next_at = 0.0
        self.lock = threading.Lock()  # of the rate and of who was heard
        self.heard, self.silent = False, 0
        # Not httpx: `--url` needs no further library so, and the bound of the whole answer would be ours there too.
        self.opener = urllib.request.build_opener(_AnyStatus)

    def ask(self, program: Program, order: Mapping[str, Any]) -> Theirs:
        """Answer one order; what the server does wrong is an error of that order alone."""
        body = json.dumps(self.dialect.write(program, order)).encode()
        for attempt in range(self.retries + 1):
            try:
                reply, status = self._post(body)
            except _NoReplyError as error:
                failed = error
            else:
                with self.lock:
                    self.heard, self.silent = True, 0
                return self._read(program, reply, status)
            if attempt == self.retries:
                break
            time.sleep(min(LONGEST_PAUSE, max(0.2 * 2**attempt, failed.pause)))
        with self.lock:
            self.silent = 0 if failed.heard else self.silent + 1
            self.heard |= failed.heard
        if (failed.nobody and not self.heard) or self.silent >= SILENT:
            orders = "" if self.silent < SILENT else f" for {SILENT} orders in a row"
            raise InputError(f"{self.name} {failed}{orders}; check the URL, and that the server runs")
        return Theirs(error=f"it {failed}")

    def _post(self, body: bytes) -> tuple[bytes, int]:
        with self.lock:
            now = time.monotonic()
            wait = max(0.0, self.next_at - now)
            self.next_at = now + wait + self.pause
        time.sleep(wait)
        now = time.monotonic()
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "nector-sim"}
        request = urllib.request.Request(self.url, data=body, headers=headers | self.login, method="POST")
        try:
            with self.opener.open(request, timeout=self.timeout) as response:
                if response.status == 429 or response.status >= 500:
                    asked = response.headers.get("Retry-After", "")
                    raise _NoReplyError(
                        f"answered with status {response.status}",
                        heard=True,
                        pause=float(asked) if asked.isascii() and asked.isdigit() else 0.0,
                    )
                return _read_body(response, now + self.timeout), response.status
        except HTTPException as error:
            raise _NoReplyError(f"answered with what is not HTTP, or breaks off ({type(error).__name__})") from None
        except OSError as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                raise _NoReplyError(f"gave no answer within {self.timeout:g} s") from None
            raise _NoReplyError(f"cannot be reached: {reason}", nobody=True) from None

    def _read(self, program: Program, reply: bytes, status: int) -> Theirs:
        done = 200 <= status < 300
        if done or getattr(self.dialect, "reads_errors", False):
            try:
                return self.dialect.read(program, json.loads(reply))
            except (ValueError, RecursionError):
                if done:
                    return Theirs(error="its reply is not JSON")
        return Theirs(error=f"it answered with status {status}")


class _NoReplyError(Exception):
    """Why one request gave no reply: whether a server was heard, or nobody was there."""

    def __init__(self, what: str, *, heard: bool = False, nobody: bool = False, pause: float = 0.0) -> None:
        super().__init__(what)
        self.heard, self.nobody, self.pause = heard, nobody, pause


def _read_url(url: str) -> tuple[str, str, dict[str, str]]:
    """Split a URL into the one to open, what may be shown of it, and the header that its user and password make."""
    parts = split_url(url)
    place = parts.netloc.rpartition("@")[2]
    login = {}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        login["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return parts._replace(netloc=place).geturl(), f"{parts.scheme}://{place}", login


def _read_body(response: HTTPResponse, until: float) -> bytes:
    """Read a reply; one that is sent drop by drop has to end in time, too."""
    body = b""
    while part := response.read1(65536):
        body += part
        if time.monotonic() > until:
            raise TimeoutError
        if len(body) > LARGEST_REPLY:
            raise HTTPException("longer than any reply")
    if response.length:
        raise IncompleteRead(body)
    return body


class _AnyStatus(urllib.request.HTTPErrorProcessor):
    """Takes an answer of any status as an answer.

    The body of an error may be what the dialect understands. A redirect, which would turn the POST into a GET, is a
    finding and not something to follow.
    """

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:
        return response

    https_response = http_response
