"""What the page shows of the desk: everything at once, so that no part of it is of another moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nector_sim.app import figures, setting, understood
from nector_sim.errors import Problem
from nector_sim.frames.columns import largest_balance
from nector_sim.pictures.style import currency_sign
from nector_sim.report.answer import money
from nector_sim.report.words import RANGES, plain
from nector_sim.results import count
from nector_sim.rules.program import Program
from nector_sim.rules.review import review

if TYPE_CHECKING:
    from nector_sim.app.desk import Desk

#: The forms of the page.
FORMS = ("proposal", "today", "assumptions")


def state_of(desk: Desk) -> dict[str, Any]:
    """Everything that the page shows at once."""
    project, state = desk.project, desk.project.state
    values = {form: setting.shown(form, state[form]) for form in FORMS}
    label = str(state["proposal"].get("points_label") or "points")
    units = {
        "money": currency_sign(desk.adding.currency),
        "percent": "%",
        "points": label,
        "times": "×",
        "months": "months",
        "days": "days",
    }
    found: dict[str, Any] = {
        "version": desk.version,
        "ready": desk.is_ready,
        "message": desk.message,
        "notice": project.notice,
        "can_undo": project.can_undo,
        "can_redo": project.can_redo,
        "values": values,
        "forms": {form: setting.form_of(form, state[form], units=units) for form in FORMS},
        "problems": desk.problems,
        "replayed": state["replayed"],
        "asked": state["asked"],
        "scenarios": [one["name"] for one in state["scenarios"]],
        "ranges": RANGES,
        "marks": desk.later.marks(),
        "points": label,
        "currency": desk.adding.currency,
        "sign": units["money"],
        "levers": [{**lever._asdict(), "reach": desk.reach(lever)} for lever in desk.levers()],
        "minimum": state["proposal"].get("min_payable.kind", ""),
        "stale": bool(desk.problems),
        "orders": _orders(desk),
    }
    if desk.session is not None and desk.outcome is not None and desk.today is not None:
        outcome, today = desk.outcome, desk.today
        found |= {
            "same": outcome.program == today.program,
            "sentence": figures.sentence(outcome, today, desk.session),
            "rests": desk.adding.looked.rests,
            "headline": figures.headline(outcome, today, desk.session, desk.happened),
            "findings": _findings(desk, outcome.program),
        }
    return found


def _findings(desk: Desk, program: Program) -> list[str]:
    assert desk.session is not None
    names = setting.labels("proposal", desk.project.state["proposal"])
    found: list[Problem] = review(program, largest_balance=largest_balance(desk.session.orders))
    return [plain(f"{names.get(one.place, one.place)}: {one.what}") for one in found]


def _orders(desk: Desk) -> dict[str, Any]:
    found, source = desk.adding.shown
    shown: dict[str, Any] = {
        "draft": desk.adding.draft is not None,
        "shop": desk.project.state["orders"].get("shop", ""),
    }
    shown |= understood.page(found, source)
    shown["roles"] = list(understood.ROLES.items())
    shown["label"], shown["currency"] = desk.adding.looked.label, desk.adding.currency
    if desk.session is not None:
        orders = desk.session.orders
        shown["count"] = len(orders)
        if "customer_id" in orders:
            shown["customers"] = int(orders["customer_id"].nunique())
        if "ordered_at" in orders and desk.session.months is not None:
            at = orders["ordered_at"].dt.tz_convert(desk.session.today.timezone)
            shown["period"] = " – ".join(f"{day.day} {day:%b %Y}" for day in (at.min(), at.max()))
    if desk.happened is not None and desk.happened.discount is not None:
        shown["happened"] = (
            f"What really happened: {desk.happened.orders_redeemed:,} of {count(desk.happened.orders, 'order')} used "
            f"coins, {money(desk.happened.discount, desk.adding.currency)} of discount."
        )
    return shown
