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
        self._heard: list[int] = []

    def __enter__(self) -> Stoppable:
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is None or signal.getsignal(number) is not signal.SIG_DFL:
                continue  # whoever started us wants it ignored, as `nohup` does, or hears it already
            try:
                signal.signal(number, self._stop)
            except ValueError:  # not in the main thread: then signals are somebody else's
                break
            self._heard.append(number)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in self._heard:
            signal.signal(number, signal.SIG_DFL)
        if self._received and isinstance(error, KeyboardInterrupt):
            os.kill(os.getpid(), self._received)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._received = number
        interrupt = signal.getsignal(signal.SIGINT)
        if not callable(interrupt):  # a shell starts what is in its background with Ctrl-C ignored
            raise KeyboardInterrupt
        interrupt(signal.SIGINT, frame)
