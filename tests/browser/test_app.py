"""The app, used as a merchant would: what the page shows is what the calculator gives."""

import re
import time
import urllib.error
import urllib.request
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

import nector_sim as ns
from nector_sim.rules.money import money_text

CAP, LEAST = "At most off", "Customer pays at least"
SIZES = [(1366, 657), (1280, 657), (1440, 900), (1536, 730), (1280, 720), (1024, 768), (820, 1180), (390, 844)]


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


def figure(page, name):
    return page.locator(f'.figure[data-key="{name}"]')


def cost(page):
    return figure(page, "cost").locator(".number")


def lever(page, name):
    return page.locator("#levers").get_by_label(name, exact=True)


def add(page, *files):
    """Drop files on the page of the orders."""
    page.locator("#step-1").click()
    page.locator("#files").set_input_files(list(files))


def back(page):
    page.locator("#step-3").click()


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


def test_the_first_screen_says_whose_orders_these_are_and_what_the_setting_costs(page, program, demo):
    expect(page.locator("#whose")).to_contain_text("Example shop: groceries, not yours")
    expect(page.locator("#sentence")).to_contain_text(
        "With 1 coin = ₹1, up to ₹1,000 off, customers paying at least ₹100"
    )
    expect(cost(page)).to_have_text(monthly_cost(program, demo))
    expect(figure(page, "cost")).to_contain_text("between")
    expect(page.get_by_role("img", name=re.compile("^At most off"))).to_be_visible()


def test_without_the_token_there_is_nothing(app):
    address = app[0].partition("#")[0]
    assert address.startswith("http://127.0.0.1:")
    for path in ("api/state", "api/alive", "api/file/project.json"):
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(address + path)
    elsewhere = urllib.request.Request(address, headers={"Host": "example.com"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(elsewhere)
    answer = urllib.request.urlopen(address)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_a_slider_moves_with_the_keyboard(page, program, demo):
    slider = page.get_by_label(f"{LEAST}, slider")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    value = slider.input_value()
    assert Decimal(value) > 100
    changed = program.model_copy(update={"min_payable": ns.FixedMinPayable(amount=value)})
    expect(cost(page)).to_have_text(monthly_cost(changed, demo))
    expect(lever(page, LEAST)).to_have_value(value)


def test_a_slider_moves_by_dragging_and_is_undone_at_once(page, program, demo):
    slider = page.get_by_label("1 coin is worth, slider")
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2, steps=12)
    page.mouse.up()
    value = slider.input_value()
    assert Decimal(value) < 1
    expect(cost(page)).to_have_text(monthly_cost(offering(program, discount_per_step=value), demo))
    expect(figure(page, "cost")).to_contain_text(f"today {monthly_cost(program, demo)}")
    page.get_by_role("button", name="Undo").click()
    expect(cost(page)).to_have_text(monthly_cost(program, demo))
    page.get_by_role("button", name="Redo").click()
    expect(lever(page, "1 coin is worth")).to_have_value(value)


def test_what_is_typed_while_figures_are_worked_out_is_kept(page, program, demo):
    """Two fields, one right after the other: the second keystroke comes before the first figure."""
    lever(page, CAP).fill("40")
    lever(page, LEAST).select_text()
    lever(page, LEAST).press_sequentially("250")
    page.keyboard.press("Tab")
    changed = offering(program, max_discount="40").model_copy(update={"min_payable": ns.FixedMinPayable(amount="250")})
    expect(cost(page)).to_have_text(monthly_cost(changed, demo))
    expect(lever(page, CAP)).to_have_value("40")
    expect(lever(page, LEAST)).to_have_value("250")


def test_a_click_on_a_picture_sets_the_lever_and_the_pair_comes_first(page):
    picture = page.get_by_role("img", name=re.compile(f"^{LEAST}"))
    box = picture.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 80)
    expect(picture.locator(".tip-text")).to_contain_text("₹")
    page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + 80)
    expect(lever(page, LEAST)).not_to_have_value("100")
    expect(page.locator("#sentence")).to_contain_text("Compared with your current setting, it keeps")
    expect(page.locator("#sentence")).to_contain_text("in 100 orders of coin users stay away")
    page.get_by_role("button", name="Cost a month").click()
    expect(page.get_by_role("button", name="Cost a month")).to_have_attribute("aria-pressed", "true")


