"""Exports that are known, each with an invented sample in `samples/` and what comes out of it, worked out by hand."""

import io
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.orders.balances import BalancesMapping
from nector_sim.orders.known_layouts import known_layouts
from nector_sim.orders.mapping import NAMES, Mapping
from nector_sim.rules.docs import field_docs

FOLDER = Path(__file__).parent / "samples"
#: By layout: the orders' cart amounts, what is left out by kind, and the first order's time in UTC.
SAMPLES = {
    "unicommerce": ({"SO1": "998.00"}, {"cancelled": 1}, "2026-04-05 04:45"),
    "amazon": ({"402-1": "1148.00"}, {"cancelled": 1}, "2026-04-05 04:45"),
    "flipkart": ({"OD1": "600.00"}, {"cancelled": 1}, "2026-04-05 04:45"),
    "meesho": ({"1234567": "500.00"}, {"cancelled": 1}, "2026-04-04 18:30"),
    "magento": ({"000000101": "1299.00"}, {"voided": 1}, "2026-04-05 04:45"),
    "zoho": ({"INV-1": "1000.00"}, {"voided": 1}, "2026-04-04 18:30"),
    "squarespace": ({"00001": "90.00"}, {"voided": 1}, "2026-04-05 14:15"),
    "tiendanube": ({"101": "900.00"}, {"pending": 1}, "2026-04-05 10:15"),
    "online-retail": ({"536365": "15.30"}, {"refund_alone": 1}, "2010-12-01 08:26"),
    "etsy": ({"9001": "68.00", "9002": "24.30"}, {}, "2026-09-03 00:00"),
    "ebay": ({"01-1": "30.00", "01-2": "20.00"}, {}, "2026-04-05 00:00"),
    "square": ({"T1": "1000.00"}, {"refund_alone": 1}, "2026-04-15 04:45"),
}
#: Samples of the others are in test_shop_exports.py and test_doors.py.
ELSEWHERE = {"shopify", "woocommerce", "plain"}


def test_every_layout_has_a_sample():
    assert set(known_layouts()) == {*SAMPLES, *ELSEWHERE}


@pytest.mark.parametrize("name", SAMPLES)
def test_an_export_is_recognised_and_read(tmp_path, name):
    carts, left_out, at = SAMPLES[name]
    path = FOLDER / f"{name}.csv"
    report = ns.inspect_orders(path, key_file=tmp_path / "key")
    (layout,) = known_layouts()[name]
    assert report.format.startswith(layout.name)
    assert report.rejects["reason"].tolist() == []
    assert {
        one: str(amount) for one, amount in zip(report.orders["order_id"], report.orders["cart_amount"], strict=True)
    } == carts
    assert {kind: one.orders for kind, one in report.left_out.items()} == left_out
    assert report.orders["ordered_at"][0] == pd.Timestamp(at, tz="UTC")
    assert (
        report.rows["in_file"]
        == report.rows["used"] + report.rows["left_out"]
        == sum(line.strip(",") != "" for line in path.read_text(encoding="utf-8").splitlines()) - 1
    )
    assert report.money["used"] == sum(map(Decimal, carts.values())) + report.money["shipping"] + report.money["other"]
    page = str(report) + report.orders.to_csv()
    assert not [word for word in ("Asha", "Rao", "Bina", "Shah", "asha", "98765") if word in page]
    assert ns.inspect_orders(path, format=name, key_file=tmp_path / "key").rows == report.rows


def test_a_layout_names_known_columns_alone():
    for group in known_layouts().values():
        for layout in group:
            assert {one.split(".")[0] for one in layout.columns} <= set(NAMES)
            assert set(layout.needed) <= set(layout.columns)
            assert {term for term, _ in layout.cart} <= set(layout.columns)


def test_a_refund_line_at_the_time_of_its_order(tmp_path):
    report = ns.inspect_orders(FOLDER / "online-retail.csv", key_file=tmp_path / "key")
    assert report.currency == "GBP"
    assert str(report.orders["refunded_amount"][0]) == "2.00"
    assert report.orders["refunded_at"][0] == report.orders["ordered_at"][0]
    assert any("dates are read as mm/dd/yyyy" in note for note in report.notes)


