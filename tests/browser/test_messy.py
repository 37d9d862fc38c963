"""Ten files as shops really have them, from the upload to the answer."""

import re

from playwright.sync_api import expect

from tests.app import messy

DEVELOPERS = r"\b[a-z]+_[a-z_]+\b|--[a-z]+|\bns\.|python|nector-sim|toml|\bcp1252\b|/tmp/|`"
#: Columns of the files, which are shown as they are.
OWN = {"order_number", "order_date", "order_total", "shipping_total", "order_currency", "billing_email"}


def test_ten_messy_files_from_upload_to_answer(page, tmp_path):
    answers = set()
    for path in messy.write(tmp_path):
        page.locator("#step-1").click()
        page.locator("#files").set_input_files(path)
        use, whose = page.get_by_role("button", name="Use these orders"), page.locator("#whose")
        if path.name == "items.csv":
            page.get_by_role("group", name=re.compile("Which column is the basket")).get_by_role("button").click()
        if path.name == "day first.csv":
            expect(page.get_by_label("Member is", exact=True)).to_have_value("")
            page.get_by_label("Member is", exact=True).select_option("customer_id")
        if path.name not in ("woocommerce.csv", "shopify.csv.gz"):
            use.click()
        expect(whose).to_contain_text(path.name)
        found = page.locator(".found")
        expect(found).to_contain_text(f"{path.name} · {messy.EXPECTED[path.name]} orders")
        for fold in found.locator("details").all():
            fold.evaluate("one => one.open = true")
        shown = found.inner_text()
        assert set(re.findall(DEVELOPERS, shown, flags=re.IGNORECASE)) - OWN == set(), path.name
        page.locator("#step-3").click()
        expect(page.locator("#sentence")).to_contain_text("coins cost you")
        expect(page.locator('.figure[data-key="cost"] .number')).to_contain_text("₹")
        answers.add(page.locator('.figure[data-key="margin"] .number').text_content())
    assert len(answers) > 5
