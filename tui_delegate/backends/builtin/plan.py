"""The plan: which tasks a request becomes, by rule.

A short file alone gets two workers, a long file one for each group of its sections, every other file one;
where there are more files than tasks, neighbours share a worker. Nothing here knows messages or tools.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tui_delegate.backends.builtin.question import asks, question_in
from tui_delegate.backends.builtin.worker import PASTED
from tui_delegate.core.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.core.files import FileEntry

MOST_TASKS = 8
MOST_RANGES = 6
LONG_LINES = 300
LONG_TOKENS = 6_000
PASTE = 400
"""A prompt longer than this carries a text of its own."""
_RANGE_LINES = 1_000
_WHOLE_DIFF = 100_000
"""A part of a diff has lost which file it changes: it is cut only where it must be."""
_RANGE_TOKENS = 20_000
_LOGS = (".log", ".out", ".err")
Verb = Literal["digest", "extract"]


@dataclass(frozen=True, slots=True)
class Task:
    """One task for a worker."""

    verb: Verb
    name: str
    description: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The tasks, and a line that says why they are these."""

    why: str
    tasks: tuple[Task, ...]


def plan(prompt: str, entries: Sequence[FileEntry]) -> Plan:
    """Turn a prompt and the files at hand into tasks."""
    if not entries:
        return _plan_pasted(prompt)
    if len(entries) == 1 and not is_long(entries[0]):
        return _plan_short(prompt, entries[0])
    if len(entries) > MOST_TASKS:
        return _plan_shared(prompt, entries)
    return _plan_ranges(prompt, entries)


def is_long(entry: FileEntry) -> bool:
    """Say whether a file is too long for one worker."""
    if entry.name.casefold().endswith((".diff", ".patch")):
        return entry.tokens > _WHOLE_DIFF
    return entry.lines > 1 and (entry.lines > LONG_LINES or entry.tokens > LONG_TOKENS)


def _plan_short(prompt: str, entry: FileEntry) -> Plan:
    why = f"{entry.name} is short: one worker digests it, another looks for what answers the question."
    tasks = (_digest(entry.name, prompt, (entry.name,)), _extract(entry.name, prompt, (entry.name,)))
    return Plan(why, tasks)


def _plan_pasted(prompt: str) -> Plan:
    """A text in the prompt itself goes to the workers inside their tasks."""
    if len(prompt) <= PASTE:
        return Plan("", ())
    question = question_of_pasted(prompt)
    digest, extract = _digest("the text below", question, ()), _extract("the text below", question, ())
    tasks = tuple(
        Task(task.verb, f"{task.verb} the prompt's text", task.description + PASTED + prompt)
        for task in (digest, extract)
    )
    return Plan("The prompt carries a text: one worker digests it, another looks for what it asks.", tasks)


def question_of_pasted(prompt: str) -> str:
    """Find what is asked about a pasted text: its first or last line, if that is short."""
    lines = [line.strip() for line in prompt.strip().split("\n") if line.strip()]
    ends = [line for line in (lines[0], lines[-1]) if len(line) <= 200]
    asked = next((line for line in ends if line.endswith(("?", ":", "？"))), ends[0] if ends else "")
    return asked or "What are the main points?"


def _plan_shared(prompt: str, entries: Sequence[FileEntry]) -> Plan:
    whole = sum(max(entry.tokens, 1) for entry in entries)
    groups: list[list[str]] = [[] for _ in range(MOST_TASKS)]
    before = 0
    for entry in entries:
        groups[min(before * MOST_TASKS // whole, MOST_TASKS - 1)].append(entry.name)
        before += max(entry.tokens, 1)
    filled = [tuple(group) for group in groups if group]
    verb = _verb(prompt)
    tasks = []
    for names in filled:
        called = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        tasks.append(_task(verb, called, prompt, names))
    return Plan(f"{len(entries)} files for {len(tasks)} workers: neighbours share one.", tuple(tasks))


def _plan_ranges(prompt: str, entries: Sequence[FileEntry]) -> Plan:
    slots = dict.fromkeys(range(len(entries)), 1)
    for at in sorted(slots, key=lambda at: (-entries[at].tokens, at)):
        free = MOST_TASKS - sum(slots.values())
        slots[at] += min(_wanted_ranges(entries[at]) - 1, free)
    tasks, told = [], []
    for at, entry in enumerate(entries):
        verb = _verb(prompt, entry)
        if slots[at] == 1:
            tasks.append(_task(verb, entry.name, prompt, (entry.name,)))
            continue
        told.append(f"{entry.name} has {entry.lines} lines, so {slots[at]} workers read a part each")
        for first, last in ranges(entry, slots[at]):
            called, part = f"{entry.name} {first}-{last}", (f"{entry.name}:{first}-{last}",)
            tasks.append(_task(verb, called, prompt, part))
    why = "; ".join(told) if told else f"{len(entries)} files, a worker for each"
    return Plan(why + ".", tuple(tasks))


def _wanted_ranges(entry: FileEntry) -> int:
    if not is_long(entry):
        return 1
    by_size = max(-(-entry.lines // _RANGE_LINES), -(-entry.tokens // _RANGE_TOKENS), 2)
    return min(by_size, MOST_RANGES, entry.lines)


def ranges(entry: FileEntry, count: int) -> list[tuple[int, int]]:
    """Cut a file's lines into ranges, at headings where some are near enough to an even cut."""
    even = entry.lines / count
    starts = [1]
    heads = [line for line, _ in entry.sections if 1 < line <= entry.lines]
    for at in range(1, count):
        ideal = round(at * even) + 1
        near = [line for line in heads if abs(line - ideal) <= even / 2 and line > starts[-1]]
        start = min(near, key=lambda line: (abs(line - ideal), line)) if near else ideal
        if starts[-1] < start <= entry.lines:
            starts.append(start)
    return [(start, end - 1) for start, end in zip(starts, [*starts[1:], entry.lines + 1], strict=True)]


def _verb(prompt: str, entry: FileEntry | None = None) -> Verb:
    """A pointed question wants passages; a broad one, and one about a log, wants the whole in short."""
    wanted = asks(question_in(prompt))
    if entry and entry.name.casefold().endswith(_LOGS):
        return "digest"
    return "extract" if any(ask.weights for ask in wanted) else "digest"


def _task(verb: Verb, called: str, prompt: str, files: tuple[str, ...]) -> Task:
    if verb == "extract":
        return _extract(called, prompt, files)
    text = f"Digest {called}, and quote what answers this question, with file:line.\n\nQuestion: {prompt}"
    return Task("digest", f"digest {called}", text, files)


def _digest(called: str, prompt: str, files: tuple[str, ...]) -> Task:
    text = f"Digest {called}: outline and main points, each with file:line.\n\nThe person asked: {prompt}"
    return Task("digest", f"digest {called}", text, files)


def _extract(called: str, prompt: str, files: tuple[str, ...]) -> Task:
    text = (
        f"Extract from {called} the passages that answer this question. Quote them as they stand, with"
        f" file:line.\n\nQuestion: {prompt}"
    )
    return Task("extract", f"extract {called}", text, files)
