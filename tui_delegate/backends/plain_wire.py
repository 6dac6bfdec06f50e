"""The way to a model server without an event loop: each read blocks, and a coroutine over it never waits.

What is the same with a loop is `line`'s. How long a read may wait is asked of the `patience`, which is
somebody else's; no retry and no protocol's words may live here.
"""

from __future__ import annotations

import errno
import io
import socket
import sys
import time
from typing import TYPE_CHECKING, Protocol

from tui_delegate.backends.address import is_loopback, parsed
from tui_delegate.backends.faults import LONGEST_BODY
from tui_delegate.backends.line import (
    CONNECT_SECONDS,
    GRACE_SECONDS,
    KEEPALIVE_SECONDS,
    LONGEST_ANSWER,
    Line,
    basic,
    encoded,
)
from tui_delegate.core.errors import BackendError, CutOff

if TYPE_CHECKING:
    import http.client as client
    import zlib
    from collections.abc import Mapping
    from types import ModuleType, TracebackType

    from _typeshed import WriteableBuffer

    from tui_delegate.backends.address import Address, Endpoint
    from tui_delegate.backends.proxies import Proxy
else:
    client = None

ANSWER_SECONDS = 30.0
"""For one question that no model has to think about."""
_PIECE = 65536


def _http() -> ModuleType:
    """Load `http.client` without `ssl`, which is a third of its price and of use to https alone.

    Whoever asks for the module later gets a whole one.
    """
    if not sys.modules.keys() & {"http.client", "ssl"}:
        sys.modules["ssl"] = None  # type: ignore[assignment]
        try:
            import http.client as found
        finally:
            del sys.modules["ssl"]
            sys.modules.pop("http.client", None)
        return found
    import http.client as whole

    return whole


if not TYPE_CHECKING:
    client = _http()


class Patience(Protocol):
    """How long a read may still wait."""

    def left(self) -> float | None:
        """Give the seconds until it wants to be asked again; None: no end. Raises what ends the call."""


class Within:
    """Patience for some seconds from now on."""

    def __init__(self, seconds: float, line: Line) -> None:
        self._end = time.monotonic() + seconds
        self._line = line

    def left(self) -> float | None:
        """Give what is left of them."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise self._line.silent()
        return left


class _Endless:
    def left(self) -> float | None:
        return None


class Plug(io.RawIOBase):
    """A socket that asks its patience before each wait: a socket and a file to `http.client`."""

    def __init__(self, sock: socket.socket, patience: Patience) -> None:
        self.sock = sock
        self.patience = patience

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Wait for bytes and take what there is."""
        while True:
            self.sock.settimeout(self.patience.left())
            try:
                return self.sock.recv_into(buffer)
            except TimeoutError as error:
                if error.errno:  # the network's own, not ours
                    raise

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        view = memoryview(data)
        while view:
            self.sock.settimeout(self.patience.left())
            try:
                view = view[self.sock.send(view) :]
            except TimeoutError as error:
                if error.errno:
                    raise

    def makefile(self, mode: str) -> io.BufferedReader:
        """Give what an answer is read from."""
        return io.BufferedReader(self, _PIECE)

    def close(self) -> None:
        """Leave it open: whoever plugged it in unplugs it."""

    def unplug(self) -> None:
        """Close the connection."""
        self.sock.close()

    def is_fresh(self, born: float) -> bool:
        """Whether a connection that was kept can be used once more."""
        import select

        if time.monotonic() - born > KEEPALIVE_SECONDS:
            return False
        return not select.select([self.sock], [], [], 0)[0]


