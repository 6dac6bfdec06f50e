"""The one way to a model server: addresses, the key, connections, and what goes wrong on the line.

No protocol's words may live here, and no time-out but that of connecting: the lane owns the others.
"""

from __future__ import annotations

import asyncio
import errno
import json
import re
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import httpx

from tui_delegate.backends.address import Endpoint, api_root, is_loopback, parsed, server_root, with_scheme
from tui_delegate.backends.faults import LONGEST_BODY, error_of
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import AuthRefused, BackendError, BadReply, CutOff, TimedOut, Unreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Mapping

CONNECT_SECONDS = 5.0
_CONNECT_ONLY = {"timeout": {"connect": CONNECT_SECONDS}}
"""The one time-out that is this module's."""
LONGEST_ANSWER = 32 * 1024 * 1024
# Most servers here drop an idle connection after 5 s. One that is dropped while a POST goes out can't be
# told from a failed call, so ours are dropped first.
_KEEPALIVE_SECONDS = 4.0
# On this transport 0 would leave a connection open that is never used again.
_NO_TIME = 1e-9
# How long to wait, after the last event, for the body's end: with it the connection can be used again.
_GRACE_SECONDS = 0.05
_HOST = re.compile(rb"[A-Za-z0-9._:-]+")
_START = {
    11434: "Start it: `ollama serve`.",
    1234: "Start it: `lms server start`, or the server switch in LM Studio.",
    8080: "Start it: `llama-server -m MODEL.gguf --port 8080 --jinja`.",
}


Send = Callable[[httpx.Request], Awaitable[httpx.Response]]


