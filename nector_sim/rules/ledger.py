"""The program's other half: how points are earned, when they expire, what tiers do and what a refund reverses.

Where one of these leaves something open that other ledgers decide otherwise, the field names the choice;
:mod:`nector_sim.ledger.choices` says what was chosen and what others do.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from nector_sim.rules.money import About, Amount, Factor, WholeNumber
from nector_sim.rules.offers import Model

#: A century, in months and in days: longer than any program, and short enough for every calendar.
MAX_MONTHS = 1_200
MAX_DAYS = 36_525


class Earning(Model):
    """What an order earns: points for each unit of currency."""

    points_per_unit: Annotated[Factor, About("points per currency unit")] = Decimal("0.05")
    """Points earned for each unit of currency: 0.05 is 5 points for every ₹100."""

    base: Annotated[Literal["payable", "cart_amount"], About()] = "payable"
    """What it is counted on: what the customer pays, or the cart before credits and points."""

    rounding: Annotated[Literal["floor", "nearest", "ceil"], About()] = "floor"
    """How one order's points become whole, once, from the exact product: down, to the nearest (a half goes up), or
    up."""

    delay_days: Annotated[WholeNumber, Field(ge=0, le=MAX_DAYS), About("days")] = 0
    """Days of 24 hours during which earned points are pending and no balance; their expiry counts from then."""

    on_redeeming_orders: Annotated[StrictBool, About()] = True
    """Whether an order that spends points earns too."""


class Expiry(Model):
    """When points expire: exactly one of ``months`` and ``days``."""

    months: Annotated[Annotated[WholeNumber, Field(ge=1, le=MAX_MONTHS)] | None, About("months")] = None
    """Calendar months (UTC) after the credit, at the same time of day; a day that the month lacks becomes its last."""

    days: Annotated[Annotated[WholeNumber, Field(ge=1, le=MAX_DAYS)] | None, About("days")] = None
    """Days of 24 hours after the credit."""

    kind: Annotated[Literal["lots", "inactivity"], About(choices=("inactivity_tie",))] = "lots"
    """``lots``: each credit expires by itself. ``inactivity``: all spendable points expire together, that long after
    the customer's last order or credit; points that mature or are granted at that very instant keep them
    (`inactivity_tie`)."""

    @model_validator(mode="after")
    def _one_period(self) -> Self:
        if (self.months is None) == (self.days is None):
            both = "both are there" if self.months is not None else "neither is there"
            raise PydanticCustomError("expiry", "give exactly one of months and days; {both}", {"both": both})
        return self


class Tier(Model):
    """One tier of customers, reached by what they have spent."""

    name: Annotated[str, Field(min_length=1), About("tier name")]
    """The tier's name, as an offer's ``tiers`` lists it."""

    min_lifetime_spend: Annotated[Amount, About("money", choices=("tier_spend",))]
    """The tier is reached by this payable of the customer's earlier orders, less what was refunded of it by then
    (`tier_spend`), on top of an opening lifetime spend."""

    earning_factor: Annotated[Factor, About("times")] = Decimal(1)
    """Multiplies what the customer's orders earn."""


class Reversal(Model):
    """What a refund reverses."""

    earned: Annotated[StrictBool, About(choices=("partial_take_back", "expired_taken_back"))] = True
    """Whether the points that a refunded order earned are taken back: all, or for a partial refund its share, rounded
    down (`partial_take_back`). Points that have expired since are taken all the same (`expired_taken_back`)."""

    redeemed: Annotated[StrictBool, About(choices=("given_back_expiry",))] = True
    """Whether the points that a fully refunded order spent are given back, as a new lot whose expiry counts from the
    refund (`given_back_expiry`)."""

    overdraft: Annotated[Literal["negative", "forgive"], About()] = "negative"
    """What becomes of points to take back that are not there: an overdraft that later credits pay off first, or
    forgiven."""
