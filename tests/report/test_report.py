"""The report says what the calculator and the comparison say, opens by itself, and ends with what to type."""

import io
import re
import zipfile
from datetime import UTC, datetime

import pytest

import nector_sim as ns
from nector_sim.exploration.session import Session
from nector_sim.report.contents import make_report
from nector_sim.report.page import html_report
from nector_sim.report.screens import BLANK, not_on_screen, screens
from nector_sim.report.workbook import workbook


@pytest.fixture
def session(program, orders, assumptions):
    return Session(orders, label="a <small> shop", today=program, assumptions=assumptions, replayed=False)


@pytest.fixture
def candidate(program):
    return program.model_copy(update={"min_payable": ns.PercentMinPayable(percent="12.5")})


@pytest.fixture
def report(session, candidate):
    return make_report(session, session.outcome(candidate), made_at=datetime(2026, 11, 23, 18, 30, tzinfo=UTC))


def test_the_page_ends_with_what_to_type_into_nector(report, candidate):
    page = html_report(report)
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert headings[0] == "In short"
    assert headings[-1] == "Type this into Nector"
    last = page[page.rindex("<h2>") :]
    fields = re.findall(r"<tr><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td></tr>", last)
    assert fields == [tuple(entry) for entry in screens(candidate)]
    assert ("Configure Integration", "Minimum amount customer needs to pay: Percentage", "12.5 (%)") in fields


def test_the_page_asks_for_nothing_and_escapes_what_it_is_given(report):
    page = html_report(report)
    assert "a &lt;small&gt; shop" in page
    assert "<small>" not in page
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", page)
    assert "<script" not in page
    assert page.count("<svg") == 3


def test_the_headline_is_that_of_compare(report, program, candidate, orders, assumptions):
    comparison = ns.compare(program, candidate, orders, assumptions=assumptions, replayed=False)
    rows = {row[0]: row[1:] for row in report.sections[0].rows}
    value, low, high, today = rows["Margin with points"]
    expected = comparison.ranges.loc["candidate.margin"]
    assert (value, low, high) == (expected["value"], expected["low"], expected["high"])
    assert today == comparison.ranges.loc["baseline.margin", "value"]


def test_the_workbook_holds_numbers_and_pictures(report):
    book = zipfile.ZipFile(io.BytesIO(workbook(report)))
    names = re.findall(r'<sheet [^>]*name="([^"]*)"', book.read("xl/workbook.xml").decode())
    assert names[0] == "In short"
    assert names[-1] == "Type this into Nector"
    assert sum(name.startswith("xl/media/") for name in book.namelist()) == 3
    first = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in first
    assert len(re.findall(r"<c [^>]*><v>[\d.]+</v>", first)) > 20


def test_a_text_that_looks_like_a_formula_stays_a_text(program, orders, assumptions):
    odd = program.model_copy(update={"name": "=1+1"})
    session = Session(orders, label="=cmd|'/c calc'!A0", today=odd, assumptions=assumptions, replayed=False)
    book = zipfile.ZipFile(io.BytesIO(workbook(make_report(session, session.outcome(odd)))))
    for name in book.namelist():
        if name.startswith("xl/worksheets/sheet"):
            assert "<f>" not in book.read(name).decode()


@pytest.mark.parametrize("kind", ["variable_amount", "fixed_amount", "variable_percent", "fixed_percent"])
def test_every_kind_of_offer_can_be_typed(kind):
    given = {
        "variable_amount": {"points_per_step": 100, "discount_per_step": 10, "max_discount": 200},
        "fixed_amount": {"points": 100, "discount": 10},
        "variable_percent": {"points_per_step": 100, "percent_per_step": 5, "max_percent": 20},
        "fixed_percent": {"points": 100, "percent": 10, "max_discount": 50},
    }[kind]
    program = ns.Program.parse({"offers": [{"kind": kind, **given}]})
    typed = {entry.field: entry.value for entry in screens(program)}
    assert typed["Coins Required"] == "100"
    assert typed["Minimum amount customer needs to pay"] in (BLANK, "None")
    assert not_on_screen(program) == (["Offer 1: Max discount 50"] if kind == "fixed_percent" else [])


def test_orders_without_customers_get_a_report_without_ranges(program, orders, assumptions):
    session = Session(
        orders.drop(columns="customer_id"), label="x", today=program, assumptions=assumptions, replayed=False
    )
    report = make_report(session, session.outcome(program))
    assert all(row[2] == "" for row in report.sections[0].rows)
    assert "Type this into Nector" in html_report(report)
