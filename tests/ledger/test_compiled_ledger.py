"""The compiled ledger against the exact one, movement by movement."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from histories import compiled_replay, random_case, some_program, without_offer
from worked import Worked, worked_ledgers

import nector_sim as ns
from nector_sim.calculator import exact as calculator
from nector_sim.calculator.parameters import ROUNDINGS
from nector_sim.calculator.reasons import REASONS
from nector_sim.ledger.earning import CEIL, NEAREST
from nector_sim.ledger.exact import Grant, Opening, PastOrder, replay
from nector_sim.ledger.instants import month_starts, one_period_after, to_datetime
from nector_sim.ledger.schedule import make_schedule
from nector_sim.ledger.tables import microseconds
from nector_sim.rules.ledger import Expiry
from tests.sizes import size

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("worked", worked_ledgers(), ids=lambda worked: worked.name)
def test_worked_ledger(worked: Worked) -> None:
    case = (worked.schedule, *worked.plain(), worked.as_of, worked.told_refunds())
    assert compiled_replay(*case) == without_offer(replay(*case))


@pytest.mark.parametrize("part", range(size(3, 10)))
def test_thousands_of_random_histories(part: int) -> None:
    for seed in range(part * 100, part * 100 + 100):
        case = random_case(seed, customers=10)
        assert compiled_replay(*case) == without_offer(replay(*case)), f"random_case({seed}, customers=10)"


def test_the_random_histories_are_not_all_alike() -> None:
    kinds, reasons, tiers, negative, pending = set(), set(), set(), 0, 0
    for seed in range(60):
        replayed = replay(*random_case(seed, customers=10))
        kinds |= {movement.kind for movement in replayed.movements}
        reasons |= {result.answer.limited_by for result in replayed.results}
        tiers |= {result.tier for result in replayed.results}
        negative += sum(balance.points < 0 for balance in replayed.balances)
        pending += sum(balance.pending > 0 for balance in replayed.balances)
    assert len(kinds) == 8
    assert reasons == set(REASONS)
    assert {None, "Silver", "Gold", "Platinum"} <= tiers
    assert negative > 10
    assert pending > 10


def test_threads_change_nothing() -> None:
    for seed in range(20):
        case = random_case(seed, customers=30)
        assert compiled_replay(*case, threads=3) == compiled_replay(*case)


def test_one_order_is_answered_as_the_exact_law_does() -> None:
    """One customer for each order, who brings the balance: ten thousand orders under random programs."""
    rng = random.Random(5)
    for _ in range(100):
        plain = {"tiers": (), "tiering": None, "earning": None}
        schedule = make_schedule(some_program(rng, "lots", False).model_copy(update=plain))
        law = calculator.Law(schedule.programs[0])
        orders, openings = [], []
        for number in range(100):
            cart = rng.choice([0, 1, 99, 10_000, rng.randint(0, 10**6), 9 * 10**11])
            requested, credits = (
                rng.choice([None, None, rng.randint(0, 2_000)]),
                rng.choice([0, 0, rng.randint(0, cart)]),
            )
            at = NOON + timedelta(days=rng.randint(-900, 900))
            orders.append(
                PastOrder(
                    str(number), str(number), at, cart, credits, requested, tier=rng.choice([None, "Silver", "Gold"])
                )
            )
            openings.append(Opening(str(number), rng.choice([0, 1, 99, rng.randint(0, 10**5), 10**12])))
        balances = {opening.customer_id: opening.points for opening in openings}
        for result in compiled_replay(schedule, orders, openings).results:
            order = orders[int(result.order_id)]
            asked = calculator.Order(
                order.cart, balances[order.customer_id], order.credits, order.requested, order.tier, order.at
            )
            expected = law.answer(asked)
            assert result.answer == calculator.Answer(
                None, expected.points, expected.discount, expected.payable, expected.credits_used, expected.limited_by
            )


def test_words_and_codes_belong_together() -> None:
    assert (ROUNDINGS[NEAREST], ROUNDINGS[CEIL]) == ("nearest", "ceil")


@pytest.mark.parametrize("months", [1, 6, 11, 12, 13, 1200])
def test_calendar_months(months: int) -> None:
    """Against the calendar of pandas, whose month offset also ends on the month's last day."""
    days = pd.date_range("1900-01-01 23:59:59.000001", "2104-12-31", freq="1D").as_unit("us")
    expected = (days + pd.DateOffset(months=months)).as_unit("us")
    later = one_period_after(days.to_numpy().astype(np.int64), Expiry(months=months))
    assert (later == expected.to_numpy().astype(np.int64)).all()


def test_months_begin_in_the_time_zone() -> None:
    first, last = (
        microseconds(datetime(2026, 11, 30, 18, 29, tzinfo=UTC)),
        microseconds(datetime(2027, 1, 1, tzinfo=UTC)),
    )
    names, starts = month_starts(first, last, "Asia/Kolkata")
    assert names == ["2026-11", "2026-12", "2027-01"]
    assert to_datetime(starts[1]) == datetime(2026, 11, 30, 18, 30, tzinfo=UTC)


def test_too_many_points_stop_the_replay() -> None:
    grants = [Grant("c", NOON, 10**12), Grant("c", NOON, 1)]
    with pytest.raises(ns.InputError, match="customer c: has more than 1000000000000 points"):
        compiled_replay(make_schedule(ns.Program()), [], [], grants)


def test_a_rate_that_needs_more_than_64_bits_is_refused() -> None:
    program = ns.Program.parse({"earning": {"points_per_unit": "9999.9999"}})
    orders = [PastOrder("a", "c", NOON, 9 * 10**11)]
    with pytest.raises(ns.InputError, match=r"earning\.points_per_unit: 9999\.9999 .* too many digits"):
        compiled_replay(make_schedule(program), orders)


def test_the_largest_amounts_stay_exact() -> None:
    """Shares of refunds whose products exceed 64 bits, and fractions of a unit that decide over a tier."""
    rng = random.Random(8)
    most = 9 * 10**11
    for _ in range(300):
        orders = [
            PastOrder(
                str(number),
                "c",
                NOON + timedelta(hours=number),
                rng.choice([most, rng.randint(1, most)]),
                redeems=False,
                refunded_at=NOON + timedelta(days=2, hours=number),
                refunded=rng.randint(0, most),
                paid=rng.choice([most, most - 1, rng.randint(1, most)]),
            )
            for number in range(4)
        ]
        orders += [PastOrder(f"z{number}", "c", NOON + timedelta(days=2, hours=number + 0.5), 0) for number in range(4)]
        left = Fraction(sum(order.cart for order in orders))
        reached = []
        for order in orders[:4]:
            left -= min(Fraction(1), Fraction(order.refunded, order.paid)) * order.cart
            reached.append(left)
        whole = [int(spent) + rng.choice([0, 1]) for spent in reached]
        tiers = [
            {"name": str(limit), "min_spend": Decimal(limit) / 100}
            for limit in sorted({limit for limit in whole if 0 < limit <= most})
        ]
        program = ns.Program.parse({"tiers": tiers, "earning": {"points_per_unit": "1"}})
        case = (make_schedule(program), orders)
        assert compiled_replay(*case) == without_offer(replay(*case))
