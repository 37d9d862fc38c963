"""Worked cases: an order, a program, and what must come out, as data that other languages can load too."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from nector_sim.calculator.exact import Order
from nector_sim.calculator.quote import Quote, read_order
from nector_sim.calculator.reasons import REASONS
from nector_sim.errors import InputError, Problem
from nector_sim.rules.program import Program

#: What a case may expect; amounts are compared as numbers, so "10" and "10.00" are one amount.
EXPECTED = ("offer", "points_redeemed", "discount", "payable", "credits_used", "limited_by")
#: The fields of an order.
ORDER_FIELDS = (
    *("cart_amount", "points_balance", "credits", "points_requested"),
    *("tier", "ordered_at", "eligible_amount", "coupon_discount"),
)
#: Where the files of the suite are published.
PLACE = "https://raw.githubusercontent.com/nector-sim/nector-sim/main/data/parity"
#: The fields of a program that decide about a redemption; a case has no others.
CHECKOUT_FIELDS = ("currency", "timezone", "enabled", "offers", "min_payable")


@dataclass(frozen=True)
class Case:
    """One worked case.

    Attributes
    ----------
    name, source : str
        What it shows, and who says so.
    program : Program
    order : mapping
        The order's fields, in major units, as :func:`nector_sim.quote` takes them.
    expect : mapping
        What must come out, any of :data:`EXPECTED`.
    """

    name: str
    source: str
    program: Program
    order: Mapping[str, Any]
    expect: Mapping[str, Any]

    def in_minor_units(self) -> Order:
        """The order, as the exact law takes it."""
        return read_order(self.program, **self.order)

    def differences(self, quote: Quote) -> list[str]:
        """Say where an answer is not the expected one; nothing where it is."""
        return [
            f"{field} is {getattr(quote, field)}, expected {value}"
            for field, value in self.expect.items()
            if _comparable(getattr(quote, field)) != _comparable(value, number=field in _NUMBERS)
        ]


_NUMBERS = ("points_redeemed", "discount", "payable", "credits_used")


def _comparable(value: Any, *, number: bool = False) -> Any:
    return Decimal(str(value)) if number else value


def read_cases(path: str | Path) -> list[Case]:
    """Read a file of worked cases."""
    path = Path(path)
    with path.open("rb") as file:
        entries = tomllib.load(file, parse_float=Decimal).get("case", [])
    cases, problems = [], []
    for number, entry in enumerate(entries):
        try:
            cases.append(_case(entry))
        except (KeyError, TypeError, ValueError) as error:
            problems.append(Problem(f"case {number} ({entry.get('name', 'without a name')})", str(error)))
    if problems:
        raise InputError(f"{path} has cases that cannot be used:", problems)
    return cases


def _case(entry: Mapping[str, Any]) -> Case:
    if unknown := set(entry["expect"]) - set(EXPECTED):
        raise ValueError(f"expects {', '.join(sorted(unknown))}, which no answer has")
    program = Program.parse(entry["program"])
    case = Case(entry["name"], entry["source"], program, entry["order"], entry["expect"])
    case.in_minor_units()
    return case


def case_schema() -> dict[str, Any]:
    """JSON Schema of a file of worked cases, made from the models."""
    program = Program.model_json_schema()
    definitions = program.pop("$defs")
    fields = {name: program["properties"][name] for name in CHECKOUT_FIELDS}
    used = {name: definitions[name] for name in _referenced(fields, definitions)}
    order = {
        "cart_amount": _AMOUNT | {"description": "Before points and credits, in the currency's major unit."},
        "points_balance": _COUNT | {"description": "A fraction is floored; a negative balance redeems nothing."},
        "credits": _AMOUNT | {"description": "A second wallet, spent before points."},
        "points_requested": _COUNT | {"description": "What the customer asked for; left out, as much as allowed."},
        "tier": {"type": "string"},
        "ordered_at": {"type": "string", "description": "ISO 8601; without a zone, in the program's."},
        "eligible_amount": _AMOUNT | {"description": "What points may pay of the cart; left out, all of it."},
        "coupon_discount": _AMOUNT | {"description": "What other coupons took off already."},
    }
    expect = {
        "offer": {"type": "string", "description": "Its name, or offers.0 by position; empty where nothing is given."},
        "points_redeemed": {"type": "integer", "minimum": 0},
        "discount": _AMOUNT,
        "payable": _AMOUNT,
        "credits_used": _AMOUNT,
        "limited_by": {"enum": list(REASONS)},
    }
    required = {"order": ["cart_amount", "points_balance"], "expect": ["points_redeemed", "discount", "payable"]}
    case = {
        "name": {"type": "string", "description": "What the case shows."},
        "source": {"type": "string", "description": "Who says so."},
        "program": _table(fields, ["offers"]),
        "order": _table(order, required["order"]),
        "expect": _table(expect, required["expect"]),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{PLACE}/case.schema.json",
        "title": "Worked cases of redemption",
        "type": "object",
        "properties": {
            "$schema": {"type": "string"},
            "$id": {"type": "string"},
            "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$", "description": "Of the suite."},
            "case": {"type": "array", "items": {"$ref": "#/$defs/case"}},
        },
        "required": ["case"],
        "additionalProperties": False,
        "$defs": {"case": _table(case, list(case)), **used},
    }


_AMOUNT = {"type": ["string", "number"], "pattern": r"^\d+(\.\d+)?$", "minimum": 0}
_COUNT = {"type": ["string", "number"], "pattern": r"^-?\d+(\.\d+)?$"}


def _table(properties: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _referenced(schema: Any, definitions: Mapping[str, Any]) -> list[str]:
    """Names of the definitions that a part of a schema leads to, in the order of the definitions."""
    found: set[str] = set()
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name in definitions and name not in found:
                found.add(name)
                waiting.append(definitions[name])
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return [name for name in definitions if name in found]
