"""Orders as shops' APIs give them, in JSON: one object an order, its items and refunds within it.

Fields within fields get dotted names (``customer.email``); each item of an order is a row, and the order's own
fields are on its first row alone. Other lists are one text (``code:SAVE|amount:10.00;code:…``), and amounts of
refunds are added.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import polars as pl

from nector_sim.errors import InputError
from nector_sim.frames.csv_files import Text
from nector_sim.frames.sheets import Sheet

#: Lists whose members are an order's items; lists that hold the orders; refunds, of which the amounts are added.
_ITEMS, _ORDERS = ("line_items", "lineItems", "items"), ("orders", "data", "nodes", "edges", "results", "items")
_REFUNDS = ("refunds",)
_DEEPEST = 8


def is_json(head: bytes) -> bool:
    """Whether a file begins like JSON."""
    return head[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))


def holds_orders(head: bytes) -> bool:
    """Whether JSON holds orders, and is no program: a list, lines of objects, or an object with a list of orders."""
    text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").lstrip()
    if text.startswith("["):
        return True
    decoder = json.JSONDecoder()
    try:
        first, end = decoder.raw_decode(text)
    except (ValueError, RecursionError):
        return '"orders"' in text[:4096] or '"line_items"' in text or '"lineItems"' in text
    if text[end:].lstrip().startswith("{"):
        return True
    return isinstance(first, dict) and any(
        isinstance(first.get(name), list | dict) for name in ("orders", "data", "line_items", "lineItems", "edges")
    )


class JsonTable:
    """A file of JSON, or of one JSON object a line."""

    kind = "JSON"
    currency = None

    def __init__(self, text: Text, name: str) -> None:
        self.path, self.name, self.notes = text.path, name, list[str]()
        rows = [row for order in _orders(text.read(), str(text.path)) for row in _rows(order)]
        if not rows:
            raise InputError(f"{self.path} is JSON without orders; export orders, or name the file that has them")
        self.columns = list(dict.fromkeys(name for row in rows for name in row))
        self._rows = rows

    def read(self, names: Sequence[str]) -> Sheet:
        """Read these columns."""
        frame = pl.DataFrame(
            {name: pl.Series([row.get(name) for row in self._rows], dtype=pl.String) for name in names}
        )
        return Sheet(frame, np.arange(1, len(self._rows) + 1))


def _orders(data: bytes, name: str) -> Iterator[dict[str, Any]]:
    try:
        text = data.decode("utf-8-sig")
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1 and _is_object(lines[0]):
            yield from _joined([json.loads(line, parse_float=Decimal) for line in lines])
            return
        found = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is no whole JSON: {error}; download it again") from None
    yield from _within(found, name)


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _joined(objects: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Objects of which some belong to another that came before, as Shopify's bulk operations write them."""
    orders: dict[str, dict[str, Any]] = {}
    for at, one in enumerate(objects):
        if not isinstance(one, dict):
            continue
        parent = orders.get(str(one.get("__parentId")))
        if parent is None:
            orders[str(one.get("id", f"line {at}")) if "__parentId" not in one else f"line {at}"] = one
        else:
            parent.setdefault("lineItems", []).append({name: v for name, v in one.items() if name != "__parentId"})
    yield from orders.values()


def _within(found: Any, name: str, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The orders of a list, of ``{"orders": [...]}``, or of GraphQL's edges and nodes."""
    if depth > _DEEPEST:
        raise InputError(f"{name} is JSON whose orders lie too deep; export a list of orders")
    if isinstance(found, list):
        for one in found:
            if isinstance(one, dict):
                yield one["node"] if isinstance(one.get("node"), dict) else one
        return
    if isinstance(found, dict):
        if not any(isinstance(found.get(items), list | dict) for items in _ITEMS[:2]):
            for inner in _ORDERS:
                if isinstance(found.get(inner), list | dict):
                    yield from _within(found[inner], name, depth + 1)
                    return
        yield found


def _rows(order: dict[str, Any]) -> Iterator[dict[str, str | None]]:
    """The rows of an order: its own fields on the first."""
    own: dict[str, str | None] = {}
    items: list[dict[str, str | None]] = []
    for name, value in order.items():
        if name in _ITEMS:
            items = [_flat(item, f"{name}.") for item in _members(value)]
        elif name in _REFUNDS:
            own |= _refunds(_members(value))
        else:
            own |= _flat({name: value}, "")
    number = {name: own[name] for name in ("name", "number", "id", "order_number") if name in own}
    yield own | (items[0] if items else {})
    for item in items[1:]:
        yield number | item


def _members(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, or of GraphQL's edges and nodes."""
    if isinstance(value, dict):
        inner = value.get("edges", value.get("nodes"))
        return [] if inner is None else _members(inner)
    found = value if isinstance(value, list) else []
    return [one["node"] if isinstance(one.get("node"), dict) else one for one in found if isinstance(one, dict)]


def _flat(fields: dict[str, Any], before: str, depth: int = 0) -> dict[str, str | None]:
    flat: dict[str, str | None] = {}
    for name, value in fields.items():
        if isinstance(value, dict) and "edges" not in value and "nodes" not in value:
            if depth < _DEEPEST:
                flat |= _flat(value, f"{before}{name}.", depth + 1)
        elif isinstance(value, list | dict):
            flat[before + name] = _listed(value)
        else:
            flat[before + name] = _text(value)
    return flat


def _listed(value: Any) -> str | None:
    """A list as one text: plain members with commas, objects as ``code:X|amount:1;…`` with the code first."""
    plain = (
        [text for one in value if not isinstance(one, dict | list) and (text := _text(one))]
        if isinstance(value, list)
        else []
    )
    if plain:
        return ", ".join(plain)
    parts = []
    for member in _members(value):
        fields = {
            name: text for name, one in member.items() if not isinstance(one, list | dict) and (text := _text(one))
        }
        first = [name for name in ("code",) if name in fields]
        parts.append("|".join(f"{name}:{fields[name]}" for name in [*first, *(n for n in fields if n not in first)]))
    return ";".join(parts) or None


def _refunds(refunds: list[dict[str, Any]]) -> dict[str, str | None]:
    """``refunds.amount``, the sum of them, and ``refunds.created_at`` of the last."""
    total, last = Decimal(0), ""
    for refund in refunds:
        amounts = [
            one.get("amount") for one in _members(refund.get("transactions")) if one.get("kind", "refund") == "refund"
        ]
        amounts = amounts or [refund.get("total", refund.get("amount"))]
        for amount in amounts:
            try:
                total += abs(Decimal(str(amount)))
            except InvalidOperation:
                continue
        last = max(last, str(refund.get("processed_at") or refund.get("created_at") or refund.get("createdAt") or ""))
    return {"refunds.amount": str(total) if refunds else None, "refunds.created_at": last or None}


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
