"""Documents: a file as units that can be quoted, with the headings that they stand under.

Says by name and content what a file is; each kind has a reader of its own. What may not live here:
questions, ranking, and how anything is written down.
"""

from __future__ import annotations

import re
from typing import Literal

from tui_delegate.backends.builtin.quotes import LONGEST, Passage, Quote, quote
from tui_delegate.core.records import dataclass

Kind = Literal["prose", "log", "diff", "code", "data"]
Role = Literal["text", "item", "command", "row", "code", "definition", "comment", "entry"]

_CODE_ENDINGS = (
    ".py .pyi .js .jsx .mjs .ts .tsx .go .rs .java .kt .c .h .cc .cpp .hpp .cs .rb .php .swift .scala .sh"
    " .bash .lua .pl .sql .css .scss .zig .ex .exs .hs .ml"
)
_DATA_ENDINGS = ".csv .tsv .json .jsonl .ndjson .yaml .yml .toml .ini .cfg .conf .env .xml .lock"
_PROSE_ENDINGS = ".md .markdown .rst .adoc .tex .html .htm .org"
STAMP = re.compile(
    r"^\W{0,2}(?P<stamp>\d{4}[-/]\d\d[-/]\d\d[T _]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d\d:\d\d:\d\d(?:[.,]\d+)?)"
)
_ACCESS = re.compile(r"^\S+ \S+ \S+ \[(?P<stamp>[^\]]{10,40})\] \"")
_LEVELLED = re.compile(r"^\W{0,2}(?:level=\w+|(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|CRITICAL)\b)")
_SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a document, or a definition that other lines stand in."""

    line: int
    title: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Unit:
    """The least that is worth quoting: a sentence, an item, a command, a line, a kind of log entry."""

    passage: Passage
    role: Role = "text"
    lead: bool = False
    """It stands where a document says what it is."""
    level: int = 0
    """Of a log entry: how bad it is, from 0 to 4."""
    name: str = ""
    """Of a definition: what it defines."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file, read."""

    name: str
    kind: Kind
    lines: tuple[str, ...]
    first: int = 1
    """The number of its first line in the file."""
    whole: bool = True
    headings: tuple[Heading, ...] = ()
    units: tuple[Unit, ...] = ()

    @property
    def last(self) -> int:
        """The number of its last line."""
        return self.first + max(len(self.lines), 1) - 1


def kind_of(name: str, lines: list[str]) -> Kind:
    """Say what a file is, by its name first and by its content where the name does not say."""
    low = name.casefold()
    if low.endswith((".diff", ".patch")) or any(line.startswith("diff --git ") for line in lines[:_SAMPLE]):
        return "diff"
    if low.endswith(tuple(_CODE_ENDINGS.split())):
        return "code"
    if low.endswith(tuple(_DATA_ENDINGS.split())):
        return "data"
    if low.endswith(tuple(_PROSE_ENDINGS.split())):
        return "prose"
    return _kind_by_content(low, lines)


def _kind_by_content(name: str, lines: list[str]) -> Kind:
    sample = [line for line in lines[:_SAMPLE] if line.strip()]
    stamped = sum(1 for line in sample if stamp_of(line) or _LEVELLED.match(line))
    if stamped * 2 > len(sample) or (name.endswith((".log", ".out", ".err")) and sample):
        return "log"
    if any(line.startswith("@@ ") for line in sample) and any(line.startswith("+++ ") for line in sample):
        return "diff"
    if sample and sample[0].startswith("#!"):
        return "code"
    return "prose"


def stamp_of(line: str) -> str:
    """Give the time that a log line begins with, as it stands there."""
    found = STAMP.match(line) or _ACCESS.match(line)
    return found["stamp"] if found else ""


def pieces(line: str) -> list[str]:
    """Cut a line that is too long to be quoted whole, at blanks and commas where there are some."""
    found, start = [], 0
    while len(line) - start > LONGEST:
        end = max(line.rfind(mark, start + LONGEST // 2, start + LONGEST) for mark in " ,;") + 1
        end = end or start + LONGEST
        found.append(line[start:end])
        start = end
    return [*found, line[start:]]


def passage(name: str, rows: list[tuple[int, str]], section: str = "") -> Passage | None:
    """Make a passage of rows; None where none of them holds anything."""
    quotes: list[Quote] = [made for line, text in rows if (made := quote(name, line, text))]
    return Passage(tuple(quotes), section) if quotes else None
