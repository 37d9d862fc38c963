"""Axes of their own for a picture, and the demo's picture as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nector_sim.pictures.discount_by_cart import DiscountByCart
from nector_sim.pictures.limits import Limits
from nector_sim.pictures.style import new_figure, png

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from nector_sim.rules.program import Program


def new_axes() -> Axes:
    """Make Axes with a figure to themselves, to draw a picture on."""
    return new_figure().subplots()


def demo_picture(program: Program, scored: pd.DataFrame, path: Path) -> None:
    """Draw what a program gives by cart size and what limits it on scored orders, side by side, as a PNG file."""
    figure = new_figure(13.0, 4.4)
    left, right = figure.subplots(1, 2)
    limits = Limits(right)
    limits.update({str(word): share for word, share in scored["limited_by"].value_counts(normalize=True).items()})
    DiscountByCart(left, currency=program.currency).update(program, orders=scored)
    figure.subplots_adjust(left=0.07, right=0.98, bottom=0.13, top=0.8, wspace=0.3)
    figure.text(0.01, 0.97, scored.attrs.get("label", ""), fontsize=9, va="top", color="#555555")
    path.write_bytes(png(figure, dpi=110))
