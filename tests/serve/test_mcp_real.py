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
from tests.serve.hosting import PATIENCE, Host, hosting

pytestmark = pytest.mark.real
TRIES = 20
"""The tiny model says a word or a thousand, as chance has it: some calls end before they are called off."""


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


async def cancelled_call(host: Host) -> None:
    """Ask what sets the tiny model babbling, and call it off at the first news."""
    with anyio.CancelScope() as scope:

        async def stop(progress: float, total: float | None, message: str | None) -> None:
            scope.cancel()

        babbling = {"question": "an unknown text sets it babbling", "paths": ["a.py"]}
        await host.session.call_tool("delegate_ask", babbling, PATIENCE, stop)


def test_a_real_server_answers_and_is_free_again_when_a_call_is_cancelled(tmp_path: Path) -> None:
    async def run(url: str) -> None:
        async with hosting(
            tmp_path, url, "--model", "tiny-delegate", files={"a.py": "PORT = 8080\n"}
        ) as host:
            done = await host.call("delegate_run", prompt="hello")
            assert (done.body["ok"], done.body["model"]) == (True, "tiny-delegate")
            statuses: list[object] = []
            while "cancelled" not in statuses and len(statuses) < TRIES:
                await cancelled_call(host)
                assert await asyncio.to_thread(seconds_until_idle, url) < 2
                statuses = [row["status"] for row in await host.ledger() if row["command"] == "ask"]
            assert statuses[-1] == "cancelled", statuses

    with running() as server:
        asyncio.run(run(server.url))
