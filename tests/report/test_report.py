"""The report says what the comparison says, opens by itself, and says second what to type into Nector."""

import io
import re
import zipfile
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.errors import InputError
from nector_sim.exploration.session import Session
from nector_sim.report import printed
from nector_sim.report.answer import pair_in_words
from nector_sim.report.contents import report_of
from nector_sim.report.page import html_report
from nector_sim.report.screens import BLANK, not_on_screen, screens
from nector_sim.report.workbook import LIVE, workbook


@pytest.fixture
def session(program, orders, assumptions):
    return Session(orders, label="a <small> shop", today=program, assumptions=assumptions, replayed=False)


@pytest.fixture
def candidate(program):
    return program.model_copy(update={"min_payable": ns.PercentMinPayable(percent="12.5")})


@pytest.fixture
def report(session, candidate):
    return report_of(session, session.outcome(candidate), made_at=datetime(2026, 11, 23, 18, 30, tzinfo=UTC))


def section(report, title):
    return next(one for one in report.sections if one.title == title)


def test_the_answer_is_first_what_to_type_second_and_versions_last(report, candidate):
    page = html_report(report)
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert headings[:3] == ["In short", "Type this into Nector", "Why"]
    assert headings[-1] == "Made with"
    typed = page[page.index("Type this into Nector") : page.index("<h2>Why")]
    fields = re.findall(r"<tr><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td></tr>", typed)
    assert [field[1:] for field in fields] == [tuple(entry)[1:] for entry in screens(candidate)]
    assert ("Configure Integration", "Minimum amount customer needs to pay: Percentage", "12.5 (%)") in screens(
        candidate
    )


def test_the_page_asks_for_nothing_and_escapes_what_it_is_given(report):
    page = html_report(report)
    assert "a &lt;small&gt; shop" in page
    assert "<small>" not in page
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", page)
    assert "<script" not in page
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page
    assert page.count("<svg") == 3


def test_times_are_the_shop_s(report):
    # 18:30 in London's winter is midnight in India.
    assert "Made on 24 November 2026, 00:00 (Asia/Kolkata)" in html_report(report)
    assert "Orders of 1 Jan 2026 to 3 Mar 2026, by the clock of Asia/Kolkata." in section(report, "Which orders").notes


def test_the_headline_is_that_of_compare(report, program, candidate, orders, assumptions):
    comparison = ns.compare(program, candidate, orders, assumptions=assumptions, replayed=False)
    months = 61 / (365.25 / 12)  # 1 January to 3 March
    label, value, low, high, today = report.sections[0].rows[1]
    expected = comparison.ranges.loc["candidate.margin"] / months
    assert label == "Margin a month"
    assert (value, low, high) == pytest.approx((expected["value"], expected["low"], expected["high"]))
    assert today == pytest.approx(comparison.ranges.loc["baseline.margin", "value"] / months)


def test_a_field_reads_as_the_app_calls_it(program, orders, assumptions):
    earning = program.replaced({"earning": {"points_per_unit": "0.05"}})
    session = Session(orders, label="x", today=program, assumptions=assumptions, replayed=False)
    rows = {row[0]: row[1:] for row in section(report_of(session, session.outcome(earning)), "The setting").rows}
    assert rows["Coins earned per ₹100"] == ["5", ""]
    assert rows["Counted on"][0] == "What the customer pays"


