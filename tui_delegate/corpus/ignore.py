"""`.gitignore` files as git reads them: nested, the last word wins, outside a repository too.

Each entry is judged by itself, never by a folder above it: a walk does not go into an ignored folder, and
a folder that the person named is not ignored any more, whatever is written of it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import re
    from pathlib import Path

FILE: Final = ".gitignore"
MOST_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of an ignore file."""

    regex: re.Pattern[str]
    ignores: bool
    by_path: bool
    """Whether the line is about a path from its file's folder on, not about a name anywhere below it."""


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """The rules of one file, the last first, and how deep below the walk's top its folder is."""

    base: str
    """Its folder, absolute, with a slash at the end."""
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Ignores:
    """All ignore files that have a say in a folder, the nearest first."""

    files: tuple[IgnoreFile, ...] = ()

    def within(self, folder: Path) -> Ignores:
        """Give the rules of a folder: these, and those of an ignore file in it."""
        rules = _read(folder / FILE)
        return Ignores((IgnoreFile(_slashed(folder), rules), *self.files)) if rules else self

    def ignored(self, path: str, is_folder: bool) -> bool:
        """Whether an entry, by its absolute path with forward slashes, is ignored."""
        name = path.rpartition("/")[2] + ("/" if is_folder else "")
        for file in self.files:
            below = path[len(file.base) :] + ("/" if is_folder else "")
            for rule in file.rules:
                if _is_about(rule, below if rule.by_path else name):
                    return rule.ignores
        return False


def ignores_above(folder: Path, cwd: Path) -> Ignores:
    """Gather the rules that hold for a folder from above: from its repository's top, else from `cwd`."""
    line = (folder, *folder.parents)
    top = next((place for place in line if os.path.exists(place / ".git")), None)
    found = Ignores()
    if top is None:
        top = cwd if cwd in line else folder
    elif rules := _read(top / ".git" / "info" / "exclude"):
        found = Ignores((IgnoreFile(_slashed(top), rules),))
    for place in reversed(line[1 : line.index(top) + 1]):
        found = found.within(place)
    return found


def _is_about(rule: Rule, entry: str) -> bool:
    """Whether a rule matches the entry itself, not only a folder above it."""
    if "ps_d" not in rule.regex.groupindex:  # `foo/**` speaks of all that is in foo, not of foo
        return rule.regex.search(entry.removesuffix("/")) is not None
    found = rule.regex.search(entry)  # `ps_d` is pathspec's name for the slash after a folder that matches
    return found is not None and found.end("ps_d") in (-1, len(entry))


def _read(file: Path) -> tuple[Rule, ...]:
    try:
        with open(file, "rb") as opened:
            raw = opened.read(MOST_BYTES)
    except OSError:
        return ()
    rules = [
        rule for line in raw.split(b"\n") if (rule := _rule(os.fsdecode(line.removeprefix(b"\xef\xbb\xbf"))))
    ]
    return tuple(reversed(rules))


def _rule(line: str) -> Rule | None:
    from pathspec.patterns.gitignore.base import GitIgnorePatternError
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    try:
        pattern = GitIgnoreSpecPattern(line)
    except GitIgnorePatternError:
        return None
    if pattern.regex is None or pattern.include is None:
        return None
    body = line.rstrip().removeprefix("!")
    return Rule(pattern.regex, bool(pattern.include), "/" in body.removesuffix("/"))


def _slashed(folder: Path) -> str:
    return folder.as_posix().rstrip("/") + "/"
