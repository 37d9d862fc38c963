"""What the page calls things: a merchant's words for fields, and for what the library says to developers."""

from __future__ import annotations

import re
from collections.abc import Collection
from decimal import Decimal

from nector_sim.economics.labels import OTHERS, SURE
from nector_sim.rules.fields import Field, fields_of, labels_of, values_of
from nector_sim.rules.program import Program

#: What the page says of ranges, wherever they are.
RANGES = {
    "sure": f"{SURE} {OTHERS}",
    "why": "Your orders come from the customers that you happened to have. So hundreds of other mixes "
    f"of customers like them are tried, too. “{SURE}” means: with 9 of 10 of these mixes.",
}
#: Fields by path or name, where a merchant's word is another than the model's.
FIELDS = {
    "points_per_unit": "Coins earned per ₹100",
    "min_payable.kind": "Customer pays at least",
    "gross_margin_percent": "Gross margin, before coins",
    "tax_percent": "Tax on sales (GST)",
    "prices_include_tax": "Prices include tax",
    "points_count_as": "For GST, points count as",
    "payment_fee_percent": "Payment fee",
    "payment_fee_fixed": "Payment fee per order",
    "cod_fee": "Cash-on-delivery fee per order",
    "fulfilment_cost": "Packing and shipping per order",
    "return_cost": "Cost of a return",
    "resale_percent": "Returned goods sold again",
    "redeemers_percent": "Customers who ever use coins",
    "take_up_percent": "How often these use coins when they can",
    "ultimate_redemption_percent": "Coins ever used",
    "response_percent": "More orders because of coins, at most",
    "response_half_at_percent": "Half of these where customers get back",
    "base": "Counted on",
    "min_cart": "Smallest cart",
    "delay_days": "Days until coins can be used",
    "on_redeeming_orders": "Orders that use coins earn coins, too",
    "max_points": "Most coins from one order",
    "points": "Coins",
    "per_amount": "for every",
    "whole_steps": "Full amounts only",
    "points_label": "What coins are called",
    "timezone": "Time zone",
    "tiering": "How tiers are measured",
    "reversal": "What a refund takes back",
    "earned": "Takes back coins that were earned",
    "redeemed": "Gives back coins that were used",
    "overdraft": "If the coins are spent already",
    "offers": "Offers",
    "min_points": "Fewest coins to use",
    "min_balance": "Coins a customer must own first",
    "max_cart": "Carts below",
    "with_coupons": "Together with other coupons",
}
#: Explanations that replace the model's own.
HELP = {
    "points_per_unit": "5 means that an order of ₹100 earns 5 coins.",
    "gross_margin_percent": "What is left of a sale net of tax after the goods are paid. Not used where your orders "
    "say what the goods cost. If you are not sure, write lowest / likely / highest: 50 / 55 / 60.",
    "redeemers_percent": "Of all customers, how many ever use coins. 100 means everybody. If you are not sure, write "
    "lowest / likely / highest: 20 / 30 / 45.",
    "take_up_percent": "Of the orders on which these customers could use coins, on how many they do. 100 means always. "
    "If you are not sure, write lowest / likely / highest: 20 / 30 / 45.",
    "response_percent": "Of 100 orders that coin users would place without coins. 0 means that nobody orders more or "
    "less often because of coins. It is a guess until you test it.",
    "response_half_at_percent": "In per cent of their baskets. With 10 and 5, coins bring 5 % more orders where coin "
    "users get back 5 %, and never more than 10 %. Leave it out where the field above is 0.",
    "ultimate_redemption_percent": "Of all coins given, how many are ever used. It changes what you owe to customers "
    "in your books, and no figure on this page.",
    "points_count_as": "Discount: GST falls on the lower price. Payment method: GST stays on the full price.",
    "cod_fee": "Instead of the payment fees, for orders paid in cash at the door.",
    "currency": "Three letters, such as INR.",
    "timezone": "Such as Asia/Kolkata.",
    "base": "What the customer pays, or the cart before coins.",
}
#: The folds of each form: what each says of itself, and its fields.
FOLDS: dict[str, list[tuple[str, tuple[str, ...]]]] = {
    "proposal": [
        ("More of the offer: steps, smallest cart, dates, tiers", ("enabled", "offers")),
        ("How coins are earned, expire and come back", ("earning", "expiry", "tiers", "tiering", "reversal")),
        ("Name, currency, time zone", ("name", "currency", "points_label", "timezone", "valid_from")),
    ],
    "today": [
        ("Offers, as on Nector's GoKwik page", ("enabled", "offers", "min_payable")),
        ("How coins are earned, expire and come back", ("earning", "expiry", "tiers", "tiering", "reversal")),
        ("Name, currency, time zone", ("name", "currency", "points_label", "timezone", "valid_from")),
    ],
    "assumptions": [
        (
            "About your shop: margin, tax, fees, who uses coins",
            (
                "gross_margin_percent",
                "redeemers_percent",
                "take_up_percent",
                "tax_percent",
                "prices_include_tax",
                "points_count_as",
                "payment_fee_percent",
                "payment_fee_fixed",
                "cod_fee",
                "fulfilment_cost",
                "return_cost",
                "resale_percent",
                "ultimate_redemption_percent",
                "response_percent",
                "response_half_at_percent",
            ),
        )
    ],
}
#: How many points for a hundred: merchants say 5 for every ₹100.
PER_HUNDRED = "points_per_unit"
#: Choices in a merchant's words.
OPTIONS = {"Tender": "Payment method", "Payable": "What the customer pays", "Cart amount": "The cart before coins"}

