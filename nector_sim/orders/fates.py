"""Which orders of an export count, and in which currency."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from nector_sim.errors import InputError
from nector_sim.orders.coupons import payment_kinds
from nector_sim.orders.layouts import Layout
from nector_sim.rules.money import currency_decimals

#: The kinds of orders that are left out, each in a merchant's words.
LEFT_OUT = {
    "pending": "not paid yet",
    "voided": "voided or failed",
    "test": "made for testing",
    "other_status": "of another status than those to keep",
    "other_currency": "in another currency",
    "no_customer": "of unknown customers (no phone, no e-mail address)",
    "repeated": "in the file a second time",
}

NO_STATUS = "is blank, so that nobody can tell whether the order was paid"
UNKNOWN_STATUS = (
    "is a status that this export is not known to have; if such orders count, say so: keep_status (--keep-status)"
)


def leave_out(orders: pl.DataFrame, layout: Layout, keep_status: Collection[str]) -> pl.DataFrame:
    """Add ``left_out``, the kind under which an order is left out, and ``unknown_status``.

    Parameters
    ----------
    orders : polars.DataFrame, shape (n, any)
    layout : Layout
    keep_status : collection of str
        Statuses that count besides the layout's own.

    Returns
    -------
    polars.DataFrame, shape (n, any + 2)
    """
    kind = pl.lit(None, pl.String)
    unknown = pl.lit(False)
    if "status" in orders.columns and (layout.keep or keep_status):
        status = pl.col("status").str.to_lowercase().str.strip_prefix("wc-")
        kept = {*layout.keep, *(word.lower() for word in keep_status)}
        if layout.leave_out:
            kind = status.replace_strict(
                {**layout.leave_out, **dict.fromkeys(kept)}, default=None, return_dtype=pl.String
            )
            unknown = ~status.is_in([*layout.leave_out, *kept]).fill_null(False)
        else:
            kind = pl.when(~status.is_in([*kept]).fill_null(False)).then(pl.lit("other_status"))
    tests = []
    if "tags" in orders.columns:
        tests.append(pl.col("tags").str.to_lowercase().str.contains(r"(?:^|,)\s*test\s*(?:,|$)"))
    if "payment_method" in orders.columns and layout.rows == "first":
        tests.append(pl.col("payment_method").str.to_lowercase().str.contains("bogus", literal=True))
    if tests:
        kind = pl.when(pl.any_horizontal(tests).fill_null(False)).then(pl.lit("test")).otherwise(kind)
    return orders.with_columns(left_out=kind, unknown_status=unknown)


def waiting_for_cash(orders: pl.DataFrame, layout: Layout) -> list[str]:
    """Say how many orders that count as not paid yet are paid at the door, as these may have been delivered."""
    if "payment_method" not in orders.columns or layout.leave_out.get("pending") != "pending":
        return []
    waiting = orders.filter(pl.col("left_out") == "pending")
    count = int((payment_kinds(waiting["payment_method"]) == "cod").sum())
    if not count:
        return []
    return [
        f"orders left out as not paid yet that are cash on delivery: {count}; if they were delivered and paid, mark "
        "them as paid in the shop, or count them: keep_status (--keep-status pending)"
    ]


def choose_currency(orders: pl.DataFrame, stated: str | None) -> tuple[str, pl.DataFrame, list[str]]:
    """Find the one currency of the orders, and leave the others out.

    Parameters
    ----------
    orders : polars.DataFrame, shape (n, any)
        From :func:`leave_out`.
    stated : str, optional
        The caller's choice.

    Returns
    -------
    currency : str
    orders : polars.DataFrame
        With ``left_out`` where the currency is another.
    notes : list of str

    Raises
    ------
    InputError
        If there are several and none was chosen, or the chosen one is none.
    """
    if stated is not None:
        stated = stated.upper()
        try:
            currency_decimals(stated)
        except ValueError as error:
            raise InputError(f"currency: {error}") from None
    if "currency" not in orders.columns:
        if stated is None:
            return "INR", orders, ["no column names the currency, and none was stated; amounts are taken as INR"]
        return stated, orders, []
    code = pl.col("currency").str.to_uppercase()
    orders = orders.with_columns(currency=code)
    counted = orders.filter(pl.col("left_out").is_null() & pl.col("currency").is_not_null())
    counts = counted.group_by("currency").len().sort(["len", "currency"], descending=[True, False])
    chosen = stated or (counts["currency"][0] if len(counts) else "INR")
    if stated is None and len(counts) > 1:
        found = ", ".join(f"{_known(name)} ({count})" for name, count in counts.head(5).iter_rows())
        raise InputError(
            f"the orders are in several currencies: {found}; choose one, such as currency={chosen!r} (--currency)"
        )
    _known(chosen)
    other = code.is_not_null() & (code != chosen) & pl.col("left_out").is_null()
    orders = orders.with_columns(left_out=pl.when(other).then(pl.lit("other_currency")).otherwise("left_out"))
    return chosen, orders, []


def _known(code: str) -> str:
    try:
        currency_decimals(code)
    except ValueError:
        raise InputError(
            "the column of the currency holds something that is no currency of ISO 4217, such as INR; "
            "mend it, or leave the column out of the export and state the currency"
        ) from None
    return code
