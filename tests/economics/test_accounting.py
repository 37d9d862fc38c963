"""Deferral under IFRS 15, held against worked figures."""

from decimal import Decimal

import numpy as np
import pytest

import nector_sim as ns


@pytest.mark.parametrize(
    ("sales", "points", "value", "percent", "revenue", "deferred"),
    [
        (100_000, 10_000, 1, 97, "91157.70", "8842.30"),
        (10_00_000, 20_000, "0.5", 100, "990099.01", "9900.99"),
        (800, 2_000, "0.012", 80, "781.25", "18.75"),
    ],
)
def test_worked_deferrals(sales, points, value, percent, revenue, deferred):
    # 91,158 and 8,842; 9,90,099 and 9,901; 781.25 and 18.75.
    shared = ns.defer(sales, points, point_value=value, ultimate_percent=percent)
    assert (shared.revenue, shared.deferred) == (Decimal(revenue), Decimal(deferred))
    assert shared.revenue + shared.deferred == sales


def test_the_standards_own_example():
    # IFRS 15, Illustrative Example 52: 8,676 deferred; 4,110 in the first year, 3,493 in the second, 1,073 left.
    deferred = ns.defer(100_000, 10_000, point_value=1, ultimate_percent=95, currency="JPY").deferred
    first = ns.released(deferred, points_redeemed=4_500, points_expected=9_500, currency="JPY")
    both = ns.released(deferred, points_redeemed=8_500, points_expected=9_700, currency="JPY")
    assert (deferred, first, both - first, deferred - both) == (8_676, 4_110, 3_493, 1_073)


def test_nothing_and_everything():
    assert ns.defer(500, 0, point_value=1) == ns.Deferral(Decimal("500.00"), Decimal("0.00"))
    assert ns.defer(0, 100, point_value=1) == ns.Deferral(Decimal("0.00"), Decimal("0.00"))
    assert ns.released(10, points_redeemed=0, points_expected=0) == 0
    assert ns.released("18.75", points_redeemed=7, points_expected=7) == Decimal("18.75")


def test_what_cannot_be():
    with pytest.raises(ns.InputError, match=r"(?s)sales.*many.*point_value.*-1"):
        ns.defer("many", 1, point_value=-1)
    with pytest.raises(ns.InputError, match="from 0 to 100"):
        ns.defer(100, 1, point_value=1, ultimate_percent=101)
    with pytest.raises(ns.InputError, match="what was redeemed already included"):
        ns.released(10, points_redeemed=5, points_expected=4)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: ns.defer(100, 1.5, point_value=1), "points: is 1.5; points are whole"),
        (lambda: ns.defer(100, None, point_value=1), "points: is None; it is a number, 0 or more"),
        (lambda: ns.defer(100, 7, point_value=1, ultimate_percent=0.97), "so write 97 for 97 %"),
        (lambda: ns.defer(100, 7, point_value=1, currency="XXQ"), "'XXQ' is not a currency"),
        (lambda: ns.released(100, points_redeemed=1.5, points_expected=3), "points_redeemed: is 1.5; points are whole"),
        (lambda: ns.released(100, points_redeemed="a", points_expected=3), "points_redeemed: is a; it is a number"),
    ],
)
def test_what_is_no_number_is_named(call, said):
    with pytest.raises(ns.InputError, match=said):
        call()


def test_numbers_may_come_out_of_a_frame_or_an_estimate():
    assert ns.defer(
        np.float64(800), np.int64(2000), point_value=np.float64(0.012), ultimate_percent=80
    ).deferred == Decimal("18.75")
    assert ns.released("100", points_redeemed=np.int64(1), points_expected=2.5) == 40


class Estimate:
    """An estimate of ultimate redemption, as far as a deferral needs it."""

    percent = (80.0, 97.0, 100.0)
    notices = ("only 5 months of credit tell",)


def test_a_deferral_takes_the_estimate_of_the_points_issued():
    # 100,000 × 9,700 ÷ 109,700, and the same with 8,000 and 10,000.
    shared = ns.defer(100_000, 10_000, point_value=1, ultimate=Estimate())
    assert [str(amount) for amount in (shared.deferred_low, shared.deferred, shared.deferred_high)] == [
        "7407.41",
        "8842.30",
        "9090.91",
    ]
    assert shared.revenue + shared.deferred == 100_000
    assert "the careful end for a debt is the higher one" in str(shared)
    assert "only 5 months of credit tell" in str(shared)
    assert shared.to_frame().loc[0, "deferred_high"] == shared.deferred_high
    with pytest.raises(ns.InputError, match="ultimate and ultimate_percent are both given"):
        ns.defer(100_000, 10_000, point_value=1, ultimate=Estimate(), ultimate_percent=97)
