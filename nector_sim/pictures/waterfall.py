"""The margin waterfall: from what is sold to what is left, line by line."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from nector_sim.pictures.style import FAINT, INK, figure_of, make_room, plain_axes, short_money, title_of
from nector_sim.rules.money import money_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nector_sim.economics.summary import Summary

#: What is there, what goes to points, and what else goes.
THERE, POINTS, GONE = "#0072B2", "#D55E00", "#BBBBBB"


class Waterfall:
    """A picture of where the money of a set of orders goes, drawn on Axes and drawn over.

    Examples
    --------
    >>> from nector_sim.pictures.style import new_figure
    >>> scored = pd.DataFrame({"cart_amount": [1000.0], "discount": [100.0], "points_redeemed": [100],
    ...                        "limited_by": ["balance"]})
    >>> picture = Waterfall(new_figure().subplots(), currency="INR")
    >>> picture.update(ns.summarize(scored, assumptions=ns.Assumptions(gross_margin_percent=50)), data="one order")
    >>> print(picture.describe())
    Net sales without points ₹1,000, points −₹100, goods −₹500, margin ₹400.
    """

    def __init__(self, ax: Axes, *, currency: str) -> None:
        self.ax = ax
        self.currency = currency
        make_room(ax, left=0.03, right=0.97, top=0.84)
        self._steps: list[tuple[str, float]] = []

    def update(self, summary: Summary, *, data: str = "") -> None:
        """Draw a summary, over the last one."""
        self._steps = steps_of(summary)
        self.ax.clear()
        plain_axes(self.ax)
        for side in ("left", "bottom"):
            self.ax.spines[side].set_visible(False)
        self.ax.set_yticks([])  # every bar carries its amount
        level, last = 0.0, len(self._steps) - 1
        write = self._money if self._has_room() else self._short
        for place, (name, amount) in enumerate(self._steps):
            whole = place in (0, last)
            bottom = 0.0 if whole else level
            colour = THERE if whole else POINTS if name == "points" else GONE
            self.ax.bar(place, amount, 0.62, bottom=bottom, color=colour)
            top = max(bottom, bottom + amount)
            self.ax.annotate(
                write(amount),
                (place, top),
                (0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=8 if write == self._money else 9,
                color=INK,
            )
            level = bottom + amount
            if place < last:
                self.ax.plot([place + 0.31, place + 0.69], [level, level], color=FAINT, linewidth=0.8)
        self.ax.axhline(0, color=FAINT, linewidth=0.8)
        self.ax.set_xticks(range(last + 1), [name for name, _ in self._steps], fontsize=8)
        self.ax.tick_params(axis="x", length=0)
        low, high = self.ax.get_ylim()
        self.ax.set_ylim(low, high * 1.08)
        title = f"Where the money goes ({self.currency}, {summary.view} view)"
        title_of(self.ax, title, data)

    def describe(self) -> str:
        """Say what the picture shows, for those who do not see it."""
        lines = (f"{name.replace(chr(10), ' ')} {self._money(amount)}" for name, amount in self._steps)
        return f"{', '.join(lines).capitalize()}."

    def _has_room(self) -> bool:
        """Whether amounts in full fit side by side: a character is at most 5 points wide."""
        longest = max(len(self._money(amount)) for _, amount in self._steps)
        return 5 * longest * len(self._steps) <= 72 * figure_of(self.ax).get_figwidth() * self.ax.get_position().width

    def _short(self, amount: float) -> str:
        return short_money(amount, self.currency)

    def _money(self, amount: float) -> str:
        text = money_text(Decimal(round(abs(amount))), self.currency)
        return f"−{text}" if amount < 0 and round(amount) else text


def steps_of(summary: Summary) -> list[tuple[str, float]]:
    """Each step from net sales without points to the margin, with its amount."""
    lines, without = summary.lines, summary.lines_without
    points = float(lines.net_sales - without.net_sales - lines.points_given)
    steps = [
        ("points", points),
        ("goods", -float(lines.cost_of_goods)),
        ("payment\nfees", -float(lines.payment_fee)),
        ("fulfilment", -float(lines.fulfilment)),
        ("returns", -float(lines.return_cost)),
    ]
    return [
        ("net sales\nwithout points", float(without.net_sales)),
        *((name, amount) for name, amount in steps if round(amount, 2)),
        ("margin", summary.margin),
    ]
