"""The sections of a longer text: the headings of a document, the definitions of a program. Pure text.

A heading is where a reader would look first; no language is parsed.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from tui_delegate.core.clean import clean_line

MOST: Final = 24
LONG: Final = 80
"""Shorter files are handed on whole, so nobody needs their sections."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_UNDERLINE = re.compile(r"([=\-~^\"'`*+#:.<>_])\1{2,}[ \t]*$")
_PLAIN = re.compile(r"[^\s|>*+#`~=\-:.].*")
_DEFINITION = re.compile(
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub(?:\([^)]*\))?|unsafe"
    r"|inline|extern|sealed|open|data) +)*"
    r"(?:def|class|fn|func|function|fun|struct|enum|trait|impl|interface|type|module|namespace|record|object"
    r"|protocol|extension|union)\b[ *]*[\w(<\[&].*"
)

_DOCUMENT = re.compile(r"[^.]*|.*\.(?:md|markdown|mdx|txt|adoc|org)")
_PROGRAM = re.compile(
    r".*\.(?:pyi?|[mc]?js|[jt]sx?|go|rs|java|kts?|swift|scala|rb|php|[ch]|cc|[ch]pp|cxx|cs|lua|jl|exs?|dart|zig|nim"
    r"|sh|bash)"
)


def sections(name: str, text: str) -> tuple[tuple[int, str], ...]:
    """Give the line and title of each section, `MOST` of them at the most."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) <= LONG:
        return ()
    base = name.rpartition("/")[2].casefold()
    if _PROGRAM.fullmatch(base):
        found = [(1, number, line) for number, line in enumerate(lines, 1) if _DEFINITION.match(line)]
    elif base.endswith(".rst"):
        found = _underlined(lines)
    elif _DOCUMENT.fullmatch(base):
        found = _marked(lines)
    else:
        found = []
    return tuple((line, clean_line(title.strip().rstrip(" :{("), 60)) for _, line, title in _fewer(found))


def _fewer(found: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Keep the upper levels, as many as there is room for; of too many on one level every n-th."""
    levels = sorted({level for level, _, _ in found})
    kept = [item for item in found if item[0] == levels[0]] if levels else []
    for level in levels[1:]:
        more = [item for item in found if item[0] <= level]
        if len(more) > MOST:
            break
        kept = more
    if len(kept) > MOST:
        kept = [kept[round(place * (len(kept) - 1) / (MOST - 1))] for place in range(MOST)]
    return kept


def _marked(lines: list[str]) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    fence = ""
    start = _after_front_matter(lines)
    for number, line in enumerate(lines[start:], start + 1):
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        elif fence:
            continue
        elif heading := _ATX.match(line):
            found.append((len(heading[1]), number, heading[2]))
        elif number - start > 1 and re.fullmatch(r"(=+|-{3,})[ \t]*", line):
            before = lines[number - 2]
            alone = number - start == 2 or not lines[number - 3].strip()
            if alone and _PLAIN.fullmatch(before):
                found.append((1 if line[0] == "=" else 2, number - 1, before))
    return found


def _after_front_matter(lines: list[str]) -> int:
    if lines[0].strip() != "---":
        return 0
    return next((number for number, line in enumerate(lines[1:], 2) if line.strip() in ("---", "...")), 0)


def _underlined(lines: list[str]) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    levels: list[str] = []
    for number, (title, line) in enumerate(pairwise(lines), 1):
        rule = _UNDERLINE.fullmatch(line)
        if not rule or not _PLAIN.fullmatch(title) or len(line.strip()) < len(title.rstrip()):
            continue
        if rule[1] not in levels:
            levels.append(rule[1])
        found.append((levels.index(rule[1]), number, title))
    return found
