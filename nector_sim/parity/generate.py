"""Programs and orders that visit every corner of the rules, made from the models and from a seed.

What a field can hold is read off the models: its unit says which values are tried, its own bounds which of them stay.
So a new field is covered as soon as it has a unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from nector_sim.calculator.exact import Order, Terms
from nector_sim.parity.cases import CHECKOUT_FIELDS
from nector_sim.rules.money import MAX_MINOR, MAX_POINTS, WHOLE, About, currency_decimals, from_minor
from nector_sim.rules.offers import OFFERS, Model
from nector_sim.rules.program import MIN_PAYABLES, FixedMinPayable, PercentMinPayable, Program

_OFFERS, _MINIMA = tuple(OFFERS.values()), tuple(MIN_PAYABLES.values())
#: Currencies of two, no and three decimals.
CURRENCIES = ("INR", "INR", "INR", "JPY", "KWD")
TIERS = ("Silver", "Gold", "gold")
_START = datetime(2026, 11, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)

#: Values to try for each unit; those of money are minor units. Repeated ones are tried more often.
_VALUES: dict[str, tuple[Any, ...]] = {
    "money": (
        *(1, 1, 1, 1, 2, 5, 10, 25, 30, 50, 99, 100, 100, 100, 100, 101, 200, 250, 333, 500, 1000, 1000),
        *(
            1050,
            2000,
            2500,
            4999,
            5000,
            9999,
            10_000,
            10_000,
            10_001,
            20_000,
            20_000,
            50_000,
            99_999,
            100_000,
            100_000,
            10**7,
            MAX_MINOR,
        ),
    ),
    "points": (1, 1, 1, 1, 2, 3, 7, 10, 50, 100, 100, 250, 1000, 99_999, MAX_POINTS),
    "percent": (
        *("0", "0.01", "0.5", "1", "1", "2.5", "5", "7.77", "7.77", "10", "10", "12.5", "20", "20", "33.33", "33.33"),
        *("50", "50", "66.67", "80", "80", "99.99", "100", "120", "120", "10000"),
    ),
    "times": ("0.0001", "0.5", "1", "1.5", "2", "2.5", "3", "3.3333", "4", "10", "1000"),
    "tier names": ((), ("Gold",), ("Silver", "Gold"), ("gold",)),
    "time": tuple(_START + timedelta(days=days) for days in (0, 1, 30)),
    "": ("", "ten off", "welcome", False),
}

#: How often an optional field is set: seldom where it closes the offer to most orders.
_SHARE = {"tiers": 0.08, "starts_at": 0.08, "ends_at": 0.08, "max_cart": 0.1, "min_cart": 0.25}
_SHARE |= {"min_points": 0.12, "min_balance": 0.1, "with_coupons": 0.12}


def random_program(rng: Random) -> Program:
    """Make a program: any offers, any restrictions, currencies of none to three decimals."""
    currency = rng.choice(CURRENCIES)
    offers = [
        _random_model(rng, rng.choice(_OFFERS), currency, number)
        for number in range(rng.choice((0, *[1] * 20, 2, 2, 2, 3, 3)))
    ]
    minimum = _random_model(rng, rng.choice(_MINIMA), currency) if rng.random() < 0.65 else None
    for offer in offers:
        percent = offer.step_percent
        if offer.is_fixed and percent is not None and percent <= 100 and rng.random() < 0.3:
            minimum = PercentMinPayable(percent=100 - percent)  # beside which it just fits
    fields = {
        "currency": currency,
        "enabled": rng.random() > 0.02,
        "offers": offers,
        "min_payable": minimum,
        "timezone": rng.choice(("Asia/Kolkata", "UTC")),
    }
    assert set(fields) == set(CHECKOUT_FIELDS)
    return Program.model_validate(fields)


def _random_model(rng: Random, model: type[Model], currency: str, number: int = 0) -> Any:
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        share = _SHARE.get(name, 0.3)
        if name != "kind" and (field.is_required() or rng.random() < share):
            value = rng.choice(_possible(model, name))
            fields[name] = from_minor(value, currency_decimals(currency)) if _unit(field) == "money" else value
    if fields.get("min_points") and (most := model.model_validate(fields).most_points) is not None:  # type: ignore[attr-defined]
        fields["min_points"] = min(fields["min_points"], most) or None
    if fields.get("name"):
        fields["name"] += f" {number}"  # names are unique within a program
    return model.model_validate(fields)


def _unit(field: FieldInfo) -> str:
    return next((item.unit for item in field.metadata if isinstance(item, About)), "")


@lru_cache(maxsize=256)
def _possible(model: type[Model], name: str) -> list[Any]:
    """Values of the field's unit that its bounds allow; 0 is among them where it may be."""
    field = model.model_fields[name]
    allowed: TypeAdapter[Any] = TypeAdapter(field.rebuild_annotation())

    def fits(value: Any) -> bool:
        try:
            allowed.validate_python(value)
        except ValidationError:
            return False
        return True

    return [value for value in (*_VALUES[_unit(field)], 0) if fits(value)]


