"""Amounts and times as shops and spreadsheets write them.

How a file writes them is decided from all of its values (:mod:`nector_sim.frames.styles`); one value alone is never
guessed: an amount with separators and a date like 01/05/2026 can mean two things, so they are refused where neither the
other values nor the caller say which.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pyarrow as pa

from nector_sim.errors import InputError
from nector_sim.frames.columns import Column, read_money, read_points, read_times
from nector_sim.rules.money import MAX_MINOR
from nector_sim.rules.times import NO_TIME
from nector_sim.rules.values import SCIENTIFIC

Numbers = Literal["1234.50", "1,234.50", "1.234,50"]
Dates = Literal["yyyy-mm-dd", "dd/mm/yyyy", "mm/dd/yyyy", "yyyymmdd", "excel", "epoch"]
Rounding = Literal["half_up"]

#: A currency's sign or code beside an amount.
CURRENCY = r"(?:[A-Z]{0,3}[₹$€£¥৳₺₨฿₫₱₦₩₪₽]|Rs\.?|RM|Rp|zł|Kč|kr\.?|[A-Z]{3})"
#: Spaces and apostrophes that group digits.
_SPACES = r"[\s\u00a0\u2007\u2009\u202f'’]"
#: What an amount with separators looks like: groups of three, or of two before the last three as in India.
GROUPED = {
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
_FINER = "is finer than the currency's"
_ROUND = "; if the file has more decimals than money has, say how to round: rounding='half_up' (--rounding half_up)"
_TWO_DATES = (
    "is a date whose day and month could be either; say their order: dates='dd/mm/yyyy' or dates='mm/dd/yyyy' (--dates)"
)
_NO_TIME = "is not a time; write it as 2026-11-23 18:30 or with its zone, 2026-11-23 18:30:00 +0530"
_MISSING_TIME = "is missing; an order needs its time"

_ISO = (
    r"^(?P<date>\d{4}-\d{2}-\d{2})(?:[T ]+(?P<clock>\d{1,2}:\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?$"
)
_TAIL = (
    r"(?:[T, ]+(?:at )?(?P<clock>\d{1,2}:\d{2})(?::(?P<seconds>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?\s*\(?(?P<zone>Z|(?:UTC|GMT)?[+-]\d{1,2}:?\d{2}|[A-Z]{3,4})?\)?$"
)
#: A date of digits alone, day and month in either order, before its time.
SLASHED = r"^(?P<first>\d{1,2})[/.-](?P<second>\d{1,2})[/.-](?P<year>\d{4}|\d{2})"
_DAY_NAME = r"^(?:[A-Za-z]{3,9}\.?,? )?"
#: Other spellings of which the order is plain: year first, and months by name.
PLAIN_DATES = (
    r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
    _DAY_NAME + r"(?P<day>\d{1,2})(?:st|nd|rd|th)?[-/. ]+(?P<month>[A-Za-z]{3,9})\.?,?[-/. ]+(?P<year>\d{4}|\d{2})",
    _DAY_NAME + r"(?P<month>[A-Za-z]{3,9})\.?[- ](?P<day>\d{1,2})(?:st|nd|rd|th)?,?[- ](?P<year>\d{4}|\d{2})",
)
_COMPACT = r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
#: Zones by the letters that exports write behind a time; IST is India's.
_ZONES = {
    "Z": 0, "UTC": 0, "GMT": 0, "IST": 330, "GST": 240, "SGT": 480, "JST": 540, "BST": 60, "CET": 60, "CEST": 120,
    "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420,
    "AEST": 600, "AEDT": 660,
}  # fmt: skip
#: Day 0 of Excel's calendar, in days before 1970.
_EXCEL_DAYS = 25_569
_DAY = 86_400_000_000


class Written(NamedTuple):
    """How amounts and dates are written.

    Attributes
    ----------
    numbers : str
        One of ``1234.50`` (no separators), ``1,234.50`` and ``1.234,50``.
    dates : str
        One of ``yyyy-mm-dd``, ``dd/mm/yyyy``, ``mm/dd/yyyy``, ``yyyymmdd``, ``excel`` (days since 1900) and ``epoch``
        (seconds or milliseconds since 1970); the first, and months by name, are always understood.
    timezone : str
        Zone of times that name none.
    rounding : str, optional
        ``half_up`` for amounts finer than the currency's decimals; left out, these are refused.
    """

    numbers: str
    dates: str
    timezone: str
    rounding: str | None = None


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
        ("rounding", written.rounding, (None, *get_args(Rounding))),
    ):
        if value not in known:
            named = ", ".join(repr(one) for one in known if one is not None)
            raise InputError(f"{name}={value!r} is not known; write one of {named}")


def amounts(values: pl.Series, decimals: int, written: Written, *, blank: int | None = None) -> Column:
    """Read amounts as minor units, whatever their type; see :func:`nector_sim.frames.columns.read_money`."""
    column = _numbers(values, written, blank, lambda plain: read_money(plain, decimals))
    finer = [row for row, reason in column.refused.items() if reason.startswith(_FINER)]
    if not finer:
        return column
    if written.rounding is None:
        said = {row: column.refused[row] + _ROUND for row in finer}
        return Column(column.numbers, column.refused | said)
    numbers, refused = column.numbers.copy(), dict(column.refused)
    texts = _plain(values, written.numbers).gather(finer).cast(pl.String).to_list()
    for row, text in zip(finer, texts, strict=True):
        try:
            minor = int(Decimal(text).scaleb(decimals).quantize(Decimal(1), ROUND_HALF_UP))
        except InvalidOperation:
            continue
        if 0 <= minor <= MAX_MINOR:
            numbers[row] = minor
            del refused[row]
    return Column(numbers, refused)


def signed_amounts(values: pl.Series, decimals: int, written: Written, *, blank: int | None = None) -> Column:
    """Read amounts of which some are negative: ``-12.50``, ``12.50-`` or, as accountants write it, ``(12.50)``."""
    sizes, negative = without_signs(values)
    column = amounts(sizes, decimals, written, blank=blank)
    return Column(np.where(negative, -column.numbers, column.numbers), column.refused)


def without_signs(values: pl.Series) -> tuple[pl.Series, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Numbers without their sign, and which of them are negative."""
    if values.dtype == pl.String:
        text = pl.col("v").str.strip_chars()
        bracket = text.str.contains(r"^\(.*\)$")
        frame = values.to_frame("v").select(
            size=pl.when(bracket)
            .then(text.str.slice(1).str.head(-1))
            .otherwise(text.str.replace(rf"^({CURRENCY}?\s*)[-−]([^-−])", "${1}${2}").str.replace(r"([^-])-$", "${1}")),
            negative=bracket | text.str.contains(rf"^{CURRENCY}?\s*[-−][^-−]") | text.str.contains(r"[0-9]-$"),
        )
        return frame["size"].alias(values.name), frame["negative"].fill_null(False).to_numpy()
    if not values.dtype.is_numeric():
        return values, np.zeros(len(values), np.bool_)
    negative = (values < 0).fill_null(False)
    size = values.to_frame("v").select(pl.when(negative).then(-pl.col("v")).otherwise("v")).to_series()
    return size.alias(values.name), negative.to_numpy()


