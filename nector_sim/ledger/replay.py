"""A program, or several in turn, replayed over a history: frames in and out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from nector_sim._progress import Progress, long_call, stages
from nector_sim.frames.kinds import as_frame, like
from nector_sim.frames.results import Naming
from nector_sim.ledger.arrays import Int64
from nector_sim.ledger.engine import run
from nector_sim.ledger.facts import ReadyHistory, read_facts
from nector_sim.ledger.frames import Writer
from nector_sim.ledger.instants import month_starts, to_datetime
from nector_sim.ledger.prepare import SortedHistory, expiring
from nector_sim.ledger.schedule import Schedule, make_schedule
from nector_sim.ledger.tables import ALWAYS, compile_schedule
from nector_sim.ledger.take_up import TakeUp
from nector_sim.results import Result, count
from nector_sim.rules.money import money_text
from nector_sim.rules.program import ProgramLike

#: Points that the summary of a replay in words names.
_SAID = ("opening", "granted", "earned", "redeemed", "expired", "closing")


@dataclass(frozen=True, slots=True, repr=False)
class Replay(Result):
    """What comes out of a replay.

    The tables are of the kind that the orders were given in: pandas, Polars, Arrow or DuckDB.

    Attributes
    ----------
    orders : table
        The rows and columns that came in, in their order, and ``points_balance`` (before the order, less an
        overdraft), ``tier``, ``points_redeemed``, ``discount``, ``payable``, ``limited_by``, ``points_earned``, and
        ``credits_used`` where credits came in, each between `prefix` and `suffix`. Orders after `as_of` are left out.
    balances : table
        One row for each customer with an opening balance, or with an order or grant by `as_of`: ``customer_id``,
        ``points_balance`` (less the overdraft), ``points_pending``, ``next_expiry`` (under inactivity, the deadline;
        missing where nothing that can be spent will expire).
    totals : table
        One row: points ``opening``, ``granted``, ``earned``, ``given_back``, ``redeemed``, ``expired``,
        ``taken_back``, ``forgiven`` and ``closing``; the counts ``orders`` and ``orders_redeemed``; the money sums
        ``cart_amount``, ``credits_used``, ``discount``, ``payable``.
    movements : table or None
        The ledger itself, where it was asked for: ``customer_id``, ``at`` (UTC; missing for an opening), ``kind``,
        ``points`` (signed; ``forgiven`` is a memo and not in the sum), ``order_id``.
    as_of : datetime or None
        The last instant that was run, in UTC; None where nothing happened at all.
    notices : tuple of str
        What was not taken exactly as given, or is worth knowing.
    """

    PICTURES: ClassVar[tuple[str, ...]] = ("timeline",)

    orders: Any
    balances: Any
    totals: Any
    movements: Any
    as_of: datetime | None
    notices: tuple[str, ...]
    _timeline: pd.DataFrame = field(repr=False)
    _schedule: Schedule = field(repr=False)
    _facts: ReadyHistory = field(repr=False)

    @property
    def points_label(self) -> str:
        """What the merchant calls points."""
        return self._schedule.programs[0].points_label

    def text(self) -> str:
        """Say the replay in a few lines."""
        totals: Any = as_frame(self.totals).iloc[0]
        program, label = self._schedule.programs[0], self.points_label
        orders, redeemed = int(totals["orders"]), int(totals["orders_redeemed"])
        money = {name: money_text(Decimal(str(totals[name])), program.currency) for name in ("discount", "cart_amount")}
        lines = [
            f"{count(orders, 'order')}, of which {redeemed:,} redeemed {label}: "
            f"{money['discount']} off carts of {money['cart_amount']}.",
            ", ".join(f"{name} {int(totals[name]):,}" for name in _SAID).capitalize() + f" {label}.",
        ]
        return "\n".join([*lines, *self.notices])

    def to_frame(self) -> pd.DataFrame:
        """Give the months; the orders are ``.orders``, the customers ``.balances``."""
        return self.timeline()

    def timeline(self) -> pd.DataFrame:
        """What moved in each month of the program's time zone.

        Returns
        -------
        pandas.DataFrame
            One row a month, none left out: ``month`` (such as ``2026-11``), ``opening`` (outstanding when it began),
            ``granted``, ``earned``, ``given_back``, ``redeemed``, ``expired``, ``taken_back``, ``forgiven``,
            ``outstanding`` (when it ended: spendable and pending, less overdrafts), and the counts and money sums
            of its orders, as in the totals.
        """
        return self._timeline.copy()


@long_call("steps")
def replay(
    program: ProgramLike | None,
    orders: Any,
    *,
    opening: Any = None,
    grants: Any = None,
    refunds: Any = None,
    take_up: Decimal | float | str | TakeUp | None = None,
    seed: int = 0,
    as_of: datetime | str | None = None,
    movements: bool = False,
    programs: Iterable[ProgramLike | tuple[Any, ProgramLike]] = (),
    threads: int | None = None,
    prefix: str = "",
    suffix: str = "",
    progress: Progress | None = None,
) -> Replay:
    """Run each customer's orders in order of time, so that what one order spends is gone for the next.

    Parameters
    ----------
    program : Program or None
        What the merchant sets, from its ``valid_from`` or from the start; None where `programs` has all.
    orders : table, shape (n, any)
        pandas, Polars, Arrow or DuckDB: ``order_id``, ``customer_id``, ``ordered_at``, ``cart_amount`` (major units);
        optional ``credits``, ``eligible_amount``, ``earning_amount``, ``coupon_discount``, ``points_requested``,
        ``redeems``, ``tier``, ``refunded_at``, ``refunded_amount``, ``paid_amount``, ``discount_given`` (what points
        took off in history). The table is never changed. Times without a zone are in the program's.
    opening : table, optional
        Opening balances: ``customer_id``, ``points`` (negative is an overdraft); optional ``expires_at``,
        ``lifetime_spend`` (major units). One row for each customer and expiry.
    grants : table, optional
        ``customer_id``, ``granted_at``, ``points``; optional ``expires_at``.
    refunds : table, optional
        Refunds beside the orders' own columns, several of an order if needed: ``order_id``, ``refunded_at``; optional
        ``amount`` (major units; blank, all of it). An order has them here or in its columns, not in both.
    take_up : number or TakeUp, optional
        Who redeems where ``redeems`` does not say. A :class:`nector_sim.TakeUp` is a share of customers and of their
        orders; a number, such as 40 or ``"0.5%"``, a percentage of orders, whoever's they are. Left out, all.
    seed : int
        Seed of the draws of take-up; a draw depends on it and on the ``order_id`` or ``customer_id`` alone.
    as_of : datetime, date or str, optional
        The last instant that is run; left out, the latest order, refund or grant. Without a zone, it is in the
        program's.
    movements : bool
        Also give the ledger itself.
    programs : iterable, optional
        Programs that follow: (first instant, program), or a program with ``valid_from``. An order runs under the
        program of its instant; so do a grant and a refund.
    threads : int, optional
        Parts that run at once; left out, one for each core. The result does not depend on it.
    prefix, suffix : str
        Put before and behind the names of the columns that are added to the orders, where they have such columns.
    progress : callable, optional
        Called with the number of steps done, and of all steps.

    Returns
    -------
    Replay

    Raises
    ------
    OrdersError
        Naming every row that cannot be used, of all tables (``.rejects``).
    InputError
        If a column or a program is missing, or programs cannot follow each other.

    Examples
    --------
    >>> program = ns.Program.parse({
    ...     "offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}],
    ...     "earning": {"points_per_unit": "0.05"},
    ... })
    >>> orders = pd.DataFrame({
    ...     "order_id": ["a", "b"], "customer_id": ["c", "c"], "cart_amount": [1000.0, 500.0],
    ...     "ordered_at": ["2026-11-01 10:00", "2026-11-20 10:00"],
    ... })
    >>> result = replay(program, orders)
    >>> result.orders[["points_balance", "discount", "payable", "points_earned"]].values.tolist()
    [[0.0, 0.0, 1000.0, 50.0], [50.0, 50.0, 450.0, 22.0]]
    >>> result.totals[["earned", "redeemed", "closing"]].values.tolist()
    [[72, 50, 22]]
    """
    step, schedule = stages(4), make_schedule(program, programs)
    how: dict[str, Any] = {"opening": opening, "grants": grants, "refunds": refunds, "take_up": take_up}
    facts = read_facts([schedule], orders, **how, seed=seed, as_of=as_of, naming=Naming(prefix, suffix))
    step()
    prepared, writer = facts.prepared, Writer(facts, schedule.programs[0].decimals)
    terms = compile_schedule(schedule, facts.tiers, prepared.largest_cart)
    history, instants = expiring(prepared, schedule)
    step()
    names, months = _months(prepared, schedule.programs[0].timezone)
    ran = run(prepared, history, instants, terms, months=months, threads=threads, movements=movements)
    step()
    made = Replay(
        like(writer.orders(ran.outcome), orders),
        like(writer.balances(ran.outcome), orders),
        like(writer.totals(ran), orders),
        like(writer.movements(ran.movements), orders) if movements else None,
        None if prepared.last == ALWAYS else to_datetime(prepared.last),
        facts.notices,
        writer.timeline(names, ran.flows),
        schedule,
        facts,
    )
    step()
    return made


def _months(prepared: SortedHistory, timezone: str) -> tuple[list[str], Int64]:
    if prepared.last == ALWAYS:  # nothing happened at all
        return [], np.empty(0, np.int64)
    return month_starts(prepared.first, prepared.last, timezone)
