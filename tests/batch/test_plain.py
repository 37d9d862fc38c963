"""Plain orders in files are worked out without a compiled loop, and all of it as with one."""

import subprocess
import sys
from decimal import Decimal
from random import Random

import polars as pl
import pytest

import nector_sim as ns
from nector_sim.batch import plain
from nector_sim.batch.chunks import score_frame
from nector_sim.calculator.exact import Law, Order
from nector_sim.parity.generate import random_orders, random_program

EXAMPLE = ns.data_path("programs/gokwik-example.toml")
PROGRAM = ns.load_program(EXAMPLE)


def orders_of(program, orders):
    carts = [Decimal(order.cart).scaleb(-program.decimals) for order in orders]
    return pl.DataFrame(
        {
            "order_id": [f"o{row}" for row in range(len(orders))],
            "cart_amount": pl.Series(carts, dtype=pl.Decimal(18, program.decimals)),
            "points_balance": pl.Series([order.balance for order in orders], dtype=pl.Int64),
        }
    )


@pytest.mark.parametrize("seed", range(40))
def test_plain_orders_are_what_the_law_and_the_compiled_loop_give(seed, monkeypatch):
    random = Random(seed)
    program = random_program(random)
    orders = [Order(order.cart, order.balance) for order in random_orders(random, program, 60)]
    frame = orders_of(program, orders)
    found = plain.work_out(program, frame)
    if found is None:
        of_some = any(offer.tiers is not None or offer.starts_at or offer.ends_at for offer in program.offers)
        assert of_some or program.asks_for_coupons
        return
    law = Law(program)
    for order, row in zip(orders, found.results.iter_rows(named=True), strict=True):
        answer = law.answer(order)
        assert (row["points_redeemed"], row["discount"], row["payable"]) == (
            answer.points,
            answer.discount,
            answer.payable,
        )
        assert row["limited_by"] == answer.limited_by
        assert row["offer"] == ("" if answer.offer is None else program.offer_name(answer.offer))
    mine = score_frame(program, frame, typed=True)
    monkeypatch.setattr(plain, "work_out", lambda *_: None)
    other = score_frame(program, frame, typed=True)
    assert mine.tally == other.tally
    assert mine.scored.schema == other.scored.schema
    assert mine.scored.equals(other.scored)
    assert mine.rejects.equals(other.rejects)


def test_most_random_programs_are_plain():
    programs = [random_program(Random(seed)) for seed in range(40)]
    frame = orders_of(PROGRAM, [Order(50_000, 100)])
    assert sum(plain.work_out(program, frame) is not None for program in programs if program.decimals == 2) > 10


def test_a_negative_balance_is_0_points_and_is_said():
    frame = orders_of(PROGRAM, [Order(50_000, -7), Order(50_000, 7), Order(0, 10)])
    chunk = score_frame(PROGRAM, frame)
    assert plain.work_out(PROGRAM, frame) is not None
    assert chunk.scored["points_redeemed"].to_list() == [0, 7, 0]
    assert chunk.scored["points_balance"].to_list() == [-7, 7, 10]
    assert (chunk.tally.negative, chunk.tally.scored, chunk.tally.cart_amount) == (1, 3, 100_000)
    assert chunk.tally.notices() == ["1 balance is negative, which redeems nothing"]


PLAIN = orders_of(PROGRAM, [Order(50_000, 100), Order(74_995, 5_000)])
LEFT = {
    "a missing cart": PLAIN.with_columns(cart_amount=pl.lit(None, dtype=pl.Decimal(18, 2))),
    "a missing balance": PLAIN.with_columns(points_balance=pl.lit(None, dtype=pl.Int64)),
    "a negative cart": PLAIN.with_columns(cart_amount=-pl.col("cart_amount")),
    "a cart beyond all": PLAIN.with_columns(cart_amount=pl.lit(Decimal("99999999999.00"))),
    "a cart beyond 64 bits": PLAIN.with_columns(cart_amount=pl.lit(Decimal(10) ** 30).cast(pl.Decimal(38, 2))),
    "a balance beyond all": PLAIN.with_columns(points_balance=10**13),
    "finer carts": PLAIN.with_columns(pl.col("cart_amount").cast(pl.Decimal(18, 3))),
    "carts of floats": PLAIN.with_columns(pl.col("cart_amount").cast(pl.Float64)),
    "balances of floats": PLAIN.with_columns(pl.col("points_balance").cast(pl.Float64)),
    "texts": PLAIN.with_columns(pl.col("cart_amount").cast(pl.String)),
    "credits": PLAIN.with_columns(credits=5),
    "a currency": PLAIN.with_columns(currency=pl.lit("INR")),
    "nothing": PLAIN.head(0),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_not_plain_is_left_to_the_compiled_loop(name):
    assert plain.work_out(PROGRAM, LEFT[name]) is None


def test_columns_that_scoring_does_not_read_are_passed_by():
    more = PLAIN.with_columns(
        ordered_at=pl.lit("never"), tier=pl.lit("gold"), refunded_amount=pl.lit("x"), city=pl.lit("Pune")
    )
    assert plain.work_out(PROGRAM, more) is not None
    tiered = PROGRAM.model_copy(
        update={"tiers": (ns.Program.parse({"tiers": [{"name": "gold", "min_spend": 0}]}).tiers)}
    )
    assert plain.work_out(tiered, more) is None
    coarse = PLAIN.with_columns(pl.col("cart_amount").cast(pl.Decimal(18, 1)))
    found = plain.work_out(PROGRAM, coarse)
    assert found is not None
    assert found.results["payable"].to_list() == [40_000, 10_000]


def test_a_program_that_a_field_is_not_carried_of_is_left():
    dated = PROGRAM.replaced({"offers.0.starts_at": "2026-01-01"})
    assert plain.work_out(dated, PLAIN) is None


def test_no_compiler_is_loaded_for_plain_orders(tmp_path):
    PLAIN.write_parquet(tmp_path / "orders.parquet")
    code = (
        "import sys; from nector_sim.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "assert not {'numba', 'pandas'} & {*sys.modules}"
    )
    words = ["score", tmp_path / "orders.parquet", "-p", EXAMPLE, "--out", tmp_path / "scored.parquet"]
    subprocess.run([sys.executable, "-c", code, *map(str, words)], check=True)
    assert pl.read_parquet(tmp_path / "scored.parquet")["points_redeemed"].to_list() == [100, 649]
