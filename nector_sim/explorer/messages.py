"""Whatever fails becomes a message for the merchant; nobody sees a traceback."""

from __future__ import annotations

from typing import Any

from nector_sim.errors import InputError
from nector_sim.report.figures import message_html


class Messages:
    """A context in which errors are told.

    Parameters
    ----------
    message : widget
        Its ``value`` is set to the message.
    meanwhile : str
        What is shown meanwhile: the end of every message.
    """

    def __init__(self, message: Any, meanwhile: str) -> None:
        self._message, self._meanwhile = message, meanwhile

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: Any, error: BaseException | None, _: Any) -> bool:
        if error is None:
            return False
        if isinstance(error, InputError):
            text = f"{error}\n{self._meanwhile}"
        elif isinstance(error, MemoryError):
            text = f"This machine's memory is not enough for it. {self._meanwhile}"
        elif isinstance(error, Exception):
            # Only its kind: the text of an error may hold a customer's data.
            kind = type(error).__name__
            text = f"This did not work, and that is a mistake of the program, not yours ({kind}). {self._meanwhile}"
        else:
            return False
        self._message.value = message_html(text, kind="error")
        return True
