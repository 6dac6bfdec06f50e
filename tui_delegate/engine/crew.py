"""What all turns of a run share: the stream, the money, the seats, the files, and who is at work where."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tui_delegate.core.records import dataclass, field
from tui_delegate.engine.call import Caller, Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_delegate.core.events import RunPath
    from tui_delegate.core.limits import Limits
    from tui_delegate.core.ports import Seats, Shelf
    from tui_delegate.engine.batch import Batch, Delegation
    from tui_delegate.engine.gate import Gate
    from tui_delegate.engine.past import Past
    from tui_delegate.engine.purser import Purser
    from tui_delegate.engine.stream import Stream


@dataclass(slots=True)
class Crew:
    """One for a run. The books below hold who can still be told something, and nobody else."""

    stream: Stream
    purser: Purser
    seats: Seats
    shelf: Shelf | None
    limits: Limits
    now: Callable[[], float]
    worker: str
    """The name under which a worker's seat is asked for."""
    past: Past
    """What is known of the run from before it stopped."""
    gate: Gate | None = None
    """What every delegation has to pass; None: nothing is asked."""
    delegations: dict[RunPath, Delegation] = field(default_factory=dict)
    batches: dict[RunPath, Batch] = field(default_factory=dict)
    notes: dict[RunPath, list[str]] = field(default_factory=dict)
    """Open turns, each with what the person wants it to read next."""
    held: set[RunPath] = field(default_factory=set)
    """Turns whose batch stays until it is released."""

    def caller(self, path: RunPath, attempt: int) -> Caller:
        """Make what a turn calls its model with."""
        return Caller(path, attempt, self.stream, self.purser, loop_clock(self.now))


def loop_clock(now: Callable[[], float]) -> Clock:
    """Give the running event loop's way of passing time."""
    return Clock(now, asyncio.get_running_loop().time, asyncio.sleep, asyncio.CancelledError)
