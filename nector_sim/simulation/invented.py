"""A simulated shop's files with invented people: its orders as Shopify exports them, and its balances."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from nector_sim.simulation.chance import Chance
from nector_sim.simulation.process import DELIVERY, FREE_DELIVERY

FIRST_NAMES = "Asha Bina Chitra Devi Esha Farah Gita Hema Indu Jaya Kavi Lata Mira Nila Omar Priya Ravi Sunil Tara Uma"
LAST_NAMES = "Rao Shah Iyer Khan Nair Das Bose Patel Singh Reddy Menon Gill Jain Kaur Pillai Roy Sethi Thomas Varma Ali"
#: Items with their share of lines; the last is what points may not pay.
ITEMS = ("Kurta", "Saree", "Dupatta", "Sandals", "Earrings", "Tote bag", "Scarf", "Shirt")
EXCLUDED = "Gift card"
#: Payment methods as Shopify writes them.
CASH, PREPAID = "Cash on Delivery (COD)", "GoKwik UPI"


def shopify_export(orders: pd.DataFrame, truth: pd.DataFrame, seed: int, timezone: str) -> pd.DataFrame:
    """Write an export: a row for each line item, the order's own fields on its first row alone."""
    chance, positions = Chance(seed), np.arange(len(truth))
    paid_of = truth[["order_id"]].merge(orders.drop(columns="ordered_at"), on="order_id", how="left")
    cart, coupon = _minor(truth["cart_amount"]), _minor(truth["coupon_discount"])
    points = _minor(paid_of.get("discount_given", pd.Series(0.0, positions)).fillna(0.0))
    subtotal = cart - points
    shipping = np.where(cart >= FREE_DELIVERY, 0, DELIVERY)
    refund = _minor(paid_of["refunded_amount"].fillna(0.0))
    full = refund == subtotal
    refund = np.where((refund > 0) & full, refund + shipping, refund)
    refused = (truth["fate"] == "refused").to_numpy()
    status = np.select([refused, (refund > 0) & full, refund > 0], ["voided", "refunded", "partially_refunded"], "paid")
    cancelled = truth["refunded_at"].where(pd.Series(full & (refund > 0)))
    cancelled = cancelled.where(~pd.Series(refused), truth["ordered_at"] + pd.Timedelta(days=5))
    code = _codes(chance, positions, points, coupon)
    heads = pd.DataFrame(
        {
            "Name": truth["order_id"],
            "Financial Status": status,
            "Fulfillment Status": np.where(refused, "unfulfilled", "fulfilled"),
            "Currency": "INR",
            "Subtotal": _text(subtotal),
            "Shipping": _text(shipping),
            "Taxes": "0.00",
            "Total": _text(subtotal + shipping),
            "Discount Code": code,
            "Discount Amount": _text(points + coupon),
            "Created at": _local(truth["ordered_at"], timezone),
            "Payment Method": np.where(truth["payment_method"] == "cod", CASH, PREPAID),
            "Refunded Amount": _text(refund),
            "Cancelled at": _local(cancelled, timezone),
            **_people(chance, truth),
        }
    )
    return _with_lines(chance, heads, positions, cart + coupon, _minor(truth["cart_amount"] - truth["eligible_amount"]))


def _codes(chance: Chance, positions: Any, points: Any, coupon: Any) -> Any:
    """Each order's one coupon code: of points, of another coupon, or none."""
    secret = chance.hashes("code", positions) % np.uint64(36**6)
    of_points = [f"NECTOR-{np.base_repr(number, 36):0>6}" for number in secret.tolist()]
    return np.where(points > 0, of_points, np.where(coupon > 0, "FESTIVE10", ""))


def balance_file(balances: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Write balances by phone and e-mail address."""
    people = _contacts(Chance(seed), balances["customer_id"].to_numpy(str))
    return pd.DataFrame({"mobile": people["Phone"], "email": people["Email"], "points": balances["points"].to_numpy()})


def _people(chance: Chance, truth: pd.DataFrame) -> dict[str, Any]:
    """Name, e-mail address and phone of each order's customer; guests have neither of the last two."""
    names, of_order = np.unique(truth["customer_id"].to_numpy(str), return_inverse=True)
    people = {column: values[of_order] for column, values in _contacts(chance, names).items()}
    guest = (truth["fate"] == "guest").to_numpy()
    return people | {column: np.where(guest, "", people[column]) for column in ("Email", "Phone")}


def _contacts(chance: Chance, customers: Any) -> dict[str, Any]:
    """Name, e-mail address and phone of each customer; some have left only the one, some only the other."""
    numbers = np.array([int(name[1:]) for name in customers.tolist()])
    firsts, lasts = (np.array(words.split()) for words in (FIRST_NAMES, LAST_NAMES))
    first = firsts[chance.hashes("first", numbers) % np.uint64(len(firsts))].tolist()
    last = lasts[chance.hashes("last", numbers) % np.uint64(len(lasts))].tolist()
    email = [f"{a}.{b}{n}@example.com".lower() for a, b, n in zip(first, last, numbers.tolist(), strict=True)]
    phone = [f"+91{5_000_000_000 + 7919 * number}" for number in numbers.tolist()]
    left = chance.uniform("contact", numbers)
    return {
        "Billing Name": np.array([f"{a} {b}" for a, b in zip(first, last, strict=True)]),
        "Email": np.where(left < 0.1, "", email),
        "Phone": np.where(left > 0.8, "", phone),
    }


def _with_lines(chance: Chance, heads: pd.DataFrame, positions: Any, goods: Any, excluded: Any) -> pd.DataFrame:
    """Split each order's goods into lines: what is excluded by itself, and large orders in two."""
    two = (excluded == 0) & (goods >= FREE_DELIVERY)
    second = np.where(two, goods // 3, excluded)
    items = np.array(ITEMS)
    name = items[chance.hashes("item", positions) % np.uint64(len(items))]
    other = np.where(excluded > 0, EXCLUDED, items[chance.hashes("item2", positions) % np.uint64(len(items))])
    first = heads.assign(**{"Lineitem quantity": "1", "Lineitem name": name, "Lineitem price": _text(goods - second)})
    rest = heads[["Name", "Email"]].assign(
        **{"Lineitem quantity": "1", "Lineitem name": other, "Lineitem price": _text(second)}
    )
    alone = (goods == second) & (second > 0)
    rows = pd.concat([first[~alone], first[alone].assign(**rest[alone]), rest[(second > 0) & ~alone]])
    whole: pd.DataFrame = rows.sort_index(kind="stable").fillna("")[first.columns]
    return whole


def _minor(amounts: pd.Series[Any]) -> Any:
    return np.round(amounts.to_numpy(dtype=np.float64) * 100).astype(np.int64)


def _text(minor: Any) -> Any:
    """Amounts with two decimals."""
    return [f"{amount // 100}.{amount % 100:02d}" for amount in minor.tolist()]


def _local(instants: pd.Series[Any], timezone: str) -> Any:
    return instants.dt.tz_convert(timezone).dt.strftime("%Y-%m-%d %H:%M:%S %z").fillna("")