def test_cash_on_delivery_as_one_and_nought(tmp_path):
    path = tmp_path / "uni.csv"
    path.write_text(
        (FOLDER / "unicommerce.csv").read_text(encoding="utf-8").replace("CANCELLED", "DELIVERED"), encoding="utf-8"
    )
    assert ns.inspect_orders(path, key_file=tmp_path / "key").orders["payment_method"].tolist() == ["cod", "prepaid"]


PROPOSED = (
    "Bill No;Bill Date;Party Name;Mobile;Bill Status;Net Amount;Freight;Mode of Payment\n"
    "B1;13/05/2026;Asha Rao;98765 43210;Delivered;₹ 1,234.50;40;COD\n"
    "B2;01/05/2026;Bina Shah;98765 43211;Cancelled;500;0;UPI\n"
    "B3;02/05/2026;Carl Thomas;98765 43212;Parked;500;0;UPI\n"
)


def test_a_mapping_is_proposed_with_its_evidence_and_reads_the_file(tmp_path, run):
    path, mapping = tmp_path / "bills.csv", tmp_path / "columns.toml"
    path.write_text(PROPOSED, encoding="utf-8")
    proposal = ns.propose_mapping(path)
    assert proposal.mapping["columns"] == {
        "order_id": "Bill No", "ordered_at": "Bill Date", "phone": "Mobile",
        "status": "Bill Status", "payment_method": "Mode of Payment", "shipping": "Freight",
        "cart_amount": "Net Amount",
    }  # fmt: skip
    assert {name: proposal.mapping[name] for name in ("rows", "dates", "numbers", "currency")} == {
        "rows": "one", "dates": "dd/mm/yyyy", "numbers": "1,234.50", "currency": "INR",
    }  # fmt: skip
    assert proposal.mapping["statuses"] == {"keep": ["Delivered"], "cancelled": ["Cancelled"]}
    assert [question.key for question in proposal.questions] == ["status Parked"]
    assert "as 1 date can be read so alone" in proposal.evidence["dates"]
    page = str(proposal)
    for secret in ("Asha", "Shah", "Carl", "98765"):
        assert secret not in page + proposal.toml() + proposal.to_frame().to_csv()
    assert "100% dd/mm/yyyy, 67% mm/dd/yyyy" in page
    with pytest.raises(ns.InputError, match="write one of keep, refunded, pending, cancelled, voided"):
        proposal.answered({"status Parked": "perhaps"})
    answered = proposal.answered({"status Parked": "keep"})
    assert answered.questions == ()
    key = tmp_path / "key"
    report = ns.inspect_orders(path, mapping=answered.mapping, key_file=key)
    assert [str(amount) for amount in report.orders["cart_amount"]] == ["1234.50", "500.00"]
    mapping.write_text(answered.toml(), encoding="utf-8")
    again = ns.inspect_orders(path, mapping=mapping, key_file=key)
    assert again.money == report.money
    code, page, err = run("check", path, "--propose", "--out", mapping)
    assert (code, err) == (0, "")
    assert "# OPEN: what is the status Parked, on 1 row? (keep or refunded or pending or cancelled or voided)" in page
    code, page, _ = run("check", path, "--mapping", mapping, "--key-file", key)
    assert code == 1
    assert "1 Parked: not known, rejected" in page


