"""Pictures of a test of two settings: what can be seen, how alike the sides are, and what they differ in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nector_sim.pictures.style import FAINT, INK, PROPOSAL, TODAY, make_room, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nector_sim.exploration.experiments.assign import ExperimentAssignment
    from nector_sim.exploration.experiments.plan import ExperimentPlan
    from nector_sim.exploration.experiments.read import ExperimentReading

_COLOURS = {"orders": "#0072B2", "margin": "#D55E00"}


def what_can_be_seen(result: ExperimentPlan, ax: Axes) -> Axes:
    """Draw the smallest change of orders that the shop's customers show, by weeks.

    Parameters
    ----------
    result : ExperimentPlan
    ax : matplotlib.axes.Axes

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    plain_axes(ax)
    ax.grid(axis="y", color="#EEEEEE")
    for outcome, colour in _COLOURS.items():
        for cuped, style in ((False, "o:"), (True, "o-")):
            rows = result.seen[(result.seen["outcome"] == outcome) & (result.seen["cuped"] == cuped)]
            name = f"{outcome}, CUPED" if cuped else outcome
            ax.plot(rows["weeks"], 100 * rows["smallest"], style, color=colour, label=name)
    if result.break_even is not None:
        ax.axhline(100 * abs(result.break_even), color=INK, linewidth=1.2)
        ax.annotate(
            "break-even of the pair",
            (1, 100 * abs(result.break_even)),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            fontsize=8,
        )
    ax.set_xticks(sorted(result.seen["weeks"].unique()))
    ax.set_ylim(bottom=0)
    ax.set_xlabel("weeks of the test")
    ax.set_ylabel("smallest change of orders seen, %")
    if len(result.seen):
        ax.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    make_room(ax, left=0.12, right=0.76, bottom=0.16)
    ax.set_label("What the test can see by weeks. " + result.text().replace("\n", " "))
    return ax


def sides(result: ExperimentAssignment, ax: Axes) -> Axes:
    """Draw how far apart the sides were before the test.

    Parameters
    ----------
    result : ExperimentAssignment
    ax : matplotlib.axes.Axes

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    plain_axes(ax)
    balance = result.balance[::-1]
    ax.axvspan(-0.1, 0.1, color="#EEEEEE")
    ax.axvline(0, color=FAINT, linewidth=0.8)
    ax.plot(balance["standardised_difference"], np.arange(len(balance)), "o", color=PROPOSAL)
    ax.set_yticks(np.arange(len(balance)), balance["outcome"].tolist())
    ax.set_xlim(-0.2, 0.2)
    ax.set_xlabel("candidate less baseline before the start, in standard deviations")
    make_room(ax, left=0.18, bottom=0.18)
    ax.set_label("How alike the sides were before. " + result.text().replace("\n", " "))
    return ax


def differences(result: ExperimentReading, ax: Axes) -> Axes:
    """Draw each outcome's difference as a share of the baseline's, with its range.

    Parameters
    ----------
    result : ExperimentReading
    ax : matplotlib.axes.Axes

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    plain_axes(ax)
    rows = result.frame
    rows = rows[rows["group"] == "all"] if "group" in rows else rows
    rows = rows[rows["baseline"] != 0][::-1]
    middle, low, high = (100 * rows[name] / rows["baseline"].abs() for name in ("difference", "low", "high"))
    places = np.arange(len(rows))
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.hlines(places, low, high, color=TODAY, linewidth=3)
    ax.plot(middle, places, "o", color=PROPOSAL)
    ax.set_yticks(places, rows["outcome"].tolist())
    ax.set_xlabel(f"candidate less baseline, % of the baseline ({result.level:.1%} ranges)")
    make_room(ax, left=0.3, bottom=0.18)
    ax.set_label("Differences with their ranges. " + result.answer)
    return ax
