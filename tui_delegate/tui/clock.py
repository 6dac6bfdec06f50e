"""The one frame clock of an app: says when each part of the screen may be drawn again.

Whoever has something new is touched, and is flushed when its turn comes. No widget is known here, nothing
is drawn here, and nothing runs here while nothing is touched and nobody asks for the beat.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

FOCUSED: Final = 20.0
"""Flushes a second of what has the focus."""
VISIBLE: Final = 8.0
"""Flushes a second of what is on the screen."""
HIDDEN: Final = 0.0

FRAME: Final = 0.04
"""Seconds from one frame to the next."""
BEAT: Final = 0.5
"""Seconds from one beat to the next: figures that tick do so at this pace."""
BUDGET: Final = 0.008
"""Seconds of processor time that one frame's flushes may take before the rest waits for the next."""
LONG: Final = 0.022
"""Seconds of processor time, painting included, from which a frame has too much in it."""
MOST: Final = 4
"""Clients in one frame at most. Neighbours go together, so that one band of the screen is painted."""
SLOWEST: Final = 8.0


class Client(Protocol):
    """A part of the screen that shows what comes in."""

    @property
    def rate(self) -> float:
        """Flushes a second that it may have now; 0 while nobody sees it."""

    def flush(self) -> None:
        """Take in and show what is new."""


class Beating(Protocol):
    """A part of the screen with figures that change while nothing comes in."""

    def beat(self) -> bool:
        """Show the figures as they are now; gives whether there is a next time."""


class Timer(Protocol):
    """What a clock is driven by."""

    def pause(self) -> None:
        """Stop calling, until resumed."""

    def resume(self) -> None:
        """Call again."""


class Owner(Protocol):
    """What a clock gets its timers from: the app."""

    def set_interval(self, interval: float, callback: Callable[[], None], *, pause: bool) -> Timer:
        """Make a timer that is paused."""


class FrameClock:
    """Flushes what was touched: a few in each frame, those that waited longest first."""

    def __init__(
        self,
        owner: Owner,
        *,
        now: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.thread_time,
    ) -> None:
        self._owner, self._now, self._cpu = owner, now, cpu
        self._touched: dict[Client, None] = {}
        self._resting: dict[Client, None] = {}
        """Touched, and not seen by anybody: they wait without a timer."""
        self._flushed: dict[Client, float] = {}
        self._beating: dict[Beating, None] = {}
        self._frames: Timer | None = None
        self._beats: Timer | None = None
        self._running = self._ticking = False
        self._share = MOST
        self._slow = 1.0
        self._last_cpu = 0.0

    @property
    def running(self) -> bool:
        """Whether frames are being made."""
        return self._running

    @property
    def ticking(self) -> bool:
        """Whether the beat goes on."""
        return self._ticking

    @property
    def slow(self) -> float:
        """By how much every rate is divided now, because frames took too long."""
        return self._slow

    def touch(self, client: Client) -> None:
        """Have a client flushed when its turn comes. Cheap enough to be called for every event."""
        if client in self._touched or client in self._resting:
            return
        self._touched[client] = None
        if not self._running:
            self._run()

    def seen(self, client: Client) -> None:
        """Flush a client that was out of sight, if anything came for it meanwhile."""
        if client in self._resting:
            del self._resting[client]
            self.touch(client)

    def drop(self, client: Client) -> None:
        """Forget a client that is gone."""
        self._touched.pop(client, None)
        self._resting.pop(client, None)
        self._flushed.pop(client, None)

    def want_beat(self, client: Beating) -> None:
        """Have a client called at every beat, until it has no more use for it."""
        self._beating[client] = None
        if not self._ticking:
            self._ticking = True
            if self._beats is None:
                self._beats = self._owner.set_interval(BEAT, self.beat, pause=True)
            self._beats.resume()

    def no_beat(self, client: Beating) -> None:
        """Call a client no more."""
        self._beating.pop(client, None)

    def _run(self) -> None:
        self._running = True
        if self._frames is None:
            self._frames = self._owner.set_interval(FRAME, self.tick, pause=True)
        self._frames.resume()

    def tick(self) -> None:
        """Make one frame."""
        now, began = self._now(), self._cpu()
        if self._last_cpu:
            self._judge(began - self._last_cpu)
            self._last_cpu = 0.0
        for client in self._due(now)[: self._share]:
            self._touched.pop(client, None)
            self._flushed[client] = now
            self._last_cpu = began
            client.flush()
            if self._cpu() - began > BUDGET:
                break
        if not self._touched and self._frames is not None:
            self._running = False
            self._slow, self._share, self._last_cpu = 1.0, MOST, 0.0
            self._frames.pause()

    def _due(self, now: float) -> list[Client]:
        due: list[tuple[float, Client]] = []
        for client in list(self._touched):
            rate = client.rate
            if rate <= HIDDEN:
                del self._touched[client]
                self._resting[client] = None
                continue
            last = self._flushed.get(client, 0.0)
            if not last or now - last >= self._slow / rate - FRAME / 2:
                due.append((last, client))
        due.sort(key=lambda pair: pair[0])
        return [client for _, client in due]

    def _judge(self, cost: float) -> None:
        """Look at what the last frame cost in all, and make the next ones smaller or fewer."""
        if cost > LONG:
            if self._share > 1:
                self._share = max(self._share // 2, 1)
            else:
                self._slow = min(self._slow * 2, SLOWEST)
        elif cost < LONG / 2:
            self._slow = max(self._slow / 1.1, 1.0)
            self._share = min(self._share + 1, MOST)

    def beat(self) -> None:
        """Call all who asked for the beat."""
        for client in list(self._beating):
            if not client.beat():
                self._beating.pop(client, None)
        if not self._beating and self._beats is not None:
            self._ticking = False
            self._beats.pause()
