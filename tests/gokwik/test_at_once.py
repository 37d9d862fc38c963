"""Many clients at once, and a server that is killed: the campaigns, in small."""

import json
from concurrent.futures import ThreadPoolExecutor

from tests.campaigns.sandbox_double_spending import spend
from tests.campaigns.sandbox_killed import kill_and_check


def test_64_clients_spend_each_point_once(where):
    assert "640 performs" in spend(where, performs=640)


def test_killed_at_any_instant(where):
    kills = 3 if where.startswith("postgresql") else 10
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
