"""Pictures of what is owed: outstanding by age, the months behind and ahead, and the triangle of redemption."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

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


def draw_forecast(
    timeline: pd.DataFrame,
    ahead: Forecast,
    ax: Axes,
    *,
    setting: str | None = None,
    points_label: str = "points",
    data: str = "",
) -> Axes:
    """Draw the months behind, and the months ahead as a fan from the 5th to the 95th percentile.

    Parameters
    ----------
    timeline : pandas.DataFrame
        From ``Replay.timeline()``; a last month that the history breaks off in looks small.
    ahead : Forecast
        Months are counted from the end of the history.
    ax : matplotlib.axes.Axes
        Where to draw.
    setting : str, optional
        Left out, the forecast's first.
    points_label : str
        What the merchant calls points.
    data : str
        What the orders are, for the title.

    Returns
    -------
    matplotlib.axes.Axes
        The same, with what was redeemed in each month and what was outstanding at its end.
    """
    plain_axes(ax)
    ax.grid(axis="y", color="#EEEEEE")
    behind, months = len(timeline), ahead.timeline(setting)
    for measure, column, colour in (
        ("points_redeemed", "redeemed", _SPENT),
        ("outstanding", "outstanding", _OWED),
    ):
        past = timeline[column].to_numpy(np.float64)
        fan = months[months["measure"] == measure]
        places = behind - 1 + fan["month"].to_numpy()
        ax.plot(np.arange(behind), past, color=colour, marker=".", label=f"{column}, behind")
        ax.plot(places, fan["likely"], color=colour, linestyle="--", label=f"{column}, ahead\n(likely, 5 to 95 %)")
        ax.fill_between(places, fan["low"], fan["high"], color=colour, alpha=0.25, linewidth=0)
    ax.axvline(behind - 0.5, color=INK, linewidth=0.8)
    names = [*timeline["month"], *(f"+{month}" for month in range(1, ahead.months + 1))]
    every = max(1, -(-len(names) // _MOST_LABELS))
    ax.set_xticks(np.arange(len(names))[::every], names[::every], rotation=45, ha="right")
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_formatter(lambda points, _: f"{points:,.0f}")
    ax.set_ylabel(f"{points_label} a month")
    ax.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    of = setting or ahead.settings[0]
    title_of(ax, f"Behind and ahead under “{of}” ({points_label} by month)", data)
    make_room(ax, left=0.14, right=0.68, bottom=0.2, top=0.86)
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
