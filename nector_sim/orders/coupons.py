"""Discounts of the past that were points: found in coupon codes, and put back into the cart amount."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import polars as pl

from nector_sim.frames.columns import Column, Int64
from nector_sim.frames.written import Written, amounts

SHARED = (
    "has a points coupon and another one, and a single discount amount for both; how much of it was points cannot be "
    "told, so the order cannot be used"
)

UNREAD = "has a points coupon whose amount cannot be read"

#: Words in the codes that loyalty programs make.
_LOYALTY = r"(?i)(nector|coin|point|loyal|reward|redeem|wallet)"
_PART = re.compile(r"code:([^|;]*)(.*?)(?=[;|]code:|$)", re.DOTALL)
_PART_AMOUNT = re.compile(r"(?:amount|tax):([^|;]*)")


def points_discounts(
    codes: pl.Series, discounts: Int64, pattern: str, *, decimals: int, written: Written
) -> tuple[Int64, dict[int, str]]:
    """What of each order's discount was points.

    Parameters
    ----------
    codes : polars.Series of str, shape (n,)
        An order's coupon codes: parted by commas, or ``code:X|amount:10.00;…`` where the export has them one by one.
    discounts : ndarray of int64, shape (n,)
        The order's whole discount, in minor units.
    pattern : str
        Codes of points, with ``*`` for any letters; case does not matter.
    decimals : int
        Decimals of the currency.
    written : Written

    Returns
    -------
    discounts : ndarray of int64, shape (n,)
        In minor units.
    refused : dict of int to str
        Rows where points share one discount amount with another code, or where theirs cannot be read.
    """
    wanted = _matcher(pattern)
    given = np.zeros(len(codes), np.int64)
    refused: dict[int, str] = {}
    for row, text in enumerate(codes.to_list()):
        if text is None:
            continue
        if "code:" in text:
            sums = _itemised(text, wanted, decimals, written)
            given[row] = sums.numbers.sum()
            if sums.refused:
                refused[row] = UNREAD
            continue
        of_points = [wanted.fullmatch(code.strip()) is not None for code in text.split(",") if code.strip()]
        if of_points and all(of_points):
            given[row] = discounts[row]
        elif any(of_points):
            refused[row] = SHARED
    return given, refused


def _matcher(pattern: str) -> re.Pattern[str]:
    first, *others = map(re.escape, pattern.split("*"))
    if not others:
        return re.compile(first, re.IGNORECASE)
    # Each part at its first place after the one before, for good: a long code is never tried in all ways.
    between = "".join(f"(?>.*?{part})" for part in others[:-1])
    return re.compile(f"{first}{between}.*{others[-1]}", re.IGNORECASE | re.DOTALL)


def _itemised(text: str, wanted: re.Pattern[str], decimals: int, written: Written) -> Column:
    of_points = [
        amount
        for code, rest in _PART.findall(text)
        if wanted.fullmatch(code.strip())
        for amount in _PART_AMOUNT.findall(rest)
    ]
    return amounts(pl.Series(of_points, dtype=pl.String), decimals, written, blank=0)


def loyalty_words(codes: pl.Series, discounts: Int64) -> list[tuple[str, int, int]]:
    """Words of loyalty programs in coupon codes, each with its orders and their whole discount in minor units.

    The codes themselves are not given: shops put people's names into them.
    """
    frame = pl.DataFrame({"word": codes.str.extract(_LOYALTY).str.to_lowercase(), "discount": discounts})
    found = frame.drop_nulls().group_by("word").agg(orders=pl.len(), discount=pl.col("discount").sum()).sort("word")
    return [(str(word), int(orders), int(discount)) for word, orders, discount in found.iter_rows()]


def payment_kinds(payment: pl.Series) -> pl.Series:
    """``cod`` for cash on delivery, ``prepaid`` for everything else, nothing for nothing."""
    text: Any = pl.col("v").str.to_lowercase()
    cash = text.str.contains(r"\bcod\b|cash[ _-]?on[ _-]?delivery|pay on delivery|collect on delivery")
    kind = pl.when(cash).then(pl.lit("cod")).when(text.is_not_null()).then(pl.lit("prepaid"))
    return payment.to_frame("v").select(kind).to_series()
