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
    max_discount   ₹200                                     19 steps
    max_discount   12.5 % of the cart = ₹187.49             17 steps
    min_payable    ₹1,399.99 − ₹499.95 = ₹900.04            85 steps
    min_cart       ₹1,499.99 ÷ 2.5 = ₹599.99                57 steps
offers.1: 50 coins for 5 % of the cart, all or nothing; not open to this tier or at this time.
offers.2: 10 coins for 0.5 % of the cart.
    balance        1,234 coins                             123 steps
    requested      900 coins                                90 steps
    max_discount   20 % of the cart                         40 steps
    max_discount   ₹90, clipping the last step              13 steps  ← the smallest
    6.5 % of ₹1,499.99 is more than ₹90, which is given.
Given by ten: 900 coins for ₹94.50 off; the customer pays ₹1,305.49.
Limited by requested: The customer asked for no more."""
NOTHING_GIVEN = """\
Cart ₹300, balance 5 coins.
The customer pays at least ₹99.99 (33.33 % of the cart).
ten: 100 coins for ₹10.50; the cart is below its minimum of ₹400.
offers.1: 50 coins for 5 % of the cart, all or nothing.
    offer          all or nothing                            1 step
    balance        5 coins                                   0 steps  ← the smallest
    max_discount   ₹30, clipping the last step               2 steps
offers.2: 10 coins for 0.5 % of the cart.
    balance        5 coins                                   0 steps  ← the smallest
    max_discount   20 % of the cart                         40 steps
    max_discount   ₹90, clipping the last step              60 steps
Nothing is given; the customer pays ₹300.
Limited by min_cart: The cart is too small for your minimum cart."""
NO_CREDITS = """\
Cart ₹6,000, balance 1,500 coins.
The customer pays at least ₹1,999.80 (33.33 % of the cart).
ten: 100 coins for ₹10.50.
    balance        1,500 coins                              15 steps  ← the smallest
    cart           ₹6,000                                  571 steps
    max_discount   ₹200                                     19 steps
    max_discount   12.5 % of the cart = ₹750                71 steps
    min_payable    ₹6,000 − ₹1,999.80 = ₹4,000.20          380 steps
    min_cart       ₹6,000 ÷ 2.5 = ₹2,400                   228 steps
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
        "₹80 is below the minimum to pay, ₹100, so points take nothing off.",
        "offers.0: 1 coin for ₹1.",
        "    balance        5 coins                                   5 steps",
        "    cart           ₹80                                      80 steps",
        "    max_discount   ₹1,000                                1,000 steps",
        "    min_payable    ₹80 − ₹100: nothing                       0 steps  ← the smallest",
        "Nothing is given; the customer pays ₹80.",
        "Limited by min_payable: Your minimum amount to pay holds the rest back.",
    ]


JPY_STEPS = {"currency": "JPY", "offers": [{"kind": "variable_percent", "points_per_step": 1, "percent_per_step": 1}]}
FIXED = {"kind": "fixed_percent", "points": 100, "percent": 10}
CAPPED = {"offers": [FIXED | {"max_discount": 10}]}


@pytest.mark.parametrize(
    ("program", "cart", "balance", "says"),
    [
        (JPY_STEPS, 50, 3, "3 % of ¥50 is 1.5, rounded down to ¥1, for which 2 steps are enough."),
        (JPY_STEPS, 99, 2, "2 % of ¥99 is 1.98, rounded down to ¥1."),
        (JPY_STEPS, 50, 1, "1 % of ¥50 is 0.5, which rounds down to nothing."),
        (JPY_STEPS, 50, 4, "4 % of ¥50 is ¥2."),
        (CAPPED, "100.05", 100, "10 % of ₹100.05 is more than ₹10, which is given."),
    ],
)
def test_what_the_steps_of_a_percentage_come_to(program, cart, balance, says):
    words = ns.explain(ns.Program.parse(program), cart_amount=cart, points_balance=balance)
    assert f"    {says}" in words.splitlines()


