"""Logs: lines that are the same but for their numbers and names become one entry with a count.

An entry keeps its first line as the true example. The order is that of the file throughout.
"""

from __future__ import annotations

import re

from tui_delegate.backends.builtin.documents import Document, Unit, passage, stamp_of
from tui_delegate.core.records import dataclass, field, replace

LEVELS = ("FATAL", "ERROR", "WARN", "NOTICE", "INFO", "DEBUG", "TRACE")
SEVERITY = {"FATAL": 4, "ERROR": 3, "WARN": 2, "NOTICE": 1}
_LEVEL = re.compile(
    r"\b(FATAL|CRITICAL|CRIT|PANIC|EMERG|ALERT|ERROR|ERR|SEVERE|WARNING|WARN|NOTICE|INFO|DEBUG|TRACE)\b"
    r"|(?:\blevel\"?[=:]\s?\"?|[\[<])(fatal|critical|crit|panic|error|err|warning|warn|notice|info|debug|trace)\b"
)
_SAME = {
    "CRITICAL": "FATAL", "CRIT": "FATAL", "PANIC": "FATAL", "EMERG": "FATAL", "ALERT": "FATAL",
    "ERR": "ERROR", "SEVERE": "ERROR", "WARNING": "WARN",
}  # fmt: skip
_RAISED = re.compile(r"^(?:[\w.]+\.)?\w*(?:Error|Exception|Panic)\b[:\s]|^Traceback |^panic: |^Caused by: ")
_SERVER_FAULT = re.compile(r"\" 5\d\d ")
_VARIES = re.compile(
    r"\d{4}[-/]\d\d[-/]\d\d[T _]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
    r"|\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{4,27}\b"
    r"|\b0x[0-9a-fA-F]+\b|\b(?=[a-f]*\d)[0-9a-f]{7,}\b|\d+(?:[.:,]\d+)*"
    r"|(?<=[a-z_]=)(?!error\b|warn|info\b|debug\b)[^\s,;\"']+"
    r"|\"[^\"]{0,200}\"|'[^']{0,200}'"
)
_HEAD = 400
_WIDEST = 16
"""Entries of one shape that a new one is compared with: more of them would cost time and say nothing."""


@dataclass(slots=True)
class Entry:
    """Lines of one shape."""

    words: list[str]
    level: str
    line: int
    text: str
    count: int = 1
    last: int = 0


@dataclass(slots=True)
class Log:
    """What a log holds, in the order of its lines."""

    entries: list[Entry] = field(default_factory=list)
    levels: dict[str, int] = field(default_factory=dict)
    span: tuple[str, str] = ("", "")
    troubled: list[int] = field(default_factory=list)
    """The numbers of its lines at ERROR or worse."""


def level_of(line: str) -> str:
    """Say how bad a line is, in one word for all spellings; empty where it does not say."""
    head = line[:160]
    if found := _LEVEL.search(head):
        word = (found[1] or found[2]).upper()
        return _SAME.get(word, word)
    if _RAISED.match(head) or _SERVER_FAULT.search(line[:_HEAD]):
        return "ERROR"
    return ""


def shape_of(line: str) -> str:
    """Say what a line is but for its numbers and names."""
    return _VARIES.sub("*", line[:_HEAD])


def survey(lines: tuple[str, ...], first: int = 1) -> Log:
    """Read a log once: entries, levels, the time that it spans."""
    log, exact = Log(), dict[str, Entry]()
    shapes: dict[tuple[str, int, str], list[Entry]] = {}
    begun = ended = ""
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        if stamp := stamp_of(line):
            begun, ended = begun or stamp, stamp
        mask = shape_of(line)
        entry = exact.get(mask)
        if entry is None:
            entry = exact[mask] = _entry(log, shapes, mask, number, line)
        if entry.line != number:
            entry.count += 1
        entry.last = number
        if entry.level:
            log.levels[entry.level] = log.levels.get(entry.level, 0) + 1
        if SEVERITY.get(entry.level, 0) >= 3:
            log.troubled.append(number)
    log.span = (begun, ended)
    return log


def _entry(
    log: Log, shapes: dict[tuple[str, int, str], list[Entry]], mask: str, number: int, line: str
) -> Entry:
    """Find the entry that a new shape belongs to, or open one."""
    words, level = mask.split(), level_of(line)
    steady = next((word for word in words if "*" not in word), "")
    near = shapes.setdefault((level, len(words), steady), [])
    for entry in near[:_WIDEST]:
        same = sum(1 for mine, other in zip(words, entry.words, strict=True) if mine == other)
        if len(words) >= 4 and same * 4 >= len(words) * 3:
            return entry
    entry = Entry(words, level, number, line, last=number)
    near.append(entry)
    log.entries.append(entry)
    return entry


def read(blank: Document) -> Document:
    """Read a log into one unit for each of its entries."""
    units = []
    for entry in survey(blank.lines, blank.first).entries:
        if made := passage(blank.name, [(entry.line, entry.text)]):
            made = replace(made, count=entry.count, last=entry.last)
            units.append(Unit(made, "entry", level=SEVERITY.get(entry.level, 0)))
    return replace(blank, units=tuple(units))
