"""What each customer did in a stretch of time: the outcomes of a test, and what comes before it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from nector_sim.economics.margin import margins
from nector_sim.errors import InputError, Problem
from nector_sim.frames.kinds import as_frame
from nector_sim.orders.identity import phone_of, phones_of

if TYPE_CHECKING:
    import pandas as pd

    from nector_sim.economics.assumptions import Assumptions

#: The sums of a customer, in major units where they are money.
OUTCOMES = ("orders", "cart", "discount", "redeemed", "margin", "before_discount")


def person_of(customer_id: object) -> str:
    """The form of a customer's id in which it is compared: of a phone its last ten digits, else the trimmed text."""
    text = str(customer_id).strip()
    return phone_of(text) or text


def people_of(ids: pd.Series[Any]) -> pd.Series[Any]:
    """:func:`person_of` of a column, once for equal values."""
    texts = {one: str(one).strip() for one in ids.dropna().unique()}
    phones = phones_of(list(texts.values()))
    people: pd.Series[Any] = ids.map(
        {one: phone or text for (one, text), phone in zip(texts.items(), phones, strict=True)}
    )
    return people


def outcome_rows(orders: Any, *, assumptions: Assumptions | None, timezone: str) -> pd.DataFrame:
    """Read orders as rows of outcomes."""
    import pandas as pd

    frame = as_frame(orders)
    missing = [name for name in ("customer_id", "ordered_at", "cart_amount") if name not in frame]
    if missing:
        raise InputError("the orders cannot be used:", [Problem(name, "this column is missing") for name in missing])
    given = next((name for name in ("discount_given", "discount") if name in frame), None)
    cart = pd.to_numeric(frame["cart_amount"]).astype(float)
    discount = 0.0 * cart if given is None else pd.to_numeric(frame[given]).astype(float).fillna(0.0)
    rows = pd.DataFrame(
        {
            "person": people_of(frame["customer_id"]),
            "at": instants(frame["ordered_at"], timezone),
            "orders": 1.0,
            "cart": cart,
            "discount": discount,
            "redeemed": (discount > 0).astype(float),
        }
    )
    if assumptions is not None:
        for name, given_then in (("margin", discount), ("before_discount", 0.0)):
            rows[name] = margins(frame.assign(discount=given_then), assumptions=assumptions)["margin"].astype(float)
        rows = rows[rows["margin"].notna()]
    return rows[rows["person"].notna()]


def instants(values: pd.Series[Any], timezone: str) -> pd.Series[Any]:
    """A column of times in UTC."""
    import pandas as pd

    try:
        if isinstance(values.dtype, pd.DatetimeTZDtype):
            there: pd.Series[Any] = values.dt.tz_convert("UTC")
            return there
        times = values.map(lambda value: instant(value, timezone), na_action="ignore")
        return pd.to_datetime(times, utc=True)
    except ValueError as error:
        raise InputError(f"ordered_at holds something that is not a time: {error}") from None


def instant(value: str | datetime | Any, timezone: str) -> pd.Timestamp:
    """An instant in UTC; without a zone of its own, in `timezone`."""
    import pandas as pd

    try:
        at = pd.Timestamp(value)
    except (ValueError, TypeError):
        raise InputError("a time cannot be read; write it as 2026-04-01") from None
    if pd.isna(at):
        raise InputError("a time is missing; write it as 2026-04-01")
    return (at.tz_localize(timezone) if at.tzinfo is None else at).tz_convert("UTC")


def totals(rows: pd.DataFrame, people: pd.Index[Any], start: Any, end: Any) -> pd.DataFrame:
    """Sum the outcomes of each of these people from `start` to before `end`; 0 for who did nothing."""
    inside = rows[(rows["at"] >= start) & (rows["at"] < end)]
    names = [name for name in OUTCOMES if name in rows]
    sums: pd.DataFrame = inside.groupby("person")[names].sum().reindex(people, fill_value=0.0)
    return sums
