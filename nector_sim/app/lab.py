"""JupyterLab on a notebook, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from nector_sim._extras import pip_line
from nector_sim.errors import InputError


def open_lab(notebook: Path, *, open_browser: bool = True) -> None:
    """Open JupyterLab on a notebook until it is stopped."""
    if not notebook.exists():
        raise InputError(f"{notebook} does not exist; name a notebook, or run this in a checkout of nector_sim")
    if find_spec("jupyterlab") is None:
        raise InputError(f"JupyterLab needs the extra lab: {pip_line('lab')}")
    options = [] if open_browser else ["--no-browser"]
    subprocess.run([sys.executable, "-m", "jupyterlab", str(notebook), *options], check=False)
