"""A sweep of replays: the history read once, a few sums of each setting, and ranges from the same customers drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nector_sim._progress import side_by_side, tell, telling
from nector_sim.economics.assumptions import Assumptions
from nector_sim.economics.intervals import corrected_draws_of, never, span, too_skewed
from nector_sim.economics.margin import View
from nector_sim.economics.ranges import Sums, between, headline, likely_of, other_places, together
from nector_sim.economics.rates import Rates
from nector_sim.economics.response import check_response, with_response
from nector_sim.errors import InputError
from nector_sim.exploration.grid import Settings
from nector_sim.exploration.replay_sums import BUYERS, GETS_LESS, CustomersGot, ReplaySums, counts_of, responding
from nector_sim.exploration.replays import Replays, read_history
from nector_sim.exploration.totals import table_of_rows
from nector_sim.frames.kinds import as_frame
from nector_sim.ledger.engine import Ran
from nector_sim.ledger.take_up import TakeUp
from nector_sim.rules.program import Program

#: Numbers that a sweep gives ranges of.
RANGED = ("discount", "discount_rate", "margin", "cost_of_program", "break_even_uplift")
#: What a response that is stated adds.
ANSWERED = "margin_with_response"
#: What is counted beside today's setting.
BESIDE = ("margin_per_order", "share_who_get_less")


class Draws:
    """What a setting gave in each draw, for those who ask how often a limit is met.

    pandas copies the attributes of a frame with each of its operations; this stays one.

    Parameters
    ----------
    of_settings : list of dict of str to ndarray
        By row of the sweep, then by number.
    """

    def __init__(self, of_settings: list[dict[str, Any]]) -> None:
        self.of_settings = of_settings

    def __deepcopy__(self, memo: Any) -> Draws:
        return self


@dataclass(frozen=True, slots=True)
class _How:
    """What all settings of a sweep share."""

    replays: Replays
    sums: ReplaySums
    assumptions: Assumptions
    view: View
    floor_percent: float | str | None
    in_all: Sums
    """The sums with no redemption, over all customers."""
    others: dict[tuple[str, float], Replays]
    """The history where others redeem: by an assumption and a value of it."""
    todays: dict[tuple[str, float] | None, CustomersGot]
    """What today's setting gives, likewise, and where all are likely; empty where nothing is held against it."""

    @property
    def answers(self) -> bool:
        return bool(self.todays) and self.assumptions.responds

    @property
    def ranged(self) -> tuple[str, ...]:
        return (*RANGED, *(BESIDE if self.todays else ()), *((ANSWERED,) if self.answers else ()))


def sweep_replays(
    settings: Settings,
    orders: Any,
    assumptions: Assumptions,
    *,
    view: View,
    floor_percent: float | str | None,
    threads: int,
    resamples: int,
    seed: int,
    **history: Any,
) -> pd.DataFrame:
    """Replay the orders under each setting, with the same random draws; as :func:`nector_sim.sweep`."""
    programs = [settings.program_of(position) for position in range(len(settings))]
    frame = as_frame(orders)

    def read(who: TakeUp | None = None) -> Replays:
        found = read_history(
            programs, frame, assumptions=assumptions, replayed=True, view=view, seed=seed, take_up=who, **history
        )
        assert isinstance(found, Replays)
        return found

    check_response(assumptions, replayed=True, view=view)
    replays = read()
    others = {}
    if resamples:
        places = other_places(assumptions, drawn=True, ends_only=True)
        others = {(name, place): read(assumptions.who_redeems(**{name: place})) for name, place in places}
    sums = ReplaySums.of(replays, view, settings.program.decimals)
    if view not in ("cash", "accrual"):
        raise InputError(f'The view {view!r} is unknown; it is "cash" or "accrual"')
    rows, draws, notices = play_settings(
        programs,
        sums,
        assumptions,
        others=others,
        floor_percent=floor_percent,
        threads=threads,
        resamples=resamples,
        seed=seed,
        today=settings.program,
    )
    return as_table(settings, rows, draws, (*replays.notices, *notices), sums=sums, assumptions=assumptions)


