"""HTTP spoken by ourselves, whoever moves the bytes: `plain_wire` by blocking, `near` on an event loop.

What a connection is, how long a wait on it may be and which one is kept open are theirs; no retry and no
protocol's words may live here.
"""

from __future__ import annotations

import socket
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol

from tui_delegate.backends.address import parsed
from tui_delegate.backends.faults import LONGEST_BODY
from tui_delegate.backends.http1 import CutShort, Garbled, Incoming, request, request_head
from tui_delegate.backends.line import LONGEST_ANSWER, LONGEST_LOOK, Line, basic, encoded
from tui_delegate.core.errors import BackendError, BadReply, CutOff, Unreachable

if TYPE_CHECKING:
    import zlib
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from tui_delegate.backends.address import Address, Endpoint


_MOST_HEADS = 64
"""Heads that are kept: the usual questions are few, but some name what they ask about."""


class Plug(Protocol):
    """One connection. What its waits raise is an OSError, or the BackendError that ends the call."""

    used: bool
    """Whether it carried a request before: its server may have closed it just now."""

    async def more(self) -> bytes:
        """Wait for bytes and take what there is; none where the other side closed."""

    async def send(self, data: bytes) -> None:
        """Send all of it."""

    def hurry(self) -> None:
        """Wait no longer than a moment from now on."""

    def close(self) -> None:
        """Close the connection."""


class DirectWire(Line, ABC):
    """One server's client. Nothing but a BackendError comes out of its methods."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self._usual_headers: dict[str, str] | None = None
        self._heads: dict[tuple[object, ...], tuple[Address, bytes]] = {}
        self._root = ""
        """What a target begins with: a proxy wants the whole address."""

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> object:
        """Ask for a JSON value."""
        return await self._json("GET", path, None, headers)

    async def post(self, path: str, body: object) -> object:
        """Send a JSON value and give the one that comes back."""
        return await self._json("POST", path, body, None)

    def stream(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> Stream:
        """Send a JSON value; hand on the answer's bytes as they come. Leaving early closes the connection."""
        return Stream(self, "POST", path, body, headers)

    def watch(self, path: str) -> Stream:
        """Ask for a body that goes on for as long as somebody listens."""
        return Stream(self, "GET", path, None, None, ends=False)

    async def look(self, path: str) -> tuple[int, str, bytes]:
        """Ask for a path, and take every status for an answer."""
        answer = await self.open("GET", path, None, {}, any_status=True)
        try:
            return answer.status, answer.headers.get("server", ""), await answer.read(LONGEST_LOOK)
        finally:
            self.done_with(answer)

    async def _json(self, method: str, path: str, body: object, headers: Mapping[str, str] | None) -> object:
        answer = await self.open(method, path, body, headers or {})
        try:
            raw = await answer.read(LONGEST_ANSWER)
        finally:
            self.done_with(answer)
        return self.value(raw)

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
        """Send a request and read the answer's head. A refusal is raised."""
        stays = self._stays(streams=streams)
        address, head = self._head(method, path, headers, stays=stays)
        question = request(head, encoded(body))
        while True:
            plug = await self._plug(address, streams=streams)
            opened = False
            try:
                answer = Answer(self, plug, await self._asked(plug, question), stays=stays)
                if not any_status and not 200 <= answer.status < 300:
                    raise await answer.refusal()
                opened = True
            except Unreachable:
                if method != "GET" or not plug.used:  # what only asks may be asked twice
                    raise
            finally:
                if not opened:
                    plug.close()
            if opened:
                return answer

    def done_with(self, answer: Answer) -> None:
        """Keep an answer's connection open, where it can take another request."""
        if answer.reusable:
            self._keep(answer.plug)
        else:
            answer.plug.close()

    @abstractmethod
    def _stays(self, *, streams: bool) -> bool:
        """Say whether a connection is to stay open after the answer."""

    @abstractmethod
    async def _plug(self, address: Address, *, streams: bool) -> Plug:
        """Connect, or take a connection that was kept."""

    @abstractmethod
    def _keep(self, plug: Plug) -> None:
        """Keep a connection for the next request."""

    def _prepared(self) -> dict[str, str]:
        """Give the headers of every request, once address and key have passed."""
        if self._usual_headers is None:
            self.check()
            address = parsed(self.endpoint.url)
            if address.scheme not in ("http", "https"):
                raise self.no_address()
            headers = self.headers()
            if address.login and "authorization" not in headers:
                headers["authorization"] = basic(address.login)
            self._usual_headers = headers
        return self._usual_headers

    def _head(
        self, method: str, path: str, headers: Mapping[str, str], *, stays: bool
    ) -> tuple[Address, bytes]:
        """Give the address of a path, and a request's head; what is asked again and again is written once."""
        key = (method, path, stays, *headers.items())
        if key not in self._heads:
            usual = self._prepared()
            address = parsed(self.whole(path))
            once = {} if stays else {"connection": "close"}
            named = {"host": address.place, **once, **headers, **usual}
            if len(self._heads) >= _MOST_HEADS:
                self._heads.clear()
            try:
                self._heads[key] = address, request_head(method, self._root + address.target, named)
            except ValueError as error:
                raise self.no_address() from error
        return self._heads[key]

    async def _asked(self, plug: Plug, question: bytes) -> Incoming:
        incoming = Incoming()
        try:
            try:
                await plug.send(question)
            except (BrokenPipeError, ConnectionResetError):
                pass  # a server that takes no more may have said why
            while not incoming.head():
                incoming.feed(await plug.more())
        except CutShort as error:
            raise self.hung_up() from error
        except Garbled as error:
            raise self.not_http() from error
        except OSError as error:
            lost = isinstance(error, ConnectionError)
            raise (self.hung_up() if lost else self.not_reached(str(error))) from error
        return incoming

    def _not_connected(self, error: Exception) -> BackendError:
        if isinstance(error, socket.gaierror):
            return self.unknown()
        if isinstance(error, ConnectionRefusedError):
            return self.refused()
        if isinstance(error, UnicodeError):
            return self.no_address()
        if type(error).__module__ == "ssl":
            return self.untrusted(str(error))
        if isinstance(error, TimeoutError):
            return self.no_connection()
        if isinstance(error, ConnectionError):
            return self.hung_up()
        return self.not_reached(str(error))


