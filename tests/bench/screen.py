"""Sixteen panes that write together, on a real pseudo-terminal: how much arrives, how long a key waits.

Busy lag is the processor time that the loop's thread spends between two heartbeats of 5 ms: what a key press
waits because of us, however busy the machine is. `python -m tests.bench.screen` prints all figures.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import resource
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from textual.app import ComposeResult

from tests.bench.measure import Row
from tui_delegate.core.events import Delegated, Event, Opened, Started, Wrote
from tui_delegate.core.transcript import Transcript
from tui_delegate.tui.clock import FrameClock
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.workers import Workers

PANES = 16
PER_SECOND = 2_000
BEFORE = 4_000
SECONDS = float(os.environ.get("SCREEN_SECONDS", "10"))
COLUMNS, ROWS = 200, 50
HEARTBEAT = 0.005
SETTLE = 3.0
PROSE = """## Findings

The 3.0 release removes the **synchronous client** and renames `Pool` to `Lane`. Two settings that were
deprecated are now errors, and what was a warning before stops the start:

- `pool_size` is called `lanes` now, and takes no string
- `timeout` became four time-outs with plain names

```python
client = Client(base_url, lanes=4)
```

> Nothing else is removed.

"""
TOKENS = [PROSE[at : at + 4] for at in range(0, len(PROSE), 4)]


@dataclass(frozen=True)
class Figures:
    """What one run of the child measured."""

    delivered: float
    """Share of what was sent that stood in the panes at the moment the sending ended."""
    settled: float
    """The same a second later."""
    sent_per_second: float
    lag_p50: float
    lag_p99: float
    lag_most: float
    cpu: float
    """Share of a core, while they wrote."""
    idle: float
    """Share of a core, when nothing ran any more; the heartbeat is stopped then."""
    rss_begin: float
    rss_end: float
    frames: float
    """Pictures a second."""


class Bench(Stage):
    """The workers, fed as a run feeds them."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FrameClock(self)
        self.crew = Workers(self.clock)
        self.transcript = Transcript()
        self.sent = 0
        self.pictures = 0
        self.lags: list[float] = []
        self.figures: Figures | None = None

    def compose(self) -> ComposeResult:
        yield self.crew

    def post_display_hook(self) -> None:
        self.pictures += 1

    def tell(self, event: Event) -> None:
        self.crew.touch(self.transcript, self.transcript.apply(event).path)

    def on_mount(self) -> None:
        self.run_worker(self.measure(), exit_on_error=True)

    async def measure(self) -> None:
        self.begin()
        await asyncio.sleep(SETTLE)
        self.crew.focus_number(6)
        await asyncio.sleep(0.5)
        begin = rss()
        self.pictures = 0
        heart = asyncio.create_task(self.beat())
        cpu, wall = time.thread_time(), time.monotonic()
        await self.send()
        spent, took = time.thread_time() - cpu, time.monotonic() - wall
        heart.cancel()
        sent, arrived, pictures = self.sent, self.arrived(), self.pictures
        await asyncio.sleep(1.0)
        settled = self.arrived()
        for path in list(self.transcript.nodes):
            self.end(path)
        await asyncio.sleep(1.0)
        idle = time.thread_time()
        await asyncio.sleep(2.0)
        idle = (time.thread_time() - idle) / 2.0
        lags = sorted(self.lags)
        figures = Figures(
            arrived / sent,
            settled / sent,
            sent / 4 / took,
            lags[len(lags) // 2] * 1000,
            lags[int(len(lags) * 0.99)] * 1000,
            lags[-1] * 1000,
            spent / took,
            idle,
            begin,
            rss(),
            pictures / took,
        )
        self.figures = figures
        self.exit(0)

    def begin(self) -> None:
        self.tell(Opened(run="bench", prompt="Compare these."))
        for place in range(PANES):
            self.tell(Delegated(path=(place,), call_id="c", task_name=f"task number {place}", task="task"))
            self.tell(
                Started(
                    path=(place,), at=time.time(), agent="worker", profile="p", backend="b", model="qwen3:4b"
                )
            )
            for token in range(BEFORE):
                self.tell(Wrote(path=(place,), text=TOKENS[(token + place * 7) % len(TOKENS)]))

    def end(self, path: tuple[int, ...]) -> None:
        from tui_delegate.core.events import Finished

        node = self.transcript.nodes[path]
        self.tell(Finished(path=path, at=time.time(), text=node.text))

    async def send(self) -> None:
        """Send at the pace, however late the loop is: what was due is sent when there is time."""
        began = time.monotonic()
        done = 0
        while (now := time.monotonic() - began) < SECONDS:
            due = int(now * PER_SECOND)
            for number in range(done, due):
                text = TOKENS[number // PANES % len(TOKENS)]
                self.sent += len(text)
                self.tell(Wrote(path=(number % PANES,), text=text))
            done = due
            await asyncio.sleep(0.004)

    def arrived(self) -> int:
        before = sum(
            len(TOKENS[(token + place * 7) % len(TOKENS)])
            for place in range(PANES)
            for token in range(BEFORE)
        )
        return sum(len(pane.lines.text) for pane in self.crew.panes) - before

    async def beat(self) -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(HEARTBEAT)
            now = time.thread_time()
            self.lags.append(now - last)
            last = now


def rss() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def measure() -> Figures:
    """Run the child on a pseudo-terminal of its own, and read all that it draws."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "figures.json"
        parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.screen", "child", str(report)],
            stdin=child,
            stdout=child,
            stderr=child,
            env=environment,
        )
        os.close(child)
        last = b""
        while process.poll() is None:
            if select.select([parent], [], [], 0.2)[0]:
                try:
                    last = os.read(parent, 65536)
                except OSError:
                    break
        process.wait(10)
        os.close(parent)
        if not report.exists():
            raise RuntimeError(last.decode(errors="replace"))
        return Figures(**json.loads(report.read_text(encoding="utf-8")))


def rows() -> Iterator[Row]:
    """Against what must not be passed: all of it delivered, a key answered within 50 ms, memory bounded."""
    figures = measure()
    name = f"{PANES} panes, {PER_SECOND} tokens/s, {BEFORE} in each"
    yield Row(f"{name}: sent / arrived", "share", 1.0, 1 / max(figures.settled, 0.001), 1.001)
    yield Row(f"{name}: busy lag p50", "ms", 50.0, figures.lag_p50, 1.0)
    yield Row(f"{name}: busy lag p99", "ms", 50.0, figures.lag_p99, 1.0)
    yield Row(f"{name}: memory, end to begin", "MB", figures.rss_begin, figures.rss_end, 1.5)
    yield Row(f"{name}: processor, of a core", "share", 1.0, figures.cpu, 1.0)
    yield Row("the same screen when nothing runs: processor", "share", 0.01, figures.idle, 1.0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        bench = Bench()
        bench.run()
        assert bench.figures
        Path(sys.argv[2]).write_text(json.dumps(asdict(bench.figures)), encoding="utf-8")
    else:
        for key, value in asdict(measure()).items():
            print(f"{key:<16} {value:.4f}")
