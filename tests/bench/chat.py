"""The manager's chat while it is written, with workers beside it, on a real pseudo-terminal.

A conversation of thirty exchanges, an answer of 4,000 tokens that is still being written, and four workers
that write all the while. The floor is the same text as plain lines. Then a conversation of five hundred
exchanges: how long it takes to stand, and what a screenful of scrolling costs.
`python -m tests.bench.chat` prints all figures.
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
import json
import os
import pty
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
from typing import ClassVar

from textual import events
from textual.app import ComposeResult

from tests.bench.measure import Row
from tests.bench.screen import BEFORE, COLUMNS, HEARTBEAT, ROWS, SECONDS, SETTLE, TOKENS, rss
from tui_delegate.core.calls import ModelCall
from tui_delegate.core.events import Delegated, Event, Finished, Opened, Spent, Started, Wrote
from tui_delegate.core.transcript import Transcript
from tui_delegate.core.usage import Usage
from tui_delegate.tui.clock import FrameClock
from tui_delegate.tui.collecting import Collecting
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.chat import Chat
from tui_delegate.tui.widgets.lines import Lines
from tui_delegate.tui.widgets.strip import Strip
from tui_delegate.tui.widgets.workers import Workers

WORKERS = 4
PER_WORKER = 500
PER_SECOND = 60
HISTORY = 30
LONG_HISTORY = 500
OLD_TOKENS = 600
"""Of an answer in the history."""
KEY_EVERY = 0.1
KEY = b"\x1b[24~"
"""F12: nobody has a use for it here."""


@dataclass(frozen=True)
class Figures:
    """What one run of the child measured."""

    opened: float
    """Seconds of processor time until the conversation stood."""
    delivered: float
    """Share of what was sent that the chat had taken in a second after the sending ended."""
    lag_p50: float
    lag_p99: float
    lag_most: float
    over_50: float
    """Heartbeats of more than 50 ms."""
    gc_most: float
    """The longest that the garbage collector took."""
    key_p50: float
    key_p99: float
    """From the moment a key was written to the terminal until it was heard, by the wall clock."""
    page: float
    """Milliseconds of processor time that a screenful of scrolling takes."""
    cpu: float
    frames: float
    widgets: float
    rss_begin: float
    rss_end: float


class Plain(Lines):
    """The floor: the newest answer as lines."""

    rate = 8.0

    def __init__(self, clock: FrameClock) -> None:
        super().__init__(id="chat")
        self.clock, self.runs, self.taken = clock, list[Transcript](), 0

    def show(self, runs: list[Transcript]) -> None:
        for run in runs[:-1]:
            self.write(f"{run.prompt}\n\n{run.root.text}\n\n")
        self.runs = runs

    def touch(self) -> None:
        self.clock.touch(self)

    def flush(self) -> None:
        text = self.runs[-1].root.text
        self.write(text[self.taken :])
        self.taken = len(text)


class Bench(Stage):
    """Chat, workers and strip, fed as a run feeds them."""

    CSS: ClassVar[str] = """
    Screen { layout: grid; grid-size: 2; grid-rows: 1fr 6; }
    #chat, #workers { width: 1fr; height: 1fr; }
    Strip { column-span: 2; }
    """

    def __init__(self, floor: bool, history: int) -> None:
        super().__init__()
        self.clock = FrameClock(self)
        self.collector = Collecting()
        self.crew = Workers(self.clock, id="workers")
        self.strip = Strip()
        self.talk = Plain(self.clock) if floor else Chat(self.clock, id="chat")
        self.history = [past(number) for number in range(history)]
        self.live = Transcript()
        self.sent, self.pictures, self.gc_began = 0, 0, 0.0
        self.lags: list[float] = []
        self.heard: list[float] = []
        self.collected: list[float] = [0.0]
        self.last_key: events.Event | None = None
        self.figures: Figures | None = None

    def compose(self) -> ComposeResult:
        yield self.talk
        yield self.crew
        yield self.strip

    def post_display_hook(self) -> None:
        self.pictures += 1

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and event.key == "f12" and event is not self.last_key:
            self.last_key = event
            self.heard.append(time.monotonic())
        await super().on_event(event)

    def on_mount(self) -> None:
        gc.callbacks.append(self.collecting)
        self.run_worker(self.measure(), exit_on_error=True)

    def collecting(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self.gc_began = time.thread_time()
        else:
            self.collected.append(time.thread_time() - self.gc_began)

    def tell(self, event: Event) -> None:
        """Do what the main screen does with an event."""
        node = self.live.apply(event)
        if event.path:
            self.crew.touch(self.live, node.path)
            if isinstance(event, Wrote):
                return
        self.talk.touch()
        self.clock.want_beat(self.strip)

    async def measure(self) -> None:
        opened = await self.open()
        await asyncio.sleep(SETTLE)
        page = await self.scroll()
        self.collector.settle()
        begin = rss()
        self.pictures = 0
        self.heard.clear()
        self.collected[:] = [0.0]
        heart = asyncio.create_task(self.beat())
        self.press_keys(True)
        cpu, wall = time.thread_time(), time.monotonic()
        await self.send()
        spent, took = time.thread_time() - cpu, time.monotonic() - wall
        heart.cancel()
        self.press_keys(False)
        pictures = self.pictures
        await asyncio.sleep(1.0)
        lags = sorted(self.lags) or [0.0]
        keys = sorted(self.key_times()) or [0.0]
        self.figures = Figures(
            opened,
            self.arrived() / max(len(self.live.root.text), 1),
            lags[len(lags) // 2] * 1000,
            lags[int(len(lags) * 0.99)] * 1000,
            lags[-1] * 1000,
            sum(lag > 0.05 for lag in lags),
            max(self.collected) * 1000,
            keys[len(keys) // 2] * 1000,
            keys[int(len(keys) * 0.99)] * 1000,
            page,
            spent / took,
            pictures / took,
            len(self.screen.query("*")),
            begin,
            rss(),
        )
        self.exit(0)

    async def open(self) -> float:
        """Show the conversation, and wait until the loop has nothing more to do for it."""
        self.live.apply(Opened(run="bench", prompt="Compare these."))
        self.live.apply(Started(at=time.time(), agent="manager", profile="p", backend="b", model="m"))
        for token in range(BEFORE):
            self.live.apply(Wrote(text=TOKENS[token % len(TOKENS)]))
        await asyncio.sleep(0.2)
        before = time.thread_time()
        self.talk.show([*self.history, self.live])
        self.strip.show([*self.history, self.live])
        self.talk.touch()
        busy = time.thread_time()
        while True:
            await asyncio.sleep(0.3)
            if (now := time.thread_time()) - busy < 0.02:
                break
            busy = now
        for place in range(WORKERS):
            self.tell(Delegated(path=(place,), call_id="c", task_name=f"task number {place}", task="task"))
            self.tell(
                Started(path=(place,), at=time.time(), agent="w", profile="p", backend="b", model="qwen3:4b")
            )
            for token in range(BEFORE):
                self.tell(Wrote(path=(place,), text=TOKENS[(token + place * 7) % len(TOKENS)]))
        return busy - before

    async def scroll(self) -> float:
        before = time.thread_time()
        for _ in range(10):
            self.talk.scroll_page_up(animate=False)
            await asyncio.sleep(0.1)
        spent = time.thread_time() - before
        self.talk.scroll_end(animate=False)
        if isinstance(self.talk, Chat):
            self.talk.to_end()
        await asyncio.sleep(0.5)
        return spent * 100

    async def send(self) -> None:
        """Send at the pace, however late the loop is: what was due is sent when there is time."""
        began = time.monotonic()
        done = said = 0
        while (now := time.monotonic() - began) < SECONDS:
            due = int(now * PER_WORKER * WORKERS)
            for number in range(done, due):
                self.tell(Wrote(path=(number % WORKERS,), text=TOKENS[number // WORKERS % len(TOKENS)]))
            done = due
            due = int(now * PER_SECOND)
            for number in range(said, due):
                self.tell(Wrote(text=TOKENS[(BEFORE + number) % len(TOKENS)]))
            said = due
            await asyncio.sleep(0.004)

    def arrived(self) -> int:
        """How much of the newest answer has been taken in."""
        if isinstance(self.talk, Plain):
            return self.talk.taken
        from tui_delegate.tui.widgets.answer import Answer

        newest = self.talk.chosen
        return sum(len(one.source) for one in self.talk.query(Answer) if one.parent is newest)

    def press_keys(self, pressed: bool) -> None:
        """Tell the other side to press keys, or to stop."""
        mark = Path(sys.argv[2] + ".keys")
        mark.touch() if pressed else mark.unlink()

    def key_times(self) -> list[float]:
        written = json.loads(Path(sys.argv[2] + ".written").read_text(encoding="utf-8"))
        return [after - before for before, after in zip(written, self.heard, strict=False)]

    async def beat(self) -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(HEARTBEAT)
            now = time.thread_time()
            self.lags.append(now - last)
            last = now


def past(number: int) -> Transcript:
    """An exchange that is over."""
    transcript = Transcript()
    run = f"past-{number}"
    text = "".join(TOKENS[(token + number * 13) % len(TOKENS)] for token in range(OLD_TOKENS))
    call = ModelCall(
        "manager", "p", "b", "h", "m", "m", Usage(900, 0, OLD_TOKENS), 0, 100, 3100, 40.0, None, 0.0, "ok"
    )
    for event in (
        Opened(run=run, prompt=f"Question {number}: what changed?"),
        Started(at=1.0, agent="manager", profile="p", backend="b", model="m"),
        Wrote(text=text),
        Spent(at=2.0, call=call),
        Finished(at=2.0, text=text),
    ):
        transcript.apply(event)
    return transcript


def measure(kind: str = "ours", history: int = HISTORY) -> Figures:
    """Run the child on a pseudo-terminal of its own, read all that it draws, and press a key now and then."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "figures.json"
        parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.chat", "child", str(report), kind, str(history)],
            stdin=child,
            stdout=child,
            stderr=child,
            env=environment,
        )
        os.close(child)
        last = b""
        written: list[float] = []
        while process.poll() is None:
            if select.select([parent], [], [], KEY_EVERY / 4)[0]:
                try:
                    last = os.read(parent, 65536)
                except OSError:
                    break
            if Path(f"{report}.keys").exists() and (
                not written or time.monotonic() - written[-1] > KEY_EVERY
            ):
                written.append(time.monotonic())
                os.write(parent, KEY)
                Path(f"{report}.written").write_text(json.dumps(written), encoding="utf-8")
        process.wait(10)
        os.close(parent)
        if not report.exists():
            raise RuntimeError(last.decode(errors="replace"))
        return Figures(**json.loads(report.read_text(encoding="utf-8")))


