"""`builtin/digest`: condenses a document, a log, a diff or source code, in its own words and numbers.

All sentences are the file's; what is ours are counts and line numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.backends.builtin import code, diffs, logs
from tui_delegate.backends.builtin.documents import Document, passage
from tui_delegate.backends.builtin.extract import answer
from tui_delegate.backends.builtin.question import asks, question_in
from tui_delegate.backends.builtin.quotes import Passage, render, title
from tui_delegate.backends.builtin.ranking import alike, centrality
from tui_delegate.backends.builtin.reader import read
from tui_delegate.backends.builtin.words import terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.core.files import Excerpt

POINTS = 7
ENTRIES = 12
RUNS = 5
_DEFINITIONS = 24
_HEADINGS = 24


def digest(task: str, excerpts: Sequence[Excerpt]) -> str:
    """Condense the files of a task; where it carries a pointed question, quote what matches it too."""
    if not excerpts:
        return "There are no files with this task, so there is nothing to condense."
    documents = [read(excerpt) for excerpt in excerpts]
    parts = [condense(one) for one in documents]
    question = question_in(task) if "Question:" in task else ""
    wanted = [ask for ask in asks(question) if ask.weights] if question else []
    if wanted:
        parts.append(answer(wanted, documents))
    return "\n\n".join(parts)


def condense(one: Document) -> str:
    """Condense one document."""
    if not one.units and not one.headings:
        return f"{one.name}: empty." if not one.lines else f"{one.name}: {len(one.lines)} lines without text."
    by_kind = {"prose": _prose, "log": _log, "diff": _diff, "code": _code, "data": _data}
    return "\n".join(by_kind[one.kind](one))


def _lines(one: Document) -> str:
    return f"{len(one.lines)} lines" if one.whole else f"lines {one.first}-{one.last}"


def _prose(one: Document) -> list[str]:
    rows = [f"{one.name}: a document, {_lines(one)}, {len(one.headings)} headings."]
    if one.headings:
        shown = " | ".join(f"{head.line} {title(head.title)}" for head in one.headings[:_HEADINGS])
        more = f" | … {len(one.headings) - _HEADINGS} more" if len(one.headings) > _HEADINGS else ""
        rows.append(f"Headings: {shown}{more}")
    return [*rows, *map(render, main_points(one))]


def main_points(one: Document, most: int = POINTS) -> list[Passage]:
    """Choose the sentences that say most of the whole: its lead, then the middle of each section."""
    units = [unit for unit in one.units if unit.role in ("text", "item")] or list(one.units)
    said = [terms(unit.passage.text) for unit in units]
    scores = centrality(said)
    best = max(scores, default=0.0) or 1.0
    worth = [
        score / best + (0.6 if unit.lead else 0.0) - (0.5 if len(words) < 5 else 0.0)
        for score, unit, words in zip(scores, units, said, strict=True)
    ]
    kept: list[int] = []
    under: dict[str, int] = {}
    for at in sorted(range(len(units)), key=lambda at: (-worth[at], at)):
        section = units[at].passage.section
        if len(kept) == most:
            break
        if under.get(section, 0) < 2 and all(alike(said[at], said[other]) < 0.5 for other in kept):
            under[section] = under.get(section, 0) + 1
            kept.append(at)
    return [units[at].passage for at in sorted(kept)]


def _log(one: Document) -> list[str]:
    found = logs.survey(one.lines, one.first)
    begun, ended = found.span
    rows = [f"{one.name}: a log, {_lines(one)}" + (f", from {begun} to {ended}." if begun else ".")]
    if found.levels:
        counts = ", ".join(f"{level} {found.levels[level]}" for level in logs.LEVELS if level in found.levels)
        rows.append(f"Levels: {counts}.")
    if found.troubled:
        rows.append(where_errors(_runs(found.troubled, len(one.lines))))
    shown = worst_first(
        [(logs.SEVERITY.get(entry.level, 0), entry.count) for entry in found.entries], ENTRIES
    )
    units = [one.units[at] for at in shown]
    rows += [render(unit.passage) for unit in units]
    if len(found.entries) > len(shown):
        rows.append(f"… and {len(found.entries) - len(shown)} more kinds of line.")
    return rows


def worst_first(entries: list[tuple[int, int]], most: int) -> list[int]:
    """Choose which entries to show: the bad ones by how bad and how many, then the most frequent others."""
    order = sorted(range(len(entries)), key=lambda at: (-entries[at][0], -entries[at][1], at))
    bad = [at for at in order if entries[at][0] >= 2][: most - 3]
    others = sorted((at for at in order if entries[at][0] < 2), key=lambda at: (-entries[at][1], at))
    return bad + others[: min(most - len(bad), 4)]


def _runs(troubled: list[int], width: int) -> list[tuple[int, int, int]]:
    """Gather the lines of errors into runs: first line, last line, how many."""
    runs: list[tuple[int, int, int]] = []
    for number in troubled:
        if runs and number - runs[-1][1] <= max(width // 50, 20):
            runs[-1] = (runs[-1][0], number, runs[-1][2] + 1)
        else:
            runs.append((number, number, 1))
    return runs


def where_errors(runs: list[tuple[int, int, int]]) -> str:
    """Say where the errors stand; of many runs the largest."""
    largest = sorted(sorted(runs, key=lambda run: (-run[2], run[0]))[:RUNS])
    told = [f"{first}-{last} ({count})" if last > first else f"{first}" for first, last, count in largest]
    more = f" and {len(runs) - RUNS} more places" if len(runs) > RUNS else ""
    return f"Errors in lines: {', '.join(told)}{more}."


def _diff(one: Document) -> list[str]:
    found = diffs.changes(one.lines, one.first)
    added, removed = sum(each.added for each in found), sum(each.removed for each in found)
    rows = [f"{one.name}: a diff, {_lines(one)}, {len(found)} files, +{added} -{removed}."]
    for each in found[:_DEFINITIONS]:
        hunks = f"{len(each.hunks)} hunk{'s' if len(each.hunks) != 1 else ''}"
        rows.append(f"{each.name}: +{each.added} -{each.removed}, {hunks}")
        placed = [row for row in each.hunks if not row[1].rstrip().endswith("@@")]
        shown = [made for row in placed[:1] if (made := passage(one.name, [row]))]
        longest = sorted(each.changed, key=lambda row: (-min(len(row[1]), 80), row[0]))[:2]
        shown += [made for row in sorted(longest) if (made := passage(one.name, [row]))]
        rows += map(render, shown)
    if len(found) > _DEFINITIONS:
        rows.append(f"… and {len(found) - _DEFINITIONS} more files.")
    return rows


def _code(one: Document) -> list[str]:
    found = code.definitions(one.lines, one.name, one.first)
    rows = [f"{one.name}: source code, {_lines(one)}, {len(found)} definitions."]
    rows += [render(unit.passage) for unit in one.units if unit.lead]
    outer = [each for each in found if each.indent == 0] or found
    public = [each for each in outer if not each.name.startswith("_")] or outer
    shown = public[:_DEFINITIONS]
    for each in shown:
        told = [(each.line, each.text), *([(each.doc[0], code.words_in(each.doc[1]))] if each.doc else [])]
        if made := passage(one.name, sorted(told)):
            rows.append(render(made))
    if len(found) > len(shown):
        rows.append(f"… and {len(found) - len(shown)} more definitions, inner or private ones among them.")
    return rows


def _data(one: Document) -> list[str]:
    rows = [f"{one.name}: data, {_lines(one)}."]
    shown = list(one.units[:3]) + list(one.units[3:][-1:])
    return rows + [render(unit.passage) for unit in shown]
