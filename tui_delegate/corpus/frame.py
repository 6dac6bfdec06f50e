"""The frame in which files are sent with one question: the bytes that agent-delegate sends.

Only what could end the frame, or begin a file in it, is escaped: harmless contents go out as they are.
How files stand in a conversation with a manager is `core.files`'s.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from tui_delegate.corpus.packet import Packet

ESCAPED_WORDS: Final = (
    "Where a file holds a tag of this frame in its own text, that tag's `<` is written as `&lt;` (and an "
    "`&lt;` in such a file as `&amp;lt;`): it is part of the file, never the end or the beginning of one."
)
"""What a system message adds when something was escaped."""

_GAP: Final = "[\\s\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]*"
"""White space, and what can't be seen."""
_TAG: Final = rf"(?:{_GAP}/{_GAP}(?:file|corpus|context)(?![\w.:-])|{_GAP}file\b[^<>]*\bpath{_GAP}=)"
_FORGED: Final = rf"<(?={_TAG})"
_AMBIGUOUS: Final = rf"<(?={_TAG})|&(?=(?:amp;)*lt;{_TAG})"


class Framed(NamedTuple):
    """A corpus as it is sent."""

    text: str
    escaped: bool
    """Whether something in it was escaped, so that the system message has to say how."""


def render(packet: Packet, tag: str) -> Framed:
    """Write a packet into one message: `<corpus>` for ask, `<context>` for write."""
    import json

    escaped = False
    forged = re.compile(_FORGED, re.IGNORECASE)
    parts = []
    for name, text, _ in packet.sheets:
        if "<" in text and forged.search(text):
            text, escaped = _harmless(text), True
        parts.append(f"<file path={_path(json.dumps(name))}>\n{text}\n</file>")
    return Framed(f"<{tag}>\n" + "\n\n".join(parts) + f"\n</{tag}>", escaped)


def _harmless(text: str) -> str:
    """Take the power out of tags; what looked like that before stays apart from it."""
    return re.sub(_AMBIGUOUS, lambda found: "&lt;" if found[0] == "<" else "&amp;", text, flags=re.IGNORECASE)


def _path(quoted: str) -> str:
    """Write a path so that neither its quotation marks nor a tag in it end the line."""
    if "<" not in quoted and ">" not in quoted:
        return quoted
    inner = (
        quoted[1:-1].replace("<", "\\u003c") if re.search(_FORGED, quoted, re.IGNORECASE) else quoted[1:-1]
    )
    return f'"{inner.replace(chr(92) + chr(34) + ">", chr(92) + "u0022>")}"'
