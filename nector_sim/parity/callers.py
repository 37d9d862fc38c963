"""Calculators that can be asked: a Python function, and a URL that answers POSTed cases."""

from __future__ import annotations

import importlib
import inspect
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from nector_sim.errors import InputError
from nector_sim.parity.answers import Theirs, as_json, read_reply
from nector_sim.parity.urls import LONGEST, split_url
from nector_sim.rules.program import Program


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
    """How a URL is spoken to."""

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
        ``points_requested``, ``tier``, ``ordered_at`` and the frame's other columns that it takes; amounts are
        Decimals. It returns what :func:`~nector_sim.parity.answers.read_reply` reads.
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
    """A URL as a calculator: each case is POSTed as JSON, one after the other.

    Parameters
    ----------
    url : str
        ``http://`` or ``https://``. Its path may be a secret: no report or error shows more than the host.
    per_second : float
        At most so many requests a second.
    timeout : float
        Seconds to wait for an answer.
    retries : int
        How often to ask again after a timeout, a lost connection, or status 429 or 500 and above; the pause doubles
        each time.
    dialect : Dialect, optional
        How it is spoken to; left out, :class:`PlainDialect`.

    Raises
    ------
    InputError
        If it is no such URL; and from :meth:`ask`, if the host cannot be reached.
    """

    def __init__(
        self,
        url: str,
        *,
        per_second: float = 20.0,
        timeout: float = 10.0,
        retries: int = 3,
        dialect: Dialect | None = None,
    ) -> None:
        parts = split_url(url)
        if not (per_second > 0 and 0 < timeout <= LONGEST and retries >= 0):
            raise InputError(
                f"the rate and the timeout must be above 0, the timeout at most {LONGEST} seconds, and the number of "
                "retries 0 or more"
            )
        self.url = url
        self.name = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
        self.pause = 1.0 / per_second
        self.timeout = timeout
        self.retries = retries
        self.dialect = dialect or PlainDialect()
        self.next_at = 0.0
        # A redirect would turn the POST into a GET; it is a finding, not something to follow.
        self.opener = urllib.request.build_opener(_NoRedirect)

    def ask(self, program: Program, order: Mapping[str, Any]) -> Theirs:
        """Answer one order; a status other than 200 is an error of that order alone."""
        body = json.dumps(self.dialect.write(program, order)).encode()
        for attempt in range(self.retries + 1):
            last = attempt == self.retries
            try:
                reply = self._post(body)
            except urllib.error.HTTPError as error:
                if last or (error.code != 429 and error.code < 500):
                    return Theirs(error=f"it answered with status {error.code}")
            except TimeoutError:
                if last:
                    return Theirs(error=f"it gave no answer within {self.timeout:g} s")
            except OSError as error:
                if last:
                    reason = getattr(error, "reason", error)
                    if isinstance(reason, TimeoutError):
                        return Theirs(error=f"it gave no answer within {self.timeout:g} s")
                    raise InputError(f"{self.name} cannot be reached: {reason}") from None
            else:
                return self._read(program, reply)
            time.sleep(min(30.0, 0.2 * 2**attempt))
        raise AssertionError("the last attempt returns")

    def _post(self, body: bytes) -> bytes:
        wait = self.next_at - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        self.next_at = time.monotonic() + self.pause
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "nector-sim"}
        request = urllib.request.Request(self.url, data=body, headers=headers, method="POST")
        with self.opener.open(request, timeout=self.timeout) as response:
            return bytes(response.read())

    def _read(self, program: Program, reply: bytes) -> Theirs:
        try:
            data = json.loads(reply)
        except ValueError:
            return Theirs(error="its reply is not JSON")
        return self.dialect.read(program, data)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None
