"""Files that once were read wrongly without a word, or not at all: each kind in a few invented rows."""

import gzip
import io
import json
import zipfile
from decimal import Decimal

import pandas as pd
import pytest
import xlsxwriter

import nector_sim as ns

PROGRAM = ns.data_path("programs/gokwik-example.toml")
SHOPIFY = (
    "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Created at,"
    "Lineitem quantity,Lineitem price,Lineitem sku,Billing Phone,Cancelled at,Payment Method,Refunded Amount\n"
)


@pytest.fixture
def read(tmp_path):
    def read(content, name="orders.csv", encoding="utf-8", **how):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return ns.inspect_orders(path, key_file=tmp_path / "key", **how)

    return read


def carts(report):
    return dict(zip(report.orders["order_id"], map(str, report.orders["cart_amount"]), strict=True))


def said(report, words):
    return any(words in note for note in report.notes)


ITEMS = "order,when,sku,item,price\nS1,2026-04-05,TEE,I1,499\nS1,2026-04-05,TEE,I2,499\nS2,2026-04-06,CAP,I3,599\n"
COLUMNS = {"order_id": "order", "ordered_at": "when", "cart_amount": "price"}


def test_two_units_of_one_price_are_added_where_rows_are_lines_and_said_where_they_are_not(read):
    lines = read(ITEMS, mapping={"rows": "lines", "columns": COLUMNS})
    assert carts(lines) == {"S1": "998.00", "S2": "599.00"}
    assert lines.rows["used"] == 3
    every = read(ITEMS, mapping={"rows": "every", "columns": COLUMNS})
    assert carts(every)["S1"] == "499.00"
    assert said(every, "rows of one order differ in columns that were not read (item), on 1 of the orders")


@pytest.mark.parametrize("how", [{"mapping": {"columns": COLUMNS}}, {"mapping": {"columns": COLUMNS, "rows": "one"}}])
def test_where_rows_may_be_lines_or_repeat_their_order_somebody_must_say(read, how):
    report = read(ITEMS, **how)
    assert carts(report) == {"S2": "599.00"}
    assert "differ in item: if each row is an item or a payment" in report.rejects["reason"][0]
    assert carts(read(ITEMS, rows="lines", **how))["S1"] == "998.00"


def test_payments_of_one_order_are_added(read):
    text = "order_id,no,kind,value\nA1,1,credit_card,18.12\nA1,2,voucher,18.59\nA1,3,voucher,2.00\nA2,1,boleto,141.46\n"
    report = read(text, mapping={"currency": "BRL", "columns": {"order_id": "order_id", "cart_amount": "value"}})
    assert carts(report) == {"A1": "38.71", "A2": "141.46"}
    assert said(report, "these were added, as rows = 'lines' says")
    assert report.money["in_file"] == report.money["used"] == Decimal("180.17")


def test_lines_times_their_quantity_less_what_came_back(read):
    text = (
        "no,at,qty,price,state\nA,2026-04-01,2,10.50,sold\nA,2026-04-01,1,5,sold\nA,2026-04-09,-1,10.50,sold\n"
        "B,2026-04-02,1,7,sold\nB,2026-04-02,3,9,cancelled\nC,2026-04-03,-1,4,sold\n"
    )
    columns = {"order_id": "no", "ordered_at": "at", "line_quantity": "qty", "cart_amount": "price", "status": "state"}
    report = read(text, mapping={"rows": "lines", "columns": columns})
    assert carts(report) == {"A": "26.00", "B": "7.00"}
    assert str(report.orders["refunded_amount"][0]) == "10.50"
    assert report.orders["refunded_at"][0] == pd.Timestamp("2026-04-08 18:30", tz="UTC")
    assert {kind: (one.orders, one.rows) for kind, one in report.left_out.items()} == {
        "cancelled": (1, 1),
        "refund_alone": (1, 1),
    }
    assert report.rows == {"in_file": 6, "used": 4, "left_out": 2, "rejected": 0, "blank": 0}
    bad = read(text.replace("A,2026-04-01,1,5", "A,2026-04-01,x,5"), mapping={"rows": "lines", "columns": columns})
    assert "is no number of pieces" in bad.rejects["reason"][0]
    assert "(row 2)" in bad.rejects["reason"][0]


