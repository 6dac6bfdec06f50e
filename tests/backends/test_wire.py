"""The way to a server: addresses, the key, and what goes wrong on the line."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.backends.loopback import Answer, Kept, serving
from tests.backends.streams import PLAIN, delta, sse
from tui_delegate.backends.address import Endpoint, api_root, is_loopback, server_root
from tui_delegate.backends.faults import error_of, retry_after
from tui_delegate.backends.http import Wire
from tui_delegate.backends.line import Way
from tui_delegate.backends.openai import OpenAIChat
from tui_delegate.backends.way import way_to
from tui_delegate.core.errors import (
    AuthRefused,
    BackendError,
    BadReply,
    CutOff,
    RateLimited,
    TimedOut,
    Unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@pytest.mark.parametrize(
    ("url", "api", "server"),
    [
        ("http://h", "http://h/v1", "http://h"),
        ("http://h:1/", "http://h:1/v1", "http://h:1"),
        ("http://h/v1", "http://h/v1", "http://h"),
        ("http://h/v1/", "http://h/v1", "http://h"),
        ("https://h/api", "https://h/api/v1", "https://h/api"),
        ("https://h/openai", "https://h/openai/v1", "https://h/openai"),
        ("https://h/api/v1", "https://h/api/v1", "https://h/api"),
        ("https://h/api/paas/v4", "https://h/api/paas/v4", "https://h/api/paas/v4"),
        ("https://h/v1beta/openai/", "https://h/v1beta/openai", "https://h/v1beta/openai"),
        ("localhost:11434", "http://localhost:11434/v1", "http://localhost:11434"),
        ("http://0.0.0.0:11434", "http://127.0.0.1:11434/v1", "http://127.0.0.1:11434"),
    ],
)
def test_a_base_url_counts_with_or_without_its_version(url: str, api: str, server: str) -> None:
    assert api_root(url) == api
    assert server_root(url) == server


def test_only_this_machine_is_loopback() -> None:
    for url in ("http://localhost:1", "127.0.0.9", "http://[::1]:8080/v1", "http://a.localhost"):
        assert is_loopback(url), url
    for url in ("http://10.0.0.1", "http://localhost.example.com", "https://api.example.com", "http://[::2]"):
        assert not is_loopback(url), url


def error_from(
    wire: Way, call: Callable[[Way], Awaitable[object]] = lambda wire: wire.get("models")
) -> BackendError:
    async def main() -> BackendError:
        try:
            with pytest.raises(BackendError) as failed:
                await call(wire)
            return failed.value
        finally:
            await wire.aclose()

    return asyncio.run(main())


def raised_by(error: Exception) -> BackendError:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    return error_from(Wire(Endpoint("http://localhost:11434"), httpx.MockTransport(fail)))


def test_nothing_listening_is_unreachable_and_says_how_to_start_it() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        error = error_from(way_to(Endpoint(f"http://127.0.0.1:{port}")))
    assert isinstance(error, Unreachable)
    assert error.message == f"Nothing is listening on 127.0.0.1:{port}."
    refused = httpx.ConnectTimeout("x")
    refused.__cause__ = ConnectionRefusedError()
    assert "ollama serve" in raised_by(refused).hint


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectTimeout("x"), Unreachable),
        (httpx.ConnectError("x"), Unreachable),
        (httpx.RemoteProtocolError("x"), Unreachable),
        (httpx.ReadTimeout("x"), TimedOut),
        (httpx.UnsupportedProtocol("x"), Unreachable),
        (httpx.ProxyError("x"), Unreachable),
        (socket.gaierror("x"), Unreachable),
        (ValueError("x"), Unreachable),
    ],
)
def test_whatever_the_transport_raises_is_a_typed_error(error: Exception, kind: type[BackendError]) -> None:
    assert type(raised_by(error)) is kind


@pytest.mark.parametrize(
    "url", ["", "http://[bad", "http://h:99999", "ftp://127.0.0.1", "http://127.0.0.1:x", "::"]
)
def test_an_address_that_is_none_is_unreachable(url: str) -> None:
    error = error_from(way_to(Endpoint(url)))
    assert isinstance(error, Unreachable)
    assert "base_url" in error.hint


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"", Unreachable),
        (b"SSH-2.0-OpenSSH\r\n\r\n", BadReply),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{", CutOff),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", CutOff),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{", BackendError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", BadReply),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", BadReply),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", BackendError),
    ],
)
def test_what_a_broken_server_says_is_a_typed_error(said: bytes, kind: type[BackendError]) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        writer.close()

    async def main() -> BackendError:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        wire = way_to(Endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
        try:
            with pytest.raises(BackendError) as failed:
                await wire.get("models")
            return failed.value
        finally:
            await wire.aclose()
            server.close()

    assert isinstance(asyncio.run(main()), kind)


def test_a_key_never_goes_over_plain_http_to_another_machine() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={})

    for endpoint in (
        Endpoint("http://10.0.0.1", key="sekret"),
        Endpoint("http://10.0.0.1", headers=(("Authorization", "Bearer sekret"),)),
    ):
        error = error_from(Wire(endpoint, httpx.MockTransport(answer)))
        assert isinstance(error, AuthRefused)
        assert "sekret" not in error.message + error.hint + repr(endpoint)
    assert asked == []
    assert isinstance(error_from(Wire(Endpoint("http://localhost", key="a\nb"))), AuthRefused)


def test_the_key_goes_in_the_header_that_the_server_reads() -> None:
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200, json={})

    async def main(endpoint: Endpoint) -> None:
        wire = Wire(endpoint, httpx.MockTransport(answer))
        await wire.get("models")
        await wire.aclose()

    asyncio.run(main(Endpoint("https://h", key="k")))
    asyncio.run(main(Endpoint("https://h", key="k", key_header="x-api-key", headers=(("X-Title", "t"),))))
    assert seen[0]["authorization"] == "Bearer k"
    assert seen[1]["x-api-key"] == "k"
    assert "authorization" not in seen[1]
    assert seen[1]["x-title"] == "t"


def test_a_redirect_is_not_followed() -> None:
    async def main() -> tuple[BackendError, int]:
        async with serving() as other:
            answer = Answer(status=302, headers=(f"Location: {other.url}/v1/models",))
            async with serving(answer) as server:
                wire = way_to(Endpoint(server.url, "k"))
                with pytest.raises(BadReply) as failed:
                    await wire.get("models")
                await wire.aclose()
            assert other.url in failed.value.message
            return failed.value, len(other.requests)

    error, asked = asyncio.run(main())
    assert error.status == 302
    assert asked == 0


def test_a_wait_is_read_as_seconds_or_as_a_date() -> None:
    assert retry_after({"retry-after": "30"}) == 30.0
    assert retry_after({"retry-after": "1.5"}) == 1.5
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, now=1445412470.0) == 10.0
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, now=1545412470.0) == 0.0
    for odd in ("", "soon", "-5", "1e9", "9" * 40):
        assert retry_after({"retry-after": odd}, now=0.0) is None
    error = error_of(429, b"", {"retry-after": "3"})
    assert isinstance(error, RateLimited)
    assert error.retry_after == 3.0


def test_a_server_that_never_closes_after_its_last_event_is_not_waited_for() -> None:
    async def main() -> str:
        body = sse(delta("stop", content="hi"), "[DONE]")
        async with serving(Answer(body, hold=True)) as server:
            wire = way_to(Endpoint(server.url))
            reply = await OpenAIChat(wire).chat(PLAIN, Kept())
            await server.closed.wait()
            await wire.aclose()
            return reply.message.text

    assert asyncio.run(main()) == "hi"


def test_a_line_that_breaks_after_the_finish_takes_nothing_away() -> None:
    async def main() -> str:
        async with serving(Answer(sse(delta("stop", content="hi")), cut=True)) as server:
            wire = way_to(Endpoint(server.url))
            reply = await OpenAIChat(wire).chat(PLAIN, Kept())
            await wire.aclose()
            return reply.message.text

    assert asyncio.run(main()) == "hi"


def test_a_lone_surrogate_in_a_prompt_does_not_stop_the_call() -> None:
    async def main() -> object:
        async with serving(Answer(b"{}")) as server:
            wire = way_to(Endpoint(server.url))
            await wire.post("x", {"a": "\ud83d"})
            await wire.aclose()
            return server.requests[0][2]

    assert asyncio.run(main()) == {"a": "?"}


def test_the_readers_load_no_client() -> None:
    modules = ", ".join(f"tui_delegate.backends.{name}" for name in ("openai", "anthropic", "ollama"))
    heavy = ("httpx", "aiohttp", "asyncio", "json_repair", "fastjsonschema")
    code = (
        f"import sys, tui_delegate.core.arguments, {modules}; print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
