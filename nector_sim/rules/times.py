"""Times: what is accepted as one, and which instant a time without a zone means."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

#: A date without a time, as a regular expression.
DATE = r"\s*\d{4}-\d\d-\d\d\s*"
#: What is said of anything that is not a time.
NOT_A_TIME = "is not a time; write it as 2026-11-23 18:30 or with its zone, 2026-11-23T18:30+05:30"

#: In microseconds since 1970: the time of what has none, which is before every instant; and after every instant.
NO_TIME, NEVER = -(2**63), 2**63 - 1


def read_time(value: Any) -> datetime:
    """Read a time, as it stands: with its zone if it names one."""
    if isinstance(value, str):
        with suppress(ValueError):
            return datetime.fromisoformat(value.strip())
    if isinstance(value, datetime) and value == value:  # pandas' NaT is a datetime that equals nothing
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    raise ValueError(NOT_A_TIME)


def is_date(value: Any) -> bool:
    """Whether a time was written as a date alone; a timestamp at midnight is a time."""
    if isinstance(value, str):
        return re.fullmatch(DATE, value) is not None
    return isinstance(value, date) and not isinstance(value, datetime)


def to_instant(time: datetime, timezone: str) -> datetime:
    """The instant of a time, in UTC; one without a zone is in `timezone`.

    Of two equal clock times, where clocks go back, the first is meant. In UTC, because times of one and the same
    zone would be compared by their clocks. At either end of the calendar, where UTC has no such date, its last.
    """
    if time.tzinfo is None:
        time = time.replace(tzinfo=ZoneInfo(timezone), fold=0)
    try:
        return time.astimezone(UTC)
    except OverflowError:
        return (datetime.min if time.year == 1 else datetime.max).replace(tzinfo=UTC)


def _of_field(value: Any) -> datetime:
    try:
        return read_time(value)
    except ValueError as error:
        raise PydanticCustomError("time", "{what}", {"what": str(error)}) from None


def _end_of_field(value: Any) -> datetime:
    """The first instant after an end; one that is a date includes that day."""
    time = _of_field(value)
    return time + timedelta(days=1) if is_date(value) and time.year < datetime.max.year else time


#: The first instant after something, in a model; a date includes that day.
EndTime = Annotated[datetime, BeforeValidator(_end_of_field)]
#: A time in a model.
Time = Annotated[datetime, BeforeValidator(_of_field)]
