"""The door of columns: every way to write a number gives the same whole number, or its row is refused in words."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nector_sim as ns
from nector_sim.frames.columns import (
    count_odd_points,
    decimal_array,
    is_exact,
    read_money,
    read_points,
    read_times,
    to_microseconds,
    write_money,
)
from nector_sim.frames.text import _parse_slow, parse_decimals
from nector_sim.rules.money import to_minor, to_points
from nector_sim.rules.times import NO_TIME

AMOUNTS = [Decimal("749.95"), Decimal("500"), Decimal("0.10"), Decimal("9000000000")]
MINOR = [74995, 50000, 10, 900_000_000_000]

COLUMNS = {
    "floats": pd.Series([float(amount) for amount in AMOUNTS]),
    "decimals": pd.Series(AMOUNTS),
    "texts": pd.Series([str(amount) for amount in AMOUNTS]),
    "objects": pd.Series([749.95, 500, "0.10", Decimal(9000000000)], dtype=object),
    "arrow decimals": pd.Series(AMOUNTS, dtype=pd.ArrowDtype(pa.decimal128(14, 2))),
    "wide decimals": pd.Series(AMOUNTS, dtype=pd.ArrowDtype(pa.decimal128(38, 6))),
    "fine decimals": pd.Series(AMOUNTS, dtype=pd.ArrowDtype(pa.decimal128(18, 4))),
    "arrow texts": pd.Series([str(amount) for amount in AMOUNTS], dtype=pd.ArrowDtype(pa.string())),
    "categories": pd.Series([str(amount) for amount in AMOUNTS]).astype("category"),
    "nullable floats": pd.Series([float(amount) for amount in AMOUNTS], dtype="Float64"),
    "chunks": pa.chunked_array([pa.array([749.95, 500.0]), pa.array([0.1, 9e9])]),
    "a slice": pa.array([str(amount) for amount in [Decimal(1), *AMOUNTS]]).slice(1),
    "a decimal slice": pa.array([Decimal("1.00"), *AMOUNTS], pa.decimal128(18, 2)).slice(1),
    "a list": [749.95, 500.0, 0.1, 9e9],
}


@pytest.mark.parametrize("values", COLUMNS.values(), ids=COLUMNS)
def test_every_way_to_write_an_amount(values):
    column = read_money(values, 2)
    assert column.numbers.tolist() == MINOR
    assert column.refused == {}


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "Int64", pd.ArrowDtype(pa.int16())])
def test_whole_amounts(dtype):
    assert read_money(pd.Series([0, 7, 100], dtype=dtype), 2).numbers.tolist() == [0, 700, 10000]
    assert read_points(pd.Series([0, 7, 100], dtype=dtype)).numbers.tolist() == [0, 7, 100]


def test_a_narrow_float_is_the_number_that_it_prints():
    assert read_money(np.array([0.1, 749.95], np.float32), 2).numbers.tolist() == [10, 74995]


BAD = {
    "floats": (
        np.array([1.0, -1.0, np.nan, np.inf, 1.005, 1e10]),
        {1: "negative", 2: "missing", 3: "infinite", 4: "finer", 5: "large"},
    ),
    "texts": (
        ["1", "-1", "", "inf", "1.005", "10000000000", "₹5"],
        {1: "negative", 2: "missing", 3: "infinite", 4: "finer", 5: "large", 6: "digits"},
    ),
    "objects": (
        [1, -1, None, "NaN", Decimal("1.005"), 10**10, True],
        {1: "negative", 2: "missing", 3: "NaN", 4: "finer", 5: "large", 6: "digits"},
    ),
    "decimals": (
        pa.array([Decimal("1.000"), Decimal("-1.000"), None, Decimal("1.005"), Decimal("10000000000.000")]),
        {1: "negative", 2: "missing", 3: "finer", 4: "large"},
    ),
    "wide decimals": (
        pa.array([Decimal(1), Decimal(-1), None, Decimal(2**64 + 100), Decimal(1 - 2**64)], pa.decimal128(38, 0)),
        {1: "negative", 2: "missing", 3: "large", 4: "negative"},
    ),
    "ints": (np.array([1, -1, 10**10]), {1: "negative", 2: "large"}),
    "nullable": (pd.Series([1, None, -1], dtype="Int64"), {1: "missing", 2: "negative"}),
}


@pytest.mark.parametrize(("values", "refused"), BAD.values(), ids=BAD)
def test_rows_are_refused_one_by_one(values, refused):
    column = read_money(values, 2)
    assert set(column.refused) == set(refused)
    for row, word in refused.items():
        assert word in column.refused[row]
    assert column.numbers[0] == 100


def test_points_are_floored_and_not_negative_and_the_rest_is_refused():
    column = read_points([250, 99.9, -5.5, "12.7", None, "x", 1e13])
    assert column.numbers[:4].tolist() == [250, 99, 0, 12]
    assert set(column.refused) == {4, 5, 6}
    floats = read_points(np.array([99.9, -0.5, np.nan, -np.inf, 1e13, -1e300]))
    assert floats.numbers.tolist()[:2] == [99, 0]
    assert set(floats.refused) == {2, 3, 4}
    assert read_points([None, 3], blank=-1).numbers.tolist() == [-1, 3]


@pytest.mark.parametrize("kind", [pa.decimal128(16, 2), pa.decimal128(38, 2), pa.decimal256(40, 2)])
def test_decimals_are_points_too(kind):
    given = ["250", "99.99", "-5.5", "-0.01", "0.01", None, "1000000000000", "1000000000000.01"]
    values = pa.array([None if text is None else Decimal(text) for text in ["7", *given]], kind).slice(1)
    column = read_points(values)
    assert column.numbers.tolist() == [250, 99, 0, 0, 0, 0, 10**12, 0]
    assert set(column.refused) == {5, 7}
    assert count_odd_points(values) == (3, 2)
    beyond = pa.array([Decimal(-(10**20)), Decimal(2**64 + 5)], pa.decimal128(38, 0))
    assert read_points(beyond).numbers.tolist() == [0, 0]
    assert set(read_points(beyond).refused) == {1}
    assert count_odd_points(beyond) == (0, 1)


def test_blank_amounts_can_stand_for_something():
    assert read_money(pd.Series([None, "", "5"]), 2, blank=0).numbers.tolist() == [0, 0, 500]


@given(st.lists(st.text("0123456789. -e₹", max_size=12) | st.decimals(0, 10**6, places=3).map(str), max_size=20))
def test_texts_are_read_as_the_scalar_door_reads_them(texts):
    column = read_money(pa.array(texts, pa.string()), 2)
    for row, text in enumerate(texts):
        try:
            expected = to_minor(text, 2)
        except ValueError:
            assert row in column.refused
        else:
            assert column.numbers[row] == expected


@given(st.lists(st.floats(width=64) | st.integers(0, 10**9).map(lambda paise: paise / 100), max_size=20))
def test_floats_are_read_as_the_scalar_door_reads_them(floats):
    column, points = read_money(np.array(floats, np.float64), 2), read_points(np.array(floats, np.float64))
    for row, value in enumerate(floats):
        for read, got in ((lambda v: to_minor(v, 2), column), (to_points, points)):
            try:
                expected = read(value)
            except ValueError:
                assert row in got.refused
            else:
                assert row not in got.refused
                assert got.numbers[row] == expected


def test_the_parser_of_texts_is_the_same_as_plain_python():
    texts = pa.array(["749.95", "1", "", ".5", "5.", "1.2.3", "5.100", "123456789012345", "1234567890123456", "x"])
    large = texts.cast(pa.large_string())
    values, plain = parse_decimals(large, 2)
    slow_values, slow_plain = np.zeros(10, np.int64), np.zeros(10, bool)
    offsets = np.frombuffer(large.buffers()[1], np.int64)[:11]
    _parse_slow(offsets, np.frombuffer(large.buffers()[2], np.uint8), 2, slow_values, slow_plain)
    assert values.tolist() == slow_values.tolist() == [74995, 100, 0, 50, 500, 0, 510, 0, 0, 0]
    assert plain.tolist() == slow_plain.tolist() == [True, True, False, True, True, False, True, False, False, False]


ZONE = "America/New_York"


def test_times_of_every_kind():
    # 2026-03-08 02:30 does not exist in New York, 2026-11-01 01:30 exists twice: the first is meant.
    local = ["2026-01-01T00:00:00", "2026-03-08T02:30:00", "2026-11-01T01:30:00"]
    utc = [datetime.fromisoformat(t).replace(tzinfo=ZoneInfo(ZONE), fold=0).astimezone(UTC) for t in local]
    expected = [int((t - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000 for t in utc]
    naive = [datetime.fromisoformat(t) for t in local]
    for values in (
        local,
        pd.Series(pd.to_datetime(local)),
        pa.array(naive, pa.timestamp("ns")),
        pa.array(naive, pa.timestamp("s")),
        pd.Series(utc),
        pa.array(utc, pa.timestamp("us", tz="Asia/Kolkata")),
        pd.Series(naive, dtype=object),
        [t.isoformat() for t in utc],
    ):
        assert read_times(values, ZONE).numbers.tolist() == expected


def test_dates_blanks_and_what_is_no_time():
    column = read_times(["2026-01-01", None, "", "1/2/26"], "UTC")
    assert column.numbers.tolist() == [1767225600_000000, NO_TIME, NO_TIME, NO_TIME]
    assert set(column.refused) == {3}
    assert read_times(pa.array([date(2026, 1, 1), None]), "UTC").numbers.tolist() == [1767225600_000000, NO_TIME]
    assert read_times(pd.Series([pd.Timestamp("2026-01-01"), pd.NaT]), "UTC").numbers.tolist() == [
        1767225600_000000,
        NO_TIME,
    ]
    assert set(read_times(pa.array([5, 6]), "UTC").refused) == {0, 1}


@given(
    st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)),
    st.sampled_from([ZONE, "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
)
def test_local_times_are_read_as_the_scalar_door_reads_them(time, zone):
    column = read_times(pa.array([time], pa.timestamp("us")), zone)
    assert column.numbers[0] == to_microseconds(time, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Australia/Lord_Howe", datetime(2026, 10, 4, 2)),  # forward, by half an hour
        ("Australia/Lord_Howe", datetime(2026, 4, 5, 1, 30)),  # and back
        ("America/St_Johns", datetime(2010, 3, 14, 0, 1)),  # a minute after midnight
        ("America/St_Johns", datetime(2010, 11, 7, 0, 1)),
        ("Europe/London", datetime(2025, 10, 26, 1)),
    ],
)
def test_clocks_that_change_within_an_hour(zone, change):
    times = [change + timedelta(minutes=minutes) for minutes in range(-90, 150)]
    column = read_times(pa.array([*times, None], pa.timestamp("us")), zone)
    instants = [time.replace(tzinfo=ZoneInfo(zone)).timestamp() * 1e6 for time in times]
    assert column.numbers.tolist() == [*instants, NO_TIME]


def test_amounts_go_out_as_they_came_in():
    minor = np.array([74995, 10, 0], np.int64)
    assert write_money(minor, 2, exact=False).tolist() == [749.95, 0.1, 0.0]
    assert decimal_array(minor, 2).to_pylist() == [Decimal("749.95"), Decimal("0.10"), Decimal("0.00")]
    assert decimal_array(np.array([-5], np.int64), 0).to_pylist() == [Decimal(-5)]
    assert not is_exact(pd.Series([1.0]))
    assert not is_exact(pd.Series([1, None], dtype="Int64"))
    assert is_exact(pd.Series(["1"]))
    assert is_exact(pd.Series([Decimal(1)]))


def test_rows_of_a_polars_frame_with_texts_are_parted_too():
    frame = pl.DataFrame({"order_id": ["a", "b"], "cart_amount": ["5", "-1"], "points_balance": [1, 2]})
    good, rejects = ns.check_orders(frame)
    assert good["order_id"].to_list() == ["a"]
    assert rejects["order_id"].to_list() == ["b"]


@pytest.mark.parametrize("column", ["order_id", "customer_id"])
def test_a_text_that_is_no_unicode_is_refused_by_name(column):
    # pandas 3 itself refuses half a surrogate pair in a column of its own texts; in one of objects it passes.
    orders = pd.DataFrame({"order_id": ["a"], "customer_id": ["c"], "ordered_at": ["2026-01-01"], "cart_amount": [1.0]})
    orders[column] = pd.Series(["\ud800"], dtype=object)
    program = ns.Program(offers=[ns.FixedAmount(points=1, discount=1)])
    for door in (lambda: ns.replay(program, orders), lambda: ns.read_orders(orders)):
        with pytest.raises(
            ns.InputError, match=f"{column} in row 1 is not valid Unicode: it holds half of a surrogate"
        ):
            door()
