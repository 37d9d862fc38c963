"""Trying many settings around the proposal: which, what each gives, and what the page needs to show and use them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from nector_sim.app.figures import sums_of
from nector_sim.app.later import Asked
from nector_sim.app.setting import DISCOUNT, STEP, WORTH, Lever, around, levers, read, short
from nector_sim.errors import InputError
from nector_sim.exploration.first_grid import carts_and_balances, grid_around, is_gridded
from nector_sim.exploration.grid import Settings, make_settings
from nector_sim.exploration.replay_sweeps import as_table, play_settings
from nector_sim.report.answer import setting_in_words
from nector_sim.rules.fields import Values, values_of
from nector_sim.rules.money import money_text
from nector_sim.rules.program import Program

#: How often customers are drawn, and how many settings are tried at a time.
RESAMPLES, TOGETHER = 200, 24
#: Above so many orders every other cap and minimum is tried, and above so many every other value at all.
MANY, VERY_MANY = 50_000, 500_000


@dataclass(frozen=True)
class Tried:
    """Settings that were tried around a program.

    Attributes
    ----------
    base : Program
        The proposal with its levers where they are today.
    settings : Settings
    table : pandas.DataFrame
        As :func:`nector_sim.sweep` gives it, with resamples.
    today : dict
        Of today's setting, as a row of the table.
    place_of_today : int or None
        Where it is in the table; None where the proposal differs from it in more than the levers.
    levers : list of dict
        The fields that differ, as the page calls them, with their values.
    taken, words, used : list
        Of each setting: its values, how it is said, and what is typed into the proposal to use it.
    """

    base: Program
    settings: Settings
    table: pd.DataFrame
    today: dict[str, Any]
    place_of_today: int | None
    levers: list[dict[str, Any]]
    taken: list[list[float | None]]
    words: list[str]
    used: list[dict[str, str]]


def try_settings(asked: Asked) -> Tried:
    """Try the settings of a first grid, or of the levers, each with the same draws; and today's by itself."""
    session, believed, shown = asked.session, asked.session.assumptions, around(asked.state)
    base = read("proposal", shown)
    sums, others, today = sums_of(session, base), session.other_replays(base), session.today_beside(base)
    settings = make_settings(base, _grid(asked, base, shown))
    programs = [settings.program_of(position) for position in range(len(settings))]
    asked.pieces(len(programs) + 1)
    rows: list[dict[str, Any]] = []
    draws: list[dict[str, Any]] = []
    notices: list[str] = []
    how: dict[str, Any] = {"others": others, "threads": 2, "go_on": asked.go_on, "today": today}
    drawn = RESAMPLES if "customer_id" in session.orders else 0
    for first in range(0, len(programs), TOGETHER):
        some = play_settings(programs[first : first + TOGETHER], sums, believed, resamples=drawn, **how)
        rows, draws, notices = rows + some[0], draws + some[1], some[2] or notices
    table = as_table(settings, rows, draws, (*sums.replays.notices, *notices), sums=sums, assumptions=believed)
    return Tried(
        base=base,
        settings=settings,
        table=table,
        today=play_settings([today], sums, believed, **how)[0][0],
        place_of_today=next((place for place, program in enumerate(programs) if program == today), None),
        levers=_levers(settings, shown, base),
        taken=[[_number(settings.setting(at)[path]) for path in settings.paths] for at in range(len(settings))],
        words=[setting_in_words(program) for program in programs],
        used=[_used(program, settings.paths) for program in programs],
    )


def _grid(asked: Asked, base: Program, shown: Values) -> dict[str, list[Any]]:
    session = asked.session
    if is_gridded(base):
        cart, balance = carts_and_balances(base, session.replays(base))
        grid = grid_around(base, cart / 10**base.decimals, balance)
    else:
        grid = {}
        for lever in levers(shown, base.points_label):
            low, high, _ = asked.desk.reach(lever) or (1.0, 100.0, 1.0)
            values = {float(f"{low + (high - low) * share:.2g}") for share in (0, 0.1, 0.25, 0.5, 0.75, 1)}
            grid[lever.path] = [*sorted(values), *([None] if lever.optional else [])]
    if not grid:
        raise InputError("This setting gives nothing that could be tried: fill in its offer below the sliders.")
    now, count = values_of(base.model_dump()), len(session.orders)
    if count <= MANY:
        return grid
    return {
        path: values
        if path == DISCOUNT and count <= VERY_MANY
        else [one for at, one in enumerate(values) if at % 2 == 0 or one is None or _same(one, now.get(path))]
        for path, values in grid.items()
    }


def _same(value: Any, written: Any) -> bool:
    try:
        return float(value) == float(written)
    except (TypeError, ValueError):
        return False


def _levers(settings: Settings, shown: Values, base: Program) -> list[dict[str, Any]]:
    named = {DISCOUNT if one.path == WORTH else one.path: one for one in levers(shown, base.points_label)}
    found = []
    for path, values in zip(settings.paths, settings.values, strict=True):
        lever = named.get(path) or Lever(path, "Customer pays at least", "money", False)
        step = Decimal(str(shown.get(STEP) or 1)) if lever.path == WORTH else Decimal(1)
        written = [_written(value, step, lever, base.currency) for value in values]
        found.append({"label": lever.label, "values": [_number(value) for value in values], "written": written})
    return found


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _written(value: Any, step: Decimal, lever: Lever, currency: str) -> str:
    if value is None:
        return "no limit"
    number = round(Decimal(str(value)) / step, 4)
    return money_text(number, currency) if lever.unit == "money" else f"{short(number)} %"


def _used(program: Program, paths: tuple[str, ...]) -> dict[str, str]:
    values, found = values_of(program.model_dump()), {}
    for path in paths:
        if path.startswith("min_payable."):
            found["min_payable.kind"] = str(values["min_payable.kind"])
        value = str(values.get(path, ""))
        found[path] = short(Decimal(value)) if value else ""
    return found
