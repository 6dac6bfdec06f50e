"""What travels between the engine and a backend while one model call runs.

A backend is handed a `ChatRequest`, puts chunks into a sink as they arrive, and returns a `Reply`. A reply
is returned only when the server said that it was done: a stream that just ends is an error, never a reply.
"""

from __future__ import annotations

from typing import Literal

from tui_delegate.core.messages import Message, ToolSpec
from tui_delegate.core.records import dataclass
from tui_delegate.core.specs import Think
from tui_delegate.core.usage import Usage

Finish = Literal["stop", "calls", "length"]


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One model call, in no protocol's words."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    may_call: bool = True
    """False: the tools may be named to the server, since the history holds calls, but none may be called."""
    temperature: float | None = None
    max_tokens: int | None = None
    think: Think = None
    tries: int = 1
    """How often this very call has been made, this time included."""
    answer_schema: str = ""
    """A JSON Schema, as text, that the answer has to fit. A server that can holds the model to it; elsewhere
    the words of the task have to ask for it. Whoever asked checks the answer in any case."""


@dataclass(frozen=True, slots=True)
class TextChunk:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ThoughtChunk:
    """A piece of thinking."""

    text: str


@dataclass(frozen=True, slots=True)
class CallChunk:
    """A piece of a tool call's arguments, for the eye: the whole call comes with the reply."""

    slot: int
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class QueueChunk:
    """The call waits in its lane. Position 0 means that it goes now."""

    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class ProgressChunk:
    """The server is busy before the first token: loading the model, or reading the prompt."""

    stage: Literal["load", "prompt"]
    done: float | None = None
    """From 0 to 1, where the server says it."""


Chunk = TextChunk | ThoughtChunk | CallChunk | QueueChunk | ProgressChunk


@dataclass(frozen=True, slots=True)
class Reply:
    """A model call that the server finished."""

    message: Message
    finish: Finish
    usage: Usage
    model: str = ""
    """The model that answered, as the server names it."""
    tokens_per_second: float | None = None
    """As the server measured it."""
    flags: tuple[str, ...] = ()
    """What was mended or missing on the way: `no_finish_reason`, `repaired_line`, …"""
