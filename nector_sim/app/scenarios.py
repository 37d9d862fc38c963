"""Scenarios: named settings that are kept with the project, side by side with today's and the proposal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from nector_sim.app.figures import months_of
from nector_sim.app.later import Asked
from nector_sim.app.setting import read, typed_into
from nector_sim.economics.ranges import customer_codes, sums_by
from nector_sim.economics.summary import Summary
from nector_sim.errors import InputError
from nector_sim.exploration.groups import labels_of
from nector_sim.exploration.pairs import bases_of, by_group, changes_of, in_all, numbers_of, sides_of
from nector_sim.exploration.session import Session
from nector_sim.report.answer import setting_in_words
from nector_sim.rules.program import Program

#: Scenarios that a project holds, and letters of a name.
MOST, LONGEST = 30, 60
#: How orders are grouped: as the library and as the page call it.
GROUPS = {"month": "Month", "cart_band": "Cart size", "customer_decile": "Customers by what they spend", "tier": "Tier"}
#: What is shown of each group, as :attr:`nector_sim.Comparison.groups` calls it, in words, and in which unit.
MEASURES = (
    ("candidate_cost_of_program", "Costs you", "money"),
    ("candidate_margin", "Margin", "money"),
    ("margin_difference", "Margin, more or less than today", "money"),
    ("candidate_discount", "Customers get", "money"),
    ("discount_difference", "Customers get, more or less than today", "money"),
    ("candidate_discount_rate", "Coins discount, % of sales", "percent"),
    ("candidate_orders_redeemed", "Orders that use coins", "count"),
)
#: What the two first columns are called.
TODAY, PROPOSAL = "Your current setting", "Proposal"
#: What is shown of a setting: a number of it, in words, where “ a month” goes, and its unit.
ROWS = (
    ("cost", "Costs you{}", "money"),
    ("margin", "Margin{}", "money"),
    ("against", "Margin{}, against today", "money"),
    ("answered", "The same, with the response that you state, against today", "money"),
    ("discount", "Customers get{}", "money"),
    ("share", "Coins discount, % of sales", "percent"),
    ("order", "Margin of an order", "money"),
    ("reach", "Orders that use coins", "percent"),
    ("pays", "Pays off from extra orders, per 100", "uplift"),
    ("less", "Customers who get less than today", "count"),
    ("more", "Customers who get more than today", "count"),
)


def changed(state: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of the state after a scenario was added, renamed, removed or used."""
    scenarios = list(state["scenarios"])
    how = asked.get("how")
    if how == "add":
        if len(scenarios) >= MOST:
            raise InputError(f"There are {MOST} scenarios, the most that a project holds: remove one first.")
        values = typed_into("proposal", state["proposal"], asked.get("values") or {})
        read("proposal", values)  # what is marked in red is no setting
        name = _free(str(asked.get("name") or ""), scenarios)
        return {"scenarios": [*scenarios, {"name": name, "values": values}]}
    position = int(asked.get("position", -1))
    if not 0 <= position < len(scenarios):
        raise InputError("There is no such scenario.")
    if how == "remove":
        return {"scenarios": scenarios[:position] + scenarios[position + 1 :]}
    if how == "use":
        return {"proposal": scenarios[position]["values"]}
    if how == "rename":
        others = scenarios[:position] + scenarios[position + 1 :]
        renamed = {**scenarios[position], "name": _free(str(asked.get("name") or ""), others)}
        return {"scenarios": [*scenarios[:position], renamed, *scenarios[position + 1 :]]}
    raise InputError("The page asked for something that this version of the app does not know.")


def _free(wanted: str, others: list[dict[str, Any]]) -> str:
    """The name that is wanted, with a number where another has it."""
    names = {TODAY, PROPOSAL, *(one["name"] for one in others)}
    wanted = " ".join(wanted.split())[:LONGEST]
    if wanted and wanted not in names:
        return wanted
    return next(name for number in range(1, MOST + 3) if (name := f"{wanted or 'Scenario'} {number}") not in names)


def side_by_side(asked: Asked) -> dict[str, Any]:
    """Today's setting, the proposal and each scenario: their numbers, and by group."""
    session, state = asked.session, asked.state
    settings = [(TODAY, None), (PROPOSAL, state["proposal"])]
    settings += [(one["name"], one["values"]) for one in state["scenarios"]]
    asked.pieces(len(settings))
    columns = []
    for name, values in settings:
        asked.go_on()
        columns.append({"name": name, **_column(asked, session, values)})
    months = months_of(session)
    has_response = session.assumptions.responds
    shown = [row for row in ROWS if has_response or row[0] != "answered"]
    groups = [by for by in GROUPS if by in columns[0]["groups"]]
    return {
        "currency": session.today.currency,
        "columns": [{key: value for key, value in column.items() if key != "groups"} for column in columns],
        "rows": [
            {
                "name": words.format(" a month" if months > 1 else ""),
                "unit": unit,
                "values": [column["numbers"][key] for column in columns],
            }
            for key, words, unit in shown
        ],
        "measures": [{"key": key, "name": words, "unit": unit} for key, words, unit in MEASURES],
        "groups": [{"by": by, "name": GROUPS[by], **_grouped(by, columns)} for by in groups],
    }


