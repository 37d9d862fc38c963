"""What comes next: redemption, cost and points outstanding of the months ahead, with ranges, under several settings.

Futures are drawn by the state of each customer (:mod:`nector_sim.exploration.futures`) and replayed once under each
setting, for all customers; settings share futures and draws. What time itself may do beside, and no customer's state
tells, is measured by forecasts of the history's own past (:mod:`nector_sim.exploration.surprise`) and widens the range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim.errors import InputError
from nector_sim.exploration.futures import (
    MEASURES,
    OUTSTANDING,
    could_redeem,
    future_of,
    source_of,
    totals_of,
)
from nector_sim.exploration.states import BLOCK
from nector_sim.exploration.surprise import surprise_of
from nector_sim.ledger.arrays import Int64
from nector_sim.ledger.facts import Facts, read_facts
from nector_sim.ledger.instants import one_period_after, to_datetime
from nector_sim.ledger.schedule import Schedule, make_schedule
from nector_sim.ledger.tables import ALWAYS
from nector_sim.ledger.take_up import TakeUp
from nector_sim.results import Result
from nector_sim.rules.ledger import Expiry
from nector_sim.rules.money import money_text
from nector_sim.rules.program import Program

Floats = npt.NDArray[np.float64]

LOW, HIGH = 5, 95
HORIZONS = (1, 3, 6, 12)
MONEY = ("cart_amount", "discount")
#: The program that holds goes on under this name.
TODAY = "today"
#: How far a draw leans towards a second future, so that many draws come of few futures: the variance stays.
BLEND = 0.35


@dataclass(frozen=True, slots=True, repr=False)
class Forecast(Result):
    """What the months ahead bring: estimates, with ranges from the 5th to the 95th percentile.

    Attributes
    ----------
    origin : datetime
        The end of the history, in UTC; month 1 begins there.
    settings : tuple of str
    months : int
    customers : int
        Known at the origin.
    newcomers : float
        Expected in the first four weeks ahead.
    window_days, futures, seed : int
    surprise : float
        How far past forecasts of this history were off beyond their own range, over three months: a standard deviation
        of the logarithm, in the range.
    behind : ndarray of float64, shape (months behind, measures + 2)
        The months before the origin under the program that held, the last one last; as many as there are, at most
        `months`.
    draws : ndarray of float64, shape (settings, draws, months, measures + 2)
        Flows by month; then what is ``outstanding`` at the end of each, and the orders of customers known at the
        origin. Major units.
    """

    PICTURES: ClassVar[tuple[str, ...]] = ("fan",)

    origin: datetime
    settings: tuple[str, ...]
    months: int
    customers: int
    newcomers: float
    window_days: int
    futures: int
    seed: int
    surprise: float
    currency: str
    behind: Floats = field(repr=False)
    draws: Floats = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """As :meth:`table`."""
        return self.table()

    def table(self, horizons: Sequence[int] = HORIZONS) -> pd.DataFrame:
        """What the first months together bring.

        Parameters
        ----------
        horizons : sequence of int
            Months; those beyond the forecast are left out.

        Returns
        -------
        pandas.DataFrame
            A row for each setting, horizon and measure: ``setting``, ``months``, ``measure``, ``low``, ``likely``,
            ``high``, and ``last_months_again``: as many months before the origin, under the program that held
            (missing where the history is shorter). ``discount`` is what redemption takes off, ``outstanding`` is at
            the end.
        """
        rows = [
            {
                "setting": name,
                "months": horizon,
                "measure": measure,
                **_spread(self._total(position, horizon, measure)),
                "last_months_again": self._again(horizon, measure),
            }
            for position, name in enumerate(self.settings)
            for horizon in horizons
            if 1 <= horizon <= self.months
            for measure in (*MEASURES, "outstanding")
        ]
        return pd.DataFrame(rows)

    def timeline(self, setting: str | None = None) -> pd.DataFrame:
        """Month by month.

        Parameters
        ----------
        setting : str, optional
            Left out, the first.

        Returns
        -------
        pandas.DataFrame
            A row for each month and measure: ``month`` (from 1), ``measure``, ``low``, ``likely``, ``high``.
        """
        drawn = self.draws[self._position(setting or self.settings[0])]
        return pd.DataFrame(
            [
                {"month": month + 1, "measure": measure, **_spread(drawn[:, month, position])}
                for month in range(self.months)
                for position, measure in enumerate((*MEASURES, "outstanding"))
            ]
        )

    def past(self, measure: str) -> Floats:
        """A measure in each whole month before the origin, the last one last, under the program that held."""
        taken: Floats = self.behind[:, OUTSTANDING if measure == "outstanding" else MEASURES.index(measure)]
        return taken

    def difference(self, setting: str, *, against: str, horizons: Sequence[int] = HORIZONS) -> pd.DataFrame:
        """How much more one setting brings than another, with the same random draws.

        Parameters
        ----------
        setting, against : str
        horizons : sequence of int

        Returns
        -------
        pandas.DataFrame
            ``months``, ``measure``, ``low``, ``likely``, ``high``.
        """
        mine, other = self._position(setting), self._position(against)
        rows = [
            {
                "months": horizon,
                "measure": measure,
                **_spread(self._total(mine, horizon, measure) - self._total(other, horizon, measure)),
            }
            for horizon in horizons
            if 1 <= horizon <= self.months
            for measure in (*MEASURES, "outstanding")
        ]
        return pd.DataFrame(rows)

    def text(self) -> str:
        """Say the last months, and the forecast beside them."""
        horizon = min(3, self.months)
        row = self.table([horizon]).query("measure == 'discount'").iloc[0]
        again = row["last_months_again"]
        what = f"{horizon} months" if horizon > 1 else "month"
        before = "" if np.isnan(again) else f"The last {what}: {_money(again, self.currency)} off by points. "
        return (
            f"{before}The next {what}, if customers go on as they do: {_money(row['likely'], self.currency)} "
            f"({_money(row['low'], self.currency)} to {_money(row['high'], self.currency)}, nine times in ten).\n"
            f"From {self.origin:%Y-%m-%d} on; {self.customers:,} customers known, about {self.newcomers:,.0f} "
            f"newcomers in four weeks. Nobody is supposed to respond to a setting."
        )

    def _position(self, setting: str) -> int:
        if setting not in self.settings:
            raise InputError(f"there is no setting {setting}; there are {', '.join(self.settings)}")
        return self.settings.index(setting)

    def _total(self, position: int, horizon: int, measure: str) -> Floats:
        if measure == "outstanding":
            return self.draws[position, :, horizon - 1, OUTSTANDING]
        total: Floats = self.draws[position, :, :horizon, MEASURES.index(measure)].sum(axis=1)
        return total

    def _again(self, horizon: int, measure: str) -> float:
        if len(self.behind) < horizon:
            return float("nan")
        if measure == "outstanding":
            return float(self.behind[-1, OUTSTANDING])
        return float(self.behind[-horizon:, MEASURES.index(measure)].sum())


def forecast(
    program: Program,
    orders: Any,
    *,
    settings: Mapping[str, Program] | None = None,
    months: int = 12,
    opening: Any = None,
    grants: Any = None,
    refunds: Any = None,
    take_up: Decimal | float | str | TakeUp | None = None,
    as_of: datetime | str | None = None,
    draws: int = 1000,
    futures: int = 60,
    window: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> Forecast:
    """Forecast what the next months cost and leave outstanding, if customers go on as they do.

    Each customer goes on as customers in the same state did; newcomers come as they came lately. The range is that of
    this shop's own future: of chance, of what is estimated, and of what time did to earlier forecasts of the same
    history. It does not know of anything that the history did not have, and customers do not respond to a setting.

    Parameters
    ----------
    program : Program
        What held until now.
    orders, opening, grants, refunds, take_up, as_of
        As in :func:`nector_sim.replay`. What happened after `as_of` is not looked at.
    settings : dict of str to Program, optional
        What may hold from then on, by name; left out, `program` goes on as ``today``.
    months : int
        How many, from 1 to 60; counted from `as_of`.
    draws : int
        From which ranges are read.
    futures : int
        Futures that are drawn and replayed, from 2 on; the draws are made of pairs of them.
    window : int, optional
        Blocks of four weeks before `as_of` that futures are made of; left out, half of the history, at most a year.
    seed : int
        Of all draws.
    progress : callable, optional
        Called with the number of steps that are done, and of all.

    Returns
    -------
    Forecast

    Raises
    ------
    OrdersError, InputError
        As :func:`nector_sim.replay`; if the history is too short, or a number is out of range.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    >>> ahead = forecast(program, ns.demo_orders().head(80_000), months=3, draws=50, futures=4)
    >>> redeemed = ahead.table([3]).query("measure == 'points_redeemed'")
    >>> redeemed.eval("low < likely < high").tolist()
    [True]
    """
    _check({"months": (1, months, 60), "draws": (1, draws, 100_000), "futures": (2, futures, 10_000)})
    named = {TODAY: program} if settings is None else dict(settings)
    if not named:
        raise InputError("there is no setting to forecast; leave settings out for today's program, or give one")
    from_start = [make_schedule(_always(held)) for held in (program, *named.values())]
    tables = {"opening": opening, "grants": grants, "refunds": refunds}
    facts = read_facts(from_start, orders, take_up=take_up, seed=seed, as_of=as_of, **tables)
    if facts.prepared.last == ALWAYS:
        raise InputError("nothing happened in this history; there is nothing to go on from")
    begins = _months_from(facts.prepared.last, months)
    ahead = int(-(-(begins[-1] - begins[0]) // BLOCK))
    source = source_of(facts, could_redeem(facts, from_start[0]), ahead, window)
    rng = np.random.default_rng(seed)
    surprise = surprise_of(facts, from_start[0], window, rng)
    schedules = [_from_origin(program, setting, source.past.origin) for setting in named.values()]
    made = np.empty((futures, len(schedules), months, len(MEASURES) + 2))
    for number in range(futures):
        written = future_of(source, rng, int(begins[-1]))
        for position, schedule in enumerate(schedules):
            made[number, position] = totals_of(written, schedule, begins, len(facts.prepared.history.first_order) - 1)
        if progress is not None:
            progress(number + 1, futures)
    behind = _behind(facts, from_start[0], months)
    drawn = _blended(made, behind[-1, OUTSTANDING], surprise, draws, rng)
    for array in (drawn, behind):
        for measure in MONEY:
            array[..., MEASURES.index(measure)] /= 10**program.decimals
    return Forecast(
        origin=to_datetime(source.past.origin),
        settings=tuple(named),
        months=months,
        customers=len(source.past.known),
        newcomers=float(source.outlook.newcomers[0]),
        window_days=source.past.window * 28,
        futures=futures,
        seed=seed,
        surprise=surprise,
        currency=program.currency,
        behind=behind,
        draws=drawn,
    )


def _blended(made: Floats, outstanding: float, surprise: float, draws: int, rng: np.random.Generator) -> Floats:
    """Draws of pairs of futures, each moved by what time may do: shape (settings, draws, months, measures + 2)."""
    first = np.resize(rng.permutation(len(made)), draws)
    second = (first + rng.integers(1, len(made), draws)) % len(made)
    mean = made.mean(axis=0)
    # The mean is an estimate too, and deviations from it are smaller than those from the true one.
    wider = np.sqrt((len(made) + 1) / (len(made) - 1))
    off = np.sqrt(1 - BLEND**2) * (made[first] - mean) + BLEND * (made[second] - mean)
    drawn = np.maximum(mean + wider * off, 0)
    months = made.shape[2]
    # The standard deviation is that of three months, and grows with the fourth root of time.
    moved = np.exp(rng.standard_normal(draws)[:, None] * surprise * (np.arange(1, months + 1) / 3) ** 0.25)
    moved = moved[:, None, :, None]
    owed = drawn[..., OUTSTANDING]
    change = np.diff(owed, axis=2, prepend=outstanding)
    drawn *= moved
    drawn[..., OUTSTANDING] = np.maximum(outstanding + np.cumsum(change * moved[..., 0], axis=2), 0)
    return np.moveaxis(drawn, 1, 0)


def _behind(facts: Facts, schedule: Schedule, months: int) -> Floats:
    """The whole months before the origin, at most so many, the last one last."""
    origin = pd.Timestamp(to_datetime(facts.prepared.last))
    edges = [int((origin - pd.DateOffset(months=number)).value // 1000) for number in range(months, -1, -1)]
    edges = [edge for edge in edges if edge >= facts.prepared.first] or [edges[-1]]
    if len(edges) == 1:
        edges = [facts.prepared.first - 1, edges[-1]]
        return totals_of(facts, schedule, np.array(edges, np.int64), len(facts.prepared.history.first_order))
    return totals_of(facts, schedule, np.array(edges, np.int64), len(facts.prepared.history.first_order))


def _months_from(origin: int, months: int) -> Int64:
    """The origin and the ends of the calendar months after it, shape (months + 1,)."""
    start = np.array([origin], np.int64)
    ends = [int(one_period_after(start, Expiry(months=number))[0]) for number in range(1, months + 1)]
    return np.array([origin, *ends], np.int64)


def _from_origin(program: Program, setting: Program, origin: int) -> Schedule:
    """What held until now, and a setting from the next instant on."""
    return make_schedule(_always(program), [(to_datetime(origin + 1), setting)])


def _always(program: Program) -> Program:
    return program.model_copy(update={"valid_from": None})


def _check(numbers: dict[str, tuple[int, int, int]]) -> None:
    wrong = [
        f"{name} is {value}; it is a whole number from {least} to {most}"
        for name, (least, value, most) in numbers.items()
        if value not in range(least, most + 1)
    ]
    if wrong:
        raise InputError("; ".join(wrong))


def _spread(values: Floats) -> dict[str, float]:
    low, likely, high = np.percentile(values, [LOW, 50, HIGH])
    return {"low": float(low), "likely": float(likely), "high": float(high)}


def _money(amount: float, currency: str) -> str:
    return money_text(Decimal(round(amount)), currency)