class Wire:
    """One server's client. Paths that begin with `/` start at the server's root, others at its API.

    Nothing but a BackendError comes out of its methods. It belongs to the event loop that first used it.
    Without `keep` each request has a connection of its own, for servers that hang up without a word.
    """

    def __init__(
        self, endpoint: Endpoint, transport: httpx.AsyncBaseTransport | None = None, *, keep: bool = True
    ) -> None:
        self.endpoint = endpoint
        self._transport = transport
        self._send_request: Send | None = None
        self._closing: Callable[[], Awaitable[None]] | None = None
        self._usual_headers: list[tuple[str, str]] = []
        self._addresses: dict[str, httpx.URL] = {}
        self._keeps_open = endpoint.url.startswith("https://")
        """Whether a connection may be used again after a stream. llama.cpp closes it a moment after the
        last byte without having said so, and a POST sent in that moment is lost (seen November 2026)."""
        self._keep = keep

    @property
    def host(self) -> str:
        """Name the server: `host:port`, as the address gives it."""
        return parsed(self.endpoint.url).netloc.decode("ascii", "replace") or "The address"

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
        try:
            return json.loads(raw.decode("utf-8", "replace"))
        except (ValueError, RecursionError) as error:
            start = clean_line(raw[:200].decode("utf-8", "replace"), 80)
            raise BadReply(f"{self.host} answered with something that is no JSON: {start!r}") from error

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
        # A lone surrogate has no UTF-8 form, and servers refuse its escaped one.
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
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
                raise BadReply(f"{self.host} answered with more than {limit} bytes.")
        return b"".join(parts)

    async def _refusal(self, response: httpx.Response) -> BackendError:
        body = b""
        try:
            async for chunk in self._chunks(response):
                body += chunk
                if len(body) > LONGEST_BODY:
                    break
        except CutOff:
            pass  # the status says enough
        error = error_of(response.status_code, body, response.headers, time.time())
        if location := response.headers.get("location"):
            error.message += f" (it points to {clean_line(location)})"
        return self._without_key(error)

    def _without_key(self, error: BackendError) -> BackendError:
        """Some servers repeat the key in their refusal."""
        if key := self.endpoint.key:
            error.message = error.message.replace(key, "***")
            error.body = error.body.replace(key, "***")
        error.args = (error.message,)
        return error

    def _address(self, path: str) -> httpx.URL:
        if path not in self._addresses:
            url = self.endpoint.url
            whole = server_root(url) + path if path.startswith("/") else f"{api_root(url)}/{path}"
            self._addresses[path] = httpx.URL(whole)
        return self._addresses[path]

    def _ready(self) -> Send:
        if self._send_request is None:
            self._check_host()
            self._check_key()
            self._usual_headers = list(self._headers().items())
            self._send_request = self._make_sender()
        return self._send_request

    def _check_host(self) -> None:
        if not _HOST.fullmatch(parsed(self.endpoint.url).raw_host):
            raise Unreachable(f"{self.host} is no address to send to.", "Check the profile's base_url.")

    def _check_key(self) -> None:
        url, key = with_scheme(self.endpoint.url), self.endpoint.key
        secret = key or any(_is_secret(name) for name, _ in self.endpoint.headers)
        if secret and not url.startswith("https://") and not is_loopback(url):
            raise AuthRefused(
                f"The key is not sent over plain http to {self.host}.",
                "Use an https:// base_url, or reach the server through a tunnel to 127.0.0.1.",
            )
        if not key.isascii() or not key.isprintable():
            raise AuthRefused(
                "The key holds a character that no header can carry.", "Check api_key or api_key_env."
            )

    def _make_sender(self) -> Send:
        """Near servers are reached over the bare transport: a client's proxies, cookies and redirects are
        for far ones, and cost a third of a call."""
        # Loaded here: what only lists or prints never pays for it.
        from httpx_aiohttp import AiohttpTransport, HttpxAiohttpClient

        url = with_scheme(self.endpoint.url)
        # On this transport 0 is "no bound"; None would be a hundred.
        kept = _KEEPALIVE_SECONDS if self._keep else _NO_TIME
        limits = httpx.Limits(max_connections=0, keepalive_expiry=kept)
        if is_loopback(url):
            verify = url.startswith("https://")
            transport = self._transport or AiohttpTransport(verify=verify, trust_env=False, limits=limits)
            self._closing = transport.aclose
            return transport.handle_async_request
        client = HttpxAiohttpClient(
            transport=self._transport,
            verify=url.startswith("https://"),
            follow_redirects=False,
            limits=limits,
        )
        self._closing = client.aclose
        return partial(client.send, stream=True)

    def _headers(self) -> dict[str, str]:
        headers = {
            "accept-encoding": "identity",
            "content-type": "application/json",
            "user-agent": "tui-delegate",
        }
        if key := self.endpoint.key:
            if self.endpoint.key_header == "bearer":
                headers["authorization"] = f"Bearer {key}"
            else:
                headers[self.endpoint.key_header] = key
        return headers | {name.lower(): value for name, value in self.endpoint.headers}

    def _broken(self, error: Exception, *, began: bool) -> BackendError:
        causes = _causes(error)
        if began:
            if any(isinstance(cause, httpx.DecodingError) for cause in causes):
                return BadReply(f"{self.host} sent bytes that are not packed as it says.")
            return CutOff(f"{self.host} closed the connection in the middle of its answer.", "Try again.")
        return self._not_reached(causes)

    def _not_reached(self, causes: list[BaseException]) -> BackendError:
        port = parsed(self.endpoint.url).port or 0
        start = _START.get(port, "Check the profile's base_url, and that the server runs.")
        if any(_is_refused(cause) for cause in causes):
            return Unreachable(f"Nothing is listening on {self.host}.", start)
        for cause in causes:
            if isinstance(cause, socket.gaierror) or type(cause).__name__ == "ClientConnectorDNSError":
                return Unreachable(f"No host is known as {self.host}.", "Check the profile's base_url.")
            if isinstance(cause, ssl.SSLError | ssl.CertificateError):
                return Unreachable(
                    f"{self.host} can't be trusted: {clean_line(str(cause))}", "Check its certificate."
                )
            if isinstance(cause, httpx.ReadTimeout | httpx.WriteTimeout | httpx.PoolTimeout):
                return TimedOut(f"{self.host} gave no answer in time.")
        return self._other(causes, start)

    def _other(self, causes: list[BaseException], start: str) -> BackendError:
        names = {type(cause).__name__ for cause in causes}
        if names & {"ServerDisconnectedError", "RemoteProtocolError", "ReadError"} or any(
            isinstance(cause, ConnectionResetError | BrokenPipeError) for cause in causes
        ):
            return Unreachable(f"{self.host} closed the connection without an answer.", start)
        if names & {"ClientResponseError", "BadHttpMessage", "BadStatusLine"}:
            return BadReply(f"{self.host} does not answer in HTTP.", "Check the profile's base_url.")
        if names & {"TimeoutError", "ConnectionTimeoutError", "ConnectTimeout"} and len(names) <= 3:
            return Unreachable(f"{self.host} did not answer within {CONNECT_SECONDS:g} s.", start)
        if any(isinstance(cause, OSError | httpx.ConnectError) for cause in causes):
            return Unreachable(f"{self.host} can't be reached: {clean_line(str(causes[-1]))}", start)
        if names & {"InvalidURL", "UnsupportedProtocol", "UnicodeError", "LocalProtocolError"}:
            return Unreachable(f"{self.host} is no address to send to.", "Check the profile's base_url.")
        return Unreachable(f"The way to {self.host} failed: {type(causes[0]).__name__}.", start)


def header(response: httpx.Response, name: bytes) -> bytes:
    """Read one header as it came; httpx's own look-up decodes all of them first."""
    return next((value for key, value in response.headers.raw if key.lower() == name), b"")


def _is_secret(name: str) -> bool:
    return name.lower() in ("authorization", "x-api-key", "api-key", "cookie", "proxy-authorization")


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
        async with asyncio.timeout(_GRACE_SECONDS):
            async for chunk in chunks:
                size += len(chunk)
                if size > LONGEST_BODY:
                    return
    except (TimeoutError, BackendError):
        return
