"""Make the second bundled demo, a simulated web shop: ``python data/make_web_shop.py``.

What it is like is ``ns.simulate("web shop", …)``; ``data/web_shop/README.md`` says it in words. The same bytes come out
each time on the pinned versions.
"""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import nector_sim as ns

SEED = 2026
DATA = Path(__file__).parent

MONEY = pa.decimal128(12, 2)
INSTANT = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        pa.field("order_id", pa.string(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("ordered_at", INSTANT, nullable=False),
        pa.field("cart_amount", MONEY, nullable=False),
        pa.field("points_balance", pa.int64(), nullable=False),
        pa.field("payment_method", pa.string(), nullable=False),
        pa.field("refunded_at", INSTANT),
        pa.field("refunded_amount", MONEY),
        pa.field("paid_amount", MONEY, nullable=False),
        pa.field("discount_given", MONEY, nullable=False),
    ],
    metadata={
        "note": "demo data, simulated",
        "source": f'nector_sim.simulate("web shop", seed={SEED}), data/programs/web-shop.toml',
        "currency": "INR",
        "points_balance": "balances as under data/programs/web-shop.toml",
    },
)
#: What grows from row to row takes a third of the place by its differences.
ENCODINGS = {"order_id": "DELTA_BYTE_ARRAY", "ordered_at": "DELTA_BINARY_PACKED"}


def make() -> ns.Simulated:
    """Simulate the shop."""
    return ns.simulate("web shop", ns.load_program(DATA / "programs" / "web-shop.toml"), seed=SEED)


def build(shop: ns.Simulated, folder: Path) -> None:
    """Write its three files to `folder`."""
    orders = shop.orders
    columns = [
        _money(orders[field.name])
        if field.type == MONEY
        else pa.array(orders[field.name], field.type, from_pandas=True)
        for field in SCHEMA
    ]
    pq.write_table(
        pa.Table.from_arrays(columns, schema=SCHEMA),
        folder / "orders.parquet",
        compression="zstd",
        compression_level=19,
        use_dictionary=[field.name for field in SCHEMA if field.name not in ENCODINGS],
        column_encoding=ENCODINGS,
    )
    shop.shopify_export(folder / "shopify_export.csv.gz")
    shop.balance_file(folder / "balances.csv")


def _money(amounts):
    return pa.array(
        [None if amount != amount else Decimal(round(amount * 100)).scaleb(-2) for amount in amounts], MONEY
    )


if __name__ == "__main__":
    folder = DATA / "web_shop"
    folder.mkdir(exist_ok=True)
    build(make(), folder)
