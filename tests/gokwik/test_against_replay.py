"""A history played through the checkout ends where the replay ends, to the point."""

from random import Random

import pandas as pd
import pyarrow as pa
import pytest

import nector_sim as ns
from nector_sim.gokwik import Customer, Database, play_orders
from nector_sim.gokwik.customers import customers_of
from tests.gokwik.shops import open_shop

PROGRAM = ns.Program(
    offers=[
        ns.VariableAmount(points_per_step=20, discount_per_step=10, max_discount=300),
        ns.FixedPercent(points=150, percent=15, min_cart=1000),
    ],
    min_payable=ns.PercentMinPayable(percent=25),
)


#: The same, closed to orders with coupons.
WITHOUT_COUPONS = PROGRAM.replaced({"offers.0.with_coupons": False})


def history(seed, orders=120, customers=9, *, parts=False):
    """Orders with instants that coincide, some that do not redeem, and refunds, whole and partial.

    With `parts`, points may pay a part of some carts only, and coupons were used on some.
    """
    luck = Random(seed)
    rows = []
    for number in range(orders):
        day = luck.randrange(40)
        refunded = luck.random() < 0.3
        rows.append(
            {
                "order_id": f"o{luck.randrange(10**6)}-{number}",
                "customer_id": f"c{luck.randrange(customers)}",
                "ordered_at": pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(days=day),
                "cart_amount": luck.randrange(1, 250_000) / 100,
                "redeems": luck.random() < 0.8,
                "refunded_at": pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(days=day + luck.randrange(15))
                if refunded
                else pd.NaT,
                "refunded_amount": luck.choice([None, 10.0]) if refunded else None,
            }
        )
    frame = pd.DataFrame(rows)
    if parts:
        frame["eligible_amount"] = [luck.choice([None, 0, cart // 2, cart]) for cart in frame["cart_amount"]]
        frame["coupon_discount"] = [luck.choice([0, 0, 0, 50]) for _ in rows]
    return frame


@pytest.mark.parametrize(("seed", "program"), [(1, PROGRAM), (2, WITHOUT_COUPONS)])
def test_balances_equal_replays_to_the_point(tmp_path, seed, program):
    orders = history(seed, parts=program is WITHOUT_COUPONS)
    opening = {f"c{number}": points for number, points in enumerate([0, 150, 400, 1000, 3000, -50, 9000, 60, 7])}
    frame = pd.DataFrame({"customer_id": opening.keys(), "points": opening.values()})
    replayed = ns.replay(program, orders, opening=frame)
    with (
        Database(tmp_path / "gokwik.db") as database,
        open_shop(database, program, [Customer(*item) for item in opening.items()]) as shop,
    ):
        played = play_orders(shop.url, orders, program=program)
        balances = shop.wallets.balances()
    expected = replayed.balances.set_index("customer_id")["points_balance"]
    assert balances.set_index("customer_id")["points_balance"].to_dict() == expected.to_dict()
    assert list(played["points_redeemed"]) == list(replayed.orders["points_redeemed"])
    assert [float(payable) for payable in played["payable"]] == list(replayed.orders["payable"])
    # The history visits what it is meant to visit.
    assert replayed.totals["given_back"].iloc[0] > 0
    assert played["settled"].all()
    assert (played["points_redeemed"] > 0).sum() > 20


def test_a_replays_closing_balances_are_customers(tmp_path):
    orders = history(3)
    replayed = ns.replay(PROGRAM, orders, opening=pd.DataFrame({"customer_id": ["c1"], "points": [500]}))
    customers = customers_of(pa.Table.from_pandas(replayed.balances, preserve_index=False), decimals=2)
    assert [(one.customer_id, one.points_balance) for one in customers] == list(
        zip(replayed.balances["customer_id"], replayed.balances["points_balance"], strict=True)
    )
