"""How long a test of two settings takes, with how many customers, and what the shop can see at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nector_sim._progress import Progress, long_call, stages
from nector_sim.economics.assumptions import as_assumptions
from nector_sim.economics.intervals import never
from nector_sim.economics.margin import break_even_share
from nector_sim.errors import InputError
from nector_sim.exploration.compare import compare
from nector_sim.exploration.experiments.looks import even_looks, price
from nector_sim.exploration.experiments.outcomes import outcome_rows, totals
from nector_sim.exploration.experiments.statistics import customers_a_side, smallest_effect
from nector_sim.results import Result, count

if TYPE_CHECKING:
    import pandas as pd

    from nector_sim.economics.assumptions import AssumptionsLike
    from nector_sim.rules.program import ProgramLike

#: The fewest weeks before a test that CUPED and the choice of customers can use.
_FEWEST_BEFORE = 4
_OUTCOMES = ("orders", "margin")


@dataclass(frozen=True, repr=False)
class ExperimentPlan(Result):
    """What a test of two settings needs.

    Attributes
    ----------
    break_even : float or None
        The change of orders, as a share, at which the candidate earns what the baseline does: above 0 it must bring
        that many more, below 0 it may lose that many. None where no change of orders does it.
    customers : int
        Customers that could be assigned today: those who ordered in the weeks before.
    seen : pandas.DataFrame
        What a test on these customers can show, by ``weeks``, ``outcome`` and ``cuped``: ``mean`` and ``sd`` per
        customer, ``correlation`` with the time before, ``smallest`` (the smallest change of orders that is seen, as a
        share), and ``sees_break_even``.
    needed : pandas.DataFrame
        For each ``change`` of orders: ``customers_a_side`` by ``weeks``, ``outcome`` and ``cuped``.
    looks : int
        How often the test is looked at; the last look is at its end.
    price : float
        Factor by which these looks raise the number of customers needed.
    alpha_percent, power_percent : float
        Two-sided error, and the chance to see a change that is there.
    notes : tuple of str
        What was adjusted or assumed.
    """

    break_even: float | None
    customers: int
    seen: pd.DataFrame
    needed: pd.DataFrame
    looks: int
    price: float
    alpha_percent: float
    power_percent: float
    notes: tuple[str, ...]

    PICTURES = ("what_can_be_seen",)

    def to_frame(self) -> pd.DataFrame:
        """Give ``seen``."""
        return self.seen

    def text(self) -> str:
        """Say what can be seen; where the break-even cannot, what could."""
        lines = [self._break_even_line(), self._answer(), *self.notes]
        if self.looks > 1:
            lines.append(f"{self.looks} looks cost {self.price - 1:.1%} more customers than one look at the end.")
        return "\n".join(lines)

    def _break_even_line(self) -> str:
        if self.break_even is None:
            return "No change of orders makes the candidate earn what today's setting does."
        if self.break_even >= 0:
            return f"Break-even of the pair: the candidate pays if it brings {self.break_even:.1%} more orders."
        if self.break_even <= -1:
            return "Break-even of the pair: the candidate pays even if it loses all orders."
        return f"Break-even of the pair: the candidate pays unless it loses {-self.break_even:.1%} of the orders."

    def _answer(self) -> str:
        if self.seen.empty:
            return "Nothing can be said of what a test would see: the orders cover too short a time."
        best = self.seen.sort_values("smallest").iloc[0]
        can = (
            f"With {count(self.customers, 'customer')}, {_weeks(best['weeks'])} show a change of orders of "
            f"{best['smallest']:.1%} ({_by(best)})"
        )
        if self.break_even is None:
            return f"{can}."
        enough = self.seen[self.seen["sees_break_even"]]
        if len(enough):
            first = enough.sort_values(["weeks", "cuped"]).iloc[0]
            return f"{can}; the break-even can be seen in {_weeks(first['weeks'])} ({_by(first)})."
        rows = self.needed[self.needed["is_break_even"]]
        least = rows.sort_values("customers_a_side").iloc[0]
        return (
            f"{can}. The break-even cannot be seen: it takes {count(least['customers_a_side'], 'customer')} a side in "
            f"{_weeks(least['weeks'])} ({_by(least)}), and there are {self.customers // 2:,}. What could be seen: a "
            f"bigger change of the setting, with a break-even of {best['smallest']:.1%} or more; or a longer test."
        )


def _weeks(weeks: float) -> str:
    return f"{count(int(weeks), 'week')}"


def _by(row: Any) -> str:
    return f"by {row['outcome']}{' with CUPED' if row['cuped'] else ''}"


@long_call("steps")
def plan_experiment(
    baseline: ProgramLike,
    candidate: ProgramLike,
    orders: Any,
    *,
    assumptions: AssumptionsLike,
    changes_percent: Sequence[float] = (5, 10),
    weeks: Sequence[int] = (4, 8, 13, 26),
    before_weeks: int = 26,
    looks: int = 1,
    alpha_percent: float = 5,
    power_percent: float = 80,
    timezone: str = "Asia/Kolkata",
    progress: Progress | None = None,
    **how: Any,
) -> ExperimentPlan:
    """Plan a test of two settings on the customers of a shop.

    The spread of customers is taken from the shop's own last weeks, as if the test had run then: customers who ordered
    in the weeks before it, with all that they did in it, even if it was nothing. CUPED corrects each
    outcome of a customer by the same outcome before the test.

    Parameters
    ----------
    baseline, candidate : Program
        Today's setting and the proposal.
    orders : pandas.DataFrame, or any table with an Arrow interface
        As :func:`nector_sim.compare` takes them; with customers and times.
    assumptions : Assumptions, path or mapping
        For the margin.
    changes_percent : sequence of float, optional
        Changes of orders to plan for, besides the break-even.
    weeks : sequence of int, optional
        Lengths of the test.
    before_weeks : int, optional
        Weeks before the test that CUPED uses, at most; less where there are fewer.
    looks : int, optional
        How often the test is looked at, evenly; the last look is its end.
    alpha_percent, power_percent : float, optional
        Two-sided error, and the chance to see a change that is there.
    timezone : str, optional
        Zone of times that name none.
    progress : callable, optional
        Called with the number of steps done, and of all steps.
    **how
        Other arguments of :func:`nector_sim.compare`, such as its opening balances.

    Returns
    -------
    ExperimentPlan

    Raises
    ------
    InputError
        If something that it needs is missing, or a number makes no sense.

    Examples
    --------
    >>> today = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    >>> plan = ns.plan_experiment(today, today.replaced({"offers.0.max_discount": 20}), ns.demo_orders(),
    ...                           assumptions=ns.load_assumptions(ns.data_path("assumptions/example.toml")))
    >>> plan.customers > 2000, sorted(plan.seen["weeks"].unique().tolist())
    (True, [4, 8, 13, 26])
    """
    import pandas as pd

    _check(changes_percent, weeks, alpha_percent, power_percent)
    assumptions = as_assumptions(assumptions)
    alpha, power = alpha_percent / 100, power_percent / 100
    step = stages(2 + len(set(weeks)))
    rows = outcome_rows(orders, assumptions=assumptions, timezone=timezone)
    step()
    compared = compare(baseline, candidate, orders, assumptions=assumptions, resamples=0, **how)
    step()
    before, after = (float(side.margin) for side in (compared.baseline, compared.candidate))
    share = never(break_even_share(before - after, after))
    break_even = None if np.isnan(share) else share
    many = price(even_looks(looks), alpha=alpha, power=power)
    last = rows["at"].max() + pd.Timedelta(microseconds=1)
    cut, notes, seen = [], [], []
    for length in sorted(set(weeks)):
        start = last - pd.Timedelta(weeks=length)
        there = int((start - rows["at"].min()) / pd.Timedelta(weeks=1))
        if min(before_weeks, there) < _FEWEST_BEFORE:
            cut.append(str(length))
            step()
            continue
        window = pd.Timedelta(weeks=min(before_weeks, there))
        seen += _spread(rows, start, last, window, length)
        step()
    if cut:
        notes.append(f"The orders are too few to say what {', '.join(cut)} weeks show: they cover too short a time.")
    if not (rows["discount"] > 0).any():
        notes.append("The orders say of no discount that was given; margins are taken without.")
    table = pd.DataFrame(seen, columns=["weeks", "customers", "outcome", "cuped", "mean", "sd", "correlation"])
    # The mean of the margin moves with the orders of the candidate's side, which earn its margin.
    table["of_change"] = np.where(table["outcome"] == "margin", after / before if before > 0 else np.nan, 1.0)
    how_much = {"alpha": alpha, "power": power, "looks_price": many}
    table["smallest"] = [
        smallest_effect(row["sd"], row["customers"] / 2, **how_much) / (row["mean"] * row["of_change"])
        for row in table.to_dict("records")
    ]
    table["sees_break_even"] = False if break_even is None else table["smallest"] <= abs(break_even)
    needed = _needed(table, break_even, changes_percent, how_much)
    return ExperimentPlan(
        break_even,
        int(table["customers"].iloc[0]) if len(table) else 0,
        table.drop(columns=["customers", "of_change"]),
        needed,
        looks,
        many,
        alpha_percent,
        power_percent,
        tuple(notes),
    )


def _check(changes: Sequence[float], weeks: Sequence[int], alpha: float, power: float) -> None:
    if not weeks or any(int(length) != length or length < 1 for length in weeks):
        raise InputError("weeks must be whole numbers from 1 on")
    if any(not change > 0 for change in changes):
        raise InputError("changes_percent must be above 0: a change up and one down need the same customers")
    if not (0 < alpha < 50 and 50 <= power < 100):
        raise InputError("alpha_percent must be above 0 and below 50, power_percent from 50 to below 100")


def _spread(rows: pd.DataFrame, start: Any, last: Any, window: Any, length: int) -> list[tuple[Any, ...]]:
    """Means and spreads a customer, of one length, with and without CUPED."""
    import pandas as pd

    earlier = rows[(rows["at"] >= start - window) & (rows["at"] < start)]
    people = pd.Index(earlier["person"].unique())
    during, before = totals(rows, people, start, last), totals(rows, people, start - window, start)
    found = []
    for outcome in _OUTCOMES:
        mean, sd = float(during[outcome].mean()), float(during[outcome].std())
        with np.errstate(invalid="ignore", divide="ignore"):  # where all customers are alike
            correlation = float(np.corrcoef(during[outcome], before[outcome])[0, 1])
        if not (mean > 0 and sd > 0 and np.isfinite(correlation)):
            continue
        # CUPED takes away the part of the spread that the time before explains.
        for cuped in (False, True):
            left = sd * np.sqrt(1 - correlation**2) if cuped else sd
            found.append((length, len(people), outcome, cuped, mean, left, correlation))
    return found


def _needed(
    table: pd.DataFrame, break_even: float | None, changes: Sequence[float], how_much: dict[str, float]
) -> pd.DataFrame:
    import pandas as pd

    asked = [(change / 100, False) for change in changes]
    if break_even:
        asked.insert(0, (abs(break_even), True))
    rows = [
        {
            "change": change,
            "is_break_even": of_pair,
            "weeks": row["weeks"],
            "outcome": row["outcome"],
            "cuped": row["cuped"],
            "customers_a_side": np.ceil(
                customers_a_side(row["sd"], change * row["mean"] * row["of_change"], **how_much)
            ),
        }
        for change, of_pair in asked
        for row in table.to_dict("records")
    ]
    columns = ["change", "is_break_even", "weeks", "outcome", "cuped", "customers_a_side"]
    return pd.DataFrame(rows, columns=columns)
