"""A small stage for widgets under test, and the events that bring a worker into each of its states."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.screen import Screen

from tui_delegate.core.calls import ModelCall
from tui_delegate.core.events import (
    Calling,
    Cancelled,
    Delegated,
    Event,
    Failed,
    FellBack,
    Finished,
    Loading,
    Opened,
    Queued,
    Refused,
    Returned,
    RunPath,
    Spent,
    Started,
    Thought,
    Wrote,
)
from tui_delegate.core.transcript import Transcript
from tui_delegate.core.usage import Usage
from tui_delegate.tui.clock import FrameClock
from tui_delegate.tui.commands import bindings
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.workers import ANYWHERE, COMMANDS, Workers

NOW = 1_012.4
STATES: dict[str, tuple[Event, ...]] = {
    "queued": (Queued(path=(), position=2, reason="1 of 1 in use on llama.cpp"),),
    "loading model": (Loading(stage="load", done=0.4),),
    "thinking": (Thought(text="Two lists, then compare. "), Thought(text="Start with the first.")),
    "writing": (Wrote(text="The 3.0 release removes\n"), Wrote(text="the synchronous client.")),
    "tool": (Calling(tool="subagent", text='{"task": "look"}'),),
    "waiting": (Wrote(text="One moment."),),
    "done": (Wrote(text="All is well."), Finished(at=NOW - 2, text="All is well.")),
    "failed": (
        Failed(at=NOW - 1, code="unreachable", message="Nothing answers there.", hint="Start the server."),
    ),
    "refused": (),
    "cancelled": (Wrote(text="Half an ans"), Cancelled(at=NOW - 1, text="Half an ans")),
    "edited by you": (
        Finished(at=NOW - 2, text="Wrong."),
        Returned(text="Right.", edited=True),
    ),
}
"""By the word that stands for the state: what happens after the worker has begun."""


def at(event: Event, path: RunPath) -> Event:
    """Give the same event at another path."""
    return replace(event, path=path)


def begun(path: RunPath, title: str, model: str = "qwen3:4b", *, attempt: int = 1) -> list[Event]:
    return [
        Delegated(path=path, call_id="c", task_name=title, task=f"{title}, please", attempt=attempt),
        Started(
            path=path, at=1_000.0, agent="worker", profile="p", backend="b", model=model, attempt=attempt
        ),
    ]


def in_state(word: str, path: RunPath, title: str = "find breaking API") -> list[Event]:
    """The events that bring a worker into a state."""
    if word == "refused":
        return [
            Refused(
                path=path, call_id="c", code="depth", message="Too deep.", tool="subagent", task_name=title
            )
        ]
    events = begun(path, title) + [at(event, path) for event in STATES[word]]
    if word == "waiting":
        events += begun((*path, 0), "nested look")
    return events


def rerouted(path: RunPath) -> Event:
    return FellBack(path=path, from_seat="a", profile="q", backend="b", model="other", code="unreachable")


def spent(path: RunPath, completion: int = 288, rate: float | None = 93.0, cost: float | None = 0.0) -> Spent:
    usage = Usage(1_204, 0, completion)
    return Spent(
        path=path,
        call=ModelCall("worker", "p", "b", "h", "m", "m", usage, 0, 100, 3_100, rate, None, cost, "ok"),
    )


def opened(run: str = "r1") -> Opened:
    return Opened(run=run, prompt="Compare these release notes.")


class WorkersScreen(Screen[None]):
    """Workers, and a record of what their keys ask for."""

    BINDINGS: ClassVar = [*bindings(ANYWHERE, "pane"), *bindings(ANYWHERE, "workers")]

    def __init__(self, workers: Workers) -> None:
        super().__init__()
        self.crew = workers
        self.asked: list[str] = []
        for command in COMMANDS:
            setattr(self, f"action_{command.action}", self._recorder(command.id))

    def _recorder(self, id: str) -> Callable[[], None]:
        def record() -> None:
            self.asked.append(id)
            if id == "workers.mode":
                self.crew.next_mode()
            elif id in ("pane.next", "pane.previous"):
                self.crew.step(1 if id == "pane.next" else -1)
            elif id.startswith("pane.focus-"):
                self.crew.focus_number(int(id.rpartition("-")[2]))
            elif id == "pane.pin":
                self.crew.toggle_pin()

        return record

    def compose(self) -> ComposeResult:
        yield self.crew


class WorkersStage(Stage):
    """An app that has nothing but workers on it."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FrameClock(self)
        self.crew = Workers(self.clock, wall=lambda: NOW)
        self.shown = WorkersScreen(self.crew)
        self.opened: list[tuple[str, RunPath]] = []

    def get_default_screen(self) -> Screen[None]:
        return self.shown

    @property
    def asked(self) -> list[str]:
        return self.shown.asked

    def tell(self, transcript: Transcript, events: Iterable[Event]) -> None:
        for event in events:
            self.crew.touch(transcript, transcript.apply(event).path)

    def on_workers_open(self, message: Workers.Open) -> None:
        self.opened.append((message.run, message.path))