def test_names_of_columns_are_told_apart_in_every_script(read):
    text = "order id,पिनकोड,Discount %,Discount\n1,411001,10,90\n"
    with pytest.raises(ns.InputError, match="the column राशि is missing"):
        read(text, mapping={"columns": {"order_id": "order id", "cart_amount": "राशि"}})
    columns = {"order_id": "ORDER_ID", "cart_amount": "Discount"}
    assert carts(read(text, mapping={"columns": columns})) == {"1": "90.00"}
    text = (
        "受注番号,注文日時,商品合計,送料合計\n100-1,2026-05-01 10:15:00,3980,550\n100-2,2026-05-02 10:15:00,12000,0\n"
    )
    columns = {"order_id": "受注番号", "ordered_at": "注文日時", "cart_amount": "商品合計"}
    report = read(text, mapping={"currency": "JPY", "timezone": "Asia/Tokyo", "columns": columns})
    assert carts(report) == {"100-1": "3980", "100-2": "12000"}


def test_the_exact_name_comes_before_one_in_another_case(read):
    assert carts(read("order_id,Cart_Amount,cart_amount\n1,5,7\n")) == {"1": "7.00"}
    with pytest.raises(ns.InputError, match="the column Cart_Amount appears 2 times"):
        read("order_id,Cart_Amount,CART_AMOUNT\n1,5,7\n")


def test_the_currency_goes_with_the_orders_through_every_file(tmp_path, run):
    rows = SHOPIFY + "#1,a@example.com,paid,TRY,1199,106,0,1305,,0,2025-01-01 21:11:17 +0300,1,1199,B,,,Stripe,0\n"
    (tmp_path / "lira.csv").write_text(rows, encoding="utf-8")
    for ending in ("parquet", "csv"):
        out = tmp_path / f"orders.{ending}"
        code, _, err = run("check", tmp_path / "lira.csv", "--out", out, "--key-file", tmp_path / "key")
        assert (code, err) == (0, "")
        assert ns.read_orders(out).attrs["currency"] == "TRY"
        assert pd.read_parquet(out)["currency"].tolist() == ["TRY"] if ending == "parquet" else True
        earning = ns.data_path("programs/gokwik-example-with-earning.toml")
        for command in (
            ["score", out, "--program", PROGRAM, "--balances", "500", "--out", tmp_path / "s.csv"],
            ["replay", out, "--program", earning, "--out", tmp_path / "r"],
        ):
            code, text, err = run(*command)
            assert code != 0
            assert "TRY" in text + err
            assert "INR" in text + err


def test_signs_beside_amounts_say_the_currency(read):
    text = "order_id;cart_amount\n1;R$1.093,18\n2;1\u00a0234,50 €\n3;1 234,50\n4;116,99 €\n"
    report = read(text, numbers="1.234,50", currency="EUR")
    assert carts(report) == {"2": "1234.50", "3": "1234.50", "4": "116.99"}
    assert report.left_out["other_currency"].money == {"BRL": Decimal("1093.18")}
    assert said(report, "several currencies' signs: R$ on 1 row, € on 2 rows")
    assert carts(read(text, currency="BRL")) == {"1": "1093.18", "3": "1234.50"}
    with pytest.raises(ns.InputError, match=r"EUR \(2\), BRL \(1\); choose one"):
        read(text)
    assert read("order_id,cart_amount\n1,£5\n").currency == "GBP"
    assert read('order_id,cart_amount\n1,"₹ 1,234.50"\n').currency == "INR"
    with pytest.raises(ns.InputError, match=r"written with \$, which several currencies use"):
        read("order_id,cart_amount\n1,$5\n")
    assert read("order_id,cart_amount\n1,$5\n", currency="CAD").money["used"] == 5


COD = "Cash on Delivery (COD)"


def test_an_order_that_was_cancelled_and_never_paid_does_not_count_though_pending_ones_do(read):
    rows = (
        f"#1,,pending,INR,399,50,0,449,,0,2025-04-08 06:52:16 +0530,1,399,O,9000000001,,{COD},0\n"
        "#2,,pending,INR,399,50,0,449,,0,2025-04-08 08:10:31 +0530,1,399,O,9000000002,2025-04-08 14:40:09 "
        f"+0530,{COD},0\n"
        "#3,,paid,INR,399,0,0,399,,0,2025-04-08 08:15:31 +0530,1,399,O,9000000002,,Razorpay,0\n"
    )
    report = read(SHOPIFY + rows, keep_status=["pending"])
    assert list(carts(report)) == ["#1", "#3"]
    assert report.left_out["cancelled"].orders == 1
    assert report.left_out["cancelled"].money == {"INR": Decimal(449)}
    assert [tuple(one) for one in report.statuses] == [
        ("paid", "kept", 1),
        ("pending", "cancelled", 1),
        ("pending", "kept", 1),
    ]
    assert "Statuses" in str(report)


