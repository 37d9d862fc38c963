"""Both ledgers against a second reading of the page: refunds of an order in turn, and tiers over a window."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from histories import compiled_replay
from second_reader import INDIA, Bought, Shop, read

import nector_sim as ns
from nector_sim.ledger.exact import Opening, PastOrder, Refund, replay
from nector_sim.ledger.schedule import make_schedule

START = datetime(2024, 1, 1)
# Ends of months, in India: where an order leaves a window before one that came earlier.
AWKWARD = [datetime(2024, 1, day, hour, 30) - INDIA for day in (29, 30, 31) for hour in (1, 23)]


def some_shops(rng: random.Random) -> list[Shop]:
    shops = []
    for number in range(rng.choice([1, 1, 2])):
        measure = rng.choice(["spend", "orders", "earned"])
        least = {"spend": [0, 5_000, 9_001, 20_000], "orders": [0, 1, 2, 4], "earned": [0, 3, 10, 25]}[measure]
        names = ["Silver", "Gold", "Platinum"]
        limits = sorted(rng.sample(least, rng.randint(0, 3)))
        factors = [rng.choice([Fraction(1), Fraction(6, 5), Fraction(2), Fraction(0)]) for _ in limits]
        months, days = rng.choice([(None, None), (1, None), (6, None), (None, 20)])
        shops.append(
            Shop(
                since=datetime(1, 1, 1) if number == 0 else START + timedelta(days=rng.randint(5, 60)),
                cap=rng.choice([10**6, 10]),
                rate=rng.choice([Fraction(1, 10), Fraction(1, 3)]),
                delay=rng.choice([0, 0, 3]),
                expiry_months=months,
                expiry_days=days,
                measure=measure,
                window=rng.choice([None, 1, 1, 2]) if limits else None,
                tiers=list(zip(names, limits, factors, strict=False)),
                takes_back=rng.random() < 0.8,
                gives_back=rng.choice([True, "share", "share", False]),
                forgives=rng.random() < 0.5,
            )
        )
    return shops


def some_history(rng: random.Random) -> tuple[list[Bought], list[tuple[str, datetime, int | None]]]:
    orders, refunds = [], []
    for number in range(rng.randint(1, 12)):
        at = rng.choice([*AWKWARD, START + timedelta(days=rng.randint(0, 90), hours=rng.choice([0, 7]))])
        cart = rng.choice([9_000, 10_000, 3_333, rng.randint(0, 20_000)])
        order = Bought(f"o{number:02}", rng.choice("ab"), at, cart)
        order.paid = rng.choice([None, None, None, cart, cart + 500, 7_001, 0])
        order.discount_given = rng.choice([0, 0, 0, cart // 10, cart])
        orders.append(order)
        for _ in range(rng.choice([0, 0, 1, 2, 3])):
            when = at + timedelta(days=rng.choice([0, 1, 1, 20, 40]), hours=rng.choice([0, 0, 5]))
            refunds.append((order.order_id, when, rng.choice([cart // 3, cart // 3, 1, 0, cart, None])))
    return orders, refunds


def program_of(shop: Shop) -> tuple[datetime | None, ns.Program]:
    expiry = {"months": shop.expiry_months} if shop.expiry_months else {"days": shop.expiry_days}
    data: dict[str, Any] = {
        "offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1, "max_discount": shop.cap}],
        "earning": {"points": shop.rate.numerator, "per_amount": shop.rate.denominator, "delay_days": shop.delay},
        "reversal": {
            "earned": shop.takes_back,
            "redeemed": shop.gives_back,
            "overdraft": "forgive" if shop.forgives else "negative",
        },
        "tiers": [
            {
                "name": name,
                f"min_{shop.measure}": str(least / 100) if shop.measure == "spend" else least,
                "earning_factor": str(float(factor)),
            }
            for name, least, factor in shop.tiers
        ],
    }
    if any(expiry.values()):
        data["expiry"] = expiry
    if shop.window:
        data["tiering"] = {"window_months": shop.window}
    return shop.since.replace(tzinfo=UTC), ns.Program.parse(data)


@pytest.mark.parametrize("part", range(4))
def test_both_ledgers_are_what_the_page_says_read_again(part: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(part * 100, part * 100 + 100):
        rng = random.Random(seed)
        shops, (orders, refunds), brought = some_shops(rng), some_history(rng), [("a", rng.choice([0, 7, 50]))]
        spent_before = {"a": rng.choice([0, 4_000])}
        (_, first), *later = [program_of(shop) for shop in shops]
        case = (
            make_schedule(first, later),
            [
                PastOrder(
                    o.order_id,
                    o.customer,
                    o.at.replace(tzinfo=UTC),
                    o.cart,
                    paid=o.paid,
                    discount_given=o.discount_given,
                )
                for o in orders
            ],
            [Opening(name, points, None, spent_before[name]) for name, points in brought],
            [],
            datetime(2024, 7, 1, tzinfo=UTC),
            [Refund(order_id, at.replace(tzinfo=UTC), amount) for order_id, at, amount in refunds],
        )
        rows, movements, balances = read(shops, orders, refunds, brought, spent_before, datetime(2024, 7, 1))
        for run in (replay, compiled_replay):
            replayed = run(*case)
            got = {
                r.order_id: (r.balance, r.tier, r.answer.points, r.answer.payable, r.earned) for r in replayed.results
            }
            assert got == rows, (seed, run)
            lines = [
                (m.customer_id, m.at and m.at.replace(tzinfo=None), m.kind, m.points, m.order_id)
                for m in replayed.movements
            ]
            assert Counter(lines) == Counter(movements), (seed, run)
            assert {b.customer_id: (b.points, b.pending) for b in replayed.balances} == balances, (seed, run)
        seen.update(kind for _, _, kind, _, _ in movements)
        seen.update(str(row[1]) for row in rows.values())
        seen["several"] += len(refunds) - len({order_id for order_id, _, _ in refunds})
    assert all(
        seen[what] > 5 for what in ("taken_back", "given_back", "forgiven", "expired", "Silver", "Gold", "several")
    ), seen