def test_orders_that_are_left_out_are_said_with_their_money(program, assumptions, tmp_path):
    path = tmp_path / "shop.csv"
    path.write_text(
        "No,Who,When,Amount,State,Coins\n"
        "1,a,2026-01-01T10:00Z,500,paid,100\n2,b,2026-01-09T10:00Z,300,paid,0\n"
        "3,c,2026-01-10T10:00Z,200,cancelled,0\n4,d,2026-01-11T10:00Z,-5,paid,0\n"
    )
    columns = {"order_id": "No", "customer_id": "Who", "ordered_at": "When", "cart_amount": "Amount"}
    columns |= {"status": "State", "points_balance": "Coins"}
    read = ns.inspect_orders(path, mapping={"columns": columns, "currency": "INR"})
    found = ns.compare(program, program, read.orders, assumptions=assumptions, replayed=False, resamples=0)
    report = ns.make_report(
        found,
        label="shop.csv",
        orders_report=read,
        left_out=[("not on the days chosen", 2, 90.5)],
        rests=["15 % of 9 unpaid orders count as returned."],
    )
    whose = section(report, "Which orders")
    assert [[what, number, round(float(money), 2)] for what, number, money in whose.rows[:3]] == [
        ["In this report (baskets)", "2", 800],
        ["Left out: not on the days chosen (baskets)", "2", 90.5],
        ["Left out: cancelled and never paid", "1", 200],
    ]
    assert whose.rows[3][:2] == ["Cannot be used", "1"]
    assert "15 % of 9 unpaid orders count as returned." in whose.notes
    assert whose.notes[0].startswith("From shop.csv")


def test_the_workbook_holds_numbers_and_pictures(report):
    data = workbook(report)
    book = zipfile.ZipFile(io.BytesIO(data))
    assert sum(name.startswith("xl/media/") for name in book.namelist()) == 3
    sheets = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    assert sheets.sheetnames[:4] == ["In short", "Pictures", "Type this into Nector", "Why"]
    assert sheets.sheetnames[-4:] == list(LIVE)
    first = sheets["In short"]
    rows = {row[0]: row[1:] for row in first.iter_rows(values_only=True)}
    for label, *numbers in report.sections[0].rows[:2]:  # to the paisa
        assert rows[label] == tuple(round(float(number), 2) for number in numbers)
    for sheet in sheets.worksheets[:-1]:
        assert sheet.page_setup.fitToHeight in (0, None)  # as many as it takes, or one
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.paperSize == 9
    for name in ("In short", "Type this into Nector", "The setting", *LIVE[:3]):
        assert sheets[name].freeze_panes is not None
    # No picture reaches into the next title.
    drawn = [(image.anchor._from.row, image.anchor.to.row) for image in sheets["Pictures"]._images]
    titles = [row for (row,) in (cell for cell in sheets["Pictures"].iter_rows(max_col=1)) if row.value]
    assert [start for start, _ in drawn] == [title.row for title in titles]
    assert all(end < title.row - 1 for (_, end), title in zip(drawn, titles[1:], strict=False))


def test_the_workbook_answers_typed_orders_as_quote_does(report, candidate):
    data = workbook(report)
    values = openpyxl.load_workbook(io.BytesIO(data), data_only=True)[LIVE[0]]
    heads, *rows = values.iter_rows(values_only=True, max_row=4)
    for row in (dict(zip(heads, row, strict=True)) for row in rows):
        told = ns.quote(candidate, cart_amount=row["Cart"], points_balance=row["Balance"])
        assert (row["Points"], Decimal(str(row["Discount"])), Decimal(str(row["Payable"]))) == (
            told.points_redeemed,
            told.discount,
            told.payable,
        )
    # The formulas are those of the exported workbook, which LibreOffice is held to, with other names of sheets.
    own, exported = (openpyxl.load_workbook(io.BytesIO(one)) for one in (data, ns.export(candidate, to="xlsx")))
    names = dict(zip(("Orders", "Setting", "Steps", "Words"), LIVE, strict=True))
    for theirs, ours in names.items():
        for there, here in zip(exported[theirs].iter_rows(), own[ours].iter_rows(), strict=True):
            for one, other in zip(there, here, strict=True):
                if one.data_type == "f":
                    renamed = re.sub(r"\b(Orders|Setting|Steps|Words)!", lambda at: f"'{names[at[1]]}'!", one.value)
                    assert other.value.replace("Steps!", "'Steps'!").replace("Reasons!", "'Reasons'!") == renamed


def test_a_setting_that_a_sheet_cannot_carry_is_said_so(session, program):
    dated = program.replaced({"offers.0.ends_at": "2027-01-01T00:00:00Z"})
    book = openpyxl.load_workbook(io.BytesIO(workbook(report_of(session, session.outcome(dated)))))
    texts = [cell.value for row in book[LIVE[0]].iter_rows() for cell in row if cell.value]
    assert book.sheetnames[-1] == LIVE[0]
    assert "A sheet's formulas cannot carry this setting." in texts
    assert any("times are not exact" in text for text in texts)


