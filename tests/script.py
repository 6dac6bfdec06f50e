"""Scripted models behind the real backend port, and the seats that lead to them.

    Script().calls("subagent", task_name="a", task_description="fix a").then().says("Done.")

A script is asked as any backend is: it streams, counts tokens, fails and waits where it is told to. It stands
in for the model and for nothing else.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tui_delegate.core.chunks import CallChunk, ChatRequest, Reply, TextChunk
from tui_delegate.core.errors import BackendError, ResolveError
from tui_delegate.core.messages import Message, Thinking, ToolCall
from tui_delegate.core.ports import Backend, Sink
from tui_delegate.core.specs import Seat
from tui_delegate.core.usage import LOCAL, Price, Usage


@dataclass
class Step:
    """One reply: what is written, what is called, and how it ends."""

    pieces: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    thinking: tuple[Thinking, ...] = ()
    error: BackendError | None = None
    gate: asyncio.Event | None = None
    seconds: float = 0.0
    finish: str = ""
    usage: Usage | None = None
    flags: tuple[str, ...] = ()


class Script:
    """A model that says what it was told to, step by step; the last step is repeated."""

    def __init__(self) -> None:
        self.steps: list[Step] = [Step()]
        self.asked: list[ChatRequest] = []
        self.in_flight = 0
        self.most_in_flight = 0

    def says(self, *pieces: str) -> Script:
        self.steps[-1].pieces += pieces
        return self

    def thinks(self, text: str, signature: str = "") -> Script:
        self.steps[-1].thinking += (Thinking(text, signature),)
        return self

    def calls(self, name: str, **arguments: object) -> Script:
        return self.calls_raw(name, json.dumps(arguments))

    def calls_raw(self, name: str, arguments: str) -> Script:
        place = f"call_{len(self.steps)}_{len(self.steps[-1].calls)}"
        self.steps[-1].calls.append(ToolCall(place, name, arguments))
        return self

    def delegates(self, *tasks: str) -> Script:
        for task in tasks:
            self.calls("subagent", task_name=task.split()[0], task_description=task)
        return self

    def fails(self, error: BackendError) -> Script:
        self.steps[-1].error = error
        return self

    def waits_for(self, gate: asyncio.Event) -> Script:
        self.steps[-1].gate = gate
        return self

    def takes(self, seconds: float) -> Script:
        self.steps[-1].seconds = seconds
        return self

    def ends(self, finish: str) -> Script:
        self.steps[-1].finish = finish
        return self

    def flagged(self, *flags: str) -> Script:
        self.steps[-1].flags = flags
        return self

    def uses(self, prompt: int, completion: int) -> Script:
        self.steps[-1].usage = Usage(prompt, 0, completion)
        return self

    def then(self) -> Script:
        self.steps.append(Step())
        return self

    def step_for(self, request: ChatRequest) -> Step:
        return self.steps[min(len(self.asked), len(self.steps) - 1)]

    async def chat(self, request: ChatRequest, sink: Sink) -> Reply:
        step = self.step_for(request)
        self.asked.append(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self._play(step, request, sink)
        finally:
            self.in_flight -= 1

    async def _play(self, step: Step, request: ChatRequest, sink: Sink) -> Reply:
        for piece in step.pieces:
            sink.put(TextChunk(piece))
            await sink.drain()
        for slot, call in enumerate(step.calls):
            sink.put(CallChunk(slot, call.name, call.arguments))
        if step.seconds:
            await asyncio.sleep(step.seconds)
        if step.gate:
            await step.gate.wait()
        if step.error:
            raise step.error
        text = "".join(step.pieces)
        usage = step.usage or Usage(10, 0, max(1, len(text) // 4))
        message = Message("assistant", text, tuple(step.calls), step.thinking)
        finish = step.finish or ("calls" if step.calls else "stop")
        assert finish in ("calls", "stop", "length")
        return Reply(message, finish, usage, request.model, flags=step.flags)  # type: ignore[arg-type]


class Answering(Script):
    """A model that answers each request by a rule."""

    def __init__(self, rule: Callable[[ChatRequest], Step]) -> None:
        super().__init__()
        self._rule = rule

    def step_for(self, request: ChatRequest) -> Step:
        return self._rule(request)


def echo(gate: asyncio.Event | None = None) -> Answering:
    """Make a worker that answers `result of` its task."""
    return Answering(lambda request: Step([f"result of {request.messages[-1].text}"], gate=gate))


def seat_of(name: str, backend: Backend, *, price: Price | None = LOCAL, window: int | None = None) -> Seat:
    """Make a seat for a scripted model."""
    return Seat(
        name, f"{name}-profile", "script", "test", f"{name}-model", backend, price=price, window=window
    )


class Cast:
    """Seats by name."""

    def __init__(self, **backends: Backend | Seat) -> None:
        self.seats = {
            name: one if isinstance(one, Seat) else seat_of(name, one) for name, one in backends.items()
        }

    async def seat(self, name: str) -> Seat:
        if name not in self.seats:
            raise ResolveError(f"There is no agent {name!r}.")
        return replace(self.seats[name], agent=name)
