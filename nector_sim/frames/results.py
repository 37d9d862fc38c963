"""The columns that scoring adds to orders: their names, and those of the offers in them."""

from __future__ import annotations

from nector_sim.errors import InputError
from nector_sim.rules.program import Program

#: In their order; ``credits_used`` only where credits came in.
RESULTS = ("offer", "points_redeemed", "discount", "payable", "limited_by", "credits_used")


def offer_names(program: Program) -> list[str]:
    """Categories of ``offer``: empty first, then each offer's name."""
    return ["", *(program.offer_name(position) for position in range(len(program.offers)))]


def free_of_results(names: list[str]) -> None:
    """Refuse columns that have the name of a result."""
    taken = [name for name in names if name in RESULTS]
    if taken:
        raise InputError(
            f"the orders already have a column {', '.join(taken)}, which a result would replace; rename or drop it"
        )
