"""``explain``, word for word: every number worked by hand."""

import pytest

import nector_sim as ns

PROGRAM = ns.Program.parse(
    {
        "points_label": "coins",
        "offers": [
            {
                "kind": "variable_amount",
                "name": "ten",
                "points_per_step": 100,
                "discount_per_step": "10.50",
                "max_discount": 200,
                "max_discount_percent": "12.5",
                "min_cart_multiple": "2.5",
                "min_cart": 400,
            },
            {"kind": "fixed_percent", "points": 50, "percent": 5, "max_discount": 30, "tiers": ["Gold"]},
            {
                "kind": "variable_percent",
                "points_per_step": 10,
                "percent_per_step": "0.5",
                "max_percent": 20,
                "max_discount": 90,
                "max_cart": 5000,
            },
        ],
        "min_payable": {"kind": "percent", "percent": "33.33"},
    }
)
LIMITED_BY_A_REQUEST = """\
Cart ₹1,499.99, balance 1,234 coins, 900 coins asked for.
Credits first: ₹100, which leaves ₹1,399.99 for points.
The customer pays at least ₹499.95 (33.33 % of the cart).
ten: 100 coins for ₹10.50.
    balance        1,234 coins                              12 steps
    requested      900 coins                                 9 steps  ← the smallest
    cart           ₹1,399.99                               133 steps
    max_discount   ₹200 and 12.5 %                          19 steps
    max_discount   ₹200 and 12.5 %                          17 steps
    min_payable    ₹1,399.99 − ₹499.95 = ₹900.04            85 steps
    min_cart       the cart is 2.5 × the discount or more       57 steps
offers.1: 50 coins for 5 % of the cart, all or nothing; not open to this tier or at this time.
offers.2: 10 coins for 0.5 % of the cart.
    balance        1,234 coins                             123 steps
    requested      900 coins                                90 steps
    max_discount   ₹90 and 20 %                             40 steps
    max_discount   ₹90 and 20 %                             13 steps  ← the smallest
Given by ten: 900 coins for ₹94.50 off; the customer pays ₹1,305.49.
Limited by requested: The customer asked for no more."""
NOTHING_GIVEN = """\
Cart ₹300, balance 5 coins.
The customer pays at least ₹99.99 (33.33 % of the cart).
ten: 100 coins for ₹10.50; the cart is below its minimum of ₹400.
offers.1: 50 coins for 5 % of the cart, all or nothing.
    balance        5 coins                                   0 steps  ← the smallest
    max_discount   ₹30                                       2 steps
offers.2: 10 coins for 0.5 % of the cart.
    balance        5 coins                                   0 steps  ← the smallest
    max_discount   ₹90 and 20 %                             40 steps
    max_discount   ₹90 and 20 %                             60 steps
Nothing is given; the customer pays ₹300.
Limited by min_cart: The cart is too small for your minimum cart."""
NO_CREDITS = """\
Cart ₹6,000, balance 1,500 coins.
The customer pays at least ₹1,999.80 (33.33 % of the cart).
ten: 100 coins for ₹10.50.
    balance        1,500 coins                              15 steps  ← the smallest
    cart           ₹6,000                                  571 steps
    max_discount   ₹200 and 12.5 %                          19 steps
    max_discount   ₹200 and 12.5 %                          71 steps
    min_payable    ₹6,000 − ₹1,999.80 = ₹4,000.20          380 steps
    min_cart       the cart is 2.5 × the discount or more      228 steps
offers.1: 50 coins for 5 % of the cart, all or nothing; not open to this tier or at this time.
offers.2: 10 coins for 0.5 % of the cart; for carts below ₹5,000 only.
Given by ten: 1,500 coins for ₹157.50 off; the customer pays ₹5,842.50.
Limited by balance: The customer has no more points."""


@pytest.mark.parametrize(
    ("order", "text"),
    [
        (
            {"cart_amount": "1499.99", "points_balance": 1234, "credits": 100, "points_requested": 900},
            LIMITED_BY_A_REQUEST,
        ),
        ({"cart_amount": "300", "points_balance": 5, "tier": "Gold"}, NOTHING_GIVEN),
        ({"cart_amount": "6000", "points_balance": 1500}, NO_CREDITS),
    ],
)
def test_word_for_word(order, text):
    assert ns.explain(PROGRAM, **order) == text


def test_a_disabled_integration_uses_no_credits():
    program = PROGRAM.model_copy(update={"enabled": False})
    assert ns.explain(program, cart_amount=6000, points_balance=1500, credits=5).splitlines() == [
        "Cart ₹6,000, balance 1,500 coins.",
        "Nothing is given; the customer pays ₹6,000.",
        "Limited by not_live: The integration is switched off.",
    ]


def test_a_fixed_minimum_has_no_percentage():
    program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    assert ns.explain(program, cart_amount=80, points_balance=5).splitlines() == [
        "Cart ₹80, balance 5 coins.",
        "The customer pays at least ₹100.",
        "offers.0: 1 coins for ₹1.",
        "    balance        5 coins                                   5 steps",
        "    cart           ₹80                                      80 steps",
        "    max_discount   ₹1,000                                1,000 steps",
        "    min_payable    ₹80 − ₹100 = ₹0                           0 steps  ← the smallest",
        "Nothing is given; the customer pays ₹80.",
        "Limited by min_payable: Your minimum amount to pay holds the rest back.",
    ]
