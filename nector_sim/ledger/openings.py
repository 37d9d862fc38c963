"""Opening balances: from the balance at each customer's first order, or run back from balances of a later day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from nector_sim._progress import Progress, long_call, stages
from nector_sim.errors import InputError, Problem
from nector_sim.frames.columns import read_money, read_points, read_times, write_money
from nector_sim.frames.ids import id_keys
from nector_sim.frames.kinds import as_frame, like
from nector_sim.ledger.arrays import Int64
from nector_sim.ledger.facts import ReadyHistory, quiet_end, read_facts
from nector_sim.ledger.inputs import LedgerTable, read_signed, refuse_tables
from nector_sim.ledger.prepare import number_customers
from nector_sim.ledger.replay import replay
from nector_sim.ledger.schedule import Schedule, make_schedule
from nector_sim.results import count
from nector_sim.rules.ledger import Reversal
from nector_sim.rules.program import Program, ProgramLike

FIRST_BALANCES = "Opening balances are each customer's points_balance at the first order"
LIKE_A_SNAPSHOT = (
    "points_balance is the same on every order of each customer, as balances of one day are; it was taken as the "
    "balance at the first order. If it is of a later day, give opening=ns.opening_from(balances, orders, program, at=…)"
    " (--opening FILE --balances-at DAY)"
)


@long_call("steps")
def opening_from(
    snapshot: Any,
    orders: Any,
    program: ProgramLike | None,
    *,
    at: datetime | str | None = None,
    grants: Any = None,
    refunds: Any = None,
    programs: Iterable[Any] = (),
    progress: Progress | None = None,
) -> Any:
    """Run balances of one day back to the first order, as opening balances of a replay.

    Opening = balance − earned since + really redeemed since − granted since, at least 0.

    Parameters
    ----------
    snapshot : table
        ``customer_id`` and ``points`` (or ``points_balance``), such as :func:`nector_sim.read_balances` gives; several
        rows of a customer are added up.
    orders : table
        As in :func:`nector_sim.replay`. What customers redeemed is ``discount_given``; without it, nothing.
    program : Program or None
        What orders earned under; None where `programs` has all.
    at : datetime or str, optional
        The instant of the balances; left out, now.
    grants, refunds : table, optional
        As in :func:`nector_sim.replay`.
    programs : iterable, optional
        As in :func:`nector_sim.replay`.
    progress : callable, optional
        Called with the number of steps done, and of all steps.

    Returns
    -------
    table of the snapshot's kind
        ``customer_id`` and ``points``, one row for each customer of either table; of a pandas frame,
        ``attrs["notices"]`` says what could not be run back.

    Raises
    ------
    OrdersError
        Naming every row that cannot be used.
    InputError
        If no customer of the balances has an order, or points cannot be worked out from a discount.

    Examples
    --------
    A customer has 120 today, earned 50 and 30 and spent 40 of them: 120 − 80 + 40.

    >>> program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    >>> orders = pd.DataFrame({
    ...     "order_id": [1, 2], "customer_id": ["c", "c"], "cart_amount": [1000.0, 640.0],
    ...     "discount_given": [0.0, 40.0], "ordered_at": ["2026-03-01T10:00Z", "2026-04-01T10:00Z"],
    ... })
    >>> opening_from(pd.DataFrame({"customer_id": ["c"], "points": [120]}), orders, program, at="2026-05-01")
      customer_id  points
    0           c      80
    """
    schedule = make_schedule(program, programs)
    frame, table = as_frame(orders).reset_index(drop=True), LedgerTable("opening", as_frame(snapshot, "balances"))
    column = "points" if table.has("points") else "points_balance"
    table.require("customer_id", column)
    ids, points = table.ids("customer_id"), table.take(column, read_signed)
    refuse_tables([table])
    bare = [(start, _earning_alone(one)) for start, one in zip(schedule.starts, schedule.programs, strict=True)]
    how: dict[str, Any] = {"grants": grants, "refunds": refunds, "as_of": datetime.now(UTC) if at is None else at}
    step = stages(3)
    facts = read_facts([make_schedule(None, bare)], frame, **how)
    step()
    since = replay(None, _as_paid(frame, schedule), programs=bare, **how)
    step()
    numbered = number_customers([ids, facts.prepared.customers, since._facts.prepared.customers])
    customers, (of_snapshot, of_orders, of_since) = numbered
    if len(ids) and len(frame) and not np.isin(of_snapshot, of_orders).any():
        raise InputError(
            "no customer of the balances has an order",
            [Problem("customer_id", "both tables must know customers in the same way")],
        )
    brought = np.zeros(len(customers), np.int64)
    np.add.at(brought, of_snapshot, points)
    brought[of_since] -= since.balances["points_balance"].to_numpy(np.int64)
    brought[of_orders] += _redeemed(facts, schedule)
    opening = pd.DataFrame(
        {
            "customer_id": customers if isinstance(customers, np.ndarray) else customers.to_pandas(),
            "points": np.maximum(brought, 0),
        }
    )
    below, alone = int((brought < 0).sum()), len(set(of_snapshot.tolist()) - set(of_orders.tolist()))
    opening.attrs["notices"] = tuple(_said(schedule, facts, below=below, alone=alone))
    step()
    return like(opening, snapshot)


def opening_of(
    orders: pd.DataFrame, schedule: Schedule, opening: Any = None, grants: Any = None, refunds: Any = None
) -> tuple[Any, tuple[str, ...]]:
    """Give the opening balances of a replay: as given, else from the orders' own ``points_balance``."""
    if opening is not None:
        return opening, tuple(getattr(opening, "attrs", {}).get("notices", ()))
    if "points_balance" not in orders.columns:
        return None, ()
    first, is_snapshot = _first_balances(orders, schedule.programs[0])
    if at := orders.attrs.get("balances_at"):
        pairs = zip(schedule.starts, schedule.programs, strict=True)
        opening = opening_from(first, orders, None, at=at, grants=grants, refunds=refunds, programs=pairs)
        return opening, (f"Opening balances are those of {at:.10}, run back", *opening.attrs["notices"])
    return first, (LIKE_A_SNAPSHOT if is_snapshot else FIRST_BALANCES,)


