"""Instants as microseconds since 1970 in UTC: expiry periods, and the months of reports."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from nector_sim._compile import compiled
from nector_sim.frames.columns import offsets_of_clocks
from nector_sim.ledger.tables import DAY, EPOCH, microseconds
from nector_sim.rules.ledger import Expiry
from nector_sim.rules.times import NEVER

Int64 = npt.NDArray[np.int64]


def one_period_after(instants: Int64, expiry: Expiry | None, *, timezone: str = "UTC") -> Int64:
    """The instants one expiry period later, shape as given; without an expiry, never.

    Months are counted on the calendar of a time zone and keep the local time of day (`expiry_calendar`).
    """
    if expiry is None:
        return np.full(len(instants), NEVER, np.int64)
    if expiry.days is not None:
        return instants + expiry.days * DAY
    assert expiry.months is not None
    return months_after(instants, expiry.months, timezone)


def months_after(instants: Int64, months: int, timezone: str) -> Int64:
    """So many calendar months of a time zone later, at the same time of day; in a gap, the next instant that exists."""
    if not len(instants):
        return instants
    zone = ZoneInfo(timezone)
    later = np.empty_like(instants)
    _months_after(instants + offsets_at(instants, zone), months, later)
    return _instants_of(later, zone)


def next_days(instants: Int64, timezone: str) -> Int64:
    """The same clock time of the next day of a time zone."""
    zone = ZoneInfo(timezone)
    return _instants_of(instants + offsets_at(instants, zone) + DAY, zone)


def _instants_of(local: Int64, zone: ZoneInfo) -> Int64:
    """Instants of clock times: of a time that comes twice the first, of one that is left out the next that exists."""
    days = np.arange(int(local.min()) // DAY - 1, int(local.max()) // DAY + 3) * DAY
    offsets = offsets_at(days, zone)
    if (offsets == offsets[0]).all():
        return np.asarray(local - offsets[0])
    instants = local - offsets_of_clocks(local, zone)
    left_out = np.flatnonzero(instants + offsets_at(instants, zone) != local)
    for row in left_out.tolist():
        clock = int(local[row])
        low, high = clock - DAY, int(instants[row])
        while high - low > 1:  # the clocks change at the first instant that shows a later time
            middle = (low + high) // 2
            shown = middle + _offset_at(middle, zone)
            low, high = (low, middle) if shown >= clock else (middle, high)
        instants[row] = high
    return instants


def offsets_at(instants: Int64, zone: ZoneInfo) -> Int64:
    """Offsets of a time zone from UTC at instants, both in microseconds."""
    if not len(instants):
        return instants
    # No zone changes its offset and changes it back within a day, so most need to be asked once for each day.
    first, last = int(instants.min()) // DAY, int(instants.max()) // DAY + 1
    found = np.array([_offset_of_day(day, zone) for day in range(first, last + 1)], np.int64)
    day = instants // DAY - first
    offsets: Int64 = found[day]
    for row in np.flatnonzero(found[day] != found[day + 1]).tolist():
        offsets[row] = _offset_at(int(instants[row]), zone)
    return offsets


@lru_cache(maxsize=1 << 15)
def _offset_of_day(day: int, zone: ZoneInfo) -> int:
    """The offset when a day begins in UTC; a forecast replays the same years again and again."""
    return _offset_at(day * DAY, zone)


def _offset_at(instant: int, zone: ZoneInfo) -> int:
    offset = to_datetime(instant).astimezone(zone).utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)


@compiled
def _months_after(instants: Any, months: int, later: Any) -> None:
    for row in range(len(instants)):
        days = instants[row] // DAY
        time_of_day = instants[row] - days * DAY
        # Days to a date and back in the Gregorian calendar, counting years from March so that a leap day is the last.
        shifted = days + 719_468
        era = shifted // 146_097
        day_of_era = shifted - era * 146_097
        year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
        day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
        march = (5 * day_of_year + 2) // 153
        day = day_of_year - (153 * march + 2) // 5 + 1
        month_number = (year_of_era + era * 400) * 12 + march + 2 + months  # months since January of the year 0
        year, month = month_number // 12, month_number % 12 + 1
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        longest = 31
        if month == 2:
            longest = 29 if leap else 28
        elif month in (4, 6, 9, 11):
            longest = 30
        day = min(day, longest)
        from_march = year if month > 2 else year - 1
        era = from_march // 400
        year_of_era = from_march - era * 400
        march = month - 3 if month > 2 else month + 9
        day_of_year = (153 * march + 2) // 5 + day - 1
        day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
        later[row] = (era * 146_097 + day_of_era - 719_468) * DAY + time_of_day


def month_starts(first: int, last: int, timezone: str) -> tuple[list[str], Int64]:
    """Months of a time zone that cover a stretch of time."""
    zone = ZoneInfo(timezone)
    begin, end = (to_datetime(instant).astimezone(zone) for instant in (first, last))
    names, starts = [], []
    for number in range(begin.year * 12 + begin.month - 1, end.year * 12 + end.month):
        year, month = divmod(number, 12)
        names.append(f"{year:04}-{month + 1:02}")
        starts.append(microseconds(datetime(year, month + 1, 1, tzinfo=zone)))
    return names, np.array(starts, np.int64)


def to_datetime(instant: int) -> datetime:
    """A datetime in UTC."""
    return EPOCH + timedelta(microseconds=int(instant))
