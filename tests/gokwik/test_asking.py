"""Parity over the wire: the sandbox agrees with the law, and a deliberate mistake is named."""

import pytest

import nector_sim as ns
from nector_sim.gokwik import Customer, Database
from nector_sim.gokwik.asking import NectorDialect, questions
from nector_sim.parity.callers import UrlCaller
from nector_sim.parity.variants import VARIANTS
from tests.gokwik.shops import open_shop

CUSTOMERS = [
    Customer("a", 5000, tier="Gold"),
    Customer("b", 250, credits="123.45"),
    Customer("c", 100_000, credits=500, tier="Silver"),
    Customer("d", -7),
]
MANY = ns.Program(
    offers=[
        ns.VariableAmount(points_per_step=100, discount_per_step=10, max_discount=205, min_cart=300),
        ns.VariablePercent(points_per_step=50, percent_per_step="2.5", max_discount="49.99", name="percent"),
        ns.FixedAmount(points=60, discount=75, tiers=["Gold"], starts_at="2020-01-01"),
    ],
    min_payable=ns.PercentMinPayable(percent="33.33"),
)


def one_to_one(**fields):
    return ns.VariableAmount(points_per_step=1, discount_per_step=1, **fields)


def ask(folder, program, **settings):
    with Database(folder / "gokwik.db") as database, open_shop(database, program, CUSTOMERS, **settings) as shop:
        caller = UrlCaller(shop.url, per_second=2000, dialect=NectorDialect())
        report = ns.check_parity(program, questions(program, CUSTOMERS, n=200, seed=1), calculator=caller)
        assert shop.webhook_id not in report.to_json() + repr(report)
        assert set(shop.wallets.ledger()["kind"]) == {"opening"}
    return report


def test_the_sandbox_agrees(tmp_path):
    report = ask(tmp_path, MANY)
    assert (report.agrees, report.compared) == (True, 200)


@pytest.mark.parametrize(
    ("choice", "program"),
    [
        ("steps_whole", MANY),
        ("points_round", MANY),
        ("min_payable_excess", ns.Program(offers=[one_to_one()], min_payable=ns.FixedMinPayable(amount=100))),
        ("min_cart_edge", ns.Program(offers=[one_to_one(min_cart=300)])),
        ("min_payable_base", ns.Program(offers=[one_to_one()], min_payable=ns.PercentMinPayable(percent=20))),
        ("percent_rounding", ns.Program(offers=[ns.FixedPercent(points=100, percent="12.5")])),
        ("best_offer", ns.Program(offers=[one_to_one(max_discount=10), one_to_one(max_discount=20)])),
    ],
)
def test_a_deliberate_variant_is_named(tmp_path, choice, program):
    law = next(variant.law for variant in VARIANTS if variant.choice == choice)
    report = ask(tmp_path, program, law=law)
    assert not report.agrees
    assert all(choice in (name for names in group.choices for name in names) for group in report.groups)


@pytest.mark.parametrize(
    "reply",
    [None, [], {}, {"meta": {"code": 404}, "data": None}, {"meta": {"code": 200}, "data": {"fiat_value": 1}}],
)
def test_other_replies_are_errors_of_their_order(reply):
    assert NectorDialect().read(MANY, reply).error


def test_nectors_own_answer_is_enough():
    reply = {"meta": {"code": 200}, "data": {"id": "1", "fiat_value": 12.5, "coin_value": 100}}
    theirs = NectorDialect().read(MANY, reply)
    assert (theirs.points, theirs.discount, theirs.payable, theirs.credits_used) == (100, 1250, None, None)


def test_without_customers_there_is_nobody_to_ask_for():
    with pytest.raises(ns.InputError, match="no customer"):
        questions(MANY, [], n=1, seed=1)
