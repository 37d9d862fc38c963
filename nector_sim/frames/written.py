"""Amounts and times as shops and spreadsheets write them.

Nothing is guessed: an amount with separators and a date like 01/05/2026 can mean two things, so they are refused until
the caller says which.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pyarrow as pa

from nector_sim.errors import InputError
from nector_sim.frames.columns import NO_TIME, Column, read_money, read_points, read_times
from nector_sim.rules.values import SCIENTIFIC

Numbers = Literal["1234.50", "1,234.50", "1.234,50"]
Dates = Literal["yyyy-mm-dd", "dd/mm/yyyy", "mm/dd/yyyy"]

_CURRENCY = r"(?:₹|\$|€|£|¥|Rs\.?|[A-Z]{3})"
#: What an amount with separators looks like: groups of three, or of two before the last three as in India.
_GROUPED = {
    "1,234.50": r"^-?(?:\d+|\d{1,3}(?:,\d{2})*,\d{3}|\d{1,3}(?:,\d{3})+)(?:\.\d*)?$",
    "1.234,50": r"^-?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d*)?$",
}

#: Put before a text that is not written as stated, so that the door of numbers refuses it and never reads it otherwise.
_UNREAD = "?"

_FORMULA = re.compile(r"\s*(?:[=@]|[+-][A-Za-z]+[0-9(])")

_EXPONENT = re.compile(r"\s*-?[0-9.]+[eE][+-]?[0-9]+\s*$")

_A_FORMULA = "is a formula; in the sheet, copy the column, paste it as values, and save again"
_WITH_SEPARATORS = (
    "is written with a currency sign or separators, which can be read in two ways; say which: numbers='1,234.50' or "
    "numbers='1.234,50' (--numbers)"
)
_TWO_DATES = (
    "is a date whose day and month could be either; say their order: dates='dd/mm/yyyy' or dates='mm/dd/yyyy' (--dates)"
)
_NO_TIME = "is not a time; write it as 2026-11-23 18:30 or with its zone, 2026-11-23 18:30:00 +0530"
_MISSING_TIME = "is missing; an order needs its time"

_ISO = (
    r"^(?P<date>\d{4}-\d{2}-\d{2})(?:[T ]+(?P<clock>\d{1,2}:\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?$"
)
_SLASHED = (
    r"^(?P<first>\d{1,2})[/.-](?P<second>\d{1,2})[/.-](?P<year>\d{4})"
    r"(?:[, ]+(?P<clock>\d{1,2}:\d{2})(?::(?P<seconds>\d{2}))?\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?$"
)


class Written(NamedTuple):
    """How amounts and dates are written.

    Attributes
    ----------
    numbers : str
        One of ``1234.50`` (no separators), ``1,234.50`` and ``1.234,50``.
    dates : str
        One of ``yyyy-mm-dd``, ``dd/mm/yyyy`` and ``mm/dd/yyyy``; the first is always understood.
    timezone : str
        Zone of times that name none.
    """

    numbers: str
    dates: str
    timezone: str


def check_written(written: Written) -> None:
    """Refuse a way of writing, or a time zone, that is not known."""
    try:
        ZoneInfo(written.timezone)
    except (KeyError, ValueError, OSError):
        raise InputError(
            f"timezone={written.timezone!r} is not known; write its IANA name, such as Asia/Kolkata"
        ) from None
    for name, value, known in (
        ("numbers", written.numbers, get_args(Numbers)),
        ("dates", written.dates, get_args(Dates)),
    ):
        if value not in known:
            raise InputError(f"{name}={value!r} is not known; write one of {', '.join(map(repr, known))}")


def amounts(values: pl.Series, decimals: int, written: Written, *, blank: int | None = None) -> Column:
    """Read amounts as minor units, whatever their type; see :func:`nector_sim.frames.columns.read_money`."""
    return _numbers(values, written, blank, lambda plain: read_money(plain, decimals))


def points(values: pl.Series, written: Written, *, blank: int | None = None) -> Column:
    """Read numbers of points; see :func:`nector_sim.frames.columns.read_points`."""
    return _numbers(values, written, blank, read_points)


def _numbers(values: pl.Series, written: Written, blank: int | None, read: Callable[[pa.Array], Column]) -> Column:
    plain = _plain(values, written.numbers)
    empty = plain.is_null()
    if blank is None or not empty.any():
        return _better_reasons(values, read(plain.to_arrow()), written.numbers)
    # Whole columns may be blank, so blanks are read at once: as a nought, and then as what they stand for.
    nought = pl.lit("0") if plain.dtype == pl.String else pl.lit(0).cast(plain.dtype)
    filled = plain.to_frame("v").select(pl.when(empty).then(nought).otherwise(pl.col("v"))).to_series()
    column = _better_reasons(values, read(filled.to_arrow()), written.numbers)
    return Column(np.where(empty.to_numpy(), blank, column.numbers), column.refused)


def _plain(values: pl.Series, numbers: str) -> pl.Series:
    """Texts as plain digits and a point, or marked as unread; other types as they are."""
    if values.dtype != pl.String:
        return values
    text = pl.col("text").str.strip_chars()
    plain = text
    if numbers != "1234.50":
        bare = text.str.replace(rf"^(-?)\s*{_CURRENCY}\s*", "${1}").str.replace(rf"\s*{_CURRENCY}$", "")
        group, point = numbers[1], numbers[5]
        digits = bare.str.replace_all(group, "", literal=True).str.replace(point, ".", literal=True)
        plain = pl.when(bare.str.contains(_GROUPED[numbers])).then(digits).otherwise(pl.lit(_UNREAD))
    blank = text.is_null() | (text == "")
    return values.to_frame("text").select(pl.when(~blank).then(plain)).to_series()


def _better_reasons(values: pl.Series, column: Column, numbers: str) -> Column:
    """Say more of a text that is no plain number: a formula, or separators that could be read in two ways."""
    if values.dtype != pl.String:
        return column
    rows = list(column.refused)
    for row, value in zip(rows, values.gather(rows).to_list(), strict=True):
        if value is not None and (reason := _why_no_number(value, numbers)):
            column.refused[row] = reason
    return column


def _why_no_number(text: str, numbers: str) -> str | None:
    if _FORMULA.match(text):
        return _A_FORMULA
    if _EXPONENT.match(text):
        return SCIENTIFIC
    if not any(character.isdigit() for character in text):
        return None
    if numbers != "1234.50":
        return f"is not written like {numbers}, as was said; say how amounts are written in this file"
    return _WITH_SEPARATORS if any(sign in text for sign in ",₹$€£¥") else None


def times(values: pl.Series, written: Written, *, optional: bool = False) -> Column:
    """Read times as microseconds since 1970 in UTC.

    Parameters
    ----------
    values : polars.Series, shape (n,)
        Times, dates, or texts: ISO 8601 in its common spellings, or slashed dates of the stated order.
    written : Written
    optional : bool
        A missing time is :data:`NO_TIME`; else it is refused.

    Returns
    -------
    Column
    """
    if values.dtype != pl.String:
        typed = read_times(values.to_arrow(), written.timezone)
        return typed if optional else _needed(typed)
    frame = values.str.strip_chars().to_frame("text")
    parts = frame.select(pl.col("text").str.extract_groups(_ISO)).unnest("text")
    local = _clock(pl.col("date"), pl.col("clock"), pl.col("second"))
    # The day without its clock would be another time than the one that is written, so only a blank clock is midnight.
    parts = parts.with_columns(local=local, micro=pl.col("fraction").str.slice(0, 6).str.pad_end(6, "0").cast(pl.Int64))
    parts = parts.with_columns(pl.col("local") + pl.duration(microseconds=pl.col("micro").fill_null(0)))
    utc = _in_utc(parts, written.timezone)
    if written.dates != "yyyy-mm-dd":
        slashed = _slashed(frame, written.dates)
        utc = utc.fill_null(_in_utc(slashed, written.timezone))
    microseconds = utc.fill_null(NO_TIME).to_numpy().copy()
    empty = (values.is_null() | (frame["text"] == "")).to_numpy()
    column = Column(microseconds, {})
    for row in np.flatnonzero((microseconds == NO_TIME) & ~empty).tolist():
        column.refused[row] = _why_no_time(values[row], written.dates)
    return column if optional else _needed(column)


def _needed(column: Column) -> Column:
    for row in np.flatnonzero(column.numbers == NO_TIME).tolist():
        column.refused.setdefault(row, _MISSING_TIME)
    return column


def _clock(date: pl.Expr, clock: pl.Expr, second: pl.Expr) -> pl.Expr:
    clock = pl.when(clock.str.len_chars() == 4).then(pl.lit("0") + clock).otherwise(clock)
    text = date + "T" + clock.fill_null("00:00") + ":" + second.fill_null("00")
    return text.str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)


def _slashed(frame: pl.DataFrame, dates: str) -> pl.DataFrame:
    parts = frame.select(pl.col("text").str.extract_groups(_SLASHED)).unnest("text")
    day, month = ("first", "second") if dates == "dd/mm/yyyy" else ("second", "first")
    date = pl.col("year") + "-" + pl.col(month).str.zfill(2) + "-" + pl.col(day).str.zfill(2)
    half = pl.col("half").str.slice(0, 1).str.to_lowercase()
    parts = parts.with_columns(local=_clock(date, pl.col("clock"), pl.col("seconds")), half=half)
    hour = pl.col("local").dt.hour()
    afternoon = pl.when((pl.col("half") == "p") & (hour < 12)).then(12).when((pl.col("half") == "a") & (hour == 12))
    shifted = pl.col("local") + pl.duration(hours=afternoon.then(-12).otherwise(0))
    # 13:00 PM is no time.
    local = pl.when(pl.col("half").is_null() | hour.is_between(1, 12)).then(shifted)
    return parts.select(local=local, zone=pl.lit(None, pl.String))


def _in_utc(parts: pl.DataFrame, timezone: str) -> pl.Series:
    """Microseconds in UTC of local times, each with its offset or in the zone; none where the time is none."""
    hours, minutes = pl.col("zone").str.extract(r"(\d{2}):?\d{2}$"), pl.col("zone").str.extract(r"(\d{2})$")
    east = hours.cast(pl.Int64) * 60 + minutes.cast(pl.Int64)
    east = pl.when(pl.col("zone").str.starts_with("-")).then(-east).otherwise(east).fill_null(0)
    offset = pl.col("local") - pl.duration(minutes=east)
    # A clock time that the zone skips is read with the offset that held before, as Python reads it.
    before = (pl.col("local") - pl.duration(hours=3)).dt.replace_time_zone(
        timezone, ambiguous="earliest", non_existent="null"
    )
    zoned = pl.col("local").dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    zoned = zoned.fill_null(before + pl.duration(hours=3)).dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return parts.select(pl.when(pl.col("zone").is_null()).then(zoned).otherwise(offset).to_physical()).to_series()


def _why_no_time(value: Any, dates: str) -> str:
    text = str(value).strip()
    if text.startswith("="):
        return _A_FORMULA
    return _TWO_DATES if dates == "yyyy-mm-dd" and re.match(_SLASHED, text) else _NO_TIME
