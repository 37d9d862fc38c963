"""One function for each picture of a result, so that all are called alike: the result and Axes in, the Axes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nector_sim.pictures.discount_by_cart import DiscountByCart
from nector_sim.pictures.how_sure import BreakEven, Tornado
from nector_sim.pictures.liability import draw_expiring, draw_fan, draw_outstanding, draw_owed, draw_triangle
from nector_sim.pictures.limits import Limits
from nector_sim.pictures.showing import new_axes
from nector_sim.pictures.style import figure_of, svg
from nector_sim.pictures.timeline import draw_timeline
from nector_sim.pictures.waterfall import Waterfall
from nector_sim.results import count

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from nector_sim.economics.summary import Summary
    from nector_sim.economics.ultimate import Ultimate
    from nector_sim.exploration.comparison import Comparison
    from nector_sim.exploration.forecast_result import Forecast
    from nector_sim.ledger.liability import Liability
    from nector_sim.ledger.replay import Replay
    from nector_sim.rules.program import Program

__all__ = ["new_axes"]


def as_svg(ax: Axes) -> str:
    """Write a picture as SVG for a page, with its words for a screen reader."""
    return svg(figure_of(ax), str(ax.get_label()))


def timeline(result: Replay, ax: Axes) -> Axes:
    """Draw the points that moved in each month, and what was outstanding at its end.

    Parameters
    ----------
    result : Replay
    ax : matplotlib.axes.Axes

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    months = result.timeline()
    draw_timeline(months, ax, points_label=result.points_label)
    last = f", {int(months['outstanding'].iloc[-1]):,} outstanding at the end" if len(months) else ""
    ax.set_label(f"Points earned and redeemed in each of {count(len(months), 'month')}{last}")
    return ax


def outstanding(result: Liability, ax: Axes, *, data: str = "") -> Axes:
    """Draw what is owed by age of the points, at face value and as expected.

    Parameters
    ----------
    result : Liability
    ax : matplotlib.axes.Axes
    data : str
        What the balances are, for the title.

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    draw_outstanding(result, ax, data=data)
    ages = result.by_age()
    ax.set_label("Owed by age: " + ", ".join(f"{a} {f}" for a, f in zip(ages["age"], ages["face"], strict=True)))
    return ax


def expiring(result: Liability, ax: Axes, *, data: str = "") -> Axes:
    """Draw what expires by month, at face value.

    Parameters
    ----------
    result : Liability
    ax : matplotlib.axes.Axes
    data : str
        What the balances are, for the title.

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    return draw_expiring(result, ax, data=data)


def owed(result: Forecast, ax: Axes, *, setting: str | None = None) -> Axes:
    """Draw what is owed at the end of each month, behind and ahead, at face value.

    Parameters
    ----------
    result : Forecast
    ax : matplotlib.axes.Axes
    setting : str, optional
        Left out, the forecast's first.

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    return draw_owed(result, ax, setting=setting)


def fan(result: Forecast, ax: Axes, *, setting: str | None = None, measure: str = "points_redeemed") -> Axes:
    """Draw the months behind, and the months ahead as a fan from the 5th to the 95th percentile.

    Parameters
    ----------
    result : Forecast
    ax : matplotlib.axes.Axes
    setting : str, optional
        Left out, the forecast's first.
    measure : str
        What to draw by month, as in ``result.timeline()``: ``points_redeemed``, ``discount``, ``expired``,
        ``outstanding`` and others.

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    return draw_fan(result, ax, setting=setting, measure=measure)


def triangle(result: Ultimate, ax: Axes, *, data: str = "") -> Axes:
    """Draw the share of each month's points that was redeemed, by months since the credit.

    Parameters
    ----------
    result : Ultimate
    ax : matplotlib.axes.Axes
    data : str
        What the orders are, for the title.

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    draw_triangle(result, ax, data=data)
    low, likely, high = result.percent
    ax.set_label(f"Share of points redeemed by months since the credit; ever: {low:.0f}, {likely:.0f}, {high:.0f} %")
    return ax


def break_even(result: Comparison, ax: Axes, *, data: str = "") -> Axes:
    """Draw the break-even of both settings against no redemption, with their ranges.

    Parameters
    ----------
    result : Comparison
    ax : matplotlib.axes.Axes
    data : str
        What the orders are, for the title.

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    rows = result.ranges.loc[["baseline.break_even_uplift", "candidate.break_even_uplift"]]
    picture = BreakEven(ax)
    picture.update(rows.set_axis(["today", "proposal"]), data=data)
    ax.set_label(picture.describe())
    return ax


def tornado(result: Comparison, ax: Axes, *, data: str = "") -> Axes:
    """Draw which assumption changes the difference of the margins most.

    Parameters
    ----------
    result : Comparison
    ax : matplotlib.axes.Axes
    data : str
        What the orders are, for the title.

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    picture = Tornado(ax, currency=result.currency)
    picture.update(result.tornado, likely=result.answer, answer="margin beyond today's", data=data)
    ax.set_label(picture.describe())
    return ax


def waterfall(result: Summary, ax: Axes, *, data: str = "") -> Axes:
    """Draw where the money goes, from net sales to the margin.

    Parameters
    ----------
    result : Summary
        One that knows its currency: summarised with its program.
    ax : matplotlib.axes.Axes
    data : str
        What the orders are, for the title.

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    picture = Waterfall(ax, currency=result.currency)
    picture.update(result, data=data)
    ax.set_label(picture.describe())
    return ax


def limits(result: Summary, ax: Axes, *, data: str = "") -> Axes:
    """Draw the share of orders by what limited the discount.

    Parameters
    ----------
    result : Summary
    ax : matplotlib.axes.Axes
    data : str
        What the orders are, for the title.

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    picture = Limits(ax)
    picture.update(result.limited_by, data=data)
    ax.set_label(picture.describe())
    return ax


def discount_by_cart(
    program: Program, ax: Axes, *, orders: pd.DataFrame | None = None, today: Program | None = None, data: str = ""
) -> Axes:
    """Draw what customers with enough points get, by cart size.

    Parameters
    ----------
    program : Program
    ax : matplotlib.axes.Axes
    orders : pandas.DataFrame, optional
        Scored orders, whose average discount is drawn below.
    today : Program, optional
        Today's setting, as a thin line behind.
    data : str
        What the orders are, for the title.

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    picture = DiscountByCart(ax, currency=program.currency)
    picture.update(program, orders=orders, today=today, data=data)
    ax.set_label(picture.describe())
    return ax
