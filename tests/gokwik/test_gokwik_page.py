"""The page as a form, clicked through."""

import pytest

import nector_sim as ns
from nector_sim.explorer.gokwik_page import CheckoutPage, GokwikPage
from nector_sim.gokwik import Integration


@pytest.fixture
def page(database):
    return GokwikPage(Integration(database))


def click(page, *names):
    for name in names:
        page.buttons[name].click()


def test_the_documented_example_is_what_the_form_holds(page, program):
    click(page, "Initialize", "Enable", "Create", "Save")
    assert len(page.secret.value) == 43
    click(page, "I have handed it over")
    assert page.secret.value == ""
    assert page.message.value == ""
    assert "Live" in page.state.value
    made = page._integration.program
    assert (made.offers, made.min_payable) == (program.offers, program.min_payable)


@pytest.mark.parametrize(
    ("kind", "most", "offer"),
    [
        (
            "Amount Discount, increment of points",
            "",
            ns.VariableAmount(points_per_step=100, discount_per_step=10, min_cart=500),
        ),
        ("Amount Discount, fixed", "", ns.FixedAmount(points=100, discount=10, min_cart=500)),
        (
            "Percentage Discount, increment of points",
            "50",
            ns.VariablePercent(points_per_step=100, percent_per_step=10, max_percent=50, min_cart=500),
        ),
        (
            "Percentage Discount, fixed",
            "200",
            ns.FixedPercent(points=100, percent=10, max_discount=200, min_cart=500),
        ),
    ],
)
def test_every_type_of_discount(page, kind, most, offer):
    page.kind.value, page.points.value, page.value.value = kind, "100", "10"
    page.most.value, page.min_cart.value = most, "500"
    click(page, "Initialize", "Create")
    assert page._integration.program.offers == (offer,)


def test_replacing_removing_and_minimums(page):
    click(page, "Initialize", "Create")
    page.most.value = "200"
    click(page, "Replace")
    assert page._integration.program.offers[0].max_discount == 200
    page.minimum.value, page.minimum_value.value = "Percentage", "20"
    click(page, "Save", "Remove")
    assert page._integration.program.offers == ()
    assert page._integration.program.min_payable == ns.PercentMinPayable(percent=20)
    page.minimum.value = "Nothing"
    click(page, "Save", "Remove")
    assert page._integration.program.min_payable is None
    assert "no offer yet" in page.message.value


@pytest.mark.parametrize(
    ("button", "field", "value", "says"),
    [
        ("Create", "value", "<b>", "discount_per_step"),
        ("Create", "value", "0.001", "finer than INR"),
        ("Save", "minimum_value", "-1", "amount"),
        ("Enable", None, None, "not initialised yet"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(page, button, field, value, says):
    if field:
        click(page, "Initialize")
        getattr(page, field).value = value
    click(page, button)
    assert says in page.message.value
    assert "<b>" not in page.message.value
    assert page._integration.program.offers == ()


def test_a_cart_listed_paid_refunded_and_failed(shop):
    page = CheckoutPage(shop.url, shop.wallets)
    page.customer.value = "rich"
    click(page, "List")
    assert "fiat_value: 400" in page.steps.value
    click(page, "Pay")
    assert "pay: 100 paid" in page.steps.value
    assert shop.points("rich") == 4600
    click(page, "Refund the last order")
    assert shop.points("rich") == 5000
    click(page, "Payment fails")
    assert "400 points given back" in page.steps.value
    assert page.ledger.value.count("given_back") == 2
    page.cart.value = "much"
    click(page, "Pay")
    assert "no amount" in page.steps.value
    assert shop.webhook_id not in page.steps.value + page.ledger.value