def test_a_cart_of_nothing_limits_every_percentage():
    program = ns.Program.parse({"offers": [FIXED | {"max_discount": 10, "min_cart_multiple": 2}]})
    assert ns.explain(program, cart_amount=0, points_balance=100).splitlines() == [
        "Cart ₹0, balance 100 points.",
        "offers.0: 100 points for 10 % of the cart, all or nothing.",
        "    offer          all or nothing                            1 step",
        "    balance        100 points                                1 step",
        "    cart           ₹0                                        0 steps  ← the smallest",
        "Nothing is given; the customer pays ₹0.",
        "Limited by cart: The cart is not worth more.",
    ]


@pytest.mark.parametrize(
    ("balance", "says"),
    [
        ("-5.50", "balance 0 points (-5.50 was given; a negative balance redeems nothing)."),
        (1.5, "balance 1 point (1.5 was given; a fraction of a point does not count)."),
        (0.5, "balance 0 points (0.5 was given; a fraction of a point does not count)."),
        ("5.0", "balance 5 points."),
        (0, "balance 0 points."),
    ],
)
def test_a_balance_that_is_taken_otherwise_is_said(balance, says):
    assert ns.explain(ns.Program(), cart_amount=5, points_balance=balance).splitlines()[0] == f"Cart ₹5, {says}"


def test_the_smallest_limit_of_a_fixed_offer_is_its_size():
    program = ns.Program.parse({"offers": [FIXED]})
    marked = [line for line in ns.explain(program, cart_amount=500, points_balance=100).splitlines() if "←" in line]
    assert marked == ["    offer          all or nothing                            1 step  ← the smallest"]


@pytest.mark.parametrize(
    ("cart", "minimum", "limit"),
    [
        ("99.99", "₹99.99 is below the minimum to pay, ₹100, so points take nothing off.", "₹99.99 − ₹100: nothing"),
        ("100", "The customer pays at least ₹100.", "₹100 − ₹100: nothing"),
        ("100.01", "The customer pays at least ₹100.", "₹100.01 − ₹100 = ₹0.01"),
    ],
)
def test_a_cart_about_the_minimum(cart, minimum, limit):
    program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    words = ns.explain(program, cart_amount=cart, points_balance=5)
    assert words.splitlines()[1] == minimum
    assert limit in words


def test_the_offer_is_named_where_there_are_several():
    offer = ns.FixedAmount(points=5, discount=5)
    for offers, given in (([offer], "Given: 5 points"), ([offer, offer], "Given by offers.0: 5 points")):
        assert given in ns.explain(ns.Program(offers=offers), cart_amount=50, points_balance=5)


ONE_FOR_ONE = {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}
PART_OF_A_CART = ns.Program.parse(
    {
        "offers": [
            {"name": "alone", "with_coupons": False, **ONE_FOR_ONE},
            {"name": "many", "max_discount_percent": 50, "min_points": 200, **ONE_FOR_ONE},
            {"name": "rich", "min_balance": 400, **ONE_FOR_ONE},
            {
                "kind": "variable_percent",
                "name": "tenths",
                "points_per_step": 10,
                "percent_per_step": 1,
                "max_percent": 10,
                "min_cart": 700,
            },
        ]
    }
)
FOUR_CLOSED = """\
Cart ₹1,000, balance 150 points.
Points may pay ₹600 of it.
Coupons took ₹50 off already.
alone: 1 point for ₹1; closed to orders that used a coupon.
many: 1 point for ₹1.
    balance        150 points                              150 steps  ← the smallest
    cart           ₹600                                    600 steps
    max_discount   50 % of what points may pay = ₹300      300 steps
    A redemption uses at least 200 points; 150 points would be used, so none are.
rich: 1 point for ₹1.
    min_points     150 points of 400 needed                  0 steps  ← the smallest
    cart           ₹600                                    600 steps
tenths: 10 points for 1 % of what points may pay; what points may pay is below its minimum of ₹700.
Nothing is given; the customer pays ₹1,000.
Limited by coupon: The offer is closed to orders that used a coupon."""


def test_a_part_of_the_cart_a_coupon_and_the_least_points():
    order = {"cart_amount": 1000, "eligible_amount": 600, "coupon_discount": 50, "points_balance": 150}
    assert ns.explain(PART_OF_A_CART, **order) == FOUR_CLOSED
