"""How the tests of the screen wait: until nothing is left to do, and no longer.

A pilot naps for twenty milliseconds three times a key, since it can not tell whether the app is at rest. The
event loop can: no callback is ready, no timer is due soon, and nobody outside of it is about to wake it.
"""

from __future__ import annotations

import asyncio
import math
import threading
from typing import Any, Final

import pytest
from textual import app, pilot, screen

SOON: Final = 0.02
"""Seconds: as long as a pilot's nap."""


@pytest.fixture(autouse=True, scope="session")
def _wait_no_longer_than_there_is_work() -> None:
    screen.UPDATE_PERIOD = 1 / 500  # type: ignore[misc]
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
    idle, threads = (pool._idle_semaphore._value, len(pool._threads)) if pool else (0, 0)
    return idle < threads or threading.active_count() > threads + 1 or len(loop._selector.get_map()) > its_own
