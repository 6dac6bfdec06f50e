"""Prose: Markdown, reStructuredText and plain text as headings, sentences, items and commands."""

from __future__ import annotations

import re

from tui_delegate.backends.builtin.documents import Document, Heading, Role, Unit, passage
from tui_delegate.backends.builtin.quotes import LONGEST
from tui_delegate.core.records import dataclass, field, replace

_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")
_UNDERLINE = re.compile(r"^(=+|-+|~+|\^+)\s*$")
_FENCE = re.compile(r"^\s*(```+|~~~+)")
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_INDENTED = re.compile(r"^(?: {4}|\t)\s*\S")
_RULE = re.compile(r"^[\s|:=~*_+.\-]*$")
_MARKUP = re.compile(r"^\s*(?:\[?!\[|</?[a-zA-Z!][^>]*>\s*$|\[[^\]]+\]:\s|\.\. \w+::)")
_TAGS = re.compile(r"<[^<>]*>")
_SENTENCE = re.compile(r"[.!?…][\"'”’)\]*_`]*(?=\s+[^a-z\s])|[。！？]")
_BULLET = re.compile(r"^\s*[-*+•]\s+")
_LONG = 360
_WRAPPED = 120
"""A longer line is no part of a wrapped paragraph: it is a paragraph."""
_SHRED = 25
"""A piece of a line shorter than this says nothing: the whole line is quoted."""
_BLOCK = 4


@dataclass(slots=True)
class _Reader:
    """Goes through the lines once and keeps what it stands in."""

    name: str
    section: str = ""
    headings: list[Heading] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    rows: list[tuple[int, str]] = field(default_factory=list)
    paragraphs: int = 0
    opening: str = ""
    """The section of the first paragraph: what a document is stands there."""

    def head(self, line: int, title: str, level: int) -> None:
        """Enter a section."""
        self.end()
        self.section = title
        self.headings.append(Heading(line, title, level))

    def end(self) -> None:
        """End the paragraph or item that is open, sentence by sentence."""
        if not self.rows:
            return
        role: Role = "item" if _ITEM.match(self.rows[0][1]) else "text"
        if self.rows[0][1].lstrip().startswith("|"):
            role = "row"
        if role == "text" and not self.paragraphs:
            self.opening = self.section
        lead = self.paragraphs < 2 and role == "text" and self.section == self.opening
        for rows in _sentences(self.rows):
            if made := passage(self.name, rows, self.section):
                self.units.append(Unit(made, role, lead=lead))
        self.paragraphs += role == "text"
        self.rows = []

    def block(self, rows: list[tuple[int, str]]) -> None:
        """Take a block of commands or code, with the sentence that leads to it."""
        self.end()
        before = self.units[-1] if self.units and self.units[-1].passage.text.endswith(":") else None
        near = before and rows and rows[0][0] - before.passage.quotes[-1].line <= 3
        for at in range(0, len(rows), _BLOCK):
            if made := passage(self.name, rows[at : at + _BLOCK], self.section):
                if before and near and at == 0:
                    self.units.pop()
                    made = replace(made, quotes=(*before.passage.quotes, *made.quotes))
                self.units.append(Unit(made, "command"))


def read(blank: Document) -> Document:
    """Read a document."""
    reader = _Reader(blank.name, paragraphs=0 if blank.first == 1 else 2)
    at = 0
    while at < len(blank.lines):
        at += _take(reader, blank, at)
    reader.end()
    return replace(blank, headings=tuple(reader.headings), units=tuple(reader.units))


def _take(reader: _Reader, blank: Document, at: int) -> int:
    """Take what begins at a line and say how many lines it was."""
    line, number = blank.lines[at], blank.first + at
    if fence := _FENCE.match(line):
        return _take_fence(reader, blank, at, fence[1])
    if not reader.rows and _INDENTED.match(line) and not _ITEM.match(line):
        return _take_indented(reader, blank, at)
    if found := _HEADING.match(line):
        reader.head(number, found[2], len(found[1]))
        return 1
    below = blank.lines[at + 1] if at + 1 < len(blank.lines) else ""
    if _is_title(line, below) and not reader.rows:
        reader.head(number, line.strip(), 1 if below[0] == "=" else 2)
        return 2
    if _RULE.match(line) or _MARKUP.match(line) or not _TAGS.sub("", line).strip():
        reader.end()
        return 1
    if _ITEM.match(line) or line.lstrip().startswith("|"):
        reader.end()
    reader.rows.append((number, line))
    if len(line) > _WRAPPED:
        reader.end()
    return 1


def _is_title(line: str, below: str) -> bool:
    return bool(
        line.strip()
        and not _RULE.match(line)
        and _UNDERLINE.match(below)
        and len(below.rstrip()) >= min(3, len(line.strip()))
        and len(line) < 100
        and not _ITEM.match(line)
        and "|" not in line
    )


def _take_fence(reader: _Reader, blank: Document, at: int, mark: str) -> int:
    rows: list[tuple[int, str]] = []
    for further in range(at + 1, len(blank.lines)):
        line = blank.lines[further]
        if line.strip().startswith(mark):
            reader.block(rows)
            return further - at + 1
        if line.strip():
            rows.append((blank.first + further, line))
    reader.block(rows)
    return len(blank.lines) - at


def _take_indented(reader: _Reader, blank: Document, at: int) -> int:
    """Take a block that is set apart by its indent, as commands and examples are."""
    end = at
    while end < len(blank.lines) and _INDENTED.match(blank.lines[end]):
        end += 1
    reader.block([(blank.first + row, blank.lines[row]) for row in range(at, end)])
    return end - at


def _sentences(rows: list[tuple[int, str]]) -> list[list[tuple[int, str]]]:
    """Cut rows into sentences, each as the pieces of lines that it stands on.

    A short paragraph stays whole: it reads better, and its sentences may break off inside its lines.
    """
    rows = [(number, _BULLET.sub("", line)) for number, line in rows]
    if len(rows) <= _BLOCK and sum(len(line) for _, line in rows) <= LONGEST:
        return [rows]
    text = "\n".join(line for _, line in rows)
    starts: list[int] = []
    offset = 0
    for _, line in rows:
        starts.append(offset)
        offset += len(line) + 1
    found, row = [], 0
    for start, end in _spans(text):
        while row + 1 < len(rows) and starts[row + 1] <= start:
            row += 1
        pieces, at = [], row
        while at < len(rows) and starts[at] < end:
            number, line = rows[at]
            piece = line[max(start - starts[at], 0) : end - starts[at]]
            pieces.append(
                (
                    number,
                    line if len(rows) > 1 and len(piece.strip()) < _SHRED < len(line) < _WRAPPED else piece,
                )
            )
            at += 1
        found.append(pieces)
    return found


def _spans(text: str) -> list[tuple[int, int]]:
    spans, start = [], 0
    for stop in [match.end() for match in _SENTENCE.finditer(text)] + [len(text)]:
        if stop - start < 40 and stop < len(text):
            continue
        while stop - start > _LONG:
            cut = max(text.rfind("; ", start + 120, start + _LONG) + 1, 0) or _blank_before(text, start)
            spans.append((start, cut))
            start = cut
        if text[start:stop].strip():
            spans.append((start, stop))
        start = stop
    return spans


def _blank_before(text: str, start: int) -> int:
    """A place to cut a sentence that does not end: at a blank, else in the middle of it."""
    cut = max(text.rfind(" ", start + 120, start + 280), text.rfind("\n", start + 120, start + 280))
    return cut if cut > 0 else start + 280
