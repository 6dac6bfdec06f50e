"""Several errands at once, through the lanes of their servers, under one purse.

It prints nothing. One errand in a process of its own needs none of this: that is `errands`.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tui_delegate.core.records import dataclass, replace
from tui_delegate.engine.crew import loop_clock
from tui_delegate.engine.errand import Bench
from tui_delegate.engine.purser import Purser
from tui_delegate.engine.stream import Stream
from tui_delegate.workspace.errands import Sending, Told
from tui_delegate.workspace.origin import fresh_id, origin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from tui_delegate.core.events import Event
    from tui_delegate.core.specs import Seat
    from tui_delegate.engine.errand import Done
    from tui_delegate.journal.store import Journal
    from tui_delegate.workspace.seating import Place


@dataclass(slots=True)
class Many(Sending):
    """One for a process. Opened by `open_many`."""

    purser: Purser
    """One for all: what one errand spends another can't."""

    async def seat(self, place: Place, temperature: float | None = None, spares: Sequence[str] = ()) -> Seat:
        """Find the seat of who is sent, and its window. Raises a BackendError."""
        seat = await self.seating.errand(place, temperature, spares)
        if seat.window is None:
            seat = replace(seat, window=await self.reach.window(self.profile(seat), seat.model))
        return seat

    async def capacity(self, seat: Seat) -> int:
        """Say how many calls the servers of a seat take at once."""
        return await self.reach.capacity(self.profile(seat), seat.model)

    async def run(
        self,
        work: Callable[[Bench], Awaitable[Done]],
        prompt: str,
        *,
        command: str,
        target: str = "",
        session: str = "",
        cwd: str = "",
        journal: Journal | None = None,
        tell: Callable[[Event], None] = lambda event: None,
    ) -> Told:
        """Do some work as a run of its own. Cancelling it is told before it is raised."""
        run = fresh_id("r")
        stream = Stream(run, journal)
        bench = Bench(stream, self.purser, loop_clock(time.time))
        context = origin(self.environ, command, session=session, target=target, cwd=cwd)
        bench.open(run, prompt, self.limits, context)
        reading = asyncio.create_task(_read(stream, tell))
        try:
            done = await work(bench)
        finally:
            await stream.close()
            await reading
        return Told(run, context, done, stream.broken)


@asynccontextmanager
async def open_many(
    changes: Sequence[str] = (), environ: Mapping[str, str] | None = None
) -> AsyncIterator[Many]:
    """Read the profiles; raises what `Sending.read` raises."""
    read = Sending.read(changes, environ, plain=False)
    many = Many(read.settings, read.environ, read.reach, read.seating, read.limits, Purser(read.limits))
    try:
        yield many
    finally:
        await read.reach.aclose()


async def _read(stream: Stream, tell: Callable[[Event], None]) -> None:
    async for event in stream:
        tell(event)
