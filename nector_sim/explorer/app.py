"""The app: the explorer in a browser, without code on screen, for this machine only."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nector_sim._extras import pip_line
from nector_sim.errors import InputError
from nector_sim.explorer import FRONT
from nector_sim.explorer.files import UPLOADS

#: The largest message between browser and kernel, in bytes. An upload travels in small pieces, so this is ample.
LARGEST_MESSAGE = 64 << 20
#: The page may load from its own server only; a test sees that it asks for nothing else.
POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; "
    "style-src 'self' 'unsafe-inline'; connect-src 'self' ws://127.0.0.1:* ws://localhost:* data: blob:; "
    "frame-ancestors 'self'"
)
#: A page that was closed leaves its kernel, with all its orders, behind: it ends after ten minutes, in seconds.
_CULLING = {"cull_idle_timeout": 600, "cull_interval": 60, "cull_connected": False}
#: A kernel that died is not followed by an empty one, which would know nothing of the page. Its sockets are files in a
#: folder of ours: through ports of its own on loopback every user of the machine could read along.
_KERNELS = {"autorestart": False, **({"transport": "ipc"} if os.name == "posix" else {})}
#: Where that folder is: the name of a socket has room for a hundred bytes, which the usual place of macOS fills alone.
_SHORT = "/tmp" if os.access("/tmp", os.W_OK) else None
_NOTEBOOK = """{
 "cells": [{"cell_type": "code", "execution_count": null, "id": "explorer", "metadata": {}, "outputs": [],
  "source": "import nector_sim as ns\\n\\nns.RuleExplorer()"}],
 "metadata": {"title": "nector_sim",
  "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
 "nbformat": 4, "nbformat_minor": 5
}
"""


def serve(
    *, port: int = 8866, open_browser: bool = True, token: str | None = None, say: Callable[[str], Any] = print
) -> None:
    """Serve the explorer on this machine until it is stopped.

    Parameters
    ----------
    port : int
        Where to begin looking for a free port.
    open_browser : bool
        Open the page when it is ready.
    token : str, optional
        What the address must carry; left out, a new random one.
    say : callable
        Told the address.

    Raises
    ------
    InputError
        If the packages of the extra ``lab`` are not installed, or no port is free.
    """
    # Read while jupyter_core is imported.
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(FRONT / "jupyter"), os.environ.get("JUPYTER_PATH")]))
    try:
        from jupyter_server.log import log_request
        from traitlets.config import Config
        from voila.app import Voila

        from nector_sim.explorer.app_handlers import with_ours
    except ModuleNotFoundError:
        raise InputError(f"the app needs the extra lab: {pip_line('lab')}") from None

    token = token or secrets.token_urlsafe(24)

    class App(Voila):  # type: ignore[misc]
        """Voila on one notebook, which says where it is once it listens."""

        def launch_browser(self) -> None:
            address = f"http://127.0.0.1:{self.port}/?token={token}"
            say(f"The explorer is at {address}\nIt is for this machine only. To stop it, press Ctrl+C.")
            if open_browser:
                page = _page_to(address, Path(folder))
                threading.Thread(target=webbrowser.open, args=(page.as_uri(),), daemon=True).start()

        def init_handlers(self) -> list[Any]:
            return with_ours(super().init_handlers(), server_url=self.server_url)

    with (
        tempfile.TemporaryDirectory(prefix="nector_sim_") as folder,
        tempfile.TemporaryDirectory(prefix="ns_", dir=_SHORT) as sockets,
    ):
        notebook = Path(folder) / "explorer.ipynb"
        notebook.write_text(_NOTEBOOK, encoding="utf-8")
        os.environ[UPLOADS] = folder  # of the kernels; gone with the folder, however they end
        app = App(
            ip="127.0.0.1",
            port=port,
            token=token,
            open_browser=True,
            log_level="WARN",
            config=Config(MappingKernelManager=_CULLING, KernelManager=_KERNELS),
            connection_dir_root=sockets,
            tornado_settings={
                # Only requests that name this machine; a page elsewhere cannot reach in by a name of its own.
                "allow_remote_access": False,
                "headers": {"Content-Security-Policy": POLICY},
                "websocket_max_message_size": LARGEST_MESSAGE,
                # Tornado's own would write addresses with the token in them.
                "log_function": partial(log_request, record_prometheus_metrics=False),
            },
        )
        app.initialize(["--template=nector", str(notebook)])
        for logger in (app.log, *map(logging.getLogger, ("tornado.access", "tornado.application", "tornado.general"))):
            logger.addFilter(partial(_without, token))
        if hasattr(signal, "SIGHUP"):  # the terminal was closed: end as for SIGTERM, and clear up
            signal.signal(signal.SIGHUP, app._handle_signal_stop)
        app.start()


def _without(token: str, record: logging.LogRecord) -> bool:
    """Take the token out of what is logged: addresses of refused calls hold it."""
    record.msg, record.args = record.getMessage().replace(token, "[secret]"), ()
    return True


def _page_to(address: str, folder: Path) -> Path:
    """Make a page that leads to an address, which is then on no command line, where every user could read it."""
    page = folder / "open.html"
    page.touch(mode=0o600)
    page.write_text(f'<meta http-equiv="refresh" content="0; url={address}">', encoding="utf-8")
    return page


def open_lab(notebook: Path, *, open_browser: bool = True) -> None:
    """Open JupyterLab on a notebook, in a process of its own, until it is stopped.

    Parameters
    ----------
    notebook : pathlib.Path
    open_browser : bool
        Open the page when it is ready.

    Raises
    ------
    InputError
        If there is no such notebook, or the packages of the extra ``lab`` are not installed.
    """
    if not notebook.exists():
        raise InputError(f"{notebook} does not exist; name a notebook, or run this in a checkout of nector_sim")
    if find_spec("jupyterlab") is None:
        raise InputError(f"JupyterLab needs the extra lab: {pip_line('lab')}")
    options = [] if open_browser else ["--no-browser"]
    subprocess.run([sys.executable, "-m", "jupyterlab", str(notebook), *options], check=False)
