"""Mends how Textual writes to a terminal that has gone: its writer dies, and the app waits for it for good.

The one place that touches Textual's writer.
"""

from __future__ import annotations

from typing import Final

from textual.drivers._writer_thread import WriterThread

_run: Final = WriterThread.run


def _run_to_the_end(self: WriterThread) -> None:
    """Write; once nobody sees it any more, take what comes and let it go, so that who writes never waits."""
    try:
        _run(self)
    except OSError:
        while self._queue.get() is not None:
            pass


def mend_writer() -> None:
    """Have every writer run so; to do it twice changes nothing."""
    WriterThread.run = _run_to_the_end  # type: ignore[method-assign]
