"""Tells thinking from answer where a model writes both into one text, and notices a model that is stuck.

Pure text work: no chunk, no protocol.
"""

from __future__ import annotations

import re
from typing import Literal

from tui_delegate.core.errors import BadReply

OPEN, CLOSE = "<think>", "</think>"
_CLOSE_ALONE = r"^[ \t]*</think>[ \t]*$"
_CHECK_EVERY = 2048
_SHORTEST, _LONGEST = 20, 200
_REPEATS, _STUCK = 40, 4096
_DULL_CHECKS = 32

Kind = Literal["text", "thought"]


class ThinkSplitter:
    """Splits a text whose very start is `<think>`; the same word further on is text like any other."""

    def __init__(self) -> None:
        self._state: Literal["start", "thinking", "after", "text"] = "start"
        self._held = ""
        self._begun = False

    @property
    def unclosed(self) -> bool:
        """Whether the thinking never came to its end."""
        return self._state == "thinking"

    @property
    def passed(self) -> bool:
        """Whether all that still comes is text."""
        return self._state == "text"

    def feed(self, text: str) -> list[tuple[Kind, str]]:
        """Take a piece and give what can be told apart now."""
        if self._state == "text":
            return [("text", text)] if text else []
        if self._state == "start":
            return self._start(text)
        if self._state == "thinking":
            return self._thinking(text)
        text = text.lstrip()
        if text:
            self._state = "text"
        return [("text", text)] if text else []

    def end(self) -> list[tuple[Kind, str]]:
        """Give what was held back."""
        held, self._held = self._held, ""
        if not held:
            return []
        return [("thought" if self._state == "thinking" else "text", held)]

    def _start(self, text: str) -> list[tuple[Kind, str]]:
        self._held += text
        begin = self._held.lstrip()
        if begin.startswith(OPEN):
            self._state, self._held = "thinking", ""
            return self._thinking(begin[len(OPEN) :])
        if OPEN.startswith(begin):
            return []
        self._state, text, self._held = "text", self._held, ""
        return [("text", text)]

    def _thinking(self, text: str) -> list[tuple[Kind, str]]:
        text, self._held = self._held + text, ""
        if not self._begun:
            text = text.lstrip("\n")
            self._begun = bool(text)
        before, tag, after = text.partition(CLOSE)
        if tag:
            self._state = "after"
            out: list[tuple[Kind, str]] = [("thought", before)] if before else []
            return out + self.feed(after)
        keep = next((n for n in range(len(CLOSE) - 1, 0, -1) if text.endswith(CLOSE[:n])), 0)
        if keep:
            text, self._held = text[:-keep], text[-keep:]
        return [("thought", text)] if text else []


def split_at_lone_close(text: str) -> tuple[str, str] | None:
    """Part a finished text where `</think>` stands on a line of its own and nothing opened it.

    Some templates put the opening tag into the prompt. Inside a code fence the tag is somebody's code.
    """
    match = re.search(_CLOSE_ALONE, text, re.MULTILINE) if CLOSE in text else None
    if match is None or OPEN in text[: match.start()] or "```" in text[: match.start()]:
        return None
    return text[: match.start()].strip(), text[match.end() :].lstrip()


class RepeatWatch:
    """Ends an answer that says the same thing over and over: 40 times in a row and 4 KB at the least.

    Lines of dashes or blanks have little in them by nature, so those may go on for 64 KB.
    """

    def __init__(self) -> None:
        self._tail = ""
        self._fresh: list[str] = []
        self._size = 0
        self._dull = 0

    def feed(self, text: str) -> None:
        """Take a piece; looks at the tail only every 2 KB."""
        self._fresh.append(text)
        self._size += len(text)
        if self._size < _CHECK_EVERY:
            return
        self._tail = (self._tail + "".join(self._fresh))[-_REPEATS * _LONGEST :]
        self._fresh, self._size = [], 0
        self._check(self._tail)

    def _check(self, tail: str) -> None:
        period = _period(tail)
        if period is None:
            self._dull = 0
            return
        self._dull += 1
        if len(set(tail[-period:])) > 3 or self._dull >= _DULL_CHECKS:
            raise BadReply(
                "The model's answer was stopped: repeating itself.",
                "Try again, with another temperature or model.",
            )


def _period(tail: str) -> int | None:
    probe = tail[-_SHORTEST:]
    for period in range(_SHORTEST, _LONGEST + 1):
        if tail[-_SHORTEST - period : -period] != probe:
            continue
        size = max(_STUCK, _REPEATS * period)
        if len(tail) >= size and tail[-size:-period] == tail[-size + period :]:
            return period
    return None
