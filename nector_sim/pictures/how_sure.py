"""How sure the numbers are: the break-even with its range, and the tornado of assumptions."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nector_sim.pictures.style import FAINT, INK, PROPOSAL, TODAY, make_room, plain_axes, short_money, title_of
from nector_sim.rules.money import money_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: An answer at the low and at the high end of an assumption.
AT_LOW, AT_HIGH = "#56B4E9", "#E69F00"
#: Assumptions, as a merchant says them.
SPOKEN = {
    "gross_margin_percent": "gross margin",
    "tax_percent": "tax",
    "payment_fee_percent": "payment fee, %",
    "payment_fee_fixed": "payment fee, fixed",
    "cod_fee": "cash-on-delivery fee",
    "fulfilment_cost": "fulfilment",
    "return_cost": "cost of a return",
    "take_up_percent": "take-up",
    "ultimate_redemption_percent": "ultimate redemption",
}


class BreakEven:
    """A picture of break-even uplifts with their ranges, drawn on Axes and drawn over.

    Examples
    --------
    >>> from nector_sim.pictures.style import new_figure
    >>> picture = BreakEven(new_figure().subplots())
    >>> picture.update(pd.DataFrame({"value": [0.062, np.nan], "low": [0.047, 0.4], "high": [0.083, np.nan]},
    ...                             index=["today", "proposed"]))
    >>> print(picture.describe())
    More orders needed in 100: today 6.2 (4.7 to 8.3), proposed never (40.0 to never).
    """

    def __init__(self, ax: Axes) -> None:
        self.ax = ax
        make_room(ax, left=0.2, top=0.8)
        self._said: list[str] = []

    def update(self, ranges: pd.DataFrame, *, data: str = "") -> None:
        """Draw ``value``, ``low`` and ``high`` of each setting, over the last ones; missing is `never`."""
        self.ax.clear()
        plain_axes(self.ax)
        self.ax.spines["left"].set_visible(False)
        self.ax.grid(axis="x", color="#EEEEEE")
        known = ranges[[name for name in ("value", "low", "high") if name in ranges]].to_numpy(dtype=np.float64) * 100
        finite = known[np.isfinite(known)]
        end = float(finite.max()) * 1.25 if finite.size and finite.max() > 0 else 1.0
        self._said = []
        for place, (name, row) in enumerate(zip(ranges.index, known, strict=True)):
            value, low, high = row if len(row) == 3 else (row[0], np.nan, np.nan)
            colour = TODAY if place == 0 and len(known) > 1 else PROPOSAL
            text = "never" if np.isnan(value) else f"{value:.1f}"
            if len(row) == 3:
                reach = "never" if np.isnan(high) else f"{high:.1f}"
                text += f" ({'never' if np.isnan(low) else f'{low:.1f}'} to {reach})"
                if not np.isnan(low):
                    self.ax.plot(
                        [low, end if np.isnan(high) else high], [place, place], color=colour, linewidth=5, alpha=0.45
                    )
            if not np.isnan(value):
                self.ax.scatter([value], [place], s=60, color=colour, zorder=3)
            at = next((float(number) for number in (value, low) if not np.isnan(number)), 0.0)
            self.ax.annotate(text, (at, place), (0, 9), textcoords="offset points", ha="center", fontsize=9, color=INK)
            self._said.append(f"{name} {text}")
        self.ax.set_yticks(range(len(known)), [str(name) for name in ranges.index], fontsize=9)
        self.ax.set_ylim(len(known) - 0.4, -0.7)
        self.ax.set_xlim(min(0.0, float(finite.min()) * 1.1 if finite.size else 0.0), end)
        self.ax.set_xlabel("Break-even: more orders like today's, %", fontsize=9)
        ranged = " – bars: 5th to 95th percentile" if known.shape[1] == 3 else ""
        title = f"Break-even{ranged}"
        title_of(self.ax, title, data)

    def describe(self) -> str:
        """Say what the picture shows, for those who do not see it."""
        return f"More orders needed in 100: {', '.join(self._said)}."


class Tornado:
    """A picture of which assumption moves an answer most, drawn on Axes and drawn over.

    Examples
    --------
    >>> from nector_sim.pictures.style import new_figure
    >>> picture = Tornado(new_figure().subplots(), currency="INR")
    >>> table = pd.DataFrame({"assumption": ["take_up_percent"], "low": [40.0], "likely": [60.0], "high": [80.0],
    ...                       "given": [True], "answer_at_low": [400.0], "answer_at_high": [800.0], "swing": [400.0]})
    >>> picture.update(table, likely=600.0, answer="cost of the program")
    >>> print(picture.describe())
    Cost of the program, likely ₹600: take-up 40 to 80 gives ₹400 to ₹800.
    """

    def __init__(self, ax: Axes, *, currency: str) -> None:
        self.ax = ax
        self.currency = currency
        make_room(ax, left=0.24, top=0.82)
        self._said = ""

    def update(self, table: pd.DataFrame, *, likely: float, answer: str, data: str = "") -> None:
        """Draw a tornado, over the last one."""
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        moving = table[table["swing"] > 0].reset_index(drop=True)
        self.ax.clear()
        plain_axes(self.ax)
        self.ax.spines["left"].set_visible(False)
        self.ax.grid(axis="x", color="#EEEEEE")
        names, said = [], []
        for place, row in moving.iterrows():
            for end, colour in (("low", AT_LOW), ("high", AT_HIGH)):
                reached = float(row[f"answer_at_{end}"])
                self.ax.barh(float(str(place)), reached - likely, 0.6, left=likely, color=colour)
                outward = 1 if reached >= likely else -1
                self.ax.annotate(
                    f"{row[end]:g}", (reached, float(str(place))), (4 * outward, 0), textcoords="offset points",
                    ha="left" if outward > 0 else "right", va="center", fontsize=9, color=INK,
                )  # fmt: skip
            spoken = SPOKEN.get(str(row["assumption"]), str(row["assumption"]))
            names.append(spoken if row["given"] else f"{spoken} (±10 %)")
            said.append(
                f"{spoken} {row['low']:g} to {row['high']:g} gives {self._money(row['answer_at_low'])} to "
                f"{self._money(row['answer_at_high'])}"
            )
        self.ax.axvline(likely, color=INK, linewidth=1)
        self.ax.set_yticks(range(len(names)), names, fontsize=9)
        self.ax.set_ylim(max(len(names), 1) - 0.4, -0.6)
        self.ax.margins(x=0.2)
        self.ax.xaxis.set_major_locator(MaxNLocator(4))
        self.ax.xaxis.set_major_formatter(FuncFormatter(lambda amount, _: short_money(amount, self.currency)))
        self.ax.spines["bottom"].set_color(FAINT)
        title = (
            f"What moves the {answer} most ({self.currency})\nline: {self._money(likely)}, all assumptions as likely"
        )
        bars = self.ax.get_position()  # names of assumptions leave the title little room above the bars
        title_of(self.ax, title, data, x=(0.01 - bars.x0) / bars.width)
        moved = "; ".join(said) if said else "no assumption moves it"
        self._said = f"{answer.capitalize()}, likely {self._money(likely)}: {moved}"

    def describe(self) -> str:
        """Say what the picture shows, for those who do not see it."""
        return f"{self._said}."

    def _money(self, amount: float) -> str:
        text = money_text(Decimal(round(abs(amount))), self.currency)
        return f"−{text}" if round(amount) < 0 else text
