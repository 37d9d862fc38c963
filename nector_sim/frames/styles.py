"""How a file writes its amounts and dates, decided from all of its values; what stays open is for the caller to say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from nector_sim.errors import InputError
from nector_sim.frames.written import CURRENCY, GROUPED, PLAIN_DATES, SLASHED, bare_amount
from nector_sim.results import count

#: Currencies by the sign that is written beside an amount; several where the sign does not say which.
SIGNS: dict[str, tuple[str, ...]] = {
    "₹": ("INR",), "Rs": ("INR", "PKR", "NPR", "LKR", "MUR"), "Rs.": ("INR", "PKR", "NPR", "LKR", "MUR"),
    "₨": ("PKR", "INR", "NPR", "LKR", "MUR"), "€": ("EUR",), "£": ("GBP",), "¥": ("JPY", "CNY"),
    "$": ("USD", "CAD", "AUD", "SGD", "NZD", "HKD", "MXN", "ARS", "CLP", "COP"), "US$": ("USD",), "R$": ("BRL",),
    "C$": ("CAD",), "CA$": ("CAD",), "A$": ("AUD",), "AU$": ("AUD",), "S$": ("SGD",), "HK$": ("HKD",), "NZ$": ("NZD",),
    "MX$": ("MXN",), "৳": ("BDT",), "₺": ("TRY",), "฿": ("THB",), "₫": ("VND",), "₱": ("PHP",), "₦": ("NGN",),
    "₩": ("KRW",), "₪": ("ILS",), "₽": ("RUB",), "RM": ("MYR",), "Rp": ("IDR",), "zł": ("PLN",), "Kč": ("CZK",),
    "kr": ("SEK", "NOK", "DKK", "ISK"), "kr.": ("DKK",),
}  # fmt: skip


def decide_numbers(columns: Iterable[pl.Series], stated: str | None) -> tuple[str, str]:
    """Decide how amounts are written."""
    points = commas = weak = signs = 0
    for texts in _texts(columns, r"[^0-9.\-]"):
        bare = texts.to_frame("v").select(
            v=bare_amount(pl.col("v").str.strip_chars()), sign=pl.col("v").str.contains(rf"{CURRENCY}|\d\s\d")
        )
        bare = bare.filter(pl.col("v").str.contains(r"\d"))
        text = pl.col("v")
        english, german = text.str.contains(GROUPED["1,234.50"]), text.str.contains(GROUPED["1.234,50"])
        lone = text.str.contains(r"^-?[1-9]\d{0,2},\d{3}$")  # one comma before three digits
        counts = bare.select(
            points=(english & ~german & text.str.contains(",", literal=True)).sum(),
            commas=(german & ~english & text.str.contains(",", literal=True)).sum()
            + (german & text.str.contains(r"\.\d{3}\.")).sum(),
            weak=lone.sum(),
            signs=(pl.col("sign") & english & ~text.str.contains(",", literal=True)).sum(),
        ).row(0)
        points, commas, weak, signs = (a + b for a, b in zip((points, commas, weak, signs), counts, strict=True))
    if stated is not None:
        against = {"1,234.50": (commas, points), "1.234,50": (points, commas), "1234.50": (0, 0)}.get(stated, (0, 0))
        if against[0] and not against[1]:
            other = "1.234,50" if stated == "1,234.50" else "1,234.50"
            raise InputError(
                f"numbers={stated!r} contradicts {count(against[0], 'amount')} of the file, and none is written so; "
                f"write numbers={other!r} (--numbers {other}), or leave it out"
            )
        return stated, ""
    if points and not commas:
        return "1,234.50", f"amounts are read as 1,234.50, as {count(points, 'amount')} can be read so alone"
    if commas and not points:
        return "1.234,50", f"amounts are read as 1.234,50, as {count(commas, 'amount')} can be read so alone"
    if not (points or commas) and (weak or signs):
        why = f"{count(weak, 'amount')} with a comma before three digits, and money has no three decimals"
        return "1,234.50", f"amounts are read as 1,234.50: {why}" if weak else ""
    return "1234.50", ""


def decide_dates(columns: Iterable[pl.Series], stated: str | None) -> tuple[str, str]:
    """Decide how dates are written; see :func:`decide_numbers`."""
    days = months = serials = epochs = compact = others = 0
    for texts in _texts(columns, r"", r"^\d{4}-\d{2}-\d{2}"):
        first, second = (pl.col("v").str.extract(SLASHED, at).cast(pl.Int64, strict=False) for at in (1, 2))
        text = pl.col("v").str.strip_chars()
        number = text.cast(pl.Float64, strict=False)
        counts = texts.to_frame("v").select(
            days=((first > 12) & (second <= 12)).sum(),
            months=((second > 12) & (first <= 12)).sum(),
            serials=(text.str.contains(r"^\d{5}(?:\.\d+)?$") & number.is_between(20_000, 80_000)).sum(),
            epochs=(text.str.contains(r"^1\d{9}(?:\.\d+)?$|^1\d{12}(?:\.0)?$")).sum(),
            compact=text.str.contains(r"^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])$").sum(),
            others=pl.len(),
        )
        found = counts.row(0)
        days, months, serials, epochs, compact, others = (
            a + b for a, b in zip((days, months, serials, epochs, compact, others), found, strict=True)
        )
    if stated is not None:
        against = {"dd/mm/yyyy": (months, days), "mm/dd/yyyy": (days, months)}.get(stated, (0, 0))
        if against[0] and not against[1]:
            other = "mm/dd/yyyy" if stated == "dd/mm/yyyy" else "dd/mm/yyyy"
            raise InputError(
                f"dates={stated!r} contradicts {count(against[0], 'date')} of the file, whose month would be above "
                f"12, and none needs it; write dates={other!r} (--dates {other}), or leave it out"
            )
        return stated, ""
    if days and not months:
        return "dd/mm/yyyy", f"dates are read as dd/mm/yyyy, as {count(days, 'date')} can be read so alone"
    if months and not days:
        return "mm/dd/yyyy", f"dates are read as mm/dd/yyyy, as {count(months, 'date')} can be read so alone"
    for style, many, words in (
        ("excel", serials, "Excel's days since 1900"),
        ("epoch", epochs, "seconds or milliseconds since 1970, in UTC"),
        ("yyyymmdd", compact, "yyyymmdd"),
    ):
        if many and many == others:
            return style, f"dates are read as {words}, as all of them can be"
    return "yyyy-mm-dd", ""


def share_of_dates(values: pl.Series) -> dict[str, int]:
    """How many values could be a date in each way of writing, for a proposal."""
    text = pl.col("v").str.strip_chars()
    first, second = (text.str.extract(SLASHED, at).cast(pl.Int64, strict=False) for at in (1, 2))
    number = text.cast(pl.Float64, strict=False)
    plain = text.str.contains(r"^\d{4}-\d{2}-\d{2}")
    for pattern in PLAIN_DATES:
        plain = plain | text.str.contains(pattern)
    counts = values.cast(pl.String).drop_nulls().to_frame("v").select(
        **{
            "yyyy-mm-dd": plain.sum(),
            "dd/mm/yyyy": ((first.is_between(1, 31)) & second.is_between(1, 12)).sum(),
            "mm/dd/yyyy": ((second.is_between(1, 31)) & first.is_between(1, 12)).sum(),
            "yyyymmdd": text.str.contains(r"^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])$").sum(),
            "excel": (text.str.contains(r"^\d{5}(?:\.\d+)?$") & number.is_between(20_000, 80_000)).sum(),
            "epoch": text.str.contains(r"^1\d{9}(?:\.\d+)?$|^1\d{12}(?:\.0)?$").sum(),
        }
    )  # fmt: skip
    return {name: int(count) for name, count in counts.row(0, named=True).items()}


def signs_of(columns: Sequence[pl.Series]) -> pl.Series | None:
    """The sign or code of a currency beside each row's amounts, as text; None where no column has any."""
    found: pl.Series | None = None
    for column in columns:
        if column.dtype != pl.String or not column.str.contains(r"[^0-9.,\s\-]").any():
            continue
        text = pl.col("v").str.strip_chars()
        sign = pl.coalesce(
            text.str.extract(rf"^[-(]?\s*({CURRENCY})\s*[-\d]"), text.str.extract(rf"\d\s*\)?({CURRENCY})$")
        )
        known = pl.when(sign.is_in([*SIGNS]) | sign.str.contains(r"^[A-Z]{3}$")).then(sign)
        here = column.to_frame("v").select(known).to_series()
        found = here if found is None else found.zip_with(found.is_not_null(), here)
    return found if found is not None and found.drop_nulls().len() else None


def currencies_of(sign: str) -> tuple[str, ...]:
    """The currencies that a sign or code may stand for."""
    return SIGNS.get(sign, (sign,))


def _texts(columns: Iterable[pl.Series], having: str, without: str = "") -> Iterable[pl.Series]:
    """Of each column, the different texts that are not plain; typed numbers as text where any may count."""
    for column in columns:
        values: Any = column
        if values.dtype.is_numeric() and without:
            values = values.cast(pl.String)
        if values.dtype != pl.String:
            continue
        unusual = ~values.str.contains(without) if without else values.str.contains(having)
        some = values.filter(unusual.fill_null(False))
        some = some.filter(some.str.strip_chars() != "")
        if len(some):
            yield some.alias("v")