def points(values: pl.Series, written: Written, *, blank: int | None = None) -> Column:
    """Read numbers of points; see :func:`nector_sim.frames.columns.read_points`."""
    return _numbers(values, written, blank, read_points)


def _numbers(values: pl.Series, written: Written, blank: int | None, read: Callable[[pa.Array], Column]) -> Column:
    plain = _plain(values, written.numbers)
    empty = plain.is_null()
    if blank is None or not empty.any():
        return _better_reasons(values, plain, read(plain.to_arrow()), written.numbers)
    # Whole columns may be blank, so blanks are read at once: as a nought, and then as what they stand for.
    nought = pl.lit("0") if plain.dtype == pl.String else pl.lit(0).cast(plain.dtype)
    filled = plain.to_frame("v").select(pl.when(empty).then(nought).otherwise(pl.col("v"))).to_series()
    column = _better_reasons(values, plain, read(filled.to_arrow()), written.numbers)
    return Column(np.where(empty.to_numpy(), blank, column.numbers), column.refused)


def bare_amount(text: pl.Expr) -> pl.Expr:
    """A text without its currency's sign, and without the spaces and apostrophes that group its digits."""
    bare = text.str.replace(rf"^(-?)\s*{CURRENCY}{_SPACES}*", "${1}").str.replace(rf"{_SPACES}*{CURRENCY}$", "")
    return bare.str.replace_all(rf"(\d){_SPACES}(\d)", "${1}${2}").str.replace_all(rf"(\d){_SPACES}(\d)", "${1}${2}")


