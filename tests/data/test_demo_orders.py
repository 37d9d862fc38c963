"""The bundled demo orders: what the card says of them holds, and the script makes them again."""

import importlib.util
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

DATA = Path(__file__).parents[2] / "data"
DEMO = DATA / "demo_orders.parquet"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_demo_orders", DATA / "make_demo_orders.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def baskets(script: ModuleType) -> pd.DataFrame:
    return script.read_baskets()


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    """The file, with what each order redeems, pays and earns worked out by hand formulas, in paise."""
    frame = pd.read_parquet(DEMO)
    frame["cart"] = (frame["cart_amount"] * 100).astype("int64")
    frame["redeemed"] = redeemable(frame["cart"], frame["points_balance"])
    frame["payable"] = frame["cart"] - 100 * frame["redeemed"]
    frame["earned"] = frame["payable"] * 5 // 10_000  # 5 points per ₹100
    return frame


def redeemable(cart: pd.Series, balance: pd.Series) -> pd.Series:
    """Points (= rupees) off under the documented example: min(balance, 1000, max(0, floor(cart - 100)))."""
    return np.minimum(np.minimum(balance, 1000), np.maximum(0, (cart - 10_000) // 100))


def test_schema_and_note() -> None:
    schema = pq.read_schema(DEMO)
    assert {field.name: field.type for field in schema} == {
        "order_id": pa.string(),
        "customer_id": pa.string(),
        "ordered_at": pa.timestamp("us", tz="UTC"),
        "cart_amount": pa.decimal128(12, 2),
        "points_balance": pa.int64(),
    }
    assert schema.names == ["order_id", "customer_id", "ordered_at", "cart_amount", "points_balance"]
    assert schema.metadata[b"note"] == b"demo data, scaled"
    assert schema.metadata[b"demo_rupees_per_dollar"] == b"40"
    assert schema.metadata[b"points_balance"] == b"balances as under the documented example"
    assert DEMO.stat().st_size < 5_000_000


def test_every_row_is_whole_and_in_order(orders: pd.DataFrame) -> None:
    assert not orders.isna().any(axis=None)
    assert orders["order_id"].is_unique
    assert (orders["cart"] > 0).all()
    assert (orders["points_balance"] >= 0).all()
    by_time = orders.sort_values(["ordered_at", "order_id"], ignore_index=True)
    assert orders["order_id"].equals(by_time["order_id"])


def test_polars_reads_the_same_rows(orders: pd.DataFrame) -> None:
    frame = pl.read_parquet(DEMO)
    assert frame["order_id"].to_list() == orders["order_id"].tolist()
    assert frame["cart_amount"].to_list() == orders["cart_amount"].tolist()
    assert frame["ordered_at"].to_list() == orders["ordered_at"].tolist()


def test_times_are_new_york_times_of_2017(orders: pd.DataFrame) -> None:
    there = orders["ordered_at"].dt.tz_convert("America/New_York")
    assert (there.dt.year == 2017).all()
    assert not ((there.dt.month == 12) & (there.dt.day == 25)).any()


def test_script_makes_the_file_again(script: ModuleType, tmp_path: Path) -> None:
    again = tmp_path / "again.parquet"
    script.build(again)
    assert pq.read_table(again).equals(pq.read_table(DEMO), check_metadata=True)
    # Another version of pyarrow may pack the same rows differently; the file names the one that wrote it.
    if pq.read_metadata(again).created_by == pq.read_metadata(DEMO).created_by:
        assert again.read_bytes() == DEMO.read_bytes()


def test_cart_is_what_the_customer_paid(orders: pd.DataFrame) -> None:
    # The source's lines of it: sales_value 1.25, 1.84 and 9.99; on the second a manufacturer's coupon of
    # 0.55, matched by the store with 0.45, which is off the 1.84 already. 40 × (13.08 - 0.55) dollars:
    cart = orders.set_index("order_id").loc["31268916556", "cart_amount"]
    assert cart == Decimal("501.20")


def test_replay_by_hand(script: ModuleType) -> None:
    rupees = [2000, 50, 150, 100, Decimal("159.99"), 30_000, 5000, Decimal("19.99")]
    customers = ["a", "b", "a", "a", "a", "c", "c", "b"]
    # a: earns 100; spends 50 (100 must be paid), earns 5; 100 leaves no room, earns 5; spends 59.
    # b: earns floor(2.5). c: earns 1500; may spend 1000 of them.
    balances = script.replay_balances(customers, [int(amount * 100) for amount in rupees])
    assert balances == [0, 0, 100, 55, 60, 0, 1500, 2]


def test_balances_conserve_points(orders: pd.DataFrame) -> None:
    after = orders["points_balance"] - orders["redeemed"] + orders["earned"]
    next_balance = orders.groupby("customer_id")["points_balance"].shift(-1)
    last = next_balance.isna()
    assert (next_balance[~last] == after[~last]).all()
    first = ~orders.duplicated("customer_id")
    assert (orders.loc[first, "points_balance"] == 0).all()
    sums = orders.groupby("customer_id")[["earned", "redeemed"]].sum()
    closing = after[last].set_axis(orders.loc[last, "customer_id"]).sort_index()
    assert (sums["earned"] - sums["redeemed"]).equals(closing.rename(None))
    assert (closing >= 0).all()


def undepleted_redeemed(orders: pd.DataFrame) -> pd.Series:
    earned_before = orders.groupby("customer_id")["earned"].cumsum() - orders["earned"]
    return redeemable(orders["cart"], earned_before)


def test_an_undepleted_balance_overstates_the_discount_about_tenfold(orders: pd.DataFrame) -> None:
    # Everyone's first idea is to let each order spend all that its customer has earned so far, forgetting
    # what earlier orders spent. Measured: 42.65 % of the carts against 4.63 %, 9.2 times as much.
    cart = orders["cart"].sum()
    depleted_rate = 100 * orders["redeemed"].sum() / cart
    undepleted_rate = 100 * undepleted_redeemed(orders).sum() / cart
    assert 9 < undepleted_rate / depleted_rate < 9.5
    # Every rupee off was first earned: Σ discount ≤ 5 % of (Σ cart - Σ discount), so 5/105 of Σ cart at most.
    assert depleted_rate <= 5 / 105 < undepleted_rate


def test_card_figures(baskets: pd.DataFrame, orders: pd.DataFrame, script: ModuleType) -> None:
    per_household = orders.groupby("customer_id").size()
    discount_rate = 10_000 * orders["redeemed"].sum() / orders["cart"].sum()
    undepleted_rate = 10_000 * undepleted_redeemed(orders).sum() / orders["cart"].sum()
    figures = {
        "till lines in the source": f"{len(script.get_data('transactions')['transactions']):,}",
        "baskets in the source": f"{len(baskets):,}",
        "baskets left out, nothing to pay": f"{(baskets['cents'] == 0).sum():,}",
        "baskets left out, coupons above the goods": f"{(baskets['cents'] < 0).sum():,}",
        "**orders**": f"**{len(orders):,}**",
        "**households**": f"**{orders['customer_id'].nunique():,}**",
        "first order": f"{orders['ordered_at'].min():%Y-%m-%d %H:%M:%S} UTC",
        "last order": f"{orders['ordered_at'].max():%Y-%m-%d %H:%M:%S} UTC",
        "mean cart": f"₹{orders['cart'].mean() / 100:,.2f}",
        "median cart": f"₹{orders['cart'].median() / 100:,.2f}",
        "smallest and largest cart": f"₹{orders['cart_amount'].min():,} and ₹{orders['cart_amount'].max():,}",
        "carts below ₹101, too small to redeem a point": f"{(orders['cart'] < 10_100).sum():,}",
        "orders a household, median": f"{per_household.median():.0f}",
        "orders a household, most": f"{per_household.max():,}",
        "orders that redeem": f"{100 * (orders['redeemed'] > 0).mean():.1f} %",
        "points earned": f"{orders['earned'].sum():,}",
        "points redeemed": f"{orders['redeemed'].sum():,}",
        "largest balance before an order": f"{orders['points_balance'].max():,}",
        "discount rate, Σ discount ÷ Σ cart": f"{discount_rate:.2f} %",
        "the same, if no balance were ever depleted": f"{undepleted_rate:.2f} %",
    }
    card = (DATA / "README.md").read_text(encoding="utf-8")
    section = card.split("## Figures")[1].split("##")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    assert rows[0] == ["figure", "value"]
    assert dict(rows[1:]) == figures
