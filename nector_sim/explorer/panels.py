"""Panels of pictures: those that follow every change, and the ranges, which follow when the setting rests."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from nector_sim.exploration.compare import compare
from nector_sim.exploration.comparison import Comparison
from nector_sim.exploration.facts import facts
from nector_sim.exploration.session import Outcome, Session
from nector_sim.pictures.discount_by_cart import DiscountByCart, usual_cart
from nector_sim.pictures.how_sure import BreakEven, Tornado
from nector_sim.pictures.limits import Limits
from nector_sim.pictures.style import figure_of, new_figure, svg
from nector_sim.pictures.waterfall import Waterfall
from nector_sim.report.figures import in_words, named

#: Of a picture in the explorer, in inches: small enough that its texts are readable in half a window.
WIDTH, HEIGHT = 4.9, 3.1
#: The class of what is shown but no longer true.
STALE = "nector-stale"
#: How often customers are drawn anew for a range.
RESAMPLES = 500


class LivePictures(widgets.Box):  # type: ignore[misc]
    """What a setting gives by cart size, what limits it, and what becomes of the sales."""

    def __init__(self) -> None:
        self._currency = ""
        self._views = [widgets.HTML() for _ in range(3)]
        titles = ("Discount by cart size", "What limits it", "From sales to margin")
        self._facts = widgets.HTML()
        pictures = [titled(title, view) for title, view in zip(titles, self._views, strict=True)]
        super().__init__([*pictures, titled("What this setting is", self._facts)])
        self.add_class("nector-pictures")

    def update(self, proposal: Outcome, today: Outcome) -> None:
        """Draw a proposal, with today's setting behind it unless it is the same."""
        if proposal.program.currency != self._currency:
            self._begin(proposal.program.currency)
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
        self._facts.value = bullets(named(facts(proposal.program).text()).splitlines())

    def _begin(self, currency: str) -> None:
        self._currency = currency
        self._curve = DiscountByCart(new_figure(WIDTH, HEIGHT).subplots(), currency=currency)
        self._limits = Limits(new_figure(WIDTH, HEIGHT).subplots())
        self._steps = Waterfall(new_figure(WIDTH, HEIGHT).subplots(), currency=currency)


class HowSure(widgets.VBox):  # type: ignore[misc]
    """How sure the figures are: the break-even with its range, and which assumption moves the answer most."""

    def __init__(self) -> None:
        self._break_even = BreakEven(new_figure(WIDTH, HEIGHT).subplots())
        figure_of(self._break_even.ax).subplots_adjust(left=0.25)
        self._words, *self._views = (widgets.HTML() for _ in range(3))
        titles = ("Break-even with its range", "What moves the answer most")
        pictures = [titled(title, view) for title, view in zip(titles, self._views, strict=True)]
        super().__init__([self._words, widgets.Box(pictures).add_class("nector-pictures")])

    def work_out(self, session: Session, proposal: Outcome) -> Comparison:
        """Draw customers anew under today's setting and the proposal, and show how far the figures spread."""
        resamples = RESAMPLES if "customer_id" in session.orders else 0
        today = session.today_beside(proposal.program)
        same = proposal.program == today
        # Today's setting by itself is held against giving nothing.
        before = today.model_copy(update={"enabled": False}) if same else today
        found = compare(
            before,
            proposal.program,
            session.orders,
            assumptions=session.assumptions,
            resamples=resamples,
            replayed=session.replayed,
        )
        lines = [found.break_even] if same else in_words(found)
        lines.append(session.balances)
        if not resamples:
            lines.append("The orders name no customers, so there are no ranges.")
        self._words.value = bullets(lines)
        rows = {} if same else {"today": "baseline.break_even_uplift"}
        rows["today's setting" if same else "proposal"] = "candidate.break_even_uplift"
        self._break_even.update(found.ranges.loc[list(rows.values())].set_axis(list(rows)))
        answer = "margin against no points" if same else "margin against today's"
        tornado = Tornado(new_figure(WIDTH, HEIGHT).subplots(), currency=found.currency)
        figure_of(tornado.ax).subplots_adjust(left=0.36)  # names of assumptions are long
        tornado.update(found.tornado, likely=found.answer, answer=answer)
        for view, picture in zip(self._views, (self._break_even, tornado), strict=True):
            draw(view, picture)
        self.remove_class(STALE)
        return found


def draw(view: widgets.HTML, picture: Any) -> None:
    """Put a picture into a page, with its words for those who do not see it."""
    view.value = svg(figure_of(picture.ax), picture.describe())


def bullets(lines: Sequence[str]) -> str:
    """Sentences as a list."""
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def titled(title: str, view: widgets.Widget) -> widgets.VBox:
    """A view under a heading."""
    return widgets.VBox([widgets.HTML(f"<h4>{title}</h4>"), view]).add_class("nector-picture")


def range_of(comparison: Comparison, name: str) -> tuple[float, float] | None:
    """The range of one headline number of the proposal; NaN is `never`, None without ranges."""
    if "low" not in comparison.ranges:
        return None
    row: Any = comparison.ranges.loc[f"candidate.{name}"]
    return float(row["low"]), float(row["high"])
