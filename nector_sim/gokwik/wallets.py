"""The customers' wallets: what a call gets, takes and gives back, each in one transaction."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from nector_sim.calculator.exact import Law
from nector_sim.errors import InputError
from nector_sim.gokwik.amounts import (
    cart_of,
    cart_performed,
    contradicts,
    listed,
    minor_of,
    offer_name,
    require_coupon,
    values_of,
    work_out,
)
from nector_sim.gokwik.customers import Customer, checked
from nector_sim.gokwik.database import Database, now
from nector_sim.gokwik.integration import read_row, stored_program
from nector_sim.gokwik.outgoing import announce
from nector_sim.gokwik.schema import customers, early_reverts, movements, orders
from nector_sim.gokwik.wire import AnyCall, Call, ListCall, PerformCall, Refused, RevertCall
from nector_sim.orders.identity import phone_of
from nector_sim.rules.money import from_minor, to_minor

if TYPE_CHECKING:
    import pandas as pd


class Loaded(NamedTuple):
    """How many customers were added, and how many were there already and kept what they have."""

    added: int
    kept: int


class Wallets:
    """Customers and their points, asked and moved by the checkout's calls.

    Parameters
    ----------
    database : Database
        With an initialised integration, whose program decides.
    law : type, optional
        The calculator; tests put deliberate mistakes here.

    Examples
    --------
    >>> from nector_sim.gokwik import Customer, Integration, Wallets
    >>> from nector_sim.gokwik.wire import read_call
    >>> integration = Integration(folder / "gokwik.db")
    >>> _ = integration.initialise(ns.load_program(ns.data_path("programs/gokwik-example.toml")))
    >>> integration.enable(); integration.hand_over()
    >>> wallets = Wallets(integration.database)
    >>> wallets.add([Customer("7", points_balance=5000)])
    Loaded(added=1, kept=0)
    >>> wallets.answer(read_call(b'{"action": "list", "customer_id": "7", "amount": 500}'))["fiat_value"]
    400
    >>> integration.database.close()
    """

    def __init__(self, database: Database, *, law: type[Law] = Law) -> None:
        self.database = database
        self._law = law
        self._known: tuple[Any, Law] | None = None

    def answer(self, call: AnyCall) -> dict[str, Any]:
        """Answer any call.

        Returns
        -------
        dict
            The ``data`` of the answer.

        Raises
        ------
        Refused
            With the reason.
        """
        if isinstance(call, ListCall):
            with self.database.reading() as connection:
                return self.offered(connection, read_row(connection), call)
        try:
            with self.database.writing() as connection:
                outcome = _outcome(self._move, connection, call)
        except IntegrityError:
            # Another customer's call with the same reference was faster; now its order is there to be compared.
            with self.database.writing() as connection:
                outcome = _outcome(self._move, connection, call)
        # Only here, as a refusal may have left a row.
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def answer_together(self, calls: Sequence[PerformCall | RevertCall]) -> list[dict[str, Any] | Exception]:
        """Answer calls in one transaction, one after the other: the disk is waited for once.

        Returns
        -------
        list of dict or Exception
            For each call what :meth:`answer` gives or raises.
        """
        try:
            with self.database.writing() as connection:
                return [_outcome(self._move, connection, call) for call in calls]
        except OperationalError as error:
            # The database was not to be had in time, and each of them would wait for it as long again.
            return [error] * len(calls)
        except Exception:
            # Nothing was moved. Alone, each call gets its own answer, and the one that failed its own error.
            return [_outcome(self.answer, call, expected=Exception) for call in calls]

    def offered(self, connection: Connection, row: Any, call: ListCall) -> dict[str, Any]:
        """Work out what the customer would get, under the integration's row; reads only."""
        law = self._law_of(row)
        customer = _find(connection, call)
        cart = cart_of(law, call)
        require_coupon(law, call)
        given = work_out(law, customer, cart, call.wallet_type)
        return listed(law, customer, given, call.wallet_type)

    def _move(self, connection: Connection, call: PerformCall | RevertCall) -> dict[str, Any]:
        # A refusal comes before anything is written, except for a revert that comes first.
        return self._perform(connection, call) if isinstance(call, PerformCall) else self._revert(connection, call)

    def _perform(self, connection: Connection, call: PerformCall) -> dict[str, Any]:
        """Take the points, worked out anew, or repeat the answer of the same call."""
        row = read_row(connection)
        law = self._law_of(row)
        customer = _find(connection, call, lock=True)
        cart = cart_of(law, call)
        earlier = connection.execute(_ORDER, {"order_id": call.reference_order_id}).one_or_none()
        if earlier is not None:
            answered = dict(json.loads(earlier.performed))
            same = (earlier.customer_id, cart_performed(earlier), earlier.wallet_type)
            if same != (customer.customer_id, cart, call.wallet_type):
                raise Refused("other_content")
            listed_before = minor_of(law, call.fiat_value, "fiat_value")
            if listed_before not in (None, minor_of(law, Decimal(str(answered["fiat_value"])), "fiat_value")):
                raise Refused("other_content")
            if earlier.reverted is not None:
                raise Refused("reverted")
            return answered
        key = {"order_id": call.reference_order_id, "customer_id": customer.customer_id}
        if connection.execute(_EARLY_REVERT, key).one_or_none() is not None:
            raise Refused("reverted")
        require_coupon(law, call)
        given = work_out(law, customer, cart, call.wallet_type)
        if given.limited_by == "not_live":
            raise Refused("not_live")
        taken = given.discount + given.credits_used
        if minor_of(law, call.fiat_value, "fiat_value") not in (None, taken):
            raise Refused("discount_changed")
        if taken == 0:
            raise Refused("nothing_to_redeem")
        answer = {
            "id": str(uuid.uuid4()),
            "operation": "dr",
            "customer_id": customer.customer_id,
            "reference_order_id": call.reference_order_id,
            "offer": offer_name(law, given),
            **values_of(law, given),
        }
        order = {
            "order_id": call.reference_order_id,
            "customer_id": customer.customer_id,
            "cart": cart.amount,
            "eligible": cart.eligible,
            "coupon": cart.coupon,
            "wallet_type": call.wallet_type,
            "points": given.points,
            "credits": given.credits_used,
            "performed": json.dumps(answer),
        }
        connection.execute(_ADD_ORDER, order)
        _book(connection, "redeemed", order, -1)
        announce(connection, row, answer)
        return answer

    def _revert(self, connection: Connection, call: RevertCall) -> dict[str, Any]:
        """Give back what the order took, once, or repeat the answer of the same call."""
        row = read_row(connection)
        law = self._law_of(row)
        customer = _find(connection, call, lock=True)
        order = connection.execute(_ORDER, {"order_id": call.reference_order_id}).one_or_none()
        if order is None:
            # The perform may be on its way still, and whoever reverts does not wait for it.
            key = {"order_id": call.reference_order_id, "customer_id": customer.customer_id}
            if connection.execute(_EARLY_REVERT, key).one_or_none() is None:
                connection.execute(_ADD_EARLY_REVERT, {**key, "at": now()})
            raise Refused("unknown_order")
        # What a revert may leave out, it may not contradict.
        another_wallet = "wallet_type" in call.model_fields_set and call.wallet_type != order.wallet_type
        if order.customer_id != customer.customer_id or contradicts(law, call, order) or another_wallet:
            raise Refused("other_content")
        if order.reverted is not None:
            return dict(json.loads(order.reverted))
        took = json.loads(order.performed)
        same = ("customer_id", "reference_order_id", "fiat_value", "coin_value", "credit_value")
        answer = {"id": str(uuid.uuid4()), "operation": "cr", **{name: took[name] for name in same}}
        connection.execute(_SET_REVERTED, {"key": order.order_id, "answer": json.dumps(answer)})
        _book(connection, "given_back", order._mapping, +1)
        announce(connection, row, answer)
        return answer

    def _law_of(self, row: Any) -> Law:
        settings = None if row is None else (row.program, row.enabled, row.handed_over)
        known = self._known
        if known is None or known[0] != settings:
            known = self._known = (settings, self._law(stored_program(row)))
        return known[1]

    # Customers in, balances and the ledger out.

    def add(self, loaded: Iterable[Customer]) -> Loaded:
        """Add customers with their opening balances; those who are there already keep what they have.

        Raises
        ------
        InputError
            If the integration is not initialised, which says the currency; if a customer cannot be used, or a mobile
            number belongs to someone else who is there.
        """
        try:
            return self._add(list(loaded))
        except IntegrityError:
            raise InputError("a customer's mobile number belongs to another one who is there already") from None

    def _add(self, given: list[Customer]) -> Loaded:
        with self.database.writing() as connection:
            row = read_row(connection)
            if row is None:
                raise InputError("the integration is not initialised yet; do that first")
            decimals = stored_program(row).decimals
            there = set(connection.execute(select(customers.c.customer_id)).scalars())
            unseen = checked([one for one in given if one.customer_id not in there], decimals=decimals)
            new = [one for one in unseen if one.customer_id not in there]  # checked, an id may be another text
            if new:
                rows = [
                    one._asdict()
                    | {
                        "credits": to_minor(one.credits, decimals),
                        "phone": None if one.mobile is None else phone_of(one.mobile),
                    }
                    for one in new
                ]
                opening = [
                    {"customer_id": one["customer_id"], "points": one["points_balance"], "credits": one["credits"]}
                    for one in rows
                ]
                connection.execute(insert(customers), rows)
                connection.execute(insert(movements).values(at=now(), kind="opening"), opening)
        return Loaded(len(new), len(given) - len(new))

    def balances(self) -> pd.DataFrame:
        """Every customer's balance now.

        Returns
        -------
        pandas.DataFrame
            ``customer_id``, ``points_balance``, ``credits`` (Decimal, major units) and ``tier``, by customer.
        """
        import pandas as pd

        columns = ("customer_id", "points_balance", "credits", "tier")
        with self.database.reading() as connection:
            query = select(*(customers.c[name] for name in columns)).order_by(customers.c.customer_id)
            frame = pd.DataFrame(connection.execute(query).all(), columns=list(columns))
            decimals = self._law_of(read_row(connection)).program.decimals
        frame["credits"] = frame["credits"].map(lambda minor: from_minor(int(minor), decimals))
        return frame

    def ledger(self, customer_id: str | None = None) -> pd.DataFrame:
        """Every movement, oldest first.

        Parameters
        ----------
        customer_id : str, optional
            Of this customer alone.

        Returns
        -------
        pandas.DataFrame
            ``customer_id``, ``at`` (UTC), ``kind`` (``opening``, ``redeemed``, ``given_back``), ``points`` and
            ``credits`` (both signed; credits are Decimal, major units), ``order_id``.
        """
        import pandas as pd

        columns = ("customer_id", "at", "kind", "points", "credits", "order_id")
        query = select(*(movements.c[name] for name in columns)).order_by(movements.c.id)
        if customer_id is not None:
            query = query.where(movements.c.customer_id == customer_id)
        with self.database.reading() as connection:
            frame = pd.DataFrame(connection.execute(query).all(), columns=list(columns))
            decimals = self._law_of(read_row(connection)).program.decimals
        frame["at"] = pd.to_datetime(frame["at"], unit="us", utc=True)
        frame["credits"] = frame["credits"].map(lambda minor: from_minor(int(minor), decimals))
        return frame


