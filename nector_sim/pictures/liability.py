"""Pictures of what is owed: outstanding by age, the months behind and ahead, and the triangle of redemption."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from nector_sim.pictures.style import INK, PROPOSAL, make_room, money_axis, plain_axes, title_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nector_sim.economics.ultimate import Ultimate
    from nector_sim.exploration.forecast import Forecast
    from nector_sim.ledger.liability import Liability

_SPENT, _OWED = "#E69F00", "#0072B2"
_MOST_LABELS = 14


def draw_outstanding(owed: Liability, ax: Axes, *, data: str = "") -> Axes:
    """Draw what is owed by age, at face value, and what is expected of it with its range.

    Parameters
    ----------
    owed : Liability
    ax : matplotlib.axes.Axes
        Where to draw.
    data : str
        What the balances are, for the title.

    Returns
    -------
    matplotlib.axes.Axes
        The same.

    Examples
    --------
    >>> from nector_sim.pictures.style import new_figure
    >>> program = ns.Program(offers=[ns.VariableAmount(points_per_step=1, discount_per_step=1)])
    >>> balances = pd.DataFrame({"customer_id": ["a"], "points": [100]})
    >>> owed = ns.liability(balances, program=program, at="2026-01-01", ultimate_percent=[60, 70, 80])
    >>> draw_outstanding(owed, new_figure().subplots()).get_xticklabels()[0].get_text()
    'brought along'
    """
    plain_axes(ax)
    ages = owed.by_age()
    places = np.arange(len(ages))
    ax.bar(places, ages["face"].astype(float), color=_OWED, alpha=0.35, width=0.7, label="at face value")
    if "expected" in ages:
        low, likely, high = (ages[name].astype(float) for name in ("expected_low", "expected", "expected_high"))
        ax.errorbar(
            places, likely, yerr=[likely - low, high - likely], fmt="o", color=INK, capsize=4,
            label="expected, 5 to 95 %",
        )  # fmt: skip
    ax.set_xticks(places, ages["age"].tolist())
    money_axis(ax.yaxis, owed.currency)
    ax.set_ylabel("owed")
    ax.legend(frameon=False, fontsize=8)
    at = owed.at.astimezone(ZoneInfo(owed._timezone))
    title_of(ax, f"Owed by age of the points ({owed.currency}), {at:%Y-%m-%d %H:%M}", data)
    make_room(ax, left=0.15, top=0.86)
    return ax


def draw_fan(ahead: Forecast, ax: Axes, *, setting: str | None = None, measure: str = "points_redeemed") -> Axes:
    """Draw the months behind, and the months ahead as a fan from the 5th to the 95th percentile.

    Parameters
    ----------
    ahead : Forecast
        Months are counted from the end of the history, both ways.
    ax : matplotlib.axes.Axes
        Where to draw.
    setting : str, optional
        Left out, the forecast's first.
    measure : str
        What to draw by month.

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    plain_axes(ax)
    ax.grid(axis="y", color="#EEEEEE")
    past = ahead.past(measure)
    months = ahead.timeline(setting)
    fan = months[months["measure"] == measure]
    said = measure.replace("_", " ")
    ax.plot(np.arange(-len(past), 0), past, color=_OWED, marker=".", label="behind")
    places = fan["month"].to_numpy() - 1
    ax.plot(places, fan["likely"], color=_SPENT, linestyle="--", marker=".", label="ahead, likely")
    ax.fill_between(places, fan["low"], fan["high"], color=_SPENT, alpha=0.25, linewidth=0, label="5 to 95 %")
    ax.axvline(-0.5, color=INK, linewidth=0.8)
    ticks = np.arange(-len(past), ahead.months)
    every = max(1, -(-len(ticks) // _MOST_LABELS))
    ax.set_xticks(ticks[::every], [f"{number + (number >= 0):+d}" for number in ticks[::every]])
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_formatter(lambda amount, _: f"{amount:,.0f}")
    ax.set_xlabel(f"months before and after {ahead.origin:%Y-%m-%d}")
    ax.set_ylabel(f"{said} a month" if measure != "outstanding" else "outstanding at the end of the month")
    ax.legend(frameon=False, fontsize=8)
    name = setting or ahead.settings[0]
    title_of(ax, f"{said.capitalize()}, behind and ahead under “{name}”", "")
    make_room(ax, left=0.16, bottom=0.14, top=0.86)
    last, likely = (f"{amount:,.0f}" for amount in (past[-1] if len(past) else 0, fan["likely"].iloc[0]))
    ax.set_label(f"{said.capitalize()} by month: {last} in the last month, {likely} likely in the next")
    return ax


def draw_triangle(estimate: Ultimate, ax: Axes, *, data: str = "") -> Axes:
    """Draw the triangle: of the points of each month, the share redeemed by now, by months since the credit.

    Parameters
    ----------
    estimate : Ultimate
    ax : matplotlib.axes.Axes
        Where to draw.
    data : str
        What the orders are, for the title.

    Returns
    -------
    matplotlib.axes.Axes
        The same: a line for each month of credit, the youngest darkest.
    """
    plain_axes(ax)
    ax.grid(axis="y", color="#EEEEEE")
    issued = estimate.table.set_index("month")["issued"].reindex(estimate.triangle.index)
    shares = 100 * estimate.triangle.div(issued.where(issued > 0), axis=0)
    for position, (_, share) in enumerate(shares.iterrows()):
        known = share.dropna()
        ax.plot(
            known.index, known, color=PROPOSAL, alpha=0.25 + 0.75 * (position + 1) / len(shares), marker=".",
            linewidth=1,
        )  # fmt: skip
    ax.axhline(estimate.percent[1], color=INK, linestyle="--", linewidth=1)
    ax.annotate(f"ever redeemed: {estimate.percent[1]:.1f} %", (0.98, estimate.percent[1]), ha="right", va="bottom",
                xycoords=("axes fraction", "data"), fontsize=8)  # fmt: skip
    ax.set_xlabel("months since the credit")
    ax.set_ylabel("redeemed, % of the points of a month")
    title_of(ax, "Redeemed by months since the credit (a line for each month, % of its points)", data)
    make_room(ax, top=0.86)
    return ax
