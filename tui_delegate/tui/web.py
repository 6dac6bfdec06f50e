"""Serves the screen to a browser on this machine: who may come in, and what they get.

Each visit is a process of its own, in `visitor`. Nothing of the app is known here.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import json
import secrets
import signal
import socket as sockets
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from aiohttp import WSMsgType, web
from textual_serve.server import Server

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.tui.visitor import GRACE, Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiohttp.typedefs import Handler

PAGE: Final = Path(__file__).with_name("web.html")
SOCKET: Final = "/ws"
_LONGEST: Final = 1 << 20
"""Bytes of one message from a browser: a text that is pasted is one."""
_CELLS: Final = 1000
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src ws://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load: nothing that is not served here."""


class Gate:
    """Lets in who was given the address, from a page of ours and under a name of this machine."""

    def __init__(self, host: str, port: int) -> None:
        self.token = secrets.token_urlsafe(32)
        self._pass = secrets.token_urlsafe(32)
        self.cookie = f"tui-delegate-{port}"
        """Cookies know no ports: two of us would take each other's away."""
        self.address = f"http://{_named(host)}:{port}/?token={self.token}"
        names = {"127.0.0.1", "localhost", _named(host)}
        self._hosts = {f"{name}:{port}" for name in names} | (names if port == 80 else set())

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse, or let through, or turn the token in the address into a cookie."""
        self._check_place(request)
        asks_page = request.path == "/" and request.method == "GET"
        token = request.query.get("token")
        if _same(request.cookies.get(self.cookie), self._pass):
            if not (asks_page and token is not None):
                return await handler(request)
        elif not (asks_page and _same(token, self.token)):
            raise web.HTTPForbidden(text="Open the address that `tui-delegate web` printed.\n")
        answer = web.HTTPSeeOther("/")
        answer.set_cookie(self.cookie, self._pass, httponly=True, samesite="Strict", path="/")
        raise answer

    def _check_place(self, request: web.Request) -> None:
        """Refuse a name that somebody else's DNS led here, and what a page of others sends."""
        origin = request.headers.get("Origin")
        ours = {f"http://{host}" for host in self._hosts}
        if request.host not in self._hosts:
            raise web.HTTPForbidden(text="This screen is served under another name.\n")
        if origin not in ours and (origin is not None or request.path == SOCKET):
            raise web.HTTPForbidden(text="This came from a page that is not ours.\n")


class WebServer(Server):
    """textual-serve's server, behind the gate, with processes and a page of ours."""

    def __init__(self, flags: Sequence[str], gate: Gate, say: Callable[[str], None]) -> None:
        super().__init__("")
        self._flags = flags
        self._gate = gate
        self._say = say
        self._open: set[web.WebSocketResponse] = set()

    async def make_app(self) -> web.Application:
        """Make the routes, all of them behind the gate."""
        app = await self._make_app()
        app.middlewares.append(self._gate.guard)
        app.on_response_prepare.append(_protect)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Say nothing: whoever starts the server does."""

    async def on_shutdown(self, app: web.Application) -> None:
        """Send all visitors away; each one's process ends with its visit."""
        await asyncio.gather(*(one.close(code=1001) for one in list(self._open)))

    async def handle_index(self, request: web.Request) -> web.Response:
        """Give the page that draws the screen."""
        size = _within(request.query.get("fontsize"), 16, 6, 60)
        page = Template(PAGE.read_text(encoding="utf-8")).substitute(host=request.host, size=size)
        return web.Response(text=page, content_type="text/html")

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Start a process, and end it with the visit."""
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=_LONGEST)
        await socket.prepare(request)
        visitor = Visitor(self._flags, socket, self.download_manager, self._say)
        self._open.add(socket)
        try:
            await visitor.start(
                _within(request.query.get("width"), 80, 1, _CELLS),
                _within(request.query.get("height"), 24, 1, _CELLS),
            )
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    await _take(visitor, socket, message.data)
        except OSError as error:
            self._say(f"tui-delegate: no screen can be started: {error.strerror or error}")
        finally:
            self._open.discard(socket)
            await visitor.stop()
            await socket.close()
        return socket


async def _take(visitor: Visitor, socket: web.WebSocketResponse, raw: str) -> None:
    """Hand on what the browser says; what makes no sense is left out."""
    try:
        match json.loads(raw):
            case ["stdin", str(keys)]:
                await visitor.send_bytes(keys.encode("utf-8", "replace"))
            case ["resize", {"width": int(width), "height": int(height)}]:
                await visitor.set_terminal_size(min(max(width, 1), _CELLS), min(max(height, 1), _CELLS))
            case ["ping", str(moment)]:
                await socket.send_json(["pong", moment])
            case ["blur"]:
                await visitor.blur()
            case ["focus"]:
                await visitor.focus()
    except (ValueError, RecursionError, ConnectionError):
        return


async def _protect(request: web.Request, response: web.StreamResponse) -> None:
    """Keep others' pages from showing or reading ours, and ours from reaching out."""
    response.headers.update(
        {
            "Content-Security-Policy": _POLICY.format(host=request.host),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
        }
    )


