"""What the merchant believes: margins, taxes, fees, and how customers behave; TOML in and out.

Assumptions are estimates, and every number that rests on them is one too. Each may be a single number or
``[low, likely, high]``, which is spread over a triangle where ranges are worked out.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import tomli_w
from pydantic import BeforeValidator, StrictBool, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from nector_sim.economics.rates import Rates
from nector_sim.errors import InputError, Problem, listed
from nector_sim.ledger.take_up import TakeUp, TakeUpTable
from nector_sim.rules.files import read_fields
from nector_sim.rules.money import About
from nector_sim.rules.offers import Model
from nector_sim.rules.values import read_decimal, read_percentage

#: A single number, or low, likely and high.
Belief = Decimal | tuple[Decimal, Decimal, Decimal]
#: A percentage between 0 and this is more likely a share: 0.55 where 55 is meant.
ASK_BELOW = Decimal(1)
#: Payment fees are small percentages anyway, so only much smaller ones are asked about: 0.02 where 2 is meant.
ASK_FEE_BELOW = Decimal("0.1")


def named_percent(name: str, value: Any, *, at_most_100: bool = True) -> float:
    """Read an argument that is a percentage, and ask where a share between 0 and 1 was probably meant."""
    try:
        return float(read_percentage(value, ask_below=ASK_BELOW, at_most=100 if at_most_100 else None))
    except ValueError as error:
        raise InputError(f"{name} {error}") from None


def _amount(value: Any) -> Decimal:
    number = _decimal(value)
    if number < 0:
        raise ValueError(f"is {number:f}; a cost is 0 or more")
    return number


def _decimal(value: Any) -> Decimal:
    try:
        return read_decimal(value)
    except ValueError as error:
        given = repr(value) if isinstance(value, str) else str(value).lower()
        raise ValueError(f"is {given}, which {error}") from None


def _short(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _belief(read: Callable[[Any], Decimal]) -> BeforeValidator:
    """Validate a single number, or low, likely and high, each read by `read`."""

    def check(value: Any) -> Any:
        try:
            if not isinstance(value, list | tuple):
                return None if value is None else read(value)
            if len(value) != 3:
                raise ValueError(f"has {len(value)} numbers; write one, or three: [low, likely, high]")
            low, likely, high = (read(item) for item in value)
            if not low <= likely <= high:
                raise ValueError(f"is [{low:f}, {likely:f}, {high:f}]; write it as [low, likely, high], in that order")
        except ValueError as error:
            raise PydanticCustomError("belief", "{what}", {"what": str(error)}) from None
        return low, likely, high

    return BeforeValidator(check)


Percentage = Annotated[Belief, _belief(read_percentage), About("percent")]
FeePercentage = Annotated[
    Belief, _belief(lambda value: read_percentage(value, ask_below=ASK_FEE_BELOW)), About("percent")
]
Cost = Annotated[Belief, _belief(_amount), About("money")]


class Assumptions(Model):
    """What the merchant believes; money in major units of the program's currency.

    What is left out counts as costing nothing. The gross margin is needed where orders carry no ``cost``.

    Raises
    ------
    pydantic.ValidationError
        For an impossible value; :func:`load_assumptions` and :meth:`parse` raise it as an
        :class:`~nector_sim.errors.InputError` that names every field.

    Examples
    --------
    >>> assumptions = Assumptions(gross_margin_percent=55, tax_percent=18, take_up_percent=[40, 60, 80])
    >>> assumptions.rates().take_up
    0.6
    """

    if TYPE_CHECKING:  # a checker would ask for Decimal alone; any number or its text is taken

        def __init__(self, **fields: Any) -> None: ...

    gross_margin_percent: Percentage | None = None
    """Of the cart net of tax. Unused where orders carry a ``cost`` column."""

    tax_percent: Percentage = Decimal(0)
    """Tax on sales (GST in India)."""

    prices_include_tax: StrictBool = True
    """Whether the cart amount includes that tax; else the customer pays it on top."""

    points_count_as: Literal["discount", "tender"] = "discount"
    """``discount``: points lower the taxable value. ``tender``: they are a means of payment, tax stays on the full
    price."""

    payment_fee_percent: FeePercentage = Decimal(0)
    """Of what the customer pays, tax included."""

    payment_fee_fixed: Cost = Decimal(0)
    """For each order on which something is paid."""

    cod_fee: Cost = Decimal(0)
    """Instead of both payment fees, for orders whose ``payment_method`` is cash on delivery and on which something
    is paid."""

    fulfilment_cost: Cost = Decimal(0)
    """For each order."""

    return_cost: Cost = Decimal(0)
    """For each refunded or returned order: freight both ways."""

    resale_percent: Percentage = Decimal(100)
    """Of the cost of returned goods, how much comes back because they can be sold again."""

    take_up_percent: Percentage = Decimal(100)
    """Of the orders on which redeemers could use points, on how many they do."""

    ultimate_redemption_percent: Percentage = Decimal(100)
    """Of the points issued, how many are ever redeemed; breakage is the rest. Used by the accrual view."""

    redeemers_percent: Percentage = Decimal(100)
    """Of the customers, how many ever use points: the redeemers."""

    take_up_table: TakeUpTable | None = None
    """How the take-up of redeemers depends on the balance and the cart, as :func:`nector_sim.fit_take_up` estimates it;
    only of replays."""

    response_percent: Percentage = Decimal(0)
    """The most orders that points can add, for every 100 that customers who use points place without any. They add
    ``response_percent × b ÷ (b + response_half_at_percent)`` where customers get back b per cent of their carts. Used
    by :func:`nector_sim.compare`, :func:`nector_sim.sweep` and :func:`nector_sim.recommend`."""

    response_half_at_percent: Percentage | None = None
    """The per cent of their carts that customers get back where half of ``response_percent`` is added."""

    @field_validator("points_count_as", mode="before")
    @classmethod
    def _known_way(cls, value: Any) -> Any:
        if value not in ("discount", "tender"):
            what = f'is {value!r}; points count as "discount" or as "tender"'
            raise PydanticCustomError("way", "{what}", {"what": what})
        return value

    @model_validator(mode="after")
    def _whole_response(self) -> Self:
        most, half_at = self.response_percent, self.response_half_at_percent
        least = half_at[0] if isinstance(half_at, tuple) else half_at
        if (most != 0 and least is None) or least == 0:
            what = (
                "response_percent and response_half_at_percent are one curve: write both, the second above 0. "
                "10 and 5 mean: at most 10 % more orders, and 5 % more where customers get back 5 % of their "
                "carts"
            )
            raise PydanticCustomError("response", "{what}", {"what": what})
        return self

    @property
    def responds(self) -> bool:
        """Whether a response is stated."""
        most = self.response_percent
        return (most[-1] if isinstance(most, tuple) else most) > 0

    @property
    def uncertain(self) -> tuple[str, ...]:
        """Names of the fields that are given as low, likely and high."""
        return tuple(name for name in type(self).model_fields if isinstance(getattr(self, name), tuple))

    def rates(self) -> Rates:
        """Give the numbers of the calculation, every range at its likely value."""
        return self._as_rates({name: _likely(getattr(self, name)) for name in type(self).model_fields})

    def who_redeems(self, **at: float) -> TakeUp:
        """Give the take-up of a replay, every range at its likely value but for those of `at`."""
        names = ("redeemers_percent", "take_up_percent")
        values = {name: at.get(name, _likely(getattr(self, name))) for name in names}
        return TakeUp(**{name: f"{value:.4f}%" for name, value in values.items()}, table=self.take_up_table)

    def without_table(self) -> Self:
        """Give themselves; what works out each order by itself knows one take-up for all of them.

        Raises
        ------
        InputError
            With a table.
        """
        if self.take_up_table is not None:
            raise InputError(
                "take_up_table is of balances that run from order to order: only a replay takes it. Leave out "
                "replayed=False (--as-given), or take the table out of the assumptions"
            )
        return self

    def replaced(self, **changes: Any) -> Self:
        """Give the same assumptions with some fields changed, checked like any others."""
        return self.parse({**self._written(), **changes})

    def draws(self, count: int, *, seed: int) -> Rates:
        """Draw every range from its triangle, each independently.

        Parameters
        ----------
        count : int
            How many draws.
        seed : int
            The same seed gives the same draws; each field has a stream of its own.

        Returns
        -------
        Rates
            Ranges are arrays of shape ``(count,)``, single numbers stay floats.
        """
        import numpy as np

        drawn: dict[str, Any] = {}
        for position, name in enumerate(type(self).model_fields):
            value = getattr(self, name)
            if isinstance(value, tuple) and value[0] < value[2]:
                low, likely, high = map(float, value)
                drawn[name] = np.random.default_rng([seed, position]).triangular(low, likely, high, count)
            else:
                drawn[name] = _likely(value)
        return self._as_rates(drawn)

    def _as_rates(self, values: dict[str, Any]) -> Rates:
        return Rates.of(values if self.responds else values | {"response_half_at_percent": None})

    @classmethod
    def parse(cls, data: Mapping[str, Any], *, source: str = "assumptions") -> Self:
        """Check plain data, such as a parsed file, and name everything that is wrong with it.

        Parameters
        ----------
        data : mapping
            Fields, as in an assumptions file.
        source : str
            What to call the data in the message.

        Returns
        -------
        Assumptions

        Raises
        ------
        InputError
            Naming each wrong field, with how to fix it.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise InputError(f"{source} cannot be used:", listed(error.errors(include_url=False), _problem)) from None

    def to_toml(self) -> str:
        """Write the assumptions as TOML; reading it back gives equal ones."""
        return tomli_w.dumps(self._written())

    def _written(self) -> dict[str, Any]:
        return {name: _written(value, name) for name, value in self if value is not None}


