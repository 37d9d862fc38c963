"""*Next months* and *Find out* show what the library says: forecast, liability, and tests of two settings."""

import io
from types import SimpleNamespace

import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.app import ahead, finding, sure
from nector_sim.app.later import WORKS, Asked, of_groups, of_reading
from nector_sim.errors import InputError
from nector_sim.exploration.session import Session
from nector_sim.report.answer import money

TODAY = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
PROPOSAL = TODAY.replaced({"offers.0.max_discount": 20, "expiry": {"months": 3}})
BELIEVED = ns.load_assumptions(ns.data_path("assumptions/example.toml"))


@pytest.fixture(scope="module")
def orders():
    """A part of the example shop's customers."""
    demo = ns.demo_orders()
    few = demo["customer_id"].drop_duplicates().head(250)
    return demo[demo["customer_id"].isin(few)].reset_index(drop=True)


@pytest.fixture
def asked(orders, tmp_path):
    """Something that is asked of the page, with what was typed into the tab."""

    def make(proposal=PROPOSAL, *, replayed=True, checked=lambda: None, **typed):
        session = Session(orders, label="x", today=TODAY, assumptions=BELIEVED, replayed=replayed)
        project = SimpleNamespace(folder=tmp_path, uploads=tmp_path / "files", state={"asked": {"find": typed}})
        desk = SimpleNamespace(project=project, session=session, lock=__import__("threading").Lock())
        return Asked(desk, session, session.outcome(proposal), project.state, {}, checked)

    return make


def opening(orders):
    """The balance at each customer's first order."""
    first = orders.sort_values(["ordered_at", "order_id"]).drop_duplicates("customer_id")
    return pd.DataFrame({"customer_id": first["customer_id"], "points": first["points_balance"]})


def test_next_months_are_those_of_the_forecast(asked, orders, monkeypatch):
    given = {}

    def few(*arguments, **options):
        given.update(options)
        return ns.forecast(*arguments, **options, futures=4)

    monkeypatch.setattr(ahead, "forecast", few)
    steps = asked()
    shown = ahead.ahead(steps)
    told = ns.forecast(
        TODAY,
        orders.drop(columns="points_balance"),
        settings={"today": TODAY, "proposal": PROPOSAL},
        assumptions=BELIEVED,
        opening=opening(orders),
        months=6,
        futures=4,
    ).table([3])
    rows = {(row["setting"], row["measure"]): row for row in told.to_dict("records")}
    three = next(table for table in shown["tables"] if table["months"] == 3)
    assert three["columns"] == ["", "The last 3 months again", "Your current setting", "Proposal"]
    cost, owned = three["rows"][0], three["rows"][-1]
    for position, name in enumerate(("today", "proposal"), start=2):
        row = rows[name, "cost_of_program"]
        assert cost[position] == [money(row[end], "INR") for end in ("likely", "low", "high")]
        assert cost[position][0] in shown["sentence"]
        assert owned[position][0] == f"{round(rows[name, 'outstanding']['likely']):,}"
    assert cost[1] == money(rows["today", "cost_of_program"]["last_months_again"], "INR")
    assert f"The last 3 months cost {cost[1]}." in shown["sentence"]
    # Points expire under the proposal alone.
    assert [picture["key"] for picture in shown["pictures"]] == ["cost_of_program", "outstanding", "expired"]
    assert len(shown["pictures"][0]["past"]) == len(shown["pictures"][0]["lines"][0]["points"]) == 6
    assert steps.progress == [9, 9]
    assert not {"futures", "draws"} & given.keys(), "the page draws as many as everybody else"


def test_how_sure_says_of_which_time_its_amounts_are(asked):
    """The figures above it are of one month, its amounts of all orders."""
    steps = asked()
    told = sure.how_sure(steps.session, steps.outcome, lambda: None)
    assert told["period"].startswith(
        f"Amounts here are of all these orders together, {steps.session.months:.1f} months;"
    )
    week = steps.session.orders["ordered_at"] < steps.session.orders["ordered_at"].min() + pd.Timedelta("7D")
    few = Session(steps.session.orders[week], label="x", today=TODAY, assumptions=BELIEVED)
    assert sure.how_sure(few, few.outcome(PROPOSAL), lambda: None)["period"] == ""


