"""What kept a discount from being larger: the words of ``limited_by``, each with its sentence for a merchant."""

from __future__ import annotations

#: Every word of ``limited_by``, in the order of its codes, with what it means to a merchant.
SENTENCES = {
    "balance": "The customer has no more points.",
    "requested": "The customer asked for no more.",
    "cart": "The cart is not worth more.",
    "max_discount": "Your maximum discount is reached.",
    "min_payable": "Your minimum amount to pay holds the rest back.",
    "min_cart": "The cart is too small for your minimum cart.",
    "offer": "The offer is given whole; it has one size.",
    "max_cart": "The cart is too large for this offer.",
    "coupon": "The offer is closed to orders that used a coupon.",
    "min_points": "Fewer points than your minimum could be used.",
    "no_offer": "No offer is open to this customer at this time.",
    "not_live": "The integration is switched off.",
}

#: The words alone; a position here is the code that compiled results carry.
REASONS = tuple(SENTENCES)
