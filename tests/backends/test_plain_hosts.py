"""What plain connections say about their servers: the same as the others, asked without a loop."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.backends.saying import http, saying
from tests.backends.test_ollama_host import SERVER, SHOW
from tests.loopback import Answer, Loopback, serving, table
from tui_delegate.backends.address import Address, Endpoint, parsed, with_scheme
from tui_delegate.backends.plain_wire import PlainWire
from tui_delegate.backends.proxies import proxy_for
from tui_delegate.backends.table import Connection, Options, connect
from tui_delegate.core.errors import BackendError, BadReply, ResolveError, Unreachable
from tui_delegate.core.servers import ModelInfo, ServerInfo
from tui_delegate.core.straight import straight

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def beside(answers: dict[str, object]) -> Iterator[Loopback]:
    """Serve on another thread, while this one blocks."""
    ready, over = threading.Event(), threading.Event()
    servers: list[Loopback] = []

    async def main() -> None:
        async with serving(table(answers)) as server:
            servers.append(server)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield servers[0]
    finally:
        over.set()
        thread.join(10)


def plain(backend: str, server: Loopback, options: Options | None = None) -> Connection:
    return connect(backend, Endpoint(server.url), options or Options(), plain=True)


def test_ollama_is_read_as_its_own_client_reads_it() -> None:
    def bare(info: ServerInfo) -> tuple[ModelInfo, ...]:
        return info.models

    async def other(url: str) -> ServerInfo:
        connection = connect("ollama", Endpoint(url), Options())
        try:
            await connection.prepare()
            return await connection.host.info()
        finally:
            await connection.aclose()

    with beside(SERVER) as server:
        host = plain("ollama", server).host
        info = straight(host.info())
        assert bare(info) == bare(asyncio.run(other(server.url)))
        assert (info.backend, info.version, info.parallel) == ("ollama", "0.15.2", 1)
        assert straight(host.window("qwen3:4b")) == 8192
        assert straight(host.window("gemma")) == 262144
        assert straight(plain("ollama", server, Options(4096)).host.window("gemma")) == 4096
        assert straight(host.parallel("gemma")) == 1
        assert straight(host.load_progress("gemma")) is None
        for order in (host.load("m", print), host.unload("m"), host.pull("m", print)):
            with pytest.raises(ResolveError, match="one-shot"):
                straight(order)


def test_an_ollama_that_can_not_show_a_model_lists_it_all_the_same() -> None:
    with beside(SERVER | {SHOW: Answer({"error": "out of memory"}, 500)}) as server:
        info = straight(plain("ollama", server).host.info())
        assert [model.capabilities for model in info.models] == [(), ()]
    with beside({"GET /api/version": {}, "GET /api/tags": [1]}) as server, pytest.raises(BadReply):
        straight(plain("ollama", server).host.info())


@pytest.mark.parametrize("backend", ["openai-compat", "anthropic", "lmstudio", "llamacpp"])
def test_models_and_windows_are_asked_for_without_a_loop(backend: str) -> None:
    entry = {"id": "m", "max_model_len": 4096, "meta": {"n_ctx": 4096}, "loaded_context_length": 4096}
    answers: dict[str, object] = {
        "GET /v1/models": {"data": [entry]},
        "GET /api/v0/models": {"data": [entry | {"state": "loaded"}]},
        "GET /props": {"total_slots": 2},
        "GET /health": {"status": "ok"},
    }
    with beside(answers) as server:
        host = plain(backend, server).host
        assert [model.id for model in straight(host.info()).models] == ["m"]
        assert straight(host.window("m")) == 4096
        assert straight(host.parallel("m")) == (2 if backend == "llamacpp" else None)
        assert straight(host.load_progress("m")) is None


def test_builtin_needs_nobody() -> None:
    host = connect("builtin", Endpoint(""), Options(), plain=True).host
    assert straight(host.window("builtin/digest")) == 1_000_000


# Addresses


@pytest.mark.parametrize(
    "url",
    [
        "http://Ab.c:80/x?y#z",
        "https://u:p@h:443/v1",
        "http://[::1]:8080/v1",
        "[::1]:8080",
        "http://bücher.de",
        "http://١٢٧.0.0.1",
        "http://256.1.1.1",
        "http://a@b@127.0.0.1:8",
        "http://127.0.0.1\\@x",
        "http://[::1]x:80",
        "http://a\tb",
        "::",
        "localhost.:1",
    ],
)
def test_an_address_is_read_as_the_client_reads_it(url: str) -> None:
    ours = parsed(url)
    try:
        theirs = httpx.URL(with_scheme(url))
    except httpx.InvalidURL:
        assert ours == Address()
        return
    assert (ours.scheme, ours.host, ours.port) == (theirs.scheme, theirs.raw_host.decode(), theirs.port)
    assert ours.place == theirs.netloc.decode()
    assert (ours.path or "/") == theirs.path


def sendable(host: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9._:-]+", host))


@given(st.text("/:@[]?#\\.%1a \t-é", max_size=14))
def test_no_address_leads_elsewhere_than_the_client_goes(place: str) -> None:
    ours = parsed(f"http://{place}")
    if not sendable(ours.host):
        return
    theirs = httpx.URL(with_scheme(f"http://{place}"))
    assert (ours.host, ours.port) == (theirs.raw_host.decode(), theirs.port)


# Proxies


def leads(url: str, **told: str) -> str:
    found = proxy_for(parsed(url), told)
    return found.address.place if found else ""


def test_the_environment_says_which_proxy_leads_where() -> None:
    proxy = {"http": "http://p:1", "https": "q:2", "all": "r:3"}
    assert leads("http://h", **proxy) == "p:1"
    assert leads("https://h", **proxy) == "q:2"
    assert leads("https://h", all="r:3") == "r:3"
    assert leads("https://h") == ""
    for spared in (
        "*",
        "a, *",
        "h.example.com",
        "example.com",
        ".example.com",
        "https://h.example.com",
        "all://h.example.com",
    ):
        assert leads("https://h.example.com", no=spared, **proxy) == "", spared
    for other in (".h.example.com", "ample.com", "http://h.example.com", "example.com:8", "127.0.0.1"):
        assert leads("https://h.example.com", no=other, **proxy) == "q:2", other
    assert leads("http://10.0.0.1", no="10.0.0.1", **proxy) == ""
    assert leads("http://10.0.0.1", no="0.0.1", **proxy) == "p:1"


def test_a_far_server_is_asked_over_the_proxy_and_a_near_one_never(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    with saying(http(b"{}")) as server:
        monkeypatch.setenv("HTTP_PROXY", server.url.replace("//", "//me:secret@"))
        assert straight(PlainWire(Endpoint("http://far.example:81")).get("/x")) == {}
        assert straight(PlainWire(Endpoint(server.url)).get("/y")) == {}
    far, near = server.asked
    assert far.startswith(b"GET http://far.example:81/x HTTP/1.1\r\nhost: far.example:81\r\n")
    assert b"proxy-authorization: Basic bWU6c2VjcmV0" in far
    assert near.startswith(b"GET /y HTTP/1.1\r\n")
    assert b"proxy" not in near


def test_a_proxy_that_does_not_work_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    def told() -> str:
        with pytest.raises(BackendError) as failed:
            straight(PlainWire(Endpoint("https://far.example")).get("/x"))
        assert isinstance(failed.value, Unreachable)
        assert "secret" not in failed.value.message
        return failed.value.message

    with saying(b"HTTP/1.1 407 Who?\r\n\r\n") as server:
        monkeypatch.setenv("HTTPS_PROXY", server.url.replace("//", "//me:secret@"))
        assert "answered 407" in told()
        assert server.asked[0].startswith(b"CONNECT far.example:443 HTTP/1.1\r\n")
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:secret@127.0.0.1:{held.getsockname()[1]}")
        assert "does not take connections" in told()
    monkeypatch.setenv("HTTPS_PROXY", "socks5://me:secret@127.0.0.1:9")
    assert "no http:// address" in told()