def _column(asked: Asked, session: Session, values: Mapping[str, Any] | None) -> dict[str, Any]:
    """One setting against today's; kept until what it rests on changes."""
    program = session.today_beside(asked.outcome.program) if values is None else None
    if values is not None:
        try:
            program = read("proposal", dict(values))
        except InputError:
            return {"words": "This setting has mistakes.", "problem": True, "numbers": dict.fromkeys(_KEYS)}
        if session.replayed and program.earning is None:
            return {"words": "It does not say how coins are earned.", "problem": True, "numbers": dict.fromkeys(_KEYS)}
    assert program is not None
    chosen, today = program, session.today_beside(program)
    # Where today's setting lacks what orders earn, it takes that of the other.
    name = f"column {chosen.to_json()} {today.to_json()}"
    parts = ("orders", "today", "assumptions", "replayed")
    made: dict[str, Any] = asked.remember(name, parts, lambda: against(session, chosen))
    return {**made, "words": setting_in_words(chosen)}


_KEYS = tuple(key for key, *_ in ROWS)


def against(session: Session, program: Program) -> dict[str, Any]:
    """A setting's numbers and groups beside today's, as :func:`nector_sim.compare` gives them."""
    today, believed, months = session.today_beside(program), session.assumptions, months_of(session)
    pair = (today, program)
    played = [session.play(one) for one in pair]
    sides = sides_of(pair, played, "cash")
    before, now = (made.summarize(one, assumptions=believed) for one, made in zip(pair, played, strict=True))
    used = session.orders.iloc[played[0].rows]
    if today.tiers and played[0].tiers is not None:
        used = used.assign(tier=played[0].tiers)
    codes, count = customer_codes(used) if "customer_id" in used else (np.arange(len(used), dtype=np.intp), len(used))
    total = numbers_of(in_all(sums_by(sides, codes, count, bases=bases_of(sides, codes, count))), believed.rates())
    changes: Any = changes_of(sides, codes, count)["customers"]
    numbers = _numbers(before, now, months) | {"less": int(changes["fall"]), "more": int(changes["rise"])}
    with_response = total.get("incremental_margin_with_response")
    numbers["answered"] = None if with_response is None else float(with_response) / months
    groups = {}
    for by in GROUPS:
        needs = {"month": "ordered_at", "customer_decile": "customer_id", "tier": "tier"}.get(by)
        if needs is None or (needs in used and used[needs].notna().any()):
            groups[by] = by_group(sides, labels_of(today, used, by), believed)
    return {"numbers": numbers, "groups": groups}


def _numbers(before: Summary, now: Summary, months: float) -> dict[str, Any]:
    orders = max(now.orders, 1)
    return {
        "cost": now.cost_of_program / months,
        "margin": now.margin / months,
        "against": (now.margin - before.margin) / months,
        "discount": now.discount / months,
        "share": 100 * now.discount_rate,
        "order": now.margin / orders,
        "reach": 100 * now.orders_redeemed / orders,
        "pays": None if now.break_even_uplift is None else 100 * now.break_even_uplift,
    }


def _grouped(by: str, columns: list[dict[str, Any]]) -> dict[str, Any]:
    """One row a group: its orders, and of each measure a value for each setting."""
    tables: list[pd.DataFrame | None] = [column.get("groups", {}).get(by) for column in columns]
    first: pd.DataFrame = columns[0]["groups"][by]
    times = {key: 100 if unit == "percent" else 1 for key, _, unit in MEASURES}
    return {
        "rows": [_group_in_words(by, group) for group in first["group"]],
        "orders": [int(count) for count in first["orders"]],
        "values": {
            key: [
                [None if table is None else float(table[key].iloc[row]) * times[key] for table in tables]
                for row in range(len(first))
            ]
            for key, _, _ in MEASURES
        },
    }


def _group_in_words(by: str, group: Any) -> str:
    if group == "(none)":
        return "none"
    if by == "month":
        return f"{pd.Timestamp(f'{group}-01'):%b %Y}"
    if by == "customer_decile":
        ends = {1: "the tenth that spends most", 10: "the tenth that spends least"}
        return ends.get(int(group), f"the {group}{ {2: 'nd', 3: 'rd'}.get(int(group), 'th') } tenth")
    return str(group)