def test_an_impossible_value_is_marked_and_nothing_else_is_saved(page, program, demo):
    lever(page, LEAST).fill("20%")
    page.keyboard.press("Tab")
    expect(page.get_by_text("it must be a number, such as 749.95").first).to_be_visible()
    expect(lever(page, LEAST)).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#message")).to_contain_text("Please correct the fields in red")
    expect(cost(page)).to_have_text(monthly_cost(program, demo))
    page.get_by_text("Share", exact=True).click()
    page.get_by_role("button", name="This setting", exact=True).click()
    expect(page.locator("#message")).to_contain_text("Please correct the fields in red first")
    page.get_by_role("button", name="Undo").click()
    expect(lever(page, LEAST)).to_have_value("100")
    expect(page.locator("#message")).to_be_empty()


def test_a_minimum_in_percent(page, program, demo):
    page.get_by_label("Minimum to pay").select_option("percent")
    expect(lever(page, LEAST)).to_have_value("0")
    lever(page, LEAST).fill("40")
    changed = program.model_copy(update={"min_payable": ns.PercentMinPayable(percent=40)})
    expect(cost(page)).to_have_text(monthly_cost(changed, demo))


def test_the_current_setting_and_the_shop_are_changed_and_survive_a_reload(page):
    lever(page, CAP).fill("300")
    page.get_by_role("button", name="This is my current Nector setting").click()
    expect(figure(page, "cost")).to_contain_text("your current setting")
    page.get_by_text("About your shop:").click()
    page.get_by_label("How often these use coins when they can", exact=True).fill("30")
    expect(page.locator("#sentence")).to_contain_text("if customers use coins on 30 % of the orders on which they can")
    before = cost(page).text_content()
    page.reload()
    expect(cost(page)).to_have_text(before)
    expect(lever(page, CAP)).to_have_value("300")
    page.locator("#step-2").click()
    expect(page.get_by_label("Maximum Discount Amount", exact=True).first).to_have_value("300")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    back(page)
    expect(figure(page, "cost")).to_contain_text("today")


def test_two_tabs_show_the_same(page, app):
    other = page.context.new_page()
    other.goto(app[0])
    expect(cost(other)).to_be_visible()
    lever(page, CAP).fill("70")
    expect(lever(other, CAP)).to_have_value("70")
    expect(cost(other)).to_have_text(cost(page).text_content())
    other.close()


