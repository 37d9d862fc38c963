"""Find out: how long a test takes, who is in which group, and what a test that ran says; from the library's results."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from nector_sim.app.later import Asked
from nector_sim.errors import InputError
from nector_sim.exploration.experiments.assign import ExperimentAssignment, assign_experiment
from nector_sim.exploration.experiments.plan import ExperimentPlan, plan_experiment
from nector_sim.exploration.experiments.read import ExperimentReading, read_experiment
from nector_sim.pictures.style import currency_sign
from nector_sim.report.answer import money
from nector_sim.report.words import called, plain
from nector_sim.results import count
from nector_sim.rules.values import ungrouped

if TYPE_CHECKING:
    from nector_sim.app.desk import Desk
    from nector_sim.rules.program import Program

#: Changes of orders that a test is planned for, in %, beside the one that decides.
CHANGES = (5, 10)
#: The key by which customers are drawn into groups, in the project's folder.
_KEY = "groups.key"
#: What the two groups are called on the page.
_GROUPS = {"baseline": "current setting", "candidate": "new setting"}
#: Outcomes as the page calls them: words, and whether they are money.
_OUTCOMES = {
    "margin": ("What a customer leaves you", True),
    "margin before discounts": ("… before discounts", True),
    "orders": ("Orders of a customer", False),
    "cart of an order": ("Basket of an order", True),
    "discount of an order": ("Discount of an order", True),
    "share of orders that redeem": ("Orders that use coins, %", False),
}
_VERDICTS = {
    "pays": "It pays.",
    "does not pay": "It does not pay.",
    "not known yet": "Not known yet.",
    "cannot be read": "This test cannot be read.",
}


def plan(asked: Asked) -> dict[str, Any]:
    """How long a test of the proposal takes, and how small a change it can notice."""
    session, proposal = asked.session, asked.outcome.program
    today = session.today_beside(proposal)
    if today == proposal:
        return {"lines": ["Change something first: a test compares your current setting with a new one."], "rows": []}

    def progress(done: int, of: int) -> None:
        asked.check()
        asked.progress[:] = [done, of]

    found = plan_experiment(
        today,
        proposal,
        session.orders,
        assumptions=session.assumptions,
        changes_percent=CHANGES,
        timezone=today.timezone,
        replayed=session.replayed,
        progress=progress,
    )
    label = today.points_label
    notes = [called(plain(note), label) for note in found.notes]
    return {
        "lines": [_whether(found), *_noticed(found)],
        "columns": _columns(found),
        "rows": _rows(found),
        "notes": notes,
    }


def _whether(found: ExperimentPlan) -> str:
    if found.break_even is None:
        return "No change in the number of orders would make the new setting earn what your current one does."
    share = f"{100 * abs(found.break_even):.1f} %"
    if found.break_even >= 0:
        return f"The new setting pays if customers place more than {share} extra orders."
    return f"The new setting pays as long as customers do not place more than {share} fewer orders."


def _noticed(found: ExperimentPlan) -> list[str]:
    """What a test on these customers can notice; where that is not what decides, what could be done."""
    if found.seen.empty:
        return ["Your orders cover too short a time to plan a test."]
    best = found.seen.sort_values("smallest").iloc[0]
    lines = [
        f"With the {count(found.customers, 'customer')} who ordered lately, a test of "
        f"{count(int(best['weeks']), 'week')} notices it "
        f"when orders change by {100 * best['smallest']:.1f} % or more."
    ]
    if found.break_even is None:
        return lines
    enough = found.seen[found.seen["sees_break_even"]]
    if len(enough):
        return [*lines, f"{count(int(enough['weeks'].min()), 'week is', 'weeks are')} enough to see whether it pays."]
    least = found.needed[found.needed["is_break_even"]]["customers_a_side"].min()
    return [
        *lines,
        f"Whether it pays cannot be seen: that takes {count(least, 'customer')} in each group, and you have "
        f"{found.customers // 2:,}. Test a bigger change, or test for longer.",
    ]


def _columns(found: ExperimentPlan) -> list[str]:
    whether = [] if found.break_even is None else ["To see whether it pays: customers in each group"]
    changes = [f"To notice {change} %: customers in each group" for change in CHANGES]
    return ["Length of the test", "Smallest change of orders it notices", *whether, *changes]


def _rows(found: ExperimentPlan) -> list[list[str]]:
    """By length, what the best way of reckoning sees."""
    rows = []
    lengths: Any = found.seen.groupby("weeks")
    for weeks, seen in lengths:
        needed = found.needed[found.needed["weeks"] == weeks]
        least = needed.groupby(["is_break_even", "change"])["customers_a_side"].min()
        asked = [least[True]] if found.break_even else []
        cells = [f"{float(one.min()):,.0f}" for one in asked]
        cells += [f"{least[False][change / 100]:,.0f}" for change in CHANGES]
        rows.append([count(weeks, "week"), f"{100 * seen['smallest'].min():.1f} %", *cells])
    return rows


def groups(asked: Asked) -> dict[str, Any]:
    """Customers drawn into two groups that were alike before."""
    found, default = _assigned(asked.desk, asked.session, asked.typed("find"))
    counts = found.frame["side"].value_counts()
    zone = asked.session.today.timezone
    at = found.start.tz_convert(zone)
    keep, get = (int(counts.get(side, 0)) for side in _GROUPS)
    line = (
        f"From {at.day} {at:%B %Y} on, {count(keep, 'customer keeps', 'customers keep')} your current setting and "
        f"{get:,} get the new "
        "one. Both groups were alike before:"
    )
    return {
        "start": default,
        "lines": [line, *(plain(one) for one in found.said)],
        "columns": [
            "In the 26 weeks before, a customer on average",
            *(f"{one.capitalize()}" for one in _GROUPS.values()),
        ],
        "rows": [
            [_before(str(row["outcome"]), asked.session.today), *(f"{row[side]:,.2f}" for side in _GROUPS)]
            for row in found.balance.to_dict("records")
        ],
    }


def groups_file(desk: Desk) -> bytes:
    """The groups as a file: each customer, and on which side."""
    import polars as pl

    from nector_sim.batch.formulas import harmless

    with desk.lock:
        session, typed = desk.session, desk.project.state["asked"].get("find", {})
    if session is None:
        raise InputError("There are no orders yet.")
    found, _ = _assigned(desk, session, typed)
    return harmless(pl.from_pandas(found.frame.astype("string"))).write_csv(include_bom=True).encode()


def _assigned(desk: Desk, session: Any, typed: Mapping[str, str]) -> tuple[ExperimentAssignment, str]:
    zone = session.today.timezone
    default = ""
    if "ordered_at" in session.orders and len(session.orders):
        day = session.orders["ordered_at"].max().tz_convert(zone) + pd.Timedelta(days=1)
        default = f"{day:%Y-%m-%d}"
    found = assign_experiment(
        session.orders,
        start=typed.get("start") or default,
        candidate_percent=_percent(typed.get("percent") or "50"),
        key_file=desk.project.folder / _KEY,
        timezone=zone,
    )
    return found, default


def _percent(text: str) -> float:
    try:
        return float(ungrouped(text.strip(" %")))
    except ValueError:
        raise InputError("How many customers get the new setting: write a number of per cent, such as 50.") from None


def _before(outcome: str, today: Program) -> str:
    sign = currency_sign(today.currency)
    words = {"cart": f"baskets, {sign}", "discount": f"discount by coins, {sign}", "redeemed": "orders that used coins"}
    return words.get(outcome, outcome)


def reading(asked: Asked) -> dict[str, Any]:
    """What a test that ran says."""
    typed, session = asked.typed("find"), asked.session
    if not (typed.get("groups") and typed.get("began") and typed.get("ends")):
        return {"waiting": "Choose the file of groups, and say when the test began and when it ends."}
    from nector_sim.batch.files import read_table
    from nector_sim.frames.kinds import as_frame

    path = Path(typed["groups"])
    if not path.is_relative_to(asked.desk.project.uploads) or not path.is_file():
        raise InputError(f"{path.name} is not there any more. Choose it again.")
    found = read_experiment(
        session.orders,
        as_frame(read_table(path)),
        assumptions=session.assumptions,
        start=typed["began"],
        end=typed["ends"],
        candidate_percent=_percent(typed.get("drawn") or "50"),
        programs=[session.today],
        currency=session.today.currency,
        timezone=session.today.timezone,
        progress=lambda *_: asked.check(),
    )
    return _read(found, session.today.points_label)


def _read(found: ExperimentReading, label: str) -> dict[str, Any]:
    def write(number: float, name: str) -> str:
        if _OUTCOMES[name][1]:
            return money(number, found.currency) if abs(number) >= 100 else f"{number:,.2f}".replace("-", "−")
        return f"{number * (100 if name.startswith('share') else 1):,.2f}".replace("-", "−")

    rows = [
        [
            _OUTCOMES[name][0],
            *(write(row[side], name) for side in _GROUPS),
            f"{write(row['difference'], name)} ({write(row['low'], name)} to {write(row['high'], name)})",
        ]
        for row in found.frame.to_dict("records")
        for name in [str(row["outcome"])]
    ]
    sizes = " and ".join(f"{number:,} with the {_GROUPS[side]}" for side, number in found.customers.items())
    return {
        "verdict": _VERDICTS[found.verdict],
        "kind": {"pays": "better", "does not pay": "worse", "cannot be read": "worse"}.get(found.verdict, ""),
        "lines": [found.answer, f"Customers: {sizes}.", *(called(plain(one), label) for one in found.said)],
        "columns": ["", *(one.capitalize() for one in _GROUPS.values()), f"Difference ({found.level:.0%} range)"],
        "rows": rows,
    }
