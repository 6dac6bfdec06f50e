"""One file on the disk: read it, replace it whole or not at all, take it away. Its text is bytes here.

Links are followed to the file at their end, and that one is written. A file whose change could lose something
(more than one name, another owner, open in an editor, not a file at all) is refused with the reason.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tui_delegate import disk
from tui_delegate.core.errors import FileRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES: Final = 8 << 20
PATIENCE: Final = 5.0
"""Seconds to wait for another tui-delegate that is at work in the same folder."""


class Spot(NamedTuple):
    """What stood at a path when it was looked at. Without data there was nothing: the umask sets the mode.

    `path` is the name that was asked for, `target` the file at the end of its links.
    """

    path: Path
    target: Path
    data: bytes | None
    mode: int | None = None
    group: int = -1
    number: tuple[int, int] = (0, 0)

    @property
    def linked(self) -> bool:
        """Say whether the name is a link."""
        return os.path.islink(self.path)

    @property
    def shown(self) -> str:
        """Name the file; where its own name is a link, name both."""
        return f"{self.path} -> {self.target}" if self.linked else str(self.path)


def look(path: Path) -> Spot:
    """Read a file, if it is one that may be changed. Anything else is a FileRefused that says why."""
    try:
        target = Path(os.path.realpath(path, strict=True))
    except FileNotFoundError:
        return _nothing(path)
    except NotADirectoryError as error:
        raise FileRefused(f"{path}: a part of its path is a file, not a folder") from error
    except OSError as error:
        loop = "its links lead round in a circle" if error.errno == errno.ELOOP else ""
        raise FileRefused(f"{path}: {loop or error.strerror}", "Put that right, then try again.") from error
    try:
        return _read(path, target)
    except OSError as error:
        raise FileRefused(f"{path}: can't be read: {error.strerror}") from error


def _nothing(path: Path) -> Spot:
    """Describe a file to come. A link may lead to it, if the folder that the link names is there."""
    target = Path(os.path.realpath(path))
    if os.path.islink(path) and not target.parent.is_dir():
        raise FileRefused(
            f"{path}: is a link to {target}, and that folder isn't there",
            "Put the link right, then try again.",
        )
    return Spot(path, target, None)


def _read(path: Path, target: Path) -> Spot:
    found = target.lstat()
    _refuse_odd(path, target, found)
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    handle = os.open(target, flags)
    with os.fdopen(handle, "rb") as file:
        opened = os.fstat(file.fileno())
        if (opened.st_dev, opened.st_ino) != (found.st_dev, found.st_ino):
            raise FileRefused(f"{path}: was exchanged for another file while it was being read", "Try again.")
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise FileRefused(f"{path}: is larger than {MOST_BYTES >> 20} MB: that is no file of instructions")
    mode = stat.S_IMODE(opened.st_mode)
    return Spot(path, target, data, mode, getattr(opened, "st_gid", -1), (opened.st_dev, opened.st_ino))


def _refuse_odd(path: Path, target: Path, found: os.stat_result) -> None:
    named = f"{path} -> {target}" if os.path.islink(path) else str(path)
    if not stat.S_ISREG(found.st_mode):
        raise FileRefused(f"{named}: is {_kind(found.st_mode)}, not a file", "Move it away, then try again.")
    if found.st_nlink > 1:
        raise FileRefused(
            f"{named}: has {found.st_nlink} names (hard links), and replacing it would part them",
            "Make it one file, or a symbolic link, then try again.",
        )
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        raise FileRefused(
            f"{named}: belongs to another user (number {found.st_uid})",
            "Let its owner do it, or change the owner.",
        )
    if not found.st_mode & stat.S_IWUSR:
        raise FileRefused(f"{named}: is write-protected", f"Lift that (chmod u+w {target}), then try again.")


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
        stat.S_IFSOCK: "a socket",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")


def refuse_open(spot: Spot) -> None:
    """Refuse a file that an editor has open: what the editor saves later would undo what we write."""
    for path in {spot.path, spot.target}:
        name = path.name
        for sign in (
            f".{name}.swp",
            f".{name}.swo",
            f".#{name}",
            f"#{name}#",
            f".~lock.{name}#",
            f".{name}.kate-swp",
        ):
            if os.path.lexists(path.with_name(sign)):
                raise FileRefused(
                    f"{spot.shown}: an editor has it open ({sign} is beside it)",
                    "Close it there; if no editor runs, remove that file. Then try again.",
                )


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Keep every other tui-delegate out of a file's folder. The lock ends with the process, however it ends.

    What a process that was killed left half done is taken away first, so that it is not in the way.
    """
    target = Path(os.path.realpath(path))
    handle = _lock(target.parent)
    try:
        if handle is not None:
            disk.sweep(target)
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _lock(folder: Path) -> int | None:
    """Lock a folder. None: it has no such lock, and the look just before the rename has to do."""
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        return None
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            if time.monotonic() > until:
                os.close(handle)
                raise FileRefused(f"{folder}: another tui-delegate is at work there", "Try again.") from None
            time.sleep(0.02)
        except OSError:  # a file system that knows no locks
            os.close(handle)
            return None


def replace(spot: Spot, data: bytes, *, backup: bool = True) -> Path | None:
    """Write a file whole, if it is still as it was looked at. Gives the copy that was kept of it."""
    try:
        kept = None
        with disk.aside(spot.target, data, spot.mode, spot.group) as fresh:
            if backup and spot.data is not None:
                kept = _back_up(spot)
            _same_still(spot)
            _into_place(fresh, spot)
    except OSError as error:
        raise FileRefused(f"{spot.shown}: can't be written: {error.strerror}") from error
    return kept


def remove(spot: Spot, *, backup: bool = False) -> Path | None:
    """Take a file away, if it is still as it was looked at. Gives the copy that was kept of it."""
    try:
        kept = _back_up(spot) if backup and spot.data is not None else None
        _same_still(spot)
        spot.target.unlink()
        disk.settle(spot.target.parent)
    except OSError as error:
        raise FileRefused(f"{spot.shown}: can't be removed: {error.strerror}") from error
    return kept


def _into_place(fresh: Path, spot: Spot) -> None:
    if spot.data is None and hasattr(os, "link"):
        try:
            os.link(
                fresh, spot.target
            )  # unlike a rename, this never takes the place of a file that came since
            return
        except FileExistsError:
            raise _changed(spot) from None
        except OSError:  # a file system without hard links
            pass
    fresh.replace(spot.target)


def _same_still(spot: Spot) -> None:
    now = look(spot.path)
    if (now.target, now.data, now.number) != (spot.target, spot.data, spot.number):
        raise _changed(spot)


def _changed(spot: Spot) -> FileRefused:
    return FileRefused(
        f"{spot.shown}: was changed by another program just now; it was left alone", "Try again."
    )


def _back_up(spot: Spot) -> Path:
    return disk.keep(spot.target, spot.data or b"", spot.mode, spot.group)
