"""One line on a terminal that says how far long work is, and goes away when it is done.

Whether it is shown is `output`'s to decide.
"""

from __future__ import annotations

import time

from tui_delegate.core.clean import clean_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self, TextIO

PAUSE = 0.1
"""Seconds between two drawings: more would cost time and show no more."""
_CLEAR = "\r\x1b[K"


class Progress:
    """Counts steps of work. Used as a context: at its end the line is gone."""

    def __init__(
        self,
        stream: TextIO,
        total: int | None,
        label: str,
        *,
        shown: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.done = 0
        self.total = total
        self._stream = stream
        self._label = label
        self._note = ""
        self._shown = shown
        self._clock = clock
        self._next = float("-inf")

    def __enter__(self) -> Self:
        self._draw()
        return self

    def __exit__(self, *error: object) -> None:
        self._write("")
        self._shown = False

    def step(self, n: int = 1, note: str = "") -> None:
        """Count what is done; `note` says what it was, and may hold anything."""
        self.done += n
        self._note = note
        if self._shown and (self._clock() >= self._next or self.done == self.total):
            self._draw()

    def give_way(self) -> None:
        """Leave the line to what is written now; the next step draws it again."""
        self._write("")
        self._next = float("-inf")

    def _draw(self) -> None:
        if self._shown:
            self._next = self._clock() + PAUSE
            self._write(clean_line(self._words(), _columns(self._stream) - 1))

    def _words(self) -> str:
        count = str(self.done)
        if self.total:
            count = f"{self.done}/{self.total} ({min(self.done * 100 // self.total, 100)} %)"
        return f"{self._label} {count} {self._note}"

    def _write(self, line: str) -> None:
        if not self._shown:
            return
        try:
            self._stream.write(_CLEAR + line)
            self._stream.flush()
        except OSError:  # nobody can see it any more; the work goes on
            self._shown = False


def _columns(stream: TextIO) -> int:
    import os

    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
