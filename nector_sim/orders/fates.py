"""Which orders of an export count, and in which currency."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import polars as pl

from nector_sim.errors import InputError
from nector_sim.frames.columns import factorized
from nector_sim.frames.masking import shown_word
from nector_sim.frames.styles import currencies_of, signs_of
from nector_sim.orders.coupons import payment_kinds
from nector_sim.orders.layouts import Layout
from nector_sim.orders.statuses import KEEP, LEAVE_OUT, REFUNDED, plain_status, plain_word
from nector_sim.results import count
from nector_sim.rules.money import currency_decimals

#: The kinds of orders that are left out, each in a merchant's words.
LEFT_OUT = {
    "pending": "not paid yet",
    "voided": "voided or failed",
    "cancelled": "cancelled and never paid",
    "test": "made for testing",
    "other_status": "of another status than those to keep",
    "other_currency": "in another currency",
    "refund_alone": "refunds whose order the file does not have",
    "repeated": "in the file a second time",
    "total_row": "rows of totals, which are no orders",
}

NO_STATUS = "is blank, so that nobody can tell whether the order was paid"
UNKNOWN_STATUS = (
    "is a status that is not known; if such orders count, say so: keep_status (--keep-status), or say in a mapping's "
    "[statuses] what becomes of them"
)


class StatusCount(NamedTuple):
    """Orders (or lines) of one status: ``kept``, ``unknown``, or the kind under which they are left out."""

    status: str
    fate: str
    orders: int


def leave_out(orders: pl.DataFrame, layout: Layout, keep_status: Collection[str]) -> pl.DataFrame:
    """Add ``left_out``, the kind under which an order is left out, ``unknown_status``, and ``unpaid``."""
    kind = pl.lit(None, pl.String)
    unknown = pl.lit(False)
    paid = pl.lit(False)
    unpaid = pl.lit(False)
    if "status" in orders.columns:
        status = plain_status(pl.col("status"))
        stated = {plain_word(word) for word in keep_status}
        keep = {*map(plain_word, layout.keep), *stated}
        leave = {plain_word(word): fate for word, fate in layout.leave_out.items()}
        only = bool(keep) and not leave  # a list of what counts, and nothing else
        if not (layout.keep or layout.leave_out):  # common words, and what the caller adds
            keep, leave, only = {*KEEP, *REFUNDED, *stated}, LEAVE_OUT, False
        leave = {word: fate for word, fate in leave.items() if word not in keep}
        if only:
            kind = pl.when(~status.is_in([*keep]).fill_null(False)).then(pl.lit("other_status"))
        else:
            kind = status.replace_strict(leave, default=None, return_dtype=pl.String)
            unknown = ~status.is_in([*leave, *keep]).fill_null(False)
        # What was kept on the caller's word alone, such as pending, says nothing of its having been paid.
        pending = {word for word, fate in {**LEAVE_OUT, **layout.leave_out}.items() if fate == "pending"}
        pending = {plain_word(word) for word in pending}
        paid = status.is_in([*(keep - pending)]).fill_null(False)
        unpaid = status.is_in([*(stated & pending)]).fill_null(False)
    if "cancelled_at" in orders.columns:
        never = pl.col("cancelled_at").is_not_null() & ~paid
        kind = pl.when(kind.is_null() & never).then(pl.lit("cancelled")).otherwise(kind)
    tests = []
    if "tags" in orders.columns:
        tests.append(pl.col("tags").str.to_lowercase().str.contains(r"(?:^|,)\s*test\s*(?:,|$)"))
    if "payment_method" in orders.columns and layout.is_known:
        tests.append(pl.col("payment_method").str.to_lowercase().str.contains("bogus", literal=True))
    if tests:
        kind = pl.when(pl.any_horizontal(tests).fill_null(False)).then(pl.lit("test")).otherwise(kind)
    return orders.with_columns(left_out=kind, unknown_status=unknown, unpaid=unpaid)


def count_statuses(orders: pl.DataFrame) -> tuple[StatusCount, ...]:
    """Orders of each status and what becomes of them, the most frequent first; from :func:`choose_currency`."""
    if "status" not in orders.columns:
        return ()
    fate = pl.when("unknown_status").then(pl.lit("unknown")).otherwise(pl.col("left_out").fill_null("kept"))
    counts = (
        orders.group_by(pl.col("status").fill_null(""), fate=fate)
        .len()
        .sort(["len", "status", "fate"], descending=[True, False, False])
    )
    return tuple(
        StatusCount(shown_word(status) if status else "(blank)", kind, count)
        for status, kind, count in counts.iter_rows()
    )


def waiting_for_cash(orders: pl.DataFrame, layout: Layout) -> list[str]:
    """Say how many orders that count as not paid yet are paid at the door, as these may have been delivered."""
    if "payment_method" not in orders.columns or layout.leave_out.get("pending") != "pending":
        return []
    waiting = orders.filter(pl.col("left_out") == "pending")
    if "cancelled_at" in waiting.columns:
        waiting = waiting.filter(pl.col("cancelled_at").is_null())
    count = int((payment_kinds(waiting["payment_method"]) == "cod").sum())
    if not count:
        return []
    return [
        f"orders left out as not paid yet that are cash on delivery: {count}; if they were delivered and paid, mark "
        "them as paid in the shop, or count them: keep_status (--keep-status pending)"
    ]


def choose_currency(
    orders: pl.DataFrame, stated: str | None, money: Sequence[str]
) -> tuple[str, pl.DataFrame, list[str], bool]:
    """Find the one currency of the orders, and leave the others out."""
    if stated is not None:
        stated = stated.upper()
        try:
            currency_decimals(stated)
        except ValueError as error:
            raise InputError(f"currency: {error}") from None
    signs = signs_of([orders[name] for name in money])
    notes: list[str] = []
    if signs is not None:
        orders, notes = _with_signs(orders, signs, stated)
    if "currency" not in orders.columns:
        if stated is None:
            return "INR", orders, ["no column names the currency, and none was stated; amounts are taken as INR"], False
        return stated, orders, notes, True
    code = pl.col("currency").str.to_uppercase()
    orders = orders.with_columns(currency=code)
    named = orders.filter(pl.col("currency").is_not_null())
    counted = named.filter(pl.col("left_out").is_null())
    counts = counted.group_by("currency").len().sort(["len", "currency"], descending=[True, False])
    every = named.group_by("currency").len().sort(["len", "currency"], descending=[True, False])
    chosen = stated or (counts if len(counts) else every)["currency"][0] if len(every) else (stated or "INR")
    if stated is None and len(counts) > 1:
        found = ", ".join(f"{_known(name)} ({count})" for name, count in counts.head(5).iter_rows())
        raise InputError(
            f"the orders are in several currencies: {found}; choose one, such as currency={chosen!r} (--currency)"
        )
    _known(chosen)
    if stated is not None and len(every) and chosen not in every["currency"]:
        for name in every["currency"].head(5).to_list():
            _known(name)
    # Whatever else an order is: in another currency than the one that was stated, it is none of this shop's.
    other = code.is_not_null() & (code != chosen) & (pl.lit(stated is not None) | pl.col("left_out").is_null())
    orders = orders.with_columns(
        left_out=pl.when(other).then(pl.lit("other_currency")).otherwise("left_out"),
        unknown_status=pl.col("unknown_status") & ~other.fill_null(False),
    )
    if signs is not None and orders["currency"].has_nulls():
        orders = orders.with_columns(pl.col("currency").fill_null(chosen))
    return chosen, orders, notes, True


def _with_signs(orders: pl.DataFrame, signs: pl.Series, stated: str | None) -> tuple[pl.DataFrame, list[str]]:
    """Add the currency that signs beside the amounts say, where no column does; refuse what contradicts a column."""
    _, words = factorized(signs.to_arrow())
    spoken = {str(word): currencies_of(str(word)) for word in words if word is not None}
    has_column = "currency" in orders.columns
    meant: dict[str, str] = {}
    for word, currencies in spoken.items():
        if stated in currencies:
            meant[word] = str(stated)
        elif len(currencies) == 1:
            meant[word] = currencies[0]
        elif not has_column and stated is None and "INR" not in currencies:
            raise InputError(
                f"amounts are written with {word}, which several currencies use ({', '.join(currencies[:5])}, …); say "
                f"which, such as currency={currencies[0]!r} (--currency {currencies[0]})"
            )
        else:
            meant[word] = "INR" if "INR" in currencies and stated is None else currencies[0]
    said = signs.replace_strict(meant, default=None, return_dtype=pl.String).alias("currency")
    if not has_column:
        counts = [(word, int((signs == word).sum())) for word in spoken]
        notes = (
            [
                "one column of amounts has several currencies' signs: "
                + ", ".join(f"{a} on {count(n, 'row')}" for a, n in counts)
            ]
            if len(set(meant.values())) > 1
            else []
        )
        return orders.with_columns(said), notes
    column = orders["currency"].str.to_uppercase()
    agree = pl.Series(
        [
            word is None or column_code in currencies_of(word)
            for word, column_code in zip(signs.to_list(), column.to_list(), strict=True)
        ]
    )
    if not agree.all():
        raise InputError(
            f"{count(int((~agree).sum()), 'row has', 'rows have')} an amount with the sign of another currency than "
            f"their column of the "
            "currency says; correct one of the two"
        )
    return orders, []


def _known(code: str) -> str:
    try:
        currency_decimals(code)
    except ValueError:
        raise InputError(
            "the column of the currency holds something that is no currency of ISO 4217, such as INR; "
            "correct it, or leave the column out of the export and state the currency"
        ) from None
    return code
