"""WooCommerce's exports of orders: the report it has itself, and those of the plug-ins that shops commonly use."""

from __future__ import annotations

from nector_sim.orders.layouts import Layout

_KEEP = frozenset({"completed", "processing", "refunded"})
_LEAVE_OUT = {
    "pending": "pending",
    "pending payment": "pending",
    "on-hold": "pending",
    "on hold": "pending",
    "checkout-draft": "pending",
    "draft": "pending",
    "cancelled": "voided",
    "failed": "voided",
    "trash": "voided",
}
_CART = (("total", 1), ("shipping", -1), ("shipping_tax", -1), ("fees", -1), ("fee_tax", -1))

#: Advanced Order Export For WooCommerce, its default columns.
ADVANCED_EXPORT = Layout(
    name="WooCommerce, Advanced Order Export",
    columns={
        "order_id": ("Order Number", "Order ID"),
        "ordered_at": ("Order Date",),
        "total": ("Order Total Amount",),
        "shipping": ("Order Shipping Amount",),
        "shipping_tax": ("Order Shipping Tax Amount",),
        "fees": ("Order Total Fee", "Fee Amount"),
        "coupons": ("Coupon Code",),
        "coupon_amount": ("Cart Discount Amount(inc. tax)", "Cart Discount Amount"),
        "coupon_row_amount": ("Discount Amount",),
        "coupon_row_tax": ("Discount Amount Tax",),
        "refunded": ("Order Refund Amount",),
        "currency": ("Currency", "Order Currency"),
        "status": ("Order Status",),
        "payment_method": ("Payment Method", "Payment Method Title"),
        "email": ("Email (Billing)", "Customer User Email"),
        "phone": ("Phone (Billing)", "Phone (Shipping)"),
        "line_cost": ("Cost of Goods", "Item Cost of Goods"),
        "line_quantity": ("Quantity (- Refund)", "Quantity"),
    },
    signs=("order_id", "ordered_at", "total", "status"),
    needed=("order_id", "ordered_at", "total"),
    cart=_CART,
    cart_words="Order Total Amount less shipping and fees: items after other coupons, with their tax",
    rows="every",
    keep=_KEEP,
    leave_out=_LEAVE_OUT,
    coupon_rows=frozenset({"coupons", "coupon_row_amount", "coupon_row_tax"}),
    notes=(
        "where shipping is taxed, the export's default columns do not say how much, so that tax is in the cart amount; "
        "add the column Order Shipping Tax Amount to the export to have it out",
    ),
)

#: Import Export Suite (WebToffee), and Customer/Order/Coupon Export (SkyVerge): they share most names.
SUITE_EXPORT = Layout(
    name="WooCommerce, order export suite",
    columns={
        "order_id": ("order_number", "order_number_formatted", "order_id"),
        "ordered_at": ("order_date", "date"),
        "total": ("order_total",),
        "shipping": ("shipping_total", "order_shipping"),
        "shipping_tax": ("shipping_tax_total",),
        "fees": ("fee_total",),
        "fee_tax": ("fee_tax_total",),
        "coupons": ("coupon_items", "coupons"),
        "coupon_amount": ("discount_total", "cart_discount"),
        "coupon_untaxed": ("tax_total",),
        "refunded": ("refunded_total",),
        "refund_items": ("refund_items", "refunds"),
        "currency": ("order_currency", "currency"),
        "status": ("status", "order_status"),
        "payment_method": ("payment_method", "payment_method_title"),
        "email": ("billing_email", "customer_email"),
        "phone": ("billing_phone", "shipping_phone"),
        "line_cost": ("item_cost_of_goods", "cost_of_goods"),
        "line_quantity": ("item_quantity",),
    },
    signs=("order_id", "ordered_at", "total", "status"),
    needed=("order_id", "ordered_at", "total"),
    cart=_CART,
    cart_words="order_total less shipping and fees and their taxes: items after other coupons, with their tax",
    rows="every",
    keep=_KEEP,
    leave_out=_LEAVE_OUT,
)

#: WooCommerce's own: Analytics, Orders, Download.
ANALYTICS = Layout(
    name="WooCommerce, Analytics report of orders",
    columns={
        "order_id": ("Order #",),
        "ordered_at": ("Date",),
        "items": ("Net sales", "N. Revenue"),
        "coupons": ("Coupon(s)",),
        "status": ("Status",),
    },
    signs=("order_id", "ordered_at", "items", "status"),
    needed=("order_id", "ordered_at", "items"),
    cart=(("items", 1),),
    cart_words="Net sales: items after other coupons, without shipping and without tax",
    keep=_KEEP,
    leave_out=_LEAVE_OUT,
    refund_rows=True,
    notes=("this report knows customers by name alone, so customers are not told apart; an export plug-in has them",),
)
