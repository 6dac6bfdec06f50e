"""The ports: what the engine asks of the rooms beside it, and hands to them.

`workspace` is the only place that puts something real behind them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_delegate.core.approval import AskedKind, Question, Verdict
    from tui_delegate.core.chunks import ChatRequest, Chunk, Reply
    from tui_delegate.core.events import Event
    from tui_delegate.core.files import FileEntry
    from tui_delegate.core.servers import Progress, ServerInfo
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


class ModelHost(Protocol):
    """What a server does with models beside answering: not every server can do all of it.

    A method that the server has no way for raises a ResolveError that says so.
    """

    async def info(self) -> ServerInfo:
        """Say what the server is and which models it has."""

    async def load(self, model: str, report: Callable[[Progress], None]) -> None:
        """Load a model and wait until it is loaded."""

    async def unload(self, model: str) -> None:
        """Unload a model."""

    async def pull(self, model: str, report: Callable[[Progress], None]) -> None:
        """Download a model and wait until it is there."""

    async def window(self, model: str) -> int | None:
        """Say how many tokens one request to the model may hold; None: not known."""

    async def parallel(self, model: str) -> int | None:
        """Say how many requests the server answers at once; None: not known."""

    async def load_progress(self, model: str) -> float | None:
        """Say how far the model's load is, 0 to 1; None: it is not being loaded."""


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


class Approver(Protocol):
    """Puts a question to a person. Several may be open at once, and a question that is settled otherwise
    (the run was cancelled, all was approved) is cancelled as any task is.
    """

    def wants(self, kind: AskedKind) -> bool:
        """Say whether the person wants to be asked about such things now."""

    async def ask(self, question: Question) -> Verdict:
        """Wait for the answer. A DelegateError means no."""


class Recorder(Protocol):
    """Keeps a run's events. Calls `done` from any thread, once, when they are safe or can't be."""

    def append(
        self, run: str, events: Sequence[Event], done: Callable[[Exception | None], None] | None
    ) -> None:
        """Store events in this order, facts and texts alike, in one transaction."""
