"""Walks a folder, or the part of it that a pattern can reach, and says of every file: taken, or why not.

Only names are looked at here; what is in a file is looked at by whoever reads it. The order is that of the
names, so that two walks of one tree are the same walk.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean_line
from tui_delegate.corpus.guard import is_binary_name, is_junk, is_secret, is_secret_folder
from tui_delegate.corpus.ignore import ignores_above
from tui_delegate.corpus.values import Found, LeftOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tui_delegate.corpus.ignore import Ignores

MAGIC: Final = re.compile(r"[*?\[]")
DEEPEST: Final = 100
MOST_FILES: Final = 20_000
"""Whoever names more than this has named the wrong folder."""


class Pattern:
    """A glob, segment by segment. `**` is any number of folders; no wildcard begins with a dot."""

    def __init__(self, segments: Sequence[str]) -> None:
        self._segments = [
            None if segment == "**" else (segment, re.compile(fnmatch.translate(segment)))
            for segment, after in zip(segments, (*segments[1:], ""), strict=True)
            if not segment == after == "**"
        ]

    def leads(self, parts: Sequence[str]) -> bool:
        """Whether something below this folder can match."""
        return self._match(parts, 0, 0, on_the_way=True)

    def takes(self, parts: Sequence[str]) -> bool:
        """Whether this path matches, or a folder above it does: a folder is taken whole."""
        return self._match(parts, 0, 0, on_the_way=False)

    def _match(self, parts: Sequence[str], at: int, segment: int, *, on_the_way: bool) -> bool:
        if segment == len(self._segments):
            return at > 0
        if at == len(parts):
            return on_the_way
        one = self._segments[segment]
        name = parts[at]
        if one is not None:
            hidden = name.startswith(".") and not one[0].startswith(".")
            return (
                not hidden
                and one[1].match(name) is not None
                and self._match(parts, at + 1, segment + 1, on_the_way=on_the_way)
            )
        if segment + 1 == len(self._segments):
            return not name.startswith(".")
        return self._match(parts, at, segment + 1, on_the_way=on_the_way) or (
            not name.startswith(".") and self._match(parts, at + 1, segment, on_the_way=on_the_way)
        )


@dataclass(slots=True)
class Walk:
    """One walk, and what it met on its way."""

    display: Callable[[Path], str]
    pattern: Pattern | None = None
    found: list[Found] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def start(self, folder: Path, cwd: Path) -> None:
        """Walk a folder that was named: nothing above it, and not its own name, can leave it out."""
        self._folder(folder, (), ignores_above(folder, cwd).within(folder), Path(os.path.realpath(folder)))

    def _folder(self, folder: Path, parts: tuple[str, ...], ignores: Ignores, top: Path) -> None:
        for entry in entries_of(folder):
            path, inner = folder / entry.name, (*parts, entry.name)
            is_folder = entry.is_dir(follow_symlinks=False)
            if self.pattern and not (self.pattern.leads(inner) if is_folder else self.pattern.takes(inner)):
                continue
            if why := why_not(entry, path, ignores, top) or ("too deep" if len(inner) > DEEPEST else ""):
                self.left_out.append(LeftOut(clean_line(self.display(path)) + "/" * is_folder, why))
            elif is_folder:
                self._folder(path, inner, ignores.within(path), top)
            elif len(self.found) >= MOST_FILES:
                return
            else:
                real = os.path.realpath(path) if entry.is_symlink() else str(top.joinpath(*inner))
                self.found.append(Found(self.display(path), path, real))


def entries_of(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Give what stands in a folder, in the order of the names."""
    try:
        with os.scandir(folder) as entries:
            yield from sorted(entries, key=lambda entry: entry.name)
    except OSError:  # a folder that may not be read holds nothing that may be
        return


def why_not(entry: os.DirEntry[str], path: Path, ignores: Ignores, top: Path) -> str:
    """Say why an entry is left out of a walk that began at `top`; empty: it is taken."""
    is_folder = entry.is_dir(follow_symlinks=False)
    if (is_folder and is_junk(entry.name)) or entry.name == ".git":  # in a worktree .git is a file
        return "not a person's work"
    if ignores.ignored(path.as_posix(), is_folder):
        return "ignored by .gitignore"
    if is_folder:
        return "may hold secrets" if is_secret_folder(entry.name) else ""
    if entry.is_symlink():
        return _why_not_link(path, top)
    if not entry.is_file(follow_symlinks=False):
        return "not a file"
    return _why_not_name(entry.name)


def _why_not_link(path: Path, top: Path) -> str:
    """Judge a link by where it leads: into the folder that was named, to a file, and under which name."""
    try:
        target = path.resolve(strict=True)
        mode = target.stat().st_mode
    except (OSError, RuntimeError):
        return "a link that leads nowhere"
    if stat.S_ISDIR(mode):
        return "a link to a folder"
    if not stat.S_ISREG(mode):
        return "not a file"
    if not target.is_relative_to(top):
        return "a link out of the folder"
    return _why_not_name(path.name) or _why_not_name(target.name)


def _why_not_name(name: str) -> str:
    if is_secret(name):
        return "may hold secrets"
    return "binary" if is_binary_name(name) else ""
