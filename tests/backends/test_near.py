"""The way to a near server on an event loop: what it keeps open, whom it makes wait, and when it lets go."""

from __future__ import annotations

import asyncio
import gc
import select
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.backends.loopback import Answer, Kept, serving
from tests.backends.saying import Said, Sayer, http, saying
from tests.backends.streams import PLAIN, delta, sse
from tui_delegate.backends import near
from tui_delegate.backends.address import Endpoint, parsed
from tui_delegate.backends.http import Wire
from tui_delegate.backends.near import LoopPlug, NearWire
from tui_delegate.backends.openai import OpenAIChat
from tui_delegate.backends.way import way_to
from tui_delegate.core.errors import BackendError, RateLimited, Unreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

SAID = sse(delta("stop", content="hi"), "[DONE]")


@asynccontextmanager
async def speaking(
    says: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[NearWire]:
    """Give a way to a server that says this on every connection."""
    leave = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await says(reader, writer)
            await leave.wait()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    wire = NearWire(Endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
    try:
        yield wire
    finally:
        await wire.aclose()
        leave.set()
        server.close()
        await asyncio.sleep(0.01)


def lines_used(
    ask: Callable[[NearWire], Awaitable[object]], times: int, *answers: Answer, keep: bool = True
) -> tuple[int, list[str]]:
    """Ask so many times; how many connections it took, and what each request said of its own."""

    async def main() -> tuple[int, list[str]]:
        lines = 0
        async with serving(*answers) as server:
            whole = server.handle

            async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                nonlocal lines
                lines += 1
                await whole(reader, writer)

            front = await asyncio.start_server(counted, "127.0.0.1", 0)
            wire = NearWire(Endpoint(f"http://127.0.0.1:{front.sockets[0].getsockname()[1]}"), keep=keep)
            for _ in range(times):
                await ask(wire)
            await wire.aclose()
            front.close()
            return lines, [headers.get("connection", "") for _, headers, _ in server.requests]

    return asyncio.run(main())


def test_only_plain_http_on_this_machine_is_spoken_by_ourselves() -> None:
    for url in ("http://localhost:1", "127.0.0.1:1", "0.0.0.0:1", "HTTP://[::1]:1/v1"):
        assert type(way_to(Endpoint(url))) is NearWire, url
    for url in ("https://localhost:1", "http://10.0.0.1", "far.example:80", ""):
        assert type(way_to(Endpoint(url))) is Wire, url


def test_one_connection_carries_questions_one_after_the_other() -> None:
    assert lines_used(lambda wire: wire.get("models"), 3, *[Answer(b"{}")] * 3) == (1, ["", "", ""])


def test_a_server_that_hangs_up_without_a_word_gets_a_connection_for_each() -> None:
    asked = lines_used(lambda wire: wire.get("models"), 2, *[Answer(b"{}")] * 2, keep=False)
    assert asked == (2, ["close", "close"])


def test_a_stream_keeps_its_connection_once_the_server_is_known() -> None:
    async def chat(wire: NearWire) -> object:
        return await OpenAIChat(wire).chat(PLAIN, Kept())

    assert lines_used(chat, 3, *[Answer(SAID)] * 3) == (2, ["close", "", ""])
    llama = Answer(SAID, headers=("Server: llama.cpp",))
    assert lines_used(chat, 3, *[llama] * 3) == (3, ["close"] * 3)


def test_an_idle_connection_is_closed_before_the_server_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near, "KEEPALIVE_SECONDS", 0.01)

    async def main() -> None:
        async with serving(Answer(b"{}")) as server:
            wire = NearWire(Endpoint(server.url))
            await wire.get("models")
            await asyncio.wait_for(server.closed.wait(), 5)
            await wire.aclose()

    asyncio.run(main())


def test_what_a_server_closed_meanwhile_is_not_used_again() -> None:
    async def main(url: str) -> list[object]:
        wire = NearWire(Endpoint(url))
        found = []
        for _ in range(3):
            found.append(await wire.get("models"))
            await asyncio.sleep(0.02)
        await wire.aclose()
        return found

    with saying(http(b"{}")) as server:  # it closes after each
        assert asyncio.run(main(server.url)) == [{}, {}, {}]


def test_a_slow_reader_makes_the_server_wait() -> None:
    """Of a body without an end no more is taken than is wanted, and it all comes in order."""
    sent = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while sent < 64 * 1024 * 1024:
                writer.write(b"x" * 65536)
                sent += 65536
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def main() -> int:
        server = await asyncio.start_server(pour, "127.0.0.1", 0)
        wire = NearWire(Endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
        got = 0
        async with wire.watch("/x") as pieces:
            got += len(await anext(pieces))
            before = -1
            while before != sent:
                before = sent
                await asyncio.sleep(0.1)
            stuck = sent
            while got < stuck:
                got += len(await anext(pieces))
        await wire.aclose()
        server.close()
        return stuck

    assert asyncio.run(main()) < 48 * 1024 * 1024


def test_a_server_that_says_no_while_it_is_still_being_sent_to_is_heard() -> None:
    async def main(url: str) -> BackendError:
        wire = NearWire(Endpoint(url))
        with pytest.raises(RateLimited, match="too big") as failed:
            await wire.post("x", {"a": "y" * 10_000_000})
        await wire.aclose()
        return failed.value

    said = Said((http(b'{"error":"too big"}', "429 Too Many Requests"),), unread=True, hold=True)
    with saying(said) as server:
        asyncio.run(main(server.url))
        assert server.hung_up.wait(5)


def test_a_server_that_listens_no_more_than_it_speaks_is_heard() -> None:
    """It closes its half and leaves a long question unread: what it said is the answer."""

    async def says(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 429 No\r\n\r\n" + b'{"error":"too big"}')
        writer.write_eof()

    async def main() -> None:
        async with speaking(says) as wire:
            with pytest.raises(RateLimited, match="too big"):
                await asyncio.wait_for(wire.post("x", {"a": "y" * 30_000_000}), 10)

    asyncio.run(main())


def test_an_answer_that_came_before_the_question_was_out_ends_its_connection() -> None:
    async def says(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(http(b"{}"))

    async def main() -> None:
        async with speaking(says) as wire:
            await wire.post("x", {"a": "y" * 30_000_000})
            assert await asyncio.wait_for(wire.get("models"), 10) == {}

    asyncio.run(main())


async def _once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one question, and hang up over the next one without a word."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(http(b"{}"))
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()


def test_what_only_asks_is_asked_again_where_a_kept_connection_was_closed_over_it() -> None:
    async def main() -> None:
        async with speaking(_once) as wire:
            assert [await wire.get("models") for _ in range(3)] == [{}] * 3

    asyncio.run(main())


def test_what_may_have_been_heard_is_not_sent_twice() -> None:
    async def main() -> None:
        async with speaking(_once) as wire:
            await wire.get("models")
            with pytest.raises(Unreachable, match="closed the connection"):
                await wire.post("x", {})

    asyncio.run(main())


def test_a_connection_that_closed_while_the_loop_was_busy_is_not_used() -> None:
    async def main(server: Sayer) -> None:
        wire = NearWire(Endpoint(server.url))
        await wire.post("x", {})
        assert select.select([wire._idle[0]._sock], [], [], 5)[0]  # the loop stands still meanwhile
        assert await wire.post("x", {}) == {}
        await wire.aclose()

    with saying(http(b"{}")) as server:  # it closes after each
        asyncio.run(main(server))


def test_closing_while_a_call_runs_leaves_no_connection_behind() -> None:
    async def main() -> None:
        go, gone = asyncio.Event(), asyncio.Event()

        async def says(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            await go.wait()
            writer.write(http(b"{}"))
            await reader.read()
            gone.set()

        async with speaking(says) as wire:
            call = asyncio.create_task(wire.get("models"))
            await asyncio.sleep(0.01)
            await wire.aclose()
            go.set()
            assert await call == {}
            await asyncio.wait_for(gone.wait(), 2)

    asyncio.run(main())


def test_calls_that_are_given_up_leave_nothing_open() -> None:
    """At every moment of a call: while it connects, waits for the head, is in the middle of its body."""

    async def says(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.005)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        await reader.read()

    async def call(wire: NearWire, steps: int) -> None:
        async def main() -> None:
            async with wire.stream("x", {}) as pieces:
                async for _ in pieces:
                    pass

        task = asyncio.create_task(main())
        for _ in range(steps):
            await asyncio.sleep(0)
        if steps > 15:
            await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.wait([task])

    async def main() -> None:
        async with speaking(says) as wire:
            await asyncio.gather(*[call(wire, steps) for steps in range(20) for _ in range(10)])
            await asyncio.sleep(0.02)
            assert not [
                one for one in gc.get_objects() if isinstance(one, LoopPlug) and one._sock.fileno() > 0
            ]

    asyncio.run(main())


def test_port_0_is_no_other_port() -> None:
    async def main() -> None:
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:0"):
            await NearWire(Endpoint("http://127.0.0.1:0")).get("models")
        assert (parsed("http://h:0").port_number, parsed("https://h").port_number) == (0, 443)

    asyncio.run(main())


def test_heads_are_not_kept_without_end() -> None:
    wire = NearWire(Endpoint("http://127.0.0.1"))
    for number in range(1000):
        wire._head("GET", f"/job/{number}", {}, stays=True)
    assert len(wire._heads) < 100


def test_it_loads_no_client() -> None:
    code = (
        "import sys, asyncio\n"
        "from tui_delegate.backends.address import Endpoint\n"
        "from tui_delegate.backends.way import way_to\n"
        "asyncio.run(way_to(Endpoint(sys.argv[1])).get('models'))\n"
        "print([name for name in ('httpx', 'aiohttp', 'anyio') if name in sys.modules])"
    )
    with saying(http(b"{}")) as server:
        done = subprocess.run([sys.executable, "-c", code, server.url], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
