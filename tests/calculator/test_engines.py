"""The same orders through every engine, and a field that no engine knows: computed by none of them."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from random import Random

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import nector_sim as ns
from nector_sim.batch.runs import score_files
from nector_sim.calculator.exact import Law, Order
from nector_sim.errors import ProgramError
from nector_sim.exploration.facts import facts
from nector_sim.parity.generate import random_orders, random_program
from nector_sim.rules import known
from nector_sim.rules.money import from_minor
from nector_sim.rules.offers import VariableAmount
from nector_sim.rules.program import Program

BELIEFS = ns.Assumptions(gross_margin_percent=50)


def frame_of(program, orders):
    """Orders as a caller has them: decimals in major units, texts, instants."""
    return pd.DataFrame(
        {
            "order_id": [f"o{row}" for row in range(len(orders))],
            "customer_id": [f"c{row}" for row in range(len(orders))],
            "ordered_at": [order.at for order in orders],
            "cart_amount": [from_minor(order.cart, program.decimals) for order in orders],
            "points_balance": [order.balance for order in orders],
            "credits": [from_minor(order.credits, program.decimals) for order in orders],
            "points_requested": pd.array([order.requested for order in orders], dtype="Int64"),
            "tier": [order.tier for order in orders],
            "eligible_amount": [
                None if order.eligible is None else from_minor(order.eligible, program.decimals) for order in orders
            ],
            "coupon_discount": [from_minor(order.coupon, program.decimals) for order in orders],
        }
    )


def rows_of(program, scored):
    """Points, discount in minor units, and what limited it."""
    scale = 10**program.decimals
    discounts = [round(Decimal(str(amount)) * scale) for amount in scored["discount"].to_list()]
    return list(
        zip(scored["points_redeemed"].to_list(), discounts, scored["limited_by"].astype(str).to_list(), strict=True)
    )


def by_quote(program, frame, _):
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    answers = [
        ns.quote(program, **{k: v for k, v in row.items() if k not in ("order_id", "customer_id")}) for row in rows
    ]
    scale = 10**program.decimals
    return [(answer.points_redeemed, int(answer.discount * scale), answer.limited_by) for answer in answers]


def by_score(program, frame, _):
    return rows_of(program, ns.score(program, frame))


def by_floats(program, frame, _):
    return rows_of(program, ns.score(program, frame.assign(cart_amount=frame["cart_amount"].astype(float))))


def by_batch(program, frame, _):
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return rows_of(program, ns.score_batch(program, table.combine_chunks().to_batches()[0]).to_pandas())


def by_polars(program, frame, _):
    return rows_of(program, ns.score(program, pl.from_pandas(frame)).to_pandas())


def by_files(program, frame, folder):
    frame.to_csv(folder / "orders.csv", index=False)
    score_files(program, folder / "orders.csv", out=folder / "scored.csv")
    return rows_of(program, pd.read_csv(folder / "scored.csv", dtype={"discount": str}))


def by_replay(program, frame, _):
    """Each customer has one order, and opens with its balance."""
    opening = frame[["customer_id"]].assign(points=frame["points_balance"])
    return rows_of(program, ns.replay(program, frame, opening=opening).orders)


#: Engines that answer order by order.
ENGINES = {
    "quote": by_quote,
    "score": by_score,
    "score of floats": by_floats,
    "score_batch": by_batch,
    "score of Polars": by_polars,
    "files": by_files,
    "replay": by_replay,
}


def in_sum(program, frame, grid):
    row = ns.sweep(program, frame, grid=grid, assumptions=BELIEFS, **_given(ns.sweep)).iloc[0]
    return int(row["points_redeemed"]), round(row["discount"] * 10**program.decimals)


def _given(function):
    """Balances as they are given, under whichever word the function has for it."""
    import inspect

    names = inspect.signature(function).parameters
    return {"replayed": False} if "replayed" in names else {"history": "given balances"}


#: Ways of a sweep, which gives totals: counts where it can, setting by setting where it must.
SWEEPS = {"sweep by shortcut": {"name": ["x"]}, "sweep one by one": {"enabled": [True]}}


@pytest.fixture(params=ENGINES)
def engine(request):
    return ENGINES[request.param]


@pytest.fixture(params=SWEEPS)
def grid(request):
    return SWEEPS[request.param]


def pairs(seed):
    """A program of the checkout alone, and dated orders on its corners."""
    random = Random(seed)
    program = random_program(random)
    program = program.model_copy(
        update=dict.fromkeys(("earning", "expiry", "reversal", "valid_from")) | {"tiers": (), "enabled": True}
    )
    noon = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
    orders = [replace(order, at=order.at or noon) for order in random_orders(random, program, 40)]
    named = {tier for offer in program.offers for tier in offer.tiers or ()}
    orders = [order for order in orders if order.tier in named or order.tier is None]
    return program, orders


@pytest.mark.parametrize("seed", range(6))
def test_every_engine_gives_what_the_law_gives(engine, seed, tmp_path):
    program, orders = pairs(seed)
    law = Law(program)
    expected = [(answer.points, answer.discount, answer.limited_by) for answer in map(law.answer, orders)]
    assert engine(program, frame_of(program, orders), tmp_path) == expected


@pytest.mark.parametrize("seed", range(6))
def test_a_sweep_adds_up_what_the_law_gives(grid, seed):
    program, orders = pairs(seed)
    law = Law(program)
    answers = [law.answer(order) for order in orders]
    expected = sum(answer.points for answer in answers), sum(answer.discount for answer in answers)
    assert in_sum(program, frame_of(program, orders), grid) == expected


class WithLimit(VariableAmount):
    """An offer with a limit that nobody has computed yet."""

    fewest_points: int | None = None
    """The fewest points that can be used."""


class WithSwitch(Program):
    """A program with a switch that nobody has computed yet."""

    holiday: bool = False
    """Whether today is one."""


OFFER = WithLimit(points_per_step=1, discount_per_step=1, fewest_points=500)
NEW = {
    "offers.0.fewest_points": Program(offers=[OFFER]),
    "holiday": WithSwitch(offers=[VariableAmount(points_per_step=1, discount_per_step=1)], holiday=True),
}
ORDERS = [Order(100_000, 200, at=dt.datetime(2026, 11, 1, tzinfo=dt.UTC)), Order(100_000, 600)]


@pytest.mark.parametrize("field", NEW)
def test_a_field_that_no_engine_knows_is_refused_by_each(engine, field, tmp_path):
    frame = frame_of(NEW[field], ORDERS).assign(ordered_at="2026-11-01T00:00Z")
    with pytest.raises(ProgramError, match=field.replace(".", r"\.")):
        engine(NEW[field], frame, tmp_path)


@pytest.mark.parametrize("field", NEW)
def test_sweeps_comparisons_and_facts_refuse_it_too(grid, field):
    program, frame = NEW[field], frame_of(NEW[field], ORDERS)
    calls = (
        lambda: in_sum(program, frame, grid),
        lambda: ns.compare(program, program, frame, assumptions=BELIEFS, resamples=0, **_given(ns.compare)),
        lambda: facts(program),
    )
    for call in calls:
        with pytest.raises(ProgramError, match=field.replace(".", r"\.")):
            call()


def test_at_its_default_a_new_field_changes_nothing(engine, tmp_path):
    program = Program(offers=[WithLimit(points_per_step=1, discount_per_step=1)])
    frame = frame_of(program, ORDERS).assign(ordered_at="2026-11-01T00:00Z")
    assert [row[0] for row in engine(program, frame, tmp_path)] == [200, 600]


@pytest.mark.parametrize("name", [name for name in ENGINES if name != "quote"])
def test_a_column_that_decides_and_that_an_engine_does_not_know_is_refused(name, tmp_path, monkeypatch):
    monkeypatch.setattr(known, "DECIDING", {*known.DECIDING, "eligible_share"})
    program = Program(offers=[VariableAmount(points_per_step=1, discount_per_step=1)])
    frame = frame_of(program, ORDERS).assign(ordered_at="2026-11-01T00:00Z", eligible_share=50)
    with pytest.raises(ProgramError, match="eligible_share"):
        ENGINES[name](program, frame, tmp_path)