#: What developers read, and what stands for it on the page; in this order.
_PLAIN: list[tuple[str, str]] = [
    (r"in (\d+ ?%) of the draws(?: of your customers)?", rf"in \1 of the tries {OTHERS}"),
    (r"\s*\((?:[^()]|\([^()]*\))*--[a-z-]+(?:[^()]|\([^()]*\))*\)", ""),
    (r"; if these are points, put them back with points_code='([^']*)'", r"; were these coins?"),
    (r"; if these are points, put them back with \S+", "; were these coins?"),
    (r"if points may pay it, say so: shipping='in', else 'out'", "say below if coins may pay it"),
    (r", or count them: keep_status", ", or count them below"),
    (r"; if such orders count, say so: keep_status, or say in a mapping's \[statuses\] what becomes of them", ""),
    (r"; to count those not paid yet: keep_status=.*", "; say below if they count"),
    (r"; give opening=ns\.opening_from\([^)]*\)", "; drop a file of balances on the page"),
    (r", so they are taken as today's; state the day: balances_at=", ", so they are taken as today's; set their day"),
    (r" \(lead_id\)", ""),
    (r"^the mapping (\S+) (cannot be opened|is not TOML)", r"\1 \2"),
    (r"it must be TOML|is not TOML|cannot be read as TOML", "is no saved setting"),
    (r"This is read as it is, without a mapping", "This is read as it is"),
    (r"a mapping says itself which column is which; .*", "the columns are chosen below"),
    (r"of a shop's export make orders first: .*", "drop the shop's export on the page"),
    (r"join the customers' balances from a file: .*", "drop a file of balances on the page;"),
    (r"or let a program with \[earning\] make them: .*", "or switch on how coins are earned;"),
    (r"or state one balance for all: .*", "or write one balance for every customer"),
    (r"Add it, or ask for each order by itself: .*", "Add it, or choose each order by itself"),
    (r"; write one such as utf-8, .*", ""),
    (r"; an encoding may be stated.*", ""),
    (r"replayed=False", ""),
    (r", as in data/programs/\S+", ""),
    (r", or say which it is in a mapping: nector-sim check .*", ", and drop the file again"),
    (r"; if they are, rename them, or say so in a mapping", "; if they are, choose what they are in the table below"),
    (r"(?:then )?have the columns listed, and a mapping proposed that says.*", "then choose the columns below"),
    (r"which: nector-sim check .*", ""),
    (r"over, and give it: --mapping .*", ""),
    (r"; how much of it was points cannot be told, so say it: .*", "; how much of it was coins cannot be told"),
    (
        r", and a single discount amount for both; how much of it was points.*",
        ", and one discount for both; nobody can tell how much of it was coins, so it is left out",
    ),
    (r"; name another with key_file=.*", "; move it away, and the app makes another"),
    (r"; take the table out of the assumptions.*|, or take the table out of the assumptions", ""),
    (r"expire_in_days", "the days until coins expire"),
    (r"in as_of", "in the file"),
    (r"(?:the )?points_code needs the coupon codes", "Coins in coupon codes need the codes"),
    (r"; leave points_code out, or export them too", "; export them too, or leave the pattern blank"),
    (r" takes the amount in the points code; say where it is: .*", " takes the amount in the code"),
    (r"shipping is to be counted \(shipping='in'\), and", "shipping is to be counted, and"),
    (r"; leave it out$", "; untick it"),
    (r" \(line_sku, line_price or line_total\)", ""),
    (r", or name these columns in a mapping", ""),
    (r"; if the file has more decimals than money has, say how to round: .*half_up'?", ""),
    (r"\(with_coupons = false\), ", ""),
    (r"\bcoupon_discount\b", "discount by coupons"),
    (r"by evidence", "judged by its letters"),
    (r"Windows-1252 \(cp1252\)", "Windows-1252"),
    (
        r", as rows = 'every' says; if each row is an item or a payment, write rows = 'lines', .*",
        "; if each row is an item or a payment, say below that rows add up",
    ),
    (
        r", as rows = 'lines' says; if each row repeats its order, write rows = 'every'",
        "; if each row repeats its order, say so below",
    ),
    (r"\bns\.[a-z_]+\([^)]*\)", "the page"),
    (r"\bpoints_split='?\w+'?( \(([^()]*)\))?", r"\2"),
    (r"a mapping \(mapping=\)", "the table below"),
    (r"\b(mapping|dates|numbers|currency|sheet|header_row|encoding|format|rows|rounding)='?([^',;\s]*)'?", r"\2"),
    (r"columns as in a mapping", "A table"),
    (r"\bcart_amount\b", "basket"),
    (r"\bpoints_balance\b", "balance"),
    (r"\bdiscount_given\b", "discount by coins"),
    (r"\bordered_at\b", "order date"),
    (r"\border_id\b", "order number"),
    (r"\bcustomer_id\b", "customer"),
    (r"\brefunded_at\b", "date of the refund"),
    (r"\brefunded_amount\b", "amount of the refund"),
    (r"\bpaid_amount\b", "amount paid"),
    (r"\bpayment_method\b", "way of paying"),
    (r"\beligible_amount\b", "amount that coins may pay"),
    (r"\bearning_amount\b", "amount that earns coins"),
    (r"\bpoints_requested\b", "coins asked for"),
    (r"\bredeemers_percent\b", "customers who ever use coins"),
    (r"\btake_up_percent\b", "how often these use coins when they can"),
    (r"\bresponse_percent\b", "more orders because of coins"),
    (r"\bresponse_half_at_percent\b", "half of these where customers get back"),
    (r"\bgross_margin_percent\b", "gross margin"),
    (r"\[earning\]", "How coins are earned"),
    (r"add \[\[tiers\]\]", "add a tier"),
    (r"`", ""),
    (r"(?<![\w<])(?:[A-Za-z]:)?[/\\](?:[^\s/\\]+[/\\])+(?=[^\s/\\])", ""),
    (r"\boffers\.(\d+)\b:?", lambda found: f"Offer {int(found[1]) + 1}"),  # type: ignore[list-item]
]


