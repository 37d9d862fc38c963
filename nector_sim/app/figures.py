"""What the page shows of a setting: four figures, one sentence, ranges, and the pictures' numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from nector_sim.app.later import Asked
from nector_sim.app.setting import WORTH, Lever, read, short, typed_into
from nector_sim.economics.happened import Happened
from nector_sim.economics.intervals import span
from nector_sim.economics.summary import Summary
from nector_sim.errors import InputError
from nector_sim.exploration.facts import facts
from nector_sim.exploration.replay_sums import ReplaySums
from nector_sim.exploration.replay_sweeps import play_settings
from nector_sim.exploration.session import Outcome, Session
from nector_sim.report.answer import RESAMPLES, extra, money, months_to_divide_by
from nector_sim.report.answer import sentence as in_a_sentence
from nector_sim.report.words import called, plain
from nector_sim.rules.fields import Values
from nector_sim.rules.program import Program

#: How often customers are drawn for the range of a lever's points.
RESAMPLES_OF_LEVERS = 100
#: Settings of one lever, beside today's and the proposal's.
POINTS = 7


def headline(outcome: Outcome, today: Outcome, session: Session, happened: Happened | None) -> list[dict[str, str]]:
    """The four figures, each with today's, the change, and whether that is better."""
    currency, months = outcome.program.currency, months_of(session)
    per = " a month" if months > 1 else ""
    now, before = outcome.summary, today.summary

    def amount(key: str, name: str, get: Callable[[Summary], float], better: int) -> dict[str, str]:
        values = [get(one) / months for one in (now, before)]
        texts = [money(value, currency) for value in values]
        return _figure(key, f"{name}{per}", texts, values[0] - values[1], money, currency, better)

    cost = amount("cost", "Costs you", lambda one: one.cost_of_program, -1)
    if happened is not None and happened.discount is not None:
        cost["really"] = f"really given: {money(happened.discount / months, currency)}{per}"
    shares = [100 * now.discount_rate, 100 * before.discount_rate]
    rates = [f"{one:.1f} % of sales" for one in shares]
    share = _figure("share", "Coins discount", rates, round(shares[0], 1) - round(shares[1], 1), _tenths, currency, -1)
    uplifts = [one.break_even_uplift for one in (now, before)]
    rise = 0.0 if None in uplifts else round(100 * ((uplifts[0] or 0) - (uplifts[1] or 0)), 1)
    words = [extra(one) for one in uplifts]
    pays = _figure("pays", "Pays off from extra orders", words, rise, _tenths, currency, -1)
    return [cost, amount("margin", "Margin", lambda one: one.margin, 1), share, pays]


def _figure(
    key: str,
    name: str,
    texts: Sequence[str],
    change: float,
    write: Callable[[float, str], str],
    currency: str,
    better: int,
) -> dict[str, str]:
    shown = write(abs(change), currency)
    same = shown in (write(0, currency), money(0, currency))
    kind = "" if same else "better" if change * better > 0 else "worse"
    words = "as today" if same else f"{'▲' if change > 0 else '▼'} {shown} {'more' if change > 0 else 'less'}"
    return {"key": key, "name": name, "value": texts[0], "today": texts[1], "change": words, "kind": kind}


def _tenths(change: float, _: str) -> str:
    return f"{change:.1f}"


def months_of(session: Session) -> float:
    """What amounts are divided by: the months of the orders, or 1 where they cover less than one."""
    return months_to_divide_by(session.months)


def sentence(outcome: Outcome, today: Outcome, session: Session) -> str:
    """What the setting is and costs, and what it changes, in two sentences."""
    return in_a_sentence(outcome.program, outcome.summary, today.program, today.summary, session.months)


def ranges(session: Session, outcome: Outcome, go_on: Callable[[], None]) -> dict[str, str]:
    """How far each of the four figures spreads; nothing where the orders are not replayed."""
    if not session.replayed:
        return {}
    programs = [outcome.program, session.today_beside(outcome.program)]
    _, draws, _ = play_settings(
        programs,
        sums_of(session, outcome.program),
        session.assumptions,
        others=session.other_replays(outcome.program),
        threads=2,
        resamples=RESAMPLES,
        go_on=go_on,
    )
    if not draws:
        return {}
    currency, months = outcome.program.currency, months_of(session)
    spans = {name: span(draws[0][name]) for name in ("cost_of_program", "margin", "discount_rate", "break_even_uplift")}
    between = {
        "cost": [money(end / months, currency) for end in spans["cost_of_program"]],
        "margin": [money(end / months, currency) for end in spans["margin"]],
        "share": [f"{100 * end:.1f}" for end in spans["discount_rate"]],
        "pays": [
            "never" if math.isinf(end) or math.isnan(end) else f"{max(0, 100 * end):.1f}"
            for end in spans["break_even_uplift"]
        ],
    }
    return {key: f"between {low} and {high}" for key, (low, high) in between.items()}


def headline_ranges(asked: Asked) -> dict[str, str]:
    """The ranges of the headline."""
    return ranges(asked.session, asked.outcome, asked.go_on)


def levers(asked: Asked) -> list[dict[str, Any]]:
    """Margin, cost and reach along each lever."""
    desk, state = asked.desk, asked.state
    found = [(one, reach) for one in desk.levers() if (reach := desk.reach(one)) is not None]
    return lever_pictures(asked.session, state["proposal"], state["today"], found, asked.go_on) if found else []


def setting_pictures(asked: Asked) -> dict[str, Any]:
    """The numbers of the pictures of one setting."""
    return pictures(asked.outcome, asked.session.todays(asked.outcome.program))


def sums_of(session: Session, program: Program) -> ReplaySums:
    """What replays of a history add up to, worked out once for settings that differ in amounts."""
    return ReplaySums.of(session.replays(program), "cash", program.decimals)


