"""Many clients at once, and a server that is killed: the campaigns, in small."""

import json
from concurrent.futures import ThreadPoolExecutor

from nector_sim.gokwik import Refused, wallets
from nector_sim.gokwik.wire import read_call
from tests.campaigns.sandbox_double_spending import spend
from tests.campaigns.sandbox_killed import kill_and_check
from tests.campaigns.sandbox_reordered import play


def test_64_clients_spend_each_point_once(where):
    assert "640 performs" in spend(where, performs=640)


def test_calls_that_are_delayed_doubled_and_reordered(where):
    assert "of them first" in play(where, orders=200, seed=1)


def calls_of(*calls):
    return [read_call(json.dumps(call).encode()) for call in calls]


def perform_of(customer_id, reference, amount=101):
    return {"action": "perform", "customer_id": customer_id, "amount": amount, "reference_order_id": reference}


def test_calls_that_are_moved_together_see_each_other(shop):
    outcomes = shop.wallets.answer_together(
        calls_of(
            perform_of("poor", "1", 300),
            perform_of("poor", "2", 500),
            perform_of("poor", "1", 300),
            perform_of("poor", "3", 500),
            {"action": "revert", "customer_id": "poor", "reference_order_id": "1"},
            perform_of("nobody", "4"),
            perform_of("poor", "5", 150),
        )
    )
    assert outcomes[0] == outcomes[2]
    assert [getattr(outcome, "word", None) or outcome["coin_value"] for outcome in outcomes] == [
        200,
        50,
        200,
        "nothing_to_redeem",
        200,
        "unknown_customer",
        50,
    ]
    assert shop.points("poor") == 150


def test_a_call_that_fails_fails_alone(shop, monkeypatch):
    work_out = wallets.work_out

    def broken_for_the_poor(law, customer, *arguments):
        if customer.customer_id == "poor":
            raise RuntimeError("broken on purpose")
        return work_out(law, customer, *arguments)

    monkeypatch.setattr(wallets, "work_out", broken_for_the_poor)
    first, second, third, fourth = shop.wallets.answer_together(
        calls_of(perform_of("rich", "1"), perform_of("poor", "2"), perform_of("nobody", "3"), perform_of("rich", "4"))
    )
    assert (first["coin_value"], fourth["coin_value"]) == (1, 1)
    assert (type(second), type(third)) == (RuntimeError, Refused)
    assert (shop.points("rich"), shop.points("poor")) == (4998, 250)


def test_killed_at_any_instant(where):
    kills = 3  # each starts a server; `make sandbox-long` kills it a hundred times
    assert f"killed {kills} times" in kill_and_check(where, kills=kills, seed=1)


def test_one_reference_by_two_customers_at_once(shop):
    def perform(call):
        customer_id, reference = call
        body = {"action": "perform", "customer_id": customer_id, "amount": 101, "reference_order_id": reference}
        return shop.post(json.dumps(body).encode(), shop.url)[1]["meta"].get("error")

    for number in range(10):
        with ThreadPoolExecutor(8) as pool:
            errors = list(pool.map(perform, [("rich", str(number)), ("poor", str(number))] * 4))
        # One of the two has it, all four times; the other is told so, all four times.
        assert sorted(errors, key=str) == [None] * 4 + ["other_content"] * 4
    assert shop.points("rich") + shop.points("poor") == 5250 - 10
