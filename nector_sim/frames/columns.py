"""The door between a caller's columns and the whole numbers that calculators take, and back.

Every column becomes an int64 array and a mask of the rows that could be read. The arrays are worked out at once; the
few rows that are refused are read again one by one with the scalar functions of :mod:`nector_sim.rules.money`, whose
words the caller sees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from nector_sim._memory import empty
from nector_sim.errors import InputError
from nector_sim.frames.arrow_types import plain_array
from nector_sim.rules.money import MAX_MINOR, MAX_POINTS, to_minor, to_points
from nector_sim.rules.times import DATE, NO_TIME, NOT_A_TIME, read_time
from nector_sim.rules.values import FLOAT_TOLERANCE, as_float, is_blank, read_decimal, read_yes_no

Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

#: The years 1 to 9999, which clocks and calendars know, in seconds since 1970.
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799
#: A number of points that nobody asked for.
NOT_ASKED = -1
#: What is neither yes nor no.
NOT_SAID = -1
#: Microseconds in an hour.
_HOUR = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Column:
    """One column in whole numbers.

    Attributes
    ----------
    numbers : ndarray of int64, shape (n,)
        0 where the row could not be read. Not to be written into: it may be the caller's own memory.
    refused : dict of int to str
        Row (position from 0) to what is wrong with its value.
    """

    numbers: Int64
    refused: dict[int, str]


def read_money(values: Any, decimals: int, *, blank: int | None = None) -> Column:
    """Read amounts in major units as minor units.

    Parameters
    ----------
    values : array, Series or Arrow array, shape (n,)
        Numbers, decimals or texts.
    decimals : int
        Decimals of the currency.
    blank : int, optional
        What a missing value stands for; left out, it is refused.

    Returns
    -------
    Column
        In minor units.
    """
    array = as_array(values)
    minor, good = _amounts(array, decimals)
    return _refusing(array, minor, good, lambda value: to_minor(value, decimals), blank)


def read_points(values: Any, *, blank: int | None = None) -> Column:
    """Read numbers of points: a fraction is floored, a negative number is 0.

    Parameters
    ----------
    values : array, Series or Arrow array, shape (n,)
        Numbers, decimals or texts.
    blank : int, optional
        What a missing value stands for; left out, it is refused.

    Returns
    -------
    Column
        In points.
    """
    array = as_array(values)
    points, good = _points(array)
    return _refusing(array, points, good, to_points, blank)


def largest_balance(orders: Any) -> int | None:
    """The most points that any order met, of a frame; None where they say nothing of it."""
    if "points_balance" not in orders or not len(orders):
        return None
    return int(read_points(orders["points_balance"]).numbers.max())


def count_odd_points(values: Any) -> tuple[int, int]:
    """Count the fractional and the negative numbers in a column of points; a negative one counts as such alone."""
    array = as_array(values)
    if isinstance(array, np.ndarray) and array.dtype.kind in "iu":
        return 0, int((array < 0).sum())
    if isinstance(array, np.ndarray):
        finite = array[np.isfinite(array)]
        fractional = (finite > 0) & (finite - np.floor(finite + FLOAT_TOLERANCE) > FLOAT_TOLERANCE)
        return int(fractional.sum()), int((finite < -FLOAT_TOLERANCE).sum())
    if _is_decimal(array):
        unscaled, plain = _unscaled(array)
        plain &= (unscaled >= 0) & (unscaled % 10**array.type.scale == 0)
    else:
        _, plain = _plain_texts(array, 0)
    # All but whole numbers from 0.
    unusual = array.filter(pa.array(~plain)).to_pylist()
    numbers = [number for number in map(_rounded_or_none, unusual) if number is not None]
    return sum(number > 0 and number % 1 != 0 for number in numbers), sum(number < 0 for number in numbers)


def read_yes_or_no(values: Any) -> Column:
    """Read yes or no: 1 and 0, :data:`NOT_SAID` where it is blank."""
    codes, words = factorized(values)
    answers, reasons = [], {}
    for code, word in enumerate(words):
        try:
            answer = read_yes_no(word)
        except ValueError as error:
            answer, reasons[code] = None, str(error)
        answers.append(NOT_SAID if answer is None else int(answer))
    wrong = np.flatnonzero(np.isin(codes, list(reasons))).tolist() if reasons else []
    return Column(np.array([*answers, NOT_SAID])[codes], {row: reasons[int(codes[row])] for row in wrong})


def factorized(values: Any) -> tuple[Int64, list[Any]]:
    """A column of few different values: the code of each row, -1 for a missing one, and the values."""
    array = as_array(values)
    if isinstance(array, np.ndarray):
        distinct, codes = np.unique(array, return_inverse=True)
        return codes.reshape(-1), distinct.tolist()
    encoded = array.dictionary_encode()
    return np.asarray(_filled(encoded.indices, -1).to_numpy(zero_copy_only=False)), encoded.dictionary.to_pylist()


def read_times(values: Any, timezone: str) -> Column:
    """Read times as microseconds since 1970 in UTC; a missing one is :data:`NO_TIME`."""
    array = as_array(values)
    if isinstance(array, pa.Array) and pa.types.is_timestamp(array.type) and array.type.tz is not None:
        return _microseconds(array)
    zone = ZoneInfo(timezone)
    if isinstance(array, pa.Array) and (pa.types.is_timestamp(array.type) or pa.types.is_date(array.type)):
        typed = _microseconds(array)
        local = typed.numbers
        return Column(np.where(local == NO_TIME, NO_TIME, local - offsets_of_clocks(local, zone)), typed.refused)
    microseconds = np.full(len(array), NO_TIME, np.int64)
    refused: dict[int, str] = {}
    for row, value in enumerate(_python_values(array)):
        if is_blank(value):
            continue
        try:
            microseconds[row] = to_microseconds(value, zone)
        except ValueError as error:
            refused[row] = str(error)
    return Column(microseconds, refused)


def are_dates(values: Any) -> npt.NDArray[np.bool_]:
    """Which times of a column are dates without a time, shape (n,)."""
    import pyarrow.compute as pc  # takes a while to load

    array = as_array(values)
    if isinstance(array, pa.Array) and pa.types.is_date(array.type):
        return np.ones(len(array), np.bool_)
    if not is_text(array):
        return np.zeros(len(array), np.bool_)
    found = pc.match_substring_regex(array, f"^{DATE}$")
    return np.asarray(pc.fill_null(found, False).to_numpy(zero_copy_only=False))


def to_microseconds(value: Any, zone: ZoneInfo) -> int:
    """Read one time as microseconds since 1970 in UTC."""
    time = read_time(value)
    if time.tzinfo is None:
        time = time.replace(tzinfo=zone, fold=0)
    since = time - datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))
    return int(since.days * 86_400 + since.seconds) * 1_000_000 + int(since.microseconds)


def is_text(array: Any) -> bool:
    """Whether an array of :func:`as_array` holds texts."""
    return isinstance(array, pa.Array) and (pa.types.is_string(array.type) or pa.types.is_large_string(array.type))


def as_array(values: Any) -> Any:
    """A numpy array of plain numbers, or an Arrow array of anything else, shape (n,); not copied where it can be."""
    if isinstance(values, pa.ChunkedArray):
        return as_array(values.combine_chunks() if values.num_chunks != 1 else values.chunk(0))
    if isinstance(values, pa.Array):
        values = plain_array(values)
        if pa.types.is_string_view(values.type):  # of which Arrow can neither pick rows nor find patterns
            values = values.cast(pa.large_string())
        plain = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
        return values.to_numpy() if plain and values.null_count == 0 else values
    dtype = getattr(values, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "iuf":
        return np.asarray(values)
    try:
        return as_array(pa.array(values, from_pandas=True))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeEncodeError):
        # A column of mixed things: each value as its own text, which the scalar door reads or names.
        texts = [_text_or_none(value) for value in values]
    for row, text in enumerate(texts, start=1):
        if text is not None and any("\ud800" <= letter <= "\udfff" for letter in text):
            raise InputError(
                f"{getattr(values, 'name', None) or 'a text'} in row {row} is not valid Unicode: it holds half of a "
                "surrogate pair; read the file again in its own encoding"
            )
    return pa.array(texts, pa.large_string())


def write_money(minor: Int64, decimals: int, *, exact: bool) -> Any:
    """Turn minor units into major ones."""
    if not exact:
        return minor / float(10**decimals)
    return decimal_array(minor, decimals)


def decimal_array(minor: Int64, decimals: int) -> pa.Array:
    """Wrap whole numbers as Arrow decimals of 18 digits, of which `decimals` behind the point."""
    words = empty(2 * len(minor), np.int64).reshape(-1, 2)
    words[:, 0] = minor
    np.right_shift(minor, 63, out=words[:, 1])  # the sign fills the upper half
    return pa.Array.from_buffers(pa.decimal128(18, decimals), len(minor), [None, pa.py_buffer(words)])


def is_exact(values: Any) -> bool:
    """Whether a column of money holds decimals or texts, so that its results are decimals too."""
    array = as_array(values)
    return not (isinstance(array, np.ndarray) or pa.types.is_integer(array.type) or pa.types.is_floating(array.type))


def _amounts(array: Any, decimals: int) -> tuple[Int64, Mask]:
    if isinstance(array, np.ndarray):
        return _float_amounts(array, decimals) if array.dtype.kind == "f" else _int_amounts(array, decimals)
    kind = array.type
    if _is_decimal(array):
        return _decimal_amounts(array, decimals)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        minor, good = _amounts(_filled(array, 0).to_numpy(zero_copy_only=False), decimals)
        return minor, good & _present(array)
    minor, good = _plain_texts(array, decimals)
    return minor, good & (minor <= MAX_MINOR)


def _float_amounts(array: Any, decimals: int) -> tuple[Int64, Mask]:
    scale = float(10**decimals)
    wide = array.astype(np.float64)
    good = np.abs(wide) <= MAX_MINOR  # infinity and NaN are not
    minor = np.rint(np.where(good, wide, 0.0) * scale)
    good &= (minor >= 0) & (minor <= MAX_MINOR)
    good &= np.abs(wide - minor / scale, where=good, out=np.ones(len(wide))) <= FLOAT_TOLERANCE
    if array.dtype.itemsize < 8:
        good[:] = False  # a narrow float is the number that it prints: the scalar door reads it
    return np.where(good, minor, 0.0).astype(np.int64), good


def _int_amounts(array: Any, decimals: int) -> tuple[Int64, Mask]:
    scale = 10**decimals
    good = (array >= 0) & (array <= MAX_MINOR // scale)
    return np.where(good, array, 0).astype(np.int64) * scale, good


def _decimal_amounts(array: pa.Array, decimals: int) -> tuple[Int64, Mask]:
    (unscaled, fits), scale = _unscaled(array), array.type.scale
    if scale <= decimals:
        times = 10 ** (decimals - scale)
        if _all_good(unscaled, MAX_MINOR // times) and fits.all():
            return unscaled * times, fits
        good = (unscaled >= 0) & (unscaled <= MAX_MINOR // times)
        minor = np.where(good, unscaled, 0) * times
    else:
        minor, finer = np.divmod(unscaled, 10 ** (scale - decimals))
        good = (finer == 0) & (minor >= 0) & (minor <= MAX_MINOR)
    good &= fits
    return np.where(good, minor, 0), good


def _all_good(numbers: Any, most: int) -> bool:
    """Whether all are from 0 to the most: nearly every column is good as a whole, which is seen soon."""
    return len(numbers) == 0 or bool(numbers.min() >= 0 and numbers.max() <= most)


def _is_decimal(array: Any) -> bool:
    return isinstance(array, pa.Array) and pa.types.is_decimal128(array.type) and 0 <= array.type.scale <= 18


def _unscaled(array: pa.Array) -> tuple[Int64, Mask]:
    """Decimals as whole numbers of their last digit, and which of them are there and fit into 64 bits."""
    words = np.frombuffer(array.buffers()[1], np.int64)[2 * array.offset : 2 * (array.offset + len(array))]
    lower, upper = words[::2], words[1::2]
    fits = upper == lower >> 63  # the upper half is but the sign
    return lower, fits & _present(array) if array.null_count else fits


def _points(array: Any) -> tuple[Int64, Mask]:
    if isinstance(array, np.ndarray) and array.dtype.kind == "f":
        wide = array.astype(np.float64)
        good = (wide <= MAX_POINTS) & (wide > -np.inf)  # NaN is neither
        return np.floor(np.clip(np.where(good, wide, 0.0) + FLOAT_TOLERANCE, 0, None)).astype(np.int64), good
    if isinstance(array, np.ndarray):
        if array.dtype == np.int64 and _all_good(array, MAX_POINTS):
            return array, np.ones(len(array), np.bool_)
        good = array <= MAX_POINTS
        return np.maximum(np.where(good, array, 0), 0).astype(np.int64), good
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        points, good = _points(_filled(array, 0).to_numpy(zero_copy_only=False))
        return points, good & _present(array)
    if _is_decimal(array):
        unscaled, fits = _unscaled(array)
        points, fraction = np.divmod(unscaled, 10**array.type.scale)
        good = fits & ((points < MAX_POINTS) | ((points == MAX_POINTS) & (fraction == 0)))
        return np.maximum(np.where(good, points, 0), 0), good
    points, good = _plain_texts(array, 0)
    return points, good & (points <= MAX_POINTS)


def _plain_texts(array: pa.Array, decimals: int) -> tuple[Int64, Mask]:
    if is_text(array):
        from nector_sim.frames.text import parse_decimals  # compiled, which takes a while to load

        values, plain = parse_decimals(array.cast(pa.large_string()), decimals)
        return values, plain & _present(array)
    return np.zeros(len(array), np.int64), np.zeros(len(array), np.bool_)


def _refusing(array: Any, values: Int64, good: Mask, read: Callable[[Any], int], blank: int | None) -> Column:
    """Read the rows that the fast way left out one by one; what cannot be read is refused with its reason."""
    refused: dict[int, str] = {}
    left_out = np.flatnonzero(~good)
    if not len(left_out):
        return Column(values, refused)
    values = values.copy()  # it may be the caller's own memory
    taken = array[left_out] if isinstance(array, np.ndarray) else array.take(pa.array(left_out))
    for row, value in zip(left_out.tolist(), _python_values(taken), strict=True):
        missing = is_blank(value)
        if missing and blank is not None:
            values[row] = blank
            continue
        try:
            values[row] = read(None if missing else value)
        except ValueError as error:
            refused[row] = str(error)
    return Column(values, refused)


def _python_values(array: Any) -> list[Any]:
    if isinstance(array, np.ndarray):
        # A narrow float as the text that it prints, see _float_amounts.
        return [str(value) for value in array] if array.dtype in (np.float32, np.float16) else list(array.tolist())
    return list(array.to_pylist())


def _present(array: pa.Array) -> Mask:
    return np.asarray(array.is_valid().to_numpy(zero_copy_only=False))


def _microseconds(array: pa.Array) -> Column:
    """Typed times or dates, in microseconds; a coarse one can stand for more than 64 bits hold."""
    if getattr(array.type, "unit", "") == "ns":
        stamps = array.cast(pa.timestamp("us", tz=array.type.tz), safe=False)
        return Column(_counts(stamps, NO_TIME), {})
    good = in_calendar(array)
    refused = dict.fromkeys(np.flatnonzero(~good).tolist(), NOT_A_TIME)
    counts, unit = _in_units(array)
    return Column(np.where(good & _present(array), np.where(good, counts, 0) * unit, NO_TIME), refused)


def in_calendar(array: pa.Array) -> Mask:
    """Which typed times or dates are of a year from 1 to 9999, or missing."""
    if getattr(array.type, "unit", "") == "ns":
        return np.ones(len(array), np.bool_)  # these hold the years 1677 to 2262
    counts, unit = _in_units(array)
    return (counts >= _FIRST_SECOND * 1_000_000 // unit) & (counts <= (_LAST_SECOND + 1) * 1_000_000 // unit - 1)


def _in_units(array: pa.Array) -> tuple[Int64, int]:
    """Typed times or dates as they are counted, and the microseconds of their unit."""
    if array.type == pa.date32():
        return _counts(array.cast(pa.int32()), 0), 86_400_000_000
    return _counts(array, 0), {"s": 1_000_000, "ms": 1_000, "us": 1}[getattr(array.type, "unit", "ms")]


def _filled(array: pa.Array, missing: int) -> pa.Array:
    if not array.null_count:
        return array
    import pyarrow.compute as pc  # takes a tenth of a second to load

    return pc.fill_null(array, missing)


def _counts(array: pa.Array, missing: int) -> Int64:
    return np.asarray(_filled(array.cast(pa.int64()), missing).to_numpy(zero_copy_only=False))


def offsets_of_clocks(local: Int64, zone: ZoneInfo) -> Int64:
    """Offsets from UTC of clock times, both in microseconds."""
    # Zones change at few instants, so each distinct hour is asked once; but some change within an hour.
    hours, of_row = np.unique(local // _HOUR, return_inverse=True)
    of_row = of_row.reshape(-1)
    first, last = (
        np.array([_offset(hour * _HOUR + later, zone) for hour in hours.tolist()], np.int64) for later in (0, _HOUR - 1)
    )
    offsets: Int64 = first[of_row]
    for row in np.flatnonzero((first != last)[of_row]).tolist():
        offsets[row] = _offset(int(local[row]), zone)
    return offsets


def _offset(local: int, zone: ZoneInfo) -> int:
    """Offset from UTC of one clock time, both in microseconds."""
    try:
        clock = (datetime(1970, 1, 1) + timedelta(microseconds=local)).replace(tzinfo=zone)
    except OverflowError:
        return 0
    offset = clock.utcoffset()
    return 0 if offset is None else round(offset.total_seconds() * 1_000_000)


def _rounded_or_none(value: Any) -> Decimal | None:
    """A number of points, a float close to a whole one as that; None for what is no number."""
    try:
        number, near = read_decimal(value), as_float(value)
    except ValueError:
        return None
    if near is not None and abs(near - round(near)) <= FLOAT_TOLERANCE:
        return Decimal(round(near))
    return number


def _text_or_none(value: Any) -> str | None:
    return None if value is None or value != value else str(value)