def as_table(
    settings: Settings,
    rows: list[dict[str, Any]],
    draws: list[dict[str, Any]],
    notices: Sequence[str],
    *,
    sums: ReplaySums,
    assumptions: Assumptions,
) -> pd.DataFrame:
    """Make the sweep's table of what :func:`play_settings` gives."""
    table = table_of_rows(settings, rows)
    table.attrs = {
        "program": settings.program.to_json(),
        "currency": settings.program.currency,
        "replayed": True,
        "view": sums.view,
        "margin_without": rows[0]["margin_without"],
        "orders_left_out": sums.replays.left_out,
        "label": sums.replays.label(assumptions),
    }
    if draws:
        for name in draws[0]:
            spans = [span(of_setting[name]) for of_setting in draws]
            table[f"{name}_low"], table[f"{name}_high"] = (np.array(ends) for ends in zip(*spans, strict=True))
        table.attrs["draws"] = Draws(draws)
    table.attrs["notices"] = tuple(notices)
    return table


def play_settings(
    programs: Sequence[Program],
    sums: ReplaySums,
    assumptions: Assumptions,
    *,
    others: Mapping[tuple[str, float], Replays] | None = None,
    floor_percent: float | str | None = None,
    threads: int = 1,
    resamples: int = 0,
    seed: int = 0,
    go_on: Callable[[], None] = lambda: None,
    today: Program | None = None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]:
    """Replay a history that was read once under each setting.

    `others` is the history where others redeem, by an assumption and a value of it. `go_on` is called before each
    setting, and may raise to stop. `today` is the setting in use: beside it is counted who gets less, and what a
    response adds where one is stated.
    """
    todays: dict[tuple[str, float] | None, CustomersGot] = {}
    if today is not None:
        todays = {at: sums.got(each.run(today), uses=assumptions.responds) for at, each in (others or {}).items()}
        todays[None] = sums.got(sums.replays.run(today), uses=assumptions.responds)
    how = _How(sums.replays, sums, assumptions, sums.view, floor_percent, sums.in_all, dict(others or {}), todays)

    def row(program: Program) -> tuple[dict[str, Any], Any]:
        go_on()
        return _row(program, how, by_customer=resamples > 0)

    steps = len(programs) * (2 if resamples else 1)
    played = list(telling(side_by_side(row, programs, threads=threads), steps))
    rows, by_customer = zip(*played, strict=True)
    if not resamples or not len(sums.replays.sales.cart):
        return list(rows), [], []
    draws, needed = _ranges(how, list(by_customer), resamples=resamples, seed=seed)
    short = too_skewed(needed, len(sums.without.amounts))
    return list(rows), draws, [short] if short else []


def _row(program: Program, how: _How, *, by_customer: bool) -> tuple[dict[str, Any], Any]:
    """One setting: its row of the table, and where ranges are asked its sums by customer."""
    fits, ran = how.sums.fits(program), how.replays.run(program, threads=1)
    if (by_customer or how.answers) and not fits:
        what = "ranges are made of" if by_customer else "response is counted in"
        raise InputError(f"no {what} a sweep that switches the program off on orders with credits")
    row = _row_of(program, ran, how) if fits and how.floor_percent is None else _row_of_orders(program, ran, how)
    if not by_customer and not how.todays:
        return row, None
    got = how.sums.got(ran, uses=how.answers)
    if how.todays:
        today = how.todays[None]
        less = int(np.count_nonzero(got.discount < today.discount))
        row["customers_who_get_less"], row["share_who_get_less"] = less, less / max(how.sums.buyers, 1)
        row["margin_per_order"] = round(row["margin"] / max(row["orders"], 1), 4)
        if how.answers:
            numbers = _numbers(how.sums.answering(program, ran, got, today), how.assumptions.rates())
            row |= {"response": float(numbers["response"]), ANSWERED: round(float(numbers[ANSWERED]), 2)}
    if not by_customer:
        return row, None
    found = _by_customer(program, ran, got, how, None)
    for place, replays in how.others.items():
        again = replays.run(program, threads=1)
        there = _by_customer(program, again, how.sums.got(again, uses=how.answers), how, place)
        found |= {(_where(*place), name): values for (_, name), values in there.items()}
    return row, found


def _by_customer(
    program: Program, ran: Ran, got: CustomersGot, how: _How, place: tuple[str, float] | None
) -> dict[tuple[str, str], Any]:
    """The sums of one setting by customer, with those that today's setting and a response need."""
    found = how.sums.by_customer(program, ran, got)
    if how.todays:
        found["0 fixed", GETS_LESS] = got.discount < how.todays[place].discount
    return found | how.sums.users(got, how.todays[place]) if how.answers else found


