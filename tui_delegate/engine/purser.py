"""Hands out a run's money and places in flight to its turns, in the order that they ask.

The sums are the purse's (core); waiting for them is here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tui_delegate.core.purse import Purse, Reservation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_delegate.core.limits import Limits
    from tui_delegate.core.usage import Price, Usage


class Purser:
    """One for a run."""

    def __init__(self, limits: Limits) -> None:
        self.purse = Purse(limits)
        self._places = asyncio.Semaphore(limits.max_parallel)
        self._waiting = 0
        self._short: list[asyncio.Future[None]] = []

    async def reserve(self, prompt: int, wanted: int | None, price: Price | None) -> Reservation:
        """Hold back what a call may cost, once it fits."""
        while (held := self.purse.reserve(prompt, wanted, price)) is None:
            waiter = asyncio.get_running_loop().create_future()
            self._short.append(waiter)
            await waiter
        return held

    def settle(self, held: Reservation, usage: Usage, cost: float | None) -> None:
        """Count what a call cost, and let others look again."""
        self.purse.settle(held, usage, cost)
        for waiter in self._short:
            if not waiter.done():
                waiter.set_result(None)
        self._short.clear()

    async def enter(self, waiting: Callable[[int], None]) -> None:
        """Take a place in flight; `waiting` is told the position in the line when there is one."""
        if self._places.locked():
            self._waiting += 1
            try:
                waiting(self._waiting)
                await self._places.acquire()
            finally:
                self._waiting -= 1
        else:
            await self._places.acquire()

    def leave(self) -> None:
        """Give the place to the next in line."""
        self._places.release()
