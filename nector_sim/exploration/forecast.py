"""What comes next: redemption, cost and points outstanding of the months ahead, with ranges, under several settings.

No curve is assumed. What customers may do next is what they did (:mod:`nector_sim.exploration.futures`); each such
future is replayed once under each setting, for all customers. Every total is a sum over customers, so a resample of
whole customers is a product of their totals with how often each was drawn. Settings share futures and draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim.errors import InputError
from nector_sim.exploration.futures import BLOCK, MEASURES, OUTSTANDING, Window, future_of, totals_of, window_of
from nector_sim.ledger.arrays import Int64
from nector_sim.ledger.facts import Facts, read_facts
from nector_sim.ledger.instants import one_period_after, to_datetime
from nector_sim.ledger.schedule import Schedule, make_schedule
from nector_sim.ledger.tables import ALWAYS
from nector_sim.rules.ledger import Expiry
from nector_sim.rules.program import Program

Floats = npt.NDArray[np.float64]

LOW, HIGH = 5, 95
HORIZONS = (3, 6, 12)
MONEY = ("cart_amount", "discount")
#: The program that holds goes on under this name.
TODAY = "today"


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the months ahead bring: estimates, with ranges from the 5th to the 95th percentile of the resamples.

    Attributes
    ----------
    origin : datetime
        The end of the history, in UTC; month 1 begins there.
    settings : tuple of str
    months : int
    customers : int
        How many are drawn in each resample: whole, with replacement.
    newcomers : int
        Of those that the history has, how many came within the window, and so stand for those who will come.
    window_days, resamples, futures, seed : int
    draws : ndarray of float64, shape (settings, resamples, months, measures)
        Flows by month; ``outstanding``, the last measure, is at the end of each. Major units.
    """

    origin: datetime
    settings: tuple[str, ...]
    months: int
    customers: int
    newcomers: int
    window_days: int
    resamples: int
    futures: int
    seed: int
    draws: Floats = field(repr=False)

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
            ``high``. ``discount`` is what redemption costs, ``outstanding`` is at the end.
        """
        rows = [
            {"setting": name, "months": horizon, "measure": measure, **_spread(self._total(position, horizon, measure))}
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

    def difference(self, setting: str, *, against: str, horizons: Sequence[int] = HORIZONS) -> pd.DataFrame:
        """How much more one setting brings than another, on the same luck.

        Parameters
        ----------
        setting, against : str
        horizons : sequence of int

        Returns
        -------
        pandas.DataFrame
            As :meth:`table`, without ``setting``.
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

    def _position(self, setting: str) -> int:
        if setting not in self.settings:
            raise InputError(f"there is no setting {setting}; there are {', '.join(self.settings)}")
        return self.settings.index(setting)

    def _total(self, position: int, horizon: int, measure: str) -> Floats:
        if measure == "outstanding":
            return self.draws[position, :, horizon - 1, OUTSTANDING]
        total: Floats = self.draws[position, :, :horizon, MEASURES.index(measure)].sum(axis=1)
        return total


