"""Ten files as shops really have them, made here: each with the orders that count, by hand."""

import gzip

#: Name, and how many orders of it count.
EXPECTED = {
    "woocommerce.csv": 3, "semicolons.csv": 3, "latin1.csv": 3, "title rows.xlsx": 3, "shopify.csv.gz": 2,
    "total row.csv": 3, "day first.csv": 3, "rupees.tsv": 3, "items.csv": 2, "bad rows.csv": 3,
}  # fmt: skip


def write(folder):
    """Write them, and give their paths."""
    import openpyxl

    texts = {
        # An order that is on hold and one that was cancelled do not count.
        "woocommerce.csv": "order_number,order_date,status,order_total,shipping_total,order_currency,billing_email\n"
        "1,2026-01-05 10:00:00,completed,1100,100,INR,a@example.com\n"
        "2,2026-01-09 10:00:00,processing,500,0,INR,b@example.com\n"
        "3,2026-02-11 10:00:00,completed,700,0,INR,a@example.com\n"
        "4,2026-02-12 10:00:00,on-hold,900,0,INR,a@example.com\n"
        "5,2026-02-12 10:00:00,cancelled,900,0,INR,a@example.com\n",
        "semicolons.csv": "Order ID;Order Date;Customer;Order Total\n1;2026-01-05;c1;1.093,18\n2;2026-02-06;c2;250,00\n"
        "3;2026-02-20;c1;80,50\n",
        "latin1.csv": "Order ID,Order Date,Customer,Order Total,Città\n1,2026-01-05,c1,500,Forlì\n"
        "2,2026-02-06,c2,250,Cantù\n3,2026-02-20,c1,80,Città di Castello\n",
        # The row of totals is no order.
        "total row.csv": "Order ID,Order Date,Customer,Order Total\n1,2026-01-05,c1,500\n2,2026-02-06,c2,250\n"
        "3,2026-02-20,c1,80\nTotal,,,830\n",
        "day first.csv": "Bill No,Bill Date,Member,Amount\n1,13/01/2026,c1,500\n2,06/02/2026,c2,250\n"
        "3,20/02/2026,c1,80\n",
        "rupees.tsv": "Order ID\tOrder Date\tCustomer\tOrder Total\n1\t2026-01-05\tc1\t₹1,00,000.00\n"
        "2\t2026-02-06\tc2\t₹250.00\n3\t2026-02-20\tc1\t₹80.50\n",
        # Two items of the first order.
        "items.csv": "Order ID,Order Date,Customer,Item,Line Total\n1,2026-01-05,c1,Soap,300\n1,2026-01-05,c1,Oil,200\n"
        "2,2026-02-06,c2,Tea,250\n",
        "bad rows.csv": "Order ID,Order Date,Customer,Order Total\n1,2026-01-05,c1,500\n2,2026-02-06,c2,250\n"
        "3,2026-02-20,c1,80\n4,2026-02-21,c1,abc\n5,2026-02-22,c1,-5\n6,2099-02-22,c1,5\n",
    }  # fmt: skip
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode("cp1252" if name == "latin1.csv" else "utf-8"))
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["Sales of the shop"], [], ["From", "1 Jan 2026"], ["Order ID", "Order Date", "Customer", "Order Total"],
        [1, "2026-01-05", "c1", 500], [2, "2026-02-06", "c2", 250], [3, "2026-02-20", "c1", 80],
    ):  # fmt: skip
        sheet.append(row)
    book.save(folder / "title rows.xlsx")
    # The second order is not paid.
    shopify = (
        "Name,Email,Financial Status,Paid at,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,"
        "Created at,Lineitem quantity,Lineitem name,Lineitem price\n"
        "#1,a@example.com,paid,2026-01-05 10:00:00 +0530,INR,500,0,0,500,,0,2026-01-05 10:00:00 +0530,1,Soap,500\n"
        "#2,b@example.com,pending,,INR,700,0,0,700,,0,2026-01-09 10:00:00 +0530,1,Oil,700\n"
        "#3,a@example.com,paid,2026-02-05 10:00:00 +0530,INR,300,0,0,300,,0,2026-02-05 10:00:00 +0530,1,Tea,300\n"
    )
    (folder / "shopify.csv.gz").write_bytes(gzip.compress(shopify.encode()))
    return [folder / name for name in EXPECTED]
