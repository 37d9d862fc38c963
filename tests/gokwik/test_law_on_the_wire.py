"""The sandbox, as an engine beside the others: a checkout's calls give what the law gives."""

import datetime as dt
from dataclasses import replace

import pytest

from nector_sim.gokwik import Customer, Database, play_orders
from tests.calculator.test_engines import by_law, frame_of, pairs
from tests.gokwik.shops import open_shop


@pytest.mark.parametrize("seed", range(3))
def test_the_sandbox_gives_what_the_law_gives(seed, tmp_path):
    # A checkout's calls name no number of points, and its orders are of the moment at which it is called.
    program, orders = pairs(seed)
    now = dt.datetime.now(dt.UTC)
    orders = [replace(order, requested=None, credits=0, at=now) for order in orders]
    frame = frame_of(program, orders)
    customers = [
        Customer(row.customer_id, order.balance, tier=order.tier)
        for row, order in zip(frame.itertuples(), orders, strict=True)
    ]
    with Database(tmp_path / "gokwik.db") as database, open_shop(database, program, customers) as shop:
        played = play_orders(shop.url, frame.drop(columns=["points_requested", "credits", "tier"]), program=program)
    scale = 10**program.decimals
    found = [
        (points, int(discount * scale), int(payable * scale))
        for points, discount, payable in zip(
            played["points_redeemed"], played["discount"], played["payable"], strict=True
        )
    ]
    assert found == [(row.points, row.discount, row.payable) for row in by_law(program, orders)]
    assert played["settled"].all()
