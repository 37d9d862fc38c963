"""The app where it ends: reload, a server that was killed or stopped, and what is left of it."""

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


class OwnApp:
    """An app for these tests alone, that can be started again in the same project."""

    def __init__(self, folder):
        self.folder = folder
        fake = folder / "browser"
        fake.write_text(f'#!/bin/sh\necho "$@" > {folder}/seen.part\nmv {folder}/seen.part {folder}/seen\n')
        fake.chmod(0o700)
        (folder / "scratch").mkdir()
        self.start()

    def start(self):
        command = ["sh", "-c", f'exec "$0" -m nector_sim app --port 8961 2> {self.folder}/errors', sys.executable]
        variables = {
            "BROWSER": f"{self.folder}/browser %s",
            "TMPDIR": f"{self.folder}/scratch",
            "NECTOR_SIM_PROJECT": f"{self.folder}/project",
        }
        self.server, self.address, _ = serve(command, r"http://\S+token=\S+", self.folder, **variables)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    made = OwnApp(tmp_path_factory.mktemp("own"))
    yield made
    stop(made.server)


@pytest.fixture
def opened(browser, own):
    with browser.new_page(viewport={"width": 1440, "height": 900}) as page:
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(own.address)
        expect(page.locator(".figure").first).to_be_visible()
        yield page


def wait_for(what):
    begun = time.monotonic()
    while not what():
        assert time.monotonic() - begun < PATIENCE, "it did not happen"
        time.sleep(0.1)


def test_the_token_is_on_no_command_line_and_not_on_stderr(own):
    token = re.search("token=(.+)", own.address)[1]
    for path in ("nothing", "api/state", f"api/alive?token={token}"):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(own.address.partition("#")[0] + path)
    wait_for((own.folder / "seen").exists)
    seen = (own.folder / "seen").read_text().strip()
    page = Path(unquote(urlsplit(seen).path))
    assert own.address in page.read_text()
    assert page.stat().st_mode & 0o077 == 0
    assert token not in seen
    assert token not in (own.folder / "errors").read_text()
    assert token not in " ".join(psutil.Process(own.server.pid).cmdline())


def test_nothing_listens_but_the_page_and_no_process_is_beside_it(opened, own):
    assert set(listeners(own.server.pid)) == {("127.0.0.1", urlsplit(own.address).port)}
    assert psutil.Process(own.server.pid).children(recursive=True) == []


def test_after_a_kill_the_page_says_so_and_the_same_figures_come_back(opened, own):
    file = own.folder / "shop.csv"
    rows = "".join(f"{number},c{number % 3},2026-01-{number:02},{100 * number}\n" for number in range(1, 29))
    file.write_text(f"order_id,customer_id,ordered_at,cart_amount\n{rows}")
    opened.locator("#step-1").click()
    opened.locator("#files").set_input_files(file)
    opened.get_by_role("button", name="Use these orders").click()
    expect(opened.locator("#whose")).to_contain_text("shop.csv")
    opened.locator("#step-3").click()
    opened.locator("#levers").get_by_label("At most off", exact=True).fill("15")
    expect(opened.locator("#sentence")).to_contain_text("up to ₹15 off")
    headline = opened.locator(".figure .number").all_text_contents()
    kept = list((own.folder / "project").rglob("shop.csv"))
    assert len(kept) == 1
    assert kept[0].stat().st_mode & 0o077 == 0
    assert kept[0].parent.stat().st_mode & 0o077 == 0
    own.server.send_signal(signal.SIGKILL)
    own.server.wait()
    expect(opened.locator("#stopped")).to_contain_text("The app has stopped")
    own.start()
    expect(opened.locator("#stopped")).to_contain_text("does not belong to the app that is running")
    opened.goto(own.address)
    expect(opened.locator("#whose")).to_contain_text("shop.csv")
    expect(opened.locator(".figure .number")).to_have_text(headline)
    kept[0].write_text(f"order_id,customer_id,ordered_at,cart_amount\n{rows}29,c1,2026-01-29,700\n")
    own.server.send_signal(signal.SIGKILL)
    own.server.wait()
    own.start()
    opened.goto(own.address)
    opened.locator("#step-1").click()
    expect(opened.get_by_text("shop.csv has changed since it was read the first time")).to_be_visible()
    opened.get_by_role("button", name="Remove my orders from this computer").click()
    expect(opened.locator("#whose")).to_contain_text("Example shop")
    assert not list((own.folder / "project").rglob("shop.csv"))


def test_a_closed_terminal_leaves_no_process_and_the_page_says_that_the_app_has_stopped(opened, own):
    own.server.send_signal(signal.SIGHUP)
    expect(opened.locator("#stopped")).to_contain_text("Nothing is lost")
    own.server.wait(30)
    assert not [path.name for path in (own.folder / "scratch").iterdir() if path.name.startswith("nector_sim_")]
    assert (own.folder / "project" / "project.json").stat().st_mode & 0o077 == 0
