"""A history read once, to be replayed under many settings: whole numbers in, arrays of sales out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim.calculator.compiled import Columns, answer
from nector_sim.calculator.parameters import compile_program
from nector_sim.calculator.reasons import REASONS
from nector_sim.economics.assumptions import Assumptions
from nector_sim.economics.labels import who_redeems
from nector_sim.economics.margin import View, check_costs
from nector_sim.economics.sales import Sales, read_sales
from nector_sim.errors import InputError, Problem
from nector_sim.exploration.prepared import AsGiven, Played
from nector_sim.frames.kinds import as_frame
from nector_sim.ledger.arrays import Int64
from nector_sim.ledger.engine import Ran, run
from nector_sim.ledger.facts import ReadyHistory, read_facts
from nector_sim.ledger.frames import Writer
from nector_sim.ledger.openings import opening_of
from nector_sim.ledger.schedule import Schedule, make_schedule
from nector_sim.ledger.sweep import InstantsOf
from nector_sim.ledger.tables import compile_schedule, microseconds, tier_names
from nector_sim.ledger.take_up import TakeUp
from nector_sim.rules.program import Program

_NEEDS = ("order_id", "customer_id", "ordered_at", "cart_amount")
_AS_GIVEN = (
    "or ask for each order by itself: replayed=False (--as-given), with the points_balance that each order meets"
)
RUNS_DOWN = "The program has no [earning]: a replay only runs the opening balances and grants down"


@dataclass(frozen=True, slots=True)
class Replays:
    """Orders, opening balances and grants, ready to be replayed under settings of a program.

    Attributes
    ----------
    facts : ReadyHistory
    sales : Sales
        The orders with no redemption, in the order of the ledger: by customer, then time.
    left_out : int
        Orders that were never paid.
    notices : tuple of str
    """

    facts: ReadyHistory
    sales: Sales
    left_out: int
    notices: tuple[str, ...]
    others: tuple[Any, ...]
    instants: InstantsOf

    @property
    def rows(self) -> Int64:
        """The row of the frame that each order came from."""
        return self.facts.prepared.rows

    @property
    def customers(self) -> tuple[Int64, int]:
        """Each order's customer, numbered in the order of their ids, and how many have orders or balances."""
        first = self.facts.prepared.history.first_order
        return np.repeat(np.arange(len(first) - 1), np.diff(first)), len(first) - 1

    def label(self, assumptions: Assumptions) -> str:
        """Who is taken to redeem, as an id."""
        rates, recorded = assumptions.rates(), "redeems" in self.facts.orders
        return who_redeems(float(rates.take_up), recorded=recorded, redeemers=float(rates.redeemers))

    def schedule(self, program: Program) -> Schedule:
        """The setting, and the other programs of the history."""
        return make_schedule(program, self.others)

    def run(self, program: Program, *, threads: int | None = None) -> Ran:
        """Replay the history under a setting, in whole numbers."""
        schedule = self.schedule(program)
        facts = self.facts
        terms = compile_schedule(schedule, tier_names([schedule], facts.tiers), facts.prepared.largest_cart)
        history, instants = self.instants.under(schedule)
        return run(facts.prepared, history, instants, terms, months=np.empty(0, np.int64), threads=threads)

    def play(self, program: Program, *, threads: int | None = None) -> Played:
        """Replay the history under a setting, and say what becomes of the sales."""
        return self.played(program, self.run(program, threads=threads))

    def played(self, program: Program, ran: Ran) -> Played:
        """Say what becomes of the sales in a replay under a setting."""
        outcome, scale = ran.outcome, 10**program.decimals
        sales = replace(self.sales, discount=outcome.discount / scale, points_earned=outcome.earned.astype(np.float64))
        if len(outcome.credits_used):
            sales = replace(sales, credits=outcome.credits_used / scale)
        return Played(
            sales,
            outcome.points,
            (outcome.limited_by, REASONS),
            self._could(program, outcome),
            self.left_out,
            self.rows,
            replayed=True,
            recorded="redeems" in self.facts.orders,
            tiers=self._tiers(program, outcome),
            frame=lambda: Writer(self._named(program), program.decimals).orders(outcome),
        )

    def _named(self, program: Program) -> ReadyHistory:
        return replace(self.facts, tiers=tier_names([self.schedule(program)], self.facts.tiers))

    def _tiers(self, program: Program, outcome: Any) -> Any:
        names = tier_names([self.schedule(program)], self.facts.tiers)
        return pd.Categorical.from_codes(outcome.tier, dtype=pd.CategoricalDtype(list(names)))

    def _could(self, program: Program, outcome: Any) -> npt.NDArray[np.bool_]:
        """Who redeemed, and who could have with the balance that the order met but did not want to."""
        history = self.facts.prepared.history
        could: npt.NDArray[np.bool_] = outcome.points > 0
        if not len(history.redeems) and not len(history.luck):
            return could
        idle = np.flatnonzero(~could & (outcome.balance > 0))
        schedule = self.schedule(program)
        starts = np.array([microseconds(start) for start in schedule.starts], np.int64)
        at = history.at
        instants = at[idle]
        held = np.searchsorted(starts, instants, side="right") - 1
        names = tier_names([schedule], self.facts.tiers)
        for position, one in enumerate(schedule.programs):
            mine = idle[held == position]
            columns = Columns(
                cart=history.cart[mine],
                balance=outcome.balance[mine],
                credits=history.credits[mine] if len(history.credits) else None,
                requested=history.requested[mine] if len(history.requested) else None,
                tier=_own_codes(compile_program(one).tier_names, names, outcome.tier[mine]),
                at=instants[held == position],
                eligible=history.eligible[mine] if len(history.eligible) else None,
                coupon=history.coupon[mine] if len(history.coupon) else None,
            )
            could[mine] = answer(compile_program(one), columns).points > 0
        return could


