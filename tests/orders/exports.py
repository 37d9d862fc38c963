"""Exports of orders as shops have them, written by hand, and what must hold of every report."""

import csv
import io


def names(header):
    return header.split(",")


SHOPIFY = names(
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,"
    "Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,"
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,"
    "Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,Payment ID,"
    "Payment Terms Name,Next Payment Due At,Payment References"
)

PEOPLE = {
    "asha": {"Email": "Asha.Rao@Example.com", "Phone": "'+91 98765 43210", "Billing Name": "Asha Rao"},
    "bina": {"Email": "bina@example.in", "Phone": "", "Billing Phone": "09812345678", "Billing Name": "Bina Shah"},
    "carl": {"Email": "carl@example.org", "Phone": "", "Billing Name": "Carl Thomas"},
    "nobody": {"Email": "", "Phone": ""},
}
#: What must be in nothing that is written.
PERSONAL = ["asha", "bina", "carl", "rao", "shah", "thomas", "98765", "43210", "98123", "45678", "example.", "mg road"]


def order(name, who, subtotal, shipping, total, **more):
    return {
        "Name": name,
        "Financial Status": "paid",
        "Currency": "INR",
        "Subtotal": subtotal,
        "Shipping": shipping,
        "Taxes": "0.00",
        "Total": total,
        "Created at": "2026-05-01 10:15:00 +0530",
        "Lineitem quantity": "1",
        "Billing Street": "12, MG Road",
        "Payment Method": "GoKwik UPI",
        "Refunded Amount": "0.00",
        "Discount Amount": "0.00",
        **PEOPLE[who],
        **more,
    }


def line(name, who, **more):
    return {"Name": name, "Email": PEOPLE[who]["Email"], "Lineitem quantity": "1", "Lineitem name": "Kurta", **more}


NOTE = 'Please call first.\nThen ring "twice", thanks\n'
FIRST = [
    order("#1001", "asha", "1500.00", "50.00", "1550.00", Taxes="71.43", Notes=NOTE),
    line("#1001", "asha"),
    line("#1001", "asha"),
]
EXPORT = [
    *FIRST,
    order("#1002", "bina", "800.00", "40.00", "840.00")
    | {"Financial Status": "refunded", "Refunded Amount": "840.00", "Cancelled at": "2026-05-04 09:00:00 +0530"},
    order("#1003", "asha", "1000.00", "100.00", "1100.00")
    | {"Financial Status": "partially_refunded", "Refunded Amount": "330.00"},
    line("#1003", "asha"),
    order("#1004", "asha", "799.95", "0.00", "799.95") | {"Discount Code": "NECTOR-7F3K", "Discount Amount": "200.00"},
    order("#1005", "carl", "649.00", "49.00", "698.00") | {"Payment Method": "Cash on Delivery (COD)"},
    order("#1006", "carl", "25.00", "5.00", "30.00", Currency="USD"),
    order("#1007", "bina", "500.00", "0.00", "500.00") | {"Financial Status": "pending"},
    order("#1008", "bina", "321.00", "0.00", "321.00") | {"Financial Status": "voided"},
    order("#1009", "asha", "11.00", "0.00", "11.00") | {"Payment Method": "(for testing) Bogus Gateway"},
    order("#1010", "asha", "12x4", "0.00", "1284.00"),
    line("#1011", "bina"),
    order("#1012", "nobody", "99.00", "0.00", "99.00"),
    order("#1013", "asha", "Asha.Rao@Example.com", "0.00", "77.00"),
    *FIRST,
    {},
]


def write(path, rows, header=SHOPIFY, **how):
    text = io.StringIO()
    writer = csv.DictWriter(text, header, **how)
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode())
    return path


ADVANCED = names(
    "Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Last Name (Billing),Email (Billing),"
    "Phone (Billing),Payment Method Title,Cart Discount Amount,Order Subtotal Amount,Shipping Method Title,"
    "Order Shipping Amount,Order Refund Amount,Order Total Amount,Order Total Tax Amount,SKU,Item #,Item Name,"
    "Quantity (- Refund),Item Cost,Coupon Code,Discount Amount,Discount Amount Tax"
)

SUITE = names(
    "order_id,order_number,order_date,paid_date,status,shipping_total,shipping_tax_total,fee_total,fee_tax_total,"
    "tax_total,cart_discount,order_discount,discount_total,order_total,order_subtotal,order_currency,payment_method,"
    "payment_method_title,customer_id,customer_email,billing_email,billing_phone,coupon_items"
)


def accounts_hold(report):
    rows, money = report.rows, report.money
    assert rows["in_file"] == rows["used"] + rows["left_out"] + rows["rejected"] + rows["blank"]
    assert money["in_file"] == money["used"] + money["left_out"] + money["rejected"]
    assert money["used"] == (
        money["cart_amount"] - money["discount_given"] + money["shipping"] + money["taxes"] + money["other"]
    )
    assert sum(report.orders["cart_amount"]) == money["cart_amount"]
    assert len(str(report)) < 20_000
    if "order_id" in report.orders:
        assert report.orders["order_id"].is_unique
