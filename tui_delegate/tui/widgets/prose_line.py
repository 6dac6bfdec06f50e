"""What a line of an answer is: its text, what stands before it, which stretches of it stand out.

A value; who makes it and who draws it is not known here.
"""

from __future__ import annotations

from typing import Literal

from tui_delegate.core.records import dataclass, field

Span = tuple[int, int, str]
"""From, to, and a style in the words of a style sheet; `@` and an address for a link."""
Pieces = tuple[tuple[str, str], ...]
"""Texts and their styles."""
Kind = Literal["text", "code", "rule", "gap", "table"]


@dataclass(slots=True)
class Line:
    """One line as it is read, however many rows it takes."""

    text: str = ""
    spans: list[Span] = field(default_factory=list)
    kind: Kind = "text"
    lead: Pieces = ()
    """What stands before its first row."""
    hang: Pieces = ()
    """What stands before its other rows."""
    mark: str = ""
    """What stands before it where it is copied."""
    language: str = ""
    """Of a line of code."""
    starts: list[int] = field(default_factory=lambda: [0], compare=False)
    """Where its rows begin."""

    def lines(self, width: int) -> list[Line]:
        """Itself: it is the same in any width."""
        return [self]