def load_assumptions(path: str | Path) -> Assumptions:
    """Read an assumptions file.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``.toml`` file, or the URL of one.

    Returns
    -------
    Assumptions

    Raises
    ------
    InputError
        If the file cannot be read, is not TOML, or holds an impossible value; each wrong field is named.

    Examples
    --------
    >>> load_assumptions(nector_sim.data_path("assumptions/example.toml")).gross_margin_percent
    Decimal('55')
    """
    return Assumptions.parse(read_fields(path, "an assumptions file"), source=str(path))


#: What may stand wherever assumptions are asked for: themselves, their file, or their fields as plain data.
AssumptionsLike = Assumptions | str | Path | Mapping[str, Any]


def as_assumptions(given: AssumptionsLike) -> Assumptions:
    """Take assumptions, the path of their file, or their fields; anything else is an InputError."""
    if isinstance(given, Assumptions):
        return given
    if isinstance(given, str | Path):
        return load_assumptions(given)
    if isinstance(given, Mapping):
        return Assumptions.parse(given)
    raise InputError(f"assumptions are an Assumptions, a path or a dict of their fields, not {type(given).__name__}")


def _likely(value: Any) -> Any:
    """Floats for the calculation; a range gives its middle number, words and switches stay."""
    if isinstance(value, tuple):
        return float(value[1])
    return float(value) if isinstance(value, Decimal) else value


def _written(value: Any, name: str) -> Any:
    """Write a field as a person would; a percentage below 1 with its sign, so that it is not asked about."""
    if isinstance(value, TakeUpTable):
        return {
            "mean_percent": _written(value.mean_percent, "mean_percent"),
            **value.model_dump(mode="json", include={"balances", "of_cart_percent", "millionths"}),
        }
    if isinstance(value, tuple):
        return [_written(item, name) for item in value]
    if not isinstance(value, Decimal):
        return value
    if name.endswith("_percent") and 0 < value < ASK_BELOW:
        return f"{value:f}%"
    return int(value) if value == value.to_integral_value() else value


def _problem(detail: Any) -> Problem:
    name = str((*detail["loc"], "response_percent")[0])  # what is of several fields is of the response
    if detail["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, Assumptions.model_fields, n=1)
        what = "is not an assumption" + (f"; did you mean {near[0]}?" if near else "; take it out or correct its name")
    elif detail["type"] == "bool_type":
        what = f"is {detail['input']!r}; write true or false"
    else:
        what = detail["msg"]
    return Problem(name, what)
