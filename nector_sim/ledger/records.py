"""What goes into the exact ledger and what comes out, as plain records; money in minor units, instants in UTC."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from nector_sim.calculator import exact
from nector_sim.ledger.schedule import KINDS, SIGNS


@dataclass(frozen=True, slots=True)
class PastOrder:
    """One order of a history; money in minor units.

    ``redeems`` is what the orders say; None where they do not, and chance decides. ``refunded`` and ``paid`` are None
    where the history does not say; ``discount_given`` is the discount of that time.
    """

    order_id: str
    customer_id: str
    at: datetime
    cart: int
    credits: int = 0
    requested: int | None = None
    redeems: bool | None = True
    tier: str | None = None
    refunded_at: datetime | None = None
    refunded: int | None = None
    paid: int | None = None
    discount_given: int = 0
    eligible: int | None = None
    coupon: int = 0
    earning: int | None = None

    @property
    def never_paid(self) -> bool:
        """Whether nothing was paid, though credits and the discount left something to pay."""
        return self.paid == 0 and self.cart - self.credits - self.discount_given > 0

    def shares(self, refunds: Iterable[Refund] = ()) -> dict[datetime, Fraction]:
        """How much of it had come back after each instant at which more did, in time order; 1 is a full refund.

        Its own columns are one refund more; refunds of one instant are one.
        """
        told = list(refunds)
        if self.refunded_at is not None:
            told.append(Refund(self.order_id, self.refunded_at, self.refunded))
        paid = max(0, self.cart - self.credits - self.discount_given) if self.paid is None else self.paid
        share, shares = Fraction(0), dict[datetime, Fraction]()
        for at in sorted({refund.at for refund in told}):
            amounts = [refund.amount for refund in told if refund.at == at]
            more = Fraction(1) if paid == 0 else sum((Fraction(1) if a is None else Fraction(a, paid)) for a in amounts)
            if (reached := min(share + more, Fraction(1))) > share:
                shares[at] = share = reached
        return shares


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund of an order; without an amount, of all that had not come back yet."""

    order_id: str
    at: datetime
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """Points that a customer has before anything happens; negative points are an overdraft."""

    customer_id: str
    points: int
    expires_at: datetime | None = None
    lifetime_spend: int = 0


@dataclass(frozen=True, slots=True)
class Grant:
    """Points that a customer is given: sign-up, birthday, referral, by hand."""

    customer_id: str
    at: datetime
    points: int
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderResult:
    """What an order got: the balance before it, its tier, and the answer of the law."""

    order_id: str
    balance: int
    tier: str | None
    answer: exact.Answer
    earned: int


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of the ledger; an opening has no instant."""

    customer_id: str
    at: datetime | None
    kind: str
    points: int
    order_id: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """What a customer has at the end; ``points`` are less the overdraft."""

    customer_id: str
    points: int
    pending: int
    next_expiry: datetime | None


@dataclass(slots=True)
class ExactReplay:
    """Everything that comes out of a replay."""

    results: list[OrderResult] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)

    def totals(self) -> dict[str, int]:
        """Points of each kind, and what is left."""
        totals = dict.fromkeys(KINDS, 0)
        for movement in self.movements:
            totals[movement.kind] += movement.points * (SIGNS[movement.kind] or 1)
        return {**totals, "closing": sum(balance.points + balance.pending for balance in self.balances)}
