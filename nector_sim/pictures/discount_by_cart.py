"""The discount by cart size: what a rule gives to a customer with enough points, with what limits it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim.calculator.reasons import REASONS
from nector_sim.pictures.style import (
    COLOURS,
    INK,
    SHORT,
    TODAY,
    figure_of,
    make_room,
    money_axis,
    plain_axes,
    round_up,
    title_of,
)
from nector_sim.rules.money import MAX_POINTS
from nector_sim.scoring import score

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from nector_sim.rules.program import Program

#: Carts along the curve, and bands of carts that real orders are averaged over.
CURVE, BANDS = 500, 24
#: What a row of the legend takes, in points.
LEGEND_ROW = 14
#: The share of orders whose carts fit on the picture; the few largest would squeeze the rest.
SHOWN_SHARE = 0.98
_LIMITED = {
    "cart": "most: the whole cart",
    "max_discount": "most: your maximum discount",
    "min_payable": "most: cart less the minimum to pay",
    "min_cart": "most: held back by the minimum cart",
} | {reason: SHORT[reason] for reason in REASONS if reason not in ("cart", "max_discount", "min_payable", "min_cart")}


def discount_curve(program: Program, *, up_to: float, carts: int = CURVE) -> pd.DataFrame:
    """Score carts spaced evenly up to `up_to`, major units: enough points, no tier, a time inside every offer's dates.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    >>> curve = discount_curve(program, up_to=1500, carts=3)
    >>> curve["cart_amount"].tolist(), curve["discount"].tolist()
    ([500.0, 1000.0, 1500.0], [400.0, 900.0, 1000.0])
    """
    cart = np.round(np.linspace(up_to / carts, up_to, carts), program.decimals)
    orders = pd.DataFrame({"cart_amount": cart, "points_balance": np.full(carts, MAX_POINTS)})
    orders["ordered_at"] = pd.Series(pd.NaT, index=orders.index, dtype="datetime64[us, UTC]")
    scored: pd.DataFrame = score(program, orders)
    return scored


class DiscountByCart:
    """A picture of the discount by cart size, drawn on Axes and drawn over when the setting changes.

    A line for customers with enough points, coloured by what limits the discount; below it, where orders are given,
    what they really got on average in each band of carts. Today's setting is a thin line behind.

    Examples
    --------
    >>> from nector_sim.pictures.style import new_figure
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    >>> picture = DiscountByCart(new_figure().subplots(), currency=program.currency)
    >>> picture.update(program, up_to=2000)
    >>> picture.ax.get_xlabel()
    'Cart amount'
    """

    def __init__(self, ax: Axes, *, currency: str) -> None:
        self.ax = ax
        self._currency = currency
        plain_axes(ax)
        ax.grid(axis="y", color="#EEEEEE")
        ax.set_xlabel("Cart amount")
        ax.set_ylabel("Discount")
        money_axis(ax.xaxis, currency)
        money_axis(ax.yaxis, currency)
        (self._today,) = ax.plot([], [], color=TODAY, linewidth=1.5, linestyle="--")
        (self._average,) = ax.step([], [], where="mid", color=INK, linewidth=1.2)
        self._lines: dict[str, Line2D] = {
            reason: ax.plot([], [], color=COLOURS[reason], linewidth=2.6, solid_capstyle="butt")[0]
            for reason in REASONS
        }
        self._legend: tuple[str, ...] = ()
        self._reasons: tuple[str, ...] = ()
        figure_of(ax).subplots_adjust(top=0.8)  # room for the legend above

    def update(
        self,
        program: Program,
        *,
        orders: pd.DataFrame | None = None,
        today: Program | None = None,
        up_to: float | None = None,
        data: str = "",
    ) -> None:
        """Draw a setting, over the last one, today's thinly behind; `up_to` (major units) fits the orders else."""
        if up_to is None:
            up_to = usual_cart(None if orders is None else orders["cart_amount"].to_numpy(np.float64))
        curve = discount_curve(program, up_to=up_to)
        cart, discount = curve["cart_amount"].to_numpy(), curve["discount"].to_numpy()
        codes = curve["limited_by"].cat.codes.to_numpy()
        for code, reason in enumerate(REASONS):
            # A stretch reaches to the first cart of the next one, so that no gap is left between two colours.
            own = codes == code
            own[1:] |= own[:-1]
            self._lines[reason].set_data(cart, np.where(own, discount, np.nan))
            self._lines[reason].set_visible(bool(own.any()))
        highest = discount.max()
        if today is None:
            self._today.set_data([], [])
        else:
            before = discount_curve(today, up_to=up_to)["discount"].to_numpy()
            self._today.set_data(cart, before)
            highest = max(highest, before.max())
        if orders is None:
            self._average.set_data([], [])
        else:
            self._average.set_data(*average_by_band(orders, up_to=up_to))
        self.ax.set_xlim(0, up_to)
        self.ax.set_ylim(0, round_up(highest * 1.05) if highest else 1)
        present = np.unique(codes).tolist()
        self._label(tuple(REASONS[code] for code in present), today is not None, orders is not None)
        if data or self.ax.get_title(loc="left"):
            self._title(data)

    def _label(self, reasons: tuple[str, ...], today: bool, orders: bool) -> None:
        entries = [(self._lines[reason], _LIMITED[reason]) for reason in reasons]
        if today:
            entries.append((self._today, "today's setting"))
        if orders:
            entries.append((self._average, "average of the orders"))
        names = tuple(name for _, name in entries)
        if names != self._legend:
            self._legend, self._reasons = names, reasons
            self.ax.legend(
                *zip(*entries, strict=True), ncols=2, loc="lower left", bbox_to_anchor=(-0.14, 1), borderaxespad=0.3,
                fontsize=9, frameon=False, labelcolor=INK, handlelength=1.6, columnspacing=1.2,
            )  # fmt: skip

    def _title(self, data: str) -> None:
        """Above the legend, whose rows take up so much room."""
        legend = LEGEND_ROW * -(-len(self._legend) // 2)
        title_of(self.ax, f"Discount by cart size ({self._currency})", data, pad=legend + 9)
        make_room(self.ax, top=1 - (legend + 47) / 72 / figure_of(self.ax).get_figheight())

    def describe(self) -> str:
        """Say what the picture shows, for those who do not see it."""
        most, at = 0.0, 0.0
        for line in self._lines.values():
            amounts = np.asarray(line.get_ydata(), dtype=np.float64)
            if amounts.size and not np.isnan(amounts).all() and np.nanmax(amounts) > most:
                most = float(np.nanmax(amounts))
                at = float(np.asarray(line.get_xdata())[int(np.nanargmax(amounts))])
        shown = self.ax.yaxis.get_major_formatter()
        limits = ", ".join(SHORT[reason] for reason in self._reasons)
        return (
            f"Discount by cart size for a customer with enough points: at most {shown(most)}, "
            f"from a cart of {shown(at)}. Limited by: {limits}."
        )


def usual_cart(carts: npt.NDArray[np.float64] | None) -> float:
    """Give a round number that nearly all carts are below.

    Examples
    --------
    >>> usual_cart(np.arange(1001.0))
    1000.0
    """
    if carts is None or not len(carts):
        return 3000.0
    usual = float(np.partition(carts, int(SHOWN_SHARE * (len(carts) - 1)))[int(SHOWN_SHARE * (len(carts) - 1))])
    return round_up(usual) if usual > 0 else 1.0


def average_by_band(orders: pd.DataFrame, *, up_to: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Give the middle and the average discount of bands of carts, major units; NaN where no order falls into a band.

    Examples
    --------
    >>> orders = pd.DataFrame({"cart_amount": [10.0, 20.0, 990.0], "discount": [1.0, 3.0, 50.0]})
    >>> middle, average = average_by_band(orders, up_to=1000)
    >>> float(average[0]), float(average[-1])
    (2.0, 50.0)
    """
    cart, discount = orders["cart_amount"].to_numpy(np.float64), orders["discount"].to_numpy(np.float64)
    band = np.minimum(cart * (BANDS / up_to), BANDS).astype(np.int64)
    count = np.bincount(band, minlength=BANDS + 1)[:BANDS]
    total = np.bincount(band, discount, minlength=BANDS + 1)[:BANDS]
    average = np.full(BANDS, np.nan)
    np.divide(total, count, out=average, where=count > 0)
    middle = np.asarray((np.arange(BANDS) + 0.5) * (up_to / BANDS), np.float64)
    return middle, average
