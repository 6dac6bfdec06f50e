"""Several errands at once, through the lanes of their servers, under one purse.

It prints nothing. One errand in a process of its own needs none of this: that is `errands`.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui_delegate import profiles
from tui_delegate.core.choice import Choice
from tui_delegate.engine.crew import loop_clock
from tui_delegate.engine.errand import Bench
from tui_delegate.engine.purser import Purser
from tui_delegate.engine.stream import Stream
from tui_delegate.workspace.errands import Told
from tui_delegate.workspace.origin import fresh_id, origin, within
from tui_delegate.workspace.seating import Seating
from tui_delegate.workspace.servers import Servers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from tui_delegate.core.events import Event
    from tui_delegate.core.limits import Limits
    from tui_delegate.core.specs import Seat
    from tui_delegate.engine.errand import Done
    from tui_delegate.journal.store import Journal
    from tui_delegate.profiles import Settings
    from tui_delegate.workspace.seating import Place


@dataclass(slots=True)
class Many:
    """One for a process. Opened by `open_many`."""

    settings: Settings
    environ: Mapping[str, str]
    reach: Servers
    seating: Seating
    limits: Limits
    purser: Purser
    """One for all: what one errand spends another can't."""

    async def seat(self, place: Place, temperature: float | None = None, spares: Sequence[str] = ()) -> Seat:
        """Find the seat of who is sent, and its window. Raises a BackendError."""
        seat = await self.seating.errand(place, temperature, spares)
        if seat.window is None:
            chosen = profiles.select(self.settings, seat.profile, seat.model)
            seat = replace(seat, window=await self.reach.window(chosen, seat.model))
        return seat

    async def capacity(self, seat: Seat) -> int:
        """Say how many calls the servers of a seat take at once."""
        return await self.reach.capacity(profiles.select(self.settings, seat.profile, seat.model), seat.model)

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
    """Read the profiles. Raises a ConfigError, and a DepthExceeded where we are too deep in other runs."""
    environ = os.environ if environ is None else environ
    settings = profiles.load(environ, Path.home())
    limits = profiles.with_limits(settings.limits, changes) if changes else settings.limits
    limits = within(limits, environ)
    reach = Servers(settings, environ, list(settings.warnings))
    try:
        yield Many(settings, environ, reach, Seating(settings, reach, Choice()), limits, Purser(limits))
    finally:
        await reach.aclose()


async def _read(stream: Stream, tell: Callable[[Event], None]) -> None:
    async for event in stream:
        tell(event)
