"""The app where it ends: the last field by mouse, a kernel or a server that died, and what is left of a page."""

import re
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psutil
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE, serve, stop
from tests.listening import listeners

SCROLLERS = """() => [...document.querySelectorAll("*")].filter((each) => {
  const { overflowY } = getComputedStyle(each);
  const scrolls = each === document.scrollingElement || ["auto", "scroll"].includes(overflowY);
  return scrolls && each.scrollHeight > each.clientHeight + 1 && each.clientHeight > 100;
}).map((each) => each.id || each.className || each.tagName)"""


@pytest.fixture(scope="module")
def own_app(tmp_path_factory):
    """An app for these tests alone, the last of which ends it: the server, its address, and a folder for its files."""
    folder = tmp_path_factory.mktemp("own")
    fake = folder / "browser"
    fake.write_text(f'#!/bin/sh\necho "$@" > {folder}/seen.part\nmv {folder}/seen.part {folder}/seen\n')
    fake.chmod(0o700)
    (folder / "scratch").mkdir()
    command = ["sh", "-c", f'exec "$0" -m nector_sim app --port 8961 2> {folder}/errors', sys.executable]
    variables = {"BROWSER": f"{fake} %s", "TMPDIR": f"{folder}/scratch"}
    server, address, _ = serve(command, r"http://\S+token=\S+", folder, **variables)
    yield server, address, folder
    stop(server)


@pytest.fixture
def opened(browser, own_app):
    with browser.new_page(viewport={"width": 1440, "height": 900}) as page:
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(own_app[1])
        expect(page.locator(".nector-card").first).to_be_visible()
        yield page


def kernels(server):
    return [child for child in psutil.Process(server.pid).children(recursive=True) if child.is_running()]


def wait_for(what):
    begun = time.monotonic()
    while not what():
        assert time.monotonic() - begun < PATIENCE, "it did not happen"
        time.sleep(0.1)


@pytest.mark.parametrize(("width", "height"), [(1366, 657), (1440, 900), (1536, 730)])
def test_the_last_field_is_reached_by_mouse_and_there_is_one_scroll(page, width, height):
    page.set_viewport_size({"width": width, "height": height})
    field = page.locator(".nector-form input[type=text]:visible, .nector-form select:visible").last
    page.mouse.move(200, height / 2)
    for _ in range(60):
        box = field.bounding_box()
        if box["y"] + box["height"] < height - 10:
            break
        page.mouse.wheel(0, 120)
        page.wait_for_timeout(50)
    box = field.bounding_box()
    assert 0 <= box["y"] < height - 10
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(field).to_be_focused()
    assert len(page.evaluate(SCROLLERS)) == 1
    page.mouse.wheel(0, -20_000)


def test_a_kernel_that_died_is_said_and_takes_its_figures_along(opened, own_app):
    for kernel in kernels(own_app[0]):
        kernel.kill()
    expect(opened.get_by_role("alert")).to_contain_text("Reload the page")
    expect(opened.locator(".nector-card").first).to_be_hidden()
    opened.reload()
    expect(opened.locator(".nector-card").first).to_be_visible()


def test_the_token_is_on_no_command_line_and_not_on_stderr(own_app):
    server, address, folder = own_app
    token = re.search("token=(.+)", address)[1]
    for path in ("nothing", "voila/static/nothing"):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(address.replace("/?", f"/{path}?"))
    wait_for((folder / "seen").exists)
    seen = (folder / "seen").read_text().strip()
    page = Path(unquote(urlsplit(seen).path))
    assert address in page.read_text()
    assert page.stat().st_mode & 0o077 == 0
    assert token not in seen
    assert token not in (folder / "errors").read_text()
    for process in [psutil.Process(server.pid), *kernels(server)]:
        assert token not in " ".join(process.cmdline())


def test_nothing_listens_but_the_page(opened, own_app):
    page = ("127.0.0.1", urlsplit(own_app[1]).port)
    found = listeners(own_app[0].pid)
    assert page in found
    # A kernel has a pipe for what its child processes print: it gives nothing, and takes what begins with its secret.
    assert {ip for ip, _ in found} == {"127.0.0.1"}
    assert len(found - {page}) <= len(kernels(own_app[0]))


def test_a_page_that_is_left_ends_its_kernel(opened, own_app):
    before = len(kernels(own_app[0]))  # of pages that tests closed without leaving them, too
    opened.goto("about:blank")
    wait_for(lambda: len(kernels(own_app[0])) < before)


def test_a_closed_terminal_leaves_nothing_and_the_page_says_that_the_app_has_stopped(opened, own_app):
    server, _, folder = own_app
    file = folder / "shop.csv"
    file.write_text("order_id,customer_id,ordered_at,cart_amount,points_balance\n1,a,2026-01-01,500,300\n")
    opened.get_by_role("button", name="Your orders").click()
    opened.get_by_label("Orders (Shopify, WooCommerce, CSV, Excel, Parquet)").set_input_files(file)
    expect(opened.locator(".nector-orders")).to_contain_text("1 can be used")
    assert list((folder / "scratch").rglob("shop.csv"))
    server.send_signal(signal.SIGHUP)
    expect(opened.get_by_role("alert")).to_contain_text("nector-sim app")
    expect(opened.locator(".nector-card").first).to_be_hidden()
    server.wait(30)
    assert not [path.name for path in (folder / "scratch").iterdir() if path.name.startswith("nector_sim_")]
