"""Pictures of notebooks for the documentation, in `out/browser`; `data/pictures` has those of the present version."""

import pytest
from conftest import SCREENSHOTS, Watched
from playwright.sync_api import expect

#: By notebook: the texts by which outputs are found, and their pictures; without a text, the picture of the last one.
PICTURES = {
    "06_gokwik_checkout.ipynb": {"Integration status": "gokwik-page", "Customer": "checkout-page"},
    "02_margin_and_settings.ipynb": {"": "notebook"},
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_notebook_shows_what_the_pages_show(browser, lab, name):
    watched = Watched(browser, 1100, 900)
    page = watched.page
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    try:
        page.goto(lab.replace("01_redemption_rule.ipynb", name))
        bar = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-NotebookPanel-toolbar")
        expect(bar.locator(".jp-Toolbar-kernelName")).to_contain_text("Python")
        expect(bar.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle")
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        for text, picture in PICTURES[name].items():
            if text:
                output = page.locator(".jp-OutputArea-output:has(.widget-box, .jupyter-widgets)", has_text=text).first
            else:
                output = page.locator(".jp-OutputArea-output img").last
            expect(output).to_be_visible()
            output.scroll_into_view_if_needed()
            if text:
                output.screenshot(path=SCREENSHOTS / f"{picture}.png")
            else:
                page.screenshot(path=SCREENSHOTS / f"{picture}.png")
        assert watched.wrong == []
    finally:
        page.screenshot(path=SCREENSHOTS / f"{name}.png")
        watched.context.close()
