"""The four kinds of offers: what points can buy at the checkout, and for whom.

An offer's money is in the program's currency, in major units. A field's docstring ends with its unit and its name on
Nector's screen, in brackets; without a name the field is ours. Where an offer leaves something open that other
calculators decide otherwise, the field that carries the choice names it; :mod:`nector_sim.calculator.choices` says
what was chosen and what others do.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, StrictBool
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from nector_sim.rules.docs import field_docs
from nector_sim.rules.money import About, Amount, Multiple, OfferPercent, PositiveAmount, StepPoints
from nector_sim.rules.times import EndTime, Time

#: A tier's name; an order without one has no tier.
TierName = Annotated[str, Field(min_length=1)]


class Model(BaseModel):
    """What every model of the rules is: frozen, without unknown fields, documented by its docstrings."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        ser_json_inf_nan="constants",
    )

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy it with some fields changed; unlike pydantic's own, the copy is checked like any other model."""
        fields = type(self).model_fields
        for name in update or ():
            if name not in fields:
                near = difflib.get_close_matches(name, fields, n=1)
                raise ValueError(
                    f"{type(self).__name__} has no field {name!r}" + (f"; did you mean {near[0]}?" if near else "")
                )
        if not update:
            return super().model_copy(deep=deep)
        checked = type(self).model_validate({**dict(self), **update})
        # What was left at its default counts as left out still.
        given = self.model_fields_set | set(update)
        for name in set(fields) - given:
            checked.model_fields_set.discard(name)
        return checked.model_copy(deep=deep)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = handler.resolve_ref_schema(handler(schema))
        docs = field_docs(cls)
        for name, field in described.get("properties", {}).items():
            if name in docs:
                field.setdefault("description", docs[name])
        return described


