"""The first notebook in JupyterLab."""

from conftest import SCREENSHOTS, Watched
from playwright.sync_api import expect


def test_the_notebook_runs_and_the_slider_moves(browser, lab):
    watched = Watched(browser, 1400, 1000)
    page = watched.page
    page.goto(lab)
    # A kernel that is not there yet runs nothing.
    expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']")).to_be_visible()
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
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "lab.png")
    assert watched.wrong == []
    watched.context.close()
