"""A file of orders as traffic: every order through the checkout, in the order of the ledger."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from nector_sim.errors import InputError, Problem
from nector_sim.gokwik.checkout import Checkout
from nector_sim.gokwik.wire import CHECKOUT_WAITS

if TYPE_CHECKING:
    import pandas as pd

#: What the calls cannot carry.
_NOT_CARRIED = {
    "points_requested": "the checkout's calls name no number of points; take the column out, or use replay",
    "credits": "credits are in the customer's wallet, not in the order; take the column out, or use replay",
}
_NEEDED = ("order_id", "customer_id", "ordered_at", "cart_amount")


def play_orders(
    url: str, orders: pd.DataFrame, *, clients: int = 4, timeout: float = CHECKOUT_WAITS, timezone: str = "UTC"
) -> pd.DataFrame:
    """Send orders through the checkout as traffic.

    Each customer's orders and refunds run one after the other, in the order of the ledger page; different customers'
    run side by side. A full refund reverts its order. With the same opening balances, and a program that neither
    earns nor lets points expire (the checkout's calls do neither), balances end where ``replay`` ends.

    Parameters
    ----------
    url : str
        The endpoint, with the webhook id.
    orders : pandas.DataFrame
        ``order_id``, ``customer_id``, ``ordered_at``, ``cart_amount``; optional ``redeems``, ``refunded_at``,
        ``refunded_amount``, ``paid_amount``. Other columns are not used.
    clients : int, optional
        Connections at once.
    timeout : float, optional
        Seconds that a call waits for its answer.
    timezone : str, optional
        Zone of times that name none.

    Returns
    -------
    pandas.DataFrame
        The orders' ``order_id`` in the frame's order and index, with ``points_redeemed`` (before any refund),
        ``discount`` and ``payable`` (Decimal), ``given_back`` and ``settled`` (bool).

    Raises
    ------
    InputError
        If a column is missing or cannot be carried over the wire, or a time cannot be read.
    """
    import pandas as pd

    _check(orders)
    rows = orders.astype(object).where(orders.notna(), None).to_dict("records")
    queues: list[list[_Event]] = [[] for _ in range(clients)]
    for number, events in enumerate(_by_customer(orders, timezone)):
        queues[number % clients].extend(sorted(events))
    results: dict[int, dict[str, Any]] = {}
    with ThreadPoolExecutor(clients) as pool:
        for done in pool.map(lambda queue: _play(url, queue, rows, timeout), queues):
            results.update(done)
    columns = ["order_id", "points_redeemed", "discount", "payable", "given_back", "settled"]
    return pd.DataFrame([results[position] for position in range(len(rows))], columns=columns, index=orders.index)


class _Event(NamedTuple):
    """Sorts as the ledger runs: by time, orders before refunds, and both as their orders came."""

    at: int
    is_refund: bool
    ordered_at: int
    order_id: str
    position: int


def _by_customer(orders: pd.DataFrame, timezone: str) -> list[list[_Event]]:
    from nector_sim.orders.columns import NO_TIME, read_times

    times = {}
    for name in ("ordered_at", "refunded_at"):
        if name in orders:
            column = read_times(orders[name], timezone)
            if column.refused:
                row, what = next(iter(column.refused.items()))
                raise InputError(f"{name} of order {orders['order_id'].iloc[row]} {what}")
            times[name] = column.numbers.tolist()
    refunds = times.get("refunded_at", [NO_TIME] * len(orders))
    events: dict[str, list[_Event]] = {}
    ids = zip(orders["customer_id"].astype(str), orders["order_id"].astype(str), strict=True)
    for position, (customer_id, order_id) in enumerate(ids):
        at = times["ordered_at"][position]
        own = events.setdefault(customer_id, [])
        own.append(_Event(at, False, at, order_id, position))
        if refunds[position] != NO_TIME:
            if refunds[position] < at:
                raise InputError(f"order {order_id} was refunded before it was ordered; correct one of the times")
            own.append(_Event(refunds[position], True, at, order_id, position))
    return list(events.values())


def _play(url: str, queue: list[_Event], rows: list[dict[Any, Any]], timeout: float) -> dict[int, dict[str, Any]]:
    with Checkout(url, timeout=timeout) as checkout:
        return _played(checkout, queue, rows)


def _played(checkout: Checkout, queue: list[_Event], rows: list[dict[Any, Any]]) -> dict[int, dict[str, Any]]:
    results: dict[int, dict[str, Any]] = {}
    for event in queue:
        row, result = rows[event.position], results.get(event.position)
        who = str(row["customer_id"])
        if result is None:
            visit = checkout.visit(
                Decimal(str(row["cart_amount"])),
                customer_id=who,
                reference_order_id=event.order_id,
                redeems=_says_yes(row.get("redeems")),
            )
            results[event.position] = {
                "order_id": row["order_id"],
                "points_redeemed": visit.points_redeemed,
                "discount": visit.discount,
                "payable": visit.payable,
                "given_back": False,
                "settled": visit.settled,
            }
        elif result["points_redeemed"] and _is_full(row, result["payable"]):
            result["given_back"] = checkout.revert(event.order_id, customer_id=who).code == 200
    return results


def _says_yes(redeems: Any) -> bool:
    """Whether an order redeems; a blank is as if the column were missing."""
    return redeems is None or redeems == "" or str(redeems).strip().lower() in ("true", "yes", "1", "1.0")


def _is_full(row: dict[Any, Any], payable: Decimal) -> bool:
    """Whether a refund is of all that was paid; only then are points given back."""
    refunded, paid = (_amount(row.get(name)) for name in ("refunded_amount", "paid_amount"))
    return refunded is None or refunded >= (payable if paid is None else paid)


def _amount(value: Any) -> Decimal | None:
    return None if value is None or value == "" else Decimal(str(value))


def _check(orders: pd.DataFrame) -> None:
    problems = [Problem(name, "is missing; add the column") for name in _NEEDED if name not in orders]
    problems += [
        Problem(name, what) for name, what in _NOT_CARRIED.items() if name in orders and orders[name].notna().any()
    ]
    if problems:
        raise InputError("the orders cannot be sent through a checkout:", problems)
