"""Which stretches of a line stand out: headings, code, lists, quotes, strong words.

A scanner for lines that are still being written, not a reader of Markdown: it takes nothing away from the
text, so that what is shown is what was said. Pure: it names tones and knows no colour.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tui_delegate.tui.widgets.page import Line

Span = tuple[int, int, str]
"""From, to, tone."""

_HEADING: Final = re.compile(r" {0,3}#{1,6} ")
_LIST: Final = re.compile(r" *(?:[-*+•]|\d{1,3}[.)]) ")
_QUOTE: Final = re.compile(r" {0,3}>")
_INLINE: Final = re.compile(
    r"(?P<tick>`+)(?P<code>[^`]+)(?P=tick)|(?P<star>\*\*|__)(?=\S)(?P<strong>.+?)(?<=\S)(?P=star)"
)
_SCANNED: Final = 4096
"""Characters of a line that are looked through: what is longer is data, not prose."""


def tone_of(line: Line) -> str:
    """Name the tone of a whole line."""
    if line.kind != "text":
        return line.kind
    if line.is_fence:
        return "fence"
    if line.code:
        return "code"
    if _HEADING.match(line.text):
        return "heading"
    return "quote" if _QUOTE.match(line.text) else "text"


def spans(line: Line) -> list[Span]:
    """Name the stretches of a line that differ from its own tone, from left to right."""
    if line.kind != "text" or line.code or line.is_fence:
        return []
    text = line.text
    found: list[Span] = []
    bullet = None if line.goes_on else _LIST.match(text)
    if bullet:
        found.append((bullet.start(), bullet.end(), "bullet"))
    if ("`" in text or "**" in text or "__" in text) and len(text) <= _SCANNED:
        for match in _INLINE.finditer(text, bullet.end() if bullet else 0):
            found += _inline(match)
    return found


def _inline(match: re.Match[str]) -> list[Span]:
    within, tone = ("code", "code") if match["tick"] else ("strong", "strong")
    start, end = match.span(within)
    return [(match.start(), start, "sign"), (start, end, tone), (end, match.end(), "sign")]


def cut(start: int, end: int, found: list[Span], tone: str) -> list[Span]:
    """Name the tone of every character from `start` to `end`."""
    cuts: list[Span] = []
    at = start
    for first, last, name in found:
        if last <= at:
            continue
        if first >= end:
            break
        if first > at:
            cuts.append((at, first, tone))
        at = min(last, end)
        cuts.append((max(first, start), at, name))
    if at < end:
        cuts.append((at, end, tone))
    return cuts
