"""The program: everything that the merchant sets, in and out of TOML and JSON without loss."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import tomli_w
from pydantic import Field, StrictBool, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from nector_sim.errors import Problem, ProgramError, listed
from nector_sim.rules.files import read_fields
from nector_sim.rules.ledger import Earning, Expiry, Reversal, Tier, Tiering
from nector_sim.rules.money import MAX_MINOR, About, Amount, Percent, currency_decimals, from_minor, is_finer
from nector_sim.rules.offers import OFFERS, Model, Offer
from nector_sim.rules.paths import changed, unknown_path
from nector_sim.rules.times import Time, to_instant

#: The most offers of a program: far more than any shop has, and results keep the position of one in 16 bits.
MAX_OFFERS = 1_000

_OF_MIN_PAYABLE = ("min_payable_excess", "min_payable_credits", "min_payable_fixed_offer")


class FixedMinPayable(Model):
    """The customer always pays at least this amount."""

    if TYPE_CHECKING:  # a checker would ask for Decimal alone; any number or its text is taken

        def __init__(self, **fields: Any) -> None: ...

    kind: Annotated[Literal["fixed"], About(screen="Fixed")] = "fixed"
    """Which of the two kinds it is. [Nector: Fixed]"""

    amount: Annotated[Amount, About("money", "Minimum amount customer needs to pay: Fixed", _OF_MIN_PAYABLE)]
    """The amount; 0 is no restriction. A cart at or below it gets no discount and pays its own amount
    (`min_payable_excess`), credits are not held back by it (`min_payable_credits`), and an all-or-nothing offer
    that does not fit is not given (`min_payable_fixed_offer`). [major units; Nector: Minimum amount customer needs
    to pay: Fixed]"""


class PercentMinPayable(Model):
    """The customer always pays at least this percentage of the cart."""

    if TYPE_CHECKING:  # a checker would ask for Decimal alone; any number or its text is taken

        def __init__(self, **fields: Any) -> None: ...

    kind: Annotated[Literal["percent"], About(screen="Percentage")] = "percent"
    """Which of the two kinds it is. [Nector: Percentage]"""

    percent: Annotated[
        Percent,
        About(
            "percent",
            "Minimum amount customer needs to pay: Percentage",
            ("min_payable_base", "min_payable_rounding", *_OF_MIN_PAYABLE),
        ),
    ]
    """Of the cart before credits (`min_payable_base`); 0 is no restriction. Exact where it limits the discount, and
    shown rounded up to the minor unit (`min_payable_rounding`). A cart that does not exceed it gets no discount
    (`min_payable_excess`), credits are not held back by it (`min_payable_credits`), and an all-or-nothing offer
    that does not fit is not given (`min_payable_fixed_offer`). [percent; Nector: Minimum amount customer needs to
    pay: Percentage]"""


MIN_PAYABLES: dict[str, type[Model]] = {"fixed": FixedMinPayable, "percent": PercentMinPayable}
_KINDS = OFFERS | MIN_PAYABLES
_SECTIONS: dict[str, type[Model]] = {
    "earning": Earning,
    "expiry": Expiry,
    "tiers": Tier,
    "tiering": Tiering,
    "reversal": Reversal,
}
#: Fields that were called otherwise once.
_RENAMED = {"min_lifetime_spend": "min_spend"}

MinPayable = Annotated[FixedMinPayable | PercentMinPayable, Field(discriminator="kind")]


class Program(Model):
    """All that the merchant sets.

    Money is in major units of ``currency``. Build one from keywords, or read a file with :func:`load_program`.

    Raises
    ------
    ProgramError
        From :func:`load_program` and :meth:`parse`, naming every field that is wrong.
    pydantic.ValidationError
        The same findings, when the class is called directly.

    Examples
    --------
    >>> program = Program(offers=[ns.VariableAmount(points_per_step=1, discount_per_step=1, max_discount=1000)])
    >>> program.currency, program.timezone
    ('INR', 'Asia/Kolkata')
    """

    if TYPE_CHECKING:  # a checker would ask for Decimal alone; any number or its text is taken

        def __init__(self, **fields: Any) -> None: ...

    name: str = ""
    """What people call this program."""

    currency: Annotated[str, About("ISO 4217 code")] = "INR"
    """Three letters; its minor unit (ISO 4217) is the unit of all exact money. [ISO 4217 code]"""

    points_label: str = "points"
    """What the merchant's customers call points."""

    timezone: Annotated[str, About("IANA name")] = Field(
        default_factory=lambda data: "Asia/Kolkata" if data.get("currency") == "INR" else "UTC"
    )
    """The zone of times that name none, and of the months of reports. [IANA name]"""

    enabled: Annotated[StrictBool, About(screen="Enable")] = True
    """Whether the integration is switched on; off, nothing is redeemed. [Nector: Enable]"""

    offers: Annotated[tuple[Offer, ...], About(screen="Offers", choices=("best_offer",))] = ()
    """What points can buy, at most 1,000 offers. The open one with the largest discount wins, then the one of fewer
    points, then the first listed (`best_offer`). [Nector: Offers]"""

    min_payable: Annotated[MinPayable | None, About(screen="Minimum amount customer needs to pay")] = None
    """What the customer always pays; left out, nothing. [Nector: Minimum amount customer needs to pay]"""

    earning: Annotated[Earning | None, About()] = None
    """What orders earn; left out, nothing."""

    expiry: Annotated[Expiry | None, About()] = None
    """When points expire; left out, never."""

    tiers: Annotated[tuple[Tier, ...], About()] = ()
    """Tiers by spend, orders or earned points, lowest first; a customer below the first has none. Left out, orders
    name their own."""

    tiering: Annotated[Tiering | None, About()] = None
    """How the tiers are measured; left out, by all of history."""

    reversal: Annotated[Reversal | None, About()] = None
    """What a refund reverses; left out, both what was earned and what was redeemed, into a negative balance if need
    be."""

    valid_from: Annotated[Time | None, About("time")] = None
    """The first instant of this program, where a ledger is replayed under several; quotes and scores do not ask.
    [time]"""

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, code: str) -> str:
        try:
            currency_decimals(code)
        except ValueError as error:
            raise PydanticCustomError("currency", "{what}", {"what": str(error)}) from None
        return code

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise PydanticCustomError(
                "timezone",
                "{name} is not a time zone; write its IANA name, such as Asia/Kolkata",
                {"name": repr(name)},
            ) from None
        return name

    @model_validator(mode="after")
    def _whole(self) -> Self:
        decimals = currency_decimals(self.currency)
        problems = [
            {"place": place, "what": what}
            for place, amount in _amounts(self)
            if (what := _inexact(amount, decimals, self.currency))
        ]
        if len(self.offers) > MAX_OFFERS:
            problems.append(
                {"place": "offers", "what": f"there are {len(self.offers)}; a program has at most {MAX_OFFERS}"}
            )
        names = [self.offer_name(position) for position in range(len(self.offers))]
        problems += [
            {
                "place": f"offers.{position}.name",
                "what": f"{name!r} is what offers.{names.index(name)} is called already",
            }
            for position, name in enumerate(names)
            if name in names[:position]
        ]
        problems += [
            {
                "place": f"offers.{position}.min_points",
                "what": f"is {offer.min_points}; under its max_discount a redemption uses at most {offer.most_points}",
            }
            for position, offer in enumerate(self.offers)
            if offer.min_points is not None and offer.most_points is not None and offer.min_points > offer.most_points
        ]
        problems += _wrong_tiers(self.tiers, self.tiering)
        if problems:
            text = "; ".join(f"{problem['place']}: {problem['what']}" for problem in problems)
            raise PydanticCustomError("whole", "{text}", {"text": text, "problems": problems})
        return self

    @property
    def decimals(self) -> int:
        """Decimals of the currency."""
        return currency_decimals(self.currency)

    @property
    def asks_for_coupons(self) -> bool:
        """Whether an offer is closed to orders with a coupon, so that orders must say what coupons took off."""
        return not all(offer.with_coupons for offer in self.offers)

    def offer_name(self, position: int) -> str:
        """What results call the offer at a position: its name, or ``offers.0``."""
        return self.offers[position].name or f"offers.{position}"

    def unknown_tier(self, name: str) -> str:
        """Say what is wrong with a tier's name; empty where nothing is.

        Where the program has tiers, any other name is unknown; where it has none, customers may be of a tier that no
        offer names.
        """
        known = dict.fromkeys(tier.name for tier in self.tiers)
        if not known or name in known or any(name in (offer.tiers or ()) for offer in self.offers):
            return ""
        return f"{name!r} is not a tier of this program, which has {', '.join(map(repr, known))}"

    def instant(self, time: datetime) -> datetime:
        """The instant of a time, in UTC; one without a zone is in the program's (:func:`to_instant`)."""
        return to_instant(time, self.timezone)

    @classmethod
    def parse(cls, data: Mapping[str, Any], *, source: str = "program") -> Self:
        """Check plain data, such as a parsed file, and name everything that is wrong with it.

        Parameters
        ----------
        data : mapping
            Fields, as in a program file.
        source : str
            What to call the data in the message.

        Returns
        -------
        Program

        Raises
        ------
        ProgramError
            Naming each wrong field by its path, with how to fix it.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ProgramError(f"{source} cannot be used:", _problems(error, cls)) from None

    def replaced(self, changes: Mapping[str, Any]) -> Self:
        """Give the same program with some fields changed, checked like any other.

        Parameters
        ----------
        changes : mapping of str to value
            New values by dotted path, which are the paths of a grid. None leaves a field out, and
            ``min_payable.percent`` takes the place of a fixed amount.

        Returns
        -------
        Program

        Raises
        ------
        ProgramError
            For a path that leads to no field, with the nearest that does, or a value that breaks a rule.

        Examples
        --------
        >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
        >>> program.replaced({"offers.0.max_discount": 200}).offers[0].max_discount
        Decimal('200')
        >>> program.replaced({"offers.0.max_discnt": 200})
        Traceback (most recent call last):
        nector_sim.errors.ProgramError: The program cannot be changed so:
          offers.0.max_discnt: is not a field here; did you mean max_discount?
        """
        heading = "The program cannot be changed so:"
        if unknown := [problem for path in changes for problem in unknown_path(self, path)]:
            raise ProgramError(heading, unknown)
        try:
            return type(self).model_validate(changed(self, changes))
        except ValidationError as error:
            raise ProgramError(heading, _problems(error, type(self))) from None

    def to_toml(self) -> str:
        """Write the program as TOML; reading it back gives an equal program."""
        return tomli_w.dumps(_plain(self.model_dump(exclude_none=True)))

    @property
    def point_value(self) -> Fraction | None:
        """What a point takes off, in major units, by the most generous offer; None where none gives an amount."""
        return max((offer.point_value for offer in self.offers if offer.point_value is not None), default=None)

    def to_json(self) -> str:
        """Write the program as JSON, amounts as text so that no reader makes floats of them."""
        return self.model_dump_json(exclude_none=True, indent=2)


def load_program(path: str | Path) -> Program:
    """Read a program file.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``.toml`` or ``.json`` file, or the URL of one; numbers are read as decimals, so 0.1 is 0.1.

    Returns
    -------
    Program

    Raises
    ------
    ProgramError
        If the file cannot be read, is not TOML or JSON, or breaks a rule; each wrong field is named.

    Examples
    --------
    >>> load_program(nector_sim.data_path("programs/gokwik-example.toml")).name
    'Default at GoKwik'
    """
    return Program.parse(read_fields(path, "a program file", refused=ProgramError), source=str(path))


#: What may stand wherever a program is asked for: the program, its file, or its fields as plain data.
ProgramLike = Program | str | Path | Mapping[str, Any]


def as_program(given: ProgramLike) -> Program:
    """Take a program, the path of its file, or its fields."""
    if isinstance(given, Program):
        return given
    if isinstance(given, str | Path):
        return load_program(given)
    if isinstance(given, Mapping):
        return Program.parse(given)
    raise ProgramError(f"a program is a Program, a path or a dict of its fields, not {type(given).__name__}")


def _plain(value: Any) -> Any:
    """Decimals that are whole as integers, as a person would write them."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value


