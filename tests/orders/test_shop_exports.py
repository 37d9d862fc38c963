"""A shop's export goes in, and every row and every rupee of it comes out or is accounted for; no person does."""

from decimal import Decimal

import pandas as pd
import pytest
from exports import ADVANCED, EXPORT, PERSONAL, SHOPIFY, SUITE, line, order, write

import nector_sim as ns


@pytest.fixture
def key(tmp_path):
    return tmp_path / "keys" / "customer.key"


@pytest.fixture
def report(tmp_path, key):
    path = write(tmp_path / "orders_export.csv", EXPORT)
    return ns.inspect_orders(path, currency="INR", points_code="nector-*", key_file=key)


def test_every_row_is_accounted_for(report):
    assert report.rows == {"in_file": 20, "used": 8, "left_out": 8, "rejected": 3, "blank": 1}
    assert {kind: (left.orders, left.rows) for kind, left in report.left_out.items()} == {
        "no_customer": (1, 1),
        "other_currency": (1, 1),
        "pending": (1, 1),
        "repeated": (1, 3),
        "test": (1, 1),
        "voided": (1, 1),
    }
    assert report.rejects[["row", "order_id", "column"]].to_numpy().tolist() == [
        [13, "#1010", "Subtotal"],
        [14, "#1011", "Name"],
        [16, "#1013", "Subtotal"],
    ]


def test_every_rupee_is_accounted_for(report):
    money = {name: str(amount) for name, amount in report.money.items()}
    assert money == {
        "in_file": "8829.95",
        "used": "4987.95",
        "left_out": "2481.00",
        "rejected": "1361.00",
        "cart_amount": "4948.95",
        "discount_given": "200.00",
        "shipping": "239.00",
        "taxes": "0.00",
        "other": "0.00",
    }
    assert report.left_out["other_currency"].money == {"USD": Decimal("30.00")}
    assert report.left_out["repeated"].money == {"INR": Decimal("1550.00")}
    assert report.unreadable_totals == 0


def test_the_orders_are_what_the_export_says(report):
    orders = report.orders.set_index("order_id")
    assert orders.index.tolist() == ["#1001", "#1002", "#1003", "#1004", "#1005"]
    assert [str(amount) for amount in orders["cart_amount"]] == ["1500.00", "800.00", "1000.00", "999.95", "649.00"]
    assert [str(amount) for amount in orders["paid_amount"]] == ["1500.00", "800.00", "1000.00", "799.95", "649.00"]
    assert [str(amount) for amount in orders["discount_given"]] == ["0.00", "0.00", "0.00", "200.00", "0.00"]
    assert orders["payment_method"].tolist() == ["prepaid", "prepaid", "prepaid", "prepaid", "cod"]
    assert orders["ordered_at"].iloc[0] == pd.Timestamp("2026-05-01 04:45:00", tz="UTC")
    # Refunded whole: what its items cost, when it was cancelled. In part: 330 of 1100 is 30 % of 1000, a week later.
    assert [None if pd.isna(amount) else str(amount) for amount in orders["refunded_amount"]] == [
        None, "800.00", "300.00", None, None,
    ]  # fmt: skip
    assert orders.loc["#1002", "refunded_at"] == pd.Timestamp("2026-05-04 03:30:00", tz="UTC")
    assert orders.loc["#1003", "refunded_at"] == pd.Timestamp("2026-05-08 04:45:00", tz="UTC")
    # Asha's three orders are one customer's, by phone; Carl is known by e-mail address.
    assert len(set(orders.loc[["#1001", "#1003", "#1004"], "customer_id"])) == 1
    assert orders["customer_id"].nunique() == 3
    assert (report.known.by_phone, report.known.by_email) == (4, 1)
    assert report.known.conflicts == 0


def test_it_says_what_it_supposed(report):
    page = str(report)
    assert "Shopify orders export" in page
    assert "whose refunded_at is 7 days after the order: 1" in page
    assert "of the whole order: 1" in page
    for name in ("Subtotal", "Refunded Amount", "Discount Code"):
        assert name in page
    assert "₹8,829.95 in the file" in page
    assert "$30" in page
    assert "nector-sim score orders_export.csv" in page
    assert report.orders.attrs["currency"] == "INR"
    assert "Subtotal" in report.orders.attrs["cart_amount_is"]