def test_a_status_that_is_mapped_counts_by_common_words_and_others_are_asked_for(read):
    text = "no,state,net\n1,Delivered,5\n2,CANCELLED,5\n3,On-Hold,5\n4,parked,5\n"
    mapping = {"columns": {"order_id": "no", "status": "state", "cart_amount": "net"}}
    report = read(text, mapping=mapping)
    assert list(carts(report)) == ["1"]
    assert {kind: one.orders for kind, one in report.left_out.items()} == {"cancelled": 1, "pending": 1}
    assert "is a status that is not known" in report.rejects["reason"][0]
    lists = {"keep": ["delivered", "parked"], "voided": ["on hold", "cancelled"]}
    assert list(carts(read(text, mapping=mapping | {"statuses": lists}))) == ["1", "4"]


def test_an_order_with_a_customer_id_has_a_customer(read):
    text = (
        "Order,When,Client no,State,Net\n1,2026-05-01,C-17,done,5\n2,2026-05-02,C-18,done,7\n3,2026-05-03,C-17,gone,9\n"
    )
    columns = {
        "order_id": "Order",
        "ordered_at": "When",
        "customer_id": "Client no",
        "status": "State",
        "cart_amount": "Net",
    }
    report = read(text, mapping={"keep_status": ["done"], "columns": columns})
    assert report.orders["customer_id"].tolist() == ["C-17", "C-18"]


def test_a_row_of_totals_is_no_order(read):
    head = "order_id,ordered_at,email,cart_amount\nA1,2026-05-01,a@example.com,1000\nA2,2026-05-02,b@example.com,500\n"
    for word in ("Total", "grand total:", "合計"):
        report = read(head + f"{word},,,1500\n")
        assert report.money["used"] == 1500
        assert report.left_out["total_row"].rows == 1
    for row in (",,,1500", ",,TOTAL,1500", "Sum,,Total:,1500"):
        assert read(head + row + "\n").left_out["total_row"].money == {"INR": Decimal(1500)}
    # A row without a number whose amount is not that of the others is one whose number is missing.
    assert read(head + ",,,1400\n").rejects["reason"].tolist() == ["order_id is missing"]
    # An order that is called so, with a time and a customer of its own, is one.
    assert len(read(head + "Total,2026-05-03,c@example.com,1500\n").orders) == 3


def test_words_for_cash_on_delivery_and_words_that_are_not_known(read):
    words = ["1", "gokwik_cod", "GoKwik PPCOD", "Cash", "COD", "0", "Razorpay", "Cash on Delivery (COD)", ""]
    rows = "".join(f"{at},5,{word}\n" for at, word in enumerate(words))
    report = read("order_id,cart_amount,payment_method\n" + rows)
    kinds = report.orders["payment_method"].fillna("").tolist()
    assert kinds == ["cod", "cod", "cod", "", "cod", "prepaid", "prepaid", "cod", ""]
    assert said(report, "so that payment_method is blank: 1, with the words Cash (1)")


def test_a_guest_is_a_customer_of_one_order(read):
    rows = "".join(f"#{at},,paid,INR,5,0,0,5,,0,2025-04-08 06:52:16 +0530,1,5,O,,,UPI,0\n" for at in (1, 2))
    report = read(SHOPIFY + rows)
    assert report.orders["customer_id"].tolist() == ["guest:#1", "guest:#2"]
    assert report.known.by_nothing == 2
    assert said(report, "each counted as a customer of its own, a guest: 2")


def test_a_name_is_never_a_customers_id_in_clear(read):
    text = (
        "no,at,who,total\n1,2025-06-02,Asha Rao,8\n2,2025-06-05,asha  rao,4\n3,2025-06-05,Bina,5\n4,2025-06-05,CS1,5\n"
    )
    report = read(
        text, mapping={"columns": {"order_id": "no", "ordered_at": "at", "customer_id": "who", "cart_amount": "total"}}
    )
    ids = report.orders["customer_id"].tolist()
    assert ids[0] == ids[1] != ids[2]
    assert ids[3] == "CS1"
    assert not [word for word in ("asha", "rao", "bina") if word in (report.orders.to_csv() + str(report)).lower()]


BOTH = "#1,a@example.com,paid,INR,700,0,0,700,{code},300,2025-04-08 06:52:16 +0530,1,1000,O,,,UPI,0\n"


@pytest.mark.parametrize(
    ("split", "points", "given"),
    [("points", "NECTOR-*", "300.00"), ("coupon", "NECTOR-*", "0.00"), ("code", "NECTOR-{amount}-*", "120.00")],
)
def test_a_points_code_beside_another_coupon_takes_what_is_stated(read, split, points, given):
    text = SHOPIFY + BOTH.format(code='"NECTOR-120-X7, SUMMER"')
    assert "points_split='points'" in read(text, points_code="NECTOR-*").rejects["reason"][0]
    report = read(text, points_code=points, points_split=split)
    assert str(report.orders["discount_given"][0]) == given
    assert report.orders["cart_amount"][0] == 700 + Decimal(given)
    with pytest.raises(ns.InputError, match="say where it is"):
        read(text, points_code="NECTOR-*", points_split="code")


