"""The explorer as replayed: what a setting does not use stays for the next order, and every place says so."""

import re
from decimal import Decimal

import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.report.contents import report_of
from nector_sim.report.page import html_report

GIVEN, REPLAYED = False, True


@pytest.fixture
def earning(program):
    """5 points for every ₹100 paid."""
    return ns.Program.parse({**program.model_dump(), "earning": {"points_per_unit": "0.05"}})


@pytest.fixture
def history():
    """Two customers who begin with nothing; later balances that came are far from what these orders earn."""
    return pd.DataFrame(
        {
            "order_id": list("abcd"),
            "customer_id": ["x", "y", "x", "x"],
            "ordered_at": pd.to_datetime(["2026-01-01", "2026-01-05", "2026-02-01", "2026-03-01"], utc=True),
            "cart_amount": [1000.0, 200.0, 500.0, 400.0],
            "points_balance": [0, 0, 7, 7],
        }
    )


def choose(explorer, history):
    explorer._balances.chosen = history


def type_(explorer, **typed):
    form = explorer.program_form
    form.values = {**form.values, **{path.replace("__", "."): value for path, value in typed.items()}}


def test_the_demo_orders_under_the_documented_earning_and_under_a_cap():
    """The figures were worked out apart from the explorer, by a replay and by the scoring of the demo orders."""
    explorer = ns.RuleExplorer()
    assert (explorer.session.replayed, explorer._balances.chosen) == (REPLAYED, REPLAYED)
    assert explorer.outcome.summary.discount == 8_472_123
    assert "today's setting" in explorer._figures.value
    type_(explorer, offers__0__max_discount="100")
    assert explorer.outcome.summary.discount == 7_876_671
    today = explorer.session.todays(explorer.outcome.program)
    assert today.summary.discount == 8_472_123
    choose(explorer, GIVEN)
    assert explorer.outcome.summary.discount == 6_518_006
    choose(explorer, REPLAYED)
    assert explorer.session.todays(explorer.outcome.program) is today  # replayed once


def test_a_setting_without_earning_is_offered_the_documented_one(program):
    explorer = ns.RuleExplorer(program, replayed=GIVEN)
    choose(explorer, REPLAYED)  # refused: the setting says nothing of earning
    assert (explorer.session.replayed, explorer._balances.chosen) == (GIVEN, GIVEN)
    assert "switch on Earning" in explorer._message.value
    assert explorer._balances.offered
    explorer._balances._offer.click()
    assert (explorer.session.replayed, explorer._balances.chosen) == (REPLAYED, REPLAYED)
    assert not explorer._balances.offered
    assert explorer._message.value == ""
    assert explorer.outcome.summary.discount == 8_472_123


def test_balances_by_hand(earning, history):
    """x pays 1000 and earns 50; all 50 come off 500, 450 earns 22; 22 come off 400. y pays 200."""
    explorer = ns.RuleExplorer(earning, orders=history, label="a small shop", replayed=GIVEN)
    assert explorer.outcome.scored["discount"].tolist() == [0, 0, 7, 7]
    choose(explorer, REPLAYED)
    assert explorer.outcome.scored["points_balance"].tolist() == [0, 0, 50, 22]
    assert explorer.outcome.scored["discount"].tolist() == [0, 0, 50, 22]
    assert explorer.outcome.summary.limited_by == {"balance": 1.0}
    type_(explorer, offers__0__max_discount="30")
    # 30 come off 500: 20 stay, and 470 earns 23; 30 of 43 come off 400.
    assert explorer.outcome.scored["discount"].tolist() == [0, 0, 30, 30]
    assert explorer.outcome.discounts()["discount"].tolist() == [0, 0, 30, 30]


def test_every_place_says_which_it_is(earning, history):
    explorer = ns.RuleExplorer(earning, orders=history, label="a small shop")
    for chosen, said in ((GIVEN, "each order by itself"), (REPLAYED, "replayed")):
        choose(explorer, chosen)
        page = html_report(report_of(explorer.session, explorer.outcome))
        explorer.work_out_ranges()
        for text in (explorer._head.value, page, explorer._examples.columns[2], explorer._how_sure._words.value):
            assert said in text.lower()
        source = re.search(r'<p class="source">(.*?)</p>', page)[1]
        assert f". {said.capitalize()}" in source


