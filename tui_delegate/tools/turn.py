"""A folder's turn: two of us that write in one folder do it one after the other; then it reaches the disk.

No file is left for it, and nobody waits long: a folder that somebody else holds is written to all the same.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from tui_delegate.tools.backup import drop_oldest
from tui_delegate.tools.draft import drop_forgotten

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from tui_delegate.tools.walk import Folder

_LONGEST_WAIT: Final = 2.0
_LOOK_EVERY: Final = 0.005


class Turn:
    """The right to change a folder, asked of whoever asks too. Use it in a `with`."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._handle = -1

    def __enter__(self) -> Turn:
        self._handle = _open_list(self._folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle >= 0:
            os.close(self._handle)

    def take(self) -> None:
        """Wait until nobody else of us writes here, but not for ever."""
        if self._handle < 0:
            return
        import fcntl

        until = time.monotonic() + _LONGEST_WAIT
        while True:
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > until:
                    return
                time.sleep(_LOOK_EVERY)
            except OSError:  # not every file system has locks
                return

    def listing(self) -> list[str]:
        """Give the names in the folder, where they may be read."""
        try:
            if self._handle >= 0:
                return os.listdir(self._handle)
            return os.listdir(self._folder.path) if self._folder.handle is None else []
        except OSError:
            return []

    def prune(self, leaf: str, newest: str, listing: Sequence[str]) -> None:
        """Take away the oldest backups of a file, and what writers that were killed left long ago."""
        try:
            drop_oldest(self._folder, leaf, newest, listing)
            drop_forgotten(self._folder, listing)
        except OSError:  # one backup too many harms nobody
            pass

    def settle(self) -> None:
        """See to it that the folder's new list is on the disk."""
        _settle(self._handle)


def settle(folder: Folder) -> None:
    """See to it that a folder's list is on the disk, where that can be had."""
    handle = _open_list(folder)
    if handle >= 0:
        try:
            _settle(handle)
        finally:
            os.close(handle)


def _open_list(folder: Folder) -> int:
    """Open a folder for its list. A folder whose list may not be read can be written to none the less."""
    if folder.handle is None:
        return -1
    try:
        return os.open(".", os.O_RDONLY, dir_fd=folder.handle)
    except OSError:
        return -1


def _settle(handle: int) -> None:
    if handle >= 0:
        try:
            os.fsync(handle)
        except OSError:  # not every file system can
            pass