def test_a_points_code_beside_another_coupon_takes_what_the_balances_or_the_code_say(read, tmp_path):
    order = BOTH.format(code='"NECTOR-120-X7, SUMMER"')
    text = SHOPIFY + order + order.replace("#1,", "#2,")
    ledger = tmp_path / "ledger.csv"
    ledger.write_text(  # order 1 took 150 points at ₹1, of which a row each for two lots
        "email,operation,points,order_id,fiat_value\na@example.com,cr,400,,\na@example.com,dr,100,1,100\n"
        "a@example.com,dr,50,1,50\n",
        encoding="utf-8",
    )
    by_both = read(text, points_code="NECTOR-{amount}-*", balances=ledger)
    assert [str(one) for one in by_both.orders["discount_given"]] == ["150.00", "120.00"]
    assert by_both.orders["points_balance"].tolist() == [250, 250]
    assert said(by_both, "points are what a row of the balances says of the order, else the amount in the points code")
    by_code = read(text, points_code="NECTOR-{amount}-*")
    assert [str(one) for one in by_code.orders["discount_given"]] == ["120.00", "120.00"]
    by_file = read(text, points_code="NECTOR-*", points_split="balances", balances=ledger)
    assert [str(one) for one in by_file.orders["discount_given"]] == ["150.00"]
    assert "'balances' (what a row of the balances" in by_file.rejects["reason"][0]
    with pytest.raises(ns.InputError, match="give it: balances="):
        read(text, points_code="NECTOR-*", points_split="balances")


def test_whether_shipping_is_part_of_the_cart_is_a_choice(read):
    text = SHOPIFY + "#1,a@example.com,paid,INR,700,50,0,750,,0,2025-04-08 06:52:16 +0530,1,700,O,,,UPI,0\n"
    report = read(text)
    assert carts(report) == {"#1": "700.00"}
    assert said(report, "shipping is not part of cart_amount: ₹50 in all")
    within = read(text, shipping="in")
    assert carts(within) == {"#1": "750.00"}
    assert str(within.orders["paid_amount"][0]) == "750.00"
    assert within.money["used"] == within.money["cart_amount"] == 750
    assert not said(read(text, shipping="out"), "shipping")


def test_orders_of_which_none_counts_are_an_error_that_says_why(tmp_path, run):
    path = tmp_path / "taka.csv"
    row = "#{},a@example.com,pending,BDT,1625,50,0,1675,,0,2026-01-24 17:34:28 +0600,1,1625,K,,,COD,0\n"
    path.write_text(SHOPIFY + row.format(1) + row.format(2), encoding="utf-8")
    key = ["--key-file", tmp_path / "key"]
    code, page, _ = run("check", path, *key)
    assert code == 1
    assert "BDT3,350 in the file" in page
    assert page.rstrip().endswith("--keep-status pending")
    code, page, _ = run("score", path, "--program", PROGRAM, "--balances", "500", "--out", tmp_path / "s.csv", *key)
    assert code == 1
    assert "2 read, 0 scored" in page
    assert "nothing was scored: 2 orders are all in BDT, the program is in INR" in page
    with pytest.raises(ns.InputError, match=r"2 not paid yet; to count those.*--keep-status pending"):
        ns.read_orders(path, key_file=tmp_path / "key")
    with pytest.raises(ns.InputError, match="2 orders are all in BDT, and INR was asked for"):
        ns.read_orders(path, currency="INR", key_file=tmp_path / "key")


def test_columns_that_look_like_ours_and_were_not_read_are_named(read):
    report = read(
        "order_id,order_date,customer,cart_amount,status\n1,2026-05-01,C1,500,paid\n2,2026-05-02,C2,7,cancelled\n"
    )
    assert said(report, "order_date (like ordered_at), customer (like customer_id), status (like status)")


def test_orders_without_numbers_get_them_and_it_is_said(read):
    report = read("customer_id,ordered_at,cart_amount\nCS1,2013-02-11,35\nCS1,2015-03-15,39\n")
    assert report.orders["order_id"].tolist() == ["row 1", "row 2"]
    assert said(report, "no column has the order's number")


