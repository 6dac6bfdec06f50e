"""The way to a far or encrypted model server on an event loop: httpx, and what goes wrong on it.

Plain http on this machine is `near`'s. No time-out but that of connecting is kept here: the lane owns the
others.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

# httpx loads its own command line, with rich and click, wherever those are installed. Nobody here wants it.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

import httpx

from tui_delegate.backends.address import is_loopback, with_scheme
from tui_delegate.backends.faults import LONGEST_BODY
from tui_delegate.backends.line import (
    CONNECT_SECONDS,
    GRACE_SECONDS,
    KEEPALIVE_SECONDS,
    LONGEST_ANSWER,
    LONGEST_LOOK,
    Line,
    encoded,
)
from tui_delegate.core.errors import BackendError, BadReply, CutOff

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Mapping

    from tui_delegate.backends.address import Endpoint

_CONNECT_ONLY = {"timeout": {"connect": CONNECT_SECONDS}}
"""The one time-out that is this module's."""
# On this transport 0 would leave a connection open that is never used again.
_NO_TIME = 1e-9

NO_ADDRESS = (httpx.InvalidURL, ValueError)
"""What a client raises over an address that is none."""
Send = Callable[[httpx.Request], Awaitable[httpx.Response]]


class Wire(Line):
    """One server's client. Paths that begin with `/` start at the server's root, others at its API.

    Nothing but a BackendError comes out of its methods. It belongs to the event loop that first used it.
    Without `keep` each request has a connection of its own, for servers that hang up without a word.
    """

    def __init__(
        self, endpoint: Endpoint, transport: httpx.AsyncBaseTransport | None = None, *, keep: bool = True
    ) -> None:
        super().__init__(endpoint)
        self._transport = transport
        self._send_request: Send | None = None
        self._closing: Callable[[], Awaitable[None]] | None = None
        self._usual_headers: list[tuple[str, str]] = []
        self._addresses: dict[str, httpx.URL] = {}
        self._keeps_open = endpoint.url.startswith("https://")
        """Whether a connection may be used again after a stream. llama.cpp closes it a moment after the
        last byte without having said so, and a POST sent in that moment is lost (seen November 2026)."""
        self._keep = keep

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> object:
        """Ask for a JSON value."""
        return await self._json("GET", path, None, headers)

    async def post(self, path: str, body: object) -> object:
        """Send a JSON value and give the one that comes back."""
        return await self._json("POST", path, body)

    @asynccontextmanager
    async def stream(
        self, path: str, body: object, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Send a JSON value; hand on the answer's bytes as they come. Leaving early closes the connection."""
        once = {} if self._keeps_open else {"connection": "close"}
        async with self._open("POST", path, body, {**once, **(headers or {})}) as response:
            chunks = self._chunks(response)
            yield chunks
            await _read_to_end(chunks)

    @asynccontextmanager
    async def watch(self, path: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Ask for a body that goes on for as long as somebody listens."""
        async with self._open("GET", path, None) as response:
            yield self._chunks(response)

    async def look(self, path: str) -> tuple[int, str, bytes]:
        """Ask for a path, and take every status for an answer."""
        response = await self._send("GET", path, None, None)
        try:
            body = await self._read(response, LONGEST_LOOK)
            return response.status_code, response.headers.get("server", ""), body
        finally:
            await _close(response)

    async def aclose(self) -> None:
        """Close every connection."""
        closing, self._closing, self._send_request = self._closing, None, None
        if closing is not None:
            await closing()

    async def _json(
        self, method: str, path: str, body: object, headers: Mapping[str, str] | None = None
    ) -> object:
        async with self._open(method, path, body, headers) as response:
            raw = await self._read(response, LONGEST_ANSWER)
        return self.value(raw)

    @asynccontextmanager
    async def _open(
        self, method: str, path: str, body: object, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[httpx.Response]:
        response = await self._send(method, path, body, headers)
        self._keeps_open = header(response, b"server") != b"llama.cpp"
        try:
            if not response.is_success:
                raise await self._refusal(response)
            yield response
        finally:
            await _close(response)

    async def _send(
        self, method: str, path: str, body: object, headers: Mapping[str, str] | None
    ) -> httpx.Response:
        send = self._ready()
        content = encoded(body)
        try:
            request = httpx.Request(
                method,
                self._address(path),
                headers=[*self._usual_headers, *self._more(headers or {})],
                content=content,
                extensions=_CONNECT_ONLY,
            )
            try:
                return await send(request)
            except (httpx.TransportError, OSError) as error:
                if not _was_unsent(error):
                    raise
                return await send(request)
        except _line_failures() as error:
            raise self._broken(error, began=False) from error

    def _more(self, headers: Mapping[str, str]) -> list[tuple[str, str]]:
        """Give the headers that no request has anyway: one that is sent twice reads as another value."""
        usual = {name for name, _ in self._usual_headers}
        return [(name, value) for name, value in headers.items() if name not in usual]

    async def _chunks(self, response: httpx.Response) -> AsyncIterator[bytes]:
        packed = header(response, b"content-encoding") not in (b"", b"identity")
        stream: AsyncIterable[bytes] = response.aiter_bytes()
        if (
            isinstance(response.stream, httpx.AsyncByteStream)
            and not packed
            and not response.is_stream_consumed
        ):
            stream = response.stream
        try:
            async for chunk in stream:
                yield chunk
        except _line_failures() as error:
            raise self._broken(error, began=True) from error

    async def _read(self, response: httpx.Response, limit: int) -> bytes:
        parts, size = [], 0
        async for chunk in self._chunks(response):
            parts.append(chunk)
            size += len(chunk)
            if size > limit:
                raise self.too_long(limit)
        return b"".join(parts)

    async def _refusal(self, response: httpx.Response) -> BackendError:
        body = b""
        try:
            async for chunk in self._chunks(response):
                body += chunk
                if len(body) > LONGEST_BODY:
                    break
        except (CutOff, BadReply):
            pass  # the status says enough
        return self.refusal(response.status_code, body, response.headers, time.time())

    def _address(self, path: str) -> httpx.URL:
        if path not in self._addresses:
            self._addresses[path] = httpx.URL(self.whole(path))
        return self._addresses[path]

    def _ready(self) -> Send:
        if self._send_request is None:
            self.check()
            self._usual_headers = list(self.headers().items())
            self._send_request = self._make_sender()
        return self._send_request

    def _make_sender(self) -> Send:
        # Loaded here: what only lists or prints never pays for it.
        from httpx_aiohttp import HttpxAiohttpClient

        url = with_scheme(self.endpoint.url)
        # On this transport 0 is "no bound"; None would be a hundred.
        kept = KEEPALIVE_SECONDS if self._keep else _NO_TIME
        limits = httpx.Limits(max_connections=0, keepalive_expiry=kept)
        client = HttpxAiohttpClient(
            transport=self._transport,
            verify=url.startswith("https://"),
            follow_redirects=False,
            trust_env=not is_loopback(url),
            limits=limits,
        )
        self._closing = client.aclose
        return partial(client.send, stream=True)

    def _broken(self, error: Exception, *, began: bool) -> BackendError:
        causes = _causes(error)
        if not began:
            return self._not_reached(causes)
        packed = any(isinstance(cause, httpx.DecodingError) for cause in causes)
        return self.badly_packed() if packed else self.cut_off()

    def _not_reached(self, causes: list[BaseException]) -> BackendError:
        if any(_is_refused(cause) for cause in causes):
            return self.refused()
        for cause in causes:
            if isinstance(cause, socket.gaierror) or type(cause).__name__ == "ClientConnectorDNSError":
                return self.unknown()
            if isinstance(cause, ssl.SSLError | ssl.CertificateError):
                return self.untrusted(str(cause))
            if isinstance(cause, httpx.ReadTimeout | httpx.WriteTimeout | httpx.PoolTimeout):
                return self.silent()
        return self._other(causes)

    def _other(self, causes: list[BaseException]) -> BackendError:
        names = {type(cause).__name__ for cause in causes}
        if names & {"ServerDisconnectedError", "RemoteProtocolError", "ReadError"} or any(
            isinstance(cause, ConnectionResetError | BrokenPipeError) for cause in causes
        ):
            return self.hung_up()
        if names & {"ClientResponseError", "BadHttpMessage", "BadStatusLine"}:
            return self.not_http()
        if names & {"TimeoutError", "ConnectionTimeoutError", "ConnectTimeout"} and len(names) <= 3:
            return self.no_connection()
        if any(isinstance(cause, OSError | httpx.ConnectError) for cause in causes):
            return self.not_reached(str(causes[-1]))
        if names & {"InvalidURL", "UnsupportedProtocol", "UnicodeError", "LocalProtocolError"}:
            return self.no_address()
        return self.failed(type(causes[0]).__name__)


def header(response: httpx.Response, name: bytes) -> bytes:
    """Read one header as it came; httpx's own look-up decodes all of them first."""
    return next((value for key, value in response.headers.raw if key.lower() == name), b"")


def _was_unsent(error: Exception) -> bool:
    """Whether an idle connection closed just as it was taken: the request is whole with us still."""
    return any(type(cause).__name__ == "ClientConnectionResetError" for cause in _causes(error))


def _is_refused(cause: BaseException) -> bool:
    if isinstance(cause, ConnectionRefusedError):
        return True
    return isinstance(cause, OSError) and cause.errno == errno.ECONNREFUSED


def _causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    step: BaseException | None = error
    while step is not None and len(chain) < 10:
        chain.append(step)
        step = step.__cause__ or step.__context__
    return chain


def _line_failures() -> tuple[type[Exception], ...]:
    """All that the transport may raise. Only evaluated once something was raised."""
    import aiohttp
    from aiohttp.http_exceptions import HttpProcessingError

    return (
        httpx.HTTPError,
        httpx.InvalidURL,
        httpx.StreamError,
        aiohttp.ClientError,
        HttpProcessingError,
        OSError,
        ValueError,
    )


async def _close(response: httpx.Response) -> None:
    try:
        await response.aclose()
    except _line_failures():
        return


async def _read_to_end(chunks: AsyncIterator[bytes]) -> None:
    size = 0
    try:
        async with asyncio.timeout(GRACE_SECONDS):
            async for chunk in chunks:
                size += len(chunk)
                if size > LONGEST_BODY:
                    return
    except (TimeoutError, BackendError):
        return
