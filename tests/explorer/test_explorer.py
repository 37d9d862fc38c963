"""The explorer shows what quote, score and summarize give for what the form says."""

import re
from decimal import Decimal

import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.rules.money import money_text

MONTH = pd.Timedelta(days=365.25 / 12)


@pytest.fixture
def explorer(orders, program):
    return ns.RuleExplorer(program, orders=orders, label="a small shop", replayed=False)


def type_(explorer, **typed):
    form = explorer.program_form
    form.values = {**form.values, **{path.replace("__", "."): value for path, value in typed.items()}}


def believe(explorer, **typed):
    form = explorer.assumptions_form
    form.values = {**form.values, **typed}


def card(explorer, name):
    """Value, beside and note of a card, as text."""
    page = explorer._figures.value
    found = re.search(rf"<h4>{re.escape(name)}</h4>(.*?)</div>", page)
    return [re.sub(r"<[^>]+>", "", part) for part in re.findall(r"<p[^>]*>(.*?)</p>", found[1])]


def rupees(amount):
    return money_text(Decimal(round(amount)), "INR")


def test_figures_are_those_of_score_and_summarize(explorer, orders, program, assumptions):
    type_(explorer, offers__0__max_discount="200", min_payable__kind="percent", min_payable__percent="50")
    offer = ns.VariableAmount(points_per_step=1, discount_per_step=1, max_discount=200)
    candidate = ns.Program(
        name=program.name, points_label="coins", offers=[offer], min_payable=ns.PercentMinPayable(percent=50)
    )
    assert explorer.outcome.program == candidate
    months = (orders["ordered_at"].max() - orders["ordered_at"].min()) / MONTH
    new, old = (ns.summarize(ns.score(p, orders), assumptions=assumptions) for p in (candidate, program))
    value, beside, note = card(explorer, "Cost of the program a month")
    assert value == rupees(new.cost_of_program / months)
    saved = (old.cost_of_program - new.cost_of_program) / months
    assert beside == f"today {rupees(old.cost_of_program / months)} −{rupees(saved)}"
    everyone = "if everyone uses points on every order they can"
    assert note == f"{everyone}; {rupees(new.cost_of_program)} in all, over {months:.1f} months"
    assert card(explorer, "Discount rate")[0] == f"{new.discount_rate * 100:.1f} %"
    assert card(explorer, "Orders that can redeem")[0] == f"{new.share_could_redeem * 100:.1f} %"
    assert card(explorer, "Break-even: more orders")[0] == f"+{new.break_even_uplift * 100:.1f} %"
    assert card(explorer, "Margin with points a month")[0] == rupees(new.margin / months)


def test_the_figures_by_hand(explorer):
    """Six orders, all at 55 % of the net cart: the discounts are 0, 250, 649, 1000, 0 and 700."""
    assert explorer.outcome.scored["discount"].tolist() == [0, 250, 649, 1000, 0, 700]
    believe(explorer, tax_percent="0", payment_fee_percent="0", fulfilment_cost="0")
    carts = 80 + 500 + 749.95 + 1500 + 2000 + 5000
    assert explorer.outcome.summary.margin_without == pytest.approx(0.55 * carts)
    assert explorer.outcome.summary.cost_of_program == pytest.approx(2599)


def test_an_impossible_value_is_marked_and_the_last_good_figures_stay(explorer):
    before = explorer._figures.value
    type_(explorer, offers__0__max_discount="-5")
    assert "above 0" in explorer.program_form.problems["offers.0.max_discount"]
    assert explorer._figures.value == before
    assert "last setting that can be used" in explorer._message.value
    assert "nector-stale" in explorer._main._dom_classes
    type_(explorer, offers__0__max_discount="500")
    assert explorer.program_form.problems == {}
    assert explorer._message.value == ""
    assert "nector-stale" not in explorer._main._dom_classes


@pytest.mark.parametrize("typed", ["abc", "", "0", "1e99", "NaN", "-0.01", "1.234", "१२", "<b>1</b>", "9" * 30])
def test_whatever_is_typed_there_is_a_message_and_never_a_traceback(explorer, typed):
    type_(explorer, offers__0__discount_per_step=typed)
    assert "mistake of the program" not in explorer._message.value


def test_beliefs_are_checked_as_well(explorer):
    believe(explorer, gross_margin_percent="0.55")
    assert "did you mean 55?" in explorer.assumptions_form.problems["gross_margin_percent"]
    believe(explorer, gross_margin_percent="50")
    assert explorer.session.assumptions.gross_margin_percent == 50


def test_an_odd_setting_is_said_in_words(explorer):
    type_(explorer, offers__0__points_per_step="100", offers__0__discount_per_step="10", offers__0__max_discount="25")
    assert "Maximum Discount Amount" in explorer._findings.value
    assert "nobody gets more than ₹20" in explorer._findings.value


def test_example_orders_are_those_of_quote_and_explained(explorer, program, orders):
    rows = explorer._examples.rows
    by_id = orders.set_index("order_id")
    assert [row[0] for row in rows] == ["A0", "A1", "A2", "A3", "A4"]
    for row in rows:
        order = by_id.loc[row[0]]
        quote = ns.quote(program, cart_amount=order["cart_amount"], points_balance=order["points_balance"])
        assert row[4] == money_text(quote.discount, "INR")
        assert row[6] == money_text(quote.payable, "INR")
    explorer._examples.chosen = 2
    chosen = by_id.loc[rows[2][0]]
    words = ns.explain(
        program,
        cart_amount=chosen["cart_amount"],
        points_balance=chosen["points_balance"],
        ordered_at=chosen["ordered_at"],
    )
    assert explorer._examples.words == words.replace("offers.0", "Offer 1")


def test_orders_in_another_currency_are_refused(orders):
    orders.attrs["currency"] = "USD"
    with pytest.raises(ns.InputError, match="the orders are in USD, and this is INR"):
        ns.RuleExplorer(orders=orders, replayed=False)


def test_the_demo_orders_are_labelled():
    explorer = ns.RuleExplorer()
    assert "demo data, scaled; balances as under the documented example" in explorer._head.value
    assert "1,55,321" in explorer._head.value or "155,321" in explorer._head.value
