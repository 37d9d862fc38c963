"""Random programs and histories, and the compiled replay in the words of the exact one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from nector_sim import Program
from nector_sim.calculator.exact import Answer
from nector_sim.calculator.reasons import REASONS
from nector_sim.ledger import exact
from nector_sim.ledger.draws import lucks
from nector_sim.ledger.engine import run
from nector_sim.ledger.instants import to_datetime
from nector_sim.ledger.prepare import (
    GrantColumns,
    OpeningColumns,
    OrderColumns,
    OrdersChance,
    RefundColumns,
    expiring,
    settled,
    sort_history,
)
from nector_sim.ledger.schedule import KINDS, Schedule, make_schedule
from nector_sim.ledger.tables import ALWAYS, compile_schedule, microseconds, tier_names
from nector_sim.ledger.take_up import MILLION, TakeUpLaw, as_arrays, kinds_of
from nector_sim.rules.times import NEVER

TIERS = ("Silver", "Gold", "Platinum")
LIMITS = {"min_spend": [0, 20, 50, 100, 150], "min_orders": [0, 1, 2, 3, 4], "min_earned": [0, 1, 5, 20, 100]}
#: Days on which calendars are awkward, and some that are not; 2024 and 2028 are leap years.
DAYS = [
    datetime(int(day[:4]), int(day[4:6]), int(day[6:]), tzinfo=UTC)
    for day in map(str, [
        20231231, 20240130, 20240131, 20240228, 20240229, 20240301, 20240302, 20240330,
        20240331, 20240430, 20240531, 20240831, 20241231, 20250228, 20250301, 20250831,
    ])
]  # fmt: skip


def some_offer(rng: random.Random) -> dict[str, Any]:
    k, cap = rng.choice([1, 1, 1, 3, 10, 100]), rng.choice([None, None, "5", "12.34", "200"])
    kind = rng.choice(["variable_amount"] * 3 + ["fixed_amount", "variable_percent", "fixed_percent"])
    offer: dict[str, Any] = {"kind": kind, "name": f"o{rng.random()}"}
    if kind == "variable_amount":
        offer |= {
            "points_per_step": k,
            "discount_per_step": rng.choice(["1", "0.5", "0.01", "7.25"]),
            "max_discount": cap,
        }
        offer["max_discount_percent"] = rng.choice([None, None, "10", "33.33"])
        offer["min_points"] = rng.choice([None, None, k, 5 * k]) if cap is None else None
    elif kind == "fixed_amount":
        offer |= {"points": k, "discount": rng.choice(["1", "2.5", "50"])}
    elif kind == "variable_percent":
        offer |= {"points_per_step": k, "percent_per_step": rng.choice(["1", "0.01", "7.5", "50"]), "max_discount": cap}
        offer["max_percent"] = rng.choice([None, None, "20", "99.99"])
    else:
        offer |= {"points": k, "percent": rng.choice(["10", "33.33", "100"]), "max_discount": cap}
    if rng.random() < 0.1:
        offer["min_balance"] = rng.choice([1, 20, 100])
    if rng.random() < 0.1:
        offer["with_coupons"] = False
    if rng.random() < 0.2:
        offer["min_cart"] = rng.choice(["10", "50"])
    if rng.random() < 0.1:
        offer["max_cart"] = rng.choice(["80", "200"])
    if rng.random() < 0.1:
        offer["min_cart_multiple"] = rng.choice(["0.5", "2", "3.1415"])
    if rng.random() < 0.2:
        offer["tiers"] = rng.sample(TIERS, rng.randint(0, 2))
    if rng.random() < 0.1:
        offer["starts_at"] = rng.choice(DAYS)
    if rng.random() < 0.1:
        offer["ends_at"] = rng.choice(DAYS)
    return {name: value for name, value in offer.items() if value is not None}


def some_program(rng: random.Random, kind: str, scheduled: bool, timezone: str = "UTC") -> Program:
    data: dict[str, Any] = {
        "timezone": timezone,
        "enabled": rng.random() > 0.05,
        "offers": [some_offer(rng) for _ in range(rng.randint(0, 3))],
    }
    if rng.random() < 0.7:
        data["offers"].append(
            {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1, "name": "plain"}
        )
    if rng.random() < 0.4:
        data["min_payable"] = rng.choice([{"kind": "fixed", "amount": "10"}, {"kind": "percent", "percent": "12.34"}])
    if rng.random() < 0.9:
        data["earning"] = {
            **rng.choice(
                [{"points_per_unit": rate} for rate in ("0.05", "1", "0.3333", "2.5")]
                + [
                    {"points": n, "per_amount": m, "whole_steps": w}
                    for n, m, w in ((1, "30", False), (5, "10", True), (7, "0.03", True))
                ]
            ),
            "min_cart": rng.choice([0, 0, 0, "50"]),
            "max_points": rng.choice([None, None, None, 10]),
            "base": rng.choice(["payable", "cart_amount"]),
            "rounding": rng.choice(["floor", "nearest", "ceil"]),
            "delay_days": rng.choice([0, 0, 1, 29, 30]),
            "on_redeeming_orders": rng.random() < 0.8,
        }
    if rng.random() < 0.8:
        data["expiry"] = rng.choice([{"months": 1}, {"months": 6}, {"months": 12}, {"days": 1}, {"days": 30}]) | {
            "kind": kind
        }
    if rng.random() < 0.5:
        measure = rng.choice(["min_spend", "min_spend", "min_orders", "min_earned"])
        limits = sorted(rng.sample(LIMITS[measure], rng.randint(1, 3)))
        data["tiers"] = [
            {"name": name, measure: limit, "earning_factor": rng.choice(["1", "1.2", "0", "3.3333"])}
            for name, limit in zip(TIERS, limits, strict=False)
        ]
        if rng.random() < 0.6:
            data["tiering"] = {"window_months": rng.choice([1, 1, 2, 6])}
    if rng.random() < 0.7:
        data["reversal"] = {
            "earned": rng.random() < 0.8,
            "redeemed": rng.choice([True, True, "share", False]),
            "overdraft": rng.choice(["negative", "forgive"]),
        }
    if scheduled:
        data["valid_from"] = rng.choice(DAYS) + timedelta(hours=rng.choice([0, 10]))
    return Program.parse(data)


def some_schedule(rng: random.Random) -> Schedule:
    kind = rng.choice(["lots", "lots", "inactivity"])
    timezone = rng.choice(["UTC", "Asia/Kolkata", "Europe/Berlin", "America/Santiago"])
    later: dict[Any, Program] = {}
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        program = some_program(rng, kind, True, timezone)
        later[program.valid_from] = program
    return make_schedule(some_program(rng, kind, False, timezone), later.values())


def some_instant(rng: random.Random) -> datetime:
    return rng.choice(DAYS) + timedelta(hours=rng.choice([0, 0, 10, 23]), microseconds=rng.choice([0, 0, 1]))


def some_history(
    rng: random.Random, customer: str, schedule: Schedule, with_paid: bool
) -> tuple[list[exact.PastOrder], list[exact.Opening], list[exact.Grant]]:
    own_expiry = not schedule.inactivity
    orders = []
    for number in range(rng.randint(0, 8)):
        at = some_instant(rng)
        cart = rng.choice([0, 100, 1000, 5000, 9999, rng.randint(0, 30_000)])
        refunded_at = refunded = paid = None
        if rng.random() < 0.35:
            refunded_at = max(at, rng.choice([at, at + timedelta(days=rng.choice([1, 29, 30])), some_instant(rng)]))
            refunded = rng.choice([None, rng.randint(0, cart), cart // 3, cart, 0])
        if with_paid and rng.random() < 0.8:
            paid = rng.choice([0, 300, cart, 3 * cart, rng.randint(0, 30_000)])
        orders.append(
            exact.PastOrder(
                f"{customer}-{rng.choice(['', '1', 'é', 'z'])}{number}",
                customer,
                at,
                cart,
                credits=rng.choice([0, 0, 0, 500, 100_000]),
                requested=rng.choice([None, None, None, 0, 1, 50, 1000]),
                redeems=rng.random() < 0.8,
                tier=rng.choice([None, *TIERS, "other"]),
                refunded_at=refunded_at,
                refunded=refunded,
                paid=paid,
                discount_given=rng.choice([0, 0, 0, 700, cart]),
                eligible=rng.choice([None, None, None, 0, cart // 2, cart]),
                coupon=rng.choice([0, 0, 1]),
                earning=rng.choice([None, None, 0, cart // 3, cart]),
            )
        )
    openings, ends = [], [None, *DAYS]
    for expires in rng.sample(ends if own_expiry else ends[:1], rng.choice([0, 0, 1, 2] if own_expiry else [0, 1])):
        points = rng.choice([0, 5, 50, 1000, -20])
        openings.append(exact.Opening(customer, points, expires, rng.choice([0, 0, 2000, 10_000])))
    grants = []
    for _ in range(rng.choice([0, 0, 1, 2, 3])):
        at, expires = some_instant(rng), None
        if own_expiry and rng.random() < 0.5:
            expires = at + timedelta(days=rng.choice([1, 30, 60]))
        grants.append(exact.Grant(customer, at, rng.choice([0, 1, 30, 100]), expires))
    return orders, openings, grants


def some_refunds(rng: random.Random, orders: Sequence[exact.PastOrder]) -> list[exact.Refund]:
    """A table of refunds, of orders that have none of their own; several of an order, also at one instant."""
    refunds = []
    for order in orders:
        if order.refunded_at is None and rng.random() < 0.4:
            for _ in range(rng.randint(1, 4)):
                at = max(order.at, rng.choice([order.at, order.at + timedelta(days=1), some_instant(rng)]))
                amount = rng.choice([order.cart // 3, order.cart // 3, order.cart // 7, 0, 1, order.cart, None])
                refunds.append(exact.Refund(order.order_id, at, amount))
    return refunds


def compiled_replay(
    *case: Any, threads: int = 1, lots: bool = False, chance: TakeUpLaw | None = None
) -> exact.ExactReplay:
    """The compiled replay, in the words of the exact one."""
    return _in_words(*compiled_run(*case, threads=threads, lots=lots, chance=chance), case[1])


def compiled_run(
    schedule: Schedule,
    orders: Sequence[exact.PastOrder],
    openings: Sequence[exact.Opening] = (),
    grants: Sequence[exact.Grant] = (),
    as_of: datetime | None = None,
    refunds: Sequence[exact.Refund] = (),
    *,
    threads: int = 1,
    lots: bool = False,
    chance: TakeUpLaw | None = None,
) -> tuple[Any, Any, Any, Any]:
    """What was prepared, the history, what ran, and the names of tiers."""
    names = tier_names([schedule], [order.tier for order in orders if order.tier])
    columns = OrderColumns(
        _ids([o.order_id for o in orders]),
        _ids([o.customer_id for o in orders]),
        _whole([microseconds(o.at) for o in orders]),
        _whole([o.cart for o in orders]),
        _whole([o.credits for o in orders]),
        _whole([-1 if o.requested is None else o.requested for o in orders]),
        np.array([names.index(o.tier) if o.tier else -1 for o in orders], np.int16),
        np.array([o.redeems is not False for o in orders], np.bool_),
        _whole([microseconds(o.refunded_at) if o.refunded_at else NEVER for o in orders]),
        _whole([-1 if o.refunded is None else o.refunded for o in orders]),
        _whole([-1 if o.paid is None else o.paid for o in orders]),
        _whole([o.discount_given for o in orders]),
        _whole([o.cart if o.eligible is None else o.eligible for o in orders]),
        _whole([o.coupon for o in orders]),
        _whole([o.cart if o.earning is None else o.earning for o in orders]),
    )
    if chance is not None:
        table = as_arrays(chance.take_up)
        luck = lucks(columns.order_id, chance.seed)
        luck = np.select([np.array([o.redeems is said for o in orders]) for said in (True, False)], [-1, MILLION], luck)
        kind = kinds_of(lucks(columns.customer_id, chance.seed, of_customers=True), table.redeemers, len(table.cells))
        columns.redeems = None
        columns.chance = OrdersChance(luck.astype(np.int32), kind, table, 100 * 10**chance.decimals)
    opening = OpeningColumns(
        _ids([o.customer_id for o in openings]),
        _whole([o.points for o in openings]),
        _whole([microseconds(o.expires_at) if o.expires_at else NEVER for o in openings]),
        _whole([o.lifetime_spend for o in openings]),
    )
    granted = GrantColumns(
        _ids([g.customer_id for g in grants]),
        _whole([microseconds(g.at) for g in grants]),
        _whole([g.points for g in grants]),
        _whole([microseconds(g.expires_at) if g.expires_at else NEVER for g in grants]),
    )
    kept = [o for o in orders if not o.never_paid]
    row_of = {o.order_id: row for row, o in enumerate(orders)}
    told = RefundColumns(
        _whole([row_of[r.order_id] for r in refunds]),
        _whole([microseconds(r.at) for r in refunds]),
        _whole([-1 if r.amount is None else r.amount for r in refunds]),
    )
    moving = [at for o in kept for at in o.shares(r for r in refunds if r.order_id == o.order_id)]
    instants = [o.at for o in kept] + moving + [g.at for g in grants]
    last = ALWAYS if not instants and as_of is None else microseconds(as_of or max(instants))
    prepared = sort_history(settled(columns, told), opening, granted, last=int(last))
    terms = compile_schedule(schedule, names, prepared.largest_cart)
    history, expiries = expiring(prepared, schedule)
    months = _whole([microseconds(day) for day in DAYS]) if lots else _whole([])
    ran = run(prepared, history, expiries, terms, months=months, threads=threads, movements=True, lots=lots)
    return prepared, history, ran, names


def _in_words(
    prepared: Any, history: Any, ran: Any, names: Any, orders: Sequence[exact.PastOrder]
) -> exact.ExactReplay:
    customers, ids = prepared.customers.to_pylist(), [orders[row].order_id for row in prepared.rows]
    out = exact.ExactReplay()
    o = ran.outcome
    for place, row in enumerate(prepared.rows.tolist()):
        discount, used = int(o.discount[place]), int(o.credits_used[place])
        answer = Answer(
            None, int(o.points[place]), discount, orders[row].cart - used - discount, used, REASONS[o.limited_by[place]]
        )
        tier = names[o.tier[place]] if o.tier[place] >= 0 else None
        out.results.append(exact.OrderResult(ids[place], int(o.balance[place]), tier, answer, int(o.earned[place])))
    for lines in ran.movements:
        for customer, at, points, order, kind in zip(*(column.tolist() for column in lines), strict=True):
            when = None if at == ALWAYS else to_datetime(at)
            out.movements.append(
                exact.Movement(customers[customer], when, KINDS[kind], points, ids[order] if order >= 0 else "")
            )
    for customer, name in enumerate(customers):
        expiry = int(o.next_expiry[customer])
        out.balances.append(
            exact.Balance(
                name,
                int(o.spendable[customer] - o.overdraft[customer]),
                int(o.pending[customer]),
                None if expiry == NEVER else to_datetime(expiry),
            )
        )
    return out


def _ids(ids: list[str]) -> Any:
    return pa.array(ids, pa.large_string())


def _whole(numbers: list[int]) -> Any:
    return np.array(numbers, np.int64)


def without_offer(replayed: exact.ExactReplay) -> exact.ExactReplay:
    """The exact replay as far as the compiled one goes: it does not say which offer was given."""
    results = [
        exact.OrderResult(r.order_id, r.balance, r.tier, Answer(None, *_answer(r.answer)), r.earned)
        for r in replayed.results
    ]
    return exact.ExactReplay(results, replayed.movements, replayed.balances)


def _answer(answer: Answer) -> tuple[Any, ...]:
    return answer.points, answer.discount, answer.payable, answer.credits_used, answer.limited_by


def random_case(seed: int, customers: int) -> tuple[Any, ...]:
    """One random schedule, and a history of several customers."""
    rng = random.Random(seed)
    schedule = some_schedule(rng)
    with_paid = rng.random() < 0.5
    orders: list[exact.PastOrder] = []
    openings: list[exact.Opening] = []
    grants: list[exact.Grant] = []
    for number in range(customers):
        for table, rows in zip(
            (orders, openings, grants), some_history(rng, f"c{number}", schedule, with_paid), strict=True
        ):
            table.extend(rows)  # type: ignore[arg-type]
    for table in (orders, openings, grants):
        rng.shuffle(table)  # type: ignore[arg-type]
    as_of = rng.choice([None, None, some_instant(rng), datetime(2030, 1, 1, tzinfo=UTC)])
    refunds = some_refunds(rng, orders) if rng.random() < 0.7 else []
    return schedule, orders, openings, grants, as_of, refunds