# Statements are built once; building them costs more than running them.
_BY_ID = select(customers).where(customers.c.customer_id == bindparam("who"))
_BY_MOBILE = select(customers).where(customers.c.mobile == bindparam("who"))
_BY_PHONE = select(customers).where(customers.c.phone == bindparam("who"))
_LOCKED = {query: query.with_for_update() for query in (_BY_ID, _BY_MOBILE, _BY_PHONE)}
_ORDER = select(orders).where(orders.c.order_id == bindparam("order_id"))
_EARLY_REVERT = select(early_reverts).where(
    early_reverts.c.order_id == bindparam("order_id"), early_reverts.c.customer_id == bindparam("customer_id")
)
_ADD_EARLY_REVERT = insert(early_reverts)
_ADD_ORDER = insert(orders)
_ADD_MOVEMENT = insert(movements)
_SET_REVERTED = update(orders).where(orders.c.order_id == bindparam("key")).values(reverted=bindparam("answer"))
_SET_BALANCE = (
    update(customers)
    .where(customers.c.customer_id == bindparam("who"))
    .values(
        points_balance=customers.c.points_balance + bindparam("points"),
        credits=customers.c.credits + bindparam("credits"),
    )
)


def _outcome(answer: Any, *arguments: Any, expected: type[Exception] = Refused) -> dict[str, Any] | Exception:
    try:
        return dict(answer(*arguments))
    except expected as error:
        return error


