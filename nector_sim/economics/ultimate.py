"""How many of the points are ever redeemed, read off the history by the age of the points.

Points credited in one month are followed through the months after it (:mod:`nector_sim.economics.run_off`). Two other
methods stand beside as second opinions: a chain ladder and a shifted beta-geometric model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim._progress import Progress, long_call, stages
from nector_sim.economics.chain_ladder import develop
from nector_sim.economics.run_off import GROUPS, LONGEST, RunOff, run_off
from nector_sim.economics.shifted_beta import fit_shifted_beta
from nector_sim.errors import InputError
from nector_sim.ledger.arrays import Int64
from nector_sim.ledger.facts import quiet_end
from nector_sim.ledger.instants import month_starts, to_datetime
from nector_sim.ledger.lots import lots_at
from nector_sim.ledger.replay import Replay
from nector_sim.results import Result, count
from nector_sim.rules.program import Program

Floats = npt.NDArray[np.float64]

#: Months that a triangle needs at least, and with fewer than which the estimate is called short.
FEWEST, YEAR = 4, 12
#: The share of what is to come beyond all ages seen, from which on a triangle is said not to have flattened.
UNSEEN = 0.1


@dataclass(frozen=True, slots=True, repr=False)
class Ultimate(Result):
    """How many of the points are ever redeemed: an estimate, with its range from the 5th to the 95th percentile.

    Attributes
    ----------
    at : datetime
        The end of the last whole month of the history, in UTC.
    percent : tuple of float
        Low, likely and high: of the points issued, those ever redeemed. Breakage is the rest.
    still_percent : tuple of float
        Low, likely and high: of the points outstanding, those that will be redeemed.
    table : pandas.DataFrame
        One row a month of credit: ``month``, ``issued`` (less what was taken back), ``redeemed`` by now,
        ``outstanding``, ``ultimate`` (likely), ``ultimate_percent``.
    triangle : pandas.DataFrame
        Points redeemed by months since the credit, cumulative; a row a month of credit, missing where not yet known.
    shares : ndarray of float64
        By age in months: of the points still there when that age begins, the share redeemed during it.
    notices : tuple of str
    last_age : int or None
        The last age in months at which points can be redeemed; None where they do not expire by themselves.
    still_by_age : pandas.DataFrame
        ``low``, ``likely``, ``high`` by age in months: of the points still there when that age begins, per cent
        redeemed from then on. :func:`nector_sim.liability` uses it.
    """

    PICTURES: ClassVar[tuple[str, ...]] = ("triangle",)

    at: datetime
    percent: tuple[float, float, float]
    still_percent: tuple[float, float, float]
    table: pd.DataFrame = field(repr=False)
    triangle: pd.DataFrame = field(repr=False)
    shares: Floats = field(repr=False)
    notices: tuple[str, ...] = ()
    still_by_age: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    last_age: int | None = None

    def second_opinions(self) -> pd.DataFrame:
        """Two other methods on the same months, and where they differ.

        Returns
        -------
        pandas.DataFrame
            ``method``: ``chain ladder`` (Mack; without a tail, so it knows no age beyond the oldest month's) and
            ``shifted beta-geometric`` (one curve for all ages, with a tail); ``percent``: of the points issued, those
            ever redeemed (missing where the method finds no answer); ``differs``: it is outside this estimate's range.

        Raises
        ------
        InputError
            If `chainladder` or `scipy` is not installed.

        Examples
        --------
        >>> program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
        >>> estimate = ultimate_redemption(ns.replay(program, ns.demo_orders().head(60_000)))
        >>> estimate.second_opinions()["method"].tolist()
        ['chain ladder', 'shifted beta-geometric']
        """
        known = self.table[self.table["month"].isin(self.triangle.index)]
        issued, triangle = known["issued"].to_numpy(np.float64), self.triangle.to_numpy(np.float64)
        total, earlier = float(self.table["issued"].sum()), float(self.table["redeemed"].sum())
        earlier -= float(known["redeemed"].sum())
        ever = {
            "chain ladder": develop(triangle).ultimate.sum(),
            "shifted beta-geometric": _by_shifted_beta(issued, triangle, self.last_age),
        }
        low, _, high = self.percent
        rows = []
        for method, points in ever.items():
            percent = 100 * (earlier + float(points)) / total
            outside = bool(np.isfinite(percent)) and not low <= percent <= high
            rows.append({"method": method, "percent": percent, "differs": outside})
        return pd.DataFrame(rows)

    def text(self) -> str:
        """Say the estimate in a few lines."""
        low, likely, high = self.percent
        still_low, still, still_high = self.still_percent
        lines = [
            f"{likely:.1f} % of the points issued are ever redeemed ({low:.1f} to {high:.1f}, 5th to 95th percentile).",
            f"Of the points outstanding, {still:.1f} % will be ({still_low:.1f} to {still_high:.1f}).",
        ]
        return "\n".join([*lines, *self.notices])

    def to_frame(self) -> pd.DataFrame:
        """Give one row for each month of credit."""
        return self.table.copy()

    @property
    def breakage_percent(self) -> tuple[float, float, float]:
        """Low, likely and high: of the points issued, those never redeemed."""
        low, likely, high = self.percent
        return round(100 - high, 4), round(100 - likely, 4), round(100 - low, 4)


@long_call("steps")
def ultimate_redemption(
    replay: Replay, *, at: datetime | str | None = None, progress: Progress | None = None
) -> Ultimate:
    """Estimate how many of the points are ever redeemed.

    By the age of the points: of those still there at an age, the share that is redeemed during it, for all months
    together, with a tail beyond the ages that were seen (:mod:`nector_sim.economics.run_off`). Points that customers
    brought along are left out, for nobody knows how old they are. No month of credit redeems more than what is left of
    it.

    Parameters
    ----------
    replay : Replay
    at : datetime or str, optional
        The last instant that is known; the whole months before it are used. Left out, the end of the replay.
    progress : callable, optional
        Called with the number of steps done, and of all steps.

    Returns
    -------
    Ultimate

    Raises
    ------
    InputError
        If fewer than four whole months are known, nothing was redeemed, or the orders end more than a month before.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    >>> estimate = ultimate_redemption(ns.replay(program, ns.demo_orders().head(60_000)))
    >>> low, likely, high = estimate.percent
    >>> 0 < low <= likely <= high <= 100
    True
    """
    step, lots = stages(3), lots_at(replay, at)
    step()
    if quiet := quiet_end(replay._facts.prepared, lots.at):
        raise InputError(
            f"{quiet}: nobody knows what was redeemed since; take an earlier `at`, or add the later orders"
        )
    _, starts = month_starts(replay._facts.prepared.first, lots.at + 1, lots.program.timezone)
    whole = len(starts) - 1
    if whole < FEWEST:
        raise InputError(f"the history has {max(whole, 0)} whole months; a triangle needs {FEWEST} or more")
    end = int(starts[-1])
    lots = lots_at(replay, end - 1, groups=GROUPS)
    step()
    issued, spent = lots.left.issued[1:], lots.left.spent[1:, 1:]
    cohort = np.searchsorted(starts, lots.left.since, side="right") - 1
    known = (cohort >= 0) & ~lots.left.pending
    outstanding = np.bincount(cohort[known], lots.left.points[known], whole).astype(np.int64)
    first = int(np.argmax(spent.sum(axis=1) > 0))
    if whole - first < FEWEST or not spent.any():
        raise InputError("too little was redeemed to see how it goes on; a triangle needs four months with redemptions")
    redeemed = spent.sum(axis=1)
    program = lots.program
    made = run_off(
        lots.issued[:, 1 + first :].astype(float),
        lots.spent[:, 1 + first :, 1 + first :].astype(float),
        outstanding[first:].astype(float),
        last_age=_last_age(program),
    )
    now = np.arange(whole - first)[::-1] + 1
    ultimate = redeemed.astype(np.float64)
    ultimate[first:] += outstanding[first:] * made.still[now]
    told = made.told
    most = float(outstanding[first:].sum())
    low, high = np.percentile(made.to_come_draws, [5, 95]) if told else (0.0, most)
    to_come = (min(float(low), made.to_come), made.to_come, max(float(high), made.to_come))
    total, paid, left = float(issued.sum()), float(redeemed.sum()), float(outstanding.sum())
    table = pd.DataFrame(
        {
            "month": lots.months[:whole],
            "issued": issued,
            "redeemed": redeemed,
            "outstanding": outstanding,
            "ultimate": ultimate,
            "ultimate_percent": 100 * ultimate / np.where(issued > 0, issued, np.nan),
        }
    )
    notices = []
    if brought := int(lots.left.issued[0]):
        notices.append(f"{count(brought, 'point')} that customers brought along are left out: their age is not known")
    if made.to_come > 0 and made.beyond > UNSEEN * made.to_come:
        notices.append(
            f"{made.beyond / made.to_come:.0%} of what is expected still to be redeemed lies at ages that no month has "
            "reached: the triangle has not flattened, and that part rests on the curve of the later ages alone"
        )
    if whole - first < YEAR:
        notices.append(f"only {whole - first} months of credit tell; with a year or more the estimate is much surer")
    if not told:
        notices.append("the history does not tell how far off the estimate may be; its range is everything there is")
    estimate = Ultimate(
        at=to_datetime(end),
        percent=_percent(to_come, paid, total),
        still_percent=_percent(to_come, 0, left) if left else (0.0, 0.0, 0.0),
        table=table,
        triangle=pd.DataFrame(_triangle(spent[first:, first:]), index=pd.Index(lots.months[first:whole], name="month")),
        shares=made.shares[: whole - first],
        notices=tuple(notices),
        still_by_age=_by_age(made, told),
        last_age=_last_age(program),
    )
    step()
    return estimate


def _last_age(program: Program) -> int | None:
    """The last age in months at which a lot can be redeemed; None where lots do not expire by themselves."""
    expiry = program.expiry
    if expiry is None or expiry.kind != "lots":
        return None
    return expiry.months if expiry.months is not None else -(-(expiry.days or 0) // 28)


def _by_age(made: RunOff, told: bool) -> pd.DataFrame:
    """Of the points still there at the beginning of each age, those redeemed from then on, in per cent."""
    low, high = np.percentile(made.still_draws, [5, 95], axis=0) if told else (0 * made.still, 0 * made.still + 1)
    columns = {"low": np.minimum(low, made.still), "likely": made.still, "high": np.maximum(high, made.still)}
    return pd.DataFrame({name: np.round(100 * part, 4) for name, part in columns.items()})


def _by_shifted_beta(issued: Floats, triangle: Floats, last_age: int | None) -> float:
    """Points ever redeemed of the months of a triangle, where a shifted beta-geometric model is right."""
    months = len(issued)
    before = np.hstack([np.zeros((months, 1)), triangle[:, :-1]])
    known = ~np.isnan(triangle)
    left = np.where(known, triangle - before, 0.0).sum(axis=0)
    there = np.where(known, issued[:, None] - before, 0.0).sum(axis=0)
    ends = LONGEST if last_age is None else last_age + 1
    there = np.where(np.arange(months) < ends, np.maximum(there, left), 0.0)
    surviving = fit_shifted_beta(np.minimum(left, there), there).surviving(max(ends, months))
    age = np.arange(months)[::-1] + 1
    now = triangle[np.arange(months), age - 1]
    still = 1 - surviving[max(ends, months)] / surviving[age]
    return float((now + np.maximum(issued - now, 0.0) * np.where(age < ends, still, 0.0)).sum())


def _triangle(spent: Int64) -> Floats:
    """By month of credit and age, cumulative, of what was redeemed by month of credit and month."""
    months = len(spent)
    made = np.full((months, months), np.nan)
    for row in range(months):
        made[row, : months - row] = np.cumsum(spent[row, row:])
    return made


def _percent(to_come: tuple[float, float, float], paid: float, total: float) -> tuple[float, float, float]:
    low, likely, high = (round(100 * (paid + part) / total, 4) for part in to_come)
    return low, likely, high
