"""The four time-outs of a call: what each says when it has passed, and what a stream tells its watch.

Nothing here waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from tui_delegate.core.chunks import ProgressChunk
from tui_delegate.core.errors import TimedOut
from tui_delegate.core.records import dataclass, replace

if TYPE_CHECKING:
    from tui_delegate.core.chunks import Chunk
    from tui_delegate.core.ports import Sink

POLL_LOAD = 1.0
"""Seconds between two looks at how far a load is."""

Cause = Literal["queue", "first", "idle", "total"]


@dataclass(frozen=True, slots=True)
class TimeOuts:
    """The four time-outs, in seconds."""

    queue: float = 600.0
    first: float = 600.0
    idle: float = 120.0
    total: float = 3600.0

    @classmethod
    def of(cls, timeout: float | None) -> TimeOuts:
        """Take a profile's own `timeout`, which bounds every read, the first too."""
        return cls() if timeout is None else cls(first=timeout, idle=timeout)

    def within(self, seconds: float | None) -> TimeOuts:
        """Give those of a run that may take so long; None: as long as it likes."""
        return self if seconds is None else replace(self, total=min(self.total, seconds))

    @property
    def look_every(self) -> float:
        """Seconds between two looks at a load while no token has come."""
        return min(POLL_LOAD, self.first / 3)

    def passed(self, cause: Cause) -> TimedOut:
        """Say which of them it was."""
        words, hint = {
            "queue": (
                f"No place came free on the server within {self.queue:g} s (queue).",
                "Use fewer workers at once, or raise max_parallel if the server can take more.",
            ),
            "first": (
                f"No first token within {self.first:g} s.",
                "Raise the profile's timeout, or take a smaller model.",
            ),
            "idle": (f"The stream was silent for {self.idle:g} s.", "Try again."),
            "total": (f"The call took longer than {self.total:g} s (total).", "Ask for less at once."),
        }[cause]
        return TimedOut(words, hint)


class Watch(Protocol):
    """Ends a call that is silent for too long."""

    paused: bool
    """Whether it is not the server's turn."""
    began: bool

    def begin(self) -> None:
        """Note that the first token came."""

    def bytes_came(self) -> None:
        """Note that the server is there, though it may say nothing yet."""

    def not_counted(self) -> None:
        """Begin to count anew: until now the server was loading."""


class TimedSink:
    """Passes chunks on and tells the watch; a slow reader is not the server's silence."""

    def __init__(self, sink: Sink, watch: Watch) -> None:
        self._put = sink.put
        self._drain = sink.drain
        self._watch = watch

    def put(self, chunk: Chunk) -> None:
        """Hand one chunk on."""
        if not isinstance(chunk, ProgressChunk):
            if not self._watch.began:
                self._watch.begin()
        elif chunk.stage == "load":
            self._watch.not_counted()
        self._put(chunk)

    async def drain(self) -> None:
        """Wait until there is room."""
        self._watch.paused = True
        await self._drain()
        self._watch.paused = False
        self._watch.bytes_came()
