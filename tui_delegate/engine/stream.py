"""The one stream of a run: ordered, bounded, and never ahead of the journal.

`emit` returns at once. Facts are handed to the recorder in groups, one group in flight at a time, and a group
is shown only when it is safe; so 64 workers that finish together cost a few commits. Text that follows no
unsafe fact is shown at once and stored coalesced, a few times a second. A reader that is slow makes `drain`
wait, and with it the network.

What an event means is not known here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from tui_delegate.core.errors import DelegateError
from tui_delegate.core.events import Event, Warned
from tui_delegate.engine.texts import TEXT_EVERY, coalesce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tui_delegate.core.ports import Recorder

BOUND = 2048
"""Events that may wait for the reader before the network is made to wait."""


class Stream:
    """Events in, events out, the journal in between."""

    def __init__(self, run: str, recorder: Recorder | None) -> None:
        self._run = run
        self._recorder = recorder
        self._loop = asyncio.get_running_loop()
        self._pending: list[Event] = []
        self._flying: list[Event] | None = None
        self._shown_texts: list[Event] = []
        self._ready: deque[Event] = deque()
        self._emitted = 0
        self._published = 0
        self._pump_due = False
        self._text_timer: asyncio.TimerHandle | None = None
        self._reader: asyncio.Future[None] | None = None
        self._drains: list[asyncio.Future[None]] = []
        self._settles: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._closed = False
        self.broken: Exception | None = None
        """Why the journal did not take something, where it did not."""

    def emit(self, event: Event) -> None:
        """Put one event into the stream."""
        self._emitted += 1
        if not event.durable and not self._pending and self._flying is None:
            self._show(event)
            return
        self._pending.append(event)
        if not self._pump_due and self._flying is None:
            self._pump_due = True
            self._loop.call_soon(self._pump)

    async def settled(self) -> None:
        """Wait until all that was emitted so far is safe."""
        if self._published < self._emitted:
            waiter = self._loop.create_future()
            self._settles.append((self._emitted, waiter))
            await waiter

    async def drain(self) -> None:
        """Wait while the reader is behind, or the journal, and with it the reader."""
        if self._behind() > BOUND and not self._closed:
            waiter = self._loop.create_future()
            self._drains.append(waiter)
            await waiter

    async def close(self) -> None:
        """End the stream once everything in it is safe and shown."""
        await self.settled()
        self._store_texts()
        self.release()
        self._wake_reader()

    def release(self) -> None:
        """Let nobody wait for a reader any more: there will be none."""
        self._closed = True
        self._wake_drains()

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> Event:
        while not self._ready:
            if self._closed:
                raise StopAsyncIteration
            self._reader = self._loop.create_future()
            await self._reader
        event = self._ready.popleft()
        if self._drains and self._behind() <= BOUND // 2:
            self._wake_drains()
        return event

    def _behind(self) -> int:
        return len(self._ready) + len(self._pending) + len(self._flying or ())

    def _pump(self) -> None:
        self._pump_due = False
        if self._flying is not None or not self._pending:
            return
        batch, self._pending = self._pending, []
        if self._recorder is None:
            self._publish(batch)
        elif any(event.durable for event in batch):
            self._flying = batch
            stored = coalesce([*self._shown_texts, *batch])
            self._shown_texts.clear()
            self._store(stored, self._landed_elsewhere)
        else:
            for event in batch:
                self._show(event)
            self._wake_settled()

    def _show(self, event: Event) -> None:
        """Show at once what needs no safety and has nothing before it: the way of every token."""
        self._ready.append(event)
        self._published += 1
        if self._recorder:
            self._shown_texts.append(event)
            if self._text_timer is None:
                self._text_timer = self._loop.call_later(TEXT_EVERY, self._store_texts)
        self._wake_reader()

    def _landed_elsewhere(self, error: Exception | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._landed, error)
        except RuntimeError:  # the loop is gone, and with it everybody who would want to know
            return

    def _landed(self, error: Exception | None) -> None:
        batch, self._flying = self._flying or [], None
        if error is not None and self.broken is None:
            self.broken = error
            notice = Warned(code="ledger_not_written", message=f"The journal was not written: {error}")
            batch.append(notice)
            self._emitted += 1
        self._publish(batch)
        self._pump()

    def _store_texts(self) -> None:
        if self._text_timer:
            self._text_timer.cancel()
            self._text_timer = None
        stored, self._shown_texts = coalesce(self._shown_texts), []
        if stored:
            self._store(stored, None)

    def _store(self, events: list[Event], done: Callable[[Exception | None], None] | None) -> None:
        assert self._recorder is not None
        try:
            self._recorder.append(self._run, events, done)
        except (OSError, RuntimeError, DelegateError) as error:  # no thread to be had: the run goes on
            if done:
                done(error)

    def _publish(self, batch: Iterable[Event]) -> None:
        before = len(self._ready)
        self._ready.extend(batch)
        self._published += len(self._ready) - before
        self._wake_reader()
        self._wake_settled()

    def _wake_settled(self) -> None:
        while self._settles and self._settles[0][0] <= self._published:
            _, waiter = self._settles.popleft()
            if not waiter.done():
                waiter.set_result(None)

    def _wake_reader(self) -> None:
        if self._reader and not self._reader.done():
            self._reader.set_result(None)

    def _wake_drains(self) -> None:
        for waiter in self._drains:
            if not waiter.done():
                waiter.set_result(None)
        self._drains.clear()
