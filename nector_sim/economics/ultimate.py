"""How many of the points are ever redeemed, read off the history by development triangles.

Points credited in one month are followed through the months after it. Older months show how redemption goes on; the
chain-ladder method carries that over to the younger ones, and Mack's formula says how far off it may be. The
arithmetic is the `chainladder` library's (extra ``actuarial``), which is imported when it is asked for.
"""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim._extras import pip_line
from nector_sim.economics.run_off import RunOff, run_off
from nector_sim.errors import InputError
from nector_sim.ledger.arrays import Int64
from nector_sim.ledger.instants import month_starts, to_datetime
from nector_sim.ledger.lots import lots_at
from nector_sim.ledger.replay import Replay
from nector_sim.results import Result
from nector_sim.rules.program import Program

Floats = npt.NDArray[np.float64]

#: Months that a triangle needs at least, and with fewer than which the estimate is called short.
FEWEST, YEAR = 4, 12
#: The share of what is to come beyond all ages seen, from which on a triangle is said not to have flattened.
UNSEEN = 0.1


@dataclass(frozen=True, slots=True)
class Developed:
    """A triangle, carried on to its end.

    Attributes
    ----------
    ultimate : ndarray of float64, shape (months,)
    factors : ndarray of float64, shape (months - 1,)
        From one age to the next.
    standard_error : float
        Of the sum of `ultimate`, by Mack's formula; NaN where the triangle does not tell.
    """

    ultimate: Floats
    factors: Floats
    standard_error: float


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
        By age in months: of the points still there at its beginning, the share redeemed at it.
    notices : tuple of str
    still_by_age : pandas.DataFrame
        ``low``, ``likely``, ``high`` by age in months: of the points still there at its beginning, per cent redeemed
        from then on. :func:`nector_sim.liability` takes it for what is owed.
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


def ultimate_redemption(replay: Replay, *, at: datetime | str | None = None) -> Ultimate:
    """Estimate how many of the points are ever redeemed.

    By the age of the points: of those still there at an age, the share that is redeemed at it, of all months together,
    with a tail beyond the ages that were seen (:mod:`nector_sim.economics.run_off`). Points that customers brought
    along are left out, for nobody knows how old they are. No month redeems more than what is left of it.

    Parameters
    ----------
    replay : Replay
    at : datetime or str, optional
        The last instant that is known; the whole months before it are used. Left out, the end of the replay.

    Returns
    -------
    Ultimate

    Raises
    ------
    InputError
        If fewer than four whole months are known, or nothing was redeemed.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    >>> estimate = ultimate_redemption(ns.replay(program, ns.demo_orders().head(60_000)))
    >>> low, likely, high = estimate.percent
    >>> 0 < low < likely < high <= 100
    True
    """
    lots = lots_at(replay, at)
    _, starts = month_starts(replay._facts.prepared.first, lots.at + 1, lots.program.timezone)
    whole = len(starts) - 1
    if whole < FEWEST:
        raise InputError(f"the history has {max(whole, 0)} whole months; a triangle needs {FEWEST} or more")
    end = int(starts[-1])
    lots = lots_at(replay, end - 1)
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
        issued[first:].astype(float), spent[first:, first:].astype(float), outstanding[first:].astype(float),
        last_age=_last_age(program),
    )  # fmt: skip
    now = np.arange(whole - first)[::-1] + 1
    ultimate = redeemed.astype(np.float64)
    ultimate[first:] += outstanding[first:] * made.still[now]
    told = made.dispersion > 0
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
        notices.append(f"{brought} points that customers brought along are left out: their age is not known")
    if made.to_come > 0 and made.beyond > UNSEEN * made.to_come:
        notices.append(
            f"{made.beyond / made.to_come:.0%} of what is expected still to be redeemed lies at ages that no month has "
            "reached: the triangle has not flattened, and that part rests on the curve of the later ages alone"
        )
    if whole - first < YEAR:
        notices.append(f"only {whole - first} months of credit tell; with a year or more the estimate is much surer")
    if not told:
        notices.append("the history does not tell how far off the estimate may be; its range is everything there is")
    return Ultimate(
        at=to_datetime(end),
        percent=_percent(to_come, paid, total),
        still_percent=_percent(to_come, 0, left) if left else (0.0, 0.0, 0.0),
        table=table,
        triangle=pd.DataFrame(_triangle(spent[first:, first:]), index=pd.Index(lots.months[first:whole], name="month")),
        shares=made.shares[: whole - first],
        notices=tuple(notices),
        still_by_age=_by_age(made, told),
    )


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


def develop(triangle: Floats) -> Developed:
    """Carry a triangle on to its end by the chain-ladder method (volume-weighted), with Mack's standard error.

    Parameters
    ----------
    triangle : ndarray of float64, shape (months, months)
        Cumulative; row for month of credit, column for age; NaN where not yet known.

    Returns
    -------
    Developed

    Raises
    ------
    InputError
        If `chainladder` is not installed.
    """
    months = pd.period_range("2000-01", periods=len(triangle), freq="M").to_timestamp()
    row, age = np.nonzero(~np.isnan(triangle))
    frame = pd.DataFrame({"credited": months[row], "redeemed_in": months[row + age], "points": triangle[row, age]})
    with _quiet():
        try:
            cl: Any = importlib.import_module("chainladder")
        except ImportError:
            raise InputError(f"triangles need the library chainladder: {pip_line('actuarial')}") from None
        made = cl.Triangle(frame, origin="credited", development="redeemed_in", columns="points", cumulative=True)
        # Mack's way to guess the spread of the last factor fails where earlier ones have none at all.
        for way in ("mack", "log-linear"):
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                fitted = cl.MackChainladder().fit(cl.Development(sigma_interpolation=way).fit_transform(made))
            error = float(fitted.total_mack_std_err_.to_numpy()[0, 0])
            if math.isfinite(error):
                break
        ultimate = np.array(fitted.ultimate_.values[0, 0, :, 0], dtype=np.float64)  # noqa: PD011 (no frame)
        factors = np.array(fitted.ldf_.values[0, 0, 0, : len(triangle) - 1], dtype=np.float64)  # noqa: PD011
    if (triangle == 0).any():
        ultimate, factors = _by_volume(triangle)
    return Developed(ultimate, factors, error)


def _by_volume(triangle: Floats) -> tuple[Floats, Floats]:
    """Ultimates and factors with every cell counted: chainladder takes a 0 for a cell that is not known."""
    known = ~np.isnan(triangle[:, 1:])
    now, then = (np.where(known, cells, 0.0).sum(axis=0) for cells in (triangle[:, :-1], triangle[:, 1:]))
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = then / now
        to_come = np.append(np.cumprod(factors[::-1])[::-1], 1.0)
        age = (~np.isnan(triangle)).sum(axis=1) - 1
        return triangle[np.arange(len(triangle)), age] * to_come[age], factors


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the one warning that chainladder gives under pandas 3."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Parsing integer or float values with a format in to_datetime")
        yield


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
