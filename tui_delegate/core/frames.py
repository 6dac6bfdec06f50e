"""Text inside a frame: a tag in it that could end the frame or begin a file, made harmless and put back.

Which frame it is, and how a file's line in it reads, is the caller's.
"""

from __future__ import annotations

import re

_GAP = "[\\s\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]*"
"""White space, and what can't be seen."""
_TAG = rf"(?:{_GAP}/{_GAP}(?:file|corpus|context)(?![\w.:-])|{_GAP}file\b[^<>]*\bpath{_GAP}=)"


def is_forged(text: str) -> bool:
    """Whether a text holds what reads as a tag of the frame."""
    return "<" in text and re.search(rf"<(?={_TAG})", text, re.IGNORECASE) is not None


def harmless(text: str) -> str:
    """Take the power out of tags; what looked like that before stays apart from it."""
    pattern = rf"<(?={_TAG})|&(?=(?:amp;)*lt;{_TAG})"
    return re.sub(pattern, lambda found: "&lt;" if found[0] == "<" else "&amp;", text, flags=re.IGNORECASE)


def plain_again(text: str) -> str:
    """Give the text that was made harmless."""
    pattern = rf"&lt;(?={_TAG})|&amp;(?=(?:amp;)*lt;{_TAG})"
    return re.sub(pattern, lambda one: "<" if one[0][1] in "lL" else "&", text, flags=re.IGNORECASE)
