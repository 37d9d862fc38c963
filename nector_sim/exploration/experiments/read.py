"""What a test of two settings found: the sizes of the sides first, then differences a customer, then the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import norm

from nector_sim._progress import Progress, long_call, stages
from nector_sim.economics.assumptions import AssumptionsLike, as_assumptions
from nector_sim.errors import InputError
from nector_sim.exploration.experiments.assign import SIDES, ExperimentAssignment
from nector_sim.exploration.experiments.looks import bounds, even_looks
from nector_sim.exploration.experiments.outcomes import instant, outcome_rows, people_of, totals
from nector_sim.exploration.experiments.statistics import Difference, SideTotals, difference, same_share
from nector_sim.frames.kinds import as_frame
from nector_sim.results import Result, count
from nector_sim.rules.money import money_text
from nector_sim.rules.program import as_program

if TYPE_CHECKING:
    import pandas as pd

    from nector_sim.rules.program import Program, ProgramLike

#: A p-value of the sides' sizes below which something went wrong with the assignment.
_WRONG_SIZES = 0.001
#: Longer than this, "more weeks" is no advice.
_MOST_WEEKS = 104
#: Rows of the answer: what it is called, its sums, what it is divided by, and whether it is money.
_MEANS = (
    ("margin", "margin", None, True),
    ("margin before discounts", "before_discount", None, True),
    ("orders", "orders", None, False),
    ("cart of an order", "cart", "orders", True),
    ("discount of an order", "discount", "orders", True),
    ("share of orders that redeem", "redeemed", "orders", False),
)


@dataclass(frozen=True, repr=False)
class ExperimentReading(Result):
    """What a test found.

    Attributes
    ----------
    frame : pandas.DataFrame
        For each outcome, and each group where asked: ``baseline``, ``candidate``, ``difference`` (per customer, or per
        order where the name says so), ``low``, ``high``, ``p_value``.
    verdict : str
        ``pays``, ``does not pay``, ``not known yet``, or ``cannot be read``.
    answer : str
        What it cost, what it brought, and whether it pays; a sentence.
    customers : dict of str to int
        On each side.
    sizes_p_value : float
        P-value of the sides' sizes: small where customers were lost or added on one side.
    level : float
        Confidence level of the ranges: 0.95 where one look was planned, more where several were.
    said : tuple of str
        What must be known of the data before the figures are believed.
    currency : str
    """

    frame: pd.DataFrame
    verdict: str
    answer: str
    customers: dict[str, int]
    sizes_p_value: float
    level: float
    said: tuple[str, ...]
    currency: str

    PICTURES = ("differences",)

    def to_frame(self) -> pd.DataFrame:
        """Give the outcomes."""
        return self.frame

    def text(self) -> str:
        """Say what was found: trouble first, then the answer."""
        sizes = " and ".join(f"{count:,} {side}" for side, count in self.customers.items())
        return "\n".join([self.answer, f"Customers: {sizes} (p of these sizes {self.sizes_p_value:.3f}).", *self.said])


@long_call("steps")
def read_experiment(
    orders: Any,
    assignment: ExperimentAssignment | Any,
    *,
    assumptions: AssumptionsLike,
    end: Any,
    start: Any = None,
    as_of: Any = None,
    looks: int = 1,
    candidate_percent: float | None = None,
    before_weeks: int = 26,
    cuped: bool = True,
    winsorise_percent: float | None = None,
    by: str | None = None,
    programs: Sequence[ProgramLike] = (),
    currency: str = "INR",
    timezone: str = "Asia/Kolkata",
    progress: Progress | None = None,
) -> ExperimentReading:
    """Read a test of two settings.

    Customers count on the side that they were assigned to, whether they ordered or not.

    Parameters
    ----------
    orders : pandas.DataFrame, or any table with an Arrow interface
        All orders from well before the start: ``customer_id``, ``ordered_at``, ``cart_amount``, ``discount_given``, and
        what :func:`nector_sim.margins` reads.
    assignment : ExperimentAssignment, or a table
        ``customer_id`` and ``side`` (``baseline`` or ``candidate``).
    assumptions : Assumptions, path or mapping
        For the margin.
    end : str or datetime
        The end that was planned.
    start : str or datetime, optional
        When the sides began to differ; left out, the assignment's.
    as_of : str or datetime, optional
        When it is read; left out, at the last order or the end, whichever is first.
    looks : int, optional
        Looks that were planned, evenly, the last at the end. Before it, ranges are wider by what looking early costs.
    candidate_percent : float, optional
        The chance, in per cent, that a customer is on the candidate's side; left out, the assignment's, or 50.
    before_weeks : int, optional
        Weeks before the start that CUPED uses.
    cuped : bool, optional
        Whether to take away what the time before explains.
    winsorise_percent : float, optional
        Cut each outcome of a customer at this percentile of both sides together, such as 99.5; the reading says so.
    by : str, optional
        A column of the orders; customers are grouped by its value at their last order before the start.
    programs : sequence of Program, optional
        Both settings, to find offers that begin or end during the test.
    currency : str, optional
        For the answer's words.
    timezone : str, optional
        Zone of times that name none.
    progress : callable, optional
        Called with the number of steps done, and of all steps.

    Returns
    -------
    ExperimentReading

    Raises
    ------
    InputError
        If customers are on both sides, a side is empty or has no order, or something is missing.
    """
    import pandas as pd

    sides, begins, share = _assigned(assignment, start, candidate_percent, timezone)
    ends = instant(end, timezone)
    step, frame = stages(3), as_frame(orders)
    rows = outcome_rows(frame, assumptions=as_assumptions(assumptions), timezone=timezone)
    step()
    if ends <= begins:
        raise InputError("the end of the test is not after its start")
    last = rows["at"].max() if len(rows) else begins
    until = min(ends, instant(as_of, timezone) if as_of is not None else last + pd.Timedelta(microseconds=1))
    if until <= begins:
        raise InputError("there are no orders from the start of the test on; check its start and the orders' times")
    people = {side: pd.Index(sides.index[sides == side]) for side in SIDES}
    during = {side: totals(rows, of_side, begins, until) for side, of_side in people.items()}
    for side, table in during.items():
        if not table["orders"].sum():
            raise InputError(f"no customer of the side {side} has an order during the test; check the assignment")
    window = begins - pd.Timedelta(weeks=before_weeks)
    before = {side: totals(rows, of_side, window, begins) for side, of_side in people.items()} if cuped else None
    sizes = {side: len(of_side) for side, of_side in people.items()}
    p_value = same_share(sizes["baseline"], sizes["candidate"], candidate_share=share)
    # A shop without an order in the last hours of the test has reached its end as well.
    done = until >= ends - pd.Timedelta(days=1)
    said = _said(rows, sides, begins, until, [as_program(one) for one in programs], timezone)
    if not done:
        looked = " Ranges are as wide as looking early asks for." if looks > 1 else ""
        dates = [at.tz_convert(timezone) for at in (ends, until)]
        said.append(f"The planned end, {dates[0]:%Y-%m-%d}, is not reached: read until {dates[1]:%Y-%m-%d}.{looked}")
    level = 0.95 if looks == 1 else _level((until - begins) / (ends - begins), looks, done=done)
    if winsorise_percent is not None:
        said.append(_winsorise(during, before, winsorise_percent))
    step()
    found = _compare(during, before, level)
    table = _table(found)
    if by is not None:
        table = _by_group(table, frame, rows, by, during, before, begins, level)
        groups = table["group"].nunique() - 1
        said.append(
            f"{groups} groups are as many more answers: of twenty ranges of nothing, one does not hold 0 by chance."
        )
    verdict, answer = _answer(found, sizes, until - begins, done=done, looks=looks, currency=currency)
    if p_value < _WRONG_SIZES:
        verdict = "cannot be read"
        answer = (
            f"The test cannot be read: sides of {sizes['baseline']:,} and {count(sizes['candidate'], 'customer')} "
            f"do not come "
            f"from this assignment (p {p_value:.1g}); some were lost or added on one side. Find out why first."
        )
    step()
    return ExperimentReading(table, verdict, answer, sizes, p_value, level, tuple(said), currency)


def _assigned(
    assignment: ExperimentAssignment | Any, start: Any, percent: float | None, timezone: str
) -> tuple[pd.Series[Any], Any, float]:
    """The side of each person, the start, and the chance to be on the candidate's side."""
    if isinstance(assignment, ExperimentAssignment):
        start = assignment.start if start is None else start
        percent = assignment.candidate_percent if percent is None else percent
        assignment = assignment.frame
    if start is None:
        raise InputError("the start of the test is missing; give start=")
    table = as_frame(assignment, "the assignment")
    missing = [name for name in ("customer_id", "side") if name not in table]
    if missing:
        raise InputError(f"the assignment has no column {' and no column '.join(missing)}")
    words = table["side"].astype(str).str.strip().str.lower()
    if unknown := sorted(set(words) - set(SIDES)):
        raise InputError(f"the assignment has {len(unknown)} other words than baseline and candidate as side")
    pairs = table.assign(person=people_of(table["customer_id"]), side=words).dropna(subset=["person"])
    pairs = pairs[["person", "side"]].drop_duplicates()
    if both := int(pairs["person"].duplicated().sum()):
        raise InputError(
            f"{count(both, 'customer is', 'customers are')} on both sides; take them out of the "
            f"assignment, or find out where they were"
        )
    sides = pairs.set_index("person")["side"]
    for side in SIDES:
        if (sides == side).sum() < 2:
            raise InputError(f"the side {side} has {count(int((sides == side).sum()), 'customer')}; both need some")
    return sides, instant(start, timezone), (50 if percent is None else percent) / 100