def test_an_export_is_added_with_balances(page, program, export):
    folder, joined = export
    add(page, folder / "balances.csv", folder / "shop.csv")
    expect(page.get_by_text("Which column is which")).to_be_visible()
    expect(page.get_by_label("cart_amount is", exact=True)).to_have_value("cart_amount")
    page.get_by_role("button", name="Use these orders").click()
    expect(page.locator("#whose")).to_contain_text("shop.csv")
    expect(page.locator(".rows")).to_contain_text("cannot be used")
    page.get_by_text("Why 2 cannot be used").click()
    expect(page.get_by_text("is negative").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save all of them (CSV)").click()
    assert len(Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()) == 3
    back(page)
    # Balances of a file are those of today: they are run back to the first order.
    balances = pd.read_csv(folder / "balances.csv")
    opening = ns.opening_from(balances, joined.drop(columns="points_balance"), program)
    expect(cost(page)).to_have_text(monthly_cost(program, joined, opening))


def test_orders_without_balances_begin_with_none_or_with_one_for_everybody(page, program, export):
    folder, joined = export
    add(page, folder / "shop.csv")
    page.get_by_role("button", name="Use these orders").click()
    expect(page.locator("#whose")).to_contain_text("shop.csv")
    back(page)
    expect(cost(page)).to_have_text(monthly_cost(program, joined.assign(points_balance=0)))
    page.locator("#step-1").click()
    page.get_by_label("No file of balances. Every customer begins with").fill("300")
    page.get_by_role("button", name="Set", exact=True).click()
    back(page)
    expect(cost(page)).to_have_text(monthly_cost(program, joined.assign(points_balance=300)))
    page.locator("#step-1").click()
    page.get_by_role("button", name="Remove my orders from this computer").click()
    expect(page.locator("#whose")).to_contain_text("Example shop")


def test_unpaid_cash_counts_with_a_share_that_comes_back_and_days_are_chosen(page, tmp_path):
    rows = "".join(f"{n},c{n % 4},2026-0{1 + n // 20}-{1 + n % 20:02},500,pending,COD\n" for n in range(40))
    (tmp_path / "cod.csv").write_text(
        f"order_id,customer_id,ordered_at,cart_amount,status,payment_method\n{rows}99,c1,2026-02-25,500,paid,card\n"
    )
    add(page, tmp_path / "cod.csv")
    page.get_by_label("Count as sold: 40 orders not paid yet (₹20,000), 40 of them cash on delivery").check()
    page.get_by_label("Of these, returned at the door").fill("30")
    page.keyboard.press("Tab")
    expect(page.locator(".found")).to_contain_text("30 % of 40 unpaid cash-on-delivery orders count as returned")
    page.get_by_role("button", name="Use these orders").click()
    expect(page.locator(".found")).to_contain_text("cod.csv · 41 orders")
    page.get_by_label("From", exact=True).fill("2026-02-01")
    page.get_by_role("button", name="Count these days").click()
    expect(page.locator(".found")).to_contain_text("cod.csv · 21 orders")
    back(page)
    expect(page.locator("#rests")).to_contain_text("12 orders, drawn by order number")
    expect(page.locator("#rests")).to_contain_text("Only orders of 1 Feb 2026 to … count: 21 of 41.")
    page.locator("#step-1").click()
    page.get_by_role("button", name="All days").click()
    expect(page.locator(".found")).to_contain_text("cod.csv · 41 orders")


def test_an_unreadable_file_gets_a_message(page, program, demo, tmp_path):
    (tmp_path / "orders.csv").write_bytes(bytes(range(256)) * 64)
    add(page, tmp_path / "orders.csv")
    expect(page.locator("#message")).to_contain_text("orders.csv")
    assert str(tmp_path) not in page.locator("#message").text_content()
    back(page)
    expect(cost(page)).to_have_text(monthly_cost(program, demo))


def test_a_file_above_the_limit_is_refused_with_a_message(page, tmp_path):
    with (tmp_path / "huge.csv").open("wb") as huge:
        huge.truncate((200 << 20) + 1)
    add(page, tmp_path / "huge.csv")
    expect(page.get_by_text("at most 200 MiB can be added here")).to_be_visible()


def test_an_export_of_200_mib_is_read(page, large_export):
    add(page, large_export)
    page.get_by_role("button", name="Use these orders").click()
    expect(page.locator("#whose")).to_contain_text("large.csv")
    expect(page.locator(".found")).to_contain_text("200,000 orders")


def share(page, name):
    with page.expect_download() as download:
        page.get_by_text("Share", exact=True).click()
        page.get_by_role("button", name=name, exact=True).click()
    return download.value


def test_a_report_opens_without_a_network(page, browser, tmp_path):
    lever(page, CAP).fill("205")
    expect(page.locator("#sentence")).to_contain_text("₹205")
    file = share(page, "Report (web page)")
    path = tmp_path / file.suggested_filename
    file.save_as(path)
    context = browser.new_context(offline=True)
    report = context.new_page()
    asked = []
    report.on("request", lambda sent: asked.append(sent.url))
    report.goto(path.as_uri())
    expect(report.get_by_role("heading", name="Type this into Nector")).to_be_visible()
    expect(report.get_by_role("row", name="Maximum Discount Amount 205 (₹)")).to_be_visible()
    assert asked == [path.as_uri()]
    context.close()
    page.get_by_role("tab", name="Type this into Nector").click()
    expect(page.get_by_role("row", name="Add Offer Maximum Discount Amount 205 (₹)")).to_be_visible()


def test_a_workbook_a_setting_and_the_project_are_saved_and_opened(page, program, tmp_path):
    lever(page, LEAST).fill("499.50")
    expect(page.locator("#sentence")).to_contain_text("₹499.50")
    assert Path(share(page, "Report (Excel)").path()).read_bytes()[:2] == b"PK"
    for name in ("This setting", "Whole project"):
        file = share(page, name)
        file.save_as(tmp_path / file.suggested_filename)
    assert ns.load_program(tmp_path / "setting.toml").min_payable == ns.FixedMinPayable(amount="499.50")
    for name in ("setting.toml", "project.json"):
        back(page)
        page.get_by_role("button", name="Reset to my current Nector setting").click()
        expect(lever(page, LEAST)).to_have_value("100")
        add(page, tmp_path / name)
        back(page)
        expect(lever(page, LEAST)).to_have_value("499.50")


def test_an_order_is_found_and_explained(page, demo):
    page.get_by_role("tab", name="Orders").click()
    order = demo.iloc[demo["points_balance"].argmax()]
    page.get_by_label("Order number").fill(str(order["order_id"]))
    page.keyboard.press("Enter")
    expect(page.locator("#explained")).to_contain_text(f"Order {order['order_id']}:")
    page.get_by_text("Step by step").click()
    expect(page.locator("#explained pre")).to_contain_text("Cart ₹")
    assert not re.search(r"min_payable|max_discount", page.locator("#explained").text_content())


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_size_shows_levers_and_figures_and_reaches_the_last_field(page, width, height):
    page.set_viewport_size({"width": width, "height": height})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if width >= 1280:
        for part in ("#headline", "#levers"):
            box = page.locator(part).bounding_box()
            assert box["y"] + box["height"] <= height, part
    page.get_by_text("About your shop:").click()
    field = page.get_by_label("Coins ever used", exact=True)
    page.mouse.move(100, height / 2)
    for _ in range(60):
        if field.bounding_box()["y"] < height - 40:
            break
        page.mouse.wheel(0, 160)
        page.wait_for_timeout(30)
    box = field.bounding_box()
    page.mouse.click(box["x"] + 10, box["y"] + box["height"] / 2)
    expect(field).to_be_focused()
    # The figures stay in view while an assumption is changed.
    assert page.locator("#headline").bounding_box()["y"] >= 0
    boxes = [tab.bounding_box() for tab in page.get_by_role("tab").all()]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] >= 24 for box in boxes)
    if width >= 1280:
        assert len({box["y"] for box in boxes}) == 1, "the tabs are in one line"
    for tab in page.get_by_role("tab").all():
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
    assert page.evaluate(SMALLEST) >= 12
    page.evaluate("scrollTo(0, 0)")


