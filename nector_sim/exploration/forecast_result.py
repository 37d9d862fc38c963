"""What a forecast says: tables and sentences of the months ahead, with ranges, beside the last months again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim.economics.intervals import never
from nector_sim.economics.labels import SURE
from nector_sim.economics.margin import break_even_share
from nector_sim.errors import InputError
from nector_sim.exploration.future_totals import MEASURES, OF_KNOWN, OUTSTANDING
from nector_sim.exploration.second_opinion import SecondOpinion
from nector_sim.results import Result, count
from nector_sim.rules.money import money_text

Floats = npt.NDArray[np.float64]

LOW, HIGH = 5, 95
HORIZONS = (1, 3, 6, 12)
#: Columns of the draws, and those behind them where assumptions were given.
COLUMNS = (*MEASURES, "outstanding", "orders_of_known")
MARGINS = ("margin", "cost_of_program")


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
        How far earlier forecasts of this history missed beyond their own range, over three months: a standard
        deviation of the logarithm. The ranges include it.
    point_values : tuple of float
        What a point takes off under each setting, major units, at the amount for which a point is worth most; NaN where
        no offer gives one.
    columns : tuple of str
        Of `behind` and `draws`: flows by month, ``outstanding`` at the end of each, ``orders_of_known``: those of
        customers known at the origin; and with assumptions ``margin`` and ``cost_of_program``. Major units.
    second_opinion : SecondOpinion
        A BG/NBD model of the customers known; see :meth:`opinions`.
    behind : ndarray of float64, shape (months behind, columns)
        The months before the origin under the program then in force, the latest last; as many as there are, at most
        `months`.
    draws : ndarray of float64, shape (settings, draws, months, columns)
    """

    PICTURES: ClassVar[tuple[str, ...]] = ("fan", "owed")

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
    point_values: tuple[float, ...]
    columns: tuple[str, ...]
    second_opinion: SecondOpinion = field(repr=False)
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
            the end; with assumptions ``margin``, and ``cost_of_program``: how much more it would be without redemption.
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
            for measure in self.measures
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
                {"month": month + 1, "measure": measure, **_spread(drawn[:, month, self._column(measure)])}
                for month in range(self.months)
                for measure in self.measures
            ]
        )

    def past(self, measure: str) -> Floats:
        """A measure in each whole month before the origin, the last one last, under the program that held."""
        taken: Floats = self.behind[:, self._column(measure)]
        return taken

    def point_value(self, setting: str) -> float:
        """What a point takes off under a setting, major units; NaN where no offer gives an amount."""
        return self.point_values[self._position(setting)]

    @property
    def measures(self) -> tuple[str, ...]:
        """What the tables have."""
        return tuple(name for name in self.columns if name != "orders_of_known")

    def break_even(self, horizons: Sequence[int] = HORIZONS) -> pd.DataFrame:
        """How many more orders pay for the program in the months ahead.

        Parameters
        ----------
        horizons : sequence of int

        Returns
        -------
        pandas.DataFrame
            ``setting``, ``months``, ``low``, ``likely``, ``high``, ``last_months_again``: extra orders as a share of
            those expected, orders like them; missing is never.

        Raises
        ------
        InputError
            If the forecast was made without assumptions.
        """
        if "margin" not in self.columns:
            raise InputError("a break-even needs assumptions: ns.forecast(…, assumptions=ns.load_assumptions(path))")
        rows = []
        for position, name in enumerate(self.settings):
            for horizon in (number for number in horizons if 1 <= number <= self.months):
                kept, cost = (self._total(position, horizon, measure) for measure in MARGINS)
                again = [self._again(horizon, measure) for measure in MARGINS]
                spread = _spread_with_never(break_even_share(cost, kept))
                spread["last_months_again"] = never(break_even_share(again[1], again[0]))
                rows.append({"setting": name, "months": horizon, **spread})
        return pd.DataFrame(rows, columns=["setting", "months", "low", "likely", "high", "last_months_again"])

    def opinions(self, horizons: Sequence[int] = HORIZONS) -> pd.DataFrame:
        """Orders of the customers known, by this forecast and by a BG/NBD model that knows no season and no trend.

        Parameters
        ----------
        horizons : sequence of int

        Returns
        -------
        pandas.DataFrame
            ``months``, ``low``, ``likely``, ``high``, ``bg_nbd``, and ``differs``: the model's is outside the range.
            ``bg_nbd`` is missing where the model cannot be fitted.
        """
        rows = []
        for horizon in (number for number in horizons if 1 <= number <= self.months):
            spread = _spread(self.draws[0, :, :horizon, OF_KNOWN].sum(axis=1))
            other = float(self.second_opinion.orders[horizon - 1])
            outside = not np.isnan(other) and not spread["low"] <= other <= spread["high"]
            rows.append({"months": horizon, **spread, "bg_nbd": other, "differs": outside})
        return pd.DataFrame(rows, columns=["months", "low", "likely", "high", "bg_nbd", "differs"])

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
            for measure in self.measures
        ]
        return pd.DataFrame(rows)

    def text(self) -> str:
        """Say the last months, and the forecast beside them."""
        horizon = min(3, self.months)
        what = f"{horizon} months" if horizon > 1 else "month"
        before, ahead = self._sentence("discount", horizon)
        lines = [
            f"{before and f'The last {what}: {before} off by points. '}The next {what}, if customers go on as they do: "
            f"{ahead}, {SURE}).",
            f"From {self.origin:%Y-%m-%d} on; {count(self.customers, 'customer')} known, about {self.newcomers:,.0f} "
            "newcomers in four weeks. Customers are assumed not to react to a setting.",
        ]
        if "margin" in self.columns:
            before, ahead = self._sentence("cost_of_program", horizon)
            needed = self.break_even([horizon]).iloc[0]
            likely, low, high = (_extra(needed[name]) for name in ("likely", "low", "high"))
            pays = f"Break-even: {likely} extra orders per 100 ({low} to {high})."
            lines.append(
                f"What the program costs of the margin: {before and f'{before} in the last {what}, '}{ahead}) in the "
                f"next {what}. {'It never pays for itself.' if likely == 'never' else pays}"
            )
        return "\n".join([*lines, *self._second(horizon)])

    def _sentence(self, measure: str, horizon: int) -> tuple[str, str]:
        """What the last months gave, empty where the history is shorter; what the next are expected to give."""
        spread, again = _spread(self._total(0, horizon, measure)), self._again(horizon, measure)
        likely, low, high = (_money(spread[name], self.currency) for name in ("likely", "low", "high"))
        return "" if np.isnan(again) else _money(again, self.currency), f"{likely} ({low} to {high}"

    def _second(self, horizon: int) -> list[str]:
        """The second opinion, where it differs or there is none."""
        second, row = self.second_opinion, self.opinions([horizon]).iloc[0]
        if second.model is None:
            return [f"There is no second opinion: {second.why_not}."]
        if not second.fits:
            return [
                f"There is no second opinion: a BG/NBD model does not fit these orders ({second.expected:,.0f} repeat "
                f"orders where {second.came:,.0f} came)."
            ]
        if not row["differs"]:
            return []
        return [
            f"A second opinion differs: a BG/NBD model expects {count(row['bg_nbd'], 'order')} of the customers "
            f"known in "
            f"{horizon} month{'s' if horizon > 1 else ''}, this forecast {row['likely']:,.0f} ({row['low']:,.0f} to "
            f"{row['high']:,.0f})."
        ]

    def _position(self, setting: str) -> int:
        if setting not in self.settings:
            raise InputError(f"there is no setting {setting}; there are {', '.join(self.settings)}")
        return self.settings.index(setting)

    def _total(self, position: int, horizon: int, measure: str) -> Floats:
        if measure == "outstanding":
            return self.draws[position, :, horizon - 1, OUTSTANDING]
        total: Floats = self.draws[position, :, :horizon, self._column(measure)].sum(axis=1)
        return total

    def _again(self, horizon: int, measure: str) -> float:
        if len(self.behind) < horizon:
            return float("nan")
        if measure == "outstanding":
            return float(self.behind[-1, OUTSTANDING])
        return float(self.behind[-horizon:, self._column(measure)].sum())

    def _column(self, measure: str) -> int:
        if measure not in self.columns:
            raise InputError(f"there is no measure {measure}; there are {', '.join(self.measures)}")
        return self.columns.index(measure)


def _spread(values: Floats) -> dict[str, float]:
    low, likely, high = np.percentile(values, [LOW, 50, HIGH])
    return {"low": float(low), "likely": float(likely), "high": float(high)}


def _spread_with_never(values: Floats) -> dict[str, float]:
    """Percentiles where infinite is `never`: missing."""
    at = np.percentile(values, [LOW, 50, HIGH], method="nearest")
    return dict(zip(("low", "likely", "high"), np.where(np.isinf(at), np.nan, at).tolist(), strict=True))


def _extra(share: float) -> str:
    return "never" if np.isnan(share) else f"{100 * share:.1f}"


def _money(amount: float, currency: str) -> str:
    return money_text(Decimal(round(amount)), currency)