def test_amounts_finer_than_money_are_rounded_where_somebody_says_how(read):
    text = "order_id,cart_amount\n1,14.6200\n2,957.5775\n3,0.005\n4,2.675\n"
    for numbers in (None, "1,234.50"):
        assert "say how to round: rounding='half_up'" in read(text, numbers=numbers).rejects["reason"][0]
        report = read(text, numbers=numbers, rounding="half_up")
        assert list(carts(report).values()) == ["14.62", "957.58", "0.01", "2.68"]


@pytest.mark.parametrize(
    ("texts", "note", "amounts"),
    [
        (["₹ 1,234.50", "12,34,567"], "can be read so alone", ["1234.50", "1234567.00"]),
        (["1.234,50", "5"], "amounts are read as 1.234,50", ["1234.50", "5.00"]),
        (["1,234", "5"], "a comma before three digits", ["1234.00", "5.00"]),
        (["12,5", "7"], "amounts are read as 1.234,50", ["12.50", "7.00"]),
    ],
)
def test_how_amounts_are_written_is_decided_from_all_of_them(read, texts, note, amounts):
    report = read("order_id;cart_amount\n" + "".join(f"{at};{text}\n" for at, text in enumerate(texts)))
    assert list(carts(report).values()) == amounts
    assert said(report, note)


def test_a_stated_way_of_writing_that_the_values_contradict_is_refused(read):
    with pytest.raises(ns.InputError, match=r"numbers='1,234.50' contradicts 1 amount.*write numbers='1.234,50'"):
        read("order_id;cart_amount\n1;1.234,50\n", numbers="1,234.50")
    with pytest.raises(ns.InputError, match=r"dates='mm/dd/yyyy' contradicts 1 date.*write dates='dd/mm/yyyy'"):
        read("order_id,ordered_at,cart_amount\n1,13/05/2026,5\n", dates="mm/dd/yyyy")


@pytest.mark.parametrize(
    ("texts", "utc", "note"),
    [
        (["13/05/26 1:05 PM", "01/05/26"], ["2026-05-13 13:05", "2026-05-01"], "dd/mm/yyyy"),
        (["05/13/2026", "05.01.2026 09:30"], ["2026-05-13", "2026-05-01 09:30"], "mm/dd/yyyy"),
        (["1 May 2026", "Fri, 01-May-26 10:15:30"], ["2026-05-01", "2026-05-01 10:15:30"], None),
        (["May 1, 2026 10:15:00 AM", "May-01-26"], ["2026-05-01 10:15", "2026-05-01"], None),
        (["2026/5/1 9:05", "2026-05-01 10:15:00 IST"], ["2026-05-01 09:05", "2026-05-01 04:45"], None),
        (["46143.4270833333", "46143"], ["2026-05-01 10:15", "2026-05-01"], "Excel's days"),
        (["1777630500", "1777630500000"], ["2026-05-01 10:15", "2026-05-01 10:15"], "since 1970"),
        (["20260501", "20260502"], ["2026-05-01", "2026-05-02"], "yyyymmdd"),
    ],
)
def test_how_dates_are_written_is_decided_from_all_of_them(read, texts, utc, note):
    rows = "".join(f'{at};"{text}";5\n' for at, text in enumerate(texts))
    report = read("order_id;ordered_at;cart_amount\n" + rows, timezone="UTC")
    assert report.orders["ordered_at"].tolist() == [pd.Timestamp(one, tz="UTC") for one in utc]
    assert note is None or said(report, note)


def test_a_date_and_its_time_in_two_columns(read):
    columns = {"order_id": "no", "ordered_at": ["Date", "Time"], "cart_amount": "net"}
    report = read(
        "no,Date,Time,net\n1,13/05/2026,1:05 PM,5\n2,01/05/2026,,5\n", mapping={"columns": columns}, timezone="UTC"
    )
    assert report.orders["ordered_at"].tolist() == [
        pd.Timestamp("2026-05-13 13:05", tz="UTC"),
        pd.Timestamp("2026-05-01", tz="UTC"),
    ]


PLAIN = "order_id,ordered_at,email,cart_amount\nA1,2026-05-01,a@example.com,1000\nA2,2026-05-02,b@example.com,500\n"


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text)
    return buffer.getvalue()


def test_packed_files_are_read_as_what_they_hold(read):
    assert carts(read(gzip.compress(PLAIN.encode()), "orders.csv.gz")) == {"A1": "1000.00", "A2": "500.00"}
    assert len(read(zipped(april=PLAIN), "orders.zip").orders) == 2
    two = read(zipped(april=PLAIN, may=PLAIN.replace("A1", "A3").replace("A2", "A4")), "orders.zip")
    assert list(carts(two)) == ["A1", "A2", "A3", "A4"]
    # What it holds decides, not its name.
    assert carts(read(PLAIN.encode(), "orders.csv.gz")) == {"A1": "1000.00", "A2": "500.00"}
    with pytest.raises(ns.InputError, match="damaged or unfinished gzip"):
        read(gzip.compress(PLAIN.encode())[:-9], "orders.csv.gz")


