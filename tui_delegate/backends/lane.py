"""The lane in front of one model server: how many go at once, who is next, and how long anybody waits.

A lane keeps first come, first served. `enter` is told the model, which is where running the loaded model's
tasks first would go. The four time-outs are kept here (and in solo, where there is no event loop); a load
that the server reports counts towards none of them. Protocols and retries over several attempts are not
here: a failed call is marked with the seconds after which it may be made again, and whoever made it decides.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from typing import TYPE_CHECKING

from tui_delegate.backends.timeouts import POLL_LOAD, Cause, TimedSink, TimeOuts
from tui_delegate.core.chunks import ChatRequest, ProgressChunk, QueueChunk, Reply
from tui_delegate.core.errors import BackendError, DelegateError, TimedOut
from tui_delegate.core.records import dataclass
from tui_delegate.core.retry import RetryBudget, retry_delay

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_delegate.core.ports import Backend, ModelHost, Sink


@dataclass(slots=True, eq=False)
class _Waiter:
    turn: asyncio.Future[None]
    told: Callable[[int], None]


class Lane:
    """One server's places and its line. Invariant: nobody waits while a place is free."""

    def __init__(self, places: int | None, learn: Callable[[str], asyncio.Future[int]] | None = None) -> None:
        self._places = places
        self._learn = learn
        self._learning: asyncio.Future[int] | None = None
        self._busy = 0
        self._asking = 0
        self._line: deque[_Waiter] = deque()
        self.budget = RetryBudget()

    @property
    def load(self) -> int:
        """How many are being served or wait, for a place or to learn how many there are."""
        return self._busy + len(self._line) + self._asking

    async def places(self, model: str) -> int:
        """Say how many go at once; the server is asked once, by whoever comes first."""
        if self._places is None:
            assert self._learn is not None
            self._learning = self._learning or self._learn(model)
            self._places = await asyncio.shield(self._learning)
        return self._places

    async def enter(self, model: str, told: Callable[[int], None], patience: float) -> None:
        """Take a place, in order; `told` hears the position in the line, and 0 at its end.

        Raises TimeoutError when no place came free within `patience` seconds.
        """
        self._asking += 1
        try:
            places = self._places or await self.places(model)
        finally:
            self._asking -= 1
        if self._busy < places:  # looked at only now: others were let in while this one asked
            self._busy += 1
            return
        waiter = _Waiter(asyncio.get_running_loop().create_future(), told)
        self._line.append(waiter)
        told(len(self._line))
        try:
            async with asyncio.timeout(patience):
                await waiter.turn
        except (asyncio.CancelledError, TimeoutError):
            if not waiter.turn.cancelled():
                self.leave()
            elif waiter in self._line:
                self._line.remove(waiter)
                self._tell_positions()
            raise
        told(0)

    def leave(self) -> None:
        """Give the place to the next in line who has not given up."""
        while self._line:
            waiter = self._line.popleft()
            if not waiter.turn.done():
                waiter.turn.set_result(None)
                self._tell_positions()
                return
        self._busy -= 1

    def _tell_positions(self) -> None:
        for position, waiter in enumerate(self._line, 1):
            waiter.told(position)


class Laned:
    """A backend behind its lane: waits its turn, keeps the time-outs, marks what may be tried again."""

    def __init__(
        self,
        backend: Backend,
        lane: Lane,
        time_outs: TimeOuts,
        host: ModelHost | None = None,
        luck: Callable[[], float] = random.random,
    ) -> None:
        self._backend = backend
        self.lane = lane
        self._time_outs = time_outs
        self._host = host
        self._luck = luck

    @property
    def load(self) -> int:
        """How many are being served or wait."""
        return self.lane.load

    async def chat(self, request: ChatRequest, sink: Sink) -> Reply:
        """Make the call when it is its turn."""
        await self._enter(request, sink)
        self.lane.budget.count_call()
        try:
            while True:
                try:
                    return await self._timed(request, sink)
                except BackendError as error:
                    if not error.loading:
                        raise
                await self._await_load(request.model, sink)
        except BackendError as error:
            delay = retry_delay(error, request.tries, self._luck())
            if delay is not None and self.lane.budget.take():
                error.retry_in = delay
            raise
        finally:
            self.lane.leave()

    async def _enter(self, request: ChatRequest, sink: Sink) -> None:
        def told(place: int) -> None:
            sink.put(QueueChunk(place, "the server is busy"))

        try:
            await self.lane.enter(request.model, told, self._time_outs.queue)
        except TimeoutError:
            raise self._time_outs.passed("queue") from None

    async def _timed(self, request: ChatRequest, sink: Sink) -> Reply:
        watch = _Watch(self._time_outs)
        look = _LoadLook(self._host, request.model, sink, watch) if self._host else None
        try:
            async with asyncio.timeout(None) as scope:  # the watch's one timer keeps the total too
                watch.start(scope, look)
                return await self._backend.chat(request, TimedSink(sink, watch))
        except TimeoutError:
            raise watch.error() from None
        finally:
            watch.stop()
            if look:
                await look.stop()

    async def _await_load(self, model: str, sink: Sink) -> None:
        """Wait until the server has loaded the model; a load is never asked for twice."""
        while True:
            done = await _look(self._host, model)
            if done is not None:
                sink.put(ProgressChunk("load", done))
            await asyncio.sleep(POLL_LOAD)
            if done is None:
                return


