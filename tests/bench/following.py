"""Following another process: how late its facts and its text are, and what it costs when nothing happens.

The floor of a delay is what is allowed; the floor of idling is a bare timer of the same beat. As a module it
is the other process: it writes a journal as a run does, and says on stdout when it said what.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Row
from tui_delegate.core.calls import RunContext
from tui_delegate.core.errors import JournalError
from tui_delegate.core.events import Finished, Opened, RunPath, Warned, Wrote
from tui_delegate.core.transcript import Transcript
from tui_delegate.engine.stream import Stream
from tui_delegate.journal.follow import Follower
from tui_delegate.journal.store import Journal
from tui_delegate.tui.follower import IDLE, Following

RUNS = 4
WORDS = 120
WORD_EVERY = 0.02
FACT_EVERY = 40
IDLE_FOR = 10.0
FACT_MS, TEXT_MS = 200.0, 500.0


class Clock:
    """Notes when what was seen."""

    def __init__(self) -> None:
        self.facts: dict[str, float] = {}
        self.letters: list[tuple[float, int]] = []

    def appeared(self, transcript: Transcript) -> None:
        self.facts["opened"] = time.time()

    def changed(self, transcript: Transcript, path: RunPath) -> None:
        for warning in transcript.warnings:
            self.facts.setdefault(warning.message, time.time())
        self.letters.append((time.time(), len(transcript.root.text)))

    def ended(self, transcript: Transcript) -> None:
        self.facts["ended"] = time.time()

    def ledger_changed(self) -> None:
        pass

    def journal_failed(self, error: JournalError) -> None:
        raise error


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "journal.db")
        Journal.open(path).close()
        yield Row("following: idle, % of a core", "%", *asyncio.run(_idle(path)), None)
        facts, texts = asyncio.run(_delays(path))
        yield Row("following: another process's facts, latest of all", "ms", FACT_MS, max(facts), 1.0)
        yield Row("following: another process's text, latest of all", "ms", TEXT_MS, max(texts), 1.0)


async def _idle(path: Path) -> tuple[float, float]:
    begun = time.process_time()
    for _ in range(int(IDLE_FOR / IDLE)):
        await asyncio.sleep(IDLE)
    bare, begun = time.process_time() - begun, time.process_time()
    following = Following(Follower(path), Clock())
    task = asyncio.create_task(following.follow())
    await asyncio.sleep(IDLE_FOR)
    ours = time.process_time() - begun
    following.stop()
    await task
    return bare / IDLE_FOR * 100, ours / IDLE_FOR * 100


async def _delays(path: Path) -> tuple[list[float], list[float]]:
    facts: list[float] = []
    texts: list[float] = []
    for number in range(RUNS):
        clock = Clock()
        following = Following(Follower(path), clock)
        task = asyncio.create_task(following.follow())
        await asyncio.sleep(0.5 + 0.06 * number)  # each run begins at another moment between two looks
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.following", str(path)), stdout=subprocess.PIPE
        )
        said, _ = await process.communicate()
        await asyncio.sleep(1.0)
        following.stop()
        await task
        for line in said.splitlines():
            at, fact, letters = json.loads(line)
            if fact:
                facts.append((clock.facts[fact] - at) * 1000)
            else:
                texts.append((next(seen for seen, there in clock.letters if there >= letters) - at) * 1000)
    return facts, texts


async def _write(path: Path) -> None:
    """Be the other process. A moment is noted when this process's own reader sees the event."""
    journal, run = Journal.open(path), f"r-{time.time()}"
    stream = Stream(run, journal)
    reading = asyncio.create_task(_read(stream))
    stream.emit(Opened(run=run, context=RunContext(session=run)))
    for number in range(WORDS):
        stream.emit(Wrote(text=f"word {number} "))
        await asyncio.sleep(WORD_EVERY)
        if number % FACT_EVERY == FACT_EVERY - 1:
            stream.emit(Warned(code="fact", message=f"fact {number}"))
    stream.emit(Finished())
    await stream.close()
    await reading
    journal.close()


async def _read(stream: Stream) -> None:
    letters = 0
    async for event in stream:
        if isinstance(event, Wrote):
            letters += len(event.text)
            print(json.dumps([time.time(), "", letters]))
        elif isinstance(event, Warned):
            print(json.dumps([time.time(), event.message, 0]))
        else:
            print(json.dumps([time.time(), "opened" if isinstance(event, Opened) else "ended", 0]))


if __name__ == "__main__":
    asyncio.run(_write(Path(sys.argv[1])))
