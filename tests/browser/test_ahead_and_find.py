"""*Next months*, *Find out* and the report's files in Chromium, as a merchant meets them on a laptop and on a phone."""

import io
import re

import openpyxl
import pandas as pd
from axe_playwright_python.sync_playwright import Axe
from conftest import Watched
from playwright.sync_api import expect

import nector_sim as ns

PHONE, LAPTOP = {"width": 390, "height": 844}, {"width": 1366, "height": 657}


def fits_and_is_usable(page):
    """Nothing reaches beyond the page's width, and axe finds nothing, on both sizes."""
    for size in (LAPTOP, PHONE):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert Axe().run(page).response["violations"] == []
    page.set_viewport_size(LAPTOP)


def cap_of_100(page):
    page.locator("#step-1").click()
    page.get_by_role("button", name=re.compile("online store")).click()
    page.locator("#step-3").click()
    page.locator("#levers").get_by_label("At most off", exact=True).fill("100")
    expect(page.locator("#sentence")).to_contain_text("up to ₹100 off")


def test_next_months(page):
    cap_of_100(page)
    page.get_by_role("tab", name="Next months").click()
    sentence = page.locator("#next-sentence")
    expect(sentence).to_contain_text(
        re.compile(r"next 3 months with your current setting, and ₹[\d,]+ .* with the proposal")
    )
    expect(sentence).to_contain_text("9 times out of 10")
    expect(page.get_by_role("columnheader", name="The last 3 months again")).to_be_visible()
    three = page.get_by_role("row", name=re.compile("^Costs you")).inner_text()
    page.get_by_role("button", name="Next 6 months").click()
    expect(page.get_by_role("columnheader", name="The last 6 months again")).to_be_visible()
    assert page.get_by_role("row", name=re.compile("^Costs you")).inner_text() != three
    expect(page.get_by_role("img", name=re.compile("^What coins cost you, by month"))).to_be_visible()
    expect(page.locator("#owed")).to_contain_text("will probably be used")
    fits_and_is_usable(page)


def test_find_out(page, tmp_path):
    cap_of_100(page)
    page.get_by_role("tab", name="Find out").click()
    expect(page.get_by_text("The new setting pays as long as")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^26 weeks"))).to_be_visible()
    page.get_by_label("The test begins on").fill("2024-10-01")
    page.get_by_label("The test begins on").blur()
    expect(page.locator("#groups")).to_contain_text("From 1 October 2024 on")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the groups").click()
    file = tmp_path / "groups.csv"
    download.value.save_as(file)
    sides = pd.read_csv(file, dtype=str)
    orders = ns.demo_orders("web shop")
    assert sorted(sides["customer_id"]) == sorted(orders["customer_id"].astype(str).unique())
    # Read as if the test had run in the last weeks of the example.
    page.get_by_label("File of groups").set_input_files(file)
    for label, day in (("It began on", "2024-10-01"), ("It ends on", "2024-12-31")):
        page.get_by_label(label).fill(day)
        page.get_by_label(label).blur()
    reading = page.locator("#reading")
    expect(reading).to_contain_text(re.compile(r"It (costs|saves) ₹"))
    told = ns.read_experiment(
        orders, sides, assumptions=ns.load_assumptions(ns.data_path("assumptions/example.toml")),
        start="2024-10-01", end="2024-12-31",
    )  # fmt: skip
    expect(reading).to_contain_text(told.answer)
    fits_and_is_usable(page)


def test_the_report_opened_offline_printed_and_as_a_workbook(page, browser, tmp_path):
    page.locator("#levers").get_by_label("At most off", exact=True).fill("100")
    expect(page.locator("#sentence")).to_contain_text("up to ₹100 off")
    files = {}
    for name in ("web page", "PDF", "Excel"):
        page.get_by_text("Share", exact=True).click()
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Report ({name})", exact=True).click()
        files[name] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[name])
    watched = Watched(browser, 1100, 800)
    watched.context.set_offline(True)
    watched.page.goto(files["web page"].as_uri())
    headings = watched.page.get_by_role("heading", level=2).all_inner_texts()
    assert headings[:3] == ["In short", "Type this into Nector", "Why"]
    shown = page.locator('.figure[data-key="cost"] .number').inner_text()
    expect(watched.page.get_by_role("row", name=re.compile("^Costs you a month"))).to_contain_text(shown)
    assert watched.asked == [files["web page"].as_uri()]
    assert watched.wrong == []
    assert Axe().run(watched.page).response["violations"] == []
    watched.context.close()
    pdf = files["PDF"].read_bytes()
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) in range(3, 8)
    book = openpyxl.load_workbook(io.BytesIO(files["Excel"].read_bytes()))
    assert book.sheetnames[0] == "In short"
    assert "Try an order" in book.sheetnames
