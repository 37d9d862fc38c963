"""What comes next: redemption, cost and points outstanding of the months ahead, with ranges, under several settings.

Futures are drawn by the state of each customer (:mod:`nector_sim.exploration.futures`) and replayed once under each
setting, for all customers; settings share futures and draws. What time itself may do beside, and no customer's state
tells, is measured by forecasts of the history's own past (:mod:`nector_sim.exploration.surprise`) and widens the range.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim._progress import Progress, long_call, stages
from nector_sim.economics.assumptions import AssumptionsLike, as_assumptions
from nector_sim.economics.margin import Drivers, check_costs, margin_of
from nector_sim.economics.rates import Rates
from nector_sim.errors import InputError
from nector_sim.exploration.forecast_result import COLUMNS, MARGINS, Forecast
from nector_sim.exploration.future_totals import (
    COUNTS,
    DRIVERS,
    MEASURES,
    OUTSTANDING,
    Books,
    books_of,
    could_redeem,
    totals_of,
)
from nector_sim.exploration.futures import cut_off, future_of, source_of
from nector_sim.exploration.second_opinion import second_opinion
from nector_sim.exploration.states import BLOCK
from nector_sim.exploration.surprise import BACK, THREE_MONTHS, again_over, surprise_of
from nector_sim.ledger.arrays import Int64
from nector_sim.ledger.facts import ReadyHistory, read_facts
from nector_sim.ledger.instants import one_period_after, to_datetime
from nector_sim.ledger.schedule import Schedule, make_schedule
from nector_sim.ledger.tables import ALWAYS
from nector_sim.ledger.take_up import TakeUp
from nector_sim.rules.ledger import Expiry
from nector_sim.rules.program import Program, ProgramLike, as_program

Floats = npt.NDArray[np.float64]

MONEY = ("cart_amount", "discount")
#: The program that holds goes on under this name.
TODAY = "today"
#: How far a draw leans towards a second future, so that many draws come of few futures: the variance stays.
BLEND = 0.35


@long_call("steps")
def forecast(
    program: ProgramLike,
    orders: Any,
    *,
    settings: Mapping[str, ProgramLike] | None = None,
    assumptions: AssumptionsLike | None = None,
    months: int = 12,
    opening: Any = None,
    grants: Any = None,
    refunds: Any = None,
    take_up: Decimal | float | str | TakeUp | None = None,
    as_of: datetime | str | None = None,
    draws: int = 1000,
    futures: int = 60,
    window: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Forecast:
    """Forecast what the next months cost and leave outstanding, if customers continue as they do now.

    Each customer continues as customers in the same state did; newcomers arrive as they did lately. The range is that
    of this shop's own future: of chance, of what is estimated, and of what time did to earlier forecasts of the same
    history. It does not know of anything that the history did not have, and customers do not respond to a setting.

    Parameters
    ----------
    program : Program, path or mapping
        The program in force until now.
    orders, opening, grants, refunds, take_up, as_of
        As in :func:`nector_sim.replay`. What happened after `as_of` is not looked at; left out, it is the last order.
    settings : dict of str to Program, path or mapping, optional
        Programs from then on, by name; left out, `program` continues as ``today``.
    assumptions : Assumptions, path or mapping, optional
        For the margin, what the program costs of it, and the forward break-even; ranges vary with the draws. Take-up is
        theirs, where `take_up` is left out.
    months : int
        How many, from 1 to 60; counted from `as_of`.
    draws : int
        How many draws the ranges are read from.
    futures : int
        Futures that are drawn and replayed, from 2 on; the draws are made of pairs of them.
    window : int, optional
        Blocks of four weeks before `as_of` that futures are made of; left out, half of the history, at most a year.
    seed : int
        Of all draws.
    progress : callable, optional
        Called with the number of steps done, and of all: reading, looking back, each earlier forecast, each future.

    Returns
    -------
    Forecast

    Raises
    ------
    OrdersError, InputError
        As :func:`nector_sim.replay`; if the history is too short, or a number is out of range.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    >>> ahead = forecast(program, ns.demo_orders().head(80_000), months=3, draws=50, futures=4)
    >>> redeemed = ahead.table([3]).query("measure == 'points_redeemed'")
    >>> redeemed.eval("low < likely < high").tolist()
    [True]
    """
    _check({"months": (1, months, 60), "draws": (1, draws, 100_000), "futures": (2, futures, 10_000)})
    program = as_program(program)
    named = {TODAY: program} if settings is None else {name: as_program(held) for name, held in settings.items()}
    if not named:
        raise InputError("there is no setting to forecast; leave settings out for today's program, or give one")
    from_start = [make_schedule(_always(held)) for held in (program, *named.values())]
    tables = {"opening": opening, "grants": grants, "refunds": refunds}
    believed = None if assumptions is None else as_assumptions(assumptions)
    if believed is not None and take_up is None:
        take_up = believed.who_redeems()
    step = stages(2 + len(BACK) + futures)
    facts = read_facts(from_start, orders, take_up=take_up, seed=seed, as_of=as_of, **tables)
    if facts.prepared.last == ALWAYS:
        raise InputError("nothing happened in this history; there is nothing to go on from")
    if as_of is None and len(facts.prepared.history.at):
        # A refund may come weeks after the last order, and those weeks had orders that nobody has told of.
        facts = cut_off(facts, int(facts.prepared.history.at.max()))
    step()
    books = None
    if believed is not None:
        books = books_of(facts, program.decimals)
        check_costs(books.sales, believed)
    begins = _months_from(facts.prepared.last, months)
    ahead = int(-(-(begins[-1] - begins[0]) // BLOCK))
    source = source_of(facts, could_redeem(facts, from_start[0]), ahead, window)
    step()
    rng = np.random.default_rng(seed)
    surprise = surprise_of(facts, from_start[0], window, rng, step)
    schedules = [_from_origin(program, setting, source.past.origin) for setting in named.values()]
    made = np.empty((futures, len(schedules), months, COUNTS + 2 * len(DRIVERS) * (books is not None)))
    everybody = len(facts.prepared.history.first_order) - 1
    for number in range(futures):
        written = future_of(source, rng, int(begins[-1]))
        again = None if books is None else books.again(written)
        for position, schedule in enumerate(schedules):
            made[number, position] = totals_of(written, schedule, begins, everybody, books=again)
        step()
    behind = _behind(facts, from_start[0], months, books)
    # The standard deviation is that of three months, and grows with the fourth root of time.
    grows = (np.arange(1, months + 1) / 3) ** 0.25
    moved = source.outlook.moves(begins, draws, rng)
    carts = made[:, 0, :, MEASURES.index("cart_amount")].mean(axis=0) * moved.mean(axis=0)
    off, part = surprise.draws(draws, rng)
    lately = again_over(facts, begins, carts) * source.outlook.season_over(begins, THREE_MONTHS)
    moved = moved * lately ** part[:, None] * np.exp(off[:, None] * grows)
    drawn = _blended(made, behind[-1, OUTSTANDING], moved, rng)
    for array in (drawn, behind):
        for measure in MONEY:
            array[..., MEASURES.index(measure)] /= 10**program.decimals
    if believed is not None:
        drawn = _with_margin(drawn, _columns_of(believed.draws(draws, seed=seed)))
        behind = _with_margin(behind, believed.rates())
    return Forecast(
        origin=to_datetime(source.past.origin),
        settings=tuple(named),
        months=months,
        customers=len(source.past.known),
        newcomers=float(source.outlook.newcomers[0]),
        window_days=source.past.window * 28,
        futures=futures,
        seed=seed,
        surprise=surprise.typical,
        currency=program.currency,
        point_values=tuple(math.nan if one.point_value is None else float(one.point_value) for one in named.values()),
        columns=COLUMNS if believed is None else (*COLUMNS, *MARGINS),
        second_opinion=second_opinion(facts, begins[1:]),
        behind=behind,
        draws=drawn,
    )


def _blended(made: Floats, outstanding: float, moved: Floats, rng: np.random.Generator) -> Floats:
    """Draws of pairs of futures, each moved by what time may do: shape (settings, draws, months, measures + 2)."""
    draws = len(moved)
    first = np.resize(rng.permutation(len(made)), draws)
    second = (first + rng.integers(1, len(made), draws)) % len(made)
    mean = made.mean(axis=0)
    # The mean is an estimate too, and deviations from it are smaller than those from the true one.
    wider = np.sqrt((len(made) + 1) / (len(made) - 1))
    off = np.sqrt(1 - BLEND**2) * (made[first] - mean) + BLEND * (made[second] - mean)
    drawn = np.maximum(mean + wider * off, 0)
    moved = moved[:, None, :, None]
    owed = drawn[..., OUTSTANDING]
    change = np.diff(owed, axis=2, prepend=outstanding)
    drawn *= moved
    drawn[..., OUTSTANDING] = np.maximum(outstanding + np.cumsum(change * moved[..., 0], axis=2), 0)
    return np.moveaxis(drawn, 1, 0)


def _with_margin(totals: Floats, rates: Rates) -> Floats:
    """The margin and what the program costs of it, in the place of the drivers; shape (…, months, columns)."""
    parts = totals[..., COUNTS : COUNTS + len(DRIVERS)], totals[..., COUNTS + len(DRIVERS) :]
    kept, without = (
        margin_of(Drivers(**{name: part[..., column] for column, name in enumerate(DRIVERS)}), rates).margin
        for part in parts
    )
    return np.concatenate([totals[..., :COUNTS], np.stack([kept, without - kept], axis=-1)], axis=-1)


def _columns_of(rates: Rates) -> Rates:
    """Drawn rates as columns, so that every month of a draw has the same."""
    drawn: dict[str, Any] = {
        field.name: getattr(rates, field.name)[:, None]
        for field in fields(rates)
        if isinstance(getattr(rates, field.name), np.ndarray)
    }
    return replace(rates, **drawn)


def _behind(facts: ReadyHistory, schedule: Schedule, months: int, books: Books | None) -> Floats:
    """The whole months before the origin, at most so many, the last one last."""
    origin = pd.Timestamp(to_datetime(facts.prepared.last))
    edges = [int((origin - pd.DateOffset(months=number)).value // 1000) for number in range(months, -1, -1)]
    edges = [edge for edge in edges if edge >= facts.prepared.first]
    if len(edges) < 2:
        edges = [facts.prepared.first - 1, facts.prepared.last]
    everybody = len(facts.prepared.history.first_order)
    return totals_of(facts, schedule, np.array(edges, np.int64), everybody, books=books)


def _months_from(origin: int, months: int) -> Int64:
    """The origin and the ends of the calendar months after it, shape (months + 1,)."""
    start = np.array([origin], np.int64)
    ends = [int(one_period_after(start, Expiry(months=number))[0]) for number in range(1, months + 1)]
    return np.array([origin, *ends], np.int64)


def _from_origin(program: Program, setting: Program, origin: int) -> Schedule:
    """What held until now, and a setting from the next instant on."""
    return make_schedule(_always(program), [(to_datetime(origin + 1), setting)])


def _always(program: Program) -> Program:
    return program.model_copy(update={"valid_from": None})


def _check(numbers: dict[str, tuple[int, int, int]]) -> None:
    wrong = [
        f"{name} is {value}; it is a whole number from {least} to {most}"
        for name, (least, value, most) in numbers.items()
        if value not in range(least, most + 1)
    ]
    if wrong:
        raise InputError("; ".join(wrong))
