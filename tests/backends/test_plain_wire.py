"""The way without an event loop: it reads what servers send, and fails in the words of the other ways."""

from __future__ import annotations

import asyncio
import gzip
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.backends.saying import Said, chunked, http, saying
from tui_delegate.backends import direct
from tui_delegate.backends import http as http_wire
from tui_delegate.backends.address import Endpoint
from tui_delegate.backends.http import Wire
from tui_delegate.backends.near import NearWire
from tui_delegate.backends.plain_wire import PlainWire
from tui_delegate.core.errors import AuthRefused, BackendError, BadReply, RateLimited, TimedOut, Unreachable
from tui_delegate.core.straight import straight

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tui_delegate.backends.line import Way


async def failure(way: Way, *, streamed: bool) -> BackendError:
    try:
        if streamed:
            async with way.stream("chat/completions", {"a": 1}) as pieces:
                async for _ in pieces:
                    pass
        else:
            await way.get("models")
    except BackendError as error:
        return error
    finally:
        await way.aclose()
    raise AssertionError("nothing failed")


def told(
    endpoint: Callable[[str], Endpoint], said: Said | bytes, *, streamed: bool
) -> list[tuple[object, ...]]:
    """Let every way fail at the same server, and tell how."""
    heard: list[tuple[object, ...]] = []
    for kind in (PlainWire, NearWire, Wire):
        with saying(said) as server:
            way = kind(endpoint(server.url))
            run = straight if kind is PlainWire else asyncio.run
            error = run(failure(way, streamed=streamed))
            port = server.url.rpartition(":")[2]
            words = [text.replace(port, "PORT") for text in (error.message, error.hint, error.body)]
            heard.append((type(error), *words, error.status, error.retry_after, error.loading))
    return heard


def usual(url: str) -> Endpoint:
    return Endpoint(url, "sekret-key")


FAILURES: dict[str, Said | bytes] = {
    "says nothing": Said(),
    "resets": Said(reset=True),
    "another protocol": b"SSH-2.0-OpenSSH\r\n\r\n",
    "another protocol, and waits": Said((b"SSH-2.0-OpenSSH\r\n",), hold=True),
    "no header, and waits": Said((b"HTTP/1.1 200 OK\r\nno colon\r\n",), hold=True),
    "a length and parts": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    "a header that breaks": b"HTTP/1.1 200 OK\r\nX: a\rContent-Length: 2\r\n\r\n{}",
    "a header with nothing": b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\n{}",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "a short body": b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{",
    "a short part": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
    "no last part": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    "badly packed": http(b"hello", "200 OK", "Content-Encoding: gzip"),
    "a web page": http(b"<html><title>Bad gateway</title></html>", "502 Bad Gateway"),
    "no such path": http(b'{"error":{"message":"no such path"}}', "404 Not Found"),
    "the key comes back": http(b'{"error":"bad key sekret-key"}', "401 Unauthorized"),
    "refused and badly packed": http(b"hello", "401 Unauthorized", "Content-Encoding: gzip"),
    "refused, packed, empty": http(b"", "401 Unauthorized", "Content-Encoding: gzip"),
    "come back later": http(b"{}", "429 Too Many Requests", "Retry-After: 7"),
    "loading": http(b'{"error":{"message":"Loading model","code":503}}', "503 Unavailable"),
    "elsewhere": http(b"", "302 Found", "Location: http://127.0.0.1:1/v1"),
    "refused and cut": b"HTTP/1.1 500 Oops\r\nContent-Length: 99\r\n\r\nno",
    "a huge header": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
}
WHOLE_ONLY: dict[str, Said | bytes] = {
    "no JSON": http(b"hello"),
    "nothing at all": http(b""),
    "half an object": http(b'{"a":'),
}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", FAILURES)
def test_all_ways_fail_in_the_same_words(name: str, streamed: bool) -> None:
    plain, near, far = told(usual, FAILURES[name], streamed=streamed)
    assert plain == near == far
    assert "sekret" not in str(plain)


def test_a_refusal_that_can_t_be_unpacked_is_still_one() -> None:
    for heard in told(usual, FAILURES["refused and badly packed"], streamed=False):
        assert heard[0] is AuthRefused


@pytest.mark.parametrize("name", WHOLE_ONLY)
def test_all_ways_refuse_what_is_no_answer(name: str) -> None:
    plain, near, far = told(usual, WHOLE_ONLY[name], streamed=False)
    assert plain == near == far


def test_all_ways_stop_at_an_answer_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_wire, "LONGEST_ANSWER", 1000)
    monkeypatch.setattr(direct, "LONGEST_ANSWER", 1000)
    plain, near, far = told(usual, http(b"x" * 5000), streamed=False)
    assert plain == near == far
    assert plain[0] is BadReply