def _first_balances(orders: pd.DataFrame, program: Program) -> tuple[pd.DataFrame, bool]:
    """Each customer's balance at the first order; and whether it is the same at all orders of everybody."""
    frame = pd.DataFrame(
        {
            "customer_id": id_keys(orders["customer_id"]),
            "points": orders["points_balance"].array,
            "number": read_points(orders["points_balance"], blank=0).numbers,
            "at": read_times(orders["ordered_at"], program.timezone).numbers,
        }
    )
    # Orders of one instant run by their ids as texts.
    tied = frame.duplicated(["customer_id", "at"], keep=False)
    frame["order"] = orders["order_id"].astype(str).to_numpy() if tied.any() else ""
    opening = frame.sort_values(["at", "order"], kind="stable").drop_duplicates("customer_id")
    by_customer = frame.groupby("customer_id", sort=False)["number"]
    several = by_customer.size() > 1
    same = bool(several.any()) and bool((by_customer.nunique()[several] == 1).all())
    positive = bool((opening["number"] > 0).any())
    return opening[["customer_id", "points"]].sort_index().reset_index(drop=True), same and positive


def _earning_alone(program: Program) -> Program:
    """A program under which nobody redeems, and nothing expires or is forgiven."""
    reversal = (program.reversal or Reversal()).model_copy(update={"redeemed": False, "overdraft": "negative"})
    return program.model_copy(update={"offers": (), "expiry": None, "reversal": reversal, "valid_from": None})


def _as_paid(orders: pd.DataFrame, schedule: Schedule) -> pd.DataFrame:
    """The orders with what was redeemed in history as credits, so that they earn on what was really paid."""
    frame = orders.drop(columns="points_balance", errors="ignore")
    if "discount_given" not in frame:
        return frame
    decimals = schedule.programs[0].decimals
    given, credits = (_money(frame, name, decimals) for name in ("discount_given", "credits"))
    paid: pd.DataFrame = frame.drop(columns="discount_given").assign(
        credits=write_money(given + credits, decimals, exact=False)
    )
    if any(program.earning is not None and not program.earning.on_redeeming_orders for program in schedule.programs):
        paid = paid.loc[given == 0]
    return paid


def _money(frame: pd.DataFrame, column: str, decimals: int) -> Int64:
    """A column of money in minor units; what is blank or missing is 0."""
    if column not in frame:
        return np.zeros(len(frame), np.int64)
    return LedgerTable("orders", frame).take(column, lambda values: read_money(values, decimals, blank=0), missing=0)


def _redeemed(facts: ReadyHistory, schedule: Schedule) -> Int64:
    """Points that each customer really redeemed, and did not get back by a refund."""
    prepared, program = facts.prepared, schedule.programs[-1]
    history, customers = prepared.history, len(prepared.history.first_order) - 1
    redeemed = np.zeros(customers, np.int64)
    given = _money(facts.orders, "discount_given", program.decimals)[prepared.rows]
    if not given.any():
        return redeemed
    points = points_of(given, program)
    reversal = program.reversal or Reversal()
    back = history.refund_at <= prepared.last
    if reversal.redeemed != "share":
        back &= (history.refund_after == history.refund_whole) & bool(reversal.redeemed)
    shares = zip(history.refund_order[back], history.refund_after[back], history.refund_whole[back], strict=True)
    given_back = {int(order): int(points[order]) * int(part) // int(whole) for order, part, whole in shares}
    points[list(given_back)] -= np.array(list(given_back.values()), np.int64)
    np.add.at(redeemed, np.repeat(np.arange(customers), np.diff(history.first_order)), points)
    return redeemed


def points_of(discount: Int64, program: Program) -> Int64:
    """The points behind discounts of history, in minor units, by the program's dearest amount for a point."""
    if program.point_value is None:
        raise InputError(
            "The points behind discount_given cannot be told: no offer of the program gives an amount for points"
        )
    a_point = program.point_value * 10**program.decimals
    points: Int64 = np.rint(discount * float(1 / a_point)).astype(np.int64)
    return points


def _said(schedule: Schedule, facts: ReadyHistory, *, below: int, alone: int) -> Iterator[str]:
    if below:
        yield f"{below} opening balances came out below 0 and are 0: more was earned since than is there"
    if alone:
        yield f"{count(alone, 'customer has', 'customers have')} a balance and no orders"
    if any(program.expiry is not None for program in schedule.programs):
        yield "Points that expired before the day of the balances cannot be run back"
    if "discount_given" not in facts.orders:
        yield "The orders do not say what customers redeemed (discount_given), so nothing of it was run back"
    if quiet := quiet_end(facts.prepared, facts.prepared.last):
        yield f"{quiet}, the day of the balances: what happened in between is not known"
