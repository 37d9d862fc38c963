"""Variants of the law as calculators of somebody else."""

from nector_sim.calculator.quote import read_order
from nector_sim.parity.answers import answer_fields


def as_function(law):
    """A law as a Python function that a merchant might have."""

    laws = {}

    def calculate(program, **fields):
        if program not in laws:
            laws[program] = law(program)
        answer = laws[program].answer(read_order(program, **fields))
        return None if answer.limited_by == "refused" else answer_fields(program, answer)

    return calculate
