"""The MCP server before a real llama.cpp server: a run to its end, and a runaway that the host breaks off."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from pathlib import Path

import anyio
import pytest

pytest.importorskip("mcp")

from tests.realserver import running
from tests.serve.hosting import PATIENCE, hosting

pytestmark = pytest.mark.real


def busy_slots(url: str) -> int:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=PATIENCE)
    try:
        connection.request("GET", "/slots")
        return sum(slot["is_processing"] for slot in json.loads(connection.getresponse().read()))
    finally:
        connection.close()


def seconds_until_idle(url: str) -> float:
    begun = time.monotonic()
    while busy_slots(url):
        assert time.monotonic() - begun < PATIENCE, "a slot stays busy"
    return time.monotonic() - begun


def test_a_real_server_answers_and_is_free_again_when_a_call_is_cancelled(tmp_path: Path) -> None:
    async def run(url: str) -> None:
        async with hosting(
            tmp_path, url, "--model", "tiny-delegate", files={"a.py": "PORT = 8080\n"}
        ) as host:
            done = await host.call("delegate_run", prompt="hello")
            assert (done.body["ok"], done.body["model"]) == (True, "tiny-delegate")
            with anyio.CancelScope() as scope:

                async def stop(progress: float, total: float | None, message: str | None) -> None:
                    scope.cancel()

                babbling = {"question": "an unknown text sets it babbling", "paths": ["a.py"]}
                await host.session.call_tool("delegate_ask", babbling, PATIENCE, stop)
            assert scope.cancelled_caught
            assert await asyncio.to_thread(seconds_until_idle, url) < 2
            rows = await host.ledger()
        assert [(row["command"], row["status"]) for row in rows] == [("run", "ok"), ("ask", "cancelled")]

    with running() as server:
        asyncio.run(run(server.url))