@pytest.mark.parametrize(
    "endpoint",
    [
        *map(Endpoint, ("", "http://[bad", "http://h:99999", "ftp://127.0.0.1", "http://127.0.0.1:x", "::")),
        Endpoint("http://10.0.0.1", "sekret"),
        Endpoint("http://localhost", "a\nb"),
        Endpoint("http://127.0.0.1:9", headers=(("x-api-key", "a\r\nb: c"),)),
    ],
    ids=repr,
)
def test_all_ways_refuse_an_address_or_a_key_before_anything_is_sent(endpoint: Endpoint) -> None:
    plain = straight(failure(PlainWire(endpoint), streamed=False))
    for kind in (NearWire, Wire):
        loop = asyncio.run(failure(kind(endpoint), streamed=False))
        assert type(plain) is type(loop)
        if not endpoint.headers:
            assert (plain.message, plain.hint) == (loop.message, loop.hint)


def test_nobody_there_is_said_alike() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        endpoint = Endpoint(f"http://127.0.0.1:{held.getsockname()[1]}")
        plain = straight(failure(PlainWire(endpoint), streamed=False))
        assert isinstance(plain, Unreachable)
        for kind in (NearWire, Wire):
            loop = asyncio.run(failure(kind(endpoint), streamed=False))
            assert (plain.message, plain.hint) == (loop.message, loop.hint)


@pytest.mark.parametrize("kind", [PlainWire, NearWire])
def test_of_a_name_s_addresses_each_is_tried_and_what_says_most_is_told(
    kind: type[PlainWire | NearWire], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine may know names by addresses of a family that it can't speak."""
    run = straight if kind is PlainWire else asyncio.run
    odd = (9999, socket.SOCK_STREAM, 0, "", ("::1", 1))
    with saying(http(b"{}")) as server, socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = int(server.url.rpartition(":")[2])
        there, nobody = (
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", at))
            for at in (port, held.getsockname()[1])
        )
        found = [odd, there]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **more: found)
        assert run(kind(Endpoint(f"http://localhost:{port}")).get("models")) == {}
        found[:] = [nobody, odd]
        error = run(failure(kind(Endpoint("http://localhost:7")), streamed=False))
        assert error.message == "Nothing is listening on localhost:7."


@pytest.mark.parametrize("kind", [PlainWire, NearWire])
@pytest.mark.parametrize("name", ["localhost.", "models.localhost", "a.b.LOCALHOST."])
def test_a_name_of_this_machine_is_looked_up_as_such(
    name: str, kind: type[PlainWire] | type[NearWire]
) -> None:
    run = straight if kind is PlainWire else asyncio.run
    with saying(http(b"{}")) as server:
        url = server.url.replace("127.0.0.1", name)
        assert run(kind(Endpoint(url)).get("models")) == {}
    assert f"host: {name.lower()}:".encode() in server.asked[0]


def test_what_the_network_says_is_in_words() -> None:
    wire = PlainWire(Endpoint("http://h"))
    told = {
        type(error): wire._not_connected(error).message
        for error in (
            socket.gaierror("x"),
            TimeoutError("timed out"),
            ConnectionResetError("x"),
            UnicodeError("x"),
            OSError("no route"),
        )
    }
    assert told == {
        socket.gaierror: "No host is known as h.",
        TimeoutError: "h did not answer within 5 s.",
        ConnectionResetError: "h closed the connection without an answer.",
        UnicodeError: "h is no address to send to.",
        OSError: "h can't be reached: no route",
    }


GOOD = {
    "with a length": http(b'{"a": 1}'),
    "in parts": chunked(b'{"a"', b": 1}"),
    "until it closes": b'HTTP/1.1 200 OK\r\n\r\n{"a": 1}',
    "old": b'HTTP/1.0 200 OK\n\n{"a": 1}',
    "with a hint before it": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n"
    + http(b'{"a": 1}'),
    "packed": http(gzip.compress(b'{"a": 1}'), "200 OK", "Content-Encoding: gzip"),
    "packed, then more": http(gzip.compress(b'{"a": 1}') + b"x" * 500, "200 OK", "Content-Encoding: gzip"),
    "folded": http(b'{"a": 1}', "200 OK", "X: a\r\n b"),
    "with a tail": chunked(b'{"a": 1}').replace(b"\r\n8\r\n", b"\r\n8;x=y\r\n")[:-2] + b"T: 1\r\n\r\n",
}


@pytest.mark.parametrize("bytewise", [False, True], ids=["at once", "bytewise"])
@pytest.mark.parametrize("name", GOOD)
def test_every_way_to_end_a_body_is_read(name: str, bytewise: bool) -> None:
    body = GOOD[name]
    said = Said(tuple(body[at : at + 1] for at in range(len(body)))) if bytewise else Said((body,))
    with saying(said) as server:
        assert straight(PlainWire(Endpoint(server.url)).get("models")) == {"a": 1}
    assert server.asked[0].startswith(b"GET /v1/models HTTP/1.1\r\nhost: 127.0.0.1:")


