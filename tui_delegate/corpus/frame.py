"""The frame in which files are sent with one question: the bytes that agent-delegate sends.

Only what could end the frame, or begin a file in it, is escaped: harmless contents go out as they are.
How files stand in a conversation with a manager is `core.files`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tui_delegate.core.frames import harmless, is_forged

if TYPE_CHECKING:
    from tui_delegate.corpus.packet import Packet

ESCAPED_WORDS: Final = (
    "Where a file holds a tag of this frame in its own text, that tag's `<` is written as `&lt;` (and an "
    "`&lt;` in such a file as `&amp;lt;`): it is part of the file, never the end or the beginning of one."
)
"""What a system message adds when something was escaped."""


class Framed(NamedTuple):
    """A corpus as it is sent."""

    text: str
    escaped: bool
    """Whether something in it was escaped, so that the system message has to say how."""


def render(packet: Packet, tag: str) -> Framed:
    """Write a packet into one message: `<corpus>` for ask, `<context>` for write."""
    import json

    escaped = False
    parts = []
    for name, text, _ in packet.sheets:
        if is_forged(text):
            text, escaped = harmless(text), True
        parts.append(f"<file path={_path(json.dumps(name))}>\n{text}\n</file>")
    return Framed(f"<{tag}>\n" + "\n\n".join(parts) + f"\n</{tag}>", escaped)


def _path(quoted: str) -> str:
    """Write a path so that neither its quotation marks nor a tag in it end the line."""
    if "<" not in quoted and ">" not in quoted:
        return quoted
    inner = quoted[1:-1].replace("<", "\\u003c") if is_forged(quoted) else quoted[1:-1]
    return f'"{inner.replace(chr(92) + chr(34) + ">", chr(92) + "u0022>")}"'
