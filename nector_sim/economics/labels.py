"""What a figure may be called, by an id: each label says of what the figure is, and a test holds it to that.

None of them is a bound: with a ladder of offers, or earning on what is paid, fewer redemptions can cost more.
"""

from __future__ import annotations

#: How sure a figure with a range is: the range holds it so often, with customers drawn anew from those of the orders.
SURE, OTHERS = "9 times out of 10", "with other customers like yours"
#: What a cost or a discount is of.
LABELS = {
    "everyone": "if everyone uses points on every order they can",
    "take_up": "if {take_up:g} % of the orders that can use points do",
    "redeemers": "if {redeemers:g} % of the customers use points, on {take_up:g} % of the orders on which they can",
    "recorded": "where the orders say who used points, as they say",
    "each_order": "each order by itself, with the balance that came with it",
    "replayed": "replayed: what a customer does not use stays for the next order",
}


def who_redeems(take_up: float, *, recorded: bool, redeemers: float = 1.0) -> str:
    """Give the id of the label that says who is taken to redeem."""
    if recorded:
        return "recorded"
    return "redeemers" if redeemers < 1 else "everyone" if take_up == 1 else "take_up"


def said(label: str, *, take_up: float = 1.0, redeemers: float = 1.0) -> str:
    """Write a label."""
    return LABELS[label].format(take_up=round(take_up * 100, 4), redeemers=round(redeemers * 100, 4))
