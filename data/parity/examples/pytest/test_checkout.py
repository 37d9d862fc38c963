"""Each case of the suite as a test of its own."""

from decimal import Decimal

from redemption import quote


def test_checkout(nector_case):
    """The answer of one case, as numbers."""
    answer, expect = quote(**nector_case["order"]), nector_case["expect"]
    for name in ("points_redeemed", "discount", "payable"):
        assert Decimal(answer[name]) == Decimal(expect[name]), name