@pytest.mark.parametrize(("width", "height"), [(1366, 657), (390, 844)])
def test_limits_are_typed_and_the_setting_that_keeps_to_them_is_used(page, program, demo, width, height):
    page.set_viewport_size({"width": width, "height": height})
    page.locator("#tab-which").click()
    expect(page.locator("#why")).to_contain_text("Type at least one limit")
    limit = page.get_by_label("Coins cost me at most")
    limit.fill("3,00,000")
    page.keyboard.press("Enter")
    answer = page.locator(".answer-card.generous")
    expect(answer).to_contain_text("keeps to your limits 9 times out of 10")
    if width > 700:  # the answer is in view, with what it takes to use it
        use = answer.get_by_role("button", name="Use this").bounding_box()
        assert use["y"] + use["height"] <= height
    answer.get_by_role("button", name="Use this").click()
    expect(figure(page, "cost")).to_contain_text("less")
    shown = re.sub(r"[^0-9]", "", cost(page).text_content())
    assert int(shown) <= 300_000
    values = [lever(page, name).input_value() for name in ("1 coin is worth", CAP, LEAST)]
    used = offering(program, discount_per_step=values[0], max_discount=values[1] or None)
    used = used.model_copy(update={"min_payable": ns.FixedMinPayable(amount=values[2])})
    expect(cost(page)).to_have_text(monthly_cost(used, demo))
    # The map and the frontier set the sliders, too.
    page.locator(".map .square").first.click()
    expect(lever(page, CAP)).not_to_have_value(values[1])
    picture = page.get_by_role("img", name=re.compile("^What customers get"))
    picture.click(position={"x": 100, "y": 40})
    expect(picture.locator(".sign", has_text="proposal")).to_be_visible()
    limit.fill("-5")
    page.keyboard.press("Enter")
    expect(page.locator(".answer-card.closest")).to_contain_text("This one comes closest")
    page.reload()
    page.locator("#tab-which").click()
    expect(limit).to_have_value("-5")
    sound(page)