def test_a_request_says_who_asks_and_a_lone_surrogate_does_not_stop_it() -> None:
    endpoint = usual("http://x")
    with saying(http(b"{}")) as server:
        endpoint = Endpoint(server.url, "k", headers=(("X-Title", "t"),))
        assert straight(PlainWire(endpoint).post("/api/x y?é", {"a": "\ud83d"})) == {}
    head, _, body = server.asked[0].partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert lines[0] == b"post /api/x%20y?%c3%a9 http/1.1"
    assert {b"authorization: bearer k", b"x-title: t", b"accept-encoding: identity"} <= set(lines)
    assert body == b'{"a": "?"}'


def test_a_login_in_the_address_is_sent_as_one() -> None:
    with saying(http(b"{}")) as server:
        straight(PlainWire(Endpoint(server.url.replace("//", "//me:p%40ss@"))).get("models"))
    assert b"authorization: Basic bWU6cEBzcw==" in server.asked[0]


def test_an_ipv6_address_is_reached() -> None:
    try:
        with saying(http(b"{}"), family=socket.AF_INET6) as server:
            assert straight(PlainWire(Endpoint(server.url)).get("models")) == {}
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    assert b"host: [::1]:" in server.asked[0]


def test_bytes_are_handed_on_as_they_come_and_leaving_closes_the_line() -> None:
    first = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"

    async def call(url: str) -> bytes:
        async with PlainWire(Endpoint(url)).stream("x", {}) as pieces:
            async for piece in pieces:
                return piece
        return b""

    with saying(Said((first,), hold=True)) as server:
        assert straight(call(server.url)) == b"hello"
        assert server.hung_up.wait(5)


def test_a_server_that_says_no_while_it_is_still_being_sent_to_is_heard() -> None:
    said = Said((http(b'{"error":"too big"}', "429 Too Many Requests"),), unread=True, hold=True)
    with saying(said) as server, pytest.raises(RateLimited, match="too big"):
        straight(PlainWire(Endpoint(server.url)).post("x", {"a": "y" * 10_000_000}))


def test_a_question_is_not_waited_on_for_ever() -> None:
    with saying(Said(hold=True)) as server:
        wire = PlainWire(Endpoint(server.url))
        wire.seconds = 0.05
        with pytest.raises(TimedOut, match="gave no answer in time"):
            straight(wire.get("models"))
        assert server.hung_up.wait(5)


def test_control_c_ends_a_wait_at_once_and_closes_the_line() -> None:
    code = (
        "import sys; from tui_delegate.backends.plain_wire import PlainWire;"
        "from tui_delegate.backends.address import Endpoint; from tui_delegate.core.straight import straight;"
        "straight(PlainWire(Endpoint(sys.argv[1])).get('models'))"
    )
    with saying(Said(hold=True)) as server:
        child = subprocess.Popen([sys.executable, "-c", code, server.url], stderr=subprocess.PIPE)
        assert server.heard.wait(20)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=10)
        assert server.hung_up.wait(5)
    assert said.rstrip().endswith(b"KeyboardInterrupt")


@pytest.fixture
def roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """A certificate for this machine that both ways trust, and its key."""
    key, cert = str(tmp_path / "key.pem"), str(tmp_path / "cert.pem")
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += [
        "-keyout",
        key,
        "-out",
        cert,
        "-days",
        "2",
        "-subj",
        "/CN=x",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]
    try:
        subprocess.run(words, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no openssl here to make a certificate with")
    return cert, key


def test_https_is_checked_and_its_connection_used_again(
    roots: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import ssl

    import certifi

    cert, key = roots
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with saying(http(b"{}"), tls=context) as server:
        loop = asyncio.run(failure(Wire(Endpoint(server.url)), streamed=False))
        plain = straight(failure(PlainWire(Endpoint(server.url)), streamed=False))
        assert (type(plain), plain.hint) == (Unreachable, "Check its certificate.") == (type(loop), loop.hint)
        monkeypatch.setattr(certifi, "where", lambda: cert)
        wire = PlainWire(Endpoint(server.url, "k"))
        assert straight(wire.get("models")) == {}
        assert straight(wire.get("models")) == {}  # the server closes: a fresh connection is made
        straight(wire.aclose())
    with saying(http(b"{}"), tls=context) as server:
        error = straight(
            failure(PlainWire(Endpoint(server.url.replace("127.0.0.1", "localhost"))), streamed=False)
        )
        assert "can't be trusted" in error.message


def test_what_waits_is_told_to_be_wrong() -> None:
    async def waits() -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="no event loop"):
        straight(waits())
