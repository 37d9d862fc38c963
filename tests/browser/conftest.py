"""The app as people meet it: served by its own command, in a headless Chromium that the machine has."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

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
PATIENCE = int(os.environ.get("PATIENCE", "120"))
expect.set_options(timeout=PATIENCE * 1000)


def chromium():
    """Path of the machine's Chromium, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser():
    found = chromium()
    if found is None:
        pytest.fail("these tests need Chromium: apt-get install chromium, or name it in the variable CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield started
        started.close()


def serve(command, pattern, folder, **variables):
    """Start a server, and give the address that it prints and how long that took."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT), **variables}
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
    stop(server)
    pytest.fail(f"the server did not start:\n{log.read_text()}")


def stop(server):
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
    command = [sys.executable, "-m", "nector_sim", "app", "--no-browser", "--port", "8931"]
    server, address, begun = serve(command, r"http://\S+token=\S+", folder, NECTOR_SIM_PROJECT=f"{folder}/project")
    yield address, begun
    stop(server)


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """Address of the first notebook in JupyterLab."""
    folder = tmp_path_factory.mktemp("lab")
    notebook = shutil.copy(ROOT / "notebooks" / "01_redemption_rule.ipynb", folder)
    shutil.copy(ROOT / "notebooks" / "06_gokwik_checkout.ipynb", folder)
    margin = json.loads((ROOT / "notebooks" / "02_margin_and_settings.ipynb").read_text(encoding="utf-8"))
    lever = next(at for at, cell in enumerate(margin["cells"]) if ".lever(" in "".join(cell["source"]))
    margin["cells"] = margin["cells"][: lever + 1]
    (folder / "02_margin_and_settings.ipynb").write_text(json.dumps(margin), encoding="utf-8")
    # What JupyterLab remembers is of this test alone, or it opens again what somebody last had open on this machine.
    own = [f"--LabApp.{name}_dir={folder / name}" for name in ("workspaces", "user_settings")]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port", "8951", *own, notebook]
    server, address, _ = serve(command, r"http://127\.0\.0\.1:\d+/lab\S+token=\S+", folder)
    yield address.replace("/lab?", f"/lab/tree/{Path(notebook).name}?")
    stop(server)


@pytest.fixture(scope="session")
def large_export(tmp_path_factory):
    """An export of exactly 200 MiB, the largest that is taken."""
    path = tmp_path_factory.mktemp("large") / "large.csv"
    whole, count = 200 << 20, 200_000
    head = "order_id,customer_id,ordered_at,cart_amount,note\n"
    room = (whole - len(head)) // count - len("000000,c000,2026-01-01,500.00,\n")
    lines = (f"{number:06},c{number % 999:03},2026-01-01,500.00,{'x' * room}\n" for number in range(count - 1))
    with path.open("w") as large:
        large.write(head)
        large.writelines(lines)
        last = f"{count - 1:06},c000,2026-01-01,500.00,"
        large.write(last + "x" * (whole - large.tell() - len(last) - 1) + "\n")
    assert path.stat().st_size == whole
    return path


class Watched:
    """A page with all that it asked for and all that went wrong in it."""

    def __init__(self, browser, width=1280, height=900):
        self.context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE * 1000)
        self.asked, self.wrong = [], []
        self.page.on("request", lambda sent: self.asked.append(sent.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def elsewhere(self):
        """What it asked of other machines."""
        here = re.compile(r"(https?|ws)://(127\.0\.0\.1|localhost)[:/]|data:|blob:")
        return [url for url in self.asked if not here.match(url)]


@pytest.fixture(scope="session")
def watched(browser):
    """One page for all tests of the app."""
    made = Watched(browser)
    yield made
    made.context.close()


NEW = """() => fetch("api/do", {
  method: "POST", body: '{"do": "new"}', headers: { Authorization: `Bearer ${sessionStorage.getItem("token")}` },
})"""


@pytest.fixture
def page(watched, app, request):
    """The app as it stands when it has been opened, and a picture of how the test left it."""
    opened = watched.page
    opened.set_viewport_size({"width": 1280, "height": 900})
    if opened.url == "about:blank":
        opened.goto(app[0])
    else:
        opened.evaluate(NEW)
        opened.reload()
    expect(opened.locator(".figure").first).to_contain_text("your current setting")
    yield opened
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    opened.screenshot(path=SCREENSHOTS / f"{request.node.name}.png")
    assert watched.elsewhere() == []
    assert watched.wrong == []
