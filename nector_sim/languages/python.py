"""The tree as one file of Python, which needs the standard library alone."""

from __future__ import annotations

from collections.abc import Collection

from nector_sim.languages.law import calculator_of
from nector_sim.languages.printing import RESULTS, Grammar, heading
from nector_sim.rules.money import MAX_MINOR, MAX_POINTS
from nector_sim.rules.program import Program


def _chain(parts: list[str]) -> str:
    branches = zip(parts[:-1:2], parts[1::2], strict=True)
    return " ".join(f"{then} if {condition} else" for condition, then in branches) + f" {parts[-1]}"


GRAMMAR = Grammar(
    between={op: op for op in ("+", "-", "*", "//", "<", "<=", "==", "and", "or")},
    calls={
        "min": lambda parts: f"min({', '.join(parts)})",
        "max": lambda parts: f"max({', '.join(parts)})",
        "if": _chain,
        "blank": lambda parts: f"({parts[0]} is None)",
        "among": lambda parts: f"({parts[0]} in ({', '.join(parts[1:])},))",
    },
    constant=lambda node: repr(node.value),
    name=lambda node: node.name,
)

_FILE = '''"""{heading}"""

import math
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation

DECIMALS = {decimals}
LARGEST_AMOUNT = {money}  # minor units
MOST_POINTS = {points}
LEFT_OUT = {left_out!r}  # what orders never have


def redeem(cart, balance, credits=0, requested=None, tier=None, at=None, eligible=None, coupon=0):
    """Work out one order: money in minor units, `at` in microseconds since 1970 in UTC, all of them whole numbers."""
{lets}
    return {{
{results}
    }}


def quote(
    cart_amount,
    points_balance,
    credits=None,
    points_requested=None,
    tier=None,
    ordered_at=None,
    eligible_amount=None,
    coupon_discount=None,
):
    """Work out one order: money in major units (text, int or Decimal; a float within 1e-6 of an amount).

    `ordered_at` is a datetime with a zone, or ISO 8601 text with one.
    """
    given = {{"credits": credits, "points_requested": points_requested, "tier": tier, "ordered_at": ordered_at}}
    given |= {{"eligible_amount": eligible_amount, "coupon_discount": coupon_discount}}
    for name in LEFT_OUT:
        if not _blank(given[name]):
            raise ValueError(f"{{name}} is not read by this calculator; export it without --leave-out {{name}}")
    cart = _minor("cart_amount", cart_amount)
    eligible = None if _blank(eligible_amount) else _minor("eligible_amount", eligible_amount)
    if eligible is not None and eligible > cart:
        raise ValueError(f"eligible_amount is {{eligible_amount!r}}, above the cart of {{cart_amount!r}}")
    answer = redeem(
        cart,
        _points("points_balance", points_balance),
        0 if _blank(credits) else _minor("credits", credits),
        None if _blank(points_requested) else _points("points_requested", points_requested),
        None if _blank(tier) else tier,
        None if _blank(ordered_at) else _instant(ordered_at),
        eligible,
        0 if _blank(coupon_discount) else _minor("coupon_discount", coupon_discount),
    )
    money = {{name: Decimal(answer[name]).scaleb(-DECIMALS) for name in ("discount", "payable", "credits_used")}}
    return {{**answer, **money}}


def _blank(value):
    return value is None or value != value or (isinstance(value, str) and not value.strip())


def _number(name, value):
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError(f"{{name}} is {{value!r}}, not a number") from None
    if isinstance(value, bool) or not number.is_finite():
        raise ValueError(f"{{name}} is {{value!r}}, not a number")
    return number


def _minor(name, value):
    scaled = _number(name, value).scaleb(DECIMALS)
    whole = int(scaled.to_integral_value())
    apart = Decimal("0.000001").scaleb(DECIMALS) if isinstance(value, float) else 0
    if abs(scaled - whole) > apart:
        raise ValueError(f"{{name}} is {{value!r}}, finer than {{DECIMALS}} decimals")
    if not 0 <= whole <= LARGEST_AMOUNT:
        raise ValueError(f"{{name}} is {{value!r}}; it must be from 0 to {{Decimal(LARGEST_AMOUNT).scaleb(-DECIMALS)}}")
    return whole


def _points(name, value):
    number = _number(name, value)
    if number > MOST_POINTS:
        raise ValueError(f"{{name}} is {{value!r}}; it must be at most {{MOST_POINTS}}")
    return max(0, math.floor(number))


def _instant(value):
    time = datetime.fromisoformat(value) if isinstance(value, str) else value
    if time.tzinfo is None:
        raise ValueError(f"ordered_at is {{value}}, without a zone; write one, such as +05:30 or +00:00")
    return (time - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)
'''


def print_python(program: Program, *, leave_out: Collection[str] = ()) -> str:
    """Write the program as a Python file with ``quote`` (major units) and ``redeem`` (whole minor units)."""
    calculator = calculator_of(program, leave_out=leave_out)
    lets = []
    for one in calculator.lets:
        lets += [f"    # {one.note}"] if one.note else []
        lets.append(f"    {one.name} = {GRAMMAR.write(one.value)}")
    return _FILE.format(
        heading=_docstring(heading(program, "It runs on any Python from 3.11 and needs nothing else.")),
        decimals=program.decimals,
        money=MAX_MINOR,
        points=MAX_POINTS,
        left_out=tuple(sorted(leave_out)),
        lets="\n".join(lets),
        results="\n".join(f'        "{name}": {GRAMMAR.write(calculator.results[name])},' for name in RESULTS),
    )


def _docstring(text: str) -> str:
    """Text that neither ends a docstring nor escapes in it."""
    return text.replace("\\", "/").replace('"', "'")
