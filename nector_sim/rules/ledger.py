"""The program's other half: how points are earned, when they expire, what tiers do and what a refund reverses.

Where one of these leaves something open that other ledgers decide otherwise, the field names the choice;
:mod:`nector_sim.ledger.choices` says what was chosen and what others do.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from nector_sim.rules.money import MAX_POINTS, About, Amount, Factor, PositiveAmount, StepPoints, WholeNumber
from nector_sim.rules.offers import Model

#: A century, in months and in days: longer than any program, and short enough for every calendar.
MAX_MONTHS = 1_200
MAX_DAYS = 36_525


class Earning(Model):
    """What an order earns: points for each unit of currency, or for each so much."""

    if TYPE_CHECKING:  # a checker would ask for Decimal alone; any number or its text is taken

        def __init__(self, **fields: Any) -> None: ...

    points_per_unit: Annotated[Factor | None, About("points per currency unit")] = None
    """Points earned for each unit of currency: 0.05 is 5 points for every ₹100, and holds where neither it nor
    ``points`` is given."""

    points: Annotated[StepPoints | None, About("points")] = None
    """Points for every ``per_amount``, exactly; instead of ``points_per_unit``."""

    per_amount: Annotated[PositiveAmount | None, About("money")] = None
    """The money that earns ``points``. [major units]"""

    whole_steps: Annotated[StrictBool, About()] = False
    """Whether only full amounts count: at 5 points for every 100, 199 earns 5."""

    min_cart: Annotated[Amount, About("money")] = Decimal(0)
    """The cart must be at least this for its order to earn. [major units]"""

    max_points: Annotated[StepPoints | None, About("points")] = None
    """The most that one order earns, after the tier's factor."""

    base: Annotated[Literal["payable", "cart_amount"], About(choices=("earning_share",))] = "payable"
    """What it is counted on: what the customer pays, or the cart before credits and points. Of an order whose
    ``earning_amount`` is a part of the cart, that part, which credits and points lower in proportion
    (`earning_share`)."""

    rounding: Annotated[Literal["floor", "nearest", "ceil"], About()] = "floor"
    """How one order's points become whole, once, from the exact product: down, to the nearest (a half goes up), or
    up."""

    delay_days: Annotated[WholeNumber, Field(ge=0, le=MAX_DAYS), About("days")] = 0
    """Days of 24 hours during which earned points are pending and no balance; their expiry counts from then."""

    on_redeeming_orders: Annotated[StrictBool, About()] = True
    """Whether an order that spends points earns too."""

    @model_validator(mode="before")
    @classmethod
    def _default_rate(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and all(data.get(name) is None for name in ("points_per_unit", "points")):
            return {**data, "points_per_unit": Decimal("0.05")}
        return data

    @model_validator(mode="after")
    def _one_rate(self) -> Self:
        if self.points is not None and self.points_per_unit is not None:
            raise PydanticCustomError("earning", "give points_per_unit, or points and per_amount; both are there")
        if (self.points is None) != (self.per_amount is None):
            raise PydanticCustomError("earning", "points and per_amount go together; one of them is missing")
        if self.whole_steps and self.points is None:
            raise PydanticCustomError("earning", "whole_steps needs points and per_amount")
        return self

    @property
    def rate(self) -> Fraction:
        """Points for a unit of currency, exactly."""
        return Fraction(self.points or self.points_per_unit or 0) / Fraction(self.per_amount or 1)


class Expiry(Model):
    """When points expire: exactly one of ``months`` and ``days``."""

    if TYPE_CHECKING:  # a checker would ask for Decimal alone; any number or its text is taken

        def __init__(self, **fields: Any) -> None: ...

    months: Annotated[
        Annotated[WholeNumber, Field(ge=1, le=MAX_MONTHS)] | None, About("months", choices=("expiry_calendar",))
    ] = None
    """Calendar months after the credit, in the program's time zone and at the same local time (`expiry_calendar`); a
    day that the month lacks becomes its last."""

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


#: What a tier may be reached by, as its fields are called.
MEASURES = ("min_spend", "min_orders", "min_earned")


class Tier(Model):
    """One tier of customers, reached by what their earlier orders paid, how many they were, or what they earned.

    Exactly one of ``min_spend``, ``min_orders`` and ``min_earned``; all tiers of a program have the same one.
    """

    if TYPE_CHECKING:  # a checker would ask for Decimal alone; any number or its text is taken

        def __init__(self, **fields: Any) -> None: ...

    name: Annotated[str, Field(min_length=1), About("tier name")]
    """The tier's name, as an offer's ``tiers`` lists it."""

    min_spend: Annotated[Amount | None, About("money", choices=("tier_spend", "tier_before_order"))] = None
    """The tier is reached by this payable of the customer's earlier orders (`tier_before_order`), less what was
    refunded of it by then (`tier_spend`); without a window, on top of an opening lifetime spend."""

    min_orders: Annotated[
        Annotated[WholeNumber, Field(ge=0)] | None, About("orders", choices=("tier_before_order",))
    ] = None
    """The tier is reached by so many earlier orders (`tier_before_order`); one that was refunded in full is none."""

    min_earned: Annotated[
        Annotated[WholeNumber, Field(ge=0, le=MAX_POINTS)] | None, About("points", choices=("tier_before_order",))
    ] = None
    """The tier is reached by so many points that earlier orders earned (`tier_before_order`), pending and expired ones
    included, less those that refunds took back."""

    earning_factor: Annotated[Factor, About("times")] = Decimal(1)
    """Multiplies what the customer's orders earn."""

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if len(given := [name for name in MEASURES if getattr(self, name) is not None]) != 1:
            has = f"it has {' and '.join(given)}" if given else "it has none"
            raise PydanticCustomError(
                "tier", "needs exactly one of min_spend, min_orders and min_earned; {has}", {"has": has}
            )
        return self

    @property
    def measure(self) -> str:
        """Which field says what reaches it."""
        return next(name for name in MEASURES if getattr(self, name) is not None)

    @property
    def least(self) -> Decimal | int:
        """What reaches it: money in major units, orders or points."""
        least: Decimal | int = getattr(self, self.measure)
        return least


class Tiering(Model):
    """How tiers are measured."""

    if TYPE_CHECKING:  # a checker would ask for Decimal alone; any number or its text is taken

        def __init__(self, **fields: Any) -> None: ...

    window_months: Annotated[
        Annotated[WholeNumber, Field(ge=1, le=MAX_MONTHS)] | None, About("months", choices=("expiry_calendar",))
    ] = None
    """An order counts for tiers until so many calendar months after its instant, reckoned like expiry
    (`expiry_calendar`), and no longer at that instant, so a tier lapses. Left out, all of history counts."""


class Reversal(Model):
    """What a refund reverses."""

    if TYPE_CHECKING:  # a checker would ask for Decimal alone; any number or its text is taken

        def __init__(self, **fields: Any) -> None: ...

    earned: Annotated[StrictBool, About(choices=("partial_take_back", "expired_taken_back"))] = True
    """Whether the points that a refunded order earned are taken back: all, or for a partial refund its share, rounded
    down (`partial_take_back`). Points that have expired since are taken all the same (`expired_taken_back`)."""

    redeemed: Annotated[StrictBool | Literal["share"], About(choices=("given_back_expiry",))] = True
    """Whether the points that a fully refunded order spent are given back, as a new lot whose expiry counts from the
    refund (`given_back_expiry`). ``"share"``: a partial refund gives back its share of them, rounded down."""

    overdraft: Annotated[Literal["negative", "forgive"], About()] = "negative"
    """What becomes of points to take back that are not there: an overdraft that later credits pay off first, or
    forgiven."""
