"""Tests of times as people write them: dates alone, ends that include their day, and the ends of the calendar."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.rules.times import NEVER, NO_TIME, is_date, read_time, to_instant

OFFER = {"kind": "fixed_amount", "points": 1, "discount": 1}


def ends(value):
    return ns.Program.parse({"offers": [OFFER | {"ends_at": value}]}).offers[0].ends_at


def test_no_time_and_never_are_the_ends_of_64_bits():
    bits = np.iinfo(np.int64)
    assert (bits.min, bits.max) == (NO_TIME, NEVER)


@pytest.mark.parametrize(
    ("value", "whether"),
    [
        ("2026-01-01", True), (" 2026-01-01 ", True), ("2026-01-01 00:00", False), ("today", False),
        (date(2026, 1, 1), True), (datetime(2026, 1, 1), False), (pd.Timestamp("2026-01-01"), False), (3, False),
    ],
)  # fmt: skip
def test_a_date_alone_is_known(value, whether):
    assert is_date(value) is whether


@pytest.mark.parametrize(
    ("value", "end"),
    [
        ("2026-01-31", datetime(2026, 2, 1)),
        (date(2026, 1, 31), datetime(2026, 2, 1)),
        ("2026-01-31 00:00", datetime(2026, 1, 31)),
        (datetime(2026, 1, 31), datetime(2026, 1, 31)),
        ("9998-12-31", datetime(9999, 1, 1)),
        ("9999-12-31", datetime(9999, 12, 31)),
    ],
)
def test_an_end_that_is_a_date_includes_its_day(value, end):
    assert ends(value) == end


@pytest.mark.parametrize("value", ["soon", 3, None, pd.NaT])
def test_what_is_no_time_says_how_one_is_written(value):
    with pytest.raises(ValueError, match="is not a time; write it as 2026-11-23 18:30"):
        read_time(value)


def test_at_the_ends_of_the_calendar_an_instant_is_its_last():
    assert to_instant(datetime(1, 1, 1), "Asia/Kolkata") == datetime(1, 1, 1, tzinfo=UTC)
    late = to_instant(datetime(9999, 12, 31, 23), "America/New_York")
    assert late == datetime.max.replace(tzinfo=UTC)
