"""Pictures for README and documentation, made of the present version in `out/pictures`; `make pictures` keeps them."""

import html
import os
import re
import subprocess
import sys

import pytest
from conftest import ROOT, Watched
from PIL import Image
from playwright.sync_api import expect

PICTURES = ROOT / "out" / "pictures"
#: What the command's picture shows.
COMMAND = "explain --program data/programs/gokwik-example.toml --cart 749.95 --balance 5000"
#: By notebook: what is in the outputs that are kept, and the names of their pictures.
OF_NOTEBOOKS = {
    "01_redemption_rule": {".nector-explorer": "panel"},
    "02_margin_and_settings": {"svg": "notebook"},
    "06_gokwik_checkout": {"text=Secret Webhook Id": "gokwik-page", "text=Refund the last order": "checkout-page"},
}
#: Of a picture, in pixels.
HIGHEST = 900


def keep(page, name, place=None):
    """Write the picture of a place, or of what the window shows, and see that it is not a blank one."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / f"{name}.png"
    if place is None:
        page.screenshot(path=path)
    else:
        box = place.bounding_box()
        page.screenshot(path=path, clip={**box, "height": min(box["height"], HIGHEST)})
    assert path.stat().st_size > 5_000
    # In few colours it takes a third of the room, in the repository and in the wheel.
    Image.open(path).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)


@pytest.mark.parametrize("name", OF_NOTEBOOKS)
def test_the_pictures_of_notebooks(browser, lab, name):
    # JupyterLab has only those cells in the page that are in sight, so all of them are.
    watched = Watched(browser, 1500, 8000)
    page = watched.page
    try:
        # In a workspace of its own: a lab opens again what was open in one, and other tests would find two notebooks.
        page.goto(lab.replace("01_redemption_rule", name).replace("/lab/", f"/lab/workspaces/{name}/"))
        bar = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-NotebookPanel-toolbar")
        expect(bar.locator(".jp-Toolbar-kernelName")).to_contain_text("Python")
        expect(bar.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle")
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        cells = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell")
        for found, picture in OF_NOTEBOOKS[name].items():
            cell = cells.filter(has=page.locator(f".jp-OutputArea-output >> {found}")).last
            place = cell if picture == "notebook" else cell.locator(".jp-OutputArea-output").last
            expect(place).to_be_visible()
            expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\d"))
            keep(page, picture, place)
        assert watched.wrong == []
    finally:
        watched.context.close()


def test_the_pictures_of_the_app_and_its_report(page, browser, tmp_path):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.locator("#levers").get_by_label("At most off", exact=True).fill("100")
    expect(page.locator("#sentence")).to_contain_text("₹100")
    expect(page.locator("#main svg").first).to_be_visible()
    page.locator("h1, #sentence").first.click()  # no field has the focus
    page.wait_for_load_state("networkidle")
    keep(page, "app")
    page.get_by_role("tab", name="Type this into Nector").click()
    expect(page.get_by_role("row", name="Maximum Discount Amount 100")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 882})
    keep(page, "type-this")
    page.get_by_role("tab", name="Orders").click()
    page.get_by_label("Order number").fill("31502400651")
    page.keyboard.press("Enter")
    page.get_by_text("Step by step").click()
    expect(page.locator("#explained pre")).to_contain_text("Cart ₹665.60")
    keep(page, "explained", page.locator("#main"))
    with page.expect_download() as download:
        page.get_by_text("Share", exact=True).click()
        page.get_by_role("button", name="Report (web page)", exact=True).click()
    path = tmp_path / "report.html"
    download.value.save_as(path)
    watched = Watched(browser, 1100, 800)
    watched.page.goto(path.as_uri())
    expect(watched.page.get_by_role("heading", name="Type this into Nector")).to_be_visible()
    keep(watched.page, "report")
    watched.context.close()


def test_the_picture_of_the_command(browser):
    environment = {**os.environ, "COLUMNS": "100"}
    ran = subprocess.run(
        [sys.executable, "-m", "nector_sim", *COMMAND.split()],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    watched = Watched(browser, 860, 300)
    style = "margin:0;padding:18px 22px;background:#1e1e1e;color:#e8e8e8;font:14px/1.45 'DejaVu Sans Mono',monospace"
    watched.page.set_content(f'<pre style="{style}">$ nector-sim {COMMAND}\n{html.escape(ran.stdout.rstrip())}</pre>')
    keep(watched.page, "command", watched.page.locator("pre"))
    watched.context.close()
