"""The same orders through every engine, and a field that no engine knows: computed by none of them."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import NamedTuple

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import nector_sim as ns
from nector_sim.batch.runs import score_files
from nector_sim.calculator.exact import Law, Order
from nector_sim.errors import ProgramError
from nector_sim.exploration.facts import facts
from nector_sim.frames.checks import ALL_OF_IT, read_inputs
from nector_sim.languages.expressions import Expressions
from nector_sim.parity.generate import random_orders, random_program
from nector_sim.rules import known
from nector_sim.rules.money import MAX_POINTS, from_minor
from nector_sim.rules.offers import VariableAmount
from nector_sim.rules.program import Program
from nector_sim.rules.times import NO_TIME

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


class Row(NamedTuple):
    """What an engine gives for an order, money in minor units."""

    points: int
    discount: int
    limited_by: str
    offer: str
    payable: int
    credits_used: int


def by_law(program, orders):
    """What the law gives, as the engines write it."""
    law, answers = Law(program), []
    for answer in map(law.answer, orders):
        offer = "" if answer.offer is None else program.offer_name(answer.offer)
        found = (answer.points, answer.discount, answer.limited_by, offer, answer.payable, answer.credits_used)
        answers.append(Row(*found))
    return answers


def rows_of(program, scored, *, offers=None):
    """The rows of a frame of results; a replay does not say which offer it was, so that is `offers`."""
    scale = 10**program.decimals

    def minor(name):
        return [round(Decimal(str(amount)) * scale) for amount in scored[name].to_list()]

    words = [scored["limited_by"].astype(str).to_list()]
    words.append(offers or scored["offer"].astype(object).fillna("").astype(str).to_list())
    money = [minor(name) for name in ("payable", "credits_used")]
    return list(map(Row, scored["points_redeemed"].to_list(), minor("discount"), *words, *money))


def by_quote(program, frame, _):
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    answers = [
        ns.quote(program, **{k: v for k, v in row.items() if k not in ("order_id", "customer_id")}) for row in rows
    ]
    scale = 10**program.decimals
    return [
        Row(
            answer.points_redeemed,
            int(answer.discount * scale),
            answer.limited_by,
            answer.offer,
            int(answer.payable * scale),
            int(answer.credits_used * scale),
        )
        for answer in answers
    ]


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
    return rows_of(program, pd.read_csv(folder / "scored.csv", dtype=str).astype({"points_redeemed": int}))


def by_replay(program, frame, _):
    opening = opening_of(frame)
    offers = [row.offer for row in by_score(program, frame, _)]
    return rows_of(program, ns.replay(program, frame, opening=opening).orders, offers=offers)


def by_expressions(program, frame, _):
    """The tree over columns, whose door is that of the other engines."""
    read = read_inputs(program, frame.get, list(frame.columns)).columns
    expressions = Expressions(program)
    assert expressions.fits
    blank = {"requested": -1, "at": NO_TIME, "eligible": ALL_OF_IT}
    whole = {name: part for name, part in read._asdict().items() if part is not None and name != "tier"}
    orders = (
        pl.DataFrame(whole)
        .cast(pl.Int64)
        .with_columns(
            *(pl.col(name).replace(value, None) for name, value in blank.items() if name in whole),
            tier=pl.Series([tier if isinstance(tier, str) else None for tier in frame["tier"]], dtype=pl.String),
        )
    )
    for name in {"at", "coupon"} - {*whole}:  # nobody asks
        orders = orders.with_columns(pl.lit(None if name == "at" else 0, dtype=pl.Int64).alias(name))
    return [
        Row(
            row["points_redeemed"],
            row["discount"],
            row["limited_by"],
            row["offer"],
            row["payable"],
            row["credits_used"],
        )
        for row in expressions.work_out(orders).iter_rows(named=True)
    ]


#: Engines that answer order by order.
ENGINES = {
    "quote": by_quote,
    "score": by_score,
    "score of floats": by_floats,
    "score_batch": by_batch,
    "score of Polars": by_polars,
    "files": by_files,
    "replay": by_replay,
    "expressions": by_expressions,
}


#: Ways of a sweep, which gives totals: counts where it can, setting by setting where it must.
GRIDS = {"sweep by shortcut": {"name": ["x"]}, "sweep one by one": {"enabled": [True]}}


def by_sweep(grid, *, replayed):
    def total(program, frame):
        how = {"replayed": True, "opening": opening_of(frame)} if replayed else {"replayed": False}
        row = ns.sweep(program, frame, grid=grid, assumptions=BELIEFS, **how).iloc[0]
        return int(row["points_redeemed"]), round(row["discount"] * 10**program.decimals)

    return total


def by_compare(program, frame):
    result = ns.compare(program, program, frame, assumptions=BELIEFS, resamples=0, replayed=False)
    return int(result.candidate.points_redeemed), round(result.candidate.discount * 10**program.decimals)


def opening_of(frame):
    """Each customer has one order, and opens with its balance."""
    return frame[["customer_id"]].assign(points=frame["points_balance"])


#: Engines that answer in sums.
SUMS = {
    **{name: by_sweep(grid, replayed=False) for name, grid in GRIDS.items()},
    **{f"{name}, replayed": by_sweep(grid, replayed=True) for name, grid in GRIDS.items()},
    "compare": by_compare,
}


@pytest.fixture(params=ENGINES)
def engine(request):
    return ENGINES[request.param]


@pytest.fixture(params=SUMS)
def in_sum(request):
    return SUMS[request.param]


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
    assert engine(program, frame_of(program, orders), tmp_path) == by_law(program, orders)


@pytest.mark.parametrize("seed", range(6))
def test_sums_add_up_what_the_law_gives(in_sum, seed):
    program, orders = pairs(seed)
    answers = by_law(program, orders)
    expected = sum(answer.points for answer in answers), sum(answer.discount for answer in answers)
    assert in_sum(program, frame_of(program, orders)) == expected


@pytest.mark.parametrize("seed", range(3))
def test_what_always_holds_holds_for_every_engine(engine, seed, tmp_path):
    """Section 7 of the page, without the law's help; the sentences about programs are the law's own tests."""
    program, orders = pairs(seed)
    frame = frame_of(program, orders)
    answers = engine(program, frame, tmp_path)
    for order, row in zip(orders, answers, strict=True):
        eligible = order.cart if order.eligible is None else order.eligible
        assert 0 <= row.discount <= min(order.cart - row.credits_used, eligible)
        assert row.payable == order.cart - row.credits_used - row.discount
        assert row.credits_used == min(order.credits, order.cart)
        assert 0 <= row.points <= max(0, order.balance)
        assert order.requested is None or row.points <= order.requested
        assert (row.points > 0) == (row.discount > 0) == bool(row.offer)
    # The other rows and their order change nothing; nor do cuts.
    back = frame.iloc[::-1].reset_index(drop=True)
    assert engine(program, back, tmp_path) == answers[::-1]
    cut = len(frame) // 3
    parts = (frame.iloc[:cut], frame.iloc[cut:].reset_index(drop=True))
    assert [row for part in parts for row in engine(program, part, tmp_path)] == answers
    # More balance never lowers the discount; a switched-off program redeems nothing.
    richer = frame.assign(points_balance=[min(max(0, order.balance) + 1000, MAX_POINTS) for order in orders])
    more = engine(program, richer, tmp_path)
    assert all(row.discount >= before.discount for row, before in zip(more, answers, strict=True))
    off = engine(program.model_copy(update={"enabled": False}), frame, tmp_path)
    assert {(row.points, row.discount) for row in off} == {(0, 0)}


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
def test_sums_and_facts_refuse_it_too(in_sum, field):
    program, frame = NEW[field], frame_of(NEW[field], ORDERS)
    for call in (lambda: in_sum(program, frame), lambda: facts(program)):
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


def test_sums_and_a_quote_refuse_it_too(in_sum, monkeypatch):
    monkeypatch.setattr(known, "DECIDING", {*known.DECIDING, "eligible_share"})
    program = Program(offers=[VariableAmount(points_per_step=1, discount_per_step=1)])
    frame = frame_of(program, ORDERS).assign(ordered_at="2026-11-01T00:00Z", eligible_share=50)
    with pytest.raises(ProgramError, match="eligible_share"):
        in_sum(program, frame)
    with pytest.raises(TypeError, match="eligible_share"):
        by_quote(program, frame, None)
