"""The day of a file of balances, from its name."""

from __future__ import annotations

import re
from datetime import date

NO_DAY = "nothing says of which day the balances are"
_ISO = re.compile(r"(?<!\d)(20\d\d)([-_. ]?)(\d\d)\2(\d\d)(?!\d)")
_ELSE = re.compile(r"(?<!\d)(\d{1,2})([-_. ])(\d{1,2})\2(20\d\d)(?!\d)")


def day_in_name(name: str) -> tuple[str | None, str]:
    """The one day that a file's name says, as ISO 8601 text, and who says so; else None, and why not."""
    days = {_day(*map(int, found.group(1, 3, 4))) for found in _ISO.finditer(name)}
    for found in _ELSE.finditer(name):
        first, second, year = map(int, found.group(1, 3, 4))
        days |= {_day(year, second, first), _day(year, first, second)}
    known = sorted((day for day in days if day is not None), reverse=True)
    if not known:
        return None, NO_DAY
    if len(known) > 1:
        return None, "the date in the file's name is " + " or ".join(f"{day.day} {day:%B %Y}" for day in known)
    return known[0].isoformat(), "as the file's name says"


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
