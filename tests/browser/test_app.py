"""The app, used as a merchant would: what the page shows is what the calculator gives."""

import re
import urllib.request
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect

import nector_sim as ns
from nector_sim.rules.money import money_text

ORDERS = "Orders (Shopify, WooCommerce, CSV, Excel, Parquet)"
BALANCES = "Points balances of customers (optional)"


def your_orders(page):
    """Open the part for one's own orders, if it is not open."""
    if not page.get_by_label(ORDERS).is_visible():
        page.get_by_role("button", name="Your orders").click()


def offering(program, **fields):
    offer = ns.VariableAmount.model_validate({**program.offers[0].model_dump(), **fields})
    return program.model_copy(update={"offers": (offer,)})


def monthly_cost(program, orders, opening=None):
    """What the app shows first: replayed, beginning with each customer's balance at the first order."""
    assumptions = ns.load_assumptions(ns.data_path("assumptions/example.toml"))
    if opening is None:
        first = orders.sort_values(["ordered_at", "order_id"]).drop_duplicates("customer_id")
        opening = first[["customer_id", "points_balance"]].rename(columns={"points_balance": "points"})
    replayed = ns.replay(program, orders.drop(columns="points_balance", errors="ignore"), opening=opening).orders
    summary = ns.summarize(replayed, assumptions=assumptions, replayed=True)
    months = (orders["ordered_at"].max() - orders["ordered_at"].min()) / pd.Timedelta(days=365.25 / 12)
    return money_text(Decimal(round(summary.cost_of_program / months)), "INR")


def cost(page):
    return page.locator(".nector-card").first.locator(".nector-value")


@pytest.fixture(scope="module")
def program():
    return ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))


@pytest.fixture(scope="module")
def demo():
    return ns.demo_orders()


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    """A shop's orders and its customers' balances, with two rows that cannot be used."""
    folder, random = tmp_path_factory.mktemp("export"), np.random.default_rng(7)
    count, customers = 500, 120
    orders = pd.DataFrame(
        {
            "order_id": [f"O{number}" for number in range(count)],
            "customer_id": [f"c{number}" for number in random.integers(0, customers, count)],
            "ordered_at": pd.date_range("2026-01-01", periods=count, freq="6h", tz="UTC"),
            "cart_amount": np.round(random.gamma(3, 500, count), 2),
        }
    )
    balances = pd.DataFrame(
        {"customer_id": [f"c{number}" for number in range(customers)], "points": random.integers(0, 2000, customers)}
    )
    text = orders.to_csv(index=False) + "B1,c1,2026-02-01,-5\nB2,c2,2026-02-01,abc\n"
    (folder / "shop.csv").write_text(text)
    balances.to_csv(folder / "balances.csv", index=False)
    joined = orders.merge(balances, on="customer_id").rename(columns={"points": "points_balance"})
    return folder, joined


def test_the_app_opens_on_the_labelled_demo_orders(page, program, demo):
    expect(page.locator(".nector-source")).to_contain_text(
        "demo data, scaled; balances as under the documented example"
    )
    expect(cost(page)).to_have_text(monthly_cost(program, demo))
    expect(page.get_by_role("img", name=re.compile("^Discount by cart size"))).to_be_visible()
    expect(page.locator(".nector-cards")).to_contain_text("In nine of ten draws")
    assert page.get_by_text("import nector_sim").count() == 0


def test_without_the_token_there_is_nothing(app):
    address = app[0].partition("?")[0]
    body = urllib.request.urlopen(address).read().decode()
    assert "nector-explorer" not in body
    assert "kernelId" not in body
    assert address.startswith("http://127.0.0.1:")


def test_a_slider_moves_with_the_keyboard(page, program, demo):
    slider = page.get_by_label("Minimum amount customer needs to pay: Fixed, slider")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    value = slider.input_value()
    assert Decimal(value) > 100
    changed = program.model_copy(update={"min_payable": ns.FixedMinPayable(amount=value)})
    expect(cost(page)).to_have_text(monthly_cost(changed, demo))
    expect(page.get_by_label("Minimum amount customer needs to pay: Fixed", exact=True)).to_have_value(value)


