"""An errand: one bounded task for one model that gets no tools. It is asked, its answer is looked at, and it
is asked again while the answer does not hold what was asked of it, a few times at most.

Nothing in here waits but through the ports, so that it runs on an event loop and in a process without one.
Who is asked, where files come from and what is done with the answer is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.core.chunks import ChatRequest
from tui_delegate.core.errors import CutOff, DelegateError, TimedOut, Unfit
from tui_delegate.core.events import Cancelled, Failed, Finished, Opened, RunPath, Spent, Started, Warned
from tui_delegate.core.flags import UNSOUND, partial_words
from tui_delegate.core.messages import Message, user
from tui_delegate.core.records import dataclass, field
from tui_delegate.core.usage import Usage
from tui_delegate.engine.asking import Asker, no_answer
from tui_delegate.engine.call import Caller, Clock, Outlet, Payer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_delegate.core.calls import RunContext
    from tui_delegate.core.chunks import Reply
    from tui_delegate.core.events import Event
    from tui_delegate.core.limits import Limits
    from tui_delegate.core.specs import Seat


@dataclass(frozen=True, slots=True)
class Looked:
    """What became of an answer that was looked at: the text to give on, or what is wrong with it."""

    text: str
    complaint: str = ""
    """What the model is told, so that it does better; empty: all is well."""
    why: str = ""
    """What a person is told, in a sentence."""


@dataclass(frozen=True, slots=True)
class Errand:
    """One task, and what its answer has to hold."""

    messages: tuple[Message, ...]
    answer_schema: str = ""
    """The JSON schema that the server is asked to keep the answer to; empty: any text will do."""
    review: Callable[[str], Looked] | None = None
    rounds: int = 2
    """How often the model is asked again at the most."""
    whole: bool = False
    """Whether an answer that was cut is none."""
    flags: tuple[str, ...] = ()
    """What is partial already about what is asked for."""


@dataclass(frozen=True, slots=True)
class Done:
    """How an errand ended. `text` is there too where it failed, as far as there was any."""

    text: str
    seat: Seat
    usage: Usage
    cost: float | None
    calls: int
    seconds: float
    at: float
    """When its last call ended, in seconds since the epoch."""
    flags: tuple[str, ...] = ()
    error: DelegateError | None = None


@dataclass(slots=True)
class Bench:
    """What a run's errands share: where they tell, who pays, how time passes."""

    stream: Outlet
    purser: Payer
    clock: Clock
    until: float | None = None
    """When, on the clock, nobody is asked again; None: there is no such time."""

    def open(self, run: str, prompt: str, limits: Limits, context: RunContext) -> None:
        """Tell that a run begins."""
        at = self.clock.now()
        if limits.seconds is not None:
            self.until = self.clock.time() + limits.seconds
        self.stream.emit(Opened(at=at, run=run, prompt=prompt, limits=limits, context=context))


async def do(bench: Bench, errand: Errand, seat: Seat, path: RunPath = ()) -> Done:
    """Do an errand to its end. What goes wrong is told, and kept in `Done.error`; breaking off is raised."""
    told = _Tally(bench.stream)
    asker = Asker(Caller(path, 1, told, bench.purser, bench.clock, until=bench.until), seat)
    work = _Work(errand, asker, bench, path)
    begun = bench.clock.time()
    told.emit(_started(seat, path, bench.clock.now()))
    error: DelegateError | None = None
    try:
        await work.answer()
    except bench.clock.broken_off:
        text = asker.so_far()
        told.emit(Cancelled(path=path, at=bench.clock.now(), text=text))
        raise
    except DelegateError as failure:
        error = failure
        work.text = work.text or asker.so_far()
        words = (failure.code, failure.message, failure.hint)
        told.emit(_failed(path, bench.clock.now(), words, work.text))
    else:
        flags = tuple(work.flags)
        told.emit(Finished(path=path, at=bench.clock.now(), text=work.text, flags=flags))
    seconds = bench.clock.time() - begun
    return Done(
        text=work.text,
        seat=asker.seat,
        usage=told.usage,
        cost=told.cost if told.priced else None,
        calls=told.calls,
        seconds=seconds,
        at=told.at,
        flags=tuple(work.flags),
        error=error,
    )


