"""How often redeemers use points, by their balance: what was seen, and what was estimated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nector_sim.pictures.style import FAINT, INK, make_room, percent_text, plain_axes, title_of
from nector_sim.results import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nector_sim.economics.fit_take_up import FittedTakeUp

#: Bars are what was seen.
SEEN = "#9CC3E6"


def take_up(result: FittedTakeUp, ax: Axes, *, data: str = "") -> Axes:
    """Draw the share of orders on which redeemers used points, by the balance, and the estimate as a line.

    Parameters
    ----------
    result : FittedTakeUp
    ax : matplotlib.axes.Axes
    data : str
        What the orders are, for the title.

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    from matplotlib.ticker import PercentFormatter

    seen = result.seen
    make_room(ax, top=0.82)
    plain_axes(ax)
    places = range(len(seen))
    ax.bar(places, seen["used"], 0.8, color=SEEN, label="used")
    ax.plot(places, seen["estimated"], color=INK, marker="o", markersize=4, linewidth=1.2, label="estimated")
    ax.set_xticks(list(places), [f"{balance:,}" for balance in seen["balance"]], fontsize=9)
    ax.set_xlabel("points, from")
    ax.set_ylim(0, 1)
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.grid(axis="y", color=FAINT, linewidth=0.5)
    if len(seen):
        ax.legend(frameon=False, fontsize=9)
    title_of(ax, "Orders on which redeemers used points, of those on which they could", data)
    said = (
        f"from {count(balance, 'point')} {percent_text(used)} used, {percent_text(estimated)} estimated"
        for balance, used, estimated in zip(seen["balance"], seen["used"], seen["estimated"], strict=True)
    )
    ax.set_label(f"Take-up of redeemers by balance: {'; '.join(said) if len(seen) else 'too few redemptions'}")
    return ax
