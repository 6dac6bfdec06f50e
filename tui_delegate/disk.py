"""A file on the disk, replaced whole or not at all: written aside, made sure of, named at one stroke.

What it held before is kept beside it, under the time of the change. Whether a file may be written, and what
may stand in it, is not decided here. A worker's file, which may be anywhere, is reached by its folder and not
by its path: see `tools`.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    Data = bytes | Callable[[BinaryIO], object]
    """What goes into a file: all of it, or what writes it there."""

KEPT: Final = 5
"""How many of what a file held before stay beside it."""
_UNFINISHED: Final = ".tui-delegate.tmp"
_MOST_IN_A_SECOND: Final = 100


def replace(target: Path, data: Data, mode: int | None = None) -> None:
    """Give a file these bytes, whatever it held. Without a mode the umask sets it."""
    with aside(target, data, mode) as fresh:
        fresh.replace(target)


@contextmanager
def aside(target: Path, data: Data, mode: int | None = None, group: int = -1) -> Iterator[Path]:
    """Write a file beside its place, for its name to be given in the `with`; without a name it goes again."""
    fresh = target.with_name(f".{target.name}.{os.getpid()}-{os.urandom(4).hex()}{_UNFINISHED}")
    write_new(fresh, data, mode, group)
    try:
        yield fresh
    finally:
        fresh.unlink(missing_ok=True)
    settle(target.parent)


def save(path: Path, data: Data, *, over: bool = False, mode: int | None = None) -> None:
    """Write a file where a person said: a new one, or `over` the one that is there. A link is followed.

    Raises a FileExistsError, or the OSError of what can't be written or is no file at all.
    """
    target = Path(os.path.realpath(path))
    if target.exists():
        if not target.is_file():
            raise OSError(errno.EINVAL, "it is no file")
        if not over:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        mode = stat.S_IMODE(target.stat().st_mode) if mode is None else mode
    with aside(target, data, mode) as fresh:
        if over:
            fresh.replace(target)
            return
        try:
            os.link(fresh, target)  # unlike a rename it takes nobody's place
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            fresh.rename(target)


def sweep(target: Path) -> None:
    """Take away what processes that were killed have left beside a file. Nobody else may write there now."""
    for left in target.parent.glob(f".{_literal(target.name)}.*{_UNFINISHED}"):
        try:
            left.unlink(missing_ok=True)
        except OSError:
            continue


def keep(target: Path, data: bytes, mode: int | None, group: int = -1, *, now: float | None = None) -> Path:
    """Write what a file held beside it, later than all of its second, and take the oldest of them away."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    taken = sorted(target.parent.glob(f"{_literal(target.name)}.{stamp}-[0-9][0-9].bak"))
    count = int(taken[-1].name[-6:-4]) + 1 if taken else 0
    while True:
        kept = target.with_name(f"{target.name}.{stamp}-{count:02d}.bak")
        try:
            write_new(kept, data, mode, group)
            break
        except FileExistsError:
            count += 1
            if count >= _MOST_IN_A_SECOND:
                raise
    stamps = "[0-9]" * 8 + "-" + "[0-9]" * 6 + "-[0-9][0-9]"
    for old in sorted(target.parent.glob(f"{_literal(target.name)}.{stamps}.bak"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return kept


def write_new(path: Path, data: Data, mode: int | None = None, group: int = -1) -> None:
    """Write a file that isn't there yet, down to the disk; half of one is never left behind."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags, 0o666 if mode is None else 0o600)
    whole = False
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data) if isinstance(data, bytes) else data(file)
            file.flush()
            if group >= 0 and hasattr(os, "fchown") and os.fstat(file.fileno()).st_gid != group:
                os.fchown(file.fileno(), -1, group)
            os.fsync(file.fileno())
        if mode is not None:
            path.chmod(mode)
        whole = True
    finally:
        if not whole:
            path.unlink(missing_ok=True)


def settle(folder: Path) -> None:
    """See to it that a folder's new list is on the disk."""
    if os.name != "posix":  # elsewhere a folder can't be opened, and a rename is safe once it returns
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _literal(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