def _plain(values: pl.Series, numbers: str) -> pl.Series:
    """Texts as plain digits and a point, or marked as unread; other types as they are."""
    if values.dtype != pl.String:
        return values
    text = pl.col("text").str.strip_chars()
    plain = text
    if numbers != "1234.50":
        bare = bare_amount(text)
        group, point = numbers[1], numbers[5]
        digits = bare.str.replace_all(group, "", literal=True).str.replace(point, ".", literal=True)
        plain = pl.when(bare.str.contains(GROUPED[numbers])).then(digits).otherwise(pl.lit(_UNREAD))
    blank = text.is_null() | (text == "")
    return values.to_frame("text").select(pl.when(~blank).then(plain)).to_series()


def _better_reasons(values: pl.Series, plain: pl.Series, column: Column, numbers: str) -> Column:
    """Say more of a text that is no plain number: a formula, or separators that could be read in two ways."""
    if values.dtype != pl.String:
        return column
    rows = list(column.refused)
    for row, value, read in zip(rows, values.gather(rows).to_list(), plain.gather(rows).to_list(), strict=True):
        if value is not None and (reason := _why_no_number(value, read, numbers)):
            column.refused[row] = reason
    return column


def _why_no_number(text: str, read: str, numbers: str) -> str | None:
    if _FORMULA.match(text):
        return _A_FORMULA
    if _EXPONENT.match(text):
        return SCIENTIFIC
    if not any(character.isdigit() for character in text):
        return None
    if numbers != "1234.50":
        said = (
            f"is not written like {numbers}, as the other amounts are, or as was said; change it, or say how: numbers="
        )
        return said if read == _UNREAD else None
    return _WITH_SEPARATORS if any(sign in text for sign in ",₹$€£¥") else None


def times(values: pl.Series, written: Written, *, optional: bool = False) -> Column:
    """Read times as microseconds since 1970 in UTC."""
    if values.dtype.is_numeric() and written.dates in ("excel", "epoch"):
        values = values.cast(pl.String)
    if values.dtype != pl.String:
        typed = read_times(values.to_arrow(), written.timezone)
        return typed if optional else _needed(typed)
    frame = values.str.strip_chars().to_frame("text")
    parts = frame.select(pl.col("text").str.extract_groups(_ISO)).unnest("text")
    local = _clock(pl.col("date"), pl.col("clock"), pl.col("second"))
    # The day without its clock would be another time than the one that is written, so only a blank clock is midnight.
    parts = parts.with_columns(local=local, micro=_micro(pl.col("fraction")))
    parts = parts.with_columns(pl.col("local") + pl.duration(microseconds=pl.col("micro").fill_null(0)))
    utc = _in_utc(parts, written.timezone)
    empty = frame["text"].is_null() | (frame["text"] == "")
    other = utc.is_null() & ~empty
    microseconds = utc.fill_null(NO_TIME).to_numpy().copy()
    if other.any():
        microseconds[other.to_numpy()] = _otherwise(frame.filter(other), written).fill_null(NO_TIME).to_numpy()
    column = Column(microseconds, {})
    for row in np.flatnonzero((microseconds == NO_TIME) & ~empty.to_numpy()).tolist():
        column.refused[row] = _why_no_time(values[row], written.dates)
    return column if optional else _needed(column)


