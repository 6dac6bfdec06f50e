"""Runs a scripted cast to its end and gives what happened, for tests that look at events."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

from tests.clock import jump_run
from tests.script import Cast
from tui_delegate.core.events import Event
from tui_delegate.core.limits import Limits
from tui_delegate.core.messages import Message
from tui_delegate.core.ports import Approver, Recorder, Shelf
from tui_delegate.core.transcript import Transcript
from tui_delegate.engine.run import Plan, Run, open_run


@dataclass
class Told:
    """A run that has ended."""

    events: list[Event] = field(default_factory=list)
    transcript: Transcript = field(default_factory=Transcript)

    def of(self, *kinds: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kinds)]

    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


Watch = Callable[[Run, Event], Coroutine[object, object, None] | None]


async def play(
    cast: Cast,
    prompt: str = "do it",
    *,
    limits: Limits | None = None,
    recorder: Recorder | None = None,
    shelf: Shelf | None = None,
    approver: Approver | None = None,
    history: tuple[Message, ...] = (),
    watch: Watch | None = None,
) -> Told:
    told = Told()
    plan = Plan("r1", prompt, limits=limits or Limits(), history=history)
    async with open_run(
        plan, cast, recorder=recorder, shelf=shelf, approver=approver, now=lambda: 0.0
    ) as run:
        async for event in run:
            told.events.append(event)
            told.transcript.apply(event)
            if watch and (doing := watch(run, event)):
                await doing
    return told


def tell(
    cast: Cast,
    prompt: str = "do it",
    *,
    limits: Limits | None = None,
    recorder: Recorder | None = None,
    shelf: Shelf | None = None,
    approver: Approver | None = None,
    history: tuple[Message, ...] = (),
    watch: Watch | None = None,
) -> Told:
    return jump_run(
        play(
            cast,
            prompt,
            limits=limits,
            recorder=recorder,
            shelf=shelf,
            approver=approver,
            history=history,
            watch=watch,
        )
    )
