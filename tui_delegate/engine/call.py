"""One model call of a turn: paid for before, metered while it runs, written down however it ends.

The chunks of a backend become events here, and every attempt becomes one row of the ledger. Which seat is
asked, and what is done with the reply, is the turn's.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Protocol

from tui_delegate.core.calls import ModelCall, Status
from tui_delegate.core.chunks import (
    CallChunk,
    ChatRequest,
    Chunk,
    ProgressChunk,
    QueueChunk,
    Reply,
    TextChunk,
    ThoughtChunk,
)
from tui_delegate.core.errors import BackendError, ContextOverflow, DelegateError
from tui_delegate.core.events import (
    Calling,
    Loading,
    Queued,
    Retrying,
    RunPath,
    Spent,
    Thought,
    Warned,
    Wrote,
)
from tui_delegate.core.flags import flag_words
from tui_delegate.core.messages import estimate_prompt
from tui_delegate.core.records import dataclass, replace
from tui_delegate.core.usage import WEIGHT_PER_TOKEN, Usage, weight

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui_delegate.core.events import Event
    from tui_delegate.core.purse import Reservation
    from tui_delegate.core.specs import Seat
    from tui_delegate.core.usage import Price

SHORTEST_MEASURE = 0.05
"""Seconds under which tokens a second say nothing."""
SILENT_CUT_TOKENS = 2000
SILENT_CUT_RATIO = 2.5
"""A server that read this much less than we sent has dropped the head of the prompt."""


class Outlet(Protocol):
    """Where a call's events go."""

    def emit(self, event: Event, /) -> None:
        """Put one event in."""

    async def drain(self) -> None:
        """Wait while the reader is behind."""


class Payer(Protocol):
    """Hands out a run's money and places in flight."""

    async def reserve(self, prompt: int, wanted: int | None, price: Price | None) -> Reservation:
        """Hold back what a call may cost, once it fits."""

    def settle(self, held: Reservation, usage: Usage, cost: float | None) -> None:
        """Count what a call cost."""

    async def enter(self, waiting: Callable[[int], None]) -> None:
        """Take a place in flight."""

    def leave(self) -> None:
        """Give the place back."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How time passes and how work is broken off: an event loop's way, or that of a process without one."""

    now: Callable[[], float]
    """Seconds since the epoch, for people."""
    time: Callable[[], float]
    """Seconds since whenever, for measuring."""
    sleep: Callable[[float], Awaitable[object]]
    broken_off: type[BaseException]
    """What is raised in a call that is to end at once."""


@dataclass(slots=True)
class Caller:
    """Who calls: one turn's place in the run, with the means to pay and to tell."""

    path: RunPath
    attempt: int
    stream: Outlet
    purser: Payer
    clock: Clock
    heard: int = 0
    """How many notes are in what is sent."""
    until: float | None = None
    """When, on the clock, nobody is asked again; None: there is no such time."""

    def is_late(self, wait: float = 0.0) -> bool:
        """Whether so many seconds from now nobody is asked again."""
        return self.until is not None and self.clock.time() + wait > self.until


class Meter:
    """A backend's sink for one attempt: turns chunks into events and keeps the times."""

    def __init__(self, caller: Caller) -> None:
        self._path = caller.path
        self._attempt = caller.attempt
        self._stream = caller.stream
        self._time = caller.clock.time
        self._begun = self._time()
        self._sent: float | None = None
        self._first: float | None = None
        self.in_line = False
        """Whether it waits for a place at the server, which has got nothing of it yet."""
        self.parts: list[str] = []
        """What it has written."""
        self._rest: list[str] = []
        """What it has thought and called."""
        self.drain = caller.stream.drain

    @property
    def began(self) -> bool:
        """Whether a token has come."""
        return self._first is not None

    def in_flight(self) -> None:
        """Note that no line of ours is in front of the call any more."""
        self.in_line = False
        self._sent = self._time()

    def put(self, chunk: Chunk) -> None:
        """Make an event of a chunk."""
        if isinstance(chunk, TextChunk):
            text = chunk.text
            if self._first is None:
                self._first = self._time()
            self.parts.append(text)
            self._stream.emit(Wrote(path=self._path, attempt=self._attempt, text=text))
        elif isinstance(chunk, ThoughtChunk | CallChunk):
            self._put_more(chunk)
        elif isinstance(chunk, QueueChunk):
            self.in_line = chunk.position > 0
            if not self.in_line:
                self._sent = self._time()
            self._stream.emit(
                Queued(path=self._path, attempt=self._attempt, position=chunk.position, reason=chunk.reason)
            )
        elif isinstance(chunk, ProgressChunk):
            stage, done = chunk.stage, chunk.done
            self._stream.emit(Loading(path=self._path, attempt=self._attempt, stage=stage, done=done))

    def _put_more(self, chunk: ThoughtChunk | CallChunk) -> None:
        if self._first is None:
            self._first = self._time()
        text = chunk.text
        self._rest.append(text)
        if isinstance(chunk, ThoughtChunk):
            self._stream.emit(Thought(path=self._path, attempt=self._attempt, text=text))
        else:
            self._stream.emit(
                Calling(path=self._path, attempt=self._attempt, slot=chunk.slot, tool=chunk.name, text=text)
            )

    def estimate(self, known: Usage) -> Usage:
        """Add what came to what is known to have been sent, for a call that has no count of its own."""
        if known.source == "reported" or not self.began:
            return known
        came = weight("".join(self.parts)) + weight("".join(self._rest))
        return Usage(known.prompt, 0, int(came / WEIGHT_PER_TOKEN), 0, "estimated")

    def row(self, seat: Seat, status: Status, usage: Usage, reply: Reply | None, code: str = "") -> ModelCall:
        """Make the ledger's row."""
        end = self._time()
        sent = self._begun if self._sent is None else self._sent
        speed = reply.tokens_per_second if reply else None
        if speed is None and self._first is not None and end - self._first >= SHORTEST_MEASURE:
            speed = max(usage.completion - 1, 0) / (end - self._first)
        return ModelCall(
            agent=seat.agent,
            profile=seat.profile,
            backend=seat.protocol,
            host=seat.host,
            asked=seat.model,
            answered=reply.model if reply else "",
            usage=usage,
            queue_ms=round((sent - self._begun) * 1000),
            first_token_ms=None if self._first is None else round((self._first - sent) * 1000),
            total_ms=round((end - self._begun) * 1000),
            tokens_per_second=None if speed is None else round(speed, 2),
            price=seat.price,
            cost=None if seat.price is None else seat.price.cost(usage),
            status=status,
            code=code,
        )


