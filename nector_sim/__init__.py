"""nector_sim: try a loyalty-points redemption rule on real orders and see what it does to the margin."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from nector_sim._extras import named
from nector_sim._version import __version__ as __version__

if TYPE_CHECKING:
    from nector_sim._data import data_path
    from nector_sim.batch.files import ScoreReport
    from nector_sim.batch.replay_files import replay_files
    from nector_sim.batch.replays import ReplayReport
    from nector_sim.batch.runs import score_files
    from nector_sim.calculator.explain import explain
    from nector_sim.calculator.quote import Quote, quote
    from nector_sim.economics.accounting import Deferral, defer, released
    from nector_sim.economics.assumptions import Assumptions, load_assumptions
    from nector_sim.economics.fit_take_up import FittedTakeUp, fit_take_up
    from nector_sim.economics.margin import Margin, margins, order_margin, point_value
    from nector_sim.economics.summary import Summary, orders_below_floor, summarize
    from nector_sim.economics.ultimate import Ultimate, ultimate_redemption
    from nector_sim.errors import InputError, OrdersError, Problem, ProgramError
    from nector_sim.exploration.choose import Recommendation, frontier, program_of, recommend
    from nector_sim.exploration.compare import compare
    from nector_sim.exploration.comparison import Comparison
    from nector_sim.exploration.experiments.assign import ExperimentAssignment, assign_experiment
    from nector_sim.exploration.experiments.plan import ExperimentPlan, plan_experiment
    from nector_sim.exploration.experiments.read import ExperimentReading, read_experiment
    from nector_sim.exploration.facts import Facts, facts
    from nector_sim.exploration.first_grid import first_grid
    from nector_sim.exploration.forecast import forecast
    from nector_sim.exploration.forecast_result import Forecast
    from nector_sim.exploration.grid import load_grid
    from nector_sim.exploration.sweep import sweep
    from nector_sim.exploration.winners import Winners, winners
    from nector_sim.explorer.explorer import RuleExplorer
    from nector_sim.explorer.gokwik_page import CheckoutPage, GokwikPage
    from nector_sim.frames.checks import CheckedOrders, check_orders
    from nector_sim.languages.export import export
    from nector_sim.ledger.liability import Liability, liability
    from nector_sim.ledger.openings import opening_from
    from nector_sim.ledger.replay import Replay, replay
    from nector_sim.ledger.sweep import replay_sweep
    from nector_sim.ledger.take_up import TakeUp, TakeUpTable
    from nector_sim.orders.balances import read_balances
    from nector_sim.orders.demo import demo_orders
    from nector_sim.orders.propose import Proposal, propose_mapping
    from nector_sim.orders.read import inspect_orders, read_orders
    from nector_sim.orders.report import OrdersReport
    from nector_sim.parity.check import check_parity
    from nector_sim.parity.report import ParityReport
    from nector_sim.report.contents import Report, make_report
    from nector_sim.results import plots
    from nector_sim.rules.money import money_text
    from nector_sim.rules.offers import FixedAmount, FixedPercent, Offer, VariableAmount, VariablePercent
    from nector_sim.rules.program import FixedMinPayable, PercentMinPayable, Program, load_program
    from nector_sim.rules.review import review
    from nector_sim.scoring import score, score_batch
    from nector_sim.simulation.shop import Shop
    from nector_sim.simulation.simulate import Simulated, simulate

#: Where each public name lives. A name is imported when it is first used, so importing the package stays quick.
_HOMES = {
    "nector_sim._data": ("data_path",),
    "nector_sim.batch.files": ("ScoreReport",),
    "nector_sim.batch.replay_files": ("replay_files",),
    "nector_sim.batch.replays": ("ReplayReport",),
    "nector_sim.batch.runs": ("score_files",),
    "nector_sim.calculator.explain": ("explain",),
    "nector_sim.calculator.quote": ("Quote", "quote"),
    "nector_sim.economics.accounting": ("Deferral", "defer", "released"),
    "nector_sim.economics.assumptions": ("Assumptions", "load_assumptions"),
    "nector_sim.economics.fit_take_up": ("FittedTakeUp", "fit_take_up"),
    "nector_sim.economics.margin": ("Margin", "margins", "order_margin", "point_value"),
    "nector_sim.economics.summary": ("Summary", "orders_below_floor", "summarize"),
    "nector_sim.economics.ultimate": ("Ultimate", "ultimate_redemption"),
    "nector_sim.errors": ("InputError", "OrdersError", "Problem", "ProgramError"),
    "nector_sim.exploration.choose": ("Recommendation", "frontier", "program_of", "recommend"),
    "nector_sim.exploration.compare": ("compare",),
    "nector_sim.exploration.comparison": ("Comparison",),
    "nector_sim.exploration.experiments.assign": ("ExperimentAssignment", "assign_experiment"),
    "nector_sim.exploration.experiments.plan": ("ExperimentPlan", "plan_experiment"),
    "nector_sim.exploration.experiments.read": ("ExperimentReading", "read_experiment"),
    "nector_sim.exploration.facts": ("Facts", "facts"),
    "nector_sim.exploration.first_grid": ("first_grid",),
    "nector_sim.exploration.forecast": ("forecast",),
    "nector_sim.exploration.forecast_result": ("Forecast",),
    "nector_sim.exploration.grid": ("load_grid",),
    "nector_sim.exploration.sweep": ("sweep",),
    "nector_sim.exploration.winners": ("Winners", "winners"),
    "nector_sim.languages.export": ("export",),
    "nector_sim.ledger.liability": ("Liability", "liability"),
    "nector_sim.ledger.openings": ("opening_from",),
    "nector_sim.ledger.replay": ("Replay", "replay"),
    "nector_sim.ledger.sweep": ("replay_sweep",),
    "nector_sim.ledger.take_up": ("TakeUp", "TakeUpTable"),
    "nector_sim.orders.balances": ("read_balances",),
    "nector_sim.frames.checks": ("CheckedOrders", "check_orders"),
    "nector_sim.orders.demo": ("demo_orders",),
    "nector_sim.orders.propose": ("Proposal", "propose_mapping"),
    "nector_sim.orders.read": ("inspect_orders", "read_orders"),
    "nector_sim.orders.report": ("OrdersReport",),
    "nector_sim.parity.check": ("check_parity",),
    "nector_sim.parity.report": ("ParityReport",),
    "nector_sim.rules.money": ("money_text",),
    "nector_sim.rules.offers": ("FixedAmount", "FixedPercent", "Offer", "VariableAmount", "VariablePercent"),
    "nector_sim.rules.program": ("FixedMinPayable", "PercentMinPayable", "Program", "load_program"),
    "nector_sim.report.contents": ("Report", "make_report"),
    "nector_sim.results": ("plots",),
    "nector_sim.rules.review": ("review",),
    "nector_sim.scoring": ("score", "score_batch"),
    "nector_sim.simulation.shop": ("Shop",),
    "nector_sim.simulation.simulate": ("Simulated", "simulate"),
    "nector_sim.explorer.explorer": ("RuleExplorer",),
    "nector_sim.explorer.gokwik_page": ("CheckoutPage", "GokwikPage"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Assumptions",
    "CheckedOrders",
    "CheckoutPage",
    "Comparison",
    "Deferral",
    "ExperimentAssignment",
    "ExperimentPlan",
    "ExperimentReading",
    "Facts",
    "FittedTakeUp",
    "FixedAmount",
    "FixedMinPayable",
    "FixedPercent",
    "Forecast",
    "GokwikPage",
    "InputError",
    "Liability",
    "Margin",
    "Offer",
    "OrdersError",
    "OrdersReport",
    "ParityReport",
    "PercentMinPayable",
    "Problem",
    "Program",
    "ProgramError",
    "Proposal",
    "Quote",
    "Recommendation",
    "Replay",
    "ReplayReport",
    "Report",
    "RuleExplorer",
    "ScoreReport",
    "Shop",
    "Simulated",
    "Summary",
    "TakeUp",
    "TakeUpTable",
    "Ultimate",
    "VariableAmount",
    "VariablePercent",
    "Winners",
    "assign_experiment",
    "check_orders",
    "check_parity",
    "compare",
    "data_path",
    "defer",
    "demo_orders",
    "explain",
    "export",
    "facts",
    "first_grid",
    "fit_take_up",
    "forecast",
    "frontier",
    "inspect_orders",
    "liability",
    "load_assumptions",
    "load_grid",
    "load_program",
    "make_report",
    "margins",
    "money_text",
    "opening_from",
    "order_margin",
    "orders_below_floor",
    "plan_experiment",
    "plots",
    "point_value",
    "program_of",
    "propose_mapping",
    "quote",
    "read_balances",
    "read_experiment",
    "read_orders",
    "recommend",
    "released",
    "replay",
    "replay_files",
    "replay_sweep",
    "review",
    "score",
    "score_batch",
    "score_files",
    "simulate",
    "summarize",
    "sweep",
    "ultimate_redemption",
    "winners",
]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        try:
            home = importlib.import_module(_HOME_OF[name])
        except ModuleNotFoundError as missing:
            if (what := named(missing, name)) is None:
                raise
            raise ModuleNotFoundError(what, name=missing.name) from None
        value = globals()[name] = getattr(home, name)
        return value
    raise AttributeError(f"module 'nector_sim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
