"""A shop's export goes in, and every row and every rupee of it comes out or is accounted for; no person does."""

import re
from decimal import Decimal

import pandas as pd
import pytest
from exports import ADVANCED, EXPORT, PERSONAL, SHOPIFY, SUITE, accounts_hold, line, order, write

import nector_sim as ns


@pytest.fixture
def key(tmp_path):
    return tmp_path / "keys" / "customer.key"


@pytest.fixture
def report(tmp_path, key):
    path = write(tmp_path / "orders_export.csv", EXPORT)
    return ns.inspect_orders(path, currency="INR", points_code="nector-*", key_file=key)


def test_every_row_is_accounted_for(report):
    assert report.rows == {"in_file": 20, "used": 9, "left_out": 7, "rejected": 3, "blank": 1}
    assert {kind: (left.orders, left.rows) for kind, left in report.left_out.items()} == {
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
        "used": "5086.95",
        "left_out": "2382.00",
        "rejected": "1361.00",
        "cart_amount": "5047.95",
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
    assert orders.index.tolist() == ["#1001", "#1002", "#1003", "#1004", "#1005", "#1012"]
    assert [str(amount) for amount in orders["cart_amount"]] == [
        "1500.00",
        "800.00",
        "1000.00",
        "999.95",
        "649.00",
        "99.00",
    ]
    assert [str(amount) for amount in orders["paid_amount"]] == [
        "1500.00",
        "800.00",
        "1000.00",
        "799.95",
        "649.00",
        "99.00",
    ]
    assert [str(amount) for amount in orders["discount_given"]] == ["0.00", "0.00", "0.00", "200.00", "0.00", "0.00"]
    assert orders["payment_method"].tolist() == ["prepaid", "prepaid", "prepaid", "prepaid", "cod", "prepaid"]
    assert orders["ordered_at"].iloc[0] == pd.Timestamp("2026-05-01 04:45:00", tz="UTC")
    # Refunded whole: what its items cost, when it was cancelled. In part: 330 of 1100 is 30 % of 1000, a week later.
    assert [None if pd.isna(amount) else str(amount) for amount in orders["refunded_amount"]] == [
        None, "800.00", "300.00", None, None, None,
    ]  # fmt: skip
    assert orders.loc["#1002", "refunded_at"] == pd.Timestamp("2026-05-04 03:30:00", tz="UTC")
    assert orders.loc["#1003", "refunded_at"] == pd.Timestamp("2026-05-08 04:45:00", tz="UTC")
    # Asha's three orders are one customer's, by phone; Carl is known by e-mail address; #1012 is a guest's.
    assert len(set(orders.loc[["#1001", "#1003", "#1004"], "customer_id"])) == 1
    assert orders["customer_id"].nunique() == 4
    assert (report.known.by_phone, report.known.by_email, report.known.by_nothing) == (4, 1, 1)
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
    assert re.search(r"nector-sim score \S*orders_export.csv --points-code 'nector-\*' --key-file \S+ --balances", page)
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


def test_points_that_also_paid_for_shipping_are_put_back_on_the_items_alone(tmp_path, key):
    points = {"Discount Code": "NECTOR-1", "Discount Amount": "200.00"}
    rows = [
        # The lines cost 2 x 300 + 350 = 950, and 800 is left of them: of the 200, 50 made the shipping free.
        order("#1", "asha", "800.00", "0.00", "800.00") | points
        | {"Lineitem quantity": "2", "Lineitem price": "300.00"},
        line("#1", "asha") | {"Lineitem price": "350.00"},
        # All of it came off the lines; beside it, 100 by a discount of the shop's own.
        order("#2", "asha", "700.00", "0.00", "700.00") | points | {"Lineitem price": "1000.00"},
        # Lines that cannot be read, or are worth less than the order, tell nothing.
        order("#3", "asha", "700.00", "0.00", "700.00") | points | {"Lineitem price": "?"},
        order("#4", "asha", "700.00", "0.00", "700.00") | points | {"Lineitem price": "1.00"},
    ]  # fmt: skip
    report = ns.inspect_orders(write(tmp_path / "o.csv", rows), points_code="nector*", key_file=key)
    assert [str(amount) for amount in report.orders["cart_amount"]] == ["950.00", "900.00", "900.00", "900.00"]
    assert [str(amount) for amount in report.orders["discount_given"]] == ["150.00", "200.00", "200.00", "200.00"]
    assert "of points discounts, what fell on shipping and is not put back: ₹50 on 1 of the orders" in report.notes
    accounts_hold(report)
    assert "line_price" not in ns.inspect_orders(tmp_path / "o.csv", key_file=key).columns


def test_an_order_paid_with_points_alone_is_none_worth_nothing(tmp_path, key):
    rows = [
        order("#1", "asha", "0.00", "0.00", "0.00") | {"Discount Code": "NECTOR-1", "Discount Amount": "200.00"},
        order("#2", "asha", "0.00", "0.00", "0.00"),
    ]
    report = ns.inspect_orders(write(tmp_path / "o.csv", rows), points_code="nector*", key_file=key)
    assert "orders worth 0, on which nothing can be redeemed: 1" in report.notes


@pytest.mark.parametrize(
    ("pattern", "codes"),
    [
        ("nector-*", ["NECTOR-1", "nector-"]),
        ("*coin*", ["my coins", "COIN"]),
        ("a*b*c", ["abc", "a.b.c", "aXbXbc"]),
        ("a.c", ["A.C"]),
        ("*", ["abc", "x"]),
        ("", []),
    ],
)
def test_patterns_of_codes(tmp_path, key, pattern, codes):
    others = ["abcd", "xabc", "a-c", "nectar-1", "ac"] if "*" not in (pattern, "") else []
    every = [*codes, *others]
    amounts = {"Discount Amount": "2.00"}
    rows = [order(f"#{at}", "asha", "5", "0", "5") | amounts | {"Discount Code": code} for at, code in enumerate(every)]
    if not rows:
        rows = [order("#1", "asha", "5", "0", "5") | amounts | {"Discount Code": "x"}]
    given = ns.read_orders(write(tmp_path / "o.csv", rows), points_code=pattern, key_file=key)["discount_given"]
    assert [int(one) for one in given] == [2] * len(codes) + [0] * (len(rows) - len(codes))


def test_a_long_code_hangs_nothing(tmp_path, key):
    rows = [order("#1", "asha", "5", "0", "5") | {"Discount Code": "ab" * 100_000, "Discount Amount": "2.00"}]
    orders = ns.read_orders(write(tmp_path / "o.csv", rows), points_code="*a*b*a*b*a*c*", key_file=key)
    assert [int(one) for one in orders["discount_given"]] == [0]


def test_a_pattern_that_fits_no_code_still_shows_those_that_look_like_points(tmp_path, key):
    rows = [order("#1", "asha", "5.00", "0.00", "5.00") | {"Discount Code": "NECTOR-1", "Discount Amount": "2.00"}]
    report = ns.inspect_orders(write(tmp_path / "o.csv", rows), points_code="coins-*", key_file=key)
    assert any("₹0 on 0 of the orders" in note for note in report.notes)
    assert any("points_code='*nector*'" in note for note in report.notes)


@pytest.mark.parametrize(
    ("status", "amount", "says", "refunded"),
    [
        ("partially_refunded", "", "orders whose status says refunded, while the amount is 0 or not said", None),
        ("partially_refunded", "0.00", "orders whose status says refunded, while the amount is 0 or not said", None),
        ("refunded", "0.00", "orders whose status says refunded, while the amount is 0 or not said", None),
        ("refunded", "", "refunds without a date", "800.00"),
        ("refunded", "900.00", "refunds of more than the order, taken as the whole of it", "800.00"),
        # Of 850, 85 is a tenth: 80 of the items and 5 of the shipping.
        ("partially_refunded", "85.00", "partial refunds", "80.00"),
        ("paid", "0.00", None, None),
    ],
)
def test_what_is_not_said_of_a_refund_is_said(tmp_path, key, status, amount, says, refunded):
    row = order("#1", "asha", "800.00", "50.00", "850.00") | {"Financial Status": status, "Refunded Amount": amount}
    report = ns.inspect_orders(write(tmp_path / "o.csv", [row]), key_file=key)
    got = report.orders["refunded_amount"][0]
    assert (None if pd.isna(got) else str(got)) == refunded
    assert report.orders["refunded_at"].notna()[0] == (refunded is not None)
    assert any(note.startswith(says) for note in report.notes) if says else not any("refund" in n for n in report.notes)


def test_cash_on_delivery_that_waits_for_its_money_is_said(tmp_path, key):
    cash = {"Financial Status": "pending", "Payment Method": "Cash on Delivery (COD)"}
    rows = [
        order("#1", "asha", "100", "0", "100") | cash,
        order("#2", "asha", "100", "0", "100") | cash | {"Payment Method": "UPI"},
        order("#3", "asha", "100", "0", "100"),
    ]
    report = ns.inspect_orders(write(tmp_path / "o.csv", rows), key_file=key)
    assert report.left_out["pending"].orders == 2
    assert any("that are cash on delivery: 1;" in note and "--keep-status pending" in note for note in report.notes)
    for kept in (["pending"], "Pending"):
        report = ns.inspect_orders(tmp_path / "o.csv", keep_status=kept, key_file=key)
        assert report.orders["payment_method"].tolist() == ["cod", "prepaid", "prepaid"]
        assert not any("cash on delivery" in note for note in report.notes)


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
    assert report.columns["cancelled_at"] == "Canceled at"
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


def test_a_blank_status_is_refused(tmp_path, key):
    path = write(tmp_path / "o.csv", [order("#1", "asha", "100", "0", "100") | {"Financial Status": ""}])
    report = ns.inspect_orders(path, key_file=key)
    assert "is blank, so that nobody can tell whether the order was paid" in report.rejects["reason"][0]


def test_the_text_of_a_time_is_shown_in_the_rejects(tmp_path, key):
    path = write(tmp_path / "o.csv", [order("#1", "asha", "9", "0", "9") | {"Created at": "2099-05-01 10:15:00 +0530"}])
    assert ns.inspect_orders(path, key_file=key).rejects["value"].tolist() == ["2099-05-01 10:15:00 +0530"]


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


def test_woocommerce_advanced_order_export_has_coupons_one_a_row_beside_the_items(tmp_path, key):
    common = {
        "Order Number": "7", "Order Status": "Completed", "Order Date": "2025-06-01 18:26", "Email (Billing)": "a@b.in",
        "Order Shipping Amount": "40", "Order Refund Amount": "0", "Order Total Amount": "526.00",
        "Cart Discount Amount": "127.12",
    }  # fmt: skip
    rows = [
        common | {"Item #": "1", "Coupon Code": "summer", "Discount Amount": "42.37", "Discount Amount Tax": "7.63"},
        common | {"Item #": "2", "Coupon Code": "coins-9", "Discount Amount": "84.75", "Discount Amount Tax": "15.25"},
        common | {"Item #": "3"},
    ]
    path = write(tmp_path / "o.csv", rows, ADVANCED)
    report = ns.inspect_orders(path, points_code="coins-*", key_file=key)
    assert report.rows == {"in_file": 3, "used": 3, "left_out": 0, "rejected": 0, "blank": 0}
    # 526 less 40 of shipping is 486 for the items; the points took off 84.75 and 15.25 of tax.
    assert str(report.orders["paid_amount"][0]) == "486.00"
    assert str(report.orders["discount_given"][0]) == "100.00"
    assert str(report.orders["cart_amount"][0]) == "586.00"
    assert any("“coin”" in note for note in ns.inspect_orders(path, key_file=key).notes)
    accounts_hold(report)
    # Without their own amounts, which coupon took off how much cannot be told.
    header = [name for name in ADVANCED if not name.startswith("Discount Amount")]
    path = write(tmp_path / "p.csv", rows, header, extrasaction="ignore")
    report = ns.inspect_orders(path, points_code="coins-*", key_file=key)
    assert "cannot be told" in report.rejects["reason"][0]
    assert len(ns.read_orders(path, key_file=key)) == 1


def test_woocommerce_export_suite_lists_refunds_with_their_dates(tmp_path, key):
    row = {
        "order_id": "7", "order_number": "1007", "order_date": "2026-01-02 08:00:00", "status": "completed",
        "shipping_total": "100.00", "order_total": "1100.00", "order_currency": "INR", "billing_email": "a@b.in",
    }  # fmt: skip
    refunds = [
        "",
        "amount:110.00|reason:too small|date:2026-01-05 10:00:00",
        "amount:100|reason:a|date:2026-01-05 10:00:00;amount:10.00|reason:b|date:2026-01-07 10:00:00",
        "id:9|date:2026-01-05 10:00:00|amount:1100.00|reason:all",
        "amount:x|reason:|date:2026-01-05 10:00:00",
    ]
    rows = [row | {"order_number": str(number), "refund_items": text} for number, text in enumerate(refunds)]
    report = ns.inspect_orders(write(tmp_path / "o.csv", rows, [*SUITE, "refund_items"]), key_file=key)
    orders = report.orders
    # A tenth of 1100 is a tenth of the 1000 for the items.
    assert [None if pd.isna(one) else str(one) for one in orders["refunded_amount"]] == [
        None,
        "100.00",
        "100.00",
        "1000.00",
    ]
    days = ["2026-01-05 04:30", "2026-01-07 04:30", "2026-01-05 04:30"]
    assert orders["refunded_at"].tolist() == [pd.NaT, *(pd.Timestamp(day, tz="UTC") for day in days)]
    assert report.rejects[["row", "value"]].to_numpy().tolist() == [[5, "…"]]


def test_points_of_an_amount_that_cannot_be_read_are_refused(tmp_path, key):
    row = {
        "order_id": "7", "order_number": "1007", "order_date": "2026-01-02 08:00:00", "status": "completed",
        "order_total": "486.00", "order_currency": "INR", "billing_email": "a@b.in",
    }  # fmt: skip
    texts = ["code:coins-9|amount:x", "code:other|amount:x;code:coins-9|amount:5", "code:coins-9|amount:1,5"]
    rows = [row | {"order_number": str(at), "coupon_items": text} for at, text in enumerate(texts)]
    report = ns.inspect_orders(write(tmp_path / "o.csv", rows, SUITE), points_code="coins-*", key_file=key)
    assert report.orders["order_id"].tolist() == ["1"]
    assert str(report.orders["discount_given"][0]) == "5.00"
    assert report.problems == {"coupon_items has a points coupon whose amount cannot be read": 2}
    accounts_hold(report)


def test_points_without_their_tax_are_said(tmp_path, key):
    row = {
        "order_id": "7", "order_number": "1007", "order_date": "2026-01-02 08:00:00", "status": "completed",
        "order_total": "486.00", "tax_total": "74.14", "order_currency": "INR", "billing_email": "a@b.in",
        "coupon_items": "code:coins-9|amount:84.75",
    }  # fmt: skip
    report = ns.inspect_orders(write(tmp_path / "o.csv", [row], SUITE), points_code="coins-*", key_file=key)
    assert any(note.startswith("points put back without their tax") for note in report.notes)


def test_woocommerce_analytics_has_refunds_as_rows_of_their_own(tmp_path, key):
    path = tmp_path / "o.csv"
    path.write_text(
        "Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Coupon(s),Net Sales\n"
        "2026-01-02 08:00:00,55,x,completed,Asha Rao,new,1× Kurta,1,,800.00\n"
        "2026-01-09 08:00:00,55,x,completed,Asha Rao,new,,-1,,-100.00\n"
        "2026-01-12 08:00:00,55,x,completed,Asha Rao,new,,-1,,-50.50\n"
        "2026-01-03 08:00:00,56,x,refunded,Bina Shah,new,1× Kurta,1,,300.00\n"
        "2026-01-04 08:00:00,56,x,refunded,Bina Shah,new,,-1,,-300.00\n"
        "2026-01-04 08:00:00,12,x,completed,Bina Shah,new,,-1,,-7.00\n"
        "2026-01-04 08:00:00,57,x,completed,Carl,new,1× Kurta,1,,10.00\n",
        encoding="utf-8",
    )
    report = ns.inspect_orders(path, key_file=key)
    orders = report.orders.set_index("order_id")
    assert [str(amount) for amount in orders["cart_amount"]] == ["800.00", "300.00", "10.00"]
    refunded = [None if pd.isna(amount) else str(amount) for amount in orders["refunded_amount"]]
    assert refunded == ["150.50", "300.00", None]
    days = ["2026-01-12 02:30", "2026-01-04 02:30"]
    assert orders["refunded_at"].tolist() == [*(pd.Timestamp(day, tz="UTC") for day in days), pd.NaT]
    assert report.rows == {"in_file": 7, "used": 6, "left_out": 0, "rejected": 1, "blank": 0}
    assert report.rejects[["row", "order_id"]].to_numpy().tolist() == [[6, "12"]]
    assert "the order itself is not in the file" in report.rejects["reason"][0]
    assert str(report.money["in_file"]) == "1110.00"
    assert "rao" not in str(report).lower()


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
