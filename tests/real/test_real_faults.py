from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import realserver
from tests.product import Product
from tests.realserver import USUAL, RealServer

pytestmark = pytest.mark.real
KEY = "sk-canary-4711"
RUNAWAY = ("--limit", "depth=1", "an unknown text sets it babbling")


@pytest.fixture(scope="module")
def server() -> Iterator[RealServer]:
    """Whatever is said to this one, it never comes to an end by itself."""
    with realserver.running(*USUAL, "--ignore-eos", "-c", "8192") as running:
        yield running


def home(tmp_path: Path, server: RealServer, **more: object) -> Product:
    return Product(tmp_path).write(
        tiny={"backend": "llamacpp", "base_url": server.url, "temperature": 0.0, **more}
    )


def busy_slots(server: RealServer) -> list[object]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)
    try:
        connection.request("GET", "/slots")
        return [slot for slot in json.loads(connection.getresponse().read()) if slot["is_processing"]]
    finally:
        connection.close()


def seconds_until_idle(server: RealServer) -> float:
    begun = time.monotonic()
    while busy_slots(server):
        assert time.monotonic() - begun < 5, "a slot stays busy"
    return time.monotonic() - begun


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_a_runaway_is_stopped_by_a_signal_and_its_slot_is_free_within_a_second(
    tmp_path: Path, server: RealServer, which: signal.Signals
) -> None:
    async def main() -> None:
        tud = home(tmp_path, server)
        going = await tud.start("run", *RUNAWAY)
        first = await going.piece()
        assert busy_slots(server)
        going.signal(which)
        assert await asyncio.to_thread(seconds_until_idle, server) < 1.0
        ended = await going.end()
        assert (ended.code, bool(first)) == (128 + which, True), ended.err
        assert "The run was cancelled." in ended.err
        (row,) = await tud.ledger()
        assert (row["status"], row["error_code"], row["usage_source"]) == (
            "cancelled",
            "cancelled",
            "estimated",
        )
        assert isinstance(row["eval_count"], int)
        assert row["eval_count"] > 0

    asyncio.run(main())


def test_what_a_cancelled_run_had_written_is_in_its_json(tmp_path: Path, server: RealServer) -> None:
    async def main() -> None:
        tud = home(tmp_path, server)
        going = await tud.start("run", "--json", *RUNAWAY)
        await asyncio.to_thread(_wait_busy, server)
        going.signal(signal.SIGINT)
        ended = await going.end()
        assert (ended.code, ended.value["ok"], ended.error["code"]) == (130, False, "cancelled")
        assert isinstance(ended.value["content"], str)

    asyncio.run(main())


def _wait_busy(server: RealServer) -> None:
    begun = time.monotonic()
    while not busy_slots(server):
        assert time.monotonic() - begun < 10, "the run never reached its server"


def test_a_time_limit_ends_a_runaway_with_what_it_has_or_by_name(tmp_path: Path, server: RealServer) -> None:
    async def main() -> None:
        tud = home(tmp_path, server)
        ended = await tud.tell("run", "--json", "--limit", "seconds=0.3", *RUNAWAY)
        assert (ended.code, ended.error["code"]) == (124, "timeout")
        assert len(str(ended.value["content"])) > 10
        assert seconds_until_idle(server) < 1.0

    asyncio.run(main())


def test_a_prompt_that_is_longer_than_the_window_is_refused_by_name(
    tmp_path: Path, server: RealServer
) -> None:
    async def main() -> None:
        tud = home(tmp_path, server)
        ended = await tud.tell("run", "--json", "word " * 9000)
        assert (ended.code, ended.value["ok"]) == (65, False)
        assert (ended.error["code"], bool(ended.error["hint"])) == ("context_overflow", True)
        (row,) = await tud.ledger()
        assert (row["status"], row["error_code"]) == ("failed", "context_overflow")

    asyncio.run(main())


@pytest.mark.parametrize("key", ["", "sk-wrong-1234"])
@pytest.mark.parametrize("backend", ["llamacpp", "openai-compat", "anthropic"])
def test_a_server_that_wants_another_key_is_told_from_all_other_failures(
    tmp_path: Path, locked: RealServer, backend: str, key: str
) -> None:
    async def main() -> None:
        more = {"api_key": key} if key else {}
        tud = Product(tmp_path / "locked").write(
            shut={"backend": backend, "base_url": locked.url, "default_model": "tiny-delegate", **more}
        )
        tud = Product(tud.home, {"ANTHROPIC_API_KEY": key or "sk-none"})
        ended = await tud.tell("run", "hello")
        assert ended.code == 77, ended.err
        assert not key or key not in ended.err + ended.out
        assert ended.out == ""
        (row,) = await tud.ledger()
        assert (row["status"], row["error_code"]) == ("failed", "auth")

    asyncio.run(main())


@pytest.fixture(scope="module")
def locked() -> Iterator[RealServer]:
    with realserver.running(*USUAL, "--api-key", KEY) as running:
        yield running


@pytest.mark.parametrize("backend", ["llamacpp", "anthropic"])
def test_the_right_key_opens_it_and_is_never_shown(tmp_path: Path, locked: RealServer, backend: str) -> None:
    async def main() -> None:
        tud = home(tmp_path, locked, backend=backend, api_key=KEY, default_model="tiny-delegate")
        text, events = await asyncio.gather(
            tud.tell("run", "delegate fix the typo"), tud.tell("run", "--events", "delegate fix the typo")
        )
        assert text.out == "Done: result of fix the typo\n"
        assert KEY not in text.err + events.out + events.err

    asyncio.run(main())
    assert KEY.encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("journal*"))


@pytest.mark.parametrize("backend", ["llamacpp", "openai-compat", "anthropic"])
def test_a_server_that_dies_in_mid_stream_ends_the_run_by_name(tmp_path: Path, backend: str) -> None:
    async def main() -> None:
        with realserver.running(*USUAL, "--ignore-eos", "-c", "8192") as server:
            tud = home(tmp_path, server, backend=backend, api_key="any", default_model="tiny-delegate")
            going = await tud.start("run", *RUNAWAY)
            first = await going.piece()
            os.kill(server.process.pid, signal.SIGKILL)
            ended = await going.end()
        assert (ended.code, bool(first)) == (65, True)
        assert "The answer was cut off" in ended.err
        (row,) = await tud.ledger()
        assert (row["status"], row["error_code"]) == ("failed", "cut_off")

    asyncio.run(main())


def test_where_nothing_listens_that_is_said_with_what_to_do(tmp_path: Path) -> None:
    async def main() -> None:
        with realserver.running() as gone:
            tud = home(tmp_path, gone, default_model="tiny-delegate")
        ended = await tud.tell("run", "--json", "hello")
        assert (ended.code, ended.error["code"]) == (69, "unreachable")
        assert ended.error["hint"]
        (row,) = await tud.ledger()
        assert (row["status"], row["error_code"], row["prompt_eval_count"]) == ("failed", "unreachable", 0)

    asyncio.run(main())