def telling(failures: Sequence[Exception]) -> Exception:
    """Of what went wrong at each of a name's addresses take what says most: that nothing listens there."""
    return next((one for one in failures if isinstance(one, ConnectionRefusedError)), failures[-1])


class Answer:
    """One answer whose head was read: its bytes, as they come."""

    def __init__(self, line: Line, plug: Plug, incoming: Incoming, *, stays: bool) -> None:
        self._line = line
        self._incoming = incoming
        self._stays = stays
        self._unpack = _unpacker(incoming.headers.get("content-encoding", ""))
        self.plug = plug
        self.status = incoming.status
        self.headers = incoming.headers

    def __aiter__(self) -> Answer:
        return self

    async def __anext__(self) -> bytes:
        """Give the next bytes that say something."""
        incoming = self._incoming
        try:
            while True:
                while (piece := incoming.piece()) is None:
                    incoming.feed(await self.plug.more())
                if self._unpack is not None:
                    ended, piece = not piece, self._unpacked(piece)
                    if not piece and not ended:
                        continue
                break
        except (CutShort, Garbled, OSError) as error:
            raise self._line.cut_off() from error
        if not piece:
            raise StopAsyncIteration
        return piece

    @property
    def reusable(self) -> bool:
        """Whether the connection can take another request."""
        return self._stays and self._incoming.reusable

    async def read(self, limit: int) -> bytes:
        """Read all of it."""
        parts, size = [], 0
        async for piece in self:
            parts.append(piece)
            size += len(piece)
            if size > limit:
                raise self._line.too_long(limit)
        return b"".join(parts)

    async def refusal(self) -> BackendError:
        """Make the typed error of what it says."""
        body = b""
        try:
            async for piece in self:
                body += piece
                if len(body) > LONGEST_BODY:
                    break
        except (CutOff, BadReply):
            pass  # the status says enough
        return self._line.refusal(self.status, body, self.headers, time.time())

    async def rest(self) -> None:
        """Read what follows the last event, for a moment: so the server sees its answer taken whole."""
        self.plug.hurry()
        size = 0
        try:
            async for piece in self:
                size += len(piece)
                if size > LONGEST_BODY:
                    return
        except BackendError:
            return

    def _unpacked(self, piece: bytes) -> bytes:
        import zlib

        assert self._unpack is not None
        if self._unpack.eof:
            return b""  # what follows is kept by nobody
        try:
            unpacked = self._unpack.decompress(piece, LONGEST_ANSWER)
            if not piece and not self._unpack.eof:
                raise self._line.badly_packed()
        except zlib.error as error:
            raise self._line.badly_packed() from error
        if self._unpack.unconsumed_tail:
            raise self._line.too_long(LONGEST_ANSWER)
        return unpacked


class Stream:
    """An answer for as long as it is listened to; `ends` tells whether its end is near when it is left."""

    def __init__(
        self,
        wire: DirectWire,
        method: str,
        path: str,
        body: object,
        headers: Mapping[str, str] | None,
        *,
        ends: bool = True,
    ) -> None:
        self._wire = wire
        self._ends = ends
        self._question = (method, path, body, headers or {})
        self._answer: Answer | None = None

    async def __aenter__(self) -> Answer:
        self._answer = await self._wire.open(*self._question, streams=True)
        return self._answer

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        answer, self._answer = self._answer, None
        if answer:
            try:
                if kind is None and self._ends:
                    await answer.rest()
            finally:
                self._wire.done_with(answer)


def _unpacker(coding: str) -> zlib._Decompress | None:
    """Give what takes a body out of its packing; we ask for none, and some send one all the same."""
    if coding.strip().lower() not in ("gzip", "deflate", "x-gzip"):
        return None
    import zlib

    return zlib.decompressobj(zlib.MAX_WBITS | 32)
