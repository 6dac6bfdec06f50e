"""The way to a plain http server on this machine, on an event loop: connections, and who waits on them.

What is said over them is `direct`'s. No time-out but that of connecting is kept here: the lane owns the
others. Far servers and https are `http`'s.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from tui_delegate.backends.direct import DirectWire, Plug, telling
from tui_delegate.backends.line import CONNECT_SECONDS, GRACE_SECONDS, KEEPALIVE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_delegate.backends.address import Address, Endpoint
    from tui_delegate.backends.direct import Answer

_MOST_HELD = 256 * 1024
"""Bytes that may wait for a slow reader before the server is made to wait."""
_PIECE = 32 * 1024
"""Bytes that are read at once."""


class NearWire(DirectWire):
    """One server's client. It belongs to the event loop that first used it.

    Without `keep` each request has a connection of its own, for servers that hang up without a word.
    """

    def __init__(self, endpoint: Endpoint, *, keep: bool = True) -> None:
        super().__init__(endpoint)
        self._keeps = keep
        self._keeps_streams = False
        """Whether a connection may be used again after a stream. llama.cpp closes it a moment after the
        last byte without having said so, and a POST sent in that moment is lost (seen November 2026)."""
        self._idle: list[LoopPlug] = []
        self._places: list[tuple[socket.AddressFamily, tuple[object, ...]]] = []
        self._sweeping: asyncio.TimerHandle | None = None

    async def open(
        self,
        method: str,
        path: str,
        body: object,
        headers: Mapping[str, str],
        *,
        streams: bool = False,
        any_status: bool = False,
    ) -> Answer:
        """Send a request and read the answer's head; learn of it whether the server hangs up."""
        answer = await super().open(method, path, body, headers, streams=streams, any_status=any_status)
        self._keeps_streams = self._keeps and answer.headers.get("server") != "llama.cpp"
        return answer

    async def aclose(self) -> None:
        """Close every connection; one that still carries an answer is closed at its end."""
        self._keeps = self._keeps_streams = False
        if self._sweeping:
            self._sweeping.cancel()
            self._sweeping = None
        while self._idle:
            self._idle.pop().close()
        await asyncio.sleep(0)  # the loop lets go of a line one step after it was closed

    def _stays(self, *, streams: bool) -> bool:
        return self._keeps_streams if streams else self._keeps

    async def _plug(self, address: Address, *, streams: bool) -> Plug:
        while self._idle:
            plug = self._idle.pop()
            if plug.is_fresh():
                return plug
            plug.close()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await self._connected(address)
        except (OSError, ValueError) as error:
            raise self._not_connected(error) from error

    async def _connected(self, address: Address) -> LoopPlug:
        failures: list[Exception] = []
        for family, place in await self._found(address):
            try:
                return await _plugged(family, place)
            except OSError as error:
                failures.append(error)
        raise telling(failures)

    async def _found(self, address: Address) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
        """Look the name up, once: a name of this machine stays one."""
        if not self._places:
            loop = asyncio.get_running_loop()
            host, port = address.found_as, address.port_number
            flags = socket.AI_NUMERICHOST if ":" in host or host.replace(".", "").isdigit() else 0
            # What is a number is not worth a thread.
            found = (
                socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
                if flags
                else await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            )
            self._places = [(family, place) for family, _, _, _, place in found]
        return self._places

    def _keep(self, plug: Plug) -> None:
        assert isinstance(plug, LoopPlug)
        if not self._keeps:  # it was closed meanwhile
            plug.close()
            return
        plug.rest()
        self._idle.append(plug)
        if self._sweeping is None:
            loop = asyncio.get_running_loop()
            self._sweeping = loop.call_later(KEEPALIVE_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """Close what lay idle for too long."""
        self._sweeping = None
        kept, self._idle = self._idle, []
        for plug in kept:
            if plug.is_fresh():
                self._idle.append(plug)
            else:
                plug.close()
        if self._idle:
            loop = asyncio.get_running_loop()
            self._sweeping = loop.call_later(KEEPALIVE_SECONDS / 2, self._sweep)


async def _plugged(family: socket.AddressFamily, place: tuple[object, ...]) -> LoopPlug:
    loop = asyncio.get_running_loop()
    sock = socket.socket(family, socket.SOCK_STREAM)
    opened = False
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, place)
        _, plug = await loop.create_connection(lambda: LoopPlug(sock), sock=sock)
        opened = True
    finally:
        if not opened:
            sock.close()
    return plug


class LoopPlug(asyncio.BufferedProtocol):
    """A connection on the loop. A reader that is slow makes the server wait.

    It reads into a buffer of its own: for other protocols asyncio takes 256 KB of memory for each read, which
    is half of what a token costs.
    """

    _transport: asyncio.Transport

    def __init__(self, sock: socket.socket) -> None:
        self.used = False
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._buffer = memoryview(bytearray(_PIECE))
        self._held: list[bytes] = []
        self._size = 0
        self._full = False
        self._over = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._end: float | None = None
        self._since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        """Say where to read to."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Hold what came for whoever waits."""
        self._held.append(bytes(self._buffer[:nbytes]))
        self._size += nbytes
        if self._size > _MOST_HELD and not self._full:
            self._full = True
            self._transport.pause_reading()
        if self._waiter is not None:
            self._wake(self._waiter)

    def eof_received(self) -> None:
        """Tell whoever waits that nothing more comes, though not all that we say may have gone out yet."""
        self._end_reading(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits that nothing more comes."""
        if not self._over:
            self._end_reading(exc)

    def _end_reading(self, error: Exception | None) -> None:
        self._over, self._error = True, error
        if self._waiter is not None:
            self._wake(self._waiter)

    async def more(self) -> bytes:
        """Wait for bytes and take what there is; none where the other side closed."""
        if not self._held:
            if not self._over:
                await self._wait()
            if not self._held:
                if self._error is not None:
                    raise self._error
                return b""
        data = self._held[0] if len(self._held) == 1 else b"".join(self._held)
        self._held.clear()
        self._size = 0
        if self._full:
            self._full = False
            self._transport.resume_reading()
        return data

    async def send(self, data: bytes) -> None:
        """Send all of it; what the line does not take at once goes out while the answer is waited for."""
        self._transport.write(data)

    def hurry(self) -> None:
        """Wait no longer than a moment from now on."""
        self._end = self._loop.time() + GRACE_SECONDS

    def rest(self) -> None:
        """Lie idle from now on."""
        self.used, self._end, self._since = True, None, self._loop.time()

    def is_fresh(self) -> bool:
        """Whether a connection that was left open can be used once more."""
        if self._over or self._held or self._transport.is_closing():
            return False
        if self._transport.get_write_buffer_size():  # it answered before it had heard all
            return False
        return self._loop.time() - self._since < KEEPALIVE_SECONDS and not self._has_news()

    def _has_news(self) -> bool:
        """Whether bytes or an end have come that the loop did not see yet."""
        try:
            self._sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def close(self) -> None:
        """Close the connection at once, whatever has not gone out yet."""
        self._transport.abort()

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        timer = None if self._end is None else self._loop.call_at(self._end, self.close)
        try:
            await self._waiter
        finally:
            self._waiter = None
            if timer:
                timer.cancel()

    def _wake(self, waiter: asyncio.Future[None]) -> None:
        self._waiter = None
        if not waiter.done():
            waiter.set_result(None)