def _amounts(model: Model, path: str = "") -> Iterator[tuple[str, Decimal]]:
    """Every amount of money in a model, with its dotted path."""
    for name, field in type(model).model_fields.items():
        value, place = getattr(model, name), f"{path}{name}"
        if isinstance(value, Model):
            yield from _amounts(value, f"{place}.")
        elif isinstance(value, tuple):
            for position, item in enumerate(value):
                if isinstance(item, Model):
                    yield from _amounts(item, f"{place}.{position}.")
        elif value is not None and any(isinstance(m, About) and m.unit == "money" for m in field.metadata):
            yield place, value


def _wrong_tiers(tiers: tuple[Tier, ...], tiering: Tiering | None) -> Iterator[dict[str, str]]:
    """Tiers that measure different things, do not rise, or whose names stand twice; a way to measure without tiers."""
    if tiering is not None and not tiers:
        yield {"place": "tiering", "what": "measures tiers, and there are none; add [[tiers]], or take it out"}
    for position, (lower, tier) in enumerate(itertools.pairwise(tiers), start=1):
        if tier.measure != tiers[0].measure:
            what = f"is given, and tiers.0 has {tiers[0].measure}; all tiers of a program measure the same"
            yield {"place": f"tiers.{position}.{tier.measure}", "what": what}
        elif tier.measure == lower.measure and tier.least <= lower.least:
            what = f"is {tier.least}, not above the tier before it; list the lowest tier first"
            yield {"place": f"tiers.{position}.{tier.measure}", "what": what}
        if tier.name in {other.name for other in tiers[:position]}:
            yield {"place": f"tiers.{position}.name", "what": f"{tier.name!r} appears twice; rename one"}


