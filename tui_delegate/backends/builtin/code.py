"""Source code: definitions with the sentence that stands above or below them, comments, lines.

Read by the shape of lines, not by a parser, so that half a file and a broken one can be read too.
"""

from __future__ import annotations

import re

from tui_delegate.backends.builtin.documents import Document, Heading, Role, Unit, passage, pieces
from tui_delegate.core.records import dataclass, replace

_DEFINES = re.compile(
    r"^(?P<indent>\s*)(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub"
    r"(?:\([^)]*\))?|unsafe|override|open|data|sealed|inline|extern|virtual|local)\s+)*"
    r"(?:(?P<kind>def|class|function\*?|func|fn|struct|enum|trait|interface|impl|module|mod|type|protocol|object"
    r"|namespace|record|sub|package)\s+(?:\([^)]*\)\s*)?(?P<name>[A-Za-z_$](?:[\w$.]|::)*)"
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
_MARKS = re.compile(r"^\s*(?:[rRuU]?(?:\"\"\"|''')|#+!?\s|/\*+|//[/!]?|\*\s|--\s|;;+)\s*")
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
    """Find what a file says about itself at its top: its docstring or first comment, four lines at most."""
    rows: list[tuple[int, str]] = []
    closing = ""
    for number, line in enumerate(lines[:40] if first == 1 else (), 1):
        bare = line.strip()
        if not rows and not closing:
            if not bare or bare.startswith("#!") or "coding:" in bare or "license" in bare.casefold():
                continue
            closing = next((mark for mark in ('"""', "'''", "/*") if mark in bare[:4]), "#")
        if (closing == "#" and not _COMMENT.match(line)) or len(rows) == 4:
            break
        if not _BARE.match(line):
            rows.append((number, words_in(line)))
        if closing != "#" and (
            bare.count(closing) == 2 or (number > 1 and closing.replace("/*", "*/") in bare)
        ):
            break
    return rows


def words_in(line: str) -> str:
    """Give what a comment or docstring line says, without its marks."""
    text = _MARKS.sub("", line).rstrip()
    return text.removesuffix('"""').removesuffix("'''").removesuffix("*/").strip() or line.strip()


def read(blank: Document) -> Document:
    """Read source code into its definitions and its lines."""
    known = {one.line: one for one in definitions(blank.lines, blank.name, blank.first)}
    top = opening(blank.lines, blank.first)
    units = [Unit(made, "comment", lead=True)] if top and (made := passage(blank.name, top)) else []
    told, section = {number for number, _ in top}, ""
    for number, line in enumerate(blank.lines, blank.first):
        if one := known.get(number):
            section = section if one.indent else ""
            units += _defined(blank.name, one, told, section)
            if "class" in line or not (one.indent or _CONSTANT.match(line)):
                section = one.name
        elif number not in told and not _BARE.match(line):
            role: Role = "comment" if _COMMENT.match(line) else "code"
            rows = [passage(blank.name, [(number, piece)], section) for piece in pieces(line)]
            units += [Unit(made, role) for made in rows if made]
    headings = tuple(Heading(one.line, one.name, 1 + one.indent // 4) for one in known.values())
    return replace(blank, headings=headings, units=tuple(units))


def _defined(name: str, one: Definition, told: set[int], section: str) -> list[Unit]:
    """Make a unit of a definition and what is said about it, which is then not told again."""
    rows = [(one.line, one.text)]
    if one.doc and one.doc[0] not in told:
        rows.append((one.doc[0], words_in(one.doc[1])))
        told.add(one.doc[0])
    made = passage(name, sorted(rows), section)
    return [Unit(made, "definition", name=one.name)] if made else []