def plain(text: str, own: Collection[str] = ()) -> str:
    """Say in a merchant's words what the library says to everybody; names of `own` columns stay."""
    kept = sorted((name for name in own if "_" in name), key=len, reverse=True)
    for at, name in enumerate(kept):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", f"\x00{at}\x00", text)
    for pattern, words in _PLAIN:
        text = re.sub(pattern, words, text)
    text = re.sub(r"\b[a-z]+(?:_[a-z]+)+\b", lambda found: found[0].replace("_", " "), text)
    return re.sub("\x00(\\d+)\x00", lambda found: kept[int(found[1])], text)


def called(text: str, label: str) -> str:
    """Call points what the merchant's customers call them."""
    return re.sub(r"\bpoint\b", label.removesuffix("s"), re.sub(r"\bpoints\b", label, text))


def field_name(item: Field) -> str:
    """A merchant's word for a field; what Nector's screens have is called as there."""
    if item.on_screen and not item.path.endswith(".kind"):
        return item.label
    return FIELDS.get(item.path) or FIELDS.get(item.path.rpartition(".")[2]) or item.label


def field_names(program: Program) -> dict[str, str]:
    """What each field of a program is called, by path; of several offers, with the offer."""
    values = values_of(program.model_dump())
    several = labels_of(type(program), values)
    own = {item.path: item for top in fields_of(type(program), values) for item in top.all()}
    return {
        path: label if path not in own or own[path].label != label else field_name(own[path])
        for path, label in several.items()
    }


def field_value(item: Field, value: str | bool) -> str:
    """What a field is set to, as its name says it: points are earned per hundred."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if item.path.rpartition(".")[2] == PER_HUNDRED and value:
        return f"{(Decimal(value) * 100).normalize():f}"
    text = dict(item.options).get(value, value)
    return OPTIONS.get(text, text)


def field_help(item: Field) -> str:
    """What a field stands for, without how to type it."""
    text = HELP.get(item.path, item.help)
    return re.sub(r" If you are not sure, write.*| Leave it out where.*", "", text)
