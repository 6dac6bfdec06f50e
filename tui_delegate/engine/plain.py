"""A run in a process without an event loop: its stream, its purse and how its time passes.

The rules are those of every run: what is spent is in the journal before the end is told, and text is stored
a few times a second. Only one thing happens at a time here, so nobody ever waits for a place.
"""

from __future__ import annotations

import time
from queue import SimpleQueue
from typing import TYPE_CHECKING

from tui_delegate.core.errors import DelegateError
from tui_delegate.core.events import Started
from tui_delegate.core.purse import Purse
from tui_delegate.engine.call import Clock
from tui_delegate.engine.texts import TEXT_EVERY, coalesce

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_delegate.core.events import Event
    from tui_delegate.core.limits import Limits
    from tui_delegate.core.ports import Recorder
    from tui_delegate.core.purse import Reservation
    from tui_delegate.core.usage import Price, Usage


class PlainStream:
    """Tells at once and stores behind. `close` waits until all is safe."""

    def __init__(self, run: str, recorder: Recorder | None, tell: Callable[[Event], None]) -> None:
        self._run = run
        self._recorder = recorder
        self._tell = tell
        self._waiting: list[Event] = []
        self._facts = False
        """Whether a fact is among them."""
        self._stored = time.monotonic()
        self._ends: SimpleQueue[Exception | None] = SimpleQueue()
        self._flying = 0
        self.broken: Exception | None = None
        """Why the journal did not take something, where it did not."""

    def emit(self, event: Event) -> None:
        """Put one event in. The beginning is stored at once, so that others see what is under way."""
        self._waiting.append(event)
        self._facts = self._facts or event.durable
        if event.terminal or type(event) is Started:
            self._store()
        self._tell(event)

    async def drain(self) -> None:
        """Store what waits, if it is a fact, or text of a while ago."""
        if self._facts or (self._waiting and time.monotonic() - self._stored > TEXT_EVERY):
            self._store()

    def close(self) -> None:
        """Wait until all is in the journal, or can't be."""
        self._store()
        for _ in range(self._flying):
            self.broken = self.broken or self._ends.get()
        self._flying = 0

    def _store(self) -> None:
        events, self._waiting, self._facts = coalesce(self._waiting), [], False
        self._stored = time.monotonic()
        if self._recorder is None or not events:
            return
        try:
            self._recorder.append(self._run, events, self._ends.put)
            self._flying += 1
        except (OSError, RuntimeError, DelegateError) as error:  # no thread to be had: the run goes on
            self.broken = self.broken or error


class PlainPurser:
    """Hands out a run's money, to one call at a time."""

    def __init__(self, limits: Limits) -> None:
        self._purse = Purse(limits)

    async def reserve(self, prompt: int, wanted: int | None, price: Price | None) -> Reservation:
        """Hold back what a call may cost. Raises a BudgetExceeded."""
        held = self._purse.reserve(prompt, wanted, price)
        assert held is not None, "nobody else holds anything"
        return held

    def settle(self, held: Reservation, usage: Usage, cost: float | None) -> None:
        """Count what a call cost."""
        self._purse.settle(held, usage, cost)

    async def enter(self, waiting: Callable[[int], None]) -> None:
        """Go on: there is always a place."""

    def leave(self) -> None:
        """Nobody waits for it."""


def plain_clock() -> Clock:
    """Give the way of passing time that needs no event loop. Ctrl-C breaks off."""
    return Clock(time.time, time.monotonic, _sleep, KeyboardInterrupt)


async def _sleep(seconds: float) -> None:
    time.sleep(seconds)  # noqa: ASYNC251 (there is no loop to hold up)
