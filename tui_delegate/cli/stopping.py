"""TERM and HUP end a call as Ctrl-C does: what is under way is written down first. Then the process ends by
that very signal, so that whoever sent it sees that it worked.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType, TracebackType


class Stoppable:
    """Use it in a `with` around work that a KeyboardInterrupt ends well."""

    def __init__(self) -> None:
        self._received = 0

    def __enter__(self) -> Stoppable:
        for name in ("SIGTERM", "SIGHUP"):
            if (number := getattr(signal, name, None)) is not None:
                try:
                    signal.signal(number, self._stop)
                except ValueError:  # not in the main thread: then signals are somebody else's
                    return self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._received and isinstance(error, KeyboardInterrupt):
            signal.signal(self._received, signal.SIG_DFL)
            os.kill(os.getpid(), self._received)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._received = number
        signal.raise_signal(signal.SIGINT)