class PlainWire(Line):
    """One server's client, as `Wire` is one; every wait in it blocks.

    `patience` bounds streams, `seconds` every other question. Without `keep` each request has a connection of
    its own. With it one to a far server is used again: only there is it expensive to make.
    """

    def __init__(self, endpoint: Endpoint, *, keep: bool = True) -> None:
        super().__init__(endpoint)
        self.patience: Patience = _Endless()
        self.seconds = ANSWER_SECONDS
        self._keep = keep and endpoint.url.startswith("https://")
        self._idle: list[tuple[Plug, float]] = []
        self._headers: dict[str, str] = {}
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
            self._idle.pop()[0].unplug()

    def _json(self, method: str, path: str, body: object, headers: Mapping[str, str] | None) -> object:
        answer = self.open(method, path, body, headers or {}, Within(self.seconds, self), keep=self._keep)
        try:
            raw = answer.read(LONGEST_ANSWER)
        finally:
            if answer.reusable and self._keep:
                self._idle.append((answer.plug, time.monotonic()))
            else:
                answer.plug.unplug()
        return self.json(raw)

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
        plug = self._plug(address, patience)
        opened = False
        try:
            connection = {} if keep else {"connection": "close"}
            named = {"host": address.place, **connection, **headers, **self._headers}
            answer = Answer(self, plug, self._asked(plug, method, address, encoded(body), named))
            if not answer.is_success:
                raise answer.refusal()
            opened = True
        finally:
            if not opened:
                plug.unplug()
        return answer

    def _prepare(self) -> None:
        if self._headers:
            return
        self.check()
        address = parsed(self.endpoint.url)
        if address.scheme not in ("http", "https"):
            raise self.no_address()
        headers = self.headers()
        if address.login and "authorization" not in headers:
            headers["authorization"] = basic(address.login)
        if not is_loopback(self.endpoint.url):
            from tui_delegate.backends.proxies import proxy_for

            self._proxy = proxy_for(address)
        self._headers = headers

    def _plug(self, address: Address, patience: Patience) -> Plug:
        while self._idle:
            plug, born = self._idle.pop()
            if plug.is_fresh(born):
                plug.patience = patience
                return plug
            plug.unplug()
        try:
            return Plug(self._connected(address), patience)
        except (OSError, ValueError) as error:
            raise self._not_connected(error) from error

    def _connected(self, address: Address) -> socket.socket:
        port = address.port or (443 if address.scheme == "https" else 80)
        if self._proxy:
            sock = self._proxy.connected(address.host, port, tunnel=address.scheme == "https")
        else:
            sock = socket.create_connection((address.host, port), CONNECT_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address.scheme == "https":
            from tui_delegate.backends.tls import secured

            return secured(sock, address.host, near=is_loopback(self.endpoint.url))
        return sock

    def _asked(
        self, plug: Plug, method: str, address: Address, body: bytes | None, headers: dict[str, str]
    ) -> client.HTTPResponse:
        target = quoted(address.target)
        if self._proxy and address.scheme == "http":
            target = f"http://{address.place}{target}"
            headers |= self._proxy.headers()
        http = client.HTTPConnection(address.host, 80)
        http.sock = plug
        try:
            try:
                http.request(method, target, body, headers)
            except (BrokenPipeError, ConnectionResetError):
                # A server that takes no more may have said why.
                response = client.HTTPResponse(plug, method=method)  # type: ignore[arg-type]
                response.begin()
                return response
            return http.getresponse()
        except (OSError, client.HTTPException, ValueError) as error:
            raise self._unanswered(error) from error

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
        return self.not_reached(str(error))

    def _unanswered(self, error: Exception) -> BackendError:
        if isinstance(error, ConnectionError):
            return self.hung_up()
        if isinstance(error, client.InvalidURL):
            return self.no_address()
        if isinstance(error, client.HTTPException):
            return self.not_http()
        if isinstance(error, OSError):
            return self.hung_up() if error.errno == errno.EPIPE else self.not_reached(str(error))
        return self.no_address()


class Answer:
    """One answer whose head was read: its bytes, as they come."""

    def __init__(self, line: Line, plug: Plug, response: client.HTTPResponse) -> None:
        self._line = line
        self._response = response
        self.plug = plug
        self._ended = False
        self._unpack = _unpacker(response.headers.get("content-encoding", ""))

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
        return 200 <= self._response.status < 300

    @property
    def reusable(self) -> bool:
        """Whether the connection can take another request."""
        return self._ended and not self._response.will_close

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
        headers = {name.lower(): value for name, value in self._response.headers.items()}
        return self._line.refusal(self._response.status, body, headers, time.time())

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
        while not self._ended:
            try:
                piece = self._response.read1(_PIECE)
            except (OSError, client.HTTPException, ValueError) as error:
                raise self._line.cut_off() from error
            if not piece:
                if self._response.length:
                    raise self._line.cut_off()
                self._ended = True
            piece = self._unpacked(piece)
            if piece:
                return piece
        return b""

    def _unpacked(self, piece: bytes) -> bytes:
        if self._unpack is None:
            return piece
        import zlib

        try:
            piece = self._unpack.decompress(piece, LONGEST_ANSWER) if piece else self._unpack.flush()
        except zlib.error as error:
            raise self._line.badly_packed() from error
        if self._unpack.unconsumed_tail:
            raise self._line.too_long(LONGEST_ANSWER)
        return piece


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
            if kind is None:
                answer.rest()
            answer.plug.unplug()


def quoted(target: str) -> str:
    """Write a path as a request line may hold it."""
    from urllib.parse import quote

    return quote(target, safe="!#$%&'()*+,/:;=?@[]~")


def _unpacker(coding: str) -> zlib._Decompress | None:
    """Give what takes a body out of its packing; we ask for none, and some send one all the same."""
    if coding.strip().lower() not in ("gzip", "deflate", "x-gzip"):
        return None
    import zlib

    return zlib.decompressobj(zlib.MAX_WBITS | 32)