def _inexact(amount: Decimal, decimals: int, currency: str) -> str | None:
    if amount > from_minor(MAX_MINOR, decimals):
        return f"{amount} is too large; an amount is at most {from_minor(MAX_MINOR, decimals):f}"
    if is_finer(amount, decimals):
        return f"{amount} is finer than {currency}'s {decimals} decimals; round it to an amount that can be paid"
    return None


def _problems(error: ValidationError, model: type[Model]) -> list[Problem]:
    found: list[Any] = []
    for detail in error.errors(include_url=False):
        if detail["type"] == "default_factory_not_called":
            continue  # a default that hangs on another field, which is named by itself
        found += detail["ctx"]["problems"] if detail["type"] == "whole" else [detail]
    return listed(found, lambda one: Problem(**one) if "place" in one else _problem(one, model))


def _problem(detail: Any, model: type[Model]) -> Problem:
    parts = [str(part) for part in detail["loc"]]
    # pydantic puts the kind of a chosen model into the path, behind its position or field; files do not have it.
    behind = {"offers": 2, "min_payable": 1}.get(parts[0]) if parts else None
    tagged = {i for i in range(len(parts)) if i == behind and parts[i] in _KINDS}
    place = ".".join(part for i, part in enumerate(parts) if i not in tagged)
    return Problem(place, _sentence(detail, model, parts))


