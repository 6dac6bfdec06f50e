"""A server on 127.0.0.1 that says what a test tells it to, over real sockets. It knows no product."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def line(self) -> str:
        """Method and path, as a table of answers names them."""
        return f"{self.method} {self.path}"

    def json(self) -> object:
        """Read the body."""
        value: object = json.loads(self.raw)
        return value


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send back."""

    body: object = b""
    """Bytes go out as they are, anything else as JSON."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    """Take the request and never answer."""
    cut: bool = False
    """Close the connection before the body's end."""
    gate: asyncio.Event | None = None
    """Send this and keep the connection open; what is in `rest` follows once the gate is open."""
    rest: bytes = b""

    def wire(self) -> bytes:
        """Write it as HTTP."""
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        length = len(body) + len(self.rest) + (1 if self.cut or (self.gate and not self.rest) else 0)
        head = {"content-type": "application/json", "content-length": str(length), "connection": "close"}
        lines = [f"HTTP/1.1 {self.status} Said", *(f"{k}: {v}" for k, v in (head | self.headers).items())]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(slots=True)
class Loopback:
    """A server that runs."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once somebody hung up while a gate was closed."""

    @property
    def lines(self) -> list[str]:
        """Name all requests so far."""
        return [one.line for one in self.asked]


@asynccontextmanager
async def serving(say: Callable[[Asked], Answer]) -> AsyncIterator[Loopback]:
    """Serve until the block ends; `say` makes the answer of each request."""
    server = Loopback("")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if asked := await _read(reader):
                server.asked.append(asked)
                answer = say(asked)
                if answer.silent:
                    await reader.read()
                else:
                    writer.write(answer.wire())
                    await writer.drain()
                if answer.gate and await _opened(answer.gate, reader, server):
                    writer.write(answer.rest)
                    await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(talk, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()
        await listener.wait_closed()


async def _opened(gate: asyncio.Event, reader: asyncio.StreamReader, server: Loopback) -> bool:
    opened, gone = asyncio.create_task(gate.wait()), asyncio.create_task(reader.read())
    await asyncio.wait({opened, gone}, return_when=asyncio.FIRST_COMPLETED)
    if not gate.is_set():
        server.left.set()
    opened.cancel()
    gone.cancel()
    return gate.is_set()


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *rest = head.strip().split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    return Asked(method, path, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


def table(answers: dict[str, object]) -> Callable[[Asked], Answer]:
    """Answer from a table of `METHOD /path`; an unknown line is a 404. A list is used up, its last stays."""

    def say(asked: Asked) -> Answer:
        if asked.line not in answers:
            return Answer({"error": {"message": "no such path"}}, 404)
        said = answers[asked.line]
        if isinstance(said, list):
            said = said.pop(0) if len(said) > 1 else said[0]
        return said if isinstance(said, Answer) else Answer(said)

    return say


async def no_pause(seconds: float) -> None:
    """Wait for nothing: stands where the product waits between two looks."""
    await asyncio.sleep(0)
