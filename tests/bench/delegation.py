"""One manager turn fans out to 64 workers, streamed, with events, limits and the journal on.

The floor is a hand-written aiohttp loop with orjson that does the same requests and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from functools import partial
from pathlib import Path

from tests.bench.floor import RUNS, STREAMS, TOKENS, WORKERS, floor, resident
from tests.bench.measure import Row, in_turn, scripted_server
from tui_delegate.core.choice import Choice
from tui_delegate.core.limits import Limits
from tui_delegate.workspace.seats import Workspace


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


def memory_of(module: str, *words: str) -> float:
    """Resident memory of a process of its own, after its runs, in MiB."""
    command = [sys.executable, "-m", f"tests.bench.{module}", *words]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


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
        memory = in_turn(
            partial(memory_of, "floor", url), partial(memory_of, "delegation", url, str(home)), 3
        )
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
        ours(sys.argv[1], Path(sys.argv[2]), False)
    print(resident())
