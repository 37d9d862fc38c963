"""The currency that orders say they are in, which must be the program's: amounts of another are never computed."""

from __future__ import annotations

from typing import Any

import numpy as np

from nector_sim.errors import InputError
from nector_sim.frames.columns import Column, factorized
from nector_sim.rules.values import is_blank

#: Column of orders, and the name under which a frame's ``attrs`` and a Parquet file say it of all.
CURRENCY = "currency"


def read_currency(values: Any, currency: str) -> Column:
    """Refuse the rows that name no currency, or another one than the program's."""
    codes, words = factorized(values)
    reasons = {code: reason for code, word in enumerate(words) if (reason := _wrong(word, currency))}
    reasons[-1] = f"is missing; write {currency}"
    wrong = np.flatnonzero(np.isin(codes, list(reasons))).tolist()
    return Column(np.zeros(len(codes), np.int64), {row: reasons[int(codes[row])] for row in wrong})


def _wrong(word: Any, currency: str) -> str:
    if is_blank(word):
        return f"is missing; write {currency}"
    code = str(word).strip().upper()
    if code == currency:
        return ""
    return f"is {code}, and the program's currency is {currency}; convert the orders first, or leave them out"


def refuse_currency(orders: Any, currency: str, what: str = "orders") -> None:
    """Raise InputError for a frame or an Arrow table that is said to be in another currency as a whole."""
    said = currency_of(orders)
    if said is not None and (reason := _wrong(said, currency)):
        raise InputError(f"the currency of the {what} {reason}")


def currency_of(orders: Any) -> str | None:
    """What the ``attrs`` of a pandas frame, or the schema of an Arrow table, say; None where they say nothing."""
    attrs = getattr(orders, "attrs", None)
    if attrs is None:
        return currency_of_schema(getattr(orders, "schema", None))
    said = attrs.get(CURRENCY)
    return None if is_blank(said) else str(said)


def currency_of_schema(schema: Any) -> str | None:
    """What an Arrow schema, and so a Parquet file, says; None where it says nothing."""
    metadata = getattr(schema, "metadata", None) or {}
    if CURRENCY.encode() in metadata:
        return str(metadata[CURRENCY.encode()].decode())
    of_pandas = getattr(schema, "pandas_metadata", None) if metadata else None
    said = ((of_pandas or {}).get("attributes") or {}).get(CURRENCY)
    return None if is_blank(said) else str(said)
