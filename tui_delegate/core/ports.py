"""The ports: what the engine asks of the rooms beside it, and hands to them.

`workspace` is the only place that puts something real behind them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_delegate.core.chunks import ChatRequest, Chunk, Reply
    from tui_delegate.core.events import Event
    from tui_delegate.core.files import FileEntry
    from tui_delegate.core.specs import Seat


class Sink(Protocol):
    """Where a backend puts what arrives. `put` returns at once; `drain` waits while the reader is slow."""

    def put(self, chunk: Chunk, /) -> None:
        """Hand one chunk on."""

    async def drain(self) -> None:
        """Wait until there is room; called once per read from the network, not once per chunk."""


class Backend(Protocol):
    """Speaks one wire protocol to one server."""

    async def chat(self, request: ChatRequest, sink: Sink) -> Reply:
        """Make one model call. Raises a BackendError; cancelling the task closes the connection."""


class Seats(Protocol):
    """Finds the seat of an agent by the name of a role, an agent, a profile or `profile/model`."""

    async def seat(self, name: str) -> Seat:
        """Raises a ResolveError or a BackendError."""


class Shelf(Protocol):
    """The files that the person named, and nothing else."""

    def entries(self) -> Sequence[FileEntry]:
        """What may be read: names, sizes, token estimates."""

    async def read(self, names: Sequence[str]) -> str:
        """Give the named files, or ranges of lines of them (`name:10-80`), in one framed text.

        Raises an InputError that a model can read.
        """


class Recorder(Protocol):
    """Keeps a run's events. Calls `done` from any thread, once, when they are safe or can't be."""

    def append(
        self, run: str, events: Sequence[Event], done: Callable[[Exception | None], None] | None
    ) -> None:
        """Store events in this order, facts and texts alike, in one transaction."""
