"""Diffs: the files that a change touches, how much of each, and its hunks."""

from __future__ import annotations

import re

from tui_delegate.backends.builtin.documents import Document, Heading, Unit, passage
from tui_delegate.core.records import dataclass, field, replace

_FILE = re.compile(r"^\+\+\+ (?:b/)?(?P<name>[^\t]+)")
_HUNK = re.compile(r"^@@ -\d+(?:,(?P<old>\d+))? \+\d+(?:,(?P<new>\d+))? @@")


@dataclass(slots=True)
class Change:
    """One file of a diff."""

    name: str
    line: int
    added: int = 0
    removed: int = 0
    hunks: list[tuple[int, str]] = field(default_factory=list)
    changed: list[tuple[int, str]] = field(default_factory=list)


def changes(lines: tuple[str, ...], first: int = 1) -> list[Change]:
    """Take a diff apart. Lengths of hunks decide what is content, so that a removed `-- x` is no header."""
    found: list[Change] = []
    old = new = 0
    removed_name = ""
    for number, line in enumerate(lines, first):
        if old <= 0 and new <= 0:
            if line.startswith("--- "):
                removed_name = line[4:].split("\t")[0].removeprefix("a/")
            elif match := _FILE.match(line):
                name = removed_name if match["name"] == "/dev/null" else match["name"].strip()
                found.append(Change(name, number))
        if (match := _HUNK.match(line)) and old <= 0 and new <= 0:
            old, new = int(match["old"] or 1), int(match["new"] or 1)
            if not found:
                found.append(Change("(a part of a diff)", number))
            found[-1].hunks.append((number, line))
        elif found and (old > 0 or new > 0):
            old, new = _count(found[-1], number, line, old, new)
    return found


def _count(change: Change, number: int, line: str, old: int, new: int) -> tuple[int, int]:
    if line.startswith("+"):
        change.added += 1
        change.changed.append((number, line))
        return old, new - 1
    if line.startswith("-"):
        change.removed += 1
        change.changed.append((number, line))
        return old - 1, new
    return (old, new) if line.startswith("\\") else (old - 1, new - 1)


def read(blank: Document) -> Document:
    """Read a diff into its changed lines."""
    units, headings = list[Unit](), list[Heading]()
    for change in changes(blank.lines, blank.first):
        headings.append(Heading(change.line, change.name))
        for row in change.changed:
            if row[1][1:].strip() and (made := passage(blank.name, [row], change.name)):
                units.append(Unit(made, "code"))
    return replace(blank, headings=tuple(headings), units=tuple(units))