def test_several_files_are_one_shop(tmp_path, run):
    folder = tmp_path / "monthly"
    folder.mkdir()
    row = "#{},a@example.com,paid,INR,{},0,0,{},,0,2026-0{}-01 10:15:00 +0530,1,5,O,,,UPI,0\n"
    april = SHOPIFY + row.format(1, 500, 500, 4) + row.format(2, 501, 501, 4)
    (folder / "april.csv").write_text(april, encoding="utf-8")
    (folder / "may.csv").write_text(SHOPIFY + row.format(2, 501, 501, 4) + row.format(3, "x", 7, 5), encoding="utf-8")
    (folder / "notes.md").write_text("hello", encoding="utf-8")
    key = {"key_file": tmp_path / "key"}
    for source in (folder, str(folder / "*.csv"), [folder / "april.csv", folder / "may.csv"]):
        report = ns.inspect_orders(source, **key)
        assert carts(report) == {"#1": "500.00", "#2": "501.00"}
        assert report.left_out["repeated"].orders == 1
        assert report.rejects[["file", "row"]].to_numpy().tolist() == [["may.csv", 2]]
    assert said(ns.inspect_orders(folder, **key), "not read: notes.md")
    command = ["score", folder, "--program", PROGRAM, "--balances", "500", "--out", tmp_path / "s.csv"]
    code, page, _ = run(*command, "--key-file", tmp_path / "key")
    assert code == 1
    assert "2 scored" in page
    code, page, _ = run("check", folder / "april.csv", folder / "may.csv", "--key-file", tmp_path / "key")
    assert "2 files" in page
    # The same number for another order: of another shop, perhaps.
    (folder / "may.csv").write_text(SHOPIFY + row.format(2, 9, 9, 5), encoding="utf-8")
    report = ns.inspect_orders(folder, **key)
    assert "occurs in several files" in report.rejects["reason"][0]
    (folder / "customers.csv").write_text("name,city\nx,y\n", encoding="utf-8")
    with pytest.raises(ns.InputError, match=r"customers.csv has no column"):
        ns.inspect_orders(folder, **key)


def test_title_rows_above_the_header_are_found_and_said(read, tmp_path):
    report = read("My shop\nOrders of May,,\n\n" + PLAIN)
    assert list(carts(report)) == ["A1", "A2"]
    assert said(report, "found in row 4")
    assert list(carts(read("a,b,c,d\n" + PLAIN, header_row=2))) == ["A1", "A2"]
    path = tmp_path / "orders.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("May")
        for at, cells in enumerate([["My shop"], [], ["Orders of May"], *(line.split(",") for line in PLAIN.split())]):
            sheet.write_row(at, 0, cells)
        book.add_worksheet("Notes")
    report = ns.inspect_orders(path, key_file=tmp_path / "key")
    assert carts(report) == {"A1": "1000.00", "A2": "500.00"}
    assert said(report, "found in row 4")
    assert said(report, "not read: 'Notes'")