def lost(bench: Bench, seat: Seat, error: DelegateError | None) -> Done:
    """Tell that a run came to nothing before its own model was asked."""
    error = error or DelegateError("Nothing came of it.")
    at = bench.clock.now()
    bench.stream.emit(_started(seat, (), at))
    bench.stream.emit(_failed((), at, (error.code, error.message, error.hint), ""))
    return Done("", seat, Usage(), 0.0, 0, 0.0, at, (), error)


def called_off(bench: Bench, seat: Seat) -> None:
    """Tell that a run was broken off before its own model was asked."""
    at = bench.clock.now()
    bench.stream.emit(_started(seat, (), at))
    bench.stream.emit(Cancelled(path=(), at=at, text=""))


@dataclass(slots=True)
class _Work:
    """One errand under way."""

    errand: Errand
    asker: Asker
    bench: Bench
    path: RunPath
    text: str = ""
    flags: list[str] = field(default_factory=list)

    async def answer(self) -> None:
        """Ask until the answer holds what was asked of it."""
        messages = self.errand.messages
        for left in range(self.errand.rounds, -1, -1):
            if self.asker.caller.is_late():
                raise TimedOut("The time that this may take has passed.", "Raise the limit `seconds`.")
            reply = await self.asker.ask(lambda seat: _request(seat, messages, self.errand.answer_schema))  # noqa: B023 (called at once)
            self.text = self._text_of(reply)
            if self.errand.review is None:
                return
            await self.bench.stream.drain()
            looked = self.errand.review(self.text)
            self.text = looked.text
            if not looked.complaint:
                return
            if not left:
                raise Unfit(looked.why, "The last answer is kept: give a clearer task, or a larger model.")
            message = f"{looked.why} The model is asked again."
            self.bench.stream.emit(
                Warned(path=self.path, at=self.bench.clock.now(), code="again", message=message)
            )
            messages = (*messages, reply.message, user(looked.complaint))

    def _text_of(self, reply: Reply) -> str:
        """Take the text of a reply; a cut one is flagged, or none at all."""
        text = reply.message.text
        if not text.strip():
            raise no_answer(reply)
        cut = [flag for flag in reply.flags if flag in UNSOUND]
        if reply.finish == "length":
            cut.append("length")
        self.flags = [*self.errand.flags, *cut]
        if cut and self.errand.whole:
            self.text = text
            raise _not_whole(reply, cut[-1])
        return text


class _Tally:
    """Passes events on, and sums up what was spent."""

    def __init__(self, stream: Outlet) -> None:
        self._stream = stream
        self.usage = Usage()
        self.cost = 0.0
        self.priced = True
        self.calls = 0
        self.at = 0.0
        self.drain = stream.drain

    def emit(self, event: Event) -> None:
        """Put one event in."""
        if isinstance(event, Spent):
            if event.call.usage != Usage(source="unknown"):  # a call that never got through used nothing
                self.usage += event.call.usage
            self.cost += event.call.cost or 0.0
            self.priced = self.priced and event.call.cost is not None
            self.calls += 1
            self.at = event.at
        self._stream.emit(event)


def _request(seat: Seat, messages: tuple[Message, ...], schema: str) -> ChatRequest:
    return ChatRequest(
        model=seat.model,
        messages=messages,
        temperature=seat.temperature,
        max_tokens=seat.max_tokens,
        think=seat.think,
        answer_schema=schema,
    )


def _not_whole(reply: Reply, flag: str) -> CutOff:
    if flag == "length":
        return CutOff(
            f"The answer was cut after {reply.usage.completion} tokens: it is not whole.",
            "Raise max_tokens or the model's window, or ask for less at once.",
        )
    return CutOff(f"The answer is not whole: {partial_words(flag)}.", "Ask again, or take another model.")


def _started(seat: Seat, path: RunPath, at: float) -> Started:
    return Started(
        path=path,
        at=at,
        agent=seat.agent,
        profile=seat.profile,
        backend=seat.protocol,
        model=seat.model,
        window=seat.window,
    )


def _failed(path: RunPath, at: float, words: tuple[str, str, str], text: str) -> Failed:
    code, message, hint = words
    return Failed(path=path, at=at, code=code, message=message, hint=hint, text=text)