def _said(
    rows: pd.DataFrame, sides: pd.Series[Any], begins: Any, until: Any, programs: Sequence[Program], timezone: str
) -> list[str]:
    """What must be known of the data; dates are the shop's."""
    import pandas as pd

    said = []
    earlier = int((rows["at"] < begins).sum())
    if earlier:
        said.append(f"{count(earlier, 'order')} before the start: they say only what customers did before (CUPED).")
    # Indexed: pandas' isin reads texts one by one.
    during = rows.loc[(rows["at"] >= begins) & (rows["at"] < until), "person"]
    if strangers := int((sides.index.get_indexer(during) < 0).sum()):
        said.append(f"{count(strangers, 'order')} during the test of customers who were not assigned: not counted.")
    if absent := int((pd.Index(rows["person"].unique()).get_indexer(sides.index) < 0).sum()):
        said.append(
            f"{absent:,} of {len(sides):,} assigned customers have no order at all in these orders, and count with 0. "
            "If they should have, look whether both files write ids alike."
        )
    changes = sorted(change for change in _changes(programs) if begins < change < until)
    if changes:
        shown = ", ".join(f"{change.tz_convert(timezone):%Y-%m-%d}" for change in changes)
        said.append(f"The rules changed during the test ({shown}): the answer is about a mixture of settings.")
    return said


