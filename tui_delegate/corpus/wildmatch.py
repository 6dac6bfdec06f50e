"""One line of an ignore file, matched byte for byte as git's wildmatch does it. No file is read here.

Texts are bytes in the shape of latin-1 strings: `?` is one byte, as it is to git.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_NEVER: Final = "(?!)"
_NO_SLASH: Final = "[^/]*"
_ANYTHING: Final = ".*"
_FOLDERS: Final = "(?:[^/]*/)*"
_CLASSES = {
    "alnum": str.isalnum,
    "alpha": str.isalpha,
    "blank": lambda letter: letter in " \t",
    "cntrl": lambda letter: letter < " " or letter == "\x7f",
    "digit": str.isdigit,
    "graph": lambda letter: "!" <= letter <= "~",
    "lower": str.islower,
    "print": lambda letter: " " <= letter <= "~",
    "punct": lambda letter: "!" <= letter <= "~" and not letter.isalnum(),
    "space": lambda letter: letter in " \t\n\r\x0b\x0c",
    "upper": str.isupper,
    "xdigit": lambda letter: letter in "0123456789abcdefABCDEF",
}


class BadPattern(ValueError):
    """A pattern that git takes, and that matches nothing whatever."""


def plain_length(pattern: str) -> int:
    """Say how far a pattern is to be taken as it stands."""
    found = re.search(r"[*?\[\\]", pattern)
    return found.start() if found else len(pattern)


def matches(pattern: str, text: str, by_path: bool) -> bool:
    """Whether a pattern matches all of a text; by path, only `**` goes over a slash."""
    return compiled(pattern, by_path).fullmatch(text) is not None


@functools.lru_cache(maxsize=2048)
def compiled(pattern: str, by_path: bool) -> re.Pattern[str]:
    """Make a pattern's regular expression; costly, so done when a name first comes near it.

    Whatever follows a star is taken where it is first met, for good, if another star comes after it: no
    match is lost by that, and a stranger's pattern of many stars can't keep us busy for ever.
    """
    parts: list[str] = []
    at = 0
    try:
        while at < len(pattern):
            part, at = _part(pattern, at, by_path)
            parts.append(part)
    except BadPattern:
        parts = [_NEVER]
    return re.compile("".join(_once_for_all(parts, _FOLDERS, _within_a_folder)), re.DOTALL)


def _within_a_folder(parts: list[str]) -> list[str]:
    """Do it for the stars of each name in a path; by name only, the whole pattern is one."""
    done: list[str] = []
    name: list[str] = []
    for part in parts:
        name.append(part)
        if part == "/":
            done += _once_for_all(name, _NO_SLASH, list)
            name = []
    return done + _once_for_all(_once_for_all(name, _NO_SLASH, list), _ANYTHING, list)


def _once_for_all(parts: list[str], star: str, inner: Callable[[list[str]], list[str]]) -> list[str]:
    """Take what stands between two stars of a kind where it is first met."""
    if star not in parts:
        return inner(parts)
    first = parts.index(star)
    done = inner(parts[:first])
    rest = parts[first + 1 :]
    while star in rest:
        end = rest.index(star)
        done.append(f"(?>{star}?{''.join(inner(rest[:end]))})")
        rest = rest[end + 1 :]
    return [*done, star, *inner(rest)]


def _part(pattern: str, at: int, by_path: bool) -> tuple[str, int]:
    letter = pattern[at]
    if letter == "*":
        return _stars(pattern, at, by_path)
    if letter == "?":
        return ("[^/]" if by_path else "."), at + 1
    if letter == "[":
        return _set(pattern, at + 1, by_path)
    if letter == "\\":
        if at + 1 == len(pattern):
            raise BadPattern
        return re.escape(pattern[at + 1]), at + 2
    return re.escape(letter), at + 1


def _stars(pattern: str, at: int, by_path: bool) -> tuple[str, int]:
    """Read a run of stars: two or more between slashes stand for any folders, or none."""
    after = at
    while pattern[after : after + 1] == "*":
        after += 1
    if not by_path:
        return _ANYTHING, after
    alone = (at == 0 or pattern[at - 1] == "/") and (
        after == len(pattern) or pattern[after] == "/" or pattern.startswith("\\/", after)
    )
    if after - at == 1 or not alone:
        return _NO_SLASH, after
    if pattern[after : after + 1] == "/":
        return _FOLDERS, after + 1
    return _ANYTHING, after


def _set(pattern: str, at: int, by_path: bool) -> tuple[str, int]:
    """Read what stands in brackets as the set of bytes that it is."""
    negated = pattern[at : at + 1] in ("!", "^")
    at += negated
    wanted: set[str] = set()
    before = ""  # what a hyphen would count from
    first = True
    while first or _letter(pattern, at) != "]":
        first = False
        letter = _letter(pattern, at)
        if letter == "\\":
            at += 1
            before = _letter(pattern, at)
            wanted.add(before)
        elif letter == "-" and before and pattern[at + 1 : at + 2] not in ("", "]"):
            at += 1 + (pattern[at + 1] == "\\")
            wanted.update(map(chr, range(ord(before), ord(_letter(pattern, at)) + 1)))
            before = ""
        elif letter == "[" and (end := _named(pattern, at)):
            named = _CLASSES.get(pattern[at + 2 : end - 1])
            if named is None:
                raise BadPattern
            wanted.update(filter(named, map(chr, range(128))))
            at, before = end, ""
        else:
            wanted.add(letter)
            before = letter
        at += 1
    taken = [
        code for code in range(256) if (chr(code) in wanted) != negated and not (by_path and code == 0x2F)
    ]
    return ("[" + "".join(f"\\x{code:02x}" for code in taken) + "]" if taken else _NEVER), at + 1


def _named(pattern: str, at: int) -> int:
    """Say where the closing bracket of a `[:name:]` stands; 0: it is none."""
    if not pattern.startswith("[:", at):
        return 0
    end = pattern.find("]", at + 2)
    if end < 0:
        raise BadPattern
    return end if end > at + 2 and pattern[end - 1] == ":" else 0


def _letter(pattern: str, at: int) -> str:
    if at >= len(pattern):
        raise BadPattern
    return pattern[at]
