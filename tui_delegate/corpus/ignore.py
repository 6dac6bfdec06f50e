"""`.gitignore` files as git reads them: nested, the last word wins, outside a repository too.

Each entry is judged by itself, never by a folder above it: a walk does not go into an ignored folder, and
a folder that the person named is not ignored any more, whatever is written of it. Where git's own settings
are found is `gitfiles`'s.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple

from tui_delegate.corpus.look import HEAD, TAIL
from tui_delegate.corpus.wildmatch import matches, plain_length

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FILE: Final = ".gitignore"
MOST_BYTES: Final = 1_000_000


class Rule(NamedTuple):
    """One line of an ignore file."""

    pattern: str
    """Without its `!`, its first slash and its last; bytes in the shape of latin-1."""
    ignores: bool
    folders: bool
    """Whether only folders are meant."""
    by_path: bool
    """Whether the line is about a path from its file's folder on, not about a name anywhere below it."""
    plain: str
    """What its pattern begins with and is to be taken as it stands."""
    start: str
    """What every name begins with that it is about; empty: it may be any."""
    end: str

    def is_about(self, name: str, below: str) -> bool:
        """Whether the line speaks of an entry, by its name and its path from the file's folder on."""
        text = below if self.by_path else name
        pattern, plain = self.pattern, self.plain
        if plain == pattern:
            return text == plain
        if not self.by_path:
            if not plain and pattern[1:] == self.end and pattern[0] == "*":
                return text.endswith(self.end)
            return text.startswith(plain) and matches(pattern, text, False)
        # What is plain is taken off first, as git does it: a `**` right after it may then reach over slashes.
        return text.startswith(plain) and matches(pattern[len(plain) :], text[len(plain) :], True)


class IgnoreFile(NamedTuple):
    """The rules of one file, the last first."""

    base: str
    """Its folder, absolute, with forward slashes and one at the end."""
    rules: tuple[Rule, ...]


class Ignores:
    """All ignore files that have a say in a folder, the nearest first, and which names need a look at all.

    `starts`, `ends` and `places` are for a walk: a name that begins and ends otherwise, in another place, is
    not ignored, and nobody need ask.
    """

    __slots__ = ("_near", "ends", "files", "places", "starts")

    def __init__(self, files: tuple[IgnoreFile, ...] = ()) -> None:
        self.files = files
        self.starts: set[str] = set()
        self.ends: set[str] = set()
        self.places: tuple[str, ...] = ()
        self._near: dict[tuple[str, str], list[tuple[int, Rule]]] = {}
        """By a name's beginning and end, the rules that may be about it, and what to cut off a path."""
        for base, rules in files:
            for rule in rules:
                if rule.ignores:
                    self._note(base, rule)

    def within(self, folder: str) -> Ignores:
        """Give the rules of a folder: these, and those of an ignore file in it."""
        return self.under(folder, read_rules(f"{folder.rstrip('/')}/{FILE}", follow=False))

    def under(self, folder: str, rules: tuple[Rule, ...]) -> Ignores:
        """Add rules that hold from a folder on."""
        return Ignores((IgnoreFile(folder.rstrip("/") + "/", rules), *self.files)) if rules else self

    def ignored(self, folder: str, name: str, is_folder: bool) -> bool:
        """Whether an entry is ignored; its folder's path is absolute, with forward slashes."""
        name = _as_bytes(name)
        near = self._rules_near(name[:HEAD], name[-TAIL:])
        if not near:
            return False
        path = _as_bytes(folder) + name
        for cut, rule in near:
            if (is_folder or not rule.folders) and rule.is_about(name, path[cut:]):
                return rule.ignores
        return False

    def _rules_near(self, head: str, tail: str) -> list[tuple[int, Rule]]:
        near = self._near.get((head, tail))
        if near is None:
            near = [
                (len(_as_bytes(base)), rule)
                for base, rules in self.files
                for rule in rules
                if (rule.start.startswith(head) or head.startswith(rule.start))
                and (rule.end.endswith(tail) or tail.endswith(rule.end))
            ]
            self._near[head, tail] = near
        return near

    def _note(self, base: str, rule: Rule) -> None:
        """Note by what the names are known that a rule may be about."""
        if rule.end and rule.end != rule.start and len(rule.start) < HEAD:
            self.ends.add(_as_text(rule.end))
        elif rule.start:
            self.starts.add(_as_text(rule.start))
        else:
            self.places += (base + _as_text(rule.plain.rpartition("/")[0]),)


def read_rules(file: str, *, follow: bool = True) -> tuple[Rule, ...]:
    """Read an ignore file, the last line first. One in the tree is not read through a link, as in git."""
    try:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        handle = os.open(file, flags | (0 if follow else getattr(os, "O_NOFOLLOW", 0)))
    except (OSError, ValueError):
        return ()
    with os.fdopen(handle, "rb") as opened:
        try:
            raw = opened.read(MOST_BYTES) or b""
        except OSError:
            return ()
    return tuple(reversed(list(_rules(raw.removeprefix(b"\xef\xbb\xbf").decode("latin-1").split("\n")))))


def _rules(lines: Iterable[str]) -> Iterator[Rule]:
    for line in lines:
        if line.startswith("#"):
            continue
        pattern = _without_spaces(line.removesuffix("\r"))
        ignores = not pattern.startswith("!")
        pattern = pattern if ignores else pattern[1:]
        folders = pattern.endswith("/")
        pattern = pattern[:-1] if folders else pattern
        if pattern:
            body = pattern.removeprefix("/")
            plain = body[: plain_length(body)]
            yield Rule(body, ignores, folders, "/" in pattern, plain, *_edges(body, plain))


def _edges(pattern: str, plain: str) -> tuple[str, str]:
    """Say what all names begin and end with that a pattern is about."""
    folder, _, last = pattern.rpartition("/")
    # To git, `a/b**/c` is about `a/bc` too; and a slash may stand in brackets.
    if (plain[-1:] not in "/" and pattern.startswith("**", len(plain))) or "[" in folder:
        return "", ""
    return last[: plain_length(last)], last[max(map(last.rfind, "*?[]\\")) + 1 :]


def _without_spaces(line: str) -> str:
    """Take off the spaces at the end, but for one behind a backslash."""
    bare = line.rstrip(" ")
    slashes = len(bare) - len(bare.rstrip("\\"))
    return line[: len(bare) + 1] if slashes % 2 else bare


def _as_bytes(path: str) -> str:
    return path if path.isascii() else os.fsencode(path).decode("latin-1")


def _as_text(pattern: str) -> str:
    return pattern if pattern.isascii() else os.fsdecode(pattern.encode("latin-1"))
