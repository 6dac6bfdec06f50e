"""The way to a model server without an event loop: each read blocks, and a coroutine over it never waits.

What is the same with a loop is `line`'s. How long a read may wait is asked of the `patience`, which is
somebody else's; no retry and no protocol's words may live here.
"""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from tui_delegate.backends.address import is_loopback, parsed
from tui_delegate.backends.faults import LONGEST_BODY
from tui_delegate.backends.http1 import CutShort, Garbled, Incoming, request_bytes
from tui_delegate.backends.line import GRACE_SECONDS, LONGEST_ANSWER, Line, basic, encoded
from tui_delegate.backends.plug import Endless, Patience, Plug, Within, connected
from tui_delegate.core.errors import BackendError, CutOff

if TYPE_CHECKING:
    import zlib
    from collections.abc import Mapping
    from types import TracebackType

    from tui_delegate.backends.address import Address, Endpoint
    from tui_delegate.backends.proxies import Proxy

ANSWER_SECONDS = 30.0
"""For one question that no model has to think about."""


class PlainWire(Line):
    """One server's client, as `Wire` is one; every wait in it blocks.

    `patience` bounds streams, `seconds` every other question. Without `keep` each request has a connection of
    its own. With it one to an https server is used again: only that is dear to make.
    """

    def __init__(self, endpoint: Endpoint, *, keep: bool = True) -> None:
        super().__init__(endpoint)
        self.patience: Patience = Endless()
        self.seconds = ANSWER_SECONDS
        self._keep = keep and endpoint.url.startswith("https://")
        self._idle: list[tuple[Plug, float]] = []
        self._usual_headers: dict[str, str] = {}
        self._near = True
        self._proxy: Proxy | None = None

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> object:
        """Ask for a JSON value."""
        return self._json("GET", path, None, headers)

    async def post(self, path: str, body: object) -> object:
        """Send a JSON value and give the one that comes back."""
        return self._json("POST", path, body, None)

    def stream(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> Stream:
        """Send a JSON value; hand on the answer's bytes as they come. Leaving early closes the connection."""
        return Stream(self, "POST", path, body, headers)

    def watch(self, path: str) -> Stream:
        """Ask for a body that goes on for as long as somebody listens."""
        return Stream(self, "GET", path, None, None)

    async def aclose(self) -> None:
        """Close every connection."""
        while self._idle:
            self._idle.pop()[0].close()

    def _json(self, method: str, path: str, body: object, headers: Mapping[str, str] | None) -> object:
        answer = self.open(method, path, body, headers or {}, Within(self.seconds, self), keep=self._keep)
        try:
            raw = answer.read(LONGEST_ANSWER)
        finally:
            if self._keep and answer.reusable:
                self._idle.append((answer.plug, time.monotonic()))
            else:
                answer.plug.close()
        return self.value(raw)

    def open(
        self,
        method: str,
        path: str,
        body: object,
        headers: Mapping[str, str],
        patience: Patience,
        *,
        keep: bool = False,
    ) -> Answer:
        """Send a request and read the answer's head. A refusal is raised."""
        self._prepare()
        address = parsed(self.whole(path))
        once = {} if keep else {"connection": "close"}
        named = {"host": address.place, **once, **headers, **self._usual_headers}
        question = self._question(method, address, named, encoded(body))
        plug = self._plug(address, patience)
        opened = False
        try:
            answer = Answer(self, plug, self._asked(plug, question))
            if not answer.is_success:
                raise answer.refusal()
            opened = True
        finally:
            if not opened:
                plug.close()
        return answer

    def _prepare(self) -> None:
        if self._usual_headers:
            return
        self.check()
        address = parsed(self.endpoint.url)
        if address.scheme not in ("http", "https"):
            raise self.no_address()
        headers = self.headers()
        if address.login and "authorization" not in headers:
            headers["authorization"] = basic(address.login)
        self._near = is_loopback(self.endpoint.url)
        if not self._near:
            from tui_delegate.backends.proxies import proxy_for

            self._proxy = proxy_for(address)
        self._usual_headers = headers

    def _question(self, method: str, address: Address, headers: dict[str, str], body: bytes | None) -> bytes:
        target = address.target
        if self._proxy and address.scheme == "http":
            target = f"http://{address.place}{target}"
            headers = headers | self._proxy.headers()
        try:
            return request_bytes(method, target, headers, body)
        except ValueError as error:
            raise self.no_address() from error

    def _plug(self, address: Address, patience: Patience) -> Plug:
        while self._idle:
            plug, since = self._idle.pop()
            if plug.is_fresh(since):
                plug.patience = patience
                return plug
            plug.close()
        try:
            return Plug(connected(address, self._proxy, near=self._near), patience)
        except (OSError, ValueError) as error:
            raise self._not_connected(error) from error

    def _asked(self, plug: Plug, question: bytes) -> Incoming:
        incoming = Incoming(plug.more)
        try:
            try:
                plug.send(question)
            except (BrokenPipeError, ConnectionResetError):
                pass  # a server that takes no more may have said why
            incoming.read_head()
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


class Answer:
    """One answer whose head was read: its bytes, as they come."""

    def __init__(self, line: Line, plug: Plug, incoming: Incoming) -> None:
        self._line = line
        self._incoming = incoming
        self.plug = plug
        self._unpack = _unpacker(incoming.headers.get("content-encoding", ""))

    def __aiter__(self) -> Answer:
        return self

    async def __anext__(self) -> bytes:
        piece = self._next()
        if not piece:
            raise StopAsyncIteration
        return piece

    @property
    def is_success(self) -> bool:
        """Whether the server did as it was asked."""
        return 200 <= self._incoming.status < 300

    @property
    def reusable(self) -> bool:
        """Whether the connection can take another request."""
        return self._incoming.ended and self._incoming.reusable

    def read(self, limit: int) -> bytes:
        """Read all of it."""
        parts, size = [], 0
        while piece := self._next():
            parts.append(piece)
            size += len(piece)
            if size > limit:
                raise self._line.too_long(limit)
        return b"".join(parts)

    def refusal(self) -> BackendError:
        """Make the typed error of what it says."""
        body = b""
        try:
            while len(body) <= LONGEST_BODY and (piece := self._next()):
                body += piece
        except CutOff:
            pass  # the status says enough
        return self._line.refusal(self._incoming.status, body, self._incoming.headers, time.time())

    def rest(self) -> None:
        """Read what follows the last event, for a moment: so the server sees its answer taken whole."""
        self.plug.patience = Within(GRACE_SECONDS, self._line)
        size = 0
        try:
            while size <= LONGEST_BODY and (piece := self._next()):
                size += len(piece)
        except BackendError:
            return

    def _next(self) -> bytes:
        """Give the next bytes that say something; none at the end."""
        try:
            piece = self._incoming.piece()
            if self._unpack is None:
                return piece
            while not (unpacked := self._unpacked(piece)) and piece:
                piece = self._incoming.piece()
        except (CutShort, Garbled, OSError) as error:
            raise self._line.cut_off() from error
        return unpacked

    def _unpacked(self, piece: bytes) -> bytes:
        import zlib

        assert self._unpack is not None
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
    """An answer for as long as it is listened to: `async with`, though nothing in it waits."""

    def __init__(
        self, wire: PlainWire, method: str, path: str, body: object, headers: Mapping[str, str] | None
    ) -> None:
        self._wire = wire
        self._question = (method, path, body, headers or {})
        self._answer: Answer | None = None

    async def __aenter__(self) -> Answer:
        self._answer = self._wire.open(*self._question, self._wire.patience)
        return self._answer

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        answer, self._answer = self._answer, None
        if answer:
            try:
                if kind is None:
                    answer.rest()
            finally:
                answer.plug.close()


def _unpacker(coding: str) -> zlib._Decompress | None:
    """Give what takes a body out of its packing; we ask for none, and some send one all the same."""
    if coding.strip().lower() not in ("gzip", "deflate", "x-gzip"):
        return None
    import zlib

    return zlib.decompressobj(zlib.MAX_WBITS | 32)
