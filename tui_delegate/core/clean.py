"""Makes untrusted text safe to show: whatever came from a model, a file, a tool or a server.

The raw text is what is stored; this is what reaches a display. Nothing here knows a terminal or a widget.
"""

from __future__ import annotations

import re

BOUND = 4096
"""Characters that a sequence without an end may swallow, or a stream hold back. The line's end is an end."""
# Patterns are compiled when they are first needed (`re` remembers them): short verbs never need them.
_ESCAPES = (
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    # A string sequence: whole where its end stands on the same line, else what is within the bound.
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])"
    r"(?:[^\n\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)|[^\n\x07\x1b\x80-\x9f]{0,4094})"
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
    r"|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SURROGATES = "[\ud800-\udfff]"
_ANYTHING = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)


def clean(text: str) -> str:
    """Take every control sequence, control character, bidi override and lone surrogate out of a text."""
    if text.isprintable() or not re.search(_ANYTHING, text):
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(_ESCAPES, "", re.sub(_SURROGATES, "\ufffd", text))


def sentence(text: str) -> str:
    """End a text, a server's for instance, so that another sentence may follow it."""
    return text if text.rstrip().endswith((".", "!", "?", ":", "…")) else f"{text.rstrip()}."


def clean_line(text: str, limit: int = 200) -> str:
    """Make one short line of a text, for names, messages and titles."""
    line = " ".join(clean(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def show_controls(text: str) -> str:
    """Write controls, overrides and half characters as signs, for texts that a person is to approve.

    There, what is left out is what matters: `␛` for an escape, `⟨U+202E⟩` for what has no sign.
    """
    text = text.replace("\r\n", "\n")
    return re.sub(_ANYTHING, lambda found: _sign(found[0]), text)


def _sign(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"


class Cleaner:
    """Cleans a stream: holds back an escape sequence that is not complete yet, up to the bound."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Clean what can be shown now."""
        text = self._held + text
        start = max(text.rfind("\x1b"), *(text.rfind(c) for c in "\x9b\x9d\x90\x98\x9e\x9f"))
        self._held = ""
        if start >= 0 and len(text) - start < BOUND and not _complete(text, start):
            text, self._held = text[:start], text[start:]
        elif text.endswith("\r"):
            text, self._held = text[:-1], "\r"
        return clean(text)

    def end(self) -> str:
        """Clean what was held back."""
        text, self._held = self._held, ""
        return clean(text)


def _complete(text: str, start: int) -> bool:
    match = re.compile(_ESCAPES).match(text, start)
    return match is not None and match.end() < len(text)
