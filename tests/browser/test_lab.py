"""The first notebook in JupyterLab."""

import pytest
from conftest import SCREENSHOTS, Watched
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def page(browser, lab):
    """The notebook with all of its cells run."""
    watched = Watched(browser, 1400, 1000)
    page = watched.page
    try:
        page.goto(lab)
        # Cells that are run before the kernel is there make Lab ask which one is meant.
        bar = page.locator(".jp-NotebookPanel-toolbar")
        expect(bar.locator(".jp-Toolbar-kernelName")).to_contain_text("Python")
        expect(bar.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle")
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        expect(page.locator(".nector-card")).to_have_count(5)
        yield page
        assert watched.wrong == []
    finally:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / "lab.png")
        watched.context.close()


def test_the_notebook_runs_and_the_slider_moves(page):
    slider = page.get_by_label("Maximum Discount Amount, slider")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    expect(page.locator(".nector-card").first).to_contain_text("today ")
    expect(page.get_by_label("Maximum Discount Amount", exact=True)).to_have_value(slider.input_value())


def test_keys_that_work_in_the_panel_do_nothing_to_the_notebook(page):
    """Outside of text fields, JupyterLab folds a notebook on ArrowLeft and changes or deletes cells on letters."""
    cells = page.locator(".jp-Cell")
    before = cells.count()
    for reached in (
        page.get_by_role("radio", name="Fixed"),
        page.get_by_role("button", name="Undo"),
        page.get_by_role("tab", name="Pictures"),
    ):
        reached.focus()
        for key in ("ArrowLeft", "ArrowUp", "b", "d", "d"):
            page.keyboard.press(key)
    expect(cells).to_have_count(before)
    expect(page.locator(".nector-card").first).to_be_visible()


def test_an_export_of_200_mib_uploads(page, large_export):
    page.get_by_role("button", name="Your orders").click()
    page.get_by_label("Or one balance for everybody, in points").fill("300")
    page.get_by_label("Orders (Shopify, WooCommerce, CSV, Excel, Parquet)").set_input_files(large_export)
    expect(page.get_by_text("The figures are now of 200,000 orders of large.csv")).to_be_visible()