def lever_pictures(
    session: Session,
    proposal: Values,
    today: Values,
    found: Sequence[tuple[Lever, tuple[float, float, float]]],
    go_on: Callable[[], None],
) -> list[dict[str, Any]]:
    """Margin, cost and reach along each lever, with ranges; all else stays as proposed."""
    wanted: list[tuple[int, float | None, Program]] = []
    ends = [_ends(lever, reach, proposal, today) for lever, reach in found]
    for position, (lever, reach) in enumerate(found):
        for value in _along(lever, reach, proposal, today):
            typed = typed_into("proposal", proposal, {lever.path: "" if value is None else short(Decimal(str(value)))})
            try:
                wanted.append((position, value, read("proposal", typed)))
            except InputError:
                continue
    programs = [program for _, _, program in wanted]
    months, currency = months_of(session), programs[0].currency
    rows, draws = _rows(session, programs, go_on)
    pictures = []
    for position, ((lever, _), end) in enumerate(zip(found, ends, strict=True)):
        mine = [index for index, (at, _, _) in enumerate(wanted) if at == position]
        points = [_point(wanted[index][1], rows[index], draws[index] if draws else None, months) for index in mine]
        pictures.append(
            {
                "path": lever.path, "label": lever.label, "unit": lever.unit, "points": points, "currency": currency,
                "now": _number(proposal, lever), "today": _number(today, lever), "end": end,
            }
        )  # fmt: skip
    return pictures


def _rows(
    session: Session, programs: list[Program], go_on: Callable[[], None]
) -> tuple[list[dict[str, Any]], list[Any]]:
    if session.replayed:
        sums = sums_of(session, programs[0])
        how: dict[str, Any] = {"threads": 2, "resamples": RESAMPLES_OF_LEVERS, "go_on": go_on}
        how["others"] = session.other_replays(programs[0])
        rows, draws, _ = play_settings(programs, sums, session.assumptions, **how)
        return rows, draws
    rows = []
    for program in programs:
        go_on()
        rows.append(session.outcome(program).summary.row())
    return rows, []


def _ends(lever: Lever, reach: tuple[float, float, float], proposal: Values, today: Values) -> float | None:
    """Where the picture of a lever ends while a setting lies beyond its reach; None where none does."""
    own = [number for values in (proposal, today) if (number := _number(values, lever)) is not None]
    return reach[1] * 1.1 if max(own, default=0.0) > reach[1] * 1.1 else None


def _along(lever: Lever, reach: tuple[float, float, float], proposal: Values, today: Values) -> list[float | None]:
    low, high, step = reach
    # Closer together where they are small, as caps and minima are.
    evenly = {round(max(1, round(at / step)) * step, 4) for at in high * np.linspace(0.25, 1, POINTS) ** 2}
    if not lever.optional and low == 0:
        evenly.add(0.0)
    own = {number for number in (_number(proposal, lever), _number(today, lever)) if number is not None}
    return sorted(evenly | own)


def _number(values: Values, lever: Lever) -> float | None:
    if lever.path == WORTH:
        points, discount = (values.get(f"offers.0.{name}_per_step") for name in ("points", "discount"))
        try:
            return round(float(str(discount)) / float(str(points)), 4)
        except (ValueError, ZeroDivisionError):
            return None
    try:
        return float(str(values.get(lever.path, "")))
    except ValueError:
        return None


def _point(value: float | None, row: dict[str, Any], drawn: Any, months: float) -> dict[str, Any]:
    point = {
        "x": value,
        "margin": row["margin"] / months,
        "cost": row["cost_of_program"] / months,
        "reach": 100 * row["orders_redeemed"] / max(row["orders"], 1),
    }
    if drawn is not None:
        for key, name in (("margin", "margin"), ("cost", "cost_of_program")):
            low, high = span(drawn[name])
            point |= {f"{key}_low": low / months, f"{key}_high": high / months}
    return point


def pictures(outcome: Outcome, today: Outcome) -> dict[str, Any]:
    """The numbers of three pictures: discount by cart size, what limits it, and from sales to margin."""
    from nector_sim.calculator.reasons import SENTENCES
    from nector_sim.pictures.discount_by_cart import average_by_band, discount_curve, usual_cart
    from nector_sim.pictures.style import SHORT
    from nector_sim.pictures.waterfall import steps_of
    from nector_sim.report.figures import named
    from nector_sim.report.screens import not_on_screen, screens

    discounts, label = outcome.discounts(), outcome.program.points_label
    up_to = usual_cart(discounts["cart_amount"].to_numpy(np.float64))
    lines = {"now": discount_curve(outcome.program, up_to=up_to), "today": discount_curve(today.program, up_to=up_to)}
    bands, average = average_by_band(discounts, up_to=up_to)
    return {
        "currency": outcome.program.currency,
        "curves": {
            name: {"x": curve["cart_amount"].tolist(), "y": curve["discount"].astype(float).tolist()}
            for name, curve in lines.items()
        },
        "average": [[float(x), float(y)] for x, y in zip(bands, average, strict=True) if not math.isnan(y)],
        "limits": [
            {
                "name": called(SHORT[reason], label),
                "now": 100 * now.get(reason, 0),
                "today": 100 * before.get(reason, 0),
            }
            for now, before in [(outcome.summary.limited_by, today.summary.limited_by)]
            for reason in SENTENCES
            if reason in now or reason in before
        ],
        "screens": [list(entry) for entry in screens(outcome.program)],
        "aside": not_on_screen(outcome.program),
        "facts": [called(plain(line), label) for line in named(facts(outcome.program).text()).splitlines()],
        "steps": [[called(name.replace("\n", " "), label), amount] for name, amount in steps_of(outcome.summary)],
    }
