"""Many settings in one picture: a heat map over two of their fields, and the frontier."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nector_sim.exploration.choose import frontier
from nector_sim.pictures.style import FAINT, INK, PROPOSAL, make_room, money_axis, percent_text, plain_axes, title_of
from nector_sim.results import count
from nector_sim.rules.money import money_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Today's setting, and one that is recommended.
NOW, CHOSEN = "#D55E00", PROPOSAL
#: Names of a program's fields on a picture.
FIELDS = {
    "points_per_step": "points per step",
    "discount_per_step": "discount per step",
    "max_discount": "maximum discount",
    "max_discount_percent": "maximum discount, % of the cart",
    "min_cart": "minimum cart",
    "min_cart_multiple": "minimum cart, times the discount",
    "min_payable.amount": "minimum amount to pay",
    "min_payable.percent": "minimum to pay, % of the cart",
}
#: Totals of a sweep that a map can show, and how they are written.
VALUES = {
    "margin": "margin",
    "cost_of_program": "cost of the program",
    "discount": "discount",
    "discount_rate": "discount, % of the carts",
    "break_even_uplift": "break-even: more orders, %",
}
_SHARES = ("discount_rate", "break_even_uplift")
#: Ticks along one side of a map.
TICKS = 10


class HeatMap:
    """A picture of one total of a sweep over two of its fields, drawn on Axes and drawn over.

    Today's setting is a ring, a floor a line. Darker is less.

    Examples
    --------
    >>> from nector_sim.pictures.style import new_figure
    >>> table = pd.DataFrame({"min_payable.amount": [0, 0, 100, 100], "offers.0.max_discount": [50, 100, 50, 100],
    ...                       "orders": 1, "margin": [40.0, 10.0, 50.0, 20.0]})
    >>> picture = HeatMap(new_figure().subplots(), currency="INR")
    >>> picture.update(table, x="offers.0.max_discount", y="min_payable.amount",
    ...                today={"offers.0.max_discount": 100, "min_payable.amount": 100})
    >>> print(picture.describe())
    Margin from ₹10 to ₹50 over maximum discount and minimum amount to pay; today ₹20.
    """

    def __init__(self, ax: Axes, *, currency: str) -> None:
        self.ax = ax
        self.currency = currency
        make_room(ax, left=0.14, top=0.84)
        self._bar: Any = None
        self._said = ""

    def update(
        self,
        table: pd.DataFrame,
        *,
        x: str,
        y: str,
        value: str = "margin",
        today: Mapping[str, Any] | None = None,
        floor: float | None = None,
        data: str = "",
    ) -> None:
        """Draw a sweep, over the last one; of several settings at one place the first is shown."""
        cells = table.drop_duplicates([x, y]).pivot_table(
            index=y, columns=x, values=value, dropna=False, sort=True, aggfunc="first"
        )
        columns, rows = list(cells.columns), list(cells.index)
        numbers = cells.to_numpy(dtype=np.float64)
        if self._bar is not None:
            self._bar.remove()
        self.ax.clear()
        image = self.ax.imshow(numbers, cmap="cividis", aspect="auto", origin="lower", interpolation="nearest")
        self._bar = self.ax.figure.colorbar(image, ax=self.ax, format=lambda number, _: self._written(number, value))
        self._bar.outline.set_visible(False)
        self._bar.ax.tick_params(labelsize=8, colors=INK)
        self._ticks(columns, rows, x, y)
        if floor is not None and min(numbers.shape) > 1 and np.nanmin(numbers) < floor < np.nanmax(numbers):
            line = self.ax.contour(numbers, [floor], colors="white", linewidths=2)
            self.ax.clabel(line, fmt=lambda _: self._written(floor, value), fontsize=8)
        self._said = (
            f"{VALUES.get(value, value).capitalize()} from {self._written(np.nanmin(numbers), value)} to "
            f"{self._written(np.nanmax(numbers), value)} over {field_name(x)} and {field_name(y)}"
        )
        if today is not None:
            self._mark(today, columns, rows, numbers, x, y, value)
        unit = "" if value in _SHARES else f" ({self.currency})"
        title = f"{VALUES.get(value, value).capitalize()}{unit}" + (" – ring: today" if today is not None else "")
        title += f" – line: {self._written(floor, value)}" if floor is not None else ""
        title_of(self.ax, title, data)

    def describe(self) -> str:
        """Say what the picture shows, for those who do not see it."""
        return f"{self._said}."

    def _ticks(self, columns: list[Any], rows: list[Any], x: str, y: str) -> None:
        for axis, values, path in ((self.ax.xaxis, columns, x), (self.ax.yaxis, rows, y)):
            places = np.unique(np.linspace(0, len(values) - 1, min(TICKS, len(values))).round().astype(int))
            axis.set_ticks(places, [self._tick(values[place], path) for place in places], fontsize=8)
        self.ax.set_xlabel(field_name(x).capitalize(), fontsize=9)
        self.ax.set_ylabel(field_name(y).capitalize(), fontsize=9)
        self.ax.tick_params(colors=INK, length=0)
        for spine in self.ax.spines.values():
            spine.set_visible(False)

    def _mark(
        self, today: Mapping[str, Any], columns: list[Any], rows: list[Any], numbers: Any, x: str, y: str, value: str
    ) -> None:
        column, row = _place(columns, today[x]), _place(rows, today[y])
        if column is None or row is None:
            return
        self.ax.scatter([column], [row], s=140, facecolors="none", edgecolors="white", linewidths=4)
        self.ax.scatter([column], [row], s=140, facecolors="none", edgecolors=NOW, linewidths=2)
        near = numbers[round(row), round(column)]
        self._said += f"; today {'near ' if column % 1 or row % 1 else ''}{self._written(near, value)}"

    def _tick(self, number: Any, path: str) -> str:
        return setting_text(number, path, self.currency)

    def _written(self, number: float, value: str) -> str:
        return total_text(number, value, self.currency)


class Frontier:
    """A picture of what customers receive against what the merchant keeps, drawn on Axes and drawn over.

    Every setting of a sweep is a dot; those that no other beats in both are joined.

    Examples
    --------
    >>> from nector_sim.pictures.style import new_figure
    >>> table = pd.DataFrame({"discount": [10.0, 20.0, 15.0], "margin": [90.0, 80.0, 70.0]})
    >>> picture = Frontier(new_figure().subplots(), currency="INR")
    >>> picture.update(table, recommended=table.iloc[1])
    >>> print(picture.describe())
    3 settings, 2 of them on the frontier; recommended: discount ₹20, margin ₹80.
    """

    def __init__(self, ax: Axes, *, currency: str) -> None:
        self.ax = ax
        self.currency = currency
        make_room(ax, left=0.18, top=0.84)
        self._said = ""

    def update(
        self,
        table: pd.DataFrame,
        *,
        recommended: pd.Series[Any] | None = None,
        today: pd.Series[Any] | None = None,
        data: str = "",
    ) -> None:
        """Draw a sweep, over the last one."""
        best = frontier(table)
        self.ax.clear()
        plain_axes(self.ax)
        self.ax.grid(color="#EEEEEE")
        self.ax.scatter(table["discount"], table["margin"], s=9, color=FAINT, linewidths=0, label="a setting")
        self.ax.plot(best["discount"], best["margin"], color=INK, linewidth=1.4, label="frontier")
        ranged = "discount_low" in best and "margin_low" in best
        if ranged:
            reach: dict[str, Any] = {
                f"{axis}err": [best[name] - best[f"{name}_low"], best[f"{name}_high"] - best[name]]
                for axis, name in (("x", "discount"), ("y", "margin"))
            }
            self.ax.errorbar(best["discount"], best["margin"], fmt="none", ecolor=INK, alpha=0.35, lw=0.8, **reach)
        self._said = f"{count(len(table), 'setting')}, {len(best):,} of them on the frontier"
        self._said += ", with 90 % ranges (customers resampled)" if ranged else ""
        for name, row, colour, marker in (("today", today, NOW, "D"), ("recommended", recommended, CHOSEN, "o")):
            if row is None:
                continue
            self.ax.scatter(
                [row["discount"]], [row["margin"]], s=70, color=colour, marker=marker, zorder=3, label=name, ec="white"
            )
            self._said += f"; {name}: discount {_signed(row['discount'], self.currency)}, margin "
            self._said += _signed(row["margin"], self.currency)
        money_axis(self.ax.xaxis, self.currency)
        money_axis(self.ax.yaxis, self.currency)
        self.ax.set_xlabel("What customers receive: discount", fontsize=9)
        self.ax.set_ylabel("What you keep: margin", fontsize=9)
        self.ax.legend(frameon=False, fontsize=9, labelcolor=INK)
        title = f"What customers receive against what you keep ({self.currency})"
        title_of(self.ax, title, data)

    def describe(self) -> str:
        """Say what the picture shows, for those who do not see it."""
        return f"{self._said}."


def setting_text(number: Any, path: str, currency: str) -> str:
    """Write a value of a swept field, with its unit."""
    if pd.isna(number):
        return "none"
    if path.endswith(("amount", "discount", "discount_per_step", "min_cart")):
        return money_text(Decimal(str(number)), currency)
    return f"{number:g} %" if path.endswith("percent") else f"{number:g}"


def total_text(number: float, value: str, currency: str) -> str:
    """Write a total of a sweep, with its unit."""
    if np.isnan(number):
        return "never"
    if value == "discount_rate":
        return percent_text(number)
    if value == "break_even_uplift":
        return f"{number * 100:.1f}"
    return _signed(number, currency)


def field_name(path: str) -> str:
    """A field's name on a picture."""
    return FIELDS.get(path, FIELDS.get(path.rpartition(".")[2], path))


def _place(values: list[Any], value: Any) -> float | None:
    """Where a value lies among the grid's, between two where it is not one of them; None outside."""
    if pd.isna(value):
        return next((float(place) for place, other in enumerate(values) if pd.isna(other)), None)
    known = [float(other) for other in values if not pd.isna(other)]
    if not known or not known[0] <= float(value) <= known[-1]:
        return None
    return float(np.interp(float(value), known, range(len(known))))


def _signed(amount: float, currency: str) -> str:
    text = money_text(Decimal(round(abs(amount))), currency)
    return f"−{text}" if round(amount) < 0 else text
