"""Panels of pictures: those that follow every change, and the ranges, which follow when the setting rests."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from nector_sim.exploration.compare import Comparison, compare
from nector_sim.views.discount_by_cart import DiscountByCart, usual_cart
from nector_sim.views.how_sure import BreakEven, Tornado
from nector_sim.views.limits import Limits
from nector_sim.views.session import Outcome, Session
from nector_sim.views.style import figure_of, new_figure, svg
from nector_sim.views.waterfall import Waterfall

#: Of a picture in the explorer, in inches: small enough that its texts are readable in half a window.
WIDTH, HEIGHT = 5.6, 3.3
#: How often customers are drawn anew for a range.
RESAMPLES = 500


class LivePictures(widgets.Box):  # type: ignore[misc]
    """What a setting gives by cart size, what limits it, and what becomes of the sales."""

    def __init__(self, currency: str) -> None:
        self._curve = DiscountByCart(new_figure(WIDTH, HEIGHT).subplots(), currency=currency)
        self._limits = Limits(new_figure(WIDTH, HEIGHT).subplots())
        self._steps = Waterfall(new_figure(WIDTH, HEIGHT).subplots(), currency=currency)
        self._views = [widgets.HTML() for _ in range(3)]
        titles = ("Discount by cart size", "What limits it", "From sales to margin")
        super().__init__([titled(title, view) for title, view in zip(titles, self._views, strict=True)])
        self.add_class("nector-pictures")

    def update(self, proposal: Outcome, today: Outcome) -> None:
        """Draw a proposal, with today's setting behind it unless it is the same."""
        same = proposal.program == today.program
        discounts = proposal.discounts()
        self._curve.update(
            proposal.program,
            orders=discounts,
            today=None if same else today.program,
            up_to=usual_cart(discounts["cart_amount"].to_numpy()),
        )
        self._limits.update(proposal.summary.limited_by, today=None if same else today.summary.limited_by)
        self._steps.update(proposal.summary)
        for view, picture in zip(self._views, (self._curve, self._limits, self._steps), strict=True):
            draw(view, picture)


class HowSure(widgets.VBox):  # type: ignore[misc]
    """How sure the figures are: the break-even with its range, and which assumption moves the answer most."""

    def __init__(self, currency: str) -> None:
        self.comparison: Comparison | None = None
        self._break_even = BreakEven(new_figure(WIDTH, HEIGHT).subplots())
        self._tornado = Tornado(new_figure(WIDTH, HEIGHT).subplots(), currency=currency)
        self._words, *self._views = (widgets.HTML() for _ in range(3))
        titles = ("Break-even with its range", "What moves the answer most")
        pictures = [titled(title, view) for title, view in zip(titles, self._views, strict=True)]
        super().__init__([self._words, widgets.Box(pictures).add_class("nector-pictures")])

    def work_out(self, session: Session, proposal: Outcome) -> Comparison:
        """Draw customers anew under today's setting and the proposal, and show how far the figures spread."""
        resamples = RESAMPLES if "customer_id" in session.orders else 0
        found = compare(
            session.today, proposal.program, session.orders, assumptions=session.assumptions, resamples=resamples
        )
        self.comparison = found
        lines = "".join(f"<li>{line}</li>" for line in found.text().splitlines())
        without = "" if resamples else "<li>The orders name no customers, so there are no ranges.</li>"
        self._words.value = f"<ul class='nector-words-list'>{lines}{without}</ul>"
        rows = {"today": "baseline.break_even_uplift", "proposal": "candidate.break_even_uplift"}
        ranges = found.ranges.loc[list(rows.values())].set_axis(list(rows))
        self._break_even.update(ranges)
        same = proposal.program == session.today
        self._show_tornado(found, same)
        for view, picture in zip(self._views, (self._break_even, self._tornado), strict=True):
            draw(view, picture)
        return found

    def _show_tornado(self, found: Comparison, same: bool) -> None:
        likely = 0.0 if same else found.incremental_margin
        self._tornado.update(found.tornado, likely=likely, answer="margin beyond today's setting")


def draw(view: widgets.HTML, picture: Any) -> None:
    """Put a picture into a page, with its words for those who do not see it."""
    view.value = svg(figure_of(picture.ax), picture.describe())


def titled(title: str, view: widgets.Widget) -> widgets.VBox:
    """A view under a heading."""
    return widgets.VBox([widgets.HTML(f"<h4>{title}</h4>"), view]).add_class("nector-picture")


def range_of(comparison: Comparison, name: str) -> tuple[float, float] | None:
    """The range of one headline number of the proposal; NaN is `never`, None without ranges."""
    if "low" not in comparison.ranges:
        return None
    row: Any = comparison.ranges.loc[f"candidate.{name}"]
    return float(row["low"]), float(row["high"])
