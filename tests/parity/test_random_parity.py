"""The exact and the compiled law agree on random programs and orders, without any tolerance."""

import pytest
from hypothesis import given, settings
from parity_pairs import differences
from strategies import programs_with_orders

from nector_sim.calculator.compiled import COMPILED, PLAIN
from nector_sim.calculator.exact import Law
from nector_sim.calculator.reasons import REASONS
from nector_sim.parity.generate import generate


@pytest.mark.parametrize("loops", [COMPILED, PLAIN], ids=["compiled", "plain"])
@settings(max_examples=100)
@given(programs_with_orders())
def test_the_laws_agree_on_what_hypothesis_finds(loops, made):
    program, orders = made
    assert differences(program, orders, loops) == []


def test_the_laws_agree_on_200_000_pairs():
    for program, orders in generate(200_000, seed=20261123, orders_per_program=500):
        assert differences(program, orders) == [], program.to_toml()


def test_the_laws_agree_in_plain_python():
    for program, orders in generate(20_000, seed=7, orders_per_program=100):
        assert differences(program, orders, PLAIN) == [], program.to_toml()


def test_many_small_programs():
    for program, orders in generate(10_000, seed=3, orders_per_program=10):
        assert differences(program, orders) == [], program.to_toml()


def test_the_pairs_visit_every_corner():
    reasons, edges = set(), set()
    for program, orders in generate(20_000, seed=1):
        law, unit = Law(program), 10**program.decimals
        for order in orders:
            answer = law.answer(order)
            reasons.add(answer.limited_by)
            left = order.cart - answer.credits_used
            edges |= {
                ("a cart of 0 to 2", 0 < order.cart < 2 * unit),
                ("decimals", program.decimals),
                ("cart on the minimum payable", law.min_payable(order) == order.cart * 10_000 > 0),
                ("nothing is paid", answer.discount == left > 0),
            }
            if answer.offer is not None:
                terms = law.offers[answer.offer]
                room = law.room(order, answer.credits_used)
                edges |= {
                    ("percent", terms.percent),
                    ("the room is used up", answer.discount * 10_000 == room and law.min_payable(order) > 0),
                    ("one minor unit is left of the room", answer.discount * 10_000 + 10_000 == room),
                    ("clipped", answer.discount == terms.max_discount),
                    ("the whole balance", answer.points == order.balance),
                }
            for terms in law.offers:
                edges |= {
                    ("cart on the minimum", order.cart == terms.min_cart > 0),
                    ("cart one below the minimum", order.cart + 1 == terms.min_cart),
                    ("cart on the maximum", order.cart == terms.max_cart),
                    ("cap below a step", terms.amount > (terms.max_discount or terms.amount)),
                    ("step does not divide the cap", (terms.max_discount or 0) % (terms.amount or 1) > 0),
                    ("at the start", order.at is not None and order.at == terms.starts_at),
                    ("at the end", order.at is not None and order.at == terms.ends_at),
                }
    assert reasons == set(REASONS)
    corners = {name for name, value in edges if value is True}
    assert corners == {name for name, value in edges if value is False}
    assert len(corners) == 14
    assert {value for name, value in edges if name == "decimals"} == {0, 2, 3}
    assert {8000, 12_000} <= {value for name, value in edges if name == "percent"}


def test_the_same_seed_gives_the_same_pairs():
    assert list(generate(200, seed=4)) == list(generate(200, seed=4))
    assert list(generate(200, seed=4)) != list(generate(200, seed=5))


def test_generated_orders_for_one_program_are_as_many_as_asked_for():
    program = next(generate(1, seed=4))[0]
    [(same, orders)] = generate(120, seed=9, program=program)
    assert same is program
    assert len(orders) == 120
    assert sum(len(made) for _, made in generate(120, seed=9, orders_per_program=50)) == 120
