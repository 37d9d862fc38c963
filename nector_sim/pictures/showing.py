"""Pictures as files, and shown in a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nector_sim.pictures.discount_by_cart import DiscountByCart
from nector_sim.pictures.limits import Limits
from nector_sim.pictures.style import figure_of, new_figure, png, svg

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from nector_sim.rules.program import Program


class Shown:
    """A picture as a notebook shows it."""

    def __init__(self, drawn: str) -> None:
        self._drawn = drawn

    def _repr_html_(self) -> str:
        return f'<div style="max-width: 640px">{self._drawn}</div>'


def new_axes() -> Axes:
    """Make Axes with a figure to themselves, to draw a picture on."""
    return new_figure().subplots()


def show(picture: Any) -> Shown:
    """Show a picture in a notebook.

    Parameters
    ----------
    picture : DiscountByCart, Limits, or any other picture of this room
        It has been updated.

    Returns
    -------
    Shown

    Examples
    --------
    >>> picture = Limits(new_axes())
    >>> picture.update({"balance": 1.0})
    >>> "points balance" in show(picture)._repr_html_()
    True
    """
    return Shown(svg(figure_of(picture.ax), picture.describe()))


def show_axes(ax: Axes, description: str) -> Shown:
    """Show Axes in a notebook.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    description : str
        What a screen reader says instead.

    Returns
    -------
    Shown
    """
    return Shown(svg(figure_of(ax), description))


def demo_picture(program: Program, scored: pd.DataFrame, path: Path) -> None:
    """Draw what a program gives by cart size and what limits it on scored orders, side by side, as a PNG file.

    Parameters
    ----------
    program : Program
    scored : pandas.DataFrame
        Orders scored under it.
    path : pathlib.Path
        Where to write it.
    """
    figure = new_figure(13.0, 4.4)
    left, right = figure.subplots(1, 2)
    limits = Limits(right)
    limits.update({str(word): share for word, share in scored["limited_by"].value_counts(normalize=True).items()})
    DiscountByCart(left, currency=program.currency).update(program, orders=scored)
    figure.subplots_adjust(left=0.07, right=0.98, bottom=0.13, top=0.8, wspace=0.3)
    figure.text(0.01, 0.97, scored.attrs.get("label", ""), fontsize=9, va="top", color="#555555")
    path.write_bytes(png(figure, dpi=110))
