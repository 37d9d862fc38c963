"""Random tables and random bytes: a report whose accounts add up, or a message; never anything else."""

import csv
import gzip
import io
import json
import string
import zipfile

import pandas as pd
from exports import SHOPIFY, accounts_hold
from hypothesis import given, settings
from hypothesis import strategies as st

import nector_sim as ns
from tests.sizes import size

CELLS = st.one_of(
    st.sampled_from(
        [
            "", " ", "INR", "USD", "paid", "refunded", "pending", "#1", "#2", "2026-05-01 10:15:00 +0530",
            "2026-05-01", "01/05/2026", "100", "749.95", "₹ 1,234.50", "1.234,50", "-5", "1e5", "=1+1", "9" * 30, "NaN",
            "\x00", "\ufeff", "a@b.in", "'+91 98765 43210", "NECTOR-1",
            "code:x|amount:5", "9999-12-31", "0001-01-01 00:00", "२५०", '"', "\n",
        ]
    ),
    st.text(max_size=12),
    st.decimals(0, 10_000, places=2).map(str),
)  # fmt: skip
USED = [
    "Name", "Email", "Financial Status", "Currency", "Subtotal", "Shipping", "Taxes", "Total", "Discount Code",
    "Discount Amount", "Created at", "Cancelled at", "Payment Method", "Refunded Amount", "Tags", "Phone",
]  # fmt: skip
HOW = st.fixed_dictionaries(
    {},
    optional={
        "currency": st.sampled_from(["INR", "USD", "JPY", "XAU"]),
        "numbers": st.sampled_from(["1,234.50", "1.234,50"]),
        "dates": st.sampled_from(["dd/mm/yyyy", "mm/dd/yyyy"]),
        "points_code": st.sampled_from(["NECTOR*", "*", "("]),
        "keep_status": st.just(["settled"]),
        "balances": st.sampled_from([0, 500]),
    },
)


def read(source, how, key):
    try:
        report = ns.inspect_orders(source, key_file=key, **how)
    except ns.InputError:
        return
    accounts_hold(report)


@settings(max_examples=size(20, 60))
@given(
    data=st.binary(max_size=400), head=st.sampled_from([b"", b"order_id,cart_amount\n", b"\xef\xbb\xbfcart_amount;x\n"])
)
def test_random_bytes(tmp_path_factory, data, head):
    folder = tmp_path_factory.mktemp("fuzz")
    path = folder / "orders.csv"
    path.write_bytes(head + data)
    read(path, {}, folder / "key")


@settings(max_examples=size(50, 150))
@given(
    rows=st.lists(st.lists(CELLS, min_size=len(USED), max_size=len(USED)), min_size=1, max_size=6),
    how=HOW,
    separator=st.sampled_from(",;\t"),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_random_cells_in_a_shopify_export(tmp_path_factory, rows, how, separator, quoting):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, quoting=quoting)
    writer.writerow(USED)
    writer.writerows(rows)
    folder = tmp_path_factory.mktemp("fuzz")
    path = folder / "orders.csv"
    path.write_bytes(text.getvalue().encode("utf-8", "surrogatepass"))
    read(path, how, folder / "key")


@settings(max_examples=size(26, 80))
@given(
    columns=st.fixed_dictionaries(
        {
            "cart_amount": st.lists(
                st.one_of(CELLS, st.floats(), st.none(), st.integers(), st.booleans()), min_size=3, max_size=3
            )
        },
        optional={
            name: st.lists(st.one_of(CELLS, st.floats(), st.none(), st.datetimes()), min_size=3, max_size=3)
            for name in [
                "order_id",
                "customer_id",
                "ordered_at",
                "points_balance",
                "refunded_at",
                "refunded_amount",
                "redeems",
            ]
        },
    ),
    how=HOW,
)
def test_random_columns_in_memory(tmp_path_factory, columns, how):
    read(
        pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()}),
        how,
        tmp_path_factory.getbasetemp() / "key",
    )


WOOCOMMERCE = [
    ["Date", "Order #", "Net Sales", "Status", "Coupon(s)"],
    ["Order Number", "Order Status", "Order Date", "Email (Billing)", "Order Shipping Amount", "Order Refund Amount",
     "Order Total Amount", "Coupon Code", "Discount Amount", "Discount Amount Tax", "Cost of Goods"],
    ["order_number", "order_date", "status", "order_total", "shipping_total", "order_currency", "billing_email",
     "discount_total", "tax_total", "coupon_items", "refund_items"],
]  # fmt: skip
WOO_CELLS = st.one_of(
    st.sampled_from(
        ["7", "7", "8", "100", "-100", "-40.50", "completed", "refunded", "2026-05-01 10:15:00", "2026-05-02 10:15:00",
         "amount:5|reason:x|date:2026-05-03 10:15:00", "amount:x", "code:coin|amount:5|tax:1;code:y|amount:2", "coin"]
    ),
    CELLS,
)  # fmt: skip


@settings(max_examples=size(40, 120))
@given(data=st.data(), header=st.sampled_from(WOOCOMMERCE), how=HOW)
def test_random_cells_in_the_exports_of_woocommerce(tmp_path_factory, data, header, how):
    cells = st.lists(WOO_CELLS, min_size=len(header), max_size=len(header))
    rows = data.draw(st.lists(cells, min_size=1, max_size=8))
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    folder = tmp_path_factory.mktemp("fuzz")
    path = folder / "orders.csv"
    path.write_bytes(text.getvalue().encode("utf-8", "surrogatepass"))
    read(path, how, folder / "key")


