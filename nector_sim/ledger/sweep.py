"""One history replayed under many settings: a row of totals for each, never a frame for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd

from nector_sim._progress import Progress, long_call, side_by_side, telling
from nector_sim.calculator.reasons import REASONS
from nector_sim.errors import InputError
from nector_sim.frames.kinds import like
from nector_sim.ledger.arrays import History, Instants
from nector_sim.ledger.engine import Ran, check_threads, run
from nector_sim.ledger.facts import ReadyHistory, read_facts
from nector_sim.ledger.frames import Writer
from nector_sim.ledger.prepare import expiring
from nector_sim.ledger.schedule import Schedule, make_schedule
from nector_sim.ledger.tables import compile_schedule, tier_names, windows_of
from nector_sim.ledger.take_up import TakeUp
from nector_sim.rules.program import ProgramLike

_COUNTS = ("orders", "orders_redeemed")
_MONEY = ("cart_amount", "credits_used", "discount", "payable")
#: Flows of points, under the names of a sweep.
_POINTS = {
    "redeemed": "points_redeemed",
    **{kind: kind for kind in ("earned", "expired", "taken_back", "given_back", "forgiven")},
}


@long_call("settings")
def replay_sweep(
    settings: Sequence[ProgramLike | Schedule],
    orders: Any,
    *,
    opening: Any = None,
    grants: Any = None,
    refunds: Any = None,
    take_up: Decimal | float | str | TakeUp | None = None,
    seed: int = 0,
    as_of: datetime | str | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Any:
    """Replay one history under many settings, all with the same random draws.

    The orders are read, checked and sorted once; to ask repeatedly, read them with
    :func:`nector_sim.ledger.facts.read_facts` and pass the facts instead.

    Parameters
    ----------
    settings : sequence of Program or Schedule
        Of one currency and time zone.
    orders, opening, grants, refunds, take_up, seed, as_of
        As in :func:`nector_sim.replay`; or as `orders` the ReadyHistory, which holds the others too.
    threads : int, optional
        Settings that run at once; left out, one for each core. The result does not depend on it.
    progress : callable, optional
        Called with the number of settings done, and of all settings.

    Returns
    -------
    table of the orders' kind
        One row a setting, in their order: ``orders``, ``orders_redeemed``, ``points_redeemed``, the points
        ``earned``, ``expired``, ``taken_back``, ``given_back``, ``forgiven`` and ``closing``, the money sums
        ``cart_amount``, ``credits_used``, ``discount``, ``payable``, and ``count_<limited_by>``, the orders that each
        limit kept back.

    Raises
    ------
    OrdersError, InputError
        As :func:`nector_sim.replay`.

    Examples
    --------
    >>> offer = {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}
    >>> settings = [
    ...     ns.Program.parse({"offers": [{**offer, "max_discount": cap}], "earning": {"points_per_unit": "0.1"}})
    ...     for cap in (20, 50)
    ... ]
    >>> orders = pd.DataFrame({
    ...     "order_id": [1, 2], "customer_id": [7, 7], "cart_amount": [1000, 1000],
    ...     "ordered_at": ["2026-11-01T10:00Z", "2026-11-02T10:00Z"],
    ... })
    >>> ns.replay_sweep(settings, orders)[["discount", "closing"]].values.tolist()
    [[20.0, 178.0], [50.0, 145.0]]
    """
    schedules = [setting if isinstance(setting, Schedule) else make_schedule(setting) for setting in settings]
    check_threads(threads)
    if not schedules:
        raise InputError("there is no setting to replay; give at least one program")
    if isinstance(orders, ReadyHistory):
        facts = orders
    else:
        how: dict[str, Any] = {"opening": opening, "grants": grants, "refunds": refunds, "as_of": as_of}
        facts = read_facts(schedules, orders, take_up=take_up, seed=seed, **how)
    instants = InstantsOf(facts)

    def totals(schedule: Schedule) -> Ran:
        terms = compile_schedule(schedule, tier_names([schedule], facts.tiers), facts.prepared.largest_cart)
        history, expiries = instants.under(schedule)
        months = np.empty(0, np.int64)
        return run(facts.prepared, history, expiries, terms, months=months, threads=1, orders=False)

    ran = list(telling(side_by_side(totals, schedules, threads=threads), len(schedules)))
    table = _table(ran, Writer(facts, schedules[0].programs[0].decimals))
    return table if isinstance(orders, ReadyHistory) else like(table, orders)


class InstantsOf:
    """Instants of expiry, worked out once for each expiry, delay and window of tiers that settings have.

    Parameters
    ----------
    facts : ReadyHistory
    """

    def __init__(self, facts: ReadyHistory) -> None:
        self.facts = facts
        self.known: dict[Any, tuple[History, Instants]] = {}
        self.lock = Lock()

    def under(self, schedule: Schedule) -> tuple[History, Instants]:
        """As :func:`nector_sim.ledger.prepare.expiring`."""
        delays = tuple(program.earning.delay_days if program.earning else 0 for program in schedule.programs)
        windows = tuple(windows_of(schedule))
        key = (schedule.starts, delays, windows, tuple(program.expiry for program in schedule.programs))
        with self.lock:
            if key not in self.known:
                self.known[key] = expiring(self.facts.prepared, schedule)
            return self.known[key]


def _table(ran: list[Ran], writer: Writer) -> pd.DataFrame:
    columns: dict[str, Any] = {name: [one.total(name) for one in ran] for name in _COUNTS}
    columns |= {name: [one.total(kind) for one in ran] for kind, name in _POINTS.items()}
    columns["closing"] = [one.closing for one in ran]
    columns |= {name: writer.money(np.array([one.total(name) for one in ran], np.int64)) for name in _MONEY}
    columns |= {f"count_{reason}": [one.total(reason) for one in ran] for reason in REASONS}
    return pd.DataFrame(columns)