class _Offer(Model):
    """What every kind of offer may carry."""

    kind: str
    """Which of the four kinds it is."""

    name: str = ""
    """The offer's name in results; without one it is called by its position, ``offers.0``."""

    min_cart: Annotated[
        Amount, About("money", "Minimum Cart Amount", ("min_cart_base", "min_cart_edge", "offer_base"))
    ] = Decimal(0)
    """Carts below this amount cannot use the offer; a cart equal to it can (`min_cart_edge`). Tested on what points
    may pay of the cart (`offer_base`), before credits (`min_cart_base`). [major units; Nector: Minimum Cart Amount]"""

    max_cart: Annotated[PositiveAmount | None, About("money", choices=("offer_base",))] = None
    """Carts of this amount or more cannot use the offer: for bands of cart amounts (`offer_base`). Ours, not on
    Nector's screen. [major units]"""

    min_cart_multiple: Annotated[
        Multiple | None, About("times", "Minimum Cart Amount Multiple", ("multiple_shrinks", "offer_base"))
    ] = None
    """What points may pay of the cart (`offer_base`) must be at least this many times the discount, which shrinks to
    fit (`multiple_shrinks`). [times the discount; Nector: Minimum Cart Amount Multiple]"""

    tiers: Annotated[tuple[TierName, ...] | None, About("tier names", "Customer Tiers")] = None
    """Only customers of these tiers can use the offer; names match exactly, and an empty list fits nobody. [tier
    names; Nector: Customer Tiers]"""

    starts_at: Annotated[Time | None, About("time", "Start Date", ("undated_order",))] = None
    """The first instant of the offer. An order without a time is inside (`undated_order`). [time; Nector: Start
    Date]"""

    ends_at: Annotated[EndTime | None, About("time", "End Date", ("undated_order",))] = None
    """The first instant after the offer; a date without a time includes that day. An order without a time is inside
    (`undated_order`). [time; Nector: End Date]"""

    min_balance: Annotated[StepPoints | None, About("points")] = None
    """The customer must own this many points before any can be spent; then fewer may be spent. Pending points do not
    count. Ours, not on Nector's screen. [points]"""

    with_coupons: Annotated[StrictBool, About()] = True
    """Whether orders that other coupons took something off can use the offer. Ours, not on Nector's screen."""

    # What kinds of offers answer for themselves, so that nobody else has to ask which kind one is.

    is_fixed: ClassVar[bool] = False
    is_percent: ClassVar[bool] = False

    @property
    def step_points(self) -> int:
        """Points that one step costs."""
        raise NotImplementedError

    @property
    def step_discount(self) -> Decimal | None:
        """What one step takes off, in major units; None for a percentage of the cart."""
        return None

    @property
    def step_percent(self) -> Decimal | None:
        """The percentage of the cart that one step takes off; None for an amount."""
        return None

    @property
    def most_points(self) -> int | None:
        """The most points that its own maximum lets a redemption use; None where it has none."""
        cap = self.max_discount  # type: ignore[attr-defined]
        if self.step_discount is None or cap is None:
            return None
        return int(cap // self.step_discount) * self.step_points

    @property
    def point_value(self) -> Fraction | None:
        """What a point takes off, in major units; None for a percentage of the cart."""
        return None if self.step_discount is None else Fraction(self.step_discount) / self.step_points


class VariableAmount(_Offer):
    """Amount discount by increments: every step of points buys a fixed amount."""

    if TYPE_CHECKING:  # a checker would ask for Decimal alone; any number or its text is taken

        def __init__(self, **fields: Any) -> None: ...

    kind: Annotated[Literal["variable_amount"], About(screen="Amount Discount, increment of points")] = (
        "variable_amount"
    )
    """Which of the four kinds it is. [Nector: Amount Discount, increment of points]"""

    points_per_step: Annotated[StepPoints, About("points", "Coins Required", ("steps_whole", "points_round"))]
    """Points that one step costs. Steps are whole: a limit that falls inside a step gives the step below it
    (`steps_whole`), and the points charged are those of whole steps (`points_round`). [points; Nector: Coins
    Required]"""

    discount_per_step: Annotated[PositiveAmount, About("money", "Discount Amount")]
    """What one step takes off the cart. [major units; Nector: Discount Amount]"""

    max_discount: Annotated[PositiveAmount | None, About("money", "Maximum Discount Amount", ("steps_whole",))] = None
    """The most that one order may be discounted; inside a step it gives the step below (`steps_whole`). [major
    units; Nector: Maximum Discount Amount]"""

    max_discount_percent: Annotated[
        OfferPercent | None, About("percent", "Maximum Discount Percentage", ("offer_base",))
    ] = None
    """The most that one order may be discounted, as a percentage of what points may pay of the cart, before credits
    (`offer_base`). [percent; Nector: Maximum Discount Percentage]"""

    min_points: Annotated[StepPoints | None, About("points", choices=("redemption_minimum",))] = None
    """A redemption uses at least this many points, or none; tested after every limit. Left out, it may use any number
    (`redemption_minimum`). Ours, not on Nector's screen. [points]"""

    max_percent: ClassVar[None] = None

    @property
    def step_points(self) -> int:  # noqa: D102
        return self.points_per_step

    @property
    def step_discount(self) -> Decimal:  # noqa: D102
        return self.discount_per_step


class FixedAmount(_Offer):
    """Amount discount, all or nothing: exactly so many points buy exactly this amount."""

    if TYPE_CHECKING:  # a checker would ask for Decimal alone; any number or its text is taken

        def __init__(self, **fields: Any) -> None: ...

    kind: Annotated[Literal["fixed_amount"], About(screen="Amount Discount, fixed")] = "fixed_amount"
    """Which of the four kinds it is. [Nector: Amount Discount, fixed]"""

    points: Annotated[StepPoints, About("points", "Coins Required", ("min_payable_fixed_offer",))]
    """Points that the discount costs. Where it does not fit under the minimum payable, it is not given
    (`min_payable_fixed_offer`). [points; Nector: Coins Required]"""

    discount: Annotated[PositiveAmount, About("money", "Discount Amount")]
    """What it takes off the cart. [major units; Nector: Discount Amount]"""

    is_fixed: ClassVar[bool] = True
    min_points: ClassVar[None] = None
    max_discount: ClassVar[None] = None
    max_discount_percent: ClassVar[None] = None
    max_percent: ClassVar[None] = None

    @property
    def step_points(self) -> int:  # noqa: D102
        return self.points

    @property
    def step_discount(self) -> Decimal:  # noqa: D102
        return self.discount


class VariablePercent(_Offer):
    """Percentage discount by increments: every step of points buys a percentage of the cart."""

    if TYPE_CHECKING:  # a checker would ask for Decimal alone; any number or its text is taken

        def __init__(self, **fields: Any) -> None: ...

    kind: Annotated[Literal["variable_percent"], About(screen="Percentage Discount, increment of points")] = (
        "variable_percent"
    )
    """Which of the four kinds it is. [Nector: Percentage Discount, increment of points]"""

    points_per_step: Annotated[
        StepPoints, About("points", "Coins Required", ("steps_whole", "points_round", "percent_fewest_steps"))
    ]
    """Points that one step costs. Steps are whole (`steps_whole`, `points_round`), and the fewest steps that give
    the discount are charged (`percent_fewest_steps`). [points; Nector: Coins Required]"""

    percent_per_step: Annotated[
        OfferPercent, About("percent", "Discount Percentage", ("percent_rounding", "offer_base"))
    ]
    """What one step takes off, as a percentage of what points may pay of the cart (`offer_base`), before credits; the
    discount is rounded down to the minor unit (`percent_rounding`). [percent; Nector: Discount Percentage]"""

    max_percent: Annotated[OfferPercent | None, About("percent", "Maximum Discount Percentage", ("steps_whole",))] = (
        None
    )
    """The most that one order may be discounted, as a percentage of the cart; inside a step it gives the step below
    (`steps_whole`). [percent; Nector: Maximum Discount Percentage]"""

    max_discount: Annotated[PositiveAmount | None, About("money", choices=("percent_clip",))] = None
    """The most that one order may be discounted: it clips the discount and does not refuse it (`percent_clip`).
    Ours, not on Nector's screen. [major units]"""

    is_percent: ClassVar[bool] = True
    min_points: ClassVar[None] = None
    max_discount_percent: ClassVar[None] = None

    @property
    def step_points(self) -> int:  # noqa: D102
        return self.points_per_step

    @property
    def step_percent(self) -> Decimal:  # noqa: D102
        return self.percent_per_step


class FixedPercent(_Offer):
    """Percentage discount, all or nothing: exactly so many points buy exactly this percentage of the cart."""

    if TYPE_CHECKING:  # a checker would ask for Decimal alone; any number or its text is taken

        def __init__(self, **fields: Any) -> None: ...

    kind: Annotated[Literal["fixed_percent"], About(screen="Percentage Discount, fixed")] = "fixed_percent"
    """Which of the four kinds it is. [Nector: Percentage Discount, fixed]"""

    points: Annotated[StepPoints, About("points", "Coins Required", ("min_payable_fixed_offer",))]
    """Points that the discount costs. Where it does not fit under the minimum payable, it is not given
    (`min_payable_fixed_offer`). [points; Nector: Coins Required]"""

    percent: Annotated[OfferPercent, About("percent", "Discount Percentage", ("percent_rounding", "offer_base"))]
    """What it takes off, as a percentage of what points may pay of the cart (`offer_base`), before credits, rounded
    down to the minor unit (`percent_rounding`). [percent; Nector: Discount Percentage]"""

    max_discount: Annotated[PositiveAmount | None, About("money", choices=("percent_clip",))] = None
    """The most that one order may be discounted: it clips the discount and does not refuse it (`percent_clip`).
    Ours, not on Nector's screen. [major units]"""

    is_fixed: ClassVar[bool] = True
    is_percent: ClassVar[bool] = True
    min_points: ClassVar[None] = None
    max_discount_percent: ClassVar[None] = None
    max_percent: ClassVar[None] = None

    @property
    def step_points(self) -> int:  # noqa: D102
        return self.points

    @property
    def step_percent(self) -> Decimal:  # noqa: D102
        return self.percent


Offer = Annotated[VariableAmount | FixedAmount | VariablePercent | FixedPercent, Field(discriminator="kind")]
#: Every kind of offer, by the word that a program's file has for it.
OFFERS: dict[str, type[_Offer]] = {kind.model_fields["kind"].default: kind for kind in get_args(get_args(Offer)[0])}
