"""What a terminal is sent: text, and none of the characters that steer it."""

from __future__ import annotations

import re
from typing import IO, Any

#: Characters that steer a terminal: a file of orders must not move its cursor, name its window or turn a line around.
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
#: What is let through: our own colours, and on the stream of the progress bar what draws it.
_COLOURS, _BAR = r"\x1b\[[0-7;]*m", r"\x1b\[[0-9;]*[mAK]|\x1b\[\?25[hl]|\r"


class Printable:
    """A stream that writes out the characters that steer a terminal instead of sending them.

    Parameters
    ----------
    stream : text stream
    bar : bool
        Let through what draws a progress bar.
    """

    def __init__(self, stream: IO[str], *, bar: bool = False) -> None:
        self._stream = stream
        self._pattern = re.compile(f"({_BAR if bar else _COLOURS})|{_STEERING.pattern}")

    def write(self, text: str) -> int:
        """Write a text."""
        return self._stream.write(self._pattern.sub(lambda found: found[1] or visible(found[0]), text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def visible(text: str) -> str:
    r"""Write out the characters of a text that steer a terminal."""
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
