"""What a report is made of: sections with sentences and tables, pictures, and the kinds of numbers in cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Money(float):
    """An amount in major units, written as its readers do."""


class Share(float):
    """A share, written as a percentage."""


class Extra(float):
    """Extra orders as a share of those there are; missing is never."""


class Section(NamedTuple):
    """A heading, sentences below it, and a table."""

    title: str
    notes: Sequence[str] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()


class ReportPicture(NamedTuple):
    """A picture in both shapes that a report needs."""

    title: str
    svg: str
    png: bytes
    words: str