def test_example_orders_are_those_of_the_replay(earning, history):
    explorer = ns.RuleExplorer(earning, orders=history, label="a small shop")
    choose(explorer, REPLAYED)
    type_(explorer, offers__0__max_discount="30")
    rows = {row[0]: row for row in explorer._examples.rows}
    assert {name: (row[2], row[3], row[4], row[5]) for name, row in rows.items()} == {
        "b": ("0", "0", "₹0", "₹0"),
        "c": ("50", "30", "₹30", "₹50"),
        "d": ("43", "30", "₹30", "₹22"),
    }
    explorer._examples.chosen = [row[0] for row in explorer._examples.rows].index("d")
    program = explorer.outcome.program
    assert explorer._examples.words == ns.explain(
        program, cart_amount=400.0, points_balance=43, ordered_at="2026-03-01"
    ).replace("offers.0", "Offer 1")


def test_the_report_is_of_the_replay(earning, history, assumptions):
    explorer = ns.RuleExplorer(earning, orders=history, label="a small shop")
    choose(explorer, REPLAYED)
    type_(explorer, offers__0__max_discount="30")
    report = report_of(explorer.session, explorer.outcome)
    rows = {row[0]: row[1:] for row in report.sections[2].rows}
    assert (rows["Discount"][0], rows["Discount"][3]) == (60, 72)


def test_take_up_is_drawn_and_said(earning, history):
    explorer = ns.RuleExplorer(earning, orders=history.assign(redeems=["", "", "no", ""]), label="a small shop")
    choose(explorer, REPLAYED)
    assert explorer.outcome.scored["discount"].tolist() == [0, 0, 0, 75]  # 50, and 25 for the 500 that were paid
    row = next(row for row in explorer._examples.rows if row[0] == "c")
    explorer._examples.chosen = explorer._examples.rows.index(row)
    assert row[4] == "₹0"
    assert explorer._examples.words == ns.explain(
        explorer.outcome.program, cart_amount=500.0, points_balance=50, points_requested=0, ordered_at="2026-02-01"
    ).replace("offers.0", "Offer 1")


@pytest.mark.parametrize("missing", ["order_id", "customer_id", "ordered_at"])
def test_orders_that_cannot_be_replayed_are_a_message(earning, history, missing):
    explorer = ns.RuleExplorer(earning, orders=history.drop(columns=missing), label="a small shop", replayed=GIVEN)
    figures = explorer._figures.value
    choose(explorer, REPLAYED)
    assert missing in explorer._message.value
    assert "mistake of the program" not in explorer._message.value
    assert not explorer._balances.offered
    assert explorer._balances.chosen == GIVEN
    assert "Each order by itself" in explorer._head.value
    assert explorer._figures.value == figures
    type_(explorer, offers__0__max_discount="5")
    assert explorer.outcome.summary.discount == 10
    assert explorer._message.value == ""


def test_todays_setting_takes_the_earning_that_it_lacks_from_the_proposal(program, history):
    explorer = ns.RuleExplorer(program, orders=history, label="a small shop", replayed=GIVEN)
    choose(explorer, REPLAYED)
    assert "switch on Earning" in explorer._message.value
    assert not explorer._balances.offered
    type_(explorer, earning=True, earning__points_per_unit="0.1")
    choose(explorer, REPLAYED)
    assert explorer._balances.chosen == REPLAYED
    assert explorer.session.todays(explorer.outcome.program).summary.discount == 100 + 40
    assert "takes that of the proposal" in explorer._head.value
    explorer.set_today()
    assert "takes that of the proposal" not in explorer._head.value
    assert explorer.session.today.earning.points_per_unit == Decimal("0.1")
    type_(explorer, earning=False)
    assert "switch on Earning" in explorer._message.value
    assert "last setting that can be used" in explorer._message.value


def test_other_orders_are_replayed_as_well(earning, history):
    explorer = ns.RuleExplorer(earning, orders=history, label="a small shop")
    choose(explorer, REPLAYED)
    with pytest.raises(ns.InputError, match="customer_id"):
        explorer.use_orders(history.drop(columns="customer_id"), "nobody's")
    assert "a small shop" in explorer._head.value
    explorer.use_orders(history[:3].reset_index(drop=True), "three")
    assert explorer.outcome.scored["discount"].tolist() == [0, 0, 50]


def test_an_offer_for_nobody_is_not_left_out_in_silence(program, orders, tmp_path):
    offer = ns.VariableAmount(points_per_step=1, discount_per_step=1, tiers=[])
    nobody = program.model_copy(update={"offers": (offer,)})
    with pytest.raises(ns.InputError, match=r"offers\.0\.tiers: an empty list of tiers fits nobody"):
        ns.RuleExplorer(nobody, orders=orders, replayed=GIVEN)
    explorer = ns.RuleExplorer(program, orders=orders, replayed=GIVEN)
    file = tmp_path / "nobody.toml"
    file.write_text(nobody.to_toml(), encoding="utf-8")
    before = dict(explorer.program_form.values)
    explorer._load(file)
    assert "fits nobody" in explorer._message.value
    assert explorer.program_form.values == before
