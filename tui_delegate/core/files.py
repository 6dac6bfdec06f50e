"""How files stand in a conversation: a list with names and sizes for the manager, a frame for a worker.

Both forms are written and read here, so that every reader takes them apart the same way. Reading the disk
is the corpus's.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tui_delegate.core.frames import harmless, plain_again
from tui_delegate.core.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LIST_OPENS = "Files at hand (name them in `files`; `name:10-80` gives those lines only):"
_ENTRY = re.compile(
    r"^- (?P<name>\"(?:[^\"\\]|\\.)*\"): (?P<lines>\d+) lines, (?P<size>\d+) bytes, ~(?P<tokens>\d+) tokens"
    r"(?:; sections: (?P<sections>.*))?$"
)
_SECTION = re.compile(r"(\d+) ([^|]*?)(?: \| |$)")
_FILE = re.compile(
    r'^<file path=(?P<name>"(?:[^"\\]|\\.)*")(?: lines="(?P<first>\d+)-(?P<last>\d+)")?>\n'
    r"(?P<text>.*?)\n</file>$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file that may be handed to a worker."""

    name: str
    lines: int
    size: int
    tokens: int
    sections: tuple[tuple[int, str], ...] = ()
    """Headings of a longer document: line number and title."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A file, or a part of one, as a worker is given it."""

    name: str
    text: str
    first_line: int = 1
    last_line: int = 0
    """0: the whole file."""


def render_list(entries: Sequence[FileEntry]) -> str:
    """Write the list that a manager sees."""
    rows = [LIST_OPENS]
    for entry in entries:
        row = (
            f"- {json.dumps(entry.name, ensure_ascii=False)}: {entry.lines} lines,"
            f" {entry.size} bytes, ~{entry.tokens} tokens"
        )
        if entry.sections:
            row += "; sections: " + " | ".join(
                f"{line} {' '.join(title.replace('|', '/').split())}" for line, title in entry.sections
            )
        rows.append(row)
    return "\n".join(rows)


def split_list(text: str) -> tuple[str, str]:
    """Take a message apart into what stands before its list, and the rows: a whole line opens it."""
    before, opened, rows = f"\n{text}".rpartition(f"\n{LIST_OPENS}\n")
    return (before[1:], rows) if opened else (text, "")


def parse_list(text: str) -> tuple[FileEntry, ...]:
    """Read the list back out of a message."""
    entries = []
    for row in split_list(text)[1].split("\n"):
        if not (found := _ENTRY.match(row)):
            break
        sections = tuple((int(line), title) for line, title in _SECTION.findall(found["sections"] or ""))
        entries.append(
            FileEntry(
                json.loads(found["name"]),
                int(found["lines"]),
                int(found["size"]),
                int(found["tokens"]),
                sections,
            )
        )
    return tuple(entries)


def render_frame(excerpts: Iterable[Excerpt]) -> str:
    """Write files into one framed message. Only what could end the frame is escaped."""
    parts = []
    for part in excerpts:
        lines = f' lines="{part.first_line}-{part.last_line}"' if part.last_line else ""
        name = json.dumps(part.name, ensure_ascii=False).replace("<", "\\u003c")
        parts.append(f"<file path={name}{lines}>\n{harmless(part.text)}\n</file>")
    return "<corpus>\n" + "\n\n".join(parts) + "\n</corpus>"


def parse_frame(text: str) -> tuple[Excerpt, ...]:
    """Read the files back out of a framed message."""
    if not (text.startswith("<corpus>\n") and text.endswith("\n</corpus>")):
        return ()
    found = []
    for match in _FILE.finditer(text):
        text, name = plain_again(match["text"]), json.loads(match["name"])
        found.append(Excerpt(name, text, int(match["first"] or 1), int(match["last"] or 0)))
    return tuple(found)