def test_a_slider_moves_by_dragging(page, program, demo):
    slider = page.get_by_label("What one coin is worth, slider")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2, steps=12)
    page.mouse.up()
    value = slider.input_value()
    assert Decimal(value) < 1
    expect(page.get_by_label("Discount Amount", exact=True)).to_have_value(value)
    expect(cost(page)).to_have_text(monthly_cost(offering(program, discount_per_step=value), demo))
    expect(page.locator(".nector-card").first).to_contain_text(f"today {monthly_cost(program, demo)}")


def test_what_is_typed_while_figures_are_worked_out_is_kept(page, program, demo):
    """Two fields, one right after the other: the second keystroke comes before the first figure."""
    coins, discount = (page.get_by_label(name, exact=True) for name in ("Coins Required", "Discount Amount"))
    coins.fill("100")
    discount.select_text()
    discount.press_sequentially("10")
    page.keyboard.press("Tab")
    expect(cost(page)).to_have_text(monthly_cost(offering(program, points_per_step=100, discount_per_step=10), demo))
    expect(coins).to_have_value("100")
    expect(discount).to_have_value("10")
    expect(page.get_by_label("What one coin is worth", exact=True)).to_have_value("0.1")


def test_parts_that_were_opened_stay_open(page):
    more = page.locator("details.nector-more", has_text="Earning")
    more.locator("summary").click()
    page.get_by_label("Expiry", exact=True).check()
    expect(page.get_by_label("Months", exact=True)).to_be_visible()
    expect(page.get_by_label("Expiry", exact=True)).to_be_focused()
    more.locator("summary").click()


def test_replayed_and_each_order_by_itself(page, program, demo):
    given, replayed = (page.get_by_role("radio", name=re.compile(f"^{how}")) for how in ("each order", "replayed"))
    expect(replayed).to_be_checked()
    expect(page.locator(".nector-source")).to_contain_text("Replayed")
    expect(cost(page)).to_have_text(monthly_cost(program, demo))
    given.click()
    expect(page.locator(".nector-source")).to_contain_text("Each order by itself")
    replayed.click()
    expect(page.locator(".nector-source")).to_contain_text("Replayed")


def test_an_impossible_value_is_marked_and_undone(page, program, demo):
    field = page.get_by_label("Maximum Discount Amount", exact=True)
    field.fill("-5")
    expect(page.get_by_text("it must be above 0")).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("The figures below are of the last setting that can be used")).to_be_visible()
    expect(cost(page)).to_have_text(monthly_cost(program, demo))
    page.get_by_role("button", name="Undo").click()
    expect(field).to_have_value("1000")
    expect(page.get_by_text("The figures below are of the last setting")).to_have_count(0)


def test_an_export_is_uploaded_with_balances(page, program, export):
    folder, joined = export
    your_orders(page)
    page.get_by_label(BALANCES).set_input_files(folder / "balances.csv")
    expect(page.get_by_text("balances.csv is here.")).to_be_visible()
    page.get_by_label(ORDERS).set_input_files(folder / "shop.csv")
    expect(page.get_by_text("The figures are now of 500 orders of shop.csv")).to_be_visible()
    expect(page.locator(".nector-orders")).to_contain_text("2 rejected")
    expect(page.locator(".nector-orders table")).to_contain_text("is negative")
    # Balances of a file are those of today: they are run back to the first order.
    balances = pd.read_csv(folder / "balances.csv")
    opening = ns.opening_from(balances, joined.drop(columns="points_balance"), program)
    expect(cost(page)).to_have_text(monthly_cost(program, joined, opening))
    expect(page.locator(".nector-source")).to_contain_text("shop.csv")
    page.get_by_role("button", name="Demo orders: grocery").click()
    expect(page.locator(".nector-source")).to_contain_text("demo data, scaled")


def test_orders_without_balances_are_understood_and_ask_for_them(page, program, export):
    folder, joined = export
    your_orders(page)
    page.get_by_label(ORDERS).set_input_files(folder / "shop.csv")
    expect(page.get_by_text("it has no points balances")).to_be_visible()
    page.get_by_label("Or one balance for everybody, in points").fill("300")
    page.get_by_role("button", name="Read again").click()
    expect(page.get_by_text("The figures are now of 500 orders of shop.csv")).to_be_visible()
    expect(cost(page)).to_have_text(monthly_cost(program, joined.assign(points_balance=300)))


