"""Limits over the settings of a sweep: which settings meet them, how surely, and which comes closest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim.economics import labels
from nector_sim.economics.assumptions import named_percent
from nector_sim.errors import InputError
from nector_sim.results import count

#: A limit is met where this share of the draws meets it.
SURE = 0.9


@dataclass(frozen=True, slots=True)
class SettingLimit:
    """One limit over the settings of a sweep."""

    name: str
    column: str
    limit: float
    sign: int
    """1 where the number is at most the limit, -1 where it is at least that."""
    numbers: npt.NDArray[np.float64]
    """Of each setting; what is missing is infinite."""
    meets: npt.NDArray[np.bool_]
    drawn: list[Any] | None
    """For each setting, which draws of customers meet it; None without ranges."""

    @classmethod
    def of(cls, table: pd.DataFrame, name: str, limit: float | str) -> SettingLimit:
        """Hold the settings against a limit."""
        column, sign, read = _MEASURES[name]
        value = read(name, limit)
        require(table, column)
        numbers = np.asarray(table[column].astype(np.float64).fillna(np.inf), dtype=np.float64)
        meets, drawn = sign * numbers <= sign * value, None
        draws = table.attrs.get("draws")
        if draws is not None and column in draws.of_settings[0]:
            drawn = [np.atleast_1d(sign * draws.of_settings[row][column] <= sign * value) for row in table.index]
            meets = meets & np.array([of_setting.mean() >= SURE for of_setting in drawn])
        return cls(name, column, value, sign, numbers, meets, drawn)

    def closest(self, table: pd.DataFrame) -> str:
        """Say how many settings meet it, and which comes closest."""
        place = int((self.sign * self.numbers).argmin())
        setting = ", ".join(f"{path} = {shown(table[path].iloc[place])}" for path in swept(table))
        sure = "" if self.drawn is None else f" {labels.SURE} {labels.OTHERS}"
        return (
            f"{int(self.meets.sum()):,} of {count(len(table), 'setting')} meet it{sure}; "
            f"{self.numbers[place]:,.4g} of {setting} comes closest"
        )

    def excess(self) -> npt.NDArray[np.float64]:
        """How far each setting is beyond the limit, of the limit; 0 where it is not."""
        beyond = self.sign * (self.numbers - self.limit)
        return np.asarray(np.maximum(beyond, 0) / max(abs(self.limit), 1e-9))


def limits_of(table: pd.DataFrame, given: Mapping[str, float | str | None]) -> list[SettingLimit]:
    """The limits that are given."""
    return [SettingLimit.of(table, name, limit) for name, limit in given.items() if limit is not None]


def met_by_all(table: pd.DataFrame, limits: Sequence[SettingLimit]) -> npt.NDArray[np.bool_]:
    """Which settings meet every limit."""
    met: npt.NDArray[np.bool_] = np.ones(len(table), dtype=np.bool_)
    for limit in limits:
        met &= limit.meets
    return met


def share_that_holds(limits: Sequence[SettingLimit], place: int) -> float | None:
    """The share of draws in which the setting in a place meets every limit that there are draws of."""
    drawn = [limit.drawn[place] for limit in limits if limit.drawn is not None]
    return float(np.logical_and.reduce(drawn).mean()) if drawn else None


def closest_to_all(table: pd.DataFrame, limits: Sequence[SettingLimit]) -> int:
    """The place of the setting that comes closest to meeting every limit.

    It is the one that meets them all in most draws; of several, the one that is least beyond any of them.
    """
    holds = [share_that_holds(limits, place) or 0.0 for place in range(len(table))]
    beyond = np.max([limit.excess() for limit in limits], axis=0)
    return int(np.lexsort((beyond, -np.asarray(holds)))[0])


def place_of(table: pd.DataFrame, row: Any) -> int:
    """The position of a row of the table."""
    return int(np.flatnonzero(table.index == row)[0])


def swept(table: pd.DataFrame) -> list[str]:
    """Give the swept paths of a sweep's table: the columns before its totals."""
    return [str(name) for name in table.columns[: list(table.columns).index("orders")]]


def shown(value: Any) -> str:
    """Write the value of a field."""
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if pd.isna(value) else f"{value:,g}" if isinstance(value, int | float) else str(value)


def require(table: pd.DataFrame, *names: str) -> None:
    """Refuse a table that lacks columns."""
    missing = [name for name in names if name not in table.columns]
    if missing:
        hint = "; sweep with floor_percent" if "orders_below_floor" in missing else "; give the table of a sweep"
        raise InputError(f"The table has no column {', '.join(missing)}{hint}")


def _percent_of(name: str, limit: Any) -> float:
    return named_percent(name, limit) / 100


def _uplift_of(name: str, limit: Any) -> float:
    return named_percent(name, limit, at_most_100=False) / 100


def _number_of(name: str, limit: Any) -> float:
    return float(limit)


#: For each limit the column that it is of, whether it is one above (1) or below (-1), and how it is read.
_MEASURES: dict[str, tuple[str, int, Any]] = {
    "margin_at_least": ("margin", -1, _number_of),
    "margin_per_order_at_least": ("margin_per_order", -1, _number_of),
    "cost_at_most": ("cost_of_program", 1, _number_of),
    "discount_rate_at_most_percent": ("discount_rate", 1, _percent_of),
    "break_even_at_most_percent": ("break_even_uplift", 1, _uplift_of),
    "customers_who_get_less_at_most_percent": ("share_who_get_less", 1, _percent_of),
    "orders_below_floor_at_most": ("orders_below_floor", 1, _number_of),
}