def rows() -> Iterator[Row]:
    """Against plain lines, and against what must not be passed."""
    floor, ours = measure("floor"), measure()
    name = f"chat at {PER_SECOND}/s, {BEFORE} there, {WORKERS} workers at {PER_WORKER}/s"
    yield Row(f"{name}: sent / arrived", "share", 1.0, 1 / max(ours.delivered, 0.001), 1.001)
    yield Row(f"{name}: busy lag p99", "ms", 50.0, ours.lag_p99, 1.0)
    yield Row("the same: processor, to plain lines", "share", floor.cpu, ours.cpu, 1.5)
    yield Row("the same: a key is heard, p99", "ms", 50.0, ours.key_p99, 1.0)
    yield Row("the same: garbage collector, longest", "ms", 20.0, ours.gc_most, 1.0)
    yield Row("the same: memory, end to begin", "MB", ours.rss_begin, ours.rss_end, 1.5)
    long = measure("ours", LONG_HISTORY)
    yield Row(f"a conversation of {LONG_HISTORY} stands: processor", "ms", 1000.0, long.opened * 1000, 1.0)
    yield Row("the same: a screenful of scrolling", "ms", 50.0, long.page, 1.0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        bench = Bench(sys.argv[3] == "floor", int(sys.argv[4]))
        bench.run()
        assert bench.figures
        Path(sys.argv[2]).write_text(json.dumps(asdict(bench.figures)), encoding="utf-8")
    else:
        kinds = {"floor": ("floor", HISTORY), "ours": ("ours", HISTORY), "long": ("ours", LONG_HISTORY)}
        found = {name: asdict(measure(*kinds[name])) for name in sys.argv[1:] or kinds}
        for key in Figures.__dataclass_fields__:
            print(f"{key:<12}", *(f"{name} {one[key]:10.3f}  " for name, one in found.items()))