def forecast(
    program: Program,
    orders: Any,
    *,
    settings: Mapping[str, Program] | None = None,
    months: int = 12,
    opening: Any = None,
    grants: Any = None,
    take_up: Decimal | float | str | None = None,
    as_of: datetime | str | None = None,
    resamples: int = 1000,
    futures: int = 24,
    window: int | None = None,
    customers: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> Forecast:
    """Forecast what the next months cost and leave outstanding, if customers go on as they do.

    Whole customers are drawn, with replacement, and with them what they have and do; so a range says how far off
    another set of customers of the same kind may be, and is wide for the very same customers. It does not know of
    seasons, growth or anything else that the window did not have, and customers do not respond to a setting.

    Parameters
    ----------
    program : Program
        What held until now.
    orders, opening, grants, take_up, as_of
        As in :func:`nector_sim.replay`. What happened after `as_of` is not looked at.
    settings : dict of str to Program, optional
        What may hold from then on, by name; left out, `program` goes on as ``today``.
    months : int
        How many, from 1 to 60; counted from `as_of`.
    resamples : int
    futures : int
        Rows of blocks that are drawn from the window and replayed; the resamples are shared out to them.
    window : int, optional
        Blocks of four weeks before `as_of` that futures are made of; left out, half of the history, at most a year.
    customers : int, optional
        How many to draw; left out, as many as there are.
    seed : int
        Of all draws.
    progress : callable, optional
        Called with the number of futures that are done, and of all.

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
    >>> ahead = forecast(program, ns.demo_orders().head(80_000), months=3, resamples=50, futures=2)
    >>> redeemed = ahead.table([3]).query("measure == 'points_redeemed'")
    >>> redeemed.eval("low < likely < high").tolist()
    [True]
    """
    _check({"months": (months, 60), "resamples": (resamples, 100_000), "futures": (futures, resamples)})
    if customers is not None:
        _check({"customers": (customers, 2**31)})
    named = {TODAY: program} if settings is None else dict(settings)
    if not named:
        raise InputError("there is no setting to forecast; leave settings out for today's program, or give one")
    from_start = [make_schedule(_always(held)) for held in (program, *named.values())]
    facts = read_facts(from_start, orders, opening=opening, grants=grants, take_up=take_up, seed=seed, as_of=as_of)
    if facts.prepared.last == ALWAYS:
        raise InputError("nothing happened in this history; there is nothing to go on from")
    chosen = window_of(facts, window)
    schedules = [_from_origin(program, setting, chosen.origin) for setting in named.values()]
    drawn = _draw(facts, chosen, schedules, months, resamples, futures, customers, seed, progress)
    for measure in MONEY:
        drawn[..., MEASURES.index(measure)] /= 10**program.decimals
    return Forecast(
        origin=to_datetime(chosen.origin),
        settings=tuple(named),
        months=months,
        customers=customers or len(chosen.known),
        newcomers=len(chosen.newcomers),
        window_days=chosen.blocks * 28,
        resamples=resamples,
        futures=futures,
        seed=seed,
        draws=drawn,
    )


def _draw(
    facts: Facts,
    window: Window,
    schedules: Sequence[Schedule],
    months: int,
    resamples: int,
    futures: int,
    customers: int | None,
    seed: int,
    progress: Callable[[int, int], object] | None,
) -> Floats:
    begins, last = _months_from(window.origin, months)
    rng = np.random.default_rng(seed)
    count = len(window.known)
    width = months * (len(MEASURES) + 1)
    drawn = np.empty((len(schedules), resamples, width))
    length = -(-(last - window.origin) // BLOCK)
    for number in range(futures):
        written = future_of(facts, window, rng.integers(0, window.blocks, length), last)
        mine = range(number, resamples, futures)
        times = np.stack([_times_drawn(rng, count, customers or count) for _ in mine])
        for position, schedule in enumerate(schedules):
            totals = totals_of(written, window, schedule, begins).reshape(count, width)
            drawn[position, mine] = times @ totals
        if progress is not None:
            progress(number + 1, futures)
    return drawn.reshape(len(schedules), resamples, months, len(MEASURES) + 1)


def _times_drawn(rng: np.random.Generator, count: int, size: int) -> Floats:
    return np.bincount(rng.integers(0, count, size), minlength=count).astype(np.float64)


def _months_from(origin: int, months: int) -> tuple[Int64, int]:
    """Where each month begins, and where the last one ends: calendar months after the origin."""
    start = np.array([origin], np.int64)
    ends = [int(one_period_after(start, Expiry(months=number))[0]) for number in range(1, months + 1)]
    return np.array([origin, *ends[:-1]], np.int64) + 1, ends[-1]


def _from_origin(program: Program, setting: Program, origin: int) -> Schedule:
    """What held until now, and a setting from the next instant on."""
    return make_schedule(_always(program), [(to_datetime(origin + 1), setting)])


def _always(program: Program) -> Program:
    return program.model_copy(update={"valid_from": None})


def _check(numbers: dict[str, tuple[int, int]]) -> None:
    wrong = [
        f"{name} is {value}; it is a whole number from 1 to {most}"
        for name, (value, most) in numbers.items()
        if value not in range(1, most + 1)
    ]
    if wrong:
        raise InputError("; ".join(wrong))


def _spread(values: Floats) -> dict[str, float]:
    low, likely, high = np.percentile(values, [LOW, 50, HIGH])
    return {"low": float(low), "likely": float(likely), "high": float(high)}
