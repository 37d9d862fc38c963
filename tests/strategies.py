"""Programs and orders for hypothesis, made from the models."""

from random import Random

from hypothesis import strategies as st

from nector_sim.parity.generate import random_orders, random_program

#: Any program that the models allow; hypothesis makes a failing one smaller.
programs = st.randoms(use_true_random=False).map(random_program)


@st.composite
def programs_with_orders(draw, n=40):
    """A program, and orders on its corners."""
    program = draw(programs)
    return program, random_orders(Random(draw(st.integers(0, 2**32))), program, n)
