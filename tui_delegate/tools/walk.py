"""The way to a file, folder by folder, each held open, so that no link put there meanwhile leads it astray.

Every link is read and followed here, by its text, never by the system: where the way ends is known because
it was walked. Where a folder can't be opened (Windows) the way is what `realpath` says, and is walked again
just before the file gets its name: a moment remains in which a link could be put in between.

What a place is good for is not decided here, and nothing is written but missing folders.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import BadTarget, NotAFile, NotWritten, TargetChanged
from tui_delegate.tools.naming import parts_of

if TYPE_CHECKING:
    from types import TracebackType

HELD: Final = {
    os.open,
    os.stat,
    os.mkdir,
    os.rmdir,
    os.rename,
    os.unlink,
    os.link,
    os.readlink,
} <= os.supports_dir_fd
"""Whether names can be looked up from an open folder here."""
_MOST_TURNS: Final = 40
_SYSTEM: Final = ("dev", "proc", "sys")
# To hold a folder it is enough to be let through it; reading its list is another right.
_FOLDER: Final = getattr(os, "O_PATH", 0) | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)


class Folder(NamedTuple):
    """A folder that is there. `handle` is None where the platform can't hold one."""

    name: str
    path: str
    handle: int | None
    key: tuple[int, int]

    def at(self, name: str) -> str:
        """Say a name in this folder as calls with `dir_fd=handle` want it."""
        return name if self.handle is not None else os.path.join(self.path, name)

    def inspect(self, name: str) -> os.stat_result | None:
        """Look at what has a name here, never through a link. None: nothing has."""
        try:
            return os.stat(self.at(name), dir_fd=self.handle, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def close(self) -> None:
        """Let the folder go."""
        if self.handle is not None:
            os.close(self.handle)


class Way:
    """All folders from the top down to a file, those that are missing, and the file's name.

    `leaf` is empty where the way ends at a folder. Use it in a `with`: it holds the folders open.
    """

    def __init__(self) -> None:
        self.folders: list[Folder] = []
        self.missing: list[str] = []
        self.leaf = ""
        self._made = 0

    def __enter__(self) -> Way:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let all folders go."""
        while self.folders:
            self.folders.pop().close()

    @property
    def folder(self) -> Folder:
        """The last folder that is there."""
        return self.folders[-1]

    @property
    def names(self) -> list[str]:
        """All names from the top to the file."""
        ahead = [*self.missing, self.leaf] if self.leaf else self.missing
        return [*(folder.name for folder in self.folders[1:]), *ahead]

    @property
    def path(self) -> str:
        """The way in words, without links."""
        return self.folders[0].path + os.sep.join(self.names)

    def below(self, key: tuple[int, int]) -> list[str] | None:
        """Give the names from a folder to the file; None: the way doesn't lead through it."""
        for count in range(len(self.folders) - 1, -1, -1):
            if self.folders[count].key == key:
                return self.names[count:]
        return None

    def make_folders(self) -> None:
        """Make what is missing, held open like the rest."""
        while self.missing:
            name = self.missing[0]
            try:
                os.mkdir(self.folder.at(name), dir_fd=self.folder.handle)
                self._made += 1
            except FileExistsError:
                pass
            if not _step(self, name):
                raise TargetChanged(f"{shown(self.folder.path, name)} isn't a folder any more.", "Try again.")
            del self.missing[0]

    def made_in(self) -> list[Folder]:
        """Give the folders that folders were made in."""
        return self.folders[-1 - self._made : -1]

    def unmake_folders(self) -> None:
        """Take the folders away again that were made for nothing; one that holds something stays."""
        for _ in range(self._made):
            last = self.folders.pop()
            last.close()
            try:
                os.rmdir(self.folder.at(last.name), dir_fd=self.folder.handle)
            except OSError:
                return


def walk(name: str, cwd: str) -> Way:
    """Find where a name leads. Nothing is changed; whoever asks closes the way."""
    way = Way()
    path = os.path.join(cwd, name)
    try:
        if HELD:
            _walk_held(way, path)
        else:
            _walk_resolved(way, path)
    except OSError as error:
        way.close()
        refuse(error, path)
    except NotAFile:
        way.close()
        raise
    return way


def refuse(error: OSError, path: str) -> NoReturn:
    """Say in our words what the system said about a path."""
    reason = error.strerror or str(error)
    if error.errno in (errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL):
        raise BadTarget(f"{shown(path)} can't be the target: {reason}.", "Name another file.") from error
    raise NotWritten(f"{shown(path)} can't be written: {reason}.", "See who may write there.") from error


def shown(*parts: str) -> str:
    """Write a path for a message."""
    return clean_line(os.path.join(*parts), 300)


def _walk_held(way: Way, path: str) -> None:
    todo = parts_of(path)[::-1]
    way.folders.append(_open_top())
    turns = 0
    while todo:
        part = todo.pop()
        if part == "..":
            _step_back(way)
            continue
        _judge_system(way, part)
        found = None if way.missing else way.folder.inspect(part)
        kind = stat.S_IFMT(found.st_mode) if found else 0
        if kind in (stat.S_IFLNK, stat.S_IFDIR):
            turns += kind == stat.S_IFLNK
            if not (_follow(way, part, todo) if kind == stat.S_IFLNK else _step(way, part)):
                turns += 1  # it was another thing a moment ago: look again
                todo.append(part)
            if turns > _MOST_TURNS:
                raise OSError(errno.ELOOP, "its links lead to each other")
        elif found and todo and todo[-1] != "..":
            raise NotAFile(f"{shown(way.folder.path, part)} is no folder.", "Name another place.")
        else:
            way.missing.append(part)
    if way.missing:
        way.leaf = way.missing.pop()


def _follow(way: Way, name: str, todo: list[str]) -> bool:
    """Put what a link says in the place of its name; False: it isn't a link any more."""
    try:
        text = os.readlink(name, dir_fd=way.folder.handle)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOENT):
            return False
        raise
    if text.startswith("/"):
        _back_to_top(way)
    todo += parts_of(text)[::-1]
    return True