@pytest.mark.parametrize(
    ("encoding", "note"),
    [("cp1252", "Windows-1252"), ("cp932", "Shift-JIS"), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16")],
)
def test_encodings_are_found_by_evidence_and_said(read, encoding, note):
    text = "Número,Situação,Valor\n1,São João,5\n" if encoding == "cp1252" else "受注番号,備考,Valor\n1,商品合計,5\n"
    columns = {"order_id": text.partition(",")[0], "cart_amount": "Valor"}
    report = read(text.encode(encoding), mapping={"columns": columns})
    assert carts(report) == {"1": "5.00"}
    assert said(report, note)


def test_a_character_of_another_encoding_far_below_is_found_too(read):
    rows = "".join(f"{at},x,5\n" for at in range(200_000))
    report = read((f"order_id,note,cart_amount\n{rows}last,").encode() + "café,5\n".encode("cp1252"))
    assert len(report.orders) == 200_001
    assert said(report, "Windows-1252")
    with pytest.raises(ns.InputError, match="nor in ascii, as was said"):
        read(PLAIN + "é,,,1", mapping={"encoding": "ascii", "columns": {"cart_amount": "cart_amount"}})


def test_workbooks_that_are_none_are_named_for_what_they_are(read):
    xml = '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
    with pytest.raises(ns.InputError, match=r"is Excel XML \(Magento's second export.*choose CSV"):
        read(xml, "orders.xls")
    with pytest.raises(ns.InputError, match=r"is a web page with a table in it, as some shops save their .xls"):
        read("<html><body><table><tr><td>1</td></tr></table></body></html>", "orders.xls")


REST = {
    "id": 450789469, "name": "#1001", "created_at": "2026-05-01T10:15:00+05:30", "financial_status": "paid",
    "currency": "INR", "subtotal_price": "900.00", "total_price": "950.00", "total_discounts": "100.00",
    "email": "asha@example.com", "payment_gateway_names": ["gokwik_cod"],
    "discount_codes": [{"code": "NECTOR-1", "amount": "60.00"}, {"code": "SUMMER", "amount": "40.00"}],
    "line_items": [{"price": "700.00", "quantity": 1, "sku": "A"}, {"price": "300.00", "quantity": 1, "sku": "B"}],
    "refunds": [{"created_at": "2026-05-03T10:15:00+05:30", "transactions": [{"kind": "refund", "amount": "95.00"}]}],
}  # fmt: skip


def test_shopifys_api(read, run, tmp_path):
    for content in ({"orders": [REST]}, [REST]):
        report = read(json.dumps(content), "orders.json", points_code="NECTOR-*")
        assert carts(report) == {"#1001": "960.00"}
        assert str(report.orders["discount_given"][0]) == "60.00"
        assert report.orders["payment_method"][0] == "cod"
        # A tenth of 950 was given back: a tenth of the 900 of the items.
        assert str(report.orders["refunded_amount"][0]) == "90.00"
        assert report.orders["refunded_at"][0] == pd.Timestamp("2026-05-03 04:45", tz="UTC")
    code, page, _ = run("check", tmp_path / "orders.json", "--key-file", tmp_path / "key")
    assert code == 0
    assert "Shopify orders, REST API (JSON)" in page
    items, whole = ({"shopMoney": {"amount": amount, "currencyCode": "INR"}} for amount in ("900.0", "950.0"))
    order = {
        "id": "gid://shopify/Order/1", "name": "#1", "createdAt": "2026-05-01T04:45:00Z", "email": "asha@example.com",
        "displayFinancialStatus": "PAID", "subtotalPriceSet": items, "totalPriceSet": whole,
    }  # fmt: skip
    item = {"id": "gid://shopify/LineItem/1", "sku": "A", "quantity": 1, "__parentId": order["id"]}
    report = read("\n".join(map(json.dumps, (order, item))), "bulk.jsonl")
    assert carts(report) == {"#1": "900.00"}
    query = {"data": {"orders": {"edges": [{"node": order | {"lineItems": {"edges": [{"node": item}]}}}]}}}
    assert carts(read(json.dumps(query), "query.json")) == {"#1": "900.00"}


def test_woocommerces_api(read):
    order = {
        "id": 7, "number": "1007", "status": "completed", "currency": "INR", "date_created": "2026-01-02T08:00:00",
        "total": "1050.00", "shipping_total": "50.00", "shipping_tax": "0.00", "discount_total": "100.00",
        "payment_method": "cod", "billing": {"email": "a@example.com", "phone": "9876543210"},
        "coupon_lines": [{"id": 3, "code": "coins-9", "discount": "84.75", "discount_tax": "15.25"}],
        "line_items": [{"sku": "A", "total": "1000.00"}], "refunds": [{"id": 9, "total": "-105.00"}],
    }  # fmt: skip
    report = read(json.dumps([order]), "orders.json", points_code="coins-*")
    assert carts(report) == {"1007": "1100.00"}
    assert str(report.orders["discount_given"][0]) == "100.00"
    assert str(report.orders["refunded_amount"][0]) == "100.00"
    assert report.known.by_phone == 1


def test_json_of_anyone_takes_a_mapping(read):
    lines = '{"no": "1", "sum": {"net": 5.25}}\n{"no": "2", "sum": {"net": 7}}\n'
    report = read(lines, "orders.jsonl", mapping={"columns": {"order_id": "no", "cart_amount": "sum.net"}})
    assert carts(report) == {"1": "5.25", "2": "7.00"}
    with pytest.raises(ns.InputError, match="is no whole JSON"):
        read('[{"no": 1}', "orders.json")


def test_products_that_points_may_not_pay_or_that_earn_none(read):
    row = "#{},a@example.com,{},INR,{},0,0,{},,0,2025-04-08 06:52:16 +0530,{},{},{},,,UPI,0\n"
    blank = "#{},a@example.com,,,,,,,,,2025-04-08 06:52:16 +0530,{},{},{},,,,\n"
    text = SHOPIFY + row.format(1, "paid", 900, 900, 2, 300, "TEE") + blank.format(1, 1, 400, "GIFT-5")
    text += row.format(2, "paid", 100, 100, 1, 100, "TEE")
    report = read(text, not_redeemable=["gift-*"], not_earning=["TEE"])
    # The lines come to 1,000, of which 400 are gifts; 900 were paid, so that 40 % of 900 are not for points.
    assert [str(one) for one in report.orders["eligible_amount"]] == ["540.00", "100.00"]
    assert [str(one) for one in report.orders["earning_amount"]] == ["360.00", "0.00"]
    assert said(report, "products that points may not pay: 1 lines, ₹360 on 1 of the orders")
    with pytest.raises(ns.InputError, match="the file has no columns of SKUs"):
        read(PLAIN, not_redeemable=["x"])


@pytest.mark.parametrize(
    ("name", "day", "words"),
    [
        ("balances_2026-04-30.csv", "2026-04-30", "the balances are of 2026-04-30, as the file's name says"),
        ("coins 30.04.2026 final.csv", "2026-04-30", "as the file's name says"),
        ("coins-20260430.csv", "2026-04-30", "as the file's name says"),
        ("coins 03-04-2026.csv", None, "is 3 April 2026 or 4 March 2026, so they are taken as today's; state the day"),
        ("coins 31-02-2026.csv", None, "nothing says of which day the balances are"),
        ("coins.csv", None, "nothing says of which day the balances are"),
    ],
)
def test_the_day_of_balances_in_the_name_of_their_file(read, tmp_path, name, day, words):
    path = tmp_path / name
    path.write_text("email,points,expire_in_days\na@example.com,12,2\n", encoding="utf-8")
    report = read("order_id,email,cart_amount\n1,a@example.com,100\n", balances=path)
    assert said(report, words)
    assert day is None or report.orders.attrs["balances_at"] == day
    rows = ns.read_balances(path, key_file=tmp_path / "key")
    assert rows.attrs.get("as_of") == day
    assert ("expires_at" in rows) == (day is not None)  # two days after 30 April
    assert day is None or rows["expires_at"][0] == pd.Timestamp("2026-05-02", tz="UTC")
    assert ns.read_balances(path, as_of="2026-05-01").attrs["as_of_is"] == "as stated"


def test_replay_opens_with_any_table_of_balances(tmp_path, run):
    orders = tmp_path / "orders.csv"
    orders.write_text(
        "order_id,customer_id,ordered_at,cart_amount\n1,A,2026-05-02,500\n2,A,2026-05-03,500\n", encoding="utf-8"
    )
    path = tmp_path / "balances_2026-05-01.csv"
    path.write_text("Client no,Available Coins\nA,300\n", encoding="utf-8")
    code, page, _ = run("replay", orders, "--program", PROGRAM, "--opening", path, "--out", tmp_path / "out")
    assert code == 0
    assert "note: the balances are of 2026-05-01, as the file's name says, and are taken as those before" in page
    assert "points: opening 300," in page
    run("replay", orders, "-p", PROGRAM, "--opening", path, "--balances-at", "2026-05-01", "--out", tmp_path / "out")
    given = pd.read_parquet(tmp_path / "out" / "orders.parquet")
    assert given["points_redeemed"].sum() >= 300  # of the day before the first order: nothing to run back
    code, _, error = run("replay", orders, "-p", PROGRAM, "--balances-at", "2026-05-01", "--out", tmp_path / "out")
    assert code == 2
    assert "give that file too" in error


def test_balances_by_the_same_door(read, tmp_path, run):
    orders = "order_id,mobile,cart_amount\n1,+971 50 123 4567,100\n2,0501234568,100\n3,+91 98765 43210,100\n"
    path = tmp_path / "coins.csv"
    path.write_text(
        'Customer Name,Customer Mobile,Available Coins,Snapshot Date\nA,501234567,"1,250",2026-05-01\n'
        "B,00971501234568,40,2026-05-02\nC,+919876543210,7,2026-05-01\n",
        encoding="utf-8",
    )
    report = read(orders, currency="AED", balances=path)
    assert report.orders["points_balance"].tolist() == [1250, 40, 7]
    assert said(report, "the balances are of 2026-05-02")
    code, page, _ = run("check", path, "--currency", "AED", "--key-file", tmp_path / "key")
    assert code == 0
    assert "balances of 3 customers in 3 rows, 1,297 points in all" in page
    mapping = tmp_path / "balances.toml"
    mapping.write_text('[columns]\npoints = "Guthaben"\nphone = "Handy"\n', encoding="utf-8")
    path.write_text("Handy;Guthaben\n98765 43210;12\n", encoding="utf-8")
    assert ns.read_balances(path, mapping=mapping, key_file=tmp_path / "key")["points"].tolist() == [12]
