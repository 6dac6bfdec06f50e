"""What a host is told while a call is under way: how far it is, and what a person would want to know.

A few messages a second at the most, however fast a model writes. How they are sent is not known here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean_line, sentence
from tui_delegate.core.events import (
    Delegated,
    Failed,
    FellBack,
    Finished,
    Loading,
    Queued,
    Retrying,
    Warned,
    Wrote,
)
from tui_delegate.core.specs import seat_name
from tui_delegate.core.usage import WEIGHT_PER_TOKEN, weight
from tui_delegate.workspace.secrets import hidden

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui_delegate.core.events import Event

EVERY: Final = 0.2
"""Seconds between two messages."""
LONGEST: Final = 300


class Telling:
    """How far one call is. Its number only grows, as the protocol wants it."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        """What has to be said with the result, too."""
        self.total: int | None = None
        """Of how many files; None: it is tokens that are counted."""
        self._weight = 0
        self._done = 0
        self._steps = 0
        self._last = ""
        self._news = asyncio.Event()
        self._over = asyncio.Event()

    def hear(self, event: Event) -> None:
        """Take an event in."""
        match event:
            case Wrote():
                self._weight += weight(event.text)
                self._tell("")
            case Retrying():
                self.note(f"{sentence(hidden(event.message))} Again in {event.delay:.1f} s.")
            case FellBack():
                place = seat_name(event.profile, event.model)
                self.note(f"{event.from_seat} failed ({event.code}), {place} takes over")
            case Warned():
                self.note(event.message)
            case Failed() if event.path:
                self.note(f"a part failed ({event.code}): {hidden(event.message)}")
            case _:
                self._hear_lightly(event)

    def note(self, words: str) -> None:
        """Say something now, and with the result."""
        self.notes.append(clean_line(words, LONGEST))
        self._tell(words)

    def step(self, words: str) -> None:
        """Count one file."""
        self._done += 1
        self._tell(words)

    async def report(self, send: Callable[[float, float | None, str], Awaitable[None]]) -> None:
        """Send what there is to tell, until the call is over."""
        sent = -1.0
        while not self._over.is_set():
            await self._news.wait()
            self._news.clear()
            now = self._number()
            if now > sent and not self._over.is_set():
                sent = now
                await send(now, self.total, _sound(self._words()))
            await self._pause()

    def end(self) -> None:
        """Tell nothing more."""
        self._over.set()
        self._news.set()

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._over.wait(), EVERY)
        except TimeoutError:
            return

    def _hear_lightly(self, event: Event) -> None:
        match event:
            case Loading() if event.stage == "load" and not event.done:
                self._tell("the server loads the model")
            case Queued() if event.position:
                self._tell(f"waits, {event.position} in line ({event.reason})")
            case Delegated():
                self._tell(f"{event.task_name} begins")
            case Finished() if event.path:
                self._tell("a part is done")

    def _tell(self, words: str) -> None:
        if words:
            self._steps += 1
            self._last = words
        self._news.set()

    def _number(self) -> float:
        if self.total is not None:
            return float(self._done)
        return float(self._tokens() + self._steps)

    def _tokens(self) -> int:
        return int(self._weight / WEIGHT_PER_TOKEN)

    def _words(self) -> str:
        tokens = f"about {self._tokens()} tokens so far" if self._weight else ""
        return clean_line("; ".join(filter(None, (self._last, tokens))), LONGEST)


def _sound(words: str) -> str:
    """Make words that can be sent, without half a character."""
    return words.encode("utf-8", errors="replace").decode("utf-8")