def test_an_unreadable_file_gets_a_message(page, program, demo, tmp_path):
    (tmp_path / "orders.csv").write_bytes(bytes(range(256)) * 64)
    before = monthly_cost(program, demo)
    expect(cost(page)).to_have_text(before)
    your_orders(page)
    page.get_by_label(ORDERS).set_input_files(tmp_path / "orders.csv")
    message = page.locator(".nector-orders .nector-error").first
    expect(message).to_contain_text("The figures did not change")
    assert "mistake of the program" not in message.text_content()
    assert cost(page).text_content() == before


def test_a_file_above_the_limit_is_refused_with_a_message(page, tmp_path):
    with (tmp_path / "huge.csv").open("wb") as huge:
        huge.truncate((200 << 20) + 1)
    your_orders(page)
    page.get_by_label(ORDERS).set_input_files(tmp_path / "huge.csv")
    expect(page.get_by_text("at most 200 MiB can be uploaded here")).to_be_visible()


def test_an_export_of_200_mib_uploads(page, large_export):
    your_orders(page)
    page.get_by_label("Or one balance for everybody, in points").fill("300")
    page.get_by_label(ORDERS).set_input_files(large_export)
    expect(page.get_by_text("The figures are now of 200,000 orders of large.csv")).to_be_visible()


def test_a_report_opens_without_a_network(page, browser, tmp_path):
    page.get_by_label("Maximum Discount Amount", exact=True).fill("205")
    page.keyboard.press("Enter")
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (web page)").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    context = browser.new_context(offline=True)
    report = context.new_page()
    asked = []
    report.on("request", lambda sent: asked.append(sent.url))
    report.goto(path.as_uri())
    expect(report.get_by_role("heading", name="Type this into Nector")).to_be_visible()
    expect(report.get_by_role("row", name="Add Offer Maximum Discount Amount 205 (₹)")).to_be_visible()
    expect(report.get_by_role("img")).to_have_count(3)
    assert asked == [path.as_uri()]
    report.screenshot(path=Path(__file__).parents[2] / "out" / "browser" / "report.png", full_page=True)
    context.close()


def test_a_workbook_is_downloaded(page):
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (Excel)").click()
    assert Path(download.value.path()).read_bytes()[:2] == b"PK"
    assert download.value.suggested_filename == "report.xlsx"


def test_a_setting_is_saved_and_loaded(page, program, tmp_path):
    page.get_by_label("Minimum Cart Amount", exact=True).fill("499.50")
    page.keyboard.press("Enter")
    expect(page.locator(".nector-card").first).to_contain_text("today ")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save setting").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert ns.load_program(path) == offering(program, min_cart="499.50")
    page.get_by_role("button", name="Back to today's setting").click()
    expect(page.get_by_label("Minimum Cart Amount", exact=True)).to_have_value("0")
    page.get_by_label("Load setting (TOML)").set_input_files(path)
    expect(page.get_by_label("Minimum Cart Amount", exact=True)).to_have_value("499.50")


def test_an_order_is_explained(page):
    tab = page.get_by_role("tab", name="Example orders")
    tab.focus()
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name=re.compile("^Explain order")).nth(6)
    button.focus()
    page.keyboard.press("Enter")
    cart = re.search(r"₹[\d,.]+", button.locator("xpath=ancestor::tr").inner_text())[0]
    expect(page.locator("pre.nector-words").last).to_contain_text(f"Cart {cart}, balance ")
    expect(page.locator("pre.nector-words").last).to_contain_text("Limited by ")
    expect(button).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (768, 1024)], ids=["desk", "tablet"])
def test_nothing_sticks_out(page, width, height):
    page.set_viewport_size({"width": width, "height": height})
    room = page.locator("#rendered_cells")
    assert room.evaluate("node => node.scrollWidth <= node.clientWidth")
    for card in page.locator(".nector-value").all():
        assert card.evaluate("node => node.scrollWidth <= node.clientWidth")


def test_every_field_can_be_reached_and_has_a_label(page):
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('.nector-explorer :is(input, select, button)')]
            .filter(node => !(node.labels?.length || node.ariaLabel || node.textContent.trim() || node.title))
            .map(node => node.outerHTML.slice(0, 120))"""
    )
    assert nameless == []


def test_each_key_brings_a_new_figure(page):
    """How soon it is there is measured by the bench."""
    slider = page.get_by_label("What one coin is worth, slider")
    slider.focus()
    for _ in range(8):
        before = cost(page).text_content()
        page.keyboard.press("ArrowLeft")
        expect(cost(page)).not_to_have_text(before)