def test_a_text_that_looks_like_a_formula_stays_a_text(program, orders, assumptions):
    odd = program.model_copy(update={"name": "=1+1"})
    session = Session(orders, label="=cmd|'/c calc'!A0", today=odd, assumptions=assumptions, replayed=False)
    book = openpyxl.load_workbook(io.BytesIO(workbook(report_of(session, session.outcome(odd)))))
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            assert not [cell.value for cell in row if cell.data_type == "f" and sheet.title not in LIVE]
            assert not [cell.value for cell in row if cell.data_type == "f" and "1+1" in cell.value]


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
    report = report_of(session, session.outcome(program))
    assert all(row[2] == "" for row in report.sections[0].rows)
    assert "Type this into Nector" in html_report(report)


def test_times_that_are_texts_and_a_day_alone_are_no_months(program, orders, assumptions):
    texts = orders.assign(ordered_at=orders["ordered_at"].astype(str))
    several = ns.compare(program, program, texts, assumptions=assumptions, replayed=False, resamples=0)
    assert several.basis.months == pytest.approx(61 / (365.25 / 12))
    one = ns.compare(program, program, orders.head(1), assumptions=assumptions, replayed=False, resamples=0)
    assert one.basis.months is None
    assert ns.make_report(one).sections[0].rows[0][0] == "Costs you"
    assert several.basis.fingerprint() == several.basis.fingerprint() != one.basis.fingerprint()
    missing = ns.compare(
        program, program, orders.assign(ordered_at=pd.NaT), assumptions=assumptions, replayed=False, resamples=0
    )
    assert missing.basis.months is None


def test_a_report_is_written_by_its_ending(report, tmp_path, monkeypatch):
    assert report.save(tmp_path / "r.html").read_text(encoding="utf-8") == html_report(report)
    assert report.save(tmp_path / "r.xlsx").read_bytes()[:2] == b"PK"
    with pytest.raises(InputError, match=r"r\.docx ends in none of \.html, \.pdf, \.xlsx"):
        report.save(tmp_path / "r.docx")
    with pytest.raises(InputError, match="cannot be written"):
        report.save(tmp_path / "nowhere" / "r.html")
    monkeypatch.setenv(printed.VARIABLE, "no-such-browser")
    with pytest.raises(InputError, match=r"names no-such-browser, which is no program.*Ctrl\+P"):
        report.save(tmp_path / "r.pdf")
    monkeypatch.delenv(printed.VARIABLE)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(printed, "_PLACES", {})
    with pytest.raises(InputError, match="this computer has none"):
        report.save(tmp_path / "r.pdf")


def test_a_browser_that_prints_nothing_is_named(report, tmp_path, monkeypatch):
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexit 1\n")
    silent.chmod(0o755)
    monkeypatch.setenv(printed.VARIABLE, str(silent))
    with pytest.raises(InputError, match="silent printed nothing"):
        report.as_file(".pdf")
    silent.write_text(
        '#!/bin/sh\nfor one in "$@"; do case $one in --print-to-pdf=*) echo made > "${one#*=}";; esac; done\n'
    )
    assert report.as_file(".pdf") == b"made\n"


@pytest.mark.parametrize(
    ("uplift", "keeps", "said"),
    [
        (float("nan"), True, "That holds however many orders of coin users stay away because of it"),
        (-1.5, True, "That holds even if all orders of coin users stay away"),
        (-0.05, True, "That is lost again if more than 5.0 in 100 orders"),
        (float("nan"), False, "No number of extra orders of coin users would bring that back."),
        (0.05, False, "It pays if coin users place more than 5.0 extra orders for every 100."),
    ],
)
def test_what_must_happen_is_said_for_settings_that_keep_more_and_less(uplift, keeps, said):
    assert pair_in_words(uplift, keeps=keeps).startswith(said)