@pytest.mark.parametrize(
    ("text", "mapping", "questions"),
    [
        # The subtotal is before the discount: 100 - 10 + 5 = 95.
        (
            "Order ID,Order Date,Subtotal,Discount,Shipping,Total\n1,2026-05-01,100,10,5,95\n2,2026-05-01,50,0,0,50\n",
            {"cart_amount": ["Subtotal", "-Discount"]},
            ["currency"],
        ),
        # It is after the discount: 90 + 5 = 95.
        (
            "Order ID,Order Date,Subtotal,Discount,Shipping,Total\n1,2026-05-01,90,10,5,95\n2,2026-05-01,50,0,0,50\n",
            {"cart_amount": "Subtotal"},
            ["currency"],
        ),
        ("Order ID,Date,Total,Shipping\n1,2026-05-01,95,5\n", {"cart_amount": ["Total", "-Shipping"]}, ["currency"]),
        ("Order ID,Date,Total\n1,01/05/2026,95\n", {"ordered_at": "Date"}, ["dates", "currency"]),
        ("Order ID,Date,Time,Net\n1,2026-05-01,10:15,9\n", {"ordered_at": ["Date", "Time"]}, ["currency"]),
        (
            "Order ID,Date,Subtotal (inc tax),Shipping Cost (inc tax),Order Total (inc tax)\n1,2026-05-01,9,1,1\n",
            {"cart_amount": "Subtotal (inc tax)", "shipping": "Shipping Cost (inc tax)"},
            ["currency"],
        ),
        (
            "Order ID,Order Date,Shipping Cost (inc tax),Order Total (inc tax)\n1,2026-05-01,1,10\n",
            {"cart_amount": ["Order Total (inc tax)", "-Shipping Cost (inc tax)"]},
            ["currency"],
        ),
        ("Konto,Date,Net\n1,2026-05-01,9\n", {"cart_amount": "Net"}, ["columns.order_id", "currency"]),
        # These names are those of many; none says that it is WooCommerce's.
        ("Order ID,Order Date,Order Total,Status\n1,2026-05-01,9,Paid\n", {"cart_amount": "Order Total"}, ["currency"]),
    ],
)
def test_what_a_table_leaves_open_is_asked(text, mapping, questions, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(text, encoding="utf-8")
    proposal = ns.propose_mapping(path)
    assert mapping.items() <= proposal.mapping["columns"].items()
    assert [question.key for question in proposal.questions] == questions


@pytest.mark.parametrize(
    ("prices", "rows"),
    [(("5", "7"), "lines"), (("5", "5"), None), (("5", ""), "first")],
    ids=["lines", "open", "first"],
)
def test_how_orders_lie_in_their_rows_is_proposed(tmp_path, prices, rows):
    path = tmp_path / "orders.csv"
    lines = "".join(f"1,2026-05-01,SKU{at},{price}\n2,2026-05-01,SKU{at},{price}\n" for at, price in enumerate(prices))
    path.write_text("Order ID,Order Date,SKU,Selling Price\n" + lines, encoding="utf-8")
    proposal = ns.propose_mapping(path)
    assert proposal.mapping.get("rows") == rows
    assert ("rows" in [question.key for question in proposal.questions]) == (rows is None)


def test_a_known_export_needs_no_mapping_and_balances_have_one(tmp_path):
    path = tmp_path / "export.csv"
    assert ns.propose_mapping(FOLDER / "etsy.csv").known_as == "Etsy sold orders"
    path.write_text("Customer Mobile,Available Coins\n9876543210,50\n", encoding="utf-8")
    proposal = ns.propose_mapping(path)
    assert proposal.known_as == "balances"
    assert proposal.mapping["columns"] == {"phone": "Customer Mobile", "points": "Available Coins"}
    assert ns.read_balances(path, mapping=proposal.mapping, key_file=tmp_path / "key")["points"].tolist() == [50]


def test_the_help_names_every_key_of_a_mapping(run):
    code, page, _ = run("check", "--help")
    assert code == 0
    assert not [name for name in Mapping.model_fields if name not in page]
    assert set(field_docs(Mapping)) == set(Mapping.model_fields)
    assert set(field_docs(BalancesMapping)) == set(BalancesMapping.model_fields)


def test_what_is_open_is_asked_at_a_terminal(tmp_path, run, monkeypatch):
    path, mapping = tmp_path / "bills.csv", tmp_path / "columns.toml"
    path.write_text(PROPOSED, encoding="utf-8")
    terminal = io.StringIO("perhaps\nkeep\n")
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stdin", terminal)
    code, page, err = run("check", path, "--propose", "--out", mapping)
    assert (code, err) == (0, "")
    assert "is no answer; write one of keep" in page
    assert 'keep = ["Delivered", "Parked"]' in mapping.read_text(encoding="utf-8")
