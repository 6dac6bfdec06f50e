"""The worker's side: takes the files and the task out of its messages and hands them to the right model.

What may not live here: how anything is found or condensed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.backends.builtin.digest import digest
from tui_delegate.backends.builtin.extract import extract
from tui_delegate.core.files import Excerpt, parse_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.core.messages import Message

PASTED = "\n\nText:\n"
"""What stands between a task's words and a text that the manager hands on inside it."""
_OPENS, _CLOSES = "<corpus>\n", "\n</corpus>"


def work(model: str, messages: Sequence[Message]) -> str:
    """Do one task."""
    task, excerpts = task_in(messages)
    if model == "builtin/digest" and not excerpts and task.strip():  # the text itself is the task
        task, excerpts = "", [Excerpt("stdin", task)]
    if model == "builtin/worker":
        model = "builtin/digest" if task.lstrip().casefold().startswith("digest") else "builtin/extract"
    return digest(task, excerpts) if model == "builtin/digest" else extract(task, excerpts)


def task_in(messages: Sequence[Message]) -> tuple[str, list[Excerpt]]:
    """Take the task and its files apart, however many messages they came in."""
    said: list[str] = []
    excerpts: list[Excerpt] = []
    for message in messages:
        if message.role == "user":
            words, framed = _unframe(message.text)
            excerpts += framed
            said += [words] if words else []
    task, pasted, text = "\n".join(said).partition(PASTED)
    if pasted:
        excerpts.append(Excerpt("prompt", text))
    return task, excerpts


def _unframe(text: str) -> tuple[str, tuple[Excerpt, ...]]:
    """Split a message into its words and its framed files. Nothing inside a frame can end it."""
    start = text.find(_OPENS)
    end = text.find(_CLOSES, start)
    if start < 0 or end < 0 or (start and text[start - 1] != "\n"):
        return text.strip(), ()
    end += len(_CLOSES)
    words = f"{text[:start].strip()}\n{text[end:].strip()}".strip()
    return words, parse_frame(text[start:end])
