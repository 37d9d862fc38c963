"""What must always hold of a ledger, and that every field of the program's other half does something."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from histories import compiled_replay, random_case, without_offer

import nector_sim as ns
from nector_sim.ledger import engine
from nector_sim.ledger.exact import Grant, Opening, PastOrder, replay
from nector_sim.ledger.schedule import make_schedule
from nector_sim.rules.ledger import Earning, Expiry, Reversal, Tier, Tiering

SEEDS = range(5000, 5060)
START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


@pytest.mark.parametrize("run", [replay, compiled_replay], ids=["exact", "compiled"])
def test_points_are_conserved_for_every_customer(run: Any) -> None:
    for seed in SEEDS:
        replayed = run(*random_case(seed, customers=10))
        left: Counter[str] = Counter()
        for movement in replayed.movements:
            if movement.kind != "forgiven":
                left[movement.customer_id] += movement.points
        for balance in replayed.balances:
            assert left[balance.customer_id] == balance.points + balance.pending


def test_a_run_that_breaks_conservation_fails_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(engine.SIGNS, "earned", 0)
    program = make_schedule(ns.Program.parse({"earning": {}}))
    with pytest.raises(AssertionError, match="points were not conserved: the movements leave 0, the balances hold 5"):
        compiled_replay(program, [PastOrder("a", "c", START, 10_000)])


def test_the_order_of_rows_does_not_matter() -> None:
    for seed in SEEDS:
        schedule, *tables, as_of, refunds = random_case(seed, customers=10)
        expected = compiled_replay(schedule, *tables, as_of, refunds)
        for table in (*tables, refunds):
            random.Random(seed).shuffle(table)
        assert compiled_replay(schedule, *tables, as_of, refunds) == expected


def test_other_customers_do_not_matter() -> None:
    for seed in SEEDS:
        schedule, *tables, as_of, refunds = random_case(seed, customers=10)
        as_of = as_of or day(400)
        together = compiled_replay(schedule, *tables, as_of, refunds)
        tables = [[row for row in table if row.customer_id == "c3"] for table in tables]
        theirs = [refund for refund in refunds if refund.order_id in {order.order_id for order in tables[0]}]
        alone = compiled_replay(schedule, *tables, as_of, theirs)
        assert alone.movements == [movement for movement in together.movements if movement.customer_id == "c3"]
        assert alone.balances == [balance for balance in together.balances if balance.customer_id == "c3"]


def test_one_order_with_an_opening_balance_is_a_quote() -> None:
    program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    carts = ["99.99", "100", "101", "500", "749.95", "5000"]
    for balance in (-5, 0, 250, 5000):
        customers = [f"{balance}/{cart}" for cart in carts]
        orders = pd.DataFrame(
            {"order_id": customers, "customer_id": customers, "cart_amount": carts, "ordered_at": START}
        )
        opening = pd.DataFrame({"customer_id": customers, "points": balance})
        for row, cart in zip(ns.replay(program, orders, opening=opening).orders.itertuples(), carts, strict=True):
            quote = ns.quote(program, cart_amount=cart, points_balance=max(0, balance))
            assert (row.points_redeemed, row.discount, row.payable) == (
                quote.points_redeemed,
                quote.discount,
                quote.payable,
            )
            assert row.limited_by == quote.limited_by


# A history in which every field of the program's other half is felt, and for each field a value that changes it.

PLAIN: dict[str, Any] = {
    "offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}],
    "earning": {"points_per_unit": "0.0625"},
    "expiry": {"days": 30},
    "tiers": [{"name": "Silver", "min_spend": 150, "earning_factor": 2}],
}
ORDERS = [
    PastOrder("a", "c", day(0), 10_000),
    PastOrder("b", "c", day(1), 10_000, refunded_at=day(9)),
    PastOrder("d", "c", day(2), 500),
    PastOrder("e", "c", day(20), 20_000),
    PastOrder("f", "c", day(21), 20_000, redeems=False),
    PastOrder("h", "c", day(50.5), 10_000),
    PastOrder("k", "c", day(83), 10_000),
]
WITNESSES = {
    "earning.points_per_unit": {"earning": {"points_per_unit": "0.07"}},
    "earning.points": {"earning": {"points": 2, "per_amount": 16}},
    "earning.per_amount": {"earning": {"points": 1, "per_amount": 15}},
    "earning.whole_steps": {"earning": {"points": 1, "per_amount": 16, "whole_steps": True}},
    "earning.min_cart": {"earning": {"points_per_unit": "0.0625", "min_cart": "100.01"}},
    "earning.max_points": {"earning": {"points_per_unit": "0.0625", "max_points": 12}},
    "earning.base": {"earning": {"points_per_unit": "0.0625", "base": "cart_amount"}},
    "earning.rounding": {"earning": {"points_per_unit": "0.0625", "rounding": "ceil"}},
    "earning.delay_days": {"earning": {"points_per_unit": "0.0625", "delay_days": 3}},
    "earning.on_redeeming_orders": {"earning": {"points_per_unit": "0.0625", "on_redeeming_orders": False}},
    "expiry.days": {"expiry": {"days": 5}},
    "expiry.months": {"expiry": {"months": 1}},
    "expiry.kind": {"expiry": {"days": 30, "kind": "inactivity"}},
    "tiers.name": {"tiers": [{"name": "Gold", "min_spend": 150, "earning_factor": 2}]},
    "tiers.min_spend": {"tiers": [{"name": "Silver", "min_spend": 250, "earning_factor": 2}]},
    "tiers.min_orders": {"tiers": [{"name": "Silver", "min_orders": 2, "earning_factor": 2}]},
    "tiers.min_earned": {"tiers": [{"name": "Silver", "min_earned": 18, "earning_factor": 2}]},
    "tiering.window_months": {"tiering": {"window_months": 1}},
    "tiers.earning_factor": {"tiers": [{"name": "Silver", "min_spend": 150}]},
    "reversal.earned": {"reversal": {"earned": False}},
    "reversal.redeemed": {"reversal": {"redeemed": False}},
    "reversal.overdraft": {"reversal": {"overdraft": "forgive"}},
}


@pytest.mark.parametrize("field", WITNESSES)
def test_every_field_has_a_witness(field: str) -> None:
    plain = replay(make_schedule(ns.Program.parse(PLAIN)), ORDERS, as_of=day(84))
    other = replay(make_schedule(ns.Program.parse(PLAIN | WITNESSES[field])), ORDERS, as_of=day(84))
    assert (plain.results, plain.movements) != (other.results, other.movements)


@pytest.mark.parametrize("field", WITNESSES)
def test_every_engine_feels_every_field(field: str) -> None:
    """What a field changes, it changes alike: the exact ledger, the compiled one, a replay, one of many settings."""
    programs = [ns.Program.parse(PLAIN), ns.Program.parse(PLAIN | WITNESSES[field])]
    for program in programs:
        case = (make_schedule(program), ORDERS, [], [], day(84))
        assert compiled_replay(*case) == without_offer(replay(*case))
    frame = pd.DataFrame(
        {
            "order_id": [o.order_id for o in ORDERS],
            "customer_id": "c",
            "ordered_at": [o.at for o in ORDERS],
            "cart_amount": [o.cart / 100 for o in ORDERS],
            "redeems": [o.redeems for o in ORDERS],
            "refunded_at": [o.refunded_at for o in ORDERS],
        }
    )
    replays = [ns.replay(program, frame, as_of=day(84), movements=True) for program in programs]
    for program, replayed in zip(programs, replays, strict=True):
        expected = replay(make_schedule(program), ORDERS, as_of=day(84))
        assert replayed.orders["tier"].astype(object).where(replayed.orders["tier"].notna(), None).tolist() == [
            result.tier for result in expected.results
        ]
        assert replayed.movements["points"].tolist() == [movement.points for movement in expected.movements]
    swept = ns.replay_sweep(programs, frame, as_of=day(84))
    names = ["earned", "expired", "taken_back", "given_back", "forgiven", "closing"]
    assert swept[names].to_numpy().tolist() == [r.totals[names].iloc[0].tolist() for r in replays]


def test_no_field_lacks_a_witness() -> None:
    sections = {"earning": Earning, "expiry": Expiry, "tiers": Tier, "tiering": Tiering, "reversal": Reversal}
    assert {f"{section}.{name}" for section, model in sections.items() for name in model.model_fields} == set(WITNESSES)


def test_valid_from_has_a_witness() -> None:
    later = ns.Program.parse({"earning": {"points_per_unit": "1"}, "valid_from": day(1)})
    schedule = make_schedule(ns.Program(), [later])
    assert [m.order_id for m in replay(schedule, ORDERS[:2]).movements if m.kind == "earned"] == ["b"]


def test_as_of_cuts_as_the_page_says() -> None:
    """What happens at the instant is run; later orders are left out, later grants and refunds ignored."""
    schedule = make_schedule(ns.Program.parse({"earning": {"points_per_unit": "1"}}))
    orders = [
        PastOrder("a", "c", day(0), 100, refunded_at=day(2)),
        PastOrder("b", "c", day(1), 100),
        PastOrder("d", "c", day(3), 100),
    ]
    grants = [Grant("c", day(1), 5), Grant("e", day(2), 5)]
    for run in (replay, compiled_replay):
        replayed = run(schedule, orders, [Opening("f", 1)], grants, day(1))
        assert [result.order_id for result in replayed.results] == ["a", "b"]
        assert [(b.customer_id, b.points) for b in replayed.balances] == [("c", 7), ("f", 1)]