def sound(page):
    """In the open tab axe finds no fault, no text is too small, and nothing makes the page wider than it is."""
    expect(page.locator("#panel")).not_to_contain_text("Working it out")
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()
    assert page.evaluate(SMALLEST) >= 12
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("width", "height"), [(1366, 657), (390, 844)])
def test_scenarios_are_kept_side_by_side_and_saved(page, program, demo, tmp_path, width, height):
    page.set_viewport_size({"width": width, "height": height})
    lever(page, CAP).fill("100")
    expect(page.locator("#sentence")).to_contain_text("up to ₹100 off")
    page.get_by_role("button", name="Add to scenarios").click()
    expect(page.locator("#added")).to_contain_text("Kept as “Scenario 1”")
    lever(page, CAP).fill("200")
    expect(page.locator("#sentence")).to_contain_text("up to ₹200 off")
    page.locator("#tab-scenarios").click()
    page.get_by_label("Keep the proposal as a scenario called").fill("Diwali")
    page.keyboard.press("Enter")
    table = page.get_by_role("region", name="Scenarios side by side")
    shown = table.get_by_role("row", name=re.compile("^Costs you a month")).get_by_role("cell")
    costs = [
        monthly_cost(each, demo) for each in (program, *(offering(program, max_discount=cap) for cap in (200, 100)))
    ]
    expect(shown).to_have_text([costs[0], costs[1], costs[2], costs[1]])
    expect(page.get_by_role("region", name="Customers get, more or less than today by customers")).to_be_visible()
    page.get_by_label("By", exact=True).select_option("month")
    expect(page.get_by_role("region", name="by month")).to_contain_text("Jan 2017")
    page.get_by_label("show", exact=True).select_option("candidate_margin")
    name = page.get_by_label("Name of Scenario 1")
    name.fill("Small cap")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Name of Small cap")).to_be_visible()
    sound(page)
    page.reload()
    page.locator("#tab-scenarios").click()
    page.get_by_role("button", name="Use Small cap").click()
    expect(lever(page, CAP)).to_have_value("100")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as Excel").click()
    sheet = pd.read_excel(download.value.path(), sheet_name="Scenarios", index_col=0)
    assert list(sheet.columns) == ["Your current setting", "Proposal", "Small cap", "Diwali"]
    assert money_text(Decimal(round(sheet.loc["Costs you a month", "Diwali"])), "INR") == costs[1]
    page.get_by_role("button", name="Remove Small cap").click()
    expect(page.get_by_label("Name of Small cap")).to_have_count(0)


SMALLEST = """() => Math.min(...[...document.querySelectorAll("body *")]
  .filter((one) => one.checkVisibility() && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
  .map((one) => parseFloat(getComputedStyle(one).fontSize)))"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(page, theme):
    page.evaluate("(name) => (document.documentElement.dataset.theme = name)", theme)
    # While something is worked out, the figures before are dimmed.
    expect(page.locator("#panel:not(.old) svg").first).to_be_visible()
    found = {}

    def look(where):
        result = Axe().run(page)
        if result.violations_count:
            found[where] = result.generate_report()

    for step in (1, 2, 3):
        page.locator(f"#step-{step}").click()
        look(step)
    for tab in page.get_by_role("tab").all():
        tab.click()
        expect(page.locator("#panel")).not_to_contain_text("Working it out")
        look(tab.text_content())
    assert found == {}


def test_words_of_developers_are_not_on_the_page(page):
    shown = ""
    for step in (1, 2, 3):
        page.locator(f"#step-{step}").click()
        shown += page.inner_text("main")
    for fold in page.locator("details").all():
        fold.evaluate("one => one.open = true")
    shown += page.inner_text("main")
    assert re.findall(r"\b[a-z]+_[a-z_]+\b|--[a-z]+|python|nector-sim|toml|`", shown, flags=re.IGNORECASE) == []


def test_each_key_brings_a_new_figure(page):
    slider = page.get_by_label("1 coin is worth, slider")
    slider.focus()
    took = []
    for _ in range(8):
        before, begun = cost(page).text_content(), time.monotonic()
        page.keyboard.press("ArrowLeft")
        expect(cost(page)).not_to_have_text(before)
        took.append(time.monotonic() - begun)
    print(f"a slider's headline: {sorted(took)[4] * 1000:.0f} ms in the middle")
