"""The way from a file to a document: finds its kind and hands it to that kind's reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.backends.builtin import code, diffs, logs, prose
from tui_delegate.backends.builtin.documents import Document, Unit, kind_of, passage, pieces
from tui_delegate.core.records import replace

if TYPE_CHECKING:
    from tui_delegate.core.files import Excerpt


def read(excerpt: Excerpt) -> Document:
    """Read a file into units."""
    lines = excerpt.text.split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    name = " ".join(excerpt.name.split()) or "text"
    blank = Document(name, kind_of(name, lines), tuple(lines), excerpt.first_line, not excerpt.last_line)
    readers = {"prose": prose.read, "log": logs.read, "diff": diffs.read, "code": code.read, "data": _rows}
    return readers[blank.kind](blank)


def _rows(blank: Document) -> Document:
    units = [
        Unit(made, "row", lead=at < 2)
        for at, line in enumerate(blank.lines)
        for piece in pieces(line)
        if (made := passage(blank.name, [(blank.first + at, piece)]))
    ]
    return replace(blank, units=tuple(units))