def test_no_person_is_in_anything_that_is_written(tmp_path, report, key, capsys, caplog):
    path = tmp_path / "orders_export.csv"
    with pytest.raises(ns.OrdersError) as refused:
        ns.read_orders(path, currency="INR", key_file=key)
    report.orders.to_csv(tmp_path / "orders.csv")
    report.orders.to_parquet(tmp_path / "orders.parquet")
    report.rejects.to_csv(tmp_path / "rejects.csv")
    written = [
        str(report),
        repr(report),
        str(refused.value),
        refused.value.rejects.to_csv(),
        str(report.orders.attrs),
        (tmp_path / "orders.csv").read_text(encoding="utf-8"),
        (tmp_path / "orders.parquet").read_bytes().decode("latin-1"),
        (tmp_path / "rejects.csv").read_text(encoding="utf-8"),
        capsys.readouterr().out,
        caplog.text,
    ]
    for text in written:
        for secret in PERSONAL:
            assert secret not in text.lower()
    assert "(masked)" in written[-3]
    assert key.read_text().strip() not in "".join(written)


def test_several_currencies_must_be_chosen_between(tmp_path, key):
    path = write(tmp_path / "orders.csv", EXPORT)
    with pytest.raises(ns.InputError, match=r"INR \(\d+\), USD \(1\); choose one, such as currency='INR'"):
        ns.inspect_orders(path, key_file=key)
    in_dollars = ns.inspect_orders(path, currency="usd", key_file=key)
    assert in_dollars.orders["cart_amount"].tolist() == [Decimal("25.00")]
    assert in_dollars.timezone == "UTC"


def test_points_coupons_are_reported_with_their_total_where_nobody_named_them(tmp_path, key):
    path = write(tmp_path / "orders.csv", EXPORT)
    report = ns.inspect_orders(path, currency="INR", key_file=key)
    said = next(note for note in report.notes if "nector" in note)
    assert "on 1 of the orders" in said
    assert "₹200" in said
    assert "points_code='*nector*'" in said
    assert str(report.orders.set_index("order_id").loc["#1004", "cart_amount"]) == "799.95"


def test_a_points_coupon_beside_another_one_cannot_be_told_apart(tmp_path, key):
    both = order(
        "#1", "asha", "700.00", "0.00", "700.00", **{"Discount Code": "NECTOR-1, SUMMER", "Discount Amount": "300.00"}
    )
    report = ns.inspect_orders(write(tmp_path / "o.csv", [both]), points_code="NECTOR*", key_file=key)
    assert len(report.orders) == 0
    assert "cannot be told" in report.rejects["reason"][0]
    assert str(report.money["rejected"]) == "700.00"


def test_points_coupons_need_their_amounts(tmp_path, key):
    header = [name for name in SHOPIFY if name != "Discount Amount"]
    rows = [{name: text for name, text in EXPORT[0].items() if name in header}]
    with pytest.raises(ns.InputError, match="points_code needs the coupon codes and their amounts"):
        ns.inspect_orders(write(tmp_path / "o.csv", rows, header), points_code="N*", key_file=key)


def test_renamed_and_missing_columns_that_are_not_needed(tmp_path, key):
    header = ["Name", "Email", "Created at", "Subtotal", "Canceled at", "Colour"]
    row = {"Name": "#1", "Email": "a@b.in", "Created at": "2026-05-01 10:15:00 +0530", "Subtotal": "5.00"}
    path = write(tmp_path / "o.csv", [row], header)
    report = ns.inspect_orders(path, format="shopify", key_file=key)
    assert str(report.orders["cart_amount"][0]) == "5.00"
    assert report.columns["refunded_at"] == "Canceled at"
    assert any("unpaid and voided orders count too" in note for note in report.notes)


def test_an_order_that_stands_twice_with_different_amounts_is_refused(tmp_path, key):
    rows = [
        order("#1", "asha", "100", "0", "100"),
        order("#1", "asha", "200", "0", "200"),
        order("#2", "asha", "5", "0", "5"),
    ]
    report = ns.inspect_orders(write(tmp_path / "o.csv", rows), key_file=key)
    assert report.orders["order_id"].tolist() == ["#2"]
    assert "occurs more than once" in report.rejects["reason"][0]
    assert str(report.money["in_file"]) == "305.00"
    assert report.rows == {"in_file": 3, "used": 1, "left_out": 0, "rejected": 2, "blank": 0}


def test_line_costs_are_summed_by_quantity(tmp_path, key):
    header = [*SHOPIFY, "Lineitem cost"]
    rows = [
        order("#1", "asha", "100", "0", "100") | {"Lineitem cost": "20.50", "Lineitem quantity": "2"},
        line("#1", "asha") | {"Lineitem cost": "9.00"},
        order("#2", "asha", "100", "0", "100") | {"Lineitem cost": "20.50"},
        line("#2", "asha"),
    ]
    report = ns.inspect_orders(write(tmp_path / "o.csv", rows, header), key_file=key)
    assert str(report.orders["cost"][0]) == "50.00"
    assert pd.isna(report.orders["cost"][1])
    assert any("without a cost" in note for note in report.notes)


