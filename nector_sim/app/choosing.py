"""Which setting: the most generous one within the merchant's limits, and all that were tried."""

from __future__ import annotations

from typing import Any

import numpy as np

from nector_sim.app.figures import months_of
from nector_sim.app.later import CHOICE, Asked
from nector_sim.app.trying import Tried, try_settings
from nector_sim.economics.labels import OTHERS, SURE
from nector_sim.errors import InputError
from nector_sim.exploration.choose import frontier, recommend
from nector_sim.exploration.limits import (
    SettingLimit,
    closest_to_all,
    limits_of,
    met_by_all,
    place_of,
    share_that_holds,
)
from nector_sim.report.answer import money
from nector_sim.rules.values import ungrouped

#: The limits: each by what it is called here, the limit of `recommend`, its words before and after, and its unit.
LIMITS = (
    ("budget", "cost_at_most", "Coins cost me at most", "a month", "money"),
    ("share", "discount_rate_at_most_percent", "Coins take off at most", "of sales", "percent"),
    ("order", "margin_per_order_at_least", "An order leaves me, on average, at least", "", "money"),
    ("less", "customers_who_get_less_at_most_percent", "Customers who get less than today: at most", "", "percent"),
)
NO_REPLAY = (
    "Which setting is best shows only over time: what customers do not use today they use on their next order. Choose "
    "“kept for the next order” under Unused coins."
)
NOTHING_STATED = (
    "Nothing is recommended yet. Every coin costs you something, so without a limit there is no most generous setting "
    "to stop at, and the setting that gives nothing always earns most on the orders that you have. Type at least one "
    "limit above. Or say under “About your shop” how many more orders coins bring: then the page can say which setting "
    "earns most."
)
NO_RESPONSE = (
    "It is the most generous setting within your limits, not the one that earns most: for that, you would have to say "
    "under “About your shop” how many more orders coins bring. “Find out” says how to test it."
)


def which(asked: Asked) -> dict[str, Any]:
    """The answer to the limits that were typed, with every setting that was tried."""
    if not asked.session.replayed:
        raise InputError(NO_REPLAY)
    tried: Tried = asked.remember("tried", CHOICE, lambda: try_settings(asked))
    months, table = months_of(asked.session), tried.table
    typed, problems = _typed(asked, months)
    limits = limits_of(table, typed)
    return {
        "limits": [_limit(one, tried.today, months, asked, problems) for one in LIMITS],
        "levers": tried.levers,
        "settings": [_setting(tried, place, limits, months) for place in range(len(table))],
        "met": int(met_by_all(table, limits).sum()) if limits else None,
        "frontier": [int(place) for place in frontier(table).index],
        "today": tried.place_of_today,
        "responds": asked.session.assumptions.responds,
        **({"answer": None, "why": ""} if problems else _answer(tried, limits, typed, asked, months)),
    }


def limits_in_use(asked: Asked, tried: Tried) -> list[SettingLimit]:
    """The limits that were typed, over the settings that were tried."""
    return limits_of(tried.table, _typed(asked, months_of(asked.session))[0])


def recommended(asked: Asked, tried: Tried) -> list[int]:
    """Where the settings are that are recommended: the most generous one, and the one that earns most."""
    typed = _typed(asked, months_of(asked.session))[0]
    found = [recommend(tried.table, **typed)] if typed else []
    if asked.session.assumptions.responds:
        found.append(recommend(tried.table, maximise="margin", **typed))
    return [place_of(tried.table, one.row.name) for one in found]


def _typed(asked: Asked, months: float) -> tuple[dict[str, Any], dict[str, str]]:
    """The limits that were typed, as `recommend` takes them; and what is wrong with others."""
    found: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, limit, _, _, unit in LIMITS:
        text = ungrouped(asked.typed("which").get(name, "").strip(" %₹$€£"))
        if not text:
            continue
        try:
            number = float(text)
        except ValueError:
            problems[name] = "It must be a number, such as 5000."
            continue
        if not np.isfinite(number) or (unit == "percent" and not 0 <= number <= 100):
            problems[name] = "It must be from 0 to 100." if unit == "percent" else "It must be a number, such as 5000."
        elif unit == "percent":
            found[limit] = f"{number}%"  # with its sign nobody asks whether 0.5 was meant as a share
        else:
            found[limit] = number * months if name == "budget" else number
    return found, problems


