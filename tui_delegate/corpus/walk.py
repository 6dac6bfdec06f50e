"""Walks a folder, or the part of it that a pattern can reach, and says of every file: taken, or why not.

Only names are looked at here; what is in a file is looked at by whoever reads it. The order is that of the
names, files before folders, so that two walks of one tree are the same walk. Paths are plain texts with
forward slashes, and most names pass by what they begin and end with: a big tree is walked for each call.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final, NamedTuple

from tui_delegate.corpus.gitfiles import ignores_above
from tui_delegate.corpus.guard import (
    NOTED_ENDS,
    NOTED_STARTS,
    is_binary_name,
    is_secret,
    is_secret_folder,
)
from tui_delegate.corpus.ignore import FILE
from tui_delegate.corpus.look import Look
from tui_delegate.corpus.pattern import slashes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Set

    from tui_delegate.corpus.ignore import Ignores
    from tui_delegate.corpus.pattern import Pattern

DEEPEST: Final = 100
GUARDED: Final = Look(NOTED_STARTS, NOTED_ENDS)
IGNORED: Final = "ignored by .gitignore"


class Batch(NamedTuple):
    """The files of one folder. Not one value for each: there may be many thousands."""

    show: str
    """What stands before a name where it is shown, and, likewise, in its path and in its real path."""
    path: str
    real: str
    names: list[str]
    links: dict[str, str]
    """Where the names among them that are links lead to."""
    exact: bool = False
    """Named as a file, not met in a folder or by a pattern."""


class Sifted(NamedTuple):
    """What one folder holds: names that are taken, and names with the reason why not."""

    files: list[str]
    links: dict[str, str]
    folders: list[str]
    left: list[tuple[str, str]]
    below: Sieve
    """What holds in the folders."""


class Sieve:
    """What is left out from a folder on: by name, by the ignore files, and folders that are never walked."""

    __slots__ = ("_ignores", "_look", "skip", "top")

    def __init__(self, ignores: Ignores, top: str, skip: Set[str]) -> None:
        self._ignores = ignores
        self.top = top
        """The real path of the folder that was named: no link leads out of it."""
        self.skip = skip
        self._look = Look(ignores.starts, ignores.ends, GUARDED)

    def sift(self, folder: str, wanted: Callable[[str, bool], bool] | None = None) -> Sifted:
        """Judge all that stands in a folder, whose path ends with a slash."""
        files, others = _entries(folder)
        sieve, noted = self, self._noted(folder, files)
        if FILE in noted:
            sieve = self._within(folder)
            noted = sieve._noted(folder, files)
        if wanted:
            files = [name for name in files if wanted(name, False)]
            others = [one for one in others if wanted(one.name, one.is_dir(follow_symlinks=False))]
            noted = [name for name in noted if wanted(name, False)]
        left: dict[str, str] = {}
        for name in noted:
            if why := sieve._why_not_file(folder, name):
                left[name] = why
        if left:
            files = [name for name in files if name not in left]
        if others:
            return sieve._with_others(folder, files, others, left)
        files.sort()
        return Sifted(files, {}, [], sorted(left.items()) if left else [], sieve)

    def _within(self, folder: str) -> Sieve:
        ignores = self._ignores.within(folder)
        return self if ignores is self._ignores else Sieve(ignores, self.top, self.skip)

    def _noted(self, folder: str, files: list[str]) -> list[str]:
        """Give the names that need a look."""
        if self._ignores.places and folder.startswith(self._ignores.places):
            return files
        return self._look.at(files)

    def _with_others(
        self, folder: str, files: list[str], others: list[os.DirEntry[str]], left: dict[str, str]
    ) -> Sifted:
        """Judge what is no plain file, and put all into the order of the names."""
        folders: list[str] = []
        links: dict[str, str] = {}
        for entry in others:
            name, is_folder = entry.name, entry.is_dir(follow_symlinks=False)
            if why := self._why_not(folder, name, is_folder):
                left[name + "/" * is_folder] = why
            elif is_folder:
                folders.append(name)
            elif not entry.is_symlink():
                left[name] = "not a file"
            elif why := _why_not_link(folder + name, self.top):
                left[name] = why
            else:
                links[name] = slashes(os.path.realpath(folder + name))
        files += links
        files.sort()
        folders.sort()
        return Sifted(files, links, folders, sorted(left.items()), self)

    def _why_not_file(self, folder: str, name: str) -> str:
        """Judge a file whose name needs a look."""
        if name == ".git":
            return "not a person's work"  # in a worktree .git is a file
        if self._ignores.ignored(folder, name, False):
            return IGNORED
        return _why_not_name(folder + name)

    def _why_not(self, folder: str, name: str, is_folder: bool) -> str:
        if (is_folder and name in self.skip) or name == ".git":
            return "not a person's work"
        if self._noted(folder, [name]) and self._ignores.ignored(folder, name, is_folder):
            return IGNORED
        return "may hold secrets" if is_folder and is_secret_folder(name) else ""


class Walk:
    """One walk from a folder that was named: nothing above it, and not its own name, can leave it out."""

    def __init__(self, folder: str, cwd: str, skip: Set[str], pattern: Pattern | None = None) -> None:
        self._pattern = pattern
        self._folder = slashes(folder).rstrip("/") + "/"
        real = slashes(os.path.realpath(folder)).rstrip("/") + "/"
        if pattern:
            skip = skip - pattern.named
        self._real = real
        self._sieve = Sieve(ignores_above(slashes(folder), slashes(cwd)), real, skip)
        self.met = False
        """Whether a file was found so far."""
        self.left_out: list[tuple[str, str]] = []
        """Names from the folder on, and why."""

    def batches(self, show: str) -> Iterator[Batch]:
        """Walk, and give each folder's files as they are met."""
        waiting = [("", self._sieve)]
        while waiting:
            below, sieve = waiting.pop()
            found = sieve.sift(self._folder + below, self._wanted(below) if self._pattern else None)
            if found.left:
                self.left_out += [(below + name, why) for name, why in found.left]
            if found.files:
                self.met = True
                yield Batch(show + below, self._folder + below, self._real + below, found.files, found.links)
            if not found.folders:
                continue
            if below.count("/") < DEEPEST:
                waiting += [(f"{below}{name}/", found.below) for name in reversed(found.folders)]
            else:
                self.left_out += [(f"{below}{name}/", "too deep") for name in found.folders]

    def _wanted(self, below: str) -> Callable[[str, bool], bool] | None:
        pattern = self._pattern
        if pattern is None:
            return None
        parts = below.split("/")[:-1]
        return lambda name, is_folder: (
            pattern.leads((*parts, name)) if is_folder else pattern.takes((*parts, name))
        )


