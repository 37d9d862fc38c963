"""The other side of the wire: a checkout that lists, takes, and gives back when the order fails."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, Self

from nector_sim.errors import InputError
from nector_sim.gokwik.posting import Line, NoAnswer
from nector_sim.gokwik.replies import is_nothing, read_given
from nector_sim.gokwik.wire import CHECKOUT_WAITS
from nector_sim.results import count
from nector_sim.rules.values import read_decimal

Amount = int | float | Decimal | str
"""An amount in major units, as a caller has it."""

#: What GoKwik's calls say of where they come from.
COUNTRY, SOURCE = "ind", "nector-sim"
#: Seconds before each repetition of a call that moves points and got no answer.
PAUSES = (0.5, 1, 2, 4)


class Answered(NamedTuple):
    """An answer: its code, the refusal's word (empty where it is 200), its sentence, and its data."""

    code: int
    error: str
    message: str
    data: dict[str, Any]

    @property
    def is_nothing(self) -> bool:
        """Whether it says that there is nothing to give: no trouble, but an answer as any other."""
        return is_nothing(self.code, self.data)


@dataclass(frozen=True, slots=True)
class Visit:
    """One customer's way through the checkout. Money in major units, as answered.

    Attributes
    ----------
    reference_order_id : str
        The order.
    points_redeemed : int
        Points taken for it, and not given back.
    discount : Decimal
        All that came off the cart; 0 where the order failed or went on without points.
    payable : Decimal
        What the customer had to pay.
    paid : bool
        Whether the payment went through.
    settled : bool
        False where points may still be taken for an order that went on without them: the checkout got no answer.
    trouble : str
        What kept the points from being offered, taken or given back: a refusal, or no answer. Empty where all went
        well, and for a customer whom the other side does not know.
    steps : tuple of str
        What happened, a sentence each.
    """

    reference_order_id: str
    points_redeemed: int
    discount: Decimal
    payable: Decimal
    paid: bool
    settled: bool
    trouble: str
    steps: tuple[str, ...]


