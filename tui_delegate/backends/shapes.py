"""What chat templates do not take, and the other shape of the same conversation that they do.

Pure but for what it remembers: which model of this server refused what. No request is made here.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Literal

from tui_delegate.core.messages import user
from tui_delegate.core.records import replace

if TYPE_CHECKING:
    from tui_delegate.core.chunks import ChatRequest
    from tui_delegate.core.errors import BackendError
    from tui_delegate.core.messages import Message, ToolCall

Quirk = Literal["alternate", "no_system", "completion_tokens", "no_schema"]

_QUIRKS: tuple[tuple[Quirk, str], ...] = (
    ("alternate", r"roles? must alternate|must alternate (?:between )?user"),
    (
        "no_system",
        r"system (?:role|messages?|prompts?) (?:is |are )?(?:not|un)\s?(?:supported|allowed)"
        r"|(?:not|n't) support (?:a |the )?system",
    ),
    ("completion_tokens", r"use '?max_completion_tokens"),
    ("no_schema", r"response_format|\bformat\b|schema|grammar"),
)


class Shapes:
    """Remembers, for each model of one server, what its template refuses."""

    def __init__(self) -> None:
        self._quirks: dict[str, set[Quirk]] = {}

    def has(self, model: str, quirk: Quirk) -> bool:
        """Whether the model is known to have the quirk."""
        return quirk in self._quirks.get(model, ())

    def learn(self, request: ChatRequest, error: BackendError) -> bool:
        """Take a refusal; True means that something new was learned and a new try is worth it."""
        if error.status not in (400, 422, 500):
            return False
        known = self._quirks.setdefault(request.model, set())
        said = f"{error.message} {error.body}"
        new = {quirk for quirk, words in _QUIRKS if re.search(words, said, re.IGNORECASE)} - known
        if not request.answer_schema:  # then it is about something else
            new.discard("no_schema")
        known |= new
        return bool(new)

    def schema(self, request: ChatRequest) -> object:
        """Give the schema that the answer is to be held to; None: there is none, or it was refused."""
        if not request.answer_schema or self.has(request.model, "no_schema"):
            return None
        return json.loads(request.answer_schema)

    def shape(self, model: str, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """Give the conversation in the shape that the model's template takes."""
        if self.has(model, "no_system"):
            messages = fold_system(messages)
        if self.has(model, "alternate"):
            messages = join_users(messages)
        return messages


def join_users(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Join user messages that follow each other; the last of them, the task, stays last."""
    joined: list[Message] = []
    for message in messages:
        if joined and message.role == "user" and joined[-1].role == "user":
            joined[-1] = replace(joined[-1], text=f"{joined[-1].text}\n\n{message.text}")
        else:
            joined.append(message)
    return tuple(joined)


def fold_system(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Put the system text at the head of the first user message."""
    text = "\n\n".join(message.text for message in messages if message.role == "system" and message.text)
    rest = [message for message in messages if message.role != "system"]
    if not text:
        return tuple(rest)
    if rest and rest[0].role == "user":
        return (replace(rest[0], text=f"{text}\n\n{rest[0].text}"), *rest[1:])
    return (user(text), *rest)


def arguments_object(call: ToolCall) -> dict[str, object]:
    """The arguments of a past call as an object. Text that is none is shown to the model as what it was."""
    try:
        value = json.loads(call.arguments)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        return value
    return {"invalid_arguments": call.arguments} if call.arguments.strip() else {}


def call_name(call: ToolCall) -> str:
    """The name of a past call; servers refuse a history with an empty one."""
    return call.name or "invalid"