def _changes(programs: Sequence[Program]) -> list[Any]:
    """Instants at which a program or one of its offers begins or ends."""
    found: list[Any] = []
    for program in programs:
        times: list[datetime | None] = [program.valid_from]
        for offer in program.offers:
            times += [offer.starts_at, offer.ends_at]
        found += [instant(time, program.timezone) for time in times if time is not None]
    return found


def _level(share: float, looks: int, *, done: bool) -> float:
    """The level of the ranges at a look; one at another time than was planned spends the error that is due by then."""
    share = 1.0 if done else share
    earlier = [planned for planned in even_looks(looks) if planned < share - 1e-9]
    return float(2 * norm.cdf(bounds([*earlier, share])[-1]) - 1)


def _winsorise(during: dict[str, pd.DataFrame], before: dict[str, pd.DataFrame] | None, percent: float) -> str:
    """Cut outcomes at a percentile of both sides together, in place; says how many were."""
    import pandas as pd

    if not 50 < percent < 100:
        raise InputError(f"winsorise_percent is {percent:g}; it must be above 50 and below 100")
    cut = 0
    for tables in (during, before):
        if tables is None:
            continue
        most = pd.concat(list(tables.values())).quantile(percent / 100)
        for side, table in tables.items():
            if tables is during:
                cut += int((table > most).any(axis=1).sum())
            tables[side] = table.clip(upper=most, axis=1)
    return (
        f"Outcomes are cut at the {percent:g}th percentile of both sides together: those of "
        f"{count(cut, 'customer')} are."
    )