class Checkout:
    """A checkout that talks to one merchant's endpoint; for one thread. In a `with` block it closes by itself.

    Parameters
    ----------
    url : str
        The endpoint, with the webhook id as its last part. It is in no message.
    timeout : float, optional
        Seconds that it waits for an answer; then it goes on without points.
    pauses : sequence of float, optional
        Seconds before each repetition of a ``perform`` or ``revert`` that got no answer.
    """

    def __init__(self, url: str, *, timeout: float = CHECKOUT_WAITS, pauses: Sequence[float] = PAUSES) -> None:
        self._line = Line(url, timeout=timeout)
        self._pauses = tuple(pauses)

    def call(self, action: str, **fields: Any) -> Answered:
        """Make one call.

        Parameters
        ----------
        action : str
            ``list``, ``perform`` or ``revert``.
        **fields
            The call's other fields; those that are None are left out. Decimals are sent as numbers.

        Returns
        -------
        Answered

        Raises
        ------
        NoAnswer
            If none came in time that can be understood.
        """
        content = {name: value for name, value in {"country": COUNTRY, **fields}.items() if value is not None}
        body = json.dumps({"action": action, **content}, default=_number).encode()
        answer = self._line.post(body, headers={"x-source": SOURCE}).json()
        meta, data = answer.get("meta"), answer.get("data")
        if not isinstance(meta, dict) or not isinstance(meta.get("code"), int):
            raise NoAnswer("the answer has no meta.code")
        data = data if isinstance(data, dict) else {}
        sentence = str(meta.get("message") or data.get("message") or "")
        return Answered(meta["code"], str(meta.get("error", "")), sentence, data)

    def insist(self, action: str, **fields: Any) -> Answered:
        """Repeat a call that got no answer, under the same reference; parameters and errors as :meth:`call`."""
        for pause in self._pauses:
            try:
                answered = self.call(action, **fields)
            except NoAnswer:
                time.sleep(pause)
                continue
            if not _is_passing(answered):
                return answered
            time.sleep(pause)
        return self.call(action, **fields)

    def visit(
        self,
        cart: Amount,
        *,
        customer_id: str | None = None,
        mobile: str | None = None,
        reference_order_id: str | None = None,
        wallet_type: str | None = None,
        eligible_amount: Amount | None = None,
        coupon_discount: Amount | None = None,
        redeems: bool = True,
        payment_fails: bool = False,
    ) -> Visit:
        """Bring one customer through: list, take the points, pay; give the points back where the payment fails.

        Parameters
        ----------
        cart : int, float, Decimal or str
            Cart amount in major units.
        customer_id, mobile : str, optional
            Who; one of the two.
        reference_order_id : str, optional
            The order; left out, a new one.
        wallet_type : str, optional
            ``coins``, ``credits`` or ``coins_and_credits``; left out, the endpoint's default.
        eligible_amount : int, float, Decimal or str, optional
            The part of the cart that points may pay; left out, all of it. A field of ours, as is the next: a server
            that is no sandbox of ours may not know it.
        coupon_discount : int, float, Decimal or str, optional
            What other coupons took off already.
        redeems : bool, optional
            Whether the customer wants to use points.
        payment_fails : bool, optional
            Whether the payment fails after the points were taken.

        Returns
        -------
        Visit

        Raises
        ------
        InputError
            If the cart or a part of it is no amount.
        """
        amount = _amount(cart)
        parts = {"eligible_amount": eligible_amount, "coupon_discount": coupon_discount}
        parts = {name: None if value is None else _amount(value, name) for name, value in parts.items()}
        reference = reference_order_id or f"order-{uuid.uuid4()}"
        who = {"customer_id": customer_id, "mobile": mobile, "wallet_type": wallet_type}
        walk = _Walk(self, amount, {**who, **parts, "reference_order_id": reference})
        steps = [*walk.take(redeems)]
        if payment_fails:
            steps.append("pay: the payment failed")
            steps.extend(walk.give_back())
        else:
            steps.append(f"pay: {walk.payable} paid")
        return Visit(
            reference,
            walk.points,
            walk.discount,
            walk.payable,
            paid=not payment_fails,
            settled=walk.settled,
            trouble=walk.trouble,
            steps=tuple(steps),
        )

    def revert(self, reference_order_id: str, *, customer_id: str | None = None, mobile: str | None = None) -> Answered:
        """Give back an order's points later, as for a refund; errors as :meth:`call`."""
        return self.insist("revert", customer_id=customer_id, mobile=mobile, reference_order_id=reference_order_id)

    def close(self) -> None:
        """Close the connection."""
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Walk:
    """The steps of one visit, and where it stands."""

    def __init__(self, checkout: Checkout, cart: Decimal, fields: dict[str, Any]) -> None:
        self._checkout = checkout
        self._fields = fields
        self._cart = cart
        self.payable = cart
        self.points, self.discount = 0, Decimal(0)
        self.settled = True
        self.trouble = ""

    def _refused(self, action: str, answered: Answered) -> str:
        if not (action == "list" and answered.is_nothing):
            self.trouble = self.trouble or answered.message or f"{action} was refused"
        return f"{action}: {answered.message}"

    def _unanswered(self, action: str, error: NoAnswer, what_then: str) -> str:
        self.trouble = self.trouble or str(error)
        return f"{action}: {error}; {what_then}"

    def take(self, redeems: bool) -> Iterator[str]:
        """List and perform; on any trouble the order goes on without points."""
        try:
            listed = self._checkout.call("list", amount=self._cart, **self._fields)
            discount, points = _values(listed)
        except NoAnswer as error:
            yield self._unanswered("list", error, "the order goes on without points")
            return
        if listed.code != 200:
            yield self._refused("list", listed)
            return
        # What is ours in an answer says that the other side is a sandbox of ours, which knows what is ours in a call.
        ours = "limited_by" in listed.data
        limit = f" (limited by {listed.data['limited_by']})" if ours else ""
        yield f"list: {discount} off for {count(points, 'point')}{limit}"
        if not redeems or not discount:
            return
        try:
            performed = self._checkout.insist(
                "perform", **self._fields, amount=self._cart, fiat_value=discount if ours else None
            )
            if _is_passing(performed):
                raise NoAnswer(performed.message)
            listed_discount = discount
            discount, points = _values(performed)
        except NoAnswer as error:
            # Whether the points were taken is not known, so they are given back before the order goes on.
            yield self._unanswered("perform", error, "the order goes on without points")
            self.settled = False
            yield from self.give_back()
            return
        if performed.code != 200:
            yield self._refused("perform", performed)
            return
        self.points, self.discount, self.payable = points, discount, self._cart - discount
        yield f"perform: {count(self.points, 'point')} taken, {self.discount} off"
        if discount != listed_discount:
            self.trouble = self.trouble or f"perform gave {discount} off, and {listed_discount} had been listed"

    def give_back(self) -> Iterator[str]:
        """Revert what may have been taken."""
        if not self.discount and self.settled:
            return
        named = ("customer_id", "mobile", "reference_order_id")
        try:
            reverted = self._checkout.insist("revert", **{name: self._fields[name] for name in named})
        except NoAnswer as error:
            self.settled = False
            yield self._unanswered("revert", error, "it is still owed")
            return
        self.settled = reverted.code == 200 or reverted.error == "unknown_order"
        if reverted.code == 200:
            yield f"revert: {count(reverted.data.get('coin_value', self.points), 'point')} given back"
            self.points, self.discount, self.payable = 0, Decimal(0), self._cart
        else:
            yield self._refused("revert", reverted)


def _is_passing(answered: Answered) -> bool:
    """Whether it says nothing about the call, which may have been done at an earlier try."""
    return answered.code >= 500 or answered.code == 429


def _amount(given: Amount, name: str = "the cart") -> Decimal:
    try:
        amount = read_decimal(given)
    except ValueError:
        amount = Decimal(-1)
    if amount < 0:
        raise InputError(f"{name} is no amount; write it as 749.95")
    return amount


def _values(answered: Answered) -> tuple[Decimal, int]:
    """Discount and points of an answer; nothing of a refusal."""
    if answered.code != 200:
        return Decimal(0), 0
    try:
        given = read_given(answered.data)
    except ValueError as error:
        raise NoAnswer(f"the answer {error}") from None
    return given.discount, int(given.points)


def _number(value: Any) -> int | float:
    # At most 13 digits, so the float is written with the same digits.
    return int(value) if value == int(value) else float(value)
