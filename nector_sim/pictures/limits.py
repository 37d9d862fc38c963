"""What limits the discounts of a set of orders: the share of orders by limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nector_sim.calculator.reasons import REASONS
from nector_sim.pictures.style import (
    COLOURS,
    INK,
    SHORT,
    TODAY,
    figure_of,
    make_room,
    percent_text,
    plain_axes,
    title_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer
    from matplotlib.text import Text


class Limits:
    """A picture of the share of orders by what limited the discount, drawn on Axes and drawn over.

    Examples
    --------
    >>> from nector_sim.pictures.style import new_figure
    >>> picture = Limits(new_figure().subplots())
    >>> picture.update({"balance": 0.75, "min_payable": 0.25})
    >>> print(picture.describe())
    Share of orders by what limits the discount: points balance 75.0 %, minimum to pay 25.0 %.
    """

    def __init__(self, ax: Axes) -> None:
        self.ax = ax
        figure = figure_of(ax)
        figure.subplots_adjust(left=1.35 / figure.get_figwidth())  # room for the names
        self._rows: tuple[str, ...] = ()
        self._bars: BarContainer | None = None
        self._before: BarContainer | None = None
        self._texts: list[Text] = []
        self._mix: dict[str, float] = {}

    def update(self, mix: Mapping[str, float], *, today: Mapping[str, float] | None = None, data: str = "") -> None:
        """Draw the share of orders by ``limited_by``, over the last ones; today's is a thin bar below each."""
        self._mix = dict(mix)
        rows = tuple(reason for reason in REASONS if mix.get(reason) or (today or {}).get(reason))
        if rows != self._rows or (today is None) != (self._before is None):
            self._draw(rows, today is not None)
        for place, reason in enumerate(rows):
            share, before = mix.get(reason, 0.0), None if today is None else today.get(reason, 0.0)
            assert self._bars is not None
            self._bars.patches[place].set_width(share)
            if before is not None and self._before is not None:
                self._before.patches[place].set_width(before)
            changed = before is not None and percent_text(before) != percent_text(share)
            label = percent_text(share) + (f" ({percent_text(before or 0)})" if changed else "")
            self._texts[place].set_text(label)
            self._texts[place].set_x(max(share, before or 0.0) + 0.01)
        self.ax.set_xlim(0, 1.22 if today is None else 1.5)  # room for the texts
        if data or self.ax.get_title(loc="left"):
            title_of(self.ax, "What limits the discounts (share of orders)", data)
            make_room(self.ax, top=0.86)

    def _draw(self, rows: tuple[str, ...], today: bool) -> None:
        self.ax.clear()
        plain_axes(self.ax)
        places = range(len(rows))
        height, shift = (0.42, 0.2) if today else (0.6, 0.0)
        self._bars = self.ax.barh(
            [place - shift for place in places], [0.0] * len(rows), height, color=[COLOURS[reason] for reason in rows]
        )
        self._before = None
        if today:
            self._before = self.ax.barh([place + 0.18 for place in places], [0.0] * len(rows), 0.26, color=TODAY)
        self._texts = [self.ax.text(0, place - shift, "", va="center", fontsize=9, color=INK) for place in places]
        self.ax.set_yticks(list(places), [SHORT[reason] for reason in rows], fontsize=9)
        self.ax.invert_yaxis()
        self.ax.set_xticks([0, 0.25, 0.5, 0.75, 1.0], ["0 %", "25 %", "50 %", "75 %", "100 %"], fontsize=9)
        self.ax.set_xlabel("Share of orders" + (" (grey, in brackets: today's setting)" if today else ""))
        self._rows = rows

    def describe(self) -> str:
        """Say what the picture shows, for those who do not see it."""
        shares = ", ".join(
            f"{SHORT[reason]} {percent_text(self._mix[reason])}" for reason in REASONS if self._mix.get(reason)
        )
        return f"Share of orders by what limits the discount: {shares}."
