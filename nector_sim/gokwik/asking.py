"""Another integration held against the exact calculator, over the wire: only `list` is used, so nothing moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

from nector_sim.errors import InputError
from nector_sim.gokwik.checkout import COUNTRY
from nector_sim.gokwik.customers import Customer
from nector_sim.gokwik.replies import is_nothing, read_given
from nector_sim.parity.answers import Theirs, read_reply
from nector_sim.parity.generate import random_orders
from nector_sim.rules.money import from_minor, to_minor
from nector_sim.rules.program import Program

if TYPE_CHECKING:
    import pandas as pd


#: What a call can say and only a sandbox of ours reads.
OURS = ("eligible_amount", "coupon_discount")


class NectorDialect:
    """How a calculator that speaks Nector's checkout calls is asked: a `list` for each order's customer and cart."""

    def write(self, program: Program, order: Mapping[str, Any]) -> Any:
        """What to POST, for JSON; the fields of ours are there where the order has them."""
        if order.get("points_requested") is not None:
            raise InputError("the checkout's calls name no number of points; take the column points_requested out")
        ours = {name: order[name] for name in OURS if order.get(name) is not None}
        if program.asks_for_coupons:
            ours.setdefault("coupon_discount", 0)
        amounts = {"amount": order["cart_amount"], **ours}
        return {
            "action": "list",
            "customer_id": order["customer_id"],
            "country": COUNTRY,
            **{name: _number(amount) for name, amount in amounts.items()},
            "wallet_type": "coins_and_credits" if order.get("credits") else "coins",
        }

    #: "No discount is available" comes with status 422.
    reads_errors = True

    def read(self, program: Program, reply: Any) -> Theirs:
        """What the reply's JSON says: a discount, or that there is none, which is an answer as well."""
        meta, data = (reply.get(name) for name in ("meta", "data")) if isinstance(reply, Mapping) else (None, None)
        if not isinstance(meta, Mapping):
            return Theirs(error="its reply has no meta")
        if not isinstance(data, Mapping):
            return Theirs(error=f"its reply (meta.code {meta.get('code')}) has no data")
        if data.get("limited_by") == "refused":
            return Theirs(refused=True)
        if is_nothing(meta.get("code"), data):
            # What the sandbox says besides is compared as well.
            values: dict[str, Any] = {"points_redeemed": 0, "discount": 0}
        elif meta.get("code") == 200:
            try:
                given = read_given(data)
            except ValueError as error:
                return Theirs(error=f"its reply {error}")
            values = {"points_redeemed": given.points, "discount": given.discount}
        else:
            return Theirs(error=f"its reply has meta.code {meta.get('code')}")
        theirs = read_reply(
            program, values | {"payable": data.get("payable"), "credits_used": data.get("credit_value")}
        )
        if theirs.error or theirs.credits_used is None:
            return theirs
        return Theirs(theirs.points, theirs.discount - theirs.credits_used, theirs.payable, theirs.credits_used)


def questions(
    program: Program, customers: Sequence[Customer], *, n: int, seed: int, ours: bool = False
) -> pd.DataFrame:
    """Make up carts for customers whose balances are known."""
    import pandas as pd

    if not customers:
        raise InputError("there is no customer to ask for; give their balances")
    luck, decimals, now = Random(seed), program.decimals, datetime.now(UTC)
    rows = []
    for number, order in enumerate(random_orders(luck, program, n)):
        customer = luck.choice(customers)
        row = {
            "customer_id": customer.customer_id,
            "cart_amount": from_minor(order.cart, decimals),
            "points_balance": customer.points_balance,
            "credits": from_minor(to_minor(customer.credits, decimals) if number % 2 else 0, decimals),
            "tier": customer.tier,
            "ordered_at": now,
        }
        if ours:
            row["eligible_amount"] = None if order.eligible is None else from_minor(order.eligible, decimals)
        if ours or program.asks_for_coupons:
            row["coupon_discount"] = from_minor(order.coupon, decimals)
        rows.append(row)
    return pd.DataFrame(rows)


def _number(amount: Any) -> int | float:
    # At most 13 digits, so the float is written with the same digits.
    return int(amount) if amount == int(amount) else float(amount)
