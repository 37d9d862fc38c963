"""A few thousand random pairs, quick enough to be run on every mutant of the law."""

from parity_pairs import differences

from nector_sim.calculator.compiled import PLAIN
from nector_sim.parity.generate import generate


def test_the_laws_agree_on_a_few_thousand_pairs():
    for program, orders in generate(4000, seed=1):
        assert differences(program, orders, PLAIN) == []
