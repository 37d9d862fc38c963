"""A file of orders as traffic: every order through the checkout, in the order of the ledger."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING, Any

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


def play_orders(url: str, orders: pd.DataFrame, *, clients: int = 4, timeout: float = CHECKOUT_WAITS) -> pd.DataFrame:
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

    Returns
    -------
    pandas.DataFrame
        The orders' ``order_id`` in the frame's order and index, with ``points_redeemed`` (before any refund),
        ``discount`` and ``payable`` (Decimal), ``given_back`` and ``settled`` (bool).

    Raises
    ------
    InputError
        If a column is missing or cannot be carried over the wire.
    """
    import pandas as pd

    _check(orders)
    rows = orders.to_dict("records")
    by_customer: dict[Any, list[tuple[Any, ...]]] = {}
    for position, row in enumerate(rows):
        events = by_customer.setdefault(row["customer_id"], [])
        order = (row["ordered_at"], str(row["order_id"]))
        events.append((row["ordered_at"], 0, order, position))
        refunded_at = row.get("refunded_at")
        if not pd.isna(refunded_at):
            events.append((refunded_at, 1, order, position))
    queues: list[list[tuple[Any, ...]]] = [[] for _ in range(clients)]
    for number, events in enumerate(by_customer.values()):
        queues[number % clients].extend(sorted(events))
    results: dict[int, dict[str, Any]] = {}
    with ThreadPoolExecutor(clients) as pool:
        for done in pool.map(lambda queue: _play(url, queue, rows, timeout), queues):
            results.update(done)
    columns = ["order_id", "points_redeemed", "discount", "payable", "given_back", "settled"]
    return pd.DataFrame([results[position] for position in range(len(rows))], columns=columns, index=orders.index)


def _play(
    url: str, queue: list[tuple[Any, ...]], rows: list[dict[Any, Any]], timeout: float
) -> dict[int, dict[str, Any]]:
    import pandas as pd

    checkout = Checkout(url, timeout=timeout)
    results: dict[int, dict[str, Any]] = {}
    for _, is_refund, _, position in queue:
        row = rows[position]
        who, reference = str(row["customer_id"]), str(row["order_id"])
        if not is_refund:
            redeems = row.get("redeems")
            visit = checkout.visit(
                Decimal(str(row["cart_amount"])),
                customer_id=who,
                reference_order_id=reference,
                redeems=True if redeems is None or pd.isna(redeems) else bool(redeems),
            )
            results[position] = {
                "order_id": row["order_id"],
                "points_redeemed": visit.points_redeemed,
                "discount": visit.discount,
                "payable": visit.payable,
                "given_back": False,
                "settled": visit.settled,
            }
        elif results[position]["points_redeemed"] and _is_full(row, results[position]["payable"]):
            answered = checkout.revert(reference, customer_id=who)
            results[position]["given_back"] = answered.code == 200
    checkout.close()
    return results


def _is_full(row: dict[Any, Any], payable: Decimal) -> bool:
    """Whether a refund is of all that was paid; only then are points given back."""
    import pandas as pd

    refunded = row.get("refunded_amount")
    if refunded is None or pd.isna(refunded):
        return True
    paid = row.get("paid_amount")
    return Decimal(str(refunded)) >= (payable if paid is None or pd.isna(paid) else Decimal(str(paid)))


def _check(orders: pd.DataFrame) -> None:
    problems = [Problem(name, "is missing; add the column") for name in _NEEDED if name not in orders]
    problems += [
        Problem(name, what) for name, what in _NOT_CARRIED.items() if name in orders and orders[name].notna().any()
    ]
    if problems:
        raise InputError("the orders cannot be sent through a checkout:", problems)
