"""The explorer: a form for the setting, and beside it what the setting does to the orders."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import pandas as pd

from nector_sim._data import data_path
from nector_sim.economics.assumptions import Assumptions, load_assumptions
from nector_sim.errors import InputError
from nector_sim.orders.demo import demo_orders
from nector_sim.rules.program import Program, load_program
from nector_sim.rules.review import review
from nector_sim.views import FRONT
from nector_sim.views.discount_by_cart import DiscountByCart, usual_cart
from nector_sim.views.examples import Examples
from nector_sim.views.fields import Field
from nector_sim.views.figures import findings_html, headline, headline_html, message_html
from nector_sim.views.form import POINT_VALUE, Form, Slider
from nector_sim.views.limits import Limits
from nector_sim.views.session import Outcome, Session
from nector_sim.views.style import currency_sign, figure_of, new_figure, svg

STALE = "nector-stale"


class RuleExplorer(widgets.VBox):  # type: ignore[misc]
    """A panel to try settings of a program on orders.

    Parameters
    ----------
    program : Program, optional
        Today's setting, and the proposal to begin with. Left out, the documented GoKwik example.
    orders : pandas.DataFrame, optional
        As :func:`nector_sim.score` takes them. Left out, the demo orders, and the panel says so.
    assumptions : Assumptions, optional
        Left out, those of the example.
    label : str
        What the orders are; shown wherever figures are.

    Raises
    ------
    InputError
        If the orders cannot be used.

    Examples
    --------
    >>> orders = pd.DataFrame({"cart_amount": [500.0, 2000.0], "points_balance": [5000, 300]})
    >>> explorer = RuleExplorer(orders=orders)
    >>> explorer.outcome.scored["discount"].tolist()
    [400.0, 300.0]
    """

    def __init__(
        self,
        program: Program | None = None,
        *,
        orders: pd.DataFrame | None = None,
        assumptions: Assumptions | None = None,
        label: str = "your orders",
    ) -> None:
        program = program or load_program(data_path("programs/gokwik-example.toml"))
        assumptions = assumptions or load_assumptions(data_path("assumptions/example.toml"))
        if orders is None:
            orders = demo_orders()
            label = str(orders.attrs["label"])
        self.session = Session(orders, label=label, today=program, assumptions=assumptions)
        self.outcome: Outcome = self.session.outcome(program)
        self._most = usual_cart(orders["cart_amount"].to_numpy(dtype="float64"))
        self.program_form = Form(
            type(program),
            program.model_dump(),
            title="The rule, as on Nector's GoKwik page",
            units=_units(program),
            slider=self._slider,
        )
        self.assumptions_form = Form(
            type(assumptions),
            assumptions.model_dump(),
            title="What you believe about your shop",
            units=_units(program),
            slider=self._slider,
        )
        self._build()
        self.program_form.when_typed(self.update)
        self.assumptions_form.when_typed(self.update)
        super().__init__([self._head, widgets.Box([self._side, self._main]).add_class("nector-columns")])
        self.add_class("nector-explorer")
        self.update()

    def update(self) -> None:
        """Work out what the forms say and show it; what cannot be used is marked, and the last good figures stay."""
        with _Telling(self._message):
            self._main.add_class(STALE)
            program = self._read(self.program_form, self.session.today)
            assumptions = self._read(self.assumptions_form, self.session.assumptions)
            if assumptions != self.session.assumptions:
                self.session.change(assumptions=assumptions)
            self.outcome = self.session.outcome(program)
            self._show()
            self._main.remove_class(STALE)
            self._message.value = ""

    def _read(self, form: Form, like: Any) -> Any:
        try:
            read = type(like).parse(form.data(), source="this setting")
        except InputError as error:
            rest = form.mark(error.problems)
            lines = ["The figures below are of the last setting that can be used. Mend what is marked in the form."]
            raise InputError("\n".join([*lines, *map(str, rest)])) from None
        form.mark(())
        return read

    def _show(self) -> None:
        """Numbers first: they are what people wait for."""
        outcome, today = self.outcome, self.session.todays()
        currency = outcome.program.currency
        figures = headline(outcome.summary, today.summary, currency=currency, months=self.session.months)
        same = outcome.program == today.program
        self._figures.value = headline_html(figures, same=same)
        self._findings.value = findings_html(review(outcome.program), self.program_form.labels())
        self._curve.update(
            outcome.program, orders=outcome.scored, today=None if same else today.program, up_to=self._most
        )
        self._curve_view.value = svg(figure_of(self._curve.ax), self._curve.describe())
        self._limits.update(outcome.summary.limited_by, today=None if same else today.summary.limited_by)
        self._limits_view.value = svg(figure_of(self._limits.ax), self._limits.describe())
        self._examples.update(outcome, today, self.session.examples())

    def _build(self) -> None:
        self._head = widgets.HTML(
            f"<style>{(FRONT / 'explorer.css').read_text(encoding='utf-8')}</style>{self._title()}"
        )
        self._message, self._figures, self._findings = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._curve_view, self._limits_view = widgets.HTML(), widgets.HTML()
        self._curve = DiscountByCart(new_figure(5.6, 3.3).subplots(), currency=self.session.today.currency)
        self._limits = Limits(new_figure(5.6, 3.3).subplots())
        self._examples = Examples()
        pictures = widgets.Box(
            [_titled("Discount by cart size", self._curve_view), _titled("What limits it", self._limits_view)]
        ).add_class("nector-pictures")
        self._tabs = widgets.Tab([pictures, self._examples], titles=["Pictures", "Example orders"])
        self._side = widgets.VBox([self.program_form, self.assumptions_form]).add_class("nector-side")
        self._main = widgets.VBox([self._message, self._figures, self._findings, self._tabs]).add_class("nector-main")

    def _title(self) -> str:
        orders = self.session.orders
        customers = f" of {orders['customer_id'].nunique():,} customers" if "customer_id" in orders else ""
        return (
            f"<h2>Try a redemption rule</h2><p class='nector-source'>{len(orders):,} orders{customers}: "
            f"<b>{self.session.label}</b></p>"
        )

    def _slider(self, field: Field) -> Slider | None:
        """A slider where a number has natural bounds: a percentage, or an amount up to a usual cart."""
        name = field.path.rpartition(".")[2]
        if name == POINT_VALUE:
            return ("0.05", "2", "0.05")
        if field.shape != "number" or name == "discount_per_step":
            return None
        if field.unit == "percent":
            return ("1" if field.above_zero else "0", "100", "1")
        if field.unit == "money" and field.on_screen:
            step = max(1, round(self._most / 500 / 10) * 10)
            return (str(step) if field.above_zero else "0", f"{self._most:.0f}", str(step))
        return None


class _Telling:
    """Turns whatever fails into a message for the merchant; nobody sees a traceback."""

    def __init__(self, message: widgets.HTML) -> None:
        self._message = message

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, _: Any) -> bool:
        if isinstance(error, InputError):
            self._message.value = message_html(str(error), kind="error")
        elif isinstance(error, Exception):
            self._message.value = message_html(
                "This did not work, and that is a mistake of the program, not yours. The figures below are the last "
                f"good ones. ({type(error).__name__}: {error})",
                kind="error",
            )
        return not isinstance(error, KeyboardInterrupt | SystemExit)


def _units(program: Program) -> dict[str, str]:
    return {"money": currency_sign(program.currency), "percent": "%", "points": program.points_label, "times": "×"}


def _titled(title: str, view: widgets.Widget) -> widgets.VBox:
    return widgets.VBox([widgets.HTML(f"<h4>{title}</h4>"), view]).add_class("nector-picture")