def test_what_is_owed_is_that_of_the_liability(asked, orders):
    shown = ahead.owed(asked())
    run = ns.replay(TODAY, orders.drop(columns="points_balance"), opening=opening(orders))
    owed = ns.liability(run, ultimate=ns.ultimate_redemption(run))
    assert f"{owed.points:,} coins, worth {money(float(owed.face), 'INR')}" in shown["line"]
    assert money(float(owed.expected), "INR") in shown["line"]
    assert [row[:2] for row in shown["rows"]] == [["never", f"{owed.points:,}"]]


def test_each_order_by_itself_has_no_next_months(asked):
    for work in (ahead.ahead, ahead.owed):
        with pytest.raises(InputError, match="kept for the next order"):
            work(asked(replayed=False))


def test_a_change_of_the_setting_ends_a_forecast(asked):
    class Newer(Exception):
        pass

    def newer():
        raise Newer

    with pytest.raises(Newer):
        ahead.ahead(asked(checked=newer))


def test_the_plan_is_that_of_the_library(asked, orders):
    shown = finding.plan(asked())
    told = ns.plan_experiment(TODAY, PROPOSAL, orders, assumptions=BELIEVED)
    assert f"{100 * abs(told.break_even):.1f} %" in shown["lines"][0]
    assert f"{100 * told.seen['smallest'].min():.1f} % or more" in shown["lines"][1]
    assert f"the {told.customers:,} customers who ordered lately" in shown["lines"][1]
    longest = told.needed[(told.needed["weeks"] == 26) & (told.needed["change"] == 0.05)]["customers_a_side"].min()
    last = dict(zip(shown["columns"], shown["rows"][-1], strict=True))
    assert last["Length of the test"] == "26 weeks"
    assert last["To notice 5 %: customers in each group"] == f"{longest:,.0f}"
    assert len(shown["lines"]) == 3
    same = finding.plan(asked(TODAY))
    assert same["lines"][0].startswith("Change something first")


def test_the_groups_are_those_of_the_library(asked, orders, tmp_path):
    given = asked(start="2017-10-01", percent="30")
    shown, file = finding.groups(given), finding.groups_file(given.desk)
    sides = ns.assign_experiment(orders, start="2017-10-01", candidate_percent=30, key_file=tmp_path / finding._KEY)
    counts = sides.frame["side"].value_counts()
    assert shown["lines"][0].startswith(
        f"From 1 October 2017 on, {counts['baseline']:,} customers keep your current setting and "
        f"{counts['candidate']:,} get the new one."
    )
    written = pd.read_csv(io.BytesIO(file), dtype=str)
    assert written.to_dict("list") == sides.frame.astype(str).to_dict("list")
    # Left out, it begins on the day after the last order; half of the customers are in it.
    assert finding.groups(asked())["start"] == "2018-01-02"
    with pytest.raises(InputError, match="a number of per cent"):
        finding.groups(asked(percent="many"))


def test_a_test_that_ran_is_read_as_the_library_reads_it(asked, orders, tmp_path):
    assert "waiting" in finding.reading(asked())
    (tmp_path / "files" / "1").mkdir(parents=True)
    path = tmp_path / "files" / "1" / "groups.csv"
    sides = ns.assign_experiment(orders, start="2017-10-01", key_file=tmp_path / "key")
    sides.save(path)
    shown = finding.reading(asked(groups=str(path), began="2017-10-01", ends="2017-12-31"))
    told = ns.read_experiment(
        orders, sides.frame, assumptions=BELIEVED, start="2017-10-01", end="2017-12-31", programs=[TODAY]
    )
    assert shown["lines"][0] == told.answer
    assert shown["verdict"] == finding._VERDICTS[told.verdict]
    mean = told.frame.set_index("outcome").loc["margin", "baseline"]
    assert shown["rows"][0][:2] == ["What a customer leaves you", money(mean, "INR")]
    elsewhere = tmp_path / "elsewhere.csv"
    sides.save(elsewhere)
    with pytest.raises(InputError, match=r"elsewhere\.csv is not there any more"):
        finding.reading(asked(groups=str(elsewhere), began="2017-10-01", ends="2017-12-31"))


def test_each_answer_rests_on_what_was_typed_for_it_alone():
    before = {"asked": {"find": {"start": "2026-01-01", "groups": "a"}}}
    after = {"asked": {"find": {"start": "2026-01-01", "groups": "b"}}}
    assert of_groups(before) == of_groups(after)
    assert of_reading(before) != of_reading(after)
    assert {"ahead", "owed", "plan", "groups", "reading"} <= set(WORKS)