def _sentence(detail: Any, model: type[Model], parts: list[str]) -> str:
    kind, given, context = detail["type"], _said(detail["input"]), detail.get("ctx", {})
    fields = _fields(model, parts)
    match kind:
        case "extra_forbidden":
            if parts[-1] in _RENAMED:
                return f"is called {_RENAMED[parts[-1]]} now; rename it"
            near = difflib.get_close_matches(parts[-1], list(fields))
            return "is not a field here" + (
                f"; did you mean {near[0]}?" if near else "; take it out or correct its name"
            )
        case "missing":
            return "is missing; fill it in"
        case "union_tag_not_found":
            kinds = OFFERS if parts[0] == "offers" else MIN_PAYABLES
            return f"has no kind; add kind = one of {', '.join(map(repr, kinds))}"
        case "union_tag_invalid":
            return f"kind {context['tag']!r} is unknown; it is one of {context['expected_tags']}"
        case "greater_than":
            can_be_left_out = parts[-1] in fields and not fields[parts[-1]].is_required()
            way_on = " (for no limit, leave the field out)" if can_be_left_out else ""
            return f"is {detail['input']}; it must be above {context['gt']}{way_on}"
        case "greater_than_equal":
            return f"is {detail['input']}; it must be at least {context['ge']}"
        case "less_than_equal":
            return f"is {detail['input']}; it must be at most {context['le']}"
        case "too_fine" | "time":
            return f"is {given}; {detail['msg']}" if kind == "too_fine" else f"{given} {detail['msg']}"
        case "currency" | "timezone" | "not_a_number" | "expiry" | "earning" | "tier":
            return str(detail["msg"])
        case _ if kind in _MUST_BE:
            return f"is {given}; it must be {_MUST_BE[kind]}"
        case _:
            message = str(detail["msg"])
            return f"is {given}: {message[:1].lower()}{message[1:]}"


#: What a field of the wrong sort has to be, by pydantic's name of the mistake.
_MUST_BE = {
    **dict.fromkeys(("decimal_parsing", "decimal_type"), "a number, such as 749.95"),
    **dict.fromkeys(("int_from_float", "int_parsing", "int_type", "int_parsing_size"), "a whole number"),
    **dict.fromkeys(("model_type", "model_attributes_type"), "a table of fields"),
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text, in quotes",
    "string_too_short": "a name",
    "tuple_type": "a list",
}


def _said(given: Any) -> str:
    """A value as a program file has it, or nearly so."""
    text = str(given).lower() if isinstance(given, bool) else repr(given) if isinstance(given, str) else str(given)
    return text if len(text) <= 60 else text[:57] + "..."


def _fields(model: type[Model], parts: list[str]) -> dict[str, FieldInfo]:
    """Fields of the model that the last part of a path is one of; none where that is no field."""
    owner = model if len(parts) == 1 else _SECTIONS.get(parts[0]) or _KINDS.get(parts[-2])
    return owner.model_fields if owner else {}