def _limit(
    one: tuple[str, str, str, str, str], today: dict[str, Any], months: float, asked: Asked, problems: dict[str, str]
) -> dict[str, Any]:
    name, limit, before, after, unit = one
    value = float(today[_COLUMNS[limit]])
    currency = asked.session.today.currency
    shown = money(value / (months if name == "budget" else 1), currency) if unit == "money" else f"{100 * value:.1f} %"
    return {
        "name": name, "before": before, "after": after if months > 1 or name != "budget" else "", "unit": unit,
        "value": asked.typed("which").get(name, ""), "today": "" if name == "less" else f"(today {shown})",
        "problem": problems.get(name, ""),
    }  # fmt: skip


#: The column of a sweep that each limit is of.
_COLUMNS = {
    "cost_at_most": "cost_of_program",
    "discount_rate_at_most_percent": "discount_rate",
    "margin_per_order_at_least": "margin_per_order",
    "customers_who_get_less_at_most_percent": "share_who_get_less",
}


def _setting(tried: Tried, place: int, limits: list[SettingLimit], months: float) -> dict[str, Any]:
    row: Any = tried.table.iloc[place]
    holds = share_that_holds(limits, place) if limits else None
    return {
        "values": tried.taken[place],
        "words": tried.words[place],
        "use": tried.used[place],
        "cost": row["cost_of_program"] / months,
        "margin": row["margin"] / months,
        "given": row["discount"] / months,
        "share": 100 * row["discount_rate"],
        "order": row["margin_per_order"],
        "less": 100 * row["share_who_get_less"],
        "meets": all(bool(limit.meets[place]) for limit in limits) if limits else None,
        "holds": None if holds is None else round(100 * holds),
    }


def _answer(
    tried: Tried, limits: list[SettingLimit], typed: dict[str, Any], asked: Asked, months: float
) -> dict[str, Any]:
    """What is recommended, or what comes closest, or why nothing is."""
    table, responds, currency = tried.table, asked.session.assumptions.responds, asked.session.today.currency
    if not limits and not responds:
        return {"answer": None, "why": NOTHING_STATED}
    found: dict[str, Any] = {"answer": None, "why": ""}
    if limits and not met_by_all(table, limits).any():
        place = closest_to_all(table, limits)
        return found | {
            "answer": place, "kind": "closest",
            "title": "No setting that was tried meets all of your limits. This one comes closest:",
            "lines": [_line(limit, place, currency, months) for limit in limits],
        }  # fmt: skip
    if limits:
        best = recommend(table, **typed)
        place = place_of(table, best.row.name)
        found |= {
            "answer": place, "kind": "generous",
            "title": f"The most generous setting that keeps to your limits {SURE}:",
            "lines": [_line(limit, place, currency, months) for limit in limits],
            "edge": [_edge(tried, path) for path in best.on_edge if best.setting[path] != 0],
        }  # fmt: skip
    if responds:
        earns = recommend(table, maximise="margin", **typed)
        place = place_of(table, earns.row.name)
        gain = float(earns.row["margin_with_response"]) / months
        found["earns"] = {
            "place": place,
            "title": f"Earns most{' within your limits' if limits else ''}, if customers respond as you say:",
            "line": f"It leaves {money(gain, currency)} a month with the orders that it brings or loses.",
        }
    elif limits:
        found["why"] = NO_RESPONSE
    return found


def _edge(tried: Tried, path: str) -> str:
    label = tried.levers[tried.settings.paths.index(path)]["label"]
    return f"It is at the end of what was tried for “{label}”, so a better one may lie beyond."


def _line(limit: SettingLimit, place: int, currency: str, months: float) -> dict[str, Any]:
    """How a setting stands to one limit, in words."""
    name = next(name for name, of, *_ in LIMITS if of == limit.name)
    value, bound = float(limit.numbers[place]), limit.limit

    def write(number: float) -> str:
        if name in ("share", "less"):
            return f"{100 * number:.1f} %"
        return money(number / months if name == "budget" else number, currency)

    says = {
        "budget": f"It costs {write(value)} a month; your limit is {write(bound)}",
        "share": f"Coins take off {write(value)} of sales; your limit is {write(bound)}",
        "order": f"An order leaves {write(value)}; you want at least {write(bound)}",
        "less": f"{write(value)} of customers get less than today; your limit is {write(bound)}",
    }
    times = 100 if limit.drawn is None else round(100 * float(limit.drawn[place].mean()))
    sure = "" if limit.drawn is None else f". Kept {times} times out of 100 {OTHERS}"
    return {"text": f"{says[name]}{sure}.", "meets": bool(limit.meets[place])}
