"""A real server on loopback that says what a test tells it to, and a sink that keeps what it is handed."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_delegate.core.chunks import Chunk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass
class Answer:
    """What the server says to one request. `hold`: the body stays open after `body`."""

    body: bytes = b""
    status: int = 200
    headers: tuple[str, ...] = ()
    hold: bool = False
    cut: bool = False
    """Close without the end that HTTP wants."""


@dataclass
class Loopback:
    """What the server was asked, and when it saw a connection close."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str], object]] = field(default_factory=list)
    sent: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    closed_at: float = 0.0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests on one connection until it closes."""
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.closed_at = asyncio.get_running_loop().time()
            self.closed.set()
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append((head[0], headers, json.loads(body) if body else None))
        answer = self.answers.pop(0)
        lines = [f"HTTP/1.1 {answer.status} X", "Transfer-Encoding: chunked", *answer.headers, "", ""]
        writer.write("\r\n".join(lines).encode())
        if answer.body:
            writer.write(b"%x\r\n%s\r\n" % (len(answer.body), answer.body))
        if not answer.hold and not answer.cut:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        self.sent.set()
        if answer.hold:
            await reader.read()
        return not answer.hold and not answer.cut


@asynccontextmanager
async def serving(*answers: Answer) -> AsyncIterator[Loopback]:
    """Serve these answers, one for each request."""
    loopback = Loopback(answers=list(answers))
    server = await asyncio.start_server(loopback.handle, "127.0.0.1", 0)
    loopback.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield loopback
    finally:
        server.close()
        await server.wait_closed()


@dataclass
class Kept:
    """A sink that keeps everything."""

    chunks: list[Chunk] = field(default_factory=list)
    drains: int = 0
    first: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, chunk: Chunk, /) -> None:
        """Keep one."""
        self.chunks.append(chunk)
        self.first.set()

    async def drain(self) -> None:
        """Count the waits."""
        self.drains += 1