def serve(
    flags: Sequence[str], host: str, port: int, *, tell: Callable[[str], None], say: Callable[[str], None]
) -> int:
    """Serve until a signal ends it, and give the exit code. Raises an InputError."""
    with _listening(host, port) as listening:
        gate = Gate(host, listening.getsockname()[1])
        return asyncio.run(_serve(WebServer(flags, gate, say), listening, lambda: tell(gate.address)))


async def _serve(server: WebServer, listening: sockets.socket, ready: Callable[[], None]) -> int:
    received = _signals()
    runner = web.AppRunner(await server.make_app(), access_log=None, shutdown_timeout=4 * GRACE)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        ready()
        return 128 + await received
    finally:
        await runner.cleanup()


def _signals() -> asyncio.Future[int]:
    """Wait for the first signal that ends us; a second one ends us at once."""
    loop = asyncio.get_running_loop()
    received: asyncio.Future[int] = loop.create_future()
    caught = [one for name in ("SIGINT", "SIGTERM", "SIGHUP") if (one := getattr(signal, name, None))]

    def take(one: signal.Signals) -> None:
        for each in caught:
            loop.remove_signal_handler(each)
        received.set_result(int(one))

    try:
        for one in caught:
            loop.add_signal_handler(one, take, one)
    except (NotImplementedError, RuntimeError):  # a platform, or a thread, without them
        caught.clear()
    return received


def _listening(host: str, port: int) -> sockets.socket:
    if not 0 <= port <= 65535:
        raise InputError(f"--port: {port} is no port.", "0, or nothing, takes one that is free.")
    family = sockets.AF_INET6 if ":" in _loopback(host) else sockets.AF_INET
    listening = sockets.socket(family, sockets.SOCK_STREAM)
    try:
        listening.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
        listening.bind((_loopback(host), port))
        listening.listen(16)
    except OSError as error:
        listening.close()
        taken = error.errno == errno.EADDRINUSE
        why = "something else listens there already" if taken else (error.strerror or str(error))
        raise InputError(
            f"Port {port} can't be taken: {why}.", "Leave --port out, and a free one is taken."
        ) from None
    return listening


def _loopback(host: str) -> str:
    """Give the address of a host of this machine only. Raises an InputError for any other."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        if ipaddress.ip_address(address).is_loopback:
            return address
    except ValueError:
        pass
    raise InputError(
        f"--host: {clean_line(host, 60)!r} is not this machine's loopback.",
        "The screen runs commands as you: from elsewhere, forward the port over ssh (-L, same port).",
    )


def _named(host: str) -> str:
    return f"[{host}]" if ":" in host else quote(host)


def _same(given: str | None, wanted: str) -> bool:
    return secrets.compare_digest((given or "").encode("utf-8", "replace"), wanted.encode())


def _within(text: str | None, usual: int, least: int, most: int) -> int:
    if text is None or not text.isdecimal():
        return usual
    return min(max(int(text[:6]), least), most)
