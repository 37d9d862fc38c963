"""Files between the browser and the kernel: uploads in small pieces, with progress and a limit, and downloads."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any, BinaryIO

import anywidget
import traitlets

from nector_sim.explorer import FRONT

#: The largest file that may be uploaded, in bytes.
MOST = 200 << 20
#: How much travels at once, in bytes: far below what servers and browsers refuse.
PIECE = 2 << 20


class Upload(anywidget.AnyWidget):
    """A field to upload a file.

    Parameters
    ----------
    label : str
    accept : str
        Endings that the browser offers, such as ``.csv,.parquet``.
    use : callable
        Called with the path of the file when it is there in full.
    keep : bool
        Keep the file until another one comes or the kernel ends. Left out, it is deleted when `use` returns.
    most : int
        Bytes; the browser refuses a larger file with a message, and so does the kernel.
    """

    _esm = FRONT / "upload.js"

    label = traitlets.Unicode().tag(sync=True)
    accept = traitlets.Unicode().tag(sync=True)
    most = traitlets.Int().tag(sync=True)
    piece = traitlets.Int(PIECE).tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, label: str, *, accept: str, use: Callable[[Path], None], keep: bool = False, most: int = MOST
    ) -> None:
        super().__init__(label=label, accept=accept, most=most)
        self._use, self._keep = use, keep
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._file: BinaryIO | None = None
        self._name, self._size = "", 0
        self.on_msg(self._receive)

    def _receive(self, _: Any, content: Any, buffers: list[Any]) -> None:
        do = content.get("do")
        if do == "begin":
            self._drop()
            # The name tells the kind of file; nothing else of what a browser says is taken into a path.
            self._name, self._size = PurePath(str(content.get("name", ""))).name or "file", int(content.get("size", 0))
            if self._size > self.most:
                self.send({"do": "refuse", "why": f"it is larger than {self.most >> 20} MiB"})
                return
            self._folder = tempfile.TemporaryDirectory(prefix="nector_sim_")
            self._file = (Path(self._folder.name) / self._name).open("wb")
            self.send({"do": "next", "have": 0})
        elif do == "piece" and self._file is not None and buffers:
            self._file.write(buffers[0])
            have = self._file.tell()
            if have > self._size:
                self._drop()
                self.send({"do": "refuse", "why": "it grew while it was read; upload it again"})
            elif have < self._size:
                self.send({"do": "next", "have": have})
            else:
                self._finish()

    def _finish(self) -> None:
        assert self._file is not None
        path = Path(self._file.name)
        self._file.close()
        self.send({"do": "reading"})
        try:
            self._use(path)
        finally:
            if not self._keep:
                self._drop()
            self.send({"do": "done"})

    def _drop(self) -> None:
        if self._file is not None:
            self._file.close()
        # It may hold personal data, so it does not stay longer than it is needed.
        if self._folder is not None:
            self._folder.cleanup()
        self._file = self._folder = None


class Download(anywidget.AnyWidget):
    """A button that makes a file and hands it to the browser.

    Parameters
    ----------
    label : str
    make : callable
        Gives the file's name, media type and content when the button is pressed; None where it could not be made.
    """

    _esm = FRONT / "download.js"

    label = traitlets.Unicode().tag(sync=True)

    def __init__(self, label: str, *, make: Callable[[], tuple[str, str, bytes] | None]) -> None:
        super().__init__(label=label)
        self._make = make
        self.on_msg(self._asked)

    def _asked(self, _: Any, content: Any, __: Any) -> None:
        made = None
        try:
            made = self._make()
        finally:
            if made is None:
                self.send({"do": "none"})
        if made is not None:
            name, kind, data = made
            self.send({"do": "save", "name": name, "kind": kind}, buffers=[data])
