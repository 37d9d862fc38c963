"""The bundled demo orders."""

from __future__ import annotations

import pandas as pd
import pyarrow.parquet as pq

from nector_sim._data import data_path
from nector_sim.frames.columns import read_money, write_money

#: What must stand wherever the demo orders are shown.
DEMO_LABEL = "demo data, scaled; balances as under the documented example"


def demo_orders() -> pd.DataFrame:
    """Read the demo orders: a year of grocery baskets, scaled to rupees, with made-up points balances.

    ``data/README.md`` says where they come from and how they differ from a web shop's.

    Returns
    -------
    pandas.DataFrame, shape (155321, 5)
        ``order_id``, ``customer_id``, ``ordered_at`` (UTC), ``cart_amount`` (₹, float64), ``points_balance`` (points
        before the order, as under the documented GoKwik example).

    Examples
    --------
    >>> list(demo_orders().columns)
    ['order_id', 'customer_id', 'ordered_at', 'cart_amount', 'points_balance']
    """
    table = pq.read_table(data_path("demo_orders.parquet"))
    orders: pd.DataFrame = table.to_pandas()
    orders["cart_amount"] = write_money(read_money(table["cart_amount"], 2).numbers, 2, exact=False)
    orders.attrs["label"] = DEMO_LABEL
    return orders