async def call_model(
    caller: Caller, seat: Seat, request: ChatRequest, meter_made: Callable[[Meter], None]
) -> Reply:
    """Make one call, and again where the lane says that it may be. Raises BackendError or BudgetExceeded."""
    prompt = estimate_prompt(request.messages, request.tools)
    for tries in count(1):
        held = await caller.purser.reserve(prompt, request.max_tokens, seat.price)
        meter = Meter(caller)
        meter_made(meter)
        try:
            return await _attempt(
                caller, seat, replace(request, max_tokens=held.max_output, tries=tries), meter, held, prompt
            )
        except BackendError as error:
            if error.retry_in is None or meter.began or caller.is_late(error.retry_in):
                raise
            caller.stream.emit(
                Retrying(
                    path=caller.path,
                    attempt=caller.attempt,
                    code=error.code,
                    message=error.message,
                    delay=error.retry_in,
                )
            )
            await caller.clock.sleep(error.retry_in)
    raise AssertionError("count() never ends")


async def _attempt(
    caller: Caller, seat: Seat, request: ChatRequest, meter: Meter, held: Reservation, prompt: int
) -> Reply:
    entered = False
    usage = Usage(source="unknown")
    status: Status = "failed"
    code, reply = "error", None
    try:
        await caller.purser.enter(lambda place: meter.put(QueueChunk(place, "max_parallel")))
        entered = True
        meter.in_flight()
        usage = Usage(prompt, source="estimated")
        answered = await seat.backend.chat(request, meter)
        usage = answered.usage
        _check_window(answered, prompt)
        status, code, reply = "ok", "", _of_seat(answered, seat)
    except DelegateError as error:
        code = error.code
        raise
    except caller.clock.broken_off:
        status, code = "cancelled", "cancelled"
        raise
    finally:
        # Whatever ended the call, a bug too: nothing stays held, and there is a row.
        if entered:
            caller.purser.leave()
        if reply is None:
            # A call that was refused before its first token has cost nothing that we know of, and one that
            # never left the line nothing at all.
            nothing = meter.in_line or (status == "failed" and not meter.began)
            usage = Usage(source="unknown") if nothing else meter.estimate(usage)
        _write_down(caller, held, meter.row(seat, status, usage, reply, code), reply)
    _warn(caller, seat, reply)
    return reply


def _of_seat(reply: Reply, seat: Seat) -> Reply:
    """Note in a reply's thinking who thought it."""
    if not reply.message.thinking:
        return reply
    thinking = tuple(replace(block, origin=seat.origin) for block in reply.message.thinking)
    return replace(reply, message=replace(reply.message, thinking=thinking))


def _check_window(reply: Reply, prompt: int) -> None:
    read = reply.usage.prompt
    if (
        reply.usage.source == "reported"
        and prompt - read > SILENT_CUT_TOKENS
        and prompt > read * SILENT_CUT_RATIO
    ):
        raise ContextOverflow(
            f"The server read {read} of about {prompt} tokens: it dropped the head of the prompt.",
            "Give it a larger window (num_ctx), or split the work.",
        )


def _write_down(caller: Caller, held: Reservation, row: ModelCall, reply: Reply | None) -> None:
    caller.purser.settle(held, row.usage, row.cost)
    caller.stream.emit(
        Spent(
            path=caller.path,
            attempt=caller.attempt,
            at=caller.clock.now(),
            call=row,
            reply=reply.message if reply else None,
            finish=reply.finish if reply else "",
            flags=reply.flags if reply else (),
            heard=caller.heard,
        )
    )


def _warn(caller: Caller, seat: Seat, reply: Reply) -> None:
    notices = [(flag, flag_words(flag)) for flag in reply.flags]
    if reply.model and not same_model(seat.model, reply.model):
        notices.append(("other_model", f"{seat.model} was asked for, {reply.model} answered."))
    for code, message in notices:
        caller.stream.emit(
            Warned(
                path=caller.path, attempt=caller.attempt, at=caller.clock.now(), code=code, message=message
            )
        )


def same_model(asked: str, answered: str) -> bool:
    """Whether two names mean one model: servers add folders, endings, tags and dates."""
    short_asked, short_answered = (_short(name) for name in (asked, answered))
    return short_asked.startswith(short_answered) or short_answered.startswith(short_asked)


def _short(name: str) -> str:
    name = name.replace("\\", "/").rsplit("/", 1)[-1].lower()
    return name.removesuffix(".gguf").removesuffix(":latest")
