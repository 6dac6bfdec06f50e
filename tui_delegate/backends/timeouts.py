"""The four time-outs of a call, and what each says when it has passed. Nothing here waits."""

from __future__ import annotations

from typing import Literal

from tui_delegate.core.errors import TimedOut
from tui_delegate.core.records import dataclass

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
