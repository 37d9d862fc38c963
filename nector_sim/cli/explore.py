"""``app`` and ``lab``: the app in a browser, and the notebooks in JupyterLab."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nector_sim.cli.options import here

Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page when it is ready.")]


def app(
    port: Annotated[int, typer.Option("--port", help="Where to begin looking for a free port.")] = 8866,
    browser: Browser = True,
) -> None:
    """Open the app in a browser, on this machine only.

    Its address carries a token that only you see.

    Example: nector-sim app
    """
    from nector_sim.app.server import serve

    serve(port=port, open_browser=browser, say=typer.echo)


def lab(
    notebook: Annotated[
        Path, typer.Argument(help="Notebook to open; left out, a checkout's first.", parser=here)
    ] = Path("notebooks/01_redemption_rule.ipynb"),
    browser: Browser = True,
) -> None:
    """Open JupyterLab on a notebook, for this machine only.

    Example: nector-sim lab
    """
    from nector_sim.app.lab import open_lab

    open_lab(notebook, open_browser=browser)
