"""The demo web shop: what its card says holds, the script makes it again, and the export gives its orders back."""

import gzip
import importlib.util
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

import nector_sim as ns

DATA = Path(__file__).parents[2] / "data"
FOLDER = DATA / "web_shop"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_web_shop", DATA / "make_web_shop.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def shop(script):
    return script.make()


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    return ns.inspect_orders(
        FOLDER / "shopify_export.csv.gz",
        points_code="NECTOR-*",
        balances=FOLDER / "balances.csv",
        key_file=tmp_path_factory.mktemp("web-shop") / "key",
    )


def test_the_script_makes_the_files_again(script, shop, tmp_path):
    script.build(shop, tmp_path)
    for name in ("orders.parquet", "shopify_export.csv.gz", "balances.csv"):
        assert (tmp_path / name).stat().st_size < 2_500_000
        # Another version of a library may pack the same rows differently.
        if name == "orders.parquet":
            again, there = (pq.read_table(folder / name) for folder in (tmp_path, FOLDER))
            assert again.equals(there, check_metadata=True)
            if pq.read_metadata(tmp_path / name).created_by != pq.read_metadata(FOLDER / name).created_by:
                continue
        packed = name.endswith(".gz")
        first, second = ((folder / name).read_bytes() for folder in (tmp_path, FOLDER))
        assert (gzip.decompress(first) if packed else first) == (gzip.decompress(second) if packed else second)


def test_the_demo_orders_are_the_simulated_ones(shop):
    orders = ns.demo_orders("web shop")
    pd.testing.assert_frame_equal(shop.orders[orders.columns], orders, check_dtype=False)
    with pytest.raises(ns.InputError, match="there are those of 'grocery' and 'web shop'"):
        ns.demo_orders("webshop")


def test_its_export_gives_the_orders_back_to_the_paisa(read):
    assert len(read.rejects) == 0
    # Beside the orders of the demo, those of guests, each a customer of one order; the card says how many.
    guests = read.orders["customer_id"].str.startswith("guest:")
    assert guests.sum() == read.known.by_nothing == 469
    mine, theirs = ns.demo_orders("web shop").set_index("order_id"), read.orders[~guests].set_index("order_id")
    assert mine.index.tolist() == theirs.index.tolist()
    assert (mine["ordered_at"] == theirs["ordered_at"]).all()
    for name in ("cart_amount", "discount_given", "paid_amount", "refunded_amount"):
        paise = [frame[name].astype("float64").mul(100).round() for frame in (mine, theirs)]
        pd.testing.assert_series_equal(*paise, check_index=False)
    assert (mine["payment_method"] == theirs["payment_method"].astype(str)).all()
    # The same people, under other names.
    pairs = pd.DataFrame({"mine": mine["customer_id"], "theirs": theirs["customer_id"]}).drop_duplicates()
    assert pairs["mine"].is_unique
    assert pairs["theirs"].is_unique
    # An export has no date of a partial refund, and a reader takes 7 days for it; of a full one it has.
    full = mine["refunded_amount"] == mine["paid_amount"]
    assert (mine.loc[full, "refunded_at"] == theirs.loc[full, "refunded_at"]).all()
    assert (mine["refunded_at"].isna() == theirs["refunded_at"].isna()).all()


def test_its_balances_are_found(read, shop):
    known = shop.balances.set_index("customer_id")["points"].reindex(shop.orders["customer_id"].unique()).fillna(0)
    there = read.orders.drop_duplicates("customer_id")["points_balance"]
    assert int(known.sum()) == int(there.sum()) > 0
    ran = shop.replay(shop.program)
    assert shop.balances["points"].sum() == ran.balances["points_balance"].clip(lower=0).sum()


def test_card_figures(shop):
    orders, truth = ns.demo_orders("web shop"), shop.truth
    could, did = orders["points_balance"] >= 10, orders["discount_given"] > 0
    redeemers = orders.loc[did, "customer_id"].nunique() / orders.loc[could, "customer_id"].nunique()
    a_customer = orders.groupby("customer_id").size()
    totals = shop.replay(shop.program).totals.iloc[0]
    figures = {
        "**orders**": f"**{len(orders):,}**",
        "**customers**": f"**{len(a_customer):,}**",
        "first order": f"{orders['ordered_at'].min():%Y-%m-%d %H:%M:%S} UTC",
        "last order": f"{orders['ordered_at'].max():%Y-%m-%d %H:%M:%S} UTC",
        "orders placed, with guests and refused ones": f"{len(truth):,}",
        "of guests": f"{(truth['fate'] == 'guest').sum():,}",
        "refused at the door": f"{(truth['fate'] == 'refused').sum():,}",
        "cash on delivery, of orders placed": f"{(truth['payment_method'] == 'cod').mean():.1%}",
        "median cart": f"₹{orders['cart_amount'].median():,.2f}",
        "mean cart": f"₹{orders['cart_amount'].mean():,.2f}",
        "customers with one order": f"{(a_customer == 1).mean():.1%}",
        "orders a customer, most": f"{a_customer.max()}",
        "customers who redeemed, of those who could": f"{redeemers:.1%}",
        "orders that redeemed": f"{did.mean():.1%}",
        "refunded orders": f"{orders['refunded_at'].notna().mean():.1%}",
        "points earned": f"{totals['earned']:,.0f}",
        "points redeemed": f"{totals['redeemed']:,.0f}",
        "points expired": f"{totals['expired']:,.0f}",
        "discount by points": f"₹{orders['discount_given'].sum():,.0f}",
        "discount rate, Σ discount ÷ Σ cart": f"{orders['discount_given'].sum() / orders['cart_amount'].sum():.2%}",
    }
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    section = card.split("## Figures")[1].split("##")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    assert rows[0] == ["figure", "value"]
    assert dict(rows[1:]) == figures
    # As it was asked for: about 40,000 orders of 15,000 customers, median ₹1,200, 20 to 25 % redeemers.
    assert 38_000 < len(orders) < 42_000
    assert 14_000 < len(a_customer) < 16_000
    assert 0.2 < redeemers < 0.25


def test_the_demo_command_shows_it(run, tmp_path):
    code, output, _ = run("demo", "--shop", "web", "--out", tmp_path)
    assert code == 0
    assert "41,251 orders of 14,690 customers in 2023 and 2024 (demo data, simulated;" in output
    given = ns.demo_orders("web shop")["discount_given"]
    assert "Really redeemed: ₹3,90,090 on 3,977 orders" in output
    assert (round(given.sum()), int((given > 0).sum())) == (390_090, 3_977)
    assert (tmp_path / "demo.png").exists()
