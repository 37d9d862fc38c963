"""The timeline of a ledger: points that moved in each month, and what was outstanding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nector_sim.pictures.style import INK, make_room, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What adds points stands above the line, what takes them below; colours that people with colour-blindness tell apart.
_ADDS = {"granted": "#56B4E9", "earned": "#0072B2", "given_back": "#009E73"}
_TAKES = {"redeemed": "#E69F00", "expired": "#999999", "taken_back": "#D55E00"}
_MOST_LABELS = 12


def draw_timeline(timeline: pd.DataFrame, ax: Axes, *, points_label: str = "points") -> Axes:
    """Draw a timeline.

    Examples
    --------
    >>> from nector_sim.pictures.style import new_figure
    >>> offer = ns.VariableAmount(points_per_step=1, discount_per_step=1)
    >>> orders = ns.demo_orders().head(1000)
    >>> ax = draw_timeline(ns.replay(ns.Program(offers=[offer]), orders).timeline(), new_figure().subplots())
    >>> ax.get_ylabel()
    'points a month'
    """
    plain_axes(ax)
    ax.grid(axis="y", color="#EEEEEE")
    months = np.arange(len(timeline))
    for kinds, sign in ((_ADDS, 1), (_TAKES, -1)):
        bottom = np.zeros(len(timeline))
        for kind, colour in kinds.items():
            moved = timeline[kind].to_numpy(np.float64) * sign
            if moved.any():
                ax.bar(months, moved, bottom=bottom, color=colour, width=0.8, label=kind.replace("_", " "))
                bottom += moved
    outstanding = timeline["outstanding"].to_numpy(np.float64)
    ax.plot(months, outstanding, color=INK, linewidth=1.6, marker=".", label="outstanding at the end")
    ax.axhline(0, color=INK, linewidth=0.8)
    every = max(1, -(-len(timeline) // _MOST_LABELS))
    ax.set_xticks(months[::every], timeline["month"].tolist()[::every], rotation=45, ha="right")
    ax.yaxis.set_major_formatter(lambda points, _: f"{points:,.0f}")
    ax.set_ylabel(f"{points_label} a month")
    ax.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    make_room(ax, left=0.14, right=0.76, bottom=0.2)
    return ax
