"""One manager turn fans out to 64 workers, streamed, with events, limits and the journal on.

The floor is a hand-written aiohttp loop with orjson that does the same requests and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from functools import partial
from pathlib import Path

import aiohttp
import orjson

from tests.bench.measure import Row, in_turn, scripted_server
from tui_delegate.core.limits import Limits
from tui_delegate.engine.delegate import delegation_tool
from tui_delegate.workspace import Choice, Workspace

WORKERS = 64
RUNS = 3
STREAMS, TOKENS = 32, 200


async def ask(
    session: aiohttp.ClientSession, url: str, body: dict[str, object]
) -> tuple[str, dict[int, list[str]]]:
    text: list[str] = []
    calls: dict[int, list[str]] = {}
    data = orjson.dumps({**body, "stream": True, "stream_options": {"include_usage": True}})
    headers = {"Content-Type": "application/json"}
    async with session.post(f"{url}/v1/chat/completions", data=data, headers=headers) as response:
        held = b""
        async for chunk in response.content.iter_any():
            held += chunk
            lines = held.split(b"\n")
            held = lines.pop()
            for line in lines:
                if line.startswith(b"data: {"):
                    for choice in orjson.loads(line[6:])["choices"]:
                        delta = choice["delta"]
                        if delta.get("content"):
                            text.append(delta["content"])
                        for call in delta.get("tool_calls") or ():
                            calls.setdefault(call["index"], []).append(call["function"]["arguments"])
    return "".join(text), calls


async def floor_run(session: aiohttp.ClientSession, url: str, count: int) -> None:
    tool = delegation_tool(with_files=False)
    function = {"name": tool.name, "description": tool.description, "parameters": json.loads(tool.schema)}
    tools = [{"type": "function", "function": function}]
    messages: list[dict[str, object]] = [{"role": "user", "content": f"fan {count}"}]
    _, calls = await ask(session, url, {"model": "bench", "messages": messages, "tools": tools})
    tasks = [json.loads("".join(parts))["task_description"] for parts in calls.values()]
    results = await asyncio.gather(
        *(
            ask(session, url, {"model": "bench", "messages": [{"role": "user", "content": task}]})
            for task in tasks
        )
    )
    messages += [
        {"role": "tool", "tool_call_id": f"c{n}", "content": text} for n, (text, _) in enumerate(results)
    ]
    await ask(session, url, {"model": "bench", "messages": messages, "tools": tools})


async def floor_paced(session: aiohttp.ClientSession, url: str) -> None:
    body: dict[str, object] = {
        "model": "bench",
        "messages": [{"role": "user", "content": f"stream {TOKENS}"}],
    }
    await asyncio.gather(*(ask(session, url, body) for _ in range(STREAMS)))


def floor(url: str, paced: bool) -> float:
    async def main() -> float:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            await floor_run(session, url, 1)
            before = time.process_time()
            for _ in range(1 if paced else RUNS):
                await (floor_paced(session, url) if paced else floor_run(session, url, WORKERS))
            return time.process_time() - before

    return asyncio.run(main())


def ours(url: str, home: Path, paced: bool) -> float:
    async def main() -> float:
        workspace = Workspace.open(Choice("bench"), {"TUI_DELEGATE_HOME": str(home)})
        journal = workspace.open_journal()
        limits = Limits(depth=1 if paced else 2, max_uses=WORKERS, max_tasks=WORKERS, max_parallel=WORKERS)

        async def one(prompt: str) -> None:
            async with workspace.run(prompt, limits, journal=journal) as run:
                async for event in run:
                    last = event
            assert type(last).__name__ == "Finished", last

        try:
            await one("stream 1" if paced else "fan 1")
            before = time.process_time()
            if paced:
                await asyncio.gather(*(one(f"stream {TOKENS}") for _ in range(STREAMS)))
            for _ in range(0 if paced else RUNS):
                await one(f"fan {WORKERS}")
            return time.process_time() - before
        finally:
            journal.close()
            await workspace.aclose()

    return asyncio.run(main())


def stats(url: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{url}/stats") as answer:
        seen: dict[str, float] = json.load(answer)
    return seen


def home_with(url: str, folder: str) -> Path:
    home = Path(folder)
    keys = {
        "backend": '"openai-compat"',
        "base_url": f'"{url}"',
        "default_model": '"bench"',
        "max_parallel": 64,
    }
    rows = [f"{key} = {value}" for key, value in keys.items()]
    (home / "profiles.toml").write_text("\n".join(["[profiles.bench]", *rows]))
    return home


def memory_of(who: str, url: str, home: Path) -> float:
    """Resident memory of a process of its own, after its runs, in MiB."""
    command = [sys.executable, "-m", "tests.bench.delegation", who, url, str(home)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def rows() -> list[Row]:
    with scripted_server() as url, tempfile.TemporaryDirectory() as folder:
        home = home_with(url, folder)
        fan = in_turn(lambda: floor(url, False), lambda: ours(url, home, False))
        spread: dict[str, list[dict[str, float]]] = {"floor": [], "ours": []}
        for _ in range(5):
            stats(url)
            floor(url, False)
            spread["floor"].append(stats(url))
            ours(url, home, False)
            spread["ours"].append(stats(url))
        paced = in_turn(lambda: floor(url, True), lambda: ours(url, home, True), 5)
        memory = in_turn(partial(memory_of, "floor", url, home), partial(memory_of, "ours", url, home), 3)
    made = RUNS * WORKERS / 1000
    spans = [sorted(one["fan_out_ms"] for one in spread[who])[2] for who in ("floor", "ours")]
    most = min(one["most"] for one in spread["ours"])
    per_token = STREAMS * TOKENS / 1e6
    return [
        Row("64 workers: CPU per delegation", "ms", fan[0] / made, fan[1] / made, 2.0),
        Row(
            f"64 workers: last request after the manager ({most:.0f} in flight)",
            "ms",
            spans[0],
            spans[1],
            2.0,
        ),
        Row("64 workers: resident memory afterwards", "MiB", memory[0], memory[1], 1.5),
        Row(f"{STREAMS} paced streams: CPU per token", "us", paced[0] / per_token, paced[1] / per_token, 1.5),
    ]


if __name__ == "__main__":
    for _ in range(3):
        floor(sys.argv[2], False) if sys.argv[1] == "floor" else ours(sys.argv[2], Path(sys.argv[3]), False)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
