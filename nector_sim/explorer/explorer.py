"""The explorer: a form for the setting, and beside it what the setting does to the orders."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd

from nector_sim._data import data_path
from nector_sim.economics.assumptions import Assumptions, AssumptionsLike, as_assumptions
from nector_sim.errors import InputError, Problem
from nector_sim.exploration.comparison import Comparison
from nector_sim.exploration.session import Outcome, Session, in_currency
from nector_sim.explorer import FRONT
from nector_sim.explorer.balances import BalancesChoice
from nector_sim.explorer.debounce import Debounce
from nector_sim.explorer.examples import Examples
from nector_sim.explorer.files import Download, Upload
from nector_sim.explorer.form import POINT_VALUE, Form, Slider
from nector_sim.explorer.messages import Messages
from nector_sim.explorer.panels import STALE, HowSure, LivePictures, range_of
from nector_sim.explorer.undo import Undo
from nector_sim.explorer.your_orders import YourOrders
from nector_sim.frames.columns import largest_balance
from nector_sim.frames.kinds import as_frame
from nector_sim.orders.demo import DEMO_LABEL, demo_orders
from nector_sim.pictures.discount_by_cart import usual_cart
from nector_sim.pictures.style import currency_sign
from nector_sim.report.contents import report_of
from nector_sim.report.figures import findings_html, headline, headline_html
from nector_sim.results import count
from nector_sim.rules.fields import Field, values_of
from nector_sim.rules.program import Program, ProgramLike, as_program, load_program
from nector_sim.rules.review import review

#: Seconds that a setting rests before its ranges are worked out.
RANGES_AFTER = 0.8
_EARNING = data_path("programs/gokwik-example-with-earning.toml")
_LAST_GOOD = "The figures below are of the last setting that can be used."


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
    replayed : bool
        Let balances run from order to order, or begin with each order by itself.

    Raises
    ------
    InputError
        If the orders cannot be used, or the form cannot show all of the program.

    Examples
    --------
    >>> orders = pd.DataFrame({"cart_amount": [500.0, 2000.0], "points_balance": [5000, 300]})
    >>> explorer = RuleExplorer(orders=orders, replayed=False)
    >>> explorer.outcome.scored["discount"].tolist()
    [400.0, 300.0]
    """

    def __init__(
        self,
        program: ProgramLike | None = None,
        *,
        orders: Any = None,
        assumptions: AssumptionsLike | None = None,
        label: str = "your orders",
        replayed: bool = True,
    ) -> None:
        program = as_program(program or _EARNING)
        assumptions = as_assumptions(assumptions or data_path("assumptions/example.toml"))
        if orders is None:
            orders = demo_orders()
            label = str(orders.attrs["label"])
        orders = as_frame(orders)
        self.session = Session(orders, label=label, today=program, assumptions=assumptions, replayed=replayed)
        self.outcome: Outcome = self.session.outcome(program)
        self._most = usual_cart(orders["cart_amount"].to_numpy(dtype="float64"))
        self.program_form = self._form(program, "The rule, as on Nector's GoKwik page")
        self.assumptions_form = self._form(assumptions, "What you believe about your shop")
        self._check_shown(program)
        self._history = Undo(self._state())
        self._build()
        self.program_form.when_typed(self._typed)
        self.assumptions_form.when_typed(self._typed)
        columns = widgets.Box([self._side, self._main]).add_class("nector-columns")
        super().__init__([self._head, self._bar, self.your_orders, columns])
        self.add_class("nector-explorer")
        self.update()

    def update(self) -> None:
        """Work out what the forms say and show it; what cannot be used is marked, and the last good figures stay."""
        with Messages(self._message, _LAST_GOOD):
            self._main.add_class(STALE)
            self._work_out()

    def _work_out(self) -> None:
        program = self._read(self.program_form, self.session.today)
        assumptions = self._read(self.assumptions_form, self.session.assumptions)
        if self.session.currency not in (None, program.currency):
            self.program_form.mark([Problem("currency", f"the orders are in {self.session.currency}")])
            raise InputError("Mend what is marked in the form.")
        if assumptions != self.session.assumptions:
            self.session.change(assumptions=assumptions)
        if program.currency != self.session.today.currency:
            self.session.change(today=in_currency(self.session.today, program.currency))
        outcome = self.session.outcome(program)
        self.session.todays(program)
        self.outcome = outcome
        self._show()
        self._main.remove_class(STALE)
        self._message.value = ""
        self._balances.offered = False

    def use_balances(self, *, replayed: bool) -> None:
        """Replay balances, or take each order by itself; where that cannot be, a message says why and nothing changes.

        Parameters
        ----------
        replayed : bool
        """
        before, shown = self.session.replayed, self.outcome
        if replayed != before:
            self.session.change(replayed=replayed)
            with Messages(self._message, "The figures below stay with the balances as they were."):
                self._main.add_class(STALE)
                try:
                    self._work_out()
                except Exception:
                    if self.outcome is shown:
                        self.session.change(replayed=before)
                    if not (self.program_form.problems or self.assumptions_form.problems):
                        self._main.remove_class(STALE)
                    self._balances.offered = replayed and self._lacks_documented_earning()
                    raise
        self._balances.chosen = self.session.replayed
        self._head.value = self._title()

    def use_documented_earning(self) -> None:
        """Fill the earning of the documented example into the form, and replay."""
        documented = load_program(_EARNING).model_dump(include={"earning"})
        typed, _ = self._state()
        self.program_form.restore(typed | values_of(documented))
        self._typed("")
        self.use_balances(replayed=True)

    def _lacks_documented_earning(self) -> bool:
        return self.session.label == DEMO_LABEL and "earning" not in self.program_form.data()

    def use_orders(self, orders: pd.DataFrame, label: str) -> str:
        """Go on with other orders, in their currency where ``orders.attrs`` holds one.

        Parameters
        ----------
        orders : pandas.DataFrame
            As :func:`nector_sim.score` takes them.
        label : str
            What they are.

        Returns
        -------
        str
            What the merchant must know beside it.

        Raises
        ------
        InputError
            If they cannot be used; nothing changes then.
        """
        before = self.session.today.currency
        currency = orders.attrs.get("currency", before)
        today, proposal = (in_currency(each, currency) for each in (self.session.today, self.outcome.program))
        trial = Session(
            orders, label=label, today=today, assumptions=self.session.assumptions, replayed=self.session.replayed
        )
        trial.todays(proposal)
        self.session.change(orders=orders, label=label, today=today)
        self._most = usual_cart(orders["cart_amount"].to_numpy(dtype="float64"))
        typed, _ = self._state()
        self.program_form.restore(typed | {"currency": currency})
        self._history.note(self._state(), field="")
        self._head.value = self._title()
        self.update()
        if currency == before:
            return ""
        return f"They are in {currency}, and so are now the setting and what you believe: look at their amounts."

    def propose(self, program: ProgramLike) -> None:
        """Fill a program into the form.

        Parameters
        ----------
        program : Program

        Raises
        ------
        InputError
            If the form cannot show all of it; nothing changes then.
        """
        program = as_program(program)
        self._check_shown(program)
        self.program_form.fill(program.model_dump())
        self._typed("")

    def set_today(self) -> None:
        """Take the proposal as today's setting, so that what comes next is held against it."""
        self.session.change(today=self.outcome.program)
        self._head.value = self._title()
        self.update()

    def undo(self) -> None:
        """Go back to what was typed before."""
        state = self._history.undo()
        if state is not None:
            self.program_form.restore(state[0])
            self.assumptions_form.restore(state[1])
            self.update()

    def _check_shown(self, program: Program) -> None:
        problems = [
            Problem(path, "an empty list of tiers fits nobody; take the offer out")
            if path.endswith(".tiers")
            else Problem(path, "is kept in no field of the form")
            for path in self.program_form.unshown(program.model_dump())
        ]
        if problems:
            raise InputError("The form cannot show all of this setting, and nothing is left out in silence:", problems)

    def _typed(self, field: str) -> None:
        self._history.note(self._state(), field=field)
        self.update()

    def _state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return dict(self.program_form.values), dict(self.assumptions_form.values)

    def _read(self, form: Form, like: Any) -> Any:
        try:
            read = type(like).parse(form.data(), source="this setting")
        except InputError as error:
            rest = form.mark(error.problems)
            raise InputError("\n".join(["Mend what is marked in the form.", *map(str, rest)])) from None
        form.mark(())
        return read

    def _reviewed(self, program: Program) -> list[Problem]:
        """What is odd about a program for these customers."""
        return review(program, largest_balance=largest_balance(self.session.orders))

    def _show(self) -> None:
        """Numbers first: they are what people wait for."""
        outcome, today = self.outcome, self.session.todays(self.outcome.program)
        for form in (self.program_form, self.assumptions_form):
            form.refresh(units=_units(outcome.program))
        self._show_figures(None)
        self._findings.value = findings_html(self._reviewed(outcome.program), self.program_form.labels())
        self._pictures.update(outcome, today)
        self._examples.update(outcome, today, self.session.examples())
        self._how_sure.add_class(STALE)
        self._ranges.ask()

    def _show_figures(self, comparison: Comparison | None) -> None:
        outcome, today = self.outcome, self.session.todays(self.outcome.program)
        figures = headline(
            outcome.summary,
            today.summary,
            currency=outcome.program.currency,
            months=self.session.months,
            break_even=None if comparison is None else range_of(comparison, "break_even_uplift"),
        )
        self._figures.value = headline_html(figures, same=outcome.program == today.program)

    def work_out_ranges(self) -> None:
        """Work out how sure the figures are, and show it; called by itself when the setting rests."""
        with Messages(self._message, "The ranges were not worked out."):
            comparison = self._how_sure.work_out(self.session, self.outcome)
            self._show_figures(comparison)

    def _build(self) -> None:
        self._head = widgets.HTML(self._title())
        self._message, self._figures, self._findings = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._pictures, self._how_sure, self._examples = LivePictures(), HowSure(), Examples()
        self._ranges = Debounce(self.work_out_ranges, seconds=RANGES_AFTER)
        self._tabs = widgets.Tab(
            [self._pictures, self._examples, self._how_sure], titles=["Pictures", "Example orders", "How sure"]
        )
        self._balances = BalancesChoice(
            lambda replayed: self.use_balances(replayed=replayed),
            replayed=self.session.replayed,
            offer="Use the documented example's earning: 5 coins for every ₹100 paid",
            take_offer=self.use_documented_earning,
        )
        self._side = widgets.VBox([self._balances, self.program_form, self.assumptions_form]).add_class("nector-side")
        self._main = widgets.VBox([self._message, self._figures, self._findings, self._tabs]).add_class("nector-main")
        self.your_orders = YourOrders(self.use_orders, currency=lambda: self.outcome.program.currency)
        # An accordion's heading cannot be reached with the keyboard; a button can.
        self._opens = widgets.ToggleButton(description="Your orders")
        self._opens.observe(lambda change: self._open_own(change["new"]), "value")
        self._open_own(False)
        self._bar = self._buttons()

    def _open_own(self, is_open: bool) -> None:
        self.your_orders.layout.display = "" if is_open else "none"

    def _buttons(self) -> widgets.Box:
        """The bar of buttons: the orders, then the setting as a whole."""
        buttons = [self._opens]
        for words, call in (
            ("Undo", self.undo),
            ("Back to today's setting", lambda: self.propose(self.session.today_beside(self.outcome.program))),
            ("Make this today's setting", self.set_today),
        ):
            button = widgets.Button(description=words)
            button.on_click(lambda _, call=call: call())
            buttons.append(button)
        self.save = Download("Save setting", make=self._file)
        self.load = Upload("Load setting (TOML)", accept=".toml,.json", use=self._load, most=1 << 20)
        self.page = Download("Report (web page)", make=self._report_page)
        self.workbook = Download("Report (Excel)", make=self._report_workbook)
        return widgets.Box([*buttons, self.save, self.page, self.workbook, self.load]).add_class("nector-bar")

    def _file(self) -> tuple[str, str, bytes]:
        return "setting.toml", "application/toml", self.outcome.program.to_toml().encode()

    def _report_page(self) -> tuple[str, str, bytes] | None:
        with Messages(self._message, "The report was not made."):
            return "report.html", "text/html", report_of(self.session, self.outcome).as_file(".html")
        return None

    def _report_workbook(self) -> tuple[str, str, bytes] | None:
        with Messages(self._message, "The workbook was not made."):
            kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            return "report.xlsx", kind, report_of(self.session, self.outcome).as_file(".xlsx")
        return None

    def _load(self, path: Path) -> None:
        with Messages(self._message, "The setting did not change."):
            self.propose(load_program(path))

    def _title(self) -> str:
        css, orders = (FRONT / "explorer.css").read_text(encoding="utf-8"), self.session.orders
        customers = f" of {count(orders['customer_id'].nunique(), 'customer')}" if "customer_id" in orders else ""
        return (
            f"<style>{css}</style><h2>Try a redemption rule</h2><p class='nector-source'>"
            f"{count(len(orders), 'order')}{customers}: <b>{escape(self.session.label)}</b>. "
            f"{self.session.balances}</p>"
        )

    def _form(self, model: Program | Assumptions, title: str) -> Form:
        units = _units(model) if isinstance(model, Program) else _units(self.session.today)
        return Form(type(model), model.model_dump(), title=title, units=units, slider=self._slider)

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


def _units(program: Program) -> dict[str, str]:
    return {"money": currency_sign(program.currency), "percent": "%", "points": program.points_label, "times": "×"}