def _otherwise(frame: pl.DataFrame, written: Written) -> pl.Series:
    """Microseconds in UTC of times that are not in ISO 8601."""
    if written.dates in ("excel", "epoch"):
        number = frame["text"].cast(pl.Float64, strict=False)
        if written.dates == "epoch":
            seconds = number.to_frame("n").select(pl.when(pl.col("n") > 1e11).then(pl.col("n") / 1000).otherwise("n"))
            found = seconds.to_series()
            return (found.set(~found.is_between(0, 1e10), None) * 1e6).round().cast(pl.Int64, strict=False)
        days = number.set(~number.is_between(1, 2_958_465), None) - _EXCEL_DAYS
        # To the second: a serial number is a float, whose day's fraction prints 10:15 as 10:14:59.9999.
        clock = (days * 86_400).round().cast(pl.Int64, strict=False) * 1_000_000
        local = clock.cast(pl.Datetime("us"))
        return _in_utc(
            pl.DataFrame({"local": local, "zone": pl.Series([None] * len(local), dtype=pl.String)}), written.timezone
        )
    patterns = list(PLAIN_DATES)
    if written.dates in ("dd/mm/yyyy", "mm/dd/yyyy"):
        names = ("day", "month") if written.dates == "dd/mm/yyyy" else ("month", "day")
        patterns.append(SLASHED.replace("<first>", f"<{names[0]}>").replace("<second>", f"<{names[1]}>"))
    elif written.dates == "yyyymmdd":
        patterns.append(_COMPACT)
    utc = pl.Series([None] * frame.height, dtype=pl.Int64)
    for pattern in patterns:
        left = utc.is_null()
        if not left.any():
            break
        found = _in_pattern(frame.filter(left), pattern + _TAIL, written.timezone)
        utc = utc.scatter(left.arg_true(), found)
    return utc


def _in_pattern(frame: pl.DataFrame, pattern: str, timezone: str) -> pl.Series:
    parts = frame.select(pl.col("text").str.extract_groups(pattern)).unnest("text")
    months = {name: f"{number:02}" for number, name in enumerate(_MONTHS, 1)}
    word = (
        pl.col("month").str.slice(0, 3).str.to_lowercase().replace_strict(months, default=None, return_dtype=pl.String)
    )
    month = pl.when(pl.col("month").str.contains(r"^\d")).then(pl.col("month").str.zfill(2)).otherwise(word)
    year = pl.when(pl.col("year").str.len_chars() == 2).then(pl.lit("20") + pl.col("year")).otherwise("year")
    date = year + "-" + month + "-" + pl.col("day").str.zfill(2)
    half = pl.col("half").str.slice(0, 1).str.to_lowercase()
    parts = parts.with_columns(local=_clock(date, pl.col("clock"), pl.col("seconds")), half=half)
    hour = pl.col("local").dt.hour()
    afternoon = pl.when((pl.col("half") == "p") & (hour < 12)).then(12).when((pl.col("half") == "a") & (hour == 12))
    shifted = pl.col("local") + pl.duration(hours=afternoon.then(-12).otherwise(0))
    # 13:00 PM is no time.
    right = pl.when(pl.col("half").is_null() | hour.is_between(1, 12)).then(shifted)
    local = right + pl.duration(microseconds=_micro(pl.col("fraction")).fill_null(0))
    named = pl.col("zone").replace_strict(
        {name: _offset(east) for name, east in _ZONES.items()}, default=None, return_dtype=pl.String
    )
    offset = pl.col("zone").str.extract(r"([+-]\d{1,2}:?\d{2})$").str.replace(r"^([+-])(\d:?\d{2})$", "${1}0${2}")
    parts = parts.with_columns(local=local, read=pl.coalesce(named, offset))
    parts = parts.with_columns(local=pl.when(pl.col("zone").is_null() | pl.col("read").is_not_null()).then("local"))
    return _in_utc(parts.select("local", zone="read"), timezone)


def _offset(east: int) -> str:
    return f"{'-' if east < 0 else '+'}{abs(east) // 60:02}:{abs(east) % 60:02}"


def _micro(fraction: pl.Expr) -> pl.Expr:
    return fraction.str.slice(0, 6).str.pad_end(6, "0").cast(pl.Int64)


def _needed(column: Column) -> Column:
    for row in np.flatnonzero(column.numbers == NO_TIME).tolist():
        column.refused.setdefault(row, _MISSING_TIME)
    return column


def _clock(date: pl.Expr, clock: pl.Expr, second: pl.Expr) -> pl.Expr:
    clock = pl.when(clock.str.len_chars() == 4).then(pl.lit("0") + clock).otherwise(clock)
    text = date + "T" + clock.fill_null("00:00") + ":" + second.fill_null("00")
    return text.str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)


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
    return _TWO_DATES if dates == "yyyy-mm-dd" and re.match(SLASHED, text) else _NO_TIME