def _compare(
    during: dict[str, pd.DataFrame], before: dict[str, pd.DataFrame] | None, level: float
) -> dict[str, Difference]:
    """Every outcome's difference."""

    def side_of(side: str, value: str, per: str | None) -> SideTotals:
        earlier = None if before is None else before[side]

        def sums(table: pd.DataFrame | None, name: str | None) -> Any:
            return None if table is None or name is None else table[name].to_numpy(np.float64)

        return SideTotals(sums(during[side], value), sums(during[side], per), sums(earlier, value), sums(earlier, per))

    return {
        name: difference(side_of("baseline", value, per), side_of("candidate", value, per), level=level)
        for name, value, per, _ in _MEANS
    }


def _table(found: dict[str, Difference], **group: Any) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([{**group, "outcome": name, **one._asdict()} for name, one in found.items()])


def _by_group(
    table: pd.DataFrame,
    frame: pd.DataFrame,
    rows: pd.DataFrame,
    by: str,
    during: dict[str, pd.DataFrame],
    before: dict[str, pd.DataFrame] | None,
    begins: Any,
    level: float,
) -> pd.DataFrame:
    """The same by group; how many groups there are is how many answers one has to discount."""
    import pandas as pd

    if by not in frame:
        raise InputError(f"the orders have no column {by}")
    known = rows.assign(group=frame.loc[rows.index, by])
    earlier = known[known["at"] < begins].sort_values("at", kind="stable")
    group_of = earlier.groupby("person")["group"].last()
    tables = [table.assign(group="all")]
    for group in sorted(group_of.dropna().unique(), key=str):
        members = group_of.index[group_of == group]

        def of_group(whole: dict[str, pd.DataFrame], members: Any = members) -> dict[str, pd.DataFrame]:
            return {side: part[part.index.isin(members)] for side, part in whole.items()}

        part = of_group(during)
        if all(len(one) > 1 and one["orders"].sum() for one in part.values()):
            found = _compare(part, None if before is None else of_group(before), level)
            tables.append(_table(found).assign(group=str(group)))
    return pd.concat(tables, ignore_index=True)


def _answer(
    found: dict[str, Difference], sizes: dict[str, int], lasted: Any, *, done: bool, looks: int, currency: str
) -> tuple[str, str]:
    """The verdict and its sentence."""
    net, gross = found["margin"], found["margin before discounts"]
    many = sizes["candidate"]

    def money(amount: float) -> str:
        return money_text(round(amount), currency)

    cost = gross.difference - net.difference
    # What was brought less what it cost is what is left; the range is of what is left, moved by the cost.
    low, high = (money((bound + cost) * many) for bound in (net.low, net.high))
    costs = f"It costs {money(cost * many)}" if cost >= 0 else f"It saves {money(-cost * many)}"
    brought = f"it brought {low} to {high}"
    counts = done or looks > 1
    if net.low > 0 and counts:
        return "pays", f"{costs}, {brought}: it pays."
    if net.high < 0 and counts:
        return "does not pay", f"{costs}, {brought}: it does not pay."
    return "not known yet", f"{costs}, {brought}: not known yet; {_more(net, lasted, done=done)}."


def _more(net: Difference, lasted: Any, *, done: bool) -> str:
    """How many weeks more are likely to tell, if the difference stays what it is."""
    weeks = lasted.total_seconds() / (7 * 86_400)
    half = (net.high - net.low) / 2
    if not done:
        return "go on to the planned end"
    needed = (norm.ppf(0.975) + norm.ppf(0.8)) * (half / norm.ppf(0.975))
    more = weeks * ((needed / abs(net.difference)) ** 2 - 1) if net.difference else np.inf
    if not more <= _MOST_WEEKS:
        return "the difference is too small to be seen in two years"
    weeks_more = max(1, int(np.ceil(more)))
    return f"{weeks_more} more week{'s' if weeks_more > 1 else ''} would tell, if it stays as it is"
