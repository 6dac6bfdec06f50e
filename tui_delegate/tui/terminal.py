"""The terminal as Textual drives it, made to survive that it goes away.

A terminal that is closed sends HUP and then CONT, and takes no more bytes: Textual would begin again and wait
for ever for somebody to read. Nothing of the product is known here.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from textual.drivers import linux_driver
from textual.drivers._writer_thread import WriterThread

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


class SteadyWriter(WriterThread):
    """Writes until the terminal takes no more, and then goes on reading what nobody gets."""

    def run(self) -> None:
        """Write what comes; whoever waits with a full queue is let go in any case."""
        try:
            super().run()
        except OSError:
            while self._queue.get() is not None:
                pass


class Terminal(linux_driver.LinuxDriver):
    """Textual's driver, told when its terminal is gone."""

    gone = False
    """Whether nobody is there any more to read or to write."""

    def start_application_mode(self) -> None:
        """Begin, or go on after a stop; not for a terminal that is gone."""
        if not self.gone:
            super().start_application_mode()  # type: ignore[no-untyped-call]

    def write(self, data: str) -> None:
        """Write, if there is anybody."""
        if not self.gone:
            super().write(data)

    def flush(self) -> None:
        """Flush, if there is anybody."""
        if not self.gone:
            super().flush()

    def hang_up(self) -> None:
        """Take note that the terminal is gone."""
        self.gone = True


def steady() -> type[Terminal]:
    """Give the driver to use on a terminal; to ask twice changes nothing."""
    linux_driver.WriterThread = SteadyWriter  # type: ignore[attr-defined]
    return Terminal


def on_leaving(tell: Callable[[int], None]) -> None:
    """Call `tell` with the number of the signal that ends us.

    The handlers run at once and not in the event loop's turn: the CONT that follows a HUP would be before it.
    """

    def leave(number: int, _: FrameType | None) -> None:
        if number == signal.SIGHUP:
            signal.signal(signal.SIGCONT, signal.SIG_IGN)
        tell(number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
