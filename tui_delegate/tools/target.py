"""A place that a worker's file may be written to, and the writing of it: whole, or not at all.

The way there is walked again before each use, and must still end inside the folder that it may not leave.
What is written, and who wanted it, is not known here; nor is any prompt or terminal.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from tui_delegate.core.errors import (
    BadTarget,
    NotAFile,
    NotWritten,
    RootEscape,
    TargetChanged,
    TargetError,
    TargetExists,
    TargetProtected,
)
from tui_delegate.tools.backup import keep
from tui_delegate.tools.draft import Draft
from tui_delegate.tools.naming import judge, judge_length, parts_of
from tui_delegate.tools.newlines import like
from tui_delegate.tools.protected import is_named, why_protected
from tui_delegate.tools.sight import Sight, look
from tui_delegate.tools.turn import Turn, settle
from tui_delegate.tools.walk import Folder, Way, refuse, shown, walk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType


class Written(NamedTuple):
    """What became of the file."""

    path: str
    """Where it stands, without links."""
    backup: str = ""
    """The name, in the same folder, of what was there before."""
    changed: bool = True
    """False: it held the very same before, and was left alone."""
    other_names: int = 0
    """How many other names (hard links) the file had: they keep what it held before."""


class _Bound(NamedTuple):
    """A folder that a target may not leave; where it is missing, the names that it will have."""

    folder: Folder
    names: tuple[str, ...]
    path: str


class Target:
    """A place for one file. Made by `within` or `free`; use it in a `with`, for it holds its root open."""

    def __init__(self, name: str, cwd: str, bound: _Bound | None, allowed: Sequence[Sequence[str]]) -> None:
        self.named: Final = name
        """As the person said it."""
        self._cwd = cwd
        self._bound = bound
        self._allowed = allowed
        self._looked = False
        self._seen: Sight | None = None
        self._ours: Sight | None = None
        self.path = ""
        """Where it leads, without links."""
        with self._walk() as way:
            self.path = way.path

    def __enter__(self) -> Target:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bound:
            self._bound.folder.close()
            self._bound = None

    def check(self, *, force: bool = False) -> None:
        """Refuse now what `write` would refuse later: before a model is paid."""
        if self.read() is not None and not force:
            raise self._exists()
        with self._walk() as way:
            if not os.access(way.folder.at("."), os.W_OK | os.X_OK, dir_fd=way.folder.handle):
                raise NotWritten(f"{shown(way.folder.path)} can't be written to.", "See whose folder it is.")

    def read(self) -> bytes | None:
        """Give what is there now; None: nothing. What `write` finds later must be this."""
        with self._walk() as way:
            try:
                self._seen = look(way)
            except OSError as error:
                refuse(error, way.path)
        self._looked = True
        return self._seen.data if self._seen else None

    def fit(self, data: bytes) -> bytes:
        """Give the bytes that `write` would write: with the line ends of the file that is there."""
        if not self._looked:
            self.read()
        return like(data, self._seen.data if self._seen else None)

    def write(self, data: bytes, *, force: bool = False, now: float | None = None) -> Written:
        """Put the file where it belongs, whole. What `force` replaces is kept beside it.

        What this target wrote before it replaces without being forced to, and keeps only if it was changed.
        """
        data = self.fit(data)
        if self._seen and not force and not self._ours:
            raise self._exists()
        if self._seen and self._seen.data == data:
            return Written(self.path, changed=False)
        self._looked = False
        with self._walk() as way:
            done = False
            try:
                way.make_folders()
                backup = self._put(way, data, time.time() if now is None else now)
                done = True
                for folder in way.made_in():
                    settle(folder)
                self._ours = look(way)
            except OSError as error:
                refuse(error, way.path)
            finally:
                if not done:
                    way.unmake_folders()
            others = self._seen.rights.st_nlink - 1 if self._seen else 0
            return Written(way.path, backup, other_names=others)

    def undo(self, written: Written, *, now: float | None = None) -> None:
        """Take out again what `write` has put there: what it replaced has its name back.

        What somebody made of it meanwhile is kept beside it.
        """
        if not written.changed:
            return
        self._looked = False
        with self._walk() as way, Turn(way.folder) as turn:
            folder, leaf = way.folder, way.leaf
            try:
                turn.take()
                there = look(way)
                if there and not there.is_of(self._ours):
                    when = time.time() if now is None else now
                    keep(folder, leaf, there.data, there.rights, when, turn.listing())
                if written.backup:
                    before, here = folder.at(written.backup), folder.handle
                    os.replace(before, folder.at(leaf), src_dir_fd=here, dst_dir_fd=here)
                elif there:
                    os.unlink(folder.at(leaf), dir_fd=folder.handle)
                turn.settle()
                self._ours = None
            except OSError as error:
                refuse(error, way.path)

    def _put(self, way: Way, data: bytes, now: float) -> str:
        seen = self._seen
        with Draft(way.folder, seen.rights if seen else None) as draft, Turn(way.folder) as turn:
            draft.fill(data)
            turn.take()
            self._confirm(way)
            if seen:
                backup = self._replace(draft, way, seen, now, turn)
            else:
                backup = ""
                self._place(draft, way)
            turn.settle()
            return backup

    def _place(self, draft: Draft, way: Way) -> None:
        try:
            draft.name(way.leaf)
        except FileExistsError:
            raise self._exists("meanwhile ") from None

    def _replace(self, draft: Draft, way: Way, seen: Sight, now: float, turn: Turn) -> str:
        if not seen.is_of(look(way)):
            raise TargetChanged(
                f"{shown(self.named)} isn't any more what was looked at: somebody changed it meanwhile.",
                "Look at it, then run the same again.",
            )
        backup, listing = "", turn.listing()
        if not seen.is_of(self._ours):
            backup = keep(way.folder, way.leaf, seen.data, seen.rights, now, listing)
        try:
            draft.replace(way.leaf)
        except OSError:
            if backup:
                os.unlink(way.folder.at(backup), dir_fd=way.folder.handle)
            raise
        if backup:
            turn.prune(way.leaf, backup, listing)
        return backup

    def _confirm(self, way: Way) -> None:
        """Make sure that the way still leads to the folder that is held open."""
        with self._walk() as again:
            if again.missing or again.folder.key != way.folder.key:
                raise TargetChanged(f"{shown(way.folder.path)} is another folder now.", "Try again.")

    def _exists(self, when: str = "") -> TargetExists:
        return TargetExists(
            f"{shown(self.named)} {when}exists.",
            "Pass --force to replace it; what it holds is kept beside it.",
        )

    def _walk(self) -> Way:
        way = walk(self.named, self._cwd)
        try:
            self._judge(way)
        except TargetError:
            way.close()
            raise
        return way

    def _judge(self, way: Way) -> None:
        below = self._below_bound(way)
        judge_length(way.path)
        if not way.leaf:
            raise NotAFile(f"{shown(self.named)} is a folder.", "Name a file in it.")
        if self.named.endswith(("/", "/.", os.sep)):
            raise BadTarget(f"{shown(self.named)} names a folder.", "Name a file in it.")
        if self.path not in ("", way.path):
            raise TargetChanged(f"{shown(self.named)} leads to {shown(way.path)} now.", "Try again.")
        self._judge_protected(way, below)

    def _below_bound(self, way: Way) -> list[str]:
        """Give the names below the folder that the target may not leave."""
        if not self._bound:
            return way.names
        folder, names, path = self._bound
        below = way.below(folder.key)
        if below is None or tuple(below[: len(names)]) != names:
            raise RootEscape(
                f"{shown(self.named)} lies outside {shown(path)}.",
                "Name a file inside it, or another folder with --target-root.",
            )
        return below[len(names) :]

    def _judge_protected(self, way: Way, below: list[str]) -> None:
        """Judge the names that the way really has, and those that were said: either may be obeyed."""
        inside = way.below(_key_of(self._cwd))
        if inside is not None and len(inside) < len(below):
            below = inside  # where a person stands is a place that they named
        self._refuse_protected(way, way.names, len(way.names) - len(below))
        said, here = _parts_of_whole(os.path.join(self._cwd, self.named)), _parts_of_whole(self._cwd)
        self._refuse_protected(way, said, len(here) if said[: len(here)] == here else 0)

    def _refuse_protected(self, way: Way, names: list[str], above: int) -> None:
        count, reason = why_protected(names[above:])
        if not count or is_named(names, above + count, self._allowed):
            return
        kept = way.folders[0].path + os.sep.join(names[: above + count])
        if kept.startswith(os.path.join(self._cwd, "")):
            kept = os.path.relpath(kept, self._cwd)
        raise TargetProtected(
            f"{shown(self.named)} is protected, because of {shown(names[above + count - 1])}: {reason}.",
            f"If it is meant: --allow-protected {shown(kept)}",
        )


def within(root: str, name: str | None, cwd: str = "", *, allow: Sequence[str] = ()) -> Target:
    """Find a target that must lie in `root`. Both are read from `cwd`, or the working folder.

    `allow` holds protected files and folders that the person named.
    """
    name, cwd = judge(name), cwd or _working_folder()
    return _bounded(root or ".", name, cwd, allow)


def free(name: str | None, cwd: str = "", *, allow: Sequence[str] = ()) -> Target:
    """Find a target without a root: a whole path is taken as named, any other may not leave `cwd`."""
    name, cwd = judge(name), cwd or _working_folder()
    if os.path.isabs(name):
        return Target(name, cwd, None, _parts_of_all(allow, cwd))
    return _bounded(".", name, cwd, allow)


def _bounded(root: str, name: str, cwd: str, allow: Sequence[str]) -> Target:
    way = walk(judge(root), cwd)
    path, names = way.path, (*way.missing, *((way.leaf,) if way.leaf else ()))
    folder = way.folders.pop()
    way.close()
    bound = _Bound(folder, names, path)
    try:
        if len(names) == 1 and folder.inspect(names[0]) is not None:
            raise RootEscape(f"The target root {shown(root)} is no folder.", "Name a folder.")
        return Target(name, cwd, bound, _parts_of_all([*allow, root], cwd))
    except TargetError:
        folder.close()
        raise
    except OSError as error:
        folder.close()
        refuse(error, path)


def _key_of(folder: str) -> tuple[int, int]:
    try:
        found = os.stat(folder)
    except OSError:  # gone meanwhile: nobody stands in it any more
        return (-1, -1)
    return (found.st_dev, found.st_ino)


def _parts_of_all(allow: Sequence[str], cwd: str) -> list[list[str]]:
    whole = [os.path.join(cwd, name) for name in allow if "\0" not in name]
    return [_parts_of_whole(path) for name in whole for path in (name, os.path.realpath(name))]


def _parts_of_whole(path: str) -> list[str]:
    return parts_of(os.path.splitdrive(os.path.abspath(path))[1])


def _working_folder() -> str:
    try:
        return os.getcwd()
    except OSError as error:
        raise NotWritten(f"The working folder can't be found: {error.strerror}.", "Go to another.") from error
