"""A loop whose clock jumps to the next timer instead of waiting for it, so that nothing in a test sleeps.

Real I/O is still served: time jumps only when a short look at the sockets finds nothing to do.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")
LOOK = 0.02


class _Jumping(selectors.DefaultSelector):
    jumped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        events = super().select(min(timeout, LOOK))
        if not events:
            self.jumped += timeout
        return events


class JumpLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return super().time() + self._jumping.jumped


def jump_run(main: Coroutine[object, object, T]) -> T:
    """Run a coroutine on a jumping clock."""
    with asyncio.Runner(loop_factory=JumpLoop) as runner:
        return runner.run(main)