def random_orders(rng: Random, program: Program, n: int) -> list[Order]:
    """Make orders for a program, most of them on one of its limits or one unit off it."""
    offers = [Terms(offer, program) for offer in program.offers]
    amounts = _amounts(program, offers)
    points = _points(offers, amounts)
    at: list[datetime | None] = [None]
    for terms in offers:
        for edge in (terms.starts_at, terms.ends_at):
            at += [] if edge is None else [edge - _INSTANT, edge, edge + _INSTANT]
    sharp = _edges_of_one(program, offers)
    # Few orders reach a minimum cart with enough of everything else, so each comes as often as all other edges.
    sharp += [terms.min_cart for terms in offers if terms.min_cart for _ in range(len(sharp))]
    few = [rng.randrange(20_000 * 10**program.decimals) for _ in range(len(amounts) // 2 + 1)]
    some = [rng.randrange(100_000) for _ in range(len(points) // 2 + 1)]

    def draw(values: list[Any], none: Any = None, share: float = 0.0) -> list[Any]:
        drawn = rng.choices(values, k=n)
        return [none if rng.random() < share else value for value in drawn] if share else drawn

    is_sharp = [rng.random() < 0.25 for _ in range(n)]
    carts = [
        rng.choice(sharp) if on_edge else cart for on_edge, cart in zip(is_sharp, draw(amounts + few), strict=True)
    ]
    credits = draw(amounts + few, 0, 0.6)
    parts = draw(amounts + few, None, 0.6)
    rows = zip(
        carts,
        credits,
        draw([True, False]),
        draw(points + some),
        draw(points + some, None, 0.6),
        draw([None, *TIERS]),
        draw(at),
        parts,
        draw([1, 100], 0, 0.7),
        is_sharp,
        strict=True,
    )
    return [_order(rng, *row) for row in rows]


def _order(
    rng: Random,
    cart: int,
    credit: int,
    joined: bool,
    balance: int,
    requested: int | None,
    tier: str | None,
    at: datetime | None,
    eligible: int | None,
    coupon: int,
    is_sharp: bool,
) -> Order:
    """One order; half of the carts lie on a limit after credits, and half of the parts that points may pay are it.

    Sharp carts stay on their edge: it is of what points may pay, before credits.
    """
    if joined and not is_sharp:
        cart = min(cart + credit, MAX_MINOR)
    if eligible is not None and (is_sharp or rng.random() < 0.5):
        cart, eligible = min(max(cart, eligible), MAX_MINOR), min(cart, eligible)
    elif eligible is not None:
        eligible = min(cart, eligible)
    return Order(cart, balance, credit, requested, tier, at, eligible, coupon)


def _edges_of_one(program: Program, offers: list[Terms]) -> list[int]:
    """Carts that decide alone whether anything is given, whatever the customer has."""
    edges = {0}
    if isinstance(program.min_payable, FixedMinPayable):
        edges.add(int(program.min_payable.amount.scaleb(program.decimals)))
    for terms in offers:
        edges |= {terms.min_cart, terms.max_cart or 0}
        if terms.percent:  # a step, or a few, is worth a minor unit
            edges |= {-(-WHOLE // (terms.percent * n)) for n in (1, 2, 3, 5)}
    near = {edge + off for edge in edges for off in (-1, 0, 1)}
    return sorted(amount for amount in near if 0 <= amount <= MAX_MINOR)


def _amounts(program: Program, offers: list[Terms]) -> list[int]:
    """Carts on a limit of the program, and one minor unit either side; 0 to 2 major units; the largest."""
    unit = 10**program.decimals
    edges = {0, 1, unit, 2 * unit, MAX_MINOR, *_edges_of_one(program, offers)}
    for terms in offers:
        steps = {terms.amount * n for n in (1, 2, 3, 7)} | {terms.max_discount or 0}
        if terms.percent:
            steps |= {(terms.max_discount or 0) * WHOLE // (terms.percent * n) for n in (1, 2, 3)}
        if terms.max_discount_percent:
            steps |= {step * WHOLE // terms.max_discount_percent for step in tuple(steps)}
        if terms.multiple:
            steps |= {step * terms.multiple // 10_000 for step in tuple(steps)}
        edges |= steps
    edges |= {minimum for edge in edges for minimum in _with_min_payable(program, edge)}
    near = {edge + off for edge in edges for off in (-1, 0, 1)} | set(range(0, 2 * unit, max(1, unit // 7)))
    return sorted(amount for amount in near if 0 <= amount <= MAX_MINOR)


def _with_min_payable(program: Program, edge: int) -> Iterator[int]:
    """Carts of which the minimum payable leaves so much."""
    if isinstance(program.min_payable, FixedMinPayable):
        yield edge + int(program.min_payable.amount.scaleb(program.decimals))
    elif isinstance(program.min_payable, PercentMinPayable) and program.min_payable.percent < 100:
        yield int(edge * WHOLE // (WHOLE - program.min_payable.percent * 100))


def _points(offers: list[Terms], amounts: list[int]) -> list[int]:
    """Balances of whole steps, and one point either side."""
    steps = {1, 2, 3, 4, 10, 100, 10_000}
    for terms in offers:
        if terms.is_percent:
            steps.add(-(-(terms.max_percent or WHOLE) // terms.percent))
        else:
            steps |= {-(-amount // terms.amount) for amount in amounts[::5]}
    edges = {0, 1, MAX_POINTS} | {terms.points * step for terms in offers for step in steps}
    edges |= {least for terms in offers for least in (terms.min_points, terms.min_balance)}
    near = {edge + off for edge in edges for off in (-1, 0, 1)}
    return sorted(points for points in near if 0 <= points <= MAX_POINTS)


def generate(
    n: int, *, seed: int, program: Program | None = None, orders_per_program: int = 20
) -> Iterator[tuple[Program, list[Order]]]:
    """Make cases from a seed: programs, each with orders."""
    rng = Random(seed)
    if program is not None:
        yield program, random_orders(rng, program, n)
        return
    while n > 0:
        size = min(n, orders_per_program)
        made = random_program(rng)
        yield made, random_orders(rng, made, size)
        n -= size