def _find(connection: Connection, call: Call, *, lock: bool = False) -> Any:
    """Find the customer: by id, by mobile, or by both if they agree."""
    if call.customer_id is None:
        customer = _of_mobile(connection, str(call.mobile), lock=lock)
    else:
        customer = _one(connection, _BY_ID, call.customer_id, lock=lock)
    if customer is None:
        raise Refused("unknown_customer")
    if call.customer_id is not None and call.mobile is not None:
        other = _of_mobile(connection, call.mobile, lock=False)
        # A customer whose mobile was not loaded may have any that is nobody else's.
        agree = customer.mobile is None if other is None else other.customer_id == customer.customer_id
        if not agree:
            raise Refused("wrong_fields", "customer_id and mobile name two customers")
    return customer


def _of_mobile(connection: Connection, mobile: str, *, lock: bool) -> Any:
    phone = phone_of(mobile)
    customer = None if phone is None else _one(connection, _BY_PHONE, phone, lock=lock)
    return customer or _one(connection, _BY_MOBILE, mobile, lock=lock)


def _one(connection: Connection, query: Any, who: str, *, lock: bool) -> Any:
    return connection.execute(_LOCKED[query] if lock else query, {"who": who}).one_or_none()


def _book(connection: Connection, kind: str, order: Any, sign: int) -> None:
    points, credits = sign * order["points"], sign * order["credits"]
    who = order["customer_id"]
    movement = {"customer_id": who, "at": now(), "kind": kind, "points": points, "credits": credits}
    connection.execute(_ADD_MOVEMENT, {**movement, "order_id": order["order_id"]})
    connection.execute(_SET_BALANCE, {"who": who, "points": points, "credits": credits})
