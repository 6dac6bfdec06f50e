"""Talk: what stands in the manager's messages, taken apart: the prompt, the files at hand, the results.

Only the current run counts, but for the files: a later prompt may ask about those that an earlier one named.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tui_delegate.core.files import FileEntry, parse_list, split_list
from tui_delegate.core.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.core.chunks import ChatRequest
    from tui_delegate.core.messages import Message, ToolSpec


@dataclass(frozen=True, slots=True)
class Result:
    """What came back from one worker."""

    task: str
    text: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Talk:
    """The current run, as its manager sees it."""

    prompt: str
    entries: tuple[FileEntry, ...] = ()
    results: tuple[Result, ...] = ()
    calls: int = 0
    """Calls made in the whole conversation, so that ids never repeat."""
    tried: bool = False
    """Tasks were handed out in this run."""


@dataclass(frozen=True, slots=True)
class Tool:
    """The delegation tool, as far as its schema tells."""

    name: str
    takes_files: bool = True
    models: tuple[str, ...] = field(default=())
    """What its `model` argument may be; empty: it has none."""


def listen(messages: Sequence[Message]) -> Talk:
    """Read a conversation."""
    start = 0
    for at, message in enumerate(messages):
        if message.role == "assistant" and not message.calls:
            start = at + 1
    run = messages[start:]
    said = [words for message in run if message.role == "user" and (words := _words(message.text))]
    listed = [parse_list(message.text) for message in messages if message.role in ("user", "system")]
    entries = next((found for found in reversed(listed) if found), ())
    results = tuple(_result(message) for message in run if message.role == "tool")
    calls = sum(len(message.calls) for message in messages)
    tried = any(message.calls for message in run)
    return Talk("\n".join(said), entries, results, calls, tried)


def _words(text: str) -> str:
    return split_list(text)[0].strip()


def _result(message: Message) -> Result:
    """Read a tool result; one that is not ours stands as the text that it is."""
    try:
        given = json.loads(message.text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        return Result("a task", error=message.text) if message.failed else Result("a task", message.text)
    name = str(given.get("task_name") or "a task")
    if given.get("status") == "error" or message.failed:
        return Result(name, error=str(given.get("message") or given.get("error") or "it failed"))
    return Result(name, str(given.get("result") or ""))


def delegation_tool(request: ChatRequest) -> Tool | None:
    """Find the tool that hands out tasks; None where nothing may be handed out."""
    for spec in request.tools if request.may_call else ():
        if (known := _properties(spec)) and "task_description" in known:
            model = known.get("model")
            choices = model.get("enum") if isinstance(model, dict) else None
            models = tuple(str(one) for one in choices) if isinstance(choices, list) else ()
            return Tool(spec.name, "files" in known, models)
    return None


def _properties(spec: ToolSpec) -> dict[str, object]:
    try:
        schema = json.loads(spec.schema)
    except (ValueError, RecursionError):
        return {}
    found = schema.get("properties") if isinstance(schema, dict) else None
    return found if isinstance(found, dict) else {}
