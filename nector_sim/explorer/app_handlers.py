"""What the app's server answers beside Voila's own: whether a page's kernel is still there."""

from __future__ import annotations

from typing import Any

import tornado.web
from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from voila.tornado.handler import TornadoVoilaHandler


class Page(TornadoVoilaHandler):  # type: ignore[misc]
    """The page, with the cookie that its call to end the kernel must repeat; Voila reads the cookie, and sets none."""

    async def get(self, path: str | None = None) -> None:
        """Set the cookie and give the page."""
        self.xsrf_token  # noqa: B018  # asking for it sets it
        await super().get(path)


class Alive(APIHandler):
    """Whether a kernel is still there."""

    @tornado.web.authenticated
    async def get(self, kernel_id: str) -> None:
        """Answer 204 if it is, else 410."""
        there = kernel_id in self.kernel_manager and await ensure_async(
            self.kernel_manager.get_kernel(kernel_id).is_alive()
        )
        self.set_status(204 if there else 410)
        self.finish()


def with_ours(handlers: list[Any], *, server_url: str) -> list[Any]:
    """Voila's handlers with ours among them."""
    ours = [(handler[0], Page, *handler[2:]) if handler[1] is TornadoVoilaHandler else handler for handler in handlers]
    return [(f"{server_url.rstrip('/')}/nector/alive/([0-9a-f-]+)", Alive), *ours]
