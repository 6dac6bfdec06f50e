"""Sends an errand both ways, on an event loop and without one, and gives what happened.

What is asked and what the model says is written in each test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field

from tests.clock import jump_run
from tui_delegate.core.calls import RunContext
from tui_delegate.core.events import Event, Finished, Opened, Spent
from tui_delegate.core.limits import Limits
from tui_delegate.core.straight import straight
from tui_delegate.engine.call import Clock
from tui_delegate.engine.crew import loop_clock
from tui_delegate.engine.errand import Bench, Done
from tui_delegate.engine.plain import PlainPurser, PlainStream
from tui_delegate.engine.purser import Purser
from tui_delegate.engine.stream import Stream

Work = Callable[[Bench], Coroutine[object, object, Done]]


class Notebook:
    """A journal in memory: keeps what it is given, and says at once that it is safe."""

    def __init__(self, broken: Exception | None = None) -> None:
        self.groups: list[list[Event]] = []
        self.broken = broken

    @property
    def facts(self) -> list[Event]:
        return [event for group in self.groups for event in group if event.durable]

    def append(
        self, run: str, events: Sequence[Event], done: Callable[[Exception | None], None] | None
    ) -> None:
        if self.broken is None:
            self.groups.append(list(events))
        if done:
            done(self.broken)


@dataclass
class Sent:
    """An errand that has ended."""

    events: list[Event] = field(default_factory=list)
    notebook: Notebook = field(default_factory=Notebook)
    done: Done | None = None
    raised: BaseException | None = None
    broken: Exception | None = None
    pauses: list[float] = field(default_factory=list)

    @property
    def end(self) -> Done:
        assert self.done is not None, self.raised
        return self.done

    @property
    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.events]

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """The ledger's rows: who was asked, how it went, and the code of what went wrong."""
        calls = [event.call for event in self.events if isinstance(event, Spent)]
        return [(call.asked, call.status, call.code) for call in calls]

    @property
    def finished(self) -> Finished:
        event = self.events[-1]
        assert isinstance(event, Finished), event
        return event


Way = Callable[..., Sent]


def send_straight(work: Work, limits: Limits | None = None, notebook: Notebook | None = None) -> Sent:
    """Send it as a process without an event loop does."""
    limits = limits or Limits()
    sent = Sent(notebook=notebook or Notebook())
    stream = PlainStream("r1", sent.notebook, sent.events.append)

    async def sleep(seconds: float) -> None:
        sent.pauses.append(seconds)

    bench = Bench(stream, PlainPurser(limits), Clock(lambda: 0.0, lambda: 0.0, sleep, KeyboardInterrupt))
    bench.open("r1", "do it", limits, RunContext())
    try:
        sent.done = straight(work(bench))
    except KeyboardInterrupt as interrupt:
        sent.raised = interrupt
    finally:
        stream.close()
    sent.broken = stream.broken
    return sent


def send_on_a_loop(work: Work, limits: Limits | None = None, notebook: Notebook | None = None) -> Sent:
    """Send it as one of many that run side by side."""
    return jump_run(sending(work, limits, notebook))


async def sending(
    work: Work,
    limits: Limits | None = None,
    notebook: Notebook | None = None,
    meanwhile: Callable[[asyncio.Task[Done]], Awaitable[None]] | None = None,
) -> Sent:
    """Send it on the running loop; `meanwhile` may do something to the task."""
    limits = limits or Limits()
    sent = Sent(notebook=notebook or Notebook())
    stream = Stream("r1", sent.notebook)
    loop = asyncio.get_running_loop()

    async def sleep(seconds: float) -> None:
        sent.pauses.append(seconds)
        await asyncio.sleep(seconds)

    clock = Clock(lambda: 0.0, loop.time, sleep, loop_clock(lambda: 0.0).broken_off)
    bench = Bench(stream, Purser(limits), clock)
    bench.open("r1", "do it", limits, RunContext())
    reading = asyncio.create_task(_read(stream, sent))
    task = asyncio.ensure_future(work(bench))
    if meanwhile:
        await meanwhile(task)
    try:
        sent.done = await task
    except asyncio.CancelledError as cancelled:
        sent.raised = cancelled
    finally:
        await stream.close()
        await reading
    sent.broken = stream.broken
    return sent


async def _read(stream: Stream, sent: Sent) -> None:
    async for event in stream:
        sent.events.append(event)


def opened(sent: Sent) -> Opened:
    """Give the first event."""
    event = sent.events[0]
    assert isinstance(event, Opened)
    return event
