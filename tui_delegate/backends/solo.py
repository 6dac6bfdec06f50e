"""What a lane is, for a process that makes one call at a time and has no event loop.

The same time-outs, the same marks on what may be tried again, the same wait while a model is being loaded.
There is no thread: the connection asks before each of its waits how long it may be. Making a failed call
again is its caller's business.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from tui_delegate.backends.timeouts import POLL_LOAD, Cause, TimedSink, TimeOuts
from tui_delegate.core.chunks import ProgressChunk
from tui_delegate.core.errors import BackendError, DelegateError
from tui_delegate.core.retry import RetryBudget, retry_delay
from tui_delegate.core.straight import straight

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_delegate.backends.plug import Patience
    from tui_delegate.backends.table import Connection
    from tui_delegate.core.chunks import ChatRequest, Reply
    from tui_delegate.core.ports import Backend, ModelHost, Sink

_LOOK_SECONDS = 1.0
"""A look at a load holds the first token up, so it may not take long."""


class Patient(Protocol):
    """A way to a server that asks how long it may wait: for a stream, and for any other answer."""

    patience: Patience
    seconds: float


def _luck() -> float:
    from random import random  # only what failed needs it

    return random()


def alone(connection: Connection, time_outs: TimeOuts) -> Solo:
    """Put a plain connection's backend under the rules of a lane."""
    return Solo(connection.backend, time_outs, connection.host, way=connection.plain)


class Solo:
    """A plain backend with time-outs. `way` is what its bytes move over; None: nothing moves."""

    def __init__(
        self,
        backend: Backend,
        time_outs: TimeOuts,
        host: ModelHost | None = None,
        luck: Callable[[], float] = _luck,
        *,
        way: Patient | None = None,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._backend = backend
        self._time_outs = time_outs
        self._host = host
        self._luck = luck
        self._way = way
        self._clock = clock
        self._pause = pause
        self._budget = RetryBudget()

    load = 0
    """Nothing waits in a process that makes one call at a time."""

    async def chat(self, request: ChatRequest, sink: Sink) -> Reply:
        """Make the call, and again once the model that was being loaded is there."""
        self._budget.count_call()
        try:
            while True:
                try:
                    return await self._timed(request, sink)
                except BackendError as error:
                    if not error.loading:
                        raise
                self._await_load(request.model, sink)
        except BackendError as error:
            delay = retry_delay(error, request.tries, self._luck())
            if delay is not None and self._budget.take():
                error.retry_in = delay
            raise

    async def _timed(self, request: ChatRequest, sink: Sink) -> Reply:
        if self._way is None:
            return await self._backend.chat(request, sink)
        watch = _Watch(self._time_outs, self._clock, lambda: self._tell_load(request.model, sink))
        before, self._way.patience = self._way.patience, watch
        try:
            return await self._backend.chat(request, TimedSink(sink, watch))
        finally:
            self._way.patience = before

    def _await_load(self, model: str, sink: Sink) -> None:
        """Wait until the server has loaded the model; a load is never asked for twice."""
        while True:
            loads = self._tell_load(model, sink)
            self._pause(POLL_LOAD)
            if not loads:
                return

    def _tell_load(self, model: str, sink: Sink) -> bool:
        """Look whether the server loads the model, and tell how far it is."""
        done = self._look(model)
        if done is not None:
            sink.put(ProgressChunk("load", done))
        return done is not None

    def _look(self, model: str) -> float | None:
        """A server that is too busy to tell, or has no way to, has told nothing."""
        if self._host is None or self._way is None:
            return None
        before, self._way.seconds = self._way.seconds, _LOOK_SECONDS
        try:
            return straight(self._host.load_progress(model))
        except DelegateError:
            return None
        finally:
            self._way.seconds = before


class _Watch:
    """The patience of one call: ends it where it is silent for too long."""

    def __init__(self, time_outs: TimeOuts, clock: Callable[[], float], loads: Callable[[], bool]) -> None:
        self._time_outs = time_outs
        self._clock = clock
        self._loads = loads
        self._last = clock()
        self._end = self._last + time_outs.total
        self._next_look = self._last + time_outs.look_every
        self.began = False
        self.paused = False

    def left(self) -> float | None:
        """Give the seconds until there is something to look at; raises the time-out that has passed."""
        now = self._clock()
        if not self.began and now >= self._next_look:
            if self._loads():
                self.not_counted()
            now = self._clock()
            self._next_look = now + self._time_outs.look_every
        cause: Cause = "idle" if self.began else "first"
        left = self._last + (self._time_outs.idle if self.began else self._time_outs.first) - now
        if self._end - now < left:
            cause, left = "total", self._end - now
        if left <= 0:
            raise self._time_outs.passed(cause)
        return left if self.began else min(left, max(self._next_look - now, 0.001))

    def begin(self) -> None:
        """Note that the first token came."""
        self.began = True
        self._last = self._clock()

    def bytes_came(self) -> None:
        """Note that the server is there, though it may say nothing yet."""
        if self.began:
            self._last = self._clock()

    def not_counted(self) -> None:
        """Begin to count anew: until now the server was loading."""
        self._last = self._clock()
        self._end = self._last + self._time_outs.total
