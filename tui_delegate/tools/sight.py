"""A file as it was seen, so that it is known later whether it is still the same. What is no file is refused.

Where the file stands, and what will replace it, is not known here.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final, NamedTuple

from tui_delegate.core.errors import NotAFile
from tui_delegate.tools.walk import shown

if TYPE_CHECKING:
    from tui_delegate.tools.walk import Way

LARGEST: Final = 256 * 1024 * 1024
"""A file of more bytes is not read to be replaced."""
_KINDS: Final = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a fifo",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
    stat.S_IFLNK: "a link that leads nowhere",
}


class Sight(NamedTuple):
    """A file as it was seen."""

    key: tuple[int, int]
    data: bytes
    rights: os.stat_result

    def is_of(self, other: Sight | None) -> bool:
        """Whether another look found the same file with the same bytes."""
        return other is not None and (self.key, self.data) == (other.key, other.data)


def look(way: Way) -> Sight | None:
    """Read the file at the end of a way; None: there is nothing. What is no file is refused."""
    folder, leaf = way.folder, way.leaf
    found = None if way.missing else folder.inspect(leaf)
    if found is None:
        return None
    _judge_kind(way, found)
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(folder.at(leaf), flags | getattr(os, "O_BINARY", 0), dir_fd=folder.handle)
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        _judge_kind(way, found)
        return Sight((found.st_dev, found.st_ino), file.read(), found)


def _judge_kind(way: Way, found: os.stat_result) -> None:
    kind = stat.S_IFMT(found.st_mode)
    if kind != stat.S_IFREG:
        what = _KINDS.get(kind, "no file")
        raise NotAFile(f"{shown(way.path)} is {what}, not a file.", "Name another target.")
    if found.st_size > LARGEST:
        raise NotAFile(
            f"{shown(way.path)} has {found.st_size} bytes: too many to keep a copy of.", "Move it."
        )
    if not os.access(way.folder.at(way.leaf), os.W_OK, dir_fd=way.folder.handle):
        raise NotAFile(
            f"{shown(way.path)} may not be written to.", "Give yourself the right to, if it is yours."
        )
