"""The bundled demo orders of two shops."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from nector_sim._data import data_path
from nector_sim.errors import InputError
from nector_sim.frames.columns import read_money, write_money

#: The demo shops: file, and what must stand wherever their orders are shown.
SHOPS = {
    "grocery": ("demo_orders.parquet", "demo data, scaled; balances as under the documented example"),
    "web shop": ("web_shop/orders.parquet", "demo data, simulated; balances as under its own program"),
}
DEMO_LABEL = SHOPS["grocery"][1]


def demo_orders(shop: str = "grocery") -> pd.DataFrame:
    """Read the demo orders of one of two shops.

    ``grocery`` is a year of grocery baskets, scaled to rupees, of customers who order weekly and nearly always redeem
    (``data/README.md``). ``web shop`` is simulated: 24 months of customers who order a few times, a quarter of whom
    redeem, with points that expire, refunds and cash on delivery (``data/web_shop/README.md``).

    Parameters
    ----------
    shop : str
        ``grocery`` or ``web shop``.

    Returns
    -------
    pandas.DataFrame, shape (155321, 5) or (41251, 10)
        ``order_id``, ``customer_id``, ``ordered_at`` (UTC), ``cart_amount`` (₹, float64), ``points_balance`` (points
        before the order, as under the documented GoKwik example or ``programs/web-shop.toml``). The web shop's also
        have ``payment_method``, ``refunded_at``, ``refunded_amount`` (₹), ``paid_amount`` (₹) and ``discount_given``
        (₹, by points). ``.attrs["label"]`` says what they are.

    Raises
    ------
    InputError
        If there is no such shop.

    Examples
    --------
    >>> list(demo_orders().columns)
    ['order_id', 'customer_id', 'ordered_at', 'cart_amount', 'points_balance']
    >>> demo_orders("web shop")["discount_given"].gt(0).mean().round(2)
    np.float64(0.1)
    """
    if shop not in SHOPS:
        raise InputError(f"there are no demo orders of {shop!r}; there are those of {' and '.join(map(repr, SHOPS))}")
    name, label = SHOPS[shop]
    table = pq.read_table(data_path(name))
    orders: pd.DataFrame = table.to_pandas()
    for column in table.schema:
        if pa.types.is_decimal(column.type):
            there = table[column.name].is_valid().to_numpy()
            minor = read_money(table[column.name], 2, blank=0).numbers
            orders[column.name] = pd.Series(write_money(minor, 2, exact=False)).where(there)
    orders.attrs["label"] = label
    return orders