def test_an_unknown_status_is_refused_until_it_is_said_to_count(tmp_path, key):
    path = write(tmp_path / "o.csv", [order("#1", "asha", "100", "0", "100") | {"Financial Status": "settled"}])
    assert "keep_status" in ns.inspect_orders(path, key_file=key).rejects["reason"][0]
    assert len(ns.inspect_orders(path, keep_status=["Settled"], key_file=key).orders) == 1


def test_taxes_on_top_are_told_from_those_in_the_prices(tmp_path, key):
    rows = [
        order("#1", "asha", "100.00", "10.00", "130.00", Taxes="20.00"),
        order("#2", "asha", "100.00", "10.00", "110.00", Taxes="15.25"),
        order("#3", "asha", "100.00", "10.00", "113.00", Taxes="15.25"),
    ]
    money = ns.inspect_orders(write(tmp_path / "o.csv", rows), key_file=key).money
    assert (str(money["taxes"]), str(money["other"])) == ("20.00", "3.00")


def test_woocommerce_advanced_order_export(tmp_path, key):
    common = {
        "Order Status": "Completed",
        "Order Date": "2025-06-01 18:26",
        "Email (Billing)": "a@b.in",
        "Order Number": "36952",
    }
    money = {
        "Order Shipping Amount": "40",
        "Order Refund Amount": "0",
        "Order Total Amount": "526.00",
        "Order Subtotal Amount": "411.86",
    }
    rows = [
        common | money | {"Item #": "1", "Item Cost": "205.93", "Payment Method Title": "Cash on delivery"},
        common | money | {"Item #": "2", "Item Cost": "205.93", "Payment Method Title": "Cash on delivery"},
        common | money | {"Order Number": "36953", "Order Status": "Failed"},
        common | money | {"Order Number": "36954", "Order Status": "Refunded", "Order Refund Amount": "526.00"},
    ]
    report = ns.inspect_orders(write(tmp_path / "o.csv", rows, ADVANCED), key_file=key)
    assert report.format == "WooCommerce, Advanced Order Export (CSV)"
    # 526 less 40 of shipping: the items with their tax.
    assert [str(amount) for amount in report.orders["cart_amount"]] == ["486.00", "486.00"]
    assert report.orders["payment_method"].fillna("").tolist() == ["cod", ""]
    assert "cost" not in report.orders  # Item Cost is a price
    assert str(report.orders["refunded_amount"][1]) == "486.00"
    # Without a zone in the file: 18:26 in India.
    assert report.orders["ordered_at"][0] == pd.Timestamp("2025-06-01 12:56", tz="UTC")
    assert report.left_out["voided"].orders == 1
    assert report.rows == {"in_file": 4, "used": 3, "left_out": 1, "rejected": 0, "blank": 0}


def test_woocommerce_export_suite_with_its_coupons_one_by_one(tmp_path, key):
    row = {
        "order_id": "7", "order_number": "1007", "order_date": "2026-01-02 08:00:00", "status": "wc-completed",
        "shipping_total": "50.00", "shipping_tax_total": "9.00", "fee_total": "10.00", "fee_tax_total": "1.80",
        "discount_total": "150.00", "order_total": "1070.80", "order_currency": "INR", "payment_method": "cod",
        "billing_email": "a@b.in", "billing_phone": "9876543210",
        "coupon_items": "code:summer|amount:50.00;code:coins-77|amount:100.00",
    }  # fmt: skip
    report = ns.inspect_orders(write(tmp_path / "o.csv", [row], SUITE), points_code="coins-*", key_file=key)
    # 1070.80 less 50 + 9 of shipping and 10 + 1.80 of fees is 1000; of the discounts 100 was points.
    assert str(report.orders["cart_amount"][0]) == "1100.00"
    assert str(report.orders["discount_given"][0]) == "100.00"
    assert str(report.orders["paid_amount"][0]) == "1000.00"
    assert report.orders["payment_method"][0] == "cod"


def test_woocommerce_analytics_knows_no_customers(tmp_path, key):
    header = (
        "Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Coupon(s),Net Sales,"
        "Attribution"
    )
    path = tmp_path / "o.csv"
    path.write_text(
        f'{header}\n2026-01-02 08:00:00,55,"₹1,000.00",completed,Asha Rao,new,1× Kurta,1,,847.46,Direct\n',
        encoding="utf-8",
    )
    report = ns.inspect_orders(path, key_file=key)
    assert str(report.orders["cart_amount"][0]) == "847.46"
    assert "customer_id" not in report.orders
    assert any("customers are not told apart" in note for note in report.notes)
    assert not key.exists()
