"""Shopify's export of orders: Orders, Export, CSV.

One row for each line item, the order's own fields on its first row alone. The names are those of the export as Shopify
documents it and as shops have it; two spellings are about (``Cancelled at``, ``Canceled at``).
"""

from __future__ import annotations

from nector_sim.orders.layouts import Layout

SHOPIFY = Layout(
    name="Shopify orders export",
    columns={
        "order_id": ("Name", "Order Name", "Order"),
        "ordered_at": ("Created at", "Order Date"),
        "items": ("Subtotal",),
        "total": ("Total",),
        "shipping": ("Shipping",),
        "taxes": ("Taxes",),
        "coupons": ("Discount Code",),
        "coupon_amount": ("Discount Amount",),
        "refunded": ("Refunded Amount",),
        "refunded_at": ("Cancelled at", "Canceled at"),
        "currency": ("Currency",),
        "status": ("Financial Status",),
        "payment_method": ("Payment Method",),
        "tags": ("Tags",),
        "email": ("Email",),
        "phone": ("Phone", "Billing Phone", "Shipping Phone"),
        "line_cost": ("Lineitem cost", "Lineitem cost per item", "Cost per item"),
        "line_price": ("Lineitem price",),
        "line_quantity": ("Lineitem quantity",),
    },
    signs=("order_id", "ordered_at", "items", "status"),
    needed=("order_id", "ordered_at", "items"),
    cart=(("items", 1),),
    cart_words="Subtotal: items after other coupons, without shipping, with taxes only where the prices include them",
    rows="first",
    keep=frozenset({"paid", "partially_paid", "refunded", "partially_refunded"}),
    leave_out={
        "pending": "pending",
        "authorized": "pending",
        "unpaid": "pending",
        "voided": "voided",
        "expired": "voided",
    },
)
