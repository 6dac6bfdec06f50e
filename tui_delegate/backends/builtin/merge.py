"""Merging: digests of the parts of one file become one digest.

Reads what `digest` wrote. Counts are added up; a quotation is never changed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tui_delegate.backends.builtin import logs
from tui_delegate.backends.builtin.digest import ENTRIES, POINTS, where_errors, worst_first
from tui_delegate.backends.builtin.quotes import Passage, parse, render_all
from tui_delegate.core.records import dataclass, field, replace

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEAD = re.compile(
    r"^(?P<name>\S.*?): (?P<kind>a document|a log|a diff|source code|data), "
    r"(?:lines (?P<first>\d+)-(?P<last>\d+)|(?P<whole>\d+) lines)(?P<rest>.*)\.$"
)
_SPAN = re.compile(r"^, from (?P<begun>.+) to (?P<ended>.+)$")
_LEVEL = re.compile(r"(\w+) (\d+)")
_RUN = re.compile(r"(\d+)(?:-(\d+) \((\d+)\))?")
_ERRORS = "Errors in lines: "
_LEAST_ENTRIES = 6
_TOUCHING = 50
"""Runs of errors nearer to each other than this many lines are one, whatever part they were found in."""
_COUNTED = re.compile(r"(\d+) (headings|definitions)")


@dataclass(frozen=True, slots=True)
class Condensed:
    """The digest of a file or of a part of one."""

    name: str
    kind: str
    first: int
    last: int
    rest: str = ""
    notes: tuple[str, ...] = ()
    """Lines that are no quotations: headings, levels, where errors crowd."""
    passages: tuple[Passage, ...] = field(default=())


def digests_in(result: str) -> list[Condensed]:
    """Find the digests in a worker's result."""
    found = []
    for part in result.split("\n\n"):
        rows = part.split("\n")
        if match := _HEAD.match(rows[0]):
            first, last = int(match["first"] or 1), int(match["last"] or match["whole"] or 1)
            notes = tuple(row for row in rows[1:] if not row.startswith(("- ", "  ", "… ")))
            passages = tuple(parse("\n".join(rows[1:])))
            found.append(Condensed(match["name"], match["kind"], first, last, match["rest"], notes, passages))
    return found


def merge(parts: Sequence[Condensed]) -> Condensed:
    """Make one digest of the parts of one file, given in any order."""
    parts = sorted(parts, key=lambda part: part.first)
    if len(parts) == 1:
        return parts[0]
    merged = replace(parts[0], last=parts[-1].last)
    return _merge_log(merged, parts) if merged.kind == "a log" else _merge_text(merged, parts)


def write(one: Condensed, seen: set[tuple[str, int]], most: int) -> str:
    """Write a digest without what has been quoted before; of other points no more than wanted."""
    where = f"{one.last} lines" if one.first == 1 else f"lines {one.first}-{one.last}"
    fresh = [passage for passage in one.passages if (passage.name, passage.line) not in seen]
    if one.kind == "a log":
        most = max(most, _LEAST_ENTRIES)
    elif one.kind != "a document":
        most *= 3
    rows = [f"{one.name}: {one.kind}, {where}{one.rest}.", *one.notes]
    return "\n\n".join(part for part in ("\n".join(rows), render_all(fresh[:most])) if part)


def _merge_text(merged: Condensed, parts: Sequence[Condensed]) -> Condensed:
    heads = [
        note.removeprefix("Headings: ")
        for part in parts
        for note in part.notes
        if note.startswith("Headings: ")
    ]
    each = max(2, (POINTS + len(parts)) // len(parts))
    passages = tuple(passage for part in parts for passage in part.passages[:each])
    counted = [found for part in parts if (found := _COUNTED.search(part.rest))]
    total = sum(int(found[1]) for found in counted)
    rest = f", {total} {counted[0][2]}" if counted else ""
    notes = (f"Headings: {' | '.join(heads)}",) if heads else ()
    return replace(merged, rest=rest, notes=notes, passages=passages)


def _merge_log(merged: Condensed, parts: Sequence[Condensed]) -> Condensed:
    levels: dict[str, int] = {}
    runs: list[tuple[int, int, int]] = []
    for note in (note for part in parts for note in part.notes):
        if note.startswith("Levels: "):
            for level, count in _LEVEL.findall(note):
                levels[level] = levels.get(level, 0) + int(count)
        elif note.startswith(_ERRORS):
            _join(runs, note.removeprefix(_ERRORS).partition(" and ")[0])
    notes = []
    if levels:
        counts = ", ".join(f"{level} {levels[level]}" for level in logs.LEVELS if level in levels)
        notes.append(f"Levels: {counts}.")
    if runs:
        notes.append(where_errors(runs))
    passages = merge_entries([passage for part in parts for passage in part.passages])
    shown = worst_first([(_severity(passage), passage.count) for passage in passages], ENTRIES)
    return replace(
        merged, rest=_span(parts), notes=tuple(notes), passages=tuple(passages[at] for at in shown)
    )


def _join(runs: list[tuple[int, int, int]], told: str) -> None:
    for first, last, count in _RUN.findall(told):
        start, end, many = int(first), int(last or first), int(count or 1)
        if runs and start - runs[-1][1] <= _TOUCHING:
            runs[-1] = (runs[-1][0], end, runs[-1][2] + many)
        else:
            runs.append((start, end, many))


def _span(parts: Sequence[Condensed]) -> str:
    spans = [found for part in parts if (found := _SPAN.match(part.rest))]
    return f", from {spans[0]['begun']} to {spans[-1]['ended']}" if spans else ""


def _severity(passage: Passage) -> int:
    return logs.SEVERITY.get(logs.level_of(passage.quotes[0].text), 0)


def merge_entries(passages: Sequence[Passage]) -> list[Passage]:
    """Add up log lines of one shape: the first stays the example."""
    kept: dict[tuple[str, str], Passage] = {}
    for passage in sorted(passages, key=lambda one: one.line):
        key = (passage.name, logs.shape_of(passage.quotes[0].text))
        if before := kept.get(key):
            last = max(before.last or before.line, passage.last or passage.line)
            passage = replace(before, count=before.count + passage.count, last=last)
        kept[key] = passage
    return list(kept.values())
