"""Answers of an integration, as the sandbox, Nector's documentation and live use have them: read in one place."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from nector_sim.gokwik.wire import NO_DISCOUNT


class Given(NamedTuple):
    """What an answer gives: all that comes off the cart, in major units, and the points for it."""

    discount: Decimal
    points: Decimal


def is_nothing(code: object, data: Mapping[str, Any]) -> bool:
    """Whether an answer says that there is nothing to give to this customer, or that nobody knows them."""
    message = str(data.get("message", "")).strip().rstrip(".").lower()
    return code == 422 and message == NO_DISCOUNT.lower()


def read_given(data: Mapping[str, Any]) -> Given:
    """Read what `list` or `perform` gives."""
    flat = _figures(data) if "fiat_value" in data or "coin_value" in data else None
    promotions = data.get("promotions")
    if promotions is None and flat is None:
        raise ValueError("has no fiat_value and coin_value, and no promotions")
    if promotions is None:
        assert flat is not None
        return flat
    if not isinstance(promotions, list) or not all(isinstance(one, Mapping) for one in promotions):
        raise ValueError("has promotions that are not a list of objects")
    listed = max(map(_figures, promotions), default=Given(Decimal(0), Decimal(0)), key=lambda given: given.discount)
    if flat is not None and flat != listed:
        raise ValueError("has one fiat_value and coin_value, and others in its promotions")
    return listed


def _figures(fields: Mapping[str, Any]) -> Given:
    return Given(*(_figure(fields.get(name)) for name in ("fiat_value", "coin_value")))


def _figure(value: Any) -> Decimal:
    try:
        if isinstance(value, bool):
            raise InvalidOperation
        figure = Decimal(str(value).strip())
    except InvalidOperation:
        figure = Decimal("NaN")
    if not figure.is_finite() or figure < 0:
        raise ValueError("has no fiat_value and coin_value that are numbers")
    return figure
