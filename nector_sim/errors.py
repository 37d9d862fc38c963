"""Errors meant for a person: what is wrong, where, why, and how to fix it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from nector_sim.urls import masked

if TYPE_CHECKING:
    import pandas as pd

#: How many problems of one input are written out; each takes a search for the name that may be meant.
LISTED = 100
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input.

    Parameters
    ----------
    place : str
        Where: a dotted field path (``offers.0.max_discount``), or a file and row.
    what : str
        What is wrong and how to fix it, as one sentence.
    """

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}" if self.place else self.what


def listed(found: Sequence[_Found], said: Callable[[_Found], Problem]) -> list[Problem]:
    """Write out the first of what was found, and say how many more there are."""
    problems = [said(one) for one in found[:LISTED]]
    more = len(found) - len(problems)
    return [*problems, Problem("", f"and {more:,} more")] if more else problems


class InputError(ValueError):
    """An input that cannot be used. Passwords and query strings of URLs in its text are masked.

    Parameters
    ----------
    heading : str
        One line that says which input and why it was refused.
    problems : sequence of Problem, optional
        Every single thing that is wrong with it, so that all can be fixed at once.
    """

    def __init__(self, heading: str, problems: Sequence[Problem] = ()) -> None:
        self.heading = masked(heading)
        self.problems = tuple(Problem(masked(problem.place), masked(problem.what)) for problem in problems)
        super().__init__("\n".join([self.heading, *(f"  {problem}" for problem in self.problems)]))


class ProgramError(InputError):
    """A program (its file, or the fields given in Python) that breaks a rule of the models."""


class OrdersError(InputError):
    """Orders with rows that cannot be used.

    Attributes
    ----------
    rejects : pandas.DataFrame
        One line for each row that is refused, as :class:`nector_sim.CheckedOrders` has them: ``row`` (1 for the
        first), ``order_id`` where the orders have one, ``column``, ``value``, ``reason``.
    """

    def __init__(self, heading: str, problems: Sequence[Problem] = (), *, rejects: pd.DataFrame) -> None:
        super().__init__(heading, problems)
        self.rejects = rejects

    def __reduce__(self) -> tuple[Any, ...]:
        # A worker's error comes back pickled, and by its text alone it cannot be made again.
        return partial(type(self), rejects=self.rejects), (self.heading, self.problems)
