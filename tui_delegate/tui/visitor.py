"""One visitor of the screen in a browser: a process of the app, started with the visit and ended with it.

What travels between browser and process passes here. Who may visit is not decided here.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual_serve.app_service import AppService

import tui_delegate
from tui_delegate.core.clean import clean

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable, Sequence

    from aiohttp.web import WebSocketResponse
    from textual_serve.download_manager import DownloadManager

MARK: Final = "TUI_DELEGATE_WEB"
"""Set for the app's process, so that it draws without a terminal."""
DRIVER: Final = "tui_delegate.tui.web_driver:Driver"
READY: Final = b"__GANGLION__\n"
"""The line with which the driver begins."""
GRACE: Final = 5.0
"""Seconds that a process has for its own way out, before it is told, and before it is killed."""
_MOST_SAID: Final = 64_000
_FORGOTTEN: Final = ("TMUX", "STY", "LINES")
"""What the server's own terminal says of itself, and the browser is not."""
_SCHEMES: Final = ("http://", "https://")


def command(flags: Sequence[str]) -> list[str]:
    """Make the command of a visitor's process: this Python and this product, whatever folder it works in."""
    root = Path(tui_delegate.__file__).parent.parent
    apart = [] if sys.path and Path(sys.path[0]) == root else ["-P"]
    return [sys.executable, *apart, "-m", "tui_delegate", "chat", *flags]


class Visitor(AppService):
    """A websocket and the process behind it. No shell is between them."""

    def __init__(
        self,
        flags: Sequence[str],
        socket: WebSocketResponse,
        downloads: DownloadManager,
        say: Callable[[str], None],
    ) -> None:
        super().__init__(
            "",
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=self._leave,
            download_manager=downloads,
        )
        self._flags = flags
        self._socket = socket
        self._say = say

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        environment = super()._build_environment(width, height)
        for name in _FORGOTTEN:
            environment.pop(name, None)
        return {**environment, MARK: "1", "TEXTUAL_DRIVER": DRIVER, "TERM": "xterm-256color"}

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        """Start the process, in a session of its own: `^C` at the server is the server's to pass on."""
        pipe = asyncio.subprocess.PIPE
        self._process = process = await asyncio.create_subprocess_exec(
            *command(self._flags),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=self._build_environment(width, height),
            start_new_session=True,
        )
        self._stdin = process.stdin
        return process

    async def run(self) -> None:
        """Hand on what the process draws until it ends, then what it said, and close the socket."""
        assert self._process
        told = asyncio.create_task(self._hear())
        try:
            await self._hand_on()
        finally:
            await self._process.wait()
            if said := await told:
                self._say(said)
                await self._show(said)
            await self._socket.close()

    async def stop(self) -> None:
        """End the process: ask, then tell, then kill. None is left behind."""
        if self._task is None or self._process is None:
            return
        await self._download_manager.cancel_app_downloads(self.app_service_id)
        await self.send_meta({"type": "quit"})
        self.stdin.close()
        task, self._task = self._task, None
        for harder in (self._process.terminate, self._process.kill):
            if (await asyncio.wait([task], timeout=GRACE))[0]:
                break
            if self._process.returncode is None:
                harder()
        await task

    async def on_data(self, payload: bytes) -> None:
        """Show what was drawn; with nobody to see it, let it go, so that the process never waits for us."""
        if not self._socket.closed:
            try:
                await super().on_data(payload)
            except ConnectionError:
                return

    async def on_meta(self, data: bytes) -> None:
        """Do what the process asks of the browser; a link that is more than a link is left alone."""
        asked = json.loads(data)
        if asked["type"] == "open_url" and not str(asked["url"]).startswith(_SCHEMES):
            return
        try:
            await super().on_meta(data)
        except ConnectionError:
            return

    async def _leave(self) -> None:
        """The process says that it ends: the socket is closed when it has."""

    async def _hand_on(self) -> None:
        assert self._process
        assert self._process.stdout
        out = self._process.stdout
        while (line := await out.readline()) != READY:
            if not line:
                return
        doors = {b"D": self.on_data, b"M": self.on_meta, b"P": self.on_packed}
        while True:
            try:
                kind, size = await out.readexactly(1), int.from_bytes(await out.readexactly(4), "big")
                await doors[kind](await out.readexactly(size))
            except asyncio.IncompleteReadError:
                return

    async def _hear(self) -> str:
        """Read stderr to its end, and keep the last of it."""
        assert self._process
        assert self._process.stderr
        said = b""
        while piece := await self._process.stderr.read(4096):
            said = (said + piece)[-_MOST_SAID:]
        return clean(said.decode("utf-8", "replace")).strip()

    async def _show(self, said: str) -> None:
        """Let the browser's terminal show, in place of the screen, why there is none."""
        if not self._socket.closed:
            try:
                await self._socket.send_bytes(f"\x1b[2J\x1b[H{said}\n".replace("\n", "\r\n").encode())
            except ConnectionError:
                return
