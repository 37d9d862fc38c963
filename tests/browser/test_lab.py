"""The first notebook in JupyterLab."""

import re

from conftest import PATIENCE, SCREENSHOTS, Watched
from playwright.sync_api import expect


def test_the_notebook_runs_and_the_slider_moves(browser, lab):
    watched = Watched(browser, 1400, 1000)
    page = watched.page
    try:
        page.goto(lab)
        # Cells that are run before the kernel is there make Lab ask which one is meant.
        sessions = re.sub(r"/lab/tree/[^?]*", "/api/sessions", lab)
        for _ in range(PATIENCE):
            if any(each["kernel"]["execution_state"] == "idle" for each in page.request.get(sessions).json()):
                break
            page.wait_for_timeout(1000)
        page.wait_for_timeout(2000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        cards = page.locator(".nector-card")
        expect(cards).to_have_count(5)
        slider = page.get_by_label("Maximum Discount Amount, slider")
        slider.focus()
        for _ in range(5):
            page.keyboard.press("ArrowLeft")
        expect(cards.first).to_contain_text("today ")
        field = page.get_by_label("Maximum Discount Amount", exact=True)
        expect(field).to_have_value(slider.input_value())
        assert watched.wrong == []
    finally:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / "lab.png")
        watched.context.close()
