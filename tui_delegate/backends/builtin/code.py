"""Source code: definitions with the sentence that stands above or below them, comments, lines.

Read by the shape of lines, not by a parser, so that half a file and a broken one can be read too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tui_delegate.backends.builtin.documents import Document, Heading, Role, Unit, passage

_DEFINES = re.compile(
    r"^(?P<indent>\s*)(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub"
    r"(?:\([^)]*\))?|unsafe|override|open|data|sealed|inline|extern|virtual|local)\s+)*"
    r"(?:(?P<kind>def|class|function\*?|func|fn|struct|enum|trait|interface|impl|module|mod|type|protocol|object"
    r"|namespace|record|sub|package)\s+(?:\([^)]*\)\s*)?(?P<name>[A-Za-z_$][\w$.:]*)"
    r"|(?:const|let|var)\s+(?P<bound>[A-Za-z_$][\w$]*)\s*=\s*(?:async\s*)?(?:\(|function\b|\w+\s*=>)"
    r"|CREATE\s+(?:TABLE|VIEW|INDEX)\s+(?:IF NOT EXISTS\s+)?(?P<table>[\w.\"]+))",
)
_C_FUNCTION = re.compile(
    r"^(?:[A-Za-z_][\w:<>,]*[\s*&]+)+(?P<name>[A-Za-z_~][\w:~]*)\s*\([^;]*\)?\s*(?:const\s*)?\{?\s*$"
)
_NOT_NAMES = {"if", "for", "while", "switch", "return", "else", "do", "case", "catch", "with", "elif"}
_CONSTANT = re.compile(r"^(?P<name>[A-Z][A-Z0-9_]{2,})\b\s*(?::[^=]+)?=[^=]")
_COMMENT = re.compile(r"^\s*(?:#(?!!)|//|/\*|\*(?:\s|$)|--\s|;;|\"\"\"|''')")
_DOC = re.compile(r"^\s*[rRuU]?(?:\"\"\"|''')(?P<text>.*)$")
_C_LIKE = (".c", ".h", ".cc", ".cpp", ".hpp", ".java", ".cs")
_BARE = re.compile(r"^[\W_]*$")


@dataclass(frozen=True, slots=True)
class Definition:
    """A function, class or the like."""

    line: int
    name: str
    indent: int
    text: str
    doc: tuple[int, str] | None = None
    """The first line of what is said about it."""


def definitions(lines: tuple[str, ...], name: str, first: int = 1) -> list[Definition]:
    """Find what a file defines."""
    found, c_like = [], name.casefold().endswith(_C_LIKE)
    for at, line in enumerate(lines):
        if len(line) > 400:
            continue
        if match := _DEFINES.match(line):
            called = match["name"] or match["bound"] or match["table"] or ""
            indent = len(match["indent"].expandtabs(4))
        elif (match := _CONSTANT.match(line)) or (c_like and (match := _C_FUNCTION.match(line))):
            called, indent = match["name"], 0
        else:
            continue
        if called not in _NOT_NAMES:
            found.append(Definition(first + at, called, indent, line, _doc(lines, at, first)))
    return found


def _doc(lines: tuple[str, ...], at: int, first: int) -> tuple[int, str] | None:
    """Find the docstring below a definition, even of several lines, or the comment above it."""
    for further in range(at + 1, min(at + 12, len(lines))):
        if match := _DOC.match(lines[further]):
            row = further if match["text"].strip() or further + 1 >= len(lines) else further + 1
            return first + row, lines[row]
        if lines[further - 1].rstrip().endswith((":", "{", ";")) or not lines[further].strip():
            break
    above = at - 1
    while above > 0 and _COMMENT.match(lines[above - 1]) and _COMMENT.match(lines[above]):
        above -= 1
    if above >= 0 and _COMMENT.match(lines[above]) and not _BARE.match(lines[above]) and above < at:
        return first + above, lines[above]
    return None


def opening(lines: tuple[str, ...], first: int = 1) -> list[tuple[int, str]]:
    """Find what a file says about itself at its top: its docstring or first comment, three lines at most."""
    if first != 1:
        return []
    rows: list[tuple[int, str]] = []
    for number, line in enumerate(lines[:40], 1):
        if not rows and (
            line.startswith("#!") or not line.strip() or "coding:" in line or "license" in line.casefold()
        ):
            continue
        inside = rows and _DOC.match(rows[0][1]) and line.strip()
        if not (_COMMENT.match(line) or inside) or len(rows) == 3:
            break
        if rows or not _BARE.match(line) or _DOC.match(line):
            rows.append((number, line))
        if _DOC.match(line) and line.strip()[3:].rstrip().endswith(('"""', "'''")):
            break
    return rows


def read(blank: Document) -> Document:
    """Read source code into its definitions and its lines."""
    known = {one.line: one for one in definitions(blank.lines, blank.name, blank.first)}
    units, headings = list[Unit](), list[Heading]()
    section, told = "", set[int]()
    top = opening(blank.lines, blank.first)
    if top and (made := passage(blank.name, top)):
        units.append(Unit(made, "comment", lead=True))
        told |= {number for number, _ in top}
    for number, line in enumerate(blank.lines, blank.first):
        if one := known.get(number):
            headings.append(Heading(number, one.name, 1 + one.indent // 4))
            rows = [(number, line)]
            if one.doc and one.doc[0] not in told:
                rows.append(one.doc)
                told.add(one.doc[0])
            if made := passage(blank.name, sorted(rows), section):
                units.append(Unit(made, "definition", name=one.name))
            section = one.name if "class" in line or one.indent == 0 else section
        elif (
            number not in told
            and not _BARE.match(line)
            and (made := passage(blank.name, [(number, line)], section))
        ):
            role: Role = "comment" if _COMMENT.match(line) else "code"
            units.append(Unit(made, role))
    return replace(blank, headings=tuple(headings), units=tuple(units))