MONEY = st.decimals(0, 1_000_000, places=2)
PLAIN_TEXT = st.text(string.ascii_letters + ' ,;"\n₹é', max_size=15)


@settings(max_examples=size(20, 60))
@given(
    orders=st.lists(st.tuples(MONEY, MONEY, st.integers(0, 3), PLAIN_TEXT), min_size=1, max_size=8),
    separator=st.sampled_from(",;\t|"),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_was_written_is_what_is_read(tmp_path_factory, orders, separator, line_end):
    text = io.StringIO()
    writer = csv.DictWriter(text, SHOPIFY, delimiter=separator, lineterminator=line_end)
    writer.writeheader()
    for number, (subtotal, shipping, lines, note) in enumerate(orders):
        writer.writerow(
            {
                "Name": f"#{number}", "Email": "a@b.in", "Financial Status": "paid", "Currency": "INR",
                "Subtotal": subtotal, "Shipping": shipping, "Total": subtotal + shipping,
                "Created at": "2026-05-01 10:15:00 +0530", "Notes": note, "Billing Street": note,
            }
        )  # fmt: skip
        for _ in range(lines):
            writer.writerow({"Name": f"#{number}", "Email": "a@b.in", "Lineitem name": note})
    folder = tmp_path_factory.mktemp("fuzz")
    path = folder / "orders.csv"
    path.write_bytes(text.getvalue().encode())
    report = ns.inspect_orders(path, key_file=folder / "key")
    assert report.orders["cart_amount"].tolist() == [subtotal for subtotal, *_ in orders]
    assert report.money["used"] == sum(subtotal + shipping for subtotal, shipping, *_ in orders)
    assert report.rows["used"] == len(orders) + sum(lines for _, _, lines, _ in orders)
    accounts_hold(report)


def zipped(data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("orders.csv", data)
    return buffer.getvalue()


TABLE = b"order_id,ordered_at,cart_amount\n1,2026-05-01,5\n"
CONTAINERS = {
    "orders.csv.gz": gzip.compress(TABLE), "orders.zip": zipped(TABLE),
    "orders.json": b'[{"order_id": "1", "cart_amount": "5"}]',
    "bulk.jsonl": b'{"id": "1", "cart_amount": "5"}\n{"id": "2", "cart_amount": "7"}\n',
    "utf16.csv": TABLE.decode().encode("utf-16"), "latin.csv": TABLE + "é,2026-05-01,5\n".encode("cp1252"),
}  # fmt: skip


@settings(max_examples=size(26, 80))
@given(
    name=st.sampled_from(sorted(CONTAINERS)), at=st.integers(0, 400), damage=st.binary(max_size=8), cut=st.booleans()
)
def test_damaged_containers(tmp_path_factory, name, at, damage, cut):
    data = CONTAINERS[name]
    at %= len(data) + 1
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / name).write_bytes(data[:at] + damage + (b"" if cut else data[at + len(damage) :]))
    read(folder / name, {}, folder / "key")
    try:
        ns.propose_mapping(folder / name)
    except ns.InputError:
        return


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8), CELLS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["orders", "name", "created_at", "subtotal_price", "financial_status", "currency", "line_items", "id",
                 "price", "discount_codes", "code", "amount", "refunds", "transactions", "edges", "node", "cart_amount"]
            ),
            inner,
            max_size=6,
        ),
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=size(26, 80))
@given(data=JSON, form=st.sampled_from(["plain", "orders", "lines"]))
def test_random_json(tmp_path_factory, data, form):
    order = {"order_id": "1", "cart_amount": "5", "more": data}
    texts = {"plain": data, "orders": {"orders": [order, data]}, "lines": order}
    text = json.dumps(texts[form]) + ("\n" + json.dumps(order) if form == "lines" else "")
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "orders.json").write_text(text, encoding="utf-8")
    read(folder / "orders.json", {}, folder / "key")


LINE_CELLS = st.one_of(
    st.sampled_from(["A", "B", "1", "-1", "2", "x", "", "499", "₹1,234.50", "1.234,50", "-5", "paid", "cancelled",
                     "2026-05-01", "13/05/2026", "Total", "COD", "Asha Rao", "C-1"]),
    CELLS,
)  # fmt: skip


@settings(max_examples=size(40, 120))
@given(
    rows=st.lists(st.lists(LINE_CELLS, min_size=6, max_size=6), min_size=1, max_size=7),
    how=st.fixed_dictionaries({}, optional={"rows": st.sampled_from(["one", "first", "every", "lines"])}),
    mapped=st.booleans(),
)
def test_random_lines(tmp_path_factory, rows, how, mapped):
    header = ["no", "at", "who", "state", "qty", "net"]
    columns = dict(
        zip(["order_id", "ordered_at", "customer_id", "status", "line_quantity", "cart_amount"], header, strict=True)
    )
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    folder = tmp_path_factory.mktemp("fuzz")
    path = folder / "orders.csv"
    path.write_bytes(text.getvalue().encode("utf-8", "surrogatepass"))
    read(path, {"mapping": {"columns": columns}, **how}, folder / "key")
    try:
        proposal = ns.propose_mapping(path)
    except ns.InputError:
        return
    if "cart_amount" in proposal.mapping["columns"]:
        read(path, {"mapping": proposal.mapping}, folder / "key")
