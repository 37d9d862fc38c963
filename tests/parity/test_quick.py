"""Quick enough to be run on every mutant of the law: the worked cases at once, and a few thousand random pairs."""

from parity_pairs import differences

import nector_sim as ns
from nector_sim.calculator.compiled import PLAIN
from nector_sim.parity.cases import read_cases
from nector_sim.parity.generate import generate


def test_every_worked_case():
    for path in sorted(ns.data_path("parity").glob("*.toml")):
        for case in read_cases(path):
            assert case.differences(ns.quote(case.program, **case.order)) == [], case.name


def test_the_laws_agree_on_a_few_thousand_pairs():
    for program, orders in generate(4000, seed=1):
        assert differences(program, orders, PLAIN) == []
