"""What is left of each credit at any instant, by running a replay again up to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from nector_sim.errors import InputError
from nector_sim.frames.columns import to_microseconds
from nector_sim.ledger.arrays import Int64, Left
from nector_sim.ledger.engine import Ran, run
from nector_sim.ledger.instants import month_starts, to_datetime
from nector_sim.ledger.prepare import expiring
from nector_sim.ledger.replay import Replay
from nector_sim.ledger.tables import ALWAYS, compile_schedule
from nector_sim.rules.program import Program

#: Stretches of customers that a group is made of.
SCATTERED = 8


@dataclass(frozen=True, slots=True)
class Lots:
    """A replay, run again up to an instant.

    Attributes
    ----------
    at : int
        The instant, in microseconds; what happened then is in it.
    program : Program
        Holds then.
    months : list of str
        From the first to that of the instant; the months of `left`, which has one row before them.
    ran : Ran
    left : Left
        Of all customers together.
    issued, spent : ndarray of int64, shape (groups, months + 1) and (groups, months + 1, months + 1)
        As in `left`, of each group of customers.
    """

    at: int
    program: Program
    months: list[str]
    ran: Ran
    left: Left
    issued: Int64
    spent: Int64


def lots_at(replay: Replay, at: datetime | str | int | None = None, *, groups: int = 1) -> Lots:
    """Run a replay again up to an instant, and keep what is left of each credit.

    Groups are of customers from all over the history: their numbers may follow the alphabet or the time they came.
    """
    schedule, facts = replay._schedule, replay._facts
    if facts.prepared.last == ALWAYS:
        raise InputError("nothing happened in this history, and no as_of says when it ends; give the replay an as_of")
    last = facts.prepared.last if at is None else _instant(at, schedule.programs[0].timezone)
    if last > facts.prepared.last:
        raise InputError(
            f"{to_datetime(last):%Y-%m-%d %H:%M} UTC is after the end of the replay, {replay.as_of:%Y-%m-%d %H:%M} "
            "UTC; replay with a later as_of"
        )
    prepared = replace(facts.prepared, last=last, first=min(facts.prepared.first, last))
    history, instants = expiring(prepared, schedule)
    terms = compile_schedule(schedule, facts.tiers, prepared.largest_cart)
    names, months = month_starts(prepared.first, last, schedule.programs[0].timezone)
    ran = run(
        prepared,
        history,
        instants,
        terms,
        months=months,
        orders=False,
        lots=True,
        parts=SCATTERED * groups if groups > 1 else None,
    )
    program = schedule.programs[max(0, schedule.position(to_datetime(last)))]
    kept = range(min(groups, len(ran.left)))
    issued, spent = (
        np.stack([np.sum([getattr(part, name) for part in ran.left[group::groups]], axis=0) for group in kept])
        for name in ("issued", "spent")
    )
    return Lots(last, program, names, ran, _joined(ran.left), issued, spent)


def _instant(at: datetime | str | int, timezone: str) -> int:
    if isinstance(at, int):
        return at
    try:
        return to_microseconds(at, ZoneInfo(timezone))
    except ValueError as error:
        raise InputError(f"at {error}") from None


def _joined(parts: list[Left]) -> Left:
    rows: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("customer", "points", "since", "expires", "tier", "pending")
    }
    issued: Int64 = np.sum([part.issued for part in parts], axis=0)
    spent: Int64 = np.sum([part.spent for part in parts], axis=0)
    return Left(**rows, issued=issued, spent=spent)
