"""Sixty-four workers over real connections to a scripted server: all at once, and back in order."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from pathlib import Path

from tests.bench.measure import scripted_server
from tui_delegate.core.choice import Choice
from tui_delegate.core.events import Event, Returned
from tui_delegate.core.limits import Limits
from tui_delegate.core.transcript import Transcript
from tui_delegate.profiles import save
from tui_delegate.workspace.seats import Workspace

WORKERS = 64


async def fan_out(home: Path) -> tuple[list[Event], Transcript]:
    workspace = Workspace.open(Choice("bench"), {"TUI_DELEGATE_HOME": str(home)})
    journal = workspace.open_journal()
    limits = Limits(max_uses=WORKERS, max_tasks=WORKERS, max_parallel=WORKERS)
    transcript = Transcript()
    events = []
    try:
        async with workspace.run(f"hold {WORKERS}", limits, journal=journal) as run:
            async for event in run:
                events.append(event)
                transcript.apply(event)
    finally:
        journal.close()
        await workspace.aclose()
    return events, transcript


def test_sixty_four_workers_are_in_flight_at_once_and_come_back_in_order(
    tmp_path: Path,
) -> None:
    with scripted_server() as url:
        profile = {"backend": "openai-compat", "base_url": url, "default_model": "bench"}
        save(tmp_path / "profiles.toml", {"profiles": {"bench": profile | {"max_parallel": WORKERS}}})
        events, transcript = asyncio.run(fan_out(tmp_path))
        with urllib.request.urlopen(f"{url}/stats") as answer:
            seen = json.load(answer)
    assert seen["most"] == WORKERS
    assert transcript.root.state == "done"
    assert [event.path for event in events if isinstance(event, Returned)] == [(n,) for n in range(WORKERS)]
    assert [node.task for node in transcript.delegations()] == [f"work on part {n}" for n in range(WORKERS)]
