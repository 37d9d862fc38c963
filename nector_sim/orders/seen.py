"""What a column of somebody's table holds: first values, and how many are dates, amounts, addresses or phones."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from nector_sim.frames.masking import shown, shown_word
from nector_sim.frames.styles import share_of_dates
from nector_sim.frames.written import CURRENCY
from nector_sim.orders.identity import phones_of

#: How many different values a status, or a way of paying, has at most.
MOST_WORDS = 40
_FIRST = 3
_PHONES_LOOKED_AT = 2000
_AMOUNT = rf"^[-(]?\s*{CURRENCY}?\s*-?\d[\d.,'’\s]*\)?\s*{CURRENCY}?$"


@dataclass(frozen=True, slots=True)
class ColumnSeen:
    """One column of a table, as :func:`nector_sim.propose_mapping` saw it.

    Attributes
    ----------
    name : str
    filled, distinct : int
        Rows that have a value, and different values.
    first : tuple of str
        First different values; what could tell who a person is stands there as ``(masked)``, letters as ``…``.
    amounts, addresses, phones : float
        Shares of the filled rows, from 0 to 1, that are amounts, e-mail addresses, and phones.
    dates : mapping of str to float
        By way of writing, the share that could be a date so written; those that could be none are left out.
    words : tuple of tuple of str and int
        Where there are few different values, each with its rows, the most frequent first.
    """

    name: str
    filled: int
    distinct: int
    first: tuple[str, ...]
    amounts: float
    addresses: float
    phones: float
    dates: dict[str, float] = field(default_factory=dict)
    words: tuple[tuple[str, int], ...] = ()

    @property
    def kind(self) -> str:
        """What most of its values are, in a word."""
        if not self.filled:
            return "empty"
        if self.addresses >= 0.5:
            return "e-mail addresses"
        if max(self.dates.values(), default=0) >= 0.8:
            return "dates"
        if self.phones >= 0.8:
            return "phones"
        return "numbers" if self.amounts >= 0.8 else "text"


def see(column: pl.Series) -> ColumnSeen:
    """Look at all values of a column."""
    text = column.cast(pl.String).str.strip_chars()
    text = text.filter((text != "").fill_null(False)).alias("v")
    if text.is_empty():
        return ColumnSeen(column.name, 0, 0, (), 0.0, 0.0, 0.0)
    counts = text.value_counts(name="n")
    values, rows = counts["v"], len(text)
    share = counts.select(
        amounts=(pl.col("v").str.contains(_AMOUNT) * pl.col("n")).sum(),
        addresses=(pl.col("v").str.contains(r"^[^@\s]+@[^@\s]+\.[^@\s]+$") * pl.col("n")).sum(),
    ).row(0)
    some = values.head(_PHONES_LOOKED_AT).to_list()
    phones = sum(phone is not None for phone in phones_of(some)) / len(some)
    dates = {} if column.dtype.is_numeric() and share[0] and column.dtype.is_float() else share_of_dates(values)
    known = {name: count / len(values) for name, count in dates.items() if count}
    if column.dtype.is_temporal():
        known = {"yyyy-mm-dd": 1.0}
    few = counts.sort(["n", "v"], descending=[True, False]) if counts.height <= MOST_WORDS else counts.clear()
    is_personal = phones >= 0.5 or share[1] >= 0.5 * rows
    firsts = text.head(100).unique(maintain_order=True).head(_FIRST).to_list()
    return ColumnSeen(
        column.name,
        rows,
        len(values),
        tuple("(masked)" if is_personal else shown(value) for value in firsts),
        share[0] / rows,
        share[1] / rows,
        phones,
        known,
        () if is_personal else tuple((shown_word(word), count) for word, count in few.iter_rows()),
    )
