"""Statuses of orders in the words that shops use, where a mapping does not say which of them count."""

from __future__ import annotations

from functools import cache
from typing import Any

import polars as pl

from nector_sim._data import data_path
from nector_sim.rules.files import read_fields


@cache
def order_words() -> dict[str, Any]:
    """Words that shops use: names of columns, statuses, and what a row of totals is called."""
    return read_fields(data_path("order_words.toml"), "the words of shops")


_STATUSES: dict[str, list[str]] = order_words()["statuses"]
#: Common words, without case, hyphens and underscores, of orders that count, and of those that came back wholly.
KEEP, REFUNDED = frozenset(_STATUSES["keep"]), frozenset(_STATUSES["refunded"])
#: Common words of orders that do not count, each with the kind under which they are left out.
LEAVE_OUT = {word: kind for kind in ("pending", "cancelled", "voided") for word in _STATUSES[kind]}


def plain_status(status: pl.Expr) -> pl.Expr:
    """A status without what exports vary: case, hyphens, underscores, WooCommerce's prefix."""
    return status.str.to_lowercase().str.strip_prefix("wc-").str.replace_all(r"[\s_-]+", " ").str.strip_chars()


def plain_word(word: str) -> str:
    """:func:`plain_status` of one word."""
    return " ".join(word.lower().removeprefix("wc-").replace("_", " ").replace("-", " ").split())
