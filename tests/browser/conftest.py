"""The explorer as people meet it: served by its own command, in a headless Chromium that the machine has."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "out" / "browser"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Generous: a test machine may be busy.
PATIENCE = 90


@pytest.fixture(scope="session")
def browser():
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.fail("these tests need Chromium: apt-get install chromium, or name it in the variable CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield started
        started.close()


def _serve(command, pattern, folder):
    """Start a server, and give the address that it prints and how long that took."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
    log = folder / "server.log"
    begun = time.monotonic()
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
    while time.monotonic() - begun < PATIENCE:
        if address := re.search(pattern, log.read_text()):
            return server, address[0], begun
        if server.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{log.read_text()}")


def _stop(server):
    server.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(15)
    if server.poll() is None:
        server.kill()
        server.wait()


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """Address of the app, and the moment of the command."""
    folder = tmp_path_factory.mktemp("app")
    server, address, begun = _serve(
        [sys.executable, "-m", "nector_sim", "app", "--no-browser", "--port", "8931"], r"http://\S+token=\S+", folder
    )
    yield address, begun
    _stop(server)


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """Address of the first notebook in JupyterLab."""
    folder = tmp_path_factory.mktemp("lab")
    notebook = shutil.copy(ROOT / "notebooks" / "01_redemption_rule.ipynb", folder)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port", "8951", notebook]
    server, address, _ = _serve(command, r"http://127\.0\.0\.1:\d+/lab/tree/\S+token=\S+", folder)
    yield address
    _stop(server)


@pytest.fixture
def page(browser, request):
    """A page that keeps a picture of its end, and that never asks anything of another machine."""
    width, height = getattr(request, "param", (1280, 900))
    context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE * 1000)
    asked, wrong = [], []
    opened.on("request", lambda sent: asked.append(sent.url))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    opened.screenshot(path=SCREENSHOTS / f"{request.node.name}.png")
    context.close()
    elsewhere = [
        url for url in asked if not re.match(r"(https?|ws)://(127\.0\.0\.1|localhost)[:/]|data:|blob:|file:", url)
    ]
    assert elsewhere == []
    assert wrong == []
