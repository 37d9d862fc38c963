"""A file of orders as traffic: every order through the checkout, in the order of the ledger."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from nector_sim.errors import InputError, Problem
from nector_sim.gokwik.checkout import Checkout
from nector_sim.gokwik.posting import NoAnswer
from nector_sim.gokwik.wire import CHECKOUT_WAITS
from nector_sim.rules.money import from_minor
from nector_sim.rules.program import Program

if TYPE_CHECKING:
    import pandas as pd

#: What the calls cannot carry.
_NOT_CARRIED = {
    "points_requested": "the checkout's calls name no number of points; take the column out, or use replay",
    "credits": "credits are in the customer's wallet, not in the order; take the column out, or use replay",
}


def play_orders(
    url: str, orders: Any, *, program: Program | None = None, clients: int = 4, timeout: float = CHECKOUT_WAITS
) -> pd.DataFrame:
    """Send orders through the checkout as traffic.

    Each customer's orders and refunds run one after the other, in the order of the ledger page; different customers'
    run side by side. A full refund reverts its order. With the same opening balances, and a program that neither
    earns nor lets points expire (the checkout's calls do neither), balances end where ``replay`` ends.

    Parameters
    ----------
    url : str
        The endpoint, with the webhook id.
    orders : pandas.DataFrame, or any table with an Arrow interface
        ``order_id``, ``customer_id``, ``ordered_at``, ``cart_amount``; optional ``eligible_amount``,
        ``coupon_discount``, ``redeems``, ``refunded_at``, ``refunded_amount``, ``paid_amount``. They are read as
        ``replay`` reads them. Other columns are not used; the tier is the one that the other side has of a customer.
    program : Program, optional
        Whose currency and time zone the orders are in; left out, rupees, and India's for times that name none.
    clients : int, optional
        Connections at once.
    timeout : float, optional
        Seconds that a call waits for its answer.

    Returns
    -------
    pandas.DataFrame
        The orders' ``order_id`` in the frame's order and index, with ``points_redeemed`` (before any refund),
        ``discount`` and ``payable`` (Decimal), ``given_back`` and ``settled`` (bool), and ``trouble``: why points were
        not offered, taken or given back, as of :class:`Visit`.

    Raises
    ------
    InputError
        If a column is missing or cannot be carried over the wire, or a row cannot be read.
    """
    import pandas as pd

    from nector_sim.frames.kinds import as_frame

    frame = as_frame(orders)
    if clients < 1:
        raise InputError(f"clients is {clients}; it must be at least 1")
    queues: list[list[_Event]] = [[] for _ in range(clients)]
    for number, events in enumerate(_by_customer(frame, program or Program())):
        queues[number % clients].extend(sorted(events, key=lambda event: event.when))
    results: dict[int, dict[str, Any]] = {}
    with ThreadPoolExecutor(clients) as pool:
        for done in pool.map(lambda queue: _play(url, queue, timeout), queues):
            results.update(done)
    columns = ["points_redeemed", "discount", "payable", "given_back", "settled", "trouble"]
    played = pd.DataFrame([results[position] for position in range(len(frame))], columns=columns, index=frame.index)
    played.insert(0, "order_id", frame["order_id"])
    return played


class _Order(NamedTuple):
    """An order as it is sent; amounts in major units, None where not known."""

    position: int
    order_id: str
    customer_id: str
    cart: Any
    eligible: Any
    coupon: Any
    redeems: bool
    refunded_in_full: bool


class _Event(NamedTuple):
    """An order or its refund; `when` sorts as the ledger runs: orders before refunds, and both as their orders came."""

    when: tuple[int, bool, int, str]
    order: _Order


def _by_customer(frame: pd.DataFrame, program: Program) -> list[list[_Event]]:
    """Read the orders at the ledger's own door."""
    from nector_sim.ledger.inputs import LedgerTable, ledger_orders, refuse_tables
    from nector_sim.ledger.prepare import settled
    from nector_sim.ledger.schedule import make_schedule
    from nector_sim.rules.times import NEVER

    problems = [
        Problem(name, what) for name, what in _NOT_CARRIED.items() if name in frame and frame[name].notna().any()
    ]
    if problems:
        raise InputError("the orders cannot be sent through a checkout:", problems)
    table = LedgerTable("orders", frame)
    columns, _ = ledger_orders(table, [make_schedule(program)], take_up=None, seed=0)
    refuse_tables([table])
    columns = settled(columns)

    redeems = [True] * len(frame) if columns.redeems is None else columns.redeems.tolist()
    refunds, whole = [int(NEVER)] * len(frame), [False] * len(frame)
    if columns.refunds is not None:
        # Only a refund of all that was paid gives points back.
        for row, at, _, part, of in zip(*(column.tolist() for column in columns.refunds), strict=True):
            refunds[row], whole[row] = at, part == of
    rows = zip(
        map(str, columns.order_id.tolist()),
        map(str, columns.customer_id.tolist()),
        *(_amounts(values, len(frame), program) for values in (columns.cart, columns.eligible, columns.coupon)),
        redeems,
        whole,
        strict=True,
    )
    events: dict[str, list[_Event]] = {}
    instants = zip(columns.ordered_at.tolist(), refunds, strict=True)
    for position, (row, (at, refunded_at)) in enumerate(zip(rows, instants, strict=True)):
        order = _Order(position, *row)
        own = events.setdefault(order.customer_id, [])
        own.append(_Event((at, False, at, order.order_id), order))
        if refunded_at != NEVER:
            own.append(_Event((refunded_at, True, at, order.order_id), order))
    return list(events.values())


def _amounts(minor: Any, n: int, program: Program) -> list[Any]:
    """Amounts in major units; None for an eligible amount that is all of the cart, and without the column."""
    from nector_sim.frames.checks import ALL_OF_IT

    if minor is None:
        return [None] * n
    return [None if one == ALL_OF_IT else from_minor(one, program.decimals) for one in minor.tolist()]


def _play(url: str, queue: list[_Event], timeout: float) -> dict[int, dict[str, Any]]:
    results: dict[int, dict[str, Any]] = {}
    with Checkout(url, timeout=timeout) as checkout:
        for _, order in queue:
            result = results.get(order.position)
            if result is None:
                results[order.position] = _order(checkout, order)
            elif result["points_redeemed"] and order.refunded_in_full:
                _refund(checkout, order, result)
    return results


def _order(checkout: Checkout, order: _Order) -> dict[str, Any]:
    visit = checkout.visit(
        order.cart,
        customer_id=order.customer_id,
        reference_order_id=order.order_id,
        eligible_amount=order.eligible,
        coupon_discount=order.coupon,
        redeems=order.redeems,
    )
    return {
        "points_redeemed": visit.points_redeemed,
        "discount": visit.discount,
        "payable": visit.payable,
        "given_back": False,
        "settled": visit.settled,
        "trouble": visit.trouble,
    }


def _refund(checkout: Checkout, order: _Order, result: dict[str, Any]) -> None:
    try:
        answered = checkout.revert(order.order_id, customer_id=order.customer_id)
    except NoAnswer as error:
        result["trouble"] = result["trouble"] or str(error)
        return
    result["given_back"] = answered.code == 200
    if answered.code != 200:
        result["trouble"] = result["trouble"] or answered.message
