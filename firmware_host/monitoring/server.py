"""The monitor's page: HTTP and a WebSocket on this computer alone, for whoever has the address with its token.

Bound to 127.0.0.1. A request with a wrong token, for another host (a name that a foreign page has made to mean this
computer) or from another origin is refused. The page loads nothing from elsewhere, which its Content-Security-Policy
holds it to. It is sent the newest state when it has taken the one before: a slow page misses some, and is never behind.
"""

import asyncio
import json
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from firmware_host.monitoring import messages
from firmware_host.monitoring.heart_shown import HeartAbout, HeartState
from firmware_host.monitoring.shared import Shared
from firmware_host.monitoring.shown import About, State
from scl.artifacts import InputError
from scl.artifacts.capture import capture_bytes
from scl.artifacts.os_errors import reason

HOST = "127.0.0.1"
TOKEN_BYTES = 24
POLICY = 1008  # RFC 6455, 7.4.1: a message that violates the endpoint's policy
HEARTBEAT_S = 0.5  # a state is sent at the latest, so that lateness shows
FRAME_S = 0.03  # between two states at the least
STOP_S = 2  # for open pages to be told
REFUSED = "a message that no page of the monitor sends"
PAGE = Path(__file__).with_name("page")
FILES = {
    "": ("monitor.html", "text/html"),
    "monitor.css": ("monitor.css", "text/css"),
    "monitor.js": ("monitor.js", "text/javascript"),
    "heart.js": ("heart.js", "text/javascript"),
    "own.js": ("own.js", "text/javascript"),
    "watch.js": ("watch.js", "text/javascript"),
    "charts.js": ("charts.js", "text/javascript"),
}


def listening(port: int | None) -> socket.socket:
    """A socket of 127.0.0.1, of any free port without `port`. Raises InputError if that one is taken."""
    try:
        return socket.create_server((HOST, port or 0))
    except OSError as error:
        raise InputError(
            f"--http-port {port}: cannot be used ({reason(error)}); choose another one, or leave it out"
        ) from error


class Door:
    """Lets in whoever has the token, asks for this host and comes from no other origin."""

    def __init__(self, app: ASGIApp, token: str, hosts: frozenset[str]) -> None:
        self.app, self.token, self.hosts = app, token, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self.opens(scope):
            await PlainTextResponse("403: open the address that the monitor printed\n", 403)(scope, receive, send)
        elif scope["type"] == "websocket" and not self.opens(scope):
            await WebSocket(scope, receive, send).close(POLICY)
        else:
            await self.app(scope, receive, send)

    def opens(self, scope: Scope) -> bool:
        """Whether a request may pass, whatever its path is. A WebSocket has to name its origin, which browsers do."""
        headers = Headers(scope=scope)
        origins = {f"http://{host}" for host in self.hosts}
        origin, token = headers.get("origin"), scope["path"].partition("/")[2].partition("/")[0]
        named = origin in origins if origin is not None else scope["type"] == "http"
        has_token = secrets.compare_digest(token.encode(), self.token.encode())
        return has_token and named and headers.get("host") in self.hosts


@dataclass(frozen=True)
class View:
    """What a page is sent: first the facts that stay, then a state again and again."""

    about: Callable[[], About | HeartAbout]
    state: Callable[[], State | HeartState]


class Page:
    """The application of one session."""

    def __init__(self, session: Shared, view: View, port: int) -> None:
        self.session, self.view = session, view
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        self.url = f"http://{HOST}:{port}/{self.token}/"
        self._policy = (
            f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' "
            f"ws://{HOST}:{port}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        routes = [
            *(Route(f"/{{token}}/{name}", self._file, name=name or "page") for name in FILES),
            Route("/{token}/recording.csv", self._recording),
            WebSocketRoute("/{token}/socket", self._socket),
        ]
        app = Starlette(routes=routes)
        self.app = Door(app, self.token, frozenset((f"{HOST}:{port}",)))

    async def _file(self, request: Request) -> Response:
        name, kind = FILES[request.url.path.rpartition("/")[2]]
        return Response((PAGE / name).read_bytes(), media_type=kind, headers=self._headers())

    async def _recording(self, _request: HTTPConnection) -> Response:
        path = Path("monitor.csv")
        try:
            data = capture_bytes(path, await asyncio.to_thread(self.session.capture))
        except ValueError as error:
            return PlainTextResponse(f"404: {error}; press Record first\n", 404, self._headers())
        attached = {"Content-Disposition": f'attachment; filename="{path}"'}
        return Response(data, media_type="text/csv", headers=self._headers() | attached)

    def _headers(self) -> dict[str, str]:
        return {
            "Content-Security-Policy": self._policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }

    async def _socket(self, socket: WebSocket) -> None:
        await socket.accept()
        sender = asyncio.create_task(self._send(socket))
        orders = asyncio.create_task(self._take(socket))
        _done, pending = await asyncio.wait((sender, orders), return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        with suppress(WebSocketDisconnect, RuntimeError, asyncio.CancelledError):
            await asyncio.gather(sender, orders)

    async def _take(self, socket: WebSocket) -> None:
        """Passes the page's orders on; closes the socket behind one that is none."""
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            try:
                order = messages.parse(message.get("text") or "")  # a binary message has none
            except ValueError:
                await socket.close(POLICY, REFUSED)
                return
            await asyncio.to_thread(self.session.order, order)

    async def _send(self, socket: WebSocket) -> None:
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(news.set)

        stop = self.session.listen(tell)
        try:
            await socket.send_text(json.dumps(self.view.about(), allow_nan=False))
            while not self.session.ended:
                news.clear()
                await socket.send_text(json.dumps(await asyncio.to_thread(self.view.state), allow_nan=False))
                await asyncio.sleep(FRAME_S)
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), HEARTBEAT_S)
            await socket.close()
        finally:
            stop()


def serve(page: Page, listener: socket.socket, announce: Callable[[], object]) -> None:
    """Serves until Ctrl-C or the session's end. `announce` is called when the address answers."""
    config = uvicorn.Config(
        page.app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws_max_size=messages.MOST_BYTES,
        server_header=False,
        timeout_graceful_shutdown=STOP_S,
    )
    server = uvicorn.Server(config)

    def ended() -> None:
        if page.session.ended:
            server.should_exit = True

    stop = page.session.listen(ended)
    ended()  # it may have before anybody listened
    announce()
    try:
        server.run(sockets=[listener])
    finally:
        stop()