def _entries(folder: str) -> tuple[list[str], list[os.DirEntry[str]]]:
    """Give the names of a folder's plain files, and all that is no plain file."""
    others: list[os.DirEntry[str]] = []
    aside = others.append  # gives None: in one pass, a file's name is kept and the rest is put aside
    try:
        with os.scandir(folder) as entries:
            files = [one.name for one in entries if one.is_file(follow_symlinks=False) or aside(one)]
    except (OSError, ValueError):  # a folder that may not be read holds nothing that may be
        return [], []
    return files, others


def _why_not_link(path: str, top: str) -> str:
    """Judge a link by where it leads: into the folder that was named, to a file, and under which name."""
    try:
        target = os.path.realpath(path, strict=True)
        mode = os.stat(target).st_mode
    except OSError:
        return "a link that leads nowhere"
    if stat.S_ISDIR(mode):
        return "a link to a folder"
    if not stat.S_ISREG(mode):
        return "not a file"
    if not slashes(target).startswith(top):
        return "a link out of the folder"
    return _why_not_name(path) or _why_not_name(slashes(target))


def _why_not_name(path: str) -> str:
    *_, folder, name = path.split("/")
    if is_secret(name, folder):
        return "may hold secrets"
    return "binary" if is_binary_name(name) else ""
