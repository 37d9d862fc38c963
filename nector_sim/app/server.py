"""The app's server: one page and its calls, for this machine only."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import signal
import socket
import tempfile
import threading
import webbrowser
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from nector_sim._extras import pip_line
from nector_sim.app import FRONT
from nector_sim.errors import InputError
from nector_sim.report.words import plain

LOG = logging.getLogger(__name__)
#: The largest file that may be dropped on the page, in bytes.
MOST = 200 << 20
#: How many ports are tried.
_PORTS = 50
_HEADERS = {
    # The page may load from its own server only; a test sees that it asks for nothing else.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_REPORTS = {
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def serve(
    *, port: int = 8866, open_browser: bool = True, token: str | None = None, say: Callable[[str], Any] = print
) -> None:
    """Serve the app on this machine until it is stopped."""
    try:
        import uvicorn
    except ModuleNotFoundError:
        raise InputError(f"the app needs the extra lab: {pip_line('lab')}") from None
    from nector_sim.app.adding import remove_unused
    from nector_sim.app.desk import Desk
    from nector_sim.app.project import Project, default_folder

    token = token or secrets.token_urlsafe(24)
    listener = _listen(port)
    port = listener.getsockname()[1]
    # Behind the #, it is in no log and in no call; the page keeps it for its own calls.
    address = f"http://127.0.0.1:{port}/#token={token}"
    with contextlib.ExitStack() as held:
        project = held.enter_context(Project(default_folder()))
        held.callback(project.close)
        remove_unused(project)
        desk = Desk(project)
        app = build(desk, token=token, port=port)
        config = uvicorn.Config(
            app, access_log=False, log_level="warning", server_header=False, ws="none", lifespan="off",
            proxy_headers=False, timeout_graceful_shutdown=2,
        )  # fmt: skip
        server = uvicorn.Server(config)
        if hasattr(signal, "SIGHUP"):  # the terminal was closed

            def stop(*_: object) -> None:
                server.should_exit = True

            signal.signal(signal.SIGHUP, stop)
        threading.Thread(target=desk.open, daemon=True).start()
        say(f"The app is at {address}\nIt is for this machine only. To stop it, press Ctrl+C.")
        if open_browser:
            folder = project.folder
            if not os.access(folder, os.W_OK):
                folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="nector_sim_")))
            page = _page_to(address, folder)
            held.callback(page.unlink, missing_ok=True)
            threading.Thread(target=webbrowser.open, args=(page.as_uri(),), daemon=True).start()
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def build(desk: Any, *, token: str, port: int) -> Any:
    """Make the ASGI application around a desk."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    from nector_sim.app.later import Superseded

    def allowed(request: Request) -> bool:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        return compare_digest(given.encode(), token.encode())

    def answered(call: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Only for who holds the token; what is wrong becomes a message."""

        async def run(request: Request) -> Response:
            if not allowed(request):
                return JSONResponse({"message": "The app was started again."}, 401)
            try:
                return await call(request)
            except Superseded:
                return JSONResponse(None)
            except InputError as error:
                return JSONResponse({"message": plain(str(error))}, 400)
            except Exception as error:
                LOG.exception(
                    "a call failed"
                )  # the traceback goes to the terminal; its text may hold a customer's data
                kind = type(error).__name__
                return JSONResponse({"message": f"This did not work, and that is a fault of the app ({kind})."}, 500)

        return run

    async def page(request: Request) -> Response:
        name = request.path_params.get("name") or "index.html"
        file = FRONT / name
        if file.parent != FRONT or not file.is_file():
            return Response(status_code=404)
        return Response(file.read_bytes(), media_type=_KINDS.get(file.suffix))

    async def alive(_: Request) -> Response:
        return JSONResponse({"version": desk.version, "ready": desk.is_ready, "progress": desk.later.progress()})

    async def state(_: Request) -> Response:
        if not desk.is_ready:
            return JSONResponse({"version": desk.version, "ready": False})
        return JSONResponse(await run_in_threadpool(desk.state))

    async def act(request: Request) -> Response:
        asked = await request.json()
        return JSONResponse(await run_in_threadpool(desk.act, asked))

    async def later(request: Request) -> Response:
        query, what = dict(request.query_params), request.path_params["what"]
        return JSONResponse(await run_in_threadpool(desk.later.work, what, query.pop("mark", ""), query))

    async def upload(request: Request) -> Response:
        path = desk.adding.place_for(unquote(request.headers.get("x-name", "file")))
        size = 0
        try:
            with path.open("xb") as file:
                path.chmod(0o600)
                async for piece in request.stream():
                    size += len(piece)
                    if size > MOST:
                        raise InputError(f"{path.name} is larger than {MOST >> 20} MiB, the most that the page takes.")
                    await run_in_threadpool(file.write, piece)
        except BaseException:
            path.unlink(missing_ok=True)  # it is not whole
            raise
        return JSONResponse({"name": path.name, "path": str(path)})

    async def file(request: Request) -> Response:
        made = await run_in_threadpool(_made, desk, request.path_params["name"])
        return Response(status_code=404) if made is None else Response(made[0], media_type=made[1])

    routes = [
        Route("/api/alive", answered(alive)),
        Route("/api/state", answered(state)),
        Route("/api/do", answered(act), methods=["POST"]),
        Route("/api/later/{what}", answered(later)),
        Route("/api/upload", answered(upload), methods=["POST"]),
        Route("/api/file/{name}", answered(file)),
        Route("/", page),
        Route("/{name}", page),
    ]
    inner = Starlette(routes=routes)
    hosts = {f"127.0.0.1:{port}".encode(), f"localhost:{port}".encode()}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        """Answer only requests that name this machine, so that no page elsewhere reaches in by a name of its own."""
        if dict(scope.get("headers", [])).get(b"host") not in hosts:
            await Response(status_code=403)(scope, receive, send)
            return

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]
            await send(message)

        await inner(scope, receive, with_headers)

    return app


def _made(desk: Any, name: str) -> tuple[bytes, str] | None:
    """A file to save: the report, the setting, the project, or the rows that cannot be used."""
    match name:
        case "report.html" | "report.pdf" | "report.xlsx":
            ending = name.removeprefix("report")
            return desk.report().as_file(ending), _REPORTS[ending]
        case "setting.toml":
            return desk.setting_file(), "application/toml"
        case "project.json":
            return desk.project_file(), "application/json"
        case "groups.csv":
            from nector_sim.app.finding import groups_file

            return groups_file(desk), "text/csv"
        case "scenarios.csv":
            return desk.scenarios_file("csv"), "text/csv"
        case "scenarios.xlsx":
            return desk.scenarios_file("xlsx"), _REPORTS[".xlsx"]
        case "rejected.csv":
            return desk.rejects(), "text/csv"
    return None


def _listen(port: int) -> socket.socket:
    for tried in range(port, min(port + _PORTS, 65536)):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if os.name == "posix":  # elsewhere it would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", tried))
            listener.listen(128)
        except OSError:
            listener.close()
            continue
        return listener
    raise InputError(f"no port from {port} to {port + _PORTS - 1} is free; choose another one to begin with: --port")


def _page_to(address: str, folder: Path) -> Path:
    """Make a page that leads to an address, which is then on no command line, where every user could read it."""
    page = folder / "open.html"
    page.unlink(missing_ok=True)
    page.touch(mode=0o600)
    page.write_text(f'<meta http-equiv="refresh" content="0; url={address}">', encoding="utf-8")
    return page
