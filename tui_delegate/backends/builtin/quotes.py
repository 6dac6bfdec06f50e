"""Quotes: a true piece of one line of a file, the passage it belongs to, and how both are written.

The workers write them and the manager reads them back out of their results. A quoted text never holds a
line break, so that nothing in a file can pass for a quote of ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tui_delegate.core.records import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 300
_BREAKS = re.compile("[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_ROW = re.compile(
    r'^(?P<lead>- |  )(?P<name>\S.*?):(?P<line>\d+): "(?P<text>.*)"(?P<cut> …)?'
    r'(?: ×(?P<count>\d+), last at line (?P<last>\d+))?(?: · (?P<section>[^"]*))?$'
)


@dataclass(frozen=True, slots=True)
class Quote:
    """A piece of one line, as it stands in the file."""

    name: str
    line: int
    text: str
    cut: bool = False
    """The line, or its sentence, goes on."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Quotes that belong together, from neighbouring lines."""

    quotes: tuple[Quote, ...]
    section: str = ""
    """The heading or definition that it stands under."""
    count: int = 1
    """How many lines are the same but for their numbers and names."""
    last: int = 0
    """The last of those lines."""

    @property
    def name(self) -> str:
        """The file."""
        return self.quotes[0].name

    @property
    def line(self) -> int:
        """The line that it begins on."""
        return self.quotes[0].line

    @property
    def text(self) -> str:
        """What it says, on one line."""
        return " ".join(quote.text for quote in self.quotes)


def quote(name: str, line: int, text: str) -> Quote | None:
    """Quote a line or a piece of it; None where there is nothing in it to show."""
    piece = max(_BREAKS.split(text), key=len).strip() if _BREAKS.search(text) else text.strip()
    if not piece:
        return None
    if len(piece) <= LONGEST:
        return Quote(name, line, piece)
    end = piece.rfind(" ", LONGEST // 2, LONGEST)
    return Quote(name, line, piece[: end if end > 0 else LONGEST].rstrip(), cut=True)


def render(passage: Passage) -> str:
    """Write a passage: one row for each quote, the first with a dash."""
    rows = []
    for at, part in enumerate(passage.quotes):
        row = f'{"  " if at else "- "}{part.name}:{part.line}: "{part.text}"{" …" if part.cut else ""}'
        if not at and passage.count > 1:
            row += f" ×{passage.count}, last at line {passage.last}"
        if at == len(passage.quotes) - 1 and passage.section:
            row += f" · {title(passage.section)}"
        rows.append(row)
    return "\n".join(rows)


def title(text: str) -> str:
    """Make a heading short enough to stand beside a quote, without what would end one."""
    line = " ".join(text.replace('"', "'").replace("`", "").replace("·", "-").split())
    return line if len(line) <= 60 else line[:59].rstrip() + "…"


def parse(text: str) -> list[Passage]:
    """Read the passages back out of a worker's result."""
    found: list[Passage] = []
    for row in text.split("\n"):
        if not (match := _ROW.match(row)):
            continue
        part = Quote(match["name"], int(match["line"]), match["text"], bool(match["cut"]))
        section = match["section"] or ""
        if match["lead"] == "- " or not found:
            found.append(Passage((part,), section, int(match["count"] or 1), int(match["last"] or 0)))
        else:
            found[-1] = replace(
                found[-1], quotes=(*found[-1].quotes, part), section=section or found[-1].section
            )
    return found


def render_all(passages: Iterable[Passage]) -> str:
    """Write passages one below the other."""
    return "\n".join(map(render, passages))
