"""The page printed to PDF by a browser that the machine has: the same page, with nothing further to install."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from nector_sim.errors import InputError

#: Names the browser to print with.
VARIABLE = "NECTOR_SIM_BROWSER"
#: Commands of browsers that print without a window.
_COMMANDS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "microsoft-edge-stable", "msedge"),
)
#: Where they are when no command leads to them.
_PLACES = {
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ),
    "win32": tuple(
        rf"{os.environ.get(root, '')}\{path}"
        for root in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        for path in (r"Google\Chrome\Application\chrome.exe", r"Microsoft\Edge\Application\msedge.exe")
    ),
}
#: Seconds that a browser may take.
PATIENCE = 120
_WAY_OUT = "Save the web page instead, open it, and print it to PDF from there (Ctrl+P)"


def pdf(page: str) -> bytes:
    """Print a page to PDF."""
    browser = find_browser()
    if browser is None:
        raise InputError(
            f"A PDF is printed by Chromium, Google Chrome or Microsoft Edge, and this computer has none. {_WAY_OUT}; "
            f"or name such a browser in the variable {VARIABLE}."
        )
    with tempfile.TemporaryDirectory(prefix="nector_sim_") as name:
        folder = Path(name)
        source, printed = folder / "report.html", folder / "report.pdf"
        source.write_text(page, encoding="utf-8")
        command = [browser, "--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer"]
        command += [f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={printed}"]
        if getattr(os, "geteuid", lambda: 1)() == 0:
            command.append("--no-sandbox")  # a browser refuses to run for root with one; the page is ours
        try:
            subprocess.run([*command, source.as_uri()], capture_output=True, timeout=PATIENCE, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InputError(f"{browser} did not print the report: {type(error).__name__}. {_WAY_OUT}.") from None
        if not printed.is_file():
            raise InputError(f"{browser} printed nothing. {_WAY_OUT}; or name another browser in {VARIABLE}.")
        return printed.read_bytes()


def find_browser() -> str | None:
    """Path of a browser that prints, or None."""
    if named := os.environ.get(VARIABLE):
        if shutil.which(named) is None:
            raise InputError(f"{VARIABLE} names {named}, which is no program on this computer. {_WAY_OUT}.")
        return named
    found = next(filter(None, map(shutil.which, _COMMANDS)), None)
    return found or next((place for place in _PLACES.get(sys.platform, ()) if Path(place).is_file()), None)
