"""Next months: what coins will cost, what is owed and what expires, beside the last months again."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from nector_sim.app.later import Asked
from nector_sim.economics.labels import SURE
from nector_sim.errors import InputError
from nector_sim.exploration.forecast import forecast
from nector_sim.exploration.forecast_result import Forecast
from nector_sim.ledger.liability import Liability, liability
from nector_sim.ledger.openings import opening_of
from nector_sim.ledger.replay import replay
from nector_sim.ledger.schedule import make_schedule
from nector_sim.report.answer import money
from nector_sim.results import count
from nector_sim.rules.program import Program

#: Months ahead, and those that a table sums up.
MONTHS, HORIZONS = 6, (1, 3, 6)
NO_REPLAY = (
    "The next months begin with what customers own today and use later. Choose “kept for the next order” under Unused "
    "coins."
)
#: Measures of the table: name, what it is called, and whether it is money.
_MEASURES = (
    ("cost_of_program", "Costs you", True),
    ("discount", "Discount by coins", True),
    ("margin", "Margin", True),
    ("orders", "Orders", False),
    ("points_earned", "Coins given", False),
    ("expired", "Coins that expire", False),
    ("outstanding", "Coins that customers own at the end", False),
)
#: Measures that are drawn month by month.
_DRAWN = ("cost_of_program", "outstanding", "expired")
#: Settings as the forecast and as the page call them.
_TODAY, _PROPOSAL = "today", "proposal"
_CALLED = {_TODAY: "your current setting", _PROPOSAL: "proposal"}


def ahead(asked: Asked) -> dict[str, Any]:
    """What the next months bring under the current setting and the proposal."""
    session, proposal = asked.session, asked.outcome.program
    if not session.replayed:
        raise InputError(NO_REPLAY)
    today = session.today_beside(proposal)
    settings = {_TODAY: today} if today == proposal else {_TODAY: today, _PROPOSAL: proposal}

    def progress(done: int, of: int) -> None:
        asked.check()
        asked.progress[:] = [done, of]

    found = forecast(
        today,
        _bare(session.orders),
        settings=settings,
        assumptions=session.assumptions,
        months=MONTHS,
        opening=_opening(session.orders, today),
        progress=progress,
    )
    label = today.points_label
    return {
        "currency": found.currency,
        "sentence": _sentence(found),
        "tables": [_table(found, months) for months in HORIZONS],
        "pictures": [_picture(found, measure, today) for measure in _DRAWN if _happens(found, measure)],
        "notes": _notes(found, label),
    }


def owed(asked: Asked) -> dict[str, Any]:
    """What is owed to customers after the last order, and when it expires."""
    session = asked.session
    if not session.replayed:
        raise InputError(NO_REPLAY)
    today = session.today_beside(asked.outcome.program)
    run = replay(
        today, _bare(session.orders), opening=_opening(session.orders, today),
        take_up=session.assumptions.who_redeems(), progress=lambda *_: asked.check(),
    )  # fmt: skip
    why_not = ""
    try:
        from nector_sim.economics.ultimate import ultimate_redemption

        found = liability(run, ultimate=ultimate_redemption(run, progress=lambda *_: asked.check()))
    except (InputError, ModuleNotFoundError):
        found = liability(run)
        why_not = "How many of them will ever be used cannot be told from these orders."
    return _owed(found, today, why_not)


def _owed(found: Liability, today: Program, why_not: str) -> dict[str, Any]:
    currency, label = found.currency, today.points_label
    at = pd.Timestamp(found.at).tz_convert(today.timezone)
    line = (
        f"On {at.day} {at:%B %Y}, after the last order or refund, customers own {found.points:,} {label}, worth "
        f"{money(float(found.face), currency)}."
    )
    if found.expected is not None and found.expected_low is not None and found.expected_high is not None:
        likely, low, high = (
            money(float(one), currency) for one in (found.expected, found.expected_low, found.expected_high)
        )
        line += f" Of these, {likely} will probably be used ({low} to {high})."
    ranged = found.expected is not None
    rows = [
        [
            "never" if row["month"] == "never" else f"{pd.Timestamp(row['month']):%B %Y}",
            f"{row['points']:,}",
            money(float(row["face"]), currency),
            *([_spread_of(row, currency)] if ranged else []),
        ]
        for row in found.by_expiry().to_dict("records")
    ]
    columns = ["Expire in", label.capitalize(), "Worth", *(["Probably used"] if ranged else [])]
    return {"line": line, "why_not": why_not, "columns": columns, "rows": rows}


def _spread_of(row: dict[Any, Any], currency: str) -> str:
    likely, low, high = (money(float(row[name]), currency) for name in ("expected", "expected_low", "expected_high"))
    return f"{likely} ({low} to {high})"


def _bare(orders: pd.DataFrame) -> pd.DataFrame:
    """The orders without balances, which are given as opening ones."""
    return orders.drop(columns="points_balance", errors="ignore")


def _opening(orders: pd.DataFrame, today: Program) -> Any:
    return opening_of(orders, make_schedule(today))[0]


def _rows(found: Forecast, months: int) -> dict[tuple[str, str], dict[str, float]]:
    """Of a setting and a measure: likely, low, high, and the last months."""
    table = found.table([months]).to_dict("records")
    return {(str(row["setting"]), str(row["measure"])): row for row in table}  # type: ignore[misc]


def _sentence(found: Forecast) -> str:
    """The next three months in a sentence, beside the last three."""
    rows = _rows(found, 3)

    def of(setting: str) -> str:
        row = rows[setting, "cost_of_program"]
        likely, low, high = (money(row[name], found.currency) for name in ("likely", "low", "high"))
        return f"{likely} ({SURE} between {low} and {high})"

    again = rows[_TODAY, "cost_of_program"]["last_months_again"]
    last = "" if math.isnan(again) else f" The last 3 months cost {money(again, found.currency)}."
    first = f"If customers go on as they do, coins cost you {of(_TODAY)} in the next 3 months with your current setting"
    return f"{first}{f', and {of(_PROPOSAL)} with the proposal' if _PROPOSAL in found.settings else ''}.{last}"


def _table(found: Forecast, months: int) -> dict[str, Any]:
    what = "month" if months == 1 else f"{months} months"
    rows = _rows(found, months)

    def write(number: float, is_money: bool) -> str:
        if math.isnan(number):
            return "not known"
        return money(number, found.currency) if is_money else f"{round(number):,}"

    return {
        "months": months,
        "name": f"Next {what}",
        "columns": ["", f"The last {what} again", *(_CALLED[name].capitalize() for name in found.settings)],
        "rows": [
            [
                called,
                write(rows[_TODAY, measure]["last_months_again"], is_money),
                *(
                    [write(rows[name, measure][end], is_money) for end in ("likely", "low", "high")]
                    for name in found.settings
                ),
            ]
            for measure, called, is_money in _MEASURES
            if measure != "expired" or _happens(found, measure)
        ],
    }


def _happens(found: Forecast, measure: str) -> bool:
    """Whether there is any of a measure, in the past or ahead."""
    comes = any(row["high"] > 0 for name in found.settings for row in _by_month(found, name, measure))
    return comes or bool(found.past(measure).max(initial=0) > 0)


def _by_month(found: Forecast, setting: str, measure: str) -> list[dict[Any, Any]]:
    table = found.timeline(setting)
    return table[table["measure"] == measure].to_dict("records")


def _picture(found: Forecast, measure: str, today: Program) -> dict[str, Any]:
    called, is_money = next((words, is_money) for name, words, is_money in _MEASURES if name == measure)
    origin = pd.Timestamp(found.origin).tz_convert(today.timezone)

    def at(months: int) -> str:
        day = origin + pd.DateOffset(months=months)
        return f"{day.day} {day:%b %Y}"

    past = found.past(measure).tolist()
    return {
        "key": measure,
        "title": {
            "cost_of_program": "What coins cost you, by month",
            "outstanding": "Coins that customers own",
            "expired": "Coins that expire, by month",
        }[measure],
        "name": called,
        "money": is_money,
        "past": [{"x": place - len(past) + 1, "at": at(place - len(past) + 1), "y": y} for place, y in enumerate(past)],
        "lines": [
            {
                "name": _CALLED[name],
                "kind": "now" if name == _PROPOSAL or len(found.settings) == 1 else "today",
                "points": [
                    {"x": row["month"], "at": at(row["month"]), "y": row["likely"]}
                    | {end: row[end] for end in ("low", "high")}
                    for row in _by_month(found, name, measure)
                ],
            }
            for name in found.settings
        ],
    }  # fmt: skip


def _notes(found: Forecast, label: str) -> list[str]:
    notes = [
        f"Reckoned from {count(found.customers, 'customer')}, about {found.newcomers:,.0f} new ones in four weeks, and "
        f"the last {found.window_days} days. Nobody is assumed to order more or less because of {label}."
    ]
    row = found.opinions([3]).iloc[0]
    if found.second_opinion.model is not None and found.second_opinion.fits and row["differs"]:
        notes.append(
            f"Another way of reckoning expects {count(row['bg_nbd'], 'order')} of these customers in 3 months, "
            f"where this "
            f"one expects {row['likely']:,.0f} ({row['low']:,.0f} to {row['high']:,.0f}): rely on it less."
        )
    return notes