def _where(name: str, place: float) -> str:
    """What the sums are called where an assumption has another value."""
    return f"{name} = {place}"


def _at_drawn(sums: Sums, how: _How, rates: Rates) -> Sums:
    """The sums of each draw, where who redeems is drawn too."""
    moved = []
    for of_name in dict.fromkeys(name for name, _ in how.others):
        drawn = np.asarray(getattr(rates, of_name.removesuffix("_percent"))) * 100
        parts = {likely_of(how.assumptions, of_name): sums.part("0 fixed")}
        parts |= {place: sums.part(_where(name, place)) for name, place in how.others if name == of_name}
        moved.append(between(parts, drawn))
    return sums.part("without", "without").beside(together(sums.part("0 fixed"), moved)) if moved else sums


def _row_of_orders(program: Program, ran: Ran, how: _How) -> dict[str, Any]:
    """A row that needs each order's margin."""
    summary = how.replays.played(program, ran).summarize(
        program, assumptions=how.assumptions, view=how.view, floor_percent=how.floor_percent
    )
    floor = {} if summary.orders_below_floor is None else {"orders_below_floor": summary.orders_below_floor}
    return summary.row() | floor | {"margin_without": round(summary.margin_without, 2)}


def _row_of(program: Program, ran: Ran, how: _How) -> dict[str, Any]:
    scale = 10**program.decimals
    totals = how.sums.in_total(program, ran)
    in_total = how.in_all.beside(Sums.stacked(totals))
    numbers = _numbers(in_total, how.assumptions.rates())
    cart, discount = ran.total("cart_amount"), ran.total("discount")
    uplift = never(numbers["break_even_uplift"])
    return counts_of(ran) | {
        "discount": round(discount / scale, 4),
        "payable": round(ran.total("payable") / scale, 4),
        "discount_rate": discount / cart if cart else 0.0,
        "margin": round(float(numbers["margin"]), 2),
        "cost_of_program": round(float(numbers["cost_of_program"]), 2),
        "break_even_uplift": None if np.isnan(uplift) else uplift,
        "margin_without": round(float(numbers["margin"] + numbers["cost_of_program"]), 2),
    }


def _numbers(sums: Sums, rates: Rates) -> dict[str, Any]:
    """The headline numbers of one setting; take-up has played its part in the replay."""
    found = headline(sums, rates, sides=1)
    numbers = {name: found[name][0] for name in RANGED}
    if ("0 fixed", GETS_LESS) in sums.names:
        orders, buyers = sums.of("without", "orders"), sums.of("without", BUYERS)
        numbers["margin_per_order"] = numbers["margin"] / np.maximum(orders, 1)
        numbers["share_who_get_less"] = sums.of("0 fixed", GETS_LESS) / np.maximum(buyers, 1)
    if ("0 fixed", "discount today") in sums.names:
        numbers["response"], brought = with_response(responding(sums), rates, before="today", after=0)
        numbers[ANSWERED] = numbers["margin"] + brought
    return numbers


def margin_with_response(totals: Sums, rates: Rates) -> float:
    """What a setting earns with the response, of :meth:`ReplaySums.answering`."""
    return float(_numbers(totals, rates)[ANSWERED])


def _ranges(
    how: _How, by_customer: list[dict[tuple[str, str], Any]], *, resamples: int, seed: int
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Draw customers for all settings alike: what each gave in each draw, and how many customers the ranges need."""
    rates, without = how.assumptions.draws(resamples, seed=seed), how.sums.without
    corrected = corrected_draws_of(
        without,
        (Sums.stacked(of_setting, without.amounts.shape[:1]) for of_setting in by_customer),
        _numbers,
        how.assumptions.rates(),
        draw=lambda again: _numbers(_at_drawn(again, how, rates), rates),
        resamples=resamples,
        seed=seed,
    )
    draws: list[dict[str, Any]] = []
    needed: dict[str, float] = {}
    for position, (drawn, wanted) in enumerate(corrected, 1):
        tell(len(by_customer) + position, 2 * len(by_customer))
        draws.append({name: drawn[name] for name in how.ranged})
        needed = {name: max(count, needed.get(name, 0.0)) for name, count in wanted.items()}
    return draws, needed
