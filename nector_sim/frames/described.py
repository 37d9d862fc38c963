"""The columns of tables that come in and go out: of each its unit, and what it means."""

from __future__ import annotations

from typing import NamedTuple


class Described(NamedTuple):
    """What a column is."""

    unit: str
    meaning: str
    needed_by: tuple[str, ...] = ()


_HISTORY = ("replay", "sweep", "compare")
_ALL = ("score", *_HISTORY)

#: Orders, as the house names their columns.
ORDERS = {
    "order_id": Described("text", "names the order; appears once in a file", _HISTORY),
    "customer_id": Described(
        "text", "names the customer; from a shop's export a keyed hash, never a name, phone or e-mail address", _HISTORY
    ),
    "ordered_at": Described("time", "the instant of the order; without a zone, in the program's `timezone`", _HISTORY),
    "cart_amount": Described("money", "what the rule sees: after other coupons, before points and credits", _ALL),
    "points_balance": Described(
        "points", "what the customer can spend now; in a replay, their balance at their first order", ("score",)
    ),
    "credits": Described("money", "a second wallet, spent before points; blank: 0"),
    "eligible_amount": Described("money", "the part of the cart that points may pay; blank: all of it"),
    "earning_amount": Described("money", "the part of the cart that earns points; blank: all of it"),
    "coupon_discount": Described("money", "what other coupons took off already; `cart_amount` is after them"),
    "tier": Described("text", "the customer's tier, where the program has no `[[tiers]]` of its own"),
    "points_requested": Described("points", "what the customer asked to use; blank: as many as allowed"),
    "redeems": Described("yes or no", "whether the customer used points on this order; blank: not known"),
    "cost": Described("money", "what the goods cost; without it, the assumed gross margin says"),
    "refunded_at": Described("time", "when the order was refunded; several refunds of an order: see Refunds"),
    "refunded_amount": Described("money", "how much of the order was refunded; blank: all of it"),
    "paid_amount": Described("money", "what was really paid"),
    "payment_method": Described("`cod` or `prepaid`", "how the order was paid; blank where its words are not known"),
    "discount_given": Described("money", "what points really took off"),
}

#: Refunds beside the orders, several of an order if need be.
REFUNDS = {
    "order_id": Described("text", "the order, which must be among the orders", ("replay",)),
    "refunded_at": Described(
        "time", "not before the order; a date on the order's own day is at the order's instant", ("replay",)
    ),
    "amount": Described("money", "blank: all of it; more than was paid counts as all of it, and is reported"),
}

#: Balances at the start of a replay; several rows of a customer, where they expire at different times.
OPENING = {
    "customer_id": Described("text", "the customer, with or without orders", ("replay",)),
    "points": Described("points", "below 0: an overdraft, which later points pay", ("replay",)),
    "expires_at": Described("time", "blank: never, unless the program has `inactivity`; a date includes that day"),
    "lifetime_spend": Described("money", "what the customer paid before, where tiers ask for it"),
}

#: Points that were given otherwise than by an order: for signing up, a birthday, by hand.
GRANTS = {
    "customer_id": Described("text", "the customer", ("replay",)),
    "granted_at": Described("time", "when they were given", ("replay",)),
    "points": Described("points", "0 or more", ("replay",)),
    "expires_at": Described("time", "after `granted_at`; blank: as `[expiry]` of the program says"),
}

#: What is added to every scored order; `credits_used` only where credits came in.
RESULTS = {
    "offer": Described("text", "the offer that was used; blank where nothing was given"),
    "points_redeemed": Described("points", "what was used"),
    "discount": Described("money", "what points took off"),
    "payable": Described("money", "what the customer pays"),
    "limited_by": Described("word", "which limit kept the discount from being larger"),
    "credits_used": Described("money", "what credits paid; only where credits came in"),
}

#: What a replay adds beside them.
OF_REPLAYS = {
    "points_balance": Described("points", "what the customer could spend just before the order"),
    "tier": Described("text", "the customer's tier at the order"),
    "points_earned": Described("points", "what the order earned, pending or not"),
}

#: What a replay says of each customer at its end.
BALANCES = {
    "customer_id": Described("text", "the customer"),
    "points_balance": Described("points", "what can be spent; below 0 where the customer owes points"),
    "points_pending": Described("points", "earned, and not there to be spent yet"),
    "next_expiry": Described("time", "when the next of these points expire; blank: never"),
}
