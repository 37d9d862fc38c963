"""Customers in: what is read, what is refused, and that nobody's balance starts anew."""

from decimal import Decimal

import pyarrow as pa
import pytest

import nector_sim as ns
from nector_sim.gokwik import Customer, Wallets
from nector_sim.gokwik.customers import customers_of


def read(**columns):
    return customers_of(pa.table(columns), decimals=2, source="customers.csv")


def test_texts_and_numbers_are_read_alike():
    texts = read(customer_id=["7", "8"], points_balance=["5000", "-40"], credits=["19.50", ""], mobile=["0987", ""])
    numbers = read(customer_id=[7, 8], points_balance=[5000, -40], credits=[19.5, None], mobile=["0987", None])
    assert texts == numbers == [Customer("7", 5000, "0987", Decimal("19.50")), Customer("8", -40)]


def test_fractions_are_floored_and_other_columns_are_not_used():
    customers = read(customer_id=["a", "b"], points_balance=["99.9", "-0.5"], tier=["Gold", ""], points_pending=[1, 2])
    assert customers == [Customer("a", 99, tier="Gold"), Customer("b", -1)]


def test_every_row_that_cannot_be_used_is_named():
    with pytest.raises(ns.InputError) as refused:
        read(
            customer_id=["", "b", "c", "d", "e", "e", "f"],
            points_balance=["1", "many", "1e20", "nan", "1", "1", "1"],
            credits=["0", "0", "0", "0", "0", "0", "0.001"],
            mobile=["1", "2", "3", "4", "5", "6", "5"],
        )
    places = [problem.place for problem in refused.value.problems]
    assert places == [
        "row 1, customer_id",
        "row 2, points_balance",
        "row 3, points_balance",
        "row 4, points_balance",
        "row 7, credits",
        "customer_id",
    ]


def test_two_customers_with_one_mobile_number_are_refused():
    with pytest.raises(ns.InputError, match="mobile: '1' occurs 2 times"):
        read(customer_id=["a", "b"], points_balance=["1", "1"], mobile=["1", "1"])
    with pytest.raises(ns.InputError, match=r"mobile: '\(masked\)' occurs 2 times"):
        read(customer_id=["a", "b"], points_balance=["1", "1"], mobile=["+91 98765 00001", "09876500001"])


def test_a_missing_column_is_named():
    with pytest.raises(ns.InputError, match="points_balance: is missing"):
        read(customer_id=["a"])


def test_long_lists_of_problems_are_cut():
    with pytest.raises(ns.InputError, match="and 30 more"):
        read(customer_id=[str(number) for number in range(50)], points_balance=["x"] * 50)


def test_a_mobile_number_of_someone_else_is_refused(shop):
    with pytest.raises(ns.InputError, match="belongs to another"):
        shop.wallets.add([Customer("new", 7), Customer("newer", 7, mobile="9876500001")])
    assert len(shop.wallets.balances()) == 3


def test_customers_who_are_there_keep_what_they_have(shop):
    shop.call("perform", customer_id="rich", amount=500, reference_order_id="1")
    loaded = shop.wallets.add([Customer("rich", 5000), Customer("new", 7)])
    assert loaded == (1, 1)
    assert (shop.points("rich"), shop.points("new")) == (4600, 7)


def test_customers_made_in_python_are_checked_alike(shop):
    many = [Customer("c", 1, credits="0.001"), Customer("", 1), Customer("e", "many"), Customer("f", 1, credits=-1)]
    with pytest.raises(ns.InputError) as refused:
        shop.wallets.add(many)
    assert [problem.place for problem in refused.value.problems] == [
        "row 1, credits",
        "row 2, customer_id",
        "row 3, points_balance",
        "row 4, credits",
    ]
    assert shop.wallets.add([Customer("d", 99.9, credits=19.5), Customer(" rich ", 7)]) == (1, 1)
    balances = shop.wallets.balances().set_index("customer_id")
    assert (shop.points("d"), balances["credits"]["d"]) == (99, Decimal("19.50"))


def test_customers_come_after_initialize(database):
    with pytest.raises(ns.InputError, match="not initialised yet"):
        Wallets(database).add([Customer("a", 1)])
