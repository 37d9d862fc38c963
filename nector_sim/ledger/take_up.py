"""Who redeems: a share of customers, and of their orders by the balance and the balance over the cart.

The law is section 6 of ``data/law/ledger.md``. The models hold what is believed or estimated; :class:`TakeUpLaw`
reads it in readable whole numbers for the exact ledger, and :func:`as_arrays` makes what the compiled one runs.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, NamedTuple, Self

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from nector_sim.errors import InputError, Problem
from nector_sim.ledger.draws import draw
from nector_sim.rules.money import MAX_POINTS, About
from nector_sim.rules.offers import Model
from nector_sim.rules.values import read_percentage

#: Lucks and probabilities are whole millionths.
MILLION = 1_000_000
#: The largest step of the balance over the cart, in per cent; times the largest cart it fits into 64 bits.
MAX_OF_CART = 1_000_000
_MOST_CELLS = 100_000


def _percent(value: Any) -> Decimal:
    try:
        number = read_percentage(value)
        if number != round(number, 4):
            raise ValueError(f"is {number:f}; write at most four decimals")
    except ValueError as error:
        raise PydanticCustomError("percent", "{what}", {"what": str(error)}) from None
    return number


Percent = Annotated[Decimal, BeforeValidator(_percent), About("percent")]
Whole = Annotated[int, Field(strict=True, ge=0)]


class TakeUpTable(Model):
    """How often redeemers use points where they can, by kind of redeemer, balance, and balance in % of the cart.

    Raises
    ------
    pydantic.ValidationError
        For steps that do not begin at 0 and rise, a table of another shape, or one in which more points are used less
        often.

    Examples
    --------
    >>> table = TakeUpTable(
    ...     mean_percent=50, balances=[0, 100], of_cart_percent=[0], millionths=[[[300_000], [700_000]]]
    ... )
    >>> table.millionths[0][1]
    (700000,)
    """

    mean_percent: Annotated[Percent, Field(gt=0)]
    """The take-up of redeemers that the table has in the mean over the orders it was estimated from."""

    balances: Annotated[tuple[Whole, ...], Field(min_length=1)]
    """From which balance on each row holds, in points; the first is 0."""

    of_cart_percent: Annotated[tuple[Whole, ...], Field(min_length=1)]
    """From how many points for each 100 units of the cart on each column holds; the first is 0."""

    millionths: Annotated[
        tuple[tuple[tuple[Annotated[int, Field(strict=True, ge=0, le=MILLION)], ...], ...], ...], Field(min_length=1)
    ]
    """A block for each kind of redeemers, a row for each balance, a probability for each column."""

    @field_validator("balances", "of_cart_percent")
    @classmethod
    def _rise(cls, steps: tuple[int, ...], info: Any) -> tuple[int, ...]:
        most = MAX_POINTS if info.field_name == "balances" else MAX_OF_CART
        if steps[0] != 0 or any(after <= before for before, after in itertools.pairwise(steps)):
            what = f"is {list(steps)}; steps begin at 0 and rise"
            raise PydanticCustomError("steps", "{what}", {"what": what})
        if steps[-1] > most:
            raise PydanticCustomError("steps", "{what}", {"what": f"has {steps[-1]}; a step is at most {most}"})
        return steps

    @model_validator(mode="after")
    def _fits(self) -> Self:
        shape = {(len(block), len(row)) for block in self.millionths for row in block} or {(0, 0)}
        if shape != {(len(self.balances), len(self.of_cart_percent))}:
            raise PydanticCustomError("table", "millionths has another shape than the steps: a row a balance")
        if len(self.millionths) * len(self.balances) * len(self.of_cart_percent) > _MOST_CELLS:
            raise PydanticCustomError("table", "millionths has more than 100000 cells; take fewer steps")
        for block in (*self.millionths, *(tuple(zip(*rows, strict=True)) for rows in self.millionths)):
            for below, above in itertools.pairwise(block):
                if any(more < less for less, more in zip(below, above, strict=True)):
                    what = "millionths falls as the balance rises, or the balance over the cart: more points are used"
                    raise PydanticCustomError("table", f"{what} less often. Such a table is refused")
        return self


class TakeUp(Model):
    """Who redeems, for orders that do not say so themselves.

    Raises
    ------
    pydantic.ValidationError
        For an impossible value; :meth:`parse` raises it as an :class:`~nector_sim.errors.InputError`.

    Examples
    --------
    Two customers in five are redeemers, who use points whenever they can.

    >>> TakeUp(redeemers_percent=40).take_up_percent
    Decimal('100')
    """

    redeemers_percent: Percent = Decimal(100)
    """Customers who ever use points, of all."""

    take_up_percent: Percent = Decimal(100)
    """Orders on which redeemers use points, of those on which they could."""

    table: TakeUpTable | None = None
    """How that depends on the kind of redeemer, the balance and the cart."""

    @classmethod
    def parse(cls, data: Any, *, source: str = "take_up") -> Self:
        """Check plain data, such as a parsed file.

        Raises
        ------
        InputError
            Naming each wrong field.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            found = [
                Problem(".".join(map(str, each["loc"])) or "table", each["msg"])
                for each in error.errors(include_url=False)
            ]
            raise InputError(f"{source} cannot be used:", found) from None

    @property
    def cells(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """The probabilities that hold, in whole millionths: by kind, balance and balance over the cart."""
        if self.table is None:
            return (((int(self.take_up_percent * 10_000),),),)
        times = Fraction(self.take_up_percent) / Fraction(self.table.mean_percent)
        return tuple(
            tuple(tuple(min(MILLION, int(cell * times)) for cell in row) for row in block)
            for block in self.table.millionths
        )

    @property
    def steps(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Where rows and columns begin."""
        return ((0,), (0,)) if self.table is None else (self.table.balances, self.table.of_cart_percent)

    @property
    def is_everybody(self) -> bool:
        """Whether everybody uses points on every order they can."""
        return self.redeemers == MILLION and all(
            cell == MILLION for block in self.cells for row in block for cell in row
        )

    @property
    def redeemers(self) -> int:
        """Redeemers in whole millionths of the customers."""
        return int(self.redeemers_percent * 10_000)


@dataclass(frozen=True, slots=True)
class TakeUpLaw:
    """The law of section 6 for one order after another, as the exact ledger asks it.

    Attributes
    ----------
    take_up : TakeUp
    seed : int
    decimals : int
        Of the currency.
    """

    take_up: TakeUp
    seed: int
    decimals: int

    def uses(self, customer_id: str, order_id: str, balance: int, cart: int) -> bool:
        """Whether the customer uses points on an order, if that is possible."""
        customer = int(Fraction(draw(self.seed, customer_id, of_customer=True)) * MILLION)
        if customer >= self.take_up.redeemers:
            return False
        cells, (balances, of_cart) = self.take_up.cells, self.take_up.steps
        there = max(0, balance)
        block = cells[len(cells) * customer // self.take_up.redeemers]
        row = max(place for place, least in enumerate(balances) if least <= there)
        column = max(place for place, least in enumerate(of_cart) if there * 100 * 10**self.decimals >= least * cart)
        return int(Fraction(draw(self.seed, order_id)) * MILLION) < block[row][column]


class TakeUpArrays(NamedTuple):
    """A take-up in arrays: cells by kind, row and column, where rows and columns begin, and redeemers."""

    cells: Any
    balances: Any
    of_cart: Any
    redeemers: int


def as_arrays(take_up: TakeUp) -> TakeUpArrays:
    """Make the arrays that the compiled ledger reads."""
    import numpy as np

    balances, of_cart = take_up.steps
    return TakeUpArrays(
        np.array(take_up.cells, np.int32), np.array(balances, np.int64), np.array(of_cart, np.int64), take_up.redeemers
    )


def read_take_up(take_up: Any) -> Decimal | TakeUp | None:
    """A percentage from 0 to 100, or a take-up; what may be a share between 0 and 1 is asked about."""
    if take_up is None or isinstance(take_up, TakeUp):
        return take_up
    try:
        return read_percentage(take_up)
    except ValueError as error:
        raise InputError(f"take_up {error}") from None


def kinds_of(luck: Any, redeemers: int, kinds: int) -> Any:
    """The kind of each customer by its luck, shape (n,) int16; -1 for who never redeems."""
    import numpy as np

    kind = luck * np.int64(kinds) // max(redeemers, 1)
    return np.where(luck < redeemers, kind, -1).astype(np.int16)
