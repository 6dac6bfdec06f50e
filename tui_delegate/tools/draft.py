"""A file on its way to its name: written aside and made sure of, then named at one stroke, or gone.

On Linux it has no name at all until then, so that even a killed process leaves nothing behind; elsewhere
it stands beside its target as `.tud-….tmp`, and what a killed process left goes an hour later. Which name
it may have is not decided here.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from tui_delegate.tools.walk import Folder

_WRITE: Final = os.O_WRONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_BEGINS: Final = ".tud-"
_ENDS: Final = ".tmp"
_FORGOTTEN_SECONDS: Final = 3600.0
_NAMELESS: Final = getattr(os, "O_TMPFILE", 0)


class Draft:
    """A file without its name yet. Use it in a `with`: what got no name by the end is gone."""

    def __init__(self, folder: Folder, keep: os.stat_result | None = None) -> None:
        """Open one. `keep` is the file that it will replace: its rights and owner are taken over."""
        self._folder = folder
        self._keep = keep
        self._data = b""
        self._name = ""
        self._handle = self._open_nameless()
        if self._handle < 0:
            self._open_named()
        self._take_over()

    def __enter__(self) -> Draft:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        if self._name:
            try:
                os.unlink(self._folder.at(self._name), dir_fd=self._folder.handle)
            except FileNotFoundError:
                pass
            self._name = ""

    def fill(self, data: bytes) -> None:
        """Write everything, down to the disk."""
        self._data = data
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._handle, rest) :]
        os.fsync(self._handle)

    def name(self, leaf: str) -> None:
        """Give the file a name that nothing has. FileExistsError: something has."""
        if self._name or not self._link(leaf):
            self._close()
            self._rename_new(leaf)

    def replace(self, leaf: str) -> None:
        """Give the file a name that another has: at no time has nothing that name."""
        if not self._name:
            temporary = _some_name()
            if self._link(temporary):
                self._name = temporary
        self._close()
        folder = self._folder
        os.replace(folder.at(self._name), folder.at(leaf), src_dir_fd=folder.handle, dst_dir_fd=folder.handle)
        self._name = ""

    @property
    def _mode(self) -> int:
        return 0o600 if self._keep else 0o666

    def _open_nameless(self) -> int:
        if not _NAMELESS or self._folder.handle is None or not os.path.isdir("/proc/self/fd"):
            return -1
        try:
            return os.open(".", _WRITE | _NAMELESS, self._mode, dir_fd=self._folder.handle)
        except OSError:  # not every file system can; the other way says what is wrong if anything is
            return -1

    def _open_named(self) -> None:
        name = _some_name()
        flags = _WRITE | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        self._handle = os.open(self._folder.at(name), flags, self._mode, dir_fd=self._folder.handle)
        self._name = name

    def _link(self, name: str) -> bool:
        """Name a nameless file; False: that isn't allowed here, and it stands under a name of ours now."""
        source = f"/proc/self/fd/{self._handle}"
        try:
            os.link(source, name, dst_dir_fd=self._folder.handle, follow_symlinks=True)
            return True
        except FileExistsError:
            raise
        except OSError:
            self._close()
            self._open_named()
            self._take_over()
            self.fill(self._data)
            return False

    def _take_over(self) -> None:
        """Take over the rights of the file that will be replaced, as far as that is allowed."""
        if self._keep is None or not hasattr(os, "fchown"):
            return
        try:
            if (self._keep.st_uid, self._keep.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(self._handle, self._keep.st_uid, self._keep.st_gid)
        except OSError:  # only root gives files away; the text matters more than whose it is
            pass
        try:
            os.fchmod(self._handle, self._keep.st_mode & 0o777)
        except OSError:  # a file system without rights
            pass

    def _rename_new(self, leaf: str) -> None:
        folder = self._folder
        draft, target = folder.at(self._name), folder.at(leaf)
        if sys.platform == "win32":
            os.rename(draft, target)  # refuses a name that is taken, unlike everywhere else
            self._name = ""
            return
        try:
            os.link(draft, target, src_dir_fd=folder.handle, dst_dir_fd=folder.handle, follow_symlinks=False)
        except FileExistsError:
            raise
        except OSError:  # no second names on this file system: hold the name with an empty file instead
            flags = _WRITE | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
            os.close(os.open(target, flags, 0o666, dir_fd=folder.handle))
            os.replace(draft, target, src_dir_fd=folder.handle, dst_dir_fd=folder.handle)
            self._name = ""

    def _close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def drop_forgotten(folder: Folder, listing: Iterable[str]) -> None:
    """Take away drafts in a folder that are so old that nobody writes them any more."""
    for name in listing:
        if name.startswith(_BEGINS) and name.endswith(_ENDS) and len(name) == len(_some_name()):
            found = folder.inspect(name)
            if found and stat.S_ISREG(found.st_mode) and found.st_mtime < time.time() - _FORGOTTEN_SECONDS:
                os.unlink(folder.at(name), dir_fd=folder.handle)


def _some_name() -> str:
    return f"{_BEGINS}{os.urandom(8).hex()}{_ENDS}"