async def _look(host: ModelHost | None, model: str) -> float | None:
    """Ask how far a load is. A server that is too busy to tell, or has no way to, has told nothing."""
    try:
        return await host.load_progress(model) if host else None
    except DelegateError:
        return None


class _LoadLook:
    """While no token has come, looks whether the server loads the model, and does not count that time."""

    def __init__(self, host: ModelHost, model: str, sink: Sink, watch: _Watch) -> None:
        self._host = host
        self._model = model
        self._sink = sink
        self._watch = watch
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Look from now on. Most calls are never silent for so long."""
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Look no more."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _follow(self) -> None:
        while not self._watch.began:
            done = await _look(self._host, self._model)
            if done is not None and not self._watch.began:
                self._sink.put(ProgressChunk("load", done))
                self._watch.not_counted()
            await asyncio.sleep(self._watch.time_outs.look_every)


class _Watch:
    """Ends a call that is silent for too long, or takes too long altogether.

    One timer a call, for whatever is due first: a token only leaves the time behind.
    """

    def __init__(self, time_outs: TimeOuts) -> None:
        self._loop = asyncio.get_running_loop()
        self.time_outs = time_outs
        self._limit = time_outs.first
        self._last = self._loop.time()
        self._end = self._last + time_outs.total
        self._load: _LoadLook | None = None
        """What looks at a load, until it is set going or not needed any more."""
        self._timer: asyncio.TimerHandle | None = None
        self._scope: asyncio.Timeout | None = None
        self._cause: Cause = "total"
        self.paused = False
        self.began = False

    def start(self, scope: asyncio.Timeout, load: _LoadLook | None) -> None:
        """Watch from now on; the scope is what is ended."""
        self._scope, self._load = scope, load
        self._arm()

    def stop(self) -> None:
        """Watch no more."""
        self._scope = None
        self._disarm()

    def begin(self) -> None:
        """Note that the first token came."""
        self.began, self._load = True, None
        self._last = self._loop.time()
        self._limit = self.time_outs.idle
        self._disarm()
        self._arm()

    def bytes_came(self) -> None:
        """Note that the server is there, though it may say nothing yet."""
        if self.began:
            self._last = self._loop.time()

    def not_counted(self) -> None:
        """Begin to count anew: until now the server was loading."""
        self._last = self._loop.time()
        self._end = self._last + self.time_outs.total

    def error(self) -> TimedOut:
        """Say which time-out it was."""
        return self.time_outs.passed(self._cause)

    def _arm(self) -> None:
        limit = self._limit if self._load is None else self.time_outs.look_every
        self._timer = self._loop.call_at(min(self._last + limit, self._end), self._look)

    def _look(self) -> None:
        now = self._loop.time()
        if self.paused:
            self._last = now
        silent = now - self._last
        if self._load is not None and silent >= self.time_outs.look_every:
            self._load.begin()
            self._load = None
        if now < self._end and silent < self._limit:
            self._arm()
        elif self._scope and not self._scope.expired():
            self._cause = "total" if now >= self._end else "idle" if self.began else "first"
            self._scope.reschedule(now)

    def _disarm(self) -> None:
        if self._timer:
            self._timer.cancel()
