"""The floor: a hand-written aiohttp loop with orjson that makes the same requests and does nothing else.

Nothing of the product may be imported here: this process is also what its memory is held against.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import aiohttp
import orjson

WORKERS = 64
RUNS = 3
STREAMS, TOKENS = 32, 200
TEXT = {"type": "string"}
SCHEMA = {
    "type": "object",
    "properties": {"task_name": TEXT, "task_description": TEXT},
    "required": ["task_name", "task_description"],
}


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
    function = {"name": "subagent", "description": "Hand one bounded task to a worker.", "parameters": SCHEMA}
    tools = [{"type": "function", "function": function}]
    messages: list[dict[str, object]] = [{"role": "user", "content": f"fan {count}"}]
    _, calls = await ask(session, url, {"model": "bench", "messages": messages, "tools": tools})
    tasks = [orjson.loads("".join(parts))["task_description"] for parts in calls.values()]
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


def resident() -> float:
    """Resident memory of this process now, in MiB. (Its peak would count the process that started it.)"""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


if __name__ == "__main__":
    for _ in range(3):
        floor(sys.argv[1], False)
    print(resident())
