"""Calls under way: how far they are, how they are broken off, how they end when the server does."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import anyio
import pytest

pytest.importorskip("mcp")

from mcp import Client, MCPError, StdioServerParameters, stdio_client

from tests.cli.speaking import CHAT, SSE, USED, answering, delta, openai, sse, text
from tests.loopback import Answer, Asked, serving
from tests.product import ROOT
from tests.serve.hosting import PATIENCE, Host, hosting, write_profiles
from tui_delegate.core.events import Cancelled, Event
from tui_delegate.journal.store import Journal

FILES = {"a.py": "x = 1\n"}
ASK = {"question": "q", "paths": ["a.py"]}


def half_told(gate: asyncio.Event, *pieces: str) -> Answer:
    """An answer of which the first pieces come at once, and the rest when the gate opens."""
    first = sse(*(delta(content=piece) for piece in pieces), done=False)
    return Answer(first, headers=SSE, gate=gate, rest=sse(delta(content="end."), delta("stop"), USED))


def events(host: Host) -> list[list[Event]]:
    """The events of all runs, oldest run first."""
    journal = Journal.open(host.home / "journal.db")
    try:
        return [list(journal.events_of(row.id)) for row in reversed(list(journal.runs(50)))]
    finally:
        journal.close()


def test_a_host_hears_how_far_a_call_is_before_it_ends(tmp_path: Path) -> None:
    async def run() -> None:
        gate = asyncio.Event()
        heard: list[tuple[float, str]] = []

        async def hear(progress: float, total: float | None, message: str | None) -> None:
            heard.append((progress, message or ""))
            if "so far" in (message or ""):
                gate.set()

        busy = Answer({"error": {"message": "too many"}}, 429, {"retry-after": "0"})
        async with (
            serving(answering(busy, half_told(gate, "one two three ", "four five six "))) as server,
            hosting(tmp_path, server.url, files=FILES) as host,
        ):
            result = await host.session.call_tool("delegate_ask", ASK, PATIENCE, hear)
        assert isinstance(result.structured_content, dict)
        assert result.structured_content["content"] == "one two three four five six end."
        assert "Again in" in str(result.structured_content["notes"])
        numbers = [progress for progress, _ in heard]
        assert numbers == sorted(set(numbers))
        assert any("tokens so far" in words for _, words in heard)

    asyncio.run(run())


def test_a_call_that_a_host_cancels_ends_in_the_journal_with_what_was_written(tmp_path: Path) -> None:
    async def run() -> None:
        gate = asyncio.Event()
        answers = (half_told(gate, "half of it"), Answer(text("whole"), headers=SSE))
        async with serving(answering(*answers)) as server:
            async with hosting(tmp_path, server.url, files=FILES) as host:
                with anyio.CancelScope() as scope:

                    async def stop(progress: float, total: float | None, message: str | None) -> None:
                        scope.cancel()

                    await host.session.call_tool("delegate_ask", ASK, PATIENCE, stop)
                async with asyncio.timeout(PATIENCE):
                    await server.left.wait()
                after = await host.call("delegate_ask", **ASK)
                assert after.body["content"] == "whole"
                first, second = events(host)
                assert isinstance(first[-1], Cancelled)
                assert first[-1].text == "half of it"
                assert second[-1].terminal
                assert not isinstance(second[-1], Cancelled)
            assert host.stderr == ""

    asyncio.run(run())


def test_a_run_that_a_host_cancels_takes_its_workers_with_it(tmp_path: Path) -> None:
    async def run() -> None:
        gate = asyncio.Event()
        manager = openai("fix a", "fix b")

        def say(asked: Asked) -> Answer:
            if asked.line == CHAT and b'"tools"' not in asked.raw:
                return half_told(gate, "half")
            return manager(asked)

        async with serving(say) as server:
            async with hosting(tmp_path, server.url, files=FILES) as host:
                with anyio.CancelScope() as scope:

                    async def stop(progress: float, total: float | None, message: str | None) -> None:
                        if server.lines.count(CHAT) == 3:
                            scope.cancel()

                    await host.session.call_tool("delegate_run", {"prompt": "Do both"}, PATIENCE, stop)
            (told,) = events(host)
            assert {one.path for one in told if isinstance(one, Cancelled)} == {(), (0,), (1,)}

    asyncio.run(run())


def test_calls_go_side_by_side(tmp_path: Path) -> None:
    async def run() -> None:
        both = asyncio.Event()
        chats: list[Asked] = []

        def say(asked: Asked) -> Answer:
            if asked.line != CHAT:
                return plain(asked)
            chats.append(asked)
            if len(chats) == 2:
                both.set()
            return half_told(both, "together ")

        plain = answering(Answer())
        async with serving(say) as server, hosting(tmp_path, server.url, files=FILES) as host:
            said = await asyncio.gather(*(host.call("delegate_ask", **ASK) for _ in range(2)))
        assert [one.body["content"] for one in said] == ["together end."] * 2
        assert len({str(one.body["run"]) for one in said}) == 2

    asyncio.run(run())


@pytest.mark.skipif(os.name == "nt", reason="signals are told apart on POSIX only")
@pytest.mark.parametrize("which", ["SIGTERM", "SIGKILL", "hang up"])
def test_a_server_that_ends_in_the_middle_leaves_a_journal_that_says_so(tmp_path: Path, which: str) -> None:
    async def run() -> None:
        async with serving(answering(half_told(asyncio.Event(), "half of it"))) as server:
            began = asyncio.Event()

            async def hear(progress: float, total: float | None, message: str | None) -> None:
                began.set()

            async with hosting(tmp_path, server.url, files=FILES, before=PID) as host:
                call = asyncio.create_task(host.session.call_tool("delegate_ask", ASK, PATIENCE, hear))
                async with asyncio.timeout(PATIENCE):
                    await began.wait()
                if which != "hang up":
                    os.kill(int((host.project / "pid").read_text()), getattr(signal, which))
                    await asyncio.wait([call])
                    assert call.exception() is not None or (result := call.result()).is_error, result
            await asyncio.wait([call])
            async with asyncio.timeout(PATIENCE):
                await server.left.wait()
            (told,) = events(host)
            ended = isinstance(told[-1], Cancelled)
            assert ended is (which != "SIGKILL")
            if ended:
                assert getattr(told[-1], "text", "") == "half of it"
            assert host.stderr == ""

    asyncio.run(run())


PID = ("sh", "-c", 'echo $$ > pid; exec "$@"', "sh")


def test_a_host_of_the_newest_protocol_needs_no_handshake(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(answering(Answer(text("yes"), headers=SSE))) as server:
            (tmp_path / "a.py").write_text("x = 1\n")
            write_profiles(tmp_path, server.url)
            environ = {**os.environ, "PYTHONPATH": str(ROOT), "TUI_DELEGATE_HOME": str(tmp_path)}
            words = ["-m", "tui_delegate", "mcp"]
            command = StdioServerParameters(command=sys.executable, args=words, cwd=tmp_path, env=environ)
            async with Client(stdio_client(command)) as client:
                asked = await client.call_tool("delegate_ask", ASK)
                assert asked.structured_content["content"] == "yes"
                assert client.instructions
                with pytest.raises(MCPError, match="There is no tool nothing"):
                    await client.call_tool("nothing", {})

    asyncio.run(run())