def _walk_resolved(way: Way, path: str) -> None:
    path = os.path.realpath(path)
    drive, rest = os.path.splitdrive(path)
    way.folders.append(_resolved("", drive + os.sep))
    for part in parts_of(rest):
        there = os.path.join(way.folder.path, part)
        if way.missing or not os.path.isdir(there):
            way.missing.append(part)
        else:
            way.folders.append(_resolved(part, there))
    if way.missing:
        way.leaf = way.missing.pop()
    if way.missing and os.path.lexists(there := os.path.join(way.folder.path, way.missing[0])):
        raise NotAFile(f"{shown(there)} is no folder.", "Name another place.")


def _step(way: Way, name: str) -> bool:
    """Go into a folder; False: it isn't one any more."""
    path = os.path.join(way.folder.path, name)
    if way.folder.handle is None:
        if os.path.isdir(path) and os.path.realpath(path) == path:
            way.folders.append(_resolved(name, path))
            return True
        return False
    try:
        handle = os.open(name, os.O_RDONLY | _FOLDER, dir_fd=way.folder.handle)
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP, errno.ENOENT, errno.EMLINK):
            return False
        raise
    way.folders.append(_held(name, path, handle))
    return True


def _step_back(way: Way) -> None:
    if way.missing:
        way.missing.pop()
    elif len(way.folders) > 1:
        way.folders.pop().close()


def _back_to_top(way: Way) -> None:
    while len(way.folders) > 1:
        way.folders.pop().close()


def _judge_system(way: Way, part: str) -> None:
    """Devices and processes are no place for files, and their links lead to files that nobody named."""
    names = [*(folder.name for folder in way.folders[1:3]), part][:2]
    if len(names) > 1 and names[0] in _SYSTEM and names != ["dev", "shm"]:
        raise NotAFile(f"{shown('/', *names)} belongs to the system.", "Name a file.")


def _open_top() -> Folder:
    return _held("", "/", os.open("/", os.O_RDONLY | _FOLDER))


def _held(name: str, path: str, handle: int) -> Folder:
    found = os.fstat(handle)
    return Folder(name, path, handle, (found.st_dev, found.st_ino))


def _resolved(name: str, path: str) -> Folder:
    found = os.stat(path)
    return Folder(name, path, None, (found.st_dev, found.st_ino))