def read_replays(
    programs: Sequence[Program],
    orders: Any,
    *,
    assumptions: Assumptions,
    opening: Any = None,
    grants: Any = None,
    refunds: Any = None,
    others: Iterable[Any] = (),
    take_up: TakeUp | None = None,
    seed: int = 0,
) -> Replays:
    """Read a history once, for all settings that it is to be replayed under."""
    frame, others = as_frame(orders), tuple(others)
    if missing := [name for name in _NEEDS if name not in frame.columns]:
        raise InputError(
            f"A replay needs whose order each was, and when; the orders have no column {', '.join(missing)}. "
            f"Add it, {_AS_GIVEN}"
        )
    schedules = [make_schedule(program, others) for program in programs]
    opening, notices = opening_of(frame, schedules[0], opening, grants, refunds)
    earns = [any(program.earning is not None for program in schedule.programs) for schedule in schedules]
    if not any(earns) and not _any_points(opening) and not _any_points(grants):
        raise InputError(
            "There is nothing to replay: nobody has points at the start, and no order earns any:",
            [
                Problem("earning", "say what orders earn, such as [earning] points_per_unit = 0.05"),
                Problem("opening", "or give the balances at the start, or grants"),
                Problem("replayed", _AS_GIVEN.removeprefix("or ")),
            ],
        )
    if not all(earns):
        notices = (*notices, RUNS_DOWN)
    drawn = take_up or assumptions.who_redeems()
    facts = read_facts(schedules, frame, opening=opening, grants=grants, refunds=refunds, take_up=drawn, seed=seed)
    sales, left_out = sales_of(facts, 10 ** programs[0].decimals)
    check_costs(sales, assumptions)
    return Replays(facts, sales, left_out, (*notices, *facts.notices), others, InstantsOf(facts))


def sales_of(facts: ReadyHistory, scale: int) -> tuple[Sales, int]:
    """The orders with no redemption, in the order of the ledger."""
    frame, prepared = facts.orders, facts.prepared
    # Who redeems has been decided, and so have these columns of a replay.
    bare = frame.drop(columns=[name for name in ("redeems", "points_balance", "tier") if name in frame])
    sales = read_sales(bare.assign(discount=0.0), facts.shares)
    place = np.cumsum(sales.used) - 1
    left_out, sales = int(np.count_nonzero(~sales.used)), sales.taken(place[prepared.rows])
    history = prepared.history
    if len(history.credits):
        sales = replace(sales, credits=np.minimum(history.credits, history.cart) / scale)
    return sales, left_out


def _any_points(table: Any) -> bool:
    if table is None:
        return False
    points = pd.to_numeric(as_frame(table).get("points", pd.Series(dtype=float)), errors="coerce")
    return bool((points > 0).any())


def _own_codes(of_program: Sequence[str], names: Sequence[str], tiers: Any) -> Any:
    """The codes of a program's own tiers for those of a replay; -1 for the others, and for none."""
    own = [of_program.index(name) if name in of_program else -1 for name in names]
    return np.array([*own, -1], np.int16)[tiers]


def read_history(
    programs: Sequence[Program],
    orders: pd.DataFrame,
    *,
    assumptions: Assumptions,
    replayed: bool,
    view: View = "cash",
    opening: Any = None,
    grants: Any = None,
    refunds: Any = None,
    others: Iterable[Any] = (),
    take_up: TakeUp | None = None,
    seed: int = 0,
) -> Replays | AsGiven:
    """Make orders ready to be played under settings: replayed, or each by itself; as :func:`read_replays`."""
    if not replayed:
        return AsGiven(orders, assumptions, refunds)
    others = tuple(others)
    if others and view == "accrual":
        raise InputError("The accrual view values points by one program; with programs= that change, ask for cash")
    return read_replays(
        programs,
        orders,
        assumptions=assumptions,
        opening=opening,
        grants=grants,
        refunds=refunds,
        others=others,
        take_up=take_up,
        seed=seed,
    )
