"""What is said to a model and by it: messages, tool calls, thinking, tools on offer.

Wire shapes live in the backends; nothing here knows a protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from tui_delegate.core.records import dataclass, field
from tui_delegate.core.usage import estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

PER_MESSAGE: Final = 4
"""Tokens that a message costs beside its text."""
Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Thinking:
    """A block of a model's thinking, kept as it came so that it can be sent back unchanged."""

    text: str = field(default="", metadata={"text": True})
    signature: str = field(default="", metadata={"text": True})
    """What the provider signed the block with; a block without one is never sent back."""
    redacted: str = field(default="", metadata={"text": True})
    """The provider's sealed form, where it shows no text."""
    origin: str = ""
    """`profile/model` that thought it: another provider must not be sent it."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call that a model asked for. `arguments` is the JSON text as it came, not yet checked."""

    id: str
    name: str = field(metadata={"text": True})
    arguments: str = field(metadata={"text": True})


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of a conversation."""

    role: Role
    text: str = field(default="", metadata={"text": True})
    calls: tuple[ToolCall, ...] = ()
    thinking: tuple[Thinking, ...] = ()
    call_id: str = ""
    """On a tool result: the id of the call that it answers."""
    name: str = field(default="", metadata={"text": True})
    """On a tool result: the tool's name, as the model wrote it."""
    failed: bool = False
    """On a tool result: the call did not do what was asked."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool on offer: its name, what it is for, and the JSON schema of its arguments."""

    name: str
    description: str
    schema: str
    """The JSON schema, as text, so that the value stays frozen and hashable."""


def system(text: str) -> Message:
    """Make a system message."""
    return Message("system", text)


def user(text: str) -> Message:
    """Make a user message."""
    return Message("user", text)


def tool_result(call: ToolCall, text: str, *, failed: bool = False) -> Message:
    """Make the message that answers a call."""
    return Message("tool", text, call_id=call.id, name=call.name, failed=failed)


def estimate_prompt(messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> int:
    """Guess how many tokens of a window they take."""
    total = sum(estimate_tokens(tool.description + tool.schema) for tool in tools)
    for message in messages:
        total += estimate_tokens(message.text) + PER_MESSAGE
        for call in message.calls:
            total += estimate_tokens(call.name + call.arguments)
    return total
