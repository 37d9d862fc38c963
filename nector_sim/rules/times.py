"""Times: what is accepted as one, and which instant a time without a zone means."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

#: What is said of anything that is not a time.
NOT_A_TIME = "is not a time; write it as 2026-11-23 18:30 or with its zone, 2026-11-23T18:30+05:30"


def read_time(value: Any) -> datetime:
    """Read a time, as it stands: with its zone if it names one.

    Parameters
    ----------
    value : datetime, date or str
        A text is ISO 8601. A date is its midnight.

    Returns
    -------
    datetime

    Raises
    ------
    ValueError
        For anything else, numbers too: nobody can tell what they count.

    Examples
    --------
    >>> read_time("2026-11-23 18:30")
    datetime.datetime(2026, 11, 23, 18, 30)
    """
    if isinstance(value, str):
        with suppress(ValueError):
            return datetime.fromisoformat(value.strip())
    if isinstance(value, datetime) and value == value:  # pandas' NaT is a datetime that equals nothing
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    raise ValueError(NOT_A_TIME)


def to_instant(time: datetime, timezone: str) -> datetime:
    """The instant of a time, in UTC; one without a zone is in `timezone`.

    Of two equal clock times, where clocks go back, the first is meant. In UTC, because times of one and the same
    zone would be compared by their clocks. At either end of the calendar, where UTC has no such date, its last.

    Parameters
    ----------
    time : datetime
    timezone : str
        IANA name.

    Returns
    -------
    datetime
        In UTC.

    Examples
    --------
    >>> to_instant(datetime(2026, 11, 23, 18, 30), "Asia/Kolkata").isoformat()
    '2026-11-23T13:00:00+00:00'
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


#: A time in a model.
Time = Annotated[datetime, BeforeValidator(_of_field)]
