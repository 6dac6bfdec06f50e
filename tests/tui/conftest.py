"""How the tests of the screen wait: until nothing is left to do, and no longer.

A pilot naps for twenty milliseconds three times a key, since it can not tell whether the app is at rest. The
event loop can: no callback is ready, no timer is due soon, and nobody outside of it is about to wake it.
"""

from __future__ import annotations

import asyncio
import math
import sys
import threading
import time
from typing import Any, Final

import pytest
from textual import app, pilot, screen

from tui_delegate.journal.writer import Writer
from tui_delegate.tui import clock
from tui_delegate.tui.screens.main import showing

SOON: Final = 0.02
"""Seconds: as long as a pilot's nap."""


@pytest.fixture(autouse=True, scope="session")
def _wait_no_longer_than_there_is_work() -> None:
    made: Any = clock.FrameClock.__init__
    screen.UPDATE_PERIOD = 1 / 500  # type: ignore[misc]
    # Frames come at once, a clock's second passes in a thousandth, and the collector's look at all that
    # thousands of tests have loaded is left to the one test that is about it.
    clock.FRAME = 0.002  # type: ignore[misc]
    made.__kwdefaults__["now"] = lambda: time.monotonic() * 1000
    showing.SETTLED = 3600.0  # type: ignore[misc]
    app.wait_for_idle = pilot.wait_for_idle = at_rest  # type: ignore[attr-defined]


async def at_rest(min_sleep: float = SOON, max_sleep: float = 1.0) -> None:
    """Come back when the loop is at rest; where that can't be told, after a nap."""
    loop: Any = asyncio.get_running_loop()
    napped = 0.0
    while napped < SOON:
        await asyncio.sleep(0)
        if loop._ready:
            continue
        due = min((one.when() for one in loop._scheduled if not one.cancelled()), default=math.inf)
        nap = max(due - loop.time(), 0.0)
        if nap >= SOON and not _may_be_woken(loop):
            return
        nap = min(nap, SOON / 4)
        await asyncio.sleep(nap)
        napped += nap


def _may_be_woken(loop: Any) -> bool:
    """Whether a socket, a pipe or a thread may wake the loop."""
    its_own = 1
    pool = loop._default_executor
    idle, hands = (pool._idle_semaphore._value, pool._threads) if pool else (0, set())
    others = set(threading.enumerate()) - hands - {threading.current_thread()}
    return idle < len(hands) or not all(map(_waits, others)) or len(loop._selector.get_map()) > its_own


def _waits(thread: threading.Thread) -> bool:
    """Whether a thread is a journal's, and has nothing to write."""
    frame = sys._current_frames().get(thread.ident or 0)
    if frame is None or frame.f_code is not Writer._take.__code__:
        return False
    writer, waiting = frame.f_locals["self"], frame.f_locals["waiting"]
    return not waiting and writer._queue.empty()
