"""Discounts of the past that were points: found in coupon codes, and put back into the cart amount."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from nector_sim.frames.columns import Column, Int64
from nector_sim.frames.masking import shown_word
from nector_sim.frames.written import Written, amounts

SHARED = (
    "has a points coupon and another one, and a single discount amount for both; how much of it was points cannot be "
    "told, so say it: points_split='points' (all of it), 'coupon' (none of it), 'code' (the amount in the code, where "
    "points_code has {amount}), or 'balances' (what a row of the balances with this order_id and discount says) "
    "(--points-split)"
)

UNREAD = "has a points coupon whose amount cannot be read"

#: Words in the codes that loyalty programs make.
_LOYALTY = r"(?i)(nector|coin|point|loyal|reward|redeem|wallet)"
_PART = re.compile(r"code:([^|;]*)(.*?)(?=[;|]code:|$)", re.DOTALL)
_PART_AMOUNT = re.compile(r"(?:amount|discount|tax|discount_tax):([^|;]*)")


def points_discounts(
    codes: pl.Series,
    discounts: Int64,
    pattern: str,
    *,
    split: str | None,
    spent: Sequence[int | None] | None = None,
    decimals: int,
    written: Written,
) -> tuple[Int64, dict[int, str]]:
    """What of each order's discount was points."""
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
        of_points = [wanted.fullmatch(code.strip()) for code in text.split(",") if code.strip()]
        if not any(of_points):
            continue
        if all(of_points) or split == "points":
            given[row] = discounts[row]
        elif split != "coupon":
            said = spent[row] if spent is not None and split in (None, "balances") else None
            if said is None and split in (None, "code"):
                said = _in_codes(of_points, decimals)
            if said is None:
                refused[row] = SHARED
            else:
                given[row] = min(said, int(discounts[row]))
    return given, refused


def _in_codes(found: Sequence[re.Match[str] | None], decimals: int) -> int | None:
    """The amounts in codes of points, in minor units, where the pattern has a place for them."""
    said = [Decimal(one["amount"]) for one in found if one is not None and "amount" in one.re.groupindex]
    return int(sum(said, Decimal(0)).scaleb(decimals)) if said else None


def _matcher(pattern: str) -> re.Pattern[str]:
    if (
        "{amount}" in pattern
    ):  # a code's digits can end anywhere, so letters are tried in all ways, of short codes alone
        before, after = (".{0,60}?".join(map(re.escape, part.split("*"))) for part in pattern.split("{amount}", 1))
        return re.compile(rf"{before}(?P<amount>[0-9]{{1,9}}(?:\.[0-9]{{1,2}})?){after}", re.IGNORECASE)
    first, *others = map(re.escape, pattern.split("*"))
    if not others:
        return re.compile(first, re.IGNORECASE)
    # Each part at its first place after the one before, for good: a long code is never tried in all ways.
    between = "".join(f"(?>.*?{part})" for part in others[:-1])
    return re.compile(f"{first}{between}.*{others[-1]}", re.IGNORECASE | re.DOTALL)


def matching(texts: pl.Series, patterns: Collection[str]) -> pl.Series:
    """Which texts fit one of some patterns with ``*`` for any letters, as :func:`points_discounts` reads them."""
    wanted = [_matcher(pattern.replace("{amount}", "*")) for pattern in patterns]
    found = [text for text in texts.unique().drop_nulls().to_list() if any(one.fullmatch(text) for one in wanted)]
    return texts.is_in(found).fill_null(False)


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


#: Words of payments: on delivery, and before it.
_COD = (
    r"(?:^|[^a-z])cod(?:$|[^a-z])|ppcod|cash[ _-]?on[ _-]?delivery|cashondelivery|pay(?:ment)?[ _-]?on[ _-]?delivery|"
    r"collect[ _-]?on[ _-]?delivery|contra[ _-]?entrega|nachnahme|代引"
)
_PREPAID = (
    r"razorpay|upi|paytm|gokwik|payu|stripe|paypal|net ?banking|wallet|visa|master|amex|rupay|phonepe|gpay|google pay|"
    r"apple pay|cashfree|ccavenue|simpl|snapmint|lazypay|emi\b|prepaid|online|bacs|bank|cheque|check|gift|store credit|"
    r"shopify|shop pay|klarna|afterpay|instamojo|mobikwik|amazon|juspay|easebuzz|credit|debit|card|voucher|boleto|pix|"
    r"mercado|transfer|neft|imps|rtgs|pay\b|bogus|ebay|etsy|square|free|points|coins|billdesk|worldline|braintree|adyen|"
    r"authorize|mollie|ideal|sofort|giropay|sepa|alipay|wechat|fampay|bharatx|pine ?labs|zip\b|sezzle|affirm|fastrr|"
    r"shopflo|magic checkout|cashback|crypto|bitcoin|invoice|terms"
)
#: A column of its own that says whether an order is cash on delivery.
_YES, _NO = ("1", "1.0", "yes", "y", "true"), ("0", "0.0", "no", "n", "false")


def payment_kinds(payment: pl.Series) -> pl.Series:
    """``cod`` for cash on delivery, also if partly prepaid; ``prepaid``; nothing for nothing and unknown words."""
    text: Any = pl.col("v").str.to_lowercase().str.strip_chars()
    cash = text.str.contains(_COD) & ~text.str.contains(r"\b(?:non|not|no)[ _-]?cod\b")
    kind = (
        pl.when(cash | text.is_in(_YES))
        .then(pl.lit("cod"))
        .when(text.str.contains(_PREPAID) | text.is_in(_NO) | text.str.contains(r"\b(?:non|not|no)[ _-]?cod\b"))
        .then(pl.lit("prepaid"))
    )
    words = pl.DataFrame({"v": payment.cast(pl.String).unique()}).with_columns(kind=kind)
    return (
        payment.cast(pl.String)
        .to_frame("v")
        .join(words, on="v", how="left", maintain_order="left", nulls_equal=True)["kind"]
    )


def unknown_payments(payment: pl.Series) -> list[str]:
    """Say which words of payments are not known, each with its orders."""
    unknown = payment.filter(payment.is_not_null() & payment_kinds(payment).is_null())
    counts = unknown.value_counts(sort=True, name="orders").sort(["orders", payment.name], descending=[True, False])
    if counts.is_empty():
        return []
    named = ", ".join(f"{shown_word(word)} ({count:,})" for word, count in counts.head(8).iter_rows())
    more = f" and {counts.height - 8} more" if counts.height > 8 else ""
    return [
        f"orders whose payment is neither known as prepaid nor as cash on delivery, so that payment_method is blank: "
        f"{len(unknown):,}, with the words {named}{more}"
    ]
